"""Which rounds of a data set are played, and from which recording each thing is taken.

A round is played where its books were recorded while it was open, somebody heard prices then, and
its winner is known; all others are counted, with why.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from polytui.backtest.outcomes import Outcomes, round_of
from polytui.backtest.play_plan import (
    NO_WINNER_KNOWN,
    AskedRounds,
    PlayedBooks,
    PlayPlan,
    TakenParts,
    history_of,
    window_of_play,
)
from polytui.backtest.sources.recording import (
    BookSpan,
    PriceSeries,
    PriceSpan,
    Recording,
    Survey,
)
from polytui.backtest.sources.settlement_ticks import RELAY
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset, Outcome, Round
from polytui.model.plain_text import plain
from polytui.model.units import NS_PER_S
from polytui.venues.polymarket.round_names import opens_of

STAND_IN = (
    "the settlement price and strikes: nobody recorded them, the close of the last whole candle"
    " stands in, up to a minute old"
)
NO_BOOK = "no book was recorded while they were open"
NO_PRICE = "no price was recorded while they were open"
TWICE = "rounds of which another recording tells more, and is played"
STARTS_LATE = "rounds whose books were recorded from later than their opening"
ENDS_EARLY = "rounds whose recording ends before they close"
_EDGE_NS = 10 * NS_PER_S
_MISSED_NS = 30 * NS_PER_S


def planned(surveys: Sequence[_Surveyed], outcomes: Outcomes, asked: AskedRounds) -> PlayPlan:
    """Of these recordings, each with what it holds."""
    taken = [TakenParts() for _ in surveys]
    skipped, counted = Counter[str](), Counter[str]()
    rounds, seen = list[PlayedBooks](), 0
    for slug, places in _books(surveys, asked).items():
        seen += 1
        listed = _listed(slug, places, surveys, outcomes)
        played = _played(listed, places, surveys, outcomes, taken, counted)
        if isinstance(played, str):
            skipped[played] += 1
        else:
            rounds.append(played)
    rounds.sort(key=lambda one: (one.round.opens_ns, one.round.slug))
    has_stand_in = any(
        series is PriceSeries.SETTLEMENT and not _has(survey, series, asset)
        for one, (_, survey) in zip(taken, surveys, strict=True)
        for series, asset in one.prices
    )
    return PlayPlan(
        tuple(rounds),
        tuple(one.wanted() for one in taken),
        seen,
        skipped,
        counted,
        {one.round.asset: (RELAY, *_venues(one.round.asset, taken, surveys)) for one in rounds},
        (*_made_up(taken, surveys), *((STAND_IN,) if has_stand_in else ())),
    )


_Surveyed = tuple[Recording, Survey]
_Place = tuple[int, BookSpan]
"""A recording by its number, and what it has of a round."""


def _books(surveys: Sequence[_Surveyed], asked: AskedRounds) -> dict[str, list[_Place]]:
    """By name, oldest first, the rounds that are asked for and where they were recorded."""
    found: dict[str, list[_Place]] = defaultdict(list)
    for number, (_, survey) in enumerate(surveys):
        for span in survey.books:
            if asked.takes(span.asset, span.interval, opens_of(span.slug)):
                found[span.slug].append((number, span))
    return dict(sorted(found.items(), key=lambda one: (opens_of(one[0]), one[0])))


def _listed(
    slug: str, places: Sequence[_Place], surveys: Sequence[_Surveyed], outcomes: Outcomes
) -> Round:
    known = outcomes.rounds.get(slug)
    said = [(surveys[number][0].path, span.tokens) for number, span in places]
    if known is not None:
        said.insert(0, (known.path, known.tokens))
    return round_of(slug, known, _tokens(slug, said))


def _tokens(slug: str, said: Sequence[tuple[Path, Mapping[Outcome, str]]]) -> dict[Outcome, str]:
    """What all files together say; Fatal where two say it otherwise."""
    found: dict[Outcome, tuple[str, Path]] = {}
    for path, tokens in said:
        for outcome, token in tokens.items():
            before, whose = found.setdefault(outcome, (token, path))
            if before != token:
                raise Fatal(
                    f"{outcome.value} of {slug} is token {token[:12]}... in {plain(path)} and"
                    f" {before[:12]}... in {plain(whose)}"
                )
    named = {outcome: token for outcome, (token, _) in found.items()}
    if len(set(named.values())) != len(named):
        (_, one), (_, other) = found[Outcome.UP], found[Outcome.DOWN]
        token = f"token {named[Outcome.UP][:12]}..."
        raise Fatal(f"{token} is up of {slug} in {plain(one)} and down of it in {plain(other)}")
    return named


def _played(
    listed: Round,
    places: Sequence[_Place],
    surveys: Sequence[_Surveyed],
    outcomes: Outcomes,
    taken: Sequence[TakenParts],
    counted: Counter[str],
) -> PlayedBooks | str:
    """With what it is played, or why it is not."""
    end = outcomes.end_of(listed)
    if end is None:
        return NO_WINNER_KNOWN
    chosen = _chosen([one for one in places if _is_inside(one[1], listed)], surveys)
    if not chosen:
        return NO_BOOK
    priced = _price(listed, surveys)
    if priced is None:
        return NO_PRICE
    number, price = priced
    counted[TWICE] += len(chosen) < len(places)
    counted[STARTS_LATE] += min(one.first_ns for _, one in chosen) > listed.opens_ns + _EDGE_NS
    counted[ENDS_EARLY] += max(one.last_ns for _, one in chosen) < listed.closes_ns - _EDGE_NS
    counted[end.how] += 1
    for at, _ in chosen:
        taken[at].rounds[listed.slug] = listed
    taken[number].prices[PriceSeries.SETTLEMENT, listed.asset].append(window_of_play(listed))
    for at, (_, survey) in enumerate(surveys):
        if _has(survey, PriceSeries.CANDLES, listed.asset):
            taken[at].prices[PriceSeries.CANDLES, listed.asset].append(history_of(listed))
    _take_exchanges(listed, surveys, taken)
    _take_trades(listed, surveys, taken)
    books = tuple((one.first_ns, one.last_ns) for _, one in chosen)
    return PlayedBooks(listed, end, _strike(listed, price, outcomes), books)


def _take_exchanges(
    listed: Round, surveys: Sequence[_Surveyed], taken: Sequence[TakenParts]
) -> None:
    """Of each exchange, from the recording that has most of it while the round lasts."""
    best: dict[str, tuple[int, int]] = {}
    for number, (_, survey) in enumerate(surveys):
        for span in survey.prices:
            is_there = span.first_ns < listed.closes_ns and span.last_ns > listed.opens_ns
            is_own = span.series is PriceSeries.EXCHANGE and span.asset is listed.asset
            if is_own and is_there:
                best[span.venue] = max(best.get(span.venue, (0, 0)), (span.rows, -number))
    for number in {-at for _, at in best.values()}:
        taken[number].prices[PriceSeries.EXCHANGE, listed.asset].append(window_of_play(listed))


def _venues(asset: Asset, taken: Sequence[TakenParts], surveys: Sequence[_Surveyed]) -> list[str]:
    return sorted(
        {
            span.venue
            for one, (_, survey) in zip(taken, surveys, strict=True)
            for span in survey.prices
            if span.series is PriceSeries.EXCHANGE
            and span.asset is asset
            and (PriceSeries.EXCHANGE, asset) in one.prices
        }
    )


def _take_trades(listed: Round, surveys: Sequence[_Surveyed], taken: Sequence[TakenParts]) -> None:
    """Printed trades, where they are in a file of their own; of several the fullest."""
    found = [
        (span.rows, -number)
        for number, (_, survey) in enumerate(surveys)
        for span in survey.trades
        if span.slug == listed.slug
    ]
    if found:
        taken[-max(found)[1]].rounds[listed.slug] = listed


def _made_up(taken: Sequence[TakenParts], surveys: Sequence[_Surveyed]) -> dict[str, None]:
    used = zip(taken, surveys, strict=True)
    return {survey.modelled: None for one, (_, survey) in used if one.rounds and survey.modelled}


def _strike(listed: Round, price: PriceSpan, outcomes: Outcomes) -> float | None:
    """The venue's word, but where a stand-in is heard: its own, else nothing would add up."""
    known = outcomes.rounds.get(listed.slug)
    if price.series is PriceSeries.SETTLEMENT and known and known.strike:
        return known.strike
    window_s = listed.window_s if price.series is PriceSeries.SETTLEMENT else 0
    return price.boundaries.get((window_s, listed.opens_ns))


def _is_inside(span: BookSpan, listed: Round) -> bool:
    begins, ends = max(span.first_ns, listed.opens_ns), min(span.last_ns, listed.closes_ns)
    return span.rows > 1 and ends - begins >= NS_PER_S


def _chosen(places: Sequence[_Place], surveys: Sequence[_Surveyed]) -> list[_Place]:
    """Of recordings of one time that which tells more; others go on where one ends."""
    best = sorted(places, key=lambda one: (-surveys[one[0]][0].rank, -one[1].rows, one[0]))
    chosen: list[_Place] = []
    for number, span in best:
        if all(
            span.first_ns > other.last_ns or span.last_ns < other.first_ns for _, other in chosen
        ):
            chosen.append((number, span))
    return chosen


def _price(listed: Round, surveys: Sequence[_Surveyed]) -> tuple[int, PriceSpan] | None:
    """The recording that tells the round's price: what settles it, heard to its end, or candles,
    or what settles it, heard in part."""
    spans = [(n, span) for n, (_, survey) in enumerate(surveys) for span in survey.prices]
    spans.sort(key=lambda one: (-one[1].rows, one[0]))
    return next(
        (
            (number, span)
            for series, reach_ns in (
                (PriceSeries.SETTLEMENT, listed.closes_ns - _MISSED_NS),
                (PriceSeries.CANDLES, listed.closes_ns - 2 * _MISSED_NS),
                (PriceSeries.SETTLEMENT, listed.opens_ns),
            )
            for number, span in spans
            if span.series is series
            and span.asset is listed.asset
            and span.first_ns <= listed.opens_ns
            and span.last_ns >= reach_ns
        ),
        None,
    )


def _has(survey: Survey, series: PriceSeries, asset: Asset) -> bool:
    return any(one.series is series and one.asset is asset for one in survey.prices)

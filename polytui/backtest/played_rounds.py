"""Which rounds of a data set are played, and from which recording each thing is taken.

A round is played where its books were recorded while it was open, somebody heard prices then, and
its winner is known; all others are counted, with why.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from attrs import define, field, frozen

from polytui.backtest.outcomes import Outcomes, RoundEnd, round_of
from polytui.backtest.sources.recording import (
    BookSpan,
    PriceSeries,
    PriceSpan,
    Survey,
    Wanted,
    Window,
    Windows,
)
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset, Interval, Outcome, Round
from polytui.model.units import NS_PER_S
from polytui.venues.polymarket.round_names import opens_of

NO_WINNER_KNOWN = "nobody knows who won"
NO_BOOK = "no book was recorded while they were open"
NO_PRICE = "no price was recorded while they were open"
TWICE = "rounds of which another recording tells more, and is played"
STARTS_LATE = "rounds whose books were recorded from later than their opening"
ENDS_EARLY = "rounds whose recording ends before they close"
WARM_NS = 900 * NS_PER_S
"""Prices are heard from so long before a round opens: volatility has to be known by then."""
AFTER_NS = 90 * NS_PER_S
"""And so long after its close: the winner is named a minute after it."""
_HISTORY_NS = 3 * 3_600 * NS_PER_S
"""Candles, of which indicators are made."""
_EDGE_NS = 10 * NS_PER_S
_MISSED_NS = 30 * NS_PER_S
ALWAYS: Window = (0, 1 << 63)


@frozen
class AskedRounds:
    """What of a data set somebody wants; empty: all."""

    assets: tuple[Asset, ...] = ()
    intervals: tuple[Interval, ...] = ()
    span: Window = ALWAYS
    """[from, until): of rounds that open and close in it."""


@frozen
class PlayedBooks:
    """A round that is played: how it was listed, how it ended, when its books were recorded."""

    round: Round
    end: RoundEnd
    strike: float | None
    """The venue's own word on it, where that is known."""
    books: tuple[Window, ...]
    has_stand_in: bool
    """Its price is that of candles: nobody recorded what settles it."""


@define
class _Taken:
    """What is taken of one recording."""

    rounds: dict[str, Round] = field(factory=dict)
    prices: dict[tuple[PriceSeries, Asset], list[Window]] = field(factory=lambda: defaultdict(list))


@frozen
class PlayPlan:
    """What is played."""

    rounds: tuple[PlayedBooks, ...]
    """Oldest first."""
    wanted: tuple[Wanted, ...]
    """Of each recording, in their order."""
    seen: int
    skipped: Mapping[str, int]
    counted: Mapping[str, int]


def planned(
    surveys: Sequence[tuple[int, Survey]], outcomes: Outcomes, asked: AskedRounds
) -> PlayPlan:
    """`surveys`: the rank of each recording, and what it holds."""
    taken = [_Taken() for _ in surveys]
    skipped, counted = Counter[str](), Counter[str]()
    rounds, seen = list[PlayedBooks](), 0
    for slug, spans in _books(surveys, asked).items():
        seen += 1
        listed = _listed(slug, spans, outcomes)
        played, why = _played(listed, spans, surveys, outcomes, taken, counted)
        if played is None:
            skipped[why] += 1
        else:
            rounds.append(played)
    wanted = tuple(
        Wanted(one.rounds, {name: Windows.of(parts) for name, parts in one.prices.items()})
        for one in taken
    )
    rounds.sort(key=lambda one: (one.round.opens_ns, one.round.slug))
    return PlayPlan(tuple(rounds), wanted, seen, skipped, counted)


_Place = tuple[int, BookSpan]
"""A recording by its number, and what it has of a round."""


def _books(surveys: Sequence[tuple[int, Survey]], asked: AskedRounds) -> dict[str, list[_Place]]:
    """By name, oldest first, the rounds that are asked for and where they were recorded."""
    found: dict[str, list[_Place]] = defaultdict(list)
    for number, (_, survey) in enumerate(surveys):
        for span in survey.books:
            if _is_asked(span, asked):
                found[span.slug].append((number, span))
    return dict(sorted(found.items(), key=lambda one: (opens_of(one[0]), one[0])))


def _is_asked(span: BookSpan, asked: AskedRounds) -> bool:
    if asked.assets and span.asset not in asked.assets:
        return False
    if asked.intervals and span.interval not in asked.intervals:
        return False
    opens_ns = opens_of(span.slug)
    return asked.span[0] <= opens_ns and opens_ns + span.interval.ns <= asked.span[1]


def _listed(slug: str, places: Sequence[_Place], outcomes: Outcomes) -> Round:
    known = outcomes.rounds.get(slug)
    tokens: dict[Outcome, str] = dict(known.tokens) if known else {}
    for _, span in places:
        for outcome, token in span.tokens.items():
            if tokens.setdefault(outcome, token) != token:
                raise Fatal(
                    f"{outcome.value} of {slug} is token {token[:12]}... in one file and"
                    f" {tokens[outcome][:12]}... in another"
                )
    if len(set(tokens.values())) != len(tokens):
        raise Fatal(f"one file has as up of {slug} what another has as down")
    return round_of(slug, known, tokens)


def _played(
    listed: Round,
    places: Sequence[_Place],
    surveys: Sequence[tuple[int, Survey]],
    outcomes: Outcomes,
    taken: Sequence[_Taken],
    counted: Counter[str],
) -> tuple[PlayedBooks | None, str]:
    end = outcomes.end_of(listed)
    if end is None:
        return None, NO_WINNER_KNOWN
    chosen = _chosen([one for one in places if _is_inside(one[1], listed)], surveys)
    if not chosen:
        return None, NO_BOOK
    price = _price(listed, surveys)
    if price is None:
        return None, NO_PRICE
    counted[TWICE] += len(chosen) < len(places)
    counted[STARTS_LATE] += min(one.first_ns for _, one in chosen) > listed.opens_ns + _EDGE_NS
    counted[ENDS_EARLY] += max(one.last_ns for _, one in chosen) < listed.closes_ns - _EDGE_NS
    counted[end.how] += 1
    for number, _ in chosen:
        taken[number].rounds[listed.slug] = listed
    number, series = price
    window = (listed.opens_ns - WARM_NS, listed.closes_ns + AFTER_NS)
    taken[number].prices[PriceSeries.SETTLEMENT, listed.asset].append(window)
    for one, (_, survey) in enumerate(surveys):
        if any(_is_of(span, PriceSeries.CANDLES, listed.asset) for span in survey.prices):
            history = (listed.opens_ns - _HISTORY_NS, listed.closes_ns)
            taken[one].prices[PriceSeries.CANDLES, listed.asset].append(history)
    known = outcomes.rounds.get(listed.slug)
    books = tuple((one.first_ns, one.last_ns) for _, one in chosen)
    strike = known.strike if known else None
    return PlayedBooks(listed, end, strike, books, series is PriceSeries.CANDLES), ""


def _is_inside(span: BookSpan, listed: Round) -> bool:
    begins, ends = max(span.first_ns, listed.opens_ns), min(span.last_ns, listed.closes_ns)
    return span.rows > 1 and ends - begins >= NS_PER_S


def _chosen(places: Sequence[_Place], surveys: Sequence[tuple[int, Survey]]) -> list[_Place]:
    """Of recordings of one time that which tells more; others go on where one ends."""
    best = sorted(places, key=lambda one: (-surveys[one[0]][0], -one[1].rows, one[0]))
    chosen: list[_Place] = []
    for number, span in best:
        if all(
            span.first_ns > other.last_ns or span.last_ns < other.first_ns for _, other in chosen
        ):
            chosen.append((number, span))
    return chosen


def _price(listed: Round, surveys: Sequence[tuple[int, Survey]]) -> tuple[int, PriceSeries] | None:
    """The recording that tells the round's price: what settles it, heard to its end, or candles,
    or what settles it, heard in part."""
    return next(
        (
            (number, span.series)
            for series, reach_ns in (
                (PriceSeries.SETTLEMENT, listed.closes_ns - _MISSED_NS),
                (PriceSeries.CANDLES, listed.closes_ns - 2 * _MISSED_NS),
                (PriceSeries.SETTLEMENT, listed.opens_ns),
            )
            for number, span in _by_rows(surveys)
            if _is_of(span, series, listed.asset)
            and span.first_ns <= listed.opens_ns
            and span.last_ns >= reach_ns
        ),
        None,
    )


def _by_rows(surveys: Sequence[tuple[int, Survey]]) -> Iterator[tuple[int, PriceSpan]]:
    found = [(n, span) for n, (_, survey) in enumerate(surveys) for span in survey.prices]
    yield from sorted(found, key=lambda one: (-one[1].rows, one[0]))


def _is_of(span: PriceSpan, series: PriceSeries, asset: Asset) -> bool:
    return span.series is series and span.asset is asset

"""Rounds that are over, of all files together: who won each, and where files disagree.

A winner is the venue's word, somebody's inference from its last book, or what the recorded
settlement price says of its opening and its close. Never an exchange's price: by that one round in
thirty has another winner. Where files name two winners nobody is believed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import evolve, frozen

from polytui.backtest.sources.known_round import KnownRound
from polytui.backtest.sources.recording import BookSpan, PriceSeries, Survey, TokenSpan
from polytui.model.errors import Fatal
from polytui.model.events import NO_WINNER
from polytui.model.instrument import Asset, Interval, Outcome, Round, SettlementRule
from polytui.model.plain_text import plain
from polytui.model.units import NS_PER_S, Price
from polytui.venues.polymarket.round_names import asset_and_interval, is_round, opens_of, window_of

TOLD = "winners as the venue named them"
INFERRED = "winners of whom no file says that the venue named them"
RECKONED = "winners reckoned from the recorded settlement price"
NAMELESS_TOKENS = "tokens that no file names the round of"
DISAGREED = "winners of whom files disagree, not believed"
_AVERAGES_SINCE_NS = 1_786_060_800 * NS_PER_S
"""2026-08-07: rounds that open from then on are settled by an average of a minute."""
_AVERAGE_S = 60
_CENT = Price(10_000)


@frozen
class RoundEnd:
    """How a round ended, and how that is known."""

    winner: Outcome | None
    """None of one that was cancelled."""
    how: str


@frozen
class Outcomes:
    """By name, what is known of each round."""

    rounds: Mapping[str, KnownRound]
    boundaries: Mapping[tuple[Asset, int, int], float]
    """By (coin, look-back in seconds, moment): what the settlement price was."""
    disagreed: int = 0
    """Rounds of whom files name two winners."""

    def end_of(self, listed: Round) -> RoundEnd | None:
        known = self.rounds.get(listed.slug)
        if known is not None and known.is_decided:
            return RoundEnd(known.winner, INFERRED if known.is_inferred else TOLD)
        winner = self.by_price(listed)
        return None if winner is None else RoundEnd(winner, RECKONED)

    def by_price(self, listed: Round) -> Outcome | None:
        """What the settlement price says, where it was recorded at the opening and at the close."""
        opening, closing = (
            self.boundaries.get((listed.asset, listed.window_s, at_ns))
            for at_ns in (listed.opens_ns, listed.closes_ns)
        )
        if listed.settlement is SettlementRule.CANDLE or opening is None or closing is None:
            return None
        return Outcome.UP if closing >= opening else Outcome.DOWN


def gathered(listings: Iterable[KnownRound], surveys: Sequence[Survey]) -> Outcomes:
    """What all files say of every round."""
    rounds, doubted = dict[str, KnownRound](), set[str]()
    listed = [*listings, *(known for survey in surveys for known in survey.known)]
    for one in (*listed, *_settled(listed, surveys)):
        before = rounds.get(one.slug)
        rounds[one.slug] = one if before is None else _together(before, one, doubted)
    for slug in doubted:
        rounds[slug] = evolve(rounds[slug], winner=None, is_void=False)
    boundaries = {
        (span.asset, window_s, at_ns): value
        for survey in surveys
        for span in survey.prices
        if span.series is PriceSeries.SETTLEMENT
        for (window_s, at_ns), value in span.boundaries.items()
    }
    return Outcomes(rounds, boundaries, len(doubted))


def _settled(listed: Sequence[KnownRound], surveys: Sequence[Survey]) -> Iterator[KnownRound]:
    """Winners that the venue named while somebody listened, by the rounds they are of."""
    by_condition = {one.condition_id: one for one in listed if one.condition_id}
    for survey in surveys:
        for condition_id, token in survey.won.items():
            known = by_condition.get(condition_id)
            if known is not None:
                winner = next((one for one, own in known.tokens.items() if own == token), None)
                yield evolve(known, winner=winner, is_void=token == NO_WINNER, is_inferred=False)


def with_rounds(survey: Survey, outcomes: Outcomes) -> Survey:
    """A recording whose books name tokens alone, with the rounds that these are of."""
    places = {
        token: (slug, outcome)
        for slug, known in outcomes.rounds.items()
        for outcome, token in known.tokens.items()
    }
    found, counted = dict[str, list[tuple[Outcome, TokenSpan]]](), Counter(survey.counted)
    for span in survey.tokens:
        if span.token in places:
            slug, outcome = places[span.token]
            found.setdefault(slug, []).append((outcome, span))
        else:
            counted[NAMELESS_TOKENS] += 1
    books = tuple(_book_span(slug, spans) for slug, spans in found.items() if is_round(slug))
    return evolve(survey, books=(*survey.books, *books), counted=dict(counted))


def _book_span(slug: str, spans: Sequence[tuple[Outcome, TokenSpan]]) -> BookSpan:
    found = asset_and_interval(slug)
    assert found is not None, "only names of rounds come this far"
    return BookSpan(
        slug,
        *found,
        {outcome: span.token for outcome, span in spans},
        sum(span.rows for _, span in spans),
        min(span.first_ns for _, span in spans),
        max(span.last_ns for _, span in spans),
    )


def _together(one: KnownRound, other: KnownRound, doubted: set[str]) -> KnownRound:
    """Two words on one round: the venue's own, else the first, with what only the other knows."""
    if one.is_decided and other.is_decided and one.is_inferred is other.is_inferred:
        if (one.winner, one.is_void) != (other.winner, other.is_void):
            doubted.add(one.slug)
    elif other.is_decided and (one.is_inferred or not one.is_decided):
        doubted.discard(one.slug)
        one, other = other, one
    tokens = dict(other.tokens)
    for outcome, token in one.tokens.items():
        if tokens.setdefault(outcome, token) != token:
            raise Fatal(
                f"{plain(other.path)}, row {other.row}: {outcome.value} of {one.slug} is another"
                f" token than in {plain(one.path)}, row {one.row}"
            )
    return evolve(
        one,
        strike=other.strike if one.strike is None else one.strike,
        condition_id=one.condition_id or other.condition_id,
        tokens=tokens,
        listed=one.listed or other.listed,
    )


def round_of(slug: str, known: KnownRound | None, tokens: Mapping[Outcome, str]) -> Round:
    """A round as it was listed before it opened. What no file says is what its name and its day
    say; a token that nobody names is called after the round."""
    if known is not None and known.listed is not None:
        # What was listed after the end has the last grid, and takes no orders any more.
        return evolve(known.listed, tick=_CENT, takes_orders=True)
    found = asset_and_interval(slug)
    assert found is not None, "only names of rounds come this far"
    asset, interval = found
    window = window_of(interval, opens_of(slug))
    rule, window_s = _rule(interval, window.opens_ns)
    up, down = (tokens.get(one) or f"{slug}-{one.value}" for one in Outcome)
    return Round(
        slug=slug,
        asset=asset,
        interval=interval,
        condition_id=(known.condition_id if known else "") or slug,
        up_token=up,
        down_token=down,
        opens_ns=window.opens_ns,
        closes_ns=window.closes_ns,
        settlement=rule,
        window_s=window_s,
        tick=_CENT,
    )


def _rule(interval: Interval, opens_ns: int) -> tuple[SettlementRule, int]:
    if interval is Interval.H1:
        return SettlementRule.CANDLE, 0
    if opens_ns < _AVERAGES_SINCE_NS:
        return SettlementRule.SPOT, 0
    return SettlementRule.TWAP, _AVERAGE_S

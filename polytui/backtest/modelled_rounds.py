"""Rounds of days of which prices were recorded, and no book: their market is a model.

Where the settlement price was recorded rounds end as they did. Where only candles were, everything
is theirs: what settles a round, its strike and its winner. That is a world of its own, in which
nothing contradicts itself; the venue names another winner in one round of thirty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from attrs import frozen

from polytui.backtest.modelled_market import AHEAD_NS, ModelledMarket
from polytui.backtest.moments import Moment
from polytui.backtest.outcomes import Outcomes, RoundEnd, round_of
from polytui.backtest.play_plan import (
    ALWAYS,
    NO_WINNER_KNOWN,
    AskedRounds,
    PlayedBooks,
    PlayPlan,
    TakenParts,
    history_of,
    window_of_play,
)
from polytui.backtest.sources.recording import (
    PriceSeries,
    PriceSpan,
    PriceTeller,
    Recording,
    Survey,
    Windows,
)
from polytui.backtest.sources.settlement_ticks import RELAY
from polytui.model.events import EXCHANGE_FEED
from polytui.model.instrument import Asset, Interval, Outcome, Round, SettlementRule
from polytui.model.units import NS_PER_S
from polytui.venues.polymarket.round_names import round_slug, windows_from

MARKET = (
    "the market's price: nobody recorded a book, a model quotes the probability that the price"
    " itself gives"
)
PATH = "what the price did within a candle"
WORLD = "the settlement price, strikes and winners: those of the candles"
OF_CANDLES = "winners by the candles"
NO_CANDLE = "a candle at their opening or their close is missing"
OTHERWISE = "known winners that the candles name otherwise"
AGREED = "known winners that the candles name as well"
_UNSETTLED = "settled by an exchange's candle, of which none was recorded"


@frozen
class PricedCoin:
    """The recording by which a coin's rounds are played."""

    number: int
    span: PriceSpan


def modelled(surveys: Sequence[Survey], outcomes: Outcomes, asked: AskedRounds) -> PlayPlan:
    """All rounds of the lengths that are asked for (of five minutes, where none is) on the days of
    which a price was recorded."""
    taken = [TakenParts() for _ in surveys]
    skipped, counted = Counter[str](), Counter[str]()
    rounds: list[PlayedBooks] = []
    coins = priced(surveys, asked)
    for coin in coins:
        for listed in _listed(coin.span, outcomes, asked):
            end = _end(coin.span, listed, outcomes, counted)
            if isinstance(end, str):
                skipped[end] += 1
                continue
            counted[end.how] += 1
            rounds.append(_played(coin, listed, end, outcomes))
            _take(taken, coin, listed, surveys)
    rounds.sort(key=lambda one: (one.round.opens_ns, one.round.slug))
    of_candles = frozenset(
        one.span.asset for one in coins if one.span.series is PriceSeries.CANDLES
    )
    stepped = of_candles if asked.step_s > 1 else frozenset[Asset]()
    path = PATH if not stepped else f"{PATH}, a price each {asked.step_s} s"
    return PlayPlan(
        tuple(rounds),
        tuple(one.wanted(is_modelled=True, is_stepped=bool(stepped)) for one in taken),
        len(rounds) + skipped.total(),
        skipped,
        counted,
        {one.span.asset: _feeds(one.span) for one in coins},
        (MARKET, path, WORLD) if of_candles else (MARKET,),
        is_modelled=True,
        step_s=asked.step_s,
        stepped=stepped,
    )


def priced(surveys: Sequence[Survey], asked: AskedRounds) -> list[PricedCoin]:
    """Of each coin the recording that tells most: what settles it before candles, then by rows."""
    best: dict[Asset, PricedCoin] = {}
    for number, survey in enumerate(surveys):
        for span in survey.prices:
            if span.series is PriceSeries.EXCHANGE or asked.leaves(span.asset):
                continue
            known = best.get(span.asset)
            if known is None or _worth(span) > _worth(known.span):
                best[span.asset] = PricedCoin(number, span)
    return [best[asset] for asset in sorted(best)]


def _worth(span: PriceSpan) -> tuple[bool, int]:
    return span.series is PriceSeries.SETTLEMENT, span.rows


def _feeds(span: PriceSpan) -> tuple[str, ...]:
    return (RELAY, EXCHANGE_FEED) if span.series is PriceSeries.CANDLES else (RELAY,)


def _listed(span: PriceSpan, outcomes: Outcomes, asked: AskedRounds) -> Iterator[Round]:
    begins, ends = max(span.first_ns, asked.span[0]), min(span.last_ns, asked.span[1])
    for interval in asked.intervals or (Interval.M5,):
        for window in windows_from(interval, begins):
            if window.closes_ns > ends:
                break
            if window.opens_ns >= begins:
                slug = round_slug(span.asset, interval, window.opens_ns)
                known = outcomes.rounds.get(slug)
                yield round_of(slug, known, known.tokens if known else {})


def _end(
    span: PriceSpan, listed: Round, outcomes: Outcomes, counted: Counter[str]
) -> RoundEnd | str:
    """How it ended, or why it is not played."""
    if span.series is PriceSeries.SETTLEMENT:
        if listed.settlement is SettlementRule.CANDLE:
            return _UNSETTLED
        return outcomes.end_of(listed) or NO_WINNER_KNOWN
    opening, closing = (
        span.boundaries.get((0, at_ns)) for at_ns in (listed.opens_ns, listed.closes_ns)
    )
    if opening is None or closing is None:
        return NO_CANDLE
    winner = Outcome.UP if closing >= opening else Outcome.DOWN
    known = outcomes.end_of(listed)
    if known is not None:
        counted[AGREED if known.winner is winner else OTHERWISE] += 1
    return RoundEnd(winner, OF_CANDLES)


def _played(coin: PricedCoin, listed: Round, end: RoundEnd, outcomes: Outcomes) -> PlayedBooks:
    strike = coin.span.boundaries.get((listed.window_s, listed.opens_ns))
    if coin.span.series is PriceSeries.SETTLEMENT:
        known = outcomes.rounds.get(listed.slug)
        strike = known.strike if known and known.strike else strike
    books = ((listed.opens_ns - AHEAD_NS, listed.closes_ns - NS_PER_S),)
    return PlayedBooks(listed, end, strike, books)


def _take(
    taken: Sequence[TakenParts], coin: PricedCoin, listed: Round, surveys: Sequence[Survey]
) -> None:
    own, asset = taken[coin.number], listed.asset
    own.prices[PriceSeries.SETTLEMENT, asset].append(window_of_play(listed))
    for number, survey in enumerate(surveys):
        if any(one.series is PriceSeries.CANDLES and one.asset is asset for one in survey.prices):
            taken[number].prices[PriceSeries.CANDLES, asset].append(history_of(listed))


def markets(
    plan: PlayPlan, recordings: Sequence[Recording], surveys: Sequence[Survey]
) -> list[Iterator[Moment]]:
    """The books of each coin."""
    found: list[Iterator[Moment]] = []
    for coin in priced(surveys, AskedRounds(span=ALWAYS)):
        asset, teller = coin.span.asset, recordings[coin.number]
        rounds = [one.round for one in plan.rounds if one.round.asset is asset]
        if rounds and isinstance(teller, PriceTeller):
            windows = Windows.of([window_of_play(listed) for listed in rounds])
            path, market = teller.price_path(asset, windows), ModelledMarket(asset, rounds)
            is_stepped = asset in plan.stepped
            found.append(market.steps(path, plan.step_s) if is_stepped else market.moments(path))
    return found

"""From what a desk knows to a strategy's view, or what is missing for one."""

from __future__ import annotations

from attrs import frozen

from polytui.config.schema import Settings
from polytui.desk.prices import DeskPrices
from polytui.desk.round import DeskRound
from polytui.ledger.positions import Position
from polytui.market.book import TokenBook
from polytui.market.fair_value import fair_up
from polytui.model.effects import Reason, Why
from polytui.model.units import NS_PER_MS, NS_PER_S, Shares, Usd
from polytui.strategy.proposal import OutcomeView, View

_NO_SHARES = Shares(0)


@frozen
class Blocked:
    why: Why


@frozen
class Knowledge:
    """What a view is made of, beside the round itself."""

    now_ns: int
    prices: DeskPrices
    position: Position
    is_book_up: bool
    book_lag_ns: int
    settings: Settings


def see_round(entry: DeskRound, knowledge: Knowledge) -> View | Blocked:
    """A view of an open round. The strike and the fair value found on the way stay in it."""
    knowledge.prices.find_strike(entry)
    why = _book_block(entry, knowledge) or _price_block(knowledge)
    if why is not None:
        return Blocked(why)
    market = knowledge.settings.market
    price = knowledge.prices.price_for(entry.round, knowledge.now_ns, market)
    if price is None:
        return Blocked(Why(Reason.NO_PRICE))
    if entry.strike is None:
        return Blocked(Why(Reason.NO_STRIKE))
    return _view(entry, knowledge, price, entry.strike)


def _book_block(entry: DeskRound, knowledge: Knowledge) -> Why | None:
    if not knowledge.is_book_up:
        return Why(Reason.FEED_DOWN)
    lag_ms, most_ms = knowledge.book_lag_ns / NS_PER_MS, knowledge.settings.gates.max_book_lag_ms
    if lag_ms > most_ms:
        return Why(Reason.BOOK_LATE, lag_ms, most_ms, "ms")
    up, down = entry.up_book, entry.down_book
    if not (up.is_known and down.is_known):
        return Why(Reason.NO_BOOK)
    if not (up.is_settled and down.is_settled):
        return Why(Reason.BOOK_UNSETTLED)
    return None


def _price_block(knowledge: Knowledge) -> Why | None:
    market, gates = knowledge.settings.market, knowledge.settings.gates
    observed_ns = knowledge.prices.settlement.last_observed_ns
    if not observed_ns:
        return Why(Reason.NO_PRICE)
    # Since it was observed, not since we read it: what waited in a queue is no news.
    age_ms = (knowledge.now_ns - observed_ns) / NS_PER_MS
    if age_ms > gates.max_oracle_age_ms:
        return Why(Reason.ORACLE_STALE, age_ms, gates.max_oracle_age_ms, "ms")
    seen_s = knowledge.prices.volatility.seen_s
    if seen_s < market.volatility_warmup_s:
        return Why(Reason.NO_VOLATILITY, seen_s, market.volatility_warmup_s, "s seen")
    return None


def _view(entry: DeskRound, knowledge: Knowledge, price: float, strike: float) -> View:
    listed, now_ns, position = entry.round, knowledge.now_ns, knowledge.position
    prices, settings = knowledge.prices, knowledge.settings
    settling = prices.settling(listed, price, now_ns, settings.market)
    entry.fair_up = fair_up(settling, strike, settings.market)
    entry.deviation = settling.deviation
    estimate = prices.estimate(now_ns, settings.market)
    return View(
        now_ns=now_ns,
        since_open_s=(now_ns - listed.opens_ns) / NS_PER_S,
        left_s=(listed.closes_ns - now_ns) / NS_PER_S,
        strike=strike,
        price=price,
        fair_up=entry.fair_up,
        confidence=0.0 if estimate is None else estimate.confidence,
        features=prices.features.latest,
        up=_outcome_view(entry.up_book, position.up, position.up_cost),
        down=_outcome_view(entry.down_book, position.down, position.down_cost),
        tick=listed.tick,
        min_shares=listed.min_shares,
        fees=listed.fees,
    )


def _outcome_view(book: TokenBook, held: Shares, cost: Usd) -> OutcomeView:
    ask = book.best_ask
    return OutcomeView(book.best_bid, ask, book.asks.get(ask, _NO_SHARES), held, cost)

"""From what a desk knows to a strategy's view, or what is missing for one."""

from __future__ import annotations

import math

from msgspec import Struct
from msgspec.structs import replace

from polytui.config.schema import Settings
from polytui.desk.prices import DeskPrices
from polytui.desk.round import DeskRound
from polytui.market.book import TokenBook
from polytui.market.fair_value import fair_up
from polytui.market.predictor import Predictor
from polytui.market.volatility import SECONDS_PER_YEAR
from polytui.model.effects import Reason, Why
from polytui.model.units import NS_PER_MS, NS_PER_S, Shares, Usd
from polytui.strategy.proposal import OutcomeView, View

_NO_SHARES = Shares(0)
_ROOT_YEAR = math.sqrt(SECONDS_PER_YEAR)


class Blocked(Struct, frozen=True):
    """No view to ask strategies with."""

    why: Why
    market: View | None = None
    """The books and the clock, where those are good: enough to leave by. Prices are NaN."""


class Knowledge(Struct, frozen=True):
    """What a view is made of, beside the round itself."""

    now_ns: int
    prices: DeskPrices
    predictor: Predictor | None
    free_cash: Usd
    is_book_up: bool
    book_lag_ns: int
    settings: Settings


def see_round(entry: DeskRound, knowledge: Knowledge) -> View | Blocked:
    """A view of an open round. The strike and the fair value found on the way stay in it."""
    knowledge.prices.find_strike(entry)
    why = _venue_block(entry) or _book_block(entry, knowledge)
    if why is not None:
        return Blocked(why)
    why = _price_block(knowledge)
    if why is not None:
        return Blocked(why, _without_prices(entry, knowledge))
    market = knowledge.settings.market
    estimate = knowledge.prices.estimate(knowledge.now_ns, market)
    price = knowledge.prices.price_for(entry.round, estimate, knowledge.now_ns, market)
    if price is None:
        return Blocked(Why(Reason.NO_PRICE), _without_prices(entry, knowledge))
    if entry.strike is None:
        return Blocked(Why(Reason.NO_STRIKE), _without_prices(entry, knowledge))
    trust = 0.0 if estimate is None else estimate.trust
    return _view(entry, knowledge, price, entry.strike, trust)


def _venue_block(entry: DeskRound) -> Why | None:
    """What nobody could trade, in or out, whatever is seen of it."""
    if not entry.takes_orders:
        return Why(Reason.NO_ORDERS)
    return None if entry.round.is_one_book else Why(Reason.TWO_BOOKS)


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
    settlement = knowledge.prices.settlement
    if not settlement.last_observed_ns:
        return Why(Reason.NO_PRICE)
    # Since it was observed, for what waited in a queue is no news; and since we read it, for a
    # clock that is a little ahead of ours makes nothing younger.
    since_ns = min(settlement.last_observed_ns, settlement.latest_received_ns)
    age_ms = max(0, knowledge.now_ns - since_ns) / NS_PER_MS
    if age_ms > gates.max_oracle_age_ms:
        return Why(Reason.ORACLE_STALE, age_ms, gates.max_oracle_age_ms, "ms")
    seen_s = knowledge.prices.volatility.seen_s
    if seen_s < market.volatility_warmup_s:
        return Why(Reason.NO_VOLATILITY, seen_s, market.volatility_warmup_s, "s seen")
    return None


def _view(
    entry: DeskRound, knowledge: Knowledge, price: float, strike: float, trust: float
) -> View:
    prices, market = knowledge.prices, knowledge.settings.market
    settling = prices.settling(entry.round, price, knowledge.now_ns, market)
    entry.fair_up = fair_up(settling, strike, market)
    entry.deviation, entry.fair_ns = settling.deviation, knowledge.now_ns
    per_root_s = prices.volatility.per_root_second(market)
    return replace(
        _without_prices(entry, knowledge),
        strike=strike,
        price=price,
        fair_up=entry.fair_up,
        deviation=settling.deviation,
        mean=settling.mean,
        known=settling.known,
        per_root_s=price * per_root_s,
        volatility=per_root_s * _ROOT_YEAR,
        trust=trust,
    )


def _without_prices(entry: DeskRound, knowledge: Knowledge) -> View:
    """The books and the clock; NaN for everything that an oracle has to say."""
    listed, now_ns = entry.round, knowledge.now_ns
    up, down = entry.up_book, entry.down_book
    return View(
        now_ns=now_ns,
        since_open_s=(now_ns - listed.opens_ns) / NS_PER_S,
        left_s=(listed.closes_ns - now_ns) / NS_PER_S,
        strike=math.nan,
        price=math.nan,
        fair_up=math.nan,
        deviation=math.nan,
        mean=math.nan,
        per_root_s=math.nan,
        volatility=math.nan,
        window_s=listed.window_s,
        known=0.0,
        trust=0.0,
        book_age_ms=max(0, now_ns - max(up.venue_ns, down.venue_ns)) // NS_PER_MS,
        features=knowledge.prices.features.latest,
        predictor=knowledge.predictor,
        up=_outcome_view(up),
        down=_outcome_view(down),
        tick=listed.tick,
        min_shares=listed.min_shares,
        fees=listed.fees,
        free_cash=knowledge.free_cash,
    )


def _outcome_view(book: TokenBook) -> OutcomeView:
    """As nobody in particular sees it: what is held is filled in for each strategy."""
    bid, ask = book.best_bid, book.best_ask
    asked, wanted = book.asks.get(ask, _NO_SHARES), book.bids.get(bid, _NO_SHARES)
    return OutcomeView(bid, ask, asked, wanted)

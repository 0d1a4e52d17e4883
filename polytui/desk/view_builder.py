"""From what a desk knows to a strategy's view, or what is missing for one."""

from __future__ import annotations

import math

from msgspec import Struct

from polytui.config.schema import Settings
from polytui.desk.prices import DeskPrices
from polytui.desk.round import DeskRound
from polytui.market.book import TokenBook
from polytui.market.fair_value import SettlementForecast, fair_up
from polytui.market.predictor import Predictor
from polytui.market.volatility import SECONDS_PER_YEAR
from polytui.model.effects import Reason, Why
from polytui.model.units import NS_PER_MS, NS_PER_S, Shares, Usd
from polytui.strategy.proposal import OutcomeView, View

_NO_SHARES = Shares(0)
_ROOT_YEAR = math.sqrt(SECONDS_PER_YEAR)


class NoView(Struct, frozen=True, gc=False):
    """No view to ask strategies with."""

    why: Why
    market: View | None = None
    """The books and the clock, where those are good: enough to leave by. Prices are NaN."""


class ViewInputs(Struct, frozen=True, gc=False):
    """What a view is made of, beside the round itself."""

    now_ns: int
    prices: DeskPrices
    predictor: Predictor | None
    free_cash: Usd
    is_book_up: bool
    book_lag_ns: int
    settings: Settings


def build_view(market_round: DeskRound, inputs: ViewInputs) -> View | NoView:
    """A view of an open round. The strike and the fair value found on the way stay in it."""
    inputs.prices.find_strike(market_round)
    why = market_block(market_round, inputs)
    if why is not None:
        return NoView(why)
    why = _price_block(inputs)
    if why is not None:
        return NoView(why, _without_prices(market_round, inputs))
    market = inputs.settings.market
    estimate = inputs.prices.estimate(inputs.now_ns, market)
    price = inputs.prices.price_for(market_round.round, estimate, inputs.now_ns, market)
    if price is None:
        return NoView(Why(Reason.NO_PRICE), _without_prices(market_round, inputs))
    if market_round.strike is None:
        return NoView(Why(Reason.NO_STRIKE), _without_prices(market_round, inputs))
    trust = 0.0 if estimate is None else estimate.trust
    return _view(market_round, inputs, price, market_round.strike, trust)


def market_block(market_round: DeskRound, inputs: ViewInputs) -> Why | None:
    """What nobody could trade by, whoever it is: the venue takes nothing, or its books are not
    seen as they are now."""
    return _venue_block(market_round) or _book_block(market_round, inputs)


def _venue_block(market_round: DeskRound) -> Why | None:
    """What nobody could trade, in or out, whatever is seen of it."""
    if not market_round.takes_orders:
        return Why(Reason.NO_ORDERS)
    return None if market_round.round.is_one_book else Why(Reason.TWO_BOOKS)


def _book_block(market_round: DeskRound, inputs: ViewInputs) -> Why | None:
    if not inputs.is_book_up:
        return Why(Reason.FEED_DOWN)
    lag_ms, most_ms = inputs.book_lag_ns / NS_PER_MS, inputs.settings.gates.max_book_lag_ms
    if lag_ms > most_ms:
        return Why(Reason.BOOK_LATE, lag_ms, most_ms, "ms")
    up, down = market_round.up_book, market_round.down_book
    if not (up.is_known and down.is_known):
        return Why(Reason.NO_BOOK)
    if not (up.is_settled and down.is_settled):
        return Why(Reason.BOOK_UNSETTLED)
    return None


def _price_block(inputs: ViewInputs) -> Why | None:
    market, gates = inputs.settings.market, inputs.settings.gates
    settlement = inputs.prices.settlement
    if not settlement.last_observed_ns:
        return Why(Reason.NO_PRICE)
    # Since it was observed, for what waited in a queue is no news; and since we read it, for a
    # clock that is a little ahead of ours makes nothing younger.
    since_ns = min(settlement.last_observed_ns, settlement.latest_received_ns)
    age_ms = max(0, inputs.now_ns - since_ns) / NS_PER_MS
    if age_ms > gates.max_chainlink_age_ms:
        return Why(Reason.CHAINLINK_STALE, age_ms, gates.max_chainlink_age_ms, "ms")
    seen_s = inputs.prices.volatility.seen_s
    if seen_s < market.volatility_warmup_s:
        return Why(Reason.NO_VOLATILITY, seen_s, market.volatility_warmup_s, "s seen")
    return None


def _view(
    market_round: DeskRound, inputs: ViewInputs, price: float, strike: float, trust: float
) -> View:
    prices, market = inputs.prices, inputs.settings.market
    settlement_forecast = prices.settlement_forecast(
        market_round.round, price, inputs.now_ns, market
    )
    market_round.fair_up = fair_up(settlement_forecast, strike, market)
    market_round.priced = price
    market_round.sigma, market_round.fair_ns = settlement_forecast.sigma, inputs.now_ns
    sigma_per_sqrt_s = prices.volatility.sigma_per_sqrt_s(market)
    seen = _Priced(
        strike=strike,
        price=price,
        fair_up=market_round.fair_up,
        forecast=settlement_forecast,
        sigma_per_sqrt_s=price * sigma_per_sqrt_s,
        volatility=sigma_per_sqrt_s * _ROOT_YEAR,
        trust=trust,
    )
    return _seen(market_round, inputs, seen)


class _Priced(Struct, frozen=True, gc=False):
    """What prices have to say: in dollars, as `View` has it."""

    strike: float = math.nan
    price: float = math.nan
    fair_up: float = math.nan
    forecast: SettlementForecast = SettlementForecast(math.nan, math.nan)
    sigma_per_sqrt_s: float = math.nan
    volatility: float = math.nan
    trust: float = 0.0


_UNPRICED = _Priced()


def _without_prices(market_round: DeskRound, inputs: ViewInputs) -> View:
    """The books and the clock; NaN for everything that prices have to say."""
    return _seen(market_round, inputs, _UNPRICED)


def _seen(market_round: DeskRound, inputs: ViewInputs, priced: _Priced) -> View:
    listed, now_ns, forecast = market_round.round, inputs.now_ns, priced.forecast
    up, down = market_round.up_book, market_round.down_book
    return View(
        now_ns=now_ns,
        since_open_s=(now_ns - listed.opens_ns) / NS_PER_S,
        left_s=(listed.closes_ns - now_ns) / NS_PER_S,
        strike=priced.strike,
        price=priced.price,
        fair_up=priced.fair_up,
        sigma=forecast.sigma,
        mean=forecast.mean,
        sigma_per_sqrt_s=priced.sigma_per_sqrt_s,
        volatility=priced.volatility,
        window_s=listed.window_s,
        known=forecast.known,
        trust=priced.trust,
        book_age_ms=max(0, now_ns - max(up.venue_ns, down.venue_ns)) // NS_PER_MS,
        features=inputs.prices.features.latest,
        predictor=inputs.predictor,
        up=_outcome_view(up),
        down=_outcome_view(down),
        tick=listed.tick,
        min_shares=listed.min_shares,
        fees=listed.fees,
        free_cash=inputs.free_cash,
    )


def _outcome_view(book: TokenBook) -> OutcomeView:
    """As nobody in particular sees it: what is held is filled in for each strategy."""
    bid, ask = book.best_bid, book.best_ask
    asked, wanted = book.asks.get(ask, _NO_SHARES), book.bids.get(bid, _NO_SHARES)
    return OutcomeView(bid, ask, asked, wanted)

"""Which trades a query asks for, by the names that every listing of trades has."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from polytui.model.units import NS_PER_S
from polytui.sim.exchange.venue_trade import VenueTrade
from polytui.sim.wire.desk.private_request import address_of, market_of, seconds_of, token_of

TRADE_FILTERS = ("id", "maker_address", "market", "asset_id", "before", "after")
_Keep = Callable[[VenueTrade], bool]


def picked(trades: list[VenueTrade], asked: Mapping[str, str], words: str) -> list[VenueTrade]:
    """Those of `trades` that pass every filter of the query; 400 with `words`, or with the name
    of what is wrong, for one that cannot be read. `before` and `after` are seconds, neither of
    them within."""
    kept = [_FILTERS[name](value, words) for name, value in asked.items() if _has(name, value)]
    return [trade for trade in trades if all(keep(trade) for keep in kept)]


def _has(name: str, value: str) -> bool:
    return name in _FILTERS and bool(value)


def _by_id(value: str, _words: str) -> _Keep:
    return lambda trade: trade.trade_id == value


def _by_wallet(value: str, words: str) -> _Keep:
    wallet = address_of(value, words)
    return lambda trade: wallet in trade.wallets


def _by_market(value: str, _words: str) -> _Keep:
    market = market_of(value)
    return lambda trade: trade.condition_id == market


def _by_token(value: str, _words: str) -> _Keep:
    """The taker's token or a maker's: in a match that mints they differ."""
    token = token_of(value)
    return lambda trade: (
        token == trade.token_id or any(token == part.token_id for part in trade.maker_parts)
    )


def _before(value: str, words: str) -> _Keep:
    end_ns = seconds_of(value, words) * NS_PER_S
    return lambda trade: trade.matched_ns < end_ns


def _after(value: str, words: str) -> _Keep:
    start_ns = (seconds_of(value, words) + 1) * NS_PER_S
    return lambda trade: trade.matched_ns >= start_ns


_FILTERS: dict[str, Callable[[str, str], _Keep]] = {
    "id": _by_id,
    "maker_address": _by_wallet,
    "market": _by_market,
    "asset_id": _by_token,
    "before": _before,
    "after": _after,
}

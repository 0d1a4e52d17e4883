"""An account at the venue: everything that the keys of one address have done."""

from __future__ import annotations

from collections.abc import Iterable

from polytui.sim.exchange.api_keys import ApiKeys, Caller
from polytui.sim.exchange.exchange import Exchange
from polytui.sim.exchange.venue_order import VenueOrder
from polytui.sim.exchange.venue_trade import VenueTrade


class Accounts:
    """The exchange as one caller sees it: his own, and nobody else's."""

    def __init__(self, exchange: Exchange, keys: ApiKeys) -> None:
        self._exchange = exchange
        self._keys = keys

    def order(self, caller: Caller, order_id: str) -> VenueOrder | None:
        """Whatever became of it; None for another's."""
        order = self._exchange.order(order_id)
        return order if order is not None and self._is_of(caller, order.api_key) else None

    def open_orders(self, caller: Caller) -> list[VenueOrder]:
        """The newest first."""
        found = [order for key in self.keys_of(caller) for order in self._exchange.open_orders(key)]
        return sorted(found, key=lambda order: (order.created_ns, order.order_id), reverse=True)

    def trades(self, caller: Caller) -> list[VenueTrade]:
        """As taker and as maker, each once, the newest first."""
        files = [trades for key in self.keys_of(caller) if (trades := self._exchange.trades(key))]
        if len(files) == 1:
            return files[0][::-1]
        found = {trade.trade_id: trade for trades in files for trade in trades}
        order = sorted(found.values(), key=lambda trade: (trade.matched_ns, trade.trade_id))
        return order[::-1]

    def keys_with(self, caller: Caller, order_ids: Iterable[str]) -> dict[str, list[str]]:
        """Ids by the key that placed them; those of others by the caller's own."""
        found: dict[str, list[str]] = {}
        for order_id in order_ids:
            order = self.order(caller, order_id)
            key = caller.api_key if order is None else order.api_key
            found.setdefault(key, []).append(order_id)
        return found

    def keys_of(self, caller: Caller) -> list[str]:
        """Every key that the caller's address ever traded with."""
        return self._keys.all_of(caller.address)

    def trade(self, caller: Caller, trade_id: str) -> VenueTrade | None:
        """None for one in which the account takes no part."""
        trade = self._exchange.trade(trade_id)
        return trade if trade is not None and self.part_in(trade, caller) else None

    def part_in(self, trade: VenueTrade, caller: Caller) -> str:
        """The key of this account that took part, the taker's first."""
        keys = (trade.taker_api_key, *(part.api_key for part in trade.maker_parts))
        return next((key for key in keys if self._is_of(caller, key)), "")

    def _is_of(self, caller: Caller, api_key: str) -> bool:
        return bool(api_key) and self._keys.address_of(api_key) == caller.address

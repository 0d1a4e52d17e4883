"""World events that only some accounts hear: what the user channel is written from."""

from __future__ import annotations

from enum import Enum

from attrs import frozen

from polytui.sim.exchange.venue_order import VenueOrder
from polytui.sim.exchange.venue_trade import VenueTrade
from polytui.sim.world.world_events import AccountEvent


class OrderChange(str, Enum):
    """The venue's; the client has the same word for what it reads, and shares nothing with us."""

    PLACEMENT = "PLACEMENT"
    UPDATE = "UPDATE"
    """Part of it, or all, was matched."""
    CANCELLATION = "CANCELLATION"
    """What rested of it, or all of it, is gone unmatched."""


@frozen
class OrderTold(AccountEvent):
    """An order as it was when this change happened; `at_ns` is when its owner is told."""

    change: OrderChange
    order: VenueOrder

    @property
    def api_keys(self) -> frozenset[str]:
        return frozenset({self.order.api_key})


@frozen
class TradeTold(AccountEvent):
    """A trade as it was at its latest change, told to everybody who takes part in it."""

    trade: VenueTrade

    @property
    def api_keys(self) -> frozenset[str]:
        return self.trade.api_keys

"""An order in the venue's file: what became of it so far, and what may become of it."""

from __future__ import annotations

from enum import Enum

from attrs import frozen

from polytui.model.instrument import Outcome
from polytui.model.orders import Side
from polytui.model.units import Price, Shares, Usd
from polytui.sim.exchange.signed_order import SignedOrder


class OrderStatus(str, Enum):
    """In the venue's words."""

    DELAYED = "DELAYED"
    """Taken in, and held for a moment before it may match."""
    LIVE = "LIVE"
    MATCHED = "MATCHED"
    """Nothing of it is left to match."""
    CANCELED = "CANCELED"
    CANCELED_MARKET_RESOLVED = "CANCELED_MARKET_RESOLVED"
    CANCELED_NOT_ENOUGH_BALANCE = "CANCELED_NOT_ENOUGH_BALANCE"
    CANCELED_EXPIRED_ORDER = "CANCELED_EXPIRED_ORDER"
    INVALID = "INVALID"
    """Held, and then not taken after all."""

    @property
    def is_open(self) -> bool:
        return self in (OrderStatus.DELAYED, OrderStatus.LIVE)


_LATER = frozenset(OrderStatus) - {OrderStatus.DELAYED}
MOVES: dict[OrderStatus, frozenset[OrderStatus]] = {
    status: _LATER if status.is_open else frozenset() for status in OrderStatus
}
"""What may follow what: an open order may stay (another part of it matched) or end, once."""


@frozen
class VenueOrder:
    """One state of an order: it is replaced, never changed, so whoever was told of it keeps what
    he was told."""

    signed: SignedOrder
    slug: str
    condition_id: str
    outcome: Outcome
    price: Price
    """In its own outcome, found from the two amounts."""
    created_ns: int
    changed_ns: int
    status: OrderStatus = OrderStatus.LIVE
    words: str = ""
    """Why it ended, where the venue says so in a sentence ("order couldn't be ..."); a client sees
    `CANCELED_` and these words as its status."""
    matched: Shares = Shares(0)
    spent: Usd = Usd(0)
    """Dollars that its matches moved, fees apart: paid by a buyer, received by a seller."""
    trade_ids: tuple[str, ...] = ()

    @property
    def order_id(self) -> str:
        return self.signed.order_id

    @property
    def api_key(self) -> str:
        return self.signed.api_key

    @property
    def maker(self) -> str:
        return self.signed.maker

    @property
    def side(self) -> Side:
        return self.signed.side

    @property
    def original(self) -> Shares:
        """Shares it asked for. A market purchase may match more: it is for dollars."""
        return self.signed.shares

    @property
    def remaining(self) -> Shares:
        """Shares still asked for; of an order for dollars the fewest that the rest would bring."""
        return Shares(max(self.original - self.matched, 0))

"""What became of orders, as whoever carries them to the venue reports it."""

from __future__ import annotations

from attrs import frozen

from polytui.model.orders import Order, Side
from polytui.model.units import Price, Shares, Usd

Trade = tuple[str, str]
"""(order id, trade id) of one fill: one trade may fill several of our orders."""


@frozen
class FoundOrder:
    """An order of ours that the venue says it has, or may have."""

    order: Order
    filled: Shares = Shares(0)
    """Of it, so far."""
    spent: Usd = Usd(0)
    """Of a market purchase's dollars."""
    trades: tuple[str, ...] = ()
    """Ids of the trades that `filled` counts."""
    is_certain: bool = True
    """False where it may be on its way, and may as well never arrive."""


@frozen
class Accepted:
    order_id: str
    venue_id: str = ""
    """What the venue calls it; empty where it has no name of its own for it."""


@frozen
class Refused:
    """It is proven that this order never lived."""

    order_id: str
    detail: str
    is_unsent: bool = False
    """We saw ourselves that the venue would not take it: it heard nothing of it."""


@frozen
class Deferred:
    """The venue did not take the order and lets the same signed one be sent again (425 while its
    engine restarts, `order timed out`); its client does."""

    order_id: str
    detail: str


@frozen
class Unanswered:
    """A timeout or 5xx: the order may be live."""

    order_id: str
    detail: str


@frozen
class Filled:
    order_id: str
    trade_id: str
    price: Price
    shares: Shares
    fee: Usd
    is_taker: bool
    token_id: str = ""
    """What was bought or sold; empty where only the order says."""
    side: Side | None = None
    """Ours; None where only the order says."""


@frozen
class Reversed:
    """A trade that was matched failed in the end: this fill of ours never happened. It says the
    whole fill, because who hears of it may never have heard of the fill itself."""

    order_id: str
    trade_id: str
    token_id: str
    side: Side
    price: Price
    shares: Shares
    fee: Usd
    detail: str


@frozen
class Cancelled:
    """The rest of the order is gone."""

    order_id: str
    detail: str


@frozen
class CancelRefused:
    order_id: str
    detail: str


@frozen
class NotFound:
    """Somebody looked for the order by its id, and the venue does not know it."""

    order_id: str
    looked_ns: int
    """When the question was sent."""


@frozen
class OrderFound:
    """The venue was asked for the order by its id and has it, working; also where no desk knew."""

    found: FoundOrder

    @property
    def order_id(self) -> str:
        return self.found.order.order_id


Report = (
    Accepted
    | Refused
    | Deferred
    | Unanswered
    | Filled
    | Reversed
    | Cancelled
    | CancelRefused
    | NotFound
    | OrderFound
)
"""What an execution client may say of an order."""

"""What became of orders, as whoever carries them to the venue reports it."""

from __future__ import annotations

from attrs import frozen

from polytui.model.units import Price, Shares, Usd


@frozen
class Accepted:
    order_id: str


@frozen
class Refused:
    """The venue proved that this order never lived."""

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
    """Reconcile looked for the order and the venue does not know it."""

    order_id: str


Report = Accepted | Refused | Unanswered | Filled | Cancelled | CancelRefused | NotFound
"""What an execution client may say of an order."""

"""An order as somebody signed it, once its signature was found to be good."""

from __future__ import annotations

from enum import Enum

from attrs import frozen

from polytui.model.orders import Side
from polytui.model.units import Shares, Usd


class OrderType(str, Enum):
    """How long an order waits, in the venue's words."""

    GTC = "GTC"
    GTD = "GTD"
    FOK = "FOK"
    FAK = "FAK"

    @property
    def may_rest(self) -> bool:
        return self in (OrderType.GTC, OrderType.GTD)


@frozen
class SignedOrder:
    """What was signed, and what came beside it unsigned. Amounts are millionths.

    A buyer gives dollars (`maker_amount`) and takes shares (`taker_amount`); a seller the reverse.
    """

    order_id: str
    """Hash of the signed struct: 0x and 64 lower hex digits."""
    maker: str
    """The wallet that holds the funds: 0x and 40 lower hex digits."""
    signer: str
    api_key: str
    """Of whoever posts it: "owner" on the wire."""
    token_id: str
    side: Side
    maker_amount: int
    taker_amount: int
    order_type: OrderType = OrderType.GTC
    expiration_s: int = 0
    """Unix seconds of a GTD; 0 of every other."""
    is_post_only: bool = False
    signature_type: int = 0
    builder: str = ""
    signed_ms: int = 0

    @property
    def shares(self) -> Shares:
        return Shares(self.taker_amount if self.side is Side.BUY else self.maker_amount)

    @property
    def dollars(self) -> Usd:
        return Usd(self.maker_amount if self.side is Side.BUY else self.taker_amount)

    @property
    def is_for_dollars(self) -> bool:
        """A FAK or FOK buy spends its dollars; what they bring is at least its shares."""
        return self.side is Side.BUY and not self.order_type.may_rest

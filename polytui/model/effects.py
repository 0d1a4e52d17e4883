"""Every output of a desk: orders to send or cancel, books to read anew, reasons to record."""

from __future__ import annotations

from enum import Enum
from typing import Any

from attrs import field, frozen

from polytui.model.orders import Order, Quote
from polytui.model.units import Usd


class Reason(str, Enum):
    """Why nothing was traded, or why something was refused. Each comes with a number."""

    NONE = "none"
    FEED_DOWN = "feed down"
    ORACLE_STALE = "oracle stale"
    NO_STRIKE = "no strike"
    NO_PRICE = "no price"
    NO_BOOK = "no book"
    BOOK_UNSETTLED = "book unsettled"
    BOOK_LATE = "book late"
    ORACLE_UNSURE = "oracle unsure"
    NO_VOLATILITY = "no volatility yet"
    TOO_EARLY = "too early"
    TOO_LATE = "too late"
    SPREAD_WIDE = "spread wide"
    EDGE_SMALL = "edge small"
    STAKE_SMALL = "stake below minimum"
    PRICE_FAR = "price far out"
    POSITION_HELD = "stake is in"
    OTHER_SIDE_HELD = "other side held"
    SHADOW = "in shadow: not enabled"
    PAUSED = "paused"
    STOPPING = "stopping"
    KILL_SWITCH = "kill switch"
    SESSION_DONE = "session rounds done"
    OFF_TICK = "off tick"
    NOT_HELD = "not held"
    LIMIT_ORDER = "order limit"
    LIMIT_ROUND = "round limit"
    LIMIT_ASSET = "asset limit"
    LIMIT_ACCOUNT = "account limit"
    LIMIT_CASH = "cash"
    LIMIT_ORDERS = "working orders limit"
    LIMIT_DAILY_LOSS = "daily loss limit"
    COOLDOWN = "cooldown"


@frozen
class Why:
    """A reason with its number: value against limit in unit; unit empty where none applies."""

    reason: Reason
    value: float = 0.0
    limit: float = 0.0
    unit: str = ""

    def text(self) -> str:
        """One short line: "edge small: 41 < 60 bps"."""
        if not self.unit:
            return self.reason.value
        sign = "<" if self.value < self.limit else ">"
        return f"{self.reason.value}: {_short(self.value)} {sign} {_short(self.limit)} {self.unit}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


_GRANT = object()


@frozen
class Stamp:
    """Proof that risk allowed this very quote. Only `risk/limits.py` may call `grant`."""

    quote: Quote
    exposure: Usd
    """Dollars at risk in the account with this order counted in full."""
    _proof: Any = field(default=None, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        if self._proof is not _GRANT:
            raise TypeError("a Stamp comes only from risk/limits.py")

    @classmethod
    def grant(cls, quote: Quote, exposure: Usd) -> Stamp:
        return cls(quote, exposure, _GRANT)


@frozen
class Place:
    """Send this order. It cannot be made without a stamp."""

    order: Order
    stamp: Stamp

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.stamp, Stamp):
            raise TypeError("Place needs a Stamp")
        if self.order.quote != self.stamp.quote:
            raise ValueError("this Stamp was given to another order")


@frozen
class Cancel:
    order_id: str


@frozen
class CancelAll:
    """Cancel everything of this asset, known to us or not."""

    why: str


@frozen
class Resync:
    """Read the books of this round anew by REST: the stream's do not add up."""

    slug: str


@frozen
class Explain:
    """Why a strategy does not trade, or no longer for the same reason."""

    slug: str
    strategy: str
    why: Why


@frozen
class Credit:
    """A round was settled: what it cost, what it paid, and what is left of it."""

    slug: str
    winner: str
    payout: Usd
    pnl: Usd


Effect = Place | Cancel | CancelAll | Resync | Explain | Credit

"""Quotes, orders, fills, and the table of an order's life.

The table is the whole truth about how an order may change. `ledger/working.py` walks it. A move of
ours that is not here raises; an answer of the venue that is not here makes the order unknown, for a
venue may contradict itself. Four facts of the venue shape it: fills may come before the
acknowledgement, twice, or in pieces; a timeout leaves an order that may be live; a cancel can lose
against a fill; and a trade that was matched can fail in the end.
"""

from __future__ import annotations

from enum import Enum

from attrs import field, frozen

from polytui.model.amounts import dollars_for
from polytui.model.instrument import Outcome
from polytui.model.units import NS_PER_S, Price, Shares, Usd


class Side(str, Enum):
    BUY = "buy"
    SELL = "sell"

    @property
    def other(self) -> Side:
        return Side.SELL if self is Side.BUY else Side.BUY


class TimeInForce(str, Enum):
    GTC = "gtc"
    GTD = "gtd"
    """Rests until a moment that it names."""
    FOK = "fok"
    FAK = "fak"

    @property
    def may_rest(self) -> bool:
        return self in (TimeInForce.GTC, TimeInForce.GTD)

    def spends(self, side: Side) -> bool:
        """Whether such an order is for dollars, not for shares: the venue reads every FAK or FOK
        buy so, and its shares are the fewest that the dollars bring."""
        return side is Side.BUY and not self.may_rest


LEAST_LIFE_NS = 120 * NS_PER_S
"""Of a GTD order from when it comes to the venue. That takes it away a minute before the time it
states, and refuses one that states less than three."""


@frozen
class Quote:
    """What a strategy wants: one price for some shares of one outcome."""

    outcome: Outcome
    side: Side
    price: Price
    shares: Shares
    tif: TimeInForce = TimeInForce.GTC
    is_post_only: bool = False
    worth: float | None = field(default=None, eq=False)
    """Dollars that its strategy claims a share is worth: no part of what is asked of the venue.
    None where nothing is claimed, as by whoever leaves."""
    expires_ns: int = 0
    """Of a GTD order: when it is gone from the book. 0 for every other."""


@frozen
class Order:
    """A quote on its way to the venue, or there."""

    order_id: str
    slug: str
    token_id: str
    outcome: Outcome
    side: Side
    price: Price
    shares: Shares
    tif: TimeInForce
    is_post_only: bool
    strategy: str
    placed_ns: int
    worth: float | None = field(default=None, eq=False)
    """Of its quote."""
    rung: str = ""
    """Which rung of a quote set it is; empty for what is no part of one."""
    asked: Shares = Shares(0)
    """What the rung was wanted for, where limits left it less; 0 where they did not."""
    expires_ns: int = 0
    """Of its quote."""

    @property
    def dollars(self) -> Usd:
        """What a market purchase spends at most; 0 for an order that counts shares."""
        if not self.tif.spends(self.side):
            return Usd(0)
        return dollars_for(self.price, self.shares)

    @property
    def quote(self) -> Quote:
        """What it was made of."""
        terms = (self.outcome, self.side, self.price, self.shares, self.tif, self.is_post_only)
        return Quote(*terms, worth=self.worth, expires_ns=self.expires_ns)


class OrderState(str, Enum):
    PLACING = "placing"
    UNKNOWN = "unknown"
    LIVE = "live"
    CANCELLING = "cancelling"
    DONE = "done"
    DEAD = "dead"

    @property
    def is_working(self) -> bool:
        """Live at the venue, or may be: counts against every limit."""
        return self not in (OrderState.DONE, OrderState.DEAD)


class OrderMove(str, Enum):
    """What can happen to an order: all from the venue but the last, which we ask for."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    DEFERRED = "deferred"
    """Not taken, and the same signed order may be sent again (425, `order timed out`)."""
    UNANSWERED = "unanswered"
    FILLED_PART = "filled_part"
    FILLED_ALL = "filled_all"
    FILL_REVERSED = "fill_reversed"
    """A trade that was matched failed in the end: it never happened."""
    CANCELLED = "cancelled"
    CANCEL_REFUSED = "cancel_refused"
    NOT_FOUND = "not_found"
    """One look by its id found nothing."""
    LOST = "lost"
    """So did another, long enough after it."""
    CANCEL_ASKED = "cancel_asked"

    @property
    def is_ours(self) -> bool:
        return self is OrderMove.CANCEL_ASKED


_P, _U, _L, _C = OrderState.PLACING, OrderState.UNKNOWN, OrderState.LIVE, OrderState.CANCELLING
_DONE, _DEAD = OrderState.DONE, OrderState.DEAD

ORDER_TABLE: dict[tuple[OrderState, OrderMove], OrderState] = {
    (_P, OrderMove.ACCEPTED): _L,
    (_P, OrderMove.REFUSED): _DEAD,
    (_P, OrderMove.DEFERRED): _P,  # its client sends the same signed order again
    (_P, OrderMove.UNANSWERED): _U,
    (_P, OrderMove.FILLED_PART): _L,
    (_P, OrderMove.FILLED_ALL): _DONE,
    (_P, OrderMove.CANCELLED): _DEAD,
    (_P, OrderMove.NOT_FOUND): _U,  # looked for while it was on its way
    (_P, OrderMove.CANCEL_ASKED): _C,
    (_U, OrderMove.ACCEPTED): _L,
    (_U, OrderMove.REFUSED): _DEAD,
    (_U, OrderMove.DEFERRED): _U,
    (_U, OrderMove.UNANSWERED): _U,
    (_U, OrderMove.FILLED_PART): _L,
    (_U, OrderMove.FILLED_ALL): _DONE,
    (_U, OrderMove.FILL_REVERSED): _U,
    (_U, OrderMove.CANCELLED): _DEAD,
    (_U, OrderMove.NOT_FOUND): _U,
    (_U, OrderMove.LOST): _DEAD,
    (_U, OrderMove.CANCEL_ASKED): _C,
    (_U, OrderMove.CANCEL_REFUSED): _U,
    (_L, OrderMove.ACCEPTED): _L,
    (_L, OrderMove.DEFERRED): _L,
    (_L, OrderMove.UNANSWERED): _L,  # its fill was quicker than its answer
    (_L, OrderMove.FILLED_PART): _L,
    (_L, OrderMove.FILLED_ALL): _DONE,
    (_L, OrderMove.FILL_REVERSED): _L,
    (_L, OrderMove.CANCELLED): _DEAD,
    (_L, OrderMove.CANCEL_REFUSED): _L,
    (_L, OrderMove.NOT_FOUND): _U,
    (_L, OrderMove.CANCEL_ASKED): _C,
    # An acknowledgement may arrive after we asked for the cancel: still cancelling.
    (_C, OrderMove.ACCEPTED): _C,
    # The order itself was refused: it never lived, whatever became of the cancel.
    (_C, OrderMove.REFUSED): _DEAD,
    (_C, OrderMove.DEFERRED): _C,
    (_C, OrderMove.UNANSWERED): _U,
    (_C, OrderMove.FILLED_PART): _C,
    (_C, OrderMove.FILLED_ALL): _DONE,
    (_C, OrderMove.FILL_REVERSED): _C,
    (_C, OrderMove.CANCELLED): _DEAD,
    (_C, OrderMove.CANCEL_REFUSED): _L,
    # One look is no death, here as well: its POST may still be on its way.
    (_C, OrderMove.NOT_FOUND): _U,
    (_C, OrderMove.LOST): _DEAD,
    (_C, OrderMove.CANCEL_ASKED): _C,
    # Whether the venue gives the rest back nobody says: it is looked for.
    (_DONE, OrderMove.FILL_REVERSED): _U,
}


@frozen
class Fill:
    """Shares that changed hands for us. `trade_id` is the key: the same one twice is one fill."""

    trade_id: str
    price: Price
    shares: Shares
    fee: Usd
    is_taker: bool


@frozen
class Holding:
    """Shares of one outcome of one round, and what they cost with fees."""

    outcome: Outcome
    shares: Shares
    cost: Usd
    """Paid for the shares still held, fees included."""

"""A person's own order: the ticket it is written on, what a desk hears of it, and how it looks now.

A ticket is sent whole or not at all: whoever confirmed a hundred shares did not confirm sixty.
"""

from __future__ import annotations

from attrs import frozen

from polytui.model.instrument import Outcome
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import Price, Shares, Usd

BY_HAND = "by hand"
"""In place of a strategy's name: on a person's orders, on what they bought, on what came of it."""
SENT_AS = (TimeInForce.GTC, TimeInForce.FAK, TimeInForce.FOK)
"""What a ticket may be. None names its own end: it is taken back before the round's."""


@frozen
class Ticket:
    """An order as a person wrote it."""

    ticket_id: str
    """Of the form that it was written on: the same one twice is one order."""
    slug: str
    outcome: Outcome
    side: Side
    price: Price
    """The worst that is accepted."""
    shares: Shares
    tif: TimeInForce = TimeInForce.GTC
    is_post_only: bool = False
    """It rests, or is refused."""

    @property
    def order_id(self) -> str:
        """Whoever plays the session again under other settings finds the same order by it."""
        return f"{self.slug}-hand-{self.ticket_id}"


@frozen
class TicketSent:
    """A person's order as one desk takes it: confirmed, and neither judged nor sent yet."""

    ticket: Ticket
    valid_until_ns: int
    """Session time at which what the person saw of the market is too old to be acted on."""
    origin: str
    """Through which face it came."""


@frozen
class TicketWithdrawn:
    """A person takes a working order back that was sent by hand."""

    order_id: str
    origin: str


@frozen
class TicketLook:
    """What a ticket would be if it were sent now. It decides nothing, and changes as books do."""

    shares: Shares
    """That would go: whole lots; of a purchase that may not rest what whole cents bring."""
    cost: Usd
    """Of a purchase at its price, of a sale what it brings at its price; without the fee."""
    fee: Usd
    """If all of it is taken at its price; an order that rests pays none."""
    if_wins: Usd
    if_loses: Usd
    """What this order makes of the round, by whether its outcome wins; a sale is held against
    keeping the shares."""
    room: Shares
    """Shares that limits and precautions let through, where they stop more."""
    refusal: str = ""
    """Why it would not go; empty where it would."""
    best_bid: Price = Price(0)
    """Of its outcome; 0 for none."""
    best_ask: Price = Price(0)
    offered: Shares = Shares(0)
    """What could be taken at once inside its price."""
    edge_bps: float | None = None
    """Of a share, against our fair value and after the fee; None without a fair value of now."""
    held: Shares = Shares(0)
    """Of its outcome, by everybody; that much could be sold at most."""


def is_by_hand(order: Order) -> bool:
    return order.strategy == BY_HAND

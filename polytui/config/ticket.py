"""Settings of tickets: whether a person may send orders by hand, and what keeps a slip from being
expensive. Sizes are the business of `[risk]`, which asks everybody the same."""

from __future__ import annotations

from attrs import frozen

from polytui.config.checks import ABOVE_ZERO, NOT_NEGATIVE, between, setting


@frozen
class TicketSettings:
    is_enabled: bool = False
    """Whether a person may send orders by hand, with `i`. Switched off, what works by hand is taken
    back; what is held stays."""
    before_close_s: float = setting(10.0, NOT_NEGATIVE)
    """Nothing is sent by hand in the last seconds of a round, and what works by hand is taken back
    then: session time."""
    max_through_cents: float = setting(5.0, between(0.0, 99.0))
    """How far beyond the best price of the other side a ticket may reach: 95 for 59 cents is a slip
    of the hand, and would sweep the book."""
    max_view_age_s: float = setting(3.0, ABOVE_ZERO)
    """A ticket is refused where the picture that it was confirmed on is older: real time."""

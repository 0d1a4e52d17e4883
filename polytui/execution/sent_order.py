"""An order on its way to the venue or there, as far as a client must know it."""

from __future__ import annotations

import math

import trio
from attrs import define, field

from polytui.model.events import (
    Cancelled,
    CancelRefused,
    Filled,
    NotFound,
    Refused,
    Report,
    Unanswered,
)
from polytui.model.orders import Order
from polytui.model.units import Shares

_MISSES = 2
"""The mind takes it for dead then, by its own clock; here it only holds up a stop no longer."""
_NO_SIGNS_OF_LIFE = (CancelRefused, Unanswered)
"""Said of what the venue never had as well."""


@define(eq=False)
class SentOrder:
    """An order that was taken and that nothing ended yet."""

    order: Order
    answered: trio.Event = field(factory=trio.Event)
    """Its POST is over, whatever came of it, or nobody waits for it any longer."""
    held_until: float = -math.inf
    """By Trio's clock: until then the venue does not find it."""
    is_unwanted: bool = False
    """Its cancel was asked for."""
    is_late: bool = False
    """That it has no answer was said."""
    trades: dict[str, int] = field(factory=dict)
    """Shares by trade that filled it."""
    misses: int = 0
    """Looks that found nothing."""

    @property
    def is_early(self) -> bool:
        """Whether the venue may not know it yet: what it says of it then is no answer."""
        return not self.answered.is_set() or trio.current_time() < self.held_until

    def note_held(self, seconds: float) -> None:
        """From now on for so long, real time, the venue does not find it."""
        self.held_until = trio.current_time() + seconds

    async def known(self) -> None:
        """Wait until the venue knows it, or never will."""
        await self.answered.wait()
        await trio.sleep_until(max(self.held_until, trio.current_time()))

    @property
    def left(self) -> Shares:
        """What of it may still trade, as far as fills are known here."""
        return Shares(max(0, self.order.shares - sum(self.trades.values())))

    def has_ended(self, report: Report) -> bool:
        """Whether nothing more can come of it after this. One that was not found once may live
        yet."""
        if isinstance(report, Filled):
            self.trades[report.trade_id] = report.shares
            return sum(self.trades.values()) >= self.order.shares
        if isinstance(report, NotFound):
            self.misses += 1
        elif not isinstance(report, _NO_SIGNS_OF_LIFE):
            self.misses = 0
        return self.misses >= _MISSES or isinstance(report, Refused | Cancelled)


def answered(order: Order) -> SentOrder:
    """One that nobody waits for."""
    sent = SentOrder(order)
    sent.answered.set()
    return sent

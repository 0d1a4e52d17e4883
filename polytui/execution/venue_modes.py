"""Whether the venue takes orders just now: what it said itself, and until when it may be believed.

an order is refused with a mode  -> FeedDown("venue"), nobody enters; cancels go on as ever
its time is over                 -> FeedUp("venue"): the next order finds out
an order is taken meanwhile      -> FeedUp at once, one that may only rest excepted
"""

from __future__ import annotations

from collections.abc import Callable

import trio
from attrs import define, field

from polytui.execution.client import AccountNews
from polytui.model.errors import NotNow, Retry
from polytui.model.events import VENUE_FEED, FeedDown, FeedUp
from polytui.model.orders import Order
from polytui.model.units import NS_PER_S
from polytui.net.clock import SessionClock, WallClock

_USUAL_S = 30.0
"""Where the venue does not say how long."""


@define(eq=False)
class VenueModes:
    """State: the mode that the venue is in, and when it is asked again."""

    clock: SessionClock = field(factory=WallClock)
    tell: Callable[[AccountNews], None] = field(default=lambda news: None)
    mode: str = ""
    """Empty for a venue that takes everything."""
    _until_ns: int = 0
    _changed: trio.Event = field(factory=trio.Event)

    def hear(self, error: Retry) -> None:
        """Why the venue did not do something; most reasons are no mode."""
        if not isinstance(error, NotNow):
            return
        wait_s = _USUAL_S if error.after_s is None else error.after_s
        self._until_ns = self.clock.now_ns() + int(wait_s * NS_PER_S)
        if error.mode != self.mode:
            self.mode = error.mode
            may_rest = error.mode == "post-only"
            now_ns = self.clock.now_ns()
            self.tell(FeedDown(VENUE_FEED, str(error), now_ns, may_rest=may_rest))
        self._changed.set()

    def took(self, order: Order) -> None:
        """The venue took an order."""
        if self.mode and not (order.is_post_only and self.mode == "post-only"):
            self._is_over()

    async def run(self) -> None:
        """See to it that every mode has an end."""
        while True:
            self._changed = trio.Event()
            if not self.mode:
                await self._changed.wait()
                continue
            left_ns = self._until_ns - self.clock.now_ns()
            with trio.move_on_after(max(0.0, self.clock.real_s(left_ns))):
                await self._changed.wait()
                continue
            if self.mode and self.clock.now_ns() >= self._until_ns:
                self._is_over()

    def _is_over(self) -> None:
        self.mode = ""
        self.tell(FeedUp(VENUE_FEED, self.clock.now_ns()))
        self._changed.set()

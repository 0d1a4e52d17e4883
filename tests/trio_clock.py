"""A session's clock on Trio's own, for tests in virtual time."""

from __future__ import annotations

import trio
from attrs import define

from polytui.model.units import NS_PER_S


class TrioClock:
    """Session time on Trio's virtual clock."""

    speed = 1.0

    def now_ns(self) -> int:
        return round(trio.current_time() * NS_PER_S)

    def real_s(self, session_ns: int) -> float:
        return session_ns / NS_PER_S

    async def sleep_until(self, when_ns: int) -> None:
        await trio.sleep_until(when_ns / NS_PER_S)


@define
class SleptClock(TrioClock):
    """A wall beside a monotonic clock that stood still while the machine slept, or while somebody
    set the wall. State: how far they are apart."""

    apart_ns: int = 0

    def jump(self, seconds: float) -> None:
        self.apart_ns += round(seconds * NS_PER_S)

    def now_ns(self) -> int:
        return super().now_ns() + self.apart_ns

    async def sleep_until(self, when_ns: int) -> None:
        """In naps, as a clock does that can jump."""
        while (left_ns := when_ns - self.now_ns()) > 0:  # noqa: ASYNC110
            await trio.sleep(min(left_ns / NS_PER_S, 0.25))
        await trio.lowlevel.checkpoint_if_cancelled()

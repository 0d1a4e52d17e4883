"""A session's clock on Trio's own, for tests in virtual time."""

from __future__ import annotations

import trio

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

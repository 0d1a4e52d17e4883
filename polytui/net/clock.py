"""The session's clock: UTC nanoseconds, at wall speed or scaled, shared between processes.

Anchored on the machine's monotonic clock, so a scaled session does not jump when the wall
clock is stepped, and a venue and a bot that share an anchor agree to the nanosecond. They go on
agreeing when the speed changes, because both are told the moment beforehand at which it does.
"""

from __future__ import annotations

import time

import trio
from attrs import define, frozen

from polytui.model.units import NS_PER_S

SLOWEST, FASTEST = 0.1, 200.0
"""Bounds of a scaled session's speed."""
_LONGEST_NAP_S = 0.25
"""One long sleep fires up to 100 ms late on Linux and misses clock steps; short ones do not."""


@frozen
class _Turn:
    """From this monotonic moment on, another speed."""

    at_ns: int
    speed: float


@define
class Clock:
    """Session time = `epoch_ns` at monotonic `anchor_ns`, running `speed` times as fast.

    State: the anchor of the speed in force, and a turn to another one that is still to come.
    """

    epoch_ns: int
    anchor_ns: int
    speed: float = 1.0
    _turn: _Turn | None = None

    @classmethod
    def starting_at(cls, epoch_ns: int, speed: float) -> Clock:
        return cls(epoch_ns, time.monotonic_ns(), speed)

    def now_ns(self) -> int:
        return self.at(time.monotonic_ns())

    def turn(self, speed: float, at_ns: int) -> None:
        """Run at `speed` from the monotonic moment `at_ns` on. Session time has no jump where that
        lies ahead; where it is past, what has been counted since is taken back."""
        self.at(min(at_ns, time.monotonic_ns()))
        self._turn = _Turn(at_ns, speed)

    def at(self, monotonic_ns: int) -> int:
        if self._turn is not None and monotonic_ns >= self._turn.at_ns:
            turn, self._turn = self._turn, None
            self.epoch_ns, self.anchor_ns = self.at(turn.at_ns), turn.at_ns
            self.speed = turn.speed
        elapsed = monotonic_ns - self.anchor_ns
        if self.speed == 1.0:
            return self.epoch_ns + elapsed
        return self.epoch_ns + int(elapsed * self.speed)

    def real_s(self, session_ns: int) -> float:
        """How many real seconds a span of session time takes."""
        return session_ns / NS_PER_S / self.speed

    async def sleep_until(self, when_ns: int) -> None:
        """Return as soon as session time has reached `when_ns`."""
        await _sleep_until(self, when_ns)


class WallClock:
    """Session time on the wall, for real venues, which have no other."""

    speed = 1.0

    def now_ns(self) -> int:
        return time.time_ns()

    def real_s(self, session_ns: int) -> float:
        return session_ns / NS_PER_S

    async def sleep_until(self, when_ns: int) -> None:
        await _sleep_until(self, when_ns)


SessionClock = Clock | WallClock


@frozen
class Instant:
    """By two clocks, as each has a fault: the machine's monotonic one stands still while the
    machine is suspended, and the wall's is set, forward and back."""

    session_ns: int
    trio_s: float

    @classmethod
    def now(cls, clock: SessionClock) -> Instant:
        return cls(clock.now_ns(), trio.current_time())

    def age_ns(self, clock: SessionClock) -> int:
        """How long ago it was at the most, in session time. A scaled session's time runs on the
        monotonic clock, at speeds that change: there is no other to ask."""
        session_ns = clock.now_ns() - self.session_ns
        if isinstance(clock, Clock):
            return session_ns
        return max(session_ns, round((trio.current_time() - self.trio_s) * NS_PER_S))


def machine_s() -> int:
    """Unix seconds by this machine: what requests are stamped with, whatever time a session has. A
    simulated venue takes them as well as its own, and a minute of them is a minute at any speed."""
    return time.time_ns() // NS_PER_S


def wall_ahead_s() -> float:
    """Of the machine's monotonic clock. Only differences mean anything: it grows by what the
    machine was suspended for, and by what the wall is set forward."""
    return (time.time_ns() - time.monotonic_ns()) / NS_PER_S


async def _sleep_until(clock: SessionClock, when_ns: int) -> None:
    # Time is nobody's event: looked at again after every nap, at least four times a second.
    while (left := clock.real_s(when_ns - clock.now_ns())) > 0:  # noqa: ASYNC110
        await trio.sleep(min(left, _LONGEST_NAP_S))
    await trio.lowlevel.checkpoint_if_cancelled()

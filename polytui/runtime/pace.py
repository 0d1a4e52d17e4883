"""How fast a simulated session runs, and that this machine keeps up with it.

A venue that runs faster than its reader can read gets further ahead all the time: books come ever
later, and every gate that asks for a young book is shut for good. So a session that falls behind
runs slower, and says so.

What slowed it was often something else that this machine did for a while. So once it has kept up
for some time it runs faster again, step by step, up to the speed that was asked for. Where that was
too much it is slowed down as before, and has to keep up for twice as long until the next try: a
machine that cannot do more is asked seldom.

What is measured is how long ago, in real seconds, the newest book frame that was read was sent: by
the stamp of the venue on it, so a venue that is behind its own clock counts as well.
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable

import trio
from attrs import define, field

from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.units import NS_PER_S
from polytui.net.clock import FASTEST, SLOWEST
from polytui.runtime.session import Session

SPEED = "demo.speed"
"""The path of the setting that a person changes with a key."""
_LOOK_EVERY_S = 1.0
_BEHIND_S = 1.0
"""Real seconds: less is caught up with by itself."""
_LOOKS = 2
"""So many in a row without getting nearer: a hiccup is no reason."""
_SETTLE_S = 6.0
"""After a change what is still on its way is read first."""
_SHARE = 0.7
"""Of what was read a second: the rest makes good what was missed."""
_CUT_LEAST, _CUT_MOST = 0.8, 0.4
"""Of the speed: one look can be wrong about what this machine can do."""
_LOWEST = 1.0
"""As fast as the real venue: nothing slower is of use."""
_ON_TIME_S = 0.5
"""Real seconds behind that are nothing: half of what counts as late, so that no look is both."""
_STEP = 1.25
_CALM_S, _CALM_MOST_S = 20.0, 320.0
"""On time for so long, it runs faster."""

Turn = Callable[[float, int], Awaitable[None]]
"""Asks for a speed, from a moment of the machine's monotonic clock on."""
_AHEAD_NS = NS_PER_S // 2


@define
class Pace:
    """State: how far behind we are, for how many looks, and when the speed last changed."""

    session: Session
    book_lag_ns: Callable[[], int]
    """Session time from the stamp of the newest frame to its reading, of the worst asset."""
    turn: Turn | None
    """None where time is not ours to slow down."""
    behind_s: float = 0.0
    _reached: float = 0.0
    """Session seconds up to which everything is read, since the session began."""
    _late_looks: int = 0
    _rests_until_s: float = 0.0
    _is_lowest_said: bool = False
    _calm_since_s: float = math.inf
    """When it was last late, or got another speed; at no look yet."""
    _calm_s: float = _CALM_S
    _was_raised: bool = False
    """By us, since it last was too fast."""
    first: float = field(init=False)
    lowest: float = field(init=False)
    _asked: float = field(init=False)
    """What somebody asked for: no faster than that."""

    def __attrs_post_init__(self) -> None:
        self.first = self.lowest = self._asked = self.session.clock.speed

    async def watch(self) -> None:
        """Look once a real second, until cancelled."""
        before_s = time.monotonic()
        while True:
            await trio.sleep(_LOOK_EVERY_S)
            now_s = time.monotonic()
            await self.look(now_s - before_s, now_s)
            before_s = now_s

    async def look(self, elapsed_s: float, now_s: float) -> None:
        """`elapsed_s`: real seconds since the last look."""
        speed, reached = self.session.clock.speed, self._read_up_to_s()
        progress, self._reached = (reached - self._reached) / elapsed_s, reached
        now = (self.session.clock.now_ns() - self.session.started_ns) / NS_PER_S
        before_s, self.behind_s = self.behind_s, max(0.0, (now - reached) / speed)
        is_late = self.behind_s > _BEHIND_S and self.behind_s >= before_s
        self._late_looks = self._late_looks + 1 if is_late else 0
        if self.behind_s > _ON_TIME_S:
            self._calm_since_s = now_s
        self._calm_since_s = min(self._calm_since_s, now_s)
        if self.turn is None or now_s < self._rests_until_s:
            return
        if self._late_looks >= _LOOKS:
            await self._slow_down(speed, progress, now_s)
        elif now_s - self._calm_since_s >= self._calm_s:
            await self._speed_up(speed, now_s)

    async def _slow_down(self, speed: float, progress: float, now_s: float) -> None:
        fit = min(speed * _CUT_LEAST, max(speed * _CUT_MOST, progress * _SHARE))
        lower = max(_LOWEST, _rounded(fit))
        late = f"machine {self.behind_s:.1f} s behind"
        if lower < speed:
            self._rests_until_s = now_s + _SETTLE_S
            if self._was_raised:
                self._calm_s = min(2 * self._calm_s, _CALM_MOST_S)
            self._was_raised = False
            await self._run_at(lower, f"{late}: ", "warn")
        elif not self._is_lowest_said:
            self._is_lowest_said = True
            words = f"{late} at x{speed:g}: too slow for so much; try --assets btc"
            self.session.notice("warn", "", words)

    async def _speed_up(self, speed: float, now_s: float) -> None:
        """Once it was on time for long: nearer to what was asked for, or it is that already and
        whatever was the matter is over."""
        on_time_s, self._calm_since_s = now_s - self._calm_since_s, now_s
        if speed >= self._asked:
            self._calm_s, self._was_raised = _CALM_S, False
            return
        self._rests_until_s = now_s + _SETTLE_S
        self._was_raised = True
        higher = min(self._asked, _rounded(speed * _STEP))
        await self._run_at(higher, f"on time for {on_time_s:.0f} s: ", "info")

    async def change(self, speed: float) -> str:
        """Somebody asks for this speed: run at it; why not, or nothing."""
        why_not = await self._run_at(speed)
        if not why_not:
            self._asked, self._calm_s = _within(speed), _CALM_S
            self._was_raised, self._calm_since_s = False, math.inf
        return why_not

    async def _run_at(self, speed: float, why: str = "", level: str = "info") -> str:
        """From half a real second from now on; why not, or nothing."""
        if self.turn is None:
            return "the speed of real time cannot be changed"
        before, wanted = self.session.clock.speed, _within(speed)
        try:
            await self.turn(wanted, time.monotonic_ns() + _AHEAD_NS)
        except (Retry, Rejected, Unknown) as error:
            return f"the venue did not change its speed: {error}"
        self.lowest = min(self.lowest, wanted)
        self.session.notice(level, "", f"{why}speed x{before:g} > x{wanted:g}")
        return ""

    def summary(self) -> dict[str, float]:
        """Session seconds a real second: at first, at the lowest, at last."""
        return {"first": self.first, "lowest": self.lowest, "last": self.session.clock.speed}

    def _read_up_to_s(self) -> float:
        """Session seconds since its start up to which every asset's books are read."""
        reached_ns = self.session.clock.now_ns() - self.book_lag_ns()
        return (reached_ns - self.session.started_ns) / NS_PER_S


def _within(speed: float) -> float:
    return min(FASTEST, max(SLOWEST, speed))


def _rounded(speed: float) -> float:
    """Two digits at most, downwards: x7.3 and x12, not x12.4817."""
    if speed >= 10.0:
        return math.floor(speed)
    return math.floor(speed * 10.0) / 10.0

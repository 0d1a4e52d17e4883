"""How fast we ask: a bucket of tokens that come back by themselves."""

from __future__ import annotations

from collections.abc import Callable

import trio


class RequestPace:
    """State: how many tokens there were when it was last looked at, by Trio's clock, and until when
    nobody may take one. Below zero is what those who wait have taken already."""

    def __init__(
        self, per_s: float, burst: float, speed: Callable[[], float] = lambda: 1.0
    ) -> None:
        """`speed`: how fast the seconds run in which `per_s` counts."""
        self._per_s = per_s
        self._burst = burst
        self._speed = speed
        self._level = burst
        self._at = 0.0
        self._held_until = 0.0

    async def take(self, tokens: int = 1) -> None:
        """Return when a request may start. Who came first goes first; a cancelled wait still uses
        its turn."""
        wait_s = self.wait_s(tokens)
        self.spend(tokens)
        if wait_s:
            await trio.sleep(wait_s)
        else:  # an order has two paces: two turns of everybody else would be a tenth of its way
            await trio.lowlevel.checkpoint_if_cancelled()

    def wait_s(self, tokens: int = 1) -> float:
        """How long `take` would wait now."""
        lacking = tokens - self._now_level()
        paid_s = lacking / (self._per_s * self._speed()) if lacking > 0 else 0.0
        return max(0.0, paid_s, self._held_until - trio.current_time())

    def spend(self, tokens: int) -> None:
        """What was asked for without waiting: those that come later wait longer."""
        self._level = self._now_level() - tokens

    def has_at_most(self, tokens: float) -> None:
        """The other end says so: others ask in our name, or it counts otherwise."""
        self._level = min(self._now_level(), tokens)

    def hold(self, seconds: float) -> None:
        """Nobody goes for so long."""
        self._held_until = max(self._held_until, trio.current_time() + seconds)

    def resize(self, per_s: float, burst: float) -> None:
        """What was saved stays, as far as it fits."""
        level = self._now_level()
        self._per_s, self._burst = per_s, burst
        self._level = min(level, burst)

    def _now_level(self) -> float:
        now = trio.current_time()
        gained = (now - self._at) * self._per_s * self._speed()
        self._level, self._at = min(self._burst, self._level + gained), now
        return self._level

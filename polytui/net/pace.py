"""How fast we ask: a bucket of tokens that come back by themselves."""

from __future__ import annotations

import math
from collections.abc import Callable

import trio


async def pause(wait_s: float) -> None:
    """Until a turn has come. Nobody else has one first where there is nothing to wait for: an order
    has two paces, and two turns of everybody else would be a tenth of its way."""
    if wait_s:
        await trio.sleep(wait_s)
    else:
        await trio.lowlevel.checkpoint_if_cancelled()


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
        await pause(self.claim(tokens))

    def claim(self, tokens: int = 1, patience_s: float = math.inf) -> float:
        """How long to wait for a turn, which is ours from now on; a wait of more than `patience_s`
        is told, and takes none."""
        wait_s = self.wait_s(tokens)
        if wait_s <= patience_s:
            self._level -= tokens  # as of this moment: it was just looked at
        return wait_s

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

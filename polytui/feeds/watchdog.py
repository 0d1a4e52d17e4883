"""Streams that fall silent while their socket lives: told, subscribed anew, at last reconnected.

One task per asset sleeps until the next limit; ages are of the machine's monotonic clock, and what
the machine slept for is added to them: in that time nothing was heard.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import trio

from polytui.net.clock import wall_ahead_s

_LONGEST_NAP_S = 1.0
"""A feed that connects while we sleep has limits of its own, none shorter than this."""
_SHORTEST_NAP_S = 0.05


class Watched(Protocol):
    async def check(self, now: float) -> float:
        """Act on streams that are too old at `now` (trio's clock); when to look again."""

    def slept(self, seconds: float) -> None:
        """Trio's clock stood still for so long."""


async def watch_ages(feeds: Sequence[Watched]) -> None:
    """Check every feed when its next stream can be too old, until cancelled."""
    while True:
        now = trio.current_time()
        due = math.inf
        for feed in feeds:
            due = min(due, await feed.check(now))
        nap_s = min(max(due - now, _SHORTEST_NAP_S), _LONGEST_NAP_S)
        ahead_s = wall_ahead_s()
        await trio.sleep(nap_s)
        if (slept_s := wall_ahead_s() - ahead_s) >= _LONGEST_NAP_S:
            for feed in feeds:
                feed.slept(slept_s)

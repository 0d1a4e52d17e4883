"""How fast we ask: a token bucket, kept as one number."""

from __future__ import annotations

import trio


class RequestPace:
    """State: when the bucket will be full again, by Trio's clock."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._step_s = 1.0 / per_s
        self._depth_s = burst / per_s
        self._full_at = 0.0

    async def take(self) -> None:
        """Return when a request may start. A cancelled wait still uses its turn."""
        now = trio.current_time()
        self._full_at = max(self._full_at, now) + self._step_s
        await trio.sleep_until(max(now, self._full_at - self._depth_s))

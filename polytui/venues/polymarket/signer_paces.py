"""How fast one signer may place and cancel, and how often each route of the CLOB may be asked.

The venue counts orders by signer, in two buckets whose size its tier of thirty days' volume says,
and requests by address of the network, in windows of ten seconds and ten minutes. Its figures are
of October 2026. We stay a tenth below: what leaves here evenly arrives in bunches. Places do not
wait for long, since an order is for now; cancels do, and places never take what is theirs.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from polytui.model.errors import Retry
from polytui.net.clock import SessionClock
from polytui.net.pace import RequestPace, pause

_SHARE = 0.9
_SHARE_AT_ONCE = 0.75
"""Of a bucket: the venue's looks up to a quarter of a second emptier than it is by our clock."""
_PATIENCE_S = 0.5
"""Real seconds that an order waits here; a longer wait is told, and somebody else decides."""
LONGEST_WAIT_S = 300.0
"""No word of the venue holds us longer; asking too early is answered with another wait."""
_BATCH_MOST = 1000
_TOO_MANY = 429
_EPOCH_FROM = 10**8
"""A reset above it is a moment, below it a wait: no paper says which."""


@frozen
class Tier:
    """Orders a second, and at once after a pause; the same word as in the simulated venue, which
    counts them."""

    place_per_s: int
    place_burst: int
    cancel_per_s: int
    cancel_burst: int


TIERS = {
    "standard": Tier(40, 60, 80, 120),
    "copper": Tier(60, 90, 120, 180),
    "bronze": Tier(80, 120, 160, 240),
    "silver": Tier(200, 300, 400, 600),
    "gold": Tier(400, 600, 800, 1200),
    "platinum": Tier(450, 675, 900, 1350),
    "diamond": Tier(525, 787, 1050, 1575),
    "elite": Tier(600, 900, 1200, 1800),
}


class SignerPaces:
    """State: the tier, its two buckets, and how often the venue warned."""

    def __init__(self, clock: SessionClock) -> None:
        self._clock = clock
        self.tier = "standard"
        self.warnings = 0
        """Requests that the venue let in and would have refused."""
        first = TIERS[self.tier]
        self._place = RequestPace(first.place_per_s, first.place_burst, lambda: clock.speed)
        self._cancel = RequestPace(first.cancel_per_s, first.cancel_burst, lambda: clock.speed)
        self._resize()

    @property
    def cancels_at_once(self) -> int:
        """More in one request are never let in, however long one waits."""
        return min(_BATCH_MOST, int(TIERS[self.tier].cancel_burst * _SHARE_AT_ONCE))

    async def place(self, orders: int) -> None:
        """Retry where it would take long; nothing was taken then."""
        wait_s = self._place.claim(orders, _PATIENCE_S)
        if wait_s > _PATIENCE_S:
            words = f"as many orders as tier {self.tier} lets through are on their way"
            raise Retry(f"{words}; sent again in {wait_s:.1f} s", wait_s)
        await pause(wait_s)

    async def cancel(self, orders: int) -> None:
        await self._cancel.take(orders)

    def swept(self, orders: int) -> None:
        """A cancel of everything cost one for each order that it met."""
        self._cancel.spend(orders)

    def know(self, tier: str) -> None:
        """One that we do not know changes nothing."""
        name = tier.strip().lower()
        if name in TIERS and name != self.tier:
            self.tier = name
            self._resize()

    def placed(self, status: int, headers: Mapping[str, str], after_s: float | None) -> None:
        """What the answer to an order says of the signer's bucket."""
        self._heed(self._place, status, headers, after_s)

    def cancelled(self, status: int, headers: Mapping[str, str], after_s: float | None) -> None:
        """The same of a cancel."""
        self._heed(self._cancel, status, headers, after_s)

    def _heed(
        self, pace: RequestPace, status: int, headers: Mapping[str, str], after_s: float | None
    ) -> None:
        self.know(headers.get("Poly-RateLimit-Tier", ""))
        self.warnings += bool(headers.get("Poly-RateLimit-Warning"))
        remaining = _number(headers.get("Poly-RateLimit-Remaining", ""))
        if remaining is not None:
            pace.has_at_most(remaining)
        if status == _TOO_MANY:
            wait_s = self._reset_s(headers) if after_s is None else after_s
            pace.hold(min(wait_s, LONGEST_WAIT_S) / self._clock.speed)

    def _reset_s(self, headers: Mapping[str, str]) -> float:
        """Session seconds until the bucket lets one in again; one where nobody says."""
        reset = _number(headers.get("Poly-RateLimit-Reset", ""))
        if reset is None:
            return 1.0
        if reset >= _EPOCH_FROM:
            reset -= self._clock.now_ns() / 1e9
        return max(reset, 0.0)

    def _resize(self) -> None:
        tier = TIERS[self.tier]
        self._place.resize(tier.place_per_s * _SHARE, tier.place_burst * _SHARE_AT_ONCE)
        self._cancel.resize(tier.cancel_per_s * _SHARE, tier.cancel_burst * _SHARE_AT_ONCE)


_ROUTES = {
    "POST /order": (5_000, 120_000),
    "POST /orders": (2_000, 21_000),
    "DELETE /order": (5_000, 120_000),
    "DELETE /orders": (2_000, 15_000),
    "DELETE /cancel-all": (250, 6_000),
    "DELETE /cancel-market-orders": (1_500, 21_000),
    "GET /data/orders": (500, 30_000),
    "GET /data/trades": (500, 30_000),
    "GET /data/order": (900, 54_000),
    "GET /balance-allowance": (200, 12_000),
    "GET /balance-allowance/update": (50, 3_000),
    "GET /auth": (100, 6_000),
}
"""Requests of an address of the network in ten seconds, and in ten minutes."""


class RoutePaces:
    """State: a bucket for each route that has a limit of its own. A fifth of what ten seconds allow
    may go at once, and the rest evenly, so that no window ever holds more than it may."""

    def __init__(self, clock: SessionClock) -> None:
        self._paces = {
            route: RequestPace(
                min(0.8 * in_ten_s / 10, in_ten_min / 600) * _SHARE,
                0.2 * in_ten_s * _SHARE,
                lambda: clock.speed,
            )
            for route, (in_ten_s, in_ten_min) in _ROUTES.items()
        }

    async def take(self, method: str, path: str) -> None:
        """Routes without a limit of their own do not wait: the venue's common one is 900 a second,
        and nobody here asks a tenth of that."""
        route = f"{method} {path}"
        pace = self._paces.get(route) or self._paces.get(route.rpartition("/")[0])
        if pace is None and route.startswith("GET /auth/"):
            pace = self._paces["GET /auth"]
        if pace is not None:
            await pace.take()


def _number(text: str) -> float | None:
    """A whole number of the venue's, maybe below zero; None for anything else."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 15):
        return None
    return float(text)

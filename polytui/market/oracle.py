"""The oracle price: our own estimate of where the settlement oracle is going.

Exchanges lead the settlement oracle by a second or two but quote another currency. So: the
exchange's mid, corrected by a slowly averaged basis measured at equal observation times; and
the settlement oracle's last word where no exchange is fresh.
"""

from __future__ import annotations

import math
from collections import deque

from polytui.model.units import NS_PER_MS, NS_PER_S

_KEEP_NS = 8 * NS_PER_S


class OraclePrice:
    """State: some seconds of exchange mids, the averaged log basis, the last settlement price."""

    __slots__ = (
        "_averaged_s",
        "_basis",
        "_basis_ns",
        "_mid",
        "_mid_ns",
        "_mids",
        "_spot",
        "_spot_ns",
    )

    def __init__(self) -> None:
        self._mids: deque[tuple[int, float]] = deque()
        self._mid = 0.0
        self._mid_ns = 0
        self._basis: float | None = None
        self._basis_ns = 0
        self._averaged_s = 0.0
        self._spot = 0.0
        self._spot_ns = 0

    def take_mid(self, mid: float, received_ns: int) -> None:
        self._mid, self._mid_ns = mid, received_ns
        mids = self._mids
        # A handful a second is enough to find the mid of any observed second again.
        if not mids or received_ns - mids[-1][0] >= 100 * NS_PER_MS:
            mids.append((received_ns, mid))
            while mids[0][0] < received_ns - _KEEP_NS:
                mids.popleft()

    def take_spot(self, value: float, observed_ns: int, half_life_s: float) -> None:
        if observed_ns <= self._spot_ns:
            return  # late, by the other feed or in a history batch: nothing new
        self._spot, self._spot_ns = value, observed_ns
        mid = self._mid_at(observed_ns)
        if mid is None:
            return
        sample = math.log(mid / value)
        if self._basis is None:
            self._basis, self._basis_ns = sample, observed_ns
            return
        elapsed = max(0.0, (observed_ns - self._basis_ns) / NS_PER_S)
        # While a plain average forgets faster, average plainly: the first sample must not rule.
        self._averaged_s += elapsed
        weight = max(1.0 - 0.5 ** (elapsed / half_life_s), elapsed / (self._averaged_s + 1.0))
        self._basis += weight * (sample - self._basis)
        self._basis_ns = observed_ns

    def _mid_at(self, at_ns: int) -> float | None:
        found = None
        for when, mid in self._mids:
            if when > at_ns:
                break
            found = mid
        return found

    def mid(self, now_ns: int, fresh_ms: int) -> float | None:
        """The exchange's last mid, in its own currency; None once it is older than `fresh_ms`."""
        return self._mid if now_ns - self._mid_ns <= fresh_ms * NS_PER_MS else None

    @property
    def basis_bps(self) -> float | None:
        return None if self._basis is None else self._basis * 10_000

    def price(self, now_ns: int, fresh_ms: int) -> float | None:
        """Dollars; None before the settlement oracle was heard."""
        mid = self.mid(now_ns, fresh_ms)
        if self._basis is not None and mid is not None:
            return mid * math.exp(-self._basis)
        return self._spot or None

    def state(self) -> tuple[object, ...]:
        return (
            self._mid,
            self._mid_ns,
            list(self._mids),
            self._basis,
            self._basis_ns,
            self._averaged_s,
            self._spot,
            self._spot_ns,
        )

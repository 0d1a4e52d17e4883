"""One exchange as the consensus sees it: its mid, its basis, how late and how reliable it is.

The basis is the log of its mid over Chainlink at equal observation times, averaged
with a half-life (USDT and dollars differ, and the difference drifts over hours). Reliability is
1 for an exchange that behaves; each time it goes down or is voted out halves it, and half of
what is missing comes back every ten minutes.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque

from polytui.model.units import NS_PER_MS, NS_PER_S

_KEEP_NS = 8 * NS_PER_S
_MIDS_EVERY_NS = 100 * NS_PER_MS
_RECOVERY_HALF_LIFE_NS = 600 * NS_PER_S
_LATENCY_WEIGHT = 0.05


class VenuePrice:
    """State: the last mid and some seconds of mids, the averaged basis and latency, its record."""

    __slots__ = (
        "_averaged_s",
        "_basis_ns",
        "_fault_ns",
        "_faultiness",
        "_mids",
        "basis",
        "is_live",
        "is_outlier",
        "latency_ms",
        "log_mid",
        "marked_log",
        "mid",
        "received_ns",
        "venue",
    )

    def __init__(self, venue: str) -> None:
        self.venue = venue
        self.mid = 0.0
        self.log_mid = 0.0
        self.marked_log = 0.0
        """Where it was when somebody began to measure how far it runs."""
        self.received_ns = 0
        self.basis: float | None = None
        self.latency_ms: float | None = None
        self.is_live = True
        self.is_outlier = False
        self._mids: deque[tuple[int, float]] = deque()
        self._basis_ns = 0
        self._averaged_s = 0.0
        self._faultiness = 0.0
        self._fault_ns = 0

    def take_mid(self, mid: float, venue_ns: int, received_ns: int) -> bool:
        """Whether it is another one now."""
        self.received_ns = received_ns
        has_moved = mid != self.mid
        if has_moved:
            self.mid, self.log_mid = mid, math.log(mid)
        if venue_ns:
            late_ms = (received_ns - venue_ns) / NS_PER_MS if received_ns > venue_ns else 0.0
            known = self.latency_ms
            self.latency_ms = (
                late_ms if known is None else known + _LATENCY_WEIGHT * (late_ms - known)
            )
        at_ns, mids = venue_ns or received_ns, self._mids
        # A handful a second is enough to find the mid of any observed second again.
        if not mids or at_ns - mids[-1][0] >= _MIDS_EVERY_NS:
            mids.append((at_ns, self.log_mid))
            while mids[0][0] < at_ns - _KEEP_NS:
                mids.popleft()
        return has_moved

    def take_settlement(self, log_value: float, observed_ns: int, half_life_s: float) -> None:
        """Average the basis at the second that Chainlink spoke of."""
        log_mid = self._log_mid_at(observed_ns)
        if log_mid is None or not self.is_live:
            return
        sample = log_mid - log_value
        if self.basis is None:
            self.basis, self._basis_ns = sample, observed_ns
            return
        elapsed = max(0.0, (observed_ns - self._basis_ns) / NS_PER_S)
        # While a plain average forgets faster, average plainly: the first sample must not rule.
        self._averaged_s += elapsed
        weight = max(1.0 - 0.5 ** (elapsed / half_life_s), elapsed / (self._averaged_s + 1.0))
        self.basis += weight * (sample - self.basis)
        self._basis_ns = observed_ns

    def _log_mid_at(self, at_ns: int) -> float | None:
        """The mid that stood at a moment; None where it is forgotten, or stood there for so long
        that it says nothing of that moment any more."""
        # Each is later than the one before, and Chainlink asks every second for one of eighty.
        after = bisect_right(self._mids, (at_ns, math.inf))
        if not after:
            return None
        when, log_mid = self._mids[after - 1]
        return log_mid if at_ns - when <= _KEEP_NS else None

    def blame(self, now_ns: int) -> None:
        """It went down, or the others voted it out."""
        self._faultiness = 1.0 - self.reliability(now_ns) * 0.5
        self._fault_ns = now_ns

    def reliability(self, now_ns: int) -> float:
        """1 without faults, halved by each, and coming back."""
        if not self._faultiness:
            return 1.0
        elapsed = max(0, now_ns - self._fault_ns)
        return float(1.0 - self._faultiness * 0.5 ** (elapsed / _RECOVERY_HALF_LIFE_NS))

    def weight(self, now_ns: int, fresh_ns: int, half_life_ns: int, latency_half_ms: int) -> float:
        """Reliability x freshness x promptness; 0 for what is too old, down, or has no basis."""
        age_ns = max(0, now_ns - self.received_ns)
        if not self.is_live or self.basis is None or age_ns > fresh_ns:
            return 0.0
        weight: float = 0.5 ** (age_ns / half_life_ns) if age_ns > 0 else 1.0
        if self.latency_ms is not None and self.latency_ms > 0.0:
            weight /= 1.0 + self.latency_ms / latency_half_ms
        return weight * self.reliability(now_ns) if self._faultiness else weight

    def state(self) -> tuple[object, ...]:
        return (
            self.venue,
            self.mid,
            self.received_ns,
            self.basis,
            self._basis_ns,
            self._averaged_s,
            self.latency_ms,
            self.is_live,
            self.is_outlier,
            self._faultiness,
            self._fault_ns,
            self.marked_log,
            list(self._mids)[-3:],
        )

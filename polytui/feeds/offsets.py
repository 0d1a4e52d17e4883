"""How far the venues' clocks are from ours: by source, and what that says of our own.

The offset of a source is the least of received minus stamped over some minutes: network and
queues only add to it, so the least is nearest to the truth. Below zero its clock is ahead of ours.
Where most sources stamp ahead by more than is allowed, this machine's clock is the wrong one.
"""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Iterable

from attrs import define, frozen

from polytui.config.schema import ClockSettings
from polytui.model.units import NS_PER_MS, NS_PER_S

_BUCKET_NS = 5 * NS_PER_S
_AGREEING = 2
"""One source alone may be wrong itself."""


@define
class _Bucket:
    """Some seconds of one source."""

    since_ns: int
    least_ns: int | None = None
    """Of received minus stamped, of what was believed."""
    nearest_ns: int | None = None
    """Of what was not: the least that it was ahead, as a number below zero."""
    believed: int = 0
    ahead: int = 0


class SourceOffset:
    """State: some minutes of one source in buckets of five seconds."""

    __slots__ = ("_bucket", "_buckets", "_window_ns")

    def __init__(self, window_s: float) -> None:
        self._window_ns = int(window_s * NS_PER_S)
        self._buckets: deque[_Bucket] = deque()
        self._bucket = _Bucket(-_BUCKET_NS)
        """The last of them, once there is one."""

    def take(self, lag_ns: int, now_ns: int, *, is_believed: bool) -> None:
        """`lag_ns`: received minus stamped, of the newest stamp of a frame."""
        bucket = self._bucket
        if not 0 <= now_ns - bucket.since_ns < _BUCKET_NS:
            bucket = self._bucket = _Bucket(now_ns - now_ns % _BUCKET_NS)
            self._buckets.append(bucket)
            self._forget(now_ns)
        if is_believed:
            bucket.believed += 1
            if bucket.least_ns is None or lag_ns < bucket.least_ns:
                bucket.least_ns = lag_ns
        else:
            bucket.ahead += 1
            if bucket.nearest_ns is None or lag_ns > bucket.nearest_ns:
                bucket.nearest_ns = lag_ns

    def _forget(self, now_ns: int) -> None:
        # One that lies ahead was made before our clock was set back.
        kept = [one for one in self._buckets if now_ns - one.since_ns > -_BUCKET_NS]
        self._buckets = deque(one for one in kept if now_ns - one.since_ns <= self._window_ns)

    def offset_ms(self) -> float | None:
        """The least of received minus stamped; where nothing was believed, the nearest of the rest.
        None before the first stamp."""
        least = [one.least_ns for one in self._buckets if one.least_ns is not None]
        if least:
            return min(least) / NS_PER_MS
        nearest = [one.nearest_ns for one in self._buckets if one.nearest_ns is not None]
        return max(nearest) / NS_PER_MS if nearest else None

    def ahead_ms(self, now_ns: int, recent_s: float) -> float | None:
        """How far ahead it stamps, if it mostly does; 0 if it does not; None if nothing came."""
        since_ns = now_ns - int(recent_s * NS_PER_S)
        recent = [one for one in self._buckets if one.since_ns + _BUCKET_NS > since_ns]
        believed, ahead = sum(one.believed for one in recent), sum(one.ahead for one in recent)
        if not believed + ahead:
            return None
        if ahead <= believed:
            return 0.0
        return -max(one.nearest_ns for one in recent if one.nearest_ns is not None) / NS_PER_MS


@frozen
class ClockVerdict:
    """What the sources say of our clock."""

    behind_ms: int = 0
    """0 while it is believed."""
    sources: tuple[str, ...] = ()
    """Who says so."""

    def text(self) -> str:
        if not self.behind_ms:
            return "this machine's clock agrees with the venues' again"
        return (
            f"this machine's clock is {self.behind_ms / 1000:.1f} s behind "
            f"{', '.join(self.sources)}: no entries until it is right; enable NTP"
        )


def judge_clock(
    offsets: Iterable[tuple[str, SourceOffset]], now_ns: int, settings: ClockSettings
) -> ClockVerdict:
    """Of several assets a source has several offsets: it is ahead where all that spoke are."""
    said: dict[str, list[float]] = {}
    for name, offset in offsets:
        if (ahead_ms := offset.ahead_ms(now_ns, settings.doubt_s)) is not None:
            said.setdefault(name, []).append(ahead_ms)
    behind = {name: min(each) for name, each in said.items() if min(each) > 0.0}
    if len(behind) < _AGREEING or 2 * len(behind) <= len(said):
        return ClockVerdict()
    return ClockVerdict(int(statistics.median(behind.values())), tuple(sorted(behind)))

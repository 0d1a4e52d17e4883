"""What each frame of one asset took, stage by stage, at no cost that its decision feels.

While it is decided only its moments are noted, as they are. What follows from them is computed for
many frames at once, later.
"""

from __future__ import annotations

from collections.abc import Iterable

from polytui.model.events import (
    BookChanged,
    ChainlinkPriced,
    Event,
    ExchangeQuoted,
    ExchangeTraded,
    TradePrinted,
)
from polytui.runtime.meter import Meter

Seen = tuple[int, int, int, int, Event]
"""Frame read, batch taken, features ready (0 where nothing was decided), decided: perf_counter_ns;
and the frame's first event."""

MOST_SEEN = 512
"""A burst is counted before it has more than this, which holds the loop for half a millisecond."""
_NS_PER_US = 1000


class FrameTimes:
    """State: frames that are not counted yet; how late each source's newest frame was read."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.newest_us: dict[str, int] = {}
        """`receive` by source, real microseconds."""
        self._worst_ns = 0

    def settle(self, meter: Meter, speed: float) -> None:
        """Count what was seen since the last time."""
        seen, self.seen = self.seen, []
        if not seen:
            return
        took = [done - read for read, _, _, done, _ in seen]
        self._worst_ns = max(self._worst_ns, *took)
        meter.frames_decided(took)
        meter.stage("decode", [taken - read for read, taken, _, _, _ in seen])
        meter.stage("feature", [(ready or done) - taken for _, taken, ready, done, _ in seen])
        meter.stage("decision", [done - ready for _, _, ready, done, _ in seen if ready])
        for source, lags_us in _received(seen, speed).items():
            self.newest_us[source] = lags_us[-1]
            meter.stage(f"receive_{source}", [lag_us * _NS_PER_US for lag_us in lags_us])

    def take_worst(self) -> int:
        """The longest from a frame to its decision since the last time; 0 where there was none."""
        worst_ns, self._worst_ns = self._worst_ns, 0
        return worst_ns


def _received(seen: Iterable[Seen], speed: float) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for *_, event in seen:
        if (lag_us := receive_us(event, speed)) is not None:
            found.setdefault(source_of(event), []).append(lag_us)
    return found


def receive_us(event: Event, speed: float) -> int | None:
    """Stamped by the venue to read, real microseconds; None where no stamp says when it was sent:
    a whole book's is that of its last change, history is old on purpose."""
    if not isinstance(event, _STAMPED) or not event.venue_ns:
        return None
    if isinstance(event, ExchangeTraded) and event.is_history:
        return None
    return int((event.received_ns - event.venue_ns) / speed) // _NS_PER_US


def source_of(event: Event) -> str:
    """Whose frame an event came in, as latencies call it; empty for what came in none."""
    if isinstance(event, ExchangeQuoted | ExchangeTraded):
        return event.venue
    return _SOURCES.get(type(event), "")


_SOURCES: dict[type, str] = {BookChanged: "pm", TradePrinted: "pm", ChainlinkPriced: "chainlink"}
_STAMPED = (BookChanged, TradePrinted, ChainlinkPriced, ExchangeQuoted, ExchangeTraded)

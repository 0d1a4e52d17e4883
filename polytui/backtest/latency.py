"""How late things are in a backtest: constant, drawn, or as a recorded session had it.

Orders and their answers: `execution/latency.py` draws around the medians of `[paper]`;
`SampledLatencies` takes what a session really waited, for its blocks too. What a recording says was
heard at its receive time, so a feed's own lateness is in it already; `LateFeeds` adds to it what
another place would have.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import msgspec
from attrs import frozen

from polytui.backtest.mined_times import MinedTimes
from polytui.backtest.moments import Moment, Source
from polytui.backtest.replay import event_of
from polytui.config.schema import PaperSettings
from polytui.execution.latency import Latencies
from polytui.journal.codec import BadJournal, decode_latency
from polytui.journal.reader import JournalReader
from polytui.model import events as ev
from polytui.model.effects import Effect
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset
from polytui.model.latency import OrderLatency
from polytui.model.units import NS_PER_MS, NS_PER_US

_FEWEST = 20
"""Orders: fewer say nothing about how long one takes."""


@frozen
class RecordedLatencies:
    """What one session measured, in nanoseconds of session time, in the order of its orders."""

    order_ns: tuple[int, ...]
    """There and back: sent to the first answer, less the venue's own time."""
    exchange_ns: tuple[int, ...]
    """Stamped by the exchange to read here; of the newest frame at each order."""
    book_ns: tuple[int, ...]
    """The same of the venue's market channel."""
    mined_ns: tuple[int, ...] = ()
    """From each fill until a block had its trade; none where the session waited for no block."""


def recorded_latencies(path: Path, paper: PaperSettings) -> RecordedLatencies:
    """Of a session's journal. What the venue itself took is in `paper`: the hold of a taker, its
    work on any other. Fatal where too few orders were answered."""
    orders, exchange, books = list[int](), list[int](), list[int]()
    mined, blocks = list[int](), MinedTimes()
    try:
        with closing(JournalReader(path, has_latencies=True)) as journal:
            for record in journal:
                if record.is_event:
                    found = blocks.hear(event_of(record)[1], record.at)
                    mined += [one.after_ns for one in found]
                if not record.latency:
                    continue
                line = decode_latency(record.latency)
                if isinstance(line, OrderLatency):
                    scale = journal.header.speed * NS_PER_US
                    orders += _there_and_back(line, scale, paper)
                    exchange += _late(line.binance_recv_us, scale)
                    books += _late(line.pm_recv_us, scale)
    except BadJournal as error:
        raise Fatal(str(error)) from error
    if len(orders) < _FEWEST:
        raise Fatal(
            f"{path}: {len(orders)} orders were answered in it; at least {_FEWEST} say how long one"
            " takes"
        )
    return RecordedLatencies(tuple(orders), tuple(exchange), tuple(books), tuple(mined))


def _there_and_back(line: OrderLatency, scale: float, paper: PaperSettings) -> list[int]:
    if line.ack_us is None:
        return []
    own_ms = paper.taker_delay_ms if line.is_taker else paper.ack_delay_ms
    return [max(0, int(line.ack_us * scale) - own_ms * NS_PER_MS)]


def _late(us: int | None, scale: float) -> list[int]:
    """Below zero two clocks are apart: not late."""
    return [] if us is None else [max(0, int(us * scale))]


class SampledLatencies(Latencies):
    """Each order and cancel is as late as one that was measured, drawn by its name; and each block,
    where any was."""

    def __init__(
        self, settings: PaperSettings, order_ns: tuple[int, ...], mined_ns: tuple[int, ...] = ()
    ) -> None:
        super().__init__(settings)
        self._seed = settings.latency_seed
        self._order_ns, self._mined_ns = order_ns, mined_ns

    def there_and_back_ns(self, name: str) -> int:
        return Random(f"{self._seed}/sampled/{name}").choice(self._order_ns)

    def mined_ns(self, order_id: str, trade_id: str) -> int:
        if not self._mined_ns:
            return super().mined_ns(order_id, trade_id)
        return Random(f"{self._seed}/sampled block/{trade_id}").choice(self._mined_ns)


# --- feeds ----------------------------------------------------------------------------------------

Delay = Callable[[int], int]
"""By how many nanoseconds a frame is later, by its number."""


def constant(late_ns: int) -> Delay:
    return lambda _: late_ns


def sampled(late_ns: tuple[int, ...], seed: int) -> Delay:
    """One that was measured for each frame."""
    drawn = Random(f"{seed}/feeds")
    return lambda _: drawn.choice(late_ns)


_FRAMES = (
    ev.BookSnapshotted,
    ev.BookChanged,
    ev.TradePrinted,
    ev.TickSizeChanged,
    ev.ExchangeQuoted,
    ev.ExchangeTraded,
    ev.ChainlinkPriced,
)
"""What feeds bring: they have a time at which they were read. The clock, listings and people are
not late."""
_HEALTH = (ev.FeedUp, ev.FeedStale, ev.FeedDown, ev.FeedGapped, ev.FeedMended)


class LateFeeds:
    """A `Source`: another one whose feeds are later. What comes by one feed keeps its order, as on
    a socket, with what is said of its health. State: what was taken and is not due yet."""

    def __init__(self, source: Source, delay: Delay) -> None:
        self._source, self._delay = source, delay
        self._newest: dict[tuple[Asset, str], int] = {}
        """When the last moment of each feed is due."""

    def moments(self) -> Iterator[Moment]:
        waiting: list[tuple[int, int, Moment]] = []
        self._newest = {}
        for number, moment in enumerate(self._source.moments()):
            while waiting and waiting[0][0] <= moment.at_ns:
                yield heapq.heappop(waiting)[2]
            due_ns = self._due_ns(moment, number)
            heapq.heappush(waiting, (due_ns, number, _later(moment, due_ns)))
        while waiting:
            yield heapq.heappop(waiting)[2]

    def heed(self, asset: Asset, effects: tuple[Effect, ...], now_ns: int) -> None:
        self._source.heed(asset, effects, now_ns)

    def _due_ns(self, moment: Moment, number: int) -> int:
        first = moment.events[0]
        name = _feed_of(first)
        if not name:
            return moment.at_ns
        late_ns = self._delay(number) if isinstance(first, _FRAMES) else 0
        feed = (moment.asset, name)
        due_ns = self._newest[feed] = max(moment.at_ns + late_ns, self._newest.get(feed, 0))
        return due_ns


def _feed_of(event: ev.Event) -> str:
    """By which feed it came; empty where by none."""
    if isinstance(event, ev.ExchangeQuoted | ev.ExchangeTraded):
        return event.venue
    if isinstance(event, (ev.ChainlinkPriced, *_HEALTH)):
        return event.feed
    return ev.BOOK_FEED if isinstance(event, (*_FRAMES, ev.RoundSettled)) else ""


def _later(moment: Moment, due_ns: int) -> Moment:
    if due_ns == moment.at_ns:
        return moment
    late_ns = due_ns - moment.at_ns
    events = tuple([_read_later(event, late_ns) for event in moment.events])
    return Moment(due_ns, moment.asset, events)


def _read_later(event: ev.Event, late_ns: int) -> ev.Event:
    if not isinstance(event, _FRAMES):
        return event
    return msgspec.structs.replace(event, received_ns=event.received_ns + late_ns)

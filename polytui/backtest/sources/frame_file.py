"""Raw frames of a venue, a line each, as `polytui decode` reads them: exchanges, relays, the CLOB.

A line is a receive time in nanoseconds and a frame, or an envelope with the frame in `raw` or
`payload` and its time in `at`, `recv_ms` or `recv_wall_ts`. Whose frames they are is seen by the
first that is known. Frames without the time of their receipt are no recording.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import ClassVar

from polytui.backtest.moments import Moment
from polytui.backtest.sources.book_file import CUT_OFF, REFUSED
from polytui.backtest.sources.event_recording import EventRecording
from polytui.backtest.sources.in_order import Disorder, in_order
from polytui.backtest.sources.tables import bad_row
from polytui.journal.raw_files import TornTail, read_lines, whole_values
from polytui.model.events import Event
from polytui.model.instrument import Asset
from polytui.venues.decode import Line, read_line
from polytui.venues.sources import SOURCES, Reader

_MARKS = (
    ("rtds", '"topic":"crypto_prices'),
    ("polybolt", '"channel":"price.'),
    ("clob-market", '"event_type":"'),
    ("binance", '"stream":"'),
    ("binance", '"e":"trade"'),
    ("binance", '"e":"aggTrade"'),
    ("bybit", '"topic":"publicTrade.'),
    ("bybit", '"topic":"orderbook.'),
    ("coinbase", '"type":"ticker"'),
    ("coinbase", '"channel":"market_trades"'),
)
_LOOKED_AT = 50
_LEAST_NS = 1_262_304_000_000_000_000
"""2010; `read_line` says 1 where a line has no time."""


def source_of(path: Path) -> str:
    """Whose frames stand in a file; empty where its first lines are none that are known, or nobody
    wrote down when they were received."""
    with suppress(TornTail, OSError):
        for _, text in islice(whole_values(read_lines(path)), _LOOKED_AT):
            line = read_line(text)
            frame = line.frame.replace('": ', '":')
            for name, mark in _MARKS:
                if mark in frame:
                    return name if line.received_ns >= _LEAST_NS else ""
    return ""


class FrameFile(EventRecording):
    """The file, and whose frames they are. State: how far they are out of order, once that was
    looked at."""

    WORDS = "raw frames"
    CHUNK: ClassVar[int] = 20_000
    """Lines of it that are in memory at once."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._source = source_of(path)
        self._disorder: Disorder | None = None

    @property
    def words(self) -> str:
        return f"raw frames of {self._source}"

    def batches(self, counted: Counter[str]) -> Iterator[Moment]:
        readers: dict[tuple[Asset, ...], Reader] = {}
        self._disorder = self._disorder or self._looked_at()
        lines = in_order(self._lines(counted), self.CHUNK, self._disorder, counted)
        for at_ns, number, text, name in lines:
            if at_ns < _LEAST_NS:
                raise bad_row(self.path, number, "no time of receipt, so no moment to play it at")
            assets = (Asset(name),) if name else tuple(Asset)
            reader = readers.get(assets)
            if reader is None:
                reader = readers[assets] = SOURCES[self._source](assets)
            reading = reader.read(text, at_ns)
            counted[REFUSED] += bool(reading.parsed.rejected)
            yield from _by_coin(at_ns, reading.events, assets[0])

    def _looked_at(self) -> Disorder:
        disorder = Disorder()
        for at_ns, *_ in self._lines(Counter()):
            disorder.take(at_ns)
        return disorder

    def _lines(self, counted: Counter[str]) -> Iterator[tuple[int, int, str, str]]:
        try:
            for number, text in whole_values(read_lines(self.path)):
                line: Line = read_line(text, number)
                if text.strip() and not line.opened:
                    yield line.received_ns, number, line.frame, line.asset
        except TornTail:
            counted[CUT_OFF] += 1


def _by_coin(at_ns: int, events: Sequence[Event], nobodys: Asset) -> Iterator[Moment]:
    """A frame's events by the coin that they are of. Those of books name a token alone: whose that
    is finds whoever knows the rounds."""
    told: dict[Asset, list[Event]] = {}
    for event in events:
        told.setdefault(getattr(event, "asset", nobodys), []).append(event)
    for asset, batch in told.items():
        yield Moment(at_ns, asset, tuple(batch))

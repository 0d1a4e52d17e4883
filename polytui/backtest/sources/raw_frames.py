"""Raw frames of the CLOB's market channel, each with its round: `recv_ms, slug, side, raw`.

`asset_id` is optional: it is in the frame.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from polytui.backtest.sources.book_file import REFUSED, BookFile, whole_book
from polytui.backtest.sources.sorted_parts import TimedRow
from polytui.backtest.sources.tables import Cells, columns_of, rows_of
from polytui.model.events import BOOK_FEED, BookSnapshotted, Event, FrameRejected
from polytui.model.instrument import Outcome, Round
from polytui.venues.polymarket.streams import MarketChannel

_SAMPLE_CHARACTERS = 200


class _Stamp(msgspec.Struct, gc=False):
    asset_id: str = ""
    timestamp: str = ""


_decode_stamp = msgspec.json.Decoder(_Stamp).decode
_NOBODY = _Stamp()


class RawFrameFile(BookFile):
    """What the venue sent, word for word: the codec of live sessions reads it."""

    WORDS = "raw CLOB frames"
    RANK = 3
    COLUMNS = ("recv_ms", "slug", "side", "raw")
    CHUNK = 10_000

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._codec = MarketChannel(is_for_all=True)

    def marks(self) -> Iterator[Cells]:
        if "asset_id" in columns_of(self.path):
            # A frame has kilobytes, the other columns a few bytes: the frames are left alone.
            for row in rows_of(self.path, (*self.COLUMNS[:3], "asset_id")):
                yield (*row, None)
            return
        for number, received, slug, side, raw in rows_of(self.path, self.COLUMNS):
            stamp = _stamp_of(raw)
            yield number, received, slug, side, stamp.asset_id, stamp.timestamp

    def rows(self) -> Iterator[Cells]:
        return rows_of(self.path, self.COLUMNS)

    def events(
        self, listed: Round, outcome: Outcome, row: TimedRow, counted: Counter[str]
    ) -> Sequence[Event]:
        received_ns, raw = row[0], row[4] or ""
        parsed = self._codec.parse(raw, received_ns)
        events: list[Event] = []
        for event in parsed.events:
            if isinstance(event, BookSnapshotted):
                events += _both(listed, outcome, event)
            else:
                events.append(event)
        if parsed.rejected:
            counted[REFUSED] += 1
            sample = raw[:_SAMPLE_CHARACTERS]
            events.append(FrameRejected(BOOK_FEED, parsed.rejected, len(raw), sample, received_ns))
        return events


def _both(listed: Round, outcome: Outcome, event: BookSnapshotted) -> Sequence[Event]:
    token = listed.token_of(outcome)
    if event.token_id != token:
        raise ValueError(
            f"the frame is of token {event.token_id[:12]}..., and {outcome.value} of"
            f" {listed.slug} is {token[:12]}..."
        )
    sides = event.bids, event.asks
    return whole_book(listed, outcome, sides, event.venue_ns, event.received_ns, event.tick)


def _stamp_of(raw: object) -> _Stamp:
    """Of a frame that is one message; others name their tokens further inside."""
    try:
        return _decode_stamp(raw if isinstance(raw, str) else "")
    except msgspec.MsgspecError:
        return _NOBODY

"""What is taken out of a closed segment that is kept for longer than its prices are wanted.

It keeps its header, which says so, its checkpoints and every event that led to something or came
from somebody: decisions with their reasons, orders, fills, settlements, commands, settings, health
of feeds, latencies. It replays no more, and a replay passes it over.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec

from polytui.journal.codec import encode_header
from polytui.journal.seal import Chain
from polytui.journal.segment_reader import SegmentReader
from polytui.journal.segments import alone, write_pressed
from polytui.journal.state_lines import WAYPOINT_BEGINS

TRADES = "raw trades of exchanges"
RAW = "raw market data"
_KINDS = {
    TRADES: frozenset({b"ExchangeTraded"}),
    RAW: frozenset(
        {
            b"BookChanged",
            b"BookSnapshotted",
            b"CandlesLoaded",
            b"ChainlinkPriced",
            b"ExchangeQuoted",
            b"ExchangeTraded",
            b"Ticked",
            b"TradePrinted",
        }
    ),
}
_EVENT = re.compile(
    rb'\{"seq":\d+,"at":-?\d+,"asset":"\w*","last":(?:true|false),"event":\["(\w+)",'
)
_DIGEST = re.compile(rb'\{"seq":\d+,"digest":')
_LED_TO_NOTHING = b',"effects":[]'
_SEAL = b',"bytes":'
_AT_ONCE = 1_000


def thin(pressed: Path, what: str) -> None:
    """Take it out of a closed segment, in one step: before, the old one is there, after, the new.
    BadJournal where it is damaged, OSError where the disk refuses or another process is at it: then
    it stays as it is."""
    with alone(pressed.parent):
        written = pressed.stat()
        with SegmentReader(pressed) as segment:
            write_pressed(pressed, _thinned(segment, what))
        os.utime(pressed, ns=(written.st_atime_ns, written.st_mtime_ns))


def _thinned(segment: SegmentReader, what: str) -> Iterator[bytes]:
    chain, kinds = Chain(), _KINDS[what]
    header = msgspec.structs.replace(segment.header, thinned=what)
    yield chain.seal(encode_header(header))
    bodies = (line.rpartition(_SEAL)[0] for line in segment.lines())
    kept = (body + b"}\n" for body in bodies if _is_kept(body, kinds))
    while lines := list(islice(kept, _AT_ONCE)):
        yield b"".join([chain.seal(line) for line in lines])


def _is_kept(body: bytes, kinds: frozenset[bytes]) -> bool:
    if _DIGEST.match(body) or body.startswith(WAYPOINT_BEGINS):
        return False  # of a state that nobody can come to any more
    found = _EVENT.match(body)
    return found is None or found[1] not in kinds or not body.endswith(_LED_TO_NOTHING)

"""Minds that were reached once, kept to go on from: what makes a jump short.

A journal has a checkpoint every 50,000 events, which take longer to play than anybody waits. What
is between them is written here while it is played, beside whatever is shown, into a file that
nobody else can open and that is gone with the process.
"""

from __future__ import annotations

import tempfile
import zlib
from bisect import bisect_right, insort
from typing import IO

import msgspec
from attrs import field, frozen

from polytui.desk.checkpoint import BadCheckpoint, checkpoint_of, restored
from polytui.journal.segment_reader import Bookmark
from polytui.player.heard_figures import HeardFigures
from polytui.player.recorded_mind import RecordedMind

EVERY = 4_000
"""Events between two of them: half a second of playing at the worst."""
GAP = EVERY + EVERY // 2
"""Events between two minds that nobody waits for."""
_PRESSED = 1
_MOST_BYTES = 1 << 30


@frozen(order=True)
class KeptState:
    """Where one is in the file, and of which moment."""

    seq: int
    at_ns: int = field(order=False)
    place: Bookmark = field(order=False)
    """Behind the last record that is in it."""
    offset: int = field(order=False, default=0)
    size: int = field(order=False, default=0)
    heard: HeardFigures = field(order=False, factory=HeardFigures)


class KeptStates:
    """State: the file, and what is in it."""

    def __init__(self) -> None:
        # It is open for as long as this is: `close` closes it.
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="polytui-watch-")  # noqa: SIM115
        self._states: list[KeptState] = []
        self._end = 0

    def __len__(self) -> int:
        return len(self._states)

    @property
    def seqs(self) -> list[int]:
        return [one.seq for one in self._states]

    @property
    def bytes(self) -> int:
        return self._end

    def close(self) -> None:
        self._file.close()

    def before(self, at_ns: int) -> KeptState | None:
        """The last one of no later moment."""
        at = bisect_right(self._states, at_ns, key=lambda one: one.at_ns)
        return self._states[at - 1] if at else None

    def of(self, seq: int) -> KeptState | None:
        """The last one that speaks of no later event."""
        at = bisect_right(self._states, seq, key=lambda one: one.seq)
        return self._states[at - 1] if at else None

    def is_near(self, seq: int, within: int) -> bool:
        """Whether there is one of at most so many events before."""
        found = self.of(seq)
        return found is not None and seq - found.seq < within

    def keep(self, recorded: RecordedMind, place: Bookmark) -> None:
        """The mind as it is behind this place. Where the disk has no room for it, or it holds what
        no checkpoint can, none is kept."""
        if self._end > _MOST_BYTES:
            return
        try:
            state = msgspec.msgpack.encode(checkpoint_of(recorded.mind))
            packed = zlib.compress(state, _PRESSED)
            self._file.seek(self._end)
            self._file.write(packed)
            self._file.flush()
        except (BadCheckpoint, OSError):
            return
        heard, seq = recorded.heard.copy(), recorded.mind.seq
        kept = KeptState(seq, recorded.at_ns, place, self._end, len(packed), heard)
        self._end += len(packed)
        insort(self._states, kept)

    def restored(self, kept: KeptState) -> RecordedMind:
        """A mind of its own, as it was kept."""
        self._file.seek(kept.offset)
        plain = msgspec.msgpack.decode(zlib.decompress(self._file.read(kept.size)))
        return RecordedMind(restored(plain), kept.heard.copy(), kept.at_ns)

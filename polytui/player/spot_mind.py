"""A mind made of what a journal holds of it: a checkpoint, or a waypoint and the state that it
hangs on."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import msgspec
from attrs import define

from polytui.desk.checkpoint import restored, restored_as
from polytui.desk.mind import Mind
from polytui.journal.codec import (
    BadJournal,
    JournalRecord,
    decode_checkpoint,
    unpacked_checkpoint,
)
from polytui.journal.segment_reader import Bookmark
from polytui.journal.state_lines import unpacked_waypoint
from polytui.journal.tail import JournalTail
from polytui.player.index import StateSpot


@define
class SpotMinds:
    """State: the whole state that was read last, as msgpack: the next jump is mostly near it."""

    folder: Path
    _base: tuple[Bookmark | None, bytes] = (None, b"")

    def mind_of(self, spot: StateSpot) -> Mind:
        """BadJournal where it is damaged, BadCheckpoint where no mind comes of it."""
        record = self._record(spot.place)
        if spot.base is None:
            return restored_as(decode_checkpoint(record), record.digest)
        whole = b"" if spot.base == spot.place else self._whole(spot.base)
        try:
            plain = msgspec.msgpack.decode(unpacked_waypoint(record, whole))
        except (msgspec.MsgspecError, RecursionError) as error:
            raise BadJournal(f"a waypoint does not decode: {error}") from error
        return restored(plain)

    def _whole(self, place: Bookmark) -> bytes:
        if self._base[0] != place:
            record = self._record(place)
            is_checkpoint = record.is_checkpoint
            plain = unpacked_checkpoint(record) if is_checkpoint else unpacked_waypoint(record, b"")
            self._base = place, plain
        return self._base[1]

    def _record(self, place: Bookmark) -> JournalRecord:
        with closing(JournalTail(self.folder, place)) as tail:
            record = next(iter(tail.read(1)), None)
        if record is None or not (record.is_checkpoint or record.waypoint):
            raise BadJournal("no state stands where one stood")
        return record

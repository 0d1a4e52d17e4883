"""The append-only truth: segments of lines, written by one task, complete to the last event.

How lines get to the disk, and when they are known to be there, is in `line_file.py`. Here it is
known in which file, and what becomes of them where there is none: a disk that refuses is waited
for, with as much as may wait; what comes on top is counted, and the journal goes on with a new
segment whose header says how many events are missing, and whose checkpoint holds what they led to.

A new segment is asked for (`is_segment_due`) and begun by whoever has a mind to write down, after a
batch; only then the closed one can be pressed, by somebody else.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec
import trio
from attrs import define

from polytui.config.schema import JournalSettings
from polytui.journal.codec import CHECKPOINT_BEGINS, Header, encode_header, is_event_line
from polytui.journal.line_file import Line, LineFile, OffLoop, in_a_thread
from polytui.journal.seal import Chain
from polytui.journal.segments import FOLDER, in_folder, press, segment_path, sync_folder
from polytui.journal.state_lines import StateLines
from polytui.model.errors import Fatal

_MB = 1 << 20
_GONE = "it was removed while it was written"


class JournalLog(LineFile):
    """State: the segment of the moment, what was lost, and whether the next one is due."""

    def __init__(
        self,
        folder: Path,
        header: Header,
        settings: JournalSettings,
        off_loop: OffLoop = in_a_thread,
        *,
        checkpoint: Line | None = None,
        clock_s: Callable[[], float] = time.monotonic,
        pass_point: Callable[[str], None] | None = None,
    ) -> None:
        """In a folder of the session's. `checkpoint`: of the mind that has read everything up to
        `header.after`, where there was anything. `clock_s`: for the age of a segment, which no step
        of the wall's time may change. `pass_point` is told where the writer is, for a plan of
        faults that ends the process there."""
        self._header, self._settings, self._clock_s = header, settings, clock_s
        self._folder = folder / FOLDER
        path = segment_path(self._folder, header.segment)
        try:
            if path.parent.exists() and in_folder(path.parent):
                raise FileExistsError(errno.EEXIST, "there is one already")
            file = _begun(path)
            sync_folder(folder)
        except OSError as error:
            raise Fatal(f"cannot write the journal {path}: {error.strerror}") from error
        most_waiting = settings.most_waiting_mb * _MB
        super().__init__(self._folder, file, "the journal", off_loop, most_waiting)
        self._chain = Chain()
        self._file_path = path
        self._began_s = clock_s()
        self._given_up: OSError | None = None
        """Why nothing more can be written to the segment of the moment."""
        self._is_losing = False
        """Whether more came than may wait, and nothing is taken until the next segment."""
        self._losing = 0
        """Events of that."""
        self.lost = 0
        """Events of the session that are in no segment."""
        self.is_segment_due = False
        """To be looked at after each batch: whoever sees it begins the next one."""
        self._is_turning = self._has_turned = False
        self._pass_point = pass_point
        self.has_closed = trio.Event()
        """A segment waits to be pressed."""
        self.states = StateLines()
        """Who makes checkpoints and waypoints of it."""
        self.append(encode_header(header))
        if checkpoint is not None:
            self.add(checkpoint)

    @property
    def file_path(self) -> Path:
        """The segment that is written."""
        return self._file_path

    def add(self, line: Line) -> None:
        """As of any file of lines, but that none may stand behind a hole."""
        if isinstance(line, bytes) or not self._is_losing:
            super().add(line)

    def begin_segment(self, after: int, checkpoint: Line | None) -> None:
        """What is appended from here on stands in the next segment, behind a header and this. None
        where no checkpoint could be made: then it is read with the one before it alone."""
        lost, self._losing, self._is_losing = self._losing, 0, False
        self.lost += lost
        self.is_segment_due, self._is_turning = False, True
        self._make_room()
        super().add(_NextSegment(self._turn, after, checkpoint, lost))

    async def flush(self) -> None:
        """As of any file of lines; then it is known whether the segment is full or old."""
        try:
            await super().flush()
        finally:
            self._look_whether_due()
            if self._has_turned:
                self._has_turned = False
                self.has_closed.set()

    def write_now(self) -> None:
        """Everything that waits, here: for whoever has no loop. OSError where the disk refuses."""
        self._take_over()
        self._write(must_keep=False)
        self._make_room()
        self._look_whether_due()

    def close(self) -> None:
        """Everything to the disk; the last segment is pressed, if the disk has room for it."""
        try:
            super().close()
        finally:
            self.lost, self._losing = self.lost + self._losing, 0
        with suppress(OSError):  # it is whole as it is
            press(self._file_path)

    # --- what no disk takes -----------------------------------------------------------------------

    @property
    def lost_so_far(self) -> int:
        return self.lost + self._losing

    @property
    def _missing(self) -> str:
        return f"{self._losing} events are not in {self.path}" if self._is_losing else ""

    def _overflow(self, line: bytes) -> None:
        self._waiting.pop()
        self._is_losing = True
        self._losing += is_event_line(line)

    def _make_room(self) -> None:
        if not self._is_losing:
            super()._make_room()

    def _words(self, error: OSError) -> str:
        return f"cannot write {self._name} {self._file_path}: {error.strerror}"

    def _look_whether_due(self) -> None:
        if self._is_turning:
            return
        settings, age_s = self._settings, self._clock_s() - self._began_s
        self.is_segment_due = (
            self._given_up is not None
            or (self._is_losing and self._refuses_since is None)
            or self._size >= settings.segment_mb * _MB
            or age_s >= settings.segment_s
        )

    # --- in the writer's thread -------------------------------------------------------------------

    def _write(self, *, must_keep: bool) -> None:
        if self._given_up is None and not os.fstat(self._file.fileno()).st_nlink:
            self._given_up = OSError(errno.ENOENT, _GONE)
        if self._given_up is not None:
            self._pass_over(self._given_up)
        super()._write(must_keep=must_keep)

    def _make(self) -> None:
        while self._made_next:
            line = self._made_next[0]
            made = line if isinstance(line, bytes) else line()
            if made:
                self._leaving += self._chain.seal(made)
                if self._pass_point is not None and made.startswith(CHECKPOINT_BEGINS):
                    self._pass_half(self._pass_point, len(made))
            self._made_next.popleft()

    def _pass_half(self, pass_point: Callable[[str], None], size: int) -> None:
        """Half of the line that was made last is in the file, and the other half not yet."""
        written = self._file.write(self._leaving[: len(self._leaving) - size // 2])
        self._size += written
        del self._leaving[:written]
        pass_point("checkpoint-half-written")

    def _sync(self) -> None:
        """After a refused fsync nobody knows what the disk has: it is not asked again."""
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            self._given_up = error
            raise

    def _pass_over(self, why: OSError) -> None:
        """What stands before the next segment goes into none. Where none begins yet, it waits."""
        if not any(isinstance(line, _NextSegment) for line in self._made_next):
            raise why
        lost = sum(map(is_event_line, self._leaving.split(b"\n")))
        self._leaving.clear()
        while not isinstance(line := self._made_next[0], _NextSegment):
            lost += isinstance(line, bytes) and is_event_line(line)
            self._made_next.popleft()
        line.lost += lost
        self.lost += lost

    def _turn(self, turn: _NextSegment) -> None:
        """Close the segment and begin the next one. OSError where that cannot be: nothing has
        happened then, and it is tried again."""
        if self._given_up is None:
            self._drain()
            self._sync()
        header = msgspec.structs.replace(
            self._header,
            segment=self._header.segment + 1,
            after=turn.after,
            chain=self._chain.text if self._given_up is None else "",
            lost=turn.lost,
        )
        path = segment_path(self._folder, header.segment)
        file = _begun(path)
        if self._pass_point is not None:
            self._pass_point("segment-turning")
        self._file.close()
        self._file, self._file_path, self._header = file, path, header
        self._given_up, self._is_turning = None, False
        self._chain, self._size, self._began_s = Chain(), 0, self._clock_s()
        self._leaving += self._chain.seal(encode_header(header))
        if turn.checkpoint is not None:
            made = turn.checkpoint if isinstance(turn.checkpoint, bytes) else turn.checkpoint()
            self._leaving += self._chain.seal(made)
        self._has_turned = True


@define
class _NextSegment:
    """Stands among the lines where the next segment begins."""

    turn: Callable[[_NextSegment], None]
    after: int
    """The last event before it."""
    checkpoint: Line | None
    lost: int
    """Events right before it that are in no segment."""

    def __call__(self) -> bytes:
        self.turn(self)
        return b""


def _begun(path: Path) -> BinaryIO:
    """A new file, known to its folder, which may have been removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("xb", buffering=0)
    try:
        sync_folder(path.parent)
    except OSError:
        file.close()
        path.unlink(missing_ok=True)
        raise
    return file

"""Disks that fill up, folders that vanish or may not be written: no figure goes in silence, and the
journal goes on from a checkpoint as soon as it can."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from polytui.config.schema import JournalSettings
from polytui.journal.codec import (
    FORMAT,
    BadJournal,
    Header,
    encode_checkpoint,
    encode_digest,
    encode_record,
)
from polytui.journal.line_file import Unkept
from polytui.journal.log import JournalLog
from polytui.journal.reader import JournalReader
from polytui.journal.segments import in_folder
from polytui.model.errors import Fatal
from polytui.model.events import Ticked

pytestmark = pytest.mark.trio
HEADER = Header(FORMAT, "0.1.0", "demo", "session", 5)
SMALL = JournalSettings(segment_mb=0.01, most_waiting_mb=1)


def line(seq: int) -> bytes:
    return encode_record(seq, seq * 10, "btc", Ticked(seq), (), True)


class Desk:
    """Who appends events, and begins a segment when it is asked to. State: the last number."""

    def __init__(self, log: JournalLog) -> None:
        self.log, self.seq = log, 0

    def take(self, count: int = 1) -> None:
        for _ in range(count):
            self.seq += 1
            self.log.append(line(self.seq))
            if self.log.is_segment_due:
                self.log.begin_segment(self.seq, encode_checkpoint(self.seq, "ab", [self.seq]))
            elif self.seq % 100 == 0:
                self.log.add(encode_digest(self.seq, "ab"))
                self.log.add(partial(encode_checkpoint, self.seq, "ab", [self.seq]))


class Disk:
    """Where blocking work is done. State: why it refuses, if it does."""

    def __init__(self) -> None:
        self.refuses = 0

    async def do(self, work: Callable[[], None]) -> None:
        await trio.lowlevel.checkpoint()
        if self.refuses:
            raise OSError(self.refuses, os.strerror(self.refuses))
        work()


def seqs(*named: Path) -> list[int]:
    with JournalReader(*named) as journal:
        return [record.seq for record in journal if record.is_event]


async def test_a_segment_turns_when_it_is_full_and_each_begins_with_a_checkpoint(
    tmp_path: Path,
) -> None:
    desk = Desk(JournalLog(tmp_path, HEADER, SMALL, Disk().do))
    for _ in range(10):
        desk.take(50)
        await desk.log.flush()
    desk.log.close()
    segments = in_folder(desk.log.path)
    assert len(segments) >= 4
    assert seqs(tmp_path) == list(range(1, 501))
    for number, path in enumerate(segments[1:], start=2):
        with JournalReader(path) as journal:
            first = next(iter(journal))
            assert (journal.header.segment, first.is_checkpoint) == (number, True)
            assert first.seq == journal.header.after > 0


async def test_a_segment_turns_when_it_is_old_whatever_the_wall_says(tmp_path: Path) -> None:
    """Its age is of a clock that never jumps."""
    now_s = [0.0]
    settings = JournalSettings(segment_s=60.0)
    log = JournalLog(tmp_path, HEADER, settings, Disk().do, clock_s=lambda: now_s[0])
    desk = Desk(log)
    for _ in range(4):
        desk.take()
        await log.flush()
        now_s[0] += 31.0
    log.close()
    assert len(in_folder(log.path)) == 2


async def test_times_that_jump_back_an_hour_are_read_as_they_were_taken(tmp_path: Path) -> None:
    log = JournalLog(tmp_path, HEADER, SMALL, Disk().do)
    hour_ns = 3_600 * 10**9
    for seq, at_ns in ((1, 5 * hour_ns), (2, 4 * hour_ns), (3, 4 * hour_ns + 1)):
        log.append(encode_record(seq, at_ns, "btc", Ticked(at_ns), (), True))
    log.close()
    assert seqs(tmp_path) == [1, 2, 3]


async def test_what_waits_for_a_full_disk_is_written_when_it_has_room(tmp_path: Path) -> None:
    disk = Disk()
    desk = Desk(JournalLog(tmp_path, HEADER, SMALL, disk.do))
    desk.take(10)
    await desk.log.flush()
    disk.refuses = errno.ENOSPC
    desk.take(1_000)
    with pytest.raises(OSError, match="No space left"):
        await desk.log.flush()
    disk.refuses = 0
    await desk.log.flush()
    desk.take()
    desk.log.close()
    assert seqs(tmp_path) == list(range(1, 1_012))
    assert desk.log.lost_so_far == 0


async def test_more_than_may_wait_is_counted_and_the_next_segment_says_so(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    disk = Disk()
    desk = Desk(JournalLog(tmp_path, HEADER, SMALL, disk.do))
    told: list[str] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(desk.log.run, 200, told.append)
        disk.refuses = errno.ENOSPC
        desk.take(20_000)
        lost = desk.log.lost_so_far
        assert 0 < lost < 20_000
        with pytest.raises(Unkept, match="No space left on device"):
            await desk.log.kept()
        disk.refuses = 0
        await trio.sleep(1)
        assert len(told) == 1, "as long as something is missing it is not over"
        desk.take(5)
        await desk.log.kept()
        await trio.sleep(1)
        assert told[1:] == [""]
        nursery.cancel_scope.cancel()
    lost = desk.log.lost_so_far
    desk.take(5)
    desk.log.close()
    left = seqs(tmp_path)
    assert len(left) == desk.seq - lost
    hole = next(at for at, seq in enumerate(left, start=1) if seq != at)
    assert left == [*range(1, hole), *range(hole + lost, desk.seq + 1)]
    heads = []
    for path in in_folder(desk.log.path):
        with JournalReader(path) as journal:
            heads.append(journal.header)
    assert sum(head.lost for head in heads) == lost
    assert next(head.after for head in heads if head.lost) == 20_001


async def test_a_disk_that_never_has_room_again_is_counted_at_the_end(tmp_path: Path) -> None:
    desk = Desk(JournalLog(tmp_path, HEADER, SMALL, Disk().do))
    desk.take(20_000)
    with pytest.raises(Fatal, match=rf"{desk.log.lost_so_far} events are not in"):
        desk.log.close()
    assert desk.log.lost > 0


async def test_a_folder_that_vanishes_is_said_and_made_again(tmp_path: Path) -> None:
    """Writing into a file that nobody can open any more would be silence."""
    session = tmp_path / "one"
    desk = Desk(JournalLog(session, HEADER, JournalSettings(), Disk().do))
    desk.take(5)
    await desk.log.flush()
    shutil.rmtree(session)
    desk.take(3)
    with pytest.raises(OSError, match="it was removed while it was written"):
        await desk.log.flush()
    desk.take(2)
    await desk.log.flush()
    assert desk.log.lost == 4, "of the fourth the checkpoint speaks"
    desk.take(4)
    desk.log.close()
    (left,) = in_folder(desk.log.path)
    assert left.name == "000002.jsonl.zst"
    with JournalReader(session) as journal:
        head = journal.header
        assert [record.seq for record in journal] == [9, *range(10, 15)]
    assert (head.after, head.lost) == (9, 4)


async def test_after_a_failed_fsync_the_next_segment_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows what the disk has of the one in hand: it is not asked again."""
    desk = Desk(JournalLog(tmp_path, HEADER, JournalSettings(), Disk().do))
    desk.take(5)
    fsync, fails = os.fsync, [True]

    def failing(descriptor: int) -> None:
        if fails and not os.path.isdir(f"/proc/self/fd/{descriptor}"):
            fails.pop()
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        fsync(descriptor)

    monkeypatch.setattr("polytui.journal.log.os.fsync", failing)
    desk.log._asked.set()
    with pytest.raises(OSError, match="Input/output error"):
        await desk.log.flush()
    desk.take(1)
    assert not desk.log.is_segment_due
    await desk.log.flush()
    desk.take(3)
    desk.log.close()
    assert [path.name[:6] for path in in_folder(desk.log.path)] == ["000001", "000002"]
    assert seqs(tmp_path) == [1, 2, 3, 4, 5, 7, 8, 9]


async def test_a_folder_that_may_not_be_written_is_a_line() -> None:
    with pytest.raises(Fatal, match=r"cannot write the journal /proc/one/journal/000001\.jsonl: "):
        JournalLog(Path("/proc/one"), HEADER, SMALL)


async def test_a_next_segment_that_cannot_be_opened_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that became read-only: what waits stays, in its order."""
    desk = Desk(JournalLog(tmp_path, HEADER, SMALL, Disk().do))
    desk.take(200)
    await desk.log.flush()
    opens = Path.open

    def refuse(path: Path, mode: str = "r", *rest: object, **given: object) -> object:
        if mode == "xb":
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return opens(path, mode, *rest, **given)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    desk.take(10)
    for _ in range(3):
        with pytest.raises(OSError, match="Read-only file system"):
            await desk.log.flush()
        desk.take(10)
    monkeypatch.undo()
    await desk.log.flush()
    desk.log.close()
    assert seqs(tmp_path) == list(range(1, desk.seq + 1))
    assert len(in_folder(desk.log.path)) == 2


async def test_of_two_writers_the_second_is_refused(tmp_path: Path) -> None:
    log = JournalLog(tmp_path, HEADER, SMALL)
    with pytest.raises(Fatal, match="there is one already"):
        JournalLog(tmp_path, HEADER, SMALL)
    log.close()
    with pytest.raises(BadJournal, match="No such file"):
        JournalReader(log.path / "000009.jsonl")

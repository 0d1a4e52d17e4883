"""A line that somebody waits for is on the disk; a disk that refuses is said to refuse."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trio
from attrs import define, field
from trio.testing import MockClock, wait_all_tasks_blocked

from polytui.journal.line_file import LineFile, OffLoop, Unkept, in_a_thread

pytestmark = pytest.mark.trio
RARELY_MS = 10_000
MakeFile = Callable[[OffLoop], LineFile]


@define
class Disk:
    """Where blocking work is done. State: how often, and whether it goes through."""

    is_held: bool = False
    works: int = 0
    released: trio.Event = field(factory=trio.Event)

    async def do(self, work: Callable[[], None]) -> None:
        if self.is_held:
            await self.released.wait()
        work()
        self.works += 1
        await trio.lowlevel.checkpoint()


@pytest.fixture
def a_file(tmp_path: Path) -> Iterator[MakeFile]:
    """A file whose blocking work is done so; closed at the end."""
    path = tmp_path / "lines"
    with path.open("ab", buffering=0) as file:
        yield lambda off_loop: LineFile(path, file, "the lines", off_loop)


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The size of the file at each fsync, which is still done."""
    sizes: list[int] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        fsync(descriptor)
        sizes.append(os.fstat(descriptor).st_size)

    monkeypatch.setattr("polytui.journal.line_file.os.fsync", noted)
    return sizes


async def test_who_waits_is_answered_after_the_fsync_and_not_before(
    mock_clock: MockClock, a_file: MakeFile, synced: list[int]
) -> None:
    disk = Disk(is_held=True)
    lines, kept = a_file(disk.do), trio.Event()

    async def ask() -> None:
        await lines.kept()
        assert synced == [4]
        kept.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(lines.run, RARELY_MS, print)
        lines.append(b"one\n")
        nursery.start_soon(ask)
        await wait_all_tasks_blocked()
        assert (synced, kept.is_set(), lines.path.read_bytes()) == ([], False, b"")
        disk.released.set()
        await kept.wait()
        assert lines.path.read_bytes() == b"one\n"
        nursery.cancel_scope.cancel()


async def test_all_who_wait_share_one_fsync_and_nobody_else_causes_one(
    mock_clock: MockClock, a_file: MakeFile, synced: list[int]
) -> None:
    lines = a_file(Disk().do)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lines.run, 200, print)
        lines.append(b"nobody waits\n")
        await wait_all_tasks_blocked()
        mock_clock.jump(0.3)
        await wait_all_tasks_blocked()
        assert (synced, lines.path.read_bytes()) == ([], b"nobody waits\n")
        async with trio.open_nursery() as waiting:
            for _ in range(20):
                lines.append(b"x\n")
                waiting.start_soon(lines.kept)
        assert synced == [13 + 40]
        await lines.kept()
        assert len(synced) == 1, "what is kept already needs no disk"
        nursery.cancel_scope.cancel()


async def test_what_is_appended_while_the_disk_works_waits_for_its_own_fsync(
    mock_clock: MockClock, a_file: MakeFile, synced: list[int]
) -> None:
    disk = Disk(is_held=True)
    lines = a_file(disk.do)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lines.run, RARELY_MS, print)
        lines.append(b"one\n")
        nursery.start_soon(lines.kept)
        await wait_all_tasks_blocked()
        lines.append(b"two\n")
        disk.released.set()
        await lines.kept()
        assert synced == [4, 8]
        nursery.cancel_scope.cancel()


async def test_a_disk_that_refuses_is_told_to_who_waits_and_asked_again(
    autojump_clock: MockClock, a_file: MakeFile
) -> None:
    lines = a_file(Disk().do)
    full = Full(lines)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lines.run, 200, print)
        lines.append(b"one\n")
        for _ in range(2):
            with pytest.raises(Unkept, match=r"cannot write the lines .*No space left on device"):
                await lines.kept()
            lines.append(b"two\n")
        assert lines.path.read_bytes() == b"on", "what still had room"
        full.is_full = False
        await lines.kept()
        assert lines.path.read_bytes() == b"one\ntwo\ntwo\n", "nothing lost and nothing twice"
        nursery.cancel_scope.cancel()


async def test_a_disk_that_refuses_is_told_once_and_so_is_that_it_takes_again(
    autojump_clock: MockClock, a_file: MakeFile
) -> None:
    lines, told = a_file(Disk().do), list[str]()
    full = Full(lines)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lines.run, 200, told.append)
        lines.append(b"one\n")
        await trio.sleep(3_600)
        assert [words.rpartition(": ")[2] for words in told] == ["No space left on device"]
        assert lines.refuses_s > 3_500
        full.is_full = False
        await trio.sleep(1)
        assert (told[1:], lines.refuses_s) == ([""], 0.0)
        assert lines.path.read_bytes() == b"one\n"
        nursery.cancel_scope.cancel()


async def test_after_a_failed_fsync_a_later_one_is_not_believed(
    autojump_clock: MockClock, a_file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system may have dropped what it could not write; asked again it says that all is well."""
    lines, answers = a_file(Disk().do), iter([OSError(errno.EIO, os.strerror(errno.EIO))])

    def fsync(_: int) -> None:
        if (error := next(answers, None)) is not None:
            raise error

    monkeypatch.setattr("polytui.journal.line_file.os.fsync", fsync)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lines.run, 200, print)
        for _ in range(2):
            lines.append(b"one\n")
            with pytest.raises(Unkept, match="Input/output error"):
                await lines.kept()
        nursery.cancel_scope.cancel()


async def test_a_real_thread_and_a_real_fsync(a_file: MakeFile) -> None:
    lines = a_file(in_a_thread)
    path = lines.path
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lines.run, RARELY_MS, print)
        for number in range(50):
            lines.append(b"%d\n" % number)
            with trio.fail_after(10):
                await lines.kept()
            assert path.read_bytes().endswith(b"%d\n" % number)
        nursery.cancel_scope.cancel()
    lines.append(b"last\n")
    lines.close()
    assert path.read_bytes().endswith(b"49\nlast\n")


class Full:
    """A file on a disk with room for two more bytes. State: whether it is still full."""

    def __init__(self, lines: LineFile) -> None:
        self.is_full, self._room, self._file = True, 2, lines._file
        lines._file = self  # type: ignore[assignment]

    def write(self, data: bytearray) -> int:
        if not self.is_full:
            return self._file.write(data)
        if not self._room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written, self._room = self._file.write(data[: self._room]), 0
        return written

    def fileno(self) -> int:
        return self._file.fileno()

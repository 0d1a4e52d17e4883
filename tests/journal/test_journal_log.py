"""The file: complete to the last line, and honest about lines that are none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from polytui.config.schema import JournalSettings
from polytui.journal.codec import (
    FORMAT,
    Header,
    JournalRecord,
    decode_event,
    encode_header,
    encode_record,
)
from polytui.journal.log import JournalLog
from polytui.journal.reader import JournalReader
from polytui.journal.seal import sealed
from polytui.model.errors import Fatal
from polytui.model.events import Ticked

HEADER = Header(FORMAT, "0.1.0", "demo", "session", 5)


def line(seq: int) -> bytes:
    return encode_record(seq, seq * 10, "btc", Ticked(seq), (), True)


def a_journal(folder: Path, *lines: bytes) -> Path:
    session = folder / "runs" / "one"
    log = JournalLog(session, HEADER, JournalSettings())
    for each in lines:
        log.append(each)
    log.close()
    return session


def read_all(path: Path) -> list[JournalRecord]:
    with JournalReader(path) as journal:
        assert journal.header == HEADER
        return list(journal)


def test_what_was_appended_is_read_in_order(tmp_path: Path) -> None:
    path = a_journal(tmp_path, *(line(seq) for seq in range(1, 500)))
    records = read_all(path)
    assert [record.seq for record in records] == list(range(1, 500))
    assert decode_event(records[6].event) == Ticked(7)


def test_a_session_without_an_event_is_a_journal(tmp_path: Path) -> None:
    assert read_all(a_journal(tmp_path)) == []


@pytest.mark.parametrize("cut", [1, 2, 20])
def test_a_last_line_that_a_crash_cut_short_is_left_out(tmp_path: Path, cut: int) -> None:
    (tmp_path / "journal").mkdir()
    whole = sealed([encode_header(HEADER), line(1), line(2)])
    (tmp_path / "journal" / "000001.jsonl").write_bytes(whole[:-cut])
    assert [record.seq for record in read_all(tmp_path)] == [1]


def test_a_journal_never_writes_over_another(tmp_path: Path) -> None:
    path = a_journal(tmp_path, line(1))
    with pytest.raises(Fatal, match="cannot write the journal"):
        JournalLog(path, HEADER, JournalSettings())
    assert len(read_all(path)) == 1


@pytest.mark.trio
async def test_the_disk_is_written_every_so_often_and_not_abandoned_half_way(
    tmp_path: Path, mock_clock: MockClock
) -> None:
    log = JournalLog(tmp_path, HEADER, JournalSettings())
    path = log.file_path
    async with trio.open_nursery() as nursery:
        nursery.start_soon(log.run, 200, print)
        log.append(line(1))
        await wait_all_tasks_blocked()
        assert path.read_bytes() == b""
        mock_clock.jump(0.201)
        await wait_all_tasks_blocked()
        # A thread writes now, or has written; cancelling waits for it.
        nursery.cancel_scope.cancel()
    log.append(line(2))
    assert path.read_bytes() == sealed([encode_header(HEADER), line(1)])
    log.close()
    assert [record.seq for record in read_all(tmp_path)] == [1, 2]


@pytest.mark.trio
async def test_nothing_is_written_twice(tmp_path: Path) -> None:
    log = JournalLog(tmp_path, HEADER, JournalSettings())
    log.append(line(1))
    await log.flush()
    await log.flush()
    log.append(line(2))
    await log.flush()
    assert log.file_path.read_bytes() == sealed([encode_header(HEADER), line(1), line(2)])
    log.close()


@pytest.mark.trio
async def test_a_line_that_is_made_later_stands_in_its_place(tmp_path: Path) -> None:
    """It is made by the writer, once, however often the disk refuses before."""
    made, refused = list[str](), [OSError(28, "no room"), None]

    async def off_loop(work: Callable[[], None]) -> None:
        if (error := refused.pop(0)) is not None:
            raise error
        work()

    def make() -> bytes:
        made.append("")
        return line(2)

    log = JournalLog(tmp_path, HEADER, JournalSettings(), off_loop)
    log.append(line(1))
    log.add(make)
    log.add(line(3))
    assert made == [], "appending makes nothing"
    with pytest.raises(OSError, match="no room"):
        await log.flush()
    await log.flush()
    log.append(line(4))
    log.close()
    assert [record.seq for record in read_all(log.path)] == [1, 2, 3, 4]
    assert made == [""]


@pytest.mark.trio
async def test_what_is_made_later_is_kept_when_it_is_asked_for(tmp_path: Path) -> None:
    log = JournalLog(tmp_path, HEADER, JournalSettings())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(log.run, 10_000, print)
        log.add(lambda: line(1))
        await log.kept()
        assert line(1)[:-2] in log.file_path.read_bytes()
        nursery.cancel_scope.cancel()
    log.close()

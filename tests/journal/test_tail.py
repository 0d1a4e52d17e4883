"""What is new in a journal, each record once, whatever is done to its files meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polytui.config.schema import JournalSettings
from polytui.journal.codec import (
    FORMAT,
    BadJournal,
    Header,
    JournalRecord,
    encode_checkpoint,
    encode_digest,
    encode_header,
    encode_record,
    encode_risk_state,
)
from polytui.journal.log import JournalLog
from polytui.journal.reader import JournalReader
from polytui.journal.seal import sealed
from polytui.journal.segments import press_closed, segment_path
from polytui.journal.tail import JournalTail
from polytui.model.events import RiskStateRestored, Ticked
from polytui.model.units import Usd

HEADER = Header(FORMAT, "0.1.0", "demo", "session", 5)


def line(seq: int) -> bytes:
    return encode_record(seq, seq * 10, "btc", Ticked(seq), (), True)


def name_of(record: JournalRecord) -> tuple[int, str, bool]:
    return record.seq, record.digest, record.is_event


WHOLE = sealed(
    [
        encode_header(HEADER),
        *(each for seq in range(1, 13) for each in (line(seq), encode_digest(seq, f"{seq:x}"))),
    ]
)


@settings(max_examples=80, deadline=None)
@given(cuts=st.lists(st.integers(0, len(WHOLE)), max_size=12), most=st.integers(1, 9))
def test_however_the_bytes_come_each_record_comes_once(
    cuts: list[int], most: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Appended in any pieces, asked after each: never half a record, none twice, none lost."""
    folder = tmp_path_factory.mktemp("tail") / "journal"
    folder.mkdir()
    path, tail, found = segment_path(folder, 1), JournalTail(folder.parent), list[JournalRecord]()
    written = 0
    with path.open("ab", buffering=0) as file:
        for end in (*sorted(cuts), len(WHOLE)):
            file.write(WHOLE[written:end])
            written = end
            while new := tail.read(most):
                found += new
            assert len(found) == max(0, WHOLE[:written].count(b"\n") - 1)
    tail.close()
    expected = [(seq, *rest) for seq in range(1, 13) for rest in (("", True), (f"{seq:x}", False))]
    assert [name_of(record) for record in found] == expected


STEPS = ("append", "write", "turn", "press", "read", "reopen")


@settings(max_examples=80, deadline=None)
@given(steps=st.lists(st.sampled_from(STEPS), max_size=60), most=st.integers(1, 7))
def test_segments_may_turn_and_be_pressed_while_it_reads(
    steps: list[str], most: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """And another one may go on from where it stood, as after a crash of whoever asks."""
    folder = tmp_path_factory.mktemp("tail")
    log, tail = JournalLog(folder, HEADER, JournalSettings()), JournalTail(folder)
    seq, found = 0, list[JournalRecord]()
    for step in (*steps, "append", "write"):
        match step:
            case "append":
                seq += 1
                log.append(line(seq))
            case "write":
                log.write_now()
            case "turn" if seq:
                log.begin_segment(seq, encode_checkpoint(seq, "ab", [seq]))
            case "press":
                press_closed(log.path)
            case "read":
                found += tail.read(most)
            case _:
                place = tail.place
                tail.close()
                tail = JournalTail(folder, place)
    log.close()
    while new := tail.read(most):
        found += new
    tail.close()
    with JournalReader(folder) as journal:
        assert list(map(name_of, found)) == list(map(name_of, journal))
    assert [record.seq for record in found if record.is_event] == list(range(1, seq + 1))


def test_before_there_is_a_journal_nothing_is_new(tmp_path: Path) -> None:
    tail = JournalTail(tmp_path / "later")
    assert tail.read() == []
    log = JournalLog(tmp_path / "later", HEADER, JournalSettings())
    assert tail.read() == []
    log.append(line(1))
    log.close()
    assert [record.seq for record in tail.read()] == [1]
    assert tail.header == HEADER
    tail.close()


def test_what_a_replay_passes_over_is_new_as_well(tmp_path: Path) -> None:
    log = JournalLog(tmp_path, HEADER, JournalSettings())
    log.append(encode_risk_state(RiskStateRestored(0, Usd(0), 0, Usd(0), (), "", 0)))
    log.close()
    with JournalTail(tmp_path) as tail:
        (record,) = tail.read()
    assert record.risk_state


def test_damage_is_named_and_nothing_behind_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    damaged = bytearray(WHOLE)
    damaged[WHOLE.index(b'{"seq":5,') + 30] ^= 1
    segment_path(tmp_path / "journal", 1).write_bytes(damaged)
    with JournalTail(tmp_path) as tail:
        assert [record.seq for record in tail.read()] == [1, 1, 2, 2, 3, 3, 4, 4]
        for _ in range(2):
            with pytest.raises(BadJournal, match=r"000001\.jsonl, line \d+: its checksum is wrong"):
                tail.read()


def test_a_segment_that_is_gone_before_it_was_read_is_said(tmp_path: Path) -> None:
    log = JournalLog(tmp_path, HEADER, JournalSettings())
    log.append(line(1))
    log.write_now()
    with JournalTail(tmp_path) as tail:
        tail.read()
        place = tail.place
    log.append(line(2))
    log.begin_segment(2, encode_checkpoint(2, "ab", [2]))
    log.close()
    segment_path(log.path, 1).unlink()
    with (
        JournalTail(tmp_path, place) as tail,
        pytest.raises(BadJournal, match="segment 1 is gone, and was not read to its end"),
    ):
        tail.read()


def test_what_comes_right_before_a_segment_is_closed_is_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next segment is looked for before the end is read: seen after it, there could have been
    more behind that end."""
    log = JournalLog(tmp_path, HEADER, JournalSettings())
    log.append(line(1))
    log.write_now()
    tail, work = JournalTail(tmp_path), [True]
    paths = tail._paths

    def write_meanwhile() -> list[Path]:
        if tail.place.seq == 1 and work and work.pop():
            log.append(line(2))
            log.begin_segment(2, encode_checkpoint(2, "ab", [2]))
            log.append(line(3))
            log.write_now()
        return paths()

    monkeypatch.setattr(tail, "_paths", write_meanwhile)
    found = [record.seq for _ in range(4) for record in tail.read() if record.is_event]
    assert found == [1, 2, 3]
    tail.close()
    log.close()

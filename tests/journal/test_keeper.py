"""What is closed is pressed, what is old is thinned, and trades outlive prices."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import attrs
import msgspec
import pytest

from polytui.backtest.replay import replay_journal
from polytui.config.schema import JournalSettings
from polytui.journal.codec import (
    FORMAT,
    Header,
    decode_event,
    encode_checkpoint,
    encode_digest,
    encode_record,
)
from polytui.journal.keeper import Errand, tend
from polytui.journal.log import JournalLog
from polytui.journal.reader import JournalReader
from polytui.journal.segments import alone, in_folder, press, segment_path, write_pressed
from polytui.journal.tail import JournalTail
from polytui.journal.thinning import RAW, TRADES
from polytui.model.effects import Explain, Reason, Why
from polytui.model.errors import Fatal
from polytui.model.events import Action, Commanded, ExchangeTraded, Ticked
from polytui.model.instrument import Asset
from polytui.model.orders import Side

DAY_S = 86_400.0
NOW_S = 1_795_204_800.0
TRADED = ExchangeTraded(Asset.BTC, "binance", 1, 100.0, 1.0, Side.BUY, 1, 1)


def a_session(directory: Path, name: str = "one", segments: int = 4) -> JournalLog:
    """Of four events a segment: a tick, a tick that explains something, a trade, a command."""
    header = Header(FORMAT, "0.1.0", "demo", name, 5)
    log = JournalLog(directory / name, header, JournalSettings())
    why = Explain("round", "probit", Why(Reason.EDGE_SMALL, 1, 2, "bps"))
    for at in range(segments):
        seq = 4 * at
        log.append(encode_record(seq + 1, 1, "btc", Ticked(1), (), False))
        log.append(encode_record(seq + 2, 1, "btc", Ticked(2), (why,), True))
        log.append(encode_record(seq + 3, 1, "btc", TRADED, (), True))
        log.append(encode_record(seq + 4, 1, "btc", Commanded(Action.PAUSE, "test"), (), True))
        log.append(encode_digest(seq + 4, "ab"))
        if at < segments - 1:
            log.begin_segment(seq + 4, encode_checkpoint(seq + 4, "ab", [seq]))
        log.write_now()
    return log


def age(journal: Path, days: dict[int, float]) -> None:
    for number, old in days.items():
        at = NOW_S - old * DAY_S
        (path,) = journal.glob(f"{number:06d}.*")
        os.utime(path, (at, at))


def settings(directory: Path, **given: object) -> JournalSettings:
    return attrs.evolve(JournalSettings(directory=str(directory)), **given)


def kinds(journal: Path) -> list[tuple[int, str]]:
    """(number, kind) of every event that is left."""
    with JournalReader(journal) as records:
        return [(r.seq, type(decode_event(r.event)).__name__) for r in records if r.is_event]


def thinned(journal: Path) -> list[str]:
    found = []
    for path in in_folder(journal):
        with JournalReader(path) as records:
            found.append(records.header.thinned)
    return found


def test_every_segment_but_the_one_that_is_written_is_pressed(tmp_path: Path) -> None:
    log = a_session(tmp_path)
    (log.path / "000001.jsonl.zst.part").write_bytes(b"a crash left this")
    assert tend(Errand(str(log.path), settings(tmp_path)), NOW_S) == []
    names = ["000001.jsonl.zst", "000002.jsonl.zst", "000003.jsonl.zst", "000004.jsonl"]
    assert sorted(path.name for path in log.path.iterdir()) == names
    assert len(kinds(log.path)) == 16
    log.close()


@pytest.mark.parametrize("is_under_both_names", [False, True])
def test_whatever_moment_pressing_is_killed_at_the_journal_reads(
    tmp_path: Path, is_under_both_names: bool
) -> None:
    log = a_session(tmp_path)
    first = segment_path(log.path, 1)
    whole = first.read_bytes()
    pressed = press(first)
    if is_under_both_names:
        first.write_bytes(whole)
    else:
        pressed.rename(pressed.with_name(pressed.name + ".part"))
        first.write_bytes(whole)
    assert len(kinds(log.path)) == 16
    tend(Errand(str(log.path), settings(tmp_path)), NOW_S)
    assert not list(log.path.glob("*.part"))
    assert not first.exists()
    assert len(kinds(log.path)) == 16
    log.close()


def test_what_a_killed_session_left_is_pressed_a_day_later(tmp_path: Path) -> None:
    killed, own = a_session(tmp_path, "killed", segments=2), a_session(tmp_path, segments=1)
    errand = Errand(str(own.path), settings(tmp_path))
    age(killed.path, {1: 0.5, 2: 0.5})
    age(own.path, {1: 9})
    tend(errand, NOW_S)
    assert {path.suffix for path in in_folder(killed.path)} == {".jsonl"}
    tend(errand, NOW_S + DAY_S)
    assert {path.suffix for path in in_folder(killed.path)} == {".zst"}
    assert len(kinds(killed.path)) == 8
    assert in_folder(own.path)[0].suffix == ".jsonl"
    own.close()
    with pytest.raises(Fatal, match="it was removed while it was written"):
        killed.close()


def test_two_keepers_of_one_directory_leave_each_segment_whole(tmp_path: Path) -> None:
    """The second one comes while the first writes aside, and is killed at its first chunk; as it
    was, that made the first one's file of no bytes."""
    log = a_session(tmp_path, segments=2)
    first = segment_path(log.path, 1)
    data = first.read_bytes()

    def chunks() -> Iterator[bytes]:
        yield data[:100]
        with pytest.raises(BlockingIOError):
            press(first)
        assert tend(Errand(str(log.path), settings(tmp_path)), NOW_S) == [
            f"{log.path} is left for later: another process is at it"
        ]
        yield data[100:]

    with alone(log.path):
        write_pressed(first.with_suffix(".jsonl.zst"), chunks())
    assert tend(Errand(str(log.path), settings(tmp_path)), NOW_S) == []
    assert [path.name for path in in_folder(log.path)] == ["000001.jsonl.zst", "000002.jsonl"]
    assert len(kinds(log.path)) == 8
    log.close()


def test_what_another_keeper_is_at_keeps_nothing_else_from_being_done(tmp_path: Path) -> None:
    own, *others = (a_session(tmp_path, name, segments=2) for name in ("own", "two", "three"))
    for log in others:
        age(log.path, {1: 9, 2: 9})
    with alone(others[0].path):
        said = tend(Errand(str(own.path), settings(tmp_path)), NOW_S)
    assert said == [f"{others[0].path} is left for later: another process is at it"]
    assert {path.suffix for path in in_folder(others[0].path)} == {".jsonl"}
    assert {path.suffix for path in in_folder(others[1].path)} == {".zst"}
    own.close()
    for log in others:
        with suppress(Fatal):
            log.close()


def test_what_is_older_than_its_days_keeps_what_was_decided_and_traded(tmp_path: Path) -> None:
    log = a_session(tmp_path)
    log.close()
    other = a_session(tmp_path, "two")
    tend(Errand(str(log.path), settings(tmp_path)), NOW_S)
    age(log.path, {1: 31, 2: 29, 3: -400, 4: 90})
    said = tend(Errand(str(other.path), settings(tmp_path, keep_days=30.0)), NOW_S)
    assert len(said) == 1
    assert "000001.jsonl.zst: no replay any more" in said[0]
    assert thinned(log.path) == [RAW, "", "", ""], "the future is not old; the last is gone on from"
    assert kinds(log.path)[:3] == [(2, "Ticked"), (4, "Commanded"), (5, "Ticked")]
    assert tend(Errand(str(other.path), settings(tmp_path, keep_days=30.0)), NOW_S) == []
    other.close()


def test_what_is_too_much_is_thinned_from_the_oldest_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("polytui.journal.keeper._MB", 1)
    log = a_session(tmp_path)
    tend(Errand(str(log.path), settings(tmp_path)), NOW_S)
    age(log.path, {1: 1, 2: 3, 3: 2})
    sizes = [path.stat().st_size for path in in_folder(log.path)[:3]]
    tend(Errand(str(log.path), settings(tmp_path, keep_mb=sum(sizes) - 1)), NOW_S)
    assert thinned(log.path) == ["", RAW, "", ""]
    tend(Errand(str(log.path), settings(tmp_path, keep_mb=1)), NOW_S)
    assert thinned(log.path) == [RAW, RAW, RAW, ""]
    log.close()


def test_thinned_files_go_when_their_days_are_over_and_no_others(tmp_path: Path) -> None:
    log = a_session(tmp_path)
    tend(Errand(str(log.path), settings(tmp_path)), NOW_S)
    age(log.path, {1: 31, 2: 31, 3: 1})
    tend(Errand(str(log.path), settings(tmp_path)), NOW_S)
    age(log.path, {1: 400})
    (said,) = tend(Errand(str(log.path), settings(tmp_path, keep_thinned_days=365.0)), NOW_S)
    assert said.endswith("000001.jsonl.zst")
    assert [path.name[:6] for path in in_folder(log.path)] == ["000002", "000003", "000004"]
    log.close()


def test_trades_of_exchanges_can_be_left_out_of_what_is_closed(tmp_path: Path) -> None:
    log = a_session(tmp_path)
    tend(Errand(str(log.path), settings(tmp_path, keep_exchange_trades=False)), NOW_S)
    assert thinned(log.path) == [TRADES, TRADES, TRADES, ""]
    left = kinds(log.path)
    assert [seq for seq, kind in left if kind == "ExchangeTraded"] == [15]
    assert len(left) == 13
    log.close()


def test_what_is_damaged_is_left_as_it_is_and_said(tmp_path: Path) -> None:
    log = a_session(tmp_path)
    tend(Errand(str(log.path), settings(tmp_path)), NOW_S)
    first = in_folder(log.path)[0]
    damaged = bytearray(first.read_bytes())
    damaged[-20] ^= 1
    first.write_bytes(damaged)
    age(log.path, {1: 31, 2: 31})
    said = tend(Errand(str(log.path), settings(tmp_path)), NOW_S)
    assert any(f"{first} is not thinned: {first}" in line for line in said)
    assert first.read_bytes() == damaged
    with JournalReader(log.path / "000002.jsonl.zst") as second:
        assert second.header.thinned == RAW
    log.close()


def test_a_tail_goes_on_in_a_file_that_was_thinned_meanwhile(tmp_path: Path) -> None:
    log = a_session(tmp_path)
    with JournalTail(tmp_path / "one") as tail:
        assert [record.seq for record in tail.read(3)] == [1, 2, 3]
        place = tail.place
    tend(Errand(str(log.path), settings(tmp_path)), NOW_S)
    age(log.path, {1: 31})
    tend(Errand(str(log.path), settings(tmp_path)), NOW_S)
    with JournalTail(tmp_path / "one", place) as tail:
        left = [record.seq for record in tail.read() if record.is_event]
    assert left == list(range(4, 17)), "none twice, and none is missing"
    log.close()


def test_a_replay_goes_on_from_the_checkpoint_behind_what_was_thinned(tmp_path: Path) -> None:
    """Said, and not a difference; a thinned file alone has nothing to replay."""
    log = a_session(tmp_path, segments=2)
    log.close()
    tend(Errand(str(log.path), settings(tmp_path)), NOW_S)
    age(log.path, {1: 31})
    tend(Errand(str(log.path), settings(tmp_path)), NOW_S)
    verdict = replay_journal(log.path / "000001.jsonl.zst", is_verifying=True)
    assert (verdict.events, verdict.passed_over) == (
        0,
        ("segments up to 1 are thinned, and do not replay",),
    )


def test_it_is_a_command_of_its_own(tmp_path: Path) -> None:
    log = a_session(tmp_path)
    age(log.path, {1: 0})
    errand = Errand(str(log.path), settings(tmp_path, keep_exchange_trades=False))
    command = [sys.executable, "-m", "polytui.journal.keeper", msgspec.json.encode(errand).decode()]
    ended = subprocess.run(command, capture_output=True, check=True, text=True)
    assert "raw trades of exchanges taken out of" in ended.stdout
    assert thinned(log.path) == [TRADES, TRADES, TRADES, ""]
    log.close()

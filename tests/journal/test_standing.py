"""A standing is found again: the newest of its mode, whatever else lies in the folder."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from polytui.backtest.replay import replay_journal
from polytui.journal.codec import (
    BadJournal,
    Header,
    decode_record,
    decode_standing,
    encode_digest,
    encode_header,
    encode_record,
    encode_standing,
)
from polytui.journal.log import read_journal
from polytui.journal.standing import last_standing
from polytui.model.events import StandingRestored, Ticked
from polytui.model.units import Usd

_BLOCK = 256 << 10


def a_standing(trades: int) -> StandingRestored:
    return StandingRestored(20_777, Usd(-5), trades, Usd(7), (("btc", 2),), 'said "no"\n', 99)


def event(seq: int) -> bytes:
    return encode_record(seq, seq, "btc", Ticked(seq), (), True)


def header(mode: str = "paper") -> bytes:
    return encode_header(Header(1, "0.1.0", mode, "session", 5))


def a_session(runs: Path, name: str, *lines: bytes, at_s: int) -> Path:
    """A journal last written at `at_s`."""
    path = runs / name / "journal.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"".join(lines))
    os.utime(path, (at_s, at_s))
    return path


# --- the line -----------------------------------------------------------------------------------


def test_a_standing_is_one_line_and_read_as_it_was_written() -> None:
    line = encode_standing(a_standing(3))
    assert line.startswith(b'{"standing":["StandingRestored",{')
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert decode_standing(line) == a_standing(3)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b'{"standing":null}',
        b'{"standing":["StandingRestored",{}]}',
        b'{"standing":["Ticked",{"at_ns":1}]}',
        event(1),
        encode_digest(1, "00"),
    ],
)
def test_what_is_no_standing_is_refused(line: bytes) -> None:
    with pytest.raises(BadJournal):
        decode_standing(line)


def test_other_records_have_no_standing() -> None:
    assert decode_record(event(1)).standing == msgspec.Raw(b"")
    assert decode_record(encode_standing(a_standing(1))).standing


def test_who_reads_a_journal_does_not_see_standings(tmp_path: Path) -> None:
    lines = (header(), encode_standing(a_standing(1)), event(1), encode_standing(a_standing(2)))
    path = a_session(tmp_path, "one", *lines, event(2), encode_digest(2, "ff"), at_s=1)
    _, records = read_journal(path)
    assert [(record.seq, record.digest) for record in records] == [(1, ""), (2, ""), (2, "ff")]


def test_a_replay_passes_standings_over(tmp_path: Path) -> None:
    """A journal of nothing else is a journal in which nothing happened."""
    path = a_session(tmp_path, "one", header(), encode_standing(a_standing(1)), at_s=1)
    verdict = replay_journal(path, is_verifying=True)
    assert (verdict.events, verdict.is_equal) == (0, True)


def test_a_standing_that_is_written_badly_is_named(tmp_path: Path) -> None:
    path = a_session(tmp_path, "one", header(), b'{"standing":}\n', at_s=1)
    _, records = read_journal(path)
    with pytest.raises(BadJournal, match="line 2: not a record"):
        list(records)


# --- where it is found --------------------------------------------------------------------------


def test_the_last_one_of_the_newest_journal(tmp_path: Path) -> None:
    old = (header(), encode_standing(a_standing(1)), event(1))
    new = (header(), encode_standing(a_standing(2)), event(1), encode_standing(a_standing(3)))
    a_session(tmp_path, "z", *old, at_s=100)
    a_session(tmp_path, "a", *new, event(2), at_s=101)
    assert last_standing(tmp_path, "paper") == a_standing(3)


def test_another_mode_is_another_world(tmp_path: Path) -> None:
    a_session(tmp_path, "p", header("paper"), encode_standing(a_standing(1)), at_s=100)
    a_session(tmp_path, "d", header("demo"), encode_standing(a_standing(2)), at_s=200)
    assert last_standing(tmp_path, "paper") == a_standing(1)
    assert last_standing(tmp_path, "demo") == a_standing(2)
    assert last_standing(tmp_path, "live") is None


def test_a_session_that_left_none_is_passed_over(tmp_path: Path) -> None:
    """As this session's own journal, that has just been begun."""
    a_session(tmp_path, "old", header(), encode_standing(a_standing(1)), at_s=100)
    a_session(tmp_path, "own", header(), at_s=200)
    a_session(tmp_path, "idle", header(), event(1), at_s=300)
    assert last_standing(tmp_path, "paper") == a_standing(1)


@pytest.mark.parametrize("cut", [1, 2, 30])
def test_a_last_line_that_a_crash_cut_short_is_left_out(tmp_path: Path, cut: int) -> None:
    torn = encode_standing(a_standing(2))[:-cut]
    lines = (header(), encode_standing(a_standing(1)), event(1), torn)
    a_session(tmp_path, "one", *lines, at_s=1)
    assert last_standing(tmp_path, "paper") == a_standing(1)


def test_a_line_that_cannot_be_believed_is_passed_over(tmp_path: Path) -> None:
    bad = b'{"standing":["StandingRestored",{"day":"tomorrow"}]}\n'
    lines = (header(), encode_standing(a_standing(1)), bad, b'{"standing":{}}\n', b"{oops}\n")
    a_session(tmp_path, "one", *lines, at_s=1)
    assert last_standing(tmp_path, "paper") == a_standing(1)


@pytest.mark.parametrize(
    "junk", [b"", b"\n", b"\xff" * 500_000, b"a,b\n1,2\n", b'{"standing":[]}\n', b"\n" * 9]
)
def test_files_that_are_no_journals(tmp_path: Path, junk: bytes) -> None:
    a_session(tmp_path, "good", header(), encode_standing(a_standing(1)), at_s=1)
    a_session(tmp_path, "junk", junk, at_s=200)
    assert last_standing(tmp_path, "paper") == a_standing(1)


def test_things_that_are_no_files(tmp_path: Path) -> None:
    a_session(tmp_path, "good", header(), encode_standing(a_standing(1)), at_s=1)
    (tmp_path / "folder" / "journal.jsonl").mkdir(parents=True)
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / "journal.jsonl")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    (tmp_path / "a file").write_bytes(b"x")
    assert last_standing(tmp_path, "paper") == a_standing(1)


def test_no_folder_is_no_standing(tmp_path: Path) -> None:
    assert last_standing(tmp_path / "nowhere", "paper") is None
    (tmp_path / "file").write_bytes(b"")
    assert last_standing(tmp_path / "file", "paper") is None


@pytest.mark.parametrize("before_end", [1, 2, 11, 12, 13, 100, 150, 190, 200, 210, 220])
def test_a_line_may_lie_across_two_blocks(tmp_path: Path, before_end: int) -> None:
    """The file is read in blocks from its end; the first begins inside the line, or beside it."""
    line = encode_standing(a_standing(2))
    filler = b'{"seq":1,"raised":"%s"}\n'
    tail = filler % (b"x" * (_BLOCK - before_end - len(filler % b"")))
    assert len(tail) == _BLOCK - before_end
    a_session(tmp_path, "one", header(), encode_standing(a_standing(1)), line, tail, at_s=1)
    assert last_standing(tmp_path, "paper") == a_standing(2)


def test_behind_a_line_longer_than_a_block(tmp_path: Path) -> None:
    long = b'{"seq":1,"raised":"%s"}\n' % (b"x" * 1_000_000)
    a_session(tmp_path, "one", header(), encode_standing(a_standing(2)), long, event(2), at_s=1)
    assert last_standing(tmp_path, "paper") == a_standing(2)


@pytest.mark.parametrize(("short", "is_found"), [(0, True), (1, False)])
def test_work_is_bounded(tmp_path: Path, short: int, is_found: bool) -> None:
    """What is so far from the end of a journal is old, and is not believed."""
    line, tail = encode_standing(a_standing(1)), event(1) * 5_000
    a_session(tmp_path, "one", header(), line, tail, at_s=1)
    most = 1 + len(line) + len(tail) - short  # with the line break in front
    assert len(tail) > _BLOCK
    assert (last_standing(tmp_path, "paper", most) is not None) is is_found


@pytest.mark.parametrize(("short", "is_found"), [(0, True), (1, False)])
def test_the_bound_is_of_all_journals_together(tmp_path: Path, short: int, is_found: bool) -> None:
    """The newer one has none and takes all but what is left for the other."""
    line, tail = encode_standing(a_standing(1)), event(1) * 50
    a_session(tmp_path, "old", header(), line, at_s=1)
    a_session(tmp_path, "new", header(), tail, at_s=2)
    most = len(header()) + len(tail) + 1 + len(line) - short
    assert (last_standing(tmp_path, "paper", most) is not None) is is_found


def test_a_bound_that_is_used_up_ends_the_search(tmp_path: Path) -> None:
    a_session(tmp_path, "old", header(), encode_standing(a_standing(1)), at_s=1)
    a_session(tmp_path, "new", header(), event(1) * 50, at_s=2)
    assert last_standing(tmp_path, "paper", len(header() + event(1) * 50)) is None


def test_many_sessions_that_left_none_do_not_hide_one(tmp_path: Path) -> None:
    a_session(tmp_path, "old", header(), encode_standing(a_standing(1)), at_s=1)
    for number in range(50):
        a_session(tmp_path, f"p{number}", header(), at_s=100 + number)
    assert last_standing(tmp_path, "paper") == a_standing(1)

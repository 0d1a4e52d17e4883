"""What an earlier version left is never passed over: it is found, whatever else lies in the folder,
and a session that would begin without it is refused in one line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from polytui.journal.codec import FORMAT, Header, encode_header, encode_record, encode_risk_state
from polytui.journal.former_state import former_file, former_journal
from polytui.journal.risk_state_file import RiskStateFile
from polytui.model.errors import Fatal
from polytui.model.events import RiskStateRestored, Ticked
from polytui.model.units import Usd

_BLOCK = 256 << 10
KILLED = (
    b'{"standing":["StandingRestored",{"day":20777,"realised_today":-5,"trades_today":3,'
    b'"realised_peak":7,"losses_in_a_row":[["btc",2]],"kill_why":"said no","kill_since_ns":9}]}\n'
)


def event(seq: int) -> bytes:
    return encode_record(seq, seq, "btc", Ticked(seq), (), True)


def header(mode: str = "paper", form: int = 1) -> bytes:
    return encode_header(Header(form, "0.1.0", mode, "session", 5))


def a_session(runs: Path, name: str, *lines: bytes, at_s: int) -> Path:
    """A journal last written at `at_s`."""
    path = runs / name / "journal.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"".join(lines))
    os.utime(path, (at_s, at_s))
    return path


def refusal(folder: Path, mode: str = "paper") -> str:
    with pytest.raises(Fatal) as refused:
        RiskStateFile(folder, mode, "session", 1)
    return str(refused.value)


# --- a session is refused -----------------------------------------------------------------------


def test_the_file_of_the_former_name_stops_a_session_until_a_person_moved_it(
    tmp_path: Path,
) -> None:
    """In one line: which file, that it is not read, and what to do. Nothing is touched."""
    former = tmp_path / "paper.standing.jsonl"
    former.write_bytes(KILLED)
    said = refusal(tmp_path)
    assert said.startswith(f"{former} was left by an earlier version")
    assert "this version does not read it" in said
    assert "kill_why" in said
    assert "move it" in said
    assert "\n" not in said
    assert former.read_bytes() == KILLED
    assert not (tmp_path / "paper.risk_state.jsonl").exists()
    assert refusal(tmp_path) == said, "and again: it is not forgotten by having been said"
    former.rename(tmp_path / "moved")
    RiskStateFile(tmp_path, "paper", "session", 1).close()


def test_it_stops_one_beside_a_file_of_this_version_too(tmp_path: Path) -> None:
    """Somebody went back to the earlier version for a while, and killed there."""
    clear = RiskStateRestored(20_777, Usd(0), 0, Usd(0), (), "", 0)
    (tmp_path / "paper.risk_state.jsonl").write_bytes(encode_risk_state(clear))
    (tmp_path / "paper.standing.jsonl").write_bytes(KILLED)
    assert "paper.standing.jsonl" in refusal(tmp_path)


def test_a_link_to_nowhere_is_a_file_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "paper.standing.jsonl").symlink_to(tmp_path / "gone")
    assert former_file(tmp_path, "paper") is not None


def test_a_file_of_another_mode_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "live.standing.jsonl").write_bytes(KILLED)
    RiskStateFile(tmp_path, "paper", "session", 1).close()


def test_a_line_in_an_older_journal_stops_a_session_that_has_no_file(tmp_path: Path) -> None:
    path = a_session(tmp_path, "old", header(), KILLED, event(1), at_s=1)
    said = refusal(tmp_path)
    assert said.startswith(f"{path} was left by an earlier version")
    path.parent.rename(tmp_path.parent / "moved")
    RiskStateFile(tmp_path, "paper", "session", 1).close()
    a_session(tmp_path, "found later", header(), KILLED, at_s=1)
    RiskStateFile(tmp_path, "paper", "session", 1).close()  # its own file knows better


# --- where it is found --------------------------------------------------------------------------


def test_the_newest_journal_is_named(tmp_path: Path) -> None:
    a_session(tmp_path, "z", header(), KILLED, event(1), at_s=100)
    newest = a_session(tmp_path, "a", header(), KILLED, event(1), event(2), at_s=101)
    assert former_journal(tmp_path, "paper") == newest


def test_another_mode_is_another_world(tmp_path: Path) -> None:
    paper = a_session(tmp_path, "p", header("paper"), KILLED, at_s=100)
    demo = a_session(tmp_path, "d", header("demo"), KILLED, at_s=200)
    assert former_journal(tmp_path, "paper") == paper
    assert former_journal(tmp_path, "demo") == demo
    assert former_journal(tmp_path, "live") is None


def test_a_session_that_left_none_is_passed_over(tmp_path: Path) -> None:
    old = a_session(tmp_path, "old", header(), KILLED, at_s=100)
    a_session(tmp_path, "own", header(), at_s=200)
    a_session(tmp_path, "idle", header(), event(1), at_s=300)
    assert former_journal(tmp_path, "paper") == old


def test_a_journal_of_this_version_is_not_asked(tmp_path: Path) -> None:
    a_session(tmp_path, "new", header(form=FORMAT), KILLED, at_s=100)
    assert former_journal(tmp_path, "paper") is None


@pytest.mark.parametrize("cut", [1, 2, 30])
def test_a_last_line_that_a_crash_cut_short_was_never_acknowledged(
    tmp_path: Path, cut: int
) -> None:
    a_session(tmp_path, "torn", header(), event(1), KILLED[:-cut], at_s=2)
    assert former_journal(tmp_path, "paper") is None
    whole = a_session(tmp_path, "whole", header(), KILLED, event(1), KILLED[:-cut], at_s=1)
    assert former_journal(tmp_path, "paper") == whole


@pytest.mark.parametrize(
    "junk", [b"", b"\n", b"\xff" * 500_000, b"a,b\n1,2\n", b'{"standing":[]}\n', b"\n" * 9]
)
def test_files_that_are_no_journals(tmp_path: Path, junk: bytes) -> None:
    good = a_session(tmp_path, "good", header(), KILLED, at_s=1)
    a_session(tmp_path, "junk", junk, at_s=200)
    assert former_journal(tmp_path, "paper") == good


def test_things_that_are_no_files(tmp_path: Path) -> None:
    good = a_session(tmp_path, "good", header(), KILLED, at_s=1)
    (tmp_path / "folder" / "journal.jsonl").mkdir(parents=True)
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / "journal.jsonl")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    (tmp_path / "a file").write_bytes(b"x")
    assert former_journal(tmp_path, "paper") == good


def test_no_folder_holds_nothing(tmp_path: Path) -> None:
    assert former_journal(tmp_path / "nowhere", "paper") is None
    (tmp_path / "file").write_bytes(b"")
    assert former_journal(tmp_path / "file", "paper") is None


@pytest.mark.parametrize("before_end", [1, 2, 11, 12, 13, 100, 150, 190, 200, 210, 220])
def test_a_line_may_lie_across_two_blocks(tmp_path: Path, before_end: int) -> None:
    """The file is read in blocks from its end; the first begins inside the line, or beside it."""
    filler = b'{"seq":1,"raised":"%s"}\n'
    tail = filler % (b"x" * (_BLOCK - before_end - len(filler % b"")))
    assert len(tail) == _BLOCK - before_end
    path = a_session(tmp_path, "one", header(), KILLED, tail, at_s=1)
    assert former_journal(tmp_path, "paper") == path


def test_behind_a_line_longer_than_a_block(tmp_path: Path) -> None:
    long = b'{"seq":1,"raised":"%s"}\n' % (b"x" * 1_000_000)
    path = a_session(tmp_path, "one", header(), KILLED, long, event(2), at_s=1)
    assert former_journal(tmp_path, "paper") == path


@pytest.mark.parametrize(("short", "is_found"), [(0, True), (1, False)])
def test_work_is_bounded(tmp_path: Path, short: int, is_found: bool) -> None:
    """What is so far from the end of a journal is old."""
    tail = event(1) * 5_000
    a_session(tmp_path, "one", header(), KILLED, tail, at_s=1)
    most = 1 + len(KILLED) + len(tail) - short  # with the line break in front
    assert len(tail) > _BLOCK
    assert (former_journal(tmp_path, "paper", most) is not None) is is_found


@pytest.mark.parametrize(("short", "is_found"), [(0, True), (1, False)])
def test_the_bound_is_of_all_journals_together(tmp_path: Path, short: int, is_found: bool) -> None:
    """The newer one has none and takes all but what is left for the other."""
    tail = event(1) * 50
    a_session(tmp_path, "old", header(), KILLED, at_s=1)
    a_session(tmp_path, "new", header(), tail, at_s=2)
    most = len(header()) + len(tail) + 1 + len(KILLED) - short
    assert (former_journal(tmp_path, "paper", most) is not None) is is_found

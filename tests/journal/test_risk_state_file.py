"""What a session leaves is found by the next one, whatever happened to the file; one at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from polytui.journal.codec import FORMAT, Header, encode_header, encode_risk_state
from polytui.journal.risk_state_file import RiskStateFile
from polytui.model.errors import Fatal
from polytui.model.events import RiskStateRestored, Stopped
from polytui.model.units import Usd

NOW = 99
CLEAR = RiskStateRestored(20_777, Usd(-5), 3, Usd(7), (("btc", 2),), "", 0)
KILLED = evolve(CLEAR, kill_why='said "no"\n', kill_since_ns=9)
PAUSED = evolve(CLEAR, stopped=(Stopped("btc", is_paused=True),))
_HOLDER = """
import sys, time
from pathlib import Path
from polytui.journal.risk_state_file import RiskStateFile
held = RiskStateFile(Path(sys.argv[1]), "paper", "the-first", 1)
print("held", flush=True)
time.sleep(600)
"""


def opened(folder: Path, mode: str = "paper", session: str = "s") -> RiskStateFile:
    return RiskStateFile(folder, mode, session, NOW)


def left(folder: Path, *risk_states: RiskStateRestored) -> Path:
    """The file of a session that wrote these."""
    file = opened(folder)
    for one in risk_states:
        file.write_if_changed(one)
    file.close()
    return file.path


def found(folder: Path) -> tuple[RiskStateRestored | None, str]:
    file = opened(folder)
    file.close()
    return file.restored, file.damage


def test_the_first_session_finds_nothing_and_the_next_one_what_was_written_last(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "runs"
    assert found(folder) == (None, "")
    assert found(folder) == (None, ""), "a session that left nothing"
    left(folder, CLEAR, KILLED, PAUSED)
    assert found(folder) == (PAUSED, "")
    assert found(folder) == (PAUSED, ""), "a session that said nothing passes it on"


def test_a_line_is_written_when_it_changed_and_the_file_begins_anew_with_its_last(
    tmp_path: Path,
) -> None:
    path = left(tmp_path, CLEAR, CLEAR, KILLED, KILLED, CLEAR)
    lines = [encode_risk_state(one) for one in (CLEAR, KILLED, CLEAR)]
    assert path.read_bytes() == b"".join(lines)
    left(tmp_path, CLEAR)
    assert path.read_bytes() == encode_risk_state(CLEAR)


def test_modes_are_different_worlds(tmp_path: Path) -> None:
    left(tmp_path, KILLED)
    live, paper = opened(tmp_path, "live"), opened(tmp_path)
    assert (live.restored, paper.restored) == (None, KILLED)
    live.close()
    paper.close()


def test_deleting_the_folders_of_old_sessions_deletes_no_kill(tmp_path: Path) -> None:
    in_a_journal(tmp_path, CLEAR)
    left(tmp_path, KILLED)
    (tmp_path / "old" / "journal.jsonl").unlink()
    assert found(tmp_path) == (KILLED, "")


def in_a_journal(folder: Path, risk_state: RiskStateRestored, name: str = "old") -> None:
    path = folder / name / "journal.jsonl"
    path.parent.mkdir()
    header = encode_header(Header(FORMAT, "0.1.0", "paper", name, 5))
    path.write_bytes(header + encode_risk_state(risk_state))


# --- a file that something happened to ------------------------------------------------------------


@given(cut=st.integers(1, len(encode_risk_state(CLEAR)) - 1))
def test_a_torn_last_line_was_never_acknowledged(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("runs")
    path = left(folder, KILLED)
    with path.open("ab") as file:
        file.write(encode_risk_state(CLEAR)[:cut])
    assert found(folder) == (KILLED, "")
    assert path.read_bytes() == encode_risk_state(KILLED)


def test_a_torn_first_line_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "paper.risk_state.jsonl").write_bytes(encode_risk_state(KILLED)[:-1])
    assert found(tmp_path) == (None, "")


@pytest.mark.parametrize(
    "line",
    [
        b"\x00" * 300,
        b'{"risk_state":["RiskStateRestored",{"day":"tomorrow"}]}',
        b'{"risk_state":["RiskStateRestored",{"day":1}]}',
        b'{"seq":1,"at":1,"asset":"btc","event":["Ticked",{"at_ns":1}],"effects":[]}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("before", [(), (CLEAR,), (PAUSED,)])
def test_a_damaged_last_line_might_have_been_a_kill(
    tmp_path: Path, line: bytes, before: tuple[RiskStateRestored, ...]
) -> None:
    path = left(tmp_path, *before)
    with path.open("ab") as file:
        file.write(line + b"\n")
    content = path.read_bytes()
    risk_state, damage = found(tmp_path)
    assert risk_state is not None
    assert risk_state.kill_why == "what the last session left cannot be read: look, then rearm"
    assert risk_state.kill_since_ns == NOW
    assert risk_state.stopped == (before[0].stopped if before else ())
    assert "cannot be read" in damage
    assert (tmp_path / f"paper.risk_state.damaged-{NOW}").read_bytes() == content
    assert found(tmp_path) == (risk_state, ""), "killed until a person re-arms"


def test_damage_does_not_change_the_words_of_a_kill(tmp_path: Path) -> None:
    path = left(tmp_path, KILLED)
    with path.open("ab") as file:
        file.write(b"{oops}\n")
    risk_state, damage = found(tmp_path)
    assert risk_state == KILLED
    assert damage


def test_what_cannot_be_read_or_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "paper.risk_state.jsonl").mkdir()
    with pytest.raises(Fatal, match="cannot keep what must survive in"):
        opened(tmp_path)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Fatal, match="cannot keep what must survive in"):
        opened(tmp_path / "file")


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    left(tmp_path, CLEAR)
    for path in tmp_path.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


# --- one session at a time ------------------------------------------------------------------------


def test_a_second_session_in_the_folder_is_refused_in_words(tmp_path: Path) -> None:
    first = opened(tmp_path, session="20261126-the-first")
    with pytest.raises(Fatal, match="another session on paper runs in") as refused:
        opened(tmp_path, session="the-second")
    assert f"(20261126-the-first, process {os.getpid()})" in str(refused.value)
    assert "set journal.directory" in str(refused.value)
    first.write_if_changed(KILLED)
    first.close()
    second = opened(tmp_path)
    assert second.restored == KILLED
    second.close()


def test_the_lock_dies_with_its_owner(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(tmp_path)], stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    with holder:
        try:
            assert holder.stdout.readline() == b"held\n"
            with pytest.raises(Fatal, match=f"the-first, process {holder.pid}"):
                opened(tmp_path)
        finally:
            holder.kill()
    opened(tmp_path).close()


def test_a_lock_that_says_nonsense_forges_no_line(tmp_path: Path) -> None:
    first = opened(tmp_path)
    (tmp_path / "paper.lock").write_bytes(b"x\n\x1b[31mall is well\n")
    with pytest.raises(Fatal, match="it does not say which"):
        opened(tmp_path)
    first.close()

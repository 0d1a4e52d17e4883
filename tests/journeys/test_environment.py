"""Machines that are not like ours: locales, streams, descriptors, disks, other people's folders.

Each runs the real command. What cannot work is said in one line, before anything starts.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from program import (
    CONFIG,
    EAGER,
    PATIENCE_S,
    QUICK,
    bytes_of,
    command,
    environment,
    places,
    replayed,
    short_folder,
    started,
)
from zygote import Begun, forking

BTC = ("--rounds", "1", "--assets", "btc", *QUICK)
IN_PROCESS = ("demo", "--in-process", *BTC, "--config", CONFIG)
PAPER_DEMO = (
    "demo", "--headless", "--paper", "--rounds", "0", "--assets", "btc", "--speed", "60", *QUICK,
)  # fmt: skip
PAPER = ("run", "--headless", "--assets", "btc", "--config", CONFIG)


def run(
    folder: Path,
    *arguments: str | Path,
    before: Callable[[], None] | None = None,
    **variables: str,
) -> subprocess.CompletedProcess[str]:
    """A command to its end, with `before` done in its process and `variables` set."""
    with short_folder() as runtime:
        process = _begin(folder, arguments, before, {**environment(runtime), **variables})
        return _end(process)


def run_until_it_hears(
    folder: Path,
    *arguments: str | Path,
    before: Callable[[], None] | None = None,
    **variables: str,
) -> subprocess.CompletedProcess[str]:
    """The same for a session whose life matters and not its rounds: asked to stop by a signal as
    soon as the venue's books are in its journal."""
    with short_folder() as runtime:
        process = _begin(folder, arguments, before, {**environment(runtime), **variables})
        deadline = time.monotonic() + PATIENCE_S
        while not any(b'"BookSnapshotted"' in bytes_of(one) for one in folder.glob("runs/*-*")):
            if process.poll() is not None:
                break
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            process.send_signal(signal.SIGTERM)
        return _end(process)


def _begin(
    folder: Path,
    arguments: tuple[str | Path, ...],
    before: Callable[[], None] | None,
    variables: dict[str, str],
) -> subprocess.Popen[str]:
    with forking(places()):
        return subprocess.Popen(
            command(*arguments),
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            preexec_fn=before,
        )


def _end(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    try:
        stdout, stderr = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def one_line(ended: subprocess.CompletedProcess[str]) -> str:
    """The error, which is all that was said."""
    assert ended.returncode == 1, ended.stdout + ended.stderr
    (line,) = ended.stderr.strip().splitlines()
    assert line.startswith("error: "), line
    return line.removeprefix("error: ")


Ended = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def abroad(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Ended]]:
    """One seed twice, begun by an exec in a locale without our letters; with the folder of each.
    The second has no room for its summary."""
    ended = []
    for locale, summary in (("C", "s.json"), ("en_US.ISO-8859-1", "/dev/full")):
        folder = tmp_path_factory.mktemp("abroad")
        trading = ("--config", EAGER, "--json", summary)
        known = {"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        ended.append((folder, run(folder, *IN_PROCESS, *trading, **known)))
    return ended


def test_a_locale_without_our_letters_and_two_runs_of_one_seed(
    abroad: list[tuple[Path, Ended]],
) -> None:
    """One session to the byte but for its header's name, whatever a process hashes by."""
    folder, ended = abroad[0]
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "journal: runs/" in ended.stdout
    assert json.loads((folder / "s.json").read_text())["rounds_settled"] == 1
    (one,), (two,) = (list(folder.glob("runs/*/journal")) for folder, _ in abroad)
    assert bytes_of(one.parent) == bytes_of(two.parent)
    assert b'"Place"' in bytes_of(one.parent)
    assert replayed(one.parent).mind.account.working_orders == 0


def test_a_disk_that_fills_up_takes_no_summary_away(abroad: list[tuple[Path, Ended]]) -> None:
    """Said on the screen, and in the session's own folder."""
    folder, ended = abroad[1]
    assert ended.returncode == 1
    assert ended.stderr == "error: cannot write /dev/full: No space left on device\n"
    assert "demo session: 1 rounds are settled" in ended.stdout
    (kept,) = folder.glob("runs/*/summary.json")
    assert json.loads(kept.read_text())["rounds_settled"] == 1


@pytest.mark.parametrize(
    "closed", [(0, 1, 2), pytest.param((0,), marks=pytest.mark.long)], ids=["all", "stdin"]
)
def test_standard_streams_that_are_closed(closed: tuple[int, ...], tmp_path: Path) -> None:
    """As of a daemon: nobody's socket may get their numbers, nor what is printed go into it."""

    def close() -> None:
        for number in closed:
            os.close(number)

    ended = run_until_it_hears(tmp_path, *PAPER_DEMO, "--json", "s.json", before=close)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    summary = json.loads((tmp_path / "s.json").read_text())
    assert (summary["errors"], summary["stopped"]) == ([], "signal SIGTERM")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_few_descriptors_and_the_runtime_folder_of_somebody_else(tmp_path: Path) -> None:
    """The first are made enough where that is allowed, the second is left alone."""
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o700)
    os.chown(theirs, 65_534, 65_534)
    ended = run_until_it_hears(
        tmp_path, *PAPER_DEMO, before=allow(40, 4_096), XDG_RUNTIME_DIR=str(theirs)
    )
    assert ended.returncode == 0, ended.stderr
    assert list(theirs.iterdir()) == []


@pytest.mark.parametrize("there", ["", "absent", "/dev/null"])
def test_a_runtime_folder_that_is_none(there: str, tmp_path: Path) -> None:
    ended = run(tmp_path, "attach", XDG_RUNTIME_DIR=there)
    assert one_line(ended).startswith(("no engine runs here", "attach needs a terminal"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("POLYMARKET_API_KEY=abc\n".encode("utf-16"), ".env is not UTF-8 text"),
        ("# clé\nPOLYMARKET_API_KEY=abc\n".encode("latin-1"), ".env is not UTF-8 text"),
        (
            b"POLYMARKET_API_KEY=abc\n",
            "POLYMARKET_API_SECRET, POLYMARKET_API_PASSPHRASE missing beside the others: set all",
        ),
    ],
)
def test_a_file_of_secrets_that_cannot_be_used(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(content)
    line = one_line(run(tmp_path, *PAPER))
    assert words in line
    assert "abc" not in line


def test_a_summary_that_cannot_be_written_there_is_said_before_the_session(
    tmp_path: Path,
) -> None:
    line = one_line(run(tmp_path, *IN_PROCESS, "--json", "/proc/summary.json"))
    assert line.startswith("cannot write --json /proc/summary.json: ")
    assert not (tmp_path / "runs").exists()


@pytest.mark.trio
async def test_a_disk_that_fills_up_in_mid_session_stops_entries_and_is_said(
    tmp_path: Path,
) -> None:
    """No file may grow beyond 300 kB: of a session's, the journal alone does. The session goes on,
    and ends when it is told to."""
    arguments = (*PAPER_DEMO, "--messages", "0.02", "--json", "s.json")
    async with started(tmp_path, *arguments) as program:
        resource.prlimit(program.process.pid, resource.RLIMIT_FSIZE, (300_000, 300_000))
        await program.line("File too large: no entries until it is taken again")
        for _ in range(2):
            await program.line("DEMO x60")
        program.signal(signal.SIGTERM)
        assert await program.end() == 1
    (journal,) = tmp_path.glob("runs/*/journal/000001.jsonl")
    words = f"cannot write the journal {journal.relative_to(tmp_path)}: File too large"
    said = f"{words}: no entries until it is taken again; exits and cancels go on"
    assert f"fault: {said}" in program.unread
    *lines, last = program.unread.strip().splitlines()
    assert last == f"error: {words}"
    assert not any("error: " in line or "Traceback" in line for line in lines)
    ends = [line for line in lines if "demo session: signal SIGTERM" in line]
    assert ends, "what it came to, on the screen"
    session = journal.parent.parent
    for kept in (tmp_path / "s.json", session / "summary.json"):
        summary = json.loads(kept.read_text())
        assert (summary["unkept"], summary["errors"]) == (words, [said])
        assert summary["assets"]["btc"]["working_orders"] == 0
    assert journal.stat().st_size == 300_000, "as much as there was room for"
    assert said in (session / "engine.log").read_text()


def test_a_disk_without_room_for_the_journal_of_a_quick_session(tmp_path: Path) -> None:
    fills = Begun(limits=((resource.RLIMIT_FSIZE, 100_000, 100_000),))
    ended = run(tmp_path, *IN_PROCESS, before=fills)
    (journal,) = tmp_path.glob("runs/*/journal/000001.jsonl")
    words = f"cannot write the journal {journal.relative_to(tmp_path)}: File too large"
    assert one_line(ended) == words
    assert "demo session: 1 rounds are settled" in ended.stdout


def test_a_disk_with_too_little_room(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[journal]\nleast_free_mb = 1_000_000\n")
    line = one_line(run(tmp_path, *PAPER_DEMO))
    assert "MB are free where runs/" in line
    assert "less than 1000000: free some" in line


def allow(soft: int, hard: int) -> Begun:
    return Begun(limits=((resource.RLIMIT_NOFILE, soft, hard),))


def test_too_few_descriptors_are_said(tmp_path: Path) -> None:
    line = one_line(run(tmp_path, "demo", "--headless", "--config", CONFIG, before=allow(40, 40)))
    assert line == (
        "40 open files are allowed and 4 assets need 128: raise it with ulimit -n 128, "
        "or trade fewer with --assets"
    )
    assert not (tmp_path / "runs").exists()

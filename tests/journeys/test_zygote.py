"""A fork of the zygote is what an exec would have been: in family, name, words and end."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import trio
from program import children_of, run, started, venue_of

DEMO = (
    "demo", "--headless", "--paper", "--assets", "btc", "--rounds", "0", "--speed", "20",
    "--messages", "0.005",
)  # fmt: skip


@pytest.mark.parametrize("arguments", [("config", "digest"), ("demo", "--assets", "doge")])
def test_it_says_what_a_process_says_that_was_begun_by_an_exec(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    forked = run(tmp_path, *arguments)
    begun = run(tmp_path, *arguments, is_cold=True)
    assert (forked.returncode, forked.stdout) == (begun.returncode, begun.stdout)
    assert forked.stderr == begun.stderr


@pytest.mark.trio
async def test_it_is_a_child_with_a_child_of_its_own(tmp_path: Path) -> None:
    """Its streams, its folder and its name are its own, and whoever waits for it hears of its end;
    the process that forked it is no parent of it."""
    umask = os.umask(0o022)
    try:
        async with started(tmp_path, *DEMO) as program:
            await program.line("BTC")
            pid = program.process.pid
            assert pid in children_of(os.getpid())
            proc = Path(f"/proc/{pid}")
            assert b"\0demo\0--headless\0" in (proc / "cmdline").read_bytes()
            assert b"XDG_STATE_HOME" not in (proc / "environ").read_bytes(), "no exec gave it them"
            assert (proc / "cwd").readlink() == tmp_path
            assert venue_of(pid) in children_of(pid)
            assert os.getsid(venue_of(pid)) != os.getsid(pid), "Ctrl-C is not for it"
            program.signal(signal.SIGKILL)
            with trio.fail_after(20):
                assert await program.process.wait() == -signal.SIGKILL
    finally:
        os.umask(umask)

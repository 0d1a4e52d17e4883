"""Ends of an engine: signals, a terminal that goes, a reader that goes, kill -9 of either half."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path

import pytest
import trio
from program import (
    EAGER,
    Program,
    bytes_of,
    events_of,
    gone,
    is_alive,
    replayed,
    started,
    summary_of,
    venue_of,
)
from zygote import Begun

from polytui.journal.segments import in_folder
from polytui.model.events import Action, Commanded

pytestmark = pytest.mark.trio
DEMO = (
    "demo", "--headless", "--config", str(EAGER), "--rounds", "0", "--assets", "btc",
    "--speed", "25", "--start", "2026-11-20T14:59:50Z", "--messages", "0.01",
)  # fmt: skip
IN_MID_ROUND = r"BTC [1-4]:\d\d .* (up|down) \d"
"""A status line with time left and shares held."""


def assert_ended_in_order(program: Program, reason: str) -> None:
    journal = program.session
    assert in_folder(journal / "journal")[-1].name.endswith(".zst"), "closed"
    stops = [
        record
        for record, event in events_of(journal, Commanded)
        if isinstance(event, Commanded) and event.action is Action.STOP
    ]
    assert len(stops) == 1
    assert b'"CancelAll"' in bytes(stops[0].effects)
    account = replayed(journal).mind.account
    assert account.working_orders == 0
    summary = summary_of(program.session)
    assert summary["stopped"] == reason
    assert summary["errors"] == []
    assert summary["reconciled"]["is_cash_equal"] is True
    assert summary["assets"]["btc"]["orders"] > 0, "it was in the middle of trading"


async def test_ctrl_c_in_mid_round_ends_it_in_order(tmp_path: Path) -> None:
    """SIGHUP and SIGTERM in mid-round are below, where they come from."""
    async with started(tmp_path, *DEMO) as program:
        await program.line(IN_MID_ROUND)
        venue = venue_of(program.process.pid)
        program.signal(signal.SIGINT)
        assert await program.end() == 0
        assert not is_alive(venue)
    assert_ended_in_order(program, "signal SIGINT")


async def test_signals_that_come_at_once_and_again_end_it_once(tmp_path: Path) -> None:
    """Before the venue is ready, and while the last files are closed, a signal is no death."""
    async with started(tmp_path, *DEMO, is_cold=True) as program:
        assert program.process.stdout is not None
        while not list(tmp_path.glob("runs/*/engine.log")):
            await trio.sleep(0.01)
        # The log is open: Python is up, the venue is not.
        await trio.sleep(0.15)
        for _ in range(3):
            program.signal(signal.SIGINT)
        program.signal(signal.SIGTERM)
        code, text = await program.end(), program.unread
        assert code == 0, text
    summary = summary_of(program.session)
    assert summary["stopped"] in ("signal SIGINT", "signal SIGTERM")
    assert summary["totals"]["cash_usd"] == summary["totals"]["starting_cash_usd"] > 0


async def test_a_terminal_that_is_closed_ends_it_in_order(tmp_path: Path) -> None:
    """SIGHUP, and from then on every write to the terminal is an error."""
    ours, theirs = os.openpty()
    begun = Begun(has_terminal=True)
    async with started(tmp_path, *DEMO, stdout=theirs, preexec_fn=begun) as program:
        os.close(theirs)
        seen = b""
        while b" up " not in seen[-400:] and b" down " not in seen[-400:]:
            await trio.lowlevel.wait_readable(ours)
            seen += os.read(ours, 65_536)
        assert b"\x1b[" in seen, "on a terminal the line is live"
        os.close(ours)
        assert await program.process.wait() == 0
    assert_ended_in_order(program, "signal SIGHUP")


async def test_nohup_is_respected_and_sigterm_in_mid_round_ends_it_in_order(
    tmp_path: Path,
) -> None:
    async with started(tmp_path, *DEMO, preexec_fn=Begun(ignored=(signal.SIGHUP,))) as program:
        await program.line("BTC")
        program.signal(signal.SIGHUP)
        await program.line("BTC")
        await program.line(IN_MID_ROUND)
        venue = venue_of(program.process.pid)
        program.signal(signal.SIGTERM)
        assert await program.end() == 0
        assert not is_alive(venue)
    assert_ended_in_order(program, "signal SIGTERM")


async def test_a_reader_that_goes_away_stops_nothing(tmp_path: Path) -> None:
    async with started(tmp_path, *DEMO) as program:
        await program.line("BTC")
        assert program.process.stdout is not None
        await program.process.stdout.aclose()
        journal = program.session
        await program.until_it_trades()
        seen = len(bytes_of(journal))
        while len(bytes_of(journal)) < seen + 100_000:
            assert program.process.poll() is None
            await trio.sleep(0.05)
        program.signal(signal.SIGTERM)
        assert await program.process.wait() == 0
    assert_ended_in_order(program, "signal SIGTERM")


async def test_a_terminal_that_stops_reading_does_not_stop_the_trading(tmp_path: Path) -> None:
    """Ctrl-S, or `less`: the pipe is full, and the engine must not care."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, b"x" * 65_536)
    except BlockingIOError as full:
        assert full.errno == errno.EAGAIN
    os.set_blocking(writing, True)
    async with started(tmp_path, *DEMO, stdout=writing) as program:
        os.close(writing)
        await program.until_it_trades()
        program.signal(signal.SIGTERM)
        while not (program.session / "summary.json").exists():
            await trio.sleep(0.02)
        os.close(reading)
        assert await program.process.wait() == 0
    assert_ended_in_order(program, "signal SIGTERM")


async def test_a_killed_engine_leaves_no_venue_behind(tmp_path: Path) -> None:
    async with started(tmp_path, *DEMO) as program:
        await program.line("BTC")
        venue = venue_of(program.process.pid)
        assert is_alive(venue)
        program.process.kill()
        await gone(venue)
    assert replayed(program.session).mind.seq > 0, "what was written replays"


async def test_a_killed_venue_ends_the_engine_with_a_reason(tmp_path: Path) -> None:
    async with started(tmp_path, *DEMO) as program:
        await program.line("BTC")
        venue = venue_of(program.process.pid)
        os.kill(venue, signal.SIGKILL)
        text = await program.rest()
        assert await program.process.wait() == 1
    last = text.strip().splitlines()[-1]
    assert last.startswith("error: the simulated venue ended with code -9")
    assert "Traceback" not in text
    assert replayed(program.session).mind.seq > 0


async def test_a_venue_that_cannot_start_says_why(tmp_path: Path) -> None:
    """A price file with no such hour in it: the venue knows, the engine passes it on."""
    rows = "\n".join(
        f"{1_780_000_000 + s}000,{10**22 + s},{1_780_000_000 + s}500" for s in range(9)
    )
    (tmp_path / "few.csv").write_text(f"feed_ts_ms,full_accuracy_value,server_ts_ms\n{rows}\n")
    async with started(tmp_path, *DEMO, "--prices", "few.csv") as program:
        text = await program.rest()
        assert await program.process.wait() == 1
    (line,) = [one for one in text.splitlines() if one.startswith("error: ")]
    assert line.startswith("error: the simulated venue did not start: ")
    assert "few.csv" in line or "2026-05-28" in line, line

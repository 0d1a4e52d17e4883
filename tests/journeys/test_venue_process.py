"""The venue as a process of its own: ready line, signals, and a parent that is gone."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import trio

from polytui.model.units import NS_PER_S
from polytui.net.clock import Clock

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 180.0
AHEAD_NS = 4 * NS_PER_S
"""An answer takes milliseconds, and more than a second on a machine that is busy with others."""
PROGRAM = """
import sys
import trio
from polytui.model.instrument import Asset, Interval
from polytui.sim.server.venue import VenueSettings, serve_forever
from polytui.sim.world.world import WorldSettings

async def main():
    world = WorldSettings(7, 1_795_204_920 * 10**9, (Asset.BTC,), (Interval.M5,))
    settings = VenueSettings(world=world, speed=50.0, port=int(sys.argv[1]))
    await serve_forever(settings, sys.stdout, until_stdin_closes=True)

trio.run(main)
"""


@asynccontextmanager
async def venue_process() -> AsyncIterator[tuple[trio.Process, bytes]]:
    with trio.fail_after(PATIENCE_S):
        process = await trio.lowlevel.open_process(
            [sys.executable, "-W", "error", "-c", PROGRAM, "0"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            line = b""
            while not line.endswith(b"\n"):
                line += await process.stdout.receive_some(4096)
            yield process, line
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            await process.stdin.aclose()
            await process.stdout.aclose()


# SIGTERM ends the one whose speed is changed, below.
@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGHUP])
@pytest.mark.trio
async def test_a_signal_ends_it_cleanly(which: signal.Signals) -> None:
    async with venue_process() as (process, line):
        urls = json.loads(line)
        async with httpx.AsyncClient() as http:
            assert (await http.get(f"{urls['clob']}/ok")).json() == "OK"
        process.send_signal(which)
        assert await process.wait() == 0


@pytest.mark.trio
async def test_its_speed_changes_at_the_moment_it_is_told() -> None:
    """Whoever shares its clock turns it as well, and goes on counting the same time."""
    async with venue_process() as (process, line):
        urls = json.loads(line)
        shared = Clock(urls["epoch_ns"], urls["anchor_ns"], urls["speed"])
        async with httpx.AsyncClient() as http:
            speed = f"{urls['control']}/speed"
            http.headers["Authorization"] = f"Bearer {urls['control_token']}"
            for wrong in ({"speed": 0.0}, {"speed": 1e9}, {"speed": "fast"}, {}):
                answer = await http.post(speed, json={"at_monotonic_ns": 1, **wrong})
                assert answer.status_code == 400, wrong
            at_ns = time.monotonic_ns() + AHEAD_NS
            order = {"speed": 2.0, "at_monotonic_ns": at_ns}
            assert (await http.post(speed, json=order)).json() == {"speed": 2.0}
            shared.turn(2.0, at_ns)
            assert time.monotonic_ns() < at_ns, "told beforehand"
            await shared.sleep_until(shared.at(at_ns) + NS_PER_S)
            before_ns = shared.now_ns()
            told = (await http.get(f"{urls['clob']}/time")).json()
            assert before_ns // NS_PER_S <= int(told) <= shared.now_ns() // NS_PER_S
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


@pytest.mark.trio
async def test_it_ends_with_its_parents_end_of_the_pipe() -> None:
    async with venue_process() as (process, line):
        assert json.loads(line)["speed"] == 50.0
        assert process.stdin is not None
        await process.stdin.aclose()
        assert await process.wait() == 0


@pytest.mark.trio
async def test_a_port_in_use_leaves_as_a_bare_fatal() -> None:
    with trio.fail_after(PATIENCE_S):
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        async with listener:
            port = str(listener.socket.getsockname()[1])
            ended = await trio.run_process(
                [sys.executable, "-W", "error", "-c", PROGRAM, port],
                capture_stdout=True,
                capture_stderr=True,
                check=False,
                cwd=ROOT,
            )
    assert ended.returncode == 1
    last_line = ended.stderr.decode().strip().rsplit("\n", 1)[-1]
    assert last_line.startswith(f"polytui.model.errors.Fatal: port {port} on 127.0.0.1 is in use")

"""An engine that trades while somebody sends bad frames to its socket, as fast as they are taken:
it goes on trading, its other face goes on hearing, and nothing is said to be wrong."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import pytest
import trio
from evil_frames import bad_connection
from program import short_folder, started, summary_of
from test_engine_faces import DEMO, Face, attached, is_view

from polytui.model.events import Action

pytestmark = [pytest.mark.trio, pytest.mark.long]
FRAMES = 100_000 if os.environ.get("HYPOTHESIS_PROFILE") == "fuzz" else 20_000
MOST_S = 600.0
LONGEST_SILENCE_S = 5.0
SPEED = ("--speed", "5")
"""Slow enough that the senders' share of the machine makes nothing late."""


async def _keep_hearing(face: Face, heard: list[float]) -> None:
    """Views of an asset go on coming; how long each was waited for."""
    while True:
        began = trio.current_time()
        with trio.fail_after(LONGEST_SILENCE_S):
            await face.hear(is_view("btc"))
        heard.append(trio.current_time() - began)


async def test_an_engine_that_trades_takes_no_notice_of_bad_frames(tmp_path: Path) -> None:
    rng, sent, heard = random.Random(20_261_126), 0, list[float]()
    with short_folder() as place:
        socket = place / "e.sock"
        arguments = (*DEMO, *SPEED, "--socket", str(socket))
        async with started(tmp_path, *arguments, patience_s=MOST_S) as program:
            async with attached(socket) as face, trio.open_nursery() as nursery:
                nursery.start_soon(program.keep_reading)
                nursery.start_soon(_keep_hearing, face, heard)
                await program.until_it_trades()
                before = len(heard)
                while sent < FRAMES:
                    sent += await bad_connection(socket, rng)
                during = len(heard) - before
                async with attached(socket) as another:
                    assert (await another.ask(1, Action.PAUSE, "eth")).error == ""
                nursery.cancel_scope.cancel()
            program.signal(signal.SIGINT)
            assert await program.end() == 0
    assert during > 10, f"its face heard {during} views meanwhile"
    summary = summary_of(program.session)
    assert summary["errors"] == []
    assert {one["lives"] for one in summary["assets"].values()} == {1}
    assert not summary["kill_switch"]["is_on"]
    assert summary["assets"]["btc"]["paused"] == "", "no command in the noise was one"

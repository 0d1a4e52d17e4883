"""`polytui venue` for strangers: it stands alone, at the time that clients stamp with."""

from __future__ import annotations

import json
import os
import pty
from pathlib import Path

import httpx
import pytest
import trio
from program import PATIENCE_S, started

from polytui.model.units import NS_PER_S
from polytui.net.clock import Clock, WallClock

QUICK = ("venue", "--assets", "btc", "--intervals", "5m")
NEAR_NS = NS_PER_S // 20
"""Two clocks of one machine, read one after the other."""


@pytest.mark.trio
async def test_its_time_is_this_machines_unless_it_is_told_another(tmp_path: Path) -> None:
    async with started(tmp_path, *QUICK, patience_s=PATIENCE_S) as program:
        urls = json.loads(await program.line(r'^\{"gamma"'))
        assert (urls["speed"], bool(urls["control_token"])) == (1.0, True)
        shared = Clock(urls["epoch_ns"], urls["anchor_ns"], 1.0)
        assert abs(shared.now_ns() - WallClock().now_ns()) < NEAR_NS
        before_s = WallClock().now_ns() // NS_PER_S
        async with httpx.AsyncClient() as http:
            told_s = (await http.get(f"{urls['clob']}/time")).json()
        assert before_s <= told_s <= WallClock().now_ns() // NS_PER_S
        program.process.terminate()
        assert await program.rest() == "", "a program is told one line, and no more"


@pytest.mark.trio
async def test_a_start_of_its_own_is_its_start(tmp_path: Path) -> None:
    told = ("--start", "2026-11-20T14:59:00Z", "--speed", "3")
    async with started(tmp_path, *QUICK, *told, patience_s=PATIENCE_S) as program:
        urls = json.loads(await program.line(r'^\{"gamma"'))
    assert (urls["epoch_ns"] // NS_PER_S, urls["speed"]) == (1_795_186_740, 3.0)


@pytest.mark.trio
async def test_a_person_at_a_terminal_is_told_where_it_is(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    try:
        async with started(tmp_path, *QUICK, stdout=theirs, patience_s=PATIENCE_S):
            seen = b""
            while b"Ctrl-C ends it." not in seen:
                await trio.lowlevel.wait_readable(ours)
                seen += os.read(ours, 4096)
    finally:
        os.close(ours)
        os.close(theirs)
    assert b"Chain id 137" in seen

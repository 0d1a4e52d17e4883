"""`polytui fetch-history` from a running `polytui venue`, over sockets: a folder that plays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import trio
from program import CONFIG, PATIENCE_S, run, started

from polytui.backtest.data_set import open_data
from polytui.model.instrument import Outcome

WORLD = ("--assets", "btc", "--intervals", "5m", "--start", "2026-11-20T14:59:50Z")
WANTED = (
    "--assets",
    "btc",
    "--interval",
    "5m",
    "--from",
    "2026-11-20T15:00",
    "--to",
    "2026-11-20T15:05",
)
_MOST_ASKED = 40


async def fetched(folder: Path, venue: Path) -> dict[str, Any]:
    """What one command says that it has done."""
    arguments = (*WANTED, "--folder", "history", "--venue", venue, "--config", CONFIG)
    ended = await trio.to_thread.run_sync(run, folder, "fetch-history", *arguments)
    assert ended.returncode == 0, ended.stderr
    summary: dict[str, Any] = json.loads(ended.stdout)
    return summary


@pytest.mark.trio
async def test_a_round_that_is_over_is_fetched_once_and_can_be_played(tmp_path: Path) -> None:
    """A fetch that comes before there is a winner says so, and the next one goes on."""
    quick = ("--speed", "100", "--messages", "0.005")
    async with started(tmp_path, "venue", *WORLD, *quick, patience_s=PATIENCE_S) as program:
        venue = tmp_path / "venue.json"
        venue.write_text(await program.line(r'^\{"gamma"'))
        for _ in range(_MOST_ASKED):
            summary = await fetched(tmp_path, venue)
            if "rounds" in summary:
                break
        again = await fetched(tmp_path, venue)
    assert summary["rounds"] == 1
    assert summary["midpoints"] >= 5
    assert again == {"folder": "history", "rounds that were there": 1}
    data = open_data([tmp_path / "history"])
    (one,) = data.plan.rounds
    assert (one.round.slug, data.coverage.used) == ("btc-updown-5m-1795186800", 1)
    assert one.round.token_of(Outcome.UP) != one.round.token_of(Outcome.DOWN)
    assert one.strike is not None
    assert sum(1 for _ in data.moments()) > 1_000

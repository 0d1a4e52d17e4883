"""Two sessions on paper in one folder: the second is refused in words, the first goes on."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import trio
from program import run, short_folder, started
from watcher import watching

from polytui.model.events import Action

pytestmark = pytest.mark.trio
NOBODY = "http://127.0.0.1:1"
"""Refuses every connection: these sessions never see a market."""
_HTTP = ("gamma", "clob", "binance_rest", "binance_rest_spare", "bybit_rest", "coinbase_rest")
_WS = ("market_ws", "rtds_ws", "polybolt_ws", "binance_ws", "binance_ws_spare", "bybit_ws")


def settings(folder: Path) -> None:
    lines = [f'{name} = "{NOBODY}"' for name in _HTTP]
    lines += [f'{name} = "ws://127.0.0.1:1"' for name in (*_WS, "coinbase_ws")]
    (folder / "config.toml").write_text("\n".join(["[endpoints]", *lines, ""]))


async def test_the_second_session_is_refused_and_a_kill_of_the_first_stands(
    tmp_path: Path,
) -> None:
    settings(tmp_path)
    command = ("run", "--headless", "--assets", "btc", "--interval", "5m")
    with short_folder() as place:
        socket = place / "e.sock"
        async with started(tmp_path, *command, "--socket", socket) as first:
            while not socket.exists():
                await trio.sleep(0.05)
            second = await trio.to_thread.run_sync(run, tmp_path, *command)
            assert second.returncode == 1
            assert "another session on paper runs in" in second.stderr
            assert f"process {first.process.pid})" in second.stderr
            assert "Traceback" not in second.stderr
            async with watching(socket, "paper") as watcher:
                await watcher.command(Action.KILL)
            first.signal(signal.SIGKILL)
            await first.end()
        async with (
            started(tmp_path, *command, "--socket", socket) as third,
            watching(socket, "paper") as watcher,
        ):
            await watcher.until(lambda seen: seen.account.is_killed)
            await watcher.until(lambda seen: seen.said("kill switch is on from an earlier session"))
            third.signal(signal.SIGTERM)
            assert await third.end() == 0

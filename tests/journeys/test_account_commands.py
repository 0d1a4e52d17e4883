"""`positions`, `orders --at-venue`, `cancel-all`, `flatten` and `doctor --livetest` as people run
them: documents, exit codes, and nothing asked where nobody sits."""

from __future__ import annotations

import json
import signal
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from click.testing import CliRunner
from program import PATIENCE_S, environment, run, started
from program import command as program

from polytui.cli import cli
from polytui.config.load import BadSettings
from polytui.execution.throwaway import throwaway_wallet
from polytui.model.errors import Blocked

VENUE = ("venue", "--assets", "btc", "--intervals", "5m,4h", "--messages", "0.01")
LOOKING = ("--venue", "venue.json", "--json", "-")
SECRET = "0x" + "5c" * 32
"""A key that is nobody's; its text may be nowhere."""


async def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return await trio.to_thread.run_sync(partial(run, folder, *arguments))


async def document(folder: Path, *arguments: str) -> Any:
    ended = await command(folder, *arguments, *LOOKING)
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stderr
    return json.loads(ended.stdout)


@pytest.mark.trio
async def test_an_account_is_read_tried_and_tidied_up_without_an_engine(tmp_path: Path) -> None:
    async with started(tmp_path, *VENUE, patience_s=PATIENCE_S) as program:
        line = await program.line(r'^\{"gamma"')
        (tmp_path / "venue.json").write_text(line)
        urls = json.loads(line)
        wallet = throwaway_wallet(urls["control_token"])
        paid = {"owner": wallet.owner, "signature_type": 3, "dollars": "50"}
        given = {"Authorization": f"Bearer {urls['control_token']}"}
        async with httpx.AsyncClient(timeout=30) as http:
            await http.post(f"{urls['control']}/faucet", json=paid, headers=given)
        tried = await document(tmp_path, "doctor", "--livetest", "--wait", "20")
        steps = {one["name"]: one for one in tried["findings"]}
        assert {
            steps[name]["verdict"] for name in ("heartbeat", "order", "nothing left", "money")
        } == {"ok"}
        assert steps["seen cancelled"]["took_ms"] >= 0
        assert "derived from the private key" in steps["api key"]["words"]
        held = await document(tmp_path, "positions")
        assert held == {"wallet": wallet.funder, "usd": 50.0, "positions": [], "unread": []}
        swept = {"cancelled": [], "left": [], "unread": 0, "fault": ""}
        sold = await document(tmp_path, "flatten")
        assert sold == {"wallet": wallet.funder, **swept, "sales": [], "unread_positions": []}


@pytest.mark.trio
async def test_flatten_is_done_by_the_engine_that_trades_the_wallet(tmp_path: Path) -> None:
    """Through its socket, while it trades: nobody else sells, and cancel-all names it."""
    async with started(tmp_path, *VENUE, patience_s=PATIENCE_S) as venue:
        line = await venue.line(r'^\{"gamma"')
        (tmp_path / "venue.json").write_text(line)
        urls = json.loads(line)
        trading = ("demo", "--headless", "--assets", "btc", "--venue", "venue.json")
        async with started(tmp_path, *trading, patience_s=PATIENCE_S) as engine:
            while not list(engine.runtime.rglob("*.sock")):
                assert engine.process.poll() is None, await engine.rest()
                await trio.sleep(0.1)
            session = engine.session.name
            told = await trio.run_process(
                program("flatten", *LOOKING),
                cwd=tmp_path, env=environment(engine.runtime), capture_stdout=True, check=False,
            )  # fmt: skip
            said = json.loads(told.stdout)
            assert (told.returncode, said["engine"], said["fault"]) == (0, session, ""), said
            assert said["seqs"], "it is in its journal"
            swept = await trio.run_process(
                program("cancel-all", *LOOKING),
                cwd=tmp_path, env=environment(engine.runtime), capture_stdout=True,
                capture_stderr=True, check=False,
            )  # fmt: skip
            assert f"{session} trades this wallet and may order again" in swept.stderr.decode()
            state, owner = engine.runtime / "state", throwaway_wallet(urls["control_token"]).owner
            assert not state.exists(), "nobody's wallet leaves nothing with its user"
            lock = engine.runtime / "polytui" / f"137-{owner.lower()}.lock"
            assert lock.is_file(), "two engines do not trade it at once"
            engine.signal(signal.SIGINT)
            await engine.end()
            assert not lock.exists()


@pytest.mark.parametrize(
    ("arguments", "secrets", "tag"),
    [
        (("cancel-all",), {}, "PRIVATE_KEY_MISSING"),
        (("positions", "--json", "-"), {}, "PRIVATE_KEY_MISSING"),
        (("flatten",), {"POLYMARKET_PRIVATE_KEY": SECRET}, "DRY_RUN_TRUE"),
        (
            ("doctor", "--livetest"),
            {"POLYMARKET_PRIVATE_KEY": SECRET, "DRY_RUN": "false", "ENABLE_REAL_TRADING": "true"},
            "NOT_CONFIRMED",
        ),
        (
            ("flatten", "--i-trade-with", "0x00000000000000000000000000000000000000a1"),
            {"POLYMARKET_PRIVATE_KEY": SECRET, "DRY_RUN": "false", "ENABLE_REAL_TRADING": "true"},
            "NOT_CONFIRMED",
        ),
    ],
)
def test_without_leave_nothing_is_done_and_nobody_is_asked(
    arguments: tuple[str, ...],
    secrets: dict[str, str],
    tag: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The command line ends with 3 for each of these."""
    for name in ("POLYMARKET_PRIVATE_KEY", "DRY_RUN", "ENABLE_REAL_TRADING"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    env = tmp_path / ".env"
    env.write_text("".join(f"{name}={text}\n" for name, text in secrets.items()))
    env.chmod(0o600)
    ended = CliRunner().invoke(cli, arguments)
    assert isinstance(ended.exception, Blocked)
    assert ended.exception.tag == f"REAL_TRADING_BLOCKED_{tag}"
    assert SECRET[2:] not in ended.output + str(ended.exception)


@pytest.mark.parametrize(
    "arguments",
    [
        ("positions", "--venue", "nowhere.json"),
        ("orders", "--at-venue", "--strategy", "predictor"),
        ("orders", "--venue", "venue.json"),
        ("doctor", "--demo", "--livetest"),
        ("flatten", "--days", "0"),
    ],
)
def test_what_means_nothing_is_told_as_such(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(cli, arguments)
    assert ended.exit_code == 2 or isinstance(ended.exception, BadSettings)

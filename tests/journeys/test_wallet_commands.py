"""`wallet`, `approve`, `wrap`, `split`, `merge`, `redeem` as people run them: what is shown, exit
codes, and what the venue's own ledger has afterwards."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
from attrs import frozen
from click.testing import CliRunner, Result
from live_accounts import PATIENT, control
from program import PATIENCE_S, started

from polytui.cli import cli
from polytui.execution.throwaway import throwaway_wallet
from polytui.model.errors import Blocked
from polytui.model.instrument import Asset, Interval
from polytui.net.clock import Clock
from polytui.net.http import Http
from polytui.sim.server.urls import Urls
from polytui.venues.polymarket.round_names import round_slug
from polytui.venues.polymarket.wallet import Wallet, WalletType

_SPEED = 60
VENUE = (
    *("venue", "--assets", "btc", "--intervals", "5m"),
    *("--messages", "0.005", "--speed", str(_SPEED)),
)
FAR, NEAR = 30, 4
"""Rounds ahead: one that is open for minutes, and one that is over in some twenty seconds."""


@frozen
class Stand:
    """A venue that runs, a throwaway wallet there, and a folder in which commands are run."""

    urls: Urls
    wallet: Wallet

    async def run(self, *arguments: str) -> Result:
        """In a thread: a command has a loop of its own."""
        return await trio.to_thread.run_sync(partial(CliRunner().invoke, cli, arguments))

    async def document(self, *arguments: str) -> Any:
        ended = await self.run(
            *arguments, "--venue", "venue.json", "--json", "-", "--config", "kind.toml"
        )
        assert ended.exit_code == 0, (arguments, ended.output, ended.exception)
        return json.loads(ended.stdout)

    async def confirmed(self, *arguments: str) -> Any:
        told = await self.document(*arguments)
        assert {one["stage"] for one in told["batches"]} == {"confirmed"}, told
        return told

    def slug(self, ahead: int) -> str:
        clock = Clock(self.urls.epoch_ns, self.urls.anchor_ns, self.urls.speed)
        opens_ns = (clock.now_ns() // Interval.M5.ns + ahead) * Interval.M5.ns
        return round_slug(Asset.BTC, Interval.M5, opens_ns)

    async def shares(self) -> list[str]:
        """By the venue's own ledger."""
        given = {"Authorization": f"Bearer {self.urls.control_token}"}
        http = Http(self.urls.control, PATIENT, headers=given, is_loopback_only=True)
        try:
            told = await http.get("/account", {"wallet": self.wallet.funder})
        finally:
            await http.close()
        return sorted(json.loads(told)["shares"].values())


@asynccontextmanager
async def stand(
    folder: Path, patch: pytest.MonkeyPatch, kind: WalletType, **money: Any
) -> AsyncIterator[Stand]:
    patch.chdir(folder)
    patch.setenv("XDG_STATE_HOME", str(folder / "state"))
    (folder / "kind.toml").write_text(f'[demo]\nwallet_type = "{kind.label}"\n')
    async with started(folder, *VENUE, patience_s=PATIENCE_S, is_cold=True) as program:
        line = await program.line(r'^\{"gamma"')
        (folder / "venue.json").write_text(line)
        urls = Urls(**json.loads(line))
        wallet = throwaway_wallet(urls.control_token, kind)
        whose = {"owner": wallet.owner, "wallet": wallet.funder, "signature_type": int(kind)}
        await control(urls, "/faucet", **whose, **money)
        yield Stand(urls, wallet)


async def _goes_in_and_out(at: Stand) -> None:
    seen = await at.document("wallet")
    assert (seen["wallet"], seen["pusd"], seen["usdc_e"]) == (at.wallet.funder, 10.0, 5.25)
    assert not any(one["stands"] for one in seen["approvals"])
    mends = {one["command"] for one in seen["missing"]}
    assert mends == {*(f"polytui approve --protocol {one}" for one in ("v1", "v2")), "polytui wrap"}

    dry = await at.document("approve", "--dry-run")
    assert (len(dry["calls"]), dry["batches"]) == (8, [])
    assert (await at.document("wallet"))["approvals"] == seen["approvals"]
    await at.confirmed("approve")
    assert (await at.document("approve"))["calls"] == []
    await at.confirmed("wrap")

    far = at.slug(FAR)
    await at.confirmed("split", far, "6")
    await at.confirmed("merge", far, "--shares", "2.5")
    held = await at.document("wallet")
    assert (held["pusd"], held["usdc_e"], held["pairs_usd"]) == (11.75, 0.0, 3.5)
    assert await at.shares() == ["3.5", "3.5"]
    assert all(one["stands"] for one in held["approvals"])


async def _is_paid(at: Stand) -> None:
    near = at.slug(NEAR)
    await at.confirmed("split", near, "4")
    while not (waiting := await at.document("redeem", near, "--dry-run"))["calls"]:
        assert "no result" in waiting["notes"][0]
        await trio.sleep(1.0)
    await at.confirmed("redeem", near)
    home = await at.document("wallet")
    assert (home["pusd"], home["won_usd"]) == (11.75, 0.0)
    assert await at.shares() == ["3.5", "3.5"]
    assert (await at.document("redeem", near))["calls"] == []


@pytest.mark.trio
async def test_money_goes_into_a_round_and_out_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    money = {"dollars": "10", "usdc_e": "5.25", "is_approved": False}
    async with stand(tmp_path, monkeypatch, WalletType.DEPOSIT, **money) as at:
        await _goes_in_and_out(at)
        shown = await at.run("wallet", "--venue", "venue.json", "--config", "kind.toml")
        assert shown.exit_code == 0, shown.output
        for words in (at.wallet.funder, "deposit (type 3)", "USDC.e", "merge and redeem", "pairs"):
            assert words in shown.output
        asked = await at.run("split", at.slug(FAR), "50", "--venue", "venue.json")
        assert asked.exit_code == 1
        assert "more than the 11.75 there" in str(asked.exception)


@pytest.mark.long
@pytest.mark.trio
@pytest.mark.parametrize("kind", list(WalletType))
async def test_winners_come_home_with_every_kind_of_wallet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: WalletType
) -> None:
    money = {"dollars": "10", "usdc_e": "5.25", "is_approved": False}
    async with stand(tmp_path, monkeypatch, kind, **money) as at:
        await _goes_in_and_out(at)
        await _is_paid(at)


@pytest.mark.parametrize("name", ["approve", "wrap", "merge", "redeem"])
def test_nothing_is_moved_for_somebody_who_may_not_trade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The gates are asked before the venue is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POLYMARKET_PRIVATE_KEY", "0x" + "5c" * 32)
    ended = CliRunner().invoke(cli, [name])
    assert isinstance(ended.exception, Blocked)
    assert ended.exception.tag == "REAL_TRADING_BLOCKED_DRY_RUN_TRUE"


@pytest.mark.parametrize("amount", ["0", "-1", "nan", "1e-7", "inf", "ten", "0.0000001"])
def test_an_amount_is_a_plain_one(amount: str) -> None:
    ended = CliRunner().invoke(
        cli, ["split", "--dry-run", "--", "btc-updown-5m-1795204800", amount]
    )
    assert ended.exit_code == 2, ended.output

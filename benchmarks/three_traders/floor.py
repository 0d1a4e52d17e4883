"""The four processes: a venue, our bot, and two strangers in environments of their own; and twenty
rounds of them together."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import trio
from attrs import define, field, frozen

from benchmarks.strangers.clients import CLOB, UNIFIED, Environment
from benchmarks.strangers.control import Control
from benchmarks.strangers.running import ROOT, a_key, venue_process
from benchmarks.strangers.trader import trader
from benchmarks.three_traders.pits import Pit, clock_of, next_opening_s, open_pit
from benchmarks.three_traders.strangers import Stranger, Visitors
from polytui.execution.throwaway import throwaway_wallet
from polytui.journal.reader import JournalReader
from polytui.model.units import NS_PER_S

BOT = "our bot"
BOT_DOLLARS, DOLLARS, DOLLARS_MORE = 1_000, 100_000, 1
_BOT = "benchmarks.three_traders.bot"
_OPENS_S = 1_795_186_800
"""20 November 2026, 15:00: the first rounds that are played."""
_READY_WITHIN_S = 25
_ROUND_S = 300
_AHEAD_S = 15
"""World seconds before an opening by which everybody is there."""
_AFTER_OPEN_S, _BEFORE_CLOSE_S = 5, 12
_LOOKS_EVERY_S = 0.2
_SETTLED_WITHIN_S = 400.0
_ENDS_WITHIN_S = 60.0
_ROUGH_EVERY = 150
"""Looks at a round from one trade that the chain fails, or takes at its second try, to the next."""
_OVER = ("TRADE_STATUS_CONFIRMED", "TRADE_STATUS_FAILED")
_PATIENCE_REAL_S = 20.0
"""Without a beat the venue cancels after so long: this machine is busy."""
SETTINGS = f"""
[paper]
starting_cash_usd = {BOT_DOLLARS}.0
[live]
heartbeat_s = 3.0
heartbeat_answer_s = 5.0
heartbeat_grace_s = 9.5
[journal]
flush_ms = 50
checkpoint_every = 100000
[store]
is_enabled = false
[market]
volatility_warmup_s = 30.0
[gates]
after_open_s = 1.0
before_close_s = 5.0
entry_delay_s = 0.0
cooldown_s = 1.0
min_depth = 0.0
max_book_lag_ms = 60000
is_one_signal_a_side = false
[risk]
max_losses_in_a_row = 1000
max_orders_per_round = 1000
max_trades_per_day = 1000000
max_daily_loss_usd = 100000.0
max_drawdown_usd = 100000.0
max_drawdown_pct = 100.0
max_order_usd = 30.0
max_position_usd = 300.0
max_round_usd = 400.0
max_net_usd = 1000.0
max_asset_usd = 1000.0
max_account_usd = 5000.0
max_closing_usd = 5000.0
[breakers]
max_reject_share = 1.0
critical_latency_ms = 20000.0
stale_latency_ms = 20000.0
[demo]
crowd_delay_s = 5.0
strategies = ["confluence", "momentum_score", "distance_fade", "settlement_sniper", "predictor"]
"""


@frozen
class Bot:
    """Our engine, a process like any user's, which trades at the venue through its live client."""

    process: trio.Process
    folder: Path

    def has_settled(self, conditions: set[str]) -> bool:
        """Whether its journal has the results of all these rounds."""
        with JournalReader(self.folder) as journal:
            for record in journal:
                if record.is_event and b"RoundSettled" in bytes(record.event):
                    conditions = {
                        one for one in conditions if one.encode() not in bytes(record.event)
                    }
        return not conditions

    async def stop(self) -> int:
        """In order: it takes its orders back, and waits for the venue's word. Its exit code."""
        self.process.send_signal(signal.SIGTERM)
        with trio.fail_after(_ENDS_WITHIN_S):
            return await self.process.wait()

    async def told(self) -> dict[str, Any]:
        """What its ledger has, once it has ended: its journal played again by the same program."""
        command = [sys.executable, "-m", _BOT, "told", str(self.folder)]
        done = await trio.run_process(command, capture_stdout=True, cwd=ROOT)
        found: dict[str, Any] = json.loads(done.stdout)
        return found


@asynccontextmanager
async def bot_process(
    folder: Path, urls: dict[str, Any], assets: Sequence[str]
) -> AsyncIterator[Bot]:
    """With a wallet of its own that the venue's faucet has filled; ended with the block."""
    (folder / "config.toml").write_text(SETTINGS)
    (folder / "venue.json").write_text(json.dumps(urls))
    command = [
        sys.executable, "-m", _BOT, "demo", "--headless", "--venue", "venue.json",
        "--assets", ",".join(assets), "--interval", "5m", "--rounds", "0",
        "--folder", "runs/bot",
    ]  # fmt: skip
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(folder), "PYTHONPATH": str(ROOT)}
    with (folder / "bot.out").open("wb") as out:
        process = await trio.lowlevel.open_process(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        yield Bot(process, folder / "runs" / "bot")
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()


@define(eq=False)
class Floor:
    """State: the rounds that were opened so far."""

    control: Control
    http: httpx.AsyncClient
    bot: Bot
    bot_wallet: str
    first: Stranger
    second: Stranger
    rng: random.Random
    pits: list[Pit] = field(factory=list)
    opened_s: int = 0

    @property
    def strangers(self) -> tuple[Stranger, Stranger]:
        return self.first, self.second

    @property
    def wallets(self) -> dict[str, str]:
        """Names by wallet."""
        return {self.bot_wallet: BOT, **{one.wallet: one.name for one in self.strangers}}

    async def play(self, assets: Sequence[str], spans: int) -> None:
        """So many rounds of each asset, one after another, all of them at once."""
        clock = clock_of(self.control.urls)
        begins_s = next_opening_s(clock.now_ns(), _AHEAD_S)
        for span in range(spans):
            since_s = begins_s + span * _ROUND_S
            if self.bot.process.poll() is not None:
                raise RuntimeError(f"our bot has ended with {self.bot.process.returncode}")
            async with trio.open_nursery() as nursery:
                for asset in assets:
                    pit = await open_pit(self.control, self.http, asset, since_s)
                    self.pits.append(pit)
                    if pit.told["is_v2"]:
                        for one in self.strangers:
                            await one.hands.do("learn", positions=list(pit.tokens))
                    nursery.start_soon(self._trade, pit)

    async def _trade(self, pit: Pit) -> None:
        clock = clock_of(self.control.urls)
        opens_ns = pit.closes_ns - _ROUND_S * NS_PER_S
        await _until(clock, opens_ns + _AFTER_OPEN_S * NS_PER_S)
        visitors = Visitors(self.first, self.second, self.rng)
        while clock.now_ns() < pit.closes_ns - _BEFORE_CLOSE_S * NS_PER_S:
            await visitors.visit(pit, self.http)
            if visitors.looks % _ROUGH_EVERY == _ROUGH_EVERY // 2:
                kind = self.rng.choice(("fail", "retry"))
                await self.control.tell("/trades", kind=kind, times=1)
            await trio.sleep(_LOOKS_EVERY_S)
        for one in self.strangers:
            await one.withdraw(pit)

    async def end(self) -> None:
        """Nobody trades any more, every round has its result, every trade its end, and the venue's
        own redeemer has been to all of them."""
        for one in self.strangers:
            await one.hands.do("cancel_all")
        with trio.fail_after(_SETTLED_WITHIN_S):
            conditions = {str(pit.told["gamma_condition"]) for pit in self.pits}
            while not await trio.to_thread.run_sync(self.bot.has_settled, conditions):
                await trio.sleep(1.0)
            if code := await self.bot.stop():
                raise RuntimeError(f"our bot ended with {code}")
            while not all([await self._is_over(wallet) for wallet in self.wallets]):
                await trio.sleep(0.5)
        for one in self.strangers:
            # A deposit: the venue looks at the chain anew, where one client cannot ask it to.
            await self.control.tell("/faucet", dollars=str(DOLLARS_MORE), **one.account)

    async def _is_over(self, wallet: str) -> bool:
        account = await self.control.account(wallet)
        played = {token for pit in self.pits for token in pit.tokens}
        is_paid = not played & {one for one, shares in account["shares"].items() if float(shares)}
        return is_paid and all(one["status"] in _OVER for one in account["trades"])

    async def winners(self, conditions: Iterable[str]) -> dict[str, bool]:
        """Who won by token, of those rounds that are over."""
        found: dict[str, bool] = {}
        for condition in conditions:
            answer = await self.http.get(f"{self.control.urls['clob']}/markets/{condition}")
            tokens = answer.raise_for_status().json()["tokens"]
            won = {one["token_id"]: bool(one["winner"]) for one in tokens}
            found |= won if any(won.values()) else {}
        return found


async def _until(clock: Any, at_ns: int) -> None:
    while (left_ns := at_ns - clock.now_ns()) > 0:
        await trio.sleep(min(1.0, left_ns / NS_PER_S / clock.speed))


@asynccontextmanager
async def floor(
    folder: Path, assets: Sequence[str], seed: int, speed: float
) -> AsyncIterator[Floor]:
    """Everybody is there, has money, and listens."""
    arguments = [
        "--assets", ",".join(assets), "--intervals", "5m", "--speed", f"{speed:g}",
        "--seed", str(seed), "--messages", "0.02", "--crowd-delay", "5",
        "--start", _time(_OPENS_S - _READY_WITHIN_S * speed),
        "--heartbeat", f"{_PATIENCE_REAL_S * speed:g}", "--v2-share", "0.25",
    ]  # fmt: skip
    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(venue_process(*arguments))
        control = Control(urls)
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=30.0))
        bot = await stack.enter_async_context(bot_process(folder, urls, assets))
        rng = random.Random(seed)

        async def stranger(name: str, environment: Environment, script: str) -> Stranger:
            told = {
                "urls": urls, "round": _NO_ROUND, "brief": _NO_ROUND, "key": a_key(),
                "options": {"has_relayer": True} if environment is UNIFIED else {},
            }  # fmt: skip
            hands = await stack.enter_async_context(trader(environment, script, told))
            who = await hands.do("who")
            account = {"owner": who["address"], "signature_type": 3 if "wallet" in who else 0}
            paid = await control.tell("/faucet", dollars=str(DOLLARS), **account)
            return Stranger(name, hands, account, paid["wallet"].lower(), rng)

        first = await stranger("py-clob-client-v2", CLOB, "trader_clob.py")
        second = await stranger("polymarket-client", UNIFIED, "trader_unified.py")
        made = Floor(control, http, bot, _bot_wallet(urls), first, second, rng)
        yield made


def _time(at_s: float) -> str:
    return datetime.fromtimestamp(int(at_s), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_NO_ROUND = {"is_v2": False}
"""They are told of each round when it comes."""


def _bot_wallet(urls: dict[str, Any]) -> str:
    return throwaway_wallet(urls["control_token"]).funder.lower()

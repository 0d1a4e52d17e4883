"""What outlives a session: the kill switch and the counters of the day, on paper, run after run.

The prices come from `polytui venue` beside us, at the speed of the wall's clock. Its addresses are
settings like any others, so what runs here is `polytui run` as a user starts it.
"""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest
from program import Program, events_of, records_of, replayed, short_folder, started, summary_of
from watcher import Seen, Watcher, watching

from polytui.config.schema import EndpointSettings
from polytui.journal.codec import (
    FORMAT,
    Header,
    JournalRecord,
    decode_risk_state,
    encode_header,
    encode_risk_state,
)
from polytui.journal.seal import sealed
from polytui.model.events import Action, Commanded, RiskStateRestored
from polytui.model.instrument import Asset
from polytui.model.snapshot import AssetState
from polytui.model.units import NS_PER_S, Usd
from polytui.net.clock import WallClock

pytestmark = [pytest.mark.trio, pytest.mark.long]
SETTINGS = """
[session]
exchanges = ["binance"]

[rounds]
strike_every_s = 1.0

[market]
volatility_warmup_s = 1.0
exchange_fresh_ms = 60000

[gates]
after_open_s = 0.0
before_close_s = 0.0
max_spread_bps = 9000.0
min_consensus_trust = 0.0
max_book_lag_ms = 60000
max_chainlink_age_ms = 60000
max_slippage_ticks = 3
entry_delay_s = 0.0
cooldown_s = 0.0
is_one_signal_a_side = false

[risk]
max_losses_in_a_row = 9
max_orders_per_round = 1000
max_trades_per_day = 10000

[breakers]
max_reject_share = 1.0
critical_latency_ms = 20000.0
stale_latency_ms = 20000.0
"""
STRATEGIES = ("confluence", "momentum_score", "distance_fade", "predictor")
EAGER = """
is_enabled = true
sizing = "fixed"
stake_usd = 6.0
min_edge_bps = 1.0
max_price = 0.99
min_price = 0.01
"""
_DAY_NS = 86_400 * NS_PER_S
_NEAR_MIDNIGHT_NS = 240 * NS_PER_S
NOW = WallClock()
PATIENCE_S = 120.0
EARLIER_TRADES, EARLIER_LOSSES = 7, 2


@asynccontextmanager
async def venue(folder: Path) -> AsyncIterator[None]:
    """A venue whose world has the time of this machine's clock, and a config.toml that names it."""
    now = datetime.fromtimestamp(NOW.now_ns() // NS_PER_S, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    place = (
        "venue", "--assets", "btc", "--intervals", "5m,15m", "--speed", "1", "--start", now,
        "--crowd-delay", "3",
    )  # fmt: skip
    async with started(folder, *place, patience_s=PATIENCE_S) as program:
        urls = json.loads(await program.line(r'^\{"gamma"'))
        names = [field.name for field in attrs.fields(EndpointSettings)]
        urls |= {f"{name}_spare": urls[name] for name in ("binance_ws", "binance_rest")}
        endpoints = "\n".join(f'{name} = "{urls[name]}"' for name in names)
        enabled = "".join(f"\n[{name}]{EAGER}" for name in STRATEGIES)
        (folder / "config.toml").write_text(f"[endpoints]\n{endpoints}\n{SETTINGS}{enabled}")
        yield


@asynccontextmanager
async def paper(folder: Path) -> AsyncIterator[tuple[Program, Watcher]]:
    """A session on paper with a face on it, ended by SIGTERM."""
    with short_folder() as place:
        socket = place / "e.sock"
        command = ("run", "--headless", "--assets", "btc", "--interval", "5m,15m")
        async with (
            started(folder, *command, "--socket", socket, patience_s=PATIENCE_S) as program,
            watching(socket, "paper") as watcher,
        ):
            yield program, watcher
            program.signal(signal.SIGTERM)
            assert await program.end() == 0, program.unread


@attrs.frozen
class Ended:
    """What a session left behind."""

    journal: Path
    summary: dict[str, Any]
    printed: str

    @property
    def entries(self) -> list[JournalRecord]:
        return [r for r in records_of(self.journal) if b'"Place"' in bytes(r.effects)]

    def commanded(self, action: Action) -> JournalRecord:
        (record,) = [
            record
            for record, event in events_of(self.journal, Commanded)
            if isinstance(event, Commanded) and event.action is action
        ]
        return record

    @property
    def restored(self) -> RiskStateRestored:
        (event,) = [event for _, event in events_of(self.journal, RiskStateRestored)]
        assert isinstance(event, RiskStateRestored)
        return event


def ended(program: Program, before: set[Path]) -> Ended:
    (session,) = {one for one in (program.folder / "runs").iterdir() if one.is_dir()} - before
    return Ended(session, summary_of(session), program.unread)


def leave_an_earlier_session(folder: Path) -> Path:
    """A journal of this morning: seven entries, two losses in a row, nothing stopped."""
    today = NOW.now_ns() // _DAY_NS
    losses = ((Asset.BTC.value, EARLIER_LOSSES),)
    risk_state = RiskStateRestored(
        today, Usd(-3_000_000), EARLIER_TRADES, Usd(4_000_000), losses, "", 0
    )
    session = folder / "runs" / "earlier-paper"
    session.mkdir(parents=True)
    header = Header(FORMAT, "0.1.0", "paper", session.name, NOW.now_ns())
    (session / "journal").mkdir()
    lines = sealed([encode_header(header), encode_risk_state(risk_state)])
    (session / "journal" / "000001.jsonl").write_bytes(lines)
    return session


async def test_a_kill_and_the_days_counters_survive_a_restart(tmp_path: Path) -> None:
    if NOW.now_ns() % _DAY_NS > _DAY_NS - _NEAR_MIDNIGHT_NS:
        pytest.skip("the day ends within minutes, and its counters with it")
    known = {leave_an_earlier_session(tmp_path)}
    async with venue(tmp_path):
        first = await _trade_and_kill(tmp_path, known)
        known.add(first.journal)
        second = await _begin_killed_and_rearm(tmp_path, known, first)
        known.add(second.journal)
        await _begin_armed(tmp_path, known)


async def _trade_and_kill(folder: Path, known: set[Path]) -> Ended:
    """The counters go on from the session before; an entry; a person kills; SIGTERM."""
    async with paper(folder) as (program, watcher):
        seen = watcher.seen
        await watcher.until(_has_limits)
        assert seen.used("trades of the day") >= EARLIER_TRADES
        assert seen.used("losses in a row") == EARLIER_LOSSES
        assert seen.used("daily loss limit") == 3.0
        assert seen.used("drawdown limit") == 4.0
        await watcher.until(lambda seen: seen.used("trades of the day") > EARLIER_TRADES)
        await watcher.command(Action.KILL)
        await watcher.until(lambda seen: seen.asset.state is AssetState.KILLED)
    first = ended(program, known)
    assert first.restored.trades_today == EARLIER_TRADES
    assert first.entries
    assert first.entries[-1].seq < first.commanded(Action.KILL).seq
    assert first.summary["stopped"] == "signal SIGTERM"
    assert first.summary["kill_switch"] == {"is_on": True, "why": "command from terminal"}
    assert replayed(first.journal).mind.account.working_orders == 0
    return first


async def _begin_killed_and_rearm(folder: Path, known: set[Path], first: Ended) -> Ended:
    """Killed from the first view on, whatever there is to trade; until a person rearms."""
    left = decode_risk_state((folder / "runs/paper.risk_state.jsonl").read_bytes().splitlines()[-1])
    async with paper(folder) as (program, watcher):
        seen = watcher.seen
        await watcher.until(_has_limits)
        assert seen.account.is_killed
        assert seen.account.kill_why == "command from terminal"
        assert seen.said("kill switch is on from an earlier session", "command from terminal")
        await watcher.until(_could_trade)
        assert seen.asset.state is AssetState.KILLED
        assert seen.asset.detail == "command from terminal"
        reasons = {one.reason for each in seen.asset.rounds for one in each.signals}
        assert reasons == {"kill switch"}
        trades = seen.used("trades of the day")
        assert trades == EARLIER_TRADES + _entries_sent(first)
        assert seen.used("losses in a row") == EARLIER_LOSSES
        assert seen.account.working_orders == 0
        await watcher.command(Action.REARM)
        await watcher.until(lambda seen: seen.used("trades of the day") > trades)
        assert not seen.account.is_killed
    second = ended(program, known)
    assert second.restored == left
    assert second.restored.kill_why == "command from terminal"
    assert second.restored.kill_since_ns == first.commanded(Action.KILL).at
    assert second.entries[0].seq >= second.commanded(Action.REARM).seq, "and nothing before"
    assert " KILLED" in second.printed
    assert second.summary["kill_switch"] == {"is_on": False, "why": ""}
    return second


def _has_limits(seen: Seen) -> bool:
    """The desk has begun, and with what the last session left."""
    return bool(seen.asset.life > 0 and seen.account.limits and seen.asset.limits)


def _could_trade(seen: Seen) -> bool:
    """All is there that a decision needs: only the kill switch is in the way."""
    return any(
        each.phase == "open"
        and each.strike is not None
        and each.fair_up is not None
        and each.book is not None
        and each.book.is_settled
        and each.signals
        for each in seen.asset.rounds
    )


def _entries_sent(of: Ended) -> int:
    return sum(
        effect.get("order", {}).get("side") == "buy"
        for record in of.entries
        for kind, effect in json.loads(bytes(record.effects))
        if kind == "Place"
    )


async def _begin_armed(folder: Path, known: set[Path]) -> None:
    """A rearming survives as well as a kill."""
    async with paper(folder) as (program, watcher):
        await watcher.until(_has_limits)
        assert not watcher.seen.account.is_killed
    third = ended(program, known)
    assert third.restored.kill_why == ""
    assert third.restored.trades_today > EARLIER_TRADES
    assert third.restored.losses_in_a_row == ((Asset.BTC.value, EARLIER_LOSSES),)
    assert third.summary["kill_switch"] == {"is_on": False, "why": ""}

"""What stops by itself, in the real program: every breaker and the kill switch fired on purpose.

Two demos by the command line, watched over the socket by a face as a terminal would. What fired
must be told three times: in the journal, in the summary, and on the page that a person looks at.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import msgspec
import trio
from program import Program, records_of, short_folder, started, summary_of
from test_engine_faces import Face, attached

from polytui.journal.codec import Record
from polytui.model.effects import Reason
from polytui.model.events import Action
from polytui.model.link import AccountFrame, Ack, AssetFrame, Change, NoticeFrame
from polytui.model.snapshot import AccountView, AssetView, Notice

BREAKERS = (
    Reason.SPREAD_SPIKE,
    Reason.QUEUE_FULL,
    Reason.LATENCY,
    Reason.RECONNECTS,
    Reason.REJECTS,
    Reason.DIVERGENCE,
    Reason.FEE_SPIKE,
)
"""In the order of the plan."""
CHAOS = (
    "fees:market@round1,spread:market@round1+90sx2,flood:btc@round1+230s,"
    "stall:btc@round2+30sx2,drop:all@round2+170s,"
    "reject:btc@round3+5sx7,divergence:market@round4+30sx4,kill:all@round6+60s"
)
EAGER = """
is_enabled = true
stake_usd = 6.0
sizing = "fixed"
min_edge_bps = 1.0
is_held_to_settlement = true
"""
"""Every strategy trades, often and little: a breaker that is open holds somebody back."""
OFTEN = """
[session]
exchanges = ["binance"]
[terminal]
snapshot_hz = 5.0
[market]
exchange_fresh_ms = 60000
volatility_warmup_s = 5.0
[gates]
max_book_lag_ms = 60000
max_book_age_ms = 60000
max_oracle_age_ms = 60000
after_open_s = 5.0
before_close_s = 10.0
min_oracle_confidence = 0.0
entry_delay_s = 0.0
cooldown_s = 1.0
max_slippage_ticks = 3
is_one_signal_a_side = false
"""
STRATEGIES = ("confluence", "momentum_score", "distance_fade", "settlement_sniper", "predictor")
NO_END = """
[risk]
max_orders_per_round = 60
max_losses_in_a_row = 99
max_drawdown_usd = 900.0
max_daily_loss_usd = 900.0
"""
LIMITS = """
[breakers]
cool_down_s = 30.0
max_divergence = 0.35
max_reconnects = 2
reject_orders = 4
max_spread_rise = 6.0
critical_latency_ms = 1500.0
stale_latency_ms = 1800.0
"""
"""A stall of two seconds is over them, and no other pause of a busy machine."""
PATIENCE_S = 120.0


@attrs.define
class Seen:
    """What a face was told. State: all of it, in order."""

    views: list[AssetView] = attrs.field(factory=list)
    accounts: list[AccountView] = attrs.field(factory=list)
    notices: list[Notice] = attrs.field(factory=list)

    def take(self, message: Any) -> None:
        match message:
            case AssetFrame(view):
                self.views.append(view)
            case AccountFrame(view):
                self.accounts.append(view)
            case NoticeFrame(notice):
                self.notices.append(notice)

    def said(self, words: str) -> list[Notice]:
        return [notice for notice in self.notices if words in notice.text]


@attrs.define
class Watcher:
    """A face that forgets nothing. State: what it saw, and the number of its last command."""

    face: Face
    seen: Seen = attrs.field(factory=Seen)
    number: int = 0

    async def until(self, is_true: Callable[[Seen], object]) -> None:
        def note(message: Any) -> bool:
            self.seen.take(message)
            return bool(is_true(self.seen))

        await self.face.hear(note)

    async def command(self, action: Action, asset: str = "") -> None:
        self.number += 1
        await self._acknowledged(self.face.ask(self.number, action, asset))

    async def change(self, path: str, value: object) -> None:
        self.number += 1
        await self.face.say(Change(self.number, path, msgspec.json.encode(value).decode()))
        heard = self.face.hear(lambda m: isinstance(m, Ack) and m.command_id == self.number)
        await self._acknowledged(heard)

    async def _acknowledged(self, answer: Any) -> None:
        ack: Ack = await answer
        assert not ack.error, ack.error


@attrs.frozen
class Played:
    """A demo that has ended."""

    summary: dict[str, Any]
    journal: Path
    seen: Seen
    printed: str

    def effects(self, name: str) -> list[tuple[int, dict[str, Any]]]:
        """(session time, fields) of every effect of a kind."""
        records = records_of(self.journal)
        return [(r.at, fields) for r in records for kind, fields in effects_of(r) if kind == name]


def effects_of(record: Record) -> list[tuple[str, dict[str, Any]]]:
    return [(kind, fields) for kind, fields in msgspec.json.decode(record.effects)]


def play(folder: Path, settings: str, play: Callable[[Watcher], Any], *arguments: str) -> Played:
    """A demo of BTC watched by a face, until `play` has seen enough and stops it."""
    (folder / "my.toml").write_text(settings)

    async def watched() -> tuple[Program, Seen]:
        with short_folder() as place:
            socket = place / "e.sock"
            command = ("demo", "--headless", "--config", "my.toml", "--assets", "btc")
            command += ("--rounds", "0", "--start", "2026-11-20T14:59:00Z")
            async with started(folder, *command, "--socket", socket, *arguments) as program:
                async with attached(socket) as face:
                    watcher = Watcher(face)
                    await play(watcher)
                    await watcher.command(Action.STOP)
                assert await program.end() == 0, program.unread
            return program, watcher.seen

    program, seen = trio.run(watched)
    session = program.session
    return Played(summary_of(session), session / "journal.jsonl", seen, program.unread)


def all_strategies(more: str = "") -> str:
    return "".join(f"[{name}]\n{EAGER}{more}" for name in STRATEGIES)

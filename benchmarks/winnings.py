"""`make winnings`: forty rounds, ten of them with each kind of wallet, and what came home.

A venue runs beside, whose own redeemer is let by nobody; a ladder that quotes all the time trades
there through the live client, so that it holds winners, losers and pairs. Once enough rounds are
settled it goes on until everything that it won is home, and is stopped. What is printed is the
venue's own word, the wallet's log and the journal, held against each other.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import define, field, frozen
from rich.console import Console
from rich.table import Table

from benchmarks.bank import Bank
from benchmarks.collector import COLLECTOR
from benchmarks.ladder import DEEP, quoting
from benchmarks.live_restarts import HEARTBEAT, LADDER_SETTINGS
from benchmarks.restarts import engine, venue
from polytui.backtest.replay import Replay
from polytui.config.redeem import RedeemSettings
from polytui.execution.throwaway import throwaway_wallet
from polytui.execution.wallet_log import WalletLog
from polytui.journal.codec import decode_event
from polytui.journal.reader import JournalReader
from polytui.ledger.wallet_work import WorkKind, WorkName
from polytui.model.events import RoundFound, RoundSettled, WinnersRedeemed
from polytui.model.units import Usd, format_micro
from polytui.strategy.proposal import QuotingStrategy
from polytui.venues.polymarket.wallet import WalletType

_SPEED = 10.0
_SHIPPED = RedeemSettings()
_HOME_WITHIN_S = 1_800.0
_LOOKS_EVERY_S = 15.0
"""Each look reads a journal."""


@frozen
class Trader:
    """Who trades with the wallets, and in which rounds."""

    module: str
    """Which is `polytui` with him."""
    strategies: tuple[QuotingStrategy, ...]
    interval: str
    still_s: float
    """Of the world: a round that begins with the session, and until it is resolved."""
    is_batched: bool
    """Whether a relayer's wallet needs less than a call a round: not where pairs come again as soon
    as they are merged."""


LADDER = Trader("benchmarks.ladder", DEEP, "5m", 720.0, is_batched=True)
"""Winners, losers, and pairs that are redeemed with their rounds."""
COLLECTOR_1H = Trader("benchmarks.collector", COLLECTOR, "1h", 4_500.0, is_batched=False)
"""Pairs that are merged: their rounds last so long that they need not wait for the end."""
_NO_MORE = "kill:all@round1"
"""The second session brings home, and enters nothing."""


@define
class Row:
    """What became of one kind of wallet."""

    kind: str
    settled: int = 0
    won: int = 0
    """Rounds of which shares were paid."""
    redeemed: Counter[WorkName] = field(factory=Counter)
    """How often each was done."""
    least_pairs: Usd = _SHIPPED.merge_pairs
    """Of a merge."""
    merges: list[int] = field(factory=list)
    left_in_pairs: int = 0
    """The most that a round was redeemed with."""
    calls: int = 0
    failed: int = 0
    left: int = 0
    """Millionths of winning shares that are in the wallet still."""
    ledger: int = 0
    venue: int = 0
    conditions: set[str] = field(factory=set)
    faults: list[str] = field(factory=list)

    def judge(self) -> None:
        """What must hold."""
        twice = [slug for (_, slug, _), count in self.redeemed.items() if count > 1]
        if twice:
            self.faults.append(f"redeemed twice: {', '.join(twice)}")
        if self.ledger != self.venue:
            self.faults.append(f"cash differs by {format_micro(self.ledger - self.venue, 6)}")
        if self.left:
            self.faults.append(f"{format_micro(self.left, 6)} dollars are not home")
        if any(pairs < self.least_pairs for pairs in self.merges):
            self.faults.append("pairs were merged below their threshold")


@define
class Place:
    """One kind of wallet at a venue. State: sessions so far, and what became of them."""

    folder: Path
    urls: dict[str, Any]
    kind: WalletType
    trader: Trader = LADDER
    row: Row = field(init=False)
    bank: Bank = field(init=False)
    lives: list[str] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.row, self.bank = Row(self.kind.label), Bank(self.urls)
        self.bank.wallet = throwaway_wallet(self.urls["control_token"], self.kind)
        self.folder.mkdir()
        (self.folder / "venue.json").write_text(json.dumps(self.urls))

    @property
    def log_path(self) -> Path:
        wallet = self.bank.wallet
        return self.folder / "runs" / f"{wallet.chain_id}-{wallet.funder.lower()}.work.jsonl"

    def set_up(self, redeem: str) -> None:
        """What the next sessions read."""
        text = LADDER_SETTINGS.split("[redeem]", maxsplit=1)[0]
        text = text.replace("[demo]", f'[demo]\nwallet_type = "{self.kind.label}"')
        (self.folder / "config.toml").write_text(f"{text}[redeem]\n{redeem}")

    def live(self, name: str, chaos: str, is_done: Callable[[], bool]) -> None:
        """One session, until that is so."""
        process = self.start(name, chaos)
        until = time.monotonic() + _HOME_WITHIN_S
        try:
            while not is_done():
                time.sleep(_LOOKS_EVERY_S)
                if time.monotonic() > until or process.poll() is not None:
                    self.row.faults.append(f"{name} did not come to its end")
                    return
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)

    def start(self, name: str, chaos: str) -> subprocess.Popen[bytes]:
        self.lives.append(name)
        module, interval = self.trader.module, self.trader.interval
        return engine(self.folder, name, chaos, module=module, is_paper=False, interval=interval)

    def bring_home(self) -> Row:
        """A last session, until nothing is owed; and all of them judged."""
        still = _Still(self.log_path, self.trader.still_s / self.urls["speed"])
        self.live("brings", _NO_MORE, still.is_still)
        row = self.row
        for name in self.lives:
            _read_journal(row, self.folder / "runs" / name)
        _read_log(row, self.log_path, self.bank.wallet.funder)
        told = self.bank.quiet(may_hurry=True)
        if told is None:
            row.faults.append("the venue does not come to rest")
        else:
            row.venue = told.has.usd
            winners = self.bank.winners_of(row.conditions)
            row.left = sum(count for token, count in told.has.shares.items() if winners.get(token))
        row.judge()
        return row


def play(
    folder: Path,
    urls: dict[str, Any],
    kind: WalletType,
    rounds: int,
    within_s: float,
    trader: Trader,
) -> Row:
    """A session with a wallet of that kind, until so many rounds are settled; then another one that
    goes on from it, until all is home."""
    place = Place(folder, urls, kind, trader)
    place.set_up(f"within_s = {within_s}\n")
    place.live("trades", "", lambda: _settled(folder, "trades") >= rounds)
    row = place.bring_home()
    is_relayed = kind is not WalletType.EOA
    if trader.is_batched and is_relayed and row.calls >= row.settled:
        row.faults.append(f"{row.calls} calls for {row.settled} rounds")
    return row


@define
class _Still:
    """State: since when nothing is under way and nothing is owed."""

    path: Path
    for_s: float
    since: float | None = None

    def is_still(self) -> bool:
        log = log_of(self.path) if self.path.exists() else None
        if log is None or log.open or log.owed:
            self.since = None
        elif self.since is None:
            self.since = time.monotonic()
        return self.since is not None and time.monotonic() >= self.since + self.for_s


def _settled(folder: Path, name: str) -> int:
    try:
        with JournalReader(folder / "runs" / name) as journal:
            events = (
                decode_event(record.event)
                for record in journal
                if record.is_event and bytes(record.event).startswith(b'["RoundSettled"')
            )
            return len({one.condition_id for one in events if isinstance(one, RoundSettled)})
    except Exception:  # it is not there yet, or just turns
        return 0


def log_of(path: Path, wallet: str = "") -> WalletLog:
    """A copy of it, so that the one that is written stays as it is."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        raw = path.read_bytes()
        copy.write_bytes(raw)
        first = json.loads(raw.split(b"\n", 1)[0])
        log = WalletLog(wallet or str(first["wallet"]), copy, lambda: 0)
        log.begin()
        log.close()
    return log


def _read_log(row: Row, path: Path, wallet: str) -> None:
    log = log_of(path, wallet)
    for ended in log.ended.values():
        row.calls += len(ended.intent.counted_ns)
        row.failed += not ended.is_done
        for work in ended.intent.works if ended.is_done else ():
            if work.kind is WorkKind.MERGE:
                row.merges.append(work.up)
            else:
                row.redeemed[work.name] += 1
                row.left_in_pairs = max(row.left_in_pairs, min(work.up, work.down))


def _read_journal(row: Row, run: Path) -> None:
    replay, slugs, paid = Replay(is_verifying=True), set[str](), Counter[str]()
    with JournalReader(run) as journal:
        for record in journal:
            if difference := replay.take(record):
                row.faults.append(f"{run.name}: {difference[:300]}")
                return
            if record.is_event:
                event = decode_event(record.event)
                if isinstance(event, RoundFound):
                    row.conditions.add(event.round.condition_id)
                elif isinstance(event, RoundSettled):
                    slugs.add(event.condition_id)
                elif isinstance(event, WinnersRedeemed):
                    paid[event.slug] += 1
    row.settled += len(slugs)
    row.won += len(paid)
    row.ledger = replay.mind.account.cash


def shown(rows: list[Row]) -> Table:
    table = Table(title="what came home, by kind of wallet")
    for name in (
        "wallet", "settled", "won", "redeemed once", "merges", "merged USD", "pairs left",
        "calls", "calls a round", "failed", "ledger USD", "venue USD", "difference",
    ):  # fmt: skip
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            row.kind,
            str(row.settled),
            str(row.won),
            str(sum(count == 1 for count in row.redeemed.values())),
            str(len(row.merges)),
            format_micro(sum(row.merges), 2),
            format_micro(row.left_in_pairs, 2),
            str(row.calls),
            f"{row.calls / max(1, row.settled):.2f}",
            str(row.failed),
            format_micro(row.ledger, 6),
            format_micro(row.venue, 6),
            format_micro(row.ledger - row.venue, 6),
        )
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--speed", type=float, default=_SPEED)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--within", type=float, default=_SHIPPED.within_s, help="redeem.within_s")
    parser.add_argument(
        "--wallets", default=",".join(kind.label for kind in WalletType), help="in turn"
    )
    parser.add_argument("--pairs", action="store_true", help="collect pairs in rounds of an hour")
    parser.add_argument("--folder", type=Path, help="of sessions, logs and venue, to look at later")
    given = parser.parse_args()
    console, rows = Console(width=180), list[Row]()
    kinds = [kind for kind in WalletType if kind.label in given.wallets.split(",")]
    trader = COLLECTOR_1H if given.pairs else LADDER
    with tempfile.TemporaryDirectory() as name:
        folder = given.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        with (
            quoting(trader.strategies),
            venue(
                folder, given.seed, given.speed, LADDER_SETTINGS, HEARTBEAT, trader.interval
            ) as urls,
        ):
            for kind in kinds:
                each = -(-given.rounds // len(kinds))
                rows.append(play(folder / kind.label, urls, kind, each, given.within, trader))
                console.print(shown(rows))
    faults = [f"{row.kind}: {fault}" for row in rows for fault in row.faults]
    for fault in faults:
        console.print(fault)
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()

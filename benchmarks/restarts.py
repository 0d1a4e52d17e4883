"""`make restarts N=100`: a trading demo is killed with -9 again and again, and goes on each time.

A venue runs beside; `polytui demo --venue` trades at it. Half of the times it is killed at a random
moment, half of the times it kills itself at a named point (`--chaos kill9:...`): an order is sent,
half a batch of fills is kept, a settlement is seen, a segment of the journal turns, a checkpoint is
half written. What it begins with next is compared, to the millionth, with what the fills and
settlements of all journals come to, added up here and by nothing of the engine's. Each journal is
verified, and every winner is asked of the venue.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import define, field, frozen
from rich.console import Console

from benchmarks.deaths import RANDOM, Deaths
from polytui.backtest.replay import replay_journal
from polytui.desk.checkpoint import restored_as
from polytui.desk.coming_back import what_it_had
from polytui.desk.mind import Mind
from polytui.journal.codec import decode_checkpoint, decode_effects, decode_event
from polytui.journal.reader import JournalReader
from polytui.model.effects import Explain, Reason, RecordedPlace
from polytui.model.events import DeskOpened, Filled, RoundFound, RoundSettled
from polytui.model.instrument import Asset
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_S
from polytui.runtime.sudden_death import (
    CHECKPOINT_HALF_WRITTEN,
    HALF_FILLED,
    ORDER_SENT,
    SEGMENT_TURNING,
    SETTLEMENT_SEEN,
)

_ROOT = Path(__file__).resolve().parents[1]
ASSETS = ("btc", "eth")
SPEED = 10.0
_INTERVAL = "5m"
_START = "2026-11-20T14:59:00Z"
_POINTS = (ORDER_SENT, HALF_FILLED, SETTLEMENT_SEEN, SEGMENT_TURNING, CHECKPOINT_HALF_WRITTEN)
_OF_THE_JOURNAL = (SEGMENT_TURNING, CHECKPOINT_HALF_WRITTEN)
_AT_MOST_S = (0.3, 6.0)
"""A process that is killed at random lives so long after its journal began."""
_REACHES_WITHIN_S = 90.0
_STARTS_WITHIN_S = 60.0
_START_MICRO = 1_000 * MICRO
SETTINGS = """
[journal]
flush_ms = 50
checkpoint_every = 3000
segment_mb = 1.0
[store]
is_enabled = false
[market]
volatility_warmup_s = 30.0
[gates]
after_open_s = 1.0
before_close_s = 5.0
entry_delay_s = 0.0
cooldown_s = 1.0
max_book_lag_ms = 60000
[risk]
max_losses_in_a_row = 1000
max_orders_per_round = 1000
max_trades_per_day = 1000000
max_daily_loss_usd = 100000.0
max_drawdown_usd = 100000.0
max_drawdown_pct = 100.0
[breakers]
max_reject_share = 1.0
critical_latency_ms = 20000.0
stale_latency_ms = 20000.0
[demo]
crowd_delay_s = 5.0
"""
_UNSEEN = frozenset(
    {
        Reason.FEED_DOWN, Reason.CHAINLINK_STALE, Reason.NO_STRIKE, Reason.NO_PRICE, Reason.NO_BOOK,
        Reason.BOOK_UNSETTLED, Reason.BOOK_LATE, Reason.NO_VOLATILITY, Reason.NO_FEATURES,
    }
)  # fmt: skip
"""What a desk lacks before it has a view."""


# --- the truth ------------------------------------------------------------------------------------


@define
class Truth:
    """State: what fills and settlements come to, added up line by line."""

    cash: int = _START_MICRO
    shares: dict[str, int] = field(factory=dict)
    """By token."""
    tokens: dict[str, tuple[str, str]] = field(factory=dict)
    """Up and Down of a condition."""
    fills: set[tuple[str, str]] = field(factory=set)
    winners: dict[str, str] = field(factory=dict)
    """By condition."""

    def read(self, folder: Path) -> None:
        """One session's journal, to its end."""
        with JournalReader(folder) as journal:
            for record in journal:
                if record.is_event and not record.raised:
                    self._take(decode_event(record.event))

    def _take(self, event: Any) -> None:
        match event:
            case RoundFound(listed):
                self.tokens[listed.condition_id] = (listed.up_token, listed.down_token)
            case DeskOpened(held=held):
                for one in held:
                    listed = one.round
                    self.tokens[listed.condition_id] = (listed.up_token, listed.down_token)
            case Filled():
                self._fill(event)
            case RoundSettled(condition, winner) if condition in self.tokens:
                if condition not in self.winners:
                    self.winners[condition] = winner
                    up, down = (self.shares.pop(one, 0) for one in self.tokens[condition])
                    self.cash += up if winner == self.tokens[condition][0] else down

    def _fill(self, event: Filled) -> None:
        key = (event.order_id, event.trade_id)
        if key in self.fills:
            return
        self.fills.add(key)
        # A fraction of a millionth is rounded against us, whichever side we are on.
        bought, (whole, rest) = event.side is Side.BUY, divmod(event.price * event.shares, MICRO)
        self.cash += -whole - bool(rest) if bought else whole
        self.cash -= event.fee
        change = event.shares if bought else -event.shares
        self.shares[event.token_id] = self.shares.get(event.token_id, 0) + change

    def held(self) -> dict[str, int]:
        return {token: shares for token, shares in self.shares.items() if shares}


@frozen
class Beginning:
    """What a session began with, by its own journal."""

    cash: int
    held: dict[str, int]

    @classmethod
    def of(cls, folder: Path) -> Beginning:
        with JournalReader(folder) as journal:
            if journal.header.continues is None:
                return cls(_START_MICRO, {})
            record = next(iter(journal))
        mind = restored_as(decode_checkpoint(record), record.digest)
        return cls(mind.account.cash, held_by(mind))


def held_by(mind: Mind) -> dict[str, int]:
    found = {}
    for asset in Asset:
        had = what_it_had(mind, asset)
        for one in () if had is None else had.held:
            for holding in one.holdings:
                found[one.round.token_of(holding.outcome)] = int(holding.shares)
    return found


def is_begun(folder: Path) -> bool:
    """Whether its journal has anything but a header."""
    with JournalReader(folder) as journal:
        return next(iter(journal), None) is not None


def first_view_s(folder: Path) -> float | None:
    """Real seconds from the opening of the first desk to the first decision of a strategy that saw
    something; None where it died before."""
    opened_ns = 0
    with JournalReader(folder) as journal:
        for record in journal:
            if not record.is_event:
                continue
            opened_ns = opened_ns or record.at
            for effect in decode_effects(record.effects):
                sees = isinstance(effect, Explain) and effect.why.reason not in _UNSEEN
                if sees or isinstance(effect, RecordedPlace):
                    return (record.at - opened_ns) / NS_PER_S / SPEED
    return None


# --- the processes --------------------------------------------------------------------------------


@contextmanager
def venue(
    folder: Path,
    seed: int,
    speed: float = SPEED,
    settings: str = SETTINGS,
    more: str = "",
    interval: str = _INTERVAL,
) -> Iterator[dict[str, Any]]:
    command = [
        sys.executable, "-m", "polytui", "venue", "--assets", ",".join(ASSETS), "--intervals",
        interval, "--speed", str(speed), "--seed", str(seed), "--messages", "0.02",
        "--crowd-delay", "5", "--start", _START, *more.split(),
    ]  # fmt: skip
    (folder / "config.toml").write_text(settings)
    with subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=_variables(folder),
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            (folder / "venue.json").write_text(line)
            yield json.loads(line)
        finally:
            process.kill()


def _variables(folder: Path) -> dict[str, str]:
    places = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(_ROOT)]))
    return {**os.environ, "XDG_RUNTIME_DIR": str(folder), "PYTHONPATH": places}


def engine(
    folder: Path,
    name: str,
    chaos: str,
    *,
    module: str = "polytui",
    is_paper: bool = True,
    interval: str = _INTERVAL,
) -> subprocess.Popen[bytes]:
    command = [
        sys.executable, "-m", module, "demo", "--headless", "--venue", "venue.json",
        "--assets", ",".join(ASSETS), "--interval", interval, "--rounds", "0",
        "--folder", f"runs/{name}",
    ]  # fmt: skip
    command += ["--paper"] if is_paper else []
    command += ["--chaos", chaos] if chaos else []
    with (folder / f"{name}.out").open("wb") as out:
        return subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=_variables(folder),
            start_new_session=True,
        )


def began(folder: Path, process: subprocess.Popen[bytes]) -> bool:
    """Whether its journal has an event within the time."""
    until = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        try:
            with JournalReader(folder) as journal:
                if any(record.is_event for record in journal):
                    return True
        except Exception:  # it is not there yet
            pass
        time.sleep(0.05)
    return False


# --- the storm ------------------------------------------------------------------------------------


@define
class Storm:
    """State: the truth so far, and what became of each death."""

    folder: Path
    rng: random.Random
    is_told: bool = False
    """Whether somebody waits for it."""
    truth: Truth = field(factory=Truth)
    faults: list[str] = field(factory=list)
    deaths: Deaths = field(init=False)
    views_s: list[float] = field(factory=list)
    recovered: int = 0
    stillborn: int = 0
    """Died before they had begun: the next one goes on from the one before."""

    @deaths.default
    def _killer(self) -> Deaths:
        return Deaths(self.rng, _AT_MOST_S, _REACHES_WITHIN_S, self.faults)

    def blow(self, times: int) -> None:
        for number in range(times):
            point = RANDOM if number % 2 else _POINTS[number // 2 % len(_POINTS)]
            self._live(f"{number:04d}", point)
            if self.is_told:
                done = f"{number + 1} of {times}, {self.recovered} recovered: {point}"
                print(done, *self.faults[-1:], file=sys.stderr, flush=True)
        self._live(f"{times:04d}", "")

    def _live(self, name: str, point: str) -> None:
        """One session to its death; at the end one that is stopped in order."""
        folder = self.folder / "runs" / name
        process = engine(self.folder, name, self._chaos(point))
        try:
            if not began(folder, process) and process.poll() != -signal.SIGKILL:
                said = (self.folder / f"{name}.out").read_text(errors="replace")[-300:]
                self.faults.append(f"{name} ({point}) did not begin: {said}")
                return
            self._end(process, point)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
        self._judge(name, folder)

    def _chaos(self, point: str) -> str:
        if point in ("", RANDOM):
            return ""
        target = "all" if point in _OF_THE_JOURNAL else self.rng.choice(ASSETS)
        most = 1 if point == SETTLEMENT_SEEN else 3
        return f"kill9:{target}@{point}#{self.rng.randint(1, most)}"

    def _end(self, process: subprocess.Popen[bytes], point: str) -> None:
        if not point:
            time.sleep(2.0)
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            return
        self.deaths.strike(process, point)

    def _judge(self, name: str, folder: Path) -> None:
        """What it began with is what all before it had come to; and its journal is whole. One that
        died before its beginning was on the disk has done nothing."""
        try:
            if not is_begun(folder):
                self.stillborn += 1
                return
            beginning = Beginning.of(folder)
            expected = Beginning(self.truth.cash, self.truth.held())
            if beginning != expected:
                self.faults.append(f"{name} began with {beginning}, not {expected}")
            else:
                self.recovered += 1
            verdict = replay_journal(folder, is_verifying=True)
            if not verdict.is_equal or verdict.passed_over:
                self.faults.append(f"{name}: {verdict.text()[:500]}")
            self.truth.read(folder)
            if (view_s := first_view_s(folder)) is not None:
                self.views_s.append(view_s)
        except Exception as error:  # whatever is wrong with a journal is what is looked for
            self.faults.append(f"{name}: {type(error).__name__}: {error}")

    def ask_winners(self, urls: dict[str, Any]) -> int:
        """Every winner of the journals, as the venue says; how many."""
        for condition, winner in self.truth.winners.items():
            with urllib.request.urlopen(f"{urls['clob']}/markets/{condition}") as answer:
                tokens = json.load(answer)["tokens"]
            said = [one["token_id"] for one in tokens if one["winner"]]
            if said != [winner]:
                self.faults.append(f"{condition}: {winner} won by the journal, {said} by the venue")
        return len(self.truth.winners)


def storm(times: int, seed: int, *, is_told: bool = False) -> tuple[Storm, int]:
    """The whole of it, in a folder of its own; and how many winners were asked for."""
    with tempfile.TemporaryDirectory(prefix="ptr") as name, venue(Path(name), seed) as urls:
        blowing = Storm(Path(name), random.Random(seed), is_told)
        blowing.blow(times)
        return blowing, blowing.ask_winners(urls)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("times", type=int, nargs="?", default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    blown, winners = storm(options.times, options.seed, is_told=True)
    console = Console(highlight=False)
    for line in blown.deaths.lines():
        console.print(line)
    if blown.stillborn:
        console.print(f"{blown.stillborn} of them died before their beginning was on the disk")
    fills, settled = len(blown.truth.fills), len(blown.truth.winners)
    console.print(f"{fills} fills, {settled} settlements, {winners} winners as the venue says")
    views = sorted(blown.views_s)
    if views:
        median, most = views[len(views) // 2], views[-1]
        console.print(f"first view after a start: median {median:.2f} s, most {most:.2f} s, real")
    for fault in blown.faults:
        console.print(f"fault: {fault}", markup=False)
    begun = sum(blown.deaths.died.values()) + 1 - blown.stillborn
    console.print(
        f"{blown.recovered} of {begun} starts had what the journals come to, to the millionth"
        f" (seed {options.seed})"
    )
    sys.exit(1 if blown.faults else 0)


if __name__ == "__main__":
    main()

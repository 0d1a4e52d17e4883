"""`make restarts N=100`: an engine that trades for real dies by kill -9, and goes on each time.

A venue runs beside, whatever becomes of the engine; `polytui demo --venue` trades at it through the
live client. Half of the times it is killed at a random moment, half of the times it kills itself at
a named point: an order is signed, the venue has it, its answer is lost, half of it is filled, its
cancel is sent. The next one goes on in the same folder. What it knows once its desks are open is
compared, to the millionth, with what the venue itself has: dollars, shares of every token, and that
nothing works there. Most wait until the venue's dead man's switch and its chain are done with the
one before; one in four is started at once, over orders that still work, and is judged by the next.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from attrs import define, field, frozen
from rich.console import Console

from benchmarks.deaths import RANDOM, Deaths
from benchmarks.restarts import ASSETS, SETTINGS, began, engine, held_by, is_begun, venue
from polytui.backtest.replay import Replay, replay_journal
from polytui.execution.client import CANCEL_SENT, ORDER_POSTED, ORDER_SIGNED
from polytui.execution.throwaway import throwaway_wallet
from polytui.journal.codec import decode_effects, decode_event
from polytui.journal.reader import JournalReader
from polytui.model.effects import RecordedPlace
from polytui.model.events import USER_FEED, DeskOpened, FeedUp, Filled, RoundFound
from polytui.model.orders import Side
from polytui.model.units import parse_micro
from polytui.runtime.sudden_death import HALF_FILLED, ORDER_UNANSWERED

_SPEED = 5.0
"""Slow enough for beats and stamps of a busy machine."""
_POINTS = (ORDER_SIGNED, ORDER_POSTED, ORDER_UNANSWERED, HALF_FILLED, CANCEL_SENT)
_AT_MOST_S = (1.0, 12.0)
_REACHES_WITHIN_S = 60.0
_QUIET_WITHIN_S = 30.0
_OPENS_WITHIN_S = 30.0
_AT_ONCE_EVERY = 4
_OVER = ("CONFIRMED", "FAILED")


@frozen
class Has:
    """What an account has: dollars in millionths, shares by token."""

    usd: int
    shares: dict[str, int]

    def after(self, winners: dict[str, bool]) -> Has:
        """Once every round that is over was paid; `winners` by token, of those rounds alone."""
        paid = sum(count for token, count in self.shares.items() if winners.get(token))
        left = {token: count for token, count in self.shares.items() if token not in winners}
        return Has(self.usd + paid, left)


@frozen
class Compared:
    """What the venue had while nobody lived, and what the next one knew when it began."""

    name: str
    point: str
    there: Has
    known: Has


# --- the venue's side -----------------------------------------------------------------------------


@frozen
class Bank:
    """The venue, asked as whoever started it."""

    urls: dict[str, Any]

    def account(self) -> dict[str, Any]:
        wallet = throwaway_wallet(self.urls["control_token"]).funder
        return self._ask(f"/account?wallet={wallet}")

    def lose_answers(self, times: int) -> None:
        body = {"kind": "lose_answer", "times": times, "seconds": 60}
        self._ask("/orders", json.dumps(body).encode())

    def winner_of(self, condition: str) -> dict[str, bool]:
        """By token; nothing of a round that is not over."""
        with urllib.request.urlopen(f"{self.urls['clob']}/markets/{condition}") as answer:
            tokens = json.load(answer)["tokens"]
        winners = {one["token_id"]: bool(one["winner"]) for one in tokens}
        return winners if any(winners.values()) else {}

    def has(self) -> Has:
        told = self.account()
        shares = {token: parse_micro(text) for token, text in told["shares"].items()}
        return Has(parse_micro(told["usd"]), {one: count for one, count in shares.items() if count})

    def is_quiet(self) -> bool:
        """Nothing works, and every trade is on the chain or failed."""
        told = self.account()
        return not told["orders"] and all(
            one["status"].removeprefix("TRADE_STATUS_") in _OVER for one in told["trades"]
        )

    def _ask(self, path: str, body: bytes | None = None) -> Any:
        headers = {
            "Authorization": f"Bearer {self.urls['control_token']}",
            "Content-Type": "application/json",
        }
        request = urllib.request.Request(self.urls["control"] + path, body, headers)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)


# --- the engine's side ----------------------------------------------------------------------------


def known_at_opening(folder: Path) -> Has | None:
    """What a session knows as soon as every desk of it is open; None where that never was."""
    waits, replay = set(ASSETS), Replay(is_verifying=False)
    with JournalReader(folder) as journal:
        for record in journal:
            replay.take(record)
            if record.is_event and isinstance(decode_event(record.event), DeskOpened):
                waits.discard(record.asset)
            if not waits:
                return Has(replay.mind.account.cash, held_by(replay.mind))
    return None


@define
class Told:
    """State: what the journals say on the way."""

    conditions: set[str] = field(factory=set)
    fills: set[tuple[str, str]] = field(factory=set)
    placed: int = 0
    early: list[str] = field(factory=list)
    """Entries that were placed before the user channel was heard."""

    def read(self, folder: Path) -> None:
        heard = set[str]()
        with JournalReader(folder) as journal:
            for record in journal:
                if record.is_event and not record.raised:
                    self._take(record, decode_event(record.event), heard)

    def _take(self, record: Any, event: Any, heard: set[str]) -> None:
        match event:
            case FeedUp(feed) if feed == USER_FEED:
                heard.add(record.asset)
            case RoundFound(listed):
                self.conditions.add(listed.condition_id)
            case DeskOpened(held=held):
                self.conditions.update(one.round.condition_id for one in held)
            case Filled(order_id=order_id, trade_id=trade_id):
                self.fills.add((order_id, trade_id))
        for effect in decode_effects(record.effects):
            if isinstance(effect, RecordedPlace):
                self.placed += 1
                # Whoever leaves may at any time.
                if effect.order.side is Side.BUY and record.asset not in heard:
                    self.early.append(f"{record.asset} at event {record.seq}")


# --- the storm ------------------------------------------------------------------------------------


@define
class LiveStorm:
    """State: what became of each death."""

    folder: Path
    bank: Bank
    rng: random.Random
    is_told: bool = False
    told: Told = field(factory=Told)
    compared: list[Compared] = field(factory=list)
    at_once: int = 0
    worked: int = 0
    """Orders that worked at the venue as the process died."""
    stillborn: int = 0
    faults: list[str] = field(factory=list)
    deaths: Deaths = field(init=False)
    _there: Has | None = None
    """What the venue has, where nobody lives and nothing moves."""
    _last: str = ""

    @deaths.default
    def _killer(self) -> Deaths:
        return Deaths(self.rng, _AT_MOST_S, _REACHES_WITHIN_S, self.faults)

    def blow(self, times: int) -> None:
        for number in range(times):
            point = RANDOM if number % 2 else _POINTS[number // 2 % len(_POINTS)]
            self._live(f"{number:04d}", point)
            self._wait(number)
            if self.is_told:
                done = f"{number + 1} of {times}, {len(self.compared)} compared: {point}"
                print(done, *self.faults[-1:], file=sys.stderr, flush=True)
        self._live(f"{times:04d}", "")
        if not self.bank.is_quiet() and not self._is_quiet():
            self.faults.append("orders or trades are left after an orderly stop")

    def _live(self, name: str, point: str) -> None:
        """One session to its death; at the end one that is stopped in order."""
        folder, there = self.folder / "runs" / name, self._there
        process = engine(self.folder, name, self._chaos(point), is_paper=False)
        try:
            if not began(folder, process) and process.poll() != -signal.SIGKILL:
                said = (self.folder / f"{name}.out").read_text(errors="replace")[-300:]
                self.faults.append(f"{name} ({point}) did not begin: {said}")
                return
            if point == ORDER_UNANSWERED:
                self.bank.lose_answers(3)
            self._end(process, folder, point)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
        self.worked += len(self.bank.account()["orders"])
        self._judge(name, folder, there)
        self._last = point

    def _chaos(self, point: str) -> str:
        if point in ("", RANDOM):
            return ""
        return f"kill9:{self.rng.choice(ASSETS)}@{point}#{self.rng.randint(1, 2)}"

    def _end(self, process: subprocess.Popen[bytes], folder: Path, point: str) -> None:
        if not point:
            until = time.monotonic() + _OPENS_WITHIN_S
            while known_at_opening(folder) is None and time.monotonic() < until:
                time.sleep(0.2)
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            return
        self.deaths.strike(process, point)

    def _judge(self, name: str, folder: Path, there: Has | None) -> None:
        try:
            if not is_begun(folder):
                self.stillborn += 1
                return
            known = known_at_opening(folder)
            if known is None:
                self.stillborn += 1
            elif there is not None:
                self.compared.append(Compared(name, self._last, there, known))
            verdict = replay_journal(folder, is_verifying=True)
            if not verdict.is_equal or verdict.passed_over:
                self.faults.append(f"{name}: {verdict.text()[:500]}")
            self.told.read(folder)
        except Exception as error:  # whatever is wrong with a journal is what is looked for
            self.faults.append(f"{name}: {type(error).__name__}: {error}")

    def _wait(self, number: int) -> None:
        """Until the venue is done with the dead one; or not at all."""
        self._there = None
        if number % _AT_ONCE_EVERY == _AT_ONCE_EVERY - 1:
            self.at_once += 1
        elif self._is_quiet():
            self._there = self.bank.has()
        else:
            self.faults.append(f"{number:04d}: orders worked on without a heartbeat")

    def _is_quiet(self) -> bool:
        until = time.monotonic() + _QUIET_WITHIN_S
        while not self.bank.is_quiet():
            if time.monotonic() > until:
                return False
            time.sleep(0.1)
        return True

    def compare(self) -> int:
        """How many knew what the venue had; rounds are paid here and there at times of their own,
        so all that are over by now count as paid on both sides."""
        winners: dict[str, bool] = {}
        for condition in self.told.conditions:
            winners |= self.bank.winner_of(condition)
        equal = 0
        for one in self.compared:
            there, known = one.there.after(winners), one.known.after(winners)
            if there == known:
                equal += 1
            else:
                self.faults.append(f"{one.name}, after {one.point}: knew {known}, not {there}")
        self.faults += [f"entered before it could hear: {one}" for one in self.told.early]
        return equal


def storm(times: int, seed: int, *, is_told: bool = False) -> tuple[LiveStorm, int]:
    """The whole of it, in a folder of its own; and how many beginnings were the venue's truth."""
    with (
        tempfile.TemporaryDirectory(prefix="ptl") as name,
        venue(Path(name), seed, _SPEED, SETTINGS) as urls,
    ):
        blowing = LiveStorm(Path(name), Bank(urls), random.Random(seed), is_told)
        blowing.blow(times)
        return blowing, blowing.compare()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("times", type=int, nargs="?", default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    blown, equal = storm(options.times, options.seed, is_told=True)
    console = Console(highlight=False)
    for line in blown.deaths.lines():
        console.print(line)
    fills, worked = len(blown.told.fills), blown.worked
    console.print(
        f"{blown.told.placed} orders, {fills} fills, {worked} orders worked as a process died;"
        f" {blown.stillborn} died before their desks were open,"
        f" {blown.at_once} were started at once"
    )
    for fault in blown.faults:
        console.print(f"fault: {fault}", markup=False)
    console.print(
        f"{equal} of {len(blown.compared)} starts knew what the venue has, to the millionth"
        f" (seed {options.seed})"
    )
    sys.exit(1 if blown.faults else 0)


if __name__ == "__main__":
    main()

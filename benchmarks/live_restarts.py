"""`make restarts N=100`: an engine that trades for real dies by kill -9, and goes on each time.

A venue runs beside, whatever becomes of the engine; a ladder that quotes all the time trades at it
through the live client. Half of the times it is killed at a random moment, the others at a named
point: an order is signed, the venue has it, its answer is lost, the first fill of several is
written, a part of an order is filled that works on, a cancel is sent. The next one goes on in the
same folder, and is judged as soon as it died itself:

* Most begin when the venue is done with the one before. What they know once their desks are open is
  what the venue has, to the millionth: dollars, shares of every token, the result; nothing works.
* One in four begins at once, over orders that work and trades that are on their way. It must know
  every trade of the venue's, and find every order that works on; its money is judged by the next.

A line is printed for each, so that a run that is cut has shown what it saw.
"""

from __future__ import annotations

import argparse
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from attrs import define, field
from rich.console import Console

from benchmarks.bank import Bank, Has, Told, terms_of
from benchmarks.deaths import RANDOM, Deaths
from benchmarks.ladder import quoting
from benchmarks.lives import Life
from benchmarks.restarts import ASSETS, began, engine, is_begun, venue
from polytui.execution.client import CANCEL_SENT, ORDER_POSTED, ORDER_SIGNED
from polytui.runtime.sudden_death import HALF_FILLED, ORDER_UNANSWERED

SPEED = 5.0
"""Slow enough for beats and stamps of a busy machine."""
PART_FILLED = "part-filled"
"""Seen at the venue, and killed from outside then."""
POINTS = (ORDER_SIGNED, ORDER_POSTED, ORDER_UNANSWERED, HALF_FILLED, PART_FILLED, CANCEL_SENT)
HEARTBEAT = "--heartbeat 40"
LADDER_SETTINGS = """
[journal]
flush_ms = 50
checkpoint_every = 3000
segment_mb = 1.0
[store]
is_enabled = false
[market]
volatility_warmup_s = 5.0
[gates]
after_open_s = 1.0
max_book_lag_ms = 60000
[confluence]
is_enabled = false
[momentum_score]
is_enabled = false
[settlement_sniper]
is_enabled = false
[predictor]
is_enabled = false
[distance_fade]
min_edge_bps = 1000000.0
[risk]
max_order_usd = 1000000.0
max_position_usd = 1000000.0
max_round_usd = 1000000.0
max_net_usd = 1000000.0
max_asset_usd = 1000000.0
max_account_usd = 1000000.0
max_closing_usd = 1000000.0
max_working_orders = 20
max_losses_in_a_row = 1000
max_rungs_per_round = 100000
max_trades_per_day = 1000000
max_daily_loss_usd = 1000000.0
max_drawdown_usd = 1000000.0
max_drawdown_pct = 100.0
[breakers]
max_reject_share = 1.0
critical_latency_ms = 60000.0
stale_latency_ms = 60000.0
[paper]
starting_cash_usd = 10000.0
[live]
heartbeat_answer_s = 5.0
heartbeat_grace_s = 9.5
ramp_rounds = 0
[demo]
crowd_delay_s = 5.0
strategies = []
[redeem]
is_on = false
"""
_AT_MOST_S = (0.2, 4.0)
_REACHES_WITHIN_S = 30.0
_OPENS_WITHIN_S = 30.0
_AT_ONCE_EVERY = 4
_SWITCH_EVERY = 8
"""After so many the venue's own dead man's switch is waited for."""
_LOOKS_EVERY_S = 0.1
"""Each look lists every trade so far: more often, and the venue does nothing else."""


@define
class LiveStorm:
    """State: what became of each death."""

    folder: Path
    bank: Bank
    rng: random.Random
    tell: Callable[[str], None] = lambda line: None
    equal: int = 0
    """Starts that knew what the venue had, to the millionth."""
    compared: int = 0
    followed: int = 0
    """Starts at once that knew every trade, and found every order that worked on."""
    at_once: int = 0
    """Over a venue where something still worked or was on its way."""
    worked: int = 0
    """Orders that worked at the venue as the process died."""
    part_filled: int = 0
    """Deaths over an order of which a part was taken."""
    on_their_way: int = 0
    """Deaths over trades that were not on the chain yet."""
    unopened: int = 0
    """Died before their desks were open: the next one goes on from the one before."""
    placed: int = 0
    fills: set[tuple[str, str]] = field(factory=set)
    faults: list[str] = field(factory=list)
    deaths: Deaths = field(init=False)
    _conditions: set[str] = field(factory=set)
    _before: Told | None = None
    """What the venue said before the process was started; None where it said nothing yet."""
    _last: str = "the beginning"

    @deaths.default
    def _killer(self) -> Deaths:
        return Deaths(self.rng, _AT_MOST_S, _REACHES_WITHIN_S, self.faults)

    def blow(self, times: int) -> None:
        for number in range(times):
            point = RANDOM if number % 2 else POINTS[number // 2 % len(POINTS)]
            self._live(number, point)
        self._live(times, "")
        if self.bank.quiet(may_hurry=False) is None:
            self.faults.append("orders or trades are left after an orderly stop")
        for point in POINTS if times >= 2 * len(POINTS) else ():
            if not self.hits(point):
                self.faults.append(f"nothing was killed at {point}")

    def hits(self, point: str) -> int:
        """Deaths at it, of those that reached it."""
        return self.deaths.died[point] - self.deaths.missed[point]

    # --- one life ---------------------------------------------------------------------------------

    def _live(self, number: int, point: str) -> None:
        """One session to its death, and its verdict; at the end one that is stopped in order."""
        name, began_s, faults = f"{number:04d}", time.monotonic(), len(self.faults)
        folder = self.folder / "runs" / name
        process = engine(
            self.folder, name, self._chaos(point), module="benchmarks.ladder", is_paper=False
        )
        verdict = "did not begin"
        try:
            if began(folder, process) or process.poll() == -signal.SIGKILL:
                self._end(process, folder, point)
                verdict = ""
            else:
                said = (self.folder / f"{name}.out").read_text(errors="replace")[-300:]
                self.faults.append(f"{name} ({point}) did not begin: {said}")
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
        dead = self.bank.told()
        self._count(dead)
        verdict = verdict or self._judge(name, folder, dead)
        self._wait(number)
        took_s = time.monotonic() - began_s
        told = f"{name} after {self._last}: {verdict}; killed at {point or 'its end'}"
        self.tell(f"{told}, {len(dead.orders)} orders worked ({took_s:.1f} s)")
        for fault in self.faults[faults:]:
            self.tell(f"  fault: {fault}")
        self._last = point

    def _chaos(self, point: str) -> str:
        if point in ("", RANDOM, PART_FILLED):
            return ""
        nth = 1 if point == ORDER_UNANSWERED else self.rng.randint(1, 3)
        return f"kill9:{self.rng.choice(ASSETS)}@{point}#{nth}"

    def _end(self, process: subprocess.Popen[bytes], folder: Path, point: str) -> None:
        if not point:
            self._until(process, lambda: _life_of(folder).opened is not None)
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            return
        if point == ORDER_UNANSWERED:
            self.bank.lose_answers(6)
        if point == PART_FILLED:
            if not self._until(process, lambda: self.bank.told().has_part_filled):
                self.deaths.missed[point] += 1
            process.kill()
        self.deaths.strike(process, point)

    @staticmethod
    def _until(process: subprocess.Popen[bytes], is_so: Callable[[], bool]) -> bool:
        until = time.monotonic() + _OPENS_WITHIN_S
        while process.poll() is None and time.monotonic() < until:
            if is_so():
                return True
            time.sleep(_LOOKS_EVERY_S)
        return False

    def _count(self, dead: Told) -> None:
        self.worked += len(dead.orders)
        self.part_filled += dead.has_part_filled
        self.on_their_way += dead.is_moving

    def _wait(self, number: int) -> None:
        """Until the venue is done with the dead one; or not at all."""
        if number % _AT_ONCE_EVERY == _AT_ONCE_EVERY - 1:
            self._before = self.bank.told()
            self.at_once += not self._before.is_quiet
            return
        self._before = self.bank.quiet(may_hurry=number % _SWITCH_EVERY != 0)
        if self._before is None:
            self.faults.append(f"{number:04d}: orders worked on without a heartbeat")

    # --- its verdict ------------------------------------------------------------------------------

    def _judge(self, name: str, folder: Path, dead: Told) -> str:
        try:
            life = _life_of(folder)
        except Exception as error:  # whatever is wrong with a journal is what is looked for
            self.faults.append(f"{name}: {type(error).__name__}: {error}")
            return "its journal cannot be read"
        self.faults += [f"{name}: {fault}" for fault in life.faults]
        self._conditions |= life.conditions
        self.fills |= life.fills
        self.placed += life.placed
        if life.opened is None:
            self.unopened += 1
            return "died before its desks were open"
        if life.opened.moved:
            self.faults.append(f"{name}: {life.opened.moved} moved without a trade")
        if self._before is None:
            return "nothing to compare it with"
        if self._before.is_quiet:
            return self._compare(name, self._before.has, life.opened.has)
        return self._follow(name, self._before, dead, life)

    def _compare(self, name: str, there: Has, known: Has) -> str:
        """Rounds are paid here and there at times of their own: all that are over by now count as
        paid on both sides."""
        winners = self.bank.winners_of(self._conditions)
        there, known = there.after(winners), known.after(winners)
        self.compared += 1
        if there == known:
            self.equal += 1
            return f"equal, {self.equal} of {self.compared}"
        self.faults.append(f"{name}, after {self._last}: knew {known}, not {there}")
        return "NOT EQUAL"

    def _follow(self, name: str, before: Told, dead: Told, life: Life) -> str:
        assert life.opened is not None
        unknown = before.lasting_trades() & dead.lasting_trades() - self._known_trades(life)
        stay = [before.orders[one] for one in before.orders.keys() & dead.orders.keys()]
        unseen = Counter(map(terms_of, stay)) - life.found
        if unknown:
            self.faults.append(f"{name}, after {self._last}: never heard of trades {unknown}")
        if unseen and life.has_heard:
            self.faults.append(f"{name}, after {self._last}: never found {dict(unseen)}")
        if unknown or (unseen and life.has_heard):
            return "NOT ALL IS KNOWN"
        self.followed += 1
        return f"at once: {len(before.trades)} trades and {len(before.orders)} orders known"

    def _known_trades(self, life: Life) -> set[str]:
        """When its desks were open: of earlier lives, and what it counted then."""
        assert life.opened is not None
        return life.opened.trades | {trade_id for _, trade_id in self.fills - life.fills}


def _life_of(folder: Path) -> Life:
    life = Life(ASSETS)
    if folder.exists() and is_begun(folder):
        life.read(folder)
    return life


def storm(times: int, seed: int, tell: Callable[[str], None] = lambda line: None) -> LiveStorm:
    """The whole of it, in a folder of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="ptl") as name,
        venue(Path(name), seed, SPEED, LADDER_SETTINGS, HEARTBEAT) as urls,
        quoting(),
    ):
        blowing = LiveStorm(Path(name), Bank(urls), random.Random(seed), tell)
        blowing.blow(times)
        return blowing


def _cpu_s() -> float:
    """Of the venue, of all engines and of whoever judged them."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _tell(line: str) -> None:
    print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("times", type=int, nargs="?", default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began_s = time.monotonic()
    print(f"{options.times} kills, seed {options.seed}", flush=True)
    blown = storm(options.times, options.seed, _tell)
    console = Console(highlight=False)
    for line in blown.deaths.lines():
        console.print(line)
    for fault in blown.faults:
        console.print(f"fault: {fault}", markup=False)
    console.print(
        f"{blown.placed} orders, {len(blown.fills)} fills; as a process died {blown.worked} orders"
        f" worked, {blown.part_filled} times one was filled in part,"
        f" {blown.on_their_way} times trades were on their way"
    )
    console.print(
        f"{blown.unopened} died before their desks were open; {blown.followed} of"
        f" {blown.at_once} that began at once knew every trade and order"
    )
    console.print(
        f"{blown.equal} of {blown.compared} starts knew what the venue has, to the millionth;"
        f" {len(blown.faults)} faults (seed {options.seed}, {time.monotonic() - began_s:.0f} s,"
        f" {_cpu_s() / (options.times + 1):.1f} s of the processor each)"
    )
    sys.exit(1 if blown.faults else 0)


if __name__ == "__main__":
    main()

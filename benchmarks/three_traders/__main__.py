"""`make trio`: our bot, py-clob-client-v2 and polymarket-client in one book.

A simulated venue, an engine of ours that trades there through its live client, and two official
clients, unmodified, in environments of their own, are five processes. For so many rounds they quote
inside the crowd's spread and take from each other; crosses, mints and merges, cancels, trades that
the chain fails. Then each says of its trades what it knows: the venue's books, our journal, and the
list that each client gives its user. It fails where a side, a price, shares, a fee or a role is not
the same, a millionth of anybody's money or shares is missing, an order works on, or any of the
three never took from another.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import trio
from attrs import frozen
from rich.console import Console
from rich.table import Table

from benchmarks.strangers.clients import CLOB, UNIFIED, make
from benchmarks.three_traders.agreement import Agreement
from benchmarks.three_traders.audit import audit
from benchmarks.three_traders.floor import floor
from benchmarks.three_traders.strangers import Stranger
from polytui.model.units import MICRO

_FOLDER = Path(__file__).resolve().parents[2] / ".strangers"
_ASSETS = ("btc", "eth", "sol", "xrp")
_LONGEST_S = 3_600.0
_MANY = 8
"""Rounds in which each of them must have taken from each."""


@frozen
class Trio:
    """What became of it."""

    agreement: Agreement
    names: tuple[str, ...]
    strangers: tuple[Stranger, ...]
    rounds: int

    @property
    def faults(self) -> list[str]:
        never = [*self.agreement.never(self.names, is_each_way=self.rounds >= _MANY)]
        if not sum(one.did["cancelled"] for one in self.strangers):
            never.append("nothing was cancelled")
        return [*self.agreement.differences, *never]


async def trade(rounds: int, seed: int, speed: float) -> Trio:
    """In a folder of its own, as long as that takes."""
    width = next(n for n in (4, 2, 1) if rounds % n == 0)
    assets = _ASSETS[:width]
    with tempfile.TemporaryDirectory(prefix="pt3") as name, trio.fail_after(_LONGEST_S):
        async with floor(Path(name), assets, seed, speed) as there:
            await there.play(assets, rounds // width)
            await there.end()
            agreement = await audit(there)
            names = tuple(there.wallets.values())
            return Trio(agreement, names, there.strangers, len(there.pits))


def report(played: Trio, console: Console) -> None:
    """Who met whom, and what else was done."""
    agreement = played.agreement
    table = Table("taker", "maker", "crosses", "mints", "merges", "shares", box=None)
    pairs = dict.fromkeys((met.taker, met.maker) for met in sorted(agreement.meetings))
    for taker, maker in pairs:
        kinds = {met.kind: n for met, n in agreement.meetings.items() if met[:2] == (taker, maker)}
        shares = sum(n for met, n in agreement.shares.items() if met[:2] == (taker, maker))
        counts = [str(kinds.get(kind, 0)) for kind in ("cross", "mint", "merge")]
        table.add_row(taker, maker, *counts, f"{shares / MICRO:,.2f}")
    console.print(table)
    for name in played.names:
        legs, failed = agreement.legs[name], agreement.failed[name]
        console.print(f"{name}: {legs} sides of trades compared, {failed} trades failed")
    for one in played.strangers:
        did = ", ".join(f"{n} {what}" for what, n in one.did.most_common())
        console.print(f"{one.name}: {did}")
        for words, n in one.refused.most_common():
            console.print(f"{one.name}: {n} x refused: {words}", markup=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", type=float, default=5.0, help="of the venue's world")
    parser.add_argument("--make", action="store_true", help="make the environments first")
    parser.add_argument("--python", default=sys.executable, help="what environments are made of")
    options = parser.parse_args()
    if options.make:
        os.environ.update(make(_FOLDER, options.python, (CLOB, UNIFIED)))
    if absent := [one.absent() for one in (CLOB, UNIFIED) if one.absent()]:
        sys.exit("two official clients are needed: " + ", ".join(absent))
    began, console = time.monotonic(), Console(highlight=False, soft_wrap=True)
    played = trio.run(trade, options.rounds, options.seed, options.speed)
    report(played, console)
    for fault in played.faults:
        console.print(f"fault: {fault}", markup=False)
    console.print(
        f"{played.rounds} rounds, {sum(played.agreement.meetings.values())} meetings,"
        f" {len(played.agreement.differences)} differences, {len(played.faults)} faults"
        f" (seed {options.seed}, speed {options.speed:g}, {time.monotonic() - began:.0f} s)"
    )
    sys.exit(1 if played.faults else 0)


if __name__ == "__main__":
    main()

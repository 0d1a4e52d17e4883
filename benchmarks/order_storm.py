"""`make storm N=1000`: so many orders through faults at random, and what became of each.

The live client and the simulated venue in one process, in virtual time, hostile forms on; rounds
end meanwhile and are paid. It fails where an order was lost or doubled, where a millionth is
missing, and where a kind of fault never struck. A seed that fails once fails
again: `ARGS='--seed 7'`.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter

import pytest
import trio
from live_bench import live_bench
from order_storm import DOLLARS, OrderStorm, blow, hostile_venue
from rich.console import Console
from rich.table import Table
from trio.testing import MockClock

from polytui.model.units import format_micro


def storm(count: int, seed: int, fault_every_s: float) -> OrderStorm:
    async def run(patch: pytest.MonkeyPatch) -> OrderStorm:
        async with live_bench(patch, hostile_venue(), DOLLARS) as bench:
            return await blow(bench, count, seed, fault_every_s=fault_every_s)

    with pytest.MonkeyPatch.context() as patch:
        # Trio shuffles its tasks: so that a seed decides everything, it decides that as well.
        patch.setattr("trio._core._run._ALLOW_DETERMINISTIC_SCHEDULING", True)
        patch.setattr("trio._core._run._r", random.Random(seed))
        return trio.run(run, patch, clock=MockClock(autojump_threshold=0))


def _report(blown: OrderStorm, console: Console) -> None:
    table = Table("fault", "struck", box=None)
    for kind, times in blown.weather.table().items():
        table.add_row(kind, str(times))
    console.print(table)
    placed = list(blown.placed())
    ends = Counter(
        f"{one.ours.value}, {'never there' if one.there is None else one.there.status.value}"
        for one in placed
    )
    for end, times in ends.most_common():
        console.print(f"{times:5} {end}")
    told = Counter(type(one).__name__ for one in blown.trader.heard)
    console.print(", ".join(f"{times} {name}" for name, times in sorted(told.items())))
    waits = format_micro(blown.unredeemed(), 2)
    console.print(f"{len(blown.trader.paid)} rounds were paid; winners that wait: {waits} dollars")
    console.print(f"contradictions: {dict(blown.trader.ledger.asset_account.contradictions)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=float, default=2.0, help="seconds from fault to fault")
    options = parser.parse_args()
    began, console = time.monotonic(), Console(highlight=False)
    blown = storm(options.count, options.seed, options.every)
    _report(blown, console)
    faults = [*blown.faults]
    faults += [f"no {kind} in all of it" for kind, n in blown.weather.table().items() if not n]
    faults += [] if blown.trader.paid else ["no round was paid in all of it"]
    for fault in faults:
        console.print(f"fault: {fault}", markup=False)
    console.print(
        f"{len(blown.trader.orders)} orders, {len(faults)} faults, {blown.differences} differences"
        f" in the last reconcile (seed {options.seed}, {time.monotonic() - began:.0f} s)"
    )
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()

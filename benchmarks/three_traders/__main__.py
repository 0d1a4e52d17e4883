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

from benchmarks.strangers.clients import CLOB, UNIFIED, make
from benchmarks.strangers.page import write_last
from benchmarks.three_traders.audit import audit
from benchmarks.three_traders.floor import floor
from benchmarks.three_traders.report import Trio, section

_FOLDER = Path(__file__).resolve().parents[2] / ".strangers"
_ASSETS = ("btc", "eth", "sol", "xrp")
_LONGEST_S = 3_600.0


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", type=float, default=3.0, help="of the venue's world")
    parser.add_argument("--make", action="store_true", help="make the environments first")
    parser.add_argument("--python", default=sys.executable, help="what environments are made of")
    parser.add_argument("--write", action="store_true", help="write it to docs/venue-clients.md")
    options = parser.parse_args()
    if options.make:
        os.environ.update(make(_FOLDER, options.python, (CLOB, UNIFIED)))
    if absent := [one.absent() for one in (CLOB, UNIFIED) if one.absent()]:
        sys.exit("two official clients are needed: " + ", ".join(absent))
    began = time.monotonic()
    played = trio.run(trade, options.rounds, options.seed, options.speed)
    took = f"{time.monotonic() - began:.0f} s"
    told = section(played, (f"seed {options.seed}", f"speed {options.speed:g}", took))
    print(told)
    for fault in played.faults:
        print(f"fault: {fault}")
    if options.write:
        write_last(told)
    sys.exit(1 if played.faults else 0)


if __name__ == "__main__":
    main()

"""`make winnings`, its second half: an engine dies by kill -9 at each step of a merge and of a
redemption, with each kind of wallet.

Written down, submitted, mined, confirmed: at each of them the process kills itself, and the next
one goes on with the same batch until it dies at the next step. First a merge, then a redemption; a
last process brings home whatever is left. Each was done once, and the dollars of the ledger are
those of the venue.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.ladder import quoting
from benchmarks.live_restarts import HEARTBEAT, LADDER_SETTINGS
from benchmarks.restarts import venue
from benchmarks.winnings import Place, Row, log_of, shown
from polytui.execution.client import WORK_CONFIRMED, WORK_MEANT, WORK_MINED, WORK_SUBMITTED
from polytui.ledger.wallet_work import WorkKind
from polytui.model.units import MICRO, Usd
from polytui.venues.polymarket.wallet import WalletType

_SPEED = 6.0
_POINTS = (WORK_MEANT, WORK_SUBMITTED, WORK_MINED, WORK_CONFIRMED)
_PAIRS_USD = 5.0
_RULES = {
    # Whatever is there goes; pairs from so many dollars on, or winners alone.
    WorkKind.MERGE: f"within_s = 86400.0\nmerge_within_s = 0.0\nmerge_pairs_usd = {_PAIRS_USD}\n",
    WorkKind.REDEEM: "within_s = 0.0\nmerge_pairs_usd = 1000000.0\n",
}
_EVERY = "short_share = 1.0\ncalls_per_day = 10000\nlook_every_s = 5.0\n"
_DIES_WITHIN_S = 240.0


def kill(folder: Path, urls: dict[str, Any], kind: WalletType, deaths: list[str]) -> Row:
    """Eight deaths of one wallet; `deaths`: what they were died over, added to."""
    place = Place(folder, urls, kind)
    place.row.least_pairs = Usd(round(_PAIRS_USD * MICRO))
    for what, rules in _RULES.items():
        place.set_up(rules + _EVERY)
        for point in _POINTS:
            _die(place, what, point, deaths)
    return place.bring_home()


def _die(place: Place, what: WorkKind, point: str, deaths: list[str]) -> None:
    name = f"{what.value}-{point}"
    process = place.start(name, f"kill9:all@{point}")
    try:
        process.wait(_DIES_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        place.row.faults.append(f"{name} was not reached")
        return
    if process.returncode != -signal.SIGKILL:
        place.row.faults.append(f"{name} ended with {process.returncode}")
        return
    over = [work.kind for one in log_of(place.log_path).open.values() for work in one.works]
    if what not in over:
        place.row.faults.append(f"{name} died over {over}")
    deaths.append(name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speed", type=float, default=_SPEED)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument(
        "--wallets", default=",".join(kind.label for kind in WalletType), help="in turn"
    )
    parser.add_argument("--folder", type=Path, help="of sessions, logs and venue, to look at later")
    given = parser.parse_args()
    console, rows, deaths = Console(width=180), list[Row](), list[str]()
    with tempfile.TemporaryDirectory() as name:
        folder = given.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        with (
            quoting(),
            venue(folder, given.seed, given.speed, LADDER_SETTINGS, HEARTBEAT) as urls,
        ):
            for kind in WalletType:
                if kind.label in given.wallets.split(","):
                    rows.append(kill(folder / kind.label, urls, kind, deaths))
                    console.print(shown(rows))
    console.print(f"{len(deaths)} deaths over a batch that was under way")
    faults = [f"{row.kind}: {fault}" for row in rows for fault in row.faults]
    for fault in faults:
        console.print(fault, markup=False)
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()

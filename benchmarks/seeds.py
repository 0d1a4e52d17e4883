"""`make seeds`: the first minutes of a demo, seed by seed, and which seed shows them best.

The default demo is played without sockets for each seed. The story that a newcomer sees first
should be usual and whole: its result lies between the quartiles of all, no breaker opens and no
asset is paused, and orders of several strategies, exits as well as settlements, are in it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import sys
from collections.abc import Sequence

import attrs
import msgspec
from attrs import frozen
from rich.console import Console
from rich.table import Table

from polytui.backtest.inprocess import InProcess
from polytui.config.demo import adapted_to_demo
from polytui.config.schema import Settings
from polytui.model.units import MICRO
from polytui.sim_world import world_settings

_WIDTH = 110
_LEAST_STRATEGIES = 3
_SELL = "sell"


@frozen
class Story:
    """What one seed shows in the first rounds of a demo."""

    seed: int
    pnl: float
    """Dollars."""
    bought: int
    """Orders, like those that sold before a round was over."""
    sold: int
    fills: int
    strategies: tuple[str, ...]
    """Those that entered."""
    stops: tuple[str, ...]
    """Breakers that opened, and why assets were paused."""

    @property
    def is_whole(self) -> bool:
        """Several strategies, exits, and nothing that stops."""
        return not self.stops and self.sold > 0 and len(self.strategies) >= _LEAST_STRATEGIES


def story_of(seed: int) -> Story:
    """Play it, with the settings that ship."""
    settings = Settings()
    settings = attrs.evolve(
        adapted_to_demo(settings, settings),
        session=attrs.evolve(settings.session, rounds=settings.demo.rounds),
        demo=attrs.evolve(settings.demo, seed=seed),
    )
    world = world_settings(settings, settings.session.intervals, None)
    played = InProcess(settings, world).play()
    records = [msgspec.json.decode(line) for line in played.lines]
    told = [one for record in records for one in record.get("effects", ())]
    orders = [fields["order"] for name, fields in told if name == "Place"]
    entries = [order for order in orders if order["side"] != _SELL]
    account = played.mind.account
    asset_account = {asset.value: account.of(asset) for asset in settings.session.assets}
    return Story(
        seed=seed,
        pnl=account.realised / MICRO,
        bought=len(entries),
        sold=len(orders) - len(entries),
        fills=sum(record.get("event", [""])[0] == "Filled" for record in records),
        strategies=tuple(sorted({order["strategy"] for order in entries})),
        stops=(
            *(fields["why"]["reason"] for name, fields in told if name == "Trip"),
            *(f"{name} paused" for name, one in asset_account.items() if one.is_paused),
        ),
    )


def quartiles(stories: Sequence[Story]) -> tuple[float, float, float]:
    """Of the results, in dollars; the ends count."""
    low, middle, high = statistics.quantiles([one.pnl for one in stories], method="inclusive")
    return low, middle, high


def fitting(stories: Sequence[Story]) -> list[Story]:
    """Whole and usual; the ones closest to the median first."""
    low, middle, high = quartiles(stories)
    found = [one for one in stories if one.is_whole and low <= one.pnl <= high]
    return sorted(found, key=lambda one: abs(one.pnl - middle))


def table_of(stories: Sequence[Story]) -> Table:
    fit = {one.seed for one in fitting(stories)}
    table = Table(
        title="the default demo by seed, three rounds of each asset", title_justify="left"
    )
    for name in ("seed", "PnL $", "bought", "sold", "fills"):
        table.add_column(name, justify="right")
    for name in ("entered", "stopped by", "to show"):
        table.add_column(name)
    for one in stories:
        counts = (str(count) for count in (one.bought, one.sold, one.fills))
        entered, stops = ", ".join(one.strategies), ", ".join(one.stops)
        fits = "yes" if one.seed in fit else ""
        table.add_row(str(one.seed), f"{one.pnl:+.2f}", *counts, entered, stops, fits)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(prog="seeds", description="The demo's first minutes by seed.")
    parser.add_argument("--seeds", type=int, default=20, help="1 to N")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    with multiprocessing.Pool() as pool:
        stories = pool.map(story_of, range(1, options.seeds + 1), chunksize=1)
    console.print(table_of(stories))
    low, middle, high = quartiles(stories)
    console.print(f"PnL: quartiles {low:+.2f}, {middle:+.2f}, {high:+.2f} $", highlight=False)


if __name__ == "__main__":
    main()

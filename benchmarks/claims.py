"""`make claims`: what each strategy claims a share and what that realises, before its record counts
and after.

The same worlds are played twice without sockets, all strategies let trade: once with every claim
believed whole, once as far as its record goes. What was really entered is counted, live orders on
paper: means per share in cents, and how many rounds. The crowd is simulated; what it pays proves
nothing about the real venue.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections.abc import Sequence

import attrs
from attrs import define, field, frozen
from rich.console import Console
from rich.table import Table

from benchmarks.open_handed import open_handed
from polytui.backtest.inprocess import play
from polytui.config.schema import SessionSettings, Settings
from polytui.desk.mind import Mind
from polytui.ledger.attribution import Claim
from polytui.model.events import Event, RoundClosed, RoundSettled
from polytui.model.instrument import Asset, Interval
from polytui.model.units import MICRO, NS_PER_S
from polytui.sim.world.named_worlds import WorldName
from polytui.strategy.registry import STRATEGIES

_START_NS = 1_795_204_740 * NS_PER_S
"""2026-11-20 19:59:00 UTC, a minute before a boundary."""
_WIDTH = 100


@frozen
class Sitting:
    """One session to play, twice."""

    world: str
    seed: int
    rounds: int
    is_calibrated: bool


@frozen
class Entered:
    """What one strategy entered in one round: dollars a share, and in all."""

    strategy: str
    is_calibrated: bool
    claimed: float
    realised: float
    pnl: float


@define
class Listener:
    """State: claims of rounds that are closed, and each strategy's result so far."""

    is_calibrated: bool
    rows: list[Entered] = field(factory=list)
    _claims: list[Claim] = field(factory=list)
    _pnls: dict[str, int] = field(factory=dict)

    def heard(self, mind: Mind, asset: Asset, event: Event) -> None:
        attribution = mind.account.of(asset).live
        match event:
            case RoundClosed(slug):
                self._claims += attribution.claims(slug)
            case RoundSettled():
                self._settled({name: one.pnl for name, one in attribution.results().items()})

    def _settled(self, pnls: dict[str, int]) -> None:
        """Rounds of one asset are settled one after the other: the change is the last one's."""
        for claim in self._claims:
            pnl = pnls.get(claim.strategy, 0) - self._pnls.get(claim.strategy, 0)
            claimed = claim.worth - claim.cost / claim.shares
            self.rows.append(
                Entered(
                    claim.strategy, self.is_calibrated, claimed, pnl / claim.shares, pnl / MICRO
                )
            )
        self._claims, self._pnls = [], dict(pnls)


def sit(sitting: Sitting) -> list[Entered]:
    listener = Listener(sitting.is_calibrated)
    play(
        settings_of(sitting),
        seed=sitting.seed,
        start_ns=_START_NS,
        intervals=(Interval.M5,),
        heard=listener.heard,
    )
    return listener.rows


def settings_of(sitting: Sitting) -> Settings:
    """All trade, no loss stops them, and claims are believed whole or by their record."""
    settings = Settings()
    tables = {
        one.name: attrs.evolve(getattr(settings, one.name), is_enabled=True) for one in STRATEGIES
    }
    return attrs.evolve(
        open_handed(settings),
        session=SessionSettings(assets=(Asset.BTC,), rounds=sitting.rounds),
        demo=attrs.evolve(settings.demo, world=sitting.world, seed=sitting.seed),
        claims=attrs.evolve(settings.claims, is_calibrated=sitting.is_calibrated),
        **tables,
    )


def table_of(rows: Sequence[Entered]) -> Table:
    table = Table(title="claims a share, in cents", title_justify="left")
    for name in ("strategy", "claims"):
        table.add_column(name)
    for name in ("entered", "claimed", "realised", "PnL $"):
        table.add_column(name, justify="right")
    for strategy in (*STRATEGIES, None):
        for is_calibrated in (False, True):
            name = strategy.name if strategy is not None else "together"
            own = [
                row
                for row in rows
                if row.is_calibrated is is_calibrated and name in (row.strategy, "together")
            ]
            table.add_row(name, "by record" if is_calibrated else "whole", *_cells(own))
    return table


def _cells(rows: Sequence[Entered]) -> list[str]:
    if not rows:
        return ["0", "", "", ""]
    claimed = 100.0 * sum(row.claimed for row in rows) / len(rows)
    realised = 100.0 * sum(row.realised for row in rows) / len(rows)
    pnl = sum(row.pnl for row in rows)
    return [str(len(rows)), f"{claimed:+.1f}", f"{realised:+.1f}", f"{pnl:+,.2f}"]


def main() -> None:
    parser = argparse.ArgumentParser(prog="claims", description="Claimed and realised edge.")
    worlds = [name.value for name in WorldName]
    parser.add_argument("--world", choices=worlds, default=WorldName.LIFELIKE.value)
    parser.add_argument("--seeds", type=int, default=2, help="1 to N, each a session")
    parser.add_argument("--rounds", type=int, default=36, help="of each session")
    options = parser.parse_args()
    planned = [
        Sitting(options.world, seed, options.rounds, is_calibrated)
        for seed in range(1, options.seeds + 1)
        for is_calibrated in (False, True)
    ]
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    console.print(f"{len(planned)} sessions of {options.rounds} rounds of BTC ...")
    with multiprocessing.Pool() as pool:
        rows = [row for found in pool.imap(sit, planned) for row in found]
    console.print(table_of(rows))


if __name__ == "__main__":
    main()

"""`make edge-checks`: are the verdicts themselves right? A market without an edge, and one with.

The null world is fair: its crowd answers in a tenth of a second, before any order of ours arrives,
and its error is nothing, so a share costs what it is worth, and a spread and a fee besides. In the
planted world the crowd is wrong for minutes at a time, by one and a half in log odds, which whoever
reckons a fair value may take. Twenty seeds of each, every strategy in shadow, a verdict a seed. In
the null world no strategy may be called positive more than once; in the planted one the strategy
that reckons must be called so nineteen times. Exit code 1 otherwise.

Both worlds go in beats of three seconds (`sim/world/beats.py`): all that moves moves at once, is
heard at once and decided once, so a round costs a tenth of what it does where each quote is a
moment of its own; two exchanges are enough for a consensus. Nothing that is checked here is over
within three seconds, and in a fair market a beat makes nobody quicker: makers look at each of them
before anybody else does.

How many rounds: a verdict needs a gambler's money to grow twentyfold and an interval above zero. In
120 planted rounds of three other seeds (42 blocks of a quarter of an hour) a block earned 84 % of
its stake, with a standard deviation of 121 %, and the best bet grew by 0.29 in logarithm a block.
Of 2,000 draws of such blocks 79 % of those of 72 rounds were called positive, 94 % of 96, 98 % of
120 and 99.4 % of 144; nineteen of twenty seeds need 98 %. More error would need more rounds:
mistakes are dearer and odds longer. In the null world nothing has to be found, but who trades there
must have staked in the twenty rounds that a verdict asks for: `momentum_score` does in three rounds
of ten. `settlement_sniper` stakes once in 240, which no number of rounds makes up for; the table
says how many seeds were judged of each.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections.abc import Iterable

import attrs
from attrs import frozen
from rich.console import Console
from rich.table import Table

from benchmarks.edge import Sitting, settings_of
from polytui.backtest.drive import Drive
from polytui.backtest.world_source import WorldSource
from polytui.model.instrument import Exchange, Interval
from polytui.model.units import NS_PER_S
from polytui.results.evidence import Coverage
from polytui.results.gathering import Gatherer
from polytui.results.kept_verdicts import EdgeWord
from polytui.results.verdicts import LEAST_ROUNDS, EdgeVerdict, verdicts_of
from polytui.sim.world.demo_world import world_of
from polytui.sim.world.named_worlds import WorldName
from polytui.sim.world.opinion import OpinionSettings
from polytui.strategy.registry import STRATEGIES

_START_NS = 1_795_204_740 * NS_PER_S
NULL = OpinionSettings(delay_s=0.1, error=0.0)
PLANTED = OpinionSettings(delay_s=0.3, error=1.5, half_life_s=240.0)
READER = "distance_fade"
"""Buys what the book prices below its fair value."""
MOST_FALSE, LEAST_FOUND = 1, 19
SEEDS = 20
NULL_ROUNDS, PLANTED_ROUNDS = 90, 144
"""Of a session."""
_MESSAGES = 0.001
_BEAT_S = 3.0
_VENUES = (Exchange.BINANCE, Exchange.COINBASE)
_CROWD_AHEAD = 0.5
"""Crowds come so many lengths before a round opens: nobody asks for its book earlier."""


@frozen
class Plan:
    """A session to play."""

    name: str
    opinion: OpinionSettings
    rounds: int
    seed: int


@frozen
class Checked:
    """One seed of one world."""

    name: str
    seed: int
    verdicts: tuple[EdgeVerdict, ...]


def check(plan: Plan) -> Checked:
    """Play it, all strategies in shadow."""
    name, seed = plan.name, plan.seed
    settings = settings_of(Sitting(WorldName.LIFELIKE.value, seed, plan.rounds))
    demo = attrs.evolve(settings.demo, messages=_MESSAGES)
    world = world_of(
        demo,
        seed=seed,
        start_ns=_START_NS,
        assets=settings.session.assets,
        intervals=(Interval.M5,),
    )
    crowd = attrs.evolve(world.crowd, opinion=plan.opinion)
    world = attrs.evolve(
        world, crowd=crowd, beat_s=_BEAT_S, crowd_ahead=_CROWD_AHEAD, venues=_VENUES
    )
    gatherer = Gatherer()
    driven = Drive(settings, WorldSource(settings, world), [gatherer]).play()
    evidence = gatherer.evidence(driven.mind, Coverage(f"the {name} world, seed {seed}"))
    if evidence.differences:
        raise AssertionError(f"figures differ: {evidence.differences}")
    return Checked(name, seed, verdicts_of(evidence))


def positives(found: Iterable[Checked], name: str) -> dict[str, list[int]]:
    """By strategy the seeds of a world in which it was called positive."""
    by_strategy: dict[str, list[int]] = {strategy.name: [] for strategy in STRATEGIES}
    for one in found:
        for verdict in one.verdicts if one.name == name else ():
            if verdict.word is EdgeWord.POSITIVE:
                by_strategy.setdefault(verdict.strategy, []).append(one.seed)
    return by_strategy


def faults(found: Iterable[Checked], seeds: int) -> list[str]:
    """What is not as it must be, of as many seeds of each world."""
    told, said = list(found), list[str]()
    for strategy, where in positives(told, "null").items():
        if len(where) > MOST_FALSE * seeds / SEEDS:
            said.append(f"{strategy} was called positive in the null world, seeds {where}")
    planted = positives(told, "planted")[READER]
    if len(planted) < LEAST_FOUND * seeds / SEEDS:
        said.append(f"{READER} was called positive in {len(planted)} of {seeds} planted worlds")
    return said


def table_of(found: Iterable[Checked], seeds: int) -> Table:
    told = list(found)
    table = Table(title=f"called positive, of {seeds} seeds", title_justify="left")
    table.add_column("strategy")
    for name in ("null", "planted"):
        table.add_column(name, justify="right")
        table.add_column("judged", justify="right")
        table.add_column("rounds staked in", justify="right")
        table.add_column("per $", justify="right")
    counted = {name: positives(told, name) for name in ("null", "planted")}
    for strategy in STRATEGIES:
        cells = list[str]()
        for name in ("null", "planted"):
            own = [
                verdict
                for one in told
                for verdict in one.verdicts
                if one.name == name and verdict.strategy == strategy.name
            ]
            staked, pnl = (sum(getattr(one, key) for one in own) for key in _MONEY)
            cells += [
                str(len(counted[name][strategy.name])),
                str(sum(one.rounds >= LEAST_ROUNDS for one in own)),
                str(sum(one.rounds for one in own)),
                f"{pnl / staked:+.1%}" if staked else "",
            ]
        table.add_row(strategy.name, *cells)
    return table


_MONEY = ("staked_usd", "pnl_usd")


def main() -> int:
    parser = argparse.ArgumentParser(prog="edge-checks", description="Are verdicts right?")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--null-rounds", type=int, default=NULL_ROUNDS, help="of a session")
    parser.add_argument("--planted-rounds", type=int, default=PLANTED_ROUNDS, help="the same")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 120)
    plans = [
        plan
        for seed in range(1, options.seeds + 1)
        for plan in (
            Plan("null", NULL, options.null_rounds, seed),
            Plan("planted", PLANTED, options.planted_rounds, seed),
        )
    ]
    found = list[Checked]()
    with multiprocessing.Pool() as pool:
        for one in pool.imap(check, plans):
            found.append(one)
            words = ", ".join(f"{each.strategy} {each.word.value}" for each in one.verdicts)
            console.print(f"{one.name} {one.seed}: {words}", highlight=False)
    console.print(table_of(found, options.seeds))
    said = faults(found, options.seeds)
    for line in said:
        console.print(f"fault: {line}", highlight=False)
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())

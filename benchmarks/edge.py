"""`make edge`: has any strategy an edge, in worlds of several sorts, after fees? The honest answer.

Whole sessions are played without sockets, in each world for several seeds. Each strategy is
followed on its own virtual fills (shadow), or, with `--alone`, is let trade alone on paper, limits
and breakers included. What comes out is a table: money per dollar staked, with an interval that
says how much of it chance explains. Where the interval holds 0, no edge was shown, and so it says.

Then the lifelike world again, with crowds that answer the exchanges after 0.1 to 3 seconds, and
with orders of ours that take as long as they usually do or a second longer. What is earned from
slow crowds alone is a race against people who are not slow: the verdict names it. And what each
strategy claimed a share was worth stands beside what it came to.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs
from attrs import frozen
from rich.console import Console
from rich.table import Table

from polytui.backtest.drive import Drive
from polytui.backtest.world_source import WorldSource
from polytui.config.schema import SessionSettings, Settings
from polytui.model.instrument import Asset, Interval
from polytui.model.units import MICRO, NS_PER_S
from polytui.results.evidence import Coverage, Evidence, PlayedTrade
from polytui.results.gathering import Gatherer
from polytui.results.kept_verdicts import EdgeWord
from polytui.results.verdicts import LEAST_ROUNDS, RoundResult, judged
from polytui.sim.world.demo_world import world_of
from polytui.sim.world.named_worlds import WorldName
from polytui.strategy.registry import STRATEGIES

_START_NS = 1_795_204_740 * NS_PER_S
"""2026-11-20 19:59:00 UTC, a minute before a boundary."""
_YEAR_NS = 365 * 86_400 * NS_PER_S
_WIDTH = 120
_WORLDS = (WorldName.CALM, WorldName.TRENDING, WorldName.JUMPY, WorldName.LIFELIKE)
_ALL = ""
"""In shadow, all of them at once."""
DELAYS_S = (0.1, 0.3, 1.0, 3.0)
"""Of the crowd, behind the exchanges."""
REAL_S = 0.3
"""Recorded books answer a move of two basis points in so long: a crowd that is slower is easier to
beat than a real one."""
USUAL_MS = Settings().paper.order_latency_ms
SLOW_MS = USUAL_MS + 1_000.0
_MESSAGES = 0.02
"""Share of a real day's: prices and best levels move the same at any."""


@frozen
class Row:
    """One strategy in one round of one session. Money in millionths, fees included."""

    world: str
    strategy: str
    round: str
    """Session and slug."""
    closes_ns: int
    """Sessions are apart: those of other seeds are in other years."""
    staked: int
    pnl: int


# --- statistics ---------------------------------------------------------------------------------


@frozen
class Figures:
    """A strategy in a world, and what is said of its edge there (`polytui/results/verdicts.py`).
    Ratios are dollars per dollar staked; None without a stake."""

    world: str
    strategy: str
    rounds: int
    staked: int
    pnl: int
    per_dollar: float | None
    low: float | None
    high: float | None
    word: EdgeWord = EdgeWord.UNKNOWN
    needed: int | None = None
    """Rounds until there would be an answer."""

    @property
    def judged(self) -> bool:
        """Whether there are rounds enough to say anything."""
        return self.low is not None and self.rounds >= LEAST_ROUNDS

    @property
    def verdict(self) -> str:
        if self.low is None or self.high is None:
            return "did not trade"
        if self.word is EdgeWord.POSITIVE:
            return "an edge against this crowd"
        return "no edge" if self.word is EdgeWord.NONE else self.word.value


def figures_of(rows: Sequence[Row]) -> Figures:
    """The rows of one strategy in one world, those without a stake left out."""
    world, strategy = rows[0].world, rows[0].strategy
    results = [RoundResult(row.closes_ns, row.staked, row.pnl) for row in rows if row.staked]
    found = judged(strategy, True, results)
    staked, pnl = sum(one.staked for one in results), sum(one.pnl for one in results)
    measured = found.per_dollar
    if measured is None:
        return Figures(world, strategy, 0, 0, 0, None, None, None)
    interval = (measured.mean, measured.low, measured.high)
    counts = (found.rounds, staked, pnl)
    return Figures(world, strategy, *counts, *interval, found.word, found.rounds_needed)


def all_figures(rows: Iterable[Row]) -> list[Figures]:
    """By world and strategy, in the order in which they first come; one seed, one answer."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.world, row.strategy), []).append(row)
    return [figures_of(group) for group in groups.values()]


# --- races --------------------------------------------------------------------------------------


@frozen
class Point:
    """A place on the curve: how late the crowd is, and how late our orders are."""

    delay_s: float
    latency_ms: float

    @property
    def name(self) -> str:
        return f"crowd {self.delay_s:g} s, order {self.latency_ms:g} ms"


def race_of(curve: Mapping[Point, Figures]) -> str:
    """What the earnings of one strategy along the curve come to."""
    shown = {point: one.low for point, one in curve.items() if one.judged and one.low is not None}
    won = [point for point, low in shown.items() if low > 0.0]
    asked = [point for point in shown if point.delay_s <= REAL_S]
    if not won:
        return "no edge shown against any crowd"
    if not asked:
        return "an edge against slow crowds; too few rounds against one as quick as a real one"
    usual = [point for point in won if point.delay_s <= REAL_S]
    if not usual:
        slowest = min(point.delay_s for point in won)
        return f"only a race: earns from crowds {slowest:g} s late and more, not at {REAL_S:g} s"
    if all(point.latency_ms <= USUAL_MS for point in usual):
        late = [point for point in asked if point.latency_ms > USUAL_MS]
        if late:
            return "only a race: gone when our orders are a second later"
    return f"an edge against this crowd, {max(point.delay_s for point in usual):g} s late as it is"


# --- words --------------------------------------------------------------------------------------


def table_of(figures: Sequence[Figures], title: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("world")
    table.add_column("strategy")
    for name in ("rounds", "staked $", "PnL $", "per $", "95 % interval"):
        table.add_column(name, justify="right")
    table.add_column("verdict")
    table.add_column("rounds needed", justify="right")
    for one in figures:
        table.add_row(
            one.world,
            one.strategy,
            str(one.rounds),
            f"{one.staked / MICRO:,.2f}",
            f"{one.pnl / MICRO:+,.2f}",
            _percent(one.per_dollar),
            "" if one.low is None else f"{_percent(one.low)} to {_percent(one.high)}",
            one.verdict,
            "" if one.needed is None else f"{one.needed:,}",
        )
    return table


def _percent(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:+.1%}"


def curve_table(curves: Mapping[str, Mapping[Point, Figures]]) -> Table:
    """Dollars per dollar staked: points of the curve down, strategies across."""
    table = Table(title="the curve, per dollar staked (95 % interval)", title_justify="left")
    table.add_column("how late")
    for name in curves:
        table.add_column(name, justify="right")
    for point in dict.fromkeys(point for curve in curves.values() for point in curve):
        cells = [_cell(curve[point]) for curve in curves.values()]
        table.add_row(point.name.replace(", ", "\n"), *cells)
    return table


def _cell(one: Figures) -> str:
    if one.low is None:
        return "none"
    return f"{_percent(one.per_dollar)}\n{_percent(one.low)}..{_percent(one.high)}\nn {one.rounds}"


def claims_table(claims: Sequence[Claimed]) -> Table:
    """Cents a share, fees included: what was claimed, what of it was believed, what came."""
    table = Table(title="claims of the lifelike world, cents a share", title_justify="left")
    table.add_column("strategy")
    for name in ("claims", "claimed", "believed", "realised"):
        table.add_column(name, justify="right")
    for one in claims:
        cents = [f"{value * 100:+.1f}" for value in (one.claimed, one.used, one.realised)]
        table.add_row(one.strategy, f"{one.count:.0f}", *(cents if one.count else ["", "", ""]))
    return table


def conclusion(figures: Sequence[Figures]) -> str:
    """What the table comes to, in words that promise nothing."""
    by_strategy: dict[str, list[Figures]] = {}
    for one in figures:
        by_strategy.setdefault(one.strategy, []).append(one)
    lines = [f"{name}: {_sentence(found)}" for name, found in by_strategy.items()]
    judged = sum(one.judged for one in figures)
    lines.append(
        f"Of {judged} intervals of 95 %, about {judged * 0.05:.1f} miss the truth by chance alone."
    )
    lines.append("The crowd is simulated: an edge against it proves nothing about the real venue.")
    return "\n".join(lines)


def _sentence(found: Sequence[Figures]) -> str:
    worlds: dict[str, list[str]] = {}
    for one in found:
        worlds.setdefault(one.verdict, []).append(one.world)
    return "; ".join(f"{verdict} ({', '.join(names)})" for verdict, names in worlds.items())


# --- playing ------------------------------------------------------------------------------------


@frozen
class Claimed:
    """What a strategy claimed per share, in dollars: means over `count` settled claims, old ones
    faded. `used` is what was believed of them in the end."""

    strategy: str
    count: float
    claimed: float
    used: float
    realised: float


def pooled(found: Iterable[Claimed]) -> list[Claimed]:
    """The same over sessions, by strategy."""
    by_strategy: dict[str, list[Claimed]] = {}
    for one in found:
        by_strategy.setdefault(one.strategy, []).append(one)
    return [_mean_claim(name, several) for name, several in by_strategy.items()]


def _mean_claim(name: str, several: Sequence[Claimed]) -> Claimed:
    count = sum(one.count for one in several)
    if not count:
        return Claimed(name, 0.0, 0.0, 0.0, 0.0)
    return Claimed(
        name,
        count,
        sum(one.count * one.claimed for one in several) / count,
        sum(one.count * one.used for one in several) / count,
        sum(one.count * one.realised for one in several) / count,
    )


@frozen
class Sitting:
    """One session to play. `alone` names the only strategy that may trade."""

    world: str
    seed: int
    rounds: int
    alone: str = _ALL
    asset: Asset = Asset.BTC
    point: Point = Point(REAL_S, USUAL_MS)


@frozen
class Sat:
    """What a session came to: one row for every strategy and round in which something was staked,
    and the claims."""

    sitting: Sitting
    rows: list[Row]
    claims: list[Claimed]


def sit(sitting: Sitting) -> Sat:
    """Play it."""
    settings = settings_of(sitting)
    world = world_of(
        settings.demo,
        seed=sitting.seed,
        start_ns=_START_NS,
        assets=settings.session.assets,
        intervals=(Interval.M5,),
    )
    gatherer = Gatherer()
    driven = Drive(settings, WorldSource(settings, world), [gatherer]).play()
    evidence = gatherer.evidence(driven.mind, Coverage(f"the {sitting.world} world"))
    if evidence.differences:
        raise AssertionError(f"figures differ: {evidence.differences}")
    known = driven.mind.account.claims
    records = {s.name: known.record(sitting.asset, s.name, settings.claims) for s in STRATEGIES}
    claims = [
        Claimed(name, one.count, one.claimed, one.used, one.realised)
        for name, one in records.items()
    ]
    return Sat(sitting, rows_of(sitting, evidence), claims)


def rows_of(sitting: Sitting, evidence: Evidence) -> list[Row]:
    """One for every strategy and settled round in which it staked something: of virtual trades,
    but of its orders where one strategy trades alone."""
    listed = {one.slug: one for one in evidence.rounds if one.winner}
    found: dict[tuple[str, str], list[PlayedTrade]] = {}
    for one in evidence.trades:
        if one.is_shadow is not bool(sitting.alone) and one.slug in listed and one.is_settled:
            found.setdefault((one.strategy, one.slug), []).append(one)
    session, apart_ns = f"{sitting.world}-{sitting.seed}", sitting.seed * _YEAR_NS
    return [
        Row(
            sitting.world,
            strategy,
            f"{session}:{slug}",
            listed[slug].closes_ns + apart_ns,
            sum(one.stake for one in trades),
            sum(one.pnl or 0 for one in trades),
        )
        for (strategy, slug), trades in found.items()
    ]


def settings_of(sitting: Sitting) -> Settings:
    """Nobody may trade, so that all are followed in shadow; or one alone."""
    settings = Settings()
    tables = {
        strategy.name: attrs.evolve(
            getattr(settings, strategy.name), is_enabled=strategy.name == sitting.alone
        )
        for strategy in STRATEGIES
    }
    return attrs.evolve(
        settings,
        session=SessionSettings(assets=(sitting.asset,), rounds=sitting.rounds),
        demo=attrs.evolve(
            settings.demo,
            world=sitting.world,
            seed=sitting.seed,
            messages=_MESSAGES,
            crowd_delay_s=sitting.point.delay_s,
        ),
        paper=attrs.evolve(settings.paper, order_latency_ms=sitting.point.latency_ms),
        **tables,
    )


def sittings(
    worlds: Sequence[str], seeds: int, rounds: int, *, is_alone: bool
) -> Iterator[Sitting]:
    names = [strategy.name for strategy in STRATEGIES] if is_alone else [_ALL]
    for world in worlds:
        for seed in range(1, seeds + 1):
            for name in names:
                yield Sitting(world, seed, rounds, name)


def curve_sittings(seeds: int, rounds: int) -> Iterator[Sitting]:
    """The lifelike world at every delay and, as late as a crowd really is, with slow orders too."""
    usual = [Point(delay_s, USUAL_MS) for delay_s in DELAYS_S]
    slow = [Point(delay_s, SLOW_MS) for delay_s in DELAYS_S]
    for point in [*usual, *slow]:
        for seed in range(1, seeds + 1):
            yield Sitting(WorldName.LIFELIKE.value, seed, rounds, point=point)


def curves_of(found: Iterable[Sat]) -> dict[str, dict[Point, Figures]]:
    """By strategy and point, also where nothing was staked."""
    rows: dict[tuple[str, Point], list[Row]] = {}
    for sat in found:
        world = sat.sitting.world
        for strategy in STRATEGIES:
            mine = rows.setdefault((strategy.name, sat.sitting.point), [])
            mine.append(Row(world, strategy.name, "", 0, 0, 0))
            mine += [row for row in sat.rows if row.strategy == strategy.name]
    curves: dict[str, dict[Point, Figures]] = {}
    for (name, point), mine in rows.items():
        curves.setdefault(name, {})[point] = figures_of(mine)
    return curves


def main() -> None:
    options = _options()
    planned = list(sittings(options.worlds, options.seeds, options.rounds, is_alone=options.alone))
    curve = [] if options.no_curve else list(curve_sittings(options.seeds, options.rounds))
    known = set(planned)
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    every = [*planned, *[sitting for sitting in curve if sitting not in known]]
    console.print(f"{len(every)} sessions of {options.rounds} rounds of BTC ...")
    with multiprocessing.Pool() as pool:
        found = {sat.sitting: sat for sat in pool.imap_unordered(sit, every)}
    rows = [row for sitting in planned for row in found[sitting].rows]
    figures = all_figures(_in_order(rows, options.worlds))
    fills = "alone on paper" if options.alone else "in shadow, as late as an order"
    console.print(table_of(figures, f"edge after fees, {fills}"))
    if curve:
        curves = curves_of(found[sitting] for sitting in curve)
        console.print(curve_table(curves))
        for name, one in curves.items():
            console.print(f"{name}: {race_of(one)}", highlight=False)
        usual = [found[s].claims for s in curve if s.point == Point(REAL_S, USUAL_MS)]
        console.print(claims_table(pooled(one for claims in usual for one in claims)))
    console.print(conclusion(figures), highlight=False)


def _in_order(rows: Sequence[Row], worlds: Sequence[str]) -> list[Row]:
    """Every world and strategy, also where nothing was staked."""
    silent = [Row(w, s.name, "", 0, 0, 0) for w in worlds for s in STRATEGIES]
    return [*silent, *rows]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="edge", description="PnL per strategy and world.")
    names = [name.value for name in _WORLDS]
    parser.add_argument("--worlds", nargs="+", choices=names, default=names)
    parser.add_argument("--seeds", type=int, default=3, help="1 to N, each a session")
    parser.add_argument("--rounds", type=int, default=24, help="of each session")
    parser.add_argument("--no-curve", action="store_true", help="the four worlds alone")
    parser.add_argument("--alone", action="store_true", help="one strategy at a time, on paper")
    return parser.parse_args()


if __name__ == "__main__":
    main()

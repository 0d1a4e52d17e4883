"""Many settings on the same days: what each came to, what the best of so many is worth, and what
would have been earned by choosing on the days before.

A cell is one list of settings on one day, played with an account of its own; everything here is
sums over cells.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from attrs import frozen

EULER = 0.5772156649015329
"""Euler and Mascheroni's constant."""


@frozen
class Cell:
    """What one list of settings came to on one day; dollars."""

    setting: int
    """Its number, from 0, in the order of the grid."""
    day: str
    """2026-11-20, of UTC: rounds that opened on it."""
    rounds: int
    """That were played."""
    orders: int
    filled: int
    trades: int
    """Whose money is final."""
    staked_usd: float
    fees_usd: float
    pnl_usd: float
    squares: float
    """Sum over its trades of their PnL squared."""
    report: str
    """SHA-256 of the whole report as JSON."""


@frozen
class SettingSums:
    """All days of one list of settings."""

    setting: int
    rounds: int
    orders: int
    filled: int
    trades: int
    staked_usd: float
    fees_usd: float
    pnl_usd: float
    error_usd: float
    """One standard error of `pnl_usd`, were its trades drawn anew; trades of one round lean on
    each other, so it is rather more."""


@frozen
class Choice:
    """One step forward: chosen on some days, judged on those after them."""

    chosen_on: tuple[str, ...]
    judged_on: tuple[str, ...]
    setting: int
    past_usd: float
    """What it had earned on the days it was chosen by;"""
    earned_usd: float
    """and what on those after."""
    usual_usd: float
    """The mean of all settings on these."""


def sums_by_setting(cells: Sequence[Cell]) -> tuple[SettingSums, ...]:
    """In the order of the grid."""
    numbers = sorted({cell.setting for cell in cells})
    return tuple(_sums(one, [cell for cell in cells if cell.setting == one]) for one in numbers)


def _sums(setting: int, cells: Sequence[Cell]) -> SettingSums:
    trades, pnl = sum(one.trades for one in cells), math.fsum(one.pnl_usd for one in cells)
    squares = math.fsum(one.squares for one in cells)
    spread = max(0.0, squares - pnl * pnl / trades) if trades else 0.0
    return SettingSums(
        setting,
        sum(one.rounds for one in cells),
        sum(one.orders for one in cells),
        sum(one.filled for one in cells),
        trades,
        math.fsum(one.staked_usd for one in cells),
        math.fsum(one.fees_usd for one in cells),
        pnl,
        math.sqrt(spread * trades / (trades - 1)) if trades > 1 else 0.0,
    )


def best_by_chance(tried: int) -> float:
    """In standard errors: what the best of so many is expected to show where none is worth
    anything and no two are alike (Bailey and Lopez de Prado, "The Deflated Sharpe Ratio", 2014,
    their approximation of the mean of the largest of N normal draws). 0 for a single one."""
    if tried < 2:
        return 0.0
    normal = NormalDist()
    near, far = normal.inv_cdf(1 - 1 / tried), normal.inv_cdf(1 - 1 / (tried * math.e))
    return (1 - EULER) * near + EULER * far


def warning_of(sums: Sequence[SettingSums]) -> str:
    """What whoever reads the first line of the table has to know; empty for a single setting."""
    if len(sums) < 2:
        return ""
    best = max(sums, key=lambda one: one.pnl_usd)
    by_chance = best_by_chance(len(sums)) * best.error_usd
    text = (
        f"{len(sums)} settings were tried on the same days: were all worth nothing, the best"
        f" would be expected to show about {by_chance:+,.2f} $"
    )
    if best.trades < 2:
        return f"{text}; too little was traded to say more"
    if best.pnl_usd <= by_chance:
        return f"{text}, and this one shows {best.pnl_usd:+,.2f} $: nothing was found"
    return (
        f"{text}; this one shows {best.pnl_usd:+,.2f} $: judge it on days that it was not seen on"
    )


def walk_forward(cells: Sequence[Cell], past: int, ahead: int) -> tuple[Choice, ...]:
    """Days in windows: whoever earned most on `past` of them (of equals the first in the grid) is
    judged on the `ahead` after them, and so on. ValueError where the days do not make one step."""
    days = sorted({cell.day for cell in cells})
    if past < 1 or ahead < 1 or len(days) < past + ahead:
        raise ValueError(
            f"{past} days to choose by and {ahead} to judge by: there are {len(days)} with rounds"
        )
    starts = range(0, len(days) - past - ahead + 1, ahead)
    return tuple(
        _choice(cells, days[at : at + past], days[at + past : at + past + ahead]) for at in starts
    )


def _choice(cells: Sequence[Cell], before: Sequence[str], after: Sequence[str]) -> Choice:
    known, later = _earned(cells, before), _earned(cells, after)
    chosen = max(known, key=lambda one: (known[one], -one))
    usual = math.fsum(later.values()) / len(later)
    return Choice(tuple(before), tuple(after), chosen, known[chosen], later[chosen], usual)


def _earned(cells: Sequence[Cell], days: Sequence[str]) -> dict[int, float]:
    wanted = frozenset(days)
    found = dict.fromkeys(sorted({cell.setting for cell in cells}), 0.0)
    for cell in cells:
        if cell.day in wanted:
            found[cell.setting] += cell.pnl_usd
    return found

"""What may be concluded from the best of many settings."""

from __future__ import annotations

import math
import random

import pytest
from attrs import evolve

from polytui.results.tried_settings import (
    Cell,
    best_by_chance,
    sums_by_setting,
    walk_forward,
    warning_of,
)


def cell(setting: int, day: int, *pnls: float) -> Cell:
    squares = math.fsum(pnl * pnl for pnl in pnls)
    name, count = f"2026-11-{day:02}", len(pnls)
    return Cell(setting, name, 5, count, count, count, 10.0 * count, 0.1, sum(pnls), squares, "")


def test_days_of_a_setting_add_up_with_the_error_of_all_its_trades() -> None:
    first, second = sums_by_setting([cell(1, 2, 4.0), cell(0, 1, 1.0, -2.0), cell(1, 1, 2.0)])
    assert (first.setting, first.trades, first.pnl_usd) == (0, 2, -1.0)
    assert (second.setting, second.trades, second.pnl_usd, second.rounds) == (1, 2, 6.0, 10)
    assert second.error_usd == pytest.approx(math.sqrt(2) * math.sqrt(2.0))
    assert sums_by_setting([cell(0, 1, 3.0)])[0].error_usd == 0.0
    assert sums_by_setting([cell(0, 1)])[0].error_usd == 0.0


@pytest.mark.parametrize("tried", [2, 8, 64])
def test_the_best_of_many_by_chance_is_what_draws_show(tried: int) -> None:
    chance = random.Random(5)
    draws = [max(chance.gauss(0.0, 1.0) for _ in range(tried)) for _ in range(4_000)]
    assert best_by_chance(tried) == pytest.approx(sum(draws) / len(draws), abs=0.09)
    assert best_by_chance(1) == 0.0


def test_what_chance_alone_would_show_is_nothing_found() -> None:
    noise = [cell(number, 1, 10.0 + number, -10.0) for number in range(20)]
    assert "nothing was found" in warning_of(sums_by_setting(noise))
    better = [*noise, cell(20, 1, *([10.0, 9.0] * 40))]
    assert "judge it on days that it was not seen on" in warning_of(sums_by_setting(better))
    assert warning_of(sums_by_setting(noise[:1])) == ""
    idle = [cell(number, 1) for number in range(2)]
    assert "too little was traded" in warning_of(sums_by_setting(idle))


def test_a_walk_forward_judges_on_days_after_those_it_chose_by() -> None:
    """Setting 0 earns on even days, setting 1 on odd ones."""
    cells = [
        cell(setting, day, 5.0 if (day + setting) % 2 == 0 else -5.0)
        for setting in (0, 1)
        for day in (1, 2, 3, 4)
    ]
    steps = walk_forward(cells, 1, 1)
    assert [one.setting for one in steps] == [1, 0, 1]
    assert [one.earned_usd for one in steps] == [-5.0, -5.0, -5.0]
    assert [one.usual_usd for one in steps] == [0.0, 0.0, 0.0]
    assert steps[0].chosen_on == ("2026-11-01",)
    assert steps[0].judged_on == ("2026-11-02",)
    two = walk_forward(cells, 2, 2)
    assert [(one.chosen_on, one.setting) for one in two] == [(("2026-11-01", "2026-11-02"), 0)]
    with pytest.raises(ValueError, match="4 with rounds"):
        walk_forward(cells, 3, 2)


def test_a_day_after_the_last_choice_changes_nothing_before_it() -> None:
    cells = [cell(0, 1, 1.0), cell(1, 1, 2.0), cell(0, 2, 3.0), cell(1, 2, -3.0)]
    later = [*cells[:2], evolve(cells[2], pnl_usd=-99.0), evolve(cells[3], pnl_usd=99.0)]
    assert walk_forward(cells, 1, 1)[0].setting == walk_forward(later, 1, 1)[0].setting == 1

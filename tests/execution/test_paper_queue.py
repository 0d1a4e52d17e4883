"""The five rules of a queue, from the worst for us to the best, each with what it believes."""

from __future__ import annotations

import pytest
from attrs import evolve, fields
from hypothesis import given
from hypothesis import strategies as st
from test_paper_simulator import NEAR, Table, fills

from polytui.config.schema import PaperSettings
from polytui.execution.paper_queue import QUEUE_RULES
from polytui.model.orders import Side
from polytui.model.units import MICRO

BUY, SELL = Side.BUY, Side.SELL


def table_of(rule: str) -> Table:
    """Ten of ours at 0.50, behind the hundred that stand there."""
    table = Table(settings=evolve(NEAR, queue=rule))
    table.resting(BUY, 0.50, 10)
    return table


def filled(table: Table, *moves: tuple[str, float]) -> float:
    """Shares of ours that these moves of the level 0.50 fill: it shows so much, or so much prints
    there, or one tick beyond."""
    got = 0
    for kind, shares in moves:
        if kind == "shows":
            reports = table.move(BUY, 0.50, shares)
        else:
            reports = table.print_trade(SELL, 0.50 if kind == "prints" else 0.49, shares)
        got += sum(size for _, size in fills(reports))
    return got / MICRO


def test_every_rule_that_the_settings_take_is_one_of_the_queue() -> None:
    check = fields(PaperSettings).queue.metadata["check"]
    assert check.expected == f"one of {', '.join(QUEUE_RULES)}"
    assert PaperSettings().queue in QUEUE_RULES


@pytest.mark.parametrize("rule", ["pessimistic", "realistic", "optimistic"])
def test_where_all_of_a_level_stood_before_ours_whoever_left_did(rule: str) -> None:
    assert filled(table_of(rule), ("shows", 50.0), ("shows", 51.0), ("prints", 54.0)) == 4


@pytest.mark.parametrize(
    ("rule", "got"),
    [("through", 0), ("pessimistic", 0), ("realistic", 5), ("optimistic", 10), ("touch", 10)],
)
def test_who_joined_behind_ours_may_have_been_the_one_who_left(rule: str, got: float) -> None:
    """A hundred join, eighty of the two hundred leave: 100, 60 or 20 stand before ours still."""
    moves = [("shows", 200.0), ("shows", 120.0), ("shows", 121.0), ("prints", 65.0)]
    assert filled(table_of(rule), *moves) == got


@pytest.mark.parametrize("rule", ["pessimistic", "realistic", "optimistic"])
def test_a_trade_is_no_cancel_whether_it_or_its_level_is_told_first(rule: str) -> None:
    level_first = [("shows", 70.0), ("prints", 30.0), ("prints", 70.0)]
    print_first = [("prints", 30.0), ("shows", 70.0), ("shows", 71.0), ("prints", 70.0)]
    assert filled(table_of(rule), *level_first) == 0
    assert filled(table_of(rule), *print_first) == 0
    assert filled(table_of(rule), *print_first, ("prints", 5.0)) == 5


def test_only_what_goes_beyond_its_price_fills_the_worst_case() -> None:
    table = table_of("through")
    assert filled(table, ("prints", 500.0)) == 0
    assert filled(table, ("beyond", 4.0)) == 4
    table.move(BUY, 0.50, 0)
    assert fills(table.show([(0.48, 10)], [(0.50, 50)])) == [], "an offer at its price is none"
    assert fills(table.show([(0.48, 10)], [(0.49, 50)])) == [(500_000, 6 * MICRO)]


def test_nobody_is_before_the_best_case() -> None:
    assert filled(table_of("touch"), ("prints", 3.0)) == 3


MOVES = st.lists(
    st.tuples(st.sampled_from(["shows", "prints", "beyond"]), st.integers(0, 150).map(float)),
    max_size=8,
)


@given(MOVES)
def test_a_better_rule_never_fills_less(moves: list[tuple[str, float]]) -> None:
    got = [filled(table_of(rule), *moves) for rule in QUEUE_RULES]
    assert got == sorted(got)
    assert got[-1] <= 10

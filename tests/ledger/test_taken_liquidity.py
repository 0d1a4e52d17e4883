"""A level that was taken is not whole again because a few shares of it come or go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.ledger.taken_liquidity import TakenLiquidity
from polytui.model.orders import Side
from polytui.model.units import MICRO, Price, Shares

BUY, SELL = Side.BUY, Side.SELL
AT = Price(520_000)


def level(shares: float) -> dict[Price, Shares]:
    return {AT: Shares(round(shares * MICRO))} if shares else {}


def free_after(*displayed: float, took: float = 100) -> float:
    """Of a level of 100 some are taken, then it displays these sizes one after the other: what is
    there for us at the end."""
    taken = TakenLiquidity()
    taken.take(SELL, AT, round(took * MICRO))
    for shares in displayed:
        taken.saw_all({}, level(shares))
    return sum(shares for _, shares in taken.left(SELL, level(displayed[-1]))) / MICRO


@pytest.mark.parametrize(
    ("displayed", "took", "free"),
    [
        ((100.0,), 100, 0.0),
        ((99.99,), 100, 0.0),
        ((100.01,), 100, 0.01),
        ((99.99, 100.0), 100, 0.01),  # a hundredth left, and came back
        ((40.0,), 100, 0.0),
        ((40.0, 100.0), 100, 60.0),  # it fell under what we took, and was filled up
        ((0.0, 100.0), 100, 100.0),  # gone, and quoted anew
        ((100.0,), 30, 70.0),
        ((50.0,), 30, 20.0),  # who left were the others
        ((50.0, 100.0), 30, 70.0),
        ((10.0, 15.0), 30, 5.0),
    ],
)
def test_what_was_taken_stays_taken_until_the_level_falls_below_it(
    displayed: tuple[float, ...], took: float, free: float
) -> None:
    assert free_after(*displayed, took=took) == pytest.approx(free)


def test_sides_and_prices_are_levels_of_their_own() -> None:
    taken = TakenLiquidity()
    taken.take(SELL, AT, 5)
    other = {Price(530_000): Shares(7), AT: Shares(9)}
    assert taken.left(SELL, other) == [(AT, 4), (530_000, 7)]
    assert taken.left(BUY, other) == [(530_000, 7), (AT, 9)]
    assert taken.state() == (("sell", AT, 5),)


CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("show"), st.integers(0, 50)),
        st.tuples(st.just("take"), st.integers(1, 50)),
    ),
    max_size=40,
)


@given(CHANGES)
def test_no_more_is_taken_than_the_crowd_ever_brought(changes: list[tuple[str, int]]) -> None:
    """Every share that we took is one that appeared: growth is the only source."""
    taken, shown, brought, ours = TakenLiquidity(), 0, 0, 0
    for what, number in changes:
        if what == "show":
            brought += max(0, number - shown)
            shown = number
            taken.saw(SELL, AT, shown)
        else:
            free = sum(left for _, left in taken.left(SELL, {AT: Shares(shown)}))
            took = min(number, free)
            if took:
                taken.take(SELL, AT, took)
            ours += took
        assert ours <= brought
        assert all(left <= shown for _, left in taken.left(SELL, {AT: Shares(shown)}))

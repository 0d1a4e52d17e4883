"""Trades by number: new, seen, missing, mended, restarted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from polytui.venues.continuity import DUPLICATE, Remembered, TradeLine


def taken(line: TradeLine, *ids: int) -> list[int]:
    return [line.take(trade_id) for trade_id in ids]


def test_the_first_number_is_new_whatever_it_is() -> None:
    assert taken(TradeLine(), 5_000_000, 5_000_001) == [0, 0]


def test_a_jump_says_how_many_are_missing_and_a_step_back_was_seen() -> None:
    line = TradeLine()
    assert taken(line, 10, 11, 15, 15, 11) == [0, 0, 3, DUPLICATE, DUPLICATE]
    assert line.missing == 3


def test_a_late_number_is_new_once() -> None:
    line = TradeLine()
    assert taken(line, 10, 15, 12, 12) == [0, 4, 0, DUPLICATE]
    assert [line.mend(trade_id) for trade_id in (11, 11, 14, 13, 12)] == [
        True, False, True, True, False,
    ]  # fmt: skip
    assert line.missing == 0


def test_a_number_far_off_is_no_gap_and_three_far_below_are_a_restart() -> None:
    line = TradeLine()
    assert taken(line, 10, 5_000_000_000) == [0, 0]
    assert line.missing == 0
    assert taken(line, 7, 8, 9, 10) == [DUPLICATE, DUPLICATE, 2, 0], "two were dropped"
    assert taken(line, 10) == [DUPLICATE]
    assert [line.mend(trade_id) for trade_id in (7, 8, 9)] == [True, True, False]


def test_a_repeated_stretch_is_no_restart() -> None:
    line = TradeLine()
    taken(line, *range(1_000, 1_100))
    assert taken(line, *range(1_050, 1_100)) == [DUPLICATE] * 50
    assert line.last_id == 1_099


@given(st.lists(st.integers(1, 400), min_size=1, max_size=200))
def test_every_number_is_taken_once_in_any_order(ids: list[int]) -> None:
    """From the first on, nothing is new twice, and what is missing is what never came."""
    line = TradeLine()
    new = [trade_id for trade_id in ids if line.take(trade_id) != DUPLICATE]
    assert len(new) == len(set(new))
    above = {trade_id for trade_id in ids if trade_id >= ids[0]}
    if len(range(min(above), max(above))) < 60:
        assert set(new) == above
        assert line.missing == max(above) - min(above) + 1 - len(above)


def test_what_has_no_number_is_remembered_for_a_while() -> None:
    seen = Remembered(3)
    assert [seen.has_seen(key) for key in "aabca"] == [False, True, False, False, True]
    assert [seen.has_seen(key) for key in "dba"] == [False, True, False], "a is the oldest"

"""Percentiles of a bounded ring."""

from __future__ import annotations

from polytui.runtime.meter import Meter, Samples


def samples(*values: int, most: int = 1_000) -> Samples:
    made = Samples(most)
    for value in values:
        made.add(value)
    return made


def test_nothing_measured_is_none_and_not_zero() -> None:
    assert Samples().percentiles(50, 99) == [None, None]


def test_percentiles_of_a_hundred_and_one_values() -> None:
    made = samples(*range(100, -1, -1))
    assert made.percentiles(0, 50, 99, 100) == [0, 50, 99, 100]
    assert (made.count, made.largest) == (101, 100)


def test_one_value_is_every_percentile() -> None:
    assert samples(7).percentiles(0, 50, 100) == [7, 7, 7]


def test_the_ring_keeps_the_latest_and_the_largest_of_all() -> None:
    made = samples(1000, 1, 2, 3, 4, 5, most=4)
    assert made.percentiles(0, 100) == [2, 5]
    assert (made.count, made.largest) == (6, 1000)


def test_clearing_forgets_all() -> None:
    made = samples(5)
    made.clear()
    assert (made.percentiles(50), made.count, made.largest) == ([None], 0, 0)


def test_the_last_while_is_short_however_long_nobody_asked() -> None:
    made = Meter()
    made.frames_decided([9] * 100_000)
    made.frames_decided([1] * 10_000)
    assert made.recent.percentiles(50, 100) == [1, 1]
    assert made.decided.percentiles(100) == [9], "of the session all is kept"


def test_the_lag_is_another_one_once_a_second() -> None:
    made = Meter()
    made.frames_decided([5, 5, 5])
    assert made.lag_ns(10.0) == 5
    made.frames_decided([9] * 100)
    assert made.lag_ns(10.9) == 5
    assert made.lag_ns(11.0) == 9
    assert made.lag_ns(12.0) == 0, "a second without a frame"

"""Percentiles of a bounded ring."""

from __future__ import annotations

import pytest

from polytui.runtime import meter
from polytui.runtime.meter import Samples


def samples(*values: int) -> Samples:
    made = Samples()
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


def test_the_ring_keeps_the_latest_and_the_largest_of_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(meter, "_KEEP", 4)
    made = samples(1000, 1, 2, 3, 4, 5)
    assert made.percentiles(0, 100) == [2, 5]
    assert (made.count, made.largest) == (6, 1000)


def test_clearing_forgets_all() -> None:
    made = samples(5)
    made.clear()
    assert (made.percentiles(50), made.count, made.largest) == ([None], 0, 0)

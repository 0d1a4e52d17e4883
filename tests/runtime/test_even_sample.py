"""Very many values in little room, and which of them stand for all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.runtime import even_sample
from polytui.runtime.even_sample import MOST, EvenSample


def test_few_values_are_all_kept() -> None:
    sample = EvenSample()
    sample.extend([5, 1])
    sample.extend([])
    sample.extend([3])
    assert (sample.count, sample.largest) == (3, 5)
    assert sample.percentiles(0, 50, 100) == [1, 3, 5]


def test_the_largest_may_lie_below_zero() -> None:
    sample = EvenSample()
    sample.extend([-7])
    sample.extend([-9])
    assert sample.largest == -7


def test_nothing_measured_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        EvenSample().percentiles(50)


def test_a_million_values_keep_their_percentiles_in_bounded_room() -> None:
    sample = EvenSample()
    for begin in range(0, 1_000_000, 1_000):
        sample.extend(range(begin, begin + 1_000))
    assert (sample.count, sample.largest) == (1_000_000, 999_999)
    assert len(sample._kept) < MOST
    for point, value in zip((10, 50, 99), sample.percentiles(10, 50, 99), strict=True):
        assert value == pytest.approx(point * 10_000, abs=2_000)


@given(st.lists(st.lists(st.integers(0, 99), max_size=30), max_size=30))
def test_what_is_kept_is_every_so_manyth_value_however_they_come(parts: list[list[int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(even_sample, "MOST", 8)
        sample, whole = EvenSample(), list[int]()
        for part in parts:
            sample.extend(part)
            whole += part
        assert len(sample._kept) < 8
        assert sample._kept == whole[:: sample._every]
        assert sample.count == len(whole)

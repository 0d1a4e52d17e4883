"""Chainlink's series: strikes of the exact second, and the known part of a close."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.market.settlement import SettlementPrices
from polytui.model.instrument import PriceKind
from polytui.model.units import NS_PER_S

START_S = 1_795_204_800
START_NS = START_S * NS_PER_S


def spot(prices: SettlementPrices, at_s: float, value: float, late_s: float = 1.0) -> bool:
    observed_ns = START_NS + round(at_s * NS_PER_S)
    return prices.take(PriceKind.SPOT, value, 0, observed_ns, observed_ns + int(late_s * 1e9))


def average(prices: SettlementPrices, at_s: int, value: float, window_s: int = 60) -> bool:
    observed_ns = START_NS + at_s * NS_PER_S
    return prices.take(PriceKind.TWAP, value, window_s, observed_ns, observed_ns + NS_PER_S)


def ns(at_s: int) -> int:
    return START_NS + at_s * NS_PER_S


# --- strikes ----------------------------------------------------------------------------------


def test_a_strike_is_the_average_of_exactly_that_second() -> None:
    prices = SettlementPrices()
    average(prices, 299, 1.0)
    average(prices, 301, 3.0)
    assert prices.value_at(ns(300), 60) is None
    average(prices, 300, 2.0)
    assert prices.value_at(ns(300), 60) == 2.0
    assert prices.value_at(ns(300) + 1, 60) is None


def test_an_average_of_another_window_is_another_series() -> None:
    prices = SettlementPrices()
    average(prices, 300, 2.0, window_s=30)
    assert prices.value_at(ns(300), 60) is None
    assert prices.value_at(ns(300), 30) == 2.0


def test_a_spot_strike_is_of_exactly_that_second_too() -> None:
    prices = SettlementPrices()
    spot(prices, 299, 100.1)
    spot(prices, 301, 100.3)
    assert prices.value_at(ns(300), 0) is None
    spot(prices, 300, 100.2)
    assert prices.value_at(ns(300), 0) == 100.2
    assert prices.value_at(ns(301), 0) == 100.3


def test_the_first_word_of_a_second_stands() -> None:
    prices = SettlementPrices()
    assert spot(prices, 5, 100.0)
    assert spot(prices, 7, 100.5)
    assert not spot(prices, 5, 101.0)
    assert not spot(prices, 7, 101.0)
    assert average(prices, 5, 100.0)
    assert not average(prices, 5, 101.0)
    assert prices.value_at(ns(5), 0) == 100.0
    assert prices.value_at(ns(5), 60) == 100.0


def test_a_repeated_second_does_not_make_chainlink_fresh() -> None:
    prices = SettlementPrices()
    spot(prices, 5, 1.0, late_s=1.0)
    spot(prices, 5, 1.0, late_s=40.0)
    assert prices.latest_received_ns == ns(6)


def test_history_does_not_change_what_was_said_last() -> None:
    prices = SettlementPrices()
    spot(prices, 10, 100.3)
    assert spot(prices, 8, 100.1)
    assert spot(prices, 9, 100.2)
    assert (prices.last_spot, prices.last_observed_ns) == (100.3, ns(10))


def test_old_seconds_are_let_go() -> None:
    prices = SettlementPrices()
    for second in range(2_000):
        spot(prices, second, 1.0)
        average(prices, second, 1.0)
    assert prices.value_at(ns(1), 0) is None
    assert prices.value_at(ns(1), 60) is None
    assert prices.value_at(ns(1_700), 0) == 1.0
    assert prices.value_at(ns(1_700), 60) == 1.0
    assert len(prices._spots) < 500
    assert len(prices._averages) <= 801


# --- the known part of the closing average ------------------------------------------------------


def brute_force(points: dict[int, float], closes_s: int, window_s: int) -> tuple[float, int] | None:
    """Second by second: each belongs to the first observation at or after its end."""
    area, reached = 0.0, closes_s - window_s
    if not points or max(points) <= reached:
        return None
    for second in range(closes_s - window_s + 1, closes_s + 1):
        speaker = min((at for at in points if at >= second), default=None)
        if speaker is None:
            break
        area += points[speaker]
        reached = second
    return area, reached


def test_a_full_minute_is_its_plain_mean() -> None:
    prices = SettlementPrices()
    for second in range(200, 301):
        spot(prices, second, float(second))
    part = prices.observed_part(ns(300), 60)
    assert part is not None
    assert part.until_ns == ns(300)
    assert part.area / 60 == pytest.approx(sum(range(241, 301)) / 60)


def test_a_gap_belongs_to_the_observation_after_it() -> None:
    prices = SettlementPrices()
    spot(prices, 240, 9.9)
    spot(prices, 250, 10.0)
    spot(prices, 300, 10.1)
    part = prices.observed_part(ns(300), 60)
    assert part is not None
    assert part.area == pytest.approx(10 * 10.0 + 50 * 10.1)


def test_an_observation_after_the_close_speaks_for_the_seconds_before_it() -> None:
    prices = SettlementPrices()
    spot(prices, 290, 10.0)
    spot(prices, 305, 10.1)
    part = prices.observed_part(ns(300), 60)
    assert part is not None
    assert (part.area, part.until_ns) == (pytest.approx(50 * 10.0 + 10 * 10.1), ns(300))


def test_what_the_open_said_is_not_part_of_the_window() -> None:
    prices = SettlementPrices()
    assert prices.observed_part(ns(300), 60) is None
    spot(prices, 240, 7.0)
    assert prices.observed_part(ns(300), 60) is None


OBSERVED = st.dictionaries(
    st.integers(200, 320), st.floats(1e6, 1.01e6, allow_nan=False), min_size=1, max_size=60
)


@given(OBSERVED, st.randoms(use_true_random=False))
def test_the_known_part_is_a_sum_over_seconds_in_any_order_of_arrival(
    points: dict[int, float], rng: object
) -> None:
    arrivals = list(points)
    rng.shuffle(arrivals)  # type: ignore[attr-defined]
    prices = SettlementPrices()
    for second in arrivals:
        spot(prices, second, points[second])
    expected, part = brute_force(points, 300, 60), prices.observed_part(ns(300), 60)
    assert (part is None) == (expected is None)
    if part is not None and expected is not None:
        assert part.until_ns == ns(expected[1])
        assert part.area == pytest.approx(expected[0])


# --- what is not believed, and what is reckoned --------------------------------------------------


def test_an_absurd_point_is_no_price_and_poisons_nothing() -> None:
    prices = SettlementPrices()
    for second in range(230, 300):
        spot(prices, second, 100.0)
    assert not spot(prices, 300, 1_000.0)
    assert not average(prices, 300, 5.0)
    assert prices.outliers == 2
    assert (prices.last_spot, prices.value_at(ns(300), 60)) == (100.0, None)
    assert spot(prices, 301, 100.1)


def test_three_points_that_agree_are_a_price_however_far() -> None:
    prices = SettlementPrices()
    spot(prices, 1, 100.0)
    assert [spot(prices, second, 110.0) for second in (2, 3, 4)] == [False, False, True]
    assert spot(prices, 5, 110.1)
    assert prices.last_spot == 110.1


def test_a_missed_average_is_reckoned_from_our_own_spots() -> None:
    prices = SettlementPrices()
    for second in range(235, 302):
        spot(prices, second, 100.0 + second / 100)
    expected = sum(100.0 + second / 100 for second in range(241, 301)) / 60
    assert prices.value_at(ns(300), 60) is None
    assert prices.strike_estimate(ns(300), 60) == pytest.approx(expected, rel=1e-12)
    assert prices.strike_estimate(ns(305), 60) is None, "not seen yet"


def test_a_hole_in_the_window_is_not_reckoned_over() -> None:
    prices = SettlementPrices()
    for second in (*range(235, 270), *range(281, 302)):
        spot(prices, second, 100.0)
    assert prices.strike_estimate(ns(300), 60) is None


def test_a_missed_spot_strike_is_the_first_observation_after_it() -> None:
    prices = SettlementPrices()
    for second in (298, 299, 302):
        spot(prices, second, float(second))
    assert prices.strike_estimate(ns(300), 0) == 302.0
    assert prices.strike_estimate(ns(280), 0) is None


# --- what is late is judged by its own time -------------------------------------------------------


@pytest.mark.parametrize("late_s", [2, 29, 30, 31, 45, 60])
def test_a_lie_about_the_past_moves_no_average(late_s: int) -> None:
    """Once it was compared with the last spot alone, and believed half a minute before that."""
    prices = SettlementPrices()
    for second in range(200, 301):
        if second != 300 - late_s:
            spot(prices, second, 100.0)
    spot(prices, 300 - late_s, 500.0)
    assert prices.outliers == 1
    part = prices.observed_part(ns(300), 60)
    assert part is not None
    assert part.area == pytest.approx(6_000.0)


def test_a_lie_that_is_repeated_about_the_past_is_no_new_price() -> None:
    prices = SettlementPrices()
    for second in (*range(200, 250), *range(260, 301)):
        spot(prices, second, 100.0)
    for second in range(250, 260):
        spot(prices, second, 500.0)
    assert prices.outliers == 10


def test_a_price_has_moved_since_and_what_is_late_belongs_to_then() -> None:
    """From 100 to 110: a late 100.8 was true, and a late 110 was not, where it stood at 100.8."""
    prices = SettlementPrices()
    for second in range(0, 301):
        if second not in (24, 25):
            spot(prices, second, 100.0 + second / 30)
    spot(prices, 24, 100.8)
    spot(prices, 25, 110.0)
    assert prices.value_at(ns(24), 0) == 100.8
    assert prices.value_at(ns(25), 0) is None


def test_a_true_point_of_the_past_fills_its_second() -> None:
    prices = SettlementPrices()
    for second in (*range(200, 250), *range(251, 301)):
        spot(prices, second, 100.0)
    spot(prices, 250, 100.5)
    assert prices.value_at(ns(250), 0) == 100.5


@pytest.mark.parametrize(
    ("silent_s", "value", "is_price"),
    [
        (31, 500.0, False),
        (31, 101.0, True),
        (300, 106.0, True),
        (300, 120.0, False),
        (86_400, 149.0, True),
        (86_400, 500.0, False),
    ],
)
def test_after_a_silence_a_price_may_be_further_off_but_not_anywhere(
    silent_s: int, value: float, is_price: bool
) -> None:
    prices = SettlementPrices()
    spot(prices, 100, 100.0)
    spot(prices, 100 + silent_s, value)
    assert (prices.last_spot == value) is is_price
    for off in (1, 2):
        spot(prices, 100 + silent_s + off, value)
    assert prices.last_spot == value, "said thrice it is one"


def test_how_far_chainlink_moved_around_a_moment() -> None:
    prices = SettlementPrices()
    assert prices.moved_around(ns(300), 0, 2_000_000_000, 100.0) is None
    for second in range(230, 303):
        spot(prices, second, 100.0 + (second - 300) / 10)
    assert prices.moved_around(ns(300), 0, 2_000_000_000, 100.0) == pytest.approx(0.2)
    assert prices.moved_around(ns(300), 60, 2_000_000_000, 100.0) == pytest.approx(6.4 * 2 / 60)

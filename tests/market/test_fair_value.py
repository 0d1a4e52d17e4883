"""The probability of Up under an averaged close, against its limits and against chance itself."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.market.fair_value import Settling, calibrated, settling_ahead, settling_inside
from polytui.market.student_t import student_t_cdf

WINDOW_S = 60.0
PRICE, SIGMA = 100_000.0, 8.0
"""Dollars, and dollars per root second."""


def test_at_the_strike_it_is_even() -> None:
    assert settling_ahead(PRICE, SIGMA, 200, WINDOW_S).probability_up(PRICE) == 0.5


def test_a_tie_is_up() -> None:
    settled = Settling(PRICE, 0.0)
    assert settled.probability_up(PRICE) == 1.0
    assert settled.probability_up(math.nextafter(PRICE, math.inf)) == 0.0
    assert settled.probability_up(PRICE - 1) == 1.0


def test_nothing_left_is_certain() -> None:
    """tau -> 0: the average is what was observed, and nothing is open."""
    observed = settling_inside(PRICE, SIGMA, 0.0, WINDOW_S, 99_990.0 * WINDOW_S)
    assert observed == Settling(99_990.0, 0.0)
    assert observed.probability_up(99_990.0) == 1.0
    assert observed.probability_up(99_990.01) == 0.0


def test_less_than_nothing_left_is_nothing_left() -> None:
    after = settling_inside(PRICE, SIGMA, -3.0, WINDOW_S, PRICE * WINDOW_S)
    assert after == Settling(PRICE, 0.0)
    assert settling_ahead(PRICE, SIGMA, 5.0, WINDOW_S).deviation == 0.0


def test_without_a_window_it_is_the_spot_at_the_close() -> None:
    """w = 0: Phi of the distance in deviations of a plain random walk."""
    spot = settling_ahead(PRICE, SIGMA, 100.0, 0.0)
    assert spot.deviation == pytest.approx(80.0)
    assert spot.probability_up(PRICE - 80.0) == pytest.approx(0.8413447, abs=1e-7)


def test_inside_and_ahead_agree_where_the_window_begins() -> None:
    ahead = settling_ahead(PRICE, SIGMA, WINDOW_S, WINDOW_S)
    inside = settling_inside(PRICE, SIGMA, WINDOW_S, WINDOW_S, 0.0)
    assert inside.mean == pytest.approx(ahead.mean, rel=1e-12)
    assert inside.deviation == pytest.approx(ahead.deviation, rel=1e-12)
    assert ahead.deviation == pytest.approx(SIGMA * math.sqrt(WINDOW_S / 3))


def test_the_deviation_falls_all_the_way() -> None:
    ahead = [settling_ahead(PRICE, SIGMA, s, WINDOW_S).deviation for s in range(300, 60, -1)]
    inside = [
        settling_inside(PRICE, SIGMA, s, WINDOW_S, PRICE * (WINDOW_S - s)).deviation
        for s in range(60, -1, -1)
    ]
    falling = ahead + inside
    assert all(later < earlier for earlier, later in itertools.pairwise(falling))


def test_no_volatility_leaves_the_mean_to_decide() -> None:
    assert settling_ahead(PRICE, 0.0, 200, WINDOW_S).probability_up(PRICE + 1) == 0.0
    assert settling_ahead(PRICE, 0.0, 200, WINDOW_S).probability_up(PRICE) == 1.0


def test_up_and_down_are_all_there_is() -> None:
    for strike in (99_800.0, 99_990.0, 100_030.0, 100_400.0):
        above = settling_ahead(PRICE, SIGMA, 150, WINDOW_S).probability_up(strike)
        mirrored = settling_ahead(PRICE, SIGMA, 150, WINDOW_S).probability_up(2 * PRICE - strike)
        assert above + mirrored == pytest.approx(1.0)


def _average_of_a_walk(rng: random.Random, left_s: int, observed: list[float]) -> float:
    """The close as it comes out: a walk of one step a second, averaged over the last minute."""
    prices, price = [*observed], PRICE
    for _ in range(left_s):
        price += rng.gauss(0.0, SIGMA)
        prices.append(price)
    return sum(prices[-60:]) / 60.0


def _share_of_ups(left_s: int, observed: list[float], strike: float, walks: int) -> float:
    rng = random.Random(7)
    return sum(_average_of_a_walk(rng, left_s, observed) >= strike for _ in range(walks)) / walks


@pytest.mark.parametrize(("left_s", "strike"), [(90, 99_960.0), (75, 100_050.0)])
def test_ahead_of_the_window_chance_agrees(left_s: int, strike: float) -> None:
    walks = 4_000
    expected = settling_ahead(PRICE, SIGMA, left_s, WINDOW_S).probability_up(strike)
    error = math.sqrt(expected * (1 - expected) / walks)
    # The walk steps once a second and is averaged at its ends: the small difference to the
    # continuous formula (half a second of 60) is added to three standard errors.
    assert _share_of_ups(left_s, [], strike, walks) == pytest.approx(expected, abs=3 * error + 4e-3)


@pytest.mark.parametrize(("left_s", "gap"), [(45, 10.0), (20, -4.0)])
def test_inside_the_window_chance_agrees(left_s: int, gap: float) -> None:
    walks = 4_000
    observed = [PRICE - 30.0 + second for second in range(60 - left_s)]
    settling = settling_inside(PRICE, SIGMA, left_s, WINDOW_S, sum(observed))
    strike = settling.mean + gap
    expected = settling.probability_up(strike)
    error = math.sqrt(expected * (1 - expected) / walks)
    assert 0.05 < expected < 0.95
    assert _share_of_ups(left_s, observed, strike, walks) == pytest.approx(
        expected, abs=3 * error + 8e-3
    )


# --- tails and calibration ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("t", "degrees", "expected"),
    [
        (0.0, 5.0, 0.5),
        (1.0, 1.0, 0.75),
        (2.015048372669157, 5.0, 0.95),
        (-2.570581835636314, 5.0, 0.025),
        (4.604094871415897, 4.0, 0.995),
        (1.6448536269514722, 1e7, 0.95),
    ],
)
def test_students_t_at_known_points(t: float, degrees: float, expected: float) -> None:
    """Quantiles of the usual tables; at many degrees it is the normal one."""
    assert student_t_cdf(t, degrees) == pytest.approx(expected, abs=2e-8)


def test_fat_tails_are_less_sure_far_out_and_more_so_near() -> None:
    settling = Settling(100.0, 1.0)
    assert settling.probability_up(97.0, 5.0) < settling.probability_up(97.0)
    assert settling.probability_up(99.5, 5.0) > settling.probability_up(99.5)
    assert settling.probability_up(100.0, 5.0) == 0.5


@given(st.floats(0.001, 0.999), st.floats(-2, 2), st.floats(0.2, 3))
def test_calibration_is_a_line_in_logits(q: float, alpha: float, beta: float) -> None:
    logit = math.log(q / (1 - q))
    calm = calibrated(q, alpha, beta)
    assert 0.0 < calm < 1.0
    assert math.log(calm / (1 - calm)) == pytest.approx(alpha + beta * logit, abs=1e-6)
    assert calibrated(q, 0.0, 1.0) == q
    assert (calibrated(0.0, 1.0, 2.0), calibrated(1.0, 1.0, 2.0)) == (0.0, 1.0)

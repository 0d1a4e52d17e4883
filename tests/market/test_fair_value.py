"""The probability of Up under an averaged close, against its limits and against chance itself."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.market.fair_value import (
    SettlementForecast,
    calibrated,
    forecast_ahead,
    forecast_inside,
)
from polytui.market.student_t import student_t_cdf

WINDOW_S = 60.0
PRICE, SIGMA = 100_000.0, 8.0
"""Dollars, and dollars per root second."""


def test_at_the_strike_it_is_even() -> None:
    assert forecast_ahead(PRICE, SIGMA, 200, WINDOW_S).probability_up(PRICE) == 0.5


def test_a_tie_is_up() -> None:
    settled = SettlementForecast(PRICE, 0.0)
    assert settled.probability_up(PRICE) == 1.0
    assert settled.probability_up(math.nextafter(PRICE, math.inf)) == 0.0
    assert settled.probability_up(PRICE - 1) == 1.0


def test_nothing_left_is_certain() -> None:
    """tau -> 0: the average is what was observed, and nothing is open."""
    observed = forecast_inside(PRICE, SIGMA, 0.0, WINDOW_S, 99_990.0 * WINDOW_S)
    assert observed == SettlementForecast(99_990.0, 0.0)
    assert observed.probability_up(99_990.0) == 1.0
    assert observed.probability_up(99_990.01) == 0.0


def test_less_than_nothing_left_is_nothing_left() -> None:
    after = forecast_inside(PRICE, SIGMA, -3.0, WINDOW_S, PRICE * WINDOW_S)
    assert after == SettlementForecast(PRICE, 0.0)
    assert forecast_ahead(PRICE, SIGMA, -3.0, 0.0) == SettlementForecast(PRICE, 0.0)


def test_what_was_missed_of_a_window_is_open() -> None:
    """Nobody who heard nothing of it is surer for being late."""
    late, whole = (forecast_ahead(PRICE, SIGMA, left_s, WINDOW_S) for left_s in (5.0, WINDOW_S))
    assert late == whole


def test_without_a_window_it_is_the_spot_at_the_close() -> None:
    """w = 0: Phi of the distance in sigmas of a plain random walk."""
    spot = forecast_ahead(PRICE, SIGMA, 100.0, 0.0)
    assert spot.sigma == pytest.approx(80.0)
    assert spot.probability_up(PRICE - 80.0) == pytest.approx(0.8413447, abs=1e-7)


def test_inside_and_ahead_agree_where_the_window_begins() -> None:
    ahead = forecast_ahead(PRICE, SIGMA, WINDOW_S, WINDOW_S)
    inside = forecast_inside(PRICE, SIGMA, WINDOW_S, WINDOW_S, 0.0)
    assert inside.mean == pytest.approx(ahead.mean, rel=1e-12)
    assert inside.sigma == pytest.approx(ahead.sigma, rel=1e-12)
    # Sixty steps of one second: 60 x 61 x 121 / 6 / 60^2 seconds, a little over a third of w.
    assert ahead.sigma == pytest.approx(SIGMA * math.sqrt(61 * 121 / 360))


def test_the_deviation_falls_all_the_way() -> None:
    ahead = [forecast_ahead(PRICE, SIGMA, s, WINDOW_S).sigma for s in range(300, 60, -1)]
    inside = [
        forecast_inside(PRICE, SIGMA, s, WINDOW_S, PRICE * (WINDOW_S - s)).sigma
        for s in range(60, -1, -1)
    ]
    falling = ahead + inside
    assert all(later < earlier for earlier, later in itertools.pairwise(falling))


def test_no_volatility_leaves_the_mean_to_decide() -> None:
    assert forecast_ahead(PRICE, 0.0, 200, WINDOW_S).probability_up(PRICE + 1) == 0.0
    assert forecast_ahead(PRICE, 0.0, 200, WINDOW_S).probability_up(PRICE) == 1.0


def test_up_and_down_are_all_there_is() -> None:
    for strike in (99_800.0, 99_990.0, 100_030.0, 100_400.0):
        above = forecast_ahead(PRICE, SIGMA, 150, WINDOW_S).probability_up(strike)
        mirrored = forecast_ahead(PRICE, SIGMA, 150, WINDOW_S).probability_up(2 * PRICE - strike)
        assert above + mirrored == pytest.approx(1.0)


# --- against chance: a walk that is observed at whole seconds ---------------------------------

_WALKS = 20_000
"""The standard error of a sigma is 0.5 %."""


def _scores(left_s: float) -> npt.NDArray[np.float64]:
    """(closing average - mean) / sigma of walks averaged over the sixty whole
    seconds to the close; the price is known `left_s` before it, with all that came earlier."""
    rng, step_s = np.random.default_rng(7), 0.25 if left_s % 1.0 else 1.0
    steps = round(max(left_s, WINDOW_S) / step_s)
    moves = rng.normal(0.0, SIGMA * math.sqrt(step_s), (_WALKS, steps))
    prices = PRICE + np.cumsum(moves, axis=1)
    per_s = round(1 / step_s)
    observed = prices[:, steps - 1 - (round(WINDOW_S) - 1) * per_s :: per_s]
    assert observed.shape[1] == WINDOW_S
    known_steps = steps - round(left_s / step_s)
    price = prices[:, known_steps - 1] if known_steps else np.full(_WALKS, PRICE)
    known = round(WINDOW_S) - math.ceil(left_s) if left_s < WINDOW_S else 0
    area = observed[:, :known].sum(axis=1)
    made = [
        forecast_inside(float(x), SIGMA, left_s, WINDOW_S, float(a))
        for x, a in zip(price, area, strict=True)
    ]
    means = np.array([one.mean for one in made])
    return np.asarray((observed.mean(axis=1) - means) / made[0].sigma)


@pytest.mark.parametrize(
    "left_s",
    [300.0, 90.0, 60.5, 60.0, 59.75, 45.0, 30.0, 20.5, 10.0, 9.25, 5.0, 3.0, 2.5, 1.0, 0.5],
)
def test_chance_agrees_with_the_window_down_to_its_last_second(left_s: float) -> None:
    """Where the integral of a continuous price would be 7, 13 and 20 % too narrow."""
    scores = _scores(left_s)
    assert np.sqrt(np.mean(scores**2)) == pytest.approx(1.0, abs=0.015)
    assert np.mean(scores) == pytest.approx(0.0, abs=0.02)


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


@pytest.mark.parametrize("degrees", [1, 2, 3, 6, 7, 30, 60])
def test_students_t_by_its_sum_is_the_one_by_its_function(degrees: int) -> None:
    """Whole degrees have a sum of their own; a shade beside them there is only the function. To
    eight digits of the smaller side, however far out."""
    for step in range(-60, 61):
        t = step / 3.0
        by_sum = student_t_cdf(t, float(degrees))
        beside = [student_t_cdf(t, degrees * (1.0 + way * 1e-7)) for way in (-1.0, 1.0)]
        by_function = math.sqrt(beside[0] * beside[1])
        smaller = min(by_function, 1.0 - by_function)
        assert by_sum == pytest.approx(by_function, abs=1e-7 * smaller + 1e-15), t


def test_fat_tails_are_less_sure_far_out_and_more_so_near() -> None:
    settlement_forecast = SettlementForecast(100.0, 1.0)
    assert settlement_forecast.probability_up(97.0, 5.0) < settlement_forecast.probability_up(97.0)
    assert settlement_forecast.probability_up(99.5, 5.0) > settlement_forecast.probability_up(99.5)
    assert settlement_forecast.probability_up(100.0, 5.0) == 0.5


@given(st.floats(0.001, 0.999), st.floats(-2, 2), st.floats(0.2, 3))
def test_calibration_is_a_line_in_logits(q: float, alpha: float, beta: float) -> None:
    logit = math.log(q / (1 - q))
    calm = calibrated(q, alpha, beta)
    assert 0.0 < calm < 1.0
    assert math.log(calm / (1 - calm)) == pytest.approx(alpha + beta * logit, abs=1e-6)
    assert calibrated(q, 0.0, 1.0) == q
    assert (calibrated(0.0, 1.0, 2.0), calibrated(1.0, 1.0, 2.0)) == (0.0, 1.0)

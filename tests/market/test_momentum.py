"""Velocity, acceleration, and which of two exchanges goes first."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.market.momentum import LeadLag, Momentum
from polytui.model.units import NS_PER_S

START_NS = 1_795_204_800 * NS_PER_S
SPAN_S = 5.0


def at(seconds: float) -> int:
    return START_NS + round(seconds * NS_PER_S)


def moved(*points: tuple[float, float], span_s: float = SPAN_S) -> Momentum:
    """Points of (second, logarithm of the price in bps)."""
    momentum = Momentum()
    for seconds, log_bps in points:
        momentum.take(math.exp(log_bps / 1e4), at(seconds), span_s)
    return momentum


def velocity(momentum: Momentum) -> float | None:
    return momentum.velocity_and_acceleration(SPAN_S)[0]


def acceleration(momentum: Momentum) -> float | None:
    return momentum.velocity_and_acceleration(SPAN_S)[1]


# --- velocity and acceleration ------------------------------------------------------------------


def test_a_steady_price_has_a_velocity_and_no_acceleration() -> None:
    momentum = moved(*[(s / 4.0, 3.0 * s / 4.0) for s in range(60)])
    assert velocity(momentum) == pytest.approx(3.0)
    assert acceleration(momentum) == pytest.approx(0.0, abs=1e-6)


def test_a_price_that_gains_speed_has_that_acceleration() -> None:
    """log p = a t^2 / 2: over [t - s, t] the mean velocity is a (t - s / 2)."""
    gain = 0.8
    momentum = moved(*[(s / 4.0, gain * (s / 4.0) ** 2 / 2.0) for s in range(81)])
    assert velocity(momentum) == pytest.approx(gain * (20.0 - SPAN_S / 2.0))
    assert acceleration(momentum) == pytest.approx(gain)


def test_a_fall_is_below_zero() -> None:
    assert velocity(moved((0, 0.0), (5, -10.0))) == pytest.approx(-2.0)


def test_nothing_before_a_whole_span_was_seen() -> None:
    assert velocity(Momentum()) is None
    assert acceleration(Momentum()) is None
    assert velocity(moved((0, 0.0), (4.999, 9.0))) is None
    assert velocity(moved((0, 0.0), (5.0, 9.0))) is not None
    assert acceleration(moved((0, 0.0), (5.0, 9.0))) is None
    assert acceleration(moved((0, 0.0), (5.0, 9.0), (9.999, 9.0))) is None
    assert acceleration(moved((0, 0.0), (5.0, 9.0), (10.0, 9.0))) == pytest.approx(-0.36)


def test_an_earlier_price_is_the_one_that_stood_then() -> None:
    """Three seconds ago is inside the span: the price of seven seconds ago still stood."""
    assert velocity(moved((0, 0.0), (4, 50.0), (7, 70.0))) == pytest.approx(10.0)


def test_no_value_from_across_a_hole() -> None:
    """What is older than two and a half spans is no part of a velocity."""
    before = [(s / 4.0, 0.0) for s in range(60)]
    for gap_s, is_known in ((2.4 * SPAN_S, True), (2.6 * SPAN_S, False)):
        momentum = moved(*before, (14.75 + gap_s, 100.0))
        assert (velocity(momentum) is not None) is is_known
        assert acceleration(momentum) is None


@given(
    st.lists(st.tuples(st.floats(0.01, 15.0), st.floats(-100.0, 100.0)), min_size=1, max_size=40)
)
def test_velocity_is_the_slope_between_the_points_that_stood(
    steps: list[tuple[float, float]],
) -> None:
    times = np.cumsum([round(span * NS_PER_S) for span, _ in steps]).tolist()
    logs = [log_bps for _, log_bps in steps]
    momentum = Momentum()
    for when, log_bps in zip(times, logs, strict=True):
        momentum.take(math.exp(log_bps / 1e4), when, SPAN_S)
    last, span = times[-1], round(SPAN_S * NS_PER_S)
    stood = [i for i, when in enumerate(times) if last - 2.5 * span <= when <= last - span]
    expected = None
    if stood:
        seconds = (last - times[stood[-1]]) / NS_PER_S
        expected = pytest.approx((logs[-1] - logs[stood[-1]]) / seconds, abs=1e-6)
    assert velocity(momentum) == expected


# --- who leads ----------------------------------------------------------------------------------


def noise(count: int, seed: int = 7) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, 2e-4, count)


def compared(first: np.ndarray, second: np.ndarray, span_s: float = 60.0) -> LeadLag:
    """Two venues with these log prices, one a second."""
    lead_lag = LeadLag()
    for second_number, (one, other) in enumerate(zip(first, second, strict=True)):
        lead_lag.take(math.exp(one), math.exp(other), at(second_number), span_s)
    return lead_lag


def expected_lead(first: np.ndarray, second: np.ndarray) -> float:
    """Correlation of the first's returns with the second's a second later, less the reverse."""
    ones, twos = np.diff(first), np.diff(second)
    norm = np.linalg.norm(ones) * np.linalg.norm(twos)
    return float(np.dot(ones[:-1], twos[1:]) / norm - np.dot(twos[:-1], ones[1:]) / norm)


def test_the_first_leads_by_a_second_and_the_sign_says_so() -> None:
    walk = np.cumsum(noise(61))
    ahead = compared(walk[1:], walk[:-1]).value()
    behind = compared(walk[:-1], walk[1:]).value()
    assert ahead is not None
    assert ahead > 0.7
    assert behind == pytest.approx(-ahead)


def test_two_that_move_together_have_no_leader() -> None:
    walk = np.cumsum(noise(60))
    assert compared(walk, walk).value() == pytest.approx(0.0, abs=1e-9)


@given(st.integers(0, 1_000), st.integers(21, 60))
def test_lead_lag_is_the_difference_of_the_two_correlations(seed: int, count: int) -> None:
    first = np.cumsum(noise(count, seed))
    second = 0.5 * np.roll(first, 1) + np.cumsum(noise(count, seed + 5_000))
    expected = max(-1.0, min(1.0, expected_lead(first, second)))
    assert compared(first, second).value() == pytest.approx(expected, abs=1e-9)


def test_only_the_last_span_counts() -> None:
    first, second = np.cumsum(noise(100, 1)), np.cumsum(noise(100, 2))
    expected = expected_lead(first[-30:], second[-30:])
    assert compared(first, second, span_s=30.0).value() == pytest.approx(expected, abs=1e-9)


def test_nothing_before_twenty_returns_and_nothing_of_a_price_that_stands() -> None:
    walk = np.cumsum(noise(21))
    assert compared(walk[:20], walk[:20]).value() is None
    assert compared(walk, walk).value() is not None
    assert compared(walk, np.zeros(21)).value() is None


@pytest.mark.parametrize("missing", [0, 1])
def test_a_venue_without_a_price_breaks_the_comparison(missing: int) -> None:
    lead_lag = compared(np.cumsum(noise(60)), np.cumsum(noise(60, 8)))
    assert lead_lag.value() is not None
    pair = (None, 1.0) if missing == 0 else (1.0, None)
    lead_lag.take(*pair, at(60), 60.0)
    assert lead_lag.value() is None
    for second in range(61, 81):
        lead_lag.take(1.0 + second / 1e4, 1.0 + second / 1e5, at(second), 60.0)
        assert lead_lag.value() is None, "no return from across the hole"
    lead_lag.take(1.1, 1.1, at(81), 60.0)
    assert lead_lag.value() is not None


def test_a_second_that_was_skipped_breaks_it_as_well() -> None:
    lead_lag = compared(np.cumsum(noise(60)), np.cumsum(noise(60, 8)))
    lead_lag.take(1.0, 1.0, at(61), 60.0)
    assert lead_lag.value() is None


def test_one_price_a_second_counts() -> None:
    first, second = np.cumsum(noise(40)), np.cumsum(noise(40, 8))
    plain, crowded = compared(first, second), LeadLag()
    for number, (one, other) in enumerate(zip(first, second, strict=True)):
        crowded.take(math.exp(one), math.exp(other), at(number), 60.0)
        crowded.take(5.0, None, at(number + 0.25), 60.0)
        crowded.take(7.0, 9.0, at(number + 0.999), 60.0)
    assert crowded.value() == plain.value()


levels = st.one_of(st.none(), st.floats(1e-18, 1e15))


@given(st.lists(st.tuples(levels, levels, st.integers(0, 2)), max_size=80))
def test_lead_lag_is_bounded_whatever_comes(
    steps: list[tuple[float | None, float | None, int]],
) -> None:
    lead_lag, second = LeadLag(), 0
    for one, other, passed in steps:
        second += passed
        lead_lag.take(one, other, at(second), 60.0)
        value = lead_lag.value()
        assert value is None or -1.0 <= value <= 1.0

"""One exchange: its basis at equal moments, and what weighs its word."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.market.venue_price import VenuePrice
from polytui.model.units import NS_PER_MS, NS_PER_S

START_NS = 1_795_204_800 * NS_PER_S
FRESH_NS, HALF_LIFE_NS, LATENCY_HALF_MS = 3_000 * NS_PER_MS, 700 * NS_PER_MS, 250
BASIS_HALF_LIFE_S = 180.0


def at(seconds: float) -> int:
    return START_NS + round(seconds * NS_PER_S)


def heard(venue: VenuePrice, mid: float, seconds: float, late_ms: float = 0.0) -> None:
    venue.take_mid(mid, at(seconds), at(seconds) + round(late_ms * NS_PER_MS))


def settled(
    venue: VenuePrice, value: float, seconds: float, half_life_s: float = BASIS_HALF_LIFE_S
) -> None:
    venue.take_settlement(math.log(value), at(seconds), half_life_s)


def known(late_ms: float = 0.0) -> VenuePrice:
    """Fresh at second 0, its basis known."""
    venue = VenuePrice("binance")
    heard(venue, 100.0, 0.0, late_ms)
    settled(venue, 100.0, 0.0)
    return venue


def weight(venue: VenuePrice, age_ns: int = 0) -> float:
    now_ns = venue.received_ns + age_ns
    return venue.weight(now_ns, FRESH_NS, HALF_LIFE_NS, LATENCY_HALF_MS)


# --- weight -------------------------------------------------------------------------------------


def test_a_fresh_prompt_reliable_venue_weighs_one() -> None:
    assert weight(known()) == 1.0


def test_freshness_halves_and_ends_at_the_limit() -> None:
    venue = known()
    assert weight(venue, HALF_LIFE_NS) == pytest.approx(0.5)
    assert weight(venue, 2 * HALF_LIFE_NS) == pytest.approx(0.25)
    assert weight(venue, FRESH_NS - 1) > 0.0
    assert weight(venue, FRESH_NS) > 0.0
    assert weight(venue, FRESH_NS + 1) == 0.0
    assert weight(venue, -NS_PER_S) == 1.0, "a quote from ahead of now is as fresh as one of now"


def test_latency_halves_where_the_setting_says() -> None:
    assert weight(known(late_ms=LATENCY_HALF_MS)) == pytest.approx(0.5)
    assert weight(known(late_ms=3 * LATENCY_HALF_MS)) == pytest.approx(0.25)
    assert weight(known(late_ms=-5_000)) == 1.0, "a clock that is ahead earns nothing"


def test_what_is_down_or_has_no_basis_weighs_nothing() -> None:
    venue = known()
    venue.is_live = False
    assert weight(venue) == 0.0
    unsettled = VenuePrice("bybit")
    heard(unsettled, 100.0, 0.0)
    assert weight(unsettled) == 0.0


def test_latency_is_averaged_from_the_first_sample_on() -> None:
    venue, expected = VenuePrice("binance"), 80.0
    heard(venue, 100.0, 0.0, late_ms=80.0)
    assert venue.latency_ms == pytest.approx(80.0)
    for number, late_ms in enumerate((180.0, 20.0, 40.0)):
        heard(venue, 100.0, 1.0 + number, late_ms)
        expected = 0.95 * expected + 0.05 * late_ms
        assert venue.latency_ms == pytest.approx(expected)
    venue.take_mid(100.0, 0, at(9))
    assert venue.latency_ms == pytest.approx(expected), "a venue that does not say its time"


# --- reliability --------------------------------------------------------------------------------


def test_each_fault_halves_and_half_of_what_is_missing_comes_back_in_ten_minutes() -> None:
    venue = known()
    assert venue.reliability(at(0)) == 1.0
    venue.blame(at(0))
    assert venue.reliability(at(0)) == pytest.approx(0.5)
    assert venue.reliability(at(600)) == pytest.approx(0.75)
    assert venue.reliability(at(1200)) == pytest.approx(0.875)
    venue.blame(at(600))
    assert venue.reliability(at(600)) == pytest.approx(0.375)
    assert venue.reliability(at(1200)) == pytest.approx(1.0 - 0.625 / 2.0)
    assert venue.reliability(at(599)) == pytest.approx(0.375), "time does not run backwards"


def test_reliability_is_a_factor_of_the_weight() -> None:
    venue = known(late_ms=LATENCY_HALF_MS)
    venue.blame(venue.received_ns)
    assert weight(venue) == pytest.approx(0.5 * 0.5)
    age_ns = HALF_LIFE_NS
    back = 1.0 - 0.5 * 0.5 ** (age_ns / (600 * NS_PER_S))
    assert weight(venue, age_ns) == pytest.approx(0.5 * 0.5 * back)


# --- basis --------------------------------------------------------------------------------------


def test_the_basis_compares_equal_moments() -> None:
    """Chainlink speaks of second 2 when the mid is already elsewhere."""
    venue = VenuePrice("binance")
    for seconds, mid in ((1.0, 100.0), (2.0, 101.0), (2.5, 150.0), (4.0, 200.0)):
        heard(venue, mid, seconds)
    settled(venue, 100.0, 2.4)
    assert venue.basis == pytest.approx(math.log(101.0 / 100.0))


def test_a_moment_is_that_of_the_venue_where_it_says_one() -> None:
    venue = VenuePrice("binance")
    heard(venue, 100.0, 1.0, late_ms=5_000.0)
    settled(venue, 50.0, 1.0)
    assert venue.basis == pytest.approx(math.log(2.0))
    silent = VenuePrice("coinbase")
    silent.take_mid(100.0, 0, at(6))
    settled(silent, 50.0, 1.0)
    assert silent.basis is None, "it was heard at second 6, and said nothing of its time"


def test_nothing_is_learnt_of_moments_that_are_not_known() -> None:
    venue = VenuePrice("binance")
    settled(venue, 100.0, 1.0)
    heard(venue, 100.0, 10.0)
    settled(venue, 100.0, 9.999)
    assert venue.basis is None
    for tenths in range(1, 200):
        heard(venue, 100.0, 10.0 + tenths / 10.0)
    settled(venue, 100.0, 21.0)
    assert venue.basis is None, "eight seconds of mids are kept"
    settled(venue, 100.0, 22.5)
    assert venue.basis == pytest.approx(0.0)


def test_a_mid_that_stood_for_too_long_teaches_nothing() -> None:
    """Eight seconds without a quote: nobody knows what the exchange would have said."""
    for over_s, is_known in ((0.0, True), (0.001, False)):
        venue = VenuePrice("binance")
        heard(venue, 100.0, 0.0)
        settled(venue, 100.0, 8.0 + over_s)
        assert (venue.basis is not None) is is_known


def test_a_venue_that_is_down_learns_nothing() -> None:
    venue = known()
    venue.is_live = False
    heard(venue, 200.0, 1.0)
    settled(venue, 100.0, 1.0)
    assert venue.basis == pytest.approx(0.0)


def basis_after(
    samples: list[float], half_life_s: float, every_s: float = 1.0
) -> tuple[VenuePrice, float]:
    """A venue that was `samples` (in logs) over Chainlink, one every so often."""
    venue = VenuePrice("binance")
    for number, sample in enumerate(samples):
        heard(venue, 100.0 * math.exp(sample), number * every_s)
        settled(venue, 100.0, number * every_s, half_life_s)
    assert venue.basis is not None
    return venue, venue.basis


def test_the_first_samples_are_averaged_plainly() -> None:
    """The first must not rule for a half-life."""
    samples = np.random.default_rng(3).normal(8e-4, 2e-4, 50).tolist()
    _, basis = basis_after(samples, half_life_s=1_000.0)
    assert basis == pytest.approx(float(np.mean(samples)))


def test_then_a_step_is_learnt_by_half_lives() -> None:
    steady, step = [0.0] * 200, [1e-3] * 10
    assert basis_after(steady + step, 10.0)[1] == pytest.approx(0.5e-3)
    assert basis_after(steady + step * 3, 10.0)[1] == pytest.approx(0.875e-3)


def test_the_weight_of_a_sample_goes_by_time_not_by_count() -> None:
    """Every five seconds or every second: after a half-life half of the step is learnt."""
    assert basis_after([0.0] * 200 + [1e-3] * 4, 20.0, every_s=5.0)[1] == pytest.approx(0.5e-3)
    assert basis_after([0.0] * 200 + [1e-3] * 20, 20.0, every_s=1.0)[1] == pytest.approx(0.5e-3)


def test_the_same_second_said_again_counts_once() -> None:
    venue, basis = basis_after([1e-3, 2e-3, 3e-3], 10.0)
    settled(venue, 50.0, 2.0, 10.0)
    assert venue.basis == basis


@given(
    st.lists(st.floats(-0.01, 0.01), min_size=1, max_size=60),
    st.floats(0.5, 1_000.0),
    st.floats(0.1, 5.0),
)
def test_the_basis_stays_within_its_samples(
    samples: list[float], half_life_s: float, every_s: float
) -> None:
    _, basis = basis_after(samples, half_life_s, every_s)
    assert min(samples) - 1e-9 <= basis <= max(samples) + 1e-9


@given(
    st.floats(-10_000.0, 60_000.0),
    st.integers(-5 * NS_PER_S, 5 * NS_PER_S),
    st.lists(st.floats(0.0, 5_000.0), max_size=8),
)
def test_a_weight_is_between_nothing_and_one(
    late_ms: float, age_ns: int, faults: list[float]
) -> None:
    venue = known(late_ms)
    for seconds in sorted(faults):
        venue.blame(at(seconds))
        assert 0.0 < venue.reliability(at(seconds)) <= 0.5 + 1e-9
    found = weight(venue, age_ns)
    assert 0.0 <= found <= 1.0
    assert (found == 0.0) is (age_ns > FRESH_NS)

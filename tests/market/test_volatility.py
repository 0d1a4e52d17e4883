"""How fast a price moves, against walks whose speed we set, and feeds that misbehave."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from polytui.config.schema import MarketSettings
from polytui.market.volatility import SECONDS_PER_YEAR, Volatility, parzen
from polytui.model.units import NS_PER_S

START_NS = 1_795_204_800 * NS_PER_S
SIGMA = 8e-5
"""Per root second, about 45 % a year."""
PRICE = 100_000.0
PLAIN = MarketSettings(
    volatility_fast_share=1.0, volatility_half_life_s=2_000.0, volatility_youth_s=0.0
)
FLOOR = MarketSettings().volatility_floor_annual / math.sqrt(SECONDS_PER_YEAR)
CEILING = MarketSettings().volatility_ceiling_annual / math.sqrt(SECONDS_PER_YEAR)

Series = Iterator[tuple[float, float]]
"""(seconds since the start, price)."""


def walk(seconds: int, step_s: float = 0.1, sigma: float = SIGMA, seed: int = 3) -> Series:
    rng, price = random.Random(seed), PRICE
    for step in range(round(seconds / step_s)):
        yield step * step_s, price
        price *= math.exp(rng.gauss(0.0, sigma * math.sqrt(step_s)))


def told(
    series: Series, market: MarketSettings = PLAIN, volatility: Volatility | None = None
) -> Volatility:
    volatility = volatility or Volatility()
    for at_s, price in series:
        at_ns = START_NS + round(at_s * NS_PER_S)
        if volatility.is_due(at_ns, market):
            volatility.sample(price, at_ns, market)
    return volatility


def speed(series: Series, market: MarketSettings = PLAIN) -> float:
    return told(series, market).sigma_per_sqrt_s(market)


@pytest.mark.parametrize("step_s", [0.02, 0.1, 0.25, 0.5, 1.0, 2.5])
def test_a_known_speed_is_found_however_often_it_is_looked_at(step_s: float) -> None:
    """Some 2,900 seconds count, each with thirteen before it: the standard error is 5 %."""
    assert speed(walk(6_000, step_s)) == pytest.approx(SIGMA, rel=0.12)


def smoothed(series: Series, weight: float) -> Series:
    """As a settlement feed is: each second a part of the way, so that seconds are correlated."""
    level = None
    for at_s, price in series:
        level = price if level is None else level + weight * (price - level)
        yield at_s, level


def test_a_smoothed_price_is_as_fast_as_the_one_behind_it() -> None:
    """Half of the way a second: autocorrelation 0.5 at one second, a third of the variance there,
    and all of it at a minute. The squared returns of seconds say 0.58 of the sigma."""
    found = speed(smoothed(walk(12_000, 1.0), 0.5))
    assert found == pytest.approx(SIGMA, rel=0.08)


# --- a bounce -----------------------------------------------------------------------------------


def bounced(series: Series, period_s: float, half_spread: float) -> Series:
    """The same price at bid and ask in turn, each for half a period."""
    for at_s, price in series:
        side = 1.0 if (at_s / period_s) % 1.0 < 0.5 else -1.0
        yield at_s, price * (1.0 + side * half_spread)


@pytest.mark.parametrize("period_s", [0.07, 0.1, 0.13, 0.25, 0.31, 0.6, 1.0, 1.07, 1.5, 2.0, 2.3])
@pytest.mark.parametrize("look_s", [0.05, 0.07])
def test_a_bounce_between_bid_and_ask_does_not_count(period_s: float, look_s: float) -> None:
    """Two basis points wide, as far as the price goes in six seconds, at any period."""
    calm = speed(walk(3_000, look_s))
    assert speed(bounced(walk(3_000, look_s), period_s, 1e-4)) == pytest.approx(calm, rel=0.06)


def test_a_bounce_by_chance_does_not_count() -> None:
    rng = random.Random(5)
    noisy = ((at_s, price * (1.0 + rng.choice((-1e-4, 1e-4)))) for at_s, price in walk(6_000, 0.2))
    assert speed(noisy) == pytest.approx(speed(walk(6_000, 0.2)), rel=0.06)


@pytest.mark.parametrize("period_s", [0.07, 0.1, 0.25, 1.0, 2.0])
def test_a_price_that_only_bounces_stands_still(period_s: float) -> None:
    still = ((step * 0.05, PRICE) for step in range(20_000))
    assert speed(bounced(still, period_s, 1e-4), MarketSettings()) < 1.5 * FLOOR


# --- how it forgets -----------------------------------------------------------------------------


def seconds_of(*changes: float) -> Series:
    """A price that stands for whole seconds: the mean of each is its price."""
    price = 100.0
    yield 0.0, price
    for second, change in enumerate(changes, start=1):
        price *= math.exp(change)
        yield float(second), price


SQUARES = evolve(PLAIN, volatility_span_s=1.0)
"""No neighbours: the squares of one-second returns alone."""


def test_the_first_return_is_believed_whole() -> None:
    found = told(seconds_of(0.001, 0.0), SQUARES)
    assert found.variance(SQUARES) == pytest.approx(1e-6)
    assert found.seen_s == 1.0


def test_early_returns_are_averaged_plainly() -> None:
    found = told(seconds_of(0.001, 0.003, 0.002, 0.0), SQUARES)
    assert found.variance(SQUARES) == pytest.approx((1e-6 + 9e-6 + 4e-6) / 3)


def test_neighbours_count_with_parzens_weights() -> None:
    """r (r + 2 sum w r'): by hand, for a span of four seconds, and a plain mean of the first."""
    market = evolve(PLAIN, volatility_span_s=4.0)
    assert parzen(4) == pytest.approx((23 / 32, 1 / 4, 1 / 32))
    a, b, c = 0.001, 0.003, -0.002
    products = (
        a * a,
        b * (b + 2 * a * 23 / 32),
        c * (c + 2 * (b * 23 / 32 + a / 4)),
    )
    found = told(seconds_of(a, b, c, 0.0), market)
    assert found.variance(market) == pytest.approx(sum(products) / 3)


def test_what_fades_is_tapered_so_that_the_sum_stays_a_square() -> None:
    """By hand: sum of w_|i-j| y_i y_j with y = r sqrt(what is left of its weight)."""
    market = evolve(PLAIN, volatility_span_s=4.0, volatility_half_life_s=2.0)
    rng = random.Random(8)
    changes = [rng.gauss(0.0, 1e-3) for _ in range(60)]
    kept, weights = 0.5**0.5, (1.0, *parzen(4))
    scaled = [r * kept ** ((59 - at) / 2) for at, r in enumerate(changes)]
    square = sum(
        weights[abs(i - j)] * one * other
        for i, one in enumerate(scaled)
        for j, other in enumerate(scaled)
        if abs(i - j) < 4
    )
    found = told(seconds_of(*changes, 0.0), market)
    assert found.variance(market) == pytest.approx((1.0 - kept) * square, rel=1e-6)


@given(st.lists(st.floats(-0.01, 0.01), min_size=40, max_size=120), st.floats(1.0, 20.0))
def test_returns_that_undo_each_other_never_take_it_below_zero(
    changes: list[float], half_life_s: float
) -> None:
    market = evolve(PLAIN, volatility_half_life_s=half_life_s, volatility_span_s=6.0)
    quiet = [0.0] * round(200 * half_life_s // 10)
    alternating = [change if at % 2 else -change for at, change in enumerate(changes)]
    found = told(seconds_of(*quiet, *changes, *alternating, 0.0), market)
    assert found.variance(market) >= -1e-12


def test_a_burst_is_half_forgotten_after_the_half_life() -> None:
    market = evolve(SQUARES, volatility_half_life_s=120.0)
    burst = [*[0.001, -0.001] * 400, 0.0]
    before = told(seconds_of(*burst), market).variance(market)
    after = told(seconds_of(*burst, *[0.0] * 120), market).variance(market)
    assert after == pytest.approx(before / 2, rel=1e-6)


def test_a_share_forgets_fast_and_the_rest_slowly() -> None:
    half = evolve(SQUARES, volatility_fast_share=0.5, volatility_half_life_s=60.0)
    market = evolve(half, volatility_slow_half_life_s=600.0)
    burst = [*[0.001, -0.001] * 3_000, 0.0]
    before = told(seconds_of(*burst), market).variance(market)
    after = told(seconds_of(*burst, *[0.0] * 60), market).variance(market)
    assert after / before == pytest.approx(0.5 * 0.5 + 0.5 * 0.5**0.1, rel=1e-3)


def test_the_realised_one_forgets_what_is_older_than_its_window() -> None:
    market = evolve(SQUARES, realised_window_s=10)
    assert told(seconds_of(*[0.001] * 20, 0.0), market).variance(market) == pytest.approx(1e-6)
    found = told(seconds_of(*[0.001] * 20, *[0.0] * 11), market)
    assert found.variance(market) == 0.0


def test_what_is_young_is_less_sure() -> None:
    """After a minute the sigma is root two times what the same returns say after hours."""
    market = evolve(PLAIN, volatility_youth_s=60.0)
    young = told(walk(62, 0.1))
    assert young.seen_s == 60.0
    ratio = young.sigma_per_sqrt_s(market) / young.sigma_per_sqrt_s(PLAIN)
    assert ratio == pytest.approx(math.sqrt(2.0))


# --- gaps ---------------------------------------------------------------------------------------


def interrupted(silent_s: float, jump: float, minutes: int = 30) -> Series:
    """Half an hour, silence, and the price elsewhere; then as before."""
    for at_s, price in walk(minutes * 60):
        yield at_s, price
    for at_s, price in walk(120, seed=4):
        yield minutes * 60 + silent_s + at_s, price * (1.0 + jump)


@pytest.mark.parametrize("silent_s", [10.5, 72.0, 600.0])
@pytest.mark.parametrize("jump", [0.0, 0.02])
def test_no_return_is_taken_over_a_gap_and_its_time_does_not_count(
    silent_s: float, jump: float
) -> None:
    whole, broken = told(walk(1_800)), told(interrupted(silent_s, jump))
    assert broken.seen_s == pytest.approx(whole.seen_s + 119.0, abs=2.0)
    assert broken.sigma_per_sqrt_s(PLAIN) == pytest.approx(whole.sigma_per_sqrt_s(PLAIN), rel=0.1)


def test_a_short_silence_is_no_gap() -> None:
    """What happened meanwhile happened: the return over it counts, and its time."""
    found = told(interrupted(8.0, 0.01))
    assert found.seen_s == pytest.approx(1_800 + 8 + 119, abs=2.0)
    assert found.sigma_per_sqrt_s(PLAIN) > 1.5 * SIGMA


def test_after_a_long_silence_it_is_unknown() -> None:
    found = told(interrupted(PLAIN.volatility_forget_s + 1.0, 0.0))
    assert found.seen_s == pytest.approx(119.0, abs=2.0)


# --- feeds that misbehave: named, bounded, never zero ---------------------------------------------


def frozen(series: Series) -> Series:
    """One value for a minute, then what it should have been."""
    held = PRICE
    for at_s, price in series:
        if not 1_000.0 <= at_s < 1_060.0:
            held = price
        yield at_s, held


def spiked(series: Series, span_s: float = 0.5) -> Series:
    """Three hundredths up and back within a second."""
    for at_s, price in series:
        yield at_s, price * (1.03 if 1_000.2 <= at_s < 1_000.2 + span_s else 1.0)


def doubled(series: Series) -> Series:
    for at_s, price in series:
        yield at_s, price
        yield at_s + 0.05, price


def in_whole_dollars(series: Series) -> Series:
    return ((at_s, round(price)) for at_s, price in series)


@pytest.mark.parametrize("harm", [frozen, doubled, in_whole_dollars])
def test_a_feed_that_misbehaves_leaves_the_speed_as_it_is(
    harm: Callable[[Series], Series],
) -> None:
    clean = speed(walk(2_000, seed=9), MarketSettings())
    assert speed(harm(walk(2_000, seed=9)), MarketSettings()) == pytest.approx(clean, rel=0.1)


def test_a_spike_and_back_makes_it_wide_at_once_and_a_little_wide_for_a_while() -> None:
    """Three hundredths in a second are four hundred sigmas: whoever squares them both is
    forty times too wide two minutes later. Never too narrow, for its two halves are not its own."""

    def wider(seconds: int) -> float:
        spoilt = speed(spiked(walk(seconds, seed=9)), MarketSettings())
        return spoilt / speed(walk(seconds, seed=9), MarketSettings())

    assert wider(1_002) > 10.0
    assert 1.0 < wider(1_004) < 4.0
    assert 1.0 < wider(1_124) < 2.5
    assert 1.0 < wider(2_000) < 1.3


@pytest.mark.parametrize("back_s", [0.001, 1.0, 10.0])
def test_a_clock_that_is_a_little_back_is_waited_for(back_s: float) -> None:
    volatility = told(walk(600))
    before, last_ns = volatility.state(), START_NS + round(599.9 * NS_PER_S)
    at_ns = last_ns - round(back_s * NS_PER_S)
    assert not volatility.is_due(at_ns, PLAIN)
    volatility.sample(PRICE * 2, at_ns, PLAIN)
    assert volatility.state() == before


@pytest.mark.parametrize("back_s", [10.1, 300.0, 3_600.0, 90_000.0])
def test_a_clock_that_is_set_back_is_a_gap(back_s: float) -> None:
    """What was seen stands, no return reaches over it, and it goes on at once: it does not stay
    as it was until the old time is reached again."""
    volatility = told(walk(600))
    before, seen_s = volatility.sigma_per_sqrt_s(PLAIN), volatility.seen_s
    faster = ((599.9 - back_s + at_s, 2 * price) for at_s, price in walk(600, sigma=5 * SIGMA))
    told(faster, PLAIN, volatility)
    assert volatility.seen_s == pytest.approx(seen_s + 599.0, abs=2.0)
    mean = math.sqrt((before**2 + (5 * SIGMA) ** 2) / 2)
    assert volatility.sigma_per_sqrt_s(PLAIN) == pytest.approx(mean, rel=0.25)


@given(
    st.lists(st.tuples(st.floats(0.001, 4_000.0), st.floats(1e-3, 1e7)), min_size=1, max_size=60)
)
def test_whatever_comes_it_is_bounded_and_never_zero(steps: list[tuple[float, float]]) -> None:
    volatility, at_s, market = Volatility(), 0.0, MarketSettings()
    for wait_s, price in steps:
        at_s += wait_s
        volatility.sample(price, START_NS + round(at_s * NS_PER_S), market)
        assert FLOOR * 0.999 <= volatility.sigma_per_sqrt_s(market) <= CEILING * 1.001
        assert 0.0 <= volatility.seen_s <= at_s


def test_a_quiet_minute_does_not_make_us_certain() -> None:
    quiet = ((float(second), 100.0) for second in range(100))
    assert speed(quiet, MarketSettings()) == pytest.approx(0.10 / math.sqrt(SECONDS_PER_YEAR))


def test_nothing_seen_is_said_to_be_nothing() -> None:
    """The desk refuses by this number ("no volatility yet"), so it must not guess."""
    volatility = Volatility()
    assert volatility.seen_s == 0.0
    volatility.sample(PRICE, START_NS, MarketSettings())
    assert volatility.seen_s == 0.0

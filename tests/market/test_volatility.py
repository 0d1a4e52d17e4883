"""How fast a price moves, against a walk whose speed we set."""

from __future__ import annotations

import math
import random

import pytest

from polytui.config.schema import Market
from polytui.market.volatility import SECONDS_PER_YEAR, Volatility
from polytui.model.units import NS_PER_S

START_NS = 1_795_204_800 * NS_PER_S
SIGMA = 8e-5
"""Per root second, about 45 % a year."""

NO_FLOOR = Market(volatility_floor_annual=0.0)


def with_half_life(half_life_s: float) -> Market:
    return Market(volatility_half_life_s=half_life_s)


def walked(seconds: int, step_s: float, half_life_s: float, seed: int = 3) -> Volatility:
    rng, volatility, price = random.Random(seed), Volatility(), 100_000.0
    for step in range(int(seconds / step_s)):
        volatility.sample(
            price, START_NS + round(step * step_s * NS_PER_S), with_half_life(half_life_s)
        )
        price *= math.exp(rng.gauss(0.0, SIGMA * math.sqrt(step_s)))
    return volatility


@pytest.mark.parametrize("step_s", [1.0, 2.5, 0.25])
def test_a_known_speed_is_found_however_often_it_is_sampled(step_s: float) -> None:
    found = walked(6_000, step_s, half_life_s=2_000.0).per_root_second(NO_FLOOR)
    # About 2,000 / ln 2 effective returns, fewer with longer steps: standard error under 4 %.
    assert found == pytest.approx(SIGMA, rel=0.12)


def test_a_bounce_between_bid_and_ask_does_not_count() -> None:
    """Samples inside a second are merged; only what a whole second brought is a return."""
    volatility = Volatility()
    for step in range(1_000):
        volatility.sample(100.0 + step % 2, START_NS + step * NS_PER_S // 10, with_half_life(60.0))
    assert volatility.variance == 0.0


def test_the_first_return_is_believed_whole() -> None:
    volatility = Volatility()
    volatility.sample(100.0, START_NS, with_half_life(120.0))
    volatility.sample(100.0 * math.exp(0.001), START_NS + NS_PER_S, with_half_life(120.0))
    assert volatility.variance == pytest.approx(1e-6)
    assert volatility.seen_s == 1.0


def test_early_returns_are_averaged_plainly() -> None:
    volatility = Volatility()
    price = 100.0
    for second, change in enumerate((0.0, 0.001, 0.003, 0.002)):
        price *= math.exp(change)
        volatility.sample(price, START_NS + second * NS_PER_S, with_half_life(120.0))
    assert volatility.variance == pytest.approx((1e-6 + 9e-6 + 4e-6) / 3)


def test_a_burst_is_half_forgotten_after_the_half_life() -> None:
    volatility = walked(3_000, 1.0, half_life_s=120.0)
    last_ns, price = volatility._last_ns, volatility._last_price
    before = volatility.variance
    for second in range(1, 121):
        volatility.sample(price, last_ns + second * NS_PER_S, with_half_life(120.0))
    assert volatility.variance == pytest.approx(before / 2, rel=1e-6)


def test_a_long_gap_counts_as_its_own_time() -> None:
    volatility = Volatility()
    volatility.sample(100.0, START_NS, with_half_life(120.0))
    volatility.sample(100.0 * math.exp(0.01), START_NS + 100 * NS_PER_S, with_half_life(120.0))
    assert volatility.variance == pytest.approx(1e-4 / 100)
    assert volatility.seen_s == 100.0


def test_a_quiet_minute_does_not_make_us_certain() -> None:
    volatility = Volatility()
    for second in range(100):
        volatility.sample(100.0, START_NS + second * NS_PER_S, with_half_life(120.0))
    assert volatility.per_root_second(Market()) == pytest.approx(0.10 / math.sqrt(SECONDS_PER_YEAR))
    assert volatility.per_root_second(NO_FLOOR) == 0.0


def test_the_realised_one_forgets_what_is_older_than_its_window() -> None:
    market, volatility, price = Market(realised_window_s=10), Volatility(), 100.0
    for second in range(40):
        price *= math.exp(0.001 if second < 20 else 0.0)
        volatility.sample(price, START_NS + second * NS_PER_S, market)
        if second == 19:
            assert volatility.variance == pytest.approx(1e-6)
    assert volatility.variance == 0.0

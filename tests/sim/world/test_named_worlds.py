"""Four sorts of prices: a day or two of each, measured, tells them apart."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import attrs
import numpy as np
import pytest

from polytui.config.checks import one_of
from polytui.config.schema import DemoSettings
from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_S
from polytui.sim.world.named_worlds import WorldName, paths_of
from polytui.sim.world.paths import LIFELIKE, PathSettings, SyntheticPath
from polytui.sim.world.walk import YEAR_S
from polytui.sim.world.world import World, WorldSettings

START_S = 1_795_200_000
_DAYS = 2
_SECONDS = _DAYS * 86_400


def path(name: str, seed: int = 1, asset: Asset = Asset.BTC) -> SyntheticPath:
    return SyntheticPath(seed, asset, paths_of(name)[asset], START_S)


@attrs.frozen
class Measured:
    volatility: float
    """Annualised, of minutes: over seconds prices are smoothed."""
    correlation: float
    """Of a minute's return with the next one's."""
    jumps_per_day: float
    """Times of five seconds that moved more than eight ordinary standard deviations."""


def measure(name: str, seed: int) -> Measured:
    prices = path(name, seed)
    seconds = range(START_S, START_S + _SECONDS + 1, 5)
    logs = np.log([prices.rough_price(float(second)) for second in seconds])
    steps, minutes = np.diff(logs), np.diff(logs[::12])
    ordinary = np.median(np.abs(steps)) / 0.6745  # of a normal: sigma by the middle, jumps aside
    return Measured(
        float(np.sqrt(np.mean(minutes**2) / 60.0 * YEAR_S)),
        float(np.sum(minutes[1:] * minutes[:-1]) / np.sum(minutes**2)),
        float(np.sum(np.abs(steps) > 8.0 * ordinary) / _DAYS),
    )


@pytest.fixture(scope="module")
def worlds() -> Mapping[str, Sequence[Measured]]:
    return {name.value: [measure(name.value, seed) for seed in (1, 2)] for name in WorldName}


_NAMES = ("calm", "lifelike", "trending", "jumpy")


def test_calm_is_a_third_as_volatile_and_jumpy_is_half_again_as_much(
    worlds: Mapping[str, Sequence[Measured]],
) -> None:
    # Two days of hours that swing: a mean variance strays by 8 %, a deviation by 4 %.
    usual = 0.4366
    for calm, lifelike, trending, jumpy in zip(*(worlds[n] for n in _NAMES), strict=True):
        assert calm.volatility == pytest.approx(usual / 3.0, rel=0.13)
        assert lifelike.volatility == pytest.approx(usual, rel=0.13)
        assert 1.1 < trending.volatility / lifelike.volatility < 1.4, "a drift of minutes"
        assert 1.25 * usual < jumpy.volatility < 1.8 * usual


def test_only_a_trend_goes_on_in_the_next_minute(
    worlds: Mapping[str, Sequence[Measured]],
) -> None:
    # Two days are 2,880 minutes: without a trend the coefficient strays by 0.03 (one deviation;
    # tails), and what the smoothing of seconds leaves in minutes is 0.01.
    for name in ("calm", "lifelike", "jumpy"):
        assert all(abs(each.correlation) < 0.09 for each in worlds[name]), name
    assert all(0.2 < each.correlation < 0.42 for each in worlds["trending"])


def test_large_jumps_are_counted_apart(worlds: Mapping[str, Sequence[Measured]]) -> None:
    for calm, lifelike, trending, jumpy in zip(*(worlds[n] for n in _NAMES), strict=True):
        assert calm.jumps_per_day < 3
        assert 15 < lifelike.jumps_per_day < 60
        assert 15 < trending.jumps_per_day < 60
        assert 70 < jumpy.jumps_per_day < 130


@pytest.mark.parametrize("name", ["calm", "lifelike", "jumpy"])
def test_what_a_path_says_of_itself_is_what_it_does(
    name: str, worlds: Mapping[str, Sequence[Measured]]
) -> None:
    for measured in worlds[name]:
        said = path(name).sigma * math.sqrt(YEAR_S)
        assert said == pytest.approx(measured.volatility, rel=0.15)


def trending(trend: float) -> PathSettings:
    settings = paths_of("trending")[Asset.BTC]
    walk = attrs.evolve(settings.walk, jumps_per_day=0.0, trend=trend)
    return attrs.evolve(settings, walk=walk)


def test_the_trend_is_as_strong_as_its_settings_say_and_fades_as_fast() -> None:
    settings = trending(20.0)
    prices = SyntheticPath(3, Asset.BTC, settings, START_S)
    # Twenty times as strong, the drift is nearly all there is: returns of a second are drifts.
    seconds = range(START_S, START_S + _SECONDS + 1, 60)
    logs = np.log([prices.rough_price(float(second)) for second in seconds])
    minutes = np.diff(logs)
    diffusion = settings.walk.volatility / math.sqrt(YEAR_S) * math.sqrt(60.0)
    assert float(np.std(minutes)) == pytest.approx(20.0 * diffusion, rel=0.15)
    later = int(settings.walk.trend_half_life_s) // 60
    kept = np.sum(minutes[later:] * minutes[:-later]) / np.sum(minutes**2)
    assert float(kept) == pytest.approx(0.5, abs=0.12)


def test_a_trend_goes_through_the_full_hour_without_a_break() -> None:
    settings = trending(2_000.0)
    prices = SyntheticPath(1, Asset.BTC, settings, START_S)
    spread = 2_000.0 * settings.walk.volatility / math.sqrt(YEAR_S * 60.0)
    # By slots of five seconds: within one it goes as news come.
    fresh = 5.0 * spread * math.sqrt(1.0 - 0.25 ** (5.0 / settings.walk.trend_half_life_s))
    for edge in range(START_S - 3 * 3_600, START_S + 4 * 3_600, 3_600):
        steps = [_step(prices, second) for second in range(edge - 15, edge + 15, 5)]
        turns = [abs(after - before) for before, after in pairwise(steps)]
        assert max(turns) < 5.0 * fresh < 5.0 * spread, "a drift may turn, and only slowly"


def _step(prices: SyntheticPath, second: int) -> float:
    return math.log(prices.rough_price(second + 5.0) / prices.rough_price(float(second)))


@pytest.mark.parametrize("name", [name.value for name in WorldName])
def test_a_world_is_the_same_whoever_asks_first(name: str) -> None:
    seconds = range(START_S - 9_000, START_S + 9_000, 97)
    forward, backward, other = path(name), path(name), path(name, seed=2)
    expected = [forward.value_e18(second) for second in seconds]
    assert [backward.value_e18(second) for second in reversed(seconds)] == expected[::-1]
    assert [other.value_e18(second) for second in seconds] != expected


def test_a_lifelike_world_is_the_world_there_always_was() -> None:
    assert paths_of("lifelike") == LIFELIKE
    start_ns = 1_795_204_815 * NS_PER_S
    settings = WorldSettings(7, start_ns, tuple(Asset), (Interval.M5, Interval.H1))
    whole = hashlib.sha256()
    for world_event in World(settings).run_until(start_ns + 60 * NS_PER_S):
        whole.update(repr(world_event).encode())
    assert whole.hexdigest() == _FIRST_MINUTE


_FIRST_MINUTE = "09f16d89436240584fe5d9dd77ccb019362c7295d6e4caf666683ca73ba909ec"
"""Of seed 7. Whoever changes this on purpose changes every demo and benchmark that names a seed."""


def test_settings_know_every_world_and_no_other() -> None:
    check = attrs.fields(DemoSettings).world.metadata["check"]
    names = [name.value for name in WorldName]
    assert check.expected == one_of(*names).expected
    with pytest.raises(ValueError, match="stormy"):
        paths_of("stormy")

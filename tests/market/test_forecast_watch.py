"""The forecast watches itself: what came, what was said, and when the two do not fit."""

from __future__ import annotations

import math
import random

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from polytui.config.schema import WatchSettings
from polytui.market.forecast_watch import HORIZONS_S, MARKS_S, ForecastWatch, Foreseen, Misfit
from polytui.model.events import ForecastLeft
from polytui.model.units import NS_PER_S

START_NS = 1_795_204_800 * NS_PER_S
LASTING = WatchSettings(half_life_s=1e9)
"""Nothing fades while a test looks."""


def at(seconds: float) -> int:
    return START_NS + round(seconds * NS_PER_S)


def watched(
    seconds: int, truth: float = 1.0, said: float = 1.0, seed: int = 7, drift: float = 0.0
) -> ForecastWatch:
    """A random walk with `truth` dollars a root second, forecast with `said`."""
    rng, price, watch = random.Random(seed), 90_000.0, ForecastWatch()
    for second in range(seconds):
        price += rng.gauss(drift, truth)
        watch.came(price, at(second), LASTING)
        if watch.is_due(at(second)):
            watch.foresee(Foreseen(at(second), price, said, 0.0), at(second))
    return watch


def sd_of(watch: ForecastWatch, horizon_s: int) -> float:
    return next(fit.sd for fit in watch.fits() if fit.horizon_s == horizon_s)


def samples_of(watch: ForecastWatch) -> list[float]:
    return [fit.samples for fit in watch.fits()]


# --- what came ------------------------------------------------------------------------------------


@pytest.mark.parametrize("truth", [0.5, 1.0, 2.0])
def test_a_forecast_knows_by_how_much_it_is_too_sure(truth: float) -> None:
    watch = watched(40_000, truth=truth)
    for fit in watch.fits():
        error = 3.0 / math.sqrt(2.0 * fit.samples)  # three sigmas of an sd of so many samples
        assert fit.sd == pytest.approx(truth, rel=error), fit.horizon_s


def test_forecasts_of_one_horizon_never_overlap() -> None:
    watch = watched(3_001)
    assert samples_of(watch) == pytest.approx([300.0, 100.0, 50.0, 25.0, 10.0], rel=1e-4)


def test_one_forecast_by_hand() -> None:
    """Three dollars off after ten seconds at one a root second and a sigma of 2 of the price
    itself: 3 / sqrt(10 + 4); a price that is ahead of us by 2 s has eight left to err."""
    watch = ForecastWatch()
    watch.foresee(Foreseen(at(0), 100.0, 1.0, 2.0), at(0))
    watch.came(103.0, at(10), LASTING)
    assert sd_of(watch, 10) == pytest.approx(3.0 / math.sqrt(14.0))
    ahead = ForecastWatch()
    ahead.foresee(Foreseen(at(2), 100.0, 1.0, 0.0), at(0))
    ahead.came(103.0, at(10), LASTING)
    assert samples_of(ahead)[0] == 0.0, "its second is the twelfth"
    ahead.came(103.0, at(12), LASTING)
    assert sd_of(ahead, 10) == pytest.approx(3.0 / math.sqrt(10.0))


def test_a_mean_that_is_off_is_seen_as_well() -> None:
    """A tenth of a sigma a second in one direction is three of 300 seconds'."""
    assert sd_of(watched(40_000, drift=0.1), 300) > 1.7


def test_a_second_that_never_came_is_judged_by_the_next_one_or_not_at_all() -> None:
    for late_s, samples in ((0, 1.0), (1, 1.0), (2, 0.0)):
        watch = ForecastWatch()
        watch.foresee(Foreseen(at(0), 100.0, 1.0, 0.0), at(0))
        watch.came(101.0, at(10 + late_s), LASTING)
        assert samples_of(watch)[0] == samples


def test_one_broken_print_says_nothing_of_an_evening() -> None:
    watch = ForecastWatch()
    for second in range(0, 1_001, 10):
        value = 97_000.0 if second == 500 else 100_000.0 + (second % 20 / 5 - 1) * 3.1623
        watch.came(value, at(second), LASTING)
        watch.foresee(Foreseen(at(second), 100_000.0, 1.0, 0.0), at(second))
    assert samples_of(watch)[0] == pytest.approx(100.0, rel=1e-4)
    assert sd_of(watch, 10) == pytest.approx(math.sqrt((99 + 36) / 100), rel=0.01)


def test_what_came_fades_with_its_half_life() -> None:
    watch, settings = ForecastWatch(), WatchSettings(half_life_s=100.0)
    for second in range(0, 10_001, 10):
        watch.came(100.0, at(second), settings)
        watch.foresee(Foreseen(at(second), 100.0, 1.0, 0.0), at(second))
    assert samples_of(watch)[0] == pytest.approx(1.0 / (1.0 - 0.5**0.1))
    watch.came(100.0 + math.sqrt(10.0), at(10_010), settings)
    weight = 1.0 / (1.0 - 0.5**0.1)
    assert sd_of(watch, 10) == pytest.approx(math.sqrt(1.0 / weight), rel=0.01)


def test_a_price_that_cannot_move_is_no_fault_of_the_forecast() -> None:
    watch = ForecastWatch()
    watch.foresee(Foreseen(at(0), 100.0, 0.0, 0.0), at(0))
    watch.came(100.0, at(10), LASTING)
    assert sd_of(watch, 10) == 0.0


# --- misfits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("truth", "misfit"),
    [(1.0, None), (2.0, WatchSettings().most_sd), (0.5, WatchSettings().least_sd)],
)
def test_outside_its_bounds_it_does_not_fit(truth: float, misfit: float | None) -> None:
    found = watched(40_000, truth=truth).misfit(60.0, LASTING)
    if misfit is None:
        assert found is None
        return
    assert found is not None
    assert (found.bound, found.horizon_s) == (misfit, 60)
    assert found.excess == pytest.approx(1.6, rel=0.1)


@pytest.mark.parametrize(("sd", "fits"), [(0.79, False), (0.81, True), (1.24, True), (1.26, False)])
def test_the_bounds_are_those_of_the_settings(sd: float, fits: bool) -> None:
    watch = ForecastWatch()
    watch.restore(ForecastLeft("btc", ((60, 100.0, 100.0 * sd * sd),)))
    assert (watch.misfit(60.0, WatchSettings()) is None) is fits
    wide = WatchSettings(least_sd=0.5, most_sd=2.0)
    assert watch.misfit(60.0, wide) is None
    assert watch.misfit(60.0, evolve(WatchSettings(), is_enabled=False)) is None


def test_too_few_samples_say_nothing() -> None:
    watch = ForecastWatch()
    watch.restore(ForecastLeft("btc", ((60, 59.9, 1e6),)))
    assert watch.misfit(60.0, WatchSettings()) is None
    assert watch.misfit(60.0, WatchSettings(least_samples=59.0)) is not None


@pytest.mark.parametrize(
    ("left_s", "horizon_s"),
    [(5.0, 10), (17.0, 10), (18.0, 30), (84.0, 60), (85.0, 120), (3e3, 300)],
)
def test_the_nearest_horizon_that_is_known_judges(left_s: float, horizon_s: int) -> None:
    watch = ForecastWatch()
    watch.restore(ForecastLeft("btc", tuple((s, 100.0, 400.0) for s in HORIZONS_S)))
    found = watch.misfit(left_s, WatchSettings())
    assert found is not None
    assert found.horizon_s == horizon_s
    young = ForecastWatch()
    young.restore(ForecastLeft("btc", ((10, 100.0, 400.0), (300, 10.0, 1_000.0))))
    told = young.misfit(300.0, WatchSettings())
    assert told == Misfit(2.0, 1.25, 10)


# --- what was said of rounds ----------------------------------------------------------------------


def test_what_was_said_at_each_mark_is_counted_when_the_round_is_settled() -> None:
    watch = ForecastWatch()
    for left_s, said in ((241.0, 0.1), (239.0, 0.6), (238.0, 0.7), (120.0, 0.75), (9.0, 0.95)):
        watch.say("round", left_s, said)
    assert all(one.rounds == 0.0 for one in watch.reliabilities())
    watch.settle("round", True, at(300), LASTING)
    found = {one.left_s: one for one in watch.reliabilities()}
    assert [found[s].rounds for s in MARKS_S] == [1.0, 1.0, 0.0, 0.0, 1.0]
    assert found[240].brier == pytest.approx(0.16), "the first word at the mark"
    assert found[120].bins[7] == (1.0, 0.75, 1.0)
    assert found[10].brier == pytest.approx(0.0025)
    watch.settle("round", False, at(301), LASTING)
    assert found[120] == next(one for one in watch.reliabilities() if one.left_s == 120)


def test_a_mark_that_was_passed_unseen_is_no_word() -> None:
    watch = ForecastWatch()
    watch.say("round", 234.9, 0.6)
    watch.settle("round", True, at(300), LASTING)
    assert all(one.rounds == 0.0 for one in watch.reliabilities())


def test_reliability_is_what_came_of_what_was_said() -> None:
    watch = ForecastWatch()
    for number in range(100):
        watch.say(f"round {number}", 60.0, 0.85)
        watch.settle(f"round {number}", number % 5 != 0, at(number), LASTING)
    (found,) = [one for one in watch.reliabilities() if one.left_s == 60]
    count, said, came = found.bins[8]
    assert (count, said, came) == pytest.approx((100.0, 0.85, 0.80))
    assert found.brier == pytest.approx(0.8 * 0.15**2 + 0.2 * 0.85**2)


def test_a_void_round_says_nothing_and_certainty_has_a_place() -> None:
    watch = ForecastWatch()
    watch.say("void", 60.0, 0.9)
    watch.settle("void", None, at(1), LASTING)
    watch.say("sure", 60.0, 1.0)
    watch.settle("sure", True, at(2), LASTING)
    (found,) = [one for one in watch.reliabilities() if one.left_s == 60]
    assert (found.rounds, found.bins[9][0]) == (1.0, 1.0)


def test_rounds_that_never_settle_are_forgotten() -> None:
    watch = ForecastWatch()
    for number in range(500):
        watch.say(f"round {number}", 60.0, 0.5)
    assert len(watch.state()[2]) == 64  # type: ignore[arg-type]


# --- through restarts -----------------------------------------------------------------------------


def test_another_session_goes_on_where_this_one_ended() -> None:
    watch = watched(3_601, truth=1.5)
    watch.say("round", 60.0, 0.8)
    watch.settle("round", True, at(3_601), LASTING)
    left = watch.left("btc")
    assert left is not None
    again = ForecastWatch()
    again.restore(left)
    assert again.fits() == watch.fits()
    assert again.reliabilities() == watch.reliabilities()
    assert again.misfit(60.0, LASTING) == watch.misfit(60.0, LASTING)
    assert again.left("btc") == left


@pytest.mark.parametrize("away_s", [0, 1_000, 5_000])
def test_what_another_session_left_fades_while_nobody_watches(away_s: int) -> None:
    """Two sigmas at every sample, then a week, or a minute, and one that is right."""
    settings, left = WatchSettings(half_life_s=1_000.0), watched(3_601, truth=2.0).left("btc")
    assert left is not None
    again = ForecastWatch()
    again.restore(left)
    (before,) = [fit for fit in again.fits() if fit.horizon_s == 300]
    again.foresee(Foreseen(at(3_300 + away_s), 100.0, 1.0, 0.0), at(3_300 + away_s))
    again.came(100.0, at(3_600 + away_s), settings)
    (after,) = [fit for fit in again.fits() if fit.horizon_s == 300]
    assert after.samples == pytest.approx(1.0 + before.samples * 0.5 ** (away_s / 1_000.0))
    faded = before.sd**2 * (after.samples - 1.0) / after.samples
    assert after.sd**2 == pytest.approx(faded)


@pytest.mark.parametrize("back_s", [400, 5_000, 90_000])
def test_a_clock_that_is_set_back_is_gone_on_with(back_s: int) -> None:
    """No horizon waits until the time that was is reached again, and nothing that was foreseen by
    the old clock is judged by the new one."""
    rng, price, watch = random.Random(3), 90_000.0, watched(1_001)
    counted = samples_of(watch)
    for second in range(1_001 - back_s, 2_002 - back_s):
        price += rng.gauss(0.0, 1.0)
        watch.came(price, at(second), LASTING)
        if watch.is_due(at(second)):
            watch.foresee(Foreseen(at(second), price, 1.0, 0.0), at(second))
    more = [now - before for now, before in zip(samples_of(watch), counted, strict=True)]
    assert more == pytest.approx([100.0, 33.0, 16.0, 8.0, 3.0], abs=1.0)
    for fit in watch.fits():
        assert fit.sd == pytest.approx(1.0, rel=5.0 / math.sqrt(2.0 * fit.samples))


def test_what_is_left_changes_seldom() -> None:
    """Each change of it is a line of the journal."""
    watch, lines = ForecastWatch(), set()
    for second in range(3_601):
        watch.came(100.0, at(second), LASTING)
        if watch.is_due(at(second)):
            watch.foresee(Foreseen(at(second), 100.0, 1.0, 0.0), at(second))
        lines.add(id(watch.left("btc")) if watch.left("btc") is not None else 0)
    before = watch.left("btc")
    for second in range(3_601, 4_001):
        watch.came(100.0, at(second), LASTING)
        if watch.is_due(at(second)):
            watch.foresee(Foreseen(at(second), 100.0, 1.0, 0.0), at(second))
    assert before is not None
    assert watch.left("btc") != before
    assert watch.left("btc") is watch.left("btc")
    assert len(lines) <= 13


@pytest.mark.parametrize(
    "bad",
    [
        ForecastLeft("btc", ((60, math.nan, 1.0),)),
        ForecastLeft("btc", ((60, -1.0, 1.0),)),
        ForecastLeft("btc", ((60, 0.0, 1.0),)),
        ForecastLeft("btc", ((60, 100.0, math.inf),)),
        ForecastLeft("btc", ((61, 100.0, 400.0),)),
        ForecastLeft("btc", (), ((60, 1.0, (1.0,), (1.0,), (1.0,)),)),
        ForecastLeft("btc", (), ((60, -1.0, (0.0,) * 10, (0.0,) * 10, (0.0,) * 10),)),
        ForecastLeft("btc", (), ((7, 1.0, (1.0,) * 10, (1.0,) * 10, (1.0,) * 10),)),
        ForecastLeft("btc", (), ((60, 1.0, (1.0,) * 9, (1.0,) * 11, (1.0,) * 10),)),
    ],
)
def test_what_cannot_be_such_sums_is_left_out(bad: ForecastLeft) -> None:
    watch = ForecastWatch()
    watch.restore(bad)
    assert watch.state() == ForecastWatch().state()


@given(
    st.lists(st.tuples(st.integers(0, 400), st.floats(1.0, 1e6), st.floats(0.0, 1e3)), max_size=60)
)
def test_nothing_makes_a_number_that_is_none(seen: list[tuple[int, float, float]]) -> None:
    watch = ForecastWatch()
    for second, value, sigma_per_sqrt_s in seen:
        watch.came(value, at(second), LASTING)
        watch.foresee(Foreseen(at(second), value, sigma_per_sqrt_s, 0.0), at(second))
    for fit in watch.fits():
        assert 0.0 <= fit.sd <= 6.0
    for left_s in (0.0, 1.0, 1e9):
        found = watch.misfit(left_s, WatchSettings(least_samples=5.0))
        assert found is None or found.excess > 1.0


def test_an_evening_that_was_wild_is_forgotten() -> None:
    """Two sigmas at every sample, then none: after a half-life half of the squares are left."""
    watch, settings = ForecastWatch(), WatchSettings(half_life_s=1_000.0)
    for second in range(0, 20_001, 10):
        came = 100.0 + (2.0 * math.sqrt(10.0) if second <= 19_000 else 0.0)
        watch.came(came, at(second), settings)
        watch.foresee(Foreseen(at(second), 100.0, 1.0, 0.0), at(second))
    assert sd_of(watch, 10) == pytest.approx(math.sqrt(0.5 * 4.0), rel=0.01)

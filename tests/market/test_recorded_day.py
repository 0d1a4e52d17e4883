"""A recorded day of the settlement oracle against what the venue made of it.

Strikes, winners and averages are recomputed from the raw points; the fair value is scored at five
moments before the end of every round, with only what had been received by then.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.recorded_day import (
    HORIZONS_S,
    Listed,
    Point,
    as_twap,
    averaged,
    brier,
    calibration_error,
    hear,
    log_loss,
    read_points,
    read_rounds,
    sign_rule,
)
from polytui.config.schema import Market
from polytui.market.settlement import SettlementPrices
from polytui.model.instrument import PriceKind
from polytui.model.units import NS_PER_S


@pytest.fixture(scope="module")
def points(recordings: Path) -> list[Point]:
    return read_points(recordings / "chainlink_BTCUSD_2026-06-08.csv.gz")


@pytest.fixture(scope="module")
def rounds(recordings: Path) -> list[Listed]:
    return read_rounds(recordings / "gamma_BTC-5m-markets_2026-06-08.jsonl.gz")


def test_strikes_are_the_points_at_the_open_to_the_last_digit(
    points: list[Point], rounds: list[Listed]
) -> None:
    """Every strike whose second was recorded is that second's value, all eighteen decimals."""
    exact = {point.observed_ns: point.value_e18 for point in points}
    seen = [one for one in rounds if one.round.opens_ns in exact]
    assert len(rounds) == 288
    assert len(seen) == 284, "four opens lie outside the recording"
    assert all(exact[one.round.opens_ns] == one.strike_e18 for one in seen)


def test_a_missed_strike_is_reckoned_within_a_basis_point(
    points: list[Point], rounds: list[Listed]
) -> None:
    """Through the desk's own model; a second that the relay skipped has the one after it."""
    prices, heard, found = SettlementPrices(), iter(points), []
    point = next(heard, None)
    for one in rounds:
        opens_ns = one.round.opens_ns
        while point is not None and point.received_ns < opens_ns + 20 * NS_PER_S:
            prices.take(PriceKind.SPOT, point.value, 0, point.observed_ns, point.received_ns)
            point = next(heard, None)
        strike = prices.value_at(opens_ns, 0)
        if strike is None:
            reckoned = prices.strike_estimate(opens_ns, 0)
            if reckoned is not None:
                found.append(abs(reckoned / (one.strike_e18 / 1e18) - 1.0) * 10_000)
        else:
            assert strike == pytest.approx(one.strike_e18 / 1e18, rel=1e-12)
    assert prices.outliers == 0
    assert all(off_bps < 2.0 for off_bps in found)


def test_the_winner_is_the_close_against_the_open(
    points: list[Point], rounds: list[Listed]
) -> None:
    exact = {point.observed_ns: point.value_e18 for point in points}
    closed = [one for one in rounds if one.round.closes_ns in exact]
    assert len(closed) == 280
    assert all((exact[one.round.closes_ns] >= one.strike_e18) == one.is_up for one in closed)


def test_running_averages_are_those_of_a_sum_written_apart(points: list[Point]) -> None:
    prices, expected = SettlementPrices(), averaged(points)
    compared = 0
    for point in points[:20_000]:
        prices.take(PriceKind.SPOT, point.value, 0, point.observed_ns, point.received_ns)
        second = point.observed_ns // NS_PER_S
        if second % 60 == 0 and second in expected and prices.last_observed_ns == point.observed_ns:
            part = prices.observed_part(point.observed_ns, 60)
            assert part is not None
            assert part.until_ns == point.observed_ns
            assert part.area / 60 == pytest.approx(expected[second], rel=1e-12)
            compared += 1
    assert compared > 300


def test_the_fair_value_beats_one_half_and_the_sign_of_the_distance(
    points: list[Point], rounds: list[Listed]
) -> None:
    """By the rule of that day; the sign rule may even choose its certainty with hindsight."""
    market = Market()
    found = hear(points, rounds, market).forecasts
    for left_s in HORIZONS_S:
        part = [one for one in found if one.left_s == left_s]
        assert len(part) > 280
        ours = [(one.probability(market), one.is_up) for one in part]
        half, signs = [(0.5, one.is_up) for one in part], sign_rule(part)
        assert brier(ours) < min(brier(half), brier(signs)), left_s
        assert log_loss(ours) < min(log_loss(half), log_loss(signs)), left_s
        assert calibration_error(ours) < 0.1, left_s


def test_what_is_observed_of_an_average_makes_the_last_minute_almost_certain(
    points: list[Point], rounds: list[Listed]
) -> None:
    """The same day as if the later rule had held: whoever prices the spot is far behind."""
    market = Market()
    found = hear(points, as_twap(rounds, points), market).forecasts
    for left_s, most in ((120, 0.14), (60, 0.08), (30, 0.03), (10, 0.005)):
        part = [one for one in found if one.left_s == left_s]
        ours = [(one.probability(market), one.is_up) for one in part]
        assert brier(ours) < most
        assert brier(ours) < 0.9 * brier(sign_rule(part))

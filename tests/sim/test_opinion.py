from __future__ import annotations

import math
from random import Random

import pytest

from polytui.model.instrument import Asset, Interval, Outcome, Round
from polytui.model.units import NS_PER_S
from polytui.sim.calendar import windows
from polytui.sim.candles import Tape
from polytui.sim.opinion import Opinion, OpinionSettings
from polytui.sim.paths import E18, LIFELIKE, BasisSettings, ExchangePath, SyntheticPath
from polytui.sim.registry import make_round
from polytui.sim.settlement import Settlement

START_S = 1_795_204_800
START_NS = START_S * NS_PER_S


def settlement(seed: int = 1) -> Settlement:
    path = SyntheticPath(seed, Asset.BTC, LIFELIKE[Asset.BTC], START_S)
    exchange = ExchangePath(seed, Asset.BTC, path, BasisSettings())
    tape = Tape("tape", exchange, 0.01, START_S - 3_600, START_S)
    return Settlement(path, exchange, tape)


def rounds(count: int) -> list[Round]:
    until_ns = START_NS + count * Interval.M5.ns
    return [
        make_round(1, Asset.BTC, Interval.M5, window)
        for window in windows(Interval.M5, START_NS, until_ns)
    ]


def opinion(round_: Round, of: Settlement, **changes: float) -> Opinion:
    return Opinion(round_, of, OpinionSettings(**changes), Random(1))  # type: ignore[arg-type]


def test_long_before_the_open_nobody_knows() -> None:
    (round_,) = rounds(1)
    assert opinion(round_, settlement()).fair(START_NS - 90 * NS_PER_S) == 0.5


def test_the_fair_value_is_calibrated() -> None:
    """Over many rounds, Up wins as often as was expected at any time of the round."""
    of = settlement()
    listed = rounds(400)
    winners = [of.winner(round_) is Outcome.UP for round_ in listed]
    scores = []
    for seconds in (60, 150, 240, 270, 290):
        seen = [opinion(r, of).fair(r.opens_ns + seconds * NS_PER_S) for r in listed]
        expected, spread = sum(seen), math.sqrt(sum(p * (1 - p) for p in seen))
        assert abs(sum(winners) - expected) < 3.5 * spread
        scores.append(sum((p - w) ** 2 for p, w in zip(seen, winners, strict=True)) / len(seen))
    assert scores == sorted(scores, reverse=True)
    assert scores[0] < 0.24
    assert scores[-1] < 0.01


def test_the_deviation_inside_and_outside_the_last_minute() -> None:
    of = settlement()
    (round_,) = rounds(1)
    strike = of.expected(round_, round_.opens_ns, round_.opens_ns)
    for left_s, root in (
        (200, math.sqrt(200 - 60 + 20)),
        (60, math.sqrt(20)),
        (30, math.sqrt(30**3 / 3) / 60),
    ):
        seen_ns = round_.closes_ns - left_s * NS_PER_S
        ahead = of.expected(round_, round_.closes_ns, seen_ns)
        z = (ahead - strike) / (of.sigma * strike * root)
        expected = 0.5 * (1.0 + math.erf(z / math.sqrt(2.0)))
        assert opinion(round_, of).fair(seen_ns) == pytest.approx(expected)


def test_expectations_become_the_settlement_price() -> None:
    of = settlement()
    (round_,) = rounds(1)
    final = of.final_e18(round_)
    assert final is not None
    assert of.expected(round_, round_.closes_ns, round_.closes_ns) == pytest.approx(final / E18)
    near = of.expected(round_, round_.closes_ns, round_.closes_ns - NS_PER_S)
    assert near == pytest.approx(final / E18, rel=1e-4)


def test_the_crowd_errs_and_forgets_its_errors() -> None:
    of = settlement()
    (round_,) = rounds(1)
    early = START_NS - 30_000 * NS_PER_S
    crowd = opinion(round_, of, error=0.25, half_life_s=40.0)
    odds = []
    for step in range(0, 20_000, 10):
        p = crowd.probability(early + step * NS_PER_S)
        odds.append(math.log(p / (1 - p)))
    deviation = math.sqrt(sum(o * o for o in odds) / len(odds))
    assert 0.2 < deviation < 0.3
    lagged = sum(a * b for a, b in zip(odds, odds[4:], strict=False)) / sum(o * o for o in odds)
    assert 0.4 < lagged < 0.6


def test_after_the_end_the_winner_is_certain() -> None:
    of = settlement()
    for round_ in rounds(6):
        crowd = opinion(round_, of)
        before = crowd.probability(round_.closes_ns)
        assert 0.0 < before < 1.0
        after = crowd.probability(round_.closes_ns + 5 * NS_PER_S)
        assert after == (1.0 if of.winner(round_) is Outcome.UP else 0.0)

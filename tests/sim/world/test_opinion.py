from __future__ import annotations

import math
from random import Random

import attrs
import pytest

from polytui.model.instrument import Asset, Interval, Outcome, Round, SettlementRule
from polytui.model.units import NS_PER_S
from polytui.sim.world.calendar import windows
from polytui.sim.world.candles import Tape, TapeHistory, TapePast
from polytui.sim.world.opinion import CrowdOpinion, OpinionSettings
from polytui.sim.world.paths import E18, LIFELIKE, BasisSettings, ExchangePath, SyntheticPath
from polytui.sim.world.registry import Registry, make_round
from polytui.sim.world.resolver import Resolver, ResolverSettings
from polytui.sim.world.settlement import Settlement
from polytui.sim.world.world_events import RoundResolved

START_S = 1_795_204_800
START_NS = START_S * NS_PER_S


def settlement(seed: int = 1) -> Settlement:
    path = SyntheticPath(seed, Asset.BTC, LIFELIKE[Asset.BTC], START_S)
    exchange = ExchangePath(seed, Asset.BTC, path, BasisSettings())
    tape = Tape(TapePast(TapeHistory("tape", exchange, 0.01), START_S - 3_600, START_S))
    return Settlement(path, exchange, tape)


def rounds(count: int) -> list[Round]:
    until_ns = START_NS + count * Interval.M5.ns
    return [
        make_round(1, Asset.BTC, Interval.M5, window)
        for window in windows(Interval.M5, START_NS, until_ns)
    ]


def opinion(round_: Round, of: Settlement, **changes: float) -> CrowdOpinion:
    return CrowdOpinion(round_, of, OpinionSettings(**changes), Random(1))  # type: ignore[arg-type]


def test_long_before_the_open_nobody_knows() -> None:
    (round_,) = rounds(1)
    assert opinion(round_, settlement()).fair(START_NS - 90 * NS_PER_S) == 0.5


def test_the_fair_value_is_calibrated() -> None:
    """Over many rounds, Up wins as often as was expected at any time of the round."""
    of, asked_s = settlement(), (60, 150, 240, 270, 290)
    winners, fairs, scores = list[bool](), list[list[float]](), list[float]()
    # Round by round: a path remembers the last few hours.
    for r in rounds(400):
        winners.append(of.winner(r) is Outcome.UP)
        fairs.append([opinion(r, of).fair(r.opens_ns + s * NS_PER_S) for s in asked_s])
    for seen in zip(*fairs, strict=True):
        expected, spread = sum(seen), math.sqrt(sum(p * (1 - p) for p in seen))
        assert abs(sum(winners) - expected) < 3.0 * spread
        # As sure as it may be: what came on what was said, through one half.
        weight = sum((p - 0.5) ** 2 for p in seen)
        slope = sum((p - 0.5) * (w - 0.5) for p, w in zip(seen, winners, strict=True)) / weight
        error = math.sqrt(sum((p - 0.5) ** 2 * p * (1 - p) for p in seen)) / weight
        assert abs(slope - 1.0) < 3.0 * error + 0.005
        scores.append(sum((p - w) ** 2 for p, w in zip(seen, winners, strict=True)) / len(seen))
    assert scores == sorted(scores, reverse=True)
    assert scores[0] < 0.24
    assert scores[-1] < 0.01


@pytest.mark.parametrize(
    ("rule", "left_s", "root"),
    [
        (SettlementRule.TWAP, 200, math.sqrt(200 - 60 + 20)),
        (SettlementRule.TWAP, 60, math.sqrt(20)),
        (SettlementRule.TWAP, 30, math.sqrt(30**3 / 3) / 60),
        (SettlementRule.CANDLE, 200, math.sqrt(200)),
        (SettlementRule.CANDLE, 30, math.sqrt(30)),
    ],
)
def test_the_deviation_inside_and_outside_the_last_minute(
    rule: SettlementRule, left_s: int, root: float
) -> None:
    """`left_s` before Chainlink has caught up with the end."""
    of = settlement()
    (round_,) = rounds(1)
    round_ = attrs.evolve(round_, settlement=rule)
    path = SyntheticPath(1, Asset.BTC, LIFELIKE[Asset.BTC], START_S)
    lead_s = ExchangePath(1, Asset.BTC, path, BasisSettings()).lead_s
    ahead_s = lead_s + path.lag_s if rule is SettlementRule.TWAP else 0.0
    seen_ns = round_.closes_ns - int((left_s + ahead_s) * NS_PER_S)
    at_s = seen_ns / NS_PER_S + (lead_s if ahead_s else 0.0)
    sigma = math.sqrt(path.variance(at_s, left_s))
    assert of.sigma(round_, seen_ns) == pytest.approx(sigma * root, rel=1e-6)
    ahead = of.expected(round_, round_.closes_ns, seen_ns)
    strike = of.expected(round_, round_.opens_ns, seen_ns)
    z = (ahead - strike) / (sigma * strike * root)
    expected = 0.5 * (1.0 + math.erf(z / math.sqrt(2.0)))
    assert opinion(round_, of).fair(seen_ns) == pytest.approx(expected)


def test_a_price_at_the_strike_when_nothing_is_left_is_up() -> None:
    """The venue's rule for ties, in the crowd's copy of it."""

    class Tied:
        """A settlement at whose end the price is the strike, to the last digit."""

        def known_ns(self, round_: Round, boundary_ns: int) -> None:
            return None

        def expected(self, round_: Round, boundary_ns: int, seen_ns: int) -> float:
            return 92_000.0

        def sigma(self, round_: Round, seen_ns: int) -> float:
            return 0.0

    (round_,) = rounds(1)
    tied = CrowdOpinion(round_, Tied(), OpinionSettings(error=0.0), Random(1))  # type: ignore[arg-type]
    assert tied.fair(round_.closes_ns) == 1.0
    assert tied.probability(round_.closes_ns + NS_PER_S) > 0.999


class StillPath(SyntheticPath):
    """A Chainlink whose average at the close is that at the open, and a little more or less."""

    more_e18 = 0

    def twap_e18(self, end_ns: int, window_s: int) -> int | None:
        return 92_000 * E18 + (self.more_e18 if end_ns > START_NS else 0)


@pytest.mark.parametrize(
    ("more_e18", "winner"), [(0, Outcome.UP), (1, Outcome.UP), (-1, Outcome.DOWN)]
)
def test_the_crowd_that_has_seen_the_end_takes_a_tie_for_up(more_e18: int, winner: Outcome) -> None:
    """To the last of eighteen digits, and as the resolver does."""
    path = StillPath(1, Asset.BTC, LIFELIKE[Asset.BTC], START_S)
    path.more_e18 = more_e18
    exchange = ExchangePath(1, Asset.BTC, path, BasisSettings())
    tape = Tape(TapePast(TapeHistory("tape", exchange, 0.01), START_S - 3_600, START_S))
    of = Settlement(path, exchange, tape)
    (round_,) = rounds(1)
    assert of.winner(round_) is winner
    seen = opinion(round_, of).probability(round_.closes_ns + 10 * NS_PER_S)
    assert seen == (1.0 if winner is Outcome.UP else 0.0)
    registry = Registry()
    registry.enlist(round_)
    resolver = Resolver(1, round_, registry, of, ResolverSettings())
    resolver.fire()
    (resolved,) = resolver.fire()
    assert isinstance(resolved, RoundResolved)
    assert resolved.winner is winner


def test_the_crowd_is_as_late_as_its_settings_say() -> None:
    """A price that jumps is answered after the delay: not earlier than a third of it, and on
    average after two, with a third more until somebody looks."""

    class Jumping:
        def known_ns(self, round_: Round, boundary_ns: int) -> None:
            return None

        def expected(self, round_: Round, boundary_ns: int, seen_ns: int) -> float:
            is_after = seen_ns >= jumps_ns and boundary_ns == round_.closes_ns
            return 93_000.0 if is_after else 92_000.0

        def sigma(self, round_: Round, seen_ns: int) -> float:
            return 0.01

    (round_,) = rounds(1)
    jumps_ns = round_.opens_ns + 60 * NS_PER_S
    settings = OpinionSettings(delay_s=3.0, error=0.0)
    assert settings.looks_per_s == 1.0
    late = []
    for seed in range(200):
        crowd = CrowdOpinion(round_, Jumping(), settings, Random(seed))  # type: ignore[arg-type]
        step_ns = NS_PER_S // 50
        at_ns = jumps_ns
        while crowd.probability(at_ns) < 0.6:
            at_ns += step_ns
        late.append((at_ns - jumps_ns) / NS_PER_S)
    # Somebody who looks fifty times a second finds the first who saw it: soon after one second.
    assert min(late) >= 1.0
    assert max(late) < 1.6


def test_nobody_unsees_a_price() -> None:
    of = settlement()
    (round_,) = rounds(1)
    crowd = opinion(round_, of, delay_s=3.0, error=0.0)
    seen = []
    fair = crowd.fair
    crowd.fair = lambda seen_ns: seen.append(seen_ns) or fair(seen_ns)  # type: ignore[method-assign,func-returns-value]
    for step in range(200):
        crowd.probability(round_.opens_ns + step * NS_PER_S // 20)
    assert seen == sorted(seen)


def test_expectations_become_the_settlement_price() -> None:
    of = settlement()
    (round_,) = rounds(1)
    final = of.final_e18(round_)
    assert final is not None
    assert of.expected(round_, round_.closes_ns, round_.closes_ns) == pytest.approx(final / E18)
    for before_s in (5, 3, 2, 1):
        near = of.expected(round_, round_.closes_ns, round_.closes_ns - before_s * NS_PER_S)
        assert near == pytest.approx(final / E18, rel=2e-5)


def test_the_crowd_errs_and_forgets_its_errors() -> None:
    of = settlement()
    (round_,) = rounds(1)
    early = START_NS - 30_000 * NS_PER_S
    crowd = opinion(round_, of, error=0.25, half_life_s=40.0)
    odds = []
    for step in range(0, 20_000, 10):
        p = crowd.probability(early + step * NS_PER_S)
        odds.append(math.log(p / (1 - p)))
    sigma = math.sqrt(sum(o * o for o in odds) / len(odds))
    assert 0.2 < sigma < 0.3
    lagged = sum(a * b for a, b in zip(odds, odds[4:], strict=False)) / sum(o * o for o in odds)
    assert 0.4 < lagged < 0.6


def test_once_the_end_is_published_the_winner_is_certain() -> None:
    of = settlement()
    for round_ in rounds(6):
        crowd = opinion(round_, of)
        assert 0.0 < crowd.probability(round_.closes_ns) < 1.0
        known_ns = of.known_ns(round_, round_.closes_ns)
        assert known_ns is not None
        assert 0.0 < crowd.probability(known_ns) < 1.0, "it is late, as ever"
        after = crowd.probability(known_ns + NS_PER_S)
        assert after == (1.0 if of.winner(round_) is Outcome.UP else 0.0)

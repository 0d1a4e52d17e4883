"""Faults of the market: books that are wide or wrong for a while, and as ever before and after."""

from __future__ import annotations

import pytest

from polytui.model.instrument import Asset, FeeSchedule, Interval, Outcome
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_S
from polytui.sim.world.market_faults import Delusion, MarketFaults
from polytui.sim.world.world import World, WorldSettings
from polytui.sim.world.world_events import ChainlinkTicked

START_NS = 1_795_204_860 * NS_PER_S
"""2026-11-20 20:01:00 UTC, a minute into a round."""
SLUG = "btc-updown-5m-1795204800"
UP, BUY, SELL = Outcome.UP, Side.BUY, Side.SELL


def a_world() -> World:
    return World(WorldSettings(7, START_NS, (Asset.BTC,), (Interval.M5,)))


def play(world: World, seconds: int) -> list[tuple[float, float]]:
    """(mid, spread) of the open round in dollars, once a second; a side may be empty."""
    seen = []
    for _ in range(seconds):
        for _ in world.run_until(world.now_ns + NS_PER_S):
            pass
        book = world.book(SLUG)
        bid, ask = book.best(UP, BUY) or 0, book.best(UP, SELL) or MICRO
        seen.append(((bid + ask) / 2 / MICRO, (ask - bid) / MICRO))
    return seen


def average(values: list[float]) -> float:
    return sum(values) / len(values)


def test_makers_withdraw_and_come_back() -> None:
    world = a_world()
    before = average([spread for _, spread in play(world, 20)])
    world.trouble("spread", 40 * NS_PER_S)
    wide = average([spread for _, spread in play(world, 40)[10:]])
    after = average([spread for _, spread in play(world, 40)[10:]])
    assert before < 0.025
    assert wide > 10.0 * before, "what a breaker for spreads looks for"
    assert after < wide / 4.0


def test_the_crowd_prices_the_wrong_side_and_comes_to_its_senses() -> None:
    sane, world = a_world(), a_world()
    usual = [mid for mid, _ in play(sane, 120)]
    before = [mid for mid, _ in play(world, 20)]
    world.trouble("divergence", 50 * NS_PER_S)
    wrong = [mid for mid, _ in play(world, 50)]
    after = [mid for mid, _ in play(world, 50)]
    assert before == usual[:20]
    # The makers need some seconds to walk there and back.
    apart = [abs(mid - fair) for mid, fair in zip(wrong[15:], usual[35:70], strict=True)]
    assert min(apart) > 0.3
    assert average(apart) > 0.4
    assert average([abs(m - f) for m, f in zip(after[25:], usual[95:], strict=True)]) < 0.15


def test_no_mood_no_difference_and_prices_never_feel_one() -> None:
    quiet, troubled = a_world(), a_world()
    troubled.trouble("spread", 10 * NS_PER_S)
    until_ns = START_NS + 30 * NS_PER_S
    points = [
        [h for h in world.run_until(until_ns) if isinstance(h, ChainlinkTicked)]
        for world in (quiet, troubled)
    ]
    assert points[0] == points[1]


@pytest.mark.parametrize(("now_ns", "widening"), [(0, 20), (99, 20), (100, 1), (101, 1)])
def test_a_mood_ends_at_its_moment(now_ns: int, widening: int) -> None:
    market_faults = MarketFaults()
    market_faults.begin("spread", 100)
    market_faults.begin("spread", 50)  # a later end counts
    assert market_faults.widening(now_ns) == widening
    assert not market_faults.is_wrong(now_ns)


@pytest.mark.parametrize(
    ("thought", "held"),
    [(0.5, 0.06), (0.9, 0.06), (0.499, 0.94), (0.1, 0.94), (0.0, 0.0), (1.0, 1.0)],
)
def test_the_wrong_side_is_the_far_one_and_a_known_end_stays(thought: float, held: float) -> None:
    market_faults = MarketFaults()
    market_faults.begin("divergence", 100)
    assert Delusion(market_faults).bend(thought, 99) == pytest.approx(held)
    assert Delusion(market_faults).bend(thought, 100) == thought


def test_a_delusion_that_becomes_true_is_given_up() -> None:
    market_faults = MarketFaults()
    market_faults.begin("divergence", 100)
    delusion = Delusion(market_faults)
    thoughts = [0.6, 0.45, 0.37, 0.35, 0.6, 0.65]
    held = [0.06, 0.06, 0.06, 0.94, 0.94, 0.06]
    assert [delusion.bend(thought, 1) for thought in thoughts] == pytest.approx(held)


def test_fees_rise_for_the_next_round_that_nobody_has_read() -> None:
    world = a_world()
    world.trouble("fees", 0)
    raised = [each for each in world.rounds.values() if each.fees != FeeSchedule()]
    (listed,) = raised
    assert listed.fees.rate_ppm == 300_000
    read_until_ns = START_NS + 3 * Interval.M5.ns
    assert read_until_ns < listed.opens_ns <= read_until_ns + Interval.M5.ns
    for _ in world.run_until(listed.opens_ns + NS_PER_S):
        pass
    assert world.book(listed.slug).best(UP, BUY) is not None, "its crowd comes all the same"


def test_a_mood_that_is_none_is_an_error() -> None:
    with pytest.raises(KeyError):
        a_world().trouble("boredom", 1)

"""A world in beats: what moves moves together, and nobody finds a quote that is a beat old."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from polytui.model.instrument import Asset, Exchange, Interval, Outcome
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_S
from polytui.sim.world.beats import on_beat
from polytui.sim.world.candles import Tape, TapeHistory, TapePast
from polytui.sim.world.chance import Chance
from polytui.sim.world.crowd import CrowdSettings
from polytui.sim.world.opinion import CrowdOpinion, OpinionSettings
from polytui.sim.world.paths import LIFELIKE, BasisSettings
from polytui.sim.world.settlement import Settlement
from polytui.sim.world.shared_prices import chainlink_of, exchange_of
from polytui.sim.world.world import World, WorldSettings
from polytui.sim.world.world_events import (
    BookMoved,
    BookSwept,
    ChainlinkTicked,
    ExchangeQuote,
    ExchangeTrade,
)

START_NS = 1_795_204_800 * NS_PER_S
BEAT_NS = 2 * NS_PER_S
MINUTES = 4
FAIR = OpinionSettings(delay_s=0.1, error=0.0)
KINDS = (BookMoved, BookSwept, ChainlinkTicked, ExchangeQuote, ExchangeTrade)


def in_beats() -> World:
    return World(
        WorldSettings(
            *(7, START_NS, (Asset.BTC,), (Interval.M5,)),
            messages=0.01,
            crowd=CrowdSettings(opinion=FAIR),
            crowd_ahead=0.1,
            beat_s=BEAT_NS / NS_PER_S,
        )
    )


def settlement() -> Settlement:
    """Of the same prices."""
    start_s = START_NS // NS_PER_S
    path = chainlink_of(7, Asset.BTC, LIFELIKE[Asset.BTC], start_s)
    exchange = exchange_of(7, Asset.BTC, path, BasisSettings(), "")
    tape = Tape(TapePast(TapeHistory("tape", exchange, 0.01), start_s - 3_600, start_s))
    return Settlement(path, exchange, tape)


def test_a_beat_is_the_next_whole_one() -> None:
    assert [on_beat(at, 5) for at in (0, 1, 4, 5, 6)] == [0, 5, 5, 5, 10]
    assert on_beat(7, 0) == 7


@pytest.mark.parametrize("expected", [0.0, 0.05, 1.0, 7.0])
def test_things_happen_as_often_as_expected(expected: float) -> None:
    chance, draws = Chance("often"), 4_000
    found = [chance.times(expected) for _ in range(draws)]
    mean = sum(found) / draws
    assert mean == pytest.approx(expected, abs=4.0 * (expected / draws) ** 0.5)
    spread = sum((one - mean) ** 2 for one in found) / draws
    assert spread == pytest.approx(expected, rel=0.15)


def test_all_that_moves_moves_on_a_beat_and_every_exchange_speaks_at_each() -> None:
    world, spoken = in_beats(), defaultdict[int, Counter[tuple[type, Exchange]]](Counter)
    kinds = Counter[type]()
    first = next(iter(world.rounds.values()))
    for one in world.run_until(START_NS + MINUTES * 60 * NS_PER_S):
        if not isinstance(one, KINDS):
            continue
        kinds[type(one)] += 1
        if isinstance(one, ExchangeQuote | ExchangeTrade):
            spoken[one.at_ns][type(one), one.venue] += 1
        if getattr(one, "slug", first.slug) == first.slug:
            assert one.at_ns % BEAT_NS == 0
    assert set(kinds) == set(KINDS)
    beats = range(START_NS + BEAT_NS, START_NS + MINUTES * 60 * NS_PER_S + 1, BEAT_NS)
    assert set(spoken) == set(beats)
    each = {(kind, venue): 1 for kind in (ExchangeQuote, ExchangeTrade) for venue in Exchange}
    assert all(found == each for found in spoken.values())


def test_makers_have_looked_before_a_beat_is_over() -> None:
    """After each beat the book stands around what is to be expected of the price as it is then."""
    world, off = in_beats(), list[float]()
    first = next(iter(world.rounds.values()))
    opinion = CrowdOpinion(first, settlement(), FAIR, Chance("nobody"))
    for number in range(1, MINUTES * 30):
        at_ns = START_NS + number * BEAT_NS
        for _ in world.run_until(at_ns):
            pass
        book = world.book(first.slug)
        bid, ask = book.best(Outcome.UP, Side.BUY), book.best(Outcome.UP, Side.SELL)
        if bid is not None and ask is not None:
            off.append(abs((bid + ask) / 2 / MICRO - opinion.fair(at_ns)))
    assert len(off) > 100
    assert sum(off) / len(off) < 0.01
    assert max(off) < 0.04

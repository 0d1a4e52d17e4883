"""A world in beats as it is heard: one moment for all that a beat brings, and one decision."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from polytui.backtest.drive import Drive
from polytui.backtest.moments import Moment
from polytui.backtest.world_source import WorldSource
from polytui.config.schema import SessionSettings, Settings
from polytui.desk.mind import Mind
from polytui.model import events as ev
from polytui.model.effects import Effect
from polytui.model.instrument import Asset, Exchange, Interval
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.sim.world.world import WorldSettings

START_NS = 1_795_204_740 * NS_PER_S
TWO = (Asset.BTC, Asset.ETH)
SPOKEN = (ev.ExchangeQuoted, ev.ExchangeTraded)
SETTINGS = Settings(session=SessionSettings(assets=TWO, rounds=1))


class Heard:
    """State: how often each desk was told that a batch was over, by time."""

    def __init__(self) -> None:
        self.batches = Counter[tuple[int, Asset]]()
        self.events = Counter[tuple[int, Asset]]()

    def heard(
        self,
        mind: Mind,
        asset: Asset,
        event: ev.Event,
        effects: tuple[Effect, ...],
        now_ns: int,
        is_last: bool,
    ) -> None:
        self.batches[now_ns, asset] += is_last
        self.events[now_ns, asset] += 1


def source() -> WorldSource:
    world = WorldSettings(
        *(3, START_NS, TWO, (Interval.M5,)), messages=0.01, crowd_ahead=0.1, beat_s=2.0
    )
    return WorldSource(SETTINGS, world)


def test_a_beat_is_one_moment_of_each_desk_and_has_its_clock() -> None:
    found = list[Moment]()
    for one in source().moments():
        if one.at_ns > START_NS + 90 * NS_PER_S:
            break
        found.append(one)
    assert all(one.at_ns <= other.at_ns for one, other in pairwise(found))
    beats = [one for one in found if one.at_ns % (2 * NS_PER_S) == 5 * NS_PER_MS][len(TWO) :]
    assert len({(one.at_ns, one.asset) for one in beats}) == len(beats) > 80
    for one in beats:
        kinds = Counter(type(event) for event in one.events)
        assert kinds[ev.Ticked] == 1
        spoken = [told for told in one.events if isinstance(told, SPOKEN)]
        assert {event.venue for event in spoken} == {venue.value for venue in Exchange}


def test_a_beat_is_decided_once() -> None:
    heard = Heard()
    Drive(SETTINGS, source(), [heard]).play()
    beats = [key for key in heard.batches if key[0] % (2 * NS_PER_S) == 5 * NS_PER_MS]
    busy = [key for key in beats if heard.events[key] > 8]
    assert len(busy) > 300
    assert sum(heard.batches[key] for key in busy) < 1.05 * len(busy)

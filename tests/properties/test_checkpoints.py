"""Whatever happened, a mind that is written down and made again goes on the same: at any event of
any day, crashes, kills, pauses, flattening, ladders and midnight included."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import EAGER, WORLD_EVENTS, World, WorldEvent, lived

from polytui.config.deciding import StrategySettings
from polytui.config.schema import Settings
from polytui.desk.checkpoint import checkpoint_of, restored
from polytui.desk.mind import Mind
from polytui.journal.codec import encode_effects
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Outcome
from polytui.model.orders import Quote, Side
from polytui.model.units import MICRO, Price, Shares
from polytui.strategy.proposal import QuoteSet, QuotingStrategy, Rung, View, Wake


class Ladder:
    """Two rungs under each best bid, which wants to hear of moves and of its mark-outs."""

    name = "ladder"

    def thresholds(self, settings: Settings) -> StrategySettings:
        return settings.distance_fade

    def quote(self, view: View, settings: Settings) -> QuoteSet:
        rungs = [
            Rung(f"{outcome.value} {down}", Quote(outcome, Side.BUY, price, Shares(10 * MICRO)))
            for outcome in Outcome
            for down in (1, 2)
            if (price := Price(view.side(outcome).best_bid - down * view.tick)) >= view.tick
        ]
        return QuoteSet(tuple(rungs), Why(Reason.NONE), Wake(0.5, 1.0))


def packed(mind: Mind) -> bytes:
    return msgspec.msgpack.encode(checkpoint_of(mind))


def goes_on_the_same(world: World, cut: int, *quoting: QuotingStrategy) -> None:
    one = Mind(quoting)
    for asset, at_ns, event, is_last in world.told[:cut]:
        one.take(asset, at_ns, event, is_last=is_last)
    other = restored(msgspec.msgpack.decode(packed(one)), quoting)
    assert other.digest() == one.digest()
    assert packed(other) == packed(one)
    for asset, at_ns, event, is_last in world.told[cut:]:
        was, now = (each.take(asset, at_ns, event, is_last=is_last) for each in (one, other))
        assert encode_effects(now.effects) == encode_effects(was.effects)
    assert other.digest() == one.digest() == world.mind.digest()
    assert packed(other) == packed(one)


@settings(deadline=None)
@given(
    world_events=st.lists(WORLD_EVENTS, min_size=5, max_size=40),
    share=st.floats(0.0, 1.0),
    makers=st.sampled_from([(), (Ladder(),)]),
)
def test_at_any_event_of_any_day(
    world_events: list[WorldEvent], share: float, makers: tuple[Ladder, ...]
) -> None:
    world = lived(world_events, EAGER, *makers)
    goes_on_the_same(world, int(share * len(world.told)), *makers)

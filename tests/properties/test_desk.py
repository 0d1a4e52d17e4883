"""Two desks and their paper clients under anything a market, people and crashes can do to them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import SEATS, WORLD_EVENTS, World, WorldEvent, a_busy_day, lived

from polytui.desk.mind import Mind
from polytui.model import events as ev
from polytui.model.effects import Place
from polytui.model.instrument import Outcome
from polytui.model.orders import Side
from polytui.model.units import NS_PER_MS


@settings(deadline=None)
@given(st.lists(WORLD_EVENTS, min_size=10, max_size=60), st.sampled_from(list(Outcome)))
def test_whatever_happens_the_money_adds_up(
    world_events: list[WorldEvent], winner: Outcome
) -> None:
    lived(world_events).end(winner)


@settings(max_examples=settings().max_examples // 2, deadline=None)
@given(st.lists(WORLD_EVENTS, max_size=40))
def test_the_same_events_give_the_same_effects(world_events: list[WorldEvent]) -> None:
    check_replay(lived(world_events))


def check_replay(world: World) -> None:
    again, effects = Mind(), []
    for asset, now_ns, event, is_last in world.told:
        effects += again.take(asset, now_ns, event, is_last=is_last).effects
    assert effects == world.effects
    assert again.digest() == world.mind.digest()


@settings(max_examples=settings().max_examples // 2, deadline=None)
@given(st.lists(WORLD_EVENTS, max_size=40))
def test_after_stop_nothing_works_before_long(world_events: list[WorldEvent]) -> None:
    world = lived(world_events)
    for seat in SEATS:
        world.command(seat, ev.Action.STOP)
    # An order that finds the book in the middle of a sweep waits a second for the rest of it.
    for _ in range(12):
        world.now_ns += 150 * NS_PER_MS
        world.advance()
    assert world.mind.account.working_orders == 0
    assert not any(one.has_working_orders for one in world.simulators.values())


def test_busy_days_add_up_and_replay() -> None:
    fills = sales = 0
    for seed in range(10):
        world = lived(a_busy_day(seed))
        world.end(Outcome.UP)
        check_replay(world)
        fills += world.fills
        sales += sum(isinstance(e, Place) and e.order.side is Side.SELL for e in world.effects)
    assert fills > 50
    assert sales > 5

from __future__ import annotations

import pytest
import trio
import trio.testing

from polytui.model.units import NS_PER_S
from polytui.net.clock import Clock
from polytui.sim.server.pump import Doorbell

_HOUR_NS = 3_600 * NS_PER_S


@pytest.mark.trio
async def test_whoever_asks_something_ends_the_pumps_rest() -> None:
    bell, clock = Doorbell(), Clock.starting_at(0, 1.0)
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(bell.rest, clock, _HOUR_NS)
            await trio.testing.wait_all_tasks_blocked()
            bell.ring()


@pytest.mark.trio
async def test_a_ring_while_the_pump_works_is_not_lost_and_counts_once() -> None:
    bell, clock = Doorbell(), Clock.starting_at(0, 1.0)
    bell.ring()
    with trio.fail_after(5):
        await bell.rest(clock, _HOUR_NS)
    with trio.move_on_after(0.02) as waited:
        await bell.rest(clock, _HOUR_NS)
    assert waited.cancelled_caught

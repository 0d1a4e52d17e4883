"""A machine that sleeps for ten minutes with orders that work: only its wall clock goes on."""

from __future__ import annotations

import pytest
import trio
from live_bench import LiveBench, live_bench, live_desk
from trio.testing import MockClock
from virtual_engine import VirtualClock

from polytui.model import events as ev
from polytui.model.events import HEARTBEAT_FEED, FeedDown, FeedUp

pytestmark = pytest.mark.trio


def at_of(bench: LiveBench, kind: type, feed: str = "") -> list[int]:
    """Where in what was told."""
    told = [one for _, one in bench.told]
    return [
        at
        for at, one in enumerate(told)
        if isinstance(one, kind) and (not feed or getattr(one, "feed", "") == feed)
    ]


@pytest.mark.parametrize("before_s", [1.0, 4.9, 5.0, 5.1])
async def test_orders_that_the_venue_took_meanwhile_are_known_to_be_gone_before_anybody_enters(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, before_s: float
) -> None:
    """The user channel's socket is as it was, and tells nothing: that went by in the sleep."""
    monkeypatch.setattr(VirtualClock, "nap_s", 0.25)
    async with live_bench(monkeypatch) as bench, live_desk(bench) as desk:
        order = bench.an_order()
        desk.place(order)
        await trio.sleep(before_s)
        assert len(bench.working()) == 1
        desk.execution._watch.take = lambda event: None
        bench.clock.jump(600)
        bench.venue.play(600)
        await trio.sleep(10)
        assert bench.working() == []
        (down,) = at_of(bench, FeedDown, HEARTBEAT_FEED)
        up = at_of(bench, FeedUp, HEARTBEAT_FEED)
        (gone,) = at_of(bench, ev.Cancelled)
        reconciled = [at for at in at_of(bench, ev.Reconciled) if at > down]
        assert bench.kinds_of(order.order_id)[-1] == "Cancelled"
        assert up[0] < down < gone < reconciled[0] < up[1]
        assert len(up) == 2

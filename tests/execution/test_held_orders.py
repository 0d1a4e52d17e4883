"""The venue answers `delayed`: the order is taken, and for a moment nobody finds it there, neither
who cancels nor who lists what works. After the hold it is judged once more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import trio
from desk_venue import DeskVenue
from live_bench import Desk, LiveBench, live_bench, live_desk
from trio.testing import MockClock

from polytui.model import events as ev
from polytui.model.instrument import Interval, Outcome
from polytui.model.orders import Side, TimeInForce
from polytui.model.units import MICRO, Price, Shares
from polytui.sim.exchange.rules import ExchangeRules

pytestmark = pytest.mark.trio
HOLD_MS = 200
TELLING = ExchangeRules(
    hold_intervals=frozenset(Interval), taker_hold_ms=HOLD_MS, is_delay_told=True
)
POST, DELETE = "POST /order", "DELETE /order"


@asynccontextmanager
async def held(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[LiveBench, Desk]]:
    """Six shares are offered at a half; whoever takes is held, and told so at once."""
    async with live_bench(monkeypatch, DeskVenue(rules=TELLING)) as bench:
        bench.venue.sell_shown(0.50, 6)
        async with live_desk(bench) as desk:
            yield bench, desk


def filled(bench: LiveBench, order_id: str) -> int:
    return sum(one.shares for one in bench.heard(ev.Filled) if one.order_id == order_id)


async def test_a_held_order_is_taken_at_once_and_fills_after_its_hold(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with held(monkeypatch) as (bench, desk):
        takes = bench.an_order(price=0.50, shares=10)
        desk.place(takes)
        await trio.sleep(0.1)
        assert bench.kinds_of(takes.order_id) == ["Accepted"]
        assert [one.status.value for one in bench.working()] == ["DELAYED"]
        await trio.sleep(1)
        assert bench.kinds_of(takes.order_id)[:2] == ["Accepted", "Filled"]
        assert filled(bench, takes.order_id) == 6 * MICRO
        assert [one.status.value for one in bench.working()] == ["LIVE"], "the rest of it rests"


async def test_a_cancel_inside_the_hold_is_asked_again_after_it(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with held(monkeypatch) as (bench, desk):
        takes = bench.an_order(price=0.50, shares=10)
        desk.place(takes)
        await trio.sleep(0.05)
        desk.cancel(takes)
        await trio.sleep(0.1)
        assert bench.asked(DELETE) == 1
        assert "CancelRefused" not in bench.kinds_of(takes.order_id), "it is no answer yet"
        await trio.sleep(2)
        assert bench.asked(DELETE) == 2
        assert bench.kinds_of(takes.order_id)[-1] == "Cancelled"
        assert filled(bench, takes.order_id) == 6 * MICRO, "what it met is ours all the same"
        assert bench.working() == []


async def test_everything_is_cancelled_and_a_held_order_as_well(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with held(monkeypatch) as (bench, desk):
        takes = bench.an_order(price=0.50, shares=10)
        desk.place(takes)
        await trio.sleep(0.05)
        desk.cancel_all()
        await trio.sleep(2)
        assert bench.kinds_of(takes.order_id)[-1] == "Cancelled"
        assert bench.working() == []


@pytest.mark.parametrize("is_answer_lost", [False, True])
async def test_a_session_that_ends_inside_the_hold_leaves_nothing(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, is_answer_lost: bool
) -> None:
    """The list of what works does not show it: it is waited for, not believed."""
    async with live_bench(monkeypatch, DeskVenue(rules=TELLING)) as bench:
        bench.venue.sell_shown(0.50, 6)
        async with live_desk(bench) as desk:
            bench.after = _lost if is_answer_lost else None
            desk.place(bench.an_order(price=0.50, shares=10))
            await trio.sleep(0.05)
            assert [one.status.value for one in bench.working()] == ["DELAYED"]
        assert bench.working() == []
        await trio.sleep(1)
        assert bench.working() == []


async def _lost(request: httpx.Request) -> httpx.Response | None:
    if request.url.path.endswith("/order") and request.method == "POST":
        raise httpx.ReadError("the line was cut", request=request)
    return None


async def test_a_lost_answer_of_a_held_order_is_found_and_filled_once(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with held(monkeypatch) as (bench, desk):
        bench.after = _lost
        takes = bench.an_order(price=0.50, shares=10)
        desk.place(takes)
        await trio.sleep(0.05)
        bench.after = None
        assert "Unanswered" in bench.kinds_of(takes.order_id)
        desk.look(takes)  # inside the hold
        await trio.sleep(0.05)
        assert "NotFound" not in bench.kinds_of(takes.order_id)
        await trio.sleep(2)
        desk.look(takes)
        await trio.sleep(1)
        assert filled(bench, takes.order_id) == 6 * MICRO
        assert "NotFound" not in bench.kinds_of(takes.order_id)
        assert bench.asked(POST) == 1
        desk.cancel(takes)
        await trio.sleep(1)
        assert bench.working() == []


@pytest.mark.parametrize("tif", [TimeInForce.FOK, TimeInForce.FAK])
async def test_what_may_not_rest_ends_with_its_hold(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tif: TimeInForce
) -> None:
    """Whoever offered has gone meanwhile."""
    async with held(monkeypatch) as (bench, desk):
        takes = bench.an_order(price=0.50, shares=6, tif=tif)
        desk.place(takes)
        await trio.sleep(0.05)
        book = bench.venue.world.book(bench.venue.round.slug)
        book.show(Side.SELL, Price(500_000), Shares(0))
        await trio.sleep(2)
        kinds = bench.kinds_of(takes.order_id)
        assert (kinds[0], kinds[-1]) == ("Accepted", "Cancelled")
        assert not filled(bench, takes.order_id)
        assert not desk.client.has_working_orders
        assert bench.working() == []


async def test_money_that_left_during_the_hold_ends_the_order(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is judged anew when it may match: it was taken, so this is its end and no refusal."""
    async with held(monkeypatch) as (bench, desk):
        takes = bench.an_order(price=0.50, shares=6)
        desk.place(takes)
        await trio.sleep(0.05)
        holdings, funder = bench.venue.exchange.holdings, bench.wallet.funder.lower()
        holdings.transfer_usd(funder, "0xelsewhere", holdings.usd(funder))
        await trio.sleep(2)
        kinds = bench.kinds_of(takes.order_id)
        assert (kinds[0], kinds[-1]) == ("Accepted", "Cancelled")
        assert "Refused" not in kinds
        assert not desk.client.has_working_orders
        assert (
            bench.venue.exchange.holdings.positions(funder).get(
                bench.venue.round.token_of(Outcome.UP), 0
            )
            == 0
        )

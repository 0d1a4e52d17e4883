"""What goes wrong with real orders: a session that quotes all the time meets one thing after
another, and after each ledger, books and venue agree to the millionth and nothing works."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from live_engine import LiveEngine, open_live_engine, open_live_venue
from live_venue import venue_of
from spoilt_answers import (
    CANCELS,
    NONSENSE,
    POSTS,
    Nonsense,
    Spoilt,
    after,
    break_off,
    halve,
    lose,
    named,
)
from trio.testing import MockClock

from polytui.model import events as ev
from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.units import MICRO, NS_PER_S, Price, Usd
from polytui.sim.exchange.rules import ExchangeRules
from polytui.sim.exchange.venue_order import OrderStatus

# Minutes in all: each brings a whole session through several faults.
pytestmark = [pytest.mark.trio, pytest.mark.long]
Fault = Callable[[LiveEngine], Awaitable[None]]
Opened = Callable[..., AbstractAsyncContextManager[LiveEngine]]


@pytest.fixture
def session(autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Opened:
    """One that has traded and has orders at the venue."""

    @asynccontextmanager
    async def opened(**venue: Any) -> AsyncIterator[LiveEngine]:
        there = venue_of(8.0, **venue)
        async with open_live_venue(monkeypatch, there):
            async with open_live_engine(there, tmp_path / "s") as engine:
                yield engine
            engine.check()
            await trio.sleep(20)
            engine.check()

    return opened


async def meet(engine: LiveEngine, *faults: Fault) -> None:
    """Each begins with orders at work, and ends with everybody agreed."""
    there = engine.there
    for fault in faults:
        await engine.rearm()
        await engine.trade(2)
        await engine.has_working()
        await fault(engine)
        there.spoil = there.after = None
        await engine.until(lambda: engine.is_healthy)
        await engine.trade(1)
        await engine.rest()
        engine.check()


def heard(engine: LiveEngine, kind: type) -> int:
    """How many of these the mind was told so far."""
    return engine.told.counts[kind.__name__]


# --- answers --------------------------------------------------------------------------------------


async def lost_answers(engine: LiveEngine) -> None:
    before = heard(engine, ev.Unanswered)
    lost = engine.there.after = Spoilt(lose, *POSTS, most=5)
    await engine.until(lambda: not lost.left)
    await engine.until(lambda: heard(engine, ev.Unanswered) >= before + 5)


async def answers_after_ten_seconds(engine: LiveEngine) -> None:
    """The order is at the book at once."""
    before = heard(engine, ev.Unanswered)
    late = engine.there.after = Spoilt(after(10.0), *POSTS, most=4)
    await engine.until(lambda: not late.left)
    await engine.until(lambda: heard(engine, ev.Unanswered) > before)
    await trio.sleep(12)


async def orders_after_ten_seconds(engine: LiveEngine) -> None:
    """The order is at the book only then: looks found nothing before."""
    before = heard(engine, ev.NotFound)
    engine.there.office.desk.troubles.begin("delay", 3, 1e9, 17_000)
    await engine.until(lambda: heard(engine, ev.NotFound) >= before + 2)
    await trio.sleep(20)


async def answers_that_are_cut(engine: LiveEngine) -> None:
    for spoil in (break_off, halve):
        cut = engine.there.after = Spoilt(spoil, *POSTS, *CANCELS, most=5)
        await engine.until(lambda: not cut.left)  # noqa: B023


async def an_order_that_was_taken_is_sent_again(engine: LiveEngine) -> None:
    """The venue says that its engine restarts, and has it all the same; so the same order again is
    a duplicate."""
    asked = set[bytes]()

    async def restarting_once(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.content in asked:
            return response
        asked.add(request.content)
        words = b'{"error": "the matching engine is restarting, please retry"}'
        return httpx.Response(425, content=words)

    engine.there.after = Spoilt(restarting_once, *POSTS)
    await engine.until(lambda: engine.there.refusals["Duplicated"] > 0)


async def a_batch_that_is_half_refused(engine: LiveEngine) -> None:
    """Most of the money leaves the wallet, and comes back: so the venue takes one order of several
    and refuses the next."""
    there = engine.there
    said, holdings = there.refusals, there.exchange.holdings
    taken = holdings.usd(there.funder) - 9 * MICRO
    holdings.transfer_usd(there.funder, "0xelsewhere", Usd(taken))
    try:
        await engine.until(lambda: said["half a batch"] > 0)
    finally:
        holdings.transfer_usd("0xelsewhere", there.funder, Usd(taken))


async def test_answers_that_are_lost_late_cut_or_wrong(session: Opened) -> None:
    async with session() as engine:
        await meet(
            engine,
            lost_answers,
            answers_after_ten_seconds,
            orders_after_ten_seconds,
            answers_that_are_cut,
            an_order_that_was_taken_is_sent_again,
            a_batch_that_is_half_refused,
        )


async def cancels_inside_holds(engine: LiveEngine) -> None:
    """Nobody finds an order there: it is cancelled all the same, once its hold is over."""
    there, held = engine.there, OrderStatus.DELAYED
    await engine.until(lambda: any(one.status is held for one in there.working()))
    await engine.rest()
    await engine.rearm()


async def test_a_venue_that_tells_of_every_hold(session: Opened) -> None:
    """Takers are answered `delayed`, and those that rest after it `unmatched`."""
    rules = ExchangeRules(is_delay_told=True, is_unmatched_told=True)
    async with session(rules=rules) as engine:
        await meet(engine, cancels_inside_holds, lost_answers)


# --- the user channel -----------------------------------------------------------------------------


async def _bent(kind: str, engine: LiveEngine) -> None:
    """So many seconds in which whatever the user channel says is bent."""
    engine.there.connections.begin(kind, "user", 12.0, 0)
    before = engine.trades
    await trio.sleep(12.5)
    assert engine.trades > before, "something was there to be bent"


async def a_channel_that_only_answers_pings(engine: LiveEngine) -> None:
    """Found out by what the venue's other answers know."""
    engine.there.connections.mute("user", 20.0)
    await trio.sleep(1.1)  # a trade's time is told in whole seconds
    await engine.trade(2)
    engine.execution.reconcile.ask()
    await engine.until(lambda: not engine.is_healthy)
    assert any("has not told of" in text for text in engine.texts())
    await trio.sleep(20)


async def fills_before_their_answers(engine: LiveEngine) -> None:
    there, books, early = engine.there, engine.execution.books, list[str]()

    async def late(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        await trio.sleep(1.5)
        told = json.loads(response.content)
        for one in told if isinstance(told, list) else [told]:
            ours = books.names.ours(one.get("orderID", ""))
            if ours and books.found(ours).filled:
                early.append(ours)
        return response

    there.after = Spoilt(late, *POSTS)
    await engine.until(lambda: len(early) >= 2)


@pytest.mark.long
async def test_events_that_come_twice_late_reordered_never_or_too_early(session: Opened) -> None:
    bent = [partial(_bent, kind) for kind in ("duplicates", "reorder", "burst", "gap", "truncate")]
    async with session() as engine:
        await meet(engine, *bent, fills_before_their_answers, a_channel_that_only_answers_pings)


# --- the venue ------------------------------------------------------------------------------------


async def trades_that_fail_after_their_match(engine: LiveEngine) -> None:
    before = heard(engine, ev.Reversed)
    engine.there.exchange.fail_next(3)
    await engine.until(lambda: heard(engine, ev.Reversed) >= before + 3)


async def trades_that_need_another_try(engine: LiveEngine) -> None:
    engine.there.exchange.retry_next(3)
    await engine.trade(4)
    await engine.until(lambda: not engine.execution.books.trades.on_the_way())
    assert any("tried again" in text for text in engine.texts())


async def an_engine_that_restarts_with_orders_at_work(engine: LiveEngine) -> None:
    there, before = engine.there, heard(engine, ev.Deferred)
    assert len(there.working()) >= 2
    there.exchange.modes.restart(there.world.now_ns, 4 * NS_PER_S, 15 * NS_PER_S)
    await engine.until(lambda: heard(engine, ev.Deferred) > before)
    await engine.until(lambda: any(one.feed == "venue" for one in engine.told.downs))
    await trio.sleep(20)


async def heartbeats_that_do_not_arrive(engine: LiveEngine) -> None:
    there, lost = engine.there, Counter[str]()

    async def away(request: httpx.Request) -> httpx.Response | None:
        if request.url.path.endswith("/heartbeats"):
            lost["beats"] += 1
            raise httpx.ConnectError("the network is away", request=request)
        return None

    there.spoil = away
    await engine.until(lambda: any(one.feed == "heartbeat" for one in engine.told.downs))
    await engine.until(lambda: not there.working())
    before = len(there.exchange.orders_of(there.funder))
    await trio.sleep(10)
    assert lost["beats"] > 3
    assert before == 0 == len(there.working()), "nobody enters meanwhile"


async def a_venue_that_thinks_that_nobody_beats(engine: LiveEngine) -> None:
    """And takes back everything unasked."""
    there, before = engine.there, heard(engine, ev.Cancelled)
    there.exchange.expire_heartbeat(there.key)
    await engine.until(lambda: heard(engine, ev.Cancelled) >= before + 2)


async def a_tick_that_changes_between_signing_and_posting(engine: LiveEngine) -> None:
    """Until it meets an order whose price the new grid does not have."""
    there, met, slug = engine.there, list[str](), engine.slug

    async def change(request: httpx.Request) -> httpx.Response | None:
        if named(request) in POSTS and not met:
            met.append(named(request))
            there.exchange.set_tick(slug, Price(100_000))
        return None

    there.spoil, tries = change, 0
    while not there.refusals["tick"] and tries < 20:
        met.clear()
        await engine.until(lambda: bool(met))
        await trio.sleep(2)  # for its answer
        there.exchange.set_tick(slug, Price(10_000))
        await trio.sleep(2)  # for the engine to hear of it
        tries += 1
    there.spoil = None
    assert there.refusals["tick"], engine.story()


async def test_a_venue_in_trouble(session: Opened) -> None:
    async with session() as engine:
        await meet(
            engine,
            trades_that_fail_after_their_match,
            trades_that_need_another_try,
            an_engine_that_restarts_with_orders_at_work,
            heartbeats_that_do_not_arrive,
            a_venue_that_thinks_that_nobody_beats,
            a_tick_that_changes_between_signing_and_posting,
        )


async def cancels_that_race_fills(engine: LiveEngine) -> None:
    """Whatever is about to be cancelled is met just before."""
    there, refused, raced = engine.there, heard(engine, ev.CancelRefused), set[str]()

    async def race(request: httpx.Request) -> httpx.Response | None:
        if named(request) in ("DELETE /order", "DELETE /orders"):
            told = json.loads(request.content)
            for venue_id in told if isinstance(told, list) else [told["orderID"]]:
                if there.meet(venue_id):
                    raced.add(venue_id)
        return None

    there.spoil = race
    await engine.until(lambda: len(raced) >= 4)
    await engine.until(lambda: heard(engine, ev.CancelRefused) > refused)
    names = engine.execution.books.names
    await engine.until(
        lambda: sum(engine.execution.books.found(names.ours(one)).filled > 0 for one in raced) >= 4
    )


async def test_a_cancel_that_races_a_fill(session: Opened) -> None:
    async with session(rules=ExchangeRules(hold_intervals=frozenset())) as engine:
        await meet(engine, cancels_that_race_fills)


# --- nonsense -------------------------------------------------------------------------------------

READS = (
    "GET /data/orders",
    "GET /data/trades",
    "GET /balance-allowance",
    "GET /balance-allowance/update",
)


async def _nonsense(paths: tuple[str, ...], engine: LiveEngine) -> None:
    """Every kind of it, from each of some addresses."""
    for path in paths:
        spoilt = engine.there.after = Spoilt(Nonsense(), path)
        while spoilt.hits[path] < len(NONSENSE):
            await _ask(engine, path)


async def _ask(engine: LiveEngine, path: str) -> None:
    """Something that an account asks by itself, sooner than it would."""
    execution, client = engine.execution, engine.runs[0].client
    foreign = (Retry, Rejected, Unknown)
    with suppress(*foreign):
        if path == "DELETE /cancel-market-orders":
            await client.cancel_all()
        elif path == "DELETE /cancel-all":
            await execution.account.cancel_all()
        elif path == "GET /data/order/":
            await execution.reconcile.look("0x" + "ab" * 32)
        elif path == "GET /balance-allowance/update":
            await execution.account.refresh_collateral()
        elif path in READS:
            await execution.reconcile.once()
    await trio.sleep(0.2)


@pytest.mark.long
async def test_nonsense_from_any_endpoint(session: Opened) -> None:
    told = (POSTS, CANCELS[:2], CANCELS[2:], READS, ("GET /data/order/", "POST /v1/heartbeats"))
    async with session() as engine:
        await meet(engine, *(partial(_nonsense, paths) for paths in told))

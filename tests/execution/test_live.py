"""The whole live account against the whole private side of the simulated venue."""

from __future__ import annotations

import json
from traceback import format_exception

import attrs
import httpx
import pytest
import trio
from desk_venue import DeskVenue
from live_bench import live_bench, live_desk
from trio.testing import MockClock

from polytui.execution.client import Carried
from polytui.model import events as ev
from polytui.model.errors import Blocked, Fatal
from polytui.model.instrument import Asset, Interval
from polytui.model.orders import Side, TimeInForce
from polytui.model.units import MICRO, NS_PER_S, Usd
from polytui.sim.exchange.rules import ExchangeRules
from polytui.venues.polymarket.user_channel import UserEvent

pytestmark = pytest.mark.trio


async def test_an_order_rests_fills_and_is_cancelled(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_bench(monkeypatch) as bench:
        bench.venue.sell_shown(0.50, 6)
        async with live_desk(bench) as desk:
            takes = bench.an_order(price=0.50, shares=10)
            desk.place(takes)
            await trio.sleep(1)
            assert bench.kinds_of(takes.order_id) == ["Accepted", "Filled"]
            (filled,) = bench.heard(ev.Filled)
            assert filled.shares == 6 * MICRO
            assert [one.order_id for one in bench.working()] == [
                desk.execution.books.names.venue(takes.order_id)
            ]
            desk.cancel(takes)
            await trio.sleep(1)
            assert bench.kinds_of(takes.order_id)[-1] == "Cancelled"
            assert bench.working() == []
            assert not desk.client.has_working_orders
            await trio.sleep(30)
        assert desk.execution.money().cash == bench.dollars()
        assert desk.execution.money().traded == bench.dollars() - 1_000 * MICRO < 0


async def test_the_first_order_finds_a_connection_that_stands(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_bench(monkeypatch) as bench, live_desk(bench) as desk:
        assert "GET /time" in bench.requests
        desk.place(bench.an_order())
        await trio.sleep(1)
        assert bench.requests.index("GET /time") < bench.requests.index("POST /order")


async def test_a_batch_is_one_request_and_so_are_its_cancels(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_bench(monkeypatch) as bench, live_desk(bench) as desk:
        orders = [bench.an_order(price=0.40 + cent / 100) for cent in range(4)]
        desk.place(*orders)
        await trio.sleep(1)
        assert (bench.asked("POST /orders"), bench.asked("POST /order")) == (1, 0)
        assert len(bench.working()) == 4
        desk.cancel(*orders)
        await trio.sleep(1)
        assert (bench.asked("DELETE /orders"), bench.asked("DELETE /order")) == (1, 0)
        assert [bench.kinds_of(one.order_id)[-1] for one in orders] == ["Cancelled"] * 4


async def test_inside_the_hold_of_takers_a_cancel_is_asked_again_after_it(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = ExchangeRules(hold_intervals=frozenset(Interval))
    async with live_bench(monkeypatch, DeskVenue(rules=rules)) as bench:
        bench.venue.sell_shown(0.50, 6)
        async with live_desk(bench) as desk:
            takes = bench.an_order(price=0.50, shares=10)
            desk.place(takes)
            await trio.sleep(0.05)
            desk.cancel(takes)
            await trio.sleep(2)
            kinds = bench.kinds_of(takes.order_id)
            assert "CancelRefused" not in kinds
            assert "Cancelled" in kinds
            assert bench.asked("DELETE /order") == 2
            assert bench.working() == []


async def test_a_part_of_an_order_that_may_not_rest_ends_it_though_nobody_says_so(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_bench(monkeypatch, DeskVenue(rules=ExchangeRules(is_rest_told=False))) as bench:
        bench.venue.sell_shown(0.50, 6)
        async with live_desk(bench) as desk:
            takes = bench.an_order(price=0.50, shares=10, tif=TimeInForce.FAK)
            desk.place(takes)
            await trio.sleep(1)
            assert bench.kinds_of(takes.order_id) == ["Accepted", "Filled", "Cancelled"]
            assert not desk.client.has_working_orders


async def test_what_just_was_bought_is_not_there_to_be_sold(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A match is no share yet: the venue would refuse it, so nobody asks."""
    async with live_bench(monkeypatch) as bench:
        bench.venue.sell_shown(0.50, 20)
        async with live_desk(bench) as desk:
            desk.place(bench.an_order(price=0.50, shares=10, tif=TimeInForce.FAK))
            await trio.sleep(1)
            early = bench.an_order(Side.SELL, 0.60, 10)
            desk.place(early)
            await trio.sleep(15)
            late = bench.an_order(Side.SELL, 0.60, 10)
            desk.place(late)
            await trio.sleep(1)
            (refused,) = bench.heard(ev.Refused)
            assert refused.order_id == early.order_id
            assert refused.detail == "not sent: sells 10 shares, 0 are free"
            assert bench.kinds_of(late.order_id) == ["Accepted"]


# --- a session's way in and out -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        (None, []),
        ("5", ["5.00 shares matched, its trades have 6.00"]),
        ("nonsense", []),
    ],
)
async def test_an_answer_that_names_another_size_than_its_trades_is_told(
    autojump_clock: MockClock,
    monkeypatch: pytest.MonkeyPatch,
    answered: str | None,
    said: list[str],
) -> None:
    """The trades count all the same."""
    async with live_bench(monkeypatch) as bench:
        bench.venue.sell_shown(0.50, 6)

        async def bend(request: httpx.Request) -> httpx.Response | None:
            if answered is None or not request.url.path.endswith("/order"):
                return None
            response = await bench._inner.handle_async_request(request)
            document = json.loads(await response.aread())
            assert document["status"] == "matched"
            return httpx.Response(200, json={**document, "takingAmount": answered})

        bench.spoil = bend
        async with live_desk(bench) as desk:
            desk.place(bench.an_order(price=0.50, shares=6, tif=TimeInForce.FAK))
            await trio.sleep(20)
            told = [one for one in bench.said if "the answer to an order said" in one]
            assert len(told) == len(said)
            assert all(words in one for words, one in zip(said, told, strict=True))
            assert sum(one.shares for one in bench.heard(ev.Filled)) == 6_000_000


async def test_a_no_at_the_door_begins_nothing_and_pulls_no_switch(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill switch stands until a person re-arms it, and there was nothing to stop."""

    async def forbidden(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith("/closed-only"):
            return None
        return httpx.Response(403, json={"error": "Trading restricted in your region"})

    async with live_bench(monkeypatch) as bench:
        bench.spoil = forbidden
        with pytest.RaisesGroup(Blocked, flatten_subgroups=True, allow_unwrapped=True):
            async with live_desk(bench):
                raise AssertionError("nobody is let in")
        assert bench.killed == []


async def test_nothing_is_left_at_the_venue_however_the_block_ends(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_bench(monkeypatch) as bench:
        with pytest.RaisesGroup(ZeroDivisionError, flatten_subgroups=True):
            async with live_desk(bench) as desk:
                desk.place(bench.an_order())
                await trio.sleep(1)
                # one whose POST is on its way as everything falls
                desk.place(bench.an_order(price=0.44))
                await trio.lowlevel.checkpoint()
                assert len(bench.working()) == 1
                raise ZeroDivisionError
        assert bench.working() == []
        assert bench.asked("POST /order") == 2


async def test_an_order_that_is_slow_to_arrive_is_waited_for_on_the_way_out(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_bench(monkeypatch) as bench:

        async def slow(request: httpx.Request) -> None:
            if request.url.path.endswith("/order"):
                await trio.sleep(2)

        async with live_desk(bench) as desk:
            bench.spoil = slow
            desk.place(bench.an_order())
            await trio.sleep(0.1)
        await trio.sleep(3)
        assert bench.asked("POST /order") == 1
        assert bench.working() == []


async def test_cancelled_from_outside_it_still_cancels(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_bench(monkeypatch) as bench:
        with trio.move_on_after(5):
            async with live_desk(bench) as desk:
                desk.place(bench.an_order())
                await trio.sleep_forever()
        assert bench.working() == []
        assert "POST /v1/heartbeats" in bench.requests


async def test_a_venue_that_does_not_confirm_is_said_and_the_silence_takes_the_rest(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_bench(monkeypatch) as bench:
        async with live_desk(bench, bench.needs(live={"close_s": 3.0})) as desk:
            desk.place(bench.an_order())
            await trio.sleep(6)
            bench.is_away = True
        assert len(bench.working()) == 1
        assert any("orders may still work" in text for text in bench.said)
        await trio.sleep(16)
        assert bench.working() == []


async def test_the_heart_stops_last(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cancel that takes long, on the way out: meanwhile it beats."""
    async with live_bench(monkeypatch) as bench:

        async def slow(request: httpx.Request) -> None:
            if request.url.path.endswith("/cancel-all"):
                await trio.sleep(7)

        async with live_desk(bench) as desk:
            desk.place(bench.an_order())
            await trio.sleep(1)
            bench.spoil = slow
            bench.requests.clear()
        first = bench.requests.index("DELETE /cancel-all")
        assert "POST /v1/heartbeats" in bench.requests[first + 1 :]
        assert bench.working() == []


async def test_nobody_unarmed_sends_anything(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_bench(monkeypatch) as bench:
        needs = attrs.evolve(bench.needs(), armed=None)
        with pytest.raises(Fatal, match="not armed"):
            async with live_desk(bench, needs):
                pass
        assert bench.requests == []


@pytest.mark.parametrize("state", ["blocked", "unreadable"])
async def test_a_place_that_may_not_trade_is_the_end_of_it(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    async with live_bench(monkeypatch) as bench:
        bench.venue.geoblock.turn(state, "XX")
        with pytest.raises(Blocked):
            async with live_desk(bench):
                pass
        # nothing was signed for it, not even for a key
        assert {one for one in bench.requests if not one.endswith("geoblock")} == set()


async def test_orders_that_nobody_here_knows_are_not_kept_alive(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process died moments ago, and its journal is not this session's."""
    async with live_bench(monkeypatch) as bench:
        async with live_desk(bench, bench.needs(live={"close_s": 1.0})) as desk:
            desk.place(bench.an_order())
            await trio.sleep(1)
            bench.is_away = True
        bench.is_away = False
        assert len(bench.working()) == 1
        bench.requests.clear()
        async with live_desk(bench):
            assert bench.working() == []
            assert bench.requests.index("DELETE /cancel-all") < bench.requests.index(
                "POST /v1/heartbeats"
            )
        assert any("1 orders of this API key worked" in text for text in bench.said)


async def test_what_is_only_told_sooner_by_a_reconcile_differs_in_nothing(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ramp loses no round to it. What the channel never tells is a difference."""
    async with live_bench(monkeypatch) as bench, live_desk(bench) as desk:
        await trio.sleep(2)
        reconcile, watch = desk.execution.reconcile, desk.execution._watch
        hear, held = desk.execution.hear, list[UserEvent]()
        watch.take = held.append  # the channel's frames come a little later than the answers
        bench.venue.sell_shown(0.50, 6)
        desk.place(bench.an_order(price=0.50, shares=10))
        await trio.sleep(0.5)
        assert await reconcile.once() > 0
        assert bench.heard(ev.Filled)
        assert [one.differences for one in bench.heard(ev.Reconciled)] == [0] * reconcile.done
        for event in held:
            hear(event)
        watch.take = hear
        watch.expect("0xnever", bench.clock.now_ns())
        assert watch.is_waited_for
        await trio.sleep(90)
        assert sum(one.differences for one in bench.heard(ev.Reconciled)) == 1


async def test_a_venue_whose_balances_are_behind_its_own_trades_moves_no_money(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_bench(monkeypatch) as bench, live_desk(bench) as desk:
        await trio.sleep(2)
        bench.venue.desk.seen.is_behind = True
        bench.venue.sell_shown(0.50, 6)
        desk.place(bench.an_order(price=0.50, shares=6))
        await trio.sleep(240)
        assert bench.heard(ev.Filled)
        assert bench.heard(ev.CashMoved) == []
        assert desk.execution.reconcile.balances.is_in_doubt
        bench.venue.desk.seen.is_behind = False
        await trio.sleep(70)
        assert bench.heard(ev.CashMoved) == []
        assert desk.execution.reconcile.balances.is_conclusive
        assert desk.execution.money().cash == bench.dollars()


@pytest.mark.parametrize("lasts_s", [20.0, 600.0])
async def test_a_venue_that_hiccups_at_the_start_is_waited_for(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, lasts_s: float
) -> None:
    async with live_bench(monkeypatch) as bench:
        began = trio.current_time()

        async def hiccup(request: httpx.Request) -> httpx.Response | None:
            is_over = trio.current_time() >= began + lasts_s
            if is_over or not request.url.path.endswith("/data/trades"):
                return None
            return httpx.Response(503, text="away")

        bench.spoil = hiccup
        if lasts_s < 60:
            async with live_desk(bench) as desk:
                await trio.sleep(1)
                assert desk.execution.money().cash == 1_000 * MICRO
        else:
            with pytest.raises(ExceptionGroup) as ended:
                async with live_desk(bench):
                    raise AssertionError("it began")
            faults = ended.value.subgroup(Fatal)
            assert faults is not None
            assert ended.value.split(Fatal)[1] is None  # nothing but words
            assert "gave no good answer for 60 s" in "".join(format_exception(faults))


# --- trouble --------------------------------------------------------------------------------------


async def test_an_answer_that_is_lost_is_found_by_its_name(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_bench(monkeypatch) as bench, live_desk(bench) as desk:

        async def lose(request: httpx.Request) -> None:
            if request.method == "POST" and request.url.path.endswith("/order"):
                bench.after = None
                raise httpx.ReadError("the line was cut", request=request)

        bench.after = lose
        order = bench.an_order()
        desk.place(order)
        await trio.sleep(1)
        kinds = bench.kinds_of(order.order_id)
        assert sorted(kinds) == ["Accepted", "Unanswered"]
        desk.look(order)
        await trio.sleep(1)
        (found,) = bench.heard(ev.OrderFound)
        assert found.found.order == order


async def test_an_engine_that_restarts_takes_the_same_order_later(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_bench(monkeypatch) as bench, live_desk(bench) as desk:
        modes, now_ns = bench.venue.exchange.modes, bench.venue.world.now_ns
        modes.restart(now_ns, 3_000_000_000, 20_000_000_000)
        rests = bench.an_order(is_post_only=True)
        desk.place(rests)
        await trio.sleep(8)
        assert bench.kinds_of(rests.order_id)[-1] == "Accepted"
        takes = bench.an_order(price=0.44)
        desk.place(takes)
        await trio.sleep(3)
        (down,) = [one for one in bench.heard(ev.FeedDown) if one.feed == "venue"]
        assert down.may_rest
        await trio.sleep(40)
        assert bench.kinds_of(takes.order_id)[-1] == "Refused"
        assert isinstance(bench.heard(ev.FeedUp, ev.FeedDown)[-1], ev.FeedUp)


async def test_a_heartbeat_that_is_lost_cancels_everything_and_comes_back(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_bench(monkeypatch) as bench, live_desk(bench) as desk:
        order = bench.an_order()
        desk.place(order)
        await trio.sleep(1)

        async def away(request: httpx.Request) -> httpx.Response | None:
            if request.url.path.endswith("/heartbeats"):
                raise httpx.ConnectError("the network is away", request=request)
            return None

        bench.spoil = away
        await trio.sleep(16)
        assert bench.working() == []
        assert bench.kinds_of(order.order_id)[-1] == "Cancelled"
        bench.spoil = None
        await trio.sleep(5)
        feeds = [(type(one).__name__) for one in bench.heard() if _is_beat(one)]
        assert feeds == ["FeedUp", "FeedDown", "FeedUp"]


def _is_beat(one: object) -> bool:
    return getattr(one, "feed", "") == "heartbeat"


async def test_an_address_that_is_blocked_kills_the_session(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_bench(monkeypatch) as bench, live_desk(bench) as desk:
        bench.venue.geoblock.turn("blocked", "XX")
        desk.place(bench.an_order())
        await trio.sleep(1)
        assert len(bench.killed) == 1
        assert "does not let us trade" in bench.killed[0]
        assert isinstance(bench.heard(ev.Refused)[0], ev.Refused)


async def test_money_and_health_are_told_to_a_desk_that_begins_to_listen(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_bench(monkeypatch) as bench, live_desk(bench) as desk:
        await trio.sleep(2)
        assert {one.feed for one in bench.heard(ev.FeedUp)} == {"user", "heartbeat"}
        again: list[object] = []
        with trio.move_on_after(1):
            _, performed = trio.open_memory_channel(1)
            await desk.client.open(2)
            await desk.client.run(performed, again.append)
        assert {getattr(one, "feed", "") for one in again} == {"user", "heartbeat"}


@pytest.mark.parametrize("what", ["GET /data/orders", "POST /v1/heartbeats", "DELETE /cancel-all"])
async def test_whatever_is_forbidden_ends_the_session_once_and_the_place_is_asked_again(
    what: str, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forbid(request: httpx.Request) -> httpx.Response | None:
        if bench.requests[-1] != what:
            return None
        return httpx.Response(403, json={"error": "Trading restricted in your region"})

    async with live_bench(monkeypatch) as bench, live_desk(bench) as desk:
        await trio.sleep(1)
        places = bench.asked("GET /api/geoblock")
        bench.venue.geoblock.turn("blocked", "XX")
        bench.spoil = forbid
        if what == "DELETE /cancel-all":
            await desk.execution.close(1)
        await trio.sleep(130)
        assert len(bench.killed) == 1
        assert "does not let us trade" in bench.killed[0]
        assert bench.asked("GET /api/geoblock") == places + 1
        assert [one for one in bench.said if "it is the place" in one] == [
            "the venue does not let us trade: it is the place: trading is not allowed from XX"
        ]
        bench.spoil = None


async def test_an_order_placed_by_hand_keeps_the_venues_name_at_the_next_start(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody here signed it: no name follows from it, and some orders have none that could."""
    async with live_bench(monkeypatch) as bench:
        listed, now_ns = bench.venue.round, bench.clock.now_ns()
        by_hand = [
            attrs.evolve(bench.an_order(tif=tif, shares=shares), order_id=f"0x{number * 32}")
            for number, tif, shares in (
                ("ab", TimeInForce.GTD, 10),
                ("cd", TimeInForce.GTC, 10.005),
                ("ef", TimeInForce.GTC, 10),
            )
        ]
        carried = Carried(
            Usd(1_000 * MICRO),
            Usd(1_000 * MICRO),
            {},
            until_ns=now_ns,
            rounds={Asset.BTC: (listed,)},
            orders={Asset.BTC: tuple(by_hand)},
        )
        async with live_desk(bench, bench.needs(carried)) as desk:
            names = desk.execution.books.names
            assert [names.venue(one.order_id) for one in by_hand] == [
                one.order_id for one in by_hand
            ]


async def test_a_match_that_the_channel_does_not_tell_is_asked_for_and_so_is_an_unknown(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_bench(monkeypatch) as bench:
        bench.venue.sell_shown(0.50, 20)
        async with live_desk(bench) as desk:
            await trio.sleep(5)
            bench.connections.mute("all", 60)
            takes = bench.an_order(price=0.50, shares=10, tif=TimeInForce.FAK)
            desk.place(takes)
            await trio.sleep(1)
            assert "Filled" not in bench.kinds_of(takes.order_id)
            await trio.sleep(9)
            assert "Filled" in bench.kinds_of(takes.order_id), "long before the next minute"


async def test_what_met_in_the_first_second_of_all_is_read_and_nothing_of_before(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows have whole seconds, and a venue leaves out the one that it is asked from."""
    async with live_bench(monkeypatch) as bench:
        bench.venue.sell_shown(0.50, 6)
        async with live_desk(bench) as desk:
            reconcile = desk.execution.reconcile
            desk.execution._watch.take = list[UserEvent]().append  # the channel tells nothing
            order = bench.an_order(price=0.50, shares=10)
            desk.place(order)
            await trio.sleep(0.3)
            assert bench.clock.now_ns() // NS_PER_S == reconcile._anew_s
            await reconcile.once()
            (filled,) = bench.heard(ev.Filled)
            assert (filled.order_id, filled.shares) == (order.order_id, 6 * MICRO)
            desk.execution.books.names._ours.clear()  # as of a session before this one
            (traded,) = await reconcile.account.trades(after_s=reconcile._since_s)
            assert reconcile._was_before(traded)
            reconcile._anew_s -= 1
            assert not reconcile._was_before(traded)


async def test_an_unknown_is_reconciled_at_once(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def open_end(request: httpx.Request) -> httpx.Response | None:
        if bench.requests[-1] != "POST /order":
            return None
        return httpx.Response(500, json={"error": "could not run the execution"})

    async with live_bench(monkeypatch) as bench, live_desk(bench) as desk:
        await trio.sleep(5)
        done, bench.spoil = desk.execution.reconcile.done, open_end
        desk.place(bench.an_order())
        await trio.sleep(1)
        assert desk.execution.reconcile.done > done, (bench.requests[-6:], bench.heard()[-3:])

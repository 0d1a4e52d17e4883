"""The driver of the exchange on paper: it sleeps to what is due next, and nothing waits for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import trio
from test_paper_simulator import BUY, NEAR, SELL, START_NS, UP, Table
from trio.testing import MockClock

from polytui.config.schema import PaperSettings, Settings
from polytui.execution.client import AccountNeeds, CanRefuse, ExecutionClient, VenueMoney
from polytui.execution.paper import PaperSimulator
from polytui.execution.paper_account import PaperAccount
from polytui.execution.paper_client import PaperClient, PaperExecution, open_paper
from polytui.model import events as ev
from polytui.model.effects import Cancel, Effect, LookUp, Place, Stamp
from polytui.model.instrument import Asset
from polytui.model.orders import Order
from polytui.model.units import MICRO, NS_PER_S, Usd

pytestmark = pytest.mark.trio


class Clock:
    """Session time at twenty times the speed of Trio's virtual clock."""

    speed = 20.0

    def now_ns(self) -> int:
        return START_NS + round(trio.current_time() * self.speed * NS_PER_S)

    def real_s(self, session_ns: int) -> float:
        return session_ns / NS_PER_S / self.speed

    async def sleep_until(self, when_ns: int) -> None:
        await trio.sleep(self.real_s(when_ns - self.now_ns()))


class Bench:
    """A client over a table of orders. State: what it reported, in session seconds."""

    def __init__(self, settings: PaperSettings = NEAR) -> None:
        self.table = Table(settings=settings)
        self.client = PaperClient(Asset.BTC, self.table.simulator, Clock())
        self.effects, self.performed = trio.open_memory_channel[Effect](10)
        self.told: list[tuple[float, str, str]] = []

    def deliver(self, report: ev.Report) -> None:
        at_s = (self.client.clock.now_ns() - START_NS) / NS_PER_S
        self.told.append((round(at_s, 3), type(report).__name__, report.order_id))

    def order(self, price: float) -> Order:
        return self.table.made(BUY, price, 10)

    async def run(self, script: Callable[[Bench], None], seconds: float) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.client.run, self.performed, self.deliver)
            script(self)
            await trio.sleep(seconds / Clock.speed)
            nursery.cancel_scope.cancel()


async def test_reports_come_when_they_are_due_in_session_time(autojump_clock: MockClock) -> None:
    bench = Bench()
    order = bench.order(0.45)

    def script(bench: Bench) -> None:
        bench.effects.send_nowait(Place(order, Stamp.grant(order.quote, Usd(0))))

    await bench.run(script, 1.0)
    assert bench.told == [(0.04, "Accepted", order.order_id)]
    assert bench.client.has_working_orders
    assert await bench.client.cancel_all() == 1
    assert not bench.client.has_working_orders


async def test_a_cancel_does_not_wait_for_an_order_that_is_ten_seconds_on_its_way(
    autojump_clock: MockClock,
) -> None:
    bench = Bench(PaperSettings(order_latency_ms=0.0, answer_latency_ms=0.0, ack_delay_ms=100))
    first, second = bench.order(0.45), bench.order(0.44)
    slow = PaperSettings(order_latency_ms=10_000.0, answer_latency_ms=0.0, latency_spread=0.0)

    def script(bench: Bench) -> None:
        bench.effects.send_nowait(Place(first, Stamp.grant(first.quote, Usd(0))))

    await bench.run(script, 1.0)
    quick = bench.table.simulator.latencies
    bench.table.simulator.latencies = type(quick)(slow)

    async def later() -> None:
        bench.effects.send_nowait(Place(second, Stamp.grant(second.quote, Usd(0))))
        await trio.sleep(0.001)
        bench.table.simulator.latencies = quick
        bench.effects.send_nowait(Cancel(first.order_id))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(bench.client.run, bench.performed, bench.deliver)
        await later()
        await trio.sleep(1.0)
        nursery.cancel_scope.cancel()
    assert [(what, who) for _, what, who in bench.told] == [
        ("Accepted", first.order_id),
        ("Cancelled", first.order_id),
        ("Accepted", second.order_id),
    ]
    cancelled, taken = (at for at, what, _ in bench.told[1:])
    assert cancelled == pytest.approx(1.12, abs=0.01)
    assert taken == pytest.approx(11.1, abs=0.01)


async def test_it_is_a_client_that_can_be_told_to_refuse(autojump_clock: MockClock) -> None:
    client: ExecutionClient = Bench().client
    assert isinstance(client, CanRefuse)


async def test_clients_of_one_execution_share_a_purse(autojump_clock: MockClock) -> None:
    settings = Settings(paper=PaperSettings(starting_cash_usd=70.0))
    async with open_paper(AccountNeeds(settings, Clock())) as execution:
        one, two = execution.client(Asset.BTC), execution.client(Asset.ETH)
        assert (await one.open(1)).cash == (await two.open(1)).cash == 70 * MICRO
        assert execution.money() == VenueMoney(Usd(70 * MICRO), Usd(0), Usd(0))
        assert isinstance(execution, PaperExecution)
        execution.account.trade(-5 * MICRO)
        # what the session began with, whatever was traded since
        assert (await two.open(2)).cash == 70 * MICRO
        assert execution.money().cash == 65 * MICRO


# --- looks and openings, of the simulator itself --------------------------------------------------


def look(table: Table, order_id: str) -> list[ev.Report]:
    table.simulator.perform(LookUp(order_id), table.now_ns)
    return table.after(1)


async def test_a_look_says_what_the_venue_knows() -> None:
    table = Table()
    resting = table.resting(BUY, 0.45, 10)
    filled = [*table.print_trade(SELL, 0.45, 2), *table.print_trade(SELL, 0.44, 4)]
    (found,) = look(table, resting.order_id)
    assert isinstance(found, ev.OrderFound)
    fills = [one for one in filled if isinstance(one, ev.Filled)]
    assert found.found.filled == sum(one.shares for one in fills) == 6 * MICRO
    assert found.found.trades == tuple(one.trade_id for one in fills)
    table.cancel(resting)
    table.after(40)
    assert look(table, resting.order_id) == [ev.Cancelled(resting.order_id, "works no more")]
    table.settle(UP)
    assert look(table, resting.order_id) == [ev.NotFound(resting.order_id, table.now_ns - MS)]
    assert look(table, "stranger") == [ev.NotFound("stranger", table.now_ns - MS)]


MS = 1_000_000


async def test_an_order_on_its_way_is_answered_for_itself() -> None:
    table = Table()
    order = table.send(BUY, 0.45, 10)
    assert look(table, order.order_id) == []
    assert table.after(40) == [ev.Accepted(order.order_id)]


async def test_an_opening_says_what_works_and_what_may() -> None:
    table = Table()
    resting, arriving = table.resting(BUY, 0.45, 10), table.send(BUY, 0.44, 10)
    opening = table.simulator.opening(Asset.BTC, 1)
    (held,) = opening.held
    assert held.working == (
        ev.FoundOrder(resting),
        ev.FoundOrder(arriving, is_certain=False),
    )
    assert (held.holdings, held.cash_flow, opening.counted) == ((), 0, ())


async def test_an_opening_names_every_fill_that_it_counts() -> None:
    table = Table()
    order = table.send(BUY, 0.52, 10)
    reports = table.after(150)
    fills = [one for one in reports if isinstance(one, ev.Filled)]
    told = tuple((order.order_id, one.trade_id) for one in fills)
    assert table.simulator.opening(Asset.BTC, 2).counted == told != ()
    table.settle(UP)
    assert table.simulator.opening(Asset.BTC, 3).counted == told
    assert [(one.token_id, one.side) for one in fills] == [("up-token", BUY)]


async def test_a_simulator_needs_no_clock_and_no_task() -> None:
    assert PaperSimulator(NEAR, PaperAccount(Usd(0))).next_due_ns is None

"""How late an order is: drawn for each, the same each time, and cancels are late as well."""

from __future__ import annotations

import math
import statistics

import pytest
from attrs import evolve
from test_paper_simulator import BUY, FAK, SELL, START_NS, Table, fills

from polytui.config.schema import PaperSettings
from polytui.execution.latency import Latencies
from polytui.model import events as ev
from polytui.model.effects import CancelAll
from polytui.model.units import MICRO, NS_PER_MS

FAR = PaperSettings(order_latency_ms=100.0, answer_latency_ms=50.0, latency_spread=0.0)
DRAWN = PaperSettings(order_latency_ms=100.0, answer_latency_ms=50.0, latency_spread=0.5)
NAMES = [f"order {number}" for number in range(4_000)]


def drawn_ms(settings: PaperSettings) -> list[float]:
    latencies = Latencies(settings)
    return [latencies.there_and_back_ns(name) / NS_PER_MS for name in NAMES]


def test_a_latency_hangs_on_its_seed_and_name_alone() -> None:
    there, again = Latencies(DRAWN), Latencies(DRAWN)
    forwards = [there.there_and_back_ns(name) for name in NAMES[:50]]
    assert [again.there_and_back_ns(name) for name in reversed(NAMES[:50])] == forwards[::-1]
    assert len(set(forwards)) == 50
    other = Latencies(evolve(DRAWN, latency_seed=2))
    assert [other.there_and_back_ns(name) for name in NAMES[:50]] != forwards


def test_without_a_spread_each_is_the_median() -> None:
    assert set(drawn_ms(FAR)) == {150.0}


def test_the_median_and_the_spread_are_those_of_the_settings() -> None:
    one_way = sorted(drawn_ms(evolve(DRAWN, answer_latency_ms=0.0)))
    logs = [math.log(ms / 100.0) for ms in one_way]
    # 4,000 draws: standard errors of 0.010 and 0.006
    assert statistics.median(logs) == pytest.approx(0.0, abs=0.03)
    assert statistics.stdev(logs) == pytest.approx(0.5, abs=0.02)
    assert all(13.5 <= ms <= 739.0 for ms in one_way), "four deviations at most"


def test_a_taker_travels_is_held_and_is_heard_of() -> None:
    table = Table(settings=FAR)
    table.send(BUY, 0.52, 10)
    assert table.after(299.999) == []
    assert fills(table.after(0.001)) == [(520_000, 10 * MICRO)]


def test_whether_it_is_held_is_decided_where_it_arrives() -> None:
    table = Table(settings=FAR)
    table.send(BUY, 0.51, 10)
    table.after(100)
    table.show([(0.50, 100)], [(0.51, 100)])
    table.after(89)
    assert table.after(110) == []
    assert fills(table.after(1)) == [(510_000, 10 * MICRO)]


def test_an_order_meets_what_is_displayed_when_it_gets_there() -> None:
    table = Table(settings=FAR)
    table.send(BUY, 0.52, 10, tif=FAK)
    table.show([(0.53, 100)], [(0.55, 100)])
    (refused,) = table.after(190)
    assert isinstance(refused, ev.Refused)


def test_a_cancel_loses_against_what_trades_before_it_gets_there() -> None:
    table = Table(settings=FAR)
    order = table.send(BUY, 0.50, 10)
    assert table.after(190) == [ev.Accepted(order.order_id)]
    table.cancel(order)
    table.after(189)
    assert fills(table.print_trade(SELL, 0.50, 104)) == [(500_000, 4 * MICRO)]
    assert table.after(1) == [ev.Cancelled(order.order_id, "by request")]


def test_a_cancel_does_not_overtake_its_order() -> None:
    """Whatever is drawn for the two."""
    for seed in range(30):
        table = Table(settings=evolve(DRAWN, latency_spread=2.0, latency_seed=seed))
        order = table.send(BUY, 0.45, 10)
        table.cancel(order)
        assert table.after(1_000_000) == [
            ev.Accepted(order.order_id),
            ev.Cancelled(order.order_id, "by request"),
        ]


def test_one_cancel_of_all_arrives_at_once() -> None:
    table = Table(settings=DRAWN)
    for price in (0.41, 0.42, 0.43):
        table.send(BUY, price, 10)
    table.after(5_000)
    table.simulator.perform(CancelAll("kill switch"), table.now_ns)
    due_ns = table.simulator.next_due_ns
    assert due_ns is not None
    assert due_ns > START_NS + 5_000 * NS_PER_MS
    assert len(table.simulator.advance(due_ns)) == 3


def test_orders_of_one_moment_arrive_at_moments_of_their_own() -> None:
    table = Table(settings=DRAWN)
    for price in (0.41, 0.42, 0.43):
        table.send(BUY, price, 10)
    moments = []
    while (due_ns := table.simulator.next_due_ns) is not None:
        moments += [due_ns for _ in table.simulator.advance(due_ns)]
    assert len(set(moments)) == 3

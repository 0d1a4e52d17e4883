"""GTD on paper: the venue takes it away at its moment, and takes none that would live too short."""

from __future__ import annotations

from attrs import evolve
from test_paper_simulator import BUY, Table, micro

from polytui.model import events as ev
from polytui.model.effects import Place, Stamp
from polytui.model.orders import LEAST_LIFE_NS, Order, TimeInForce
from polytui.model.units import NS_PER_S, Usd

LIFE_S = 150


def sent(table: Table, price: float, life_ns: int) -> Order:
    order = table.made(BUY, price, 10.0, tif=TimeInForce.GTD)
    order = evolve(order, expires_ns=table.now_ns + life_ns)
    table.simulator.perform(Place(order, Stamp.grant(order.quote, Usd(0))), table.now_ns)
    return order


def reports(table: Table, seconds: float) -> list[ev.Report]:
    table.now_ns += round(seconds * NS_PER_S)
    return table.simulator.advance(table.now_ns)


def test_it_rests_until_its_moment_and_is_gone_at_it() -> None:
    table = Table()
    order = sent(table, 0.45, LIFE_S * NS_PER_S)
    assert reports(table, 1.0) == [ev.Accepted(order.order_id)]
    assert reports(table, LIFE_S - 1.001) == []
    assert table.simulator.has_working_orders
    assert table.simulator.next_due_ns == order.expires_ns
    assert reports(table, 0.001) == [ev.Cancelled(order.order_id, "expired")]
    assert not table.simulator.has_working_orders
    assert table.account.free == micro(1_000)


def test_what_was_filled_before_it_is_filled_and_only_the_rest_goes() -> None:
    table = Table()
    order = sent(table, 0.52, LIFE_S * NS_PER_S)
    told = reports(table, 5.0)
    assert [type(one) for one in told] == [ev.Accepted, ev.Filled]
    assert reports(table, LIFE_S) == [], "nothing was left of it"
    assert order.order_id


def test_one_that_was_cancelled_does_not_expire_as_well() -> None:
    table = Table()
    order = sent(table, 0.45, LIFE_S * NS_PER_S)
    reports(table, 1.0)
    table.cancel(order)
    (gone,) = reports(table, 1.0)
    assert gone == ev.Cancelled(order.order_id, "by request")
    assert reports(table, LIFE_S) == []


def test_one_that_would_be_gone_too_soon_is_refused() -> None:
    for missing_ns, is_taken in ((1, False), (-NS_PER_S, True)):
        table = Table()
        order = sent(table, 0.45, LEAST_LIFE_NS - missing_ns)
        (told,) = reports(table, 1.0)
        assert isinstance(told, ev.Accepted if is_taken else ev.Refused), told
        assert order.order_id == told.order_id
        if isinstance(told, ev.Refused):
            assert told.detail == "invalid expiration"

"""The way of each order, told once."""

from __future__ import annotations

import pytest

from polytui.model.events import (
    Accepted,
    Cancelled,
    Event,
    ExchangeQuoted,
    Filled,
    Refused,
    Ticked,
    Unanswered,
)
from polytui.model.instrument import Asset, Outcome
from polytui.model.latency import OrderLatency
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import NS_PER_MS, Price, Shares, Usd
from polytui.runtime import order_times
from polytui.runtime.inbox import Item
from polytui.runtime.order_times import Batch, OrderTimes

US, MS = 1_000, NS_PER_MS
QUOTE = ExchangeQuoted(Asset.BTC, "binance", 1, 1, 2, 1, 1_000 * MS, 1_012 * MS)


def order(order_id: str = "o") -> Order:
    return Order(
        order_id, "round", "token", Outcome.UP, Side.BUY, Price(500_000), Shares(5_000_000),
        TimeInForce.GTC, False, "confluence", 77,
    )  # fmt: skip


def latency(*, ready: int = 160 * US, read: int = 100 * US) -> OrderLatency:
    items = [Item(Ticked(1)), Item(QUOTE, read), Item(QUOTE, read + 5)]
    batch = Batch(items, 130 * US, ready, 260 * US, 271 * US)
    return batch.latency_of(order(), "btc", {"binance": 3_000, "pm": 4_000}, 2.0)


def filled(order_id: str = "o", *, is_taker: bool = True) -> Filled:
    return Filled(order_id, "t", Price(500_000), Shares(1_000_000), Usd(0), is_taker)


def told(*heard: tuple[Event, int]) -> list[OrderLatency]:
    """Reports at microseconds after the order was sent."""
    times, sent = OrderTimes(), 1_000 * US
    assert times.sent(latency(), sent) is None
    lines = [times.heard(event, sent + after_us * US) for event, after_us in heard]
    return [line for line in lines if line is not None]


def test_stages_up_to_sending_are_known_when_it_is_sent() -> None:
    made = latency()
    assert (made.decode_us, made.feature_us, made.decision_us, made.send_us) == (30, 30, 100, 11)
    assert (made.source, made.receive_us) == ("binance", 6_000), "12 ms of a session twice as fast"
    assert (made.binance_recv_us, made.pm_recv_us) == (3_000, 4_000)
    assert (made.at_ns, made.slug, made.strategy, made.ended) == (77, "round", "confluence", "")


def test_an_order_of_no_frame_waited_for_none() -> None:
    batch = Batch([Item(Ticked(1))], 130 * US, 160 * US, 260 * US, 271 * US)
    made = batch.latency_of(order(), "btc", {}, 1.0)
    assert (made.source, made.receive_us, made.decode_us) == ("", None, 0)
    assert (made.binance_recv_us, made.market_to_signal_ms) == (None, 0.13)


def test_a_fill_ends_it_and_later_ones_say_nothing() -> None:
    (line,) = told((Accepted("o"), 50), (filled(), 90), (filled(), 95), (Cancelled("o", ""), 99))
    assert (line.ack_us, line.fill_us, line.ended, line.is_taker) == (50, 90, "filled", True)


def test_a_fill_that_is_quicker_than_the_answer_is_the_answer() -> None:
    (line,) = told((filled(is_taker=False), 40), (Accepted("o"), 50))
    assert (line.ack_us, line.fill_us, line.is_taker) == (40, 40, False)


@pytest.mark.parametrize(
    ("end", "ended"), [(Refused("o", "no"), "refused"), (Cancelled("o", "gone"), "cancelled")]
)
def test_an_order_that_was_never_filled_ends_as_it_did(end: Event, ended: str) -> None:
    (line,) = told((end, 60))
    assert (line.ack_us, line.fill_us, line.ended) == (60, None, ended)
    (later,) = told((Accepted("o"), 20), (end, 60))
    assert (later.ack_us, later.ended) == (20, ended), "the first answer was the acknowledgement"


def test_a_timeout_is_no_answer() -> None:
    assert told((Unanswered("o", "timeout"), 10)) == []
    (line,) = told((Unanswered("o", "timeout"), 10), (filled(), 90))
    assert line.ack_us == 90


def test_orders_of_others_are_nobodys() -> None:
    assert told((Accepted("x"), 1), (filled("x"), 2)) == []


def test_what_nobody_hears_of_any_more_is_told_as_far_as_it_came() -> None:
    times = OrderTimes()
    times.sent(latency(), 0)
    times.heard(Accepted("o"), 50 * US)
    (line,) = times.forget()
    assert (line.ack_us, line.ended) == (50, "unknown")
    assert times.forget() == []


def test_those_that_are_waited_for_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_times, "MOST_WAITING", 2)
    times = OrderTimes()
    batch = Batch([], 0, 0, 0, 0)
    gone = [times.sent(batch.latency_of(order(str(n)), "btc", {}, 1.0), 0) for n in range(3)]
    assert [line and line.order_id for line in gone] == [None, None, "0"]

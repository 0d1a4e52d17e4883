"""What is counted and cannot be used yet: told before what brings it, and after what ends it."""

from __future__ import annotations

from live_tellings import LISTED, a_round, an_order, books_with, part, trade

from polytui.execution.free_money import FreeMoney
from polytui.execution.live_trades import Told
from polytui.model import events as ev
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Side
from polytui.model.units import MICRO, Shares, Usd
from polytui.venues.polymarket.user_channel import TradeStatus

BUY, SALE = an_order(1), an_order(2, Side.SELL, shares=4)
UP = Outcome.UP


def transit(up: float = 0, down: float = 0, usd: float = 0) -> ev.InTransit:
    shares = [Shares(round(one * MICRO)) for one in (up, down)]
    return ev.InTransit(LISTED.slug, *shares, Usd(round(usd * MICRO)))


def words(told: Told) -> list[object]:
    """What is on its way, whole; of reports their kind."""
    return [one if isinstance(one, ev.InTransit) else type(one) for _, one in told]


def test_shares_are_on_their_way_from_their_match_to_their_block() -> None:
    books = books_with(BUY)
    assert words(books.take_trade(trade(part(BUY, 6)))) == [transit(6), ev.Filled]
    assert words(books.take_trade(trade(part(BUY, 4), name="t2"))) == [transit(10), ev.Filled]
    assert books.take_trade(trade(part(BUY, 6), status=TradeStatus.RETRYING)) == []
    assert words(books.take_trade(trade(part(BUY, 6), status=TradeStatus.MINED))) == [transit(4)]
    told = books.take_trade(trade(part(BUY, 4), name="t2", status=TradeStatus.FAILED))
    assert words(told) == [ev.Reversed, transit()]
    assert books.take_trade(trade(part(BUY, 6), status=TradeStatus.CONFIRMED)) == []


def test_a_trade_that_is_heard_of_with_its_block_was_never_on_its_way() -> None:
    books = books_with(BUY)
    assert words(books.take_trade(trade(part(BUY, 6), status=TradeStatus.MINED))) == [ev.Filled]


def test_dollars_of_a_sale_are_on_their_way_too() -> None:
    books = books_with(SALE)
    assert words(books.take_trade(trade(part(SALE, 4)))) == [transit(usd=2), ev.Filled]
    assert books.transit.usd() == 2 * MICRO
    mined = trade(part(SALE, 4), status=TradeStatus.MINED)
    assert words(books.take_trade(mined)) == [transit()]
    assert books.transit.usd() == 0


def test_pairs_of_a_merge_are_set_aside_until_it_is_over() -> None:
    books = books_with(BUY)
    books.take_trade(trade(part(BUY, 6)))
    pairs = Shares(3 * MICRO)
    assert words(books.set_aside("m1", LISTED.slug, pairs)) == [transit(9, 3)]
    assert words(books.set_aside("m2", LISTED.slug, pairs)) == [transit(12, 6)]
    assert words(books.let_go("m1")) == [transit(9, 3)]
    assert books.let_go("m1") == []
    assert words(books.let_go("m2")) == [transit(6)]


def test_an_order_may_sell_what_neither_trade_nor_merge_nor_sale_has() -> None:
    books = books_with(BUY)
    books.take_trade(trade(part(BUY, 10), status=TradeStatus.MINED))
    free = FreeMoney(books, {})
    assert free.shares(SALE) == 10 * MICRO
    books.take_trade(trade(part(BUY, 5), name="t2"))
    assert free.shares(SALE) == 10 * MICRO
    books.set_aside("m1", LISTED.slug, Shares(3 * MICRO))
    assert free.shares(SALE) == 7 * MICRO


def test_a_desk_that_begins_is_told_all_of_it_and_then_what_changes() -> None:
    other = a_round(1)
    order = an_order(7, listed=other)
    books = books_with(BUY, order)
    books.list_round(other)
    books.take_trade(trade(part(BUY, 6)))
    books.take_trade(trade(part(order, 2), name="t2"))
    of_other = ev.InTransit(other.slug, Shares(2 * MICRO))
    assert books.opening(Asset.BTC, 1).in_transit == (transit(6), of_other)
    assert books.opening(Asset.ETH, 1).in_transit == ()
    mined = trade(part(BUY, 6), status=TradeStatus.MINED)
    assert words(books.take_trade(mined)) == [transit()]
    assert books.opening(Asset.BTC, 2).in_transit == (of_other,)


def test_a_trade_that_an_earlier_session_counted_is_on_its_way_all_the_same() -> None:
    books = books_with(BUY)
    books.trades.count_already(Asset.BTC, [(BUY.order_id, "t1")])
    assert words(books.take_trade(trade(part(BUY, 6)))) == [transit(6)]
    mined = trade(part(BUY, 6), status=TradeStatus.MINED)
    assert words(books.take_trade(mined)) == [transit()]

from __future__ import annotations

from trading_floor import ANNA, BORIS, BUY, DOWN, SELL, UP, TradingFloor, shares, usd

from polytui.sim.world.world_events import BookMoved, BookSwept


def test_two_strangers_meet_in_the_book_that_everybody_sees() -> None:
    floor = TradingFloor()
    floor.fund(100, ANNA, BORIS)
    resting = floor.place_one(floor.order(ANNA, UP, BUY, 50, 10))
    assert (resting.status, resting.making, resting.refusal) == ("live", 0, "")
    assert floor.world.book(floor.round.slug).depth(UP, BUY, 500_000) == shares(10)  # type: ignore[arg-type]
    taken = floor.place_one(floor.order(BORIS, DOWN, BUY, 50, 4 + 2))
    assert (taken.status, taken.making, taken.taking) == ("matched", usd(3), shares(6))
    (trade,) = floor.exchange.trades(ANNA)
    assert trade == floor.exchange.trade(taken.trade_ids[0])
    assert trade.maker_parts[0].outcome is UP
    assert [type(one) for one in floor.events if isinstance(one, BookMoved | BookSwept)] == [
        BookMoved,
        BookSwept,
    ]
    gone = floor.cancel(ANNA, resting.order_id, taken.order_id)
    assert gone.cancelled == (resting.order_id,)
    assert gone.refused == {taken.order_id: "Order not found or already canceled"}
    assert not floor.exchange.open_orders(floor.order(ANNA, UP, SELL, 1, 5).api_key)

"""Orders of two strangers and a sleeping crowd: what the venue answers, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import evolve
from trading_floor import (
    ANNA,
    BORIS,
    BUY,
    CLARA,
    DOWN,
    FAK,
    FOK,
    GTD,
    SELL,
    UP,
    TradingFloor,
    key_of,
    shares,
    usd,
)

from polytui.model.instrument import Interval, Outcome
from polytui.model.orders import Side
from polytui.model.units import NS_PER_S, Price, Shares, Usd
from polytui.sim.exchange.account_events import OrderChange, OrderTold, TradeTold
from polytui.sim.exchange.contracts import CONDITIONAL_TOKENS, CTF_EXCHANGE, PUSD
from polytui.sim.exchange.modes import EngineMode
from polytui.sim.exchange.names import CROWD, FEES
from polytui.sim.exchange.rules import ExchangeRules
from polytui.sim.exchange.signed_order import OrderType
from polytui.sim.exchange.venue_order import OrderStatus
from polytui.sim.exchange.venue_trade import TradeStatus
from polytui.sim.world.crowd import CrowdSettings
from polytui.sim.world.world_events import BookMoved, BookSwept, RoundListed, TickChanged

SETTLED_S = 30.0
"""After so long every trade is confirmed or has failed."""
MIDNIGHT_NS = 1_795_219_200 * NS_PER_S


@pytest.fixture
def floor() -> TradingFloor:
    floor = TradingFloor()
    floor.fund(100, ANNA, BORIS, CLARA)
    return floor


def splitting(floor: TradingFloor, who: str, sets: float) -> None:
    floor.exchange.watch(floor.round)
    floor.exchange.holdings.split(who, floor.round, shares(sets))


def held(floor: TradingFloor, who: str) -> tuple[int, int, int]:
    """Dollars, shares of Up, shares of Down."""
    holdings, listed = floor.exchange.holdings, floor.round
    return (
        holdings.usd(who),
        holdings.shares(who, listed.up_token),
        holdings.shares(who, listed.down_token),
    )


def told_of(floor: TradingFloor, order_id: str) -> list[tuple[str, str]]:
    """Changes of an order as its owner was told, in the order of their happening; of those of one
    instant, placements first and cancellations last: they are told in any order."""
    told = [one for one in floor.events if isinstance(one, OrderTold)]
    mine = [one for one in told if one.order.order_id == order_id]
    mine.sort(key=lambda one: (one.order.changed_ns, list(OrderChange).index(one.change)))
    return [(one.change.value, one.order.status.value) for one in mine]


# --- matches ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("maker", "taker", "afterwards"),
    [
        # Anna rests at her price for ten, Boris takes six of them: fee 6 x 0.07 x 0.24 = 0.1008.
        (
            (UP, SELL, 60),
            (UP, BUY, 60),
            ((usd(53.6), shares(44), shares(50)), (usd(46.2992), shares(56), shares(50))),
        ),
        (
            (UP, BUY, 60),
            (UP, SELL, 60),
            ((usd(46.4), shares(56), shares(50)), (usd(53.4992), shares(44), shares(50))),
        ),
        # Two buyers of different outcomes mint sets, two sellers melt them.
        (
            (DOWN, BUY, 40),
            (UP, BUY, 60),
            ((usd(47.6), shares(50), shares(56)), (usd(46.2992), shares(56), shares(50))),
        ),
        (
            (DOWN, SELL, 40),
            (UP, SELL, 60),
            ((usd(52.4), shares(50), shares(44)), (usd(53.4992), shares(44), shares(50))),
        ),
    ],
    ids=["normal buy", "normal sell", "mint", "merge"],
)
def test_a_match_moves_what_was_agreed_and_the_taker_pays_the_fee(
    floor: TradingFloor,
    maker: tuple[Outcome, Side, float],
    taker: tuple[Outcome, Side, float],
    afterwards: tuple[tuple[int, int, int], tuple[int, int, int]],
) -> None:
    splitting(floor, ANNA, 50)
    splitting(floor, BORIS, 50)
    resting = floor.place_one(floor.order(ANNA, *maker, 10))
    assert (resting.status, resting.making, resting.taking) == ("live", 0, 0)
    taken = floor.place_one(floor.order(BORIS, *taker, 6))
    dollars, count = usd(3.6), shares(6)
    amounts = (dollars, count) if taker[1] is BUY else (count, dollars)
    assert (taken.status, taken.making, taken.taking) == ("matched", *amounts)
    # Matched is not money: nothing has moved yet, and nothing of it can be spent again.
    assert held(floor, ANNA) == held(floor, BORIS) == (usd(50), shares(50), shares(50))
    spent = usd(3.6 + 0.1008) if taker[1] is BUY else 0
    assert floor.exchange.free_usd(BORIS) == usd(50) - spent
    floor.play(SETTLED_S)
    assert (held(floor, ANNA), held(floor, BORIS)) == afterwards
    assert floor.exchange.holdings.usd(FEES) == usd(0.1008)
    rest = floor.exchange.order(resting.order_id)
    assert rest is not None
    assert (rest.matched, rest.status, rest.trade_ids) == (
        shares(6),
        OrderStatus.LIVE,
        taken.trade_ids,
    )


def test_a_taker_has_one_trade_a_price_and_each_maker_his_part(floor: TradingFloor) -> None:
    splitting(floor, ANNA, 20)
    first = floor.place_one(floor.order(ANNA, UP, SELL, 50, 5))
    second = floor.place_one(floor.order(CLARA, DOWN, BUY, 50, 5))
    third = floor.place_one(floor.order(ANNA, UP, SELL, 52, 5))
    taken = floor.place_one(floor.order(BORIS, UP, BUY, 55, 13))
    cheap, dear = (floor.exchange.trade(name) for name in taken.trade_ids)
    assert cheap is not None
    assert dear is not None
    assert (cheap.price, cheap.shares, cheap.bucket_index) == (500_000, shares(10), 0)
    assert (dear.price, dear.shares, dear.bucket_index) == (520_000, shares(3), 1)
    assert [part.order_id for part in cheap.maker_parts] == [first.order_id, second.order_id]
    assert cheap.maker_parts[1].token_id == floor.round.down_token
    assert [part.order_id for part in dear.maker_parts] == [third.order_id]
    assert taken.making == usd(5 + 1.56)
    swept = [one for one in floor.events if isinstance(one, BookSwept)]
    assert [leg.price for leg in swept[0].legs] == [500_000, 500_000, 520_000]


def test_a_fak_buy_spends_its_dollars_and_may_bring_more_shares(floor: TradingFloor) -> None:
    splitting(floor, ANNA, 50)
    floor.place(floor.order(ANNA, UP, SELL, 50, 20))
    taken = floor.place_one(floor.order(BORIS, UP, BUY, 60, 6, FAK))
    assert (taken.making, taken.taking) == (usd(6), shares(12))
    order = floor.exchange.order(taken.order_id)
    assert order is not None
    assert (order.original, order.matched) == (shares(10), shares(12))
    assert order.status is OrderStatus.MATCHED


def test_a_fak_buy_spends_its_last_millionth_and_no_maker_gets_less_than_his_price(
    floor: TradingFloor,
) -> None:
    splitting(floor, ANNA, 50)
    floor.place(floor.order(ANNA, UP, SELL, 66, 20))
    taken = floor.place_one(floor.order(BORIS, UP, BUY, 66, 5, FAK))
    assert (taken.making, taken.taking) == (usd(5), 7_575_757)
    floor.play(SETTLED_S)
    assert floor.exchange.holdings.usd(ANNA) == usd(55)
    order = floor.exchange.order(taken.order_id)
    assert order is not None
    assert order.status is OrderStatus.MATCHED


def test_what_a_fak_does_not_find_is_cancelled(floor: TradingFloor) -> None:
    splitting(floor, ANNA, 50)
    floor.place(floor.order(ANNA, UP, SELL, 50, 5))
    taken = floor.place_one(floor.order(BORIS, UP, BUY, 50, 6, FAK))
    assert (taken.status, taken.making, taken.taking) == ("matched", usd(2.5), shares(5))
    floor.play(1)
    assert told_of(floor, taken.order_id) == [
        ("PLACEMENT", "LIVE"),
        ("UPDATE", "LIVE"),
        ("CANCELLATION", "CANCELED"),
    ]
    assert floor.exchange.free_usd(BORIS) == usd(100 - 2.5 - 0.0875)


def test_the_crowd_takes_from_whoever_rests(floor: TradingFloor) -> None:
    resting = floor.place_one(floor.order(ANNA, UP, BUY, 50, 10))
    book = floor.world.book(floor.round.slug)
    book.sweep(UP, SELL, Price(500_000), shares(4))
    book.show(SELL, Price(500_000), shares(1))
    floor.play(SETTLED_S)
    assert held(floor, ANNA) == (usd(97.5), shares(5), 0)
    trades = floor.exchange.trades(key_of(ANNA))
    assert [(one.shares, one.taker_api_key, one.status.value) for one in trades] == [
        (shares(4), "", "CONFIRMED"),
        (shares(1), "", "CONFIRMED"),
    ]
    order = floor.exchange.order(resting.order_id)
    assert order is not None
    assert (order.matched, book.remaining(order.order_id)) == (shares(5), shares(5))
    assert floor.exchange.free_usd(ANNA) == usd(95)


def test_the_crowd_sells_what_it_bought_before_it_mints_more(floor: TradingFloor) -> None:
    splitting(floor, ANNA, 10)
    book, holdings = floor.world.book(floor.round.slug), floor.exchange.holdings
    floor.place(floor.order(ANNA, UP, SELL, 50, 10))
    book.sweep(UP, BUY, Price(500_000), shares(6))
    floor.play(SETTLED_S)
    assert holdings.shares(CROWD, floor.round.up_token) == shares(6)
    floor.place(floor.order(BORIS, UP, BUY, 40, 10))
    book.sweep(UP, SELL, Price(400_000), shares(8))
    floor.play(SETTLED_S)
    sets = holdings.sets(floor.round.condition_id)
    assert sets is not None
    assert sets.locked == shares(12)
    assert holdings.shares(CROWD, floor.round.up_token) == 0


def test_whoever_meets_himself_trades_with_himself(floor: TradingFloor) -> None:
    """No fact of the venue says that it refuses that: it costs the fee, and moves nothing."""
    splitting(floor, ANNA, 10)
    floor.place(floor.order(ANNA, UP, SELL, 50, 10))
    assert floor.place_one(floor.order(ANNA, UP, BUY, 50, 10)).status == "matched"
    floor.play(SETTLED_S)
    assert held(floor, ANNA) == (usd(90 - 0.175), shares(10), shares(10))


# --- refusals -----------------------------------------------------------------------------------

_SHORT = "not enough balance / allowance: the "


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ((UP, BUY, 52.5, 10), "Price (0.525) breaks minimum tick size rule: 0.01"),
        ((UP, BUY, 50, 3), "Size (3) lower than the minimum: 5"),
        ((UP, BUY, 50, 5.005), "Size 5.005 has 3 decimal places. Maximum lot size is 2"),
        (
            (UP, BUY, 50, 5.005, FAK),
            "invalid amounts, the market buy orders maker amount supports a max accuracy of 2 "
            "decimals, taker amount a max of 4 decimals",
        ),
        ((UP, BUY, 10, 5), "invalid amount for a marketable BUY order ($0.5), min size: $1"),
        (
            (UP, BUY, 5, 6, FAK),
            "no orders found to match with FAK order. FAK orders are partially filled or killed "
            "if no match is found.",
        ),
        (
            (UP, BUY, 50, 60, FOK),
            "order couldn't be fully filled. FOK orders are fully filled or killed.",
        ),
        ((UP, BUY, 5, 2_200), _SHORT + "balance is not enough -> balance: 100000000, "),
        (
            (UP, SELL, 50, 10),
            _SHORT + "balance is not enough -> balance: 0, order amount: 10000000",
        ),
    ],
)
def test_the_venue_refuses_in_its_own_words(
    floor: TradingFloor, terms: tuple[Outcome, Side, float, float], words: str
) -> None:
    splitting(floor, BORIS, 50)
    floor.place(floor.order(BORIS, UP, SELL, 10, 50))
    answer = floor.place_one(floor.order(ANNA, *terms))
    assert words in answer.refusal
    assert (answer.status, answer.http_status) == ("", 400)
    assert floor.exchange.free_usd(ANNA) == usd(100)
    assert not floor.exchange.open_orders(key_of(ANNA))


@pytest.mark.parametrize(
    ("amounts", "order_type", "price"),
    [
        ((5_000_001, 10_000_000), OrderType.GTC, "0.5000001"),
        ((5_000_000, 9_800_000), OrderType.FAK, "0.5102040816326530612244897959"),
        ((1, 10_000_000), OrderType.GTC, "0.0000001"),
        ((10_000_000, 10_000_000), OrderType.GTC, "1"),
        ((20_000_000, 10_000_000), OrderType.GTC, "2"),
    ],
)
def test_amounts_that_are_no_price_of_the_grid(
    floor: TradingFloor, amounts: tuple[int, int], order_type: OrderType, price: str
) -> None:
    given, wanted = amounts
    order = evolve(
        floor.order(ANNA, UP, BUY, 50, 10, order_type), maker_amount=given, taker_amount=wanted
    )
    words = f"Price ({price}) breaks minimum tick size rule: 0.01"
    assert floor.place_one(order).refusal == f"order {order.order_id} is invalid. {words}"


@pytest.mark.parametrize("amounts", [(0, 10), (10, 0), (-5, 10)])
def test_amounts_of_nothing(floor: TradingFloor, amounts: tuple[int, int]) -> None:
    order = evolve(
        floor.order(ANNA, UP, BUY, 50, 10), maker_amount=amounts[0], taker_amount=amounts[1]
    )
    assert floor.place_one(order).refusal == "Invalid order payload"


def test_an_order_that_is_known_is_a_duplicate(floor: TradingFloor) -> None:
    order = floor.order(ANNA, UP, BUY, 50, 10)
    first, again = floor.place(order, order)
    assert first.status == "live"
    assert again.refusal == f"order {order.order_id} is invalid. Duplicated."
    floor.cancel(ANNA, order.order_id)
    assert floor.place_one(order).refusal.endswith("Duplicated.")


def test_an_order_that_was_refused_may_be_sent_again(floor: TradingFloor) -> None:
    order = floor.order(ANNA, UP, BUY, 50, 300)
    assert "the balance is not enough" in floor.place_one(order).refusal
    floor.fund(100, ANNA)
    assert floor.place_one(order).status == "live"


def test_a_killed_order_is_told_and_remembered(floor: TradingFloor) -> None:
    order = floor.order(ANNA, UP, BUY, 50, 10, FOK)
    answer = floor.place_one(order)
    assert answer.order_id == order.order_id
    floor.play(1)
    assert told_of(floor, order.order_id) == [("CANCELLATION", "CANCELED")]
    assert floor.place_one(order).refusal.endswith("Duplicated.")


def test_post_only_never_takes(floor: TradingFloor) -> None:
    floor.place(floor.order(ANNA, UP, BUY, 50, 10))
    crossing = floor.place_one(floor.order(BORIS, DOWN, BUY, 50, 10, is_post_only=True))
    assert crossing.refusal == "invalid post-only order: order crosses book"
    resting = floor.place_one(floor.order(BORIS, DOWN, BUY, 49, 10, is_post_only=True))
    assert resting.status == "live"
    strange = floor.place_one(floor.order(BORIS, DOWN, BUY, 50, 10, FAK, is_post_only=True))
    assert strange.refusal.startswith("invalid post-only order")


def test_open_orders_and_unsettled_trades_are_money_that_is_spent(floor: TradingFloor) -> None:
    floor.place(floor.order(ANNA, UP, BUY, 50, 120), floor.order(ANNA, DOWN, BUY, 40, 50))
    assert floor.exchange.free_usd(ANNA) == usd(20)
    refused = floor.place_one(floor.order(ANNA, DOWN, BUY, 30, 100))
    assert refused.refusal == (
        "not enough balance / allowance: the balance is not enough -> "
        "balance: 20000000, order amount: 30000000"
    )
    splitting(floor, BORIS, 60)
    floor.place(floor.order(BORIS, UP, SELL, 50, 60))
    floor.play(0.1)
    assert floor.exchange.free_shares(BORIS, floor.round.up_token) == 0
    again = floor.place_one(floor.order(BORIS, UP, SELL, 50, 60))
    assert "the balance is not enough -> balance: 0" in again.refusal
    floor.play(SETTLED_S)
    assert floor.exchange.free_usd(ANNA) == usd(20)
    assert floor.exchange.reserves.usd(ANNA) == usd(50)


def test_the_fee_must_be_there_too(floor: TradingFloor) -> None:
    splitting(floor, BORIS, 100)
    floor.place(floor.order(BORIS, UP, SELL, 50, 100))
    floor.fund(2.5, "0xd")
    all_in = floor.place_one(floor.order("0xd", UP, BUY, 50, 5))
    assert "balance: 2500000, order amount: 2587500" in all_in.refusal
    floor.fund(0.0875, "0xd")
    assert floor.place_one(floor.order("0xd", UP, BUY, 50, 5)).status == "matched"
    floor.play(SETTLED_S)
    assert floor.exchange.holdings.usd("0xd") == 0


def test_an_order_needs_its_own_dollars_whatever_better_price_there_is(floor: TradingFloor) -> None:
    splitting(floor, BORIS, 100)
    floor.place(floor.order(BORIS, UP, SELL, 10, 50))
    floor.fund(4, "0xd")
    refused = floor.place_one(floor.order("0xd", UP, BUY, 50, 10))
    assert refused.refusal.endswith("balance: 4000000, order amount: 5000000")
    floor.fund(1.07, "0xd")
    assert floor.place_one(floor.order("0xd", UP, BUY, 50, 10)).status == "matched"
    assert floor.exchange.free_usd("0xd") == usd(5.07 - 1 - 0.063)


def test_the_last_millionth_counts(floor: TradingFloor) -> None:
    splitting(floor, ANNA, 50)
    floor.place(floor.order(ANNA, UP, SELL, 66, 20))
    floor.place(floor.order(CLARA, UP, BUY, 66, 5, FAK))
    # 12.424243 are left, and cost 8.200001: with the rest of twenty a millionth more than 13.2.
    fee = floor.round.fees.fee(Price(660_000), Shares(12_424_243))
    floor.exchange.fund("0xd", Usd(usd(13.2) + fee))
    refused = floor.place_one(floor.order("0xd", UP, BUY, 66, 20))
    assert refused.refusal.endswith(f"order amount: {13_200_001 + fee}")
    floor.exchange.fund("0xd", Usd(1))
    assert floor.place_one(floor.order("0xd", UP, BUY, 66, 20)).status == "matched"
    assert floor.exchange.free_usd("0xd") == 0


def test_a_wallet_must_have_allowed_the_exchange_to_spend(floor: TradingFloor) -> None:
    floor.exchange.fund("0xd", usd(100), is_approved=False)
    refused = floor.place_one(floor.order("0xd", UP, BUY, 50, 10))
    assert refused.refusal == (
        "not enough balance / allowance: the allowance is not enough -> "
        f"spender: {CTF_EXCHANGE}, allowance: 0, order amount: 5000000"
    )
    floor.exchange.holdings.approvals.approve("0xd", PUSD, CTF_EXCHANGE, usd(5))
    assert floor.place_one(floor.order("0xd", UP, BUY, 50, 10)).status == "live"
    floor.exchange.watch(floor.round)
    floor.exchange.holdings.split("0xd", floor.round, shares(10))
    refused = floor.place_one(floor.order("0xd", DOWN, SELL, 90, 10))
    assert "the allowance is not enough" in refused.refusal


def test_accounts_that_may_not_trade(floor: TradingFloor) -> None:
    splitting(floor, ANNA, 10)
    floor.exchange.modes.closed_only.add(ANNA)
    refused = floor.place_one(floor.order(ANNA, UP, BUY, 50, 10))
    assert refused.refusal == f"'{ANNA}' address in closed only mode"
    assert floor.place_one(floor.order(ANNA, UP, SELL, 50, 10)).status == "live"
    floor.exchange.modes.banned.add(BORIS)
    assert floor.place_one(floor.order(BORIS, UP, SELL, 50, 5)).refusal == (
        f"'{BORIS}' address banned"
    )


def test_a_market_that_is_not_there_or_not_ready(floor: TradingFloor) -> None:
    nowhere = evolve(floor.order(ANNA, UP, BUY, 50, 10), token_id="123")
    assert floor.place_one(nowhere).refusal == "the orderbook 123 does not exist"
    floor.exchange.modes.unready.add(floor.round.condition_id)
    refused = floor.place_one(floor.order(ANNA, UP, BUY, 50, 10))
    assert refused.refusal == "the market is not yet ready to process new orders"


def test_a_round_that_was_listed_just_now_takes_no_orders_yet() -> None:
    floor = TradingFloor(interval=Interval.M5)
    floor.fund(100, ANNA)
    while not (fresh := [one for one in floor.play(0.5) if isinstance(one, RoundListed)]):
        assert floor.world.now_ns < floor.round.closes_ns
    order = floor.order(ANNA, UP, BUY, 50, 10)
    order = evolve(order, token_id=fresh[0].round.up_token)
    refused = floor.place_one(order)
    assert refused.refusal == "the market is not yet ready to process new orders"
    floor.play(2)
    assert floor.place_one(order).status == "live"


# --- the life of an order -----------------------------------------------------------------------


def test_a_gtd_needs_three_minutes_and_goes_a_minute_early(floor: TradingFloor) -> None:
    now_s = floor.world.now_ns // NS_PER_S
    hasty = floor.order(ANNA, UP, BUY, 50, 10, GTD, expiration_s=now_s + 179)
    assert floor.place_one(hasty).refusal == "invalid expiration"
    order = floor.order(ANNA, UP, BUY, 50, 10, GTD, expiration_s=now_s + 200)
    assert floor.place_one(order).status == "live"
    floor.play(139)
    assert floor.exchange.open_orders(key_of(ANNA))
    floor.play(2)
    assert not floor.exchange.open_orders(key_of(ANNA))
    assert told_of(floor, order.order_id)[-1] == ("CANCELLATION", "CANCELED_EXPIRED_ORDER")
    assert floor.exchange.free_usd(ANNA) == usd(100)
    dated = floor.order(ANNA, UP, BUY, 50, 10, expiration_s=now_s + 9_999)
    assert floor.place_one(dated).refusal == "invalid expiration"


def test_cancels_and_the_reasons_against_them(floor: TradingFloor) -> None:
    one, two, three = floor.place(
        floor.order(ANNA, UP, BUY, 50, 10),
        floor.order(ANNA, UP, BUY, 40, 10),
        floor.order(ANNA, DOWN, BUY, 40, 10),
    )
    floor.place(floor.order(BORIS, DOWN, BUY, 50, 10))
    answer = floor.cancel(ANNA, one.order_id, two.order_id, "0x12")
    assert answer.cancelled == (two.order_id,)
    assert answer.refused == {
        one.order_id: "Order already matched",
        "0x12": "Order not found or already canceled",
    }
    assert floor.cancel(ANNA, two.order_id).refused == {two.order_id: "Order already canceled"}
    assert not floor.cancel(BORIS, three.order_id).cancelled
    other = floor.wait(floor.exchange.cancel_market(key_of(ANNA), None, floor.round.up_token))
    assert not other.cancelled
    market = floor.exchange.cancel_market(key_of(ANNA), floor.round.condition_id, None)
    assert floor.wait(market).cancelled == (three.order_id,)
    assert not floor.wait(floor.exchange.cancel_all(key_of(ANNA))).cancelled
    book = floor.world.book(floor.round.slug)
    assert not book.levels(UP, BUY)
    assert not book.levels(UP, SELL)
    assert floor.exchange.free_usd(ANNA) == usd(95)
    floor.play(1)
    assert told_of(floor, two.order_id) == [("PLACEMENT", "LIVE"), ("CANCELLATION", "CANCELED")]


def test_everybody_sees_what_strangers_do(floor: TradingFloor) -> None:
    order = floor.order(ANNA, DOWN, BUY, 40, 10)
    floor.place(order)
    floor.cancel(ANNA, order.order_id)
    moved = [one for one in floor.events if isinstance(one, BookMoved)]
    assert [(one.level.side, one.level.price, one.level.shares) for one in moved] == [
        (SELL, 600_000, shares(10)),
        (SELL, 600_000, 0),
    ]


def test_the_result_ends_every_order_and_pays_the_winner() -> None:
    floor = TradingFloor(interval=Interval.M5, crowd_ahead=1.0)
    floor.fund(1_000, ANNA)
    splitting(floor, ANNA, 100)
    order = floor.order(ANNA, UP, BUY, 1, 1_000, OrderType.GTC)
    assert floor.place_one(order).status == "live"
    with pytest.raises(ValueError, match="result for condition not received yet"):
        floor.exchange.holdings.redeem(ANNA, floor.round.up_token, shares(100))
    floor.play(450)
    last = floor.exchange.order(order.order_id)
    assert last is not None
    assert last.status in (OrderStatus.CANCELED_MARKET_RESOLVED, OrderStatus.MATCHED)
    holdings, listed = floor.exchange.holdings, floor.round
    winner = floor.world.status(listed.slug).winner
    assert winner is not None
    token = listed.token_of(winner)
    before = holdings.usd(ANNA)
    assert holdings.redeem(ANNA, token, shares(100)) == usd(100)
    loser = listed.token_of(winner.other)
    assert holdings.redeem(ANNA, loser, shares(100)) == 0
    assert holdings.usd(ANNA) == before + usd(100)
    late = floor.place_one(floor.order(ANNA, UP, BUY, 50, 10))
    assert late.refusal == f"the orderbook {listed.up_token} does not exist"


# --- the hold -----------------------------------------------------------------------------------


@pytest.fixture
def held_floor() -> TradingFloor:
    floor = TradingFloor(interval=Interval.H1)
    floor.fund(100, ANNA, BORIS, CLARA)
    floor.place(floor.order(ANNA, UP, BUY, 50, 10))
    return floor


def test_whoever_would_take_is_held_and_cannot_be_cancelled(held_floor: TradingFloor) -> None:
    floor = held_floor
    order = floor.order(BORIS, DOWN, BUY, 50, 6)
    pending = floor.exchange.place([order])
    floor.play(0.149)
    assert pending.answer is None
    assert floor.exchange.free_usd(BORIS) == usd(97) - usd(0.105)
    assert floor.place_one(order).refusal.endswith("Duplicated.")
    floor.play(0.01)
    assert floor.wait(pending)[0].status == "matched"


def test_an_order_that_a_restart_found_in_its_hold_may_be_sent_again(
    held_floor: TradingFloor,
) -> None:
    order = held_floor.order(BORIS, DOWN, BUY, 50, 6)
    pending = held_floor.exchange.place([order])
    held_floor.play(0.05)
    held_floor.exchange.modes.restart(held_floor.world.now_ns, NS_PER_S, 0)
    assert held_floor.wait(pending)[0].http_status == 425
    assert held_floor.exchange.order(order.order_id) is None
    assert held_floor.exchange.free_usd(BORIS) == usd(100)
    held_floor.play(1)
    assert held_floor.place_one(order).status == "matched"
    held_floor.play(1)
    assert told_of(held_floor, order.order_id) == [("PLACEMENT", "LIVE"), ("UPDATE", "MATCHED")]


def test_what_a_held_order_was_promised_is_its_own(held_floor: TradingFloor) -> None:
    held_floor.fund(3.105, "0xd")
    everything = held_floor.order("0xd", DOWN, BUY, 50, 6)
    assert held_floor.place_one(everything).status == "matched"
    assert held_floor.exchange.free_usd("0xd") == 0


def test_a_cancel_inside_the_hold_finds_nothing(held_floor: TradingFloor) -> None:
    order = held_floor.order(BORIS, DOWN, BUY, 50, 6)
    pending = held_floor.exchange.place([order])
    cancel = held_floor.exchange.cancel(key_of(BORIS), [order.order_id])
    everything = held_floor.exchange.cancel_all(key_of(BORIS))
    assert held_floor.wait(cancel).refused == {
        order.order_id: "Order not found or already canceled"
    }
    assert not held_floor.wait(everything).cancelled
    assert held_floor.wait(pending)[0].status == "matched"


def test_after_the_hold_it_is_judged_again(held_floor: TradingFloor) -> None:
    floor = held_floor
    mine = floor.exchange.open_orders(key_of(ANNA))[0]
    resting = floor.exchange.place([floor.order(BORIS, DOWN, BUY, 50, 6)])
    killed = floor.exchange.place([floor.order(CLARA, DOWN, BUY, 50, 6, FAK)])
    floor.play(0.05)
    floor.cancel(ANNA, mine.order_id)
    assert floor.wait(resting)[0].status == "live"
    assert floor.wait(killed)[0].refusal.startswith("no orders found to match with FAK")
    assert floor.exchange.free_usd(CLARA) == usd(100)


def test_a_result_inside_the_hold_ends_it() -> None:
    rules = ExchangeRules(taker_hold_ms=600_000)
    floor = TradingFloor(rules, interval=Interval.M5, crowd_ahead=1.0)
    floor.fund(100, ANNA)
    order = floor.order(ANNA, UP, BUY, 99, 10)
    pending = floor.exchange.place([order])
    floor.play(500)
    assert pending.answer is None
    last = floor.exchange.order(order.order_id)
    assert last is not None
    assert last.status is OrderStatus.CANCELED_MARKET_RESOLVED
    assert floor.exchange.free_usd(ANNA) == usd(100)
    floor.play(101)
    answer = floor.wait(pending)[0]
    assert answer.refusal == f"the orderbook {floor.round.up_token} does not exist"


def test_the_end_of_a_held_order_counts_from_its_arrival(held_floor: TradingFloor) -> None:
    end_s = held_floor.world.now_ns // NS_PER_S + 181
    held_floor.play(1 - held_floor.world.now_ns % NS_PER_S / NS_PER_S)
    order = held_floor.order(BORIS, DOWN, BUY, 50, 6, GTD, expiration_s=end_s)
    pending = held_floor.exchange.place([order])
    assert held_floor.wait(pending)[0].status == "matched"


def test_an_order_that_would_rest_and_a_post_only_one_are_never_held(
    held_floor: TradingFloor,
) -> None:
    resting = held_floor.exchange.place([held_floor.order(BORIS, DOWN, BUY, 49, 6)])
    crossing = held_floor.exchange.place(
        [held_floor.order(BORIS, DOWN, BUY, 50, 6, is_post_only=True)]
    )
    held_floor.play(0.001)
    assert resting.answer is not None
    assert crossing.answer is not None


def test_a_delay_may_be_told_at_once() -> None:
    floor = TradingFloor(ExchangeRules(is_delay_told=True), interval=Interval.M15)
    floor.fund(100, ANNA, BORIS)
    floor.place(floor.order(ANNA, UP, BUY, 50, 10))
    order = floor.order(BORIS, DOWN, BUY, 50, 6)
    pending = floor.exchange.place([order])
    floor.play(0.01)
    assert floor.wait(pending)[0].status == "delayed"
    assert not floor.exchange.open_orders(key_of(BORIS))
    floor.play(1)
    assert told_of(floor, order.order_id) == [
        ("PLACEMENT", "DELAYED"),
        ("PLACEMENT", "LIVE"),
        ("UPDATE", "MATCHED"),
    ]


def test_an_order_whose_match_is_gone_after_the_hold_may_be_told_so() -> None:
    floor = TradingFloor(ExchangeRules(is_unmatched_told=True), interval=Interval.M15)
    floor.fund(100, ANNA, BORIS)
    mine = floor.place_one(floor.order(ANNA, UP, BUY, 50, 10))
    pending = floor.exchange.place([floor.order(BORIS, DOWN, BUY, 50, 6)])
    floor.play(0.01)
    floor.cancel(ANNA, mine.order_id)
    assert floor.wait(pending)[0].status == "unmatched"
    assert floor.exchange.open_orders(key_of(BORIS))


def test_what_is_over_is_forgotten_in_the_end_and_what_is_open_never() -> None:
    floor = TradingFloor(ExchangeRules(keep_untraded_s=60, keep_traded_s=120))
    floor.fund(1_000, ANNA, BORIS)
    resting = floor.place_one(floor.order(ANNA, UP, BUY, 10, 10))
    killed = floor.place_one(floor.order(ANNA, UP, BUY, 50, 10, FAK))
    trade_id = a_trade(floor)
    traded = floor.exchange.trade(trade_id)
    assert traded is not None

    def known() -> list[bool]:
        names = (resting.order_id, killed.order_id, traded.taker_order_id)
        return [floor.exchange.order(name) is not None for name in names]

    def something_happens() -> None:
        floor.place(floor.order(ANNA, UP, BUY, 50, 10, FAK))
        a_trade(floor)

    floor.play(59)
    something_happens()
    assert known() == [True, True, True]
    floor.play(59)
    something_happens()
    assert known() == [True, False, True]
    assert floor.exchange.trades(ANNA)[0] == floor.exchange.trade(trade_id)
    floor.play(20)
    something_happens()
    assert known() == [True, False, False]
    assert floor.exchange.trade(trade_id) is None
    for party in (ANNA, key_of(ANNA), BORIS, key_of(BORIS)):
        assert len(floor.exchange.trades(party)) == 3


def test_only_so_many_that_are_over_are_remembered_however_new_they_are() -> None:
    floor = TradingFloor(ExchangeRules(keep_most=2))
    floor.fund(1_000, ANNA, BORIS)
    resting = floor.place_one(floor.order(ANNA, UP, BUY, 10, 10))
    killed = [floor.place_one(floor.order(ANNA, UP, BUY, 50, 10, FAK)) for _ in range(3)]
    first = a_trade(floor)
    others = [a_trade(floor) for _ in range(3)]
    assert floor.exchange.trade(first), "it has not settled yet"
    floor.play(SETTLED_S)
    others.append(a_trade(floor))
    ids = [trade.trade_id for trade in floor.exchange.every_trade()]
    assert ids == others[-2:]
    assert [trade.trade_id for trade in floor.exchange.trades(ANNA)] == ids
    names = [one.order_id for one in (resting, *killed)]
    assert [floor.exchange.order(name) is not None for name in names] == [True, False, True, True]
    assert floor.exchange.month_volume_usd(key_of(ANNA)) == usd(25), "sums forget nothing"


def test_an_order_is_unknown_to_who_asks_for_it_and_to_who_sends_it_again() -> None:
    floor = TradingFloor(ExchangeRules(keep_most=1))
    floor.fund(100, ANNA)
    first, second = (floor.order(ANNA, UP, BUY, 40, 10) for _ in range(2))
    floor.place_one(first)
    floor.cancel(ANNA, first.order_id)
    assert floor.exchange.order(first.order_id) is not None
    assert "Duplicated" in floor.place_one(first).refusal
    floor.place_one(second)
    floor.cancel(ANNA, second.order_id)
    assert floor.exchange.order(first.order_id) is None
    assert floor.place_one(first).status == "live"
    assert "Duplicated" in floor.place_one(first).refusal


# --- trades ---------------------------------------------------------------------------------------


def statuses(floor: TradingFloor, trade_id: str) -> list[str]:
    told = [one for one in floor.events if isinstance(one, TradeTold)]
    mine = [one.trade for one in told if one.trade.trade_id == trade_id]
    return [trade.status.value for trade in sorted(mine, key=lambda trade: trade.updated_ns)]


def a_trade(floor: TradingFloor) -> str:
    floor.place(floor.order(ANNA, UP, BUY, 50, 10))
    (trade_id,) = floor.place_one(floor.order(BORIS, DOWN, BUY, 50, 10)).trade_ids
    return trade_id


def test_a_trade_is_mined_in_seconds_and_then_confirmed(floor: TradingFloor) -> None:
    trade_id = a_trade(floor)
    floor.play(1.8)
    assert statuses(floor, trade_id) == ["MATCHED"]
    floor.play(SETTLED_S)
    assert statuses(floor, trade_id) == ["MATCHED", "MINED", "CONFIRMED"]
    trade = floor.exchange.trade(trade_id)
    assert trade is not None
    assert trade.transaction_hash.startswith("0x")
    assert floor.exchange.reserves.promises() == {}


def test_a_trade_that_fails_moves_nothing_and_frees_what_it_took(floor: TradingFloor) -> None:
    floor.exchange.fail_next()
    failed, fine = a_trade(floor), a_trade(floor)
    floor.play(SETTLED_S)
    assert statuses(floor, failed) == ["MATCHED", "RETRYING", "FAILED"]
    assert statuses(floor, fine) == ["MATCHED", "MINED", "CONFIRMED"]
    assert held(floor, ANNA) == (usd(95), shares(10), 0)
    assert floor.exchange.free_usd(ANNA) == usd(95)
    told = [one for one in floor.events if isinstance(one, TradeTold)]
    ended = [one for one in told if one.trade.status is TradeStatus.FAILED]
    assert ended[0].api_keys == {key_of(ANNA), key_of(BORIS)}


def test_a_trade_may_be_mined_at_the_second_try(floor: TradingFloor) -> None:
    floor.exchange.retry_next()
    trade_id = a_trade(floor)
    floor.play(SETTLED_S)
    assert statuses(floor, trade_id) == ["MATCHED", "RETRYING", "MINED", "CONFIRMED"]
    assert held(floor, ANNA) == (usd(95), shares(10), 0)


def test_what_was_asked_for_trades_to_come_is_done_in_its_order_and_can_be_taken_back(
    floor: TradingFloor,
) -> None:
    floor.exchange.retry_next(0)
    floor.exchange.fail_next(2)
    floor.exchange.retry_next(1_000_000_000)
    trades = [a_trade(floor) for _ in range(3)]
    floor.exchange.spare_next()
    trades.append(a_trade(floor))
    floor.play(SETTLED_S)
    lives = [statuses(floor, trade_id) for trade_id in trades]
    assert [life[-1] for life in lives] == ["FAILED", "FAILED", "CONFIRMED", "CONFIRMED"]
    assert [len(life) for life in lives[2:]] == [4, 3], "the third at the second try alone"


def test_a_trade_whose_money_has_gone_fails_at_settlement(floor: TradingFloor) -> None:
    trade_id = a_trade(floor)
    floor.exchange.holdings.transfer_usd(ANNA, CLARA, usd(98))
    floor.play(SETTLED_S)
    assert statuses(floor, trade_id) == ["MATCHED", "RETRYING", "FAILED"]
    assert held(floor, BORIS) == (usd(100), 0, 0)
    assert floor.exchange.holdings.funded == usd(300)


def test_settling_spends_what_was_allowed_and_fails_where_it_is_not_any_more(
    floor: TradingFloor,
) -> None:
    approvals = floor.exchange.holdings.approvals
    approvals.approve(ANNA, PUSD, CTF_EXCHANGE, usd(12))
    fine, taken_back = a_trade(floor), a_trade(floor)
    floor.play(SETTLED_S)
    assert {statuses(floor, name)[-1] for name in (fine, taken_back)} == {"CONFIRMED"}
    assert approvals.allowance(ANNA, PUSD, CTF_EXCHANGE) == usd(2)
    approvals.approve(ANNA, PUSD, CTF_EXCHANGE, usd(5))
    failed = a_trade(floor)
    approvals.approve(ANNA, PUSD, CTF_EXCHANGE, usd(4.99))
    floor.play(SETTLED_S)
    assert statuses(floor, failed) == ["MATCHED", "RETRYING", "FAILED"]
    assert approvals.allowance(ANNA, PUSD, CTF_EXCHANGE) == usd(4.99)
    assert floor.exchange.month_volume_usd(key_of(ANNA)) == usd(10), "two of three took place"


def test_orders_that_can_no_longer_be_paid_for_are_cancelled(floor: TradingFloor) -> None:
    old = floor.place_one(floor.order(ANNA, UP, BUY, 40, 100))
    floor.play(0.1)
    new = floor.place_one(floor.order(ANNA, UP, BUY, 30, 100))
    floor.exchange.holdings.transfer_usd(ANNA, CLARA, usd(50))
    floor.exchange.recheck(ANNA)
    floor.play(1)
    assert [one.order_id for one in floor.exchange.open_orders(key_of(ANNA))] == [old.order_id]
    assert told_of(floor, new.order_id)[-1] == ("CANCELLATION", "CANCELED_NOT_ENOUGH_BALANCE")


def test_orders_whose_allowance_is_gone_are_cancelled(floor: TradingFloor) -> None:
    splitting(floor, ANNA, 20)
    bought, sold = floor.place(
        floor.order(ANNA, UP, BUY, 40, 10), floor.order(ANNA, UP, SELL, 60, 10)
    )
    approvals = floor.exchange.holdings.approvals
    for revoke, gone in (
        (lambda: approvals.approve(ANNA, PUSD, CTF_EXCHANGE, usd(3.99)), bought),
        (
            lambda: approvals.approve_all(ANNA, CONDITIONAL_TOKENS, CTF_EXCHANGE, False),
            sold,
        ),
    ):
        floor.exchange.recheck(ANNA)
        floor.play(0.1)
        assert gone.order_id in {one.order_id for one in floor.exchange.open_orders(key_of(ANNA))}
        revoke()
        floor.exchange.recheck(ANNA)
        floor.play(0.1)
        order = floor.exchange.order(gone.order_id)
        assert order is not None
        assert order.status is OrderStatus.CANCELED_NOT_ENOUGH_BALANCE


def taken_by_boris(floor: TradingFloor) -> str:
    """Boris, who takes, buys Down at a half."""
    floor.place(floor.order(ANNA, UP, BUY, 50, 5))
    return floor.place_one(floor.order(BORIS, DOWN, BUY, 50, 5)).trade_ids[0]


def taken_from_boris(floor: TradingFloor) -> str:
    """Boris, who rests, buys Down at a half of one of the crowd, who buys Up."""
    floor.place(floor.order(BORIS, DOWN, BUY, 50, 5))
    floor.world.book(floor.round.slug).sweep(UP, BUY, Price(500_000), shares(5))
    return floor.exchange.trades(BORIS)[-1].trade_id


@pytest.mark.parametrize("traded", [taken_by_boris, taken_from_boris])
def test_mostly_those_trades_fail_that_turned_out_well(
    traded: Callable[[TradingFloor], str],
) -> None:
    rules = ExchangeRules(failures=0.3, adversity=0.9, mined_s=(3.0, 3.0), retry_s=(1.0, 1.0))
    floor = TradingFloor(rules)
    floor.fund(10_000, ANNA, BORIS)
    book = floor.world.book(floor.round.slug)
    ends: dict[bool, list[TradeStatus]] = {True: [], False: []}
    for number in range(120):
        name, is_winner = traded(floor), number % 2 == 0
        # Up falls, or rises.
        low, high = (200_000, 210_000) if is_winner else (790_000, 800_000)
        book.show(BUY, Price(low), shares(1_000))
        book.show(SELL, Price(high), shares(1_000))
        floor.play(5)
        book.show(BUY, Price(low), shares(0))
        book.show(SELL, Price(high), shares(0))
        trade = floor.exchange.trade(name)
        assert trade is not None
        ends[is_winner].append(trade.status)
    won, lost = (ends[is_winner].count(TradeStatus.FAILED) for is_winner in (True, False))
    assert won > 4 * lost
    assert 20 <= won + lost <= 55


# --- the venue's states ---------------------------------------------------------------------------


def test_a_restart_then_post_only_then_as_usual(floor: TradingFloor) -> None:
    resting = floor.place_one(floor.order(ANNA, UP, BUY, 50, 10))
    floor.exchange.modes.restart(floor.world.now_ns, 5 * NS_PER_S, 120 * NS_PER_S)
    refused = floor.place_one(floor.order(ANNA, UP, BUY, 40, 10))
    assert (refused.http_status, refused.retry_after_s) == (425, 5)
    not_now = floor.cancel(ANNA, resting.order_id).not_now
    assert not_now is not None
    assert not_now.http_status == 425
    floor.play(5)
    refused = floor.place_one(floor.order(ANNA, UP, BUY, 40, 10))
    assert (refused.http_status, refused.refused and refused.refused.code) == (
        503,
        "post_only_mode",
    )
    assert 118 <= refused.retry_after_s <= 120
    quiet = floor.place_one(floor.order(ANNA, UP, BUY, 40, 10, is_post_only=True))
    assert quiet.status == "live"
    assert floor.cancel(ANNA, resting.order_id).cancelled
    floor.play(121)
    assert floor.place_one(floor.order(ANNA, UP, BUY, 40, 10)).status == "live"


@pytest.mark.parametrize("mode", [EngineMode.CANCEL_ONLY, EngineMode.DISABLED])
def test_no_orders_are_taken_for_a_while(floor: TradingFloor, mode: EngineMode) -> None:
    resting = floor.place_one(floor.order(ANNA, UP, BUY, 50, 10))
    floor.exchange.modes.begin(mode, floor.world.now_ns + 10 * NS_PER_S)
    refused = floor.place_one(floor.order(ANNA, UP, BUY, 40, 10, is_post_only=True))
    assert refused.http_status == 503
    assert refused.refusal.startswith(f"Trading is currently {mode.value.replace('_', '-')}")
    answer = floor.cancel(ANNA, resting.order_id)
    assert bool(answer.cancelled) is (mode is EngineMode.CANCEL_ONLY)
    floor.exchange.modes.end(mode)
    assert floor.place_one(floor.order(ANNA, UP, BUY, 40, 10)).status == "live"


def test_whoever_stops_beating_loses_the_orders_of_that_key(floor: TradingFloor) -> None:
    floor.place(floor.order(ANNA, UP, BUY, 50, 10), floor.order(BORIS, UP, BUY, 50, 10))
    exchange, key = floor.exchange, key_of(ANNA)
    first = exchange.beat(key, "")
    assert first.is_accepted
    for _ in range(4):
        floor.play(5)
        stranger = exchange.beat(key, "wrong")
        assert (stranger.is_accepted, stranger.heartbeat_id) == (False, first.heartbeat_id)
        assert not exchange.beat(key, "").is_accepted
        first = exchange.beat(key, first.heartbeat_id)
        assert first.is_accepted
    floor.play(9.9)
    # A wrong beat puts nothing off.
    exchange.beat(key, "wrong")
    assert len(exchange.open_orders(key)) == 1
    floor.play(5.2)
    assert not exchange.open_orders(key)
    assert len(exchange.open_orders(key_of(BORIS))) == 1
    floor.place(floor.order(ANNA, UP, BUY, 50, 10))
    floor.play(60)
    assert len(exchange.open_orders(key)) == 1
    assert exchange.beat(key, "").is_accepted


def test_a_heartbeat_that_is_made_to_expire(floor: TradingFloor) -> None:
    floor.place(floor.order(ANNA, UP, BUY, 50, 10))
    floor.exchange.touch(key_of(ANNA))
    floor.play(9)
    floor.exchange.touch(key_of(ANNA))
    floor.play(9)
    assert floor.exchange.open_orders(key_of(ANNA))
    floor.exchange.expire_heartbeat(key_of(ANNA))
    floor.play(0.1)
    assert not floor.exchange.open_orders(key_of(ANNA))


def test_a_beat_that_is_missed_inside_the_hold_leaves_nothing_at_rest() -> None:
    floor = TradingFloor(interval=Interval.H1)
    floor.fund(100, ANNA, BORIS)
    floor.place(floor.order(ANNA, UP, BUY, 50, 10))
    floor.exchange.touch(key_of(BORIS))
    pending = floor.exchange.place([floor.order(BORIS, DOWN, BUY, 50, 20)])
    floor.play(0.05)
    floor.exchange.expire_heartbeat(key_of(BORIS))
    answer = floor.wait(pending)[0]
    floor.play(0.1)
    order = floor.exchange.order(answer.order_id)
    assert order is not None
    assert (order.matched, order.status) == (shares(10), OrderStatus.CANCELED)
    assert not floor.exchange.open_orders(key_of(BORIS))


@pytest.mark.parametrize("mode", [EngineMode.RESTARTING, EngineMode.DISABLED])
def test_the_crowd_stands_still_while_the_engine_does(mode: EngineMode) -> None:
    floor = TradingFloor(interval=Interval.M5, crowd_ahead=1.0, crowd=CrowdSettings())
    modes = floor.exchange.modes

    def of_books(seconds: float) -> int:
        return sum(isinstance(one, BookMoved | BookSwept) for one in floor.play(seconds))

    assert of_books(20)
    modes.begin(mode, floor.world.now_ns + 20 * NS_PER_S)
    assert not of_books(10)
    modes.end(mode)
    assert of_books(10)


def test_a_tick_that_changes_counts_for_orders_from_then_on(floor: TradingFloor) -> None:
    floor.place(floor.order(ANNA, UP, BUY, 50, 10))
    floor.exchange.set_tick(floor.round.slug, Price(100_000))
    refused = floor.place_one(floor.order(ANNA, UP, BUY, 45, 10))
    assert refused.refusal.endswith("Price (0.45) breaks minimum tick size rule: 0.1")
    changed = [one for one in floor.events if isinstance(one, TickChanged)]
    assert [(one.old, one.new) for one in changed] == [(10_000, 100_000)]
    assert len(floor.exchange.open_orders(key_of(ANNA))) == 1
    with pytest.raises(ValueError, match=r"a tick is one of 0\.1, 0\.01"):
        floor.exchange.set_tick(floor.round.slug, Price(20_000))


def test_a_fee_that_is_raised_counts_for_whoever_rests_already(floor: TradingFloor) -> None:
    far_ns = floor.world.now_ns + 3 * Interval.H4.ns
    floor.round = next(one for one in floor.world.rounds.values() if one.opens_ns > far_ns)
    resting = floor.place_one(floor.order(ANNA, UP, BUY, 50, 10))
    assert floor.world.raise_fees() == (floor.round.slug,)
    assert [one.order_id for one in floor.exchange.open_orders(key_of(ANNA))] == [resting.order_id]
    (name,) = floor.place_one(floor.order(BORIS, DOWN, BUY, 50, 10)).trade_ids
    trade = floor.exchange.trade(name)
    assert trade is not None
    assert trade.fee == usd(0.75)


def test_makers_get_their_share_of_the_fees_at_midnight() -> None:
    floor = TradingFloor(start_ns=MIDNIGHT_NS - 60 * NS_PER_S)
    floor.fund(100, ANNA, BORIS, CLARA)
    floor.place(floor.order(ANNA, UP, BUY, 50, 10), floor.order(CLARA, UP, BUY, 50, 30))
    floor.place(floor.order(BORIS, DOWN, BUY, 50, 40))
    floor.play(SETTLED_S)
    before = [floor.exchange.holdings.usd(who) for who in (ANNA, CLARA)]
    floor.play(SETTLED_S)
    after = [floor.exchange.holdings.usd(who) for who in (ANNA, CLARA)]
    # Forty shares at a half cost 0.7 in fees; a fifth of it is paid, a quarter of that to Anna.
    assert [new - old for new, old in zip(after, before, strict=True)] == [usd(0.035), usd(0.105)]
    assert [one.usd for one in floor.exchange.rebates] == [usd(0.035), usd(0.105)]
    assert floor.exchange.holdings.usd(FEES) == usd(0.56)


def test_the_same_requests_at_the_same_moments_are_the_same_world() -> None:
    def played() -> str:
        floor = TradingFloor(ExchangeRules(failures=0.3), interval=Interval.M5, crowd_ahead=1.0)
        floor.fund(1_000, ANNA, BORIS)
        for cents in range(40, 60):
            floor.place(floor.order(ANNA, UP, BUY, cents, 10))
            floor.place(floor.order(BORIS, DOWN, BUY, 100 - cents, 10))
            floor.play(0.7)
        floor.play(SETTLED_S)
        return repr(floor.events)

    assert played() == played()

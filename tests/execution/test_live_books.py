"""The account as the venue tells it: what becomes a report, once, and what it does to money."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from live_tellings import (
    AT_NS,
    LISTED,
    a_round,
    an_order,
    books_with,
    cancelled,
    part,
    reports,
    said,
    take,
    trade,
    venue_name,
)

from polytui.execution.client import Carried, VenueMoney
from polytui.execution.live_books import LiveBooks
from polytui.execution.live_fills import fill_of
from polytui.model import events as ev
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Holding, Side, TimeInForce
from polytui.model.units import MICRO, Price, Shares, Usd
from polytui.venues.polymarket.user_channel import OrderChange, TradeStatus, UserChannel, UserTrade

BTC = Asset.BTC
ORDER = an_order()
NAME = venue_name(ORDER)
MAKER_FRAMES = Path(__file__).parents[3] / "shared/data/frames/user_trades_maker.jsonl"


def won(winner: str = LISTED.up_token) -> ev.RoundSettled:
    return ev.RoundSettled(LISTED.condition_id, winner, "clob", AT_NS)


def a_fill(shares: float, name: str = "t1", fee: int = 0, **changes: Any) -> ev.Filled:
    filled = ev.Filled(
        ORDER.order_id,
        name,
        ORDER.price,
        Shares(round(shares * MICRO)),
        Usd(fee),
        is_taker=False,
        token_id=ORDER.token_id,
        side=ORDER.side,
    )
    return evolve(filled, **changes)


# --- orders ---------------------------------------------------------------------------------------


def test_an_orders_life_is_told_once_whoever_tells_it() -> None:
    books = books_with(ORDER)
    live = [(BTC, ev.Accepted(ORDER.order_id, NAME))]
    assert books.take_order(said(ORDER)) == live
    assert books.take_order(said(ORDER)) == []
    assert books.accepted(ORDER.order_id) == []
    answer = said(ORDER, is_answer=True)
    assert books.take_order(answer) == []
    other = books_with(ORDER)
    assert other.accepted(ORDER.order_id) == live
    assert other.take_order(said(ORDER)) == []


@pytest.mark.parametrize("status", ["CANCELED", "INVALID", "CANCELED_MARKET_RESOLVED", "whatever"])
def test_an_end_is_told_once_and_a_live_after_it_is_older(status: str) -> None:
    books = books_with(ORDER)
    told = books.take_order(cancelled(ORDER, status, at_s=2))
    assert told == [(BTC, ev.Cancelled(ORDER.order_id, status))]
    assert books.take_order(cancelled(ORDER, status, at_s=2)) == []
    assert books.take_order(said(ORDER, at_s=1)) == [], "a frame that was overtaken"
    assert books.take_order(said(ORDER, at_s=1, is_answer=True)) == [], "a list that was on its way"
    assert books.accepted(ORDER.order_id) == [], "an answer that was slower than its frames"


def test_a_killed_order_in_dollars_is_an_end_like_any_other() -> None:
    killed = an_order(tif=TimeInForce.FOK, price=10_000, shares=101)
    books = books_with(killed)
    words = "CANCELED_order couldn't be fully filled. FOK orders are fully filled or killed."
    frame = cancelled(killed, words, original=Shares(1_010_000))
    assert books.take_order(frame) == [(BTC, ev.Cancelled(killed.order_id, words))]


@pytest.mark.parametrize("tif", [TimeInForce.FAK, TimeInForce.FOK])
def test_a_part_of_what_may_not_rest_is_its_end_once_its_trades_are_known(
    tif: TimeInForce,
) -> None:
    """No CANCELLATION need follow, and its trades may come before or after its last word."""
    order = an_order(shares=10, tif=tif)
    done = said(order, OrderChange.MATCHED, "MATCHED", matched=6)
    part_of_it = trade(part(order, 6, is_taker=True))
    late = books_with(order)
    assert late.take_order(done) == [(BTC, ev.Accepted(order.order_id, venue_name(order)))]
    assert list(late.orders.thought_open()) == [venue_name(order)]
    (_, filled), ended = take(late, part_of_it)
    assert isinstance(filled, ev.Filled)
    assert ended == (BTC, ev.Cancelled(order.order_id, "works no more"))
    assert list(late.orders.thought_open()) == []
    early = books_with(order)
    assert len(take(early, part_of_it)) == 1
    assert early.take_order(done)[-1] == ended
    assert early.take_order(done) == take(early, part_of_it) == []
    assert early.answer_look(done) == [ended]


@pytest.mark.parametrize("tif", TimeInForce)
def test_who_met_nobody_is_over_only_where_it_may_not_rest(tif: TimeInForce) -> None:
    order = an_order(shares=10, tif=tif)
    books = books_with(order)
    told = books.take_order(said(order, status="UNMATCHED"))
    may_rest = tif in (TimeInForce.GTC, TimeInForce.GTD)
    kind = ev.Accepted if may_rest else ev.Cancelled
    assert [type(one) for _, one in told] == [kind]
    assert list(books.orders.thought_open()) == ([venue_name(order)] if may_rest else [])
    if may_rest:
        assert books.take_order(cancelled(order)) == [
            (BTC, ev.Cancelled(order.order_id, "CANCELED"))
        ]


def test_a_part_that_failed_on_the_chain_is_known_all_the_same() -> None:
    order = an_order(shares=10, tif=TimeInForce.FAK)
    books = books_with(order)
    take(books, trade(part(order, 6, is_taker=True)))
    take(books, trade(part(order, 6, is_taker=True), status=TradeStatus.FAILED))
    told = books.take_order(said(order, OrderChange.MATCHED, "MATCHED", matched=6))
    assert told[-1] == (BTC, ev.Cancelled(order.order_id, "works no more"))


def test_what_is_left_of_an_order_that_may_rest_rests_whatever_its_part_is_called() -> None:
    order = an_order(shares=10)
    books = books_with(order)
    take(books, trade(part(order, 6, is_taker=True)))
    books.take_order(said(order, OrderChange.MATCHED, "MATCHED", matched=6))
    assert list(books.orders.thought_open()) == [venue_name(order)]
    assert books.take_order(cancelled(order)) == [(BTC, ev.Cancelled(order.order_id, "CANCELED"))]


def test_whoever_was_refused_is_not_cancelled_as_well() -> None:
    books = books_with(ORDER)
    books.refused(ORDER.order_id)
    assert books.take_order(cancelled(ORDER)) == []


def test_an_order_is_cancelled_with_fills_that_come_later() -> None:
    books = books_with(ORDER)
    books.take_order(said(ORDER))
    update = said(ORDER, OrderChange.MATCHED, matched=4)
    assert books.take_order(update) == []
    assert len(books.take_order(cancelled(ORDER, matched=4))) == 1
    assert take(books, trade(part(ORDER, 4))) == [(BTC, a_fill(4))]
    assert books.found(ORDER.order_id).filled == 4 * MICRO


def test_a_look_is_answered_also_where_all_was_told_before() -> None:
    books = books_with(ORDER)
    books.take_order(said(ORDER))
    take(books, trade(part(ORDER, 4)))
    found = ev.FoundOrder(ORDER, Shares(4 * MICRO), trades=("t1",))
    assert books.answer_look(said(ORDER, is_answer=True)) == [(BTC, ev.OrderFound(found))]
    books.take_order(cancelled(ORDER))
    gone = [(BTC, ev.Cancelled(ORDER.order_id, "works no more"))]
    assert books.answer_look(cancelled(ORDER, is_answer=True)) == gone
    matched = an_order(2)
    books.names.know(matched, venue_name(matched))
    whole = said(matched, OrderChange.MATCHED, "MATCHED", 10, is_answer=True)
    assert books.answer_look(whole) == [(BTC, ev.Accepted(matched.order_id, venue_name(matched)))]
    still = books.answer_look(whole)
    assert [type(one) for _, one in still] == [ev.OrderFound], "nobody has told of its trades"
    take(books, trade(part(matched, 10), name="t2"))
    assert books.answer_look(whole) == [(BTC, ev.Cancelled(matched.order_id, "works no more"))]


def test_an_order_that_nobody_sent_is_found_once_and_then_like_any_other() -> None:
    lines: list[tuple[str, str, str]] = []
    books = books_with(say=lambda *line: lines.append(line))
    ((asset, report),) = books.take_order(said(ORDER))
    assert asset is BTC
    assert isinstance(report, ev.OrderFound)
    assert (report.order_id, report.found.order.slug) == (NAME, LISTED.slug)
    assert books.take_order(said(ORDER)) == []
    assert books.take_order(cancelled(ORDER)) == [(BTC, ev.Cancelled(NAME, "CANCELED"))]
    assert [level for level, _, _ in lines] == ["warn"]
    assert books_with().take_order(cancelled(ORDER)) == [], "one that is over already"
    elsewhere = an_order(listed=a_round(9))
    assert books_with().take_order(said(elsewhere)) == [], "a market that is not played"


def test_an_order_of_another_key_is_left_alone() -> None:
    lines: list[tuple[str, str, str]] = []
    books = books_with(say=lambda *line: lines.append(line))
    for _ in range(2):
        assert books.take_order(said(ORDER, is_of_another_key=True)) == []
    assert len(lines) == 1
    ((_, filled),) = take(books, trade(part(ORDER, 4)))
    assert filled.order_id == NAME, "its fills move our money"


# --- trades ---------------------------------------------------------------------------------------


def test_a_trade_is_told_once_through_all_its_states_and_however_often_it_comes() -> None:
    books = books_with(ORDER)
    assert take(books, trade(part(ORDER, 4))) == [(BTC, a_fill(4))]
    for status in (TradeStatus.MATCHED, TradeStatus.MINED, TradeStatus.CONFIRMED):
        for _ in range(2):
            assert take(books, trade(part(ORDER, 4), status=status)) == []
    assert take(books, trade(part(ORDER, 1), name="t2")) == [(BTC, a_fill(1, "t2"))]
    assert books.purse.traded == -2_500_000


@pytest.mark.parametrize("status", [one for one in TradeStatus if one is not TradeStatus.FAILED])
def test_whatever_is_heard_of_a_trade_first_is_its_fill(status: TradeStatus) -> None:
    assert take(books_with(ORDER), trade(part(ORDER, 4), status=status)) == [(BTC, a_fill(4))]


def test_people_are_told_of_a_trade_that_is_tried_again() -> None:
    lines: list[str] = []
    books = books_with(ORDER, say=lambda level, asset, text: lines.append(text))
    take(books, trade(part(ORDER, 4)))
    for _ in range(2):
        take(books, trade(part(ORDER, 4), status=TradeStatus.RETRYING))
    assert len(lines) == 1


@pytest.mark.parametrize("heard", [(), (TradeStatus.MATCHED,), (TradeStatus.RETRYING,)])
def test_a_trade_that_failed_is_reversed_once_also_where_nothing_was_told(
    heard: tuple[TradeStatus, ...],
) -> None:
    books = books_with(ORDER)
    for status in heard:
        take(books, trade(part(ORDER, 4), status=status))
    ((asset, back),) = take(books, trade(part(ORDER, 4), status=TradeStatus.FAILED))
    assert (asset, back) == (
        BTC,
        ev.Reversed(
            ORDER.order_id, "t1", ORDER.token_id, Side.BUY, ORDER.price, Shares(4_000_000),
            Usd(0), "FAILED",
        ),
    )  # fmt: skip
    for status in TradeStatus:
        assert take(books, trade(part(ORDER, 4), status=status)) == []
    assert books.money() == VenueMoney(Usd(0), Usd(0), Usd(0))
    assert books.rounds[LISTED.slug].is_empty


def test_what_is_confirmed_does_not_fail() -> None:
    lines: list[str] = []
    books = books_with(ORDER, say=lambda level, asset, text: lines.append(level))
    take(books, trade(part(ORDER, 4), status=TradeStatus.CONFIRMED))
    assert take(books, trade(part(ORDER, 4), status=TradeStatus.FAILED)) == []
    assert lines == ["error"]


def test_one_trade_may_fill_two_of_our_orders_and_one_of_them_twice() -> None:
    other = an_order(2, price=510_000)
    books = books_with(ORDER, other)
    both = trade(part(ORDER, 1), part(other, 2), part(ORDER, 3))
    told = [report for _, report in take(books, both)]
    assert [(one.order_id, one.shares) for one in told if isinstance(one, ev.Filled)] == [
        (ORDER.order_id, 4_000_000),
        (other.order_id, 2_000_000),
    ]
    assert take(books, both) == []


@pytest.mark.parametrize("named", [0, 1])
def test_a_trade_with_ourselves_moves_as_a_whole_whichever_part_is_named(named: int) -> None:
    other = an_order(2, outcome=Outcome.DOWN)
    books, parts = books_with(ORDER, other), [part(ORDER, 4, is_taker=True), part(other, 4)]
    take(books, trade(*parts))
    assert len(books.trades.on_the_way()) == 2
    assert take(books, trade(parts[named], status=TradeStatus.MINED)) == []
    assert books.trades.on_the_way() == []


def test_a_trade_with_ourselves_fails_as_a_whole() -> None:
    other = an_order(2, outcome=Outcome.DOWN)
    books = books_with(ORDER, other)
    take(books, trade(part(ORDER, 4, is_taker=True), part(other, 4)))
    before = books.money().cash
    told = take(books, trade(part(ORDER, 4, is_taker=True), status=TradeStatus.FAILED))
    assert [type(one) for _, one in told] == [ev.Reversed, ev.Reversed]
    assert books.money().cash > before


def test_a_fill_before_any_word_of_its_order_and_the_answer_after_it() -> None:
    books = books_with(ORDER)
    assert len(take(books, trade(part(ORDER, 10)))) == 1
    assert books.accepted(ORDER.order_id) == [(BTC, ev.Accepted(ORDER.order_id, NAME))]


def test_a_fill_of_nobodys_order_goes_to_the_asset_of_its_token() -> None:
    books = books_with()
    assert take(books, trade(part(ORDER, 4))) == [(BTC, a_fill(4, order_id=NAME))]


def test_a_token_that_is_not_listed_yet_is_kept_until_it_is() -> None:
    coming = a_round(1, Asset.ETH)
    order = an_order(listed=coming)
    books = books_with()
    for status in (TradeStatus.MATCHED, TradeStatus.CONFIRMED, TradeStatus.MINED):
        assert take(books, trade(part(order, 4), status=status)) == []
    assert books.trades.knows("t1")
    ((asset, filled),) = reports(books.list_round(coming))
    assert (asset, filled.order_id) == (Asset.ETH, venue_name(order))
    assert reports(books.list_round(coming)) == []
    assert not books.trades.waiting(), "the last that was said of it counts"
    assert not books.trades.elsewhere()[1]


def test_no_more_is_kept_than_a_thousand_and_people_are_told_once() -> None:
    said = list[str]()
    order = an_order(listed=a_round(1))
    books = books_with(say=lambda level, asset, text: said.append(text))
    for number in range(1_010):
        take(books, trade(part(order, 1), name=f"t{number}"))
    assert [number for number in range(1_010) if not books.trades.knows(f"t{number}")] == [
        *range(10)
    ]
    (line,) = said
    assert line.startswith("more than 1000 trades of this wallet are in markets not played here")


# --- money ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "price", "shares", "dollars"),
    [
        (Side.BUY, 570_000, 10_000_000, 5_700_000),
        (Side.BUY, 570_000, 7_575_759, 4_318_182),  # 4318182.63: the maker pays the floor
        (Side.SELL, 570_000, 7_575_759, 4_318_183),  # and gets the ceiling
    ],
)
def test_what_the_takers_rounding_leaves_is_the_makers(
    side: Side, price: int, shares: int, dollars: int
) -> None:
    match = part(an_order(side=side, price=price), shares / MICRO)
    fill = fill_of(match, "o", "t", Outcome.UP, LISTED.fees)
    assert abs(fill.flow) == dollars
    assert (fill.price, fill.shares, fill.is_exact) == (price, shares, True)


@pytest.mark.parametrize("side", list(Side))
def test_a_taker_pays_part_by_part_and_his_fee_is_floored_part_by_part(side: Side) -> None:
    """Three makers at 0.57 gave 3.333333, 3.333333 and 0.909093 shares."""
    parts = ((570_000, 3.333333), (570_000, 3.333333), (570_000, 0.909093))
    match = part(an_order(side=side, price=570_000), 7.575759, is_taker=True, parts=parts)
    fill = fill_of(match, "o", "t", Outcome.UP, LISTED.fees)
    fees = 57_180 + 57_180 + 15_590
    assert fees == LISTED.fees.fee(Price(570_000), match.shares) - 20
    paid = 1_900_000 + 1_900_000 + 518_184
    assert fill.flow == (-paid - fees if side is Side.BUY else 1_899_999 * 2 + 518_183 - fees)
    assert (fill.price, fill.is_exact) == (570_000, True)


def test_makers_at_other_prices_than_the_trades_are_paid_theirs() -> None:
    parts = ((550_000, 4.0), (570_000, 6.0))
    for side, sign in ((Side.BUY, -1), (Side.SELL, 1)):
        match = part(an_order(side=side, price=570_000), 10, is_taker=True, parts=parts)
        fill = fill_of(match, "o", "t", Outcome.UP, LISTED.fees)
        fees = sum(
            LISTED.fees.fee(Price(price), Shares(round(count * MICRO))) for price, count in parts
        )
        assert fill.flow == sign * (2_200_000 + 3_420_000) - fees
        assert fill.price == 562_000
        assert fill.fee >= 0


def test_a_purchase_for_dollars_may_bring_more_shares_than_it_asked_for() -> None:
    order = an_order(price=660_000, shares=6, tif=TimeInForce.FAK)
    books = books_with(order)
    ((_, filled),) = take(books, trade(part(order, 6.09, 650_000, is_taker=True)))
    assert isinstance(filled, ev.Filled)
    assert (filled.shares, filled.price) == (6_090_000, 650_000)
    assert books.found(order.order_id).spent == 3_958_500


def test_makers_that_are_named_late_change_money_by_millionths_that_are_told_once() -> None:
    order = an_order(price=570_000)
    books = books_with(order)
    take(books, trade(part(order, 7.575759, is_taker=True, parts=())))
    estimated = books.money()
    parts = ((570_000, 3.333333), (570_000, 3.333333), (570_000, 0.909093))
    exact = part(order, 7.575759, is_taker=True, parts=parts)
    for status in (TradeStatus.MATCHED, TradeStatus.MINED):
        assert take(books, trade(exact, status=status)) == []
    assert books.money() == estimated, "nobody was told yet"
    whole = fill_of(exact, "o", "t", Outcome.UP, LISTED.fees)
    rounding = books.purse.take_rounding()
    assert rounding == whole.flow - estimated.traded
    assert 0 < abs(rounding) <= 30
    assert books.money().cash == whole.flow
    assert books.purse.take_rounding() == 0
    take(books, trade(exact, status=TradeStatus.FAILED))
    assert books.purse.take_rounding() == -rounding
    assert books.money().cash == 0


def test_a_round_pays_its_winner_once_and_late_words_change_what_it_paid() -> None:
    books = books_with(ORDER)
    take(books, trade(part(ORDER, 4)))
    for _ in range(2):
        books.settle(won())
    assert books.money() == VenueMoney(Usd(2_000_000), Usd(-2_000_000), Usd(4_000_000))
    assert books.realised(BTC) == 2_000_000
    assert len(take(books, trade(part(ORDER, 1), name="t2"))) == 1
    assert books.money().payouts == 5_000_000
    take(books, trade(part(ORDER, 4), status=TradeStatus.FAILED))
    assert books.money() == VenueMoney(Usd(500_000), Usd(-500_000), Usd(1_000_000))
    assert books.realised(BTC) == 500_000


def test_a_void_round_pays_half_of_everything() -> None:
    books = books_with(ORDER)
    take(books, trade(part(ORDER, 4)))
    books.settle(won(ev.NO_WINNER))
    assert books.money().payouts == 2_000_000


def test_a_stray_winner_settles_nothing() -> None:
    books = books_with(ORDER)
    take(books, trade(part(ORDER, 4)))
    books.settle(ev.RoundSettled("0xelse", LISTED.up_token, "clob", AT_NS))
    books.settle(ev.RoundSettled(LISTED.condition_id, "77", "clob", AT_NS))
    assert books.money().payouts == 0


def test_the_first_session_begins_with_what_the_account_had_before_it_traded() -> None:
    """One trade has moved the venue's money, one has not yet."""
    other = an_order(2)
    books = books_with(ORDER, other)
    take(books, trade(part(ORDER, 4), status=TradeStatus.MINED))
    take(books, trade(part(other, 2), name="t2"))
    books.begin_with(Usd(998_000_000))
    assert books.purse.starting_cash == 1_000_000_000
    assert books.money().cash == 997_000_000


# --- what a desk begins with ----------------------------------------------------------------------


def carried(*counted: tuple[str, str], **changes: Any) -> Carried:
    """An earlier session bought ten shares for five dollars, and sold two of them for one."""
    holdings = (Holding(Outcome.UP, Shares(8_000_000), Usd(4_000_000)),)
    held = ev.HeldRound(LISTED, holdings, Usd(-4_000_000))
    desk = ev.DeskOpened(
        BTC, 0, Usd(1_000_000_000), realised=Usd(7_000_000), held=(held,), counted=counted
    )
    return Carried(Usd(1_000_000_000), Usd(1_003_000_000), {BTC: evolve(desk, **changes)})


def test_a_desk_begins_with_what_was_carried_and_what_the_venue_told_since() -> None:
    books = LiveBooks(carried((ORDER.order_id, "t0")))
    books.names.know(ORDER, NAME)
    assert take(books, trade(part(ORDER, 4), name="t0", status=TradeStatus.CONFIRMED)) == []
    assert len(take(books, trade(part(ORDER, 2), name="t1"))) == 1
    working = books.found(ORDER.order_id, is_certain=False)
    opened = books.opening(BTC, 3, [working])
    holdings = (Holding(Outcome.UP, Shares(10_000_000), Usd(5_000_000)),)
    held = ev.HeldRound(LISTED, holdings, Usd(-5_000_000), (working,))
    assert opened.held == (held,)
    assert (opened.cash, opened.realised, opened.life) == (1_000_000_000, 7_000_000, 3)
    assert opened.counted == ((ORDER.order_id, "t0"), (ORDER.order_id, "t1"))
    assert (working.filled, working.trades) == (2_000_000, ("t1",))
    assert books.money() == VenueMoney(Usd(1_002_000_000), Usd(-5_000_000), Usd(0))
    assert books.opening(Asset.ETH, 1).counted == ()


def test_what_an_earlier_session_counted_is_known_though_its_order_has_no_name() -> None:
    """The order was forgotten with its round: the trade is known by itself."""
    books = LiveBooks(carried(("gone-1", "t0"), ("gone-2", "t0")))
    stranger, other = an_order(8), an_order(9)
    assert take(books, trade(part(stranger, 4), part(other, 1), name="t0")) == []
    assert {books.names.ours(venue_name(one)) for one in (stranger, other)} == {"gone-1", "gone-2"}
    third = trade(part(an_order(7), 1), name="t0")
    assert len(take(books, third)) == 1, "a third part of it was counted by nobody"


def test_a_look_for_an_order_of_which_a_name_is_all_that_is_known() -> None:
    """Its fill was counted, its terms are lost: an update that decides otherwise, for one."""
    books = LiveBooks(carried((ORDER.order_id, "t0")))
    take(books, trade(part(ORDER, 4), name="t0"))
    assert books.names.order(NAME) is None
    ((_, accepted),) = books.answer_look(said(ORDER, is_answer=True))
    assert accepted == ev.Accepted(ORDER.order_id, NAME)
    ((_, word),) = books.answer_look(said(ORDER, is_answer=True))
    assert isinstance(word, ev.OrderFound)
    assert (word.found.order.order_id, word.found.order.shares) == (ORDER.order_id, ORDER.shares)
    books.take_order(cancelled(ORDER))
    ((_, gone),) = books.answer_look(cancelled(ORDER, is_answer=True))
    assert isinstance(gone, ev.Cancelled)


def test_what_an_earlier_session_counted_may_fail_now() -> None:
    books = LiveBooks(carried((ORDER.order_id, "t0")))
    books.names.know(ORDER, NAME)
    failed = trade(part(ORDER, 4), name="t0", status=TradeStatus.FAILED)
    ((_, back),) = take(books, failed)
    assert isinstance(back, ev.Reversed)
    opened = books.opening(BTC, 1)
    (held,) = opened.held
    assert held.holdings == (Holding(Outcome.UP, Shares(4_000_000), Usd(2_000_000)),)
    assert held.cash_flow == -2_000_000
    assert books.money().cash == 1_005_000_000
    assert opened.counted == (), "its reversal is told, or the fill was never heard of"
    books.settle(won())
    assert books.realised(BTC) == 7_000_000 - 2_000_000 + 4_000_000


def test_a_desk_is_told_of_the_fills_of_open_and_of_the_last_settled_rounds() -> None:
    books = LiveBooks()
    rounds = [a_round(number) for number in range(70)]
    for number, listed in enumerate(rounds):
        books.list_round(listed)
        order = an_order(listed=listed)
        books.names.know(order, venue_name(order))
        take(books, trade(part(order, 2), name=f"t{number}"))
        if number < 69:
            books.settle(ev.RoundSettled(listed.condition_id, listed.up_token, "clob", AT_NS))
    opened = books.opening(BTC, 2)
    assert [one for _, one in opened.counted] == ["t65", "t66", "t67", "t68", "t69"]
    assert opened.realised == 69 * 1_000_000, "rounds that are forgotten count all the same"
    assert [one.round for one in opened.held] == [rounds[-1]]
    assert books.names.venue(an_order(listed=rounds[0]).order_id) == ""
    assert books.place_of(rounds[0].up_token) is None


def test_what_is_on_the_way_is_what_did_not_move_yet_whatever_was_heard_of_it() -> None:
    """It is asked for at each order, so it is kept and not looked for."""
    books = books_with(ORDER)
    for number, status in enumerate(TradeStatus):
        name = f"t{number}"
        take(books, trade(part(ORDER, 1), name=name))
        take(books, trade(part(ORDER, 1), name=name, status=status))
        known = [one.trade_id for one in books.trades.on_the_way()]
        assert (name in known) is (status in (TradeStatus.MATCHED, TradeStatus.RETRYING))
    assert len(books.trades.on_the_way()) == len(books.trades.waiting()) == 2
    books.trades.forget_round(LISTED.slug)
    assert not books.trades.on_the_way()
    assert not books.trades.waiting()


# --- recorded forms -------------------------------------------------------------------------------


@pytest.mark.skipif(not MAKER_FRAMES.exists(), reason="recorded frames are not here")
def test_recorded_makers_trades_without_a_side_or_an_owner() -> None:
    """Told once each, to the asset whose token it is, for the part that is ours."""
    wallet = "0x" + "2" * 40
    codec = UserChannel(wallet=wallet)
    trades = [
        event
        for line in MAKER_FRAMES.read_text().splitlines()
        for event in codec.read(line)[0]
        if isinstance(event, UserTrade)
    ]
    assert len(trades) == 3
    tokens = sorted({match.token_id for one in trades for match in one.matches})
    listed = evolve(LISTED, up_token=tokens[-1], down_token=tokens[0])
    books = LiveBooks()
    books.list_round(listed)
    told = [take(books, one) for one in trades]
    assert all(told), "each of them is a fill of ours"
    assert [take(books, one) for one in trades] == [[], [], []]
    first = told[0][0][1]
    assert isinstance(first, ev.Filled)
    assert (first.side, first.price, first.shares) == (Side.BUY, 518_000, 12_000_000)

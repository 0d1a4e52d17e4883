"""Sales and pairs in open rounds count for the day and the drawdown; one kill a day and limit; and
what a person who resumes forgives."""

from __future__ import annotations

import pytest
from stories import (
    CHEAP_BOOK,
    PLAIN,
    Story,
    bought_for,
    make_round,
    of_kind,
    only,
    reasons,
    with_risk,
    with_strategy,
)

from polytui.config.load import canonical_json
from polytui.config.schema import Settings
from polytui.model import events as ev
from polytui.model.effects import CancelAll, Credit, Place, Reason, Trip, Why
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Order, Side
from polytui.model.units import MICRO, NS_PER_S, Price, Usd

BTC, ETH = Asset.BTC, Asset.ETH
LEAVING = with_strategy(PLAIN, is_held_to_settlement=False)
LOW_BOOK, BID = (0.40, 0.42), Price(400_000)


def stopped(settings: Settings) -> tuple[Story, Order, Order]:
    """A stake that its stop loss sells at 0.40: what it was bought with, and the sale, unfilled."""
    story = Story(settings).a_minute_in()
    bought = story.holding()
    sale = only(story.book(LOW_BOOK), Place).order
    assert sale.side is Side.SELL
    return story, bought, sale


def lost_by(bought: Order, sale: Order) -> int:
    fee = make_round().fees.fee(BID, sale.shares)
    return bought_for(bought) - (BID * sale.shares // MICRO - fee)


LOST = lost_by(*stopped(LEAVING)[1:])
"""Millionths that the stop loss loses in an open round."""


# --- in open rounds ---------------------------------------------------------------------------


def test_what_a_stop_lost_counts_for_the_day_and_the_drawdown_before_the_settlement() -> None:
    story, _, sale = stopped(LEAVING)
    account = story.mind.account
    assert (account.realised_today(story.now_ns), account.drawdown) == (0, 0)
    story.fill(sale, trade_id="t2", price=BID)
    assert (account.realised_today(story.now_ns), account.drawdown) == (-LOST, LOST)
    assert account.realised == 0
    assert only(story.settle(Outcome.UP), Credit).pnl == -LOST
    assert (account.realised_today(story.now_ns), account.drawdown) == (-LOST, LOST)
    assert account.realised == -LOST


def test_of_half_a_sale_half_is_lost() -> None:
    story, _, sale = stopped(LEAVING)
    story.fill(sale, sale.shares / MICRO / 2, "t2", BID)
    lost = -story.mind.account.realised_today(story.now_ns)
    assert lost == pytest.approx(LOST / 2, abs=20)


@pytest.mark.parametrize("winner", list(Outcome))
def test_a_pair_is_a_dollar_before_it_is_paid(winner: Outcome) -> None:
    """To the millionth what the settlement books, whoever wins."""
    story = Story(LEAVING).a_minute_in()
    bought = story.holding()
    account = story.mind.account
    order = only(story.two_books((0.30, 0.32), (0.58, 0.60)), Place).order
    assert (order.outcome, order.side) == (Outcome.DOWN, Side.BUY)
    story.fill(order, trade_id="t2")
    # A share in three hundred is left without its pair: whole cents are spent.
    alone = bought.shares - order.shares
    carried = bought_for(bought) * alone // bought.shares
    result = order.shares + carried - bought_for(bought) - bought_for(order)
    assert account.realised_today(story.now_ns) == result
    assert account.drawdown == -result
    result += (alone if winner is Outcome.UP else 0) - carried
    assert only(story.settle(winner), Credit).pnl == result
    assert (account.realised_today(story.now_ns), account.drawdown) == (result, -result)


@pytest.mark.parametrize(("more", "stops"), [(-1, True), (0, True), (1, False)])
def test_a_drawdown_by_a_sale_stops_entries(more: int, stops: bool) -> None:
    """The book is still cheap, and it would enter again."""
    story, _, sale = stopped(with_risk(LEAVING, max_drawdown_usd=(LOST + more) / MICRO))
    story.fill(sale, trade_id="t2", price=BID)
    assert (story.said_last() is Reason.LIMIT_DRAWDOWN) is stops
    assert len(of_kind(story.wait(5), Place)) == (not stops)


# --- one kill a day and limit -----------------------------------------------------------------


def killed_and_rearmed(limit: float = 1.0) -> tuple[Story, Order]:
    """Bitcoin lost twenty dollars, which was too much; a person went on. Ether is still held."""
    story = Story(PLAIN, (BTC, ETH)).a_minute_in(BTC, ETH)
    story.holding(BTC)
    ether = story.holding(ETH)
    story.limit(max_daily_loss_usd=limit)
    assert len(of_kind(story.settle(Outcome.DOWN, BTC), CancelAll)) == 1
    assert story.mind.account.kill_switch.is_on
    story.command(ev.Action.REARM)
    assert not story.mind.account.kill_switch.is_on
    return story, ether


def is_killed_by_a_sale(story: Story) -> bool:
    """Ether is sold at a loss: whether that stops everything."""
    sale = only(story.command(ev.Action.FLATTEN, ETH), Place).order
    told = story.fill(sale, trade_id="t2")
    is_on = story.mind.account.kill_switch.is_on
    assert bool(of_kind(told, CancelAll)) is is_on
    return is_on


def test_who_rearmed_is_not_killed_again_by_the_next_fill() -> None:
    story, ether = killed_and_rearmed()
    assert not is_killed_by_a_sale(story)
    assert story.mind.account.realised_today(story.now_ns) < -bought_for(ether)


def test_nor_by_the_next_settlement() -> None:
    story, _ = killed_and_rearmed()
    assert of_kind(story.settle(Outcome.DOWN, ETH), CancelAll) == []
    assert not story.mind.account.kill_switch.is_on


def test_entries_stay_blocked_all_day() -> None:
    story, _ = killed_and_rearmed()
    story.settle(Outcome.UP, ETH)
    for asset in (BTC, ETH):
        story.tell(ev.RoundFound(make_round(asset, 1)), asset)
        story.tell(ev.RoundOpened(make_round(asset, 1).slug, story.now_ns), asset)
        story.tell(ev.StrikePublished(make_round(asset, 1).slug, 99_980.0, "gamma"), asset)
    story.now_ns = make_round(number=1).opens_ns
    story.wait(60, BTC, ETH)
    for asset in (BTC, ETH):
        assert of_kind(story.book(CHEAP_BOOK, asset, 1), Place) == []
        why = story.round(asset, 1).whys["distance_fade"]
        assert (why.reason, why.limit) == (Reason.LIMIT_DAILY_LOSS, 1.0)


def test_the_next_day_is_another_one() -> None:
    """The sale alone loses more than a dollar."""
    story, _ = killed_and_rearmed()
    story.now_ns += 5 * 3600 * NS_PER_S
    assert is_killed_by_a_sale(story)
    assert story.mind.account.realised_today(story.now_ns) < -MICRO


def test_another_limit_is_another_one() -> None:
    story, _ = killed_and_rearmed()
    story.limit(max_daily_loss_usd=2.0)
    assert is_killed_by_a_sale(story)
    assert story.mind.account.kill_switch.why.endswith("> 2 USD")


def test_a_limit_that_is_not_reached_is_none() -> None:
    story, _ = killed_and_rearmed()
    story.limit(max_daily_loss_usd=50.0)
    assert not is_killed_by_a_sale(story)


# --- what a person forgives -------------------------------------------------------------------


def drawn_down(**limits: float) -> Story:
    """Bitcoin lost twenty dollars of fifteen that were allowed, and waits for a person."""
    settings = with_risk(PLAIN, **{"max_drawdown_usd": 15.0, **limits})
    story = Story(settings, (BTC, ETH)).a_minute_in(BTC, ETH)
    story.holding(BTC)
    trips = of_kind(story.settle(Outcome.DOWN, BTC), Trip)
    assert [trip.why.reason for trip in trips] == [Reason.LIMIT_DRAWDOWN]
    assert story.desk(BTC).asset_account.is_paused
    return story


def test_who_resumes_an_asset_paused_by_hand_has_not_looked_at_the_other() -> None:
    story = drawn_down()
    before = story.mind.account.drawdown
    story.command(ev.Action.PAUSE, ETH)
    story.command(ev.Action.RESUME, ETH)
    assert story.mind.account.drawdown == before > 15 * MICRO
    assert story.desk(BTC).asset_account.is_paused
    assert not story.desk(ETH).asset_account.is_paused
    assert reasons(story.book(CHEAP_BOOK, ETH)) == [Reason.LIMIT_DRAWDOWN]


def test_who_resumes_the_asset_that_it_paused_forgives_it() -> None:
    story = drawn_down()
    story.command(ev.Action.RESUME, BTC)
    assert story.mind.account.drawdown == 0
    assert not story.desk(BTC).asset_account.is_paused
    assert len(of_kind(story.book(CHEAP_BOOK, ETH), Place)) == 1


def test_a_pause_by_hand_on_top_of_it_changes_nothing() -> None:
    story = drawn_down()
    story.command(ev.Action.PAUSE, BTC)
    story.command(ev.Action.RESUME, BTC)
    assert story.mind.account.drawdown == 0


@pytest.mark.parametrize(("drawdown", "left"), [(14.999999, 14.999999), (15.0, 0), (15.000001, 0)])
@pytest.mark.parametrize("is_paused", [False, True])
def test_where_nobody_is_paused_for_it_any_resume_forgives(
    drawdown: float, left: float, is_paused: bool
) -> None:
    """After a restart: what paused an asset then is not told any more. Less than the limit blocks
    nobody and needs no forgiving."""
    story = Story(with_risk(PLAIN, max_drawdown_usd=15.0))
    peak = Usd(round(drawdown * MICRO))
    story.tell(ev.RiskStateRestored(20_000, Usd(0), 0, peak, (), "", 0))
    assert story.mind.account.drawdown == peak
    if is_paused:
        story.command(ev.Action.PAUSE)
    story.command(ev.Action.RESUME)
    assert story.mind.account.drawdown == round(left * MICRO)


@pytest.mark.parametrize(("paused", "left"), [("sol", 0), ("eth", 20 * MICRO)])
def test_an_asset_that_is_not_traded_now_keeps_nobody_from_going_on(paused: str, left: int) -> None:
    """SOL is paused from an earlier session and in nobody's reach; ETH is here, and has its say."""
    story = Story(with_risk(PLAIN, max_drawdown_usd=15.0), assets=(BTC, ETH))
    why = Why(Reason.LIMIT_DRAWDOWN, 20, 15, "USD")
    stop = ev.Stopped(paused, is_paused=True, whys=(why,))
    story.tell(ev.RiskStateRestored(20_000, Usd(0), 0, Usd(20 * MICRO), (), "", 0, (stop,)))
    story.command(ev.Action.RESUME, BTC)
    assert story.mind.account.drawdown == left
    assert story.mind.account.risk_state(story.now_ns).stopped == (stop,), "passed on"


def test_what_was_lost_in_open_rounds_is_forgiven_with_it() -> None:
    story, _, sale = stopped(with_risk(LEAVING, max_drawdown_usd=LOST / MICRO))
    story.fill(sale, trade_id="t2", price=BID)
    story.command(ev.Action.RESUME)
    assert story.mind.account.drawdown == 0
    story.settle(Outcome.UP)
    assert story.mind.account.drawdown == 0
    assert story.mind.account.realised_today(story.now_ns) == -LOST


def test_a_second_reason_to_pause_is_not_forgotten_when_another_asset_resumes() -> None:
    tight = with_risk(PLAIN, max_drawdown_usd=15.0, max_losses_in_a_row=1)
    story = Story(tight, (BTC, ETH)).a_minute_in(BTC, ETH)
    story.holding(BTC)
    story.settle(Outcome.DOWN, BTC)
    drawdown = story.mind.account.drawdown
    story.command(ev.Action.PAUSE, ETH)
    story.command(ev.Action.RESUME, ETH)
    assert story.mind.account.drawdown == drawdown > 15 * MICRO
    story.command(ev.Action.RESUME, BTC)
    assert story.mind.account.drawdown == 0


def test_a_loss_settled_while_the_desk_was_dead_kills_as_well() -> None:
    story = Story().a_minute_in()
    lost = bought_for(story.holding())
    story.limit(max_daily_loss_usd=15.0)
    story.tell(ev.DeskOpened(BTC, 2, story.cash, Usd(-lost)))
    told = story.tell(ev.SettingsChanged(canonical_json(story.settings)))
    assert len(of_kind(told, CancelAll)) == 1
    assert story.mind.account.kill_switch.is_on
    again = story.tell(ev.SettingsChanged(canonical_json(story.settings)))
    assert of_kind(again, CancelAll) == [], "once a day and limit"

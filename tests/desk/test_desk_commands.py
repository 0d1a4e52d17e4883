"""What people and limits say: pause, flatten, kill, stop; and what survives a crash."""

from __future__ import annotations

import pytest
from attrs import evolve
from stories import (
    CHEAP_BOOK,
    FAIR_BOOK,
    PLAIN,
    STAKED,
    STRIKE,
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
from polytui.desk.snapshots import desk_state, show_asset
from polytui.model import events as ev
from polytui.model.effects import Cancel, CancelAll, Credit, Place, Reason, Trip, Why
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Holding, Side, TimeInForce
from polytui.model.snapshot import AssetState, AssetView
from polytui.model.units import MICRO, NS_PER_S, Shares, Usd

BTC, ETH = Asset.BTC, Asset.ETH


def two_desks() -> Story:
    return Story(assets=(BTC, ETH)).a_minute_in(BTC, ETH)


# --- pause ------------------------------------------------------------------------------------


def test_pause_cancels_and_resume_trades_again() -> None:
    story = Story().a_minute_in()
    order = story.buying()
    paused = story.command(ev.Action.PAUSE)
    assert of_kind(paused, Cancel) == [Cancel(order.order_id)]
    assert reasons(paused) == [Reason.PAUSED]
    story.tell(ev.Cancelled(order.order_id, "by request"))
    assert of_kind(story.wait(10), Place) == []
    assert len(of_kind(story.command(ev.Action.RESUME), Place)) == 1


def test_pause_keeps_what_is_held() -> None:
    story = Story().a_minute_in()
    story.holding()
    assert of_kind(story.command(ev.Action.PAUSE), Place) == []
    assert story.desk().ledger.positions.of(make_round().slug).up == STAKED


def test_one_desk_pauses_while_the_other_trades() -> None:
    story = two_desks()
    story.command(ev.Action.PAUSE, ETH)
    assert len(of_kind(story.book(CHEAP_BOOK, BTC), Place)) == 1
    assert of_kind(story.book(CHEAP_BOOK, ETH), Place) == []


def test_an_order_on_its_way_is_cancelled_even_if_its_answer_is_late() -> None:
    story = Story().a_minute_in()
    order = story.buying()
    story.command(ev.Action.PAUSE)
    story.tell(ev.Accepted(order.order_id))
    assert story.mind.account.working_orders == 1
    story.tell(ev.Cancelled(order.order_id, "by request"))
    assert story.mind.account.working_orders == 0
    assert story.mind.account.exposure == 0


def test_a_halt_is_a_pause_for_the_next_session_until_a_person_resumes_it() -> None:
    story = Story().a_minute_in()
    halted = story.tell(ev.AssetHalted(3, 3), is_last=False)
    why = Why(Reason.HALTED, 3, 3, "crashes")
    assert halted == [Trip(why, 0)]
    left = story.mind.account.risk_state(story.now_ns)
    assert left.stopped == (ev.Stopped("btc", is_paused=True, whys=(why,)),)

    after = Story()
    after.tell(left)
    after.a_minute_in()
    assert of_kind(after.book(CHEAP_BOOK), Place) == []
    assert after.said_last() is Reason.HALTED
    assert len(of_kind(after.command(ev.Action.RESUME), Place)) == 1
    assert after.mind.account.risk_state(after.now_ns).stopped == ()


# --- kill -------------------------------------------------------------------------------------


def test_kill_cancels_everything_and_blocks_until_a_person_rearms() -> None:
    story = Story().a_minute_in()
    order = story.buying()
    killed = story.command(ev.Action.KILL)
    assert of_kind(killed, CancelAll) == [CancelAll("kill switch: command from test")]
    story.tell(ev.Cancelled(order.order_id, "by request"))
    story.command(ev.Action.RESUME)
    assert of_kind(story.wait(10), Place) == []
    assert story.said_last() is Reason.KILL_SWITCH
    assert len(of_kind(story.command(ev.Action.REARM), Place)) == 1


@pytest.mark.parametrize("action", [ev.Action.KILL, ev.Action.STOP])
def test_what_is_cancelled_together_is_not_cancelled_again_one_by_one(action: ev.Action) -> None:
    story = Story().a_minute_in()
    story.buying()
    assert of_kind(story.command(action), Cancel) == []
    assert of_kind(story.wait(10), Cancel) == [], "it is on its way already"


def test_a_kill_on_one_desk_stops_every_desk() -> None:
    story = two_desks()
    order = story.buying(ETH)
    story.command(ev.Action.KILL, BTC)
    assert of_kind(story.wait(1, ETH), Cancel) == [Cancel(order.order_id)]
    story.tell(ev.Cancelled(order.order_id, "by request"), ETH)
    assert of_kind(story.book(CHEAP_BOOK, BTC), Place) == []
    assert of_kind(story.book(CHEAP_BOOK, ETH), Place) == []
    assert story.mind.account.kill_switch.why == "command from test"


def test_a_new_life_does_not_clear_the_kill_switch() -> None:
    story = Story().a_minute_in()
    story.command(ev.Action.KILL)
    story.tell(ev.DeskOpened(BTC, 2, story.cash))
    assert story.mind.account.kill_switch.is_on


def test_the_daily_loss_trips_the_kill_switch() -> None:
    story = Story().a_minute_in()
    story.holding()
    story.limit(max_daily_loss_usd=15.0)
    assert not story.mind.account.kill_switch.is_on, "what may be lost is not lost yet"
    lost = story.settle(Outcome.DOWN)
    assert only(lost, Credit).pnl < -15 * MICRO
    assert of_kind(lost, CancelAll) == [CancelAll("kill switch: daily loss limit: 20 > 15 USD")]
    assert story.mind.account.kill_switch.why == "daily loss limit: 20 > 15 USD"


@pytest.mark.parametrize(("more", "is_killed"), [(-1e-6, True), (0.0, True), (1e-6, False)])
def test_a_sale_in_an_open_round_counts_for_the_day(more: float, is_killed: bool) -> None:
    first = Story().a_minute_in()
    bought = first.holding()
    sold = only(first.command(ev.Action.FLATTEN), Place).order
    fee = make_round().fees.fee(sold.price, sold.shares)
    lost = bought_for(bought) - (sold.price * sold.shares // MICRO - fee)
    assert lost > 0
    story = Story().a_minute_in()
    story.holding()
    story.limit(max_daily_loss_usd=lost / MICRO + more)
    told = story.fill(only(story.command(ev.Action.FLATTEN), Place).order, trade_id="t2")
    assert bool(of_kind(told, CancelAll)) is is_killed
    assert story.mind.account.kill_switch.is_on is is_killed
    assert story.mind.account.realised_today(story.now_ns) == -lost


def test_of_two_reasons_to_pause_the_first_is_shown_and_both_are_told_and_counted() -> None:
    story = Story(with_risk(PLAIN, max_losses_in_a_row=1, max_drawdown_usd=5.0)).a_minute_in()
    story.holding()
    told = of_kind(story.settle(Outcome.DOWN), Trip)
    both = [Reason.LIMIT_LOSSES, Reason.LIMIT_DRAWDOWN]
    assert [trip.why.reason for trip in told] == both
    asset_account = story.desk().asset_account
    assert asset_account.paused_why == told[0].why
    assert asset_account.breakers.trips == dict.fromkeys(both, 1)


def test_a_loss_below_the_limit_does_not() -> None:
    story = Story(with_risk(PLAIN, max_daily_loss_usd=20.1)).a_minute_in()
    story.holding()
    story.settle(Outcome.DOWN)
    assert not story.mind.account.kill_switch.is_on


def test_rearmed_on_the_same_day_the_loss_still_stands() -> None:
    story = Story().a_minute_in()
    story.holding()
    story.limit(max_daily_loss_usd=15.0)
    story.settle(Outcome.DOWN)
    assert story.mind.account.kill_switch.is_on
    story.command(ev.Action.REARM)
    account, now_ns = story.mind.account, story.now_ns
    assert account.realised_today(now_ns) < -15 * MICRO
    assert account.realised_today(now_ns + 4 * 3600 * NS_PER_S) == 0


# --- flatten ----------------------------------------------------------------------------------


def test_flatten_sells_what_is_held_to_whoever_bids_and_stays_paused() -> None:
    story = Story().a_minute_in()
    story.holding()
    sale = only(story.command(ev.Action.FLATTEN), Place).order
    assert (sale.outcome, sale.side, sale.tif) == (Outcome.UP, Side.SELL, TimeInForce.FAK)
    assert (sale.price, sale.shares) == (580_000, STAKED)
    story.tell(ev.Accepted(sale.order_id))
    story.fill(sale, trade_id="t2")
    assert (
        story.desk().asset_account.exposure.totals.cost,
        story.desk().asset_account.working,
    ) == (0, 0)
    assert desk_state(story.desk(), story.mind.account)[0] is AssetState.PAUSED
    assert of_kind(story.wait(10), Place) == []
    assert len(of_kind(story.command(ev.Action.RESUME), Place)) == 1


def test_flatten_sells_the_rest_again() -> None:
    story = Story().a_minute_in()
    story.holding()
    sale = only(story.command(ev.Action.FLATTEN), Place).order
    story.tell(ev.Accepted(sale.order_id))
    story.fill(sale, 10.0, "t2")
    left = story.tell(ev.Cancelled(sale.order_id, "nothing more to match"))
    assert of_kind(left, Place) == [], "nobody else has come in no time"
    rest = only(story.wait(1), Place).order
    assert rest.shares == STAKED - 10 * MICRO


@pytest.mark.parametrize(("retry_s", "waits"), [(0.0, 0), (1.0, 1), (2.999, 3), (3.001, 4)])
def test_an_exit_that_found_nobody_is_not_tried_at_once(retry_s: float, waits: int) -> None:
    story = Story(evolve(PLAIN, exits=evolve(PLAIN.exits, retry_s=retry_s))).a_minute_in()
    story.holding()
    sale = only(story.command(ev.Action.FLATTEN), Place).order
    told = of_kind(story.tell(ev.Refused(sale.order_id, "no orders found to match")), Place)
    for _ in range(waits):
        assert told == []
        told = of_kind(story.wait(1), Place)
    assert [effect.order.shares for effect in told] == [sale.shares]


def test_flatten_never_offers_the_same_shares_twice() -> None:
    story = Story().a_minute_in()
    story.holding()
    story.command(ev.Action.FLATTEN)
    assert of_kind(story.wait(5), Place) == []
    assert of_kind(story.command(ev.Action.FLATTEN), Place) == []


def test_flatten_cancels_a_buy_that_works() -> None:
    story = Story().a_minute_in()
    order = story.buying()
    story.tell(ev.Accepted(order.order_id))
    story.fill(order, 10.0)
    flat = story.command(ev.Action.FLATTEN)
    assert of_kind(flat, Cancel) == [Cancel(order.order_id)]
    assert only(flat, Place).order.shares == 10 * MICRO


def test_what_is_too_little_to_sell_is_held_to_settlement() -> None:
    story = Story().a_minute_in()
    order = story.buying()
    story.tell(ev.Accepted(order.order_id))
    story.fill(order, 4.99)
    assert of_kind(story.command(ev.Action.FLATTEN), Place) == []


def test_dust_below_a_lot_is_not_offered() -> None:
    story = Story().a_minute_in()
    order = story.buying()
    story.tell(ev.Accepted(order.order_id))
    story.fill(order, 7.575758)
    assert only(story.command(ev.Action.FLATTEN), Place).order.shares == 7_570_000


def test_with_the_kill_switch_on_what_is_held_can_still_be_sold() -> None:
    story = Story().a_minute_in()
    story.holding()
    story.command(ev.Action.KILL)
    assert only(story.command(ev.Action.FLATTEN), Place).order.side is Side.SELL


# --- stop -------------------------------------------------------------------------------------


def test_stop_cancels_everything_and_places_nothing_more() -> None:
    story = Story().a_minute_in()
    order = story.buying()
    assert of_kind(story.command(ev.Action.STOP), CancelAll) == [CancelAll("stop")]
    story.tell(ev.Cancelled(order.order_id, "by request"))
    assert of_kind(story.wait(10), Place) == []
    assert story.said_last() is Reason.STOPPING
    assert of_kind(story.command(ev.Action.RESUME), Place) == []


def test_stop_is_stronger_than_flatten() -> None:
    story = Story().a_minute_in()
    story.holding()
    sale = only(story.command(ev.Action.FLATTEN), Place).order
    stopped = story.command(ev.Action.STOP)
    assert of_kind(stopped, Place) == []
    assert of_kind(story.tell(ev.Cancelled(sale.order_id, "by request")), Place) == []


# --- limits that desks share ------------------------------------------------------------------


def test_the_account_limit_counts_every_desk_with_its_fees() -> None:
    """Two whole stakes, a third that is cut to what is left of the limit, and no fourth."""
    assets = tuple(Asset)
    story = Story(with_risk(PLAIN, max_account_usd=59.7), assets)
    story.a_minute_in(*assets)
    placed = [order for asset in assets for order in of_kind(story.book(CHEAP_BOOK, asset), Place)]
    assert [place.order.shares for place in placed] == [STAKED, STAKED, 31_940_000]
    assert story.said_last(Asset.SOL) is Reason.LIMIT_ACCOUNT
    assert story.said_last(Asset.XRP) is Reason.LIMIT_ACCOUNT
    for number, place in enumerate(placed):
        story.fill(place.order, trade_id=f"t{number}")
    assert 59_690_000 < story.mind.account.exposure <= 59_700_000


def test_the_stamp_says_what_all_desks_have_at_stake() -> None:
    story = two_desks()
    first = only(story.book(CHEAP_BOOK, BTC), Place)
    second = only(story.book(CHEAP_BOOK, ETH), Place)
    assert second.stamp.exposure == bought_for(first.order) + bought_for(second.order)


def test_cash_is_spent_once() -> None:
    """Of thirty dollars one desk takes twenty; the other buys for what is left."""
    poor = evolve(PLAIN, paper=evolve(PLAIN.paper, starting_cash_usd=30.0))
    story = Story(poor, (BTC, ETH)).a_minute_in(BTC, ETH)
    first = story.holding(BTC)
    second = only(story.book(CHEAP_BOOK, ETH), Place).order
    assert 29_990_000 < bought_for(first) + bought_for(second) <= 30_000_000
    assert story.said_last(ETH) is Reason.LIMIT_CASH


def test_cash_that_is_spent_buys_nothing() -> None:
    """Three dollars are less than five shares."""
    poor = evolve(PLAIN, paper=evolve(PLAIN.paper, starting_cash_usd=23.0))
    story = Story(poor, (BTC, ETH)).a_minute_in(BTC, ETH)
    story.holding(BTC)
    assert of_kind(story.book(CHEAP_BOOK, ETH), Place) == []
    assert story.said_last(ETH) is Reason.LIMIT_CASH


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ({"max_order_usd": 19.0}, Reason.LIMIT_ORDER),
        ({"max_round_usd": 19.0}, Reason.LIMIT_ROUND),
        ({"max_asset_usd": 19.0}, Reason.LIMIT_ASSET),
        ({"max_account_usd": 19.0}, Reason.LIMIT_ACCOUNT),
    ],
)
def test_a_limit_is_the_reason_that_faces_see(limit: dict[str, float], reason: Reason) -> None:
    story = Story(with_risk(PLAIN, **limit)).a_minute_in()
    assert reasons(story.book(CHEAP_BOOK)) == [reason]
    view = show_asset(story.desk(), story.now_ns, AssetState.TRADING, "", ())
    (signal,) = [one for one in view.rounds[0].signals if one.strategy == "distance_fade"]
    assert signal.direction == "up"
    assert signal.reason.startswith(reason.value)
    (entry,) = story.desk().rounds
    assert signal.worth == entry.proposals["distance_fade"].worth
    assert signal.worth is not None


# --- a new life -------------------------------------------------------------------------------


def reopened(story: Story, held: tuple[ev.HeldRound, ...], realised: Usd) -> Story:
    story.tell(ev.DeskOpened(BTC, 2, story.cash, realised, held))
    story.tell(ev.SettingsChanged(canonical_json(story.settings)))
    return story


def a_held_round(shares: Shares = STAKED, cost: int = 19_996_656) -> ev.HeldRound:
    holding = Holding(Outcome.UP, shares, Usd(cost))
    return ev.HeldRound(make_round(), (holding,), Usd(-cost))


def under_way(story: Story) -> None:
    """What the watchers of a new life say of a round that began without it."""
    story.tell(ev.FeedUp(ev.BOOK_FEED, story.now_ns))
    story.tell(ev.RoundFound(make_round()))
    story.tell(ev.RoundOpened(make_round().slug, story.now_ns, is_late=True))
    story.tell(ev.StrikePublished(make_round().slug, STRIKE, "gamma"))
    story.book((0.80, 0.84))


def test_a_second_life_holds_what_the_first_one_held() -> None:
    story = Story().a_minute_in()
    order = story.holding()
    cash, exposure = story.mind.account.cash, story.mind.account.exposure
    reopened(story, (a_held_round(order.shares, bought_for(order)),), Usd(0))
    assert (story.mind.account.cash, story.mind.account.exposure) == (cash, exposure)
    assert story.desk().life == 2
    assert story.mind.account.working_orders == 0
    credit = only(story.settle(Outcome.UP), Credit)
    assert credit.pnl == order.shares - bought_for(order)


def test_a_second_life_knows_what_was_realised() -> None:
    story = Story().a_minute_in()
    order = story.holding()
    pnl = only(story.settle(Outcome.UP), Credit).pnl
    reopened(story, (), Usd(pnl))
    assert story.mind.account.realised == pnl == order.shares - bought_for(order)
    assert story.mind.account.realised_today(story.now_ns) == pnl


def test_what_the_venue_says_was_realised_is_believed_over_what_a_crash_left() -> None:
    story = reopened(Story(), (), Usd(5 * MICRO))
    assert story.mind.account.realised == 5 * MICRO
    reopened(story, (), Usd(-2 * MICRO))
    assert story.mind.account.realised == -2 * MICRO
    assert story.mind.account.cash == 998 * MICRO


@pytest.mark.parametrize(
    ("results", "row"), [((-5,), 1), ((-5, -7), 2), ((-5, -7, -7), 2), ((-5, 1), 0), ((0,), 0)]
)
def test_a_round_that_settled_while_nobody_lived_is_one_of_the_row(
    results: tuple[int, ...], row: int
) -> None:
    """Each life is told what was realised in all; the same again is no result."""
    story = Story()
    for realised in results:
        reopened(story, (), Usd(realised * MICRO))
    assert story.desk().asset_account.losses_in_a_row == row


def test_a_loss_while_nobody_lived_may_be_the_one_too_many() -> None:
    settings = with_risk(PLAIN, max_losses_in_a_row=1)
    story = Story(settings).a_minute_in()
    cost = bought_for(story.holding())
    reopened(story, (), Usd(-cost))
    assert story.desk().asset_account.live.open(make_round().slug) == ()
    under_way(story)
    story.wait(62)
    assert reasons(story.book(CHEAP_BOOK)) == [Reason.LIMIT_LOSSES]
    assert len(of_kind(story.effects, Place)) == 1, "that of the life before"


def test_a_second_life_trades_its_round_again() -> None:
    story = Story().a_minute_in()
    reopened(story, (), Usd(0))
    under_way(story)
    assert of_kind(story.wait(62), Place) == []
    assert len(of_kind(story.book(CHEAP_BOOK), Place)) == 1


def test_late_reports_of_a_former_life_are_not_taken_for_ours() -> None:
    story = Story().a_minute_in()
    order = story.buying()
    story.desk().is_sound = False
    reopened(story, (), Usd(0))
    story.tell(ev.Accepted(order.order_id))
    story.fill(order)
    assert (
        story.desk().asset_account.exposure.totals.cost,
        story.desk().asset_account.working,
    ) == (0, 0)


@pytest.mark.parametrize("action", [ev.Action.PAUSE, ev.Action.FLATTEN])
def test_what_a_person_asked_stands_through_a_crash(action: ev.Action) -> None:
    story = Story().a_minute_in()
    story.command(action)
    reopened(story, (), Usd(0))
    under_way(story)
    story.wait(62)
    assert of_kind(story.book(CHEAP_BOOK), Place) == []


# --- what faces see -----------------------------------------------------------------------------


def test_a_view_shows_the_round_as_it_is() -> None:
    story = Story().a_minute_in()
    order = story.holding()
    story.book(FAIR_BOOK)
    view = show_asset(story.desk(), story.now_ns, AssetState.TRADING, "", ())
    (shown,) = view.rounds
    assert (shown.slug, shown.phase, shown.strike) == (order.slug, "open", 99_980.0)
    assert shown.book is not None
    assert shown.book.bids == ((770_000, 1_000 * MICRO),)
    assert (shown.up_shares, shown.down_shares, shown.cost) == (STAKED, 0, bought_for(order))
    assert shown.marked_pnl == 770_000 * STAKED // MICRO - bought_for(order)
    assert view.marked_pnl == shown.marked_pnl
    assert (view.signals, view.orders, view.fills) == (1, 1, 1)


@pytest.mark.parametrize(
    ("actions", "state"),
    [
        ((), AssetState.TRADING),
        ((ev.Action.PAUSE,), AssetState.PAUSED),
        ((ev.Action.PAUSE, ev.Action.RESUME), AssetState.TRADING),
        ((ev.Action.KILL, ev.Action.PAUSE), AssetState.KILLED),
        ((ev.Action.STOP,), AssetState.STOPPING),
    ],
)
def test_a_desk_says_what_it_is_about(actions: tuple[ev.Action, ...], state: AssetState) -> None:
    story = Story().a_minute_in()
    for action in actions:
        story.command(action)
    assert desk_state(story.desk(), story.mind.account)[0] is state


def test_flattening_is_shown_while_something_is_left() -> None:
    story = Story().a_minute_in()
    story.holding()
    story.command(ev.Action.FLATTEN)
    assert desk_state(story.desk(), story.mind.account)[0] is AssetState.FLATTENING


# --- the same again ---------------------------------------------------------------------------


def test_two_minds_told_the_same_do_the_same() -> None:
    story = two_desks()
    story.holding(BTC)
    story.buying(ETH)
    story.command(ev.Action.PAUSE, ETH)
    story.settle(Outcome.UP, BTC)
    again = Story(assets=(BTC, ETH))
    for asset, now_ns, event, is_last in story.said[len(again.said) :]:
        again.now_ns = now_ns
        again.tell(event, asset, is_last=is_last)
    assert again.effects == story.effects
    assert again.mind.digest() == story.mind.digest()


@pytest.mark.parametrize(
    "change",
    [
        ev.Commanded(ev.Action.PAUSE, "test"),
        ev.Commanded(ev.Action.KILL, "test"),
        ev.FeedStale("binance", 1, 1),
        ev.StrikePublished(make_round(number=1).slug, 1.0, "gamma"),
        ev.SettingsChanged(canonical_json(with_strategy(PLAIN, stake_usd=9.0))),
        ev.TickSizeChanged(make_round(number=1).up_token, Usd(1_000), 1, 1),  # type: ignore[arg-type]
    ],
)
def test_a_digest_sees_what_decides_what_comes_next(change: ev.Event) -> None:
    def told(event: ev.Event) -> str:
        story = Story().a_minute_in()
        story.tell(ev.RoundFound(make_round(number=1)))
        story.tell(event)
        return story.mind.digest()

    assert told(change) == told(change)
    assert told(change) != told(ev.FrameRejected("book", "bad", 1, "", 1))


# --- what faces are told ----------------------------------------------------------------------


def shown(story: Story, after_s: float = 0.0) -> AssetView:
    now_ns = story.now_ns + round(after_s * NS_PER_S)
    return show_asset(story.desk(), now_ns, AssetState.TRADING, "", ())


def test_what_blocks_a_round_is_told_with_its_number_and_gone_when_it_is_over() -> None:
    story = Story().a_minute_in()
    story.book(FAIR_BOOK)
    assert shown(story).rounds[0].block == ""
    story.tell(ev.FeedDown(ev.BOOK_FEED, "reset by peer", story.now_ns))
    assert shown(story).rounds[0].block == "feed down"
    story.tell(ev.FeedUp(ev.BOOK_FEED, story.now_ns))
    story.book(FAIR_BOOK)
    assert shown(story).rounds[0].block == ""
    story.command(ev.Action.PAUSE)
    assert shown(story).rounds[0].block == "paused"
    story.command(ev.Action.KILL)
    assert shown(story).rounds[0].block == "kill switch"


def test_a_fair_value_that_no_look_makes_any_more_has_an_age() -> None:
    story = Story().a_minute_in()
    assert shown(story, 20.0).rounds[0].fair_age_ms == 0
    story.tell(ev.FeedDown(ev.BOOK_FEED, "reset by peer", story.now_ns))
    story.wait(30)
    view = shown(story).rounds[0]
    assert view.fair_up is not None
    assert 29_000 <= view.fair_age_ms <= 31_000


def test_who_is_asked_to_resume_hears_what_begins_anew() -> None:
    story = Story(with_risk(PLAIN, max_losses_in_a_row=1, max_drawdown_usd=1.0)).a_minute_in()
    story.holding()
    assert shown(story).resets == ()
    story.settle(Outcome.DOWN)
    losses, drawdown = shown(story).resets
    assert losses == "losses in a row: 1 >= 1 rounds"
    assert drawdown.startswith("drawdown limit: ")
    story.command(ev.Action.RESUME)
    assert shown(story).resets == ()
    assert story.mind.account.drawdown == 0


def test_a_flattened_asset_is_one_until_a_person_resumes_it_through_restarts() -> None:
    story = Story().a_minute_in()
    story.command(ev.Action.PAUSE)
    assert not shown(story).is_flattened
    story.command(ev.Action.FLATTEN)
    story.wait(10)
    story.command(ev.Action.PAUSE)
    assert shown(story).is_flattened
    left = story.mind.account.risk_state(story.now_ns)
    after = Story()
    after.tell(left)
    after.a_minute_in()
    assert shown(after).is_flattened
    after.command(ev.Action.RESUME)
    assert not shown(after).is_flattened

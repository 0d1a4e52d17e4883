"""A person's own orders: everybody's limits and precautions, nobody's opinions, all or nothing."""

from __future__ import annotations

import pytest
from attrs import evolve
from stories import (
    CHEAP_BOOK,
    PLAIN,
    Story,
    make_round,
    of_kind,
    only,
    with_risk,
    with_strategy,
)

from polytui.config.load import canonical_json
from polytui.config.schema import GateSettings, Settings, TicketSettings
from polytui.desk.quoting import BY_HAND_NS
from polytui.model import events as ev
from polytui.model.effects import Cancel, Decline, Effect, Place, Reason
from polytui.model.instrument import Outcome
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.ticket import BY_HAND, Ticket, TicketLook
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, Usd, cost_of

UP, DOWN = Outcome.UP, Outcome.DOWN
BUY, SELL = Side.BUY, Side.SELL
GTC, FAK, FOK = TimeInForce.GTC, TimeInForce.FAK, TimeInForce.FOK
SLUG = make_round().slug
ALONE = with_strategy(PLAIN, is_enabled=False)
"""Nobody but the person trades."""
HANDS_ON = evolve(ALONE, ticket=TicketSettings(is_enabled=True))
BOTH = evolve(PLAIN, ticket=TicketSettings(is_enabled=True))
"""A strategy beside the person."""
SOON = 3_600 * NS_PER_S


def a_ticket(
    price: float = 0.78,
    shares: float = 10.0,
    outcome: Outcome = UP,
    side: Side = BUY,
    tif: TimeInForce = GTC,
    **more: object,
) -> Ticket:
    terms = {"ticket_id": "0000000a", "slug": SLUG, **more}
    return Ticket(
        outcome=outcome,
        side=side,
        price=Price(round(price * MICRO)),
        shares=Shares(round(shares * MICRO)),
        tif=tif,
        **terms,
    )


def begun(settings: Settings = HANDS_ON) -> Story:
    return Story(settings).a_minute_in()


def sent(story: Story, ticket: Ticket, valid_ns: int = SOON) -> list[Effect]:
    return story.tell(ev.TicketSent(ticket, story.now_ns + valid_ns, "test"))


def placed(story: Story, ticket: Ticket) -> Order:
    return only(sent(story, ticket), Place).order


def refused(story: Story, ticket: Ticket, valid_ns: int = SOON) -> Reason:
    """Why it is not sent."""
    effects = sent(story, ticket, valid_ns)
    assert of_kind(effects, Place) == []
    declined = only(effects, Decline)
    assert (declined.slug, declined.order_id) == (ticket.slug, ticket.order_id)
    return declined.why.reason


def look(story: Story, ticket: Ticket) -> TicketLook:
    return story.desk().by_hand(story.now_ns).look(ticket)


def bought_by_hand(story: Story, shares: float = 10.0) -> Order:
    order = placed(story, a_ticket(0.79, shares, tif=FAK))
    story.tell(ev.Accepted(order.order_id))
    story.fill(order)
    return order


def off(settings: Settings, **ticket: object) -> Settings:
    return evolve(settings, ticket=evolve(settings.ticket, **ticket))


# --- what goes ------------------------------------------------------------------------------------


def test_a_ticket_is_an_order_of_a_persons_name_and_stamped_like_any_other() -> None:
    story = begun()
    place = only(sent(story, a_ticket()), Place)
    order = place.order
    assert (order.strategy, order.order_id) == (BY_HAND, f"{SLUG}-hand-0000000a")
    assert (order.price, order.shares, order.tif) == (780_000, 10_000_000, GTC)
    assert place.stamp.quote == order.quote
    assert place.grounds.fair == pytest.approx(0.79, abs=0.01)
    assert story.mind.account.trades_today(story.now_ns) == 1


def test_a_fair_value_of_before_is_no_ground_of_an_order() -> None:
    story = begun()
    story.now_ns += BY_HAND_NS + 1
    assert only(sent(story, a_ticket()), Place).grounds.fair is None


def test_gates_that_are_opinions_are_not_asked() -> None:
    gates = GateSettings(after_open_s=200.0, min_depth=1_000.0, max_spread_bps=1.0, cooldown_s=60)
    story = begun(evolve(HANDS_ON, gates=gates))
    assert placed(story, a_ticket(0.70))
    assert placed(story, a_ticket(0.71, ticket_id="0000000b")), "and no cool-down"


def test_it_keeps_no_cool_down_of_strategies() -> None:
    story = begun(evolve(BOTH, gates=evolve(BOTH.gates, cooldown_s=60.0)))
    theirs = story.buying()
    story.tell(ev.Accepted(theirs.order_id))
    assert placed(story, a_ticket(0.50))


def test_it_begins_no_cool_down_for_strategies() -> None:
    story = begun(evolve(BOTH, gates=evolve(BOTH.gates, cooldown_s=60.0)))
    placed(story, a_ticket(0.40))
    assert len(of_kind(story.book(CHEAP_BOOK), Place)) == 1


def test_what_may_not_rest_is_what_whole_cents_bring() -> None:
    story = begun()
    order = placed(story, a_ticket(0.79, 10.0, tif=FOK))
    assert order.dollars == 7_900_000
    odd = look(story, a_ticket(0.79, 10.01, tif=FAK, ticket_id="0000000b"))
    assert odd.cost % 10_000 < 1_000, "cents, but for what a share's last decimal is worth"
    assert odd.shares <= 10_010_000


# --- what does not go -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ticket", "reason"),
    [
        (a_ticket(0.785), Reason.OFF_TICK),
        (a_ticket(0.0), Reason.OFF_TICK),
        (a_ticket(1.0), Reason.OFF_TICK),
        (a_ticket(1.2), Reason.OFF_TICK),
        (a_ticket(shares=4.99), Reason.STAKE_SMALL),
        (a_ticket(0.01, 50.0), Reason.STAKE_SMALL),
        (a_ticket(0.85), Reason.PRICE_FAR),
        (a_ticket(0.70, side=SELL, tif=FAK), Reason.PRICE_FAR),
        (a_ticket(0.78, tif=FOK), Reason.DEPTH_THIN),
        (a_ticket(0.79, 1_001.0, tif=FOK), Reason.DEPTH_THIN),
        (a_ticket(0.79, is_post_only=True), Reason.WOULD_TAKE),
        (a_ticket(0.78, tif=FAK, is_post_only=True), Reason.WOULD_TAKE),
        (a_ticket(tif=TimeInForce.GTD), Reason.EXPIRY),
        (a_ticket(0.80, side=SELL, tif=GTC), Reason.NOT_YOURS),
        (a_ticket(0.77, side=SELL, tif=FAK), Reason.NOT_HELD),
        (a_ticket(slug="btc-updown-5m-1"), Reason.ROUND_OVER),
    ],
)
def test_bad_tickets_are_refused_with_their_reason(ticket: Ticket, reason: Reason) -> None:
    story = begun()
    assert look(story, ticket).refusal.startswith(reason.value)
    assert refused(story, ticket) is reason


def test_tickets_are_off_until_somebody_wants_them() -> None:
    assert not Settings().ticket.is_enabled
    assert refused(begun(ALONE), a_ticket()) is Reason.TICKETS_OFF


def test_an_old_view_is_no_reason_to_buy() -> None:
    story = begun()
    assert refused(story, a_ticket(), valid_ns=-1) is Reason.VIEW_OLD
    assert placed(story, a_ticket())


def test_the_same_ticket_twice_is_one_order() -> None:
    story = begun()
    placed(story, a_ticket())
    assert refused(story, a_ticket()) is Reason.SENT_ALREADY


def test_a_round_that_closed_meanwhile() -> None:
    story = begun()
    story.wait(231)
    assert refused(story, a_ticket()) is Reason.TOO_LATE
    story.wait(9)
    story.tell(ev.RoundClosed(SLUG, story.now_ns))
    assert refused(story, a_ticket()) is Reason.ROUND_OVER


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (ev.FeedDown(ev.BOOK_FEED, "gone", 0), Reason.FEED_DOWN),
        (ev.AcceptanceChanged(SLUG, False, 0), Reason.NO_ORDERS),
        (ev.FeedDown(ev.VENUE_FEED, "cancel only", 0), Reason.VENUE_SHUT),
        (ev.FeedDown(ev.VENUE_FEED, "post only", 0, may_rest=True), Reason.VENUE_ONLY_RESTS),
        (ev.Commanded(ev.Action.PAUSE, "test"), Reason.PAUSED),
        (ev.Commanded(ev.Action.KILL, "test"), Reason.KILL_SWITCH),
        (ev.Commanded(ev.Action.STOP, "test"), Reason.STOPPING),
        (ev.Ticked(0, latency_us=900_000), Reason.LATENCY),
    ],
)
def test_what_stops_trading_stops_a_person(event: ev.Event, reason: Reason) -> None:
    story = begun()
    story.tell(event)
    assert refused(story, a_ticket()) is reason


def test_where_the_venue_takes_only_what_rests_post_only_goes() -> None:
    story = begun()
    story.tell(ev.FeedDown(ev.VENUE_FEED, "post only", 0, may_rest=True))
    assert placed(story, a_ticket(0.78, is_post_only=True))


# --- limits: whole or not at all ------------------------------------------------------------------


def test_a_limit_refuses_the_whole_and_says_what_would_go() -> None:
    story = begun(with_risk(HANDS_ON, max_order_usd=10.0))
    ticket = a_ticket(0.78, 20.0)
    seen = look(story, ticket)
    assert seen.refusal.startswith(Reason.LIMIT_ORDER.value)
    assert 0 < seen.room < ticket.shares
    assert refused(story, ticket) is Reason.LIMIT_ORDER
    assert placed(story, evolve(ticket, shares=seen.room)).shares == seen.room


def test_the_ramp_lets_the_smallest_size_through() -> None:
    story = Story(HANDS_ON)
    story.tell(ev.DeskOpened(ev.Asset.BTC, 1, story.cash, is_live=True))
    story.tell(ev.SettingsChanged(canonical_json(HANDS_ON)))
    story.tell(ev.FeedUp(ev.USER_FEED, story.now_ns))
    story.tell(ev.FeedUp(ev.HEARTBEAT_FEED, story.now_ns))
    story.a_minute_in()
    assert look(story, a_ticket(shares=10.0)).room == 5_000_000
    assert refused(story, a_ticket(shares=10.0)) is Reason.RAMP
    assert placed(story, a_ticket(shares=5.0))


# --- looking changes nothing ----------------------------------------------------------------------


def test_a_look_changes_nothing_and_says_what_sending_says() -> None:
    story = begun()
    before = story.mind.digest()
    seen = look(story, a_ticket(0.79, 10.0))
    assert story.mind.digest() == before
    fee = make_round().fees.fee(Price(790_000), Shares(10 * MICRO))
    assert (seen.refusal, seen.shares, seen.cost, seen.fee) == ("", 10_000_000, 7_900_000, fee)
    assert (seen.if_wins, seen.if_loses) == (2_100_000 - fee, -7_900_000 - fee)
    assert (seen.best_bid, seen.best_ask, seen.offered) == (770_000, 790_000, 1_000 * MICRO)
    fair = story.round().fair_up
    assert fair is not None
    assert seen.edge_bps == pytest.approx((fair - 0.79) * 10_000 - fee / 1_000, abs=0.01)


def test_a_sale_is_held_against_keeping_the_shares() -> None:
    story = begun()
    bought_by_hand(story)
    seen = look(story, a_ticket(0.77, 10.0, side=SELL, tif=FAK, ticket_id="0000000b"))
    fee = make_round().fees.fee(Price(770_000), Shares(10 * MICRO))
    assert (seen.if_wins, seen.if_loses) == (7_700_000 - fee - 10_000_000, 7_700_000 - fee)
    assert seen.held == 10_000_000
    assert seen.refusal == ""


# --- whose it is ----------------------------------------------------------------------------------


def test_what_is_bought_by_hand_is_a_persons_to_its_settlement() -> None:
    story = begun()
    order = bought_by_hand(story)
    cost = cost_of(order.price, order.shares) + make_round().fees.fee(order.price, order.shares)
    story.wait(240)
    story.tell(ev.RoundClosed(SLUG, story.now_ns))
    story.settle(UP)
    result = story.mind.account.of(ev.Asset.BTC).live.results()[BY_HAND]
    assert (result.entries, result.exits, result.wins) == (1, 0, 1)
    assert (result.staked, result.pnl) == (cost, 10_000_000 - cost)


def test_no_exit_of_strategies_sells_what_a_person_holds() -> None:
    exits = evolve(BOTH.exits, before_close_s=200.0, stop_loss=0.01, take_profit=0.01)
    story = begun(evolve(BOTH, exits=exits))
    bought_by_hand(story)
    story.book((0.30, 0.32))
    story.wait(10)
    assert all(one.order.side is BUY for one in of_kind(story.effects, Place))
    assert story.desk().ledger.positions.of(SLUG).up == 10_000_000


def test_flatten_sells_it_as_everything() -> None:
    story = begun()
    bought_by_hand(story)
    sale = only(story.command(ev.Action.FLATTEN), Place).order
    assert (sale.side, sale.shares) == (SELL, 10_000_000)


# --- what works -----------------------------------------------------------------------------------


def works(story: Story, ticket: Ticket) -> Order:
    order = placed(story, ticket)
    story.tell(ev.Accepted(order.order_id))
    return order


def taken_back(effects: list[Effect], order: Order) -> Reason:
    """Once, by its id, and said why."""
    assert of_kind(effects, Cancel) == [Cancel(order.order_id)]
    declined = only(effects, Decline)
    assert declined.order_id == order.order_id
    return declined.why.reason


def test_a_working_order_stays_while_strategies_decide() -> None:
    story = begun(BOTH)
    order = works(story, a_ticket(0.50))
    assert of_kind(story.wait(20), Cancel) == []
    assert len(of_kind(story.book(CHEAP_BOOK), Place)) == 1
    assert story.desk().ledger.orders.get(order.order_id).state.is_working


def test_a_person_takes_it_back_and_nothing_else() -> None:
    story = begun(BOTH)
    order, theirs = works(story, a_ticket(0.50)), story.buying()
    assert story.tell(ev.TicketWithdrawn(theirs.order_id, "test"), is_last=False) == []
    back = story.tell(ev.TicketWithdrawn(order.order_id, "test"), is_last=False)
    assert back == [Cancel(order.order_id)]
    assert story.tell(ev.TicketWithdrawn(order.order_id, "test"), is_last=False) == []
    assert story.tell(ev.TicketWithdrawn("nobody's", "test"), is_last=False) == []


@pytest.mark.parametrize("action", [ev.Action.PAUSE, ev.Action.FLATTEN])
def test_pausing_and_flattening_take_a_purchase_back(action: ev.Action) -> None:
    story = begun()
    order = works(story, a_ticket(0.50))
    assert taken_back(story.command(action), order) is Reason.PAUSED
    assert of_kind(story.wait(5), Cancel) == [], "once"


def test_a_pause_leaves_a_sale_that_rests() -> None:
    story = begun()
    bought_by_hand(story)
    works(story, a_ticket(0.85, 10.0, side=SELL, ticket_id="0000000b"))
    assert of_kind(story.command(ev.Action.PAUSE), Cancel) == []
    assert of_kind(story.wait(5), Cancel) == []


def test_it_is_taken_back_before_the_round_ends() -> None:
    story = begun()
    order = works(story, a_ticket(0.50))
    assert of_kind(story.wait(229), Cancel) == []
    assert taken_back(story.wait(2), order) is Reason.TOO_LATE


def test_switching_tickets_off_takes_it_back() -> None:
    story = begun()
    order = works(story, a_ticket(0.50))
    story.settings = off(story.settings, is_enabled=False)
    assert taken_back(story.limit(), order) is Reason.TICKETS_OFF


def test_a_kill_takes_it_back_and_leaves_only_sales_at_once() -> None:
    story = begun()
    bought_by_hand(story, 20.0)
    story.command(ev.Action.KILL)
    rests = a_ticket(0.85, 10.0, side=SELL, ticket_id="0000000b")
    assert refused(story, rests) is Reason.KILL_SWITCH
    at_once = a_ticket(0.77, 10.0, side=SELL, tif=FAK, ticket_id="0000000c")
    assert placed(story, at_once).shares == 10_000_000


def test_a_kill_by_another_desk_takes_it_back_with_the_next_decision() -> None:
    story = Story(HANDS_ON, (ev.Asset.BTC, ev.Asset.ETH)).a_minute_in(ev.Asset.BTC, ev.Asset.ETH)
    bought_by_hand(story)
    order = works(story, a_ticket(0.85, 10.0, side=SELL, ticket_id="0000000b"))
    story.mind.account.kill_switch.trip("by the day's loss", story.now_ns)
    assert taken_back(story.wait(1), order) is Reason.KILL_SWITCH


# --- beside strategies ----------------------------------------------------------------------------


def test_a_person_does_not_trade_with_a_strategys_order() -> None:
    story = begun(BOTH)
    theirs = story.buying()
    story.tell(ev.Accepted(theirs.order_id))
    ticket = a_ticket(0.40, 10.0, outcome=DOWN)
    assert refused(story, ticket) is Reason.OWN_ORDER
    assert placed(story, evolve(ticket, price=Price(390_000)))


def test_a_strategy_does_not_trade_with_a_persons_order() -> None:
    story = begun(BOTH)
    bought_by_hand(story)
    story.command(ev.Action.PAUSE)
    story.book(CHEAP_BOOK)
    works(story, a_ticket(0.60, 10.0, side=SELL, ticket_id="0000000b"))
    assert of_kind(story.command(ev.Action.RESUME), Place) == []
    assert story.said_last() is Reason.OWN_ORDER


def in_the_way() -> tuple[Story, Order, Order]:
    """A strategy must leave, and would sell to a person: what it bought, and the person's order."""
    leaves = with_strategy(BOTH, is_held_to_settlement=False)
    story = begun(evolve(leaves, exits=evolve(BOTH.exits, stop_loss=0.9, take_profit=9.0)))
    bought = story.holding()
    order = works(story, a_ticket(0.58, 10.0))
    story.settings = evolve(story.settings, exits=evolve(BOTH.exits, max_hold_s=1.0))
    effects = [*story.limit(), *story.wait(2)]
    assert taken_back(effects, order) is Reason.OWN_ORDER
    return story, bought, order


def test_who_must_leave_is_not_kept_by_a_persons_order() -> None:
    story, bought, order = in_the_way()
    after = [*story.tell(ev.Cancelled(order.order_id, "by request")), *story.wait(2)]
    sale = only(after, Place).order
    assert (sale.side, sale.strategy, sale.shares) == (SELL, bought.strategy, bought.shares)


def test_it_is_said_again_only_when_its_cancel_goes_again() -> None:
    story, _, order = in_the_way()
    refused = story.tell(ev.CancelRefused(order.order_id, "not now"))
    assert of_kind(refused, Cancel, Decline) == []
    assert taken_back(story.wait(2), order) is Reason.OWN_ORDER


def test_a_sale_that_rests_is_of_ones_own_shares_and_one_at_once_of_anybodys() -> None:
    story = begun(BOTH)
    bought = story.holding()
    rests = a_ticket(0.62, 10.0, side=SELL)
    assert refused(story, rests) is Reason.NOT_YOURS
    at_once = placed(story, a_ticket(0.58, 10.0, side=SELL, tif=FAK))
    story.tell(ev.Accepted(at_once.order_id))
    story.fill(at_once, trade_id="t2")
    left = story.mind.account.of(ev.Asset.BTC).live.held(SLUG, bought.strategy, UP)
    assert left == bought.shares - 10_000_000, "it is the strategy's that was sold"


def test_a_position_by_hand_keeps_strategies_from_the_other_side() -> None:
    story = begun(BOTH)
    order = placed(story, a_ticket(0.23, 10.0, outcome=DOWN, tif=FAK))
    story.tell(ev.Accepted(order.order_id))
    story.fill(order)
    assert of_kind(story.book(CHEAP_BOOK), Place) == []
    assert story.said_last() is Reason.OTHER_SIDE_HELD


def test_money_is_counted_once_whoever_sent_the_order() -> None:
    story = begun()
    order = bought_by_hand(story)
    fee = make_round().fees.fee(order.price, order.shares)
    spent = Usd(cost_of(order.price, order.shares) + fee)
    assert story.mind.account.cash == story.cash - spent
    assert story.mind.account.exposure == spent

"""What a venue says of orders that no desk expected: unknown, contradicted, stray, failed."""

from __future__ import annotations

import pytest
from attrs import evolve
from stories import CHEAP_BOOK, PLAIN, Story, bought_for, make_round, of_kind, only

from polytui.config.load import canonical_json
from polytui.desk.snapshots import show_asset
from polytui.ledger.attribution import NOBODY
from polytui.model import events as ev
from polytui.model.effects import Cancel, Effect, LookUp, Place, Reason, Warn
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Holding, Order, OrderState, Side
from polytui.model.snapshot import AssetState, OddWordsView
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, Usd
from polytui.runtime.summary import odd_words

BTC = Asset.BTC


def state_of(story: Story, order: Order) -> OrderState:
    working = story.desk().ledger.orders.get(order.order_id)
    assert working is not None
    return working.state


def shown(story: Story) -> OddWordsView:
    return show_asset(story.desk(), story.now_ns, AssetState.TRADING, "", ()).odd


def quiet(story: Story, seconds: int) -> list[Effect]:
    """Only ticks: nothing is decided on anew that could place or cancel."""
    return [effect for _ in range(seconds) for effect in story.silence(1.0)]


# --- cash -----------------------------------------------------------------------------------------


def test_cash_is_what_the_venue_says_and_no_setting() -> None:
    rich = evolve(PLAIN, paper=evolve(PLAIN.paper, starting_cash_usd=5_000.0))
    story = Story(rich)
    assert story.mind.account.cash == 5_000 * MICRO
    story.tell(ev.SettingsChanged(canonical_json(PLAIN)))
    assert story.mind.account.cash == 5_000 * MICRO
    story.tell(ev.DeskOpened(BTC, 2, Usd(70 * MICRO)))
    assert story.mind.account.cash == 70 * MICRO


# --- unknown --------------------------------------------------------------------------------------


def test_an_unanswered_order_is_looked_for_twice_before_it_is_dead() -> None:
    """Sent, ten seconds for its POST, the hold; then a look, five seconds, and another."""
    story = Story().a_minute_in()
    order = story.buying()
    story.tell(ev.Unanswered(order.order_id, "no answer"))
    looks: list[int] = []
    for _ in range(40):
        for look in of_kind(story.silence(1.0), LookUp):
            assert look.order_id == order.order_id
            looks.append((story.now_ns - order.placed_ns) // NS_PER_S)
            story.tell(ev.NotFound(order.order_id, story.now_ns))
    # ten seconds and 150 ms of hold, on the next tick; then five seconds later
    assert looks == [11, 16]
    assert state_of(story, order) is OrderState.DEAD
    assert story.mind.account.exposure == 0


def test_while_it_is_unknown_it_counts_as_if_it_lived() -> None:
    story = Story().a_minute_in()
    order = story.buying()
    story.tell(ev.Unanswered(order.order_id, "no answer"))
    quiet(story, 11)
    story.tell(ev.NotFound(order.order_id, story.now_ns))
    assert state_of(story, order) in (OrderState.UNKNOWN, OrderState.CANCELLING)
    assert story.mind.account.exposure == bought_for(order)


def test_a_look_that_was_sent_before_its_time_does_not_count() -> None:
    """Somebody reconciled while the POST was still on its way."""
    story = Story().a_minute_in()
    order = story.buying()
    for _ in range(9):
        story.now_ns += NS_PER_S
        story.tell(ev.NotFound(order.order_id, story.now_ns))
    assert story.mind.account.exposure == bought_for(order)


def test_found_again_it_lives() -> None:
    story = Story().a_minute_in()
    order = story.buying()
    story.tell(ev.Unanswered(order.order_id, "no answer"))
    story.tell(ev.OrderFound(ev.FoundOrder(order)))
    assert state_of(story, order) is OrderState.LIVE


def test_a_deferred_order_is_on_its_way_still() -> None:
    story = Story().a_minute_in()
    order = story.buying()
    assert of_kind(story.tell(ev.Deferred(order.order_id, "HTTP 425")), Warn, Place) == []
    assert state_of(story, order) is OrderState.PLACING
    assert story.mind.account.exposure == bought_for(order)


# --- contradictions -------------------------------------------------------------------------------


def test_a_contradiction_is_counted_shown_and_crashes_nobody() -> None:
    story = Story().a_minute_in()
    order = story.buying()
    story.tell(ev.Accepted(order.order_id))
    told = story.tell(ev.Refused(order.order_id, "it never lived"))
    assert only(told, Warn).why.reason is Reason.CONTRADICTED
    assert state_of(story, order) is OrderState.UNKNOWN
    assert story.mind.account.exposure == bought_for(order)
    assert shown(story) == OddWordsView(contradictions=1)
    counted = story.mind.account.of(BTC).contradictions
    assert counted == {"live, then refused": 1}
    words = odd_words({"contradictions": counted, "stray_fills": 0, "reversals": 0, "unplaced": 0})
    assert words == "1 x live, then refused"
    assert of_kind(quiet(story, 20), LookUp)[0] == LookUp(order.order_id)


def test_a_contradiction_outlives_the_desk_that_heard_it() -> None:
    story = Story().a_minute_in()
    order = story.buying()
    story.fill(order, order.shares / MICRO + 1)
    story.tell(ev.DeskOpened(BTC, 2, story.cash))
    assert shown(story).contradictions == 1


# --- fills of orders nobody knows -----------------------------------------------------------------


def a_stray(token_id: str, trade_id: str = "t9", side: Side = Side.BUY) -> ev.Filled:
    ten = Shares(10 * MICRO)
    return ev.Filled("stranger", trade_id, Price(600_000), ten, Usd(0), False, token_id, side)


def test_a_stray_fill_counts_at_once_and_is_asked_about() -> None:
    story = Story().a_minute_in()
    told = story.tell(a_stray(make_round().up_token))
    assert only(told, LookUp) == LookUp("stranger")
    assert only(told, Warn).why.reason is Reason.STRAY_FILL
    position = story.desk().ledger.positions.of(make_round().slug)
    assert (position.up, position.cash_flow) == (10 * MICRO, -6 * MICRO)
    assert story.mind.account.cash == 994 * MICRO
    assert story.mind.account.at_stake >= 6 * MICRO
    held = story.mind.account.of(BTC).live.held(make_round().slug, NOBODY, Outcome.UP)
    assert held == 10 * MICRO
    assert shown(story) == OddWordsView(stray_fills=1)


def test_a_stray_fill_is_counted_once() -> None:
    story = Story().a_minute_in()
    for _ in range(3):
        story.tell(a_stray(make_round().up_token))
    assert story.mind.account.cash == 994 * MICRO
    assert story.mind.account.of(BTC).stray_fills == 1


def test_the_rest_of_a_stray_order_is_cancelled() -> None:
    """The venue says what else the order may do; nobody wants it."""
    story = Story().a_minute_in()
    story.tell(a_stray(make_round().up_token))
    order = an_old_order(shares=30)
    story.tell(ev.OrderFound(ev.FoundOrder(order, Shares(10 * MICRO), trades=("t9",))))
    cancels = of_kind([*story.effects[-5:], *story.wait(2)], Cancel)
    assert cancels == [Cancel("stranger")]
    story.tell(a_stray(make_round().up_token, "t10"))
    working = story.desk().ledger.orders.get("stranger")
    assert working is not None
    assert (working.filled, story.mind.account.cash) == (20 * MICRO, 988 * MICRO)


def an_old_order(shares: int) -> Order:
    story = Story().a_minute_in()
    return evolve(story.buying(), order_id="stranger", strategy="", shares=Shares(shares * MICRO))


def test_the_venue_is_asked_until_it_says_what_became_of_a_stray_order() -> None:
    story = Story().a_minute_in()
    story.tell(a_stray(make_round().up_token))
    assert len(of_kind(quiet(story, 16), LookUp)) == 3
    story.tell(ev.Cancelled("stranger", "works no more"))
    assert of_kind(quiet(story, 16), LookUp) == []


def test_a_stray_fill_of_a_round_nobody_knows_waits_for_it() -> None:
    story = Story().a_minute_in()
    later = make_round(number=1)
    story.tell(a_stray(later.down_token))
    assert story.mind.account.cash == 1_000 * MICRO
    assert shown(story) == OddWordsView(stray_fills=1, unplaced=1)
    story.tell(ev.RoundFound(later))
    assert story.mind.account.cash == 994 * MICRO
    assert story.desk().ledger.positions.of(later.slug).down == 10 * MICRO
    assert shown(story) == OddWordsView(stray_fills=1)


def test_a_stray_fill_that_says_too_little_is_kept_and_shown() -> None:
    story = Story().a_minute_in()
    story.tell(ev.Filled("stranger", "t", Price(600_000), Shares(MICRO), Usd(0), False))
    assert story.mind.account.cash == 1_000 * MICRO
    assert shown(story).unplaced == 1


def test_a_fill_that_the_opening_counted_is_no_news() -> None:
    """A crash leaves reports in the inbox: the next life takes them after its opening."""
    story = Story().a_minute_in()
    order = story.buying()  # its fill waits in the inbox while the desk crashes
    paid, key = bought_for(order), (order.order_id, "t1")
    held = ev.HeldRound(make_round(), (Holding(Outcome.UP, order.shares, paid),), Usd(-paid))
    story.tell(ev.DeskOpened(BTC, 2, story.cash, Usd(0), (held,), (key,)))
    before = story.mind.account.cash
    assert of_kind(story.fill(order), LookUp) == []
    assert story.mind.account.cash == before
    assert shown(story) == OddWordsView()


# --- working orders at an opening -----------------------------------------------------------------


@pytest.mark.parametrize("is_certain", [True, False])
def test_an_opening_brings_working_orders_with_it(is_certain: bool) -> None:
    story = Story().a_minute_in()
    order = story.buying()
    found = ev.FoundOrder(order, Shares(2 * MICRO), trades=("t1",), is_certain=is_certain)
    held = ev.HeldRound(make_round(), (), Usd(0), (found,))
    story.tell(ev.DeskOpened(BTC, 2, story.cash, Usd(0), (held,)), is_last=False)
    (working,) = story.desk().ledger.orders.of_round(make_round().slug)
    assert working.state is (OrderState.LIVE if is_certain else OrderState.UNKNOWN)
    assert working.left == order.shares - 2 * MICRO
    assert story.mind.account.working_orders == 1
    assert story.mind.account.exposure == working.reserved > 0


def test_what_works_at_an_opening_and_nobody_wants_is_cancelled() -> None:
    story = Story().a_minute_in()
    order = story.buying()
    held = ev.HeldRound(make_round(), (), Usd(0), (ev.FoundOrder(order),))
    story.tell(ev.DeskOpened(BTC, 2, story.cash, Usd(0), (held,)))
    story.tell(ev.SettingsChanged(canonical_json(story.settings)))
    story.tell(ev.RoundOpened(make_round().slug, story.now_ns, is_late=True))
    assert of_kind(story.effects[-4:], Cancel) == [Cancel(order.order_id)]


# --- failed trades --------------------------------------------------------------------------------


def test_a_stray_fill_whose_failure_was_told_first_is_none() -> None:
    story = Story().a_minute_in()
    stray = a_stray(make_round().up_token)
    assert stray.side is not None
    what = (stray.token_id, stray.side, stray.price, stray.shares, stray.fee)
    story.tell(ev.Reversed("stranger", stray.trade_id, *what, "failed on the chain"))
    assert of_kind(story.tell(stray), LookUp, Warn) == []
    assert story.mind.account.cash == 1_000 * MICRO


def a_failure(order: Order, trade_id: str = "t1") -> ev.Reversed:
    fee = make_round().fees.fee(order.price, order.shares)
    what = (order.token_id, order.side, order.price, order.shares, fee)
    return ev.Reversed(order.order_id, trade_id, *what, "failed on the chain")


def test_a_trade_that_failed_was_never_made() -> None:
    story = Story().a_minute_in()
    order = story.buying()
    story.tell(ev.Accepted(order.order_id))
    before = story.mind.account.exposure
    story.fill(order)
    story.tell(a_failure(order))
    account = story.mind.account
    assert account.cash == 1_000 * MICRO
    assert account.fees == account.of(BTC).fills == 0
    assert not account.of(BTC).has_entered(order.slug, "distance_fade", Outcome.UP)
    # whether the venue gives the rest back nobody knows: it counts, and is looked for
    assert state_of(story, order) is OrderState.UNKNOWN
    assert account.exposure == before
    assert of_kind(quiet(story, 12), LookUp) != []
    assert shown(story).reversals == 1


def test_a_failure_counts_in_the_day_it_is_heard_of() -> None:
    """The day's loss that it was part of is less, and may stop us no more."""
    story = Story().a_minute_in()
    order = story.holding()
    story.settle(Outcome.DOWN)
    assert story.mind.account.realised_today(story.now_ns) == -bought_for(order)
    story.tell(a_failure(order))
    assert story.mind.account.realised_today(story.now_ns) == 0
    assert story.mind.account.cash == 1_000 * MICRO


def test_a_failure_says_so_to_people_and_replays(tmp_path: object) -> None:
    """What was told gives the same digests when it is told again."""
    story = Story().a_minute_in()
    order = story.holding()
    story.tell(a_failure(order))
    story.tell(a_stray(make_round().up_token))
    story.book(CHEAP_BOOK)
    story.settle(Outcome.UP)
    again = Story()
    again.mind = type(story.mind)()
    for asset, now_ns, event, is_last in story.said:
        again.mind.take(asset, now_ns, event, is_last=is_last)
    assert again.mind.digest() == story.mind.digest()

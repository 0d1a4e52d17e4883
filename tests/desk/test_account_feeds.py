"""Without what the venue says of our orders, or the sign of life that keeps them, nobody enters."""

from __future__ import annotations

import pytest
from attrs import evolve
from msgspec import Raw
from stories import CHEAP_BOOK, FAIR_BOOK, Story, make_round, of_kind, only
from test_quote_sets import quoting, rungs_of

from polytui.journal.codec import decode_event
from polytui.model import events as ev
from polytui.model.effects import Cancel, CancelAll, Effect, Place, Reason
from polytui.model.instrument import Asset
from polytui.model.orders import Order, Side
from polytui.model.units import Usd


def down(story: Story, feed: str, *, may_rest: bool = False) -> list[Effect]:
    return story.tell(ev.FeedDown(feed, "gone", story.now_ns, may_rest))


def up(story: Story, feed: str) -> list[Effect]:
    return story.tell(ev.FeedUp(feed, story.now_ns))


def live_story() -> Story:
    """A desk whose orders go to a venue, a minute into a round; nothing was said of its account."""
    story = Story()
    had = ev.DeskOpened(Asset.BTC, 1, story.cash, is_live=True)
    story.tell(had)
    story.tell(story.said[1][2])  # its settings
    return story.a_minute_in()


GATES = [
    (ev.USER_FEED, Reason.USER_DOWN),
    (ev.HEARTBEAT_FEED, Reason.HEARTBEAT_LOST),
    (ev.VENUE_FEED, Reason.VENUE_SHUT),
]


@pytest.mark.parametrize(("feed", "reason"), GATES)
def test_nobody_enters_while_a_feed_of_the_account_is_down(feed: str, reason: Reason) -> None:
    story = Story().a_minute_in()
    down(story, feed)
    story.wait(7)
    assert not of_kind(story.book(CHEAP_BOOK), Place)
    why = story.round().whys["distance_fade"]
    assert (why.reason, why.value, why.unit) == (reason, 7.0, "s")
    assert story.round().block == why
    assert of_kind(up(story, feed), Place), "the same book, and nothing in the way any more"


@pytest.mark.parametrize(("feed", "reason"), GATES)
def test_one_that_is_stale_is_not_up(feed: str, reason: Reason) -> None:
    story = Story().a_minute_in()
    story.tell(ev.FeedStale(feed, 9_000, story.now_ns))
    story.book(CHEAP_BOOK)
    assert story.said_last() is reason


@pytest.mark.parametrize(("feed", "_"), GATES)
def test_a_working_entry_is_taken_back(feed: str, _: Reason) -> None:
    story = Story().a_minute_in()
    order = story.buying()
    story.tell(ev.Accepted(order.order_id, "0xabc"))
    effects = down(story, feed)
    if feed == ev.HEARTBEAT_FEED:
        assert only(effects, CancelAll).why == "heartbeat lost"
    else:
        assert only(effects, Cancel).order_id == order.order_id


@pytest.mark.parametrize(("feed", "_"), GATES)
def test_who_must_leave_leaves_all_the_same(feed: str, _: Reason) -> None:
    story = Story().a_minute_in()
    story.holding()
    down(story, feed)
    story.book(FAIR_BOOK)
    story.command(ev.Action.FLATTEN)
    (sale,) = [one.order for one in of_kind(story.effects, Place) if one.order.side is Side.SELL]
    assert sale.shares


def test_a_lost_heartbeat_cancels_everything_once() -> None:
    story = Story().a_minute_in()
    story.buying()
    assert of_kind(down(story, ev.HEARTBEAT_FEED), CancelAll)
    story.wait(3)
    assert not of_kind(down(story, ev.HEARTBEAT_FEED), CancelAll)
    assert story.round().whys["distance_fade"].value == 3.0, "since it was lost, not told again"
    up(story, ev.HEARTBEAT_FEED)
    assert of_kind(down(story, ev.HEARTBEAT_FEED), CancelAll)


def test_on_paper_nobody_waits_for_them() -> None:
    assert Story().a_minute_in().buying()


def test_a_desk_whose_orders_go_to_a_venue_waits_until_both_are_up() -> None:
    story = live_story()
    assert not of_kind(story.book(CHEAP_BOOK), Place)
    assert story.said_last() is Reason.USER_DOWN
    assert not of_kind(up(story, ev.USER_FEED), Place)
    assert story.said_last() is Reason.HEARTBEAT_LOST
    assert not of_kind(story.effects, CancelAll), "nothing was lost"
    assert of_kind(up(story, ev.HEARTBEAT_FEED), Place)


def test_a_crash_of_the_desk_makes_nothing_well() -> None:
    story = Story().a_minute_in()
    down(story, ev.USER_FEED)
    story.tell(ev.DeskOpened(Asset.BTC, 2, story.cash))
    story.tell(story.said[1][2])
    story.tell(ev.FeedUp(ev.BOOK_FEED, story.now_ns))
    story.book(CHEAP_BOOK)
    assert story.said_last() is Reason.USER_DOWN


def test_another_process_asks_anew() -> None:
    story = live_story()
    up(story, ev.USER_FEED)
    account = story.desk().asset_account
    account.begin_session(story.now_ns, story.settings.breakers)
    assert account.feeds.entry_block(story.now_ns) is None, "on paper nobody would speak of them"
    account.feeds.begin(story.now_ns, is_live=True)
    why = account.feeds.entry_block(story.now_ns)
    assert why is not None
    assert why.reason is Reason.USER_DOWN


def test_a_user_channel_that_comes_and_goes_is_a_feed_that_reconnects() -> None:
    settings = Story().settings
    settings = evolve(settings, breakers=evolve(settings.breakers, max_reconnects=2))
    story = Story(settings).a_minute_in()
    for feed in (ev.HEARTBEAT_FEED, ev.VENUE_FEED, ev.USER_FEED):
        for _ in range(3):
            down(story, feed)
            up(story, feed)
        is_open = any(why.reason is Reason.RECONNECTS for why, _ in story.desk().breakers.open())
        assert is_open is (feed == ev.USER_FEED)


# --- orders that only rest ------------------------------------------------------------------------


def test_a_venue_that_takes_only_orders_that_rest_keeps_quote_sets() -> None:
    story, _, orders = quoting()
    assert len(orders) == 6
    effects = down(story, ev.VENUE_FEED, may_rest=True)
    assert not of_kind(effects, Cancel)
    assert story.round().whys["three_rungs"].reason is Reason.VENUE_ONLY_RESTS
    gone: Order = orders[0]
    story.tell(ev.Cancelled(gone.order_id, "by the venue"))
    story.wait(30)
    assert gone.rung in [one.rung for one in rungs_of(story.effects)[6:]], "it is put there again"


def test_nobody_follows_a_signal_there() -> None:
    story = Story().a_minute_in()
    down(story, ev.VENUE_FEED, may_rest=True)
    assert not of_kind(story.book(CHEAP_BOOK), Place)
    assert story.said_last() is Reason.VENUE_ONLY_RESTS


def test_when_it_takes_nothing_at_all_a_set_goes_as_well() -> None:
    story, _, orders = quoting()
    effects = down(story, ev.VENUE_FEED)
    assert {one.order_id for one in of_kind(effects, Cancel)} == {one.order_id for one in orders}
    assert make_round().slug == orders[0].slug


# --- orders that outlived a process ---------------------------------------------------------------


def adopted(story: Story, order: Order, *feeds: str, is_certain: bool = False) -> list[Effect]:
    """Another life of the desk, at which the order works or may; what it does at its first
    decision."""
    found = ev.FoundOrder(order, is_certain=is_certain)
    held = ev.HeldRound(make_round(), (), Usd(0), (found,))
    had = ev.DeskOpened(Asset.BTC, 2, story.cash, held=(held,), is_live=True)
    effects = story.tell(had, is_last=False)
    effects += story.tell(story.said[1][2], is_last=False)
    for feed in (ev.BOOK_FEED, *feeds):
        effects += story.tell(ev.FeedUp(feed, story.now_ns), is_last=False)
    effects += story.tell(ev.RoundFound(make_round()), is_last=False)
    effects += story.tell(ev.RoundOpened(make_round().slug, story.now_ns, True), is_last=False)
    return effects + story.book(CHEAP_BOOK)


@pytest.mark.parametrize("is_certain", [True, False])
def test_one_that_is_found_again_is_taken_back_before_anybody_can_hear(is_certain: bool) -> None:
    story = Story().a_minute_in()
    order = story.buying()
    effects = adopted(story, order, is_certain=is_certain)
    assert only(effects, Cancel).order_id == order.order_id
    assert story.desk().ledger.orders.get(order.order_id) is not None
    assert not of_kind(effects, Place)


def test_one_that_is_still_wanted_stays_and_is_not_sent_again() -> None:
    story = Story().a_minute_in()
    order = story.buying()
    effects = adopted(story, order, ev.USER_FEED, ev.HEARTBEAT_FEED, is_certain=True)
    assert not of_kind(effects, Cancel, Place, CancelAll)
    (working,) = story.desk().ledger.orders.working()
    assert (working.order, working.order.strategy) == (order, "distance_fade")


# --- journals of before ---------------------------------------------------------------------------


def test_events_of_a_journal_of_before_are_read_as_they_were_meant() -> None:
    opened = decode_event(Raw(b'["DeskOpened",{"asset":"btc","life":1,"cash":5}]'))
    assert opened == ev.DeskOpened(Asset.BTC, 1, Usd(5), is_live=False)
    down_then = decode_event(Raw(b'["FeedDown",{"feed":"book","detail":"cut","at_ns":1}]'))
    assert down_then == ev.FeedDown("book", "cut", 1, may_rest=False)
    taken = decode_event(Raw(b'["Accepted",{"order_id":"o"}]'))
    assert taken == ev.Accepted("o", "")


def test_a_day_on_paper_has_the_digest_that_it_had_before_there_were_accounts() -> None:
    """Whatever is added to the state of an account is there once something was told of it."""
    story = Story().a_minute_in()
    story.holding()
    account = story.mind.account
    assert len(account.state()) == 7
    assert len(account.of(Asset.BTC).state()) == 18

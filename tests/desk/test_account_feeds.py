"""Without what the venue says of our orders, or the sign of life that keeps them, nobody enters."""

from __future__ import annotations

import pytest
from attrs import evolve
from stories import CHEAP_BOOK, FAIR_BOOK, Story, make_round, of_kind, only
from test_quote_sets import quoting, rungs_of

from polytui.model import events as ev
from polytui.model.effects import Cancel, CancelAll, Effect, Place, Reason
from polytui.model.instrument import Asset
from polytui.model.orders import Order, Side


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

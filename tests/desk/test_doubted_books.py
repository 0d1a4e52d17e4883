"""Books that cannot be true any more: after a frame nobody could read, a new grid, a reconnect."""

from __future__ import annotations

import pytest
from stories import CHEAP_BOOK, FAIR_BOOK, OPENS_NS, Story, make_round, of_kind

from polytui.model import events as ev
from polytui.model.effects import Place, Reason, Resync
from polytui.model.instrument import Outcome
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_MS, NS_PER_S, Price, Shares

CENT, MILL = Price(10_000), Price(1_000)
ROUND = make_round()


def rejected(feed: str = ev.BOOK_FEED) -> ev.FrameRejected:
    return ev.FrameRejected(feed, "cut short", 9, "", OPENS_NS)


def book(token: str, tick: Price | None, venue_ns: int, source: str) -> ev.BookSnapshotted:
    bids, asks = ((Price(500_000), MICRO),), ((Price(520_000), MICRO),)
    return ev.BookSnapshotted(token, bids, asks, tick, venue_ns, venue_ns + NS_PER_S, source)


def entry(story: Story) -> tuple[Price, bool, bool]:
    """The round's tick, and whether its books are settled."""
    found = story.desk().rounds.get(ROUND.slug)
    assert found is not None
    return found.round.tick, found.up_book.is_settled, found.down_book.is_settled


def test_a_frame_that_cannot_be_read_unsettles_the_books_and_has_them_read_anew() -> None:
    story = Story().a_minute_in()
    assert entry(story)[1:] == (True, True)
    effects = story.tell(rejected())
    assert [one.slug for one in of_kind(effects, Resync)] == [ROUND.slug], "at once"
    assert story.said_last() is Reason.BOOK_UNSETTLED
    assert of_kind(story.book(CHEAP_BOOK), Place), "whole books make it true again"


def test_nothing_is_bought_on_a_change_that_came_after_it() -> None:
    story = Story().a_minute_in()
    story.tell(rejected())
    change = ev.LevelChange(
        ROUND.up_token, Side.SELL, Price(300_000), Shares(10**9), None, Price(300_000)
    )
    story.now_ns += NS_PER_S
    effects = story.tell(ev.BookChanged((change,), story.now_ns, story.now_ns))
    assert not of_kind(effects, Place)
    assert story.said_last() is Reason.BOOK_UNSETTLED


def test_a_stream_of_rubbish_asks_once_each_two_seconds() -> None:
    story = Story().a_minute_in()
    asked = 0
    for _ in range(100):
        story.now_ns += 100 * NS_PER_MS
        asked += len(of_kind(story.tell(rejected()), Resync))
    assert 2 <= asked <= 6


def test_other_feeds_may_send_rubbish() -> None:
    story = Story().a_minute_in()
    assert story.tell(rejected("rtds")) == []
    assert entry(story)[1:] == (True, True)


@pytest.mark.parametrize("source", ["stream", "rest"])
@pytest.mark.parametrize("has_reconnected", [False, True])
def test_after_a_tick_change_an_older_book_is_refused_with_its_tick(
    source: str, has_reconnected: bool
) -> None:
    """Of either token, though only Up's change was told."""
    story = Story().a_minute_in()
    at_ns = story.now_ns
    story.tell(ev.TickSizeChanged(ROUND.up_token, MILL, at_ns, at_ns))
    if has_reconnected:
        story.tell(ev.FeedDown(ev.BOOK_FEED, "gone", at_ns))
        story.tell(ev.FeedUp(ev.BOOK_FEED, at_ns))
    for outcome in Outcome:
        story.tell(book(ROUND.token_of(outcome), CENT, at_ns - NS_PER_MS, source))
    assert entry(story)[0] == MILL
    assert not entry(story)[1]
    for outcome in Outcome:
        story.tell(book(ROUND.token_of(outcome), MILL, at_ns, source))
    assert entry(story) == (MILL, True, True)


def test_after_a_reconnect_a_book_of_before_is_refused_with_its_tick() -> None:
    story = Story().a_minute_in()
    story.tell(book(ROUND.up_token, MILL, story.now_ns, "stream"))
    story.tell(ev.FeedDown(ev.BOOK_FEED, "gone", story.now_ns))
    story.tell(ev.FeedUp(ev.BOOK_FEED, story.now_ns))
    story.tell(book(ROUND.up_token, CENT, story.now_ns - 1, "rest"))
    assert entry(story)[:2] == (MILL, False)
    story.tell(book(ROUND.up_token, CENT, story.now_ns, "rest"))
    assert entry(story)[:2] == (CENT, True)


def test_a_tick_that_only_a_book_told_voids_the_other_tokens_older_book() -> None:
    story = Story().a_minute_in()
    story.tell(book(ROUND.up_token, MILL, story.now_ns + 5, "stream"))
    assert entry(story) == (MILL, True, False)
    story.tell(book(ROUND.down_token, CENT, story.now_ns + 4, "rest"))
    assert entry(story) == (MILL, True, False)


def test_an_old_word_of_a_tick_changes_nothing() -> None:
    story = Story().a_minute_in()
    at_ns = story.now_ns + 5
    story.tell(ev.TickSizeChanged(ROUND.up_token, MILL, at_ns, at_ns))
    story.tell(book(ROUND.up_token, MILL, at_ns, "stream"))
    story.tell(ev.TickSizeChanged(ROUND.up_token, CENT, at_ns - 1, at_ns))
    assert entry(story)[:2] == (MILL, True)


def test_the_second_tokens_change_leaves_the_firsts_new_book_alone() -> None:
    story = Story().a_minute_in()
    story.book(FAIR_BOOK)
    at_ns = story.now_ns + 5
    for token in (ROUND.up_token, ROUND.down_token):
        story.tell(ev.TickSizeChanged(token, MILL, at_ns, at_ns))
        story.tell(book(token, MILL, at_ns, "stream"))
    assert entry(story) == (MILL, True, True)

"""What a view lacks: a book that comes late, Chainlink that is old, a volatility not yet known."""

from __future__ import annotations

import pytest
from attrs import evolve
from stories import (
    CHEAP_BOOK,
    FAIR_BOOK,
    OPENS_NS,
    PLAIN,
    STRIKE,
    Story,
    make_round,
    of_kind,
)

from polytui.config.schema import Settings
from polytui.model import events as ev
from polytui.model.effects import Cancel, Effect, Explain, Place, Reason, Why
from polytui.model.instrument import Round
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_MS, NS_PER_S, Price, Shares
from polytui.strategy.registry import STRATEGIES

LAG_MS, AGE_MS = 2_000, 3_000
STRICT = evolve(
    PLAIN, gates=evolve(PLAIN.gates, max_book_lag_ms=LAG_MS, max_chainlink_age_ms=AGE_MS)
)
"""Limits that are not the defaults, so that a story is about the settings."""
BEST_BID, BEHIND = Price(580_000), Price(100_000)
"""Of Up in the cheap book."""


def waiting(settings: Settings = STRICT) -> Story:
    """An order works in a cheap book, and a few seconds have passed since."""
    story = Story(settings).a_minute_in()
    story.buying()
    story.wait(10)
    return story


def frame(story: Story, lag_ns: int, price: Price = BEST_BID) -> list[Effect]:
    """Another size at a bid of Up, stamped by the venue so long before it is read."""
    size = Shares(story.mind.seq * MICRO)
    change = ev.LevelChange(make_round().up_token, Side.BUY, price, size, None, None)
    return story.tell(ev.BookChanged((change,), story.now_ns - lag_ns, story.now_ns))


def told(effects: list[Effect]) -> dict[str, Why]:
    return {effect.strategy: effect.why for effect in of_kind(effects, Explain)}


def everybody(why: Why) -> dict[str, Why]:
    return {strategy.name: why for strategy in STRATEGIES}


# --- a book that comes late -------------------------------------------------------------------


@pytest.mark.parametrize("lag_ns", [0, LAG_MS * NS_PER_MS - 1, LAG_MS * NS_PER_MS])
def test_a_frame_that_is_not_too_late_is_decided_on(lag_ns: int) -> None:
    story = waiting()
    assert of_kind(frame(story, lag_ns), Cancel) == []
    assert story.said_last() is Reason.NONE


@pytest.mark.parametrize("over_ns", [1, NS_PER_MS, NS_PER_S])
def test_a_frame_that_is_too_late_stops_everybody_and_says_by_how_much(over_ns: int) -> None:
    story = waiting()
    effects = frame(story, LAG_MS * NS_PER_MS + over_ns)
    lag_ms = (LAG_MS * NS_PER_MS + over_ns) / NS_PER_MS
    assert lag_ms > LAG_MS
    assert told(effects) == everybody(Why(Reason.BOOK_LATE, lag_ms, LAG_MS, "ms"))
    assert len(of_kind(effects, Cancel)) == 1
    assert of_kind(effects, Place) == []


def test_who_has_caught_up_is_asked_again() -> None:
    story = waiting()
    frame(story, 3 * NS_PER_S)
    story.wait(2)
    assert story.said_last() is Reason.BOOK_LATE
    frame(story, 0)
    assert story.said_last() is Reason.NONE


def test_a_late_frame_behind_the_best_is_noticed_at_once() -> None:
    """It changes nothing that a decision looks at, but shows how far behind we are; the next one is
    no news."""
    story = waiting()
    late = Why(Reason.BOOK_LATE, 3_000.0, LAG_MS, "ms")
    assert told(frame(story, 3 * NS_PER_S, BEHIND)) == everybody(late)
    assert frame(story, 3 * NS_PER_S, BEHIND) == []


def test_a_snapshot_is_as_old_as_its_last_change_and_not_late() -> None:
    story = Story(STRICT).a_minute_in()
    changed_ns, many = story.now_ns, 1_000 * MICRO
    story.now_ns += 2 * LAG_MS * NS_PER_MS
    story.chainlink()
    bids, asks = ((Price(580_000), many),), ((Price(600_000), many),)
    up = make_round().up_token
    snapshot = ev.BookSnapshotted(up, bids, asks, None, changed_ns, story.now_ns)
    assert len(of_kind(story.tell(snapshot), Place)) == 1


def test_a_connection_that_is_made_again_is_not_late_any_more() -> None:
    story = waiting()
    frame(story, 3 * NS_PER_S)
    assert story.said_last() is Reason.BOOK_LATE
    story.tell(ev.FeedDown(ev.BOOK_FEED, "reset by peer", story.now_ns))
    story.tell(ev.FeedUp(ev.BOOK_FEED, story.now_ns))
    assert story.said_last() is Reason.NO_BOOK
    story.book(FAIR_BOOK)
    assert story.said_last() is Reason.EDGE_SMALL


# --- Chainlink that is old --------------------------------------------------------------------


@pytest.mark.parametrize("age_ns", [AGE_MS * NS_PER_MS - 1, AGE_MS * NS_PER_MS])
def test_chainlink_that_is_not_too_old_is_traded_on(age_ns: int) -> None:
    story = waiting()
    story.now_ns += age_ns
    assert of_kind(story.silence(0.0), Cancel) == []
    assert story.said_last() is Reason.NONE


@pytest.mark.parametrize("over_ns", [1, NS_PER_MS, 60 * NS_PER_S])
def test_chainlink_that_is_too_old_stops_everybody_and_says_its_age(over_ns: int) -> None:
    story = waiting()
    story.now_ns += AGE_MS * NS_PER_MS + over_ns
    effects = story.silence(0.0)
    age_ms = (AGE_MS * NS_PER_MS + over_ns) / NS_PER_MS
    assert age_ms > AGE_MS
    assert told(effects) == everybody(Why(Reason.CHAINLINK_STALE, age_ms, AGE_MS, "ms"))
    assert len(of_kind(effects, Cancel)) == 1


def test_chainlink_is_as_old_as_the_second_it_speaks_of() -> None:
    """What waited in a queue is read now, and is old all the same."""
    story = waiting()
    heard_ns = story.now_ns
    story.now_ns += 10 * NS_PER_S
    story.chainlink(observed_ns=heard_ns + 6 * NS_PER_S)
    assert story.round().whys == everybody(Why(Reason.CHAINLINK_STALE, 4_000.0, AGE_MS, "ms"))
    story.chainlink(observed_ns=heard_ns + 7 * NS_PER_S)
    assert story.said_last() is Reason.NONE


def test_exchanges_alone_are_no_chainlink() -> None:
    story = waiting()
    for _ in range(4):
        story.now_ns += NS_PER_S
        story.quote("binance")
        story.quote("coinbase")
    story.silence(0.0)
    assert story.round().whys == everybody(Why(Reason.CHAINLINK_STALE, 4_000.0, AGE_MS, "ms"))


# --- a volatility not yet known ---------------------------------------------------------------


def newborn(settings: Settings) -> Story:
    """A round is open and its book cheap, and the first price was heard this moment."""
    story = Story(settings)
    story.tell(ev.FeedUp(ev.BOOK_FEED, story.now_ns))
    story.tell(ev.RoundFound(make_round()))
    story.now_ns = OPENS_NS + 30 * NS_PER_S
    story.tell(ev.RoundOpened(make_round().slug, story.now_ns))
    story.chainlink()
    story.strike()
    story.tell(ev.StrikePublished(make_round().slug, STRIKE, "gamma"))
    story.book(CHEAP_BOOK)
    return story


def warming_for(seconds: float) -> Settings:
    return evolve(PLAIN, market=evolve(PLAIN.market, volatility_warmup_s=seconds))


def test_at_first_nothing_is_known_of_how_fast_it_moves() -> None:
    story = newborn(warming_for(10.0))
    assert story.round().whys == everybody(Why(Reason.NO_VOLATILITY, 0.0, 10.0, "s seen"))


def test_the_warm_up_is_over_when_all_of_it_was_seen() -> None:
    story = newborn(warming_for(10.0))
    assert of_kind(story.wait(10), Place) == []
    assert story.round().whys == everybody(Why(Reason.NO_VOLATILITY, 9.0, 10.0, "s seen"))
    assert len(of_kind(story.wait(1), Place)) == 1


@pytest.mark.parametrize(("last_s", "is_over"), [(1.999, False), (2.0, True), (2.001, True)])
def test_a_millisecond_less_is_not_enough(last_s: float, is_over: bool) -> None:
    """A return is from one whole second to the next: ten of them take eleven."""
    story = newborn(warming_for(10.0))
    story.wait(9)
    story.now_ns += round(last_s * NS_PER_S)
    story.chainlink()
    assert story.desk().prices.volatility.seen_s == (10.0 if is_over else 9.0)
    assert (story.said_last() is not Reason.NO_VOLATILITY) is is_over
    assert len(of_kind(story.effects, Place)) == is_over


# --- of several, the first --------------------------------------------------------------------


def test_of_several_things_that_are_missing_the_first_is_said() -> None:
    """The feed, the lag, the book, Chainlink, the volatility: mended one after the other."""
    strict = evolve(STRICT, market=evolve(STRICT.market, volatility_warmup_s=10.0))
    story = newborn(strict)
    said = [story.said_last()]
    story.silence(4.0)
    said.append(story.said_last())
    at_ns = story.now_ns
    story.tell(ev.TickSizeChanged(make_round().up_token, Price(1_000), at_ns, at_ns))
    said.append(story.said_last())
    frame(story, 3 * NS_PER_S)
    story.silence(0.0)
    said.append(story.said_last())
    story.tell(ev.FeedStale(ev.BOOK_FEED, 30_000, story.now_ns))
    said.append(story.said_last())
    assert said == [
        Reason.NO_VOLATILITY,
        Reason.CHAINLINK_STALE,
        Reason.NO_BOOK,
        Reason.BOOK_LATE,
        Reason.FEED_DOWN,
    ]


def test_a_round_that_takes_no_orders_is_not_traded_until_it_does() -> None:
    story = Story().a_minute_in()
    slug = make_round().slug
    story.tell(ev.AcceptanceChanged(slug, False, story.now_ns))
    assert not of_kind(story.book(CHEAP_BOOK), Place)
    assert story.said_last() is Reason.NO_ORDERS
    assert of_kind(story.tell(ev.AcceptanceChanged(slug, True, story.now_ns)), Place)


@pytest.mark.parametrize(
    ("listed", "reason"),
    [
        (evolve(make_round(), takes_orders=False), Reason.NO_ORDERS),
        (evolve(make_round(), is_one_book=False), Reason.TWO_BOOKS),
    ],
)
def test_a_round_may_be_listed_and_yet_not_be_tradable(listed: Round, reason: Reason) -> None:
    story = Story(PLAIN)
    story.tell(ev.FeedUp(ev.BOOK_FEED, story.now_ns))
    story.tell(ev.RoundFound(listed))
    story.wait(60)
    story.now_ns = OPENS_NS + 30 * NS_PER_S
    story.tell(ev.RoundOpened(listed.slug, story.now_ns))
    story.strike()
    story.wait(30)
    assert not of_kind(story.book(CHEAP_BOOK), Place)
    assert story.said_last() is reason

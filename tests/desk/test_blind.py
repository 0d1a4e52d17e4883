"""What goes on while strategies cannot be asked, and what begins anew once they can."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from attrs import evolve
from stories import (
    CHEAP_BOOK,
    PLAIN,
    STAKED,
    STRIKE,
    Story,
    bought_for,
    make_round,
    of_kind,
    only,
    with_strategy,
)

from polytui.config.load import canonical_json
from polytui.config.schema import Settings
from polytui.model import events as ev
from polytui.model.effects import Cancel, CancelAll, Effect, Place, Reason, Why
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Holding, Order, Side, TimeInForce
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, Usd
from polytui.strategy.registry import STRATEGIES

LEAVING = with_strategy(PLAIN, is_held_to_settlement=False)
"""The one strategy that trades is asked to leave as well."""
LOW_BOOK, HIGH_BOOK = (0.40, 0.42), (0.80, 0.82)
"""Of what cost 0.60: a loss of more than a third, a profit of more than a quarter."""


def holding(seconds_left: int) -> Story:
    """A stake in a cheap book, so long before the close, and Chainlink speaks."""
    story = Story(LEAVING).a_minute_in()
    story.holding()
    story.wait(240 - seconds_left)
    return story


def gone_blind(settings: Settings = LEAVING) -> Story:
    """A stake, and Chainlink has been silent for a moment too long."""
    story = Story(settings).a_minute_in()
    story.holding()
    assert of_kind(story.silence(8.001), Place) == []
    assert said_to_all(story) is Reason.CHAINLINK_STALE
    return story


def said_to_all(story: Story) -> Reason:
    whys = story.round().whys
    assert sorted(whys) == sorted(strategy.name for strategy in STRATEGIES)
    (reason,) = {why.reason for why in whys.values()}
    return reason


def the_sale(effects: list[Effect], price: int) -> Order:
    """All of the stake, a tick below the best bid."""
    order = only(effects, Place).order
    assert (order.outcome, order.side, order.tif) == (Outcome.UP, Side.SELL, TimeInForce.FAK)
    assert (order.price, order.shares, order.strategy) == (price, STAKED, "distance_fade")
    return order


# --- ways out while Chainlink is silent -------------------------------------------------------


@pytest.mark.parametrize(("book", "price"), [(LOW_BOOK, 390_000), (HIGH_BOOK, 790_000)])
def test_without_chainlink_profit_and_loss_are_taken(book: tuple[float, float], price: int) -> None:
    story = gone_blind()
    the_sale(story.book(book), price)
    assert said_to_all(story) is Reason.CHAINLINK_STALE


@pytest.mark.parametrize(("aside", "sells"), [(-1, True), (0, True), (1, False)])
def test_without_chainlink_the_stop_is_where_it_was(aside: int, sells: bool) -> None:
    fees = make_round().fees
    cost = 600_000 * STAKED // MICRO + fees.fee(Price(600_000), STAKED)
    value = 400_000 * STAKED // MICRO - fees.fee(Price(400_000), STAKED)
    limit = (cost - value) / cost + aside * 1e-9
    story = gone_blind(evolve(LEAVING, exits=evolve(LEAVING.exits, stop_loss=limit)))
    (stake,) = story.desk().asset_account.live.open(make_round().slug)
    assert stake.cost == cost
    assert len(of_kind(story.book(LOW_BOOK), Place)) == sells


def test_without_chainlink_what_is_open_leaves_before_the_close() -> None:
    story = holding(30)
    assert of_kind(story.silence(9.999), Place) == []
    assert said_to_all(story) is Reason.CHAINLINK_STALE
    the_sale(story.silence(0.001), 570_000)
    assert said_to_all(story) is Reason.CHAINLINK_STALE


def test_without_chainlink_nothing_flips() -> None:
    """Down was worth buying when it was last asked; nobody knows whether it still is."""
    flipping = evolve(LEAVING, exits=evolve(LEAVING.exits, take_profit=10.0))
    sighted, blind = Story(flipping).a_minute_in(), gone_blind(flipping)
    sighted.holding()
    turned = sighted.book((0.90, 0.92))
    assert only(turned, Place).order.side is Side.SELL
    assert sighted.said_last() is Reason.SIGNAL_FLIP
    assert of_kind(blind.book((0.90, 0.92)), Place) == []


def test_without_chainlink_nobody_enters_and_no_entry_works_on() -> None:
    story = Story(LEAVING).a_minute_in()
    order = story.buying()
    assert of_kind(story.silence(8.001), Cancel) == [Cancel(order.order_id)]
    story.tell(ev.Cancelled(order.order_id, "by request"))
    effects = [*story.book(CHEAP_BOOK), *story.silence(5.0), *story.book(CHEAP_BOOK)]
    assert of_kind(effects, Place) == []
    assert said_to_all(story) is Reason.CHAINLINK_STALE
    assert len(of_kind(story.chainlink(), Place)) == 1


def test_what_is_held_to_settlement_is_held_without_chainlink_as_well() -> None:
    assert of_kind(gone_blind(PLAIN).book(LOW_BOOK), Place) == []


def test_without_chainlink_the_complement_is_a_way_out_too() -> None:
    story = gone_blind()
    order = only(story.two_books((0.30, 0.32), (0.58, 0.60)), Place).order
    assert (order.outcome, order.side, order.price) == (Outcome.DOWN, Side.BUY, 600_000)


def test_an_exit_that_is_not_over_is_not_sent_twice() -> None:
    story = gone_blind()
    sale = the_sale(story.book(LOW_BOOK), 390_000)
    assert of_kind(story.silence(2.0), Place, Cancel) == []
    story.tell(ev.Accepted(sale.order_id))
    story.fill(sale, trade_id="t2")
    assert of_kind(story.silence(2.0), Place, Cancel) == []
    assert story.desk().asset_account.exposure.totals.cost == 0


# --- ways out of a new life -------------------------------------------------------------------


def born_again(story: Story, order: Order) -> Story:
    """The desk broke; its client holds what it held, the watchers find the round anew."""
    story.desk().is_sound = False
    cost = bought_for(order)
    held = ev.HeldRound(make_round(), (Holding(Outcome.UP, order.shares, cost),), Usd(-cost))
    story.tell(ev.DeskOpened(Asset.BTC, 2, story.cash, Usd(0), (held,)))
    story.tell(ev.SettingsChanged(canonical_json(story.settings)))
    story.tell(ev.FeedUp(ev.BOOK_FEED, story.now_ns))
    story.tell(ev.RoundFound(make_round()))
    story.tell(ev.RoundOpened(make_round().slug, story.now_ns, is_late=True))
    story.tell(ev.StrikePublished(make_round().slug, STRIKE, "gamma"))
    story.book(CHEAP_BOOK)
    return story


@pytest.mark.parametrize(
    ("heard", "reason"), [(False, Reason.NO_PRICE), (True, Reason.NO_VOLATILITY)]
)
def test_after_a_crash_a_stop_needs_no_warm_up(heard: bool, reason: Reason) -> None:
    story = Story(LEAVING).a_minute_in()
    born_again(story, story.holding())
    if heard:
        story.chainlink()
    assert said_to_all(story) is reason
    the_sale(story.book(LOW_BOOK), 390_000)
    assert said_to_all(story) is reason


def test_after_a_crash_what_is_open_leaves_before_the_close() -> None:
    story = Story(LEAVING).a_minute_in()
    order = story.holding()
    story.wait(219)
    born_again(story, order)
    story.chainlink()
    assert said_to_all(story) is Reason.NO_VOLATILITY
    assert len(of_kind(story.effects, Place)) == 1, "the entry, in the life before"
    the_sale(story.wait(1), 570_000)


def test_after_a_crash_nobody_enters_before_the_volatility_is_known() -> None:
    story = Story(LEAVING).a_minute_in()
    story.desk().is_sound = False
    story.tell(ev.DeskOpened(Asset.BTC, 2, story.cash))
    story.tell(ev.SettingsChanged(canonical_json(story.settings)))
    story.tell(ev.FeedUp(ev.BOOK_FEED, story.now_ns))
    story.tell(ev.RoundFound(make_round()))
    story.tell(ev.RoundOpened(make_round().slug, story.now_ns, is_late=True))
    story.tell(ev.StrikePublished(make_round().slug, STRIKE, "gamma"))
    story.chainlink()
    assert of_kind([*story.book(CHEAP_BOOK), *story.wait(20)], Place) == []
    assert said_to_all(story) is Reason.NO_VOLATILITY


# --- what stops every way out -----------------------------------------------------------------

Told = Callable[[Story], list[Effect]]


def level(story: Story, price: float, shares: float, lag_ns: int = 0) -> list[Effect]:
    """A bid of Up."""
    micro = Price(round(price * MICRO)), Shares(round(shares * MICRO))
    change = ev.LevelChange(make_round().up_token, Side.BUY, *micro, None, None)
    return story.tell(ev.BookChanged((change,), story.now_ns - lag_ns, story.now_ns))


def crossed(story: Story) -> list[Effect]:
    return level(story, 0.60, 1.0)


def uncrossed(story: Story) -> list[Effect]:
    return level(story, 0.60, 0.0)


def late(story: Story) -> list[Effect]:
    return level(story, 0.58, 900.0, 5 * NS_PER_S + 1)


def prompt(story: Story) -> list[Effect]:
    return level(story, 0.58, 901.0, 5 * NS_PER_S)


def down(story: Story) -> list[Effect]:
    return story.tell(ev.FeedDown(ev.BOOK_FEED, "reset by peer", story.now_ns))


def stale(story: Story) -> list[Effect]:
    return story.tell(ev.FeedStale(ev.BOOK_FEED, 30_000, story.now_ns))


def up(story: Story) -> list[Effect]:
    return story.tell(ev.FeedUp(ev.BOOK_FEED, story.now_ns))


def up_and_read_anew(story: Story) -> list[Effect]:
    return [*up(story), *story.book(CHEAP_BOOK)]


def finer(story: Story) -> list[Effect]:
    token, now_ns = make_round().up_token, story.now_ns
    return story.tell(ev.TickSizeChanged(token, Price(1_000), now_ns, now_ns))


def killed(story: Story) -> list[Effect]:
    return story.command(ev.Action.KILL)


def rearmed(story: Story) -> list[Effect]:
    return story.command(ev.Action.REARM)


TROUBLES: list[tuple[Told, Told, Reason, int]] = [
    (crossed, uncrossed, Reason.BOOK_UNSETTLED, 570_000),
    (late, prompt, Reason.BOOK_LATE, 570_000),
    (down, up_and_read_anew, Reason.FEED_DOWN, 570_000),
    (stale, up, Reason.FEED_DOWN, 570_000),
    (finer, lambda story: story.book(CHEAP_BOOK), Reason.NO_BOOK, 579_000),
    (killed, rearmed, Reason.KILL_SWITCH, 570_000),
]


@pytest.mark.parametrize("is_blind", [True, False])
@pytest.mark.parametrize(("breaks", "mends", "reason", "price"), TROUBLES)
def test_nothing_is_sold_in_a_book_that_is_not_true_nor_after_a_kill(
    breaks: Told, mends: Told, reason: Reason, price: int, is_blind: bool
) -> None:
    """Twenty seconds before the close everything leaves; here it must wait for the mending."""
    story = holding(29 if is_blind else 21)
    if is_blind:
        story.silence(8.0)
    assert of_kind(breaks(story), Place) == []
    assert of_kind(story.silence(1.0) if is_blind else story.wait(1), Place) == []
    assert said_to_all(story) is reason
    the_sale(mends(story), price)


@pytest.mark.parametrize("is_blind", [True, False])
def test_nothing_is_sold_any_more_when_the_session_stops(is_blind: bool) -> None:
    story = holding(29 if is_blind else 21)
    if is_blind:
        story.silence(8.0)
    assert of_kind(story.command(ev.Action.STOP), CancelAll) == [CancelAll("stop")]
    effects = story.silence(1.0) if is_blind else story.wait(1)
    assert of_kind([*effects, *story.book(LOW_BOOK)], Place) == []
    assert said_to_all(story) is Reason.STOPPING


# --- young again ------------------------------------------------------------------------------

DELAYED = evolve(PLAIN, gates=evolve(PLAIN.gates, entry_delay_s=1.5))


def nothing(story: Story) -> list[Effect]:
    return []


def an_outage(story: Story) -> list[Effect]:
    return [*down(story), *up_and_read_anew(story)]


def a_stale_feed(story: Story) -> list[Effect]:
    return [*stale(story), *up(story)]


def an_unsettled_book(story: Story) -> list[Effect]:
    return [*crossed(story), *uncrossed(story)]


def a_kill(story: Story) -> list[Effect]:
    return [*killed(story), *rearmed(story)]


def a_flatten(story: Story) -> list[Effect]:
    flat = story.command(ev.Action.FLATTEN)
    return [*flat, *story.command(ev.Action.RESUME)]


def a_pause(story: Story) -> list[Effect]:
    paused = story.command(ev.Action.PAUSE)
    return [*paused, *story.command(ev.Action.RESUME)]


def a_silence(story: Story) -> list[Effect]:
    silent = story.silence(8.001)
    return [*silent, *story.chainlink()]


def signalling() -> Story:
    """For 1.4 seconds a strategy has wanted to buy."""
    story = Story(DELAYED).a_minute_in()
    assert of_kind(story.book(CHEAP_BOOK), Place) == []
    assert of_kind(story.silence(1.4), Place) == []
    assert age(story) == pytest.approx(1.4)
    return story


def age(story: Story) -> float:
    """Of the signal, as its strategy is told."""
    why = story.round().whys["distance_fade"]
    assert why == Why(Reason.SIGNAL_YOUNG, why.value, 1.5, "s")
    return why.value


@pytest.mark.parametrize("interrupted", [nothing, a_pause])
def test_a_signal_that_was_heard_all_the_time_is_followed(interrupted: Told) -> None:
    """A pause stops entries; strategies are asked all the same."""
    story = signalling()
    assert of_kind(interrupted(story), Place) == []
    assert of_kind(story.silence(0.099), Place) == []
    assert len(of_kind(story.silence(0.001), Place)) == 1


@pytest.mark.parametrize(
    "interrupted",
    [an_outage, a_stale_feed, an_unsettled_book, a_kill, a_flatten, a_silence],
)
def test_a_signal_is_young_again_after_nobody_was_asked(interrupted: Told) -> None:
    story = signalling()
    assert of_kind(interrupted(story), Place) == []
    assert age(story) == 0.0
    assert of_kind(story.silence(1.499), Place) == []
    assert math.isclose(age(story), 1.499)
    assert len(of_kind(story.silence(0.001), Place)) == 1


def test_what_was_said_before_an_outage_is_forgotten_at_its_begin() -> None:
    story = signalling()
    assert story.round().proposals["distance_fade"].outcome is Outcome.UP
    down(story)
    assert (story.round().proposals, story.round().persistences) == ({}, {})

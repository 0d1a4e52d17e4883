"""The first rounds of a live session are of the smallest size, until the books were found right."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve
from stories import CHEAP_BOOK, PLAIN, STAKED, Story, make_round, of_kind, with_risk
from test_quote_sets import QUIET, ThreeRungs, rungs_of

from polytui.config.schema import Settings
from polytui.model import events as ev
from polytui.model.effects import Place, Reason
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Order, Side
from polytui.model.units import MICRO, NS_PER_S, Shares
from polytui.risk.ramp import Ramp

SMALLEST = Shares(5 * MICRO)


def live(settings: Settings = PLAIN, rounds: int = 2, quoting: Sequence[ThreeRungs] = ()) -> Story:
    """A live desk with everything up, a minute into its first round."""
    settings = evolve(settings, live=evolve(settings.live, ramp_rounds=rounds))
    story = Story(settings, quoting=tuple(quoting))
    story.tell(ev.DeskOpened(Asset.BTC, 1, story.cash, is_live=True))
    story.tell(story.said[1][2])  # its settings
    for feed in (ev.USER_FEED, ev.HEARTBEAT_FEED):
        story.tell(ev.FeedUp(feed, story.now_ns))
    return story.a_minute_in()


def buys(story: Story) -> list[Order]:
    placed = [one.order for one in of_kind(story.effects, Place)]
    return [one for one in placed if one.side is Side.BUY]


def prove(story: Story, differences: int = 0, *slugs: str) -> None:
    story.tell(ev.Reconciled(story.now_ns, differences, slugs or (make_round().slug,)))


def next_round(story: Story) -> None:
    """The first one ends, and the second is a minute old."""
    story.settle(Outcome.UP)
    listed = make_round(number=1)
    story.tell(ev.RoundFound(listed))
    left_s = (listed.opens_ns - story.now_ns) // NS_PER_S
    story.wait(left_s)
    story.tell(ev.RoundOpened(listed.slug, story.now_ns))
    story.strike(number=1)
    story.wait(60)


# --- what an order is ----------------------------------------------------------------------------


def test_an_entry_is_of_the_smallest_size() -> None:
    story = live()
    order = story.buying()
    assert order.shares == SMALLEST == make_round().min_shares
    why = story.round().whys["distance_fade"]
    assert (why.reason, why.value, why.limit) == (Reason.RAMP, 0.0, 2.0)


def test_a_stake_is_not_bought_in_small_orders() -> None:
    story = live()
    story.holding()
    assert buys(story)[-1].shares == SMALLEST
    story.wait(30)
    story.book(CHEAP_BOOK)
    assert len(buys(story)) == 1
    assert story.said_last() is Reason.RAMP


def test_who_leaves_leaves_whole_and_may_enter_again() -> None:
    story = live()
    order = story.holding()
    story.command(ev.Action.FLATTEN)
    story.wait(1)
    (sale,) = [one.order for one in of_kind(story.effects, Place) if one.order.side is Side.SELL]
    assert sale.shares == order.shares


def test_a_ladder_is_one_small_rung_an_outcome() -> None:
    maker = ThreeRungs()
    story = live(QUIET, quoting=[maker])
    orders = rungs_of(story.effects)
    assert [one.shares for one in orders] == [SMALLEST, SMALLEST]
    assert {one.outcome for one in orders} == {Outcome.UP, Outcome.DOWN}
    assert {one.asked for one in orders} == {Shares(10 * MICRO)}
    for order in orders:
        story.tell(ev.Accepted(order.order_id))
    story.wait(30)
    assert len(rungs_of(story.effects)) == 2, "what rests is what is wanted, less the ramp"


def test_limits_are_asked_of_the_small_order() -> None:
    settings = with_risk(PLAIN, max_order_usd=4.0)
    assert live(settings).buying().shares == SMALLEST


def test_on_paper_there_is_no_ramp() -> None:
    story = Story(evolve(PLAIN, live=evolve(PLAIN.live, ramp_rounds=3))).a_minute_in()
    assert story.buying().shares == STAKED


def test_zero_rounds_is_no_ramp() -> None:
    assert live(rounds=0).buying().shares == STAKED


# --- when it is over ------------------------------------------------------------------------------


def second_order(story: Story) -> Order:
    next_round(story)
    story.book(CHEAP_BOOK, number=1)
    return buys(story)[-1]


def test_after_so_many_reconciled_rounds_it_is_over() -> None:
    story = live(rounds=1)
    story.holding()
    story.settle(Outcome.UP)
    prove(story)
    assert second_order(story).shares > SMALLEST


def test_a_round_that_nobody_reconciled_proves_nothing() -> None:
    story = live(rounds=1)
    story.holding()
    assert second_order(story).shares == SMALLEST


def test_nor_does_one_after_which_the_books_differed() -> None:
    story = live(rounds=1)
    story.holding()
    story.settle(Outcome.UP)
    prove(story, 1)
    prove(story)
    assert second_order(story).shares == SMALLEST


def test_nor_one_in_which_nothing_was_traded() -> None:
    story = live(rounds=1)
    prove(story)
    assert second_order(story).shares == SMALLEST


def test_nor_the_same_one_again() -> None:
    story = live(rounds=2)
    story.holding()
    for _ in range(5):
        prove(story)
    assert story.mind.account.ramp.proven == 1
    assert second_order(story).shares == SMALLEST


def test_it_is_said_how_far_it_is() -> None:
    story = live(rounds=2)
    story.holding()
    prove(story)
    next_round(story)
    story.book(CHEAP_BOOK, number=1)
    why = story.round(number=1).whys["distance_fade"]
    assert (why.reason, why.value, why.limit, why.unit) == (Reason.RAMP, 1.0, 2.0, "rounds")


def test_each_session_begins_anew() -> None:
    story = live(rounds=1)
    story.holding()
    prove(story)
    account = story.mind.account
    assert account.ramp.is_over(1)
    account.begin_session(story.now_ns, story.settings.breakers)
    assert not account.ramp.is_over(1)
    assert not account.is_live


def test_what_waits_does_not_grow() -> None:
    ramp = Ramp()
    for number in range(5_000):
        ramp.traded(str(number), 3)
    assert len(str(ramp.state())) < 20_000
    ramp.reconciled(0, [str(number) for number in range(5_000)], 3)
    assert ramp.is_over(3)
    ramp.traded("more", 3)
    assert "more" not in str(ramp.state())

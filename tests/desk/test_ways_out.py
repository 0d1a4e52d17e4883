"""Leaving a stake: one way at a time, by the complement as well, and flat when all is paired."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st
from stories import (
    CHEAP_BOOK,
    PLAIN,
    STAKED,
    STRIKE,
    Story,
    make_round,
    of_kind,
    only,
    with_risk,
    with_strategy,
)

from polytui.config.load import canonical_json
from polytui.desk.snapshots import desk_state
from polytui.ledger.positions import Position
from polytui.model import events as ev
from polytui.model.effects import Cancel, Effect, Place, Reason, Trip
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import (
    ORDER_TABLE,
    Holding,
    Order,
    OrderMove,
    OrderState,
    Side,
    TimeInForce,
)
from polytui.model.snapshot import AssetState
from polytui.model.units import LOT, MICRO, Shares, Usd
from polytui.sim.world.refusals import NOT_ALL_THERE, NOTHING_TO_TAKE

LEAVING = with_strategy(PLAIN, is_held_to_settlement=False)
ONCE = with_risk(LEAVING, max_trades_per_day=1)
"""One entry and no other, so that everything after it is a way out."""
Bests = tuple[float, float]
PAIR_CHEAPER: tuple[Bests, Bests] = ((0.30, 0.32), (0.58, 0.60))
"""Down at 0.60 makes 0.40 of a share of Up for which 0.30 is bid."""
SALE_CHEAPER: tuple[Bests, Bests] = ((0.40, 0.42), (0.58, 0.70))
"""0.40 is bid, and Down at 0.70 leaves 0.30."""


def held() -> Story:
    story = Story(ONCE).a_minute_in()
    story.holding()
    story.wait(5)
    return story


def position(story: Story) -> Position:
    return story.desk().ledger.positions.of(make_round().slug)


def way_of(order: Order) -> tuple[Outcome, Side]:
    assert order.tif is TimeInForce.FAK
    return order.outcome, order.side


SALE, PAIR = (Outcome.UP, Side.SELL), (Outcome.DOWN, Side.BUY)
PAIRED = Shares(32_416_700)
"""Of the stake the part that whole cents buy at 0.60: 19.45 dollars."""
SIZES = {SALE: STAKED, PAIR: PAIRED}
TURNS = [
    (PAIR_CHEAPER, PAIR, SALE_CHEAPER, SALE),
    (SALE_CHEAPER, SALE, PAIR_CHEAPER, PAIR),
]


# --- one way at a time ------------------------------------------------------------------------


@pytest.mark.parametrize(("books", "way", "other_books", "other"), TURNS)
def test_while_one_way_out_may_fill_the_cheaper_one_waits(
    books: tuple[Bests, Bests],
    way: tuple[Outcome, Side],
    other_books: tuple[Bests, Bests],
    other: tuple[Outcome, Side],
) -> None:
    """Its answer was lost: it may be filled already, and then a second one would be too much."""
    story = held()
    first = only(story.two_books(*books), Place).order
    assert (way_of(first), first.shares) == (way, SIZES[way])
    story.tell(ev.Unanswered(first.order_id, "timeout"))
    story.wait(2)
    turned = story.two_books(*other_books)
    assert of_kind(turned, Cancel) == [Cancel(first.order_id)]
    assert of_kind([*turned, *story.wait(3)], Place) == []
    # The cancel's answer is lost as well: it is asked once more, and nothing else.
    again = story.tell(ev.Unanswered(first.order_id, "timeout"))
    assert of_kind(again, Cancel) == [Cancel(first.order_id)]
    assert of_kind([*again, *story.wait(3)], Place) == []
    second = only(story.tell(ev.Cancelled(first.order_id, "by request")), Place).order
    assert (way_of(second), second.shares) == (other, SIZES[other])


@pytest.mark.parametrize(("books", "way", "other_books", "other"), TURNS)
def test_a_way_out_that_was_filled_after_all_was_the_only_one(
    books: tuple[Bests, Bests],
    way: tuple[Outcome, Side],
    other_books: tuple[Bests, Bests],
    other: tuple[Outcome, Side],
) -> None:
    story = held()
    first = only(story.two_books(*books), Place).order
    story.tell(ev.Unanswered(first.order_id, "timeout"))
    story.wait(2)
    story.two_books(*other_books)
    filled = story.fill(first, trade_id="t2")
    filled += story.tell(ev.CancelRefused(first.order_id, "matched"))
    assert of_kind([*filled, *story.wait(5)], Place) == []
    assert 0 <= position(story).up - position(story).down < LOT


def test_what_a_way_out_left_goes_the_other_way() -> None:
    story = held()
    first = only(story.two_books(*PAIR_CHEAPER), Place).order
    story.tell(ev.Accepted(first.order_id))
    story.fill(first, 20.0, "t2")
    story.wait(2)
    assert of_kind(story.two_books(*SALE_CHEAPER), Place) == []
    rest = only(story.tell(ev.Cancelled(first.order_id, "by request")), Place).order
    assert (way_of(rest), rest.shares) == (SALE, STAKED - 20 * MICRO)


BOOKS = st.sampled_from([PAIR_CHEAPER, SALE_CHEAPER, (CHEAP_BOOK, (0.40, 0.42)), None])
"""The last but one is no reason to leave; None is what was shown last."""
ANSWERS: dict[OrderMove, type] = {
    OrderMove.ACCEPTED: ev.Accepted,
    OrderMove.CANCELLED: ev.Cancelled,
    OrderMove.REFUSED: ev.Refused,
    OrderMove.UNANSWERED: ev.Unanswered,
    OrderMove.CANCEL_REFUSED: ev.CancelRefused,
    OrderMove.NOT_FOUND: ev.NotFound,
}
PARTS = (0.1, 0.5, 1.0)
"""Of what is left of an order, when that is filled."""
MISHAPS = st.lists(
    st.tuples(BOOKS, st.sampled_from([None, *ANSWERS, *PARTS])), min_size=4, max_size=12
)


@example([(PAIR_CHEAPER, OrderMove.UNANSWERED), (SALE_CHEAPER, None), (None, None)])
@given(MISHAPS)
def test_whatever_is_answered_no_more_is_on_its_way_out_than_is_held(
    mishaps: list[tuple[tuple[Bests, Bests] | None, OrderMove | float | None]],
) -> None:
    story = held()
    for number, (books, answer) in enumerate(mishaps):
        if books is not None:
            story.two_books(*books)
        check_ways_out(story)
        for entry in story.desk().ledger.orders.of_round(make_round().slug):
            answer_it(story, entry.order, entry.state, entry.left, answer, number)
        story.silence(1.0)
        check_ways_out(story)


def answer_it(
    story: Story,
    order: Order,
    state: OrderState,
    left: Shares,
    answer: OrderMove | float | None,
    number: int,
) -> None:
    if isinstance(answer, float):
        story.fill(order, left * answer / MICRO, f"t{number}")
    elif answer is not None and (state, answer) in ORDER_TABLE:
        more: tuple[object, ...] = ("because",)
        if answer in (OrderMove.ACCEPTED, OrderMove.NOT_FOUND):
            more = () if answer is OrderMove.ACCEPTED else (story.now_ns,)
        story.tell(ANSWERS[answer](order.order_id, *more))


def check_ways_out(story: Story) -> None:
    now, working = position(story), story.desk().ledger.orders.of_round(make_round().slug)
    assert len(working) <= 1
    assert 0 <= sum(entry.left for entry in working) <= now.up - now.down


# --- by the complement ------------------------------------------------------------------------


def paired() -> Story:
    """Up was left by buying Down: a pair of each, and each side may be entered but once."""
    settings = with_risk(LEAVING, max_round_usd=200.0, max_position_usd=100.0)
    once_a_side = evolve(
        settings,
        gates=evolve(settings.gates, is_one_signal_a_side=True),
        # Less than the way out by the complement loses, more than a cent at ten cents.
        exits=evolve(settings.exits, stop_loss=0.37),
    )
    story = Story(once_a_side).a_minute_in()
    story.holding()
    story.wait(5)
    order = only(story.two_books(*PAIR_CHEAPER), Place).order
    assert way_of(order) == PAIR
    story.tell(ev.Accepted(order.order_id))
    story.fill(order, 12.0, "t2")
    story.fill(order, PAIRED / MICRO - 12.0, "t3")
    assert position(story).up == STAKED
    assert position(story).down == PAIRED
    return story


def test_a_purchase_of_the_complement_is_no_entry_of_that_side() -> None:
    """In two fills, and of the second only what was left of the stake is paired."""
    story = paired()
    slug = make_round().slug
    assert story.desk().asset_account.has_entered(slug, "distance_fade", Outcome.UP)
    assert not story.desk().asset_account.has_entered(slug, "distance_fade", Outcome.DOWN)


def test_the_side_by_which_it_left_may_still_be_entered_and_that_is_its_one_signal() -> None:
    story = paired()
    assert story.said_last() is Reason.SIGNAL_SPENT, "of Up, which it has had"
    entry = only(story.book((0.90, 0.92)), Place).order
    assert (entry.outcome, entry.side, entry.price) == (Outcome.DOWN, Side.BUY, 100_000)
    assert entry.tif is TimeInForce.GTC
    story.tell(ev.Accepted(entry.order_id))
    story.fill(entry, trade_id="t4")
    assert story.desk().asset_account.has_entered(entry.slug, "distance_fade", Outcome.DOWN)


def test_it_counts_no_trade_of_the_day_and_no_signal() -> None:
    story = paired()
    assert story.mind.account.trades_today(story.now_ns) == 1
    assert story.desk().asset_account.signals == 1


# --- flat -------------------------------------------------------------------------------------


def partly_paired(shares: float) -> tuple[Story, Order]:
    """Of a stake of Up so many are paired; the order that pairs them still works."""
    story = held()
    order = only(story.two_books(*PAIR_CHEAPER), Place).order
    story.tell(ev.Accepted(order.order_id))
    story.fill(order, min(shares, PAIRED / MICRO), "t2")
    return story, order


def is_flattening(story: Story) -> bool:
    return desk_state(story.desk(), story.mind.account)[0] is AssetState.FLATTENING


@pytest.mark.parametrize("unpaired", [12.42, 5.01, 5.0])
def test_flatten_sells_what_is_not_paired(unpaired: float) -> None:
    story, order = partly_paired(STAKED / MICRO - unpaired)
    flat = story.command(ev.Action.FLATTEN)
    # What is on its way out by the complement must be out of the way first.
    assert of_kind(flat, Cancel) == [Cancel(order.order_id)]
    assert of_kind([*flat, *story.wait(3)], Place) == []
    sale = only(story.tell(ev.Cancelled(order.order_id, "by request")), Place).order
    assert way_of(sale) == SALE
    assert sale.shares == round(unpaired * MICRO)
    assert is_flattening(story)
    story.tell(ev.Accepted(sale.order_id))
    assert of_kind(story.fill(sale, trade_id="t3"), Place) == []
    assert position(story).up == position(story).down == STAKED - sale.shares
    assert not is_flattening(story)


@pytest.mark.parametrize("unpaired", [4.99, 0.01, 0.0])
def test_flatten_ends_where_too_little_is_not_paired(unpaired: float) -> None:
    story, order = partly_paired(STAKED / MICRO - unpaired)
    story.tell(ev.Cancelled(order.order_id, "nothing more to match"))
    assert of_kind([*story.command(ev.Action.FLATTEN), *story.wait(5)], Place) == []
    assert not is_flattening(story)
    assert desk_state(story.desk(), story.mind.account)[0] is AssetState.PAUSED
    assert position(story).up == STAKED


@pytest.mark.parametrize(
    ("up", "down", "sold"),
    [
        (10.0, 30.0, (Outcome.DOWN, 20.0)),
        (30.0, 10.0, (Outcome.UP, 20.0)),
        (10.0, 15.0, (Outcome.DOWN, 5.0)),
        (10.0, 15.009999, (Outcome.DOWN, 5.0)),
        (10.0, 14.999999, None),
        (10.0, 10.0, None),
        (0.0, 30.0, (Outcome.DOWN, 30.0)),
    ],
)
def test_flatten_sells_the_side_that_is_more(
    up: float, down: float, sold: tuple[Outcome, float] | None
) -> None:
    """Whoever bought them: pairs pay a dollar each, and a sale would give that away."""
    story = Story(ONCE).a_minute_in()
    holdings = tuple(
        Holding(outcome, Shares(round(shares * MICRO)), Usd(round(shares * MICRO) // 2))
        for outcome, shares in zip(Outcome, (up, down), strict=True)
        if shares
    )
    flow = Usd(-sum(one.cost for one in holdings))
    story.desk().is_sound = False
    story.tell(
        ev.DeskOpened(
            Asset.BTC, 2, story.cash, Usd(0), (ev.HeldRound(make_round(), holdings, flow),)
        )
    )
    story.tell(ev.SettingsChanged(canonical_json(ONCE)))
    story.tell(ev.FeedUp(ev.BOOK_FEED, story.now_ns))
    story.tell(ev.RoundOpened(make_round().slug, story.now_ns, is_late=True))
    story.tell(ev.StrikePublished(make_round().slug, STRIKE, "gamma"))
    story.book(CHEAP_BOOK)
    orders = [place.order for place in of_kind(story.command(ev.Action.FLATTEN), Place)]
    quoted = [(order.outcome, order.shares / MICRO) for order in orders]
    assert quoted == ([] if sold is None else [sold])
    assert all(order.side is Side.SELL for order in orders)
    assert is_flattening(story) is bool(orders)


# --- nobody there -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("detail", "trips"),
    [
        (NOTHING_TO_TAKE, 0),
        (NOT_ALL_THERE, 0),
        ("FOK_ORDER_NOT_FILLED_ERROR", 0),
        ("invalid post-only order: order crosses book", 1),
        ("not enough balance / allowance", 1),
    ],
)
def test_a_way_out_that_finds_nobody_is_tried_again_and_no_refusal_to_the_breaker(
    detail: str, trips: int
) -> None:
    story = held()
    told = list[Effect](story.two_books(*SALE_CHEAPER))
    for _ in range(6):
        sale = of_kind(told, Place)[-1].order
        assert way_of(sale) == SALE
        told += story.tell(ev.Refused(sale.order_id, detail))
        told += story.wait(5)
    assert len({place.order.order_id for place in of_kind(told, Place)}) == 7
    assert [trip.why.reason for trip in of_kind(told, Trip)] == [Reason.REJECTS] * trips

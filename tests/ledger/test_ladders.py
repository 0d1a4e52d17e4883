"""Ladders against what works: nothing for the same in any order, else as little as can be."""

from __future__ import annotations

from itertools import permutations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from polytui.ledger.diff import Changes, Tolerance, WantedQuote, changes, crosses
from polytui.ledger.working import WorkingOrder
from polytui.model.instrument import Outcome
from polytui.model.orders import Order, OrderState, Quote, Side, TimeInForce
from polytui.model.units import MICRO, Price, Shares

UP, DOWN, BUY, SELL = Outcome.UP, Outcome.DOWN, Side.BUY, Side.SELL
LIVE, CANCELLING = OrderState.LIVE, OrderState.CANCELLING
TOLERANCE = Tolerance(price=20_000, rung_size=0.2)
MAKER = "maker"


def rung(
    key: str,
    cents: int,
    outcome: Outcome = UP,
    side: Side = BUY,
    shares: float = 10.0,
    strategy: str = MAKER,
) -> WantedQuote:
    size = Shares(round(shares * MICRO))
    quote = Quote(outcome, side, Price(cents * 10_000), size, is_post_only=True)
    return WantedQuote(strategy, quote, rung=key)


def at_work(
    one: WantedQuote, state: OrderState = LIVE, order_id: str = "", **changed: object
) -> WorkingOrder:
    quote = one.quote
    order = Order(
        order_id or f"o-{one.rung}",
        "round",
        "t",
        quote.outcome,
        quote.side,
        quote.price,
        quote.shares,
        quote.tif,
        quote.is_post_only,
        one.strategy,
        1,
        rung=one.rung,
    )
    return WorkingOrder(evolve(order, **changed), state)


LADDER = (rung("a", 50), rung("b", 49), rung("c", 48))
NOTHING = Changes((), ())


@pytest.mark.parametrize("listed", list(permutations(LADDER)))
@pytest.mark.parametrize("working", list(permutations(LADDER)))
def test_an_unchanged_ladder_of_three_in_any_order_changes_nothing(
    listed: tuple[WantedQuote, ...], working: tuple[WantedQuote, ...]
) -> None:
    assert changes(listed, [at_work(one) for one in working], TOLERANCE) == NOTHING


@pytest.mark.parametrize(
    ("shares", "is_kept"),
    [(10.0, True), (8.0, True), (7.999999, False), (12.0, True), (12.000001, False)],
)
def test_a_size_beyond_the_tolerance_is_replaced(shares: float, is_kept: bool) -> None:
    order = at_work(LADDER[0], shares=Shares(round(shares * MICRO)))
    replaced = Changes(("o-a",), (), (LADDER[0],))
    assert changes(LADDER[:1], [order], TOLERANCE) == (NOTHING if is_kept else replaced)


def test_what_is_left_of_an_order_is_compared_and_not_what_it_was() -> None:
    order = at_work(LADDER[0])
    order.filled = Shares(2 * MICRO)
    assert changes(LADDER[:1], [order], TOLERANCE) == NOTHING
    order.filled = Shares(3 * MICRO)
    assert changes(LADDER[:1], [order], TOLERANCE).cancel == ("o-a",)


def test_without_tolerance_only_the_very_size_stays() -> None:
    order, exact = at_work(LADDER[0], shares=Shares(10 * MICRO + 1)), Tolerance(0)
    assert changes(LADDER[:1], [order], exact).cancel == ("o-a",)
    assert changes(LADDER[:1], [at_work(LADDER[0])], exact) == NOTHING


def test_what_limits_cut_stays_until_the_set_wants_something_else() -> None:
    """Twelve were wanted, five were let: the rung is as it was asked for."""
    order = at_work(LADDER[0], shares=Shares(5 * MICRO), asked=Shares(12 * MICRO))
    assert changes((rung("a", 50, shares=12.0),), [order], TOLERANCE) == NOTHING
    assert changes((rung("a", 50, shares=16.0),), [order], TOLERANCE).cancel == ("o-a",)
    order.filled = Shares(4 * MICRO)
    assert changes((rung("a", 50, shares=8.0),), [order], TOLERANCE) == NOTHING


@pytest.mark.parametrize(("ticks", "cents", "is_kept"), [
    (0, 50, True), (0, 49, False), (0, 51, False),
    (1, 49, True), (1, 48, False), (1, 51, False),
])  # fmt: skip
def test_a_price_is_kept_within_its_own_tolerance_and_never_nearer(
    ticks: int, cents: int, is_kept: bool
) -> None:
    tolerance = evolve(TOLERANCE, rung_price=ticks * 10_000)
    for side in Side:
        price = cents if side is BUY else 100 - cents
        wanted = rung("a", 50, side=side)
        order = at_work(wanted, price=Price(price * 10_000))
        change = changes((wanted,), [order], tolerance)
        assert change == (NOTHING if is_kept else Changes(("o-a",), (), (wanted,)))


@pytest.mark.parametrize(
    "changed", [{"tif": TimeInForce.FAK}, {"is_post_only": False}, {"strategy": "other"}]
)
def test_terms_are_a_part_of_what_is_wanted(changed: dict[str, object]) -> None:
    assert changes(LADDER[:1], [at_work(LADDER[0], **changed)], TOLERANCE).cancel == ("o-a",)


def test_a_ladder_that_moves_up_a_tick_moves_one_order() -> None:
    moved = (rung("a", 51), rung("b", 50), rung("c", 49))
    change = changes(moved, [at_work(one) for one in LADDER], TOLERANCE)
    assert change == Changes(("o-c",), (moved[0],))


def test_one_makes_room_for_another() -> None:
    """The order at 49 would do for either rung, the one at 50 for the upper one alone."""
    tolerance = evolve(TOLERANCE, rung_price=10_000)
    working = [at_work(rung("", cents), order_id=f"o-{cents}") for cents in (49, 50)]
    for listed in permutations((rung("a", 50), rung("b", 49))):
        assert changes(listed, working, tolerance) == NOTHING
        assert changes(listed, working[::-1], tolerance) == NOTHING


def test_the_cancel_of_one_rung_holds_back_that_rung_alone() -> None:
    leaving = at_work(rung("b", 45), CANCELLING)
    change = changes(LADDER, [leaving], TOLERANCE)
    assert change == Changes((), (LADDER[0], LADDER[2]), (LADDER[1],))


def test_an_order_of_an_earlier_life_may_be_any_rung_of_its_side() -> None:
    leaving = at_work(rung("b", 45), CANCELLING, rung="")
    other_side = rung("d", 40, DOWN)
    change = changes((*LADDER, other_side), [leaving], TOLERANCE)
    assert (change.place, change.waits) == ((other_side,), LADDER)


def test_an_order_of_an_earlier_life_that_is_wanted_stays() -> None:
    working = at_work(LADDER[1], rung="")
    assert changes(LADDER[1:2], [working], TOLERANCE) == NOTHING


SIGNAL = WantedQuote("fade", Quote(UP, BUY, Price(500_000), Shares(10 * MICRO)))


@pytest.mark.parametrize(
    ("leaving", "waits"),
    [
        # The same way, or too far to meet.
        (rung("a", 55), False),
        (rung("a", 51, side=SELL), False),
        (rung("a", 49, DOWN), False),
        # It would buy from ourselves, or make a pair with ourselves.
        (rung("a", 50, side=SELL), True),
        (rung("a", 50, DOWN), True),
        (rung("a", 60, DOWN), True),
        (rung("a", 49, DOWN, SELL), False),
    ],
)
def test_a_signal_waits_until_it_cannot_meet_a_rung_of_ours(
    leaving: WantedQuote, waits: bool
) -> None:
    change = changes((SIGNAL,), [at_work(leaving)], TOLERANCE)
    assert change == Changes(("o-a",), () if waits else (SIGNAL,), (SIGNAL,) if waits else ())
    # And the other way round: a rung waits for a signal's order that it would meet.
    order = at_work(SIGNAL, order_id="o-signal")
    back = changes((leaving,), [order], TOLERANCE)
    assert back.cancel == ("o-signal",)
    assert back.waits == ((leaving,) if waits else ())


def test_a_ladder_of_somebody_else_holds_nobody_back() -> None:
    leaving = at_work(rung("a", 45, strategy="other"), CANCELLING)
    assert changes(LADDER, [leaving], TOLERANCE) == Changes((), LADDER)


# --- any ladder, any listing, any working subset --------------------------------------------------

ONE_SIDE = st.lists(
    st.tuples(st.integers(1, 99), st.integers(5, 40)),
    max_size=8,
    unique_by=lambda one: one[0],
)


@st.composite
def ladders(draw: st.DrawFn, most: int = 8) -> list[WantedQuote]:
    """One to eight rungs on each outcome or on one of them; buys, or sales."""
    found = []
    for outcome in Outcome:
        side = draw(st.sampled_from([BUY, BUY, SELL]))
        rungs = draw(ONE_SIDE)[:most]
        found += [
            rung(f"{outcome.value}-{number}", cents, outcome, side, float(shares))
            for number, (cents, shares) in enumerate(rungs)
        ]
    return found or [rung("up-0", 50)]


@st.composite
def disturbed(draw: st.DrawFn, ladder: list[WantedQuote]) -> list[WorkingOrder]:
    """What works: some of the rungs, some of them off in price or size, some leaving, some
    exchanged for one another, some that are of no rung any more."""
    working = []
    for number, one in enumerate(draw(st.permutations(ladder))):
        if not draw(st.booleans()):
            continue
        price = one.quote.price + draw(st.sampled_from([0, 0, 0, 10_000, -10_000]))
        shares = one.quote.shares * draw(st.sampled_from([10, 10, 9, 12, 7, 15])) // 10
        changed = {
            "price": Price(min(max(price, 10_000), 990_000)),
            "shares": Shares(shares),
            "rung": draw(st.sampled_from([one.rung, "", draw(st.sampled_from(ladder)).rung])),
        }
        state = draw(st.sampled_from([LIVE, LIVE, LIVE, OrderState.UNKNOWN, CANCELLING]))
        working.append(at_work(one, state, f"o-{number}", **changed))
    return working


TOLERANCES = st.builds(
    Tolerance,
    price=st.just(20_000),
    rung_price=st.sampled_from([0, 10_000, 30_000]),
    rung_size=st.sampled_from([0.0, 0.2, 0.5]),
)


@given(st.data())
def test_the_same_ladder_in_any_order_changes_nothing(data: st.DataObject) -> None:
    ladder = data.draw(ladders())
    working = [at_work(one) for one in data.draw(st.permutations(ladder))]
    listed = data.draw(st.permutations(ladder))
    assert changes(listed, working, data.draw(TOLERANCES)) == NOTHING


@given(st.data())
def test_of_a_subset_only_what_is_missing_comes_and_nothing_goes(data: st.DataObject) -> None:
    ladder = data.draw(ladders())
    working = [one for one in ladder if data.draw(st.booleans())]
    listed = data.draw(st.permutations(ladder))
    change = changes(listed, [at_work(one) for one in working], Tolerance(0))
    missing = sorted([one for one in ladder if one not in working], key=lambda one: one.rung)
    assert change == Changes((), tuple(missing))


def is_near(order: WorkingOrder, one: WantedQuote, tolerance: Tolerance) -> bool:
    """Whether it may stay, as a person would say it."""
    quote, real = one.quote, order.order
    if (real.outcome, real.side) != (quote.outcome, quote.side):
        return False
    low, high = quote.price - tolerance.rung_price, quote.price
    if quote.side is SELL:
        low, high = quote.price, quote.price + tolerance.rung_price
    spread = tolerance.rung_size * quote.shares
    return low <= real.price <= high and abs(real.shares - quote.shares) <= spread


def most_kept(wanted: list[WantedQuote], staying: list[WorkingOrder], tolerance: Tolerance) -> int:
    """By trying every way to give orders to rungs."""
    spare: list[WorkingOrder | None] = [None] * len(wanted)
    return max(
        sum(
            order is not None and is_near(order, one, tolerance)
            for one, order in zip(wanted, given_, strict=False)
        )
        for given_ in permutations([*staying, *spare], len(wanted))
    )


def must_wait(one: WantedQuote, leaving: list[WorkingOrder]) -> bool:
    quote = one.quote
    for order in (each.order for each in leaving):
        is_same_way = (order.outcome is quote.outcome) is (order.side is quote.side)
        is_own = order.rung == one.rung or (not order.rung and is_same_way)
        if is_own or crosses(quote, order):
            return True
    return False


@given(st.data())
def test_no_fewer_changes_would_do(data: st.DataObject) -> None:
    """Against brute force, on ladders of up to two rungs an outcome."""
    ladder = data.draw(ladders(most=2))
    working, tolerance = data.draw(disturbed(ladder)), data.draw(TOLERANCES)
    change = changes(data.draw(st.permutations(ladder)), working, tolerance)
    staying = [each for each in working if each.state is not CANCELLING]
    kept = most_kept(ladder, staying, tolerance)
    assert len(change.cancel) == len(staying) - kept
    assert len(change.place) + len(change.waits) == len(ladder) - kept


@given(st.data())
def test_whatever_works_the_diff_makes_it_what_is_wanted(data: st.DataObject) -> None:
    """Eight rungs an outcome: each is kept by an order near to it, placed, or waits for its reason;
    in whatever order they are listed."""
    ladder = data.draw(ladders())
    working, tolerance = data.draw(disturbed(ladder)), data.draw(TOLERANCES)
    change = changes(data.draw(st.permutations(ladder)), working, tolerance)
    assert changes(data.draw(st.permutations(ladder)), working, tolerance) == change
    staying = [each for each in working if each.state is not CANCELLING]
    gone = [each for each in staying if each.order.order_id in change.cancel]
    kept = [each for each in staying if each not in gone]
    leaving = [each for each in working if each not in kept]
    coming = [*change.place, *change.waits]
    stays = [one for one in ladder if one not in coming]
    assert len(kept) == len(stays)
    assert all(any(is_near(each, one, tolerance) for one in stays) for each in kept)
    assert all(any(is_near(each, one, tolerance) for each in kept) for one in stays)
    assert not any(must_wait(one, leaving) for one in change.place)
    assert all(must_wait(one, leaving) for one in change.waits)
    # No order that goes could have been kept by a rung that comes.
    assert not any(is_near(each, one, tolerance) for each in gone for one in coming)

"""What the venue would refuse, seen before it is sent; every word of it is the venue's own rule."""

from __future__ import annotations

import pytest
from attrs import evolve

from polytui.execution.known_books import KnownBooks
from polytui.execution.preflight import refusal
from polytui.model import events as ev
from polytui.model.instrument import Asset, Interval, Outcome, Round, SettlementRule
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import MICRO, Price, Shares, Usd

ROUND = Round(
    "round", Asset.BTC, Interval.M5, "0x1", "1", "2", 0, Interval.M5.ns, SettlementRule.TWAP
)  # fmt: skip
BUY, SELL = Side.BUY, Side.SELL
GTC, FOK, FAK = TimeInForce.GTC, TimeInForce.FOK, TimeInForce.FAK
CENT = 10_000


def a_book(at_ns: int = 1, tick: Price | None = None) -> ev.BookSnapshotted:
    """Up: 40 bid at 0.48, 60 offered at 0.50, 40 more at 0.52."""
    bids = ((Price(48 * CENT), Shares(40 * MICRO)),)
    asks = ((Price(52 * CENT), Shares(40 * MICRO)), (Price(50 * CENT), Shares(60 * MICRO)))
    return ev.BookSnapshotted("1", bids, asks, tick, at_ns, at_ns)


def books(*events: ev.Event) -> KnownBooks:
    known = KnownBooks()
    known.list_round(ROUND)
    for event in events:
        known.observe(event)
    return known


def an_order(
    side: Side = BUY,
    cents: float = 50,
    shares: float = 10,
    tif: TimeInForce = GTC,
    outcome: Outcome = Outcome.UP,
    *,
    is_post_only: bool = False,
) -> Order:
    return Order(
        "o",
        "round",
        ROUND.token_of(outcome),
        outcome,
        side,
        Price(round(cents * CENT)),
        Shares(round(shares * MICRO)),
        tif,
        is_post_only,
        "fade",
        0,
    )


def why(order: Order, usd: float = 100, shares: float = 100, *events: ev.Event) -> str:
    known = books(*(events or (a_book(),)))
    listed = known.round("round")
    assert listed is not None
    free = Usd(round(usd * MICRO)), Shares(round(shares * MICRO))
    return refusal(order, listed, known.book(listed), *free)


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (an_order(), ""),
        (an_order(cents=50.5), "price 0.505 breaks the tick 0.01"),
        (an_order(cents=100), "price 1 breaks the tick 0.01"),
        (an_order(cents=0.5), "price 0.005 breaks the tick 0.01"),
        (an_order(shares=4.99), "4.99 shares, the least is 5"),
        (an_order(shares=10.001), "10.001 shares are no whole lots of 0.01"),
        (an_order(SELL, 49, 10.001, FAK), "10.001 shares are no whole lots of 0.01"),
        (an_order(cents=33, shares=10.1, tif=FAK), "10.1 shares at 0.33 are no whole cents"),
        # post-only: at the offer it would cross, below it rests
        (an_order(is_post_only=True), "post-only, and would cross the book"),
        (an_order(cents=49, is_post_only=True), ""),
        (an_order(BUY, 52, 10, GTC, Outcome.DOWN, is_post_only=True),
         "post-only, and would cross the book"),
        (an_order(BUY, 51, 10, GTC, Outcome.DOWN, is_post_only=True), ""),
        # FOK: all of it, FAK: something
        (an_order(tif=FOK, shares=60), ""),
        (an_order(tif=FOK, shares=62), "fill or kill 62 shares, the book has 60"),
        (an_order(cents=49, tif=FAK), "no orders found to match"),
        (an_order(SELL, 48, 100, FOK), "fill or kill 100 shares, the book has 40"),
        (an_order(SELL, 48, 100, FAK), ""),
        (an_order(BUY, 52, 40, FOK, Outcome.DOWN), ""),
        # a marketable buy is worth a dollar at least; one that rests need not be
        (an_order(cents=5, shares=10), ""),
    ],
)  # fmt: skip
def test_the_venues_rules(order: Order, said: str) -> None:
    assert why(order) == said


def test_a_marketable_buy_is_worth_a_dollar() -> None:
    cheap = ev.BookSnapshotted(
        "1", (), ((Price(5 * CENT), Shares(60 * MICRO)),), None, 1, 1
    )  # fmt: skip
    order = an_order(cents=5, shares=10)
    assert why(order, 100, 100, cheap) == "a marketable buy of 0.5 USD, the least is 1"


@pytest.mark.parametrize(
    ("order", "usd", "shares", "said"),
    [
        # 10 at 0.50 cost 5, and as a taker 0.175 of fees
        (an_order(), 5.175, 0, ""),
        (an_order(), 5.174999, 0, "may cost 5.175 USD, 5.174999 are free"),
        (an_order(cents=49, is_post_only=True), 4.9, 0, ""),
        (an_order(cents=49, is_post_only=True), 4.899999, 0, "may cost 4.9 USD, 4.899999 are free"),
        (an_order(SELL, 48), 0, 10, ""),
        (an_order(SELL, 48), 0, 9.999999, "sells 10 shares, 9.999999 are free"),
    ],
)
def test_what_there_is(order: Order, usd: float, shares: float, said: str) -> None:
    assert why(order, usd, shares) == said


@pytest.mark.parametrize(
    "unknown",
    [
        (ev.FeedDown("book", "cut", 2),),
        (ev.FrameRejected("book", "nonsense", 1, "", 2),),
        # another grid: nothing older is of it
        (ev.TickSizeChanged("2", Price(1_000), 2, 2),),
    ],
)
def test_a_book_that_is_not_known_refuses_nothing(unknown: tuple[ev.Event, ...]) -> None:
    order = an_order(tif=FOK, shares=62)
    assert why(order, 100, 100, a_book()) != ""
    assert why(order, 100, 100, a_book(), *unknown) == ""


def test_the_grid_is_the_one_of_now() -> None:
    fine = an_order(cents=50.5)
    assert why(fine, 100, 100, a_book(), ev.TickSizeChanged("2", Price(1_000), 2, 2)) == ""
    assert why(fine, 100, 100, a_book(1, Price(1_000))) == ""


def test_a_book_follows_its_changes() -> None:
    gone = ev.LevelChange("1", SELL, Price(50 * CENT), Shares(0), None, None)
    order = an_order(tif=FAK)
    changed = ev.BookChanged((gone,), 2, 2)
    assert why(order, 100, 100, a_book(), changed) == "no orders found to match"


def test_a_settled_round_is_forgotten() -> None:
    known = books(a_book(), ev.RoundSettled("0x1", "1", "clob", 5))
    assert known.round("round") is None
    assert known.book(ROUND) is None
    known.observe(ev.TickSizeChanged("1", Price(1_000), 6, 6))
    # a stray winner, of another round
    known = books(a_book(), ev.RoundSettled("0x2", "1", "clob", 5))
    assert known.round("round") == evolve(ROUND)

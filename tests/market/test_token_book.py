"""A live book: bests always those of its levels, and honest about when it does not add up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.market.book import NO_ASK, NO_BID, TokenBook
from polytui.model.events import BookSnapshotted, Level, LevelChange
from polytui.model.orders import Side
from polytui.model.units import Price, Shares

CENT = 10_000


def snapshot(bids: list[Level], asks: list[Level], venue_ns: int = 100) -> BookSnapshotted:
    return BookSnapshotted("1", tuple(bids), tuple(asks), None, venue_ns, venue_ns + 5)


def change(
    side: Side, price: int, shares: int, best_bid: int | None = None, best_ask: int | None = None
) -> LevelChange:
    bid = None if best_bid is None else Price(best_bid)
    ask = None if best_ask is None else Price(best_ask)
    return LevelChange("1", side, Price(price), Shares(shares), bid, ask)


def a_book() -> TokenBook:
    book = TokenBook()
    assert book.replace(snapshot([(480_000, 7), (500_000, 5)], [(540_000, 9), (520_000, 4)]))
    return book


def test_a_book_at_birth_is_not_known() -> None:
    book = TokenBook()
    assert (book.is_known, book.is_settled) == (False, False)
    assert (book.best_bid, book.best_ask) == (NO_BID, NO_ASK)


def test_a_snapshot_gives_bests_whatever_its_order() -> None:
    book = a_book()
    assert (book.best_bid, book.best_ask) == (500_000, 520_000)
    assert book.is_known
    assert book.is_settled


def test_ladders_are_best_first() -> None:
    book = a_book()
    assert book.top_bids(1) == ((500_000, 5),)
    assert book.top_bids(9) == ((500_000, 5), (480_000, 7))
    assert book.top_asks(9) == ((520_000, 4), (540_000, 9))


def test_depth_counts_the_price_itself() -> None:
    book = a_book()
    assert book.bid_depth(500_000) == 5
    assert book.bid_depth(480_000) == 12
    assert book.ask_depth(540_000) == 13
    assert book.ask_depth(519_999) == 0


def test_the_best_goes_and_the_next_takes_its_place() -> None:
    book = a_book()
    book.change(change(Side.BUY, 500_000, 0), 101)
    assert book.best_bid == 480_000
    book.change(change(Side.BUY, 480_000, 0), 102)
    assert book.best_bid == NO_BID
    book.change(change(Side.SELL, 520_000, 0), 103)
    book.change(change(Side.SELL, 540_000, 0), 104)
    assert book.best_ask == NO_ASK
    assert book.is_settled


def test_removing_what_is_not_there_changes_nothing() -> None:
    book = a_book()
    before = book.state()
    book.change(change(Side.BUY, 490_000, 0), 100)
    assert book.state() == before


def test_the_frames_of_a_sweep_are_not_settled_until_the_last() -> None:
    """A buyer took 0.52 and 0.54 and rests at 0.55: three frames of one timestamp, each with
    the venue's final bests."""
    book = a_book()
    final = {"best_bid": 550_000, "best_ask": NO_ASK}
    book.change(change(Side.BUY, 550_000, 3, **final), 110)
    assert not book.is_settled
    book.change(change(Side.SELL, 520_000, 0, **final), 110)
    assert not book.is_settled
    book.change(change(Side.SELL, 540_000, 0, **final), 110)
    assert book.is_settled
    assert book.best_bid == 550_000


def test_a_crossed_book_is_not_settled_even_if_the_bests_are_not_said() -> None:
    book = a_book()
    book.change(change(Side.BUY, 520_000, 1), 110)
    assert not book.is_settled


@pytest.mark.parametrize(
    ("best_bid", "best_ask", "is_settled"),
    [(500_000, 520_000, True), (510_000, 520_000, False), (500_000, 510_000, False)],
)
def test_a_best_that_differs_from_the_venues_is_not_settled(
    best_bid: int, best_ask: int, is_settled: bool
) -> None:
    book = a_book()
    book.change(change(Side.BUY, 470_000, 1, best_bid, best_ask), 110)
    assert book.is_settled is is_settled
    assert book.is_known


def test_a_crossed_snapshot_is_not_settled() -> None:
    book = TokenBook()
    book.replace(snapshot([(520_000, 1)], [(520_000, 1)]))
    assert not book.is_settled


def test_a_late_answer_is_ignored() -> None:
    book = a_book()
    book.change(change(Side.BUY, 510_000, 2), 120)
    before = book.state()
    assert not book.replace(snapshot([(490_000, 1)], [], venue_ns=119))
    assert book.state() == before


def test_an_answer_of_the_same_instant_is_taken() -> None:
    book = a_book()
    assert book.replace(snapshot([(490_000, 1)], [], venue_ns=100))
    assert book.best_bid == 490_000


def test_a_frame_older_than_the_book_changes_nothing() -> None:
    book = a_book()
    before = book.state()
    book.change(change(Side.BUY, 510_000, 2), 99)
    assert book.state() == before


def test_a_change_before_the_first_snapshot_is_no_book() -> None:
    book = TokenBook()
    book.change(change(Side.BUY, 510_000, 2), 99)
    assert not book.is_known
    assert not book.bids


def test_a_forgotten_book_takes_the_next_that_is_not_older_than_it_was() -> None:
    book = a_book()
    book.forget()
    assert not book.is_known
    book.forget()
    assert not book.replace(snapshot([(490_000, 1)], [], venue_ns=99)), "a late answer"
    assert book.replace(snapshot([(490_000, 1)], [], venue_ns=100))


def test_a_new_grid_voids_what_is_older_and_keeps_what_is_not() -> None:
    book = a_book()
    book.void_before(100)
    assert book.is_known, "its own snapshot came first"
    book.void_before(101)
    assert not book.is_known
    assert not book.replace(snapshot([(490_000, 1)], [], venue_ns=100))
    assert book.replace(snapshot([(490_000, 1)], [], venue_ns=101))


def test_a_doubted_book_is_unsettled_until_a_whole_one_comes() -> None:
    book = a_book()
    book.doubt()
    assert not book.is_settled
    book.change(change(Side.BUY, 510_000, 2, 510_000, 520_000), 101)
    assert not book.is_settled, "bests that agree prove nothing of the other levels"
    assert not book.replace(snapshot([(480_000, 7)], [(540_000, 9)], venue_ns=100))
    assert not book.is_settled
    assert book.replace(snapshot([(480_000, 7)], [(540_000, 9)], venue_ns=101))
    assert book.is_settled
    assert book.is_known


SIDES = st.sampled_from([Side.BUY, Side.SELL])
CHANGES = st.lists(st.tuples(SIDES, st.integers(1, 99), st.integers(0, 3)), max_size=60)


@given(CHANGES)
def test_bests_are_always_those_of_the_levels(changes: list[tuple[Side, int, int]]) -> None:
    book = a_book()
    bids, asks = dict(book.bids), dict(book.asks)
    for venue_ns, (side, cents, shares) in enumerate(changes, start=100):
        levels = bids if side is Side.BUY else asks
        levels[cents * CENT] = shares
        book.change(change(side, cents * CENT, shares), venue_ns)
        shown_bids = {price: size for price, size in bids.items() if size}
        shown_asks = {price: size for price, size in asks.items() if size}
        assert (book.bids, book.asks) == (shown_bids, shown_asks)
        assert book.best_bid == max(shown_bids, default=NO_BID)
        assert book.best_ask == min(shown_asks, default=NO_ASK)
        assert book.is_settled == (book.best_bid < book.best_ask)

"""An exchange's book against plain dictionaries, and the checks on the rows it is made of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.venues.exchange_book import ExchangeBook, Level
from polytui.venues.feed import levels, not_negative, positive

Sides = dict[bool, dict[float, float]]
"""Sizes by price, of bids (True) and asks."""

prices = st.integers(1, 12).map(lambda tick: tick / 4.0)
sizes = st.sampled_from([0.0, 0.5, 1.0, 2.25])
changes = st.lists(st.tuples(prices, sizes), max_size=6)
sides = st.dictionaries(prices, sizes, max_size=10)
messages = st.lists(
    st.one_of(
        st.tuples(st.just("change"), changes, changes),
        st.tuples(st.just("replace"), sides, sides),
    ),
    max_size=20,
)


def best_of(side: dict[float, float], is_bid: bool, count: int) -> list[Level]:
    return sorted(side.items(), reverse=is_bid)[:count]


def changed(side: dict[float, float], rows: list[Level]) -> None:
    for price, size in rows:
        side[price] = size
        if not size:
            del side[price]


def agree(book: ExchangeBook, model: Sides) -> None:
    bids, asks = best_of(model[True], True, 99), best_of(model[False], False, 99)
    assert book.is_two_sided is bool(bids and asks)
    assert book.is_crossed is bool(bids and asks and bids[0][0] >= asks[0][0])
    if bids:
        assert book.best_bid == bids[0]
    if asks:
        assert book.best_ask == asks[0]
    for count in (1, 2, 5, 50):
        expected = [sum(size for _, size in side[:count]) for side in (bids, asks)]
        assert list(book.depth(count)) == pytest.approx(expected)


@given(messages, st.sampled_from([0, 1, 3, 50]))
def test_a_book_is_its_messages(messages: list[tuple[str, object, object]], most: int) -> None:
    """Whole messages: a snapshot voids what was, changes are absolute, the far end is dropped."""
    book, model = ExchangeBook(most), Sides({True: {}, False: {}})
    for kind, bids, asks in messages:
        for is_bid, rows in ((True, bids), (False, asks)):
            if isinstance(rows, dict):
                model[is_bid] = {price: size for price, size in rows.items() if size}
            else:
                assert isinstance(rows, list)
                changed(model[is_bid], rows)
                book.change(is_bid, rows)
            if most:
                model[is_bid] = dict(best_of(model[is_bid], is_bid, most))
        if kind == "replace":
            assert isinstance(bids, dict)
            assert isinstance(asks, dict)
            book.replace(bids.items(), asks.items())
        else:
            book.settle()
        agree(book, model)


def test_changes_by_hand() -> None:
    book = ExchangeBook()
    book.replace([(99.0, 1.0), (98.0, 2.0)], [(101.0, 3.0), (102.0, 4.0)])
    book.change(True, [(99.5, 7.0), (98.0, 5.0), (97.0, 0.0)])
    book.change(False, [(101.0, 0.0), (101.0, 0.0)])
    assert (book.best_bid, book.best_ask) == ((99.5, 7.0), (102.0, 4.0))
    assert book.depth(2) == (8.0, 4.0)
    assert book.depth(3) == (13.0, 4.0)


def test_trimming_waits_for_the_end_of_a_message() -> None:
    """A level that is pushed out and back within one message must still be there."""
    book = ExchangeBook(2)
    book.replace([(99.0, 1.0), (98.0, 2.0), (97.0, 9.0)], [(101.0, 3.0)])
    assert book.depth(5) == (3.0, 3.0)
    book.change(True, [(100.0, 5.0), (100.0, 0.0)])
    book.settle()
    assert book.depth(5) == (3.0, 3.0)
    book.change(True, [(100.0, 5.0)])
    book.settle()
    assert book.depth(5) == (6.0, 3.0), "98 is beyond the two that are kept"
    book.change(True, [(98.0, 0.0)])
    assert book.depth(5) == (6.0, 3.0), "and its removal is no fault"


def test_asks_are_trimmed_at_their_own_end() -> None:
    book = ExchangeBook(1)
    book.replace([], [(101.0, 1.0), (103.0, 3.0), (102.0, 2.0)])
    assert book.best_ask == (101.0, 1.0)
    assert book.depth(9) == (0, 1.0)


def test_crossed_is_touching_as_well() -> None:
    book = ExchangeBook()
    book.replace([(100.0, 1.0)], [(100.25, 1.0)])
    assert not book.is_crossed
    book.change(True, [(100.25, 1.0)])
    assert book.is_crossed
    book.change(False, [(100.25, 0.0)])
    assert not book.is_crossed
    assert not book.is_two_sided


def test_an_empty_side_has_no_best() -> None:
    book = ExchangeBook()
    book.replace([(100.0, 1.0)], [])
    with pytest.raises(IndexError):
        _ = book.best_ask
    book.clear()
    with pytest.raises(IndexError):
        _ = book.best_bid
    assert book.depth(10) == (0, 0)


# --- rows of a book -----------------------------------------------------------------------------

decimals = st.one_of(
    st.decimals(0, 10**15, places=8, allow_nan=False).map(lambda number: f"{number:f}"),
    st.integers(0, 10**15).map(str),
    st.sampled_from(["0", "0.000", ".5", "7.", "000.10", "1000000000000000", "0." + "0" * 20]),
)
junk = st.one_of(
    st.text(max_size=8),
    st.text("0123456789.eE+-_ ", max_size=8),
    st.sampled_from(
        ["", ".", "-1", "+1", "1e5", "1E5", "nan", "NaN", "inf", "Infinity", "1_0", " 1", "1 ",
         "0x1", "²", "٣", "１", "1.2.3", "1\n", "1,5", "9" * 30, "9" * 400, "1000000000000000.2"],
    ),
)  # fmt: skip


@given(st.lists(st.tuples(decimals, decimals), max_size=20))
def test_good_rows_are_what_each_of_them_is(rows: list[tuple[str, str]]) -> None:
    good = [row for row in rows if float(row[0]) >= 1e-8]
    assert levels(good) == [(positive(price), not_negative(size)) for price, size in good]
    assert levels(tuple(good)) == levels(good)


@given(st.lists(st.tuples(st.one_of(decimals, junk), st.one_of(decimals, junk)), max_size=5))
def test_rows_are_refused_where_one_of_them_would_be(rows: list[tuple[str, str]]) -> None:
    expected = None
    try:
        expected = [(positive(price), not_negative(size)) for price, size in rows]
    except ValueError:
        with pytest.raises(ValueError, match=r"."):
            levels(rows)
    else:
        assert levels(rows) == expected


JUNK = [
    "", ".", "..", "-1", "+1", "1e5", "nan", "inf", "-inf", "Infinity", "1_000", " 1", "1 ", "0x1",
    "1.2.3", "²", "٣", "１２", "one", "9" * 30, "9" * 400, "1000000000000001",
]  # fmt: skip


@pytest.mark.parametrize("text", JUNK)
@pytest.mark.parametrize("is_price", [True, False])
def test_one_bad_number_refuses_the_side(text: str, is_price: bool) -> None:
    bad = (text, "1.0") if is_price else ("1.0", text)
    for rows in ([bad], [("100.5", "2"), bad], [bad, ("100.5", "2")]):
        with pytest.raises(ValueError, match=r"."):
            levels(rows)


@pytest.mark.parametrize(
    "price", ["0", "0.000", "00", "0." + "0" * 30 + "1", "0." + "0" * 400 + "1"]
)
def test_a_level_without_a_price_is_none(price: str) -> None:
    with pytest.raises(ValueError, match="zero"):
        levels([("100.5", "2"), (price, "1")])
    with pytest.raises(ValueError, match="zero"):
        positive(price)


def test_a_size_of_zero_removes_a_level_and_is_good() -> None:
    assert levels([("100.5", "0"), ("100.25", "0.000")]) == [(100.5, 0.0), (100.25, 0.0)]
    assert levels([]) == []
    assert levels([("1000000000000000", "1000000000000000")]) == [(1e15, 1e15)]

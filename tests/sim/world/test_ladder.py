"""The book behind a quote: it never crosses, and what changes makes the next book of the last."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_S
from polytui.sim.wire.spot.quoted_book import TICKS, QuotedBook
from polytui.sim.world.ladder import Ladder, LadderSide
from polytui.sim.world.world import World, WorldSettings
from polytui.sim.world.world_events import ExchangeQuote

START_NS = 1_795_204_800 * NS_PER_S
PRICES = {Asset.BTC: 91_000.0, Asset.ETH: 3_100.0, Asset.SOL: 140.0, Asset.XRP: 2.2}


def quoted(asset: Asset, ticks: int, wide: int, size: float) -> ExchangeQuote:
    tick = TICKS[asset]
    first = round(PRICES[asset] / tick) + ticks
    bid, ask = round(first * tick, 8), round((first + wide) * tick, 8)
    return ExchangeQuote(START_NS, asset, bid, size, ask, round(size / 2, 5))


@st.composite
def moves(draw: st.DrawFn) -> list[ExchangeQuote]:
    asset = draw(st.sampled_from(list(Asset)))
    steps = st.tuples(st.integers(-3_000, 3_000), st.integers(1, 5), st.floats(0.001, 9.0))
    return [
        quoted(asset, ticks, wide, round(size, 5))
        for ticks, wide, size in draw(st.lists(steps, min_size=2, max_size=6))
    ]


def applied(side: LadderSide, changes: LadderSide) -> LadderSide:
    return {price: size for price, size in (side | changes).items() if size}


@given(moves())
def test_a_book_is_sorted_deep_and_begins_with_the_quote(quotes: list[ExchangeQuote]) -> None:
    ladder = Ladder.behind(quotes[0], TICKS[quotes[0].asset])
    for quote in quotes:
        bids, asks = ladder.bids(quote), ladder.asks(quote)
        assert list(bids) == sorted(bids, reverse=True)
        assert list(asks) == sorted(asks)
        assert (next(iter(bids.items())), next(iter(asks.items()))) == (
            (quote.bid, quote.bid_size),
            (quote.ask, quote.ask_size),
        )
        assert len(asks) > 1000
        assert min(bids) > 0
        assert min(map(min, (bids.values(), asks.values()))) > 0


@given(moves())
def test_changes_make_the_next_book_of_the_last(quotes: list[ExchangeQuote]) -> None:
    ladder = Ladder.behind(quotes[0], TICKS[quotes[0].asset])
    bids, asks = ladder.bids(quotes[0]), ladder.asks(quotes[0])
    for old, new in pairwise(quotes):
        changed_bids, changed_asks = ladder.changes(old, new)
        bids, asks = applied(bids, changed_bids), applied(asks, changed_asks)
        assert (bids, asks) == (ladder.bids(new), ladder.asks(new))


@given(moves(), st.integers(1, 60))
def test_changes_of_the_best_levels_are_those_of_two_whole_looks(
    quotes: list[ExchangeQuote], levels: int
) -> None:
    ladder = Ladder.behind(quotes[0], TICKS[quotes[0].asset])
    for old, new in pairwise(quotes):
        changes = ladder.changes(old, new, levels)
        for side, changed in zip((ladder.bids, ladder.asks), changes, strict=True):
            before, after = side(old, levels), side(new, levels)
            assert applied(before, changed) == after
            assert all(before.get(price, 0.0) != size for price, size in changed.items())


@given(moves(), st.data())
def test_what_was_touched_mends_a_book_read_at_any_moment(
    quotes: list[ExchangeQuote], data: st.DataObject
) -> None:
    """Whoever follows from one quote on may read the book whole at any later one."""
    book = QuotedBook(quotes[0].asset)
    reads = []
    for quote in quotes:
        reads.append(book.sides())
        book.note(quote)
    followed = data.draw(st.integers(0, len(quotes) - 1))
    touched = book.touched_since(followed)
    for read in reads[followed:]:
        assert tuple(map(applied, read, touched)) == book.sides()


@given(moves(), st.sampled_from([1, 5, 50, 200]))
def test_the_best_levels_are_the_first_of_the_whole(
    quotes: list[ExchangeQuote], count: int
) -> None:
    book = QuotedBook(quotes[0].asset)
    for quote in quotes:
        book.note(quote)
        whole, best = book.sides(), book.sides(count)
        for side, part in zip(whole, best, strict=True):
            assert list(side.items())[:count] == list(part.items())
            assert len(part) == count


def test_a_price_keeps_its_size_whoever_asks_and_however_often() -> None:
    quote = quoted(Asset.BTC, 0, 1, 0.5)
    ladder = Ladder.behind(quote, TICKS[Asset.BTC])
    moved = quoted(Asset.BTC, 700, 1, 0.5)
    near, far = ladder.bids(quote), ladder.bids(moved)
    shared = [price for price in near if price in far and price not in (quote.bid, moved.bid)]
    assert len(shared) > 900
    assert all(near[price] == far[price] for price in shared)
    assert len({near[price] for price in shared}) > 500


def test_the_grid_is_never_finer_than_the_tick() -> None:
    for asset in Asset:
        ladder = Ladder.behind(quoted(asset, 0, 1, 1.0), TICKS[asset])
        assert ladder.grid >= TICKS[asset]


def test_a_world_is_the_same_whether_its_books_are_looked_at_or_not() -> None:
    settings = WorldSettings(7, START_NS, (Asset.BTC,), (Interval.M5,))
    quiet = list(World(settings).run_until(START_NS + 20 * NS_PER_S))
    book, looked = QuotedBook(Asset.BTC), []
    for world_event in World(settings).run_until(START_NS + 20 * NS_PER_S):
        looked.append(world_event)
        if isinstance(world_event, ExchangeQuote):
            book.note(world_event)
            book.sides()
    assert looked == quiet

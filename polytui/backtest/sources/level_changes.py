"""Books level by level, and trades, as other collectors keep them: a row a level, a row a trade."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from attrs import evolve

from polytui.backtest.moments import Moment
from polytui.backtest.sources import cells
from polytui.backtest.sources.book_file import REPEATED, BookFile, mirrored, whole_book
from polytui.backtest.sources.recording import Survey, Wanted
from polytui.backtest.sources.sorted_parts import TimedRow
from polytui.backtest.sources.tables import Cells, bad_row, rows_of
from polytui.model.events import BookChanged, Event, Level, LevelChange, TradePrinted
from polytui.model.instrument import Outcome, Round
from polytui.model.orders import Side
from polytui.model.units import MICRO, Price, Shares

FROM_NOTHING = "rounds whose first rows are no whole book: what stood there before is not known"
_YES = ("1", "true", "yes", "snapshot")


class LevelChangeFile(BookFile):
    """`recv_ms, slug, side, book_side, price, size`: a level's new absolute size, 0 removes it.

    Rows of one time with a true `is_snapshot` are a whole book together. `exch_ms` and `asset_id`
    are optional. Rows of one time are one change."""

    WORDS = "order books, level by level"
    RANK = 2
    COLUMNS = ("recv_ms", "slug", "side", "book_side", "price", "size")

    def marks(self) -> Iterator[Cells]:
        return rows_of(self.path, (*self.COLUMNS[:3], "asset_id", "exch_ms"))

    def rows(self) -> Iterator[Cells]:
        names = (*self.COLUMNS[:3], "is_snapshot", "exch_ms", *self.COLUMNS[3:])
        return rows_of(self.path, names)

    def events(
        self, listed: Round, outcome: Outcome, row: TimedRow, counted: Counter[str]
    ) -> Sequence[Event]:
        return self._of_one_time(listed, outcome, [row])

    def heard(self, wanted: Wanted, counted: Counter[str]) -> Iterator[Moment]:
        """Rows of one time are told together: a book is not seen in the middle of a change."""
        begun = set[str]()
        ordered = self._in_order(wanted, counted)
        for (at_ns, slug, outcome), same in groupby(ordered, lambda row: (row[0], row[2], row[3])):
            rows = list(same)
            told = list({row[4:]: row for row in rows}.values())
            counted[REPEATED] += len(rows) - len(told)
            listed = wanted.rounds[slug]
            try:
                events = self._of_one_time(listed, outcome, told)
            except ValueError as fault:
                raise bad_row(self.path, told[0][1], fault) from None
            if slug not in begun and isinstance(events[0], BookChanged):
                counted[FROM_NOTHING] += 1
                events = (*whole_book(listed, outcome, ((), ()), at_ns, at_ns), *events)
            begun.add(slug)
            yield Moment(at_ns, listed.asset, tuple(events))

    def _of_one_time(
        self, listed: Round, outcome: Outcome, rows: Sequence[TimedRow]
    ) -> Sequence[Event]:
        received_ns, stamped = rows[0][0], rows[0][5]
        venue_ns = received_ns if stamped is None else cells.time_ns("exch_ms", stamped)
        whole, changes = list[TimedRow](), list[TimedRow]()
        for row in rows:
            (whole if str(row[4]).strip().lower() in _YES else changes).append(row)
        events: list[Event] = []
        if whole:
            sides = _side(whole, Side.BUY), _side(whole, Side.SELL)
            events += whole_book(listed, outcome, sides, venue_ns, received_ns)
        if changes:
            told = tuple(one for row in changes for one in _pair(listed, outcome, row))
            events.append(BookChanged(told, venue_ns, received_ns))
        return events


def _level(row: TimedRow) -> tuple[Side, Level]:
    called, price, size = row[6:]
    at = cells.price("price", price)
    if not 0 < at < MICRO:
        raise ValueError(f"price {price} is none that an order can have")
    return cells.side("book_side", called), (at, cells.shares("size", size))


def _side(rows: Sequence[TimedRow], side: Side) -> tuple[Level, ...]:
    """Worst first, without empty levels."""
    levels = [level for one, level in map(_level, rows) if one is side and level[1]]
    return tuple(sorted(levels, reverse=side is Side.SELL))


def _pair(listed: Round, outcome: Outcome, row: TimedRow) -> tuple[LevelChange, LevelChange]:
    """The same order seen from both tokens, as the venue tells it."""
    side, level = _level(row)
    (seen,) = mirrored((level,))
    own, other = listed.token_of(outcome), listed.token_of(outcome.other)
    return (
        _change(own, side, level),
        _change(other, side.other, seen),
    )


def _change(token_id: str, side: Side, level: Level) -> LevelChange:
    price, shares = level
    return LevelChange(token_id, side, Price(price), Shares(shares), None, None)


class PrintedTradeFile(BookFile):
    """`recv_ms, slug, side, price, size, taker_side`: a trade beside whoever has the books;
    `exch_ms` and `asset_id` are optional."""

    WORDS = "trades"
    RANK = 0
    COLUMNS = ("recv_ms", "slug", "side", "price", "size", "taker_side")

    def marks(self) -> Iterator[Cells]:
        return rows_of(self.path, (*self.COLUMNS[:3], "asset_id", "exch_ms"))

    def rows(self) -> Iterator[Cells]:
        return rows_of(self.path, (*self.COLUMNS[:3], "exch_ms", *self.COLUMNS[3:]))

    def survey(self) -> Survey:
        found = super().survey()
        return evolve(found, books=(), trades=found.books)

    def events(
        self, listed: Round, outcome: Outcome, row: TimedRow, counted: Counter[str]
    ) -> Sequence[Event]:
        stamped, price, size, taker = row[4:]
        venue_ns = row[0] if stamped is None else cells.time_ns("exch_ms", stamped)
        at, sold = cells.price("price", price), cells.shares("size", size)
        if not 0 < at < MICRO or not sold:
            raise ValueError(f"no trade of {size} at {price}")
        side = cells.side("taker_side", taker)
        return (TradePrinted(listed.token_of(outcome), at, sold, side, venue_ns, row[0]),)

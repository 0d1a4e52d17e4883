"""Midpoints of a book, as the venue gives them of rounds that are over: a point a minute.

`t, slug, side, mid`. Nobody can trade at a midpoint: what stood around it was not recorded.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from attrs import evolve

from polytui.backtest.sources import cells
from polytui.backtest.sources.book_file import BookFile, whole_book
from polytui.backtest.sources.recording import Survey
from polytui.backtest.sources.sorted_parts import TimedRow
from polytui.backtest.sources.tables import Cells, rows_of
from polytui.model.events import Event, Level
from polytui.model.instrument import Outcome, Round
from polytui.model.units import MICRO, Price, Shares

AROUND = "spread and sizes: midpoints were recorded, a cent and 100 shares are put around them"
_CENT, _HALF = 10_000, 5_000
_STANDS = Shares(100 * MICRO)


class MidpointFile(BookFile):
    """A cent around each midpoint, rounded away from it."""

    WORDS = "midpoints"
    RANK = 0
    COLUMNS = ("t", "slug", "side", "mid")

    def marks(self) -> Iterator[Cells]:
        for row in rows_of(self.path, self.COLUMNS[:3]):
            yield (*row, None, None)

    def rows(self) -> Iterator[Cells]:
        return rows_of(self.path, self.COLUMNS)

    def survey(self) -> Survey:
        return evolve(super().survey(), modelled=AROUND)

    def events(
        self, listed: Round, outcome: Outcome, row: TimedRow, counted: Counter[str]
    ) -> Sequence[Event]:
        mid, at_ns = cells.price("mid", row[4]), row[0]
        bid = math.floor((mid - _HALF) / _CENT) * _CENT
        ask = math.ceil((mid + _HALF) / _CENT) * _CENT
        return whole_book(listed, outcome, (_around(bid), _around(ask)), at_ns, at_ns)


def _around(price: int) -> tuple[Level, ...]:
    return ((Price(price), _STANDS),) if 0 < price < MICRO else ()

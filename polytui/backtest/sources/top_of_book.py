"""The best bid and ask, once a second or whenever they changed.

`recv_ms, slug, side, best_bid, best_ask`; `bid_sz`, `ask_sz` (100 shares where there is no such
column), `exch_ms` and `asset_id` are optional. An empty price is an empty side; so is a bid of 0
and an ask of 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from polytui.backtest.sources import cells
from polytui.backtest.sources.book_file import CROSSED, BookFile, whole_book
from polytui.backtest.sources.sorted_parts import TimedRow
from polytui.backtest.sources.tables import Cells, rows_of
from polytui.model.events import Event, Level
from polytui.model.instrument import Outcome, Round
from polytui.model.units import MICRO, Shares

_UNSAID = Shares(100_000_000)
"""The smallest round number that people offer: where a size was not recorded, no more is there."""
_OWN = ("exch_ms", "best_bid", "best_ask", "bid_sz", "ask_sz")


class TopOfBookFile(BookFile):
    """One level of each side: what stands behind it was not recorded, and is not there."""

    WORDS = "top of book"
    RANK = 1
    COLUMNS = ("recv_ms", "slug", "side", "best_bid", "best_ask")

    def marks(self) -> Iterator[Cells]:
        return rows_of(self.path, (*self.COLUMNS[:3], "asset_id", "exch_ms"))

    def rows(self) -> Iterator[Cells]:
        return rows_of(self.path, (*self.COLUMNS[:3], *_OWN))

    def events(
        self, listed: Round, outcome: Outcome, row: TimedRow, counted: Counter[str]
    ) -> Sequence[Event]:
        received_ns, stamped, bid, ask, bid_shares, ask_shares = row[0], *row[4:]
        venue_ns = received_ns if stamped is None else cells.time_ns("exch_ms", stamped)
        bids = _level("best_bid", bid, "bid_sz", bid_shares)
        asks = _level("best_ask", ask, "ask_sz", ask_shares)
        if bids and asks and bids[0][0] >= asks[0][0]:
            counted[CROSSED] += 1
            return ()
        return whole_book(listed, outcome, (bids, asks), venue_ns, received_ns)


def _level(name: str, price: Any, size_name: str, size: Any) -> tuple[Level, ...]:
    if price is None:
        return ()
    at = cells.price(name, price)
    there = _UNSAID if size is None else cells.shares(size_name, size)
    return ((at, there),) if 0 < at < MICRO and there else ()

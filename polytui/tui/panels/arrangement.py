"""How the board divides a screen: what stands on it, in columns of panels, and rows of log.

A card an asset where each is followed at one interval, a card a round where they are few enough for
the screen, a table of all rounds otherwise. A person may have it another way as long as it fits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from math import log

from attrs import evolve, frozen

from polytui.model.snapshot import AssetView

CARD_WIDTH, CARD_HEIGHT = 36, 7
"""Cells below which a card leaves out facts that a row of the table still has."""
WIDE_CARD = 58
"""Cells from which facts and ladder stand side by side in a card."""
_WIDE_HEIGHT = 10
_SHAPELY = 2.0
"""Width of a card by twice its height that reads best: a cell is twice as high as it is wide."""
_LAST_WORDS_ROWS = 10
_PAGE_TALL = 30
_AROUND = 4
"""Rows of header and bottom while nothing stops the account."""


class Layout(Enum):
    """What the board is made of."""

    AUTO = "auto"
    """Whichever of the others suits what is followed, and the screen."""
    ASSETS = "assets"
    """A card an asset, with the round of it that closes first."""
    ROUNDS = "rounds"
    """A card a round."""
    TABLE = "table"
    """A line a round, and a card for the chosen one where rows are left."""


def layout_of(name: str) -> Layout:
    """By its value; AUTO for any other word."""
    return next((one for one in Layout if one.value == name), Layout.AUTO)


@frozen
class Slot:
    """What one card or line shows: an asset's round of one interval, or that which closes first."""

    asset: str
    interval: str = ""


@frozen
class Arrangement:
    columns: int
    rows: int
    log_rows: int
    layout: Layout = Layout.ASSETS
    slots: tuple[Slot, ...] = ()
    """In reading order; of a table its lines."""


Followed = Sequence[tuple[str, tuple[str, ...]]]
"""Assets in the engine's order, each with the intervals of its rounds, shortest first."""


def followed_of(
    names: Sequence[str], views: Mapping[str, AssetView], before: Followed = ()
) -> Followed:
    """What the engine follows, as far as it has said. What it followed `before` stays: between two
    rounds of an interval there may be none."""
    known = dict(before)
    return tuple((name, _intervals(views.get(name), known.get(name, ()))) for name in names)


def _intervals(view: AssetView | None, before: tuple[str, ...]) -> tuple[str, ...]:
    rounds = () if view is None else view.rounds
    return tuple(sorted({*before, *(one.interval for one in rounds)}, key=_minutes))


def _minutes(interval: str) -> int:
    """Of "15m" or "4h"."""
    digits = "".join(filter(str.isdigit, interval)) or "0"
    return int(digits) * (60 if interval.endswith("h") else 1)


def slots_of(followed: Followed, layout: Layout) -> tuple[Slot, ...]:
    """One an asset, or one a round; an asset of which no round is known has one all the same."""
    if layout is Layout.ASSETS:
        return tuple(Slot(name) for name, _ in followed)
    return tuple(
        Slot(name, interval) for name, intervals in followed for interval in intervals or ("",)
    )


def laid_out(
    wanted: Layout,
    followed: Followed,
    width: int,
    height: int,
    *,
    is_log_large: bool = False,
    last_words: int = 0,
    head_rows: int = 2,
) -> Arrangement:
    """The board in `width` by `height` cells, as `wanted` where that fits, else as it is best.

    `last_words`: lines a dead engine has left, which are worth more than the ladders.
    """
    plan = _planned(wanted, followed, width, height - head_rows + 2)
    rows = _logged(plan.log_rows, height, is_log_large=is_log_large, last_words=last_words)
    return evolve(plan, log_rows=rows)


def _planned(wanted: Layout, followed: Followed, width: int, height: int) -> Arrangement:
    cards = possible(followed)
    layout = wanted if wanted in cards else cards[0]
    plan = _cards(layout, slots_of(followed, layout), width, height)
    if plan is not None and wanted is not Layout.TABLE:
        return plan
    slots = slots_of(followed, Layout.TABLE)
    return Arrangement(1, 1, _log_rows(height, len(slots)), Layout.TABLE, slots)


def possible(followed: Followed) -> tuple[Layout, ...]:
    """Kinds of cards that differ for what is followed, the one that is tried first before."""
    is_one_each = all(len(intervals) < 2 for _, intervals in followed)
    return (Layout.ASSETS,) if is_one_each else (Layout.ROUNDS, Layout.ASSETS)


def following(now: Arrangement, followed: Followed, width: int, height: int) -> Layout:
    """What a key makes of this one: the next that fits, round and round."""
    cycle = [*possible(followed), Layout.TABLE]
    at = cycle.index(now.layout) if now.layout in cycle else 0
    ahead = (*cycle[at + 1 :], *cycle[:at])
    fits = (one for one in ahead if laid_out(one, followed, width, height).layout is one)
    return next(fits, now.layout)


def page_log_rows(
    height: int, *, is_log_large: bool = False, is_page: bool = False, last_words: int = 0
) -> int:
    """Of the log under one panel over everything. `is_page`: a table, which needs rows more than
    the log does."""
    rows = _log_rows(height, 1)
    if is_page:
        rows = min(rows, 1 if height < _PAGE_TALL else 3)
    return _logged(rows, height, is_log_large=is_log_large, last_words=last_words)


# --- cards --------------------------------------------------------------------------------------


def _cards(layout: Layout, slots: tuple[Slot, ...], width: int, height: int) -> Arrangement | None:
    """In the columns in which they are best to read; None where they are too small in all. Rounds
    wait for the table where the first of them would lose a fact by it."""
    best = max(_ways(len(slots), width, height), default=None)
    if best is None:
        return None
    columns, rows = -best[-2], best[-1]
    log_rows = _log_rows(height, rows)
    # Cards of one height have the same facts: what does not divide goes to the log.
    spare = (height - _AROUND - log_rows) % rows if rows > 2 else 0
    return Arrangement(columns, rows, log_rows + spare, layout, slots)


def _ways(count: int, width: int, height: int) -> Iterator[tuple[bool, bool, float, int, int]]:
    """How good each number of columns is, and then the columns (negative: fewer come before more)
    and rows of it."""
    for columns in range(1, max(1, count) + 1):
        rows = -(-max(1, count) // columns)
        wide = width // columns
        high = (height - _AROUND - _log_rows(height, rows)) // rows
        if wide >= CARD_WIDTH and high >= CARD_HEIGHT:
            shapely = -abs(log(wide / (2 * high) / _SHAPELY))
            is_wide = wide >= WIDE_CARD and high >= _WIDE_HEIGHT
            yield is_wide, columns * rows == count, shapely, -columns, rows


# --- the log ------------------------------------------------------------------------------------


def _log_rows(height: int, rows: int) -> int:
    """Three panels or more on top of each other need the rows that a log would like to have."""
    return min(14, max(1, (height - 20) // 6 if rows > 2 else (height - 12) // 4))


def _logged(rows: int, height: int, *, is_log_large: bool, last_words: int) -> int:
    rows = max(rows, min(last_words, _LAST_WORDS_ROWS, height // 3))
    return height // 2 if is_log_large else rows

"""How the board divides a screen: columns of panels, and rows of log."""

from __future__ import annotations

from attrs import frozen

_LEAST_COLUMN = 36
_LAST_WORDS_ROWS = 10
_PAGE_TALL = 30


@frozen
class Arrangement:
    columns: int
    rows: int
    log_rows: int


def arranged(
    width: int,
    height: int,
    count: int,
    *,
    is_log_large: bool = False,
    is_page: bool = False,
    last_words: int = 0,
) -> Arrangement:
    """For `count` assets on a screen of `width` by `height` cells.

    `is_page`: a table lies over the assets, which needs rows more than the log does.
    `last_words`: lines a dead engine has left, which are worth more than the ladders.
    """
    columns = 1 if count <= 1 or width < 2 * _LEAST_COLUMN else 2
    rows = max(1, -(-count // columns))
    # Three panels or more on top of each other need the rows that a log would like to have.
    log_rows = min(14, max(1, (height - 20) // 6 if rows > 2 else (height - 12) // 4))
    if is_page:
        log_rows = min(log_rows, 1 if height < _PAGE_TALL else 3)
    log_rows = max(log_rows, min(last_words, _LAST_WORDS_ROWS, height // 3))
    if is_log_large:
        log_rows = height // 2
    return Arrangement(columns, rows, log_rows)

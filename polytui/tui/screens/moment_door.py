"""How what is on the screen becomes a CSV file: everything of the board, or of the round that is
zoomed into with its chart."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from polytui.tui.fresh_file import clock_stem, written
from polytui.tui.moment_rows import HEAD, MomentRow, account_rows, asset_rows, past_rows, trace_rows
from polytui.tui.trade_export import export_folder

if TYPE_CHECKING:
    from polytui.tui.screens.board import Board

_OWN_EYES = 0o600
"""Somebody's money: nobody else's to read."""
_LEAST_S = 0.6
"""Longer than a keyboard waits before it repeats a key that is held down."""


class MomentDoor:
    """State: when it was asked for last."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._asked_s = float("-inf")

    def open(self) -> None:
        """Write one, unless it is the same key that is held down."""
        now_s, before_s = self._board.clock(), self._asked_s
        self._asked_s = now_s
        if now_s - before_s >= _LEAST_S:
            _write(self._board)


def _write(board: Board) -> None:
    """Beside the exported trades; the log says where, or why not."""
    state, rows = board.state, list(_rows(board))
    journal = state.account.journal if state.account is not None else ""
    folder = export_folder(journal, state.session)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([HEAD, *(one.cells for one in rows)])
    try:
        stem = clock_stem("moment", state.session_ns)
        path = written(folder, stem, "csv", text.getvalue(), _OWN_EYES)
    except OSError as error:
        state.log("error", "", f"NO moment was written to {folder}: {error.strerror}")
    else:
        state.log("good", "", f"this moment as {len(rows):,} rows: {path.absolute()}")


def _rows(board: Board) -> Iterator[MomentRow]:
    state, zoomed = board.state, board.zoomed
    if state.account is not None:
        yield from account_rows(state.account)
    if not zoomed.is_open:
        for one in state.views:
            yield from asset_rows(one, one.rounds)
        return
    view = state.assets.get(board.asset)
    if (row := zoomed.past_row) is not None:
        yield from past_rows(row, state.session_ns)
    elif view is not None:
        slug = zoomed.slug_in(view)
        yield from asset_rows(view, [one for one in view.rounds if one.slug == slug])
    if (trace := zoomed.drawn(view)) is not None:
        yield from trace_rows(trace)

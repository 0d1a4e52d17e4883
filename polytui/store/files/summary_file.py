"""summary_YYYY-MM-DD.csv: what the lines of that day's trades file come to."""

from __future__ import annotations

from collections.abc import Sequence

from polytui.model.units import format_micro
from polytui.store.files.cells import Column, Row, column, csv_bytes, ratio
from polytui.store.files.trade_file import UNSEEN

_US_PER_MS = 1_000


def _as_is(value: object) -> str:
    return str(value)


COLUMNS: tuple[Column, ...] = tuple(
    column(name, _as_is)
    for name in (
        "total_trades",
        "wins",
        "losses",
        "win_rate",
        "total_pnl",
        "avg_latency",
        "max_drawdown",
    )
)


def summary_csv(rows: Sequence[Row]) -> bytes:
    """Of the rows of a trades file, in its order."""
    results = [row["result"] for row in rows]
    wins, losses = results.count("win"), results.count("loss")
    pnls = [row["pnl"] or 0 for row in rows]
    took_us = [
        round(row["latency_fill_ms"] * _US_PER_MS)
        for row in rows
        if row["latency_fill_ms"] is not None
    ]
    found = {
        "total_trades": len(results) - results.count(UNSEEN),
        "wins": wins,
        "losses": losses,
        "win_rate": ratio(wins, wins + losses, 4),
        "total_pnl": format_micro(sum(pnls)),
        "avg_latency": ratio(sum(took_us), len(took_us) * _US_PER_MS, 3),
        "max_drawdown": format_micro(_drawdown(pnls)),
    }
    return csv_bytes(COLUMNS, [found])


def _drawdown(pnls: Sequence[int]) -> int:
    """How far the day's result fell at most below the highest that it had been, from 0 on."""
    now = highest = fell = 0
    for pnl in pnls:
        now += pnl
        highest = max(highest, now)
        fell = max(fell, highest - now)
    return fell

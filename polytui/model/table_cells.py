"""Cells of the tables of the database as a person or a spreadsheet reads them, by column."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from polytui.model.plain_text import plain
from polytui.model.units import NS_PER_S, format_micro

MICRO_CELLS = frozenset(
    {
        *("price", "shares", "fee", "fees", "exposure", "mid", "filled", "entry_px", "exit_px"),
        *("stake", "flow", "payout", "pnl", "polymarket_mid_open", "tick", "amount"),
    }
)
"""Whole millionths."""
FLAG_CELLS = frozenset({"is_shadow", "is_exit", "is_post_only", "is_taker", "is_reversed"})
_RUNS = ("=", "+", "-", "@", "\t", "\r")
"""With what a cell begins that spreadsheets take for a formula."""


def cell_head(name: str) -> str:
    """What is told as a time is no nanoseconds any more."""
    return name.removesuffix("_ns")


def cell_text(name: str, value: Any) -> str:
    """Empty for what is not known."""
    if value is None:
        return ""
    if name in FLAG_CELLS:
        return "yes" if value else "no"
    if name in MICRO_CELLS:
        return format_micro(value) if isinstance(value, int) else spreadsheet_text(value)
    if name.endswith("_ns") and isinstance(value, int):
        return time_text(value)
    return f"{value:.10g}" if isinstance(value, float) else spreadsheet_text(value)


def time_text(at_ns: int) -> str:
    """UTC with milliseconds: 2026-11-26T14:03:07.125Z."""
    whole, rest = divmod(at_ns, NS_PER_S)
    moment = datetime.fromtimestamp(whole, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest // 1_000_000:03d}Z"


def spreadsheet_text(value: object) -> str:
    """Words of others on one line; one that begins like a formula gets a ' before it."""
    shown = "" if value is None else plain(value)
    return f"'{shown}" if shown.startswith(_RUNS) else shown

"""In what the columns of the tables are measured, by their names."""

from __future__ import annotations

MICRO_COLUMNS = frozenset(
    {
        *("price", "shares", "exposure", "mid", "filled", "fee", "fees", "mark", "tick"),
        *("payout", "pnl", "entry_px", "exit_px", "stake", "flow", "amount"),
        *("cash", "realised", "carried"),
    }
)
"""Whole millionths of a dollar, a price or a share. What ends with `_ns` is a moment, what ends
with `_us` microseconds."""

"""The end of a session: what it says, and the exit code it gives."""

from __future__ import annotations

from polytui.runtime.latency_summary import latency_lines
from polytui.runtime.status import StatusConsole
from polytui.runtime.summary import (
    Summary,
    forecast_lines,
    moved_lines,
    recovered_lines,
    safety_lines,
    summary_table,
    world_lines,
)


def say(summary: Summary, console: StatusConsole) -> None:
    """For whoever still reads: a terminal that is gone finds it all in the session's folder."""
    try:
        console.print(summary_table(summary))
        lines = (
            recovered_lines,
            world_lines,
            forecast_lines,
            latency_lines,
            safety_lines,
            moved_lines,
        )
        for line in [one for told in lines for one in told(summary)]:
            console.print(line, highlight=False, markup=False)
        if open_usd := -summary["totals"]["open_flow_usd"]:
            console.print(f"open: {open_usd:.6f} paid in rounds that are not settled")
        for error in summary["errors"]:
            console.print(f"fault: {error}", highlight=False, markup=False)
        console.print(f"journal: {summary['journal']}", highlight=False, markup=False)
    except OSError:
        console.on_broken_pipe()


def exit_code(summary: Summary) -> int:
    """1 where money does not add up, an asset had to be halted or not all of it is on the disk;
    0 otherwise."""
    is_halted = any(asset["halted"] for asset in summary["assets"].values())
    is_equal = summary["reconciled"]["is_cash_equal"]
    return 1 if is_halted or not is_equal or summary["unkept"] else 0

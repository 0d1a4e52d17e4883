"""Answers of the database as tables for people, JSON or CSV: `trades`, `orders`, `rounds`, `why`.

JSON and CSV have every column, in dollars, shares and UTC; what people see is the same with fewer.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from attrs import frozen

from polytui.json_output import write_json
from polytui.model.effects import OF_A_SHARE, Reason
from polytui.model.errors import Fatal
from polytui.model.table_cells import (
    FLAG_CELLS,
    MICRO_CELLS,
    cell_head,
    cell_text,
    time_text,
)
from polytui.model.units import MICRO
from polytui.store.database import database_of, in_words, open_read_only
from polytui.store.questions import Filter, Found
from polytui.tools.printed_table import PrintedColumn, print_table


@frozen
class AskedTable:
    """A question, and the columns that people see of its answer."""

    ask: Callable[[Any, Filter], Found]
    shown: Sequence[str]
    title: str
    spared: Sequence[str] = ()
    """Columns that go first, in this order, where a terminal is too narrow for all."""
    columns: Callable[[Found], list[PrintedColumn]] | None = None
    """What people see instead of `shown`."""


def answer(
    directory: Path, asked: AskedTable, wanted: Filter, json_path: str | None, csv_path: str | None
) -> None:
    """Print it, or write it where it is wanted. Fatal in words where there is no sound database."""
    path = database_of(directory)
    with closing(open_read_only(path)) as connection, in_words(path):
        found = asked.ask(connection, wanted)
    if json_path:
        rows = [{cell_head(n): _plain(n, v) for n, v in row.items()} for row in found.plain()]
        write_json(rows, json_path)
    if csv_path:
        _write_csv(found, csv_path)
    if not (json_path or csv_path):
        _show(asked, found, wanted)


def _plain(name: str, value: Any) -> Any:
    """As JSON has it: every millionth of a number up to a billion is exact."""
    if value is None:
        return None
    if name in FLAG_CELLS:
        return bool(value)
    if name in MICRO_CELLS:
        return value / MICRO
    return time_text(value) if name.endswith("_ns") else value


def _write_csv(found: Found, path: str) -> None:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow([cell_head(name) for name in found.columns])
    for row in found.rows:
        writer.writerow([cell_text(n, v) for n, v in zip(found.columns, row, strict=True)])
    try:
        if path == "-":
            sys.stdout.write(written.getvalue())
        else:
            Path(path).write_text(written.getvalue(), encoding="utf-8")
    except OSError as error:
        raise Fatal(f"cannot write {path}: {error.strerror or error}") from error


def _show(asked: AskedTable, found: Found, wanted: Filter) -> None:
    columns = asked.columns(found) if asked.columns else _columns(asked, found)
    is_cut = wanted.limit and len(found.rows) == wanted.limit
    words = [f"the newest {wanted.limit}; --limit 0 shows all"] if is_cut else []
    print_table(asked.title, columns, *words)


def _columns(asked: AskedTable, found: Found) -> list[PrintedColumn]:
    at = {name: number for number, name in enumerate(found.columns)}
    return [
        PrintedColumn(
            _HEADS.get(name, cell_head(name).replace("_", " ")),
            [_short(name, row[at[name]]) for row in found.rows],
            is_number=name in MICRO_CELLS or name in _COUNTS,
            spared=asked.spared.index(name) if name in asked.spared else None,
        )
        for name in asked.shown
    ]


def reasons(found: Found) -> list[PrintedColumn]:
    """Of a question why, strategy by strategy: what stood in the way, what was measured, and the
    limit."""
    told: list[tuple[str, str, str, str, str]] = []
    name = ""
    for row in (dict(zip(found.columns, values, strict=True)) for values in found.rows):
        mark = f"{'◇' if row['is_shadow'] else '◆'} {row['strategy']}"
        if mark != name:
            name = mark
            told.append((mark, "", "", "", ""))
        measured, mean = _measured(row), _number(row, "mean")
        reason = _NOTHING if row["reason"] == Reason.NONE.value else row["reason"]
        told.append((f"  {reason}", f"{row['times']:,}", measured, mean, _limit(row)))
    why, times, measures, means, limits = zip(*told, strict=True) if told else ((),) * 5
    return [
        PrintedColumn("◆ live  ◇ shadow", why),
        PrintedColumn("times", times, is_number=True),
        PrintedColumn("measured", measures),
        PrintedColumn("mean", means, is_number=True, spared=0),
        PrintedColumn("limit", limits),
    ]


_NOTHING = "nothing"
_IN_CENTS = frozenset(reason.value for reason in OF_A_SHARE)


def _measured(row: dict[str, Any]) -> str:
    """ "0.52 to 0.59"; nothing for a reason without a number."""
    least, most = _number(row, "least"), _number(row, "most")
    return least if least == most else f"{least} to {most}"


def _limit(row: dict[str, Any]) -> str:
    unit = row["unit"]
    if row["reason"] in _IN_CENTS:
        unit = unit.replace("bps", "c", 1)
    return f"{_number(row, 'limit_value')} {unit}" if unit else ""


def _number(row: dict[str, Any], name: str) -> str:
    """Edges and spreads in cents, as everywhere."""
    value = row[name] / 100 if row["reason"] in _IN_CENTS else row[name]
    return f"{value:,.4g}" if row["unit"] else ""


_COUNTS = frozenset({"pnl_bps", "fills", "strike"})
_HEADS = {
    "entry_px": "entry",
    "exit_px": "exit",
    "pnl_bps": "bps",
}


def _short(name: str, value: Any) -> str:
    """Times without their parts of a second, money to the hundredth of a cent."""
    if value is None:
        return ""
    if name.endswith("_ns"):
        return time_text(value)[5:19].replace("T", " ")
    if name in ("pnl", "fees", "stake", "payout"):
        return f"{value / MICRO:+.4f}" if name == "pnl" else f"{value / MICRO:.4f}"
    if name == "pnl_bps":
        return f"{value:+.0f}"
    return f"{value:,.10g}" if isinstance(value, float) else cell_text(name, value)

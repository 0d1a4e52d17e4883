"""Cells of a CSV: exact text of what the database has, and nothing that a spreadsheet would run.

Money, prices and shares are whole millionths and become decimals without a float between. Times are
ISO 8601 in UTC. Quoting and line ends are those of RFC 4180.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from attrs import frozen

from polytui.model.table_cells import spreadsheet_text
from polytui.model.units import NS_PER_S, format_micro

text = spreadsheet_text
"""As in every other table that is written."""


def time(at_ns: int | None) -> str:
    """2026-11-26T18:25:03.123456Z."""
    if at_ns is None:
        return ""
    whole, rest = divmod(at_ns, NS_PER_S)
    moment = datetime.fromtimestamp(whole, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest // 1_000:06d}Z"


def micro(value: int | None) -> str:
    return "" if value is None else format_micro(value)


def number(value: float | None) -> str:
    """A measure as the journal has it: the shortest text that is read as the same number."""
    return "" if value is None else repr(value)


def flag(value: object) -> str:
    return "" if value is None else "true" if value else "false"


def ms(value: float | None) -> str:
    """Of whole microseconds."""
    return "" if value is None else f"{value:.3f}"


def ratio(part: int, whole: int, decimals: int) -> str:
    """part / whole, rounded half away from zero, without a float."""
    if whole <= 0:
        return ""
    scale: int = 10**decimals
    scaled = (2 * abs(part) * scale + whole) // (2 * whole)
    sign = "-" if part < 0 and scaled else ""
    return f"{sign}{scaled // scale}.{scaled % scale:0{decimals}d}"


def notes(found: dict[str, Any]) -> str:
    """What has no column of its own, as JSON; nothing that is not known."""
    known = {name: value for name, value in found.items() if value not in (None, "")}
    return json.dumps(known, sort_keys=True, separators=(",", ":"))


Row = dict[str, Any]
"""Of the database, by column."""


@frozen
class Column:
    name: str
    cell: Callable[[Row], str]


def column(name: str, said: Callable[[Any], str], key: str = "") -> Column:
    """One that tells of one column of the database, of its own name unless `key` is said."""
    return Column(name, lambda row: said(row[key or name]))


def csv_bytes(columns: Sequence[Column], rows: Iterable[Row]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([one.name for one in columns])
    writer.writerows([one.cell(row) for one in columns] for row in rows)
    return out.getvalue().encode()

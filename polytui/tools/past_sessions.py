"""Sessions of a folder: found by name, and what each of them was.

The database knows what they earned; one that it never read is told from its folder.
"""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

from attrs import frozen

from polytui.config.load import BadSettings
from polytui.config.runtime_folder import runtime_folder
from polytui.journal.codec import BadJournal
from polytui.journal.session_folders import header_of, is_session, session_folders
from polytui.model.plain_text import plain
from polytui.model.table_cells import time_text
from polytui.model.units import MICRO
from polytui.paths import answers, session_named
from polytui.store.database import database_of, in_words, open_read_only
from polytui.store.questions import sessions as asked_sessions
from polytui.tools.printed_table import PrintedColumn, print_table, print_words

_NO_SUMMARY = "ended without a summary: crashed or killed"
RUNNING = "running"


@frozen
class PastSession:
    """One of them; None for what nobody knows."""

    session: str
    mode: str
    started: str
    last: str
    ended: str
    """Why it ended, in words."""
    continues: str
    rounds: int | None = None
    orders: int | None = None
    fills: int | None = None
    fees_usd: float | None = None
    pnl_usd: float | None = None
    is_in_database: bool = False
    fault: str = ""


def place_of(directory: Path, said: str) -> tuple[Path, str]:
    """The folder whose database has the session that is meant, and its name: by the session's own
    folder, wherever that is, or by a name. BadSettings where there is none."""
    own = Path(said)
    if is_session(own):
        own = own.absolute()
        return own.parent, own.name
    return directory, name_of(directory, said)


def name_of(directory: Path, said: str) -> str:
    """The session that is meant, also one whose folder is gone but which the database knows."""
    try:
        return session_named(directory, said).name
    except BadSettings:
        known = _rows(directory)
        found = [name for name in known if name.startswith(said)]
        if said in known:
            return said
        if len(found) == 1:
            return found[0]
        raise


def past_sessions(directory: Path) -> list[PastSession]:
    """All that there are, the newest first."""
    rows, folders = _rows(directory), {one.name: one for one in session_folders(directory)}
    found = [_told(name, rows.get(name), folders.get(name)) for name in {**rows, **folders}]
    return sorted(found, key=lambda one: (one.started, one.session), reverse=True)


def _rows(directory: Path) -> dict[str, dict[str, Any]]:
    path = database_of(directory)
    if not path.exists():
        return {}
    with closing(open_read_only(path)) as connection, in_words(path):
        return {str(row["session"]): row for row in asked_sessions(connection).plain()}


def _told(name: str, row: dict[str, Any] | None, folder: Path | None) -> PastSession:
    summary = {} if folder is None else _summary(folder)
    ended = _ended(name, row, folder, summary)
    if row is None:
        totals = summary.get("totals", {})
        mode, started = _header_of(folder, summary)
        return PastSession(
            name,
            mode,
            started,
            "",
            ended,
            "",
            totals.get("rounds"),
            totals.get("orders"),
            totals.get("fills"),
            totals.get("fees_usd"),
            totals.get("pnl_usd"),
        )
    return PastSession(
        name,
        row["mode"] or "",
        time_text(row["started_ns"]) if row["started_ns"] else "",
        time_text(row["last_ns"]) if row["last_ns"] else "",
        ended,
        row["continues"] or "",
        row["rounds"],
        row["orders"],
        row["fills"],
        None if row["fees"] is None else row["fees"] / MICRO,
        None if row["pnl"] is None else row["pnl"] / MICRO,
        True,
        row["fault"] or "",
    )


def _ended(
    name: str, row: dict[str, Any] | None, folder: Path | None, summary: dict[str, Any]
) -> str:
    if summary:
        return plain(str(summary.get("stopped", "")))
    if answers(runtime_folder() / f"{name}.sock"):
        return RUNNING
    if folder is None:
        return "its folder is gone"
    if row is not None and row["is_stopped"]:
        return "stopped, and left no summary"
    return _NO_SUMMARY


def _summary(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _header_of(folder: Path | None, summary: dict[str, Any]) -> tuple[str, str]:
    """(mode, when it began) as its journal says; a summary knows the mode at least."""
    if folder is not None:
        try:
            header = header_of(folder)
        except BadJournal:
            return str(summary.get("mode", "")), ""
        return header.mode, time_text(header.started_ns)
    return "", ""


def show_sessions(found: list[PastSession]) -> None:
    """A table for people; one line where there are none."""
    if not found:
        print_words("no sessions here yet")
        return
    print_table("", _columns(found), *(f"{one.session}: {one.fault}" for one in found if one.fault))


def _columns(found: list[PastSession]) -> list[PrintedColumn]:
    counts = {
        "rounds": [_or_dash(one.rounds) for one in found],
        "orders": [_or_dash(one.orders) for one in found],
        "fills": [_or_dash(one.fills) for one in found],
        "PnL": ["–" if one.pnl_usd is None else f"{one.pnl_usd:+.6f}" for one in found],
    }
    spared = {"until": 0, "fills": 2, "orders": 3, "mode": 4}
    return [
        PrintedColumn("session", [one.session for one in found]),
        PrintedColumn("mode", [one.mode for one in found], spared=spared["mode"]),
        PrintedColumn("began", [_minute(one.started) for one in found], spared=1),
        PrintedColumn("until", [_minute(one.last) for one in found], spared=spared["until"]),
        *(PrintedColumn(name, cells, True, spared.get(name)) for name, cells in counts.items()),
        PrintedColumn("ended", [one.ended for one in found]),
    ]


def _minute(text: str) -> str:
    return text[5:16].replace("T", " ")


def _or_dash(count: int | None) -> str:
    return "–" if count is None else str(count)

"""`python -m docs.make_schema` writes the tables of docs/database.md anew, of the row classes."""

from __future__ import annotations

from pathlib import Path

from polytui.config.docstrings import docs_of
from polytui.store import curve_rows, latency_rows, rows, traded_rows
from polytui.store.rows import TABLES
from polytui.store.schema import VERSION, columns

PAGE = Path(__file__).parent / "database.md"
BEGIN, END = "<!-- tables: python -m docs.make_schema -->\n", "<!-- /tables -->\n"


def tables() -> str:
    """A section a table, a line a column."""
    docs = docs_of(traded_rows) | docs_of(latency_rows) | docs_of(curve_rows) | docs_of(rows)
    parts = [f"Schema {VERSION} (`PRAGMA user_version`).\n"]
    for table in TABLES:
        said = docs[table.__name__]
        lines = [
            f"| `{name}`{' *' if name in table.KEY else ''} | {kind} | {said.get(name, '')} |"
            for name, kind in columns(table)
        ]
        head = ["| column | type | what it is |", "|---|---|---|"]
        parts.append("\n".join([f"## {table.TABLE}", "", said[""], "", *head, *lines, ""]))
    return "\n".join(parts)


def with_tables(page: str) -> str:
    """A page's text with the tables between its marks. ValueError where it has none."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"no {BEGIN.strip()} ... {END.strip()}")
    return f"{before}{begin}\n{tables()}\n{end}{after}"


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

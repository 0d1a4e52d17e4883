"""docs/venue-clients.md: what each client's methods came to, as it was really seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from benchmarks.strangers.clients import CLIENTS
from benchmarks.strangers.running import Row

PAGE = Path(__file__).resolve().parents[2] / "docs" / "venue-clients.md"
_HEAD = """# Official clients at the simulated venue, method by method

Written by `make strangers ARGS=--write` from one run: every public method of each client,
unmodified, in an environment of its own, against `polytui venue` on loopback. *Works*: the client
parsed the answer, and the answer makes sense. *Refused*: the venue answered as the real one would,
or the client itself did, with these words; "not found" is what this venue does not have. A method
that nobody called would be a row that fails.

| client | works | refused | fails |
|---|---|---|---|
"""

_LAST = "\n## Our bot and two of them in one book\n\n"
"""Of another run, and written by it alone."""


def page_of(rows: Sequence[Row]) -> str:
    """The whole page."""
    by_client = defaultdict[str, list[Row]](list)
    for row in rows:
        by_client[row.client].append(row)
    counts = "".join(
        f"| {_title(client)} | {_count(found, 'works')} | {_count(found, 'refused')} "
        f"| {_count(found, 'fails')} |\n"
        for client, found in by_client.items()
    )
    parts = [_part(client, found) for client, found in by_client.items()]
    return "\n".join([_HEAD + counts, *parts])


def _title(client: str) -> str:
    packages = {one.name: one.environment.packages for one in CLIENTS}
    versions = [one.partition("==")[2] for one in packages.get(client, ())]
    return f"{client} {versions[-1] if client.startswith('@polymarket/real') else versions[0]}"


def _count(rows: Sequence[Row], outcome: str) -> int:
    return sum(row.outcome == outcome for row in rows)


def _part(client: str, rows: Sequence[Row]) -> str:
    works = ", ".join(f"`{row.method}`" for row in rows if row.outcome == "works")
    others = [row for row in rows if row.outcome != "works"]
    table = "".join(f"| `{row.method}` | {row.outcome} | {_cell(row.words)} |\n" for row in others)
    head = "\n| method | | words |\n|---|---|---|\n" if table else ""
    return f"## {_title(client)}\n\nWorks: {works}.\n{head}{table}"


def _cell(words: str) -> str:
    """On one line, with nothing of this run in it: addresses and ports differ from run to run."""
    return words.replace("|", "\\|").replace("<", "&lt;")


def write(rows: Sequence[Row], page: Path = PAGE) -> None:
    """The table; what another run has written last stays."""
    _, head, last = _read(page).partition(_LAST)
    page.write_text(page_of(rows) + head + last, encoding="utf-8")


def write_last(section: str, page: Path = PAGE) -> None:
    """What came of three traders in one book, below the table."""
    table, _, _ = _read(page).partition(_LAST)
    page.write_text(table + _LAST + section, encoding="utf-8")


def _read(page: Path) -> str:
    return page.read_text(encoding="utf-8") if page.exists() else ""

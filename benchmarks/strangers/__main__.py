"""`python -m benchmarks.strangers`: clients x methods against a venue of its own."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import trio

from benchmarks.strangers.clients import CLIENTS, Client, make
from benchmarks.strangers.page import write
from benchmarks.strangers.running import Row, open_rounds, rows_of, venue_process

FOLDER = Path(__file__).resolve().parents[2] / ".strangers"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--make", action="store_true", help="make the environments first")
    parser.add_argument("--python", default=sys.executable, help="what environments are made of")
    parser.add_argument("--venue", type=Path, help="the ready line of one that runs already")
    parser.add_argument("--only", default="", help="clients whose name has this in it")
    parser.add_argument("--faults", action="store_true", help="print the rows that fail, no others")
    parser.add_argument(
        "--patient", action="store_true", help="wait for the end of a round, to redeem it"
    )
    parser.add_argument("--write", action="store_true", help="write docs/venue-clients.md")
    options = parser.parse_args()
    clients = [one for one in CLIENTS if options.only in one.name]
    if options.make:
        wanted = list(dict.fromkeys(one.environment for one in clients))
        os.environ.update(make(FOLDER, options.python, wanted))
    rows = trio.run(partial(table, clients, options.venue, is_patient=options.patient))
    for row in rows:
        if row.is_fault or not options.faults:
            print(f"{row.client:45} {row.method:55} {row.outcome:8} {row.words}")
    print_summary(rows)
    if options.write:
        write(rows)
    return any(row.is_fault for row in rows)


async def table(clients: list[Client], ready: Path | None, *, is_patient: bool) -> list[Row]:
    found = list[Row]()
    async with venue_process() if ready is None else running(ready) as urls:
        for client in clients:
            rounds = await open_rounds(urls["gamma"])
            found += await rows_of(client, urls, rounds, is_patient=is_patient)
    return found


@asynccontextmanager
async def running(ready: Path) -> AsyncIterator[dict[str, Any]]:
    """A venue that runs already: what its ready line says."""
    yield json.loads(await trio.Path(ready).read_text())


def print_summary(rows: list[Row]) -> None:
    for client in dict.fromkeys(row.client for row in rows):
        counts = Counter(row.outcome for row in rows if row.client == client)
        print(f"{client}: " + ", ".join(f"{count} {kind}" for kind, count in counts.items()))


if __name__ == "__main__":
    sys.exit(main())

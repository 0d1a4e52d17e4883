"""Every public method of the two official Python clients, unmodified, works at the simulated venue
or is refused as the real one would: where their environments are named (docs/venue.md)."""

from __future__ import annotations

import pytest
import trio

from benchmarks.strangers.clients import CLIENTS, CLOB, UNIFIED, Client
from benchmarks.strangers.running import open_rounds, rows_of, venue_process

PYTHON = [one for one in CLIENTS if one.environment in (CLOB, UNIFIED)]
WITHIN_S = 300.0


@pytest.mark.parametrize("client", PYTHON, ids=lambda one: one.name)
@pytest.mark.trio
async def test_every_method_works_or_is_refused_as_the_venue_would(client: Client) -> None:
    if absent := client.environment.absent():
        pytest.skip(f"{', '.join(client.environment.packages)}: {absent}")
    with trio.fail_after(WITHIN_S):
        async with venue_process() as urls:
            rows = await rows_of(client, urls, await open_rounds(urls["gamma"]))
    assert [row for row in rows if row.outcome == "works"]
    assert [f"{row.method}: {row.words}" for row in rows if row.is_fault] == []

"""A venue on loopback, and strangers who call it."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import trio
from attrs import frozen

from benchmarks.strangers.clients import Client

ROOT = Path(__file__).resolve().parents[2]
_READY_WITHIN_S = 60.0
_SCRIPT_WITHIN_S = 900.0
_LEAST_LEFT_S = 90
"""A round that is over soon is not over while a script is still getting ready."""
_PAGE = 100


@frozen
class Row:
    client: str
    method: str
    outcome: str
    """works, refused (as the venue would), fails or skipped."""
    words: str

    @property
    def is_fault(self) -> bool:
        return self.outcome == "fails"


@asynccontextmanager
async def venue_process(*arguments: str) -> AsyncIterator[dict[str, Any]]:
    """`polytui venue` at the machine's clock until the block ends; what its ready line says."""
    command = [
        sys.executable,
        "-m",
        "polytui",
        "venue",
        "--assets",
        "btc",
        *arguments,
    ]
    process = await trio.lowlevel.open_process(command, stdout=subprocess.PIPE, cwd=ROOT)
    try:
        yield await _ready(process)
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()


async def _ready(process: trio.Process) -> dict[str, Any]:
    assert process.stdout is not None
    line = b""
    with trio.fail_after(_READY_WITHIN_S):
        while not line.endswith(b"\n"):
            chunk = await process.stdout.receive_some()
            if not chunk:
                raise RuntimeError("the venue ended before it was ready")
            line += chunk
    told: dict[str, Any] = json.loads(line)
    return told


async def open_rounds(gamma: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of the rounds that are open: the one that is open longest, and the one that is over first
    (but not at once)."""
    now = datetime.now(UTC)
    found = list[tuple[datetime, dict[str, Any]]]()
    async with httpx.AsyncClient(base_url=gamma) as http:
        for offset in range(0, 20 * _PAGE, _PAGE):
            page = (
                (
                    await http.get(
                        "/events", params={"closed": "false", "limit": _PAGE, "offset": offset}
                    )
                )
                .raise_for_status()
                .json()
            )
            for event in page:
                opens, closes = (
                    datetime.fromisoformat(event[name]) for name in ("startTime", "endDate")
                )
                if opens <= now and (closes - now).total_seconds() > _LEAST_LEFT_S:
                    found.append((closes, event))
            if len(page) < _PAGE:
                break
    found.sort(key=lambda pair: pair[0])
    return round_of(found[-1][1]), round_of(found[0][1])


def round_of(event: dict[str, Any]) -> dict[str, Any]:
    """What a script has to know of a round, from Gamma's event. A round of the second protocol has
    position ids, and a condition of 31 bytes that the CLOB knows with a last one of zero."""
    (market,) = event["markets"]
    is_v2 = market["version"] == "v2"
    ids = market["positionIds"] if is_v2 else json.loads(market["clobTokenIds"])
    tokens = dict(zip(json.loads(market["outcomes"]), ids, strict=True))
    return {
        "slug": event["slug"],
        "event_id": event["id"],
        "market_id": market["id"],
        "is_v2": is_v2,
        "condition_id": market["conditionId"] + ("00" if is_v2 else ""),
        "gamma_condition": market["conditionId"],
        "up": tokens["Up"],
        "down": tokens["Down"],
        "closes": event["endDate"],
        "series_slug": event["seriesSlug"],
    }


def a_key() -> str:
    """A private key of nobody."""
    return f"0x{secrets.token_hex(32)}"


async def rows_of(
    client: Client,
    urls: Mapping[str, Any],
    rounds: tuple[dict[str, Any], dict[str, Any]],
    *,
    is_patient: bool = False,
) -> list[Row]:
    """Every method of one client; those that need the end of a round, where there is time."""
    if absent := client.environment.absent():
        return [Row(client.name, "everything", "skipped", absent)]
    told = {
        "urls": dict(urls),
        "round": rounds[0],
        "brief": rounds[1],
        "key": a_key(),
        "options": dict(client.options),
        "is_patient": is_patient,
    }
    with trio.move_on_after(_SCRIPT_WITHIN_S):
        done = await trio.run_process(
            client.command(),
            stdin=json.dumps(told).encode(),
            capture_stdout=True,
            capture_stderr=True,
            check=False,
        )
        rows = [_row(client, line) for line in done.stdout.decode().splitlines()]
        if done.returncode:
            last = done.stderr.decode().strip().splitlines()[-1:]
            rows.append(Row(client.name, "the script", "fails", " ".join(last)))
        return rows
    return [Row(client.name, "the script", "fails", f"not done after {_SCRIPT_WITHIN_S:.0f} s")]


def _row(client: Client, line: str) -> Row:
    try:
        told = json.loads(line)
        return Row(client.name, told["method"], told["outcome"], told["words"])
    except (ValueError, KeyError, TypeError):
        return Row(client.name, "the script", "fails", f"it printed {line[:200]!r}")

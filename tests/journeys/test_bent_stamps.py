"""`polytui run` against `polytui venue --speed 1`, through a relay that sets one stamp of each feed
an hour ahead, and then holds the relays of Chainlink and the book back: on the wall's own clock."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs
import pytest
import trio
from program import EAGER, command, environment, events_of, records_of, replayed, started

from polytui.journal.codec import decode_event
from polytui.model.events import FrameRejected
from polytui.net.clock import WallClock
from polytui.venues.stamps import newest_stamp

pytestmark = [pytest.mark.trio, pytest.mark.long]
NS, HOUR_MS = 10**9, 3_600_000
ROUND_S, NEEDED_S = 300, 130
STREAMS = {
    "market_ws": "book",
    "rtds_ws": "rtds",
    "polybolt_ws": "polybolt",
    "binance_ws": "binance",
    "bybit_ws": "bybit",
    "coinbase_ws": "coinbase",
}
"""Endpoints and the feeds that come by them."""
_MILLISECONDS = re.compile(rb"(?<![\d.])1\d{12}(?!\d)")
_TAKEN = re.compile(rb'(?<="T":)1\d{12}(?!\d)')
"""Of a trade: the exchanges write other times beside it, which nobody reads."""
_DATED = re.compile(rb'(?<="channel":"ticker","client_id":"","timestamp":")[^"]+')
STAMPS = {"coinbase_ws": _DATED, "binance_ws": _TAKEN, "bybit_ws": _TAKEN}
_CHUNK = 65_536
_WALL = WallClock()


def later(text: bytes) -> bytes:
    """The same spelling, an hour on; frames keep their length."""
    if text.isdigit():
        return b"%d" % (int(text) + HOUR_MS)
    when = datetime.fromisoformat(text[:19].decode()) + timedelta(hours=1)
    return when.isoformat().encode() + text[19:]


@attrs.define(eq=False)
class Bending:
    """One service's relay. State: whether its next stamp is bent, and whether it lets anything
    through to the client."""

    host: str
    port: int
    stamp: re.Pattern[bytes]
    is_due: bool = False
    bent: int = 0
    gate: trio.Event = attrs.field(factory=trio.Event)
    own_port: int = 0

    async def serve(self, *, task_status: trio.TaskStatus[None]) -> None:
        self.gate.set()
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        self.own_port = listeners[0].socket.getsockname()[1]
        task_status.started()
        await trio.serve_listeners(self._relay, listeners)

    async def _relay(self, ours: trio.SocketStream) -> None:
        with suppress(OSError, trio.BrokenResourceError, trio.ClosedResourceError):
            theirs = await trio.open_tcp_stream(self.host, self.port)
            async with theirs, trio.open_nursery() as both:
                both.start_soon(self._copy, ours, theirs, bytes, both)
                both.start_soon(self._copy, theirs, ours, self._bend, both)

    async def _copy(
        self,
        source: trio.SocketStream,
        target: trio.SocketStream,
        change: Callable[[bytes], bytes],
        both: trio.Nursery,
    ) -> None:
        with suppress(OSError, trio.BrokenResourceError, trio.ClosedResourceError):
            while chunk := await source.receive_some(_CHUNK):
                if change is not bytes:
                    await self.gate.wait()
                await target.send_all(change(chunk))
        both.cancel_scope.cancel()

    def _bend(self, chunk: bytes) -> bytes:
        if self.is_due and (found := self.stamp.search(chunk)):
            self.is_due, self.bent = False, self.bent + 1
            return chunk[: found.start()] + later(found[0]) + chunk[found.end() :]
        return chunk


async def open_venue(folder: Path, start_s: float) -> tuple[trio.Process, dict[str, Any], float]:
    """A venue whose world began at `start_s`; its addresses, and how far it is behind the wall."""
    start = datetime.fromtimestamp(start_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    process = await trio.lowlevel.open_process(
        command(
            "venue", "--until-stdin-closes", "--speed", "1", "--seed", "7", "--start", start,
            "--assets", "btc", "--intervals", "5m",
        ),
        cwd=folder, env=environment(folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    line = b""
    while not line.endswith(b"\n"):
        line += await process.stdout.receive_some(_CHUNK)
    urls = json.loads(line)
    there_ns = urls["epoch_ns"] + time.monotonic_ns() - urls["anchor_ns"]
    return process, urls, (_WALL.now_ns() - there_ns) / NS


async def close_venue(process: trio.Process) -> None:
    with trio.CancelScope(shield=True):
        process.kill()
        await process.wait()


@asynccontextmanager
async def venue_of_now(folder: Path) -> AsyncIterator[dict[str, Any]]:
    """A venue on the wall's time, up to two seconds behind: how long it takes to start is tried."""
    lag_s = 3.0
    for _ in range(6):
        process, urls, off_s = await open_venue(folder, _WALL.now_ns() / NS + lag_s)
        if 0.0 <= off_s <= 2.0:
            break
        await close_venue(process)
        lag_s += off_s - 0.8
    else:
        pytest.fail("no venue of now")
    try:
        yield urls
    finally:
        await close_venue(process)


def settings_of(urls: dict[str, Any], relays: dict[str, Bending]) -> str:
    """EAGER's, with the venue's addresses; streams by their relays."""
    lines = ["[endpoints]"]
    for name in (
        "gamma", "clob", "binance_rest", "bybit_rest", "coinbase_rest", "geoblock", *STREAMS,
    ):  # fmt: skip
        url = urls[name]
        if name in relays:
            parts = urlsplit(url)
            url = parts._replace(netloc=f"127.0.0.1:{relays[name].own_port}").geturl()
        lines.append(f'{name} = "{url}"')
        if name in ("binance_rest", "binance_ws"):
            lines.append(f'{name}_spare = "{url}"')
    return "\n".join([*lines, "", EAGER.read_text()])


async def bend(*relays: Bending) -> None:
    """The next stamp of each."""
    before = [one.bent for one in relays]
    for one in relays:
        one.is_due = True
    with trio.fail_after(30):
        while [one.bent for one in relays] == before or any(one.is_due for one in relays):
            await trio.sleep(0.05)


async def hold(seconds: float, *relays: Bending) -> tuple[int, int]:
    """Nothing of them comes through; from when to when."""
    began_ns = _WALL.now_ns()
    for one in relays:
        one.gate = trio.Event()
    await trio.sleep(seconds)
    for one in relays:
        one.gate.set()
    return began_ns, _WALL.now_ns()


def told_between(journal: Path, name: str, span: tuple[int, int]) -> list[Any]:
    """Effects of a kind in a stretch of time."""
    return [
        (record.at, fields)
        for record in records_of(journal)
        if span[0] <= record.at <= span[1]
        for kind, fields in json.loads(bytes(record.effects))
        if kind == name
    ]


def first_said(journal: Path, reason: str, span: tuple[int, int]) -> float | None:
    """Seconds into a span until a strategy was told this reason."""
    said = [
        at for at, one in told_between(journal, "Explain", span) if one["why"]["reason"] == reason
    ]
    return (said[0] - span[0]) / NS if said else None


async def test_one_stamp_an_hour_ahead_in_each_feed_opens_no_gate(tmp_path: Path) -> None:
    left_s = ROUND_S - _WALL.now_ns() / NS % ROUND_S
    await trio.sleep(left_s + 1.0 if left_s < NEEDED_S else 0.0)
    keys = ("KEY", "SECRET", "PASSPHRASE")
    (tmp_path / ".env").write_text("".join(f"POLYMARKET_API_{one}=demo\n" for one in keys))
    (tmp_path / ".env").chmod(0o600)
    async with venue_of_now(tmp_path) as urls, trio.open_nursery() as nursery:
        relays = {}
        for name in STREAMS:
            parts = urlsplit(urls[name])
            assert parts.hostname is not None
            assert parts.port is not None
            relays[name] = Bending(parts.hostname, parts.port, STAMPS.get(name, _MILLISECONDS))
            await nursery.start(relays[name].serve)
        config = tmp_path / "bent.toml"
        config.write_text(settings_of(urls, relays))
        arguments = ("run", "--headless", "--config", config, "--assets", "btc", "--json", "-")
        async with started(tmp_path, *arguments, patience_s=240.0) as program:
            await program.line("BTC")
            await trio.sleep(15)
            for name in ("binance_ws", "bybit_ws", "coinbase_ws"):
                await bend(relays[name])
            chainlink = [relays["rtds_ws"], relays["polybolt_ws"]]
            await bend(*chainlink)
            blind = await hold(16, *chainlink)
            await trio.sleep(5)
            await bend(relays["market_ws"])
            bookless = await hold(20, relays["market_ws"])
            await trio.sleep(4)
            program.signal(signal.SIGTERM)
            assert await program.end() == 0
            journal = program.session
        nursery.cancel_scope.cancel()
    # Each lie was rejected with its number, and none is anywhere in what the desk was told.
    rejected = [one for _, one in events_of(journal, FrameRejected)]
    ahead = {one.feed for one in rejected if "ahead of our clock" in one.reason}  # type: ignore[union-attr]
    assert ahead == set(STREAMS.values())
    for record in records_of(journal):
        assert newest_stamp(decode_event(record.event)) <= record.at + 2 * NS
    # What comes after them closes the gates at its limit, as if the lies had never been told.
    stale_s = first_said(journal, "Chainlink stale", blind)
    assert stale_s is not None
    assert stale_s < 8.5
    assert told_between(journal, "Place", (blind[0] + 9 * NS, blind[1])) == []
    assert told_between(journal, "Place", (bookless[0] + 16 * NS, bookless[1])) == []
    replayed(journal)

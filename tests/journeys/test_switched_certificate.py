"""`polytui run` by TLS against `polytui venue --speed 1`; in mid-session somebody else answers each
connection, as a network's log-in page does, and then the venue is back: the engine trades on."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs
import pytest
import trio
from certificates import Certificates
from program import EAGER, bytes_of, replayed, started
from test_bent_stamps import NEEDED_S, ROUND_S, STREAMS, venue_of_now

from polytui.net.clock import WallClock

pytestmark = [pytest.mark.trio, pytest.mark.long]
_RESTS = ("gamma", "clob", "data_api", "binance_rest", "bybit_rest", "coinbase_rest", "geoblock")
_ENDS = (OSError, trio.BrokenResourceError, trio.ClosedResourceError)
_CHUNK = 65_536
_PORTAL_S = 8.0
_NEXT_ROUND_S = ROUND_S + 240.0


@attrs.define(eq=False)
class SecureDoor:
    """TLS in front of one port of the venue. State: whose certificate it shows, who is inside."""

    certificates: Certificates
    port: int
    shows: str = "good"
    own_port: int = 0
    inside: list[trio.CancelScope] = attrs.field(factory=list)

    async def serve(self, *, task_status: trio.TaskStatus[None]) -> None:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        self.own_port = listeners[0].socket.getsockname()[1]
        task_status.started()
        await trio.serve_listeners(self._meet, listeners)

    def switch(self, name: str) -> None:
        """Another certificate, also for those who are inside: they have to come again."""
        self.shows = name
        for scope in self.inside:
            scope.cancel()

    async def _meet(self, raw: trio.SocketStream) -> None:
        ours = trio.SSLStream(
            raw, self.certificates.server(self.shows), server_side=True, https_compatible=True
        )
        with trio.CancelScope() as scope, suppress(*_ENDS):
            self.inside.append(scope)
            await ours.do_handshake()
            theirs = await trio.open_tcp_stream("127.0.0.1", self.port)
            async with theirs, trio.open_nursery() as both:
                both.start_soon(_copy, ours, theirs, both)
                both.start_soon(_copy, theirs, ours, both)
        self.inside.remove(scope)
        await trio.aclose_forcefully(raw)


async def _copy(source: trio.abc.Stream, target: trio.abc.Stream, both: trio.Nursery) -> None:
    with suppress(*_ENDS):
        while chunk := await source.receive_some(_CHUNK):
            await target.send_all(chunk)
    both.cancel_scope.cancel()


def settings_of(urls: dict[str, Any], doors: dict[int, SecureDoor]) -> str:
    lines = ["[endpoints]"]
    for name in (*_RESTS, *STREAMS):
        parts = urlsplit(urls[name])
        assert parts.port is not None
        netloc = f"127.0.0.1:{doors[parts.port].own_port}"
        url = parts._replace(scheme=f"{parts.scheme}s", netloc=netloc).geturl()
        lines.append(f'{name} = "{url}"')
        if name in ("binance_rest", "binance_ws"):
            lines.append(f'{name}_spare = "{url}"')
    return "\n".join([*lines, "", EAGER.read_text()])


async def _until(is_so: Callable[[], bool], within_s: float) -> None:
    with trio.fail_after(within_s):
        while not is_so():
            await trio.sleep(0.2)


async def test_a_log_in_page_in_mid_session_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates = Certificates(tmp_path)
    certificates.make()
    monkeypatch.setenv("SSL_CERT_FILE", os.fspath(certificates.authority))
    left_s = ROUND_S - WallClock().now_ns() / 1e9 % ROUND_S
    await trio.sleep(left_s + 1.0 if left_s < NEEDED_S else 0.0)
    async with venue_of_now(tmp_path) as urls, trio.open_nursery() as nursery:
        ports = {urlsplit(urls[name]).port for name in (*_RESTS, *STREAMS)}
        doors = {port: SecureDoor(certificates, port) for port in ports if port is not None}
        for door in doors.values():
            await nursery.start(door.serve)
        config = tmp_path / "secure.toml"
        config.write_text(settings_of(urls, doors))
        arguments = ("run", "--headless", "--config", config, "--assets", "btc", "--json", "-")
        async with started(tmp_path, *arguments, patience_s=280.0 + _NEXT_ROUND_S) as program:
            await program.line("BTC")
            journal, log = program.session, program.session / "engine.log"
            nursery.start_soon(program.keep_reading)

            def orders() -> int:
                return bytes_of(journal).count(b'"Place"')

            await _until(lambda: orders() > 0, 100)
            for door in doors.values():
                door.switch("portal")
            await _until(lambda: "certificate of 127.0.0.1 is refused" in log.read_text(), 30)
            await trio.sleep(_PORTAL_S)
            during = orders()
            for door in doors.values():
                door.switch("good")
            # The round under way may offer nothing more; the whole of the next one surely does.
            await _until(lambda: orders() > during, _NEXT_ROUND_S)
            program.signal(signal.SIGTERM)
            assert await program.process.wait() == 0
        nursery.cancel_scope.cancel()
    text = log.read_text()
    (told,) = [one for one in text.splitlines() if "certificate of 127.0.0.1 is refused" in one]
    assert " ERROR " in told, "once, and as an error"
    assert (program.session / "summary.json").exists()
    assert "crashed" not in text
    replayed(journal)

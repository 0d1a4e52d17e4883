"""Every route of the simulated venue, asked by somebody with a good key and bad intentions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route
from stranger import Stranger
from test_venue_door import open_venue

from polytui.net.clock import WallClock
from polytui.sim.exchange.rate_limits import LimitMode
from polytui.sim.server import venue
from polytui.sim.wire.desk.limited import LimitSettings
from polytui.sim.wire.signed.ethereum import load_ethereum

pytestmark = pytest.mark.trio
_PLAIN = "/gamma/status"
"""The one answer that is a word, as the venue's is."""
_FAREWELL = ("DELETE", "/clob/auth/api-key")
"""After it nobody would know her."""
_STRANGE = "%ED%A0%80"
"""Half of a pair of surrogates, as bytes: no UTF-8."""

BODIES = [
    b"", b"{", b"null", b"[]", b"[" * 20_000, b'{"a":' * 5_000, b"\xff\xfe", b"9" * 10_000,
    b'{"orderID":"\\ud800","market":"\\ud800","asset_id":"\\ud800","heartbeat_id":"\\ud800",'
    b'"key":"\\ud800","who":"\\ud800","kind":"\\ud800","address":"\\ud800","wallet":"\\ud800"}',
    b'["\\ud800",NaN,1e999]', b'[{"token_id":"\\ud800","side":"\\ud800"}]',
]  # fmt: skip
QUERIES = [
    "",
    f"?token_id=%00&id={_STRANGE}&market=%ff&user=0x&address={_STRANGE}&side={_STRANGE}",
    "?limit=-1&offset=99999999999999999999&next_cursor=%ff&startTs=1e999&endTs=nan&fidelity=0",
    "?limit=%D9%A3&" + "a=b&" * 1_000,
]


def routes_of(routes: Sequence[BaseRoute], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Method and path of each, whatever stands for a name in it being no text at all."""
    for one in routes:
        if isinstance(one, Mount):
            yield from routes_of(one.routes, prefix + one.path)
        elif isinstance(one, Route):
            for method in sorted((one.methods or set()) - {"HEAD"}):
                yield method, re.sub(r"\{[^}]*\}", _STRANGE, prefix + one.path)


def worst(number: int, method: str, path: str) -> list[tuple[str, bytes]]:
    """Queries and bodies for a route: every body where orders are, elsewhere one thing, another
    one for each neighbour."""
    if method == "GET":
        return [(QUERIES[number % len(QUERIES)], b"")]
    bodies = BODIES if path.startswith("/clob") else [BODIES[number % len(BODIES)]]
    return [("", body) for body in bodies]


def headers_for(anna: Stranger, token: str, method: str, path: str, body: bytes) -> dict[str, str]:
    if path.startswith("/clob"):
        return anna.headers(method, path.removeprefix("/clob"), body)
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


async def test_no_route_crashes_or_says_something_else_than_json(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    built: list[Starlette] = []
    build = venue._app

    def build_and_remember(*parts: Any) -> Starlette:
        built.append(build(*parts))
        return built[-1]

    monkeypatch.setattr(venue, "_app", build_and_remember)
    no_limits = LimitSettings(LimitMode.OFF, LimitMode.OFF)
    async with open_venue(limits=no_limits) as urls:
        base = urls.clob.removesuffix("/clob")
        await load_ethereum()
        async with httpx.AsyncClient(base_url=base, timeout=20) as http:
            anna = Stranger(http, 0x11, lambda: WallClock().now_ns() // 10**9)
            await anna.come_in()
            asked = sorted(set(routes_of(built[0].routes)) - {_FAREWELL})
            assert ("POST", "/clob/order") in asked
            assert ("DELETE", "/clob/cancel-all") in asked
            for number, (method, path) in enumerate(asked):
                for query, body in worst(number, method, path):
                    headers = headers_for(anna, urls.control_token, method, path, body)
                    answer = await http.request(method, path + query, content=body, headers=headers)
                    about = (method, path, query[:40], body[:40], answer.text[:200])
                    assert answer.status_code < 500, about
                    if path != _PLAIN and answer.content:
                        answer.json()
            assert await anna.read("/auth/api-keys"), "she was known all the time"
            assert (await http.get("/clob/time")).status_code == 200

"""The venue's limits on the wire: statuses, words and headers, in a time that stands still."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import trio
from attrs import define, field
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from polytui.model.units import NS_PER_S
from polytui.sim.exchange.api_keys import Caller
from polytui.sim.exchange.rate_limits import LimitMode
from polytui.sim.wire.desk.limited import Limited, LimitSettings, VenueLimits, windows_of
from polytui.sim.wire.form.api_answer import json_answer
from polytui.sim.wire.form.error_bodies import ERROR_HANDLERS

START_S = 1_795_204_800
CALLER = Caller("key", "0x" + "aa" * 20)


@define
class Desk:
    """An order desk that takes everything its limits let through."""

    mode: LimitMode = LimitMode.ENFORCED
    now_ns: int = START_S * NS_PER_S
    limits: VenueLimits = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.limits = VenueLimits(lambda: self.now_ns, LimitSettings(self.mode, self.mode))

    def app(self) -> Limited:
        async def order(request: Request) -> Response:
            count = int(request.query_params.get("n", "1"))
            if request.method == "POST":
                self.limits.place(request, CALLER, count)
            else:
                self.limits.cancel(request, CALLER, count)
            return json_answer("OK")

        async def sweep(request: Request) -> Response:
            self.limits.sweep(request, CALLER, int(request.query_params["n"]))
            return json_answer("OK")

        async def plain(request: Request) -> Response:
            return json_answer("OK")

        routes = [
            Route("/orders", order, methods=["POST", "DELETE"]),
            Route("/cancel-all", sweep, methods=["DELETE"]),
            Route("/{rest:path}", plain, methods=["GET", "POST", "DELETE"]),
        ]
        mounts = [Mount(f"/{name}", routes=routes) for name in ("clob", "gamma", "relayer", "x")]
        return Limited(
            Starlette(routes=mounts, exception_handlers=dict(ERROR_HANDLERS)), self.limits
        )

    def ask(self, *asked: tuple[str, str]) -> list[httpx.Response]:
        async def ask_all() -> list[httpx.Response]:
            transport = httpx.ASGITransport(self.app(), client=("127.0.0.1", 5))
            async with httpx.AsyncClient(transport=transport, base_url="http://v") as client:
                return [await client.request(*one) for one in asked]

        answers: list[httpx.Response] = trio.run(ask_all)
        return answers


def told(answer: httpx.Response) -> dict[str, str]:
    names = ("remaining", "reset", "tier", "warning")
    found = {name: answer.headers.get(f"Poly-RateLimit-{name}") for name in names}
    return {name: text for name, text in found.items() if text is not None}


def test_an_order_is_told_how_its_signer_stands() -> None:
    desk = Desk()
    taken, refused = desk.ask(("POST", "/clob/orders?n=50"), ("POST", "/clob/orders?n=15"))
    assert taken.status_code == 200
    assert told(taken) == {"remaining": "10", "reset": str(START_S), "tier": "Standard"}
    assert refused.status_code == 429
    assert refused.json() == {"error": "Too Many Requests"}
    assert told(refused) == {"remaining": "10", "reset": str(START_S + 1), "tier": "Standard"}
    assert refused.headers["Retry-After"] == "1"
    assert "Retry-After" not in taken.headers
    desk.now_ns += NS_PER_S
    again, other = desk.ask(("POST", "/clob/orders?n=15"), ("GET", "/clob/time"))
    assert (again.status_code, told(again)["remaining"]) == (200, "35")
    assert told(other) == {}, "of orders and cancels alone"


def test_a_warning_refuses_nothing() -> None:
    desk = Desk(LimitMode.WARNING)
    taken, warned = desk.ask(("POST", "/clob/orders?n=60"), ("POST", "/clob/orders?n=1"))
    assert (taken.status_code, warned.status_code) == (200, 200)
    assert told(taken) == {"remaining": "0", "reset": str(START_S + 1), "tier": "Standard"}
    assert told(warned) == {
        "remaining": "0", "reset": str(START_S + 1), "tier": "Standard", "warning": "true",
    }  # fmt: skip
    fast = desk.ask(*[("GET", "/clob/ok")] * 101)
    assert {one.status_code for one in fast} == {200}


def test_without_limits_nobody_is_told_anything() -> None:
    answers = Desk(LimitMode.OFF).ask(*[("POST", "/clob/orders?n=60")] * 3)
    assert {one.status_code for one in answers} == {200}
    assert told(answers[-1]) == {}


def test_a_sweep_goes_below_nothing() -> None:
    desk = Desk()
    swept, refused = desk.ask(("DELETE", "/clob/cancel-all?n=280"), ("DELETE", "/clob/orders?n=1"))
    assert (swept.status_code, told(swept)["remaining"]) == (200, "-161")
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "3"
    assert desk.limits.tier_of(CALLER.address) == "Standard"


@pytest.mark.parametrize(
    ("method", "path", "most"),
    [
        ("GET", "/clob/ok", 100), ("GET", "/clob/auth/derive-api-key", 100),
        ("GET", "/clob/tick-size", 200), ("GET", "/clob/balance-allowance/update", 50),
        ("GET", "/clob/data/orders", 500), ("GET", "/clob/data/order/0x" + "ab" * 32, 900),
        ("GET", "/clob/notifications", 125), ("DELETE", "/clob/cancel-all?n=0", 250),
        ("GET", "/gamma/markets", 300), ("POST", "/relayer/submit", 25),
    ],
)  # fmt: skip
def test_a_route_answers_so_often_within_its_window(method: str, path: str, most: int) -> None:
    desk = Desk()
    desk.limits.signers.give(CALLER.address, "elite")
    service, _, rest = path[1:].partition("/")
    asked = ("127.0.0.1", service, method, "/" + rest.partition("?")[0])
    assert [desk.limits.refusal(*asked) for _ in range(most - 1)] == [None] * (most - 1)
    last, refused = desk.ask((method, path), (method, path))
    assert (last.status_code, refused.status_code) == (200, 429)
    assert refused.json() == {"error": "Too Many Requests"}
    seconds = 60 if "submit" in path else 10
    assert refused.headers["Retry-After"] == str(seconds)
    desk.now_ns += seconds * NS_PER_S
    assert desk.ask((method, path))[0].status_code == 200


def test_what_is_asked_elsewhere_does_not_count() -> None:
    desk = Desk()
    desk.ask(*[("GET", "/clob/ok")] * 101)
    ok, time, gamma = desk.ask(("GET", "/clob/ok"), ("GET", "/clob/time"), ("GET", "/gamma/events"))
    assert (ok.status_code, time.status_code, gamma.status_code) == (429, 200, 200)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        (("clob", "POST", "/order"), ["everything", "clob", "place", "place in ten minutes"]),
        (("clob", "GET", "/data/trades"), ["everything", "clob", "ledger", "data trades"]),
        (("clob", "GET", "/sampling-markets"), ["everything", "clob"]),
        (("clob", "GET", "/book"), ["everything", "clob", "book"]),
        (("clob", "POST", "/book"), ["everything", "clob"]),
        (("data-api", "GET", "/v2/positions"), ["everything", "data-api", "positions"]),
        (("binance", "GET", "/api/v3/time"), []),
        (("control", "POST", "/drop"), []),
        (("", "GET", "/"), []),
    ],
)  # fmt: skip
def test_windows_of_a_request(asked: tuple[str, str, str], names: list[str]) -> None:
    assert [one.name for one in windows_of(*asked)] == names


def test_ten_minutes_have_a_window_of_their_own() -> None:
    """Fifteen thousand sweeps of many ids, never faster than ten seconds allow."""
    desk, statuses = Desk(), dict[int, int]()
    windows: Any = ("127.0.0.1", "clob", "DELETE", "/orders")
    for _ in range(16_000):
        desk.now_ns += NS_PER_S // 190
        status = 429 if desk.limits.refusal(*windows) else 200
        statuses[status] = statuses.get(status, 0) + 1
    assert statuses == {200: 15_000, 429: 1_000}

"""Trouble for the books, asked for over HTTP as the engine's chaos asks for it."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from polytui.net.clock import Clock
from polytui.sim.server.connections import Connections
from polytui.sim.server.control_api import ControlApi
from polytui.sim.server.control_door import ControlDoor
from polytui.sim.wire.form.api_answer import RefusedError, refusal

pytestmark = pytest.mark.trio


async def ask(order: dict[str, object]) -> tuple[int, list[tuple[str, float]]]:
    """The answer's status, and what reached the markets."""
    heard: list[tuple[str, float]] = []
    control = ControlApi(
        Connections(lambda _: None),
        lambda: None,
        lambda kind, s: heard.append((kind, s)),
        Clock(0, 0, 20.0),
        ControlDoor("t0ken"),
    )
    app = Starlette(
        routes=[Mount("/control", routes=control.routes())],
        exception_handlers={RefusedError: refusal},
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://venue") as http:
        answer = await http.post(
            "/control/fault", json=order, headers={"Authorization": "Bearer t0ken"}
        )
    return answer.status_code, heard


@pytest.mark.parametrize("kind", ["spread", "divergence", "fees"])
async def test_a_mood_reaches_the_markets_with_its_real_seconds(kind: str) -> None:
    order = {"kind": kind, "who": "market", "seconds": 3.5}
    assert await ask(order) == (200, [(kind, 3.5)])


@pytest.mark.parametrize(("kind", "status"), [("gap", 200), ("drop", 200), ("boredom", 400)])
async def test_weather_over_sockets_does_not(kind: str, status: int) -> None:
    assert await ask({"kind": kind, "who": "market", "seconds": 1}) == (status, [])

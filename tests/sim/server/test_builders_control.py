"""Registering builders' codes: by whoever has the token, and codes alone."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from polytui.sim.exchange.builder_codes import BuilderCodes
from polytui.sim.server.builders_control import BuildersControl
from polytui.sim.server.control_door import ControlDoor
from polytui.sim.wire.form.error_bodies import ERROR_HANDLERS

pytestmark = pytest.mark.trio
CODE = "0x" + "Ab" * 32


async def ask(codes: BuilderCodes, document: Any, token: str = "t") -> tuple[int, Any]:
    routes = BuildersControl(codes, ControlDoor("t")).routes()
    app = Starlette(routes=routes, exception_handlers=dict(ERROR_HANDLERS))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://v") as http:
        headers = {"Authorization": f"Bearer {token}"}
        answer = await http.post("/builder", json=document, headers=headers)
    return answer.status_code, answer.json()


async def test_a_code_is_known_once_it_is_registered() -> None:
    codes = BuilderCodes()
    assert not codes.is_known(CODE)
    assert (await ask(codes, {"code": CODE}, token="x"))[0] == 401
    assert not codes.is_known(CODE)
    assert await ask(codes, {"code": CODE}) == (200, {"code": CODE.lower()})
    assert codes.is_known(CODE)
    assert codes.is_known(CODE.lower())
    assert not codes.is_known("0x" + "ac" * 32)


@pytest.mark.parametrize("code", ["0x1", "0x" + "00" * 32, "ab" * 32, "0x" + "zz" * 32, 7])
async def test_what_is_no_code_is_refused(code: Any) -> None:
    codes = BuilderCodes()
    assert (await ask(codes, {"code": code}))[0] == 400
    assert not codes.is_known(str(code))

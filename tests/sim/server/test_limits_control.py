"""The venue's limits are turned by whoever started it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import trio
from attrs import define
from starlette.applications import Starlette
from starlette.routing import Mount

from polytui.sim.exchange.rate_limits import LimitMode
from polytui.sim.server.control_door import ControlDoor
from polytui.sim.server.limits_control import LimitsControl
from polytui.sim.wire.desk.limited import VenueLimits
from polytui.sim.wire.form.error_bodies import ERROR_HANDLERS

ANNA = "0x" + "Aa" * 20
NOW_NS = 1_795_204_800 * 10**9


@define
class Control:
    limits: VenueLimits

    def ask(self, route: str, token: str = "t0ken", **document: Any) -> tuple[int, Any]:
        routes = LimitsControl(self.limits, ControlDoor("t0ken")).routes()
        app = Starlette(
            routes=[Mount("/control", routes=routes)], exception_handlers=dict(ERROR_HANDLERS)
        )

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://v") as http:
                headers = {"Authorization": f"Bearer {token}"}
                return await http.post(f"/control/{route}", json=document, headers=headers)

        answer = trio.run(asked)
        return answer.status_code, answer.json()


@pytest.fixture
def control() -> Control:
    return Control(VenueLimits(lambda: NOW_NS))


def test_limits_are_turned_one_by_one(control: Control) -> None:
    enforced = {"signers": "enforced", "addresses": "enforced"}
    assert control.ask("limits") == (200, enforced)
    assert control.ask("limits", signers="warning") == (200, enforced | {"signers": "warning"})
    assert control.ask("limits", addresses="off")[1] == {"signers": "warning", "addresses": "off"}
    assert control.limits.settings.of_signers is LimitMode.WARNING
    assert control.limits.settings.of_addresses is LimitMode.OFF
    for _ in range(200):
        assert control.limits.refusal("::1", "clob", "GET", "/ok") is None


def test_a_signer_is_given_a_tier(control: Control) -> None:
    address = ANNA.lower()
    assert control.limits.tier_of(address) == "Standard"
    assert control.ask("tier", address=ANNA, tier="gold") == (
        200, {"address": address, "tier": "Gold"},
    )  # fmt: skip
    assert control.limits.signers.place(address, 600, NOW_NS + 2 * 10**9).is_within


@pytest.mark.parametrize(
    ("route", "document"),
    [
        ("limits", {"signers": "sometimes"}), ("limits", {"speed": 1}),
        ("tier", {"address": ANNA, "tier": "Tin"}), ("tier", {"address": "0x1", "tier": "Gold"}),
        ("tier", {"address": ANNA}),
    ],
)  # fmt: skip
def test_nonsense_is_refused_in_words(
    control: Control, route: str, document: dict[str, Any]
) -> None:
    status, answer = control.ask(route, **document)
    assert status == 400
    assert answer["error"]
    assert control.limits.tier_of(ANNA.lower()) == "Standard"


def test_nobody_else_turns_them(control: Control) -> None:
    assert control.ask("limits", token="x", signers="off")[0] == 401
    assert control.ask("tier", token="x", address=ANNA, tier="Gold")[0] == 401
    assert control.limits.settings.of_signers is LimitMode.ENFORCED

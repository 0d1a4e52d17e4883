"""The website's price to beat: the average that decides, or the spot price to who asks no more."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from chain_yard import ChainYard
from starlette.applications import Starlette

from polytui.model.units import NS_PER_S
from polytui.sim.wire.form.error_bodies import ERROR_HANDLERS
from polytui.sim.wire.form.wire_text import float_e18, iso_z
from polytui.sim.wire.prices.crypto_price_api import CryptoPriceApi, CryptoPriceSettings
from polytui.sim.wire.rounds.listing import Listing

pytestmark = pytest.mark.trio
PATH = "/api/crypto/crypto-price"
MEAN = {"twapEnabled": "true", "twapLookbackSeconds": "60"}


def client_of(yard: ChainYard) -> httpx.AsyncClient:
    api = CryptoPriceApi(yard.world, Listing(yard.world), CryptoPriceSettings(late_s=3.0))
    app = Starlette(routes=api.routes(), exception_handlers=ERROR_HANDLERS)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://venue")


def asked(yard: ChainYard, **changes: Any) -> dict[str, Any]:
    first = yard.first
    return {
        "symbol": "BTC",
        "variant": "fiveminute",
        "eventStartTime": iso_z(first.opens_ns),
        "endDate": iso_z(first.closes_ns),
        **changes,
    }


async def test_both_ends_are_known_seconds_after_them() -> None:
    yard = ChainYard()
    first, world = yard.first, yard.world
    async with client_of(yard) as http:

        async def told(**params: Any) -> dict[str, Any]:
            answer: dict[str, Any] = (await http.get(PATH, params=asked(yard, **params))).json()
            return answer

        yard.play((first.closes_ns + 2 * NS_PER_S - world.now_ns) / NS_PER_S)
        early = await told(**MEAN)
        assert early["openPrice"] is not None
        assert early["closePrice"] is None
        assert early["completed"] is False
        yard.play(5.0)
        mean = await told(**MEAN)
        assert mean["completed"] is True
        yard.play_until_resolved()
        status = world.status(first.slug)
        assert status.strike_e18 is not None
        assert status.final_e18 is not None
        # What the website says is what the round is decided by.
        assert mean["openPrice"] == pytest.approx(float_e18(status.strike_e18), rel=1e-12)
        assert mean["closePrice"] == pytest.approx(float_e18(status.final_e18), rel=1e-12)
        spot = await told()
        half = await told(twapEnabled="true")
        assert spot["closePrice"] == half["closePrice"] != mean["closePrice"]


@pytest.mark.parametrize(
    "change",
    [
        {"symbol": "DOGE"},
        {"variant": "daily"},
        {"variant": "fifteen"},
        {"eventStartTime": "soon"},
        {"eventStartTime": "2026-11-20T20:00:01Z"},
        {"endDate": "2026-11-20T20:00:01Z"},
        {"twapEnabled": "yes"},
        {"twapLookbackSeconds": "30"},
        {"colour": "red"},
    ],
)
async def test_what_is_not_understood_is_refused(change: dict[str, str]) -> None:
    yard = ChainYard()
    async with client_of(yard) as http:
        answer = await http.get(PATH, params=asked(yard, **change))
        assert answer.status_code == 400
        assert answer.json()["error"]

"""The Data API's client: whose shares were paid, and what is no payout yet."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from attrs import evolve

from polytui.model.errors import Rejected, Retry
from polytui.model.events import NO_WINNER
from polytui.model.instrument import Asset, Interval, Round, SettlementRule
from polytui.net.http import Http, HttpSettings
from polytui.venues.polymarket.data_api import DataApi

pytestmark = pytest.mark.trio
CONDITION = "0x" + "a5" * 32
LISTED = Round(
    "btc-updown-5m-1", Asset.BTC, Interval.M5, CONDITION, "11", "22", 0, 1, SettlementRule.TWAP
)


def row(payouts: Any, **changes: Any) -> dict[str, Any]:
    whole = {"status": "RESOLVED", "payouts": payouts, "resolved_at": "2026-11-20T20:06:00Z"}
    return {**whole, **changes}


async def winner(body: object, listed: Round = LISTED) -> str | None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v2/resolutions"
        assert request.url.params["condition"] == CONDITION
        return httpx.Response(200, content=body if isinstance(body, bytes) else json.dumps(body))

    http = Http("http://data", HttpSettings(tries=1), httpx.MockTransport(answer))
    return await DataApi(http).winner(listed)


async def test_payouts_go_by_the_venues_order_of_outcomes() -> None:
    assert await winner({"data": [row([1_000_000, 0])]}) == "11"
    assert await winner({"data": [row([0, 1_000_000])]}) == "22"
    swapped = evolve(LISTED, is_up_first=False)
    assert await winner({"data": [row([1_000_000, 0])]}, swapped) == "22"
    assert await winner({"data": [row([500_000, 500_000])]}) == NO_WINNER


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [row([1_000_000, 0], status="PROPOSED")],
        [row([1_000_000, 0], status="disputed")],
        [row([1_000_000, 0], status=None, resolved_at=None)],
        [row([1_000_000, 0], condition_id="0x" + "bb" * 32)],
    ],
)
async def test_what_is_no_payout_yet_or_of_another_market(rows: list[Any]) -> None:
    assert await winner({"data": rows}) is None


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html>Just a moment", Retry),
        (b"", Retry),
        ({"data": None}, Rejected),
        ({"data": [row([1, 0])]}, Rejected),
        ({"data": [row(None)]}, Rejected),
        ({"data": [row([1_000_000])]}, Rejected),
        ({"data": [row([1_000_000, 0]), row([0, 1_000_000])]}, Rejected),
    ],
)
async def test_nonsense_names_nobody(body: object, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        await winner(body)


async def test_status_may_be_missing_where_a_time_is_told() -> None:
    assert await winner({"data": [row([0, 1_000_000], status=None)]}) == "22"

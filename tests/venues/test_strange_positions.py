"""Rounds in which a wallet has shares that no ledger knows, out of the Data API's own rows."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from attrs import define, field
from test_gamma_client import OPENS_S, event

from polytui.execution.strange_positions import StrangePositions
from polytui.model.units import NS_PER_S
from polytui.net.http import Http, HttpSettings
from polytui.venues.polymarket.data_api import DataApi
from polytui.venues.polymarket.gamma import Gamma

pytestmark = pytest.mark.trio
WALLET = "0x8ba1f109551bd432803012645ac136ddd64dba72"
ROUND = f"btc-updown-5m-{OPENS_S}"
LATER = f"btc-updown-5m-{OPENS_S + 600}"


def position(slug: str, size: float = 10, **changes: Any) -> dict[str, Any]:
    """As the venue writes one, numbers as doubles."""
    whole = {
        "proxy_wallet": WALLET, "token_id": "113", "condition_id": "0x" + "2e" * 32,
        "current_size": size, "avg_price": 0.52, "entry_cost_usdc": 5.2,
        "entry_fees_usdc": 0.17472, "total_cost_usdc": 5.37472, "current_price": 1,
        "current_value": size, "total_size": size, "realized_pnl": 0, "unrealized_pnl": 0.3,
        "total_pnl": 0.3, "percent_pnl": 5.77, "percent_realized_pnl": 0, "status": "REDEEMABLE",
        "redeemable": True, "mergeable": False, "negative_risk": False, "archived": False,
        "verified": True, "title": "Bitcoin Up or Down", "slug": slug, "event_slug": slug,
        "outcome": "Up", "outcome_index": 0, "opposite_token_id": "380",
        "end_date": "2026-05-12", "last_event_at": 1_787_414_512,
    }  # fmt: skip
    return {**whole, **changes}


@define
class Venue:
    """State: pages of positions, how it answers, what it was asked."""

    pages: list[list[dict[str, Any]]]
    at_ns: int = (OPENS_S + 400) * NS_PER_S
    status: int = 200
    asked: list[str] = field(factory=list)

    def now_ns(self) -> int:
        return self.at_ns

    def positions(self, request: httpx.Request) -> httpx.Response:
        asked = request.url.params
        assert (request.url.path, asked["user"]) == ("/v2/positions", WALLET)
        assert float(asked["filter_amount"]) == 0, "its own floor hides a tenth of a share"
        self.asked.append("positions")
        number = int(asked.get("cursor", "0"))
        cursor = str(number + 1) if number + 1 < len(self.pages) else None
        pagination = {"limit": 500, "offset": 0, "has_more": bool(cursor), "next_cursor": cursor}
        body = {"data": self.pages[number], "pagination": pagination}
        return httpx.Response(self.status, content=json.dumps(body))

    def event(self, request: httpx.Request) -> httpx.Response:
        slug = request.url.path.rsplit("/", 1)[1]
        self.asked.append(slug)
        if slug not in (ROUND, LATER):
            return httpx.Response(404, content=b'{"error":"not found"}')
        hour = "11:20:00" if slug == LATER else "11:10:00"
        ends = "11:25:00" if slug == LATER else "11:15:00"
        changes = {"eventStartTime": f"2026-05-12T{hour}Z", "endDate": f"2026-05-12T{ends}Z"}
        return httpx.Response(200, content=json.dumps(event(slug=slug, **changes)))

    def strange(self) -> StrangePositions:
        settings = HttpSettings(tries=1)
        data = DataApi(Http("http://data", settings, httpx.MockTransport(self.positions)))
        gamma = Gamma(Http("http://gamma", settings, httpx.MockTransport(self.event)))
        return StrangePositions(data, gamma, WALLET, self)  # type: ignore[arg-type]


async def test_rounds_that_are_over_on_every_page_and_once() -> None:
    """Both outcomes of one, one that is traded still, a market that is no round, one of ours."""
    gone = "btc-updown-5m-1778580000"
    venue = Venue(
        [
            [position("will-it-rain", 3), position(ROUND, 0.05, outcome="Down"), position("ours")],
            [position(ROUND), position(LATER), position(gone), position("")],
        ]
    )
    strange = venue.strange()
    found = await strange.rounds({"ours"})
    assert [one.slug for one in found] == [ROUND]
    assert venue.asked == ["positions", "positions", ROUND, LATER, gone]
    venue.asked.clear()
    assert await strange.rounds({"ours"}) == ()
    assert venue.asked == [], "it is minutes behind: not asked at every look"
    venue.at_ns += 600 * NS_PER_S
    assert [one.slug for one in await strange.rounds({"ours", ROUND})] == [LATER]
    assert venue.asked == ["positions", "positions", LATER], "what nobody lists is asked once"


@pytest.mark.parametrize("status", [429, 500, 400])
async def test_nobody_waits_for_an_index_that_does_not_answer(status: int) -> None:
    venue = Venue([[position(ROUND)]], status=status)
    strange = venue.strange()
    assert await strange.rounds(()) == ()
    venue.status, venue.at_ns = 200, venue.at_ns + 600 * NS_PER_S
    assert [one.slug for one in await strange.rounds(())] == [ROUND]

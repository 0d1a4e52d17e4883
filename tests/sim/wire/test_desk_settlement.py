"""Money and shares of strangers over HTTP: trades with a life, and what follows from them."""

from __future__ import annotations

from typing import Any

import pytest
from desk_venue import DeskVenue, frames_of
from stranger import Stranger

from polytui.model.instrument import Outcome

pytestmark = pytest.mark.trio
UP, DOWN = Outcome.UP, Outcome.DOWN
LATE_NS = 1_795_218_900 * 10**9
"""Five minutes to midnight."""


def bid(venue: DeskVenue, who: Stranger, **changes: Any) -> dict[str, Any]:
    """To buy ten Up at 0.52, resting."""
    return who.order(venue.token(UP), "BUY", 5.2, 10, **changes)


async def test_two_strangers_trade_and_both_are_told() -> None:
    venue = DeskVenue()
    async with venue.strangers(2) as (anna, bert):
        to_anna, to_bert = venue.listen(anna), venue.listen(bert)
        resting = await anna.place(bid(venue, anna))
        taken = await bert.place(bert.order(venue.token(DOWN), "BUY", 4.8, 10))
        assert (taken["status"], taken["makingAmount"], taken["takingAmount"]) == (
            "matched",
            "4.8",
            "10",
        )
        (trade_id,) = taken["tradeIDs"]
        (seen,) = (await anna.read("/data/trades"))["data"]
        assert (seen["id"], seen["trader_side"], seen["outcome"]) == (trade_id, "MAKER", "Down")
        assert seen["maker_orders"][0]["order_id"] == resting["orderID"]
        (own,) = (await bert.read("/data/trades", id=trade_id))["data"]
        assert own["trader_side"] == "TAKER"
        assert (await anna.read(f"/data/order/{resting['orderID']}"))["associate_trades"] == [
            trade_id
        ]
        venue.play(30)
        for heard in (to_anna, to_bert):
            statuses = [f["status"] for f in frames_of(heard) if f["event_type"] == "trade"]
            assert statuses == ["MATCHED", "MINED", "CONFIRMED"]
        changes = [f["type"] for f in frames_of(to_anna) if f["event_type"] == "order"]
        assert changes == ["PLACEMENT", "UPDATE"]


async def test_who_stops_beating_loses_his_orders() -> None:
    venue = DeskVenue()
    async with venue.strangers(2) as (anna, bert):
        for who in (anna, bert):
            await who.place(bid(venue, who))
        await anna.ask("POST", "/v1/heartbeats", {"heartbeat_id": ""})
        venue.play(9)
        assert (await anna.read("/data/orders"))["count"] == 1
        venue.play(7)
        assert (await anna.read("/data/orders"))["count"] == 0
        assert (await bert.read("/data/orders"))["count"] == 1


async def test_shares_of_one_contract_are_none_of_the_other() -> None:
    venue = DeskVenue()
    async with venue.strangers(2) as (anna, bert):
        asked = {"asset_type": "CONDITIONAL", "token_id": venue.token(UP)}
        assert (await anna.read("/balance-allowance", **asked))["balance"] == "0"
        await anna.place(bid(venue, anna))
        await bert.place(bert.order(venue.token(DOWN), "BUY", 4.8, 10))
        venue.play(30)
        token = venue.token(UP)
        # Nobody has to ask for a new look: the venue's own trades it sees.
        assert (await anna.read("/balance-allowance", **asked))["balance"] == "10000000"
        other = await anna.read("/balance-allowance", asset_type="CONDITIONAL-V2", token_id=token)
        assert other["balance"] == "0"


async def test_a_maker_gets_back_a_fifth_of_what_takers_paid() -> None:
    venue = DeskVenue(start_ns=LATE_NS)
    async with venue.strangers(2) as (anna, bert):
        await anna.place(bid(venue, anna))
        await bert.place(bert.order(venue.token(DOWN), "BUY", 4.8, 10))
        asked = {"date": "2026-11-20", "maker_address": anna.address}
        assert await anna.read("/rebates/current", **asked) == []
        venue.play(30)
        (row,) = await anna.read("/rebates/current", **asked)
        # 10 x 0.07 x 0.52 x 0.48 = 0.17472, floored at five decimals, and a fifth of it.
        assert row["rebated_fees_usdc"] == "0.034944"
        assert (row["condition_id"], row["maker_address"]) == (
            venue.round.condition_id,
            anna.wallet,
        )
        assert await anna.read("/rebates/current", **{**asked, "date": "2026-11-21"}) == []
        taker = {**asked, "maker_address": bert.address}
        assert await anna.read("/rebates/current", **taker) == []
        assert await anna.read("/rebates/current", **{**asked, "date": "2026-11-19"}) == []
        before = await anna.read("/balance-allowance/update", asset_type="COLLATERAL")
        venue.play(300)
        assert await anna.read("/rebates/current", **asked) == [row]
        after = await anna.read("/balance-allowance/update", asset_type="COLLATERAL")
        assert int(after["balance"]) - int(before["balance"]) == 34_944

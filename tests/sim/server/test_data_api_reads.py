"""The Data API over a world in which a few people did a few things."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from chain_yard import ANN, BOB, ChainYard, traded
from starlette.applications import Starlette

from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_S, Shares
from polytui.sim.exchange.calls import ApproveCall, MergeCall, SplitCall, TransferSharesCall
from polytui.sim.exchange.contracts import COLLATERAL_ADAPTER, CONDITIONAL_TOKENS, PUSD, ROUTER
from polytui.sim.exchange.data_index import IndexSettings
from polytui.sim.exchange.on_chain import OnChainSettings
from polytui.sim.wire.form.error_bodies import ERROR_HANDLERS
from polytui.sim.wire.polymarket import Polymarket

pytestmark = pytest.mark.trio

PROMPT = IndexSettings(
    lag_s=(0.0, 0.0), burst_s=1.0, trades_age_s=0, activity_age_s=0, positions_age_s=0
)


def client_of(yard: ChainYard) -> httpx.AsyncClient:
    polymarket = Polymarket(yard.world, on_chain=yard.yard)
    app = Starlette(routes=polymarket.mounts(), exception_handlers=ERROR_HANDLERS)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://venue/data-api")


@pytest.fixture
def yard() -> ChainYard:
    return ChainYard(OnChainSettings(index=PROMPT))


@pytest.fixture
async def http(yard: ChainYard) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(yard) as client:
        yield client


async def got(http: httpx.AsyncClient, path: str, **params: Any) -> Any:
    answer = await http.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def rows(http: httpx.AsyncClient, path: str, **params: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await got(http, path, **params))["data"]
    return found


def busy(yard: ChainYard) -> None:
    """Ann buys twice and sells once, Bob sells her Down; both do things on the chain."""
    traded(yard, 40, 10, fee=1_000, number=1)
    yard.play(3.0)
    traded(yard, 60, 30, fee=2_000, number=2)
    yard.play(3.0)
    traded(yard, 70, 20, side=Side.SELL, fee=500, number=3)
    yard.perform(BOB, SplitCall(COLLATERAL_ADAPTER, yard.first.condition_id, 10 * MICRO))
    yard.perform(BOB, MergeCall(COLLATERAL_ADAPTER, yard.first.condition_id, 4 * MICRO))
    yard.play(3.0)


async def test_a_position_is_the_sum_of_its_trades(
    yard: ChainYard, http: httpx.AsyncClient
) -> None:
    busy(yard)
    (row,) = await rows(http, "/v2/positions", user=ANN.upper().replace("0X", "0x"))
    assert row["token_id"] == yard.first.up_token
    assert row["current_size"] == 20
    assert row["avg_price"] == 0.55
    assert row["entry_cost_usdc"] == 11
    assert row["entry_fees_usdc"] == 0.0015
    assert row["total_cost_usdc"] == 11.0015
    assert row["total_size"] == 40
    assert row["realized_pnl"] == 2.9995
    assert row["unrealized_pnl"] == round(row["current_value"] - 11, 6)
    assert row["status"] == "OPEN"
    assert (row["redeemable"], row["mergeable"]) == (False, False)
    assert (row["outcome"], row["outcome_index"], row["opposite_outcome"]) == ("Up", 0, "Down")
    assert row["slug"] == row["event_slug"] == yard.first.slug
    assert isinstance(row["last_event_at"], int)
    assert isinstance(row["end_date"], str)


async def test_statuses_divide_what_is_held_from_what_was(
    yard: ChainYard, http: httpx.AsyncClient
) -> None:
    busy(yard)

    async def tokens(wallet: str, **params: Any) -> set[str]:
        return {row["outcome"] for row in await rows(http, "/v2/positions", user=wallet, **params)}

    assert await tokens(BOB) == {"Up", "Down"}
    assert await tokens(BOB, status="MERGEABLE") == {"Up", "Down"}
    assert await tokens(ANN, status="mergeable") == set()
    gift = TransferSharesCall(CONDITIONAL_TOKENS, BOB, ANN, yard.first.up_token, 6 * MICRO)
    yard.perform(BOB, gift)
    yard.play(3.0)
    assert await tokens(BOB) == {"Down"}
    assert await tokens(BOB, status="CLOSED") == {"Up"}
    yard.play_until_resolved()
    yard.play(3.0)
    winner = yard.world.status(yard.first.slug).winner
    assert winner is not None
    loser = winner.other.value.capitalize()
    assert await tokens(BOB, status="OPEN") == set()
    assert await tokens(BOB, status="REDEEMABLE") == {"Down"}
    assert await tokens(BOB, status="REDEEMABLE_LOST") == {"Down"} & {loser}
    assert await tokens(ANN, status="REDEEMABLE_LOST") == {"Up"} & {loser}


async def test_dust_is_left_out_unless_asked_for(yard: ChainYard, http: httpx.AsyncClient) -> None:
    yard.perform(ANN, SplitCall(COLLATERAL_ADAPTER, yard.first.condition_id, 99_999))
    yard.play(2.0)
    assert await rows(http, "/v2/positions", user=ANN) == []
    assert len(await rows(http, "/v2/positions", user=ANN, filter_amount="0")) == 2
    yard.perform(ANN, SplitCall(COLLATERAL_ADAPTER, yard.first.condition_id, 1))
    yard.play(2.0)
    assert len(await rows(http, "/v2/positions", user=ANN)) == 2
    assert await rows(http, "/v2/positions", user=ANN, filter_amount="0.11") == []
    dollars = {"filter_type": "CASH", "filter_amount": "0.06"}
    assert await rows(http, "/v2/positions", user=ANN, **dollars) == []


async def test_trades_are_takers_unless_asked_and_newest_first(
    yard: ChainYard, http: httpx.AsyncClient
) -> None:
    busy(yard)
    condition = yard.first.condition_id
    found = await rows(http, "/v2/trades", condition=condition)
    assert [(row["side"], row["price"], row["size"]) for row in found] == [
        ("SELL", 0.7, 20),
        ("BUY", 0.6, 30),
        ("BUY", 0.4, 10),
    ]
    assert {row["proxy_wallet"] for row in found} == {ANN}
    everybody = await rows(http, "/v2/trades", condition_id=condition, taker_only="false")
    assert len(everybody) == 6
    assert await rows(http, "/v2/trades", user=BOB) == []
    mine = await rows(http, "/v2/trades", user=BOB, taker_only="false", side="SELL")
    assert [(row["outcome"], row["price"]) for row in mine] == [("Down", 0.3)]
    big = await rows(http, "/v2/trades", user=ANN, filter_type="CASH", filter_amount="14")
    assert [row["size"] for row in big] == [20, 30]
    tokens = await rows(http, "/v2/trades", user=ANN, filter_type="TOKENS", filter_amount="20.5")
    assert [row["size"] for row in tokens] == [30]
    start = found[1]["timestamp"]
    assert len(await rows(http, "/v2/trades", user=ANN, start=start)) == 2
    assert len(await rows(http, "/v2/trades", user=ANN, end=start)) == 2


async def test_activity_tells_what_else_was_done(yard: ChainYard, http: httpx.AsyncClient) -> None:
    busy(yard)
    found = await rows(http, "/v2/activity", user=BOB)
    assert [row["type"] for row in found] == [
        "MERGE",
        "SPLIT",
        "TRADE",
        "TRADE",
        "TRADE",
        "DEPOSIT",
    ]
    assert [row["usdc_size"] for row in found] == [4, 10, 6, 12, 6, 100]
    assert all(row["transaction_hash"].startswith("0x") for row in found)
    risen = await rows(http, "/v2/activity", user=BOB, sort_direction="ASC")
    assert risen == found[::-1]
    some = await rows(http, "/v2/activity", user=BOB, type="SPLIT,MERGE")
    assert [row["type"] for row in some] == ["MERGE", "SPLIT"]
    without = await rows(http, "/v2/activity", user=BOB, exclude_deposits_withdrawals="true")
    assert "DEPOSIT" not in {row["type"] for row in without}
    assert {row["side"] for row in await rows(http, "/v2/activity", user=BOB, side="BUY")} == {
        "BUY"
    }


async def test_both_sides_of_a_redemption_have_a_row(
    yard: ChainYard, http: httpx.AsyncClient
) -> None:
    yard.perform(ANN, SplitCall(COLLATERAL_ADAPTER, yard.first.condition_id, 10 * MICRO))
    yard.play_until_resolved()
    yard.play(130.0)
    found = await rows(http, "/v2/activity", user=ANN, type="REDEEM")
    assert sorted(row["usdc_size"] for row in found) == [0, 10]
    assert {row["outcome"] for row in found} == {"Up", "Down"}
    closed = await rows(http, "/v2/positions", user=ANN, status="CLOSED")
    assert sorted(row["realized_pnl"] for row in closed) == [-5, 5]
    assert await got(http, "/v2/value", user=ANN) == {"data": {"proxy_wallet": ANN, "value": 0.0}}


async def test_pages_are_of_one_list_and_end(yard: ChainYard, http: httpx.AsyncClient) -> None:
    for number in range(7):
        traded(yard, 50, number + 1, number=number)
    yard.play(2.0)
    first = await got(http, "/v2/trades", user=ANN, limit=3)
    assert first["pagination"]["has_more"] is True
    # What happens now belongs to the next reader's list.
    traded(yard, 50, 99, number=99)
    yard.play(2.0)
    sizes = [row["size"] for row in first["data"]]
    cursor = first["pagination"]["next_cursor"]
    while cursor:
        page = await got(http, "/v2/trades", user=ANN, cursor=cursor, limit=1000)
        sizes += [row["size"] for row in page["data"]]
        cursor = page["pagination"]["next_cursor"]
        assert page["pagination"]["has_more"] == (cursor is not None)
    assert sizes == [7, 6, 5, 4, 3, 2, 1]
    assert (await rows(http, "/v2/trades", user=ANN))[0]["size"] == 99


@pytest.mark.parametrize(
    ("path", "params", "words"),
    [
        ("positions", {"user": ANN, "offset": 0}, "offset is not supported; use cursor"),
        ("positions", {"user": ANN, "colour": "red"}, "unknown parameter 'colour'"),
        ("positions", {"user": "0x12"}, "user is not a wallet address"),
        ("positions", {}, "user or exactly one condition is required"),
        ("positions", {"user": ANN, "status": "LOST"}, "status must be one of OPEN, REDEEMABLE"),
        ("positions", {"condition": "0x" + "ab" * 32, "status": "MERGEABLE"}, "requires user"),
        ("positions", {"user": ANN, "condition": "0xab"}, "condition is not valid"),
        (
            "positions",
            {"user": ANN, "filter_amount": "-1"},
            "must be a number that is not negative",
        ),
        ("positions", {"user": ANN, "filter_amount": "nan"}, "must be a number"),
        ("positions", {"user": ANN, "limit": 1001}, "limit must be from 1 to 1000"),
        ("positions", {"user": ANN, "limit": 0}, "limit must be from 1 to 1000"),
        ("positions", {"user": ANN, "cursor": "????"}, "cursor is not valid"),
        ("positions", {"user": ANN, "cursor": "e30="}, "cursor is not valid"),
        ("positions", {"user": ANN, "start": 5, "end": 4}, "end is before start"),
        ("positions", {"user": ANN, "start": "now"}, "start must be seconds"),
        ("positions", {"user": ANN, "event_id": "x"}, "event_id is not valid"),
        ("trades", {"side": "HOLD"}, "side must be one of BUY, SELL"),
        ("trades", {"taker_only": "maybe"}, "taker_only must be one of true, false"),
        ("trades", {"condition": "0x" + "ab" * 32, "event_id": "1"}, "not both"),
        ("activity", {}, "user is required"),
        ("activity", {"user": ANN, "type": "TRADE,THEFT"}, "type must be among TRADE"),
        ("value", {}, "user is required"),
        ("holders", {}, "condition is required"),
        ("resolutions", {}, "give one of condition, question_id and event_id"),
        ("resolutions", {"condition": "0xabc"}, "condition is not valid"),
        ("approvals", {"user": ""}, "user is required"),
        ("prices-history", {"token_id": "1"}, "give one of interval, start and as_of"),
        ("prices-history", {"interval": "1h"}, "token_id is required"),
        ("prices-history", {"token_id": "1", "interval": "2h"}, "interval must be one of"),
        (
            "prices-history",
            {"token_id": "1", "interval": "1w", "bucket_seconds": 60},
            "bucket_seconds must be from 300",
        ),
        ("tokens", {}, "give one of token_id and condition"),
        ("oi", {"condition": ",".join("0x" + f"{n:064x}" for n in range(21))}, "at most 20"),
    ],
)
async def test_what_is_not_understood_is_refused_in_words(
    http: httpx.AsyncClient, path: str, params: dict[str, Any], words: str
) -> None:
    answer = await http.get(f"/v2/{path}", params=params)
    assert answer.status_code == 400
    body = answer.json()
    assert words in body["error"]
    assert set(body) == {"error", "code", "retryable", "trace_id"}
    assert body["retryable"] is False


async def test_two_values_for_one_filter_are_none(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"/v2/positions?user={ANN}&user={BOB}")
    assert answer.status_code == 400
    assert answer.json()["error"] == "user is given more than once"


async def test_a_cursor_of_another_query_is_refused(
    yard: ChainYard, http: httpx.AsyncClient
) -> None:
    for number in range(3):
        traded(yard, 50, 1, number=number)
    yard.play(2.0)
    page = await got(http, "/v2/trades", user=ANN, limit=1)
    cursor = page["pagination"]["next_cursor"]
    answer = await http.get("/v2/trades", params={"user": BOB, "cursor": cursor})
    assert answer.status_code == 400
    assert answer.json()["error"] == "cursor does not belong to this query"


async def test_caches_on_the_way_tell_old_answers_until_they_are_too_old() -> None:
    yard = ChainYard(OnChainSettings(index=IndexSettings(lag_s=(0.0, 0.0), burst_s=1.0)))
    async with client_of(yard) as http:
        assert await rows(http, "/v2/activity", user=ANN) == []
        yard.play(14.0)
        stale = await http.get("/v2/activity", params={"user": ANN})
        assert stale.json()["data"] == []
        assert stale.headers["cache-control"] == "public, max-age=15"
        assert stale.headers["age"] == "14"
        yard.play(1.1)
        fresh = await http.get("/v2/activity", params={"user": ANN})
        assert len(fresh.json()["data"]) == 1
        assert fresh.headers["age"] == "0"
        trades = await http.get("/v2/trades", params={"user": ANN})
        assert trades.headers["cache-control"] == "public, max-age=300"


async def test_resolutions_come_with_the_index(http: httpx.AsyncClient) -> None:
    late = ChainYard(OnChainSettings(index=IndexSettings(lag_s=(100.0, 100.0))))
    async with client_of(late) as slow:
        condition = late.first.condition_id
        late.play_until_resolved()
        assert await rows(slow, "/v2/resolutions", condition=condition) == []
        late.play(120.0)
        (row,) = await rows(slow, "/v2/resolutions", condition_id=condition)
    winner = late.world.status(late.first.slug).winner
    assert winner is not None
    assert row["payouts"] == ([MICRO, 0] if winner.value == "up" else [0, MICRO])
    assert (row["status"], row["reporter"]) == ("resolved", "CHAINLINK")
    assert row["was_disputed"] is False
    assert await rows(http, "/v2/resolutions", condition="0x" + "ab" * 32) == []


async def test_every_approval_is_listed_once_given_or_not(
    yard: ChainYard, http: httpx.AsyncClient
) -> None:
    yard.perform(ANN, ApproveCall(PUSD, ROUTER, 5))
    stranger = "0x" + "12" * 20
    for wallet, is_given in ((ANN, True), (stranger, False)):
        data = (await got(http, "/v2/approvals", user=wallet))["data"]
        assert (data["address"], data["chain_id"]) == (wallet, 137)
        pairs = [(one["token"], one["spender"]) for one in data["contracts"]]
        assert len(pairs) == len(set(pairs)) == 18
        assert {one["approved"] for one in data["contracts"]} == {is_given}
        amounts = {one["spender"]: one.get("amount") for one in data["contracts"]}
        assert amounts[ROUTER] is None or is_given
        (router,) = [
            one for one in data["contracts"] if (one["token"], one["spender"]) == (PUSD, ROUTER)
        ]
        assert router["amount"] == ("5" if is_given else "0")


async def test_interest_holders_and_volumes(yard: ChainYard, http: httpx.AsyncClient) -> None:
    busy(yard)
    condition = yard.first.condition_id
    assert await rows(http, "/v2/oi") == [{"condition_id": "GLOBAL", "value": 6.0}]
    assert await rows(http, "/v2/oi", condition=condition) == [
        {"condition_id": condition, "value": 6.0}
    ]
    found = await rows(http, "/v2/holders", condition=condition)
    held = {
        (row["token_id"], one["proxy_wallet"]): one["amount"]
        for row in found
        for one in row["holders"]
    }
    first = yard.first
    assert held == {
        (first.up_token, ANN): 20,
        (first.up_token, BOB): 6,
        (first.down_token, BOB): 26,
    }
    volume = (await got(http, "/v2/user-volume", user=ANN))["data"]
    assert volume == {"volume": 60.0, "volume_usdc": 36.0, "trade_count": 3}
    assert (await got(http, "/v2/user-stats", user="0x" + "12" * 20))["data"] is None
    tokens = await rows(http, "/v2/tokens", token_id=first.down_token)
    assert [(row["outcome"], row["outcome_index"], row["module"]) for row in tokens] == [
        ("Down", 1, "v1_ctf")
    ]
    status = (await got(http, "/v2/status"))["data"]
    assert status["lag_seconds"] <= 2


async def test_the_first_version_is_gone_and_can_be_had_back(yard: ChainYard) -> None:
    async with client_of(yard) as http:
        answer = await http.get("/positions", params={"user": ANN})
        assert answer.status_code == 410
        assert answer.json()["code"] == "gone"
    old = ChainYard(
        OnChainSettings(index=IndexSettings(lag_s=(0.0, 0.0), burst_s=1.0, has_v1=True))
    )
    busy(old)
    async with client_of(old) as http:
        (row,) = (await http.get("/positions", params={"user": ANN})).json()
        assert (row["proxyWallet"], row["size"], row["avgPrice"]) == (ANN, 20, 0.55)


async def test_prices_of_minutes_as_far_as_they_are_indexed(yard: ChainYard) -> None:
    async with client_of(yard) as http:
        token = yard.first.up_token
        nothing = await got(http, "/v2/prices-history", token_id=token, interval="1h")
        assert nothing["data"] == []
        now_s = yard.world.now_ns // NS_PER_S
        asked = {"token_id": "123", "start": now_s - 60, "end": now_s}
        assert (await got(http, "/v2/prices-history", **asked))["data"] == []


async def test_rankings_are_of_what_was_made(yard: ChainYard, http: httpx.AsyncClient) -> None:
    busy(yard)
    found = await rows(http, "/v2/leaderboard", time_period="all")
    # Ann gained three dollars less a fee. Bob sold 20 of Down at 30 cents that had cost 45, then
    # made sets, and melted 4 at 50 cents that cost 46 and two thirds by then.
    assert [(row["rank"], row["user_id"], row["pnl"]) for row in found] == [
        (1, ANN, 2.9995),
        (2, BOB, -2.866666),
    ]
    by_volume = await rows(http, "/v2/leaderboard", sort_by="VOLUME")
    assert {row["volume"] for row in by_volume} == {60}
    one = (await got(http, "/v2/leaderboard", user=BOB))["data"]
    assert (one["rank_pnl"], one["pnl"]) == (2, -2.866666)
    assert (await got(http, "/v2/leaderboard", user="0x" + "12" * 20))["data"] is None
    assert await rows(http, "/v2/biggest-winners") == []
    series = (await got(http, "/v2/user-pnl", user=ANN, interval="max"))["data"]
    assert series["points"][-1]["realized_pnl"] == 2.9995
    assert series["points"][-1]["trade_count"] == 3
    assert await rows(http, "/v2/builders/leaderboard") == []
    assert (await got(http, "/v2/builders/volume", limit=5))["data"] == []
    for path, params in (
        ("leaderboard", {"time_period": "year"}),
        ("user-pnl", {}),
        ("user-pnl", {"user": ANN, "fidelity": "1m"}),
        ("builders/volume", {"limit": 91}),
    ):
        assert (await http.get(f"/v2/{path}", params=params)).status_code == 400


async def test_a_round_that_was_won_stands_among_the_winners(
    yard: ChainYard, http: httpx.AsyncClient
) -> None:
    traded(yard, 40, 10)
    yard.holdings.split(ANN, yard.first, Shares(10 * MICRO))
    yard.holdings.transfer_shares(ANN, BOB, yard.first.down_token, Shares(10 * MICRO))
    yard.play_until_resolved()
    yard.play(130.0)
    winner = yard.world.status(yard.first.slug).winner
    (row,) = await rows(http, "/v2/biggest-winners", time_period="day")
    is_up = winner is not None and winner.value == "up"
    assert row["user_id"] == (ANN if is_up else BOB)
    assert row["pnl"] == (6 if is_up else 4)
    assert (row["kind"], row["win_rank"]) == ("market", 1)

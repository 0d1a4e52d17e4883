"""The private routes over ASGI: strangers who sign for themselves, a real back office behind."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from desk_venue import DeskVenue
from stranger import Stranger

from polytui.model.instrument import Outcome
from polytui.sim.wire.desk.desk_troubles import ENDLESS

pytestmark = pytest.mark.trio
UP, DOWN = Outcome.UP, Outcome.DOWN
NOBODY = "0x" + "00" * 32


def bid(venue: DeskVenue, who: Stranger, **changes: Any) -> dict[str, Any]:
    """To buy ten Up at 0.52, resting."""
    return who.order(venue.token(UP), "BUY", 5.2, 10, **changes)


async def refused(
    who: Stranger, method: str, path: str, document: Any = None, **params: Any
) -> Any:
    answer = await who.ask(method, path, document, **params)
    assert answer.status_code != 200
    assert answer.headers["content-type"] == "application/json"
    return answer.status_code, answer.json()


async def test_an_order_rests_is_read_and_is_cancelled() -> None:
    venue = DeskVenue()
    async with venue.strangers(2) as (anna, bert):
        placed = await anna.place(bid(venue, anna))
        order_id = placed["orderID"]
        assert (placed["status"], placed["makingAmount"]) == ("live", "")
        page = await anna.read("/data/orders")
        assert [one["id"] for one in page.pop("data")] == [order_id]
        assert page == {"limit": 100, "count": 1, "next_cursor": "LTE="}
        one = await anna.read(f"/data/order/{order_id}")
        assert (one["status"], one["price"], one["original_size"]) == ("LIVE", "0.52", "10")
        assert one["maker_address"] == anna.wallet
        assert await anna.read(f"/order/{order_id}") == one
        # Nobody else sees it, and nobody else can take it away.
        assert (await bert.read("/data/orders"))["data"] == []
        assert await refused(bert, "GET", f"/data/order/{order_id}") == (
            404,
            {"error": "Order not found"},
        )
        answer = await bert.ask("DELETE", "/order", {"orderID": order_id})
        assert answer.json()["canceled"] == []
        answer = await anna.ask("DELETE", "/order", {"orderID": order_id.upper().replace("X", "x")})
        assert answer.json() == {"canceled": [order_id], "not_canceled": {}}
        assert (await anna.read("/data/orders"))["data"] == []
        (gone,) = (await anna.read("/data/orders", id=order_id))["data"]
        assert gone["status"] == "CANCELED"


async def test_open_orders_can_be_asked_by_market_and_token() -> None:
    venue = DeskVenue()
    async with venue.strangers(1) as (anna,):
        up = (await anna.place(bid(venue, anna)))["orderID"]
        down = await anna.place(anna.order(venue.token(DOWN), "BUY", 1, 10))
        for asked, expected in (
            ({"market": venue.round.condition_id}, {up, down["orderID"]}),
            ({"market": "0x" + "ab" * 32}, set()),
            ({"asset_id": venue.token(UP)}, {up}),
            ({"id": up, "asset_id": venue.token(DOWN)}, set()),
        ):
            page = await anna.read("/data/orders", **asked)
            assert {one["id"] for one in page["data"]} == expected, asked


async def test_many_orders_come_in_pages_the_newest_first() -> None:
    venue = DeskVenue()
    async with venue.strangers(1, dollars=10_000) as (anna,):
        placed: list[str] = []
        for _ in range(7):
            answers = await anna.place(*[bid(venue, anna) for _ in range(15)])
            placed += [one["orderID"] for one in answers]
        first = await anna.read("/data/orders", next_cursor="MA==")
        last = await anna.read("/data/orders", next_cursor=first["next_cursor"])
        assert (first["count"], last["count"], last["next_cursor"]) == (100, 5, "LTE=")
        ids = [one["id"] for one in first["data"] + last["data"]]
        assert sorted(ids) == sorted(placed)
        assert set(ids[-15:]) == set(placed[:15])


async def test_trades_can_be_asked_by_every_name() -> None:
    venue = DeskVenue()
    async with venue.strangers(3) as (anna, bert, carl):
        await anna.place(bid(venue, anna))
        second = venue.now_s
        taken = await bert.place(bert.order(venue.token(DOWN), "BUY", 4.8, 10))
        (trade_id,) = taken["tradeIDs"]
        for asked, found in (
            ({"id": trade_id}, 1),
            ({"id": "other"}, 0),
            ({"market": venue.round.condition_id}, 1),
            ({"market": "0x" + "ab" * 32}, 0),
            ({"asset_id": venue.token(UP)}, 1),
            ({"asset_id": venue.token(DOWN)}, 1),
            ({"asset_id": "5"}, 0),
            ({"maker_address": anna.address}, 1),
            ({"maker_address": "0x" + "ab" * 20}, 0),
            ({"before": second + 100}, 1),
            ({"before": second - 100}, 0),
            ({"after": second - 100}, 1),
            ({"after": (second - 100) * 1000}, 1),
            ({"after": second + 100}, 0),
            ({"after": second - 100, "before": second + 100, "market": ""}, 1),
        ):
            page = await bert.read("/data/trades", **asked)
            assert page["count"] == len(page["data"]) == found, asked
        assert (await carl.read("/data/trades", id=trade_id))["data"] == []
        match_s = int((await bert.read("/data/trades"))["data"][0]["match_time"])
        assert (await bert.read("/data/trades", after=match_s))["count"] == 0
        assert (await bert.read("/data/trades", before=match_s))["count"] == 0
        assert (await bert.read("/data/trades", after=match_s - 1, before=match_s + 1))[
            "count"
        ] == 1


@pytest.mark.parametrize(
    ("method", "path", "document", "params", "words"),
    [
        ("GET", "/data/orders", None, {"market": "btc"}, "Invalid market"),
        ("GET", "/data/orders", None, {"asset_id": "0xab"}, "Invalid token id"),
        ("GET", "/data/orders", None, {"id": "7"}, "Invalid orderID"),
        ("GET", "/data/orders", None, {"colour": "red"}, "invalid order params payload"),
        ("GET", "/data/orders", None, {"next_cursor": "%"}, "Invalid next_cursor"),
        ("GET", "/data/trades", None, {"before": "noon"}, "Invalid trade params payload"),
        ("GET", "/data/trades", None, {"maker_address": "0x1"}, "Invalid trade params payload"),
        ("GET", "/data/trades", None, {"size": "1"}, "Invalid trade params payload"),
        ("GET", "/data/order/7", None, {}, "Invalid orderID"),
        ("DELETE", "/order", None, {}, "Invalid order payload"),
        ("DELETE", "/order", {"orderID": 7}, {}, "Invalid order payload"),
        ("DELETE", "/order", {"orderID": "7"}, {}, "Invalid orderID"),
        ("DELETE", "/orders", ["7"], {}, "Invalid orderID"),
        ("DELETE", "/orders", {"orderID": NOBODY}, {}, "Invalid order payload"),
        (
            "DELETE",
            "/orders",
            [NOBODY] * 1001,
            {},
            "Too many orders in payload, max allowed: 1000",
        ),
        ("DELETE", "/cancel-market-orders", {}, {}, "Invalid order payload"),
        ("DELETE", "/cancel-market-orders", {"market": "btc"}, {}, "Invalid market"),
        ("DELETE", "/cancel-market-orders", {"asset_id": "-1"}, {}, "Invalid token id"),
        ("GET", "/balance-allowance", None, {}, "Invalid asset type"),
        ("GET", "/balance-allowance", None, {"asset_type": "GOLD"}, "Invalid asset type"),
        ("GET", "/balance-allowance", None, {"asset_type": "CONDITIONAL"}, "Invalid token id"),
        (
            "GET",
            "/balance-allowance",
            None,
            {"asset_type": "COLLATERAL", "signature_type": "4"},
            "Invalid signature_type",
        ),
        ("GET", "/notifications", None, {"signature_type": "x"}, "Invalid signature_type"),
        ("DELETE", "/notifications", None, {"ids": "1,b"}, "Invalid payload"),
        ("DELETE", "/notifications", None, {}, "Invalid payload"),
        ("POST", "/v1/heartbeats", [1], {}, "Invalid payload"),
        ("GET", "/order-scoring", None, {}, "Invalid orderID"),
        ("POST", "/orders-scoring", {"a": 1}, {}, "Invalid payload"),
        ("GET", "/rewards/user", None, {"date": "2026-13-01"}, "Invalid date"),
        ("GET", "/rewards/user", None, {"date": "20261120"}, "Invalid date"),
        ("GET", "/rewards/user/total", None, {}, "Invalid date"),
        (
            "GET",
            "/rewards/user/markets",
            None,
            {"date": "2026-11-20", "page_size": "501"},
            "Invalid payload",
        ),
        ("GET", "/rewards/markets/multi", None, {"flavour": "1"}, "Invalid payload"),
        ("GET", "/rebates/current", None, {"date": "2026-11-20"}, "Invalid maker address"),
        ("GET", "/builder/trades", None, {}, "Invalid builder code"),
        ("GET", "/builder/trades", None, {"builder_code": NOBODY}, "Invalid builder code"),
    ],
)
async def test_what_is_wrong_is_said_in_words(
    method: str, path: str, document: Any, params: dict[str, str], words: str
) -> None:
    async with DeskVenue().strangers(1) as (anna,):
        assert await refused(anna, method, path, document, **params) == (400, {"error": words})


PRIVATE = [
    ("POST", "/order"),
    ("POST", "/orders"),
    ("DELETE", "/order"),
    ("DELETE", "/orders"),
    ("DELETE", "/cancel-all"),
    ("DELETE", "/cancel-market-orders"),
    ("GET", "/data/orders"),
    ("GET", f"/data/order/{NOBODY}"),
    ("GET", f"/order/{NOBODY}"),
    ("GET", "/data/trades"),
    ("GET", "/data/pre-migration-orders"),
    ("GET", "/balance-allowance"),
    ("GET", "/balance-allowance/update"),
    ("GET", "/notifications"),
    ("DELETE", "/notifications"),
    ("POST", "/v1/heartbeats"),
    ("POST", "/heartbeats"),
    ("GET", "/order-scoring"),
    ("POST", "/orders-scoring"),
    ("GET", "/rewards/user"),
    ("GET", "/rewards/user/total"),
    ("GET", "/rewards/user/percentages"),
    ("GET", "/rewards/user/markets"),
]


async def test_every_private_route_asks_who_it_is() -> None:
    async with DeskVenue().strangers(1) as (anna,):
        anna.credentials = {**anna.credentials, "passphrase": "x"}
        for method, path in PRIVATE:
            document = {"owner": "x"} if method != "GET" else None
            answer = await refused(anna, method, path, document)
            assert answer == (401, {"error": "Unauthorized/Invalid api key"}), path


async def test_a_batch_has_an_answer_for_each_in_their_order() -> None:
    venue = DeskVenue()
    async with venue.strangers(2) as (anna, bert):
        await anna.place(bid(venue, anna))
        crossing = bert.order(venue.token(DOWN), "BUY", 4.8, 10, postOnly=True)
        forged = bid(venue, bert)
        forged["order"]["makerAmount"] = "5300000"
        answers = await bert.place(bid(venue, bert), crossing, forged, bid(venue, bert))
        assert [one["status"] for one in answers] == ["live", "", "", "live"]
        assert [one["success"] for one in answers] == [True, False, True, True]
        assert answers[1]["errorMsg"] == "invalid post-only order: order crosses book"
        assert answers[2]["errorMsg"]
        assert len((await bert.read("/data/orders"))["data"]) == 2
        answer = await refused(bert, "POST", "/orders", [bid(venue, bert)] * 16)
        assert answer == (400, {"error": "Too many orders in payload: 16, max allowed: 15"})


async def test_cancels_take_ones_own_of_a_key_of_a_market_or_all() -> None:
    venue = DeskVenue()
    async with venue.strangers(2) as (anna, bert):
        other = (await bert.place(bid(venue, bert)))["orderID"]
        up = (await anna.place(bid(venue, anna)))["orderID"]
        down = (await anna.place(anna.order(venue.token(DOWN), "BUY", 1, 10)))["orderID"]
        market = {"market": venue.round.condition_id, "asset_id": venue.token(DOWN)}
        answer = await anna.ask("DELETE", "/cancel-market-orders", market)
        assert answer.json()["canceled"] == [down]
        answer = await anna.ask("DELETE", "/orders", [up, up, other, NOBODY])
        assert answer.json()["canceled"] == [up]
        assert set(answer.json()["not_canceled"]) == {other, NOBODY}
        again = (await anna.place(bid(venue, anna)))["orderID"]
        answer = await anna.ask("DELETE", "/cancel-all")
        assert answer.json() == {"canceled": [again], "not_canceled": {}}
        assert (await bert.read("/data/orders"))["count"] == 1


async def test_orders_of_a_key_that_is_gone_are_still_the_accounts() -> None:
    venue = DeskVenue()
    async with venue.strangers(2) as (anna, bert):
        first, second, third = [(await anna.place(bid(venue, anna)))["orderID"] for _ in range(3)]
        await anna.ask("DELETE", "/auth/api-key")
        await anna.come_in()
        fresh = (await anna.place(bid(venue, anna)))["orderID"]
        answer = await bert.ask("DELETE", "/order", {"orderID": first})
        assert answer.json()["canceled"] == []
        answer = await anna.ask("DELETE", "/order", {"orderID": first})
        assert answer.json()["canceled"] == [first]
        answer = await anna.ask("DELETE", "/orders", [second, fresh])
        assert set(answer.json()["canceled"]) == {second, fresh}
        answer = await anna.ask("DELETE", "/cancel-all")
        assert answer.json()["canceled"] == []
        market = {"market": venue.round.condition_id}
        answer = await anna.ask("DELETE", "/cancel-market-orders", market)
        assert answer.json()["canceled"] == [third]


async def test_the_region_is_asked_before_who_it_is() -> None:
    venue = DeskVenue()
    async with venue.strangers(1) as (anna,):
        venue.geoblock.turn("blocked")
        anna.credentials = {**anna.credentials, "passphrase": "x"}
        for path, document in (("/order", {}), ("/orders", [])):
            assert (await refused(anna, "POST", path, document))[0] == 403
        assert (await refused(anna, "DELETE", "/cancel-all"))[0] == 401


async def test_troubles_end_a_post_in_their_own_way() -> None:
    venue = DeskVenue()
    async with venue.strangers(1) as (anna,):
        for kind, words, is_placed in (
            ("timed_out", "order timed out", False),
            ("not_inserted", "could not insert order", False),
            ("unknown", "could not run the execution", True),
        ):
            venue.desk.troubles.begin(kind, 1, float("inf"))
            before = (await anna.read("/data/orders"))["count"]
            answer = await refused(anna, "POST", "/order", bid(venue, anna))
            assert answer == (500, {"error": words})
            assert (await anna.read("/data/orders"))["count"] == before + is_placed
        assert (await anna.place(bid(venue, anna)))["status"] == "live"


async def test_a_delayed_order_reaches_the_book_later(autojump_clock: Any) -> None:
    venue = DeskVenue()
    async with venue.strangers(1) as (anna,):
        venue.desk.troubles.begin("delay", ENDLESS, float("inf"), 40_000)
        began = trio.current_time()
        assert (await anna.place(bid(venue, anna)))["status"] == "live"
        assert trio.current_time() - began >= 40


async def test_a_world_that_stands_still_leaves_the_outcome_open(autojump_clock: Any) -> None:
    venue = DeskVenue()
    async with venue.strangers(1) as (anna,):
        venue.stands_still = True
        answer = await refused(anna, "POST", "/order", bid(venue, anna))
        assert answer == (500, {"error": "could not run the execution"})
        venue.stands_still = False
        venue.play(1)
        assert (await anna.read("/data/orders"))["count"] == 1


async def test_a_balance_is_that_of_the_wallet_the_type_stands_for() -> None:
    venue = DeskVenue()
    async with venue.strangers(1) as (anna,):
        safe = venue.wallets.wallet_of(anna.wallet, 2)
        assert safe is not None
        venue.fund(safe, 7)
        for signature_type, micro in ((0, 1_000_000_000), (1, 0), (2, 7_000_000), (3, 0)):
            asked = {"asset_type": "COLLATERAL", "signature_type": signature_type}
            found = await anna.read("/balance-allowance", **asked)
            assert found["balance"] == str(micro)
        assert found["allowances"].keys() == {
            "0xE111180000d2663C0091e4f400237545B87B996B",
            "0xe2222d279d744050d28e00520010520000310F59",
            "0xe3333700cA9d93003F00f0F71f8515005F6c00Aa",
        }


async def test_a_balance_is_a_picture_until_it_is_updated() -> None:
    venue = DeskVenue()
    asked: dict[str, Any] = {"asset_type": "COLLATERAL"}
    async with venue.strangers(1) as (anna,):
        await anna.read("/balance-allowance", **asked)
        venue.fund(anna.wallet, 5)
        assert (await anna.read("/balance-allowance", **asked))["balance"] == "1000000000"
        updated = await anna.read("/balance-allowance/update", **asked)
        assert updated["balance"] == "1005000000"
        assert (await anna.read("/balance-allowance", **asked))["balance"] == "1005000000"


async def test_heartbeats_are_a_chain() -> None:
    async with DeskVenue().strangers(1) as (anna,):
        first = (await anna.ask("POST", "/v1/heartbeats", {"heartbeat_id": ""})).json()
        second = (await anna.ask("POST", "/v1/heartbeats", first)).json()
        assert first["heartbeat_id"] != second["heartbeat_id"]
        expected = {"error_msg": "Invalid Heartbeat ID", **second}
        for wrong in (first, {"heartbeat_id": ""}, {"heartbeat_id": "x"}, {}):
            assert await refused(anna, "POST", "/v1/heartbeats", wrong) == (400, expected)
        assert (await anna.ask("POST", "/v1/heartbeats", second)).status_code == 200
        assert (await anna.ask("POST", "/heartbeats")).json() == {"status": "ok"}


async def test_letters_are_read_and_thrown_away() -> None:
    venue = DeskVenue()
    async with venue.strangers(2) as (anna, bert):
        for _ in range(2):
            placed = await anna.place(bid(venue, anna))
            await anna.ask("DELETE", "/order", {"orderID": placed["orderID"]})
        letters = await anna.read("/notifications", signature_type=0)
        assert [(one["id"], one["type"]) for one in letters] == [(2, 1), (1, 1)]
        assert letters[0]["owner"] == anna.credentials["apiKey"]
        assert letters[0]["payload"]["order_id"] == placed["orderID"]
        await bert.ask("DELETE", "/notifications", ids="1,2")
        answer = await anna.ask("DELETE", "/notifications", ids="2,77", signature_type="0")
        assert answer.json() == "OK"
        assert [one["id"] for one in await anna.read("/notifications")] == [1]
        assert await bert.read("/notifications") == []


async def test_an_order_scores_that_is_large_near_and_old_enough() -> None:
    venue = DeskVenue()
    venue.sell_shown(0.54, 500)
    async with venue.strangers(2) as (anna, bert):
        ids = []
        for making, taking in ((26, 50), (25.48, 49), (24, 50)):
            order = anna.order(venue.token(UP), "BUY", making, taking)
            ids.append((await anna.place(order))["orderID"])
        near = ids[0]
        assert await anna.read("/order-scoring", order_id=near) == {"scoring": False}
        venue.play(31)
        assert await anna.read("/order-scoring", order_id=near) == {"scoring": True}
        assert await bert.read("/order-scoring", order_id=near) == {"scoring": False}
        answer = await anna.ask("POST", "/orders-scoring", [*ids, NOBODY])
        # 49 shares are too few, and 0.48 is 5 cents from the middle of 0.53.
        assert answer.json() == dict(zip([*ids, NOBODY], [True, False, False, False], strict=True))


async def test_pools_and_earnings_are_empty_in_the_shape_that_clients_read() -> None:
    venue = DeskVenue()
    day = {"date": "2026-11-20", "signature_type": "0"}
    page = {"limit": 100, "count": 0, "next_cursor": "LTE=", "data": []}
    condition = venue.round.condition_id
    async with venue.strangers(1) as (anna,):
        for path, params, expected in (
            ("/rewards/markets/current", {"sponsored": "true"}, page),
            (f"/rewards/markets/{condition}", {}, page),
            ("/rewards/markets/multi", {"page_size": "100", "tag_slug": ["a", "b"]}, page),
            ("/rewards/user", {**day, "next_cursor": "MA=="}, page),
            ("/rewards/user/total", day, []),
            ("/rewards/user/percentages", {"signature_type": "0"}, {}),
            (
                "/rewards/user/markets",
                {**day, "order_by": "", "position": "", "no_competition": "False"},
                {**page, "total_count": 0},
            ),
            ("/data/pre-migration-orders", {"next_cursor": "MA=="}, page),
        ):
            assert await anna.read(path, **params) == expected, path
        unknown = f"/rewards/markets/0x{'ab' * 32}"
        assert await refused(anna, "GET", unknown) == (404, {"error": "market not found"})


async def test_trades_are_found_by_their_builder() -> None:
    venue = DeskVenue()
    code = "0x" + "B7" * 32
    async with venue.strangers(2) as (anna, bert):
        await anna.place(bid(venue, anna))
        await bert.place(bert.order(venue.token(DOWN), "BUY", 2.4, 5, builder=code))
        await bert.place(bert.order(venue.token(DOWN), "BUY", 2.4, 5))
        page = await anna.read("/builder/trades", builder_code=code)
        (row,) = page["data"]
        assert (row["size"], row["sizeUsdc"], row["builder"]) == ("5", "2.4", code.lower())
        assert page["next_cursor"] == "LTE="
        none = await anna.read("/builder/trades", builder_code=code, market="0x" + "ab" * 32)
        assert none["data"] == []

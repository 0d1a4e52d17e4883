"""The account's reads, cancels and beats at the byte level, and what nonsense becomes."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import trio
from clob_desk import API_SECRET, CONDITION, KEY, NOW_S, UP, WALLET, Desk, says, signed, taken
from hypothesis import given
from hypothesis import strategies as st

from polytui.model.errors import Fatal, Rejected, Restricted, Retry, Unknown
from polytui.net.clock import machine_s
from polytui.venues.polymarket.api_keys import api_key_of
from polytui.venues.polymarket.clob_account import ClobAccount
from polytui.venues.polymarket.clob_answers import PostStatus, amounts
from polytui.venues.polymarket.clob_auth import l2_headers
from polytui.venues.polymarket.geoblock import place_of

OURS = (Retry, Rejected, Unknown, Fatal)
END = "LTE="


def order_row(order_id: str = "0xff", **changes: Any) -> dict[str, Any]:
    return {
        "id": order_id,
        "status": "LIVE",
        "owner": KEY.key,
        "maker_address": WALLET.funder,
        "market": CONDITION,
        "asset_id": UP,
        "side": "BUY",
        "original_size": "10",
        "size_matched": "2.5",
        "price": "0.52",
        "outcome": "Up",
        "expiration": "0",
        "order_type": "GTC",
        "associate_trades": [],
        "created_at": NOW_S,
        **changes,
    }


def trade_row(trade_id: str = "t1", **changes: Any) -> dict[str, Any]:
    return {
        "id": trade_id,
        "taker_order_id": "0x06",
        "market": CONDITION,
        "asset_id": UP,
        "side": "BUY",
        "size": "10",
        "price": "0.57",
        "status": "TRADE_STATUS_CONFIRMED",
        "match_time": str(NOW_S),
        "last_update": str(NOW_S + 8),
        "owner": KEY.key,
        "maker_orders": [],
        "trader_side": "TAKER",
        **changes,
    }


def page(rows: list[Any], next_cursor: Any = END) -> dict[str, Any]:
    return {"limit": 100, "count": len(rows), "next_cursor": next_cursor, "data": rows}


# --- what is sent ---------------------------------------------------------------------------------


@pytest.mark.trio
async def test_a_request_is_signed_over_its_bytes_at_the_moment_it_leaves() -> None:
    one = signed()
    desk = Desk(says(200, taken(one)))
    await desk.account.post(one)
    (request,) = desk.asked
    assert (request.method, request.url.path) == ("POST", "/order")
    assert request.content == one.body(KEY.key)
    second = int(request.headers["poly_timestamp"])
    assert 0 <= machine_s() - second <= 30, "by this machine's clock, whatever time it is there"
    wanted = l2_headers(KEY, WALLET.owner, second, "POST", "/order", request.content)
    assert {name: request.headers[name] for name in wanted} == wanted


@pytest.mark.trio
async def test_a_query_is_no_part_of_what_is_signed() -> None:
    desk = Desk(says(200, page([])))
    await desk.account.open_orders(CONDITION, UP)
    (request,) = desk.asked
    assert parse_qs(request.url.query.decode()) == {"market": [CONDITION], "asset_id": [UP]}
    second = int(request.headers["poly_timestamp"])
    wanted = l2_headers(KEY, WALLET.owner, second, "GET", "/data/orders", b"")
    assert request.headers["poly_signature"] == wanted["POLY_SIGNATURE"]


@pytest.mark.trio
async def test_what_each_read_asks_for() -> None:
    desk = Desk(says(200, {"balance": "5", "allowances": {}}))
    await desk.account.collateral()
    await desk.account.shares(UP, "v1")
    await desk.account.shares(UP, "v2")
    await desk.account.refresh_collateral()
    await desk.account.refresh_shares(UP, "v2")
    assert [(one.url.path, one.url.query.decode()) for one in desk.asked] == [
        ("/balance-allowance", "asset_type=COLLATERAL&signature_type=0"),
        ("/balance-allowance", f"asset_type=CONDITIONAL&token_id={UP}&signature_type=0"),
        ("/balance-allowance", f"asset_type=CONDITIONAL-V2&token_id={UP}&signature_type=0"),
        ("/balance-allowance/update", "asset_type=COLLATERAL&signature_type=0"),
        ("/balance-allowance/update", f"asset_type=CONDITIONAL-V2&token_id={UP}&signature_type=0"),
    ]


# --- amounts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("making", "taking", "told"),
    [
        ("", "", (None, None)),
        (None, None, (None, None)),
        ("5.2", "10", (5_200_000, 10_000_000)),
        ("5", "9.615384", (5_000_000, 9_615_384)),
        ("5", "10", (5_000_000, 10_000_000)),
        ("5200000", "10000000", (5_200_000, 10_000_000)),
        (5200000, 10000000, (5_200_000, 10_000_000)),
        (5.2, 10.0, (5_200_000, 10_000_000)),
        ("5.2", "", (5_200_000, 0)),
        ("5.3", "10", (None, None)),
        ("9999999", "10000000", (None, None)),
        ("-1", "1", (None, None)),
        ("0", "0", (None, None)),
        ("1e3", "1", (None, None)),
        ("nonsense", "10", (None, None)),
        ("5.2", "nonsense", (None, None)),
        ("NaN", "1", (None, None)),
        (True, "1", (None, None)),
    ],
)
def test_amounts_in_each_form(
    making: Any, taking: Any, told: tuple[int | None, int | None]
) -> None:
    """Of an order that gives 5.2 dollars."""
    assert amounts(making, taking, 5_200_000) == told


@given(
    st.integers(min_value=10_000, max_value=10**11).map(lambda given: given // 10_000 * 10_000),
    st.integers(min_value=0, max_value=10**12),
    st.integers(min_value=0, max_value=10**11),
)
def test_amounts_mean_the_same_in_both_forms(given_: int, got: int, more: int) -> None:
    """Whole cents or hundredth shares of an order of less than ten thousand whole units; larger
    ones say a number of units only where it has a decimal point."""
    most = given_ + more
    decimals = (f"{given_ // 10**6}.{given_ % 10**6:06d}", f"{got // 10**6}.{got % 10**6:06d}")
    assert amounts(*decimals, most) == (given_, got)
    if most < 10_000 * 10**6:
        assert amounts(str(given_), str(got), most) == (given_, got)


# --- orders ---------------------------------------------------------------------------------------


@pytest.mark.trio
@pytest.mark.parametrize(
    "status", ["live", "matched", "delayed", "unmatched", "LIVE", "ORDER_STATUS_LIVE"]
)
async def test_an_order_that_was_taken(status: str) -> None:
    one = signed()
    document = taken(one, status=status, makingAmount="5.2", takingAmount="10", tradeIDs=["a", "b"])
    answer = await Desk(says(200, document)).account.post(one)
    assert answer.status is PostStatus(status.lower().removeprefix("order_status_"))
    assert (answer.venue_id, answer.making, answer.taking) == (one.venue_id, 5_200_000, 10_000_000)
    assert answer.trade_ids == ("a", "b")


@pytest.mark.trio
@pytest.mark.parametrize("spelt", ["ORDER_STATUS_CANCELED", "CANCELED", "LIVE", "MATCHED"])
async def test_an_order_is_read_whatever_became_of_it(spelt: str) -> None:
    found = await Desk(says(200, order_row(status=spelt))).account.order("0xFF")
    assert found is not None
    assert (found.order_id, found.matched, found.is_over) == ("0xff", 2_500_000, spelt != "LIVE")


@pytest.mark.trio
@pytest.mark.parametrize(
    "answer", [says(404, {"error": "Order not found"}), says(200, "null"), says(200, "")]
)
async def test_an_order_that_the_venue_does_not_know(answer: httpx.Response) -> None:
    assert await Desk(answer).account.order("0xff") is None


@pytest.mark.trio
@pytest.mark.parametrize(
    "answer",
    [
        says(404, "<html>no such page</html>"),
        says(404, {"message": "no Route matched"}),
        says(404, ["not found"]),
        says(200, "{}"),
        says(200, order_row("0xaa")),
        says(200, order_row(price="2.5")),
        says(200, "[]"),
        says(500, {"error": "not found"}),
        says(401, {"error": "Unauthorized/Invalid api key"}),
    ],
)
async def test_what_is_no_word_on_an_order_is_none(answer: httpx.Response) -> None:
    """Otherwise it would be given up while it works."""
    with pytest.raises((Retry, Rejected)):
        await Desk(answer).account.order("0xff")


# --- cancels --------------------------------------------------------------------------------------


@pytest.mark.trio
async def test_cancels_are_split_as_the_venue_takes_them(
    autojump_clock: trio.testing.MockClock,
) -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        asked = [asked["orderID"]] if isinstance(asked, dict) else asked
        return says(200, {"canceled": [one.upper() for one in asked[1:]], "not_canceled": {
            asked[0]: "Order not found or already canceled"}})  # fmt: skip

    desk = Desk(respond)
    ids = [f"0x{number:064x}" for number in range(1_001)]
    answer = await desk.account.cancel([*ids, ids[0].upper().replace("X", "x")])
    sizes = [len(json.loads(one.content)) for one in desk.asked]
    assert sizes == [*[90] * 11, 11], "no more than the signer may at once"
    assert set(answer.cancelled) | set(answer.refused) == set(ids)
    assert len(answer.refused) == 12
    assert desk.at[-1] - desk.at[0] == pytest.approx((1_001 - 90) / 72), "80 a second, less a tenth"
    desk.account.paces.know("Elite")
    desk.asked.clear()
    await desk.account.cancel(ids)
    assert [len(json.loads(one.content)) for one in desk.asked] == [1_000, 1]
    assert (desk.asked[0].url.path, desk.asked[1].url.path) == ("/orders", "/order")
    assert json.loads(desk.asked[1].content) == {"orderID": ids[-1]}


@pytest.mark.trio
async def test_what_a_cancel_says_nothing_of_is_unanswered() -> None:
    answer = await Desk(says(200, {"canceled": ["0xa"]})).account.cancel(["0xa", "0xb"])
    assert (answer.cancelled, answer.refused, answer.unanswered) == (("0xa",), {}, ("0xb",))


@pytest.mark.trio
async def test_a_later_part_that_fails_leaves_the_rest_unanswered(
    autojump_clock: trio.testing.MockClock,
) -> None:
    desk = Desk(lambda _: says(500) if len(desk.asked) > 1 else says(200, {"canceled": ids[:90]}))
    ids = [f"0x{number:064x}" for number in range(200)]
    answer = await desk.account.cancel(ids)
    assert answer.cancelled == tuple(ids[:90])
    assert answer.unanswered == tuple(ids[90:])
    with pytest.raises(Unknown):
        await Desk(says(500)).account.cancel(ids)


@pytest.mark.trio
@pytest.mark.parametrize(
    "body", ["", "null", "[]", '{"canceled":"0xa"}', '{"not_canceled":["0xa"]}']
)
async def test_a_cancel_that_cannot_be_read_is_unknown(body: str) -> None:
    desk = Desk(says(200, body))
    with pytest.raises(Unknown):
        await desk.account.cancel(["0xa"])
    with pytest.raises(Unknown):
        await desk.account.cancel_all()


@pytest.mark.trio
async def test_a_sweeping_cancel_is_paid_for_by_the_order(
    autojump_clock: trio.testing.MockClock,
) -> None:
    desk = Desk(says(200, {"canceled": [f"0x{number:064x}" for number in range(90 + 72)]}))
    await desk.account.cancel_all()
    start = trio.current_time()
    await desk.account.cancel_market(CONDITION)
    assert trio.current_time() - start == pytest.approx(74 / 72)
    assert [one.content for one in desk.asked] == [b"", json.dumps({"market": CONDITION}).replace(" ", "").encode()]  # fmt: skip  # noqa: E501


# --- paces ----------------------------------------------------------------------------------------


@pytest.mark.trio
async def test_a_429_holds_what_it_was_for_and_nothing_else(
    autojump_clock: trio.testing.MockClock,
) -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return says(429, {"error": "Too Many Requests"}, Retry_After="7")
        return says(200, {"canceled": ["0xa"]})

    desk = Desk(respond)
    start = trio.current_time()
    with pytest.raises(Retry) as caught:
        await desk.account.post(signed())
    assert caught.value.after_s == 7.0
    with pytest.raises(Retry, match="tier standard") as caught:
        await desk.account.post(signed(2))
    assert caught.value.after_s == pytest.approx(7.0), "known here: nobody asks in vain"
    assert len(desk.asked) == 1
    await desk.account.cancel(["0xa"])
    assert trio.current_time() == start
    await trio.sleep(7.0)
    with pytest.raises(Retry, match="429"):
        await desk.account.post(signed(3))


@pytest.mark.trio
@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"Poly_RateLimit_Remaining": "0"}, 1 / 36),
        ({"Poly_RateLimit_Remaining": "-3"}, 4 / 36),
        ({"Poly_RateLimit_Remaining": "nonsense"}, 0.0),
        ({"Poly_RateLimit_Remaining": "0", "Poly_RateLimit_Tier": "Elite"}, 1 / 540),
        ({"Poly_RateLimit_Remaining": "5", "Poly_RateLimit_Tier": "Mithril"}, 0.0),
    ],
)
async def test_what_the_venue_says_of_the_bucket_is_heeded(
    autojump_clock: trio.testing.MockClock, headers: dict[str, str], wait_s: float
) -> None:
    first, second = signed(1), signed(2)
    answers = {first.venue_id: first, second.venue_id: second}
    desk = Desk(lambda request: says(200, taken(answers.popitem()[1]), **headers))
    answers = {first.venue_id: first}
    await desk.account.post(first)
    answers = {second.venue_id: second}
    await desk.account.post(second)
    assert desk.at[1] - desk.at[0] == pytest.approx(wait_s)


@pytest.mark.trio
async def test_warnings_of_the_venue_are_counted() -> None:
    one = signed()
    desk = Desk(says(200, taken(one), Poly_RateLimit_Warning="true"))
    await desk.account.post(one)
    assert desk.account.paces.warnings == 1


# --- pages ----------------------------------------------------------------------------------------


@pytest.mark.trio
async def test_all_pages_are_read_to_the_end() -> None:
    pages = {
        "": page([order_row("0x1"), order_row("0x2")], "Mg=="),
        "Mg==": page([order_row("0x3")], "Mw=="),
        "Mw==": page([]),
    }
    desk = Desk(lambda request: says(200, pages[request.url.params.get("next_cursor", "")]))
    found = await desk.account.open_orders(CONDITION)
    assert [one.order_id for one in found] == ["0x1", "0x2", "0x3"]
    assert all(one.url.params["market"] == CONDITION for one in desk.asked)


@pytest.mark.trio
@pytest.mark.parametrize("cursor", ["MA==", "", None, 7])
async def test_pages_that_do_not_end_are_no_answer(
    autojump_clock: trio.testing.MockClock, cursor: Any
) -> None:
    desk = Desk(says(200, page([order_row()], cursor)))
    with pytest.raises(Retry):
        await desk.account.open_orders()
    assert len(desk.asked) <= 2


@pytest.mark.trio
async def test_more_pages_than_anybody_means_are_refused(
    autojump_clock: trio.testing.MockClock,
) -> None:
    desk = Desk(lambda _: says(200, page([trade_row()], f"c{len(desk.asked)}")))
    with pytest.raises(Rejected, match="more than 200 pages"):
        await desk.account.trades()


@pytest.mark.trio
async def test_rows_that_cannot_be_read_are_left_out_and_counted() -> None:
    rows = [trade_row("t1"), trade_row("t2", price="nonsense"), 7, None, trade_row("t3", size="3")]
    desk = Desk(says(200, page(rows)))
    found = await desk.account.trades(condition_id=CONDITION, after_s=NOW_S)
    assert [one.trade_id for one in found] == ["t1", "t3"]
    assert desk.account.unread == 3
    assert desk.account.unread_why.startswith("/data/trades: ")
    assert desk.asked[0].url.params["after"] == str(NOW_S - 1), "its own second is left out"


# --- funds and beats ------------------------------------------------------------------------------

WITHOUT_END = str(2**256 - 1)


@pytest.mark.trio
@pytest.mark.parametrize(
    ("document", "balance", "allowances"),
    [
        ({"balance": "1", "allowances": {"0xE1": WITHOUT_END}}, 1, {"0xE1": 2**256 - 1}),
        ({"balance": 5, "allowances": {"0xE1": 7}}, 5, {"0xE1": 7}),
        ({"balance": "0", "allowance": "12"}, 0, {"": 12}),
        ({"balance": "3"}, 3, {}),
    ],
)  # fmt: skip
async def test_balances(document: Any, balance: int, allowances: dict[str, int]) -> None:
    told = await Desk(says(200, document)).account.collateral()
    assert (told.balance, dict(told.allowances)) == (balance, allowances)


@pytest.mark.trio
@pytest.mark.parametrize(
    "document",
    [
        {},
        {"balance": ""},
        {"balance": "1.5"},
        {"balance": "-1"},
        {"balance": None},
        {"balance": "1", "allowances": {"0xE1": "much"}},
        {"balance": "9" * 100},
        [],
        None,
        "1000",
    ],
)
async def test_no_balance_is_ever_guessed(document: Any) -> None:
    with pytest.raises(Retry, match="cannot be read"):
        await Desk(says(200, document)).account.collateral()


@pytest.mark.trio
@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        (says(200, {"heartbeat_id": "b"}), True),
        (says(400, {"error_msg": "Invalid Heartbeat ID", "heartbeat_id": "b"}), False),
        (says(400, {"error": "Invalid Heartbeat ID", "heartbeat_id": "b"}), False),
        (says(200, {"error_msg": "Invalid Heartbeat ID", "heartbeat_id": "b"}), False),
    ],
)
async def test_beats(answer: httpx.Response, accepted: bool) -> None:
    desk = Desk(answer)
    beat = await desk.account.beat("a")
    assert (beat.heartbeat_id, beat.is_accepted) == ("b", accepted)
    assert desk.asked[0].content == b'{"heartbeat_id":"a"}'


@pytest.mark.trio
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (says(200, {}), Retry),
        (says(400, {"error": "no"}), Rejected),
        (says(400, '{"heartbeat_id'), Retry),
        (says(403, {"error": "region"}), Restricted),
        (says(500), Retry),
        (httpx.ReadTimeout("slow"), Retry),
    ],
)
async def test_beats_that_are_none(
    answer: httpx.Response | Exception, kind: type[Exception]
) -> None:
    with pytest.raises(kind) as caught:
        await Desk(answer).account.beat("a")
    assert type(caught.value) is kind


# --- keys -----------------------------------------------------------------------------------------

MADE = {"apiKey": "made", "secret": API_SECRET, "passphrase": "word"}


@pytest.mark.trio
async def test_a_key_is_derived_first_and_made_where_there_is_none() -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return says(200, MADE)
        return says(400, {"error": "Could not derive api key!"})

    desk = Desk(respond)
    assert (await api_key_of(desk.http, WALLET)).key == "made"
    assert [(one.method, one.url.path) for one in desk.asked] == [
        ("GET", "/auth/derive-api-key"),
        ("POST", "/auth/api-key"),
    ]
    assert all(one.headers["poly_address"] == WALLET.owner for one in desk.asked)
    desk = Desk(says(200, MADE))
    assert (await api_key_of(desk.http, WALLET, 7)).secret.reveal() == API_SECRET
    assert len(desk.asked) == 1
    assert desk.asked[0].headers["poly_nonce"] == "7"


@pytest.mark.trio
@pytest.mark.parametrize(
    "lost", [httpx.ReadTimeout("slow"), says(400, {"error": "Could not create"})]
)
async def test_a_key_whose_making_was_not_answered_is_found(
    lost: httpx.Response | Exception,
) -> None:
    def respond(request: httpx.Request) -> httpx.Response | Exception:
        if request.method == "POST":
            return lost
        is_made = len(desk.asked) > 1
        return says(200, MADE) if is_made else says(400, {"error": "Could not derive api key!"})

    desk = Desk(respond)
    assert (await api_key_of(desk.http, WALLET)).key == "made"


@pytest.mark.trio
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (says(401, {"error": "Invalid L1 Request headers"}), Rejected),
        (says(403, {"error": "region"}), Restricted),
        (says(200, {"apiKey": "made", "secret": API_SECRET}), Retry),
        (says(200, {**MADE, "passphrase": ""}), Retry),
        (says(200, {**MADE, "secret": "s\n"}), Retry),
    ],
)
async def test_keys_that_are_none_are_refused_without_a_word_of_them(
    answer: httpx.Response, kind: type[Exception]
) -> None:
    desk = Desk(answer)
    with pytest.raises(kind) as caught:
        await api_key_of(desk.http, WALLET)
    assert type(caught.value) is kind
    assert API_SECRET not in repr(caught.value)


@pytest.mark.trio
async def test_no_key_at_all() -> None:
    desk = Desk(says(400, {"error": "Could not derive api key!"}))
    with pytest.raises(Rejected, match="no API key was made"):
        await api_key_of(desk.http, WALLET)


# --- the place ------------------------------------------------------------------------------------


@pytest.mark.trio
async def test_where_we_are() -> None:
    desk = Desk(says(200, {"blocked": True, "ip": "203.0.113.42", "country": "US", "region": "NY"}))
    place = await place_of(desk.http)
    assert (place.is_blocked, str(place)) == (True, "US/NY")


@pytest.mark.trio
@pytest.mark.parametrize("body", ["", "{}", '{"blocked":null}', '{"blocked":"no"}', "[]", "<html>"])
async def test_what_cannot_be_read_is_no_permission(body: str) -> None:
    with pytest.raises(Retry):
        await place_of(Desk(says(200, body)).http)


# --- nonsense -------------------------------------------------------------------------------------

NAMES = st.sampled_from(
    ["error", "errorMsg", "error_msg", "success", "orderID", "status", "makingAmount", "data",
     "next_cursor", "balance", "allowances", "canceled", "not_canceled", "heartbeat_id", "id",
     "price", "closed_only", "tier", "apiKey", "secret", "passphrase", "blocked", "code",
     "retry_after_seconds", "maker_orders", "size", "side"]
)  # fmt: skip
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["0xff", "1.5", "LTE=", "BUY", "LIVE", "live", "LTE=", "", "0x"])
)
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)
BODIES = DOCUMENTS.map(lambda one: json.dumps(one).encode()) | st.binary(max_size=40)
STATUSES = st.sampled_from([200, 200, 200, 201, 204, 302, 400, 404, 425, 429, 500, 503])


async def everything(account: ClobAccount, desk: Desk) -> None:
    """Every call, once."""
    calls: list[Any] = [
        lambda: account.post(signed()),
        lambda: account.post_many([signed(1), signed(2)]),
        lambda: account.cancel(["0xa", "0xb"]),
        account.cancel_all,
        lambda: account.cancel_market(CONDITION),
        lambda: account.order("0xff"),
        account.open_orders,
        account.trades,
        account.collateral,
        lambda: account.shares(UP, "v1"),
        account.refresh_collateral,
        lambda: account.beat(""),
        account.is_closed_only,
        account.tier,
        lambda: api_key_of(desk.http, WALLET),
        lambda: place_of(desk.http),
    ]
    for call in calls:
        with suppress(*OURS):
            await call()


@given(BODIES, STATUSES, st.dictionaries(st.sampled_from(["Retry-After", "Poly-RateLimit-Remaining", "Poly-RateLimit-Reset", "Date"]), st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8), max_size=3))  # fmt: skip  # noqa: E501
def test_nonsense_is_always_one_of_our_errors(
    body: bytes, status: int, headers: dict[str, str]
) -> None:
    async def main() -> None:
        desk = Desk(httpx.Response(status, content=body, headers=headers))
        await everything(desk.account, desk)

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))

"""Trouble for those who trade, and money for them: what each control route does, and what it says
to nonsense."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from desk_venue import DeskVenue, frames_of
from starlette.applications import Starlette
from starlette.routing import Mount
from stranger import Stranger

from polytui.model.instrument import Outcome
from polytui.net.clock import Clock
from polytui.sim.exchange.rules import ExchangeRules
from polytui.sim.server.control_door import ControlDoor
from polytui.sim.server.exchange_control import ExchangeControl
from polytui.sim.server.faucet import Faucet
from polytui.sim.wire.form.error_bodies import ERROR_HANDLERS
from polytui.sim.world.world_events import TickChanged

pytestmark = pytest.mark.trio
UP, DOWN = Outcome.UP, Outcome.DOWN
TOKEN = "t0ken"
WALLET, OWNER = "0x" + "A1" * 20, "0x" + "B2" * 20


class Controls:
    """A venue that plays twenty times as fast, and its control routes."""

    def __init__(self, venue: DeskVenue, http: httpx.AsyncClient) -> None:
        self.venue = venue
        self._http = http

    async def ask(self, route: str, **document: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = await self._http.post(f"/control/{route}", json=document, headers=headers)
        assert answer.headers["content-type"] == "application/json"
        return answer.status_code, answer.json()

    async def order(self, route: str, **document: Any) -> Any:
        status, answer = await self.ask(route, **document)
        assert status == 200, answer
        return answer

    async def get(self, route: str, **params: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return await self._http.get(f"/control/{route}", params=params, headers=headers)

    async def account(self, wallet: str) -> Any:
        answer = await self.get("account", wallet=wallet)
        assert answer.status_code == 200, answer.text
        return answer.json()


@asynccontextmanager
async def controls(rules: ExchangeRules | None = None) -> AsyncIterator[Controls]:
    venue = DeskVenue(rules=rules)
    door, clock = ControlDoor(TOKEN), Clock(0, 0, 20.0)
    routes = [
        *ExchangeControl(
            venue.exchange,
            venue.wallets,
            venue.listing,
            venue.desk.troubles,
            venue.payloads,
            venue.geoblock,
            clock,
            door,
        ).routes(),
        *Faucet(venue.exchange, venue.wallets, venue.desk.seen, door).routes(),
    ]
    app = Starlette(
        routes=[Mount("/control", routes=routes)], exception_handlers=dict(ERROR_HANDLERS)
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://venue") as http:
        yield Controls(venue, http)


def bid(venue: DeskVenue, who: Stranger, **changes: Any) -> dict[str, Any]:
    return who.order(venue.token(UP), "BUY", 5.2, 10, **changes)


async def posted(venue: DeskVenue, who: Stranger, **changes: Any) -> httpx.Response:
    return await who.ask("POST", "/order", bid(venue, who, **changes))


class TestEngine:
    async def test_a_restart_refuses_all_then_takes_what_cannot_match(self) -> None:
        async with controls() as control, control.venue.strangers(1) as (anna,):
            venue = control.venue
            resting = (await anna.place(bid(venue, anna)))["orderID"]
            answer = await control.order("engine", mode="restart", seconds=0.1, post_only_seconds=1)
            assert answer == {"mode": "restarting"}
            early = await posted(venue, anna)
            assert early.status_code == 425
            assert 1 <= int(early.headers["retry-after"]) <= 2
            cancel = await anna.ask("DELETE", "/order", {"orderID": resting})
            assert cancel.status_code == 425
            venue.play(2)
            later = await posted(venue, anna)
            assert (later.status_code, later.json()["code"]) == (503, "post_only_mode")
            assert later.json()["retry_after_seconds"] == int(later.headers["retry-after"])
            assert (await posted(venue, anna, postOnly=True)).status_code == 200
            item, _ = await anna.place(bid(venue, anna), bid(venue, anna, postOnly=True))
            assert item["success"] is True
            assert item["errorMsg"].startswith("post-only mode")
            venue.play(20)
            assert (await posted(venue, anna)).status_code == 200

    @pytest.mark.parametrize(
        ("mode", "words", "cancel_status"),
        [("cancel_only", "cancel-only", 200), ("disabled", "disabled", 503)],
    )
    async def test_modes_refuse_orders_and_some_refuse_cancels(
        self, mode: str, words: str, cancel_status: int
    ) -> None:
        async with controls() as control, control.venue.strangers(1) as (anna,):
            venue = control.venue
            resting = (await anna.place(bid(venue, anna)))["orderID"]
            await control.order("engine", mode=mode, seconds=60)
            refused = await posted(venue, anna)
            assert refused.status_code == 503
            assert words in refused.json()["error"]
            cancel = await anna.ask("DELETE", "/order", {"orderID": resting})
            assert cancel.status_code == cancel_status
            assert await control.order("engine", mode="normal") == {"mode": "normal"}
            assert (await posted(venue, anna)).status_code == 200


class TestPeople:
    async def test_a_region_may_be_blocked(self) -> None:
        async with controls() as control, control.venue.strangers(1) as (anna,):
            await control.order("geoblock", state="blocked", country="US")
            refused = await posted(control.venue, anna)
            assert refused.status_code == 403
            assert refused.json()["error"].startswith("Trading restricted in your region")
            await control.order("geoblock", state="open")
            assert (await posted(control.venue, anna)).status_code == 200

    @pytest.mark.parametrize(
        ("state", "words"), [("banned", "address banned"), ("closed_only", "in closed only mode")]
    )
    async def test_an_account_may_be_shut_out(self, state: str, words: str) -> None:
        async with controls() as control, control.venue.strangers(2) as (anna, bert):
            venue = control.venue
            told = await control.order("standing", address=anna.address, state=state)
            assert len(told["addresses"]) == 4
            refused = await posted(venue, anna)
            assert refused.status_code == 400
            assert words in refused.json()["error"]
            closed = await anna.read("/auth/ban-status/closed-only")
            assert closed == {"closed_only": state == "closed_only"}
            assert (await posted(venue, bert)).status_code == 200
            await control.order("standing", address=anna.address, state="open")
            assert (await posted(venue, anna)).status_code == 200

    async def test_eoas_may_be_sent_to_the_deposit_wallet(self) -> None:
        async with controls() as control, control.venue.strangers(1) as (anna,):
            await control.order("wallets", takes_only_deposit_wallets=True)
            refused = await posted(control.venue, anna)
            words = "maker address not allowed, please use the deposit wallet flow"
            assert (refused.status_code, refused.json()) == (400, {"error": words})
            await control.order("wallets", takes_only_deposit_wallets=False)
            assert (await posted(control.venue, anna)).status_code == 200

    async def test_a_heartbeat_may_be_lost(self) -> None:
        async with controls() as control, control.venue.strangers(1) as (anna,):
            venue = control.venue
            await anna.place(bid(venue, anna))
            await anna.ask("POST", "/v1/heartbeats", {"heartbeat_id": ""})
            await control.order("heartbeat", api_key=anna.credentials["apiKey"])
            assert (await anna.read("/data/orders"))["count"] == 0


class TestTrades:
    async def test_the_next_trade_fails_and_nothing_moves(self) -> None:
        async with controls() as control, control.venue.strangers(2) as (anna, bert):
            venue = control.venue
            heard = venue.listen(bert)
            await control.order("trades", kind="fail")
            for _ in range(2):
                await anna.place(bid(venue, anna))
                await bert.place(bert.order(venue.token(DOWN), "BUY", 4.8, 10))
            venue.play(120)
            trades = (await bert.read("/data/trades"))["data"]
            assert [one["status"] for one in trades] == [
                "TRADE_STATUS_CONFIRMED",
                "TRADE_STATUS_FAILED",
            ]
            failed = [f["status"] for f in frames_of(heard) if f.get("id") == trades[1]["id"]]
            assert (failed[0], failed[-1]) == ("MATCHED", "FAILED")
            account = await control.account(anna.wallet)
            assert account["shares"] == {venue.token(UP): "10"}
            assert account["usd"] == "994.8"

    async def test_the_next_trade_is_mined_at_a_later_try(self) -> None:
        async with controls() as control, control.venue.strangers(2) as (anna, bert):
            venue = control.venue
            heard = venue.listen(bert)
            await control.order("trades", kind="retry", times=1)
            await anna.place(bid(venue, anna))
            await bert.place(bert.order(venue.token(DOWN), "BUY", 4.8, 10))
            venue.play(120)
            statuses = [f["status"] for f in frames_of(heard) if f["event_type"] == "trade"]
            assert statuses == ["MATCHED", "RETRYING", "MINED", "CONFIRMED"]

    @pytest.mark.parametrize("named", ["slug", "token_id"])
    async def test_a_tick_may_change(self, named: str) -> None:
        async with controls() as control, control.venue.strangers(1) as (anna,):
            venue = control.venue
            name = venue.round.slug if named == "slug" else venue.token(DOWN)
            fine = anna.order(venue.token(UP), "BUY", 5.25, 10)
            assert (await anna.ask("POST", "/order", fine)).status_code == 400
            await control.order("tick", tick="0.001", **{named: name})
            fine = anna.order(venue.token(UP), "BUY", 5.25, 10)
            assert (await anna.ask("POST", "/order", fine)).status_code == 200
            assert any(isinstance(one, TickChanged) for one in venue.happened)


class TestFaucet:
    async def test_money_for_every_type_of_wallet(self) -> None:
        async with controls() as control:
            wallets = control.venue.wallets
            for signature_type in range(4):
                told = await control.order(
                    "faucet", owner=OWNER, dollars="12.5", signature_type=signature_type
                )
                wallet = wallets.wallet_of(OWNER.lower(), signature_type)
                assert told == {
                    "wallet": wallet,
                    "owner": OWNER.lower(),
                    "signature_type": signature_type,
                    "balance": "12.5",
                }
                assert wallets.is_deployed(told["wallet"])
            again = await control.order("faucet", wallet=OWNER, dollars="0.000001")
            assert again["balance"] == "12.500001"

    async def test_a_wallet_that_follows_from_nothing_is_its_owners_from_then_on(self) -> None:
        async with controls() as control:
            order = {"wallet": WALLET, "owner": OWNER, "signature_type": 3, "dollars": "1"}
            assert (await control.order("faucet", **order))["wallet"] == WALLET.lower()
            assert control.venue.wallets.wallet_of(OWNER.lower(), 3) == WALLET.lower()
            thief = {**order, "owner": "0x" + "c3" * 20}
            assert await control.ask("faucet", **thief) == (
                400,
                {"error": "this wallet is somebody else's"},
            )

    async def test_a_wallet_that_has_money_is_taken_over_by_nobody(self) -> None:
        async with controls() as control:
            safe = await control.order("faucet", owner=OWNER, dollars="5", signature_type=2)
            await control.order("faucet", owner=WALLET, dollars="5")
            thief = {"owner": "0x" + "c3" * 20, "signature_type": 2, "dollars": "1"}
            for wallet in (safe["wallet"], WALLET):
                assert await control.ask("faucet", wallet=wallet, **thief) == (
                    400,
                    {"error": "this wallet is somebody else's"},
                )
            own = {"owner": OWNER, "wallet": safe["wallet"], "signature_type": 2, "dollars": "1"}
            assert (await control.order("faucet", **own))["balance"] == "6"

    async def test_a_wallet_may_have_allowed_nothing_yet(self) -> None:
        async with controls() as control, control.venue.strangers(0) as _:
            for owner, is_approved in ((OWNER, True), (WALLET, False)):
                await control.order("faucet", owner=owner, dollars="1", is_approved=is_approved)
                seen = control.venue.desk.seen.read(owner.lower(), "")
                assert all(bool(left) is is_approved for left in seen.allowances.values())

    async def test_the_venue_sees_its_own_deposit(self) -> None:
        async with controls() as control, control.venue.strangers(1) as (anna,):
            asked: dict[str, Any] = {"asset_type": "COLLATERAL"}
            await anna.read("/balance-allowance", **asked)
            await control.order("faucet", owner=anna.address, dollars="5")
            assert (await anna.read("/balance-allowance", **asked))["balance"] == "1005000000"

    async def test_an_account_can_be_read(self) -> None:
        async with controls() as control, control.venue.strangers(2) as (anna, bert):
            venue = control.venue
            resting = (await anna.place(bid(venue, anna)))["orderID"]
            before = await control.account(anna.address)
            assert (before["usd"], before["free_usd"], before["shares"]) == ("1000", "994.8", {})
            assert [one["id"] for one in before["orders"]] == [resting]
            await bert.place(bert.order(venue.token(DOWN), "BUY", 4.8, 10))
            venue.play(60)
            after = await control.account(anna.address)
            assert (after["usd"], after["free_usd"]) == ("994.8", "994.8")
            assert after["shares"] == {venue.token(UP): "10"}
            assert after["orders"] == []
            assert [one["status"] for one in after["trades"]] == ["TRADE_STATUS_CONFIRMED"]


@pytest.mark.parametrize(
    ("route", "document", "words"),
    [
        ("engine", {"mode": "sleep"}, "Invalid enum value 'sleep' - at `$.mode`"),
        ("engine", {"mode": "restart", "seconds": -1}, "Expected `float` >= 0.0"),
        ("engine", {"mode": "normal", "colour": 1}, "unknown field `colour`"),
        ("orders", {"kind": "boredom"}, "kind must be one of delay, lose_answer"),
        ("orders", {"kind": "delay", "times": -2}, "Expected `int` >= -1"),
        ("orders", {"kind": "delay", "value": 60_001}, "Expected `int` <= 60000"),
        ("geoblock", {"state": "closed"}, "Invalid enum value 'closed'"),
        ("geoblock", {"state": "blocked", "country": "usa"}, "matching regex"),
        ("trades", {"kind": "lose"}, "Invalid enum value 'lose'"),
        ("trades", {"kind": "fail", "times": 1_001}, "Expected `int` <= 1000"),
        ("heartbeat", {}, "missing required field `api_key`"),
        ("tick", {"tick": "0.02", "slug": "x"}, "tick must be one of 0.1, 0.01"),
        ("standing", {"address": "0x1", "state": "open"}, "address must be 0x and 40"),
        ("faucet", {"dollars": "1"}, "give owner, wallet, or both"),
        ("faucet", {"owner": "me", "dollars": "1"}, "owner must be 0x and 40"),
        ("faucet", {"owner": OWNER, "dollars": "-1"}, "plain decimal"),
        ("faucet", {"owner": OWNER, "dollars": "1e9"}, "plain decimal"),
        ("faucet", {"owner": OWNER, "dollars": "0.0000001"}, "plain decimal"),
        ("faucet", {"owner": OWNER, "dollars": "0"}, "above nothing"),
        ("faucet", {"owner": OWNER, "dollars": "1000000000.1"}, "a thousand million at most"),
        ("faucet", {"owner": OWNER, "dollars": 5}, "Expected `str`"),
        ("faucet", {"owner": OWNER, "dollars": "1", "signature_type": 4}, "Expected `int` <= 3"),
        ("faucet", {"owner": OWNER, "wallet": WALLET, "dollars": "1"}, "is its own owner"),
        (
            "faucet",
            {"wallet": WALLET, "signature_type": 2, "dollars": "1"},
            "has an owner: give owner",
        ),
    ],
)
async def test_nonsense_gets_words(route: str, document: dict[str, Any], words: str) -> None:
    async with controls() as control:
        status, answer = await control.ask(route, **document)
        assert status == 400
        assert words in answer["error"]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "wallet must be 0x and 40"),
        ({"wallet": "0x1"}, "wallet must be 0x and 40"),
        ({"wallet": WALLET, "owner": OWNER}, "give wallet, and nothing else"),
    ],
)
async def test_an_account_is_asked_by_its_wallet(params: dict[str, str], words: str) -> None:
    async with controls() as control:
        answer = await control.get("account", **params)
        assert answer.status_code == 400
        assert words in answer.json()["error"]


async def test_a_round_that_is_none_is_not_found() -> None:
    async with controls() as control:
        for named in ({}, {"slug": "x"}, {"token_id": "5"}):
            status, answer = await control.ask("tick", tick="0.01", **named)
            assert (status, answer["error"][:13]) == (404, "no such round")


async def test_every_route_asks_for_the_token() -> None:
    async with controls() as control:
        for path in ("engine", "orders", "geoblock", "trades", "heartbeat", "tick", "standing"):
            await _is_shut(control, "POST", path)
        for path in ("wallets", "faucet"):
            await _is_shut(control, "POST", path)
        await _is_shut(control, "GET", "account")


async def _is_shut(control: Controls, method: str, path: str) -> None:
    answer = await control._http.request(method, f"/control/{path}", json={})
    assert answer.status_code == 401, path

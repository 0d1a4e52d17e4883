"""Two official clients of different make trade with each other through the simulated venue, each
in an environment of its own; what they have afterwards is reckoned here, to the millionth."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest
import trio
from attrs import define, field

from benchmarks.strangers.clients import CLOB, UNIFIED, Environment
from benchmarks.strangers.control import Control
from benchmarks.strangers.running import a_key, round_of, venue_process
from benchmarks.strangers.trader import RefusedOrder, Trader, trader

pytestmark = pytest.mark.skipif(
    bool(CLOB.absent() or UNIFIED.absent()),
    reason=f"two official clients are needed: {CLOB.absent()}; {UNIFIED.absent()}",
)
MILLION = 10**6
DOLLARS = 1000 * MILLION
SETS = 100 * MILLION
AHEAD_S = 3600
"""A round so far ahead has no crowd yet: who trades in it are these two."""
SOON_S = 120
HEARD_WITHIN_S = 20
WITHIN_S = 240
ENDS = ("CONFIRMED", "FAILED")


@define
class Account:
    """What one of them should have, in millionths."""

    usd: int = DOLLARS - SETS
    up: int = SETS
    down: int = SETS


@define
class Side:
    """One of the two: a client that trades, one that hears its user channel, and what is expected
    of both. State: what was heard."""

    name: str
    hands: Trader
    ear: Trader
    wallet: str
    due: Account = field(factory=Account)
    heard: list[dict[str, Any]] = field(factory=list)

    async def listen(self) -> list[dict[str, Any]]:
        self.heard += await self.ear.do("heard")
        return self.heard

    def lives(self) -> dict[str, list[str]]:
        """What the user channel said of each order and trade, in its order."""
        said = dict[str, list[str]]()
        for one in self.heard:
            said.setdefault(one.get("order") or one["trade"], []).append(one["says"])
        return said

    def orders(self) -> set[str]:
        """Those that the user channel told of."""
        return {said["order"] for said in self.heard if "order" in said}


@define
class Market:
    """The venue's round, and who is asked about it."""

    urls: Mapping[str, Any]
    told: Mapping[str, Any]
    rate: float

    @property
    def up(self) -> str:
        return str(self.told["up"])

    @property
    def down(self) -> str:
        return str(self.told["down"])

    def fee(self, shares: int, price: int) -> int:
        """Of a taker: rate x shares x p x (1 - p), cut to five decimals of a dollar."""
        ppm = round(self.rate * MILLION)
        exact = shares * ppm * price * (MILLION - price) // MILLION**3
        return exact // 10 * 10

    @property
    def control(self) -> Control:
        return Control(self.urls)


async def market_of(urls: Mapping[str, Any]) -> Market:
    """A round that nobody trades yet."""
    since = time.time_ns() // 10**9 + AHEAD_S
    async with httpx.AsyncClient() as http:
        slug = f"btc-updown-5m-{since - since % 300}"
        event = (await http.get(f"{urls['gamma']}/events/slug/{slug}")).raise_for_status().json()
        told = round_of(event)
        asked = f"{urls['clob']}/clob-markets/{told['condition_id']}"
        parameters = (await http.get(asked)).raise_for_status().json()
    return Market(urls, told, parameters["fd"]["r"])


@asynccontextmanager
async def two_sides(market: Market) -> AsyncIterator[tuple[Side, Side]]:
    """`clob` trades with a wallet of one key and is heard by the other client; `unified` trades
    with a deposit wallet that the relayer moves. Both have a thousand dollars, a hundred of them
    in sets."""
    async with AsyncExitStack() as stack:

        async def started(environment: Environment, script: str, **options: Any) -> Trader:
            told = {
                "urls": market.urls, "round": market.told, "brief": market.told,
                "key": keys[environment.variable], "options": options,
            }  # fmt: skip
            return await stack.enter_async_context(trader(environment, script, told))

        keys = {CLOB.variable: a_key(), UNIFIED.variable: a_key()}
        hands = await started(CLOB, "trader_clob.py")
        who = await hands.do("who")
        await market.control.tell("/faucet", owner=who["address"], dollars="1000")
        secrets = {name: who[name] for name in ("key", "secret", "passphrase")}
        ear = await stack.enter_async_context(
            trader(UNIFIED, "trader_unified.py", {
                "urls": market.urls, "round": market.told, "brief": market.told,
                "key": keys[CLOB.variable],
                "options": {"wallet": who["address"], "credentials": secrets},
            })
        )  # fmt: skip
        both = await started(UNIFIED, "trader_unified.py", has_relayer=True)
        named = await both.do("who")
        await market.control.tell(
            "/faucet", owner=named["address"], dollars="1000", signature_type=3
        )
        async with trio.open_nursery() as nursery:
            for one in (ear, both):
                nursery.start_soon(_split, one, market)
        yield (
            Side("clob", hands, ear, who["address"].lower()),
            Side("unified", both, both, named["wallet"].lower()),
        )


async def _split(one: Trader, market: Market) -> None:
    assert await one.do("split", condition=market.told["gamma_condition"], amount=SETS)


@pytest.mark.parametrize("v2_share", ["0", "1"], ids=["tokens", "positions"])
@pytest.mark.trio
async def test_they_trade_with_each_other_and_every_millionth_is_accounted_for(
    v2_share: str,
) -> None:
    with trio.fail_after(WITHIN_S):
        async with venue_process("--v2-share", v2_share) as urls:
            market = await market_of(urls)
            assert market.told["is_v2"] is (v2_share == "1")
            async with two_sides(market) as (a, b):
                trades = await _matches(market, a, b)
                await _what_is_refused(market, a, b)
                await _what_is_taken_back(market, a, b)
                failed = await _a_match_that_fails(market, a, b)
                ends = {**trades, failed: "FAILED"}
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(_a_heart_that_stops, b)
                    for one in (a, b):
                        nursery.start_soon(_settled, one, ends)
                await _reconciled(market, a, b)
                for one in (a, b):
                    await _heard(one, trades, failed)
                assert not a.orders() & b.orders(), "nothing of the other's orders"


async def _matches(market: Market, a: Side, b: Side) -> dict[str, str]:
    """Cross, mint, merge, FOK, FAK: each moves what it must; their trades."""
    up, down, trades = market.up, market.down, list[str]()

    def moved(one: Side, usd: int, up_shares: int, down_shares: int, fee: int = 0) -> None:
        one.due.usd += usd - fee
        one.due.up += up_shares
        one.due.down += down_shares

    async def resting(one: Side, token: str, side: str, price: float, size: float) -> str:
        answer = await one.hands.do("rest", token=token, side=side, price=price, size=size)
        assert answer["status"] == "live", answer
        return str(answer["orderID"])

    def matched(answer: dict[str, Any], making: str, taking: str) -> None:
        assert answer["status"] == "matched", answer
        assert (float(answer["makingAmount"]), float(answer["takingAmount"])) == (
            float(making), float(taking),
        )  # fmt: skip
        trades.extend(answer["tradeIDs"])

    million = MILLION
    # Mint: two who buy the two halves of new sets.
    await resting(a, up, "BUY", 0.40, 20)
    answer = await b.hands.do("rest", token=down, side="BUY", price=0.60, size=20)
    matched(answer, "12", "20")
    moved(a, -8 * million, 20 * million, 0)
    moved(b, -12 * million, 0, 20 * million, market.fee(20 * million, 600_000))

    # Cross, by a market order that spends dollars; the price is the maker's.
    await resting(a, up, "SELL", 0.55, 10)
    answer = await b.hands.do("take", token=up, side="BUY", amount=5.5, price=0.57, kind="FAK")
    matched(answer, "5.5", "10")
    moved(a, 5_500_000, -10 * million, 0)
    moved(b, -5_500_000, 10 * million, 0, market.fee(10 * million, 550_000))

    # Merge: two who sell the two halves of sets that end there.
    await resting(b, down, "SELL", 0.52, 15)
    answer = await a.hands.do("rest", token=up, side="SELL", price=0.48, size=15)
    matched(answer, "15", "7.2")
    moved(b, 7_800_000, 0, -15 * million)
    moved(a, 7_200_000, -15 * million, 0, market.fee(15 * million, 480_000))

    # All or nothing: nothing, and all.
    await resting(a, up, "SELL", 0.60, 10)
    with pytest.raises(RefusedOrder, match="couldn't be fully filled"):
        await b.hands.do("take", token=up, side="BUY", amount=50, price=0.60, kind="FOK")
    answer = await b.hands.do("take", token=up, side="BUY", amount=6, price=0.60, kind="FOK")
    matched(answer, "6", "10")
    moved(a, 6 * million, -10 * million, 0)
    moved(b, -6 * million, 10 * million, 0, market.fee(10 * million, 600_000))

    # What is there, and no rest; where nothing is there, a refusal.
    await resting(b, down, "BUY", 0.30, 10)
    answer = await a.hands.do("take", token=down, side="SELL", amount=25, price=0.30, kind="FAK")
    matched(answer, "10", "3")
    moved(b, -3 * million, 0, 10 * million)
    moved(a, 3 * million, 0, -10 * million, market.fee(10 * million, 300_000))
    for one in (a, b):
        with pytest.raises(RefusedOrder, match="no orders found to match with FAK order"):
            await one.hands.do("take", token=up, side="BUY", amount=5, price=0.20, kind="FAK")
    return dict.fromkeys(trades, "CONFIRMED")


async def _what_is_refused(market: Market, a: Side, b: Side) -> None:
    """By the venue, in its own words, to either client."""
    await a.hands.do("rest", token=market.up, side="BUY", price=0.40, size=10)
    for one, price, token in ((b, 0.40, market.up), (a, 0.60, market.down)):
        side = "SELL" if one is b else "BUY"
        with pytest.raises(RefusedOrder, match=r"order crosses book|crosses the book"):
            await one.hands.do("rest", token=token, side=side, price=price, size=10, post_only=True)
    for one in (a, b):
        with pytest.raises(RefusedOrder, match="not enough balance"):
            await one.hands.do("rest", token=market.up, side="SELL", price=0.99, size=500)
        with pytest.raises(RefusedOrder, match="lower than the minimum: 5"):
            await one.hands.do("rest", token=market.up, side="BUY", price=0.10, size=4)
    soon = time.time_ns() // 10**9 + SOON_S
    with pytest.raises(RefusedOrder, match="invalid expiration"):
        await a.hands.do(
            "rest", token=market.up, side="BUY", price=0.10, size=10, kind="GTD", expiration=soon
        )


async def _what_is_taken_back(market: Market, a: Side, b: Side) -> None:
    """One order, and all of a key: the other's stay."""
    rest = {"token": market.up, "side": "BUY", "size": 10}
    late = time.time_ns() // 10**9 + 5 * SOON_S
    dated = await a.hands.do("rest", price=0.05, kind="GTD", expiration=late, **rest)
    assert dated["status"] == "live"
    assert (await a.hands.do("order", order_id=dated["orderID"]))["status"].endswith("LIVE")
    answer = await a.hands.do("cancel", order_id=dated["orderID"])
    assert answer == {"canceled": [dated["orderID"]], "not_canceled": {}}
    answer = await a.hands.do("cancel", order_id=dated["orderID"])
    assert answer["canceled"] == []
    assert set(answer["not_canceled"]) == {dated["orderID"]}
    own = [await a.hands.do("rest", price=0.06, post_only=True, **rest) for _ in range(2)]
    theirs = await b.hands.do("rest", price=0.07, post_only=True, **rest)
    answer = await a.hands.do("cancel_all")
    assert {one["orderID"] for one in own} <= set(answer["canceled"])
    assert await a.hands.do("orders") == []
    assert await b.hands.do("orders") == [theirs["orderID"]]


async def _a_match_that_fails(market: Market, a: Side, b: Side) -> str:
    """The chain undoes it: nothing has moved in the end. Its trade."""
    await market.control.tell("/trades", kind="fail", times=1)
    await a.hands.do("rest", token=market.up, side="SELL", price=0.70, size=5)
    answer = await b.hands.do(
        "take", token=market.up, side="BUY", amount=3.5, price=0.70, kind="FAK"
    )
    (failed,) = answer["tradeIDs"]
    return str(failed)


async def _a_heart_that_stops(b: Side) -> None:
    """Whoever has beaten once and does so no more loses the orders of his key."""
    (left,) = await b.hands.do("orders")
    await b.hands.do("beat")
    await b.hands.do("beat")
    assert await b.hands.do("orders") == [left]
    with trio.fail_after(40):
        while await b.hands.do("orders"):
            await trio.sleep(0.5)
    await trio.sleep(0.5)
    await b.listen()
    assert b.lives()[left][-1] == "CANCELLATION"


async def _settled(one: Side, trades: dict[str, str]) -> None:
    with trio.fail_after(60):
        while (found := await one.hands.do("trades")) != trades:
            assert set(found) <= set(trades)
            await trio.sleep(0.5)


async def _reconciled(market: Market, a: Side, b: Side) -> None:
    """Each client's view of its wallet and the venue's own books say what was reckoned here."""
    for one in (a, b):
        seen = Account(
            usd=await one.hands.do("usd"),
            up=await one.hands.do("shares", token=market.up),
            down=await one.hands.do("shares", token=market.down),
        )
        assert seen == one.due, one.name
        account = await market.control.account(one.wallet)
        held = {token: _micro(shares) for token, shares in account["shares"].items()}
        assert _micro(account["usd"]) == one.due.usd
        assert (held[market.up], held[market.down]) == (one.due.up, one.due.down)
        assert account["orders"] == []
    minted = a.due.up + b.due.up
    assert minted == a.due.down + b.due.down, "as many of the one as of the other"
    fees = 2 * DOLLARS - a.due.usd - b.due.usd - minted
    assert fees > 0


async def _heard(one: Side, trades: dict[str, str], failed: str) -> None:
    """A user channel told the whole life of every trade of its account."""
    with trio.fail_after(HEARD_WITHIN_S):
        while not all(one.lives().get(each, [""])[-1] in ENDS for each in (*trades, failed)):
            await trio.sleep(0.2)
            await one.listen()
    for each in trades:
        assert one.lives()[each] == ["MATCHED", "MINED", "CONFIRMED"], (one.name, each)
    assert one.lives()[failed][0] == "MATCHED"
    assert one.lives()[failed][-1] == "FAILED"


def _micro(text: str) -> int:
    whole, _, part = text.partition(".")
    return int(whole) * MILLION + int(part.ljust(6, "0"))

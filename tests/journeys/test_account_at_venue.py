"""Wallets at a running venue, over loopback: what doctor says of them, the order of a livetest, and
what cancels, positions and sales come to without an engine."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
from attrs import evolve, frozen

from polytui.config.api_key import ApiKey
from polytui.config.relayer_key import GaslessKey, RelayerKey
from polytui.config.schema import DoctorSettings, Settings
from polytui.config.secrets import Secret
from polytui.config.state_folder import StateFolder
from polytui.execution.arming import arm_simulated
from polytui.model.instrument import Asset, Interval, Outcome, Round
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import NS_PER_S, Price, Shares, parse_micro
from polytui.net.http import Http, HttpSettings
from polytui.runtime.demo_wallet import relayer_key_at
from polytui.runtime.modes import opener_of
from polytui.runtime.plan import Plan
from polytui.sim.server.urls import Urls
from polytui.sim.server.venue import VenueSettings, run_venue
from polytui.sim.world.sources import THIN
from polytui.sim.world.world import WorldSettings
from polytui.tools.findings import Finding, Severity
from polytui.tools.held_positions import PositionState, held_positions
from polytui.tools.livetest import Livetest
from polytui.tools.selling_out import SellingOut
from polytui.tools.sweeping import sweep
from polytui.tools.venue_account import Access, VenueAccount, open_venue_account
from polytui.tools.wallet_checks import WalletChecks
from polytui.venues.polymarket.api_keys import api_key_of
from polytui.venues.polymarket.clob_account import ClobAccount
from polytui.venues.polymarket.contracts import EXCHANGES, POLYGON
from polytui.venues.polymarket.signing import OrderSigner
from polytui.venues.polymarket.user_channel import UserOrder
from polytui.venues.polymarket.wallet import Wallet, WalletType, wallet_of

pytestmark = pytest.mark.trio
START_NS = 1_795_204_800 * NS_PER_S
PATIENCE_S = 120.0
"""For a machine that is busy with other things."""
SHARE = 1_000_000
OK, WARN, FAIL = Severity.OK, Severity.WARN, Severity.FAIL
WRONG_KEY = ApiKey("00000000-0000-4000-8000-000000000000", Secret("AAAA"), Secret("aa"))


def wallet(number: int, kind: WalletType = WalletType.DEPOSIT) -> Wallet:
    return wallet_of(Secret(f"0x{number:064x}"), kind)


@frozen
class Place:
    """A venue, and how it is reached."""

    urls: Urls
    state: StateFolder

    async def control(self, method: str, route: str, **order: Any) -> Any:
        given = {"Authorization": f"Bearer {self.urls.control_token}"}
        http = Http(self.urls.control, HttpSettings(), headers=given)
        try:
            if method == "GET":
                return json.loads(await http.get(route, order))
            return json.loads(await http.post(route, json.dumps(order).encode()))
        finally:
            await http.close()

    async def pay(self, whose: Wallet, dollars: str = "100", **order: Any) -> None:
        kind = int(whose.kind)
        await self.control(
            "POST", "/faucet", owner=whose.owner, signature_type=kind, dollars=dollars, **order
        )

    async def has(self, whose: Wallet) -> Any:
        return await self.control("GET", "/account", wallet=whose.funder)

    @asynccontextmanager
    async def world(self) -> AsyncIterator[Any]:
        settings = Settings()
        session = evolve(settings.session, assets=(Asset.BTC,), intervals=(Interval.H1,))
        settings = evolve(settings, session=session, doctor=DoctorSettings(wait_s=60.0))
        plan = Plan("demo", settings, Path(), venue=self.urls, is_on_paper=True)
        async with opener_of(plan)(settings, Path(), None, None) as world:
            yield world

    @asynccontextmanager
    async def account(self, whose: Wallet) -> AsyncIterator[VenueAccount]:
        access = Access(whose, None, is_simulated=True)
        async with (
            self.world() as world,
            open_venue_account(world, access, self.state) as account,
        ):
            yield account

    async def relayer_key(self, whose: Wallet) -> GaslessKey | None:
        return await relayer_key_at(self.urls, whose)

    async def examined(
        self, whose: Wallet, gasless: GaslessKey | str | None = "its own", rpc: str = ""
    ) -> dict[str, Finding]:
        """With another key for the relayer, or at another node."""

        async def key() -> GaslessKey | None:
            return await self.relayer_key(whose) if isinstance(gasless, str) else gasless

        async with self.world() as world:
            if rpc:
                endpoints = evolve(world.settings.endpoints, rpc=rpc)
                world = evolve(world, settings=evolve(world.settings, endpoints=endpoints))
            access = Access(whose, None, is_simulated=True)
            checks = WalletChecks(world, access, self.state, key)
            return {one.name: one for one in await checks.examine()}

    async def tried(
        self,
        whose: Wallet,
        within_s: float = 60.0,
        say: Callable[[Finding], None] = lambda _: None,
    ) -> dict[str, Finding]:
        """A livetest, after which no order works, whatever happened."""
        armed = arm_simulated(whose, None, [self.urls.clob])
        async with self.account(whose) as account:
            steps = await Livetest(account, armed, say, within_s).run()
        assert (await self.has(whose))["orders"] == []
        return {one.name: one for one in steps}


@asynccontextmanager
async def running_venue(tmp_path: Path, speed: float = 1.0) -> AsyncIterator[Place]:
    world = WorldSettings(7, START_NS, (Asset.BTC,), (Interval.H1,), messages=THIN)
    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:

            async def run(*, task_status: trio.TaskStatus[Urls]) -> None:
                await run_venue(VenueSettings(world, speed=speed), task_status=task_status)

            urls: Urls = await nursery.start(run)
            yield Place(urls, StateFolder(tmp_path / "state"))
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def a_host(answer: bytes) -> AsyncIterator[str]:
    """That says the same to everybody, and hangs up."""

    async def meet(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(answer)
        await stream.aclose()

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, meet, 0)
        yield f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        nursery.cancel_scope.cancel()


# --- doctor ---------------------------------------------------------------------------------------


async def test_doctor_says_what_a_wallet_lacks(tmp_path: Path) -> None:
    async with running_venue(tmp_path) as place:
        # One that has everything.
        rich = wallet(1)
        await place.pay(rich, "12.5")
        found = await place.examined(rich)
        assert {one.verdict for one in found.values()} == {OK}, found
        assert found["money"].words.startswith("$12.50 in ")
        assert "40 orders a second" in found["rate limits"].words
        assert found["node"].words == "chain 137, $12.50 in the wallet"
        assert "batch 0 of this deposit wallet" in found["relayer"].words
        # Its money is in the safe, and the type says deposit: the balance reads 0, without a word.
        mistaken = wallet(2)
        safe = wallet(2, WalletType.SAFE)
        await place.pay(safe, "7")
        found = await place.examined(mistaken)
        assert found["money"].verdict is FAIL
        assert f"its safe wallet {safe.funder} has $7.00" in found["money"].words
        assert "not deployed" not in found["deposit wallet"].words
        assert found["deposit wallet"].verdict is FAIL, "nobody has made that one"
        # Nothing may move what it has.
        await place.pay(wallet(3), is_approved=False)
        found = await place.examined(wallet(3))
        assert [found[name].verdict for name in ("money", "exchange v1")] == [OK, FAIL]
        assert EXCHANGES[POLYGON].standard in found["exchange v1"].words
        assert "may not take shares" in found["exchange v1"].words
        # It may only close.
        await place.pay(wallet(4))
        await place.control("POST", "/standing", address=wallet(4).owner, state="closed_only")
        found = await place.examined(wallet(4))
        assert found["standing"].verdict is FAIL
        # Another account's API key: said, and everything else is told all the same.
        async with place.world() as world:
            access = Access(rich, WRONG_KEY, is_simulated=True)
            gasless = partial(place.relayer_key, rich)
            findings = await WalletChecks(world, access, place.state, gasless).examine()
        assert place.state.api_key(rich.owner, POLYGON) is None, (
            "nothing of a simulated one is kept"
        )
        keys = [one for one in findings if one.name == "api key"]
        assert [one.verdict for one in keys] == [FAIL, OK]
        assert "not this private key's" in keys[0].words
        assert "$12.50" in next(one for one in findings if one.name == "money").words


async def test_doctor_asks_the_node_and_the_relayer(tmp_path: Path) -> None:
    async with running_venue(tmp_path) as place:
        own = wallet(1, WalletType.EOA)
        await place.pay(own)
        found = await place.examined(own)
        assert (found["node"].verdict, "relayer" in found) == (OK, False)
        assert (found["gas"].verdict, "POL" in found["gas"].words) == (OK, True)
        whose = wallet(2)
        await place.pay(whose)
        # Nobody has a key; one of somebody else's; one that the relayer does not know.
        other = RelayerKey(Secret("k"), own.owner)
        for key, verdict, words in (
            (None, WARN, "make one in the website's settings"),
            (evolve(other, address=wallet(3).owner), WARN, "good for its owner's wallets only"),
            (evolve(other, address=whose.owner), FAIL, "the relayer does not take the key"),
        ):
            found = await place.examined(whose, gasless=key)
            assert found["node"].verdict is OK
            assert found["relayer"].verdict is verdict, found["relayer"]
            assert words in found["relayer"].words
        # A node that wants a key, as the one that was this program's own once.
        async with a_host(
            b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 15\r\n\r\ntenant disabled"
        ) as url:
            found = await place.examined(whose, rpc=url)
        assert (found["node"].verdict, found["relayer"].verdict) == (FAIL, OK)
        assert "set endpoints.rpc" in found["node"].words
        assert "tenant disabled" in found["node"].words


async def test_an_api_key_is_derived_once_and_anew_where_it_is_not_known(tmp_path: Path) -> None:
    async with running_venue(tmp_path) as place, place.world() as world:
        whose = wallet(1)
        access = Access(whose, None, is_simulated=False)
        place.state.keep_api_key(whose.owner, POLYGON, WRONG_KEY)
        async with open_venue_account(world, access, place.state) as account:
            derived = account.api_key
            assert await account.orders.open_orders() == []
        assert derived != WRONG_KEY
        kept = place.state.api_key(whose.owner, POLYGON)
        assert kept is not None
        assert kept.key == derived.key
        async with open_venue_account(world, access, place.state) as account:
            assert account.api_key.secret.reveal() == derived.secret.reveal()


# --- the order of a livetest ----------------------------------------------------------------------

STEPS = [
    "round", "user channel", "signature", "heartbeat", "order", "seen placed", "cancel",
    "seen cancelled", "nothing left",
]  # fmt: skip


@pytest.mark.parametrize("kind", [WalletType.EOA, WalletType.DEPOSIT])
async def test_a_livetest_goes_through_and_leaves_nothing(kind: WalletType, tmp_path: Path) -> None:
    async with running_venue(tmp_path) as place:
        whose = wallet(1, kind)
        await place.pay(whose)
        steps = await place.tried(whose)
        assert list(steps) == STEPS
        assert {one.verdict for one in steps.values()} == {OK}
        assert all(one.took_ms is not None and one.took_ms >= 0 for one in steps.values())
        after = await place.has(whose)
        assert (after["usd"], after["free_usd"], after["trades"]) == ("100", "100", [])


async def test_whatever_happens_to_its_order_none_is_left(tmp_path: Path) -> None:
    async with running_venue(tmp_path) as place:
        await place.pay(wallet(1))
        for kind, is_taken in (("lose_answer", True), ("unknown", True), ("timed_out", False)):
            await place.control("POST", "/orders", kind=kind)
            steps = await place.tried(wallet(1))
            begun = ["round", "user channel", "signature", "heartbeat", "order"]
            assert list(steps) == [*begun, "nothing left"]
            assert steps["order"].verdict is FAIL
            assert steps["nothing left"].verdict is OK
            assert ("never had it" in steps["nothing left"].words) is not is_taken, kind
        # The user channel says nothing: an account that does not hear of its orders must not trade.
        await place.control("POST", "/mute", who="user", seconds=30)
        steps = await place.tried(wallet(1), within_s=1.0)
        failed = next(name for name, one in steps.items() if one.verdict is FAIL)
        assert failed in ("user channel", "seen placed")


async def test_a_livetest_that_is_ended_early_leaves_nothing(tmp_path: Path) -> None:
    def end_it(step: Finding) -> None:
        if step.name == "order":
            signal.raise_signal(signal.SIGTERM)

    async with running_venue(tmp_path) as place:
        await place.pay(wallet(1))
        steps = await place.tried(wallet(1), say=end_it)
        assert steps["nothing left"].verdict is OK
        assert "CANCELED" in steps["nothing left"].words, "it was there, and is over"
        assert (steps["livetest"].verdict, "SIGTERM" in steps["livetest"].words) == (FAIL, True)


async def test_refusals_of_its_order_are_explained(tmp_path: Path) -> None:
    async with running_venue(tmp_path) as place:
        await place.pay(wallet(1))
        await place.control("POST", "/standing", address=wallet(1).owner, state="banned")
        assert "has banned this wallet" in (await place.tried(wallet(1)))["order"].words
        safe = wallet(2, WalletType.SAFE)
        await place.pay(safe)
        await place.control("POST", "/wallets", takes_only_deposit_wallets=True)
        words = (await place.tried(safe))["order"].words
        assert "please use the deposit wallet flow" in words
        assert "POLYMARKET_WALLET_TYPE=deposit" in words
        await place.pay(wallet(3))
        await place.control("POST", "/geoblock", state="blocked")
        assert "do not get around" in (await place.tried(wallet(3)))["order"].words


# --- without an engine ----------------------------------------------------------------------------


async def listed_of(account: VenueAccount) -> Round:
    now_ns = account.clock.now_ns()
    return (await account.gamma.upcoming(Asset.BTC, Interval.H1, now_ns, 1))[0]


async def placed(
    account: VenueAccount,
    listed: Round,
    price: int,
    shares: int,
    tif: TimeInForce = TimeInForce.GTC,
    number: int = 0,
) -> UserOrder:
    """A purchase of Up, in millionths; as the venue tells it afterwards."""
    order = Order(
        f"{listed.slug}-test-{number}",
        listed.slug,
        listed.up_token,
        Outcome.UP,
        Side.BUY,
        Price(price),
        Shares(shares),
        tif,
        is_post_only=False,
        strategy="",
        placed_ns=account.clock.now_ns(),
    )
    signed = OrderSigner(account.wallet).sign(order, listed)
    await account.orders.post(signed)
    found = await account.orders.order(signed.venue_id)
    assert found is not None
    return found


async def test_a_sweep_reaches_every_order_also_those_of_another_key(tmp_path: Path) -> None:
    async with running_venue(tmp_path) as place, place.account(wallet(1)) as account:
        assert (await sweep(account.orders)).is_clean, "nothing to do is done"
        await place.pay(wallet(1))
        listed = await listed_of(account)
        for number in range(3):
            await placed(account, listed, 10_000 + 10_000 * number, 5 * SHARE, number=number)
        # Somebody else with the same wallet: cancel-all does not reach what another key placed.
        other_key = await api_key_of(account.http, account.wallet, nonce=1)
        orders = ClobAccount(account.http, account.wallet, other_key, account.clock)
        await placed(evolve(account, orders=orders), listed, 10_000, 6 * SHARE, number=9)
        # No orders any more, and cancels all the same.
        await place.control("POST", "/engine", mode="cancel_only", seconds=60)
        swept = await sweep(account.orders)
        assert swept.is_clean
        assert len(swept.cancelled) == 4
        assert (await place.has(wallet(1)))["orders"] == []


async def test_an_engine_that_stands_still_leaves_the_sweep_in_doubt(tmp_path: Path) -> None:
    async with running_venue(tmp_path) as place, place.account(wallet(1)) as account:
        await place.pay(wallet(1))
        order = await placed(account, await listed_of(account), 10_000, 5 * SHARE)
        await place.control("POST", "/engine", mode="restart", seconds=30)
        swept = await sweep(account.orders, within_s=1.5)
        assert not swept.is_clean
        assert [one.order_id for one in swept.left] == [order.order_id]
        assert swept.cancelled == ()
        assert swept.why[order.order_id], "named, with what the venue said"
        await place.control("POST", "/engine", mode="normal")
        assert (await sweep(account.orders)).cancelled == (order.order_id,)


async def test_what_is_held_is_told_and_sold(tmp_path: Path) -> None:
    async with running_venue(tmp_path, speed=4.0) as place, place.account(wallet(1)) as account:
        await place.pay(wallet(1), "500")
        listed = await listed_of(account)
        bought = await placed(account, listed, 990_000, 20 * SHARE, TimeInForce.FAK)
        assert bought.matched > 0
        held = await held_positions(account, days=1)
        assert held.unread == []
        (position,) = held.positions
        assert (position.round.slug, position.outcome) == (listed.slug, Outcome.UP)
        assert position.state is PositionState.OPEN
        assert position.shares == bought.matched, "on the chain, or on its way there"
        assert position.bid is not None
        armed = arm_simulated(account.wallet, None, [place.urls.clob])
        before = await place.has(wallet(1))
        while listed.up_token not in before["shares"]:  # each question takes its time
            before = await place.has(wallet(1))
        paid = 500 * SHARE - parse_micro(before["usd"])
        (settled,) = (await held_positions(account, days=1)).positions
        assert settled.shares == position.shares == parse_micro(before["shares"][listed.up_token])
        assert settled.cost == position.cost == paid, "to the millionth, with fees"
        more = evolve(position, shares=Shares(position.shares + 10 * SHARE))
        early = await SellingOut(account, armed).sell(more)
        assert "not settled yet" in early.why
        assert early.sold == 0
        sale = await SellingOut(account, armed).sell(position)
        assert sale.sold > 0
        assert sale.left < listed.min_shares or sale.why
        after = await place.has(wallet(1))
        assert after["orders"] == []
        (left,) = (await held_positions(account, days=1)).positions or [None]
        assert (left.shares if left else 0) == sale.left
        assert sale.why, "what is left of it has a reason"
        again = await SellingOut(account, armed).sell(evolve(position, shares=Shares(SHARE)))
        assert again.why.startswith("too little to sell")
        assert again.sold == 0

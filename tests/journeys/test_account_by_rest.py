"""Our account at the simulated venue, over loopback: keys, orders, cancels, reads, beats, and every
trouble that its control API makes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from attrs import define, field
from live_accounts import PATIENT, control

from polytui.config.api_key import ApiKey
from polytui.config.secrets import Secret
from polytui.model.errors import NotNow, Rejected, Restricted, Retry, Unknown
from polytui.model.instrument import Asset, Interval, Outcome, Round
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import NS_PER_S, Price, Shares
from polytui.net.clock import Clock
from polytui.net.http import Http, HttpSettings
from polytui.sim.server.urls import Urls
from polytui.sim.server.venue import VenueSettings, run_venue
from polytui.sim.world.world import WorldSettings
from polytui.venues.polymarket.api_keys import api_key_of
from polytui.venues.polymarket.clob_account import ClobAccount
from polytui.venues.polymarket.clob_answers import PostStatus
from polytui.venues.polymarket.gamma import Gamma
from polytui.venues.polymarket.geoblock import place_of
from polytui.venues.polymarket.signing import OrderSigner, SignedOrder
from polytui.venues.polymarket.user_channel import TradeStatus
from polytui.venues.polymarket.wallet import WalletType, wallet_of

pytestmark = pytest.mark.trio
START_NS = 1_795_204_800 * NS_PER_S
WALLET = wallet_of(Secret("0x" + "5a" * 32), WalletType.DEPOSIT)
DOLLAR = 1_000_000
HELD_HERE = "as many orders as tier standard lets through are on their way"


@define(eq=False)
class Stand:
    """One account at a venue of its own. State: the orders it has named so far."""

    urls: Urls
    clock: Clock
    http: Http
    api_key: ApiKey
    account: ClobAccount
    listed: Round
    signer: OrderSigner = field(factory=lambda: OrderSigner(WALLET))
    orders: int = 0

    def order(
        self,
        price: int = 1,
        shares: int = 5,
        *,
        outcome: Outcome = Outcome.UP,
        side: Side = Side.BUY,
        tif: TimeInForce = TimeInForce.GTC,
        is_post_only: bool = False,
    ) -> SignedOrder:
        """`price` in cents, `shares` whole."""
        self.orders += 1
        listed = self.listed
        order = Order(
            f"{listed.slug}-{self.orders}-1",
            listed.slug,
            listed.token_of(outcome),
            outcome,
            side,
            Price(price * 10_000),
            Shares(shares * 1_000_000),
            tif,
            is_post_only,
            "test",
            self.clock.now_ns(),
        )
        return self.signer.sign(order, listed)

    async def control(self, route: str, **order: Any) -> Any:
        return await control(self.urls, route, **order)


@asynccontextmanager
async def stand(speed: float = 1.0, v2_share: float = 0.0) -> AsyncIterator[Stand]:
    world = WorldSettings(7, START_NS, (Asset.BTC,), (Interval.M5,), v2_share=v2_share)
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:

            async def run(*, task_status: trio.TaskStatus[Urls]) -> None:
                await run_venue(VenueSettings(world, speed=speed), task_status=task_status)

            urls: Urls = await nursery.start(run)
            clock = Clock(urls.epoch_ns, urls.anchor_ns, urls.speed)
            http = Http(urls.clob, PATIENT, is_loopback_only=True)
            await control(
                urls, "/faucet", owner=WALLET.owner, wallet=WALLET.funder, signature_type=3,
                dollars="10000",
            )  # fmt: skip
            gamma = Http(urls.gamma, PATIENT, is_loopback_only=True)
            rounds = await Gamma(gamma).upcoming(Asset.BTC, Interval.M5, clock.now_ns(), 3)
            await gamma.close()
            api_key = await api_key_of(http, WALLET)
            account = ClobAccount(http, WALLET, api_key, clock)
            try:
                yield Stand(urls, clock, http, api_key, account, rounds[-1])
            finally:
                await http.close()
            nursery.cancel_scope.cancel()


async def test_a_key_is_made_once_and_found_again() -> None:
    async with stand() as one:
        again = await api_key_of(one.http, WALLET)
        assert again.key == one.api_key.key
        assert again.secret.reveal() == one.api_key.secret.reveal()
        other = await api_key_of(one.http, WALLET, nonce=3)
        assert other.key != one.api_key.key


@pytest.mark.parametrize("v2_share", [0.0, 1.0])
async def test_an_order_is_placed_read_and_cancelled(v2_share: float) -> None:
    async with stand(v2_share=v2_share) as one:
        account, signed = one.account, one.order(1)
        assert await account.warm()
        lines = one.http.lines
        assert lines.asked == lines.opened == 3
        assert one.listed.protocol == ("v2" if v2_share else "v1")
        answer = await account.post(signed)
        assert (answer.venue_id, answer.status) == (signed.venue_id, PostStatus.LIVE)
        assert (answer.making, answer.taking, answer.trade_ids) == (None, None, ())
        found = await account.order(signed.venue_id)
        assert found is not None
        assert (found.order_id, found.price, found.original, found.matched) == (
            signed.venue_id, 10_000, 5_000_000, 0,
        )  # fmt: skip
        assert [one.order_id for one in await account.open_orders(one.listed.condition_id)] == [
            signed.venue_id
        ]
        assert not await account.open_orders(token_id=one.listed.down_token)
        assert (await account.collateral()).balance == 10_000 * DOLLAR
        assert (await account.shares(one.listed.up_token, one.listed.protocol)).balance == 0
        with pytest.raises(Unknown, match="Duplicated"):
            await account.post(signed)
        gone = await account.cancel([signed.venue_id])
        assert gone.cancelled == (signed.venue_id,)
        again = await account.cancel([signed.venue_id])
        assert not again.cancelled
        assert list(again.refused) == [signed.venue_id]
        ended = await account.order(signed.venue_id)
        assert ended is not None
        assert ended.is_over
        assert await account.order("0x" + "ef" * 32) is None
        assert account.unread == 0
        assert (lines.asked, lines.opened) == (3 + 4, 3), "both orders and both cancels"


async def test_a_fill_is_told_by_amounts_and_trades() -> None:
    """Both sides are ours, at one price: a pair of shares is made."""
    async with stand(speed=5.0) as one:
        account = one.account
        maker = one.order(60, 20, outcome=Outcome.UP)
        await account.post(maker)
        taker = one.order(40, 10, outcome=Outcome.DOWN)
        answer = await account.post(taker)
        if answer.status is PostStatus.DELAYED:
            while not (trades := await account.trades(condition_id=one.listed.condition_id)):
                await trio.sleep(0.05)
        else:
            assert answer.status is PostStatus.MATCHED
            assert (answer.making, answer.taking) == (4 * DOLLAR, 10 * DOLLAR)
            trades = await account.trades(condition_id=one.listed.condition_id)
            assert answer.trade_ids == tuple(trade.trade_id for trade in trades)
        (trade,) = trades
        ours = {match.order_id: match for match in trade.matches}
        assert {name: (part.shares, part.price) for name, part in ours.items()} == {
            taker.venue_id: (10_000_000, 400_000),
            maker.venue_id: (10_000_000, 600_000),
        }
        (same,) = await account.trades(trade_id=trade.trade_id)
        assert same.matches == trade.matches
        assert not await account.trades(after_s=one.clock.now_ns() // NS_PER_S + 3600)
        rest = await account.order(maker.venue_id)
        assert rest is not None
        assert (rest.matched, rest.is_over) == (10_000_000, False)
        while (await account.trades())[0].status is TradeStatus.MATCHED:
            await trio.sleep(0.05)
        await account.refresh_collateral()
        await account.refresh_shares(one.listed.up_token, "v1")
        assert 9_989 * DOLLAR < (await account.collateral()).balance < 9_990 * DOLLAR
        assert (await account.shares(one.listed.up_token, "v1")).balance == 10 * DOLLAR
        killed = one.order(50, 10, outcome=Outcome.DOWN, tif=TimeInForce.FOK)
        with pytest.raises(Rejected, match="fully filled or killed"):
            await account.post(killed)


async def test_fifteen_at_once_and_each_has_an_answer_of_its_own() -> None:
    async with stand() as one:
        good = [one.order(1 + number) for number in range(10)]
        small = one.order(5, 1)
        dear = one.order(90, 20_000)
        crossing = one.order(99, outcome=Outcome.DOWN, is_post_only=True)
        batch = [*good[:5], small, dear, crossing, *good[5:]]
        answers = await one.account.post_many(batch)
        assert [type(answer).__name__ for answer in answers] == [
            *["PostAnswer"] * 5, *["Rejected"] * 3, *["PostAnswer"] * 5,
        ]  # fmt: skip
        assert "lower than the minimum" in str(answers[5])
        assert {found.order_id for found in await one.account.open_orders()} == {
            signed.venue_id for signed in good
        }
        with pytest.raises(ValueError, match="16 orders"):
            await one.account.post_many([one.order() for _ in range(16)])
        twice = await one.account.post_many([good[0], one.order(2)])
        assert isinstance(twice[0], Unknown), "a duplicate is alive, not refused"
        swept = await one.account.cancel_all()
        assert len(swept.cancelled) == 11
        assert not await one.account.open_orders()


async def test_a_thousand_cancels_go_as_the_venue_lets_them_and_reads_are_paged() -> None:
    async with stand(speed=5.0) as one:
        account = one.account
        placed: list[str] = []
        async with trio.open_nursery() as nursery:

            async def place(batch: list[SignedOrder]) -> None:
                answers = await patiently(lambda: account.post_many(batch))
                placed.extend(answer.venue_id for answer in answers)

            for _ in range(20):
                nursery.start_soon(place, [one.order(1) for _ in range(15)])
        assert len(placed) == 300
        assert {found.order_id for found in await account.open_orders()} == set(placed)
        strangers = ["0x" + f"{number:064x}" for number in range(750)]
        answer = await account.cancel([*placed, *strangers, *placed])
        assert set(answer.cancelled) == set(placed)
        assert set(answer.refused) == set(strangers)
        assert answer.unanswered == ()
        assert not await account.open_orders()


async def patiently(ask: Any) -> Any:
    while True:
        try:
            return await ask()
        except Retry as busy:
            await trio.sleep(busy.after_s or 0.05)


async def test_cancels_of_a_market_leave_the_others() -> None:
    async with stand() as one:
        up, down = one.order(1), one.order(2, outcome=Outcome.DOWN)
        await one.account.post_many([up, down])
        first = await one.account.cancel_market(token_id=one.listed.down_token)
        assert first.cancelled == (down.venue_id,)
        second = await one.account.cancel_market(one.listed.condition_id)
        assert second.cancelled == (up.venue_id,)
        with pytest.raises(ValueError, match="neither"):
            await one.account.cancel_market()


async def test_beats_go_on_with_the_id_that_the_venue_expects() -> None:
    async with stand() as one:
        first = await one.account.beat("")
        assert first.is_accepted
        second = await one.account.beat(first.heartbeat_id)
        assert second.is_accepted
        wrong = await one.account.beat("not-the-id")
        assert not wrong.is_accepted
        assert (await one.account.beat(wrong.heartbeat_id)).is_accepted


async def test_standing_and_tier() -> None:
    async with stand() as one:
        account = one.account
        assert not await account.is_closed_only()
        assert await account.tier() == "Standard"
        await one.control("/tier", address=WALLET.owner, tier="Gold")
        assert await account.tier() == "Gold"
        assert account.paces.cancels_at_once == 900
        await one.control("/standing", address=WALLET.owner, state="closed_only")
        assert await account.is_closed_only()
        with pytest.raises(Restricted, match="closed only"):
            await account.post(one.order())
        await one.control("/standing", address=WALLET.owner, state="banned")
        with pytest.raises(Restricted, match="banned"):
            await account.post(one.order())


async def test_the_geoblock_stops_orders_and_is_asked_for_itself() -> None:
    async with stand() as one:
        site = Http(one.urls.geoblock, HttpSettings(tries=1), is_loopback_only=True)
        assert not (await place_of(site)).is_blocked
        await one.control("/geoblock", state="blocked", country="US")
        place = await place_of(site)
        assert (place.is_blocked, place.country) == (True, "US")
        with pytest.raises(Restricted, match="restricted in your region"):
            await one.account.post(one.order())
        with pytest.raises(Restricted):
            await one.account.post_many([one.order()])
        await one.control("/geoblock", state="unreadable")
        with pytest.raises((Retry, Rejected)):
            await place_of(site)
        await site.close()


async def test_an_engine_that_restarts_takes_the_same_order_afterwards() -> None:
    async with stand() as one:
        signed = one.order()
        await one.control("/engine", mode="restart", seconds=1.0, post_only_seconds=2.0)
        with pytest.raises(Retry) as early:
            await one.account.post(signed)
        assert early.value.after_s is not None
        with pytest.raises(Retry):
            await one.account.cancel([signed.venue_id])
        await trio.sleep(early.value.after_s)
        with pytest.raises(NotNow) as later:
            await one.account.post(signed)
        assert later.value.mode == "post-only"
        assert later.value.after_s is not None
        resting, not_now = await one.account.post_many([one.order(is_post_only=True), signed])
        assert resting.__class__.__name__ == "PostAnswer"
        assert isinstance(not_now, NotNow)
        await trio.sleep(later.value.after_s)
        assert (await one.account.post(signed)).venue_id == signed.venue_id


@pytest.mark.parametrize(
    ("mode", "told", "may_cancel"),
    [("cancel_only", "cancel-only", True), ("disabled", "disabled", False)],
)
async def test_modes_of_the_venue(mode: str, told: str, may_cancel: bool) -> None:
    async with stand() as one:
        signed = one.order()
        await one.account.post(signed)
        await one.control("/engine", mode=mode, seconds=30)
        with pytest.raises(NotNow) as caught:
            await one.account.post(one.order())
        assert caught.value.mode == told
        if may_cancel:
            assert (await one.account.cancel([signed.venue_id])).cancelled == (signed.venue_id,)
        else:
            with pytest.raises(NotNow):
                await one.account.cancel([signed.venue_id])


@pytest.mark.parametrize(
    ("kind", "error", "lives"),
    [
        ("lose_answer", Unknown, True),
        ("unknown", Unknown, True),
        ("not_inserted", Unknown, False),
        ("timed_out", Retry, False),
    ],
)
async def test_what_became_of_an_order_is_found_by_its_id(
    kind: str, error: type[Exception], lives: bool
) -> None:
    async with stand() as one:
        signed = one.order()
        await one.control("/orders", kind=kind, times=1)
        with pytest.raises(error):
            await one.account.post(signed)
        assert (await one.account.order(signed.venue_id) is not None) is lives
        if error is Retry:
            assert (await one.account.post(signed)).venue_id == signed.venue_id


async def test_the_pace_of_the_signer_is_kept_and_cancels_do_not_wait_for_places() -> None:
    """Twelve hundred orders wanted at once: not one 429 from the venue, and a cancel goes out."""
    async with stand() as one:
        account = one.account
        first = one.order()
        await account.post(first)
        refused: list[Retry] = []

        async def place() -> None:
            try:
                await account.post_many([one.order() for _ in range(15)])
            except Retry as busy:
                refused.append(busy)

        async with trio.open_nursery() as nursery:
            for _ in range(80):
                nursery.start_soon(place)
            await trio.sleep(0.05)
            with trio.fail_after(2.0):
                gone = await account.cancel([first.venue_id])
            assert gone.cancelled == (first.venue_id,)
        assert 70 < len(refused) < 80
        assert {str(busy).partition(";")[0] for busy in refused} == {HELD_HERE}, "not by the venue"


async def test_a_wrong_key_is_refused_in_words_that_hold_no_secret() -> None:
    async with stand() as one:
        wrong = ApiKey(one.api_key.key, Secret("c2VjcmV0LW9mLW5vYm9keQ=="), one.api_key.passphrase)
        account = ClobAccount(one.http, WALLET, wrong, one.clock)
        with pytest.raises(Rejected, match="look at the API key") as caught:
            await account.post(one.order())
        assert caught.value.status == 401
        words = f"{caught.value!r}"
        for secret in ("c2VjcmV0", one.api_key.passphrase.reveal(), one.api_key.key):
            assert secret not in words
        with pytest.raises(Rejected):
            await account.open_orders()

"""Rounds that ended, over loopback: what was won comes home, of every kind of wallet, once."""

from __future__ import annotations

import pytest
import trio
from live_accounts import PATIENT
from wallet_stand import WalletStand, millions, wallet_stand

from polytui.model.events import NO_WINNER
from polytui.model.instrument import Outcome, Round
from polytui.model.units import HALF, MICRO, NS_PER_S
from polytui.net.http import Http
from polytui.venues.polymarket import chain_calls, contracts
from polytui.venues.polymarket.clob import Clob
from polytui.venues.polymarket.data_api import DataApi
from polytui.venues.polymarket.gamma import Gamma
from polytui.venues.polymarket.wallet import WalletType

pytestmark = pytest.mark.trio
UP, DOWN = Outcome.UP, Outcome.DOWN
SPEED = 80.0


async def winners(stand: WalletStand, listed: Round) -> set[str | None]:
    """As CLOB and Gamma name them, and the index once it has seen the result."""
    clob, gamma, data = (
        Http(url, PATIENT, is_loopback_only=True)
        for url in (stand.urls.clob, stand.urls.gamma, stand.urls.data_api)
    )
    try:
        while (indexed := await DataApi(data).winner(listed)) is None:
            await trio.sleep(0.2)
        looked = await Gamma(gamma).look(listed.slug)
        named = await Clob(clob, stand.clock).winner(listed.condition_id)
        return {indexed, named, looked.winner_token}
    finally:
        for http in (clob, gamma, data):
            await http.close()


@pytest.mark.parametrize("v2_share", [0.0, 1.0])
async def test_winners_and_void_rounds_come_home_whole(v2_share: float) -> None:
    """One round is won by Up, one is void and pays half a dollar a share; all have both."""
    async with wallet_stand(speed=SPEED, v2_share=v2_share) as stand:
        won, void = stand.rounds[:2]
        await stand.control("/result", slug=won.slug, result="up")
        await stand.control("/result", slug=void.slug, result="void")
        wallets = {kind: await stand.fund(kind) for kind in WalletType}
        for kind in WalletType:
            splits = [chain_calls.split(one, millions(10)) for one in (won, void)]
            await stand.do(kind, splits)
            assert (await stand.has(wallets[kind]))[0] == millions(980)
        told = await stand.resolved(won, void)
        assert (told[won.slug].up, told[won.slug].down) == (MICRO, 0)
        assert (told[void.slug].up, told[void.slug].down) == (HALF, HALF)
        assert await winners(stand, won) == {won.up_token}
        assert await winners(stand, void) == {NO_WINNER}
        for kind, wallet in wallets.items():
            held = await stand.reads.shares(wallet.funder, [won, void])
            calls = [
                call
                for one in (won, void)
                for call in chain_calls.redeem_held(
                    one, {outcome: held[one.token_of(outcome)] for outcome in (UP, DOWN)}
                )
            ]
            assert len(calls) == (4 if v2_share else 2)
            await stand.do(kind, calls, "redeem two rounds")
            assert await stand.has(wallet) == (millions(1_000), {}), kind.label


async def test_a_result_that_comes_late_is_waited_for() -> None:
    """Until then the chain knows nothing, and a redemption reverts."""
    async with wallet_stand(speed=SPEED) as stand:
        listed, kind = stand.rounds[0], WalletType.DEPOSIT
        late_s = 400
        await stand.control("/result", slug=listed.slug, seconds=late_s / SPEED)
        wallet = await stand.fund(kind)
        await stand.do(kind, [chain_calls.split(listed, millions(10))])
        sender = stand.sender(kind)
        early = await sender.sign([chain_calls.redeem(listed)], await sender.nonce())
        fate = await stand.over(kind, await sender.send(early))
        assert "result for condition not received yet" in fate.why
        await stand.resolved(listed)
        assert stand.clock.now_ns() - listed.closes_ns > late_s * NS_PER_S
        await stand.do(kind, [chain_calls.redeem(listed)])
        assert await stand.has(wallet) == (millions(1_000), {})


@pytest.mark.parametrize("kind", WalletType)
async def test_dollars_of_a_bridge_are_wrapped(kind: WalletType) -> None:
    async with wallet_stand() as stand:
        wallet = await stand.fund(kind, 1, is_approved=False, usdc_e="250.5")
        there = await stand.reads.dollars(wallet.funder)
        assert (there.pusd, there.usdc_e) == (millions(1), 250_500_000)
        await stand.do(
            kind,
            [
                chain_calls.approve(contracts.USDC_E, contracts.ONRAMP, 250_500_000),
                chain_calls.wrap(wallet.funder, 250_500_000),
            ],
        )
        there = await stand.reads.dollars(wallet.funder)
        assert (there.pusd, there.usdc_e) == (millions(251) + 500_000, 0)
        allowed = [(contracts.USDC_E, contracts.ONRAMP)]
        assert await stand.reads.allowances(wallet.funder, allowed) == [0]

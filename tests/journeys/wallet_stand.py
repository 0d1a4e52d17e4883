"""A simulated venue of its own, and wallets of every kind that send it calls over loopback."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import trio
from attrs import define, field
from live_accounts import PATIENT, control

from polytui.config.relayer_key import RelayerKey
from polytui.config.secrets import Secret
from polytui.execution.senders import sender_of
from polytui.execution.wallet_sender import BatchFate, BatchStage, SentBatch, WalletSender
from polytui.model.instrument import Asset, Interval, Round
from polytui.model.units import MICRO, NS_PER_S, parse_micro
from polytui.net.clock import Clock
from polytui.net.http import Http
from polytui.sim.exchange.auto_redeemer import RedeemerSettings
from polytui.sim.exchange.chain import ChainSettings
from polytui.sim.exchange.on_chain import OnChainSettings
from polytui.sim.exchange.relayer import RelayerSettings
from polytui.sim.server.urls import Urls
from polytui.sim.server.venue import VenueSettings, run_venue
from polytui.sim.world.resolver import ResolverSettings
from polytui.sim.world.world import WorldSettings
from polytui.venues.polymarket.chain_calls import Call
from polytui.venues.polymarket.chain_reads import ChainReads, Payouts
from polytui.venues.polymarket.gamma import Gamma
from polytui.venues.polymarket.node import ChainNode
from polytui.venues.polymarket.wallet import Wallet, WalletType, wallet_of

START_NS = 1_795_204_800 * NS_PER_S
KEY = Secret("0x" + "5c" * 32)
QUICK = OnChainSettings(
    chain=ChainSettings(block_s=0.5, waits_blocks=(1, 2)),
    relayer=RelayerSettings(
        executed_s=(0.1, 0.3), mined_s=(0.2, 0.6), confirmed_s=(0.3, 0.9), a_minute=1_000
    ),
    redeemer=RedeemerSettings(is_at_work=False),
)
"""Steps as at the venue, and less long; nobody redeems for us."""


@define(eq=False)
class WalletStand:
    """A venue, its clock, and one key's wallets. State: senders that were made."""

    urls: Urls
    clock: Clock
    rounds: list[Round]
    relayer: Http
    http: Http
    node: ChainNode
    reads: ChainReads
    key: RelayerKey
    _senders: dict[WalletType, WalletSender] = field(factory=dict)

    async def fund(
        self, kind: WalletType, dollars: int = 1_000, *, is_approved: bool = True, **more: Any
    ) -> Wallet:
        """The wallet of that kind, with so much money."""
        wallet = wallet_of(KEY, kind)
        await control(
            self.urls,
            "/faucet",
            owner=wallet.owner,
            wallet=wallet.funder,
            signature_type=int(kind),
            dollars=str(dollars),
            is_approved=is_approved,
            **more,
        )
        return wallet

    def sender(self, kind: WalletType) -> WalletSender:
        if kind not in self._senders:
            self._senders[kind] = sender_of(
                wallet_of(KEY, kind), self.key, self.clock, self.relayer, self.node
            )
        return self._senders[kind]

    async def do(self, kind: WalletType, calls: Sequence[Call], metadata: str = "") -> BatchFate:
        """All of them, in as many batches as the wallet needs; the last one's fate."""
        sender = self.sender(kind)
        fate = BatchFate(BatchStage.NEVER_ARRIVED)
        for at in range(0, len(calls), sender.calls_most):
            some = calls[at : at + sender.calls_most]
            signed = await sender.sign(some, await sender.nonce(), metadata)
            fate = await self.over(kind, await sender.send(signed))
            assert fate.stage.is_done, fate
        return fate

    async def over(self, kind: WalletType, sent: SentBatch) -> BatchFate:
        """Once it is mined, or never will be."""
        while not (fate := await self.sender(kind).fate(sent)).stage.is_done:
            if fate.stage is not BatchStage.WAITING:
                return fate
            await trio.sleep(0.05)
        return fate

    async def has(self, wallet: Wallet) -> tuple[int, dict[str, int]]:
        """Dollars and shares by token, millionths, as the venue's own ledger has them."""
        http = Http(
            self.urls.control,
            PATIENT,
            headers={"Authorization": f"Bearer {self.urls.control_token}"},
            is_loopback_only=True,
        )
        try:
            told = json.loads(await http.get("/account", {"wallet": wallet.funder}))
        finally:
            await http.close()
        shares = {token: parse_micro(held) for token, held in told["shares"].items()}
        return parse_micro(told["usd"]), shares

    async def resolved(self, *rounds: Round) -> dict[str, Payouts]:
        """Once the chain has a result of each."""
        while len(told := await self.reads.payouts(rounds)) < len(rounds):
            await trio.sleep(0.1)
        return told

    async def control(self, route: str, **order: Any) -> Any:
        return await control(self.urls, route, **order)


@asynccontextmanager
async def wallet_stand(
    *,
    speed: float = 4.0,
    v2_share: float = 0.0,
    on_chain: OnChainSettings = QUICK,
    resolver: ResolverSettings | None = None,
) -> AsyncIterator[WalletStand]:
    world = WorldSettings(
        7,
        START_NS,
        (Asset.BTC,),
        (Interval.M5,),
        v2_share=v2_share,
        resolver=resolver or ResolverSettings(),
    )
    settings = VenueSettings(world, speed=speed, on_chain=on_chain)
    with trio.fail_after(90):
        async with trio.open_nursery() as nursery:

            async def run(*, task_status: trio.TaskStatus[Urls]) -> None:
                await run_venue(settings, task_status=task_status)

            urls: Urls = await nursery.start(run)
            clock = Clock(urls.epoch_ns, urls.anchor_ns, urls.speed)
            gamma = Http(urls.gamma, PATIENT, is_loopback_only=True)
            rounds = await Gamma(gamma).upcoming(Asset.BTC, Interval.M5, clock.now_ns(), 4)
            await gamma.close()
            owner = wallet_of(KEY, WalletType.EOA).owner
            told = await control(urls, "/relayer-key", address=owner)
            relayer = Http(urls.relayer, PATIENT, is_loopback_only=True)
            http = Http(urls.rpc, PATIENT, is_loopback_only=True)
            node = ChainNode(http)
            try:
                yield WalletStand(
                    urls,
                    clock,
                    rounds,
                    relayer,
                    http,
                    node,
                    ChainReads(node),
                    RelayerKey(Secret(told["key"]), owner),
                )
            finally:
                with trio.CancelScope(shield=True):
                    await relayer.close()
                    await http.close()
            nursery.cancel_scope.cancel()


def millions(dollars: int) -> int:
    return dollars * MICRO

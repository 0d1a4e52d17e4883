"""`polytui doctor` asks the venue about a wallet: who may, what is there, what is in the way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import trio
from attrs import define, evolve, field, frozen

from polytui.config.relayer_key import GaslessKey
from polytui.config.state_folder import StateFolder
from polytui.execution.senders import sender_of
from polytui.model.errors import Fatal, Rejected, Retry, Unknown
from polytui.model.units import NS_PER_S, Usd
from polytui.runtime.modes import Surroundings
from polytui.tools.chain_facts import (
    NodeFacts,
    node_findings,
    node_refused,
    relayer_refused,
    relayer_told,
)
from polytui.tools.findings import Finding, Severity
from polytui.tools.venue_account import (
    NOT_LET_IN,
    Access,
    VenueAccount,
    open_venue_account,
)
from polytui.tools.wallet_facts import OtherWallet, WalletFacts, wallet_findings
from polytui.venues.polymarket.allowances import exchange_of, may_move
from polytui.venues.polymarket.chain_reads import ChainReads
from polytui.venues.polymarket.clob_account import ClobAccount
from polytui.venues.polymarket.node import ChainNode
from polytui.venues.polymarket.plain_refusals import in_plain_words
from polytui.venues.polymarket.relayer import is_deployed
from polytui.venues.polymarket.signer_paces import TIERS
from polytui.venues.polymarket.wallet import WalletType, wallet_of

_FOREIGN = (Retry, Rejected, Unknown, Fatal, trio.TooSlowError)


@frozen
class WalletChecks:
    """Of one wallet, at the venue of `world`. Closes the world's connections."""

    world: Surroundings
    access: Access
    state: StateFolder
    gasless: Callable[[], Awaitable[GaslessKey | None]]
    """For the relayer; Fatal for half of one."""

    async def examine(self) -> list[Finding]:
        """Every finding, in the order in which people read them; nothing waits longer than the
        settings of doctor allow."""
        asking = _Asking(self.world.settings.doctor.wait_s, WalletFacts(self.access.wallet))
        is_in = await self._at_the_door(asking, self.access)
        if not is_in and self.access.api_key is not None:
            # Everything else can still be told with a key that fits.
            await self._at_the_door(asking, evolve(self.access, api_key=None))
        return [*wallet_findings(asking.facts), *asking.findings]

    async def _at_the_door(self, asking: _Asking, access: Access) -> bool:
        """Whether the venue let us in; then all was asked."""
        try:
            async with AsyncExitStack() as stack:
                with trio.fail_after(asking.wait_s):
                    opened = open_venue_account(self.world, access, self.state)
                    account = await stack.enter_async_context(opened)
                    is_closed_only = await account.orders.is_closed_only()
                asking.facts = evolve(asking.facts, is_closed_only=is_closed_only)
                asking.add("api key", Severity.OK, _key_words(access))
                await self._ask_all(asking, account)
        except _FOREIGN as error:
            asking.add("api key", Severity.FAIL, _door_words(error, access))
            return False
        return True

    async def _ask_all(self, asking: _Asking, account: VenueAccount) -> None:
        async with trio.open_nursery() as nursery:
            for name, ask in (
                ("money", self._money),
                ("approvals", self._approvals),
                ("deposit wallet", self._deployed),
                ("rate limits", self._tier),
                ("node", self._node),
                ("relayer", self._relayer),
            ):
                nursery.start_soon(asking.ask, name, ask, account)

    async def _money(self, asking: _Asking, account: VenueAccount) -> None:
        await account.orders.refresh_collateral()
        funds = await account.orders.collateral()
        others: tuple[OtherWallet, ...] = ()
        if not funds.balance:
            others = tuple([one async for one in _others(account)])
        asking.facts = evolve(
            asking.facts, usd=funds.balance, allowances=funds.allowances, others=others
        )

    async def _approvals(self, asking: _Asking, account: VenueAccount) -> None:
        """Of shares: asked about a token of the round of now, whose exchange it tells."""
        session = account.settings.session
        asset, interval = session.assets[0], session.intervals[0]
        now_ns = account.clock.now_ns()
        for listed in await account.gamma.upcoming(asset, interval, now_ns, 1):
            await account.orders.refresh_shares(listed.up_token, listed.protocol)
            funds = await account.orders.shares(listed.up_token, listed.protocol)
            kind, wallet = (listed.protocol, listed.is_neg_risk), account.wallet
            is_allowed = may_move(funds, wallet, kind[0], is_neg_risk=kind[1])
            if is_allowed is not None:
                exchange = exchange_of(wallet, kind[0], is_neg_risk=kind[1])
                asking.facts = evolve(asking.facts, may_sell={exchange: is_allowed})

    async def _deployed(self, asking: _Asking, account: VenueAccount) -> None:
        if account.wallet.kind is WalletType.DEPOSIT:
            there = await is_deployed(account.relayer, account.wallet.funder)
            asking.facts = evolve(asking.facts, is_deployed=there)

    async def _node(self, asking: _Asking, account: VenueAccount) -> None:
        wallet, node = account.wallet, ChainNode(account.rpc)
        try:
            chain_id = await node.chain_id()
            is_ours = chain_id == wallet.chain_id
            # Another chain has no such contract, and would be blamed for that.
            held = await ChainReads(node).dollars(wallet.funder) if is_ours else None
            pol_wei = await node.pol_wei(wallet.owner)
            made_ns = await node.newest_block_s() * NS_PER_S
        except _FOREIGN as error:
            asking.findings.append(node_refused(error))
            return
        behind_s = (account.clock.now_ns() - made_ns) / NS_PER_S
        facts = NodeFacts(chain_id, held.pusd if held else Usd(0), pol_wei, behind_s)
        asking.findings += node_findings(wallet, facts)

    async def _relayer(self, asking: _Asking, account: VenueAccount) -> None:
        """A wallet that is its key has none, and a session's key may move nothing."""
        wallet = account.wallet
        if wallet.kind is WalletType.EOA or wallet.is_in_session:
            return
        node = ChainNode(account.rpc)
        try:
            sender = sender_of(wallet, await self.gasless(), account.clock, account.relayer, node)
            nonce = await sender.nonce()
        except Fatal as error:
            asking.add("relayer", Severity.WARN, str(error))
        except _FOREIGN as error:
            asking.findings.append(relayer_refused(error))
        else:
            asking.findings.append(relayer_told(wallet, nonce))

    async def _tier(self, asking: _Asking, account: VenueAccount) -> None:
        tier = await account.orders.tier()
        asking.add("rate limits", Severity.OK, _tier_words(tier))


@define
class _Asking:
    """State: what is known so far, and what is to be said besides."""

    wait_s: float
    facts: WalletFacts
    findings: list[Finding] = field(factory=list)

    async def ask(
        self,
        name: str,
        question: Callable[[_Asking, VenueAccount], Awaitable[None]],
        account: VenueAccount,
    ) -> None:
        try:
            with trio.fail_after(self.wait_s):
                await question(self, account)
        except _FOREIGN as error:
            self.add(name, Severity.WARN, f"cannot be asked: {_words(error)}")

    def add(self, name: str, verdict: Severity, words: str) -> None:
        self.findings.append(Finding(name, verdict, words))


async def _others(account: VenueAccount) -> AsyncIterator[OtherWallet]:
    """Those of the same key that have money: the venue reads them by their type."""
    for kind in WalletType:
        wallet = account.wallet
        if kind is wallet.kind:
            continue
        other = wallet_of(wallet.key, kind, chain_id=wallet.chain_id)
        asked = ClobAccount(account.http, other, account.api_key, account.clock)
        await asked.refresh_collateral()
        if usd := (await asked.collateral()).balance:
            yield OtherWallet(kind, other.funder, usd)


def _tier_words(tier: str) -> str:
    paces = TIERS.get(tier.lower())
    if paces is None:
        return f"tier {tier}, which this program does not know: it keeps to those of Standard"
    return (
        f"tier {tier}: {paces.place_per_s} orders a second ({paces.place_burst} at once) and"
        f" {paces.cancel_per_s} cancels ({paces.cancel_burst} at once)"
    )


def _key_words(access: Access) -> str:
    if access.api_key is not None:
        return "the one that was given is this private key's"
    return "derived from the private key"


def _door_words(error: Exception, access: Access) -> str:
    if access.api_key is not None and getattr(error, "status", None) == NOT_LET_IN:
        return (
            "the API key that was given is not this private key's, or was deleted: remove the three"
            " POLYMARKET_API_ settings, and one that fits is derived"
        )
    return _words(error)


def _words(error: Exception) -> str:
    words = str(error) or "no answer in time"
    return in_plain_words(words)

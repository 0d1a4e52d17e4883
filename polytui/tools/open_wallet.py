"""A wallet at the venue and on the chain, for a command that looks at it or moves its money."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from attrs import frozen

from polytui.config.relayer_key import GaslessKey
from polytui.execution.senders import sender_of
from polytui.execution.wallet_sender import WalletSender
from polytui.model.instrument import Round
from polytui.model.orders import Side
from polytui.model.units import Shares, Usd, cost_of
from polytui.tools.account_access import AccountAccess
from polytui.tools.held_positions import HeldAnswer, HeldPosition, held_positions
from polytui.tools.venue_account import VenueAccount
from polytui.venues.polymarket.approvals import StandingApproval, standing
from polytui.venues.polymarket.chain_reads import ChainReads, DollarsThere, Payouts
from polytui.venues.polymarket.node import ChainNode


@frozen
class HeldRoundThere:
    """Of one round, as the chain has it now."""

    round: Round
    up: Shares
    down: Shares
    offered_up: Shares
    """That orders at the venue offer, so that nobody takes them away."""
    offered_down: Shares
    payouts: Payouts | None
    """What the chain pays a share; None before it has a result."""

    @property
    def pairs(self) -> Shares:
        """That become a dollar each, while the round has no result."""
        if self.payouts is not None:
            return Shares(0)
        return Shares(max(0, min(self.up - self.offered_up, self.down - self.offered_down)))


@frozen
class WalletThere:
    """What a wallet has."""

    dollars: DollarsThere
    pol_wei: int
    approvals: Sequence[StandingApproval]
    held: HeldAnswer
    rounds: Sequence[HeldRoundThere]


@frozen
class OpenWallet:
    account: VenueAccount
    node: ChainNode
    reads: ChainReads
    gasless: GaslessKey | None

    def sender(self) -> WalletSender:
        """Fatal where nothing can be sent for it."""
        account = self.account
        return sender_of(account.wallet, self.gasless, account.clock, account.relayer, self.node)

    async def looked_at(self, days: float) -> WalletThere:
        """Errors as in `net/http.py`."""
        funder = self.account.wallet.funder
        dollars = await self.reads.dollars(funder)
        pol_wei = await self.node.pol_wei(self.account.wallet.owner)
        approvals = await standing(self.reads, funder, dollars.pusd)
        held = await held_positions(self.account, days)
        return WalletThere(dollars, pol_wei, approvals, held, await self.rounds(held.positions))

    async def rounds(self, held: Sequence[HeldPosition]) -> list[HeldRoundThere]:
        """Of those, in which the chain says that something is held."""
        listed = list({one.round.slug: one.round for one in held}.values())
        return [one for one in await self._there(listed) if one.up or one.down]

    async def round(self, slug: str) -> HeldRoundThere:
        """One by its name, held or not."""
        (there,) = await self._there([(await self.account.gamma.look(slug)).round])
        return there

    async def _there(self, listed: Sequence[Round]) -> list[HeldRoundThere]:
        if not listed:
            return []
        there = await self.reads.shares(self.account.wallet.funder, listed)
        payouts = await self.reads.payouts(listed)
        offered = await self._offered()
        return [
            HeldRoundThere(
                one,
                there[one.up_token],
                there[one.down_token],
                Shares(offered.get(one.up_token, 0)),
                Shares(offered.get(one.down_token, 0)),
                payouts.get(one.slug),
            )
            for one in listed
        ]

    async def free_dollars(self) -> tuple[DollarsThere, Usd]:
        """What is there, and what of the venue's dollars working purchases may still take."""
        dollars = await self.reads.dollars(self.account.wallet.funder)
        wanted = sum(
            cost_of(order.price, Shares(order.original - order.matched))
            for order in await self.account.orders.open_orders()
            if order.side is Side.BUY
        )
        return dollars, Usd(wanted)

    async def _offered(self) -> dict[str, int]:
        offered: dict[str, int] = {}
        for order in await self.account.orders.open_orders():
            if order.side is Side.SELL:
                left = max(0, order.original - order.matched)
                offered[order.token_id] = offered.get(order.token_id, 0) + left
        return offered


@asynccontextmanager
async def open_wallet(access: AccountAccess) -> AsyncIterator[OpenWallet]:
    """Fatal, in words that end with what to do, for whatever venue or chain refuse."""
    async with access.opened() as account:
        node = ChainNode(account.rpc)
        yield OpenWallet(account, node, ChainReads(node), await access.gasless())

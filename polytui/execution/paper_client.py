"""The driver of the exchange on paper: it sleeps until something is due there, and no more."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import trio
from attrs import define, frozen

from polytui.config.schema import Settings
from polytui.execution.client import (
    AccountNeeds,
    Carried,
    Deliver,
    Execution,
    ExecutionClient,
    VenueMoney,
)
from polytui.execution.paper import PaperSimulator
from polytui.execution.paper_account import PaperAccount
from polytui.execution.paper_transit import PaperWord
from polytui.model.effects import Effect
from polytui.model.events import DeskOpened, Event
from polytui.model.instrument import Asset
from polytui.model.units import Usd, usd_from_float
from polytui.net.clock import SessionClock


@define(eq=False)
class PaperClient:
    """An `ExecutionClient`. State: the simulator's alone."""

    asset: Asset
    simulator: PaperSimulator
    clock: SessionClock

    async def open(self, life: int) -> DeskOpened:
        await trio.lowlevel.checkpoint()
        return self.simulator.opening(self.asset, life)

    async def run(self, effects: trio.MemoryReceiveChannel[Effect], deliver: Deliver) -> None:
        while True:
            with trio.move_on_after(self._wait_s()):
                self.simulator.perform(await effects.receive(), self.clock.now_ns())
            for report in self.simulator.advance(self.clock.now_ns()):
                deliver(report)

    def _wait_s(self) -> float:
        due_ns = self.simulator.next_due_ns
        if due_ns is None:
            return math.inf
        return max(0.0, self.clock.real_s(due_ns - self.clock.now_ns()))

    def observe(self, event: Event) -> Sequence[PaperWord]:
        return self.simulator.observe(event)

    async def cancel_all(self) -> int:
        # No checkpoint: this is done even in a scope that is cancelled already.
        return self.simulator.cancel_at_once()

    @property
    def has_working_orders(self) -> bool:
        return self.simulator.has_working_orders

    def refuse_orders(self, until_ns: int, why: str) -> None:
        self.simulator.refuse_orders(until_ns, why)


@frozen
class PaperExecution:
    """An `Execution`: one purse for all assets."""

    settings: Settings
    clock: SessionClock
    account: PaperAccount
    carried: Carried | None = None

    def client(self, asset: Asset) -> ExecutionClient:
        simulator = PaperSimulator(self.settings.paper, self.account)
        if self.carried is not None and asset in self.carried.desks:
            simulator.go_on_from(self.carried.desks[asset])
        return PaperClient(asset, simulator, self.clock)

    @property
    def api_key(self) -> None:
        """Nobody's account."""
        return None

    def money(self) -> VenueMoney:
        return money_of(self.account)


def money_of(account: PaperAccount) -> VenueMoney:
    return VenueMoney(account.cash, account.traded, account.payouts)


def paper_account(settings: Settings, carried: Carried | None) -> PaperAccount:
    """A new purse, or the one that sessions before this one left."""
    if carried is None:
        return PaperAccount(usd_from_float(settings.paper.starting_cash_usd))
    return PaperAccount.going_on(carried.starting_cash, carried.cash, _paid_for_open(carried))


def _paid_for_open(carried: Carried) -> Usd:
    """Received less paid in rounds that are not settled."""
    rounds = (held for desk in carried.desks.values() for held in desk.held)
    return Usd(sum(held.cash_flow for held in rounds))


@asynccontextmanager
async def open_paper(needs: AccountNeeds) -> AsyncIterator[Execution]:
    account = paper_account(needs.settings, needs.carried)
    yield PaperExecution(needs.settings, needs.clock, account, needs.carried)

"""The faults of a chaos plan that the engine does to itself and survives, for its breakers to see.

kill     the kill switch, by command, as a person would
stall    the loop is held between reading a frame and deciding on it
reject   a client that is only thought refuses whatever arrives
flood    the inbox is filled with events that say nothing
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from attrs import frozen

from polytui.execution.client import CanRefuse
from polytui.model.errors import Rejected
from polytui.model.events import Action, Ticked
from polytui.model.units import NS_PER_S
from polytui.runtime.asset import AssetRun
from polytui.runtime.chaos import Chaos, PlannedFault
from polytui.runtime.inbox import Item
from polytui.runtime.session import Session

_ORIGIN = "chaos"
_TENTH = 0.1


@frozen
class Faults:
    session: Session
    runs: Sequence[AssetRun]
    obey: Callable[[Action, str, str], Awaitable[object]]
    """Takes a person's command: action, asset or nothing, origin."""

    async def make_when_due(self, chaos: Chaos) -> None:
        """Do what the plan says until nothing of it is left."""
        account, assets = self.session.mind.account, tuple(run.asset for run in self.runs)
        while fault := await chaos.next_fault(account, assets):
            self.session.notice("warn", "", f"chaos: {fault.kind} on {fault.target}")
            await self._make(fault)

    async def _make(self, fault: PlannedFault) -> None:
        if fault.kind == "kill":
            await self._kill()
        for run in self.runs:
            if run.asset is fault.asset:
                self._trouble(run, fault)

    def _trouble(self, run: AssetRun, fault: PlannedFault) -> None:
        match fault.kind:
            case "stall":
                # Before its reading nobody could see it: the time of a frame counts from there.
                run.stall_s = fault.seconds
            case "reject":
                self._reject(run, fault.seconds)
            case "flood":
                flood(run, fault.seconds * _TENTH)

    async def _kill(self) -> None:
        try:
            await self.obey(Action.KILL, "", _ORIGIN)
        except Rejected as error:
            self.session.notice("warn", "", f"chaos: {error}")

    def _reject(self, run: AssetRun, seconds: float) -> None:
        if not isinstance(run.client, CanRefuse):
            self.session.notice("warn", run.asset.value, "chaos: only a client on paper can refuse")
            return
        lasts_ns = int(seconds * run.clock.speed * NS_PER_S)
        run.client.refuse_orders(run.clock.now_ns() + lasts_ns, "chaos: the venue refuses orders")


def flood(run: AssetRun, share: float) -> None:
    """Fill the inbox up to this share of its limit, at once."""
    inbox, now_ns = run.inbox, run.clock.now_ns()
    for _ in range(int(inbox.limit * share) - inbox.waiting):
        inbox.put(Item(Ticked(now_ns)), wakes=False)
    inbox.wake()

"""Whether the contracts that merge and redeem may take this wallet's shares.

Asked before anything is sent: without that approval every call reverts, costs a unit of the day's
quota (or gas), and is tried again. A wallet that was set up for trading alone lacks it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence

from attrs import define, field

from polytui.execution.live_trades import Say
from polytui.model.units import NS_PER_S
from polytui.net.clock import SessionClock
from polytui.venues.polymarket.approvals import MERGES_AND_REDEEMS, StandingApproval

_OPEN_FOR_NS = 600 * NS_PER_S
"""So long it is believed that nobody took an approval back."""
_CLOSED_FOR_NS = 60 * NS_PER_S

Standing = Callable[[], Awaitable[Sequence[StandingApproval]]]
"""Every approval that is needed here. Retry where the chain does not answer."""


@define(eq=False)
class RedeemingDoors:
    """State: protocols of which shares may be taken, until when that is believed, and what people
    were told."""

    standing: Standing
    clock: SessionClock
    say: Say
    _open: frozenset[str] = frozenset()
    _until_ns: int = 0
    _told: set[str] = field(factory=set)

    async def open_of(self, protocols: Collection[str]) -> frozenset[str]:
        """Of these, the ones whose shares may be merged and redeemed; of another one people are
        told once. Nothing is asked where nothing waits."""
        if protocols and self.clock.now_ns() >= self._until_ns:
            await self._look(protocols)
        return self._open.intersection(protocols)

    async def _look(self, protocols: Collection[str]) -> None:
        doors = [one for one in await self.standing() if one.needed.purpose == MERGES_AND_REDEEMS]
        self._open = frozenset(one.needed.protocol for one in doors if one.stands)
        closed = [
            one.needed for one in doors if not one.stands and one.needed.protocol in protocols
        ]
        self._until_ns = self.clock.now_ns() + (_CLOSED_FOR_NS if closed else _OPEN_FOR_NS)
        self._told -= self._open
        for needed in closed:
            if needed.protocol not in self._told:
                self._told.add(needed.protocol)
                words = (
                    f"redeem: {needed.protocol} rounds wait: this wallet does not let"
                    f" {needed.spender} {needed.purpose} its shares. End the session, then"
                    " `polytui approve` lets it"
                )
                self.say("error", "", words)

"""Rounds in which a wallet has shares that no ledger here knows: bought by hand, by another
program, or by a session whose end was never written down.

The Data API only raises the question, minutes late; whether there is anything the chain says.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from attrs import define, field

from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.instrument import Round
from polytui.model.units import NS_PER_S
from polytui.net.clock import SessionClock
from polytui.venues.polymarket.data_api import DataApi
from polytui.venues.polymarket.gamma import Gamma
from polytui.venues.polymarket.round_names import asset_and_interval

_EVERY_NS = 600 * NS_PER_S
_MOST = 20
"""Rounds that are looked up at a time."""


@define(eq=False)
class StrangePositions:
    """State: when it was asked last, and what is none of ours to redeem."""

    data: DataApi
    gamma: Gamma
    wallet: str
    clock: SessionClock
    _next_ns: int = 0
    _passed: set[str] = field(factory=set)
    """Markets that are no rounds, or that nobody lists."""

    async def rounds(self, known: Collection[str]) -> Sequence[Round]:
        """Those that are over; seldom anything but none. Nobody waits for it: what does not answer
        is asked later."""
        now_ns = self.clock.now_ns()
        if now_ns < self._next_ns:
            return ()
        self._next_ns = now_ns + _EVERY_NS
        try:
            held = await self.data.held(self.wallet)
        except (Rejected, Retry, Unknown):
            return ()
        slugs = dict.fromkeys(one.slug for one in held)
        unknown = [one for one in slugs if one not in known and one not in self._passed]
        found = [await self._listed(slug) for slug in unknown[:_MOST]]
        return [one for one in found if one is not None and one.closes_ns <= now_ns]

    async def _listed(self, slug: str) -> Round | None:
        if asset_and_interval(slug) is None:
            self._passed.add(slug)
            return None
        try:
            return (await self.gamma.look(slug)).round
        except Rejected:
            self._passed.add(slug)
        except (Retry, Unknown):
            pass
        return None

"""What makers get back of the takers' fees: a share of each market's, once a day, pro rata.

A maker's part counts as much as a taker would have paid for it. The crowd's parts count like any
other's; what falls to the crowd stays where the fees are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from attrs import field, frozen

from polytui.model.instrument import FeeSchedule, Round
from polytui.model.units import MICRO, NS_PER_S, Usd
from polytui.sim.exchange.deeds import Deed
from polytui.sim.exchange.holdings import Holdings
from polytui.sim.exchange.names import CROWD, FEES
from polytui.sim.exchange.venue_trade import VenueTrade
from polytui.sim.world.world import World
from polytui.sim.world.world_events import WorldEvent

_DAY_NS = 86_400 * NS_PER_S


@frozen
class Rebate:
    at_ns: int
    wallet: str
    condition_id: str
    usd: Usd


@frozen
class _Day:
    """What came together since midnight, by condition."""

    schedules: dict[str, FeeSchedule] = field(factory=dict)
    fees: Counter[str] = field(factory=Counter)
    parts: dict[str, Counter[str]] = field(factory=dict)
    """What each wallet's parts would have cost a taker."""


class Rebates:
    """State: what was paid, and this day."""

    def __init__(self, world: World, holdings: Holdings) -> None:
        self.paid: list[Rebate] = []
        self._world = world
        self._holdings = holdings
        self._day = _Day()

    def earn(self, trade: VenueTrade, listed: Round) -> None:
        """A trade was settled: its fee is there, and its makers take part in it."""
        day, name = self._day, trade.condition_id
        if not day.schedules:
            midnight_ns = (self._world.now_ns // _DAY_NS + 1) * _DAY_NS
            self._world.add(Deed(midnight_ns, self._pay_all))
        day.schedules[name] = listed.fees
        day.fees[name] += trade.fee
        parts = day.parts.setdefault(name, Counter())
        for part in trade.maker_parts:
            parts[part.maker] += listed.fees.fee(part.price, part.shares)

    def _pay_all(self) -> Iterable[WorldEvent]:
        day, self._day = self._day, _Day()
        for name, schedule in day.schedules.items():
            pot = day.fees[name] * schedule.rebate_ppm // MICRO
            parts = day.parts[name]
            whole = sum(parts.values())
            for wallet, part in parts.items():
                usd = Usd(pot * part // whole if whole else 0)
                if usd and wallet != CROWD:
                    self._holdings.transfer_usd(FEES, wallet, usd)
                    self.paid.append(Rebate(self._world.now_ns, wallet, name, usd))
        return ()

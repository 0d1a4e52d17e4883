"""What makers get back of the takers' fees: a share of each market's, once a day, pro rata.

A maker's part counts as much as a taker would have paid for it. The crowd's parts count like any
other's; what falls to the crowd stays where the fees are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from attrs import frozen

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


class Rebates:
    """State: what was paid, and what this day's fees and parts are by condition."""

    def __init__(self, world: World, holdings: Holdings) -> None:
        self.paid: list[Rebate] = []
        self._world = world
        self._holdings = holdings
        self._fees: defaultdict[str, int] = defaultdict(int)
        self._parts: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._schedules: dict[str, FeeSchedule] = {}

    def earn(self, trade: VenueTrade, listed: Round) -> None:
        """A trade was settled: its fee is there, and its makers take part in it."""
        if not self._schedules:
            midnight_ns = (self._world.now_ns // _DAY_NS + 1) * _DAY_NS
            self._world.add(Deed(midnight_ns, self._pay_all))
        self._schedules[trade.condition_id] = listed.fees
        self._fees[trade.condition_id] += trade.fee
        for part in trade.maker_parts:
            worth = listed.fees.fee(part.price, part.shares)
            self._parts[trade.condition_id][part.maker] += worth

    def _pay_all(self) -> Iterable[WorldEvent]:
        for condition_id, schedule in self._schedules.items():
            pot = self._fees[condition_id] * schedule.rebate_ppm // MICRO
            parts = self._parts[condition_id]
            whole = sum(parts.values())
            for wallet, part in parts.items():
                usd = Usd(pot * part // whole if whole else 0)
                if usd and wallet != CROWD:
                    self._holdings.transfer_usd(FEES, wallet, usd)
                    self.paid.append(Rebate(self._world.now_ns, wallet, condition_id, usd))
        self._fees.clear()
        self._parts.clear()
        self._schedules.clear()
        return ()

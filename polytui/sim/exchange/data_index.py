"""The venue's index of the chain, minutes behind it.

It reads blocks in order and in bursts: what happened within one burst can be seen a minute or
three after its end, never before what came earlier.
"""

from __future__ import annotations

from bisect import insort
from typing import TypeVar

from attrs import field, frozen
from attrs.validators import ge, gt

from polytui.model.units import NS_PER_S
from polytui.sim.exchange.account_events import TradeTold
from polytui.sim.exchange.holdings import Holdings
from polytui.sim.exchange.index_facts import TradeLeg, legs_of
from polytui.sim.exchange.names import hash_of
from polytui.sim.exchange.positions import OwnedShares, PositionBook
from polytui.sim.exchange.running_positions import RunningPositions
from polytui.sim.exchange.venue_trade import TradeStatus
from polytui.sim.exchange.wallet_acts import ActKind, WalletAct, WalletActs
from polytui.sim.world.chance import Chance
from polytui.sim.world.world import World
from polytui.sim.world.world_events import WorldEvent

_MOST_KNOWN = 10_000
Fact = TradeLeg | WalletAct
_F = TypeVar("_F", TradeLeg, WalletAct)


@frozen
class IndexSettings:
    lag_s: tuple[float, float] = (60.0, 180.0)
    """From the end of a burst until it can be seen, least and most."""
    burst_s: float = field(default=15.0, validator=gt(0.0))
    dust_shares: float = field(default=0.1, validator=ge(0.0))
    """PositionBook of less are left out unless somebody asks for them."""
    kept_legs: int = field(default=200_000, validator=gt(0))
    """Of all wallets; beyond it the round that was traded first is forgotten, with everything that
    wallets did in it."""
    has_v1: bool = False
    """Whether the routes that were retired in October 2026 still answer."""
    trades_age_s: int = field(default=300, validator=ge(0))
    """How long caches on the way may keep an answer (Cache-Control)."""
    activity_age_s: int = field(default=15, validator=ge(0))
    positions_age_s: int = field(default=5, validator=ge(0))


class DataIndex:
    """State: every leg of a mined trade; what else wallets did is read where it is written."""

    def __init__(
        self, world: World, holdings: Holdings, acts: WalletActs, settings: IndexSettings
    ) -> None:
        self._world = world
        self._holdings = holdings
        self._acts = acts
        self.settings = settings
        self._start_ns = world.now_ns
        self._burst_ns = int(settings.burst_s * NS_PER_S)
        self._legs: dict[str, list[TradeLeg]] = {}
        self._every: list[TradeLeg] = []
        self._traders: dict[str, set[str]] = {}
        """Wallets by condition."""
        self._positions = RunningPositions()
        self._known: dict[str, None] = {}
        """Trades that were told of lately, the oldest first."""
        self._lags: dict[int, int] = {}

    def note(self, world_event: WorldEvent) -> None:
        """Must see every world event."""
        if not isinstance(world_event, TradeTold):
            return
        trade = world_event.trade
        if trade.status is not TradeStatus.MINED or trade.trade_id in self._known:
            return
        listed = self._world.find(trade.condition_id)
        if listed is None:
            return
        self._known[trade.trade_id] = None
        if len(self._known) > _MOST_KNOWN:
            del self._known[next(iter(self._known))]
        for leg in legs_of(trade, listed, trade.updated_ns):
            self._add(leg)
        if len(self._every) > self.settings.kept_legs:
            self._forget(self._every[0].listed.condition_id)

    def _add(self, leg: TradeLeg) -> None:
        legs = self._legs.setdefault(leg.wallet, [])
        if legs and leg.at_ns < legs[-1].at_ns:
            # News come in no order, within a few hundredths of a second.
            insort(legs, leg, key=lambda one: one.at_ns)
        else:
            legs.append(leg)
        self._every.append(leg)
        self._traders.setdefault(leg.listed.condition_id, set()).add(leg.wallet)

    @property
    def horizon_ns(self) -> int:
        """Whatever was mined before this moment can be seen."""
        now_ns = self._world.now_ns
        first = self._burst(now_ns - int(self.settings.lag_s[1] * NS_PER_S)) - 1
        # Bursts before it were seen long ago.
        while self._lags and next(iter(self._lags)) < first:
            del self._lags[next(iter(self._lags))]
        burst = max(first, -1)
        while self._seen_ns(burst) <= now_ns:
            burst += 1
        return self._start_ns + burst * self._burst_ns

    def legs(self, wallet: str | None, until_ns: int) -> list[TradeLeg]:
        """Of one wallet or of all, mined before a moment, oldest first."""
        known = self._every if wallet is None else self._legs.get(wallet, [])
        return _until(known, until_ns)

    def wallets(self) -> list[str]:
        """Everybody who ever traded."""
        return list(self._legs)

    def facts(self, wallet: str, until_ns: int) -> list[Fact]:
        """Everything a wallet did, oldest first."""
        facts: list[Fact] = [
            *_until(self._deposits(wallet), until_ns),
            *self.legs(wallet, until_ns),
            *_until(self._acts.of(wallet), until_ns),
        ]
        return sorted(facts, key=lambda fact: fact.at_ns)

    def positions(self, wallet: str, until_ns: int) -> list[OwnedShares]:
        """As they were at a moment, with those that are closed."""
        return self._book(wallet, until_ns).all()

    def positions_in(self, condition_id: str, until_ns: int) -> list[OwnedShares]:
        """Of every wallet that ever had shares of a condition."""
        wallets = self._traders.get(condition_id, set()) | self._acts.wallets_in(condition_id)
        return [
            position
            for wallet in sorted(wallets)
            for position in self._book(wallet, until_ns).of(condition_id)
        ]

    def _book(self, wallet: str, until_ns: int) -> PositionBook:
        legs, acts = self._legs.get(wallet, []), self._acts.of(wallet)
        return self._positions.at(wallet, legs, acts, until_ns)

    def _forget(self, condition_id: str) -> None:
        self._every = [leg for leg in self._every if leg.listed.condition_id != condition_id]
        self._legs = {}
        for leg in self._every:
            self._legs.setdefault(leg.wallet, []).append(leg)
        self._acts.forget(condition_id)
        self._traders.pop(condition_id, None)
        self._positions.forget()

    def _deposits(self, wallet: str) -> list[WalletAct]:
        """What the faucet gave."""
        return [
            WalletAct(
                deposit.at_ns,
                ActKind.DEPOSIT,
                wallet,
                deposit.usd,
                transaction_hash=hash_of(f"{self._world.seed}:deposit:{number}"),
            )
            for number, deposit in enumerate(self._holdings.deposits)
            if deposit.wallet == wallet
        ]

    def is_seen(self, at_ns: int) -> bool:
        """Whether what happened at a moment is indexed by now."""
        return at_ns < self.horizon_ns

    def _burst(self, at_ns: int) -> int:
        return (at_ns - self._start_ns) // self._burst_ns

    def _seen_ns(self, burst: int) -> int:
        """When a burst can be seen, for itself."""
        end_ns = self._start_ns + (burst + 1) * self._burst_ns
        if burst not in self._lags:
            low, high = self.settings.lag_s
            chance = Chance(f"{self._world.seed}:index:{burst}")
            self._lags[burst] = int(chance.uniform(low, high) * NS_PER_S)
        return end_ns + self._lags[burst]


def _until(facts: list[_F], until_ns: int) -> list[_F]:
    return [fact for fact in facts if fact.at_ns < until_ns]

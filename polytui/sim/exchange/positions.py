"""What a wallet made of its shares: costs on average, as the venue's index counts them.

A set that is split cost half a dollar a share, and one that is merged is sold at that. Costs are of
prices alone; fees of purchases are told beside them, fees of sales come off what was realized.
"""

from __future__ import annotations

from attrs import define, evolve

from polytui.model.instrument import Outcome, Round
from polytui.model.orders import Side
from polytui.model.units import HALF, MICRO, Price
from polytui.sim.exchange.index_facts import TradeLeg
from polytui.sim.exchange.wallet_acts import ActKind, WalletAct

OUTCOMES = (Outcome.UP, Outcome.DOWN)


@define
class OwnedShares:
    """Of one wallet in one outcome. Everything in millionths."""

    wallet: str
    listed: Round
    outcome: Outcome
    first_ns: int
    last_ns: int
    shares: int = 0
    cost: int = 0
    """Dollars paid for the shares that are held."""
    fees: int = 0
    """Of purchases, for the shares that are held."""
    bought: int = 0
    """Shares, ever."""
    realized: int = 0
    sold_cost: int = 0
    """What the shares cost that are gone."""

    @property
    def token_id(self) -> str:
        return self.listed.token_of(self.outcome)

    @property
    def average(self) -> float:
        """Dollars a share; of those that are gone where none is held."""
        if self.shares:
            return self.cost / self.shares
        return self.sold_cost / self.bought if self.bought else 0.0

    def add(self, shares: int, dollars: int, fee: int = 0) -> None:
        self.shares += shares
        self.bought += shares
        self.cost += dollars
        self.fees += fee

    def take(self, shares: int, dollars: int) -> None:
        """Some are gone, for so much."""
        if not shares:
            return
        cost = self.cost * shares // self.shares if self.shares else 0
        self.fees -= self.fees * shares // self.shares if self.shares else 0
        self.shares -= shares
        self.cost -= cost
        self.sold_cost += cost
        self.realized += dollars - cost


class PositionBook:
    """Every position of one wallet, as facts tell of it in the order of time."""

    def __init__(self, wallet: str) -> None:
        self._wallet = wallet
        self._of: dict[str, OwnedShares] = {}

    def all(self) -> list[OwnedShares]:
        """In the order of their beginning, closed ones too."""
        return [evolve(held) for held in self._of.values()]

    def of(self, condition_id: str) -> list[OwnedShares]:
        """In one condition."""
        found = (held for held in self._of.values() if held.listed.condition_id == condition_id)
        return [evolve(held) for held in found]

    def apply(self, fact: TradeLeg | WalletAct) -> None:
        if isinstance(fact, TradeLeg):
            self._trade(fact)
        elif fact.listed is not None:
            self._act(fact, fact.listed)

    def _trade(self, leg: TradeLeg) -> None:
        held = self._held(leg.listed, leg.outcome, leg.at_ns)
        if leg.side is Side.BUY:
            held.add(leg.shares, leg.usd, leg.fee)
        else:
            held.take(leg.shares, leg.usd - leg.fee)

    def _act(self, act: WalletAct, listed: Round) -> None:
        outcomes = OUTCOMES if act.outcome is None else (act.outcome,)
        for outcome in outcomes:
            held = self._held(listed, outcome, act.at_ns)
            match act.kind:
                case ActKind.SPLIT:
                    held.add(act.shares, _at(HALF, act.shares))
                case ActKind.MERGE:
                    held.take(act.shares, _at(HALF, act.shares))
                case ActKind.REDEEM:
                    held.take(act.shares, act.usd)
                case ActKind.RECEIVED:
                    held.add(act.shares, 0)
                case ActKind.SENT:
                    # What is given away is neither won nor lost.
                    cost = held.cost * act.shares // held.shares if held.shares else 0
                    held.take(act.shares, cost)

    def _held(self, listed: Round, outcome: Outcome, at_ns: int) -> OwnedShares:
        token_id = listed.token_of(outcome)
        held = self._of.get(token_id)
        if held is None:
            held = OwnedShares(self._wallet, listed, outcome, at_ns, at_ns)
            self._of[token_id] = held
        held.last_ns = at_ns
        return held


def _at(price: Price, shares: int) -> int:
    return price * shares // MICRO

"""What we hold in each round, what it cost, and what came of it. Exact, in millionths."""

from __future__ import annotations

from attrs import define

from polytui.model.events import HeldRound
from polytui.model.instrument import Outcome
from polytui.model.orders import Fill, Holding, Side
from polytui.model.units import HALF, ONE, Shares, Usd, cost_of, proceeds_of


class NotHeld(Exception):
    """More was sold than we hold: the books of two parties disagree."""


@define
class Position:
    """One round's shares and money. `cash_flow` is all received minus all paid, with fees."""

    up: Shares = Shares(0)
    down: Shares = Shares(0)
    up_cost: Usd = Usd(0)
    down_cost: Usd = Usd(0)
    cash_flow: Usd = Usd(0)
    fees: Usd = Usd(0)
    fills: int = 0

    def shares(self, outcome: Outcome) -> Shares:
        return self.up if outcome is Outcome.UP else self.down

    def cost(self, outcome: Outcome) -> Usd:
        return self.up_cost if outcome is Outcome.UP else self.down_cost

    @property
    def total_cost(self) -> Usd:
        return Usd(self.up_cost + self.down_cost)

    @property
    def carried(self) -> Usd:
        """What is held counted at its cost, pairs at the dollar that they pay whoever wins."""
        paired = min(self.up, self.down)
        alone = [(self.up, self.up_cost), (self.down, self.down_cost)]
        return Usd(paired + sum(cost * (held - paired) // held for held, cost in alone if held))

    def _set(self, outcome: Outcome, shares: int, cost: int) -> None:
        if outcome is Outcome.UP:
            self.up, self.up_cost = Shares(shares), Usd(cost)
        else:
            self.down, self.down_cost = Shares(shares), Usd(cost)


class Positions:
    """State: a position by slug, for every round in which something was ever filled."""

    def __init__(self) -> None:
        self._by_slug: dict[str, Position] = {}

    def of(self, slug: str) -> Position:
        """The position of a round; an empty one where nothing was ever filled."""
        return self._by_slug.get(slug) or Position()

    def restore(self, held: HeldRound) -> None:
        position = Position(cash_flow=held.cash_flow)
        for holding in held.holdings:
            position._set(holding.outcome, holding.shares, holding.cost)
        self._by_slug[held.round.slug] = position

    def fill(self, slug: str, outcome: Outcome, side: Side, fill: Fill) -> Usd:
        """Book a fill; returns the change of cash. NotHeld when it sells more than is held."""
        position = self._by_slug.setdefault(slug, Position())
        shares, cost = position.shares(outcome), position.cost(outcome)
        if side is Side.BUY:
            flow = -(cost_of(fill.price, fill.shares) + fill.fee)
            position._set(outcome, shares + fill.shares, cost - flow)
        else:
            if fill.shares > shares:
                raise NotHeld(f"{slug}: sold {fill.shares} of {shares} {outcome.value}")
            flow = proceeds_of(fill.price, fill.shares) - fill.fee
            left = shares - fill.shares
            position._set(outcome, left, cost * left // shares)
        position.cash_flow = Usd(position.cash_flow + flow)
        position.fees = Usd(position.fees + fill.fee)
        position.fills += 1
        return Usd(flow)

    def settle(self, slug: str, winner: Outcome | None) -> tuple[Usd, Usd]:
        """Close a round: (payout, realised PnL). Each winning share pays one dollar; every share
        half of one where the round was cancelled and nobody wins."""
        position = self._by_slug.pop(slug, Position())
        if winner is None:
            payout = proceeds_of(HALF, Shares(position.up + position.down))
        else:
            payout = proceeds_of(ONE, position.shares(winner))
        return payout, Usd(position.cash_flow + payout)

    def holdings(self, slug: str) -> tuple[Holding, ...]:
        position = self.of(slug)
        return tuple(
            Holding(outcome, position.shares(outcome), position.cost(outcome))
            for outcome in Outcome
            if position.shares(outcome)
        )

    def state(self) -> tuple[object, ...]:
        return tuple(
            (slug, p.up, p.down, p.up_cost, p.down_cost, p.cash_flow, p.fees)
            for slug, p in sorted(self._by_slug.items())
        )

"""What we hold in each round, what it cost, and what came of it. Exact, in millionths."""

from __future__ import annotations

from attrs import define

from polytui.model.events import HeldRound
from polytui.model.instrument import Outcome
from polytui.model.orders import Fill, Holding, Side
from polytui.model.units import HALF, Shares, Usd, cost_of, proceeds_of


@define
class Position:
    """One round's shares and money. `cash_flow` is all received minus all paid, with fees.

    More may be sold than is held: a sale is told before the purchase, or the purchase failed in the
    end and its sale has not yet. What is owed then costs a dollar a share if its outcome wins, and
    the next purchase pays it back first.
    """

    up: Shares = Shares(0)
    down: Shares = Shares(0)
    up_cost: Usd = Usd(0)
    down_cost: Usd = Usd(0)
    cash_flow: Usd = Usd(0)
    fees: Usd = Usd(0)
    fills: int = 0
    up_owed: Shares = Shares(0)
    down_owed: Shares = Shares(0)

    def shares(self, outcome: Outcome) -> Shares:
        return self.up if outcome is Outcome.UP else self.down

    def cost(self, outcome: Outcome) -> Usd:
        return self.up_cost if outcome is Outcome.UP else self.down_cost

    def owed(self, outcome: Outcome) -> Shares:
        """Sold, and not held when it was."""
        return self.up_owed if outcome is Outcome.UP else self.down_owed

    def pays(self, winner: Outcome) -> int:
        """Dollars that it pays if this outcome wins; below zero where shares are owed."""
        return self.shares(winner) - self.owed(winner)

    @property
    def is_open(self) -> bool:
        return bool(self.up or self.down or self.up_owed or self.down_owed)

    @property
    def total_cost(self) -> Usd:
        return Usd(self.up_cost + self.down_cost)

    @property
    def carried(self) -> Usd:
        """What is held counted at its cost, pairs at the dollar that they pay whoever wins; what is
        owed at the dollar that it may cost."""
        paired = min(self.up, self.down)
        alone = [(self.up, self.up_cost), (self.down, self.down_cost)]
        worth = paired + sum(cost * (held - paired) // held for held, cost in alone if held)
        return Usd(worth - self.up_owed - self.down_owed)

    def buy(self, outcome: Outcome, shares: int, cost: int) -> None:
        """What pays back is gone with its part of the cost."""
        back = min(self.owed(outcome), shares)
        kept = cost * (shares - back) // shares if back else cost
        self._owe(outcome, self.owed(outcome) - back)
        self._set(outcome, self.shares(outcome) + shares - back, self.cost(outcome) + kept)

    def sell(self, outcome: Outcome, shares: int) -> None:
        held, cost = self.shares(outcome), self.cost(outcome)
        left = held - min(shares, held)
        self._owe(outcome, self.owed(outcome) + max(0, shares - held))
        self._set(outcome, left, cost * left // held if held else 0)

    def hold(self, outcome: Outcome, shares: int, cost: int) -> None:
        """As the venue says; shares below zero are owed."""
        self._owe(outcome, max(0, -shares))
        self._set(outcome, max(0, shares), cost)

    def _set(self, outcome: Outcome, shares: int, cost: int) -> None:
        if outcome is Outcome.UP:
            self.up, self.up_cost = Shares(shares), Usd(cost)
        else:
            self.down, self.down_cost = Shares(shares), Usd(cost)

    def _owe(self, outcome: Outcome, shares: int) -> None:
        if outcome is Outcome.UP:
            self.up_owed = Shares(shares)
        else:
            self.down_owed = Shares(shares)


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
            position.hold(holding.outcome, holding.shares, holding.cost)
        self._by_slug[held.round.slug] = position

    def replace(self, slug: str, position: Position) -> None:
        """The round's fills were reckoned anew; one without any is none."""
        self._by_slug.pop(slug, None)
        if position != Position():
            self._by_slug[slug] = position

    def fill(self, slug: str, outcome: Outcome, side: Side, fill: Fill) -> Usd:
        """Book a fill; returns the change of cash."""
        position = self._by_slug.setdefault(slug, Position())
        if side is Side.BUY:
            flow = -(cost_of(fill.price, fill.shares) + fill.fee)
            position.buy(outcome, fill.shares, -flow)
        else:
            flow = proceeds_of(fill.price, fill.shares) - fill.fee
            position.sell(outcome, fill.shares)
        position.cash_flow = Usd(position.cash_flow + flow)
        position.fees = Usd(position.fees + fill.fee)
        position.fills += 1
        return Usd(flow)

    def merge(self, slug: str, shares: Shares) -> None:
        """So many of each outcome became dollars: what a pair would have paid."""
        position = self._by_slug.setdefault(slug, Position())
        for outcome in Outcome:
            position.sell(outcome, shares)
        position.cash_flow = Usd(position.cash_flow + shares)

    def settle(self, slug: str, winner: Outcome | None) -> tuple[Usd, Usd]:
        """Close a round: (payout, realised PnL). Each winning share pays one dollar; every share
        half of one where the round was cancelled and nobody wins."""
        position = self._by_slug.pop(slug, Position())
        if winner is None:
            payout = proceeds_of(HALF, Shares(sum(position.pays(outcome) for outcome in Outcome)))
        else:
            payout = Usd(position.pays(winner))
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
            (
                slug,
                p.up,
                p.down,
                p.up_cost,
                p.down_cost,
                p.cash_flow,
                p.fees,
                p.up_owed,
                p.down_owed,
            )
            for slug, p in sorted(self._by_slug.items())
        )

"""Shares of one outcome in one hand, at average cost."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define


@define
class Lot:
    """Shares of one outcome and what they cost. `number` orders the lots by their entry.

    Shares below zero are owed: sold by a strategy when nobody held them (`Position` says how).
    """

    shares: int = 0
    cost: int = 0
    since_ns: int = 0
    number: int = 0

    @property
    def held(self) -> int:
        return max(0, self.shares)

    def add(self, shares: int, cost: int) -> None:
        back = min(max(0, -self.shares), shares)
        self.cost += cost * (shares - back) // shares if back else cost
        self.shares += shares

    def take(self, shares: int) -> None:
        """Of those held, at average cost, a fraction of a millionth left with what is sold, as in
        positions."""
        left = self.shares - shares
        self.cost = self.cost * left // self.shares
        self.shares = left

    def owe(self, shares: int) -> None:
        """Nothing of it is held."""
        self.shares -= shares

    def state(self) -> tuple[int, ...]:
        return (self.shares, self.cost, self.since_ns, self.number)


def split(total: int, weights: Sequence[int]) -> list[int]:
    """`total` in proportion, to the last millionth: each gets the floor of the running sum less
    what was given before it."""
    whole, passed, given = sum(weights), 0, 0
    shares: list[int] = []
    for weight in weights:
        passed += weight
        upto = total * passed // whole
        shares.append(upto - given)
        given = upto
    return shares

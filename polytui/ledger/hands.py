"""Shares as they leave the hands that hold them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from polytui.ledger.lots import Lot
from polytui.model.instrument import Outcome


class Hand(Protocol):
    """What somebody has in one round."""

    def lot(self, outcome: Outcome) -> Lot: ...

    @property
    def pairs(self) -> int:
        """Held of both outcomes."""
        ...


Holder = TypeVar("Holder", bound=Hand)


def take(holders: Iterable[Holder], outcome: Outcome, shares: int) -> list[tuple[Holder, int]]:
    """Shares out of the hands of these, one after the other; who lost how many."""
    taken: list[tuple[Holder, int]] = []
    for hand in holders:
        lot = hand.lot(outcome)
        some = min(shares, lot.held)
        if not some:
            break
        lot.take(some)
        shares -= some
        taken.append((hand, some))
    return taken


def merge_pairs(hands: Iterable[Holder], shares: int) -> tuple[list[tuple[Holder, int]], int]:
    """Pairs out of the hands of these, one after the other: who lost how many, and how many are
    left over."""
    merged: list[tuple[Holder, int]] = []
    for hand in hands:
        if some := min(hand.pairs, shares):
            for outcome in Outcome:
                hand.lot(outcome).take(some)
            shares -= some
            merged.append((hand, some))
    return merged, shares

"""Positions of wallets at moments that go forward: each asking goes on where the last one was."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field

from polytui.sim.exchange.index_facts import TradeLeg
from polytui.sim.exchange.positions import PositionBook
from polytui.sim.exchange.wallet_acts import WalletAct


@define
class _Running:
    """What was applied so far: the first so many of a wallet's legs and of its acts."""

    book: PositionBook
    until_ns: int = 0
    last_ns: int = -1
    """The latest moment of what was applied."""
    legs: int = 0
    acts: int = 0


@define
class RunningPositions:
    """State: one book for each wallet that was asked about."""

    _of: dict[str, _Running] = field(factory=dict, init=False)

    def at(
        self, wallet: str, legs: Sequence[TradeLeg], acts: Sequence[WalletAct], until_ns: int
    ) -> PositionBook:
        """Before a moment; to be read, not changed. Both sequences are in the order of time, and
        have grown since the last asking, late ones in their places, or `forget` was called."""
        running = self._of.get(wallet)
        if running is not None and until_ns >= running.until_ns:
            if _go_on(running, legs, acts, until_ns):
                return running.book
            running = None
        fresh = _Running(PositionBook(wallet))
        _go_on(fresh, legs, acts, until_ns)
        # Of an older moment, as pages of an older list are: the newer one is kept.
        if running is None:
            self._of[wallet] = fresh
        return fresh.book

    def forget(self) -> None:
        """Something was taken away: what was applied is not the beginning any more."""
        self._of.clear()


def _go_on(
    running: _Running, legs: Sequence[TradeLeg], acts: Sequence[WalletAct], until_ns: int
) -> bool:
    """False, and nothing was done, where something came late that belongs before what is there."""
    new_legs = _before(legs, running.legs, until_ns)
    new_acts = _before(acts, running.acts, until_ns)
    facts = sorted([*new_legs, *new_acts], key=lambda fact: fact.at_ns)
    running.until_ns = until_ns
    if not facts:
        return True
    if facts[0].at_ns <= running.last_ns:
        return False
    for fact in facts:
        running.book.apply(fact)
    running.last_ns = facts[-1].at_ns
    running.legs += len(new_legs)
    running.acts += len(new_acts)
    return True


def _before(
    facts: Sequence[TradeLeg] | Sequence[WalletAct], first: int, until_ns: int
) -> list[TradeLeg | WalletAct]:
    found: list[TradeLeg | WalletAct] = []
    for number in range(first, len(facts)):
        if facts[number].at_ns >= until_ns:
            break
        found.append(facts[number])
    return found

"""What a command would have a wallet do on the chain: calls, and what they are for. Pure.

The words of a call are read from its bytes (`explained`), so what is shown is what is signed.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from polytui.ledger.wallet_work import WalletWork
from polytui.venues.polymarket.chain_calls import Call
from polytui.venues.polymarket.explained_calls import explained


@frozen
class OperationStep:
    """Calls that belong together: all of them are done, or none."""

    calls: tuple[Call, ...]
    words: str
    """For people: what it is for."""
    work: WalletWork | None = None
    """Of a merge or a redemption, for the books of the next session."""

    @property
    def explained(self) -> list[str]:
        return [explained(call) for call in self.calls]


@frozen
class WalletOperation:
    """In the order in which it is done."""

    name: str
    """As the command is called."""
    steps: tuple[OperationStep, ...] = ()
    notes: tuple[str, ...] = ()
    """What is left out, and why."""

    @property
    def words(self) -> str:
        """A few words, for a confirmation and for the relayer's list."""
        if not self.steps:
            return f"{self.name}: nothing"
        if len(self.steps) == 1:
            return f"{self.name} {self.steps[0].words}"
        return f"{self.name}: {len(self.steps)} things"


Batch = tuple[OperationStep, ...]


def batches(steps: Sequence[OperationStep], calls_most: int) -> list[Batch]:
    """As few as there may be, in order. A step goes into one batch whole; one that is too long for
    any goes alone, call by call (a wallet of one key makes one call at a time)."""
    made: list[list[OperationStep]] = []
    room = 0
    for step in steps:
        for part in _parts(step, calls_most):
            if len(part.calls) > room:
                made.append([])
                room = calls_most
            made[-1].append(part)
            room -= len(part.calls)
    return [tuple(batch) for batch in made]


def _parts(step: OperationStep, calls_most: int) -> list[OperationStep]:
    if len(step.calls) <= calls_most:
        return [step]
    return [OperationStep((call,), step.words, step.work) for call in step.calls]

"""How long an answer of a strategy that is not ours is waited for.

The mind has no clock, so whoever runs it brings one: live it stops waiting, and writes down where.
A replay waits for everything but what was not waited for then (ADR 0051).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from polytui.strategy.proposal import Proposal

Unanswered = tuple[str, str]
"""Of whom no answer was waited for, and in which round."""


class Patience(Protocol):
    def ask(self, strategy: str, slug: str, question: Callable[[], Proposal]) -> Proposal | None:
        """The answer; None where it was not waited for."""
        ...


class Endless:
    """Waits for every answer: whoever plays the past has time."""

    def ask(self, _: str, __: str, question: Callable[[], Proposal]) -> Proposal | None:
        return question()


class AsRecorded:
    """Waits for every answer that was waited for when it was written down."""

    def __init__(self, unanswered: Sequence[Unanswered]) -> None:
        self._unanswered = [tuple(one) for one in unanswered]

    def ask(self, strategy: str, slug: str, question: Callable[[], Proposal]) -> Proposal | None:
        return None if (strategy, slug) in self._unanswered else question()


ENDLESS = Endless()


def as_recorded(unanswered: Sequence[Unanswered]) -> Patience:
    return AsRecorded(unanswered) if unanswered else ENDLESS

"""The ramp of a live session: its first rounds trade at the smallest size that the venue takes.

A round counts once it is settled and the account was reconciled without a difference after it: so
whatever is wrong with how orders are sent, read or counted is found with the least at stake.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field

_MOST_WAITING = 1_000
"""Rounds that nobody reconciled: what is forgotten of them proves nothing, so the ramp stays."""


@define
class Ramp:
    """State: rounds that were proven, and those that something was filled in and that were not."""

    proven: int = 0
    _waiting: dict[str, None] = field(factory=dict)

    def traded(self, slug: str, rounds: int) -> None:
        """Something was filled in a round. `rounds`: that many are wanted."""
        if self.proven < rounds:
            self._waiting[slug] = None
            if len(self._waiting) > _MOST_WAITING:
                del self._waiting[next(iter(self._waiting))]

    def reconciled(self, differences: int, slugs: Sequence[str], rounds: int) -> None:
        """What was settled since the last time was held against the venue's books. Where anything
        differed, none of these rounds proves anything."""
        for slug in slugs:
            if slug in self._waiting:
                del self._waiting[slug]
                self.proven += not differences
        if self.proven >= rounds:
            self._waiting.clear()

    def is_over(self, rounds: int) -> bool:
        return self.proven >= rounds

    def begin_session(self) -> None:
        self.proven = 0
        self._waiting.clear()

    def state(self) -> tuple[object, ...]:
        """Nothing before it begins, as on paper."""
        return ((self.proven, list(self._waiting)),) if self.proven or self._waiting else ()

"""What a look at the chain is worth: a node may be some blocks behind the one that was asked
before, so what decides about money is believed once it was seen for minutes, each time the same.
"""

from __future__ import annotations

from collections.abc import Hashable

from attrs import define, field

from polytui.model.units import NS_PER_S
from polytui.net.clock import SessionClock

SURE_AFTER_NS = 180 * NS_PER_S
"""Some ninety blocks. A public node that is further behind is taken out by who runs it."""
_LOOKS = 4


@define
class _Seen:
    answer: Hashable
    since_ns: int
    looks: int = 1


@define(eq=False)
class EqualLooks:
    """State: of each question the last answer, since when it is the same, and how often."""

    clock: SessionClock
    _seen: dict[Hashable, _Seen] = field(factory=dict)

    def agree(self, question: Hashable, answer: Hashable) -> bool:
        """Whether this was the answer long and often enough; another one begins anew."""
        now_ns = self.clock.now_ns()
        seen = self._seen.get(question)
        if seen is None or seen.answer != answer:
            self._seen[question] = _Seen(answer, now_ns)
            return False
        seen.looks += 1
        return seen.looks >= _LOOKS and now_ns - seen.since_ns >= SURE_AFTER_NS

    def forget(self, question: Hashable) -> None:
        """It is decided, or asked no more."""
        self._seen.pop(question, None)

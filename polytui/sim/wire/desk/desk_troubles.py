"""What goes wrong between the order desk and its clients, on purpose.

delay          the answer comes `value` milliseconds later, and so does the order to the book
lose_answer    the order is taken and the connection is cut instead of an answer
unknown        500 in words that leave the outcome open; the order was taken
not_inserted   500 in words that leave the outcome open; the order was not taken
timed_out      500 "order timed out": refused before it reached the book
"""

from __future__ import annotations

from attrs import define, frozen

TROUBLES = ("delay", "lose_answer", "unknown", "not_inserted", "timed_out")
ENDLESS = -1


@frozen
class Strike:
    """A trouble that hit."""

    value: int = 0


@define(eq=False)
class _Trouble:
    times: int
    until: float
    value: int


class DeskTroubles:
    """State: for each kind how many requests it still hits, and until when. Time is real."""

    def __init__(self) -> None:
        self._troubles: dict[str, _Trouble] = {}

    def begin(self, kind: str, times: int, until: float, value: int = 0) -> None:
        """Another beginning of a kind takes the place of the first; `times` 0 ends it."""
        self._troubles[kind] = _Trouble(times, until, value)

    def strike(self, kind: str, now: float) -> Strike | None:
        """What hits this request, which counts as one; None where nothing does."""
        trouble = self._troubles.get(kind)
        if trouble is None:
            return None
        if not trouble.times or now >= trouble.until:
            del self._troubles[kind]
            return None
        trouble.times -= 1
        return Strike(trouble.value)

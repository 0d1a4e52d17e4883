"""What goes wrong on the chain and with the relayer, on purpose, for the next that are sent.

lose_answer    taken, and the connection is cut instead of an answer
unknown        500 in words that leave it open; it was taken
not_taken      500 in words that leave it open; it was not taken
busy           refused: the wallet has something under way, of another program
fail           taken, broadcast, and reverted in its block
invalid        taken, and never broadcast (the relayer's alone)
late           taken, and `value` world milliseconds later in its block
lost           taken, and forgotten: no node has it (of a node's pool alone)
"""

from __future__ import annotations

from attrs import define, field

RELAYER_TROUBLES = ("lose_answer", "unknown", "not_taken", "busy", "fail", "invalid", "late")
NODE_TROUBLES = ("lose_answer", "unknown", "not_taken", "busy", "fail", "late", "lost")
ENDLESS_TROUBLE = -1
FAILED_BY_ORDER = "as it was asked for"
"""Words of a contract that refuses because somebody wants to see it."""


@define(eq=False)
class ChainTroubles:
    """State: for each kind how many it still hits, and how hard."""

    _times: dict[str, int] = field(factory=dict)
    _values: dict[str, int] = field(factory=dict)

    def begin(self, kind: str, times: int, value: int = 0) -> None:
        """Another beginning of a kind takes the place of the first; `times` 0 ends it."""
        self._times[kind] = times
        self._values[kind] = value

    def strike(self, kind: str) -> bool:
        """Whether it hits this one, which counts."""
        left = self._times.get(kind, 0)
        if left > 0:
            self._times[kind] = left - 1
        return left != 0

    def value(self, kind: str) -> int:
        """How hard a kind hits, as it was asked for last."""
        return self._values.get(kind, 0)

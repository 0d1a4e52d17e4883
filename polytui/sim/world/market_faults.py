"""What ails the crowds of a market without anything being wrong with its wires.

spread      makers withdraw: their spreads are several cents wide
divergence  everybody prices the wrong side: books stand far from the fair value

A fault lasts until a moment of world time. While there is none, crowds draw the same numbers as
if there never could be one.
"""

from __future__ import annotations

KINDS = ("spread", "divergence")
_WIDER = 20
"""Times the usual spread, counted in whole cents."""
_WRONG = 0.06
"""What the right side is thought to be worth; the venue's tick is not finer there."""
_LEAST_WRONG = 0.3
"""Once the truth has come so near, the other side is the wrong one."""


class MarketFaults:
    """State: until when each kind lasts, UTC nanoseconds of the world."""

    def __init__(self) -> None:
        self._until_ns = dict.fromkeys(KINDS, 0)
        self.halted_until_ns = 0
        """The venue's engine stands still until then: nobody of a crowd can do anything."""

    def halt(self, until_ns: int) -> None:
        self.halted_until_ns = until_ns

    def begin(self, kind: str, until_ns: int) -> None:
        """KeyError for a kind that is none. A later end counts."""
        self._until_ns[kind] = max(self._until_ns[kind], until_ns)

    def widening(self, now_ns: int) -> int:
        """How many times wider makers stand; 1 as usual."""
        return _WIDER if now_ns < self._until_ns["spread"] else 1

    def is_wrong(self, now_ns: int) -> bool:
        """Whether crowds price the wrong side."""
        return now_ns < self._until_ns["divergence"]


class Delusion:
    """One crowd's wrong side. State: the price of Up it holds to; None while it is sane."""

    def __init__(self, market_faults: MarketFaults) -> None:
        self._market_faults = market_faults
        self._held: float | None = None

    def bend(self, probability: float, now_ns: int) -> float:
        """What the crowd thinks of Up, given what it would think. A known end is never bent."""
        if not 0.0 < probability < 1.0 or not self._market_faults.is_wrong(now_ns):
            self._held = None
            return probability
        if self._held is None or abs(self._held - probability) < _LEAST_WRONG:
            self._held = _WRONG if probability >= 0.5 else 1.0 - _WRONG
        return self._held

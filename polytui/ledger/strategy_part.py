"""One strategy's part in one round, as whoever asks sees it; and a change of it."""

from __future__ import annotations

from msgspec import Struct

from polytui.model.instrument import Outcome
from polytui.model.units import LOT


class StrategyPart(Struct, frozen=True):
    up: int
    down: int
    """Shares; below zero they are owed."""
    flow: int
    """All received less all paid, with fees."""
    fees: int

    @property
    def ahead(self) -> int:
        """Shares of Up that are not paired; of Down below zero."""
        return max(0, self.up) - max(0, self.down)

    @property
    def leads_to(self) -> Outcome | None:
        """The outcome of which an unpaired lot at least is held."""
        if abs(self.ahead) < LOT:
            return None
        return Outcome.UP if self.ahead > 0 else Outcome.DOWN

    def less(self, other: StrategyPart) -> StrategyPart:
        return StrategyPart(
            self.up - other.up,
            self.down - other.down,
            self.flow - other.flow,
            self.fees - other.fees,
        )

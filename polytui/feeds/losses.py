"""What one feed missed and what was given again, counted in one place by feed and back-fill."""

from __future__ import annotations

from attrs import define


@define
class Losses:
    """State: trades, or messages where trades have no numbers."""

    missed: int = 0
    """That never came by the stream."""
    recovered: int = 0
    """Of them, given by other ways since."""

    @property
    def left(self) -> int:
        return max(0, self.missed - self.recovered)

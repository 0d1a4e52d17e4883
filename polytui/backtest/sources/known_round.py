"""What somebody says of a round that is over."""

from __future__ import annotations

from pathlib import Path

from attrs import field, frozen

from polytui.model.instrument import Outcome, Round


@frozen
class KnownRound:
    """What one row says of a round."""

    slug: str
    path: Path
    row: int
    winner: Outcome | None = None
    is_void: bool = False
    is_inferred: bool = False
    """Nobody says that the venue named the winner: it may be somebody's guess."""
    strike: float | None = None
    condition_id: str = ""
    tokens: dict[Outcome, str] = field(factory=dict)
    listed: Round | None = None
    """As the venue listed it, where that is known whole."""

    @property
    def is_decided(self) -> bool:
        return self.is_void or self.winner is not None

"""One chosen row of many, and the part of them that is on the screen."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from attrs import define

from polytui.tui.past import Row


@define
class ChosenRow(ABC):
    """State: its place, the part that is shown, and what row it is: it stays chosen where others
    come in before it."""

    KEY: ClassVar[tuple[str, ...]]
    """Columns by which a row is known again."""

    at: int = 0
    """The chosen row, of all."""
    top: int = 0
    """The first on the screen."""
    height: int = 1
    """Rows on the screen when it was drawn last."""
    _key: tuple[object, ...] = ()

    @property
    @abstractmethod
    def count(self) -> int:
        """How many there are, as far as it is known."""

    @property
    @abstractmethod
    def chosen(self) -> Row | None:
        """None where it is not known."""

    def move(self, by: int) -> None:
        """So many further down, or to the last there is."""
        self.at = max(0, min(self.at + by, self.count - 1))
        self._keep_in_sight()
        self._remember()

    def choose(self, at: int) -> bool:
        """The row at this place; whether it was chosen before."""
        was = self.at
        self.move(at - was)
        return was == at

    def show(self, height: int) -> None:
        """So many rows are on the screen."""
        self.height = max(1, height)
        self.at = max(0, min(self.at, self.count - 1))
        self.top = max(0, min(self.top, self.count - self.height))
        self._keep_in_sight()

    def _keep_in_sight(self) -> None:
        self.top = max(min(self.top, self.at), self.at - self.height + 1)

    def _stay(self, rows: Sequence[Row], first: int = 0) -> None:
        """On the row that was chosen, among those that are known now, the first of which is at
        `first`; on the topmost one stay on top."""
        keys = [self._key_of(row) for row in rows]
        if self.at and self._key in keys:
            moved = first + keys.index(self._key) - self.at
            self.at, self.top = self.at + moved, max(0, self.top + moved)
        self._remember()

    def _remember(self) -> None:
        row = self.chosen
        self._key = () if row is None else self._key_of(row)

    def _to_the_first(self) -> None:
        self.at, self.top, self._key = 0, 0, ()

    def _key_of(self, row: Row) -> tuple[object, ...]:
        return tuple(row.get(name) for name in self.KEY)

"""The median of any number of values, of as many of them as are kept: each, then every second."""

from __future__ import annotations

_MOST = 8_192


class Median:
    """State: a part of the values, evenly spread over all, each with the row that it is of."""

    def __init__(self) -> None:
        self._kept: list[tuple[int, int]] = []
        self._every, self._count = 1, 0

    def take(self, value: int, row: int) -> None:
        if self._count % self._every == 0:
            self._kept.append((value, row))
            if len(self._kept) >= _MOST:
                self._kept, self._every = self._kept[::2], 2 * self._every
        self._count += 1

    @property
    def value(self) -> int:
        """0 of none."""
        return self._middle()[0]

    @property
    def where(self) -> int:
        """The row of that value; 0 of none."""
        return self._middle()[1]

    def _middle(self) -> tuple[int, int]:
        kept = sorted(self._kept)
        return kept[len(kept) // 2] if kept else (0, 0)

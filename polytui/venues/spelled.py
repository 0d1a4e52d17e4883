"""What strings mean that come again and again: each spelling is read once and then looked up.

A stream says the same few hundred prices and sizes all day. A table is bounded in entries and in
the length of what it keeps, so a peer that never says the same twice costs time and no memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

_Meaning = TypeVar("_Meaning")
_MOST = 4096
_MOST_CHARACTERS = 96
"""A token has 78, a number of a venue some twenty."""


class Spelled(dict[str, _Meaning]):
    """State: the spellings read so far. `table[text]` is what `read(text)` says, and raises what it
    raises: what was refused is read again each time."""

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[str], _Meaning]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, text: str) -> _Meaning:
        meaning = self._read(text)
        if len(text) <= _MOST_CHARACTERS:
            if len(self) >= _MOST:
                self.clear()
            self[text] = meaning
        return meaning

"""What was made last, and of what: it is made again when that is another, and not with every
frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from attrs import define

T = TypeVar("T")


@define
class LastMade(Generic[T]):
    """State: one thing, and what it was made of."""

    last: T | None = None
    """None before the first."""
    _of: tuple[object, ...] = ()

    def of(self, of: tuple[object, ...], make: Callable[[], T]) -> T:
        """The last one where it was made of the same; else what `make` makes now. `of` is all that
        it reads."""
        if self.last is None or of != self._of:
            self.last = make()
        self._of = of  # equal, but mostly the very same: the next comparison is short
        return self.last

"""What stands on the board: in which layout, and which card or line of it is chosen."""

from __future__ import annotations

from polytui.tui.panels.arrangement import (
    Arrangement,
    Followed,
    Layout,
    Slot,
    followed_of,
    following,
    laid_out,
)
from polytui.tui.state import TerminalState

MOST_ASSETS = 4
MOST_CARDS = 16
"""Four assets at four intervals."""


class Cards:
    """State: the layout that a person wants, how it came out, and the chosen slot."""

    def __init__(self, state: TerminalState, wanted: Layout) -> None:
        self.wanted = wanted
        self.plan = Arrangement(1, 1, 1, slots=(Slot(""),))
        self._state = state
        self._chosen = Slot("")
        self._seen: Followed = ()

    # --- the layout -----------------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """Assets in the engine's order."""
        return self._state.names[:MOST_ASSETS]

    @property
    def followed(self) -> Followed:
        return followed_of(self.names, self._state.assets, self._seen)

    @property
    def is_table(self) -> bool:
        return self.plan.layout is Layout.TABLE

    @property
    def is_outdated(self) -> bool:
        """Whether the engine follows other rounds than the plan has slots for."""
        return self._seen != self.followed

    def lay_out(self, size: tuple[int, int], head_rows: int, *, is_log_large: bool) -> None:
        """For a screen of `size` (columns, rows)."""
        self._seen = self.followed
        words = len(self._state.last_words)
        self.plan = laid_out(
            self.wanted, self._seen, *size, is_log_large=is_log_large, last_words=words,
            head_rows=head_rows,
        )  # fmt: skip

    def cycle(self, size: tuple[int, int]) -> Layout:
        """The next layout that fits, from now on the wanted one."""
        self.wanted = following(self.plan, self.followed, *size)
        return self.wanted

    # --- what is chosen -------------------------------------------------------------------------

    @property
    def at(self) -> int:
        """The chosen one's place in the plan: the same asset at least, where that is there."""
        slots = self.plan.slots
        alike = [at for at, one in enumerate(slots) if one.asset == self._chosen.asset]
        exact = [at for at in alike if slots[at] == self._chosen]
        return next(iter((*exact, *alike)), 0)

    @property
    def chosen(self) -> Slot:
        """Of no asset before the engine has named any."""
        return self.slot(self.at)

    def slot(self, at: int) -> Slot:
        """By its place on the board, from 0; of no asset where none is."""
        return self.plan.slots[at] if at < len(self.plan.slots) else Slot("")

    def number(self, name: str) -> int:
        """The digit that chooses an asset."""
        return self.names.index(name) + 1 if name in self.names else 1

    def choose(self, number: int, *, is_by_asset: bool = False) -> bool:
        """The asset of a digit (from 1); of several slots of the asset that is chosen already, the
        next, unless it is looked at `is_by_asset`. Whether there is one."""
        if not 1 <= number <= len(self.names):
            return False
        name = self.names[number - 1]
        mine = [one for one in self.plan.slots if one.asset == name] or [Slot(name)]
        is_again = self.chosen in mine and not is_by_asset
        self._chosen = mine[(mine.index(self.chosen) + 1) % len(mine)] if is_again else mine[0]
        return True

    def choose_slot(self, at: int) -> bool:
        """By its place on the board, from 0. Whether there is one."""
        if not 0 <= at < len(self.plan.slots) or not self.names:
            return False
        self._chosen = self.plan.slots[at]
        return True

    def step(self, by: int, *, is_by_asset: bool = False) -> bool:
        """So many further, or so many assets, round and round."""
        if is_by_asset and self.names:
            at = self.number(self.chosen.asset) - 1
            return self.choose((at + by) % len(self.names) + 1, is_by_asset=True)
        return self.choose_slot((self.at + by) % max(1, len(self.plan.slots)))

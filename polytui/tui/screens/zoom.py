"""One asset over the whole board: which of its rounds, and as what."""

from __future__ import annotations

from polytui.model.snapshot import AssetView
from polytui.tui.panels.asset import Look
from polytui.tui.panels.consensus import consensus_panel
from polytui.tui.panels.dots import Ink
from polytui.tui.panels.facts import current_round
from polytui.tui.panels.round_page import PageShape, Sheet, round_panel
from polytui.tui.panels.zoom import chosen_round
from polytui.tui.state import TerminalState
from polytui.tui.styles import Line


class Zoom:
    """State: whether it is open, the round that is named, and how it is drawn."""

    def __init__(self, state: TerminalState, ink: Ink) -> None:
        self.is_open = False
        self.ink = ink
        self._state = state
        self._shows_consensus = False
        """Prices of every venue instead of the round."""
        self._slug = ""
        """Empty for the current round, so that the page moves on when that closes."""
        self._shape = PageShape.BOTH

    def turn(self, is_open: bool) -> None:
        """Open or closed, with the current round."""
        self.is_open, self._shows_consensus, self._slug = is_open, False, ""

    def current(self) -> None:
        """The current round of whatever asset it is now."""
        self._slug = ""

    def consensus(self) -> None:
        """The prices of the asset; from there back to its round."""
        shows_consensus = not (self.is_open and self._shows_consensus)
        self.turn(True)
        self._shows_consensus = shows_consensus

    def reshape(self) -> None:
        """Chart, ladder, both; from the prices back to the round as it was."""
        if self._shows_consensus:
            self._shows_consensus = False
        else:
            self._shape = self._shape.following

    def walk(self, view: AssetView | None, step: int) -> None:
        """Another of the rounds that are followed now."""
        shown = None if view is None else chosen_round(view, self._slug)
        if view is None or shown is None or not self.is_open:
            return
        slugs = [one.slug for one in view.rounds]
        wanted = slugs[(slugs.index(shown.slug) + step) % len(slugs)]
        current = current_round(view)
        self._slug = "" if current is not None and wanted == current.slug else wanted

    def paint(
        self, name: str, view: AssetView | None, look: Look, size: tuple[int, int]
    ) -> list[Line]:
        if self._shows_consensus:
            return consensus_panel(name, view, look, *size)
        shown = None if view is None else chosen_round(view, self._slug)
        trace = None if shown is None else self._state.traces.named(shown.slug)
        return round_panel(name, view, look, self._slug, Sheet(self._shape, trace, self.ink), size)

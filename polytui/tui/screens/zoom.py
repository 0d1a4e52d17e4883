"""One asset over the whole board: which of its rounds, and as what."""

from __future__ import annotations

from collections.abc import Callable

from polytui.model.query import Query
from polytui.model.snapshot import AssetView, RoundView
from polytui.tui.panels.asset import Look
from polytui.tui.panels.consensus import consensus_panel
from polytui.tui.panels.dots import Ink
from polytui.tui.panels.facts import current_round
from polytui.tui.panels.past_round import PastSheet, past_round_panel
from polytui.tui.panels.round_page import PageShape, Sheet, round_panel
from polytui.tui.panels.zoom import chosen_round
from polytui.tui.past import Row
from polytui.tui.screens.past_walk import PastWalk
from polytui.tui.state import TerminalState
from polytui.tui.styles import Line
from polytui.tui.traces import Trace


class Zoom:
    """State: whether it is open, the round that is named, and how it is drawn."""

    def __init__(
        self,
        state: TerminalState,
        ink: Ink,
        clock: Callable[[], float],
        query: Callable[[Query], bool],
    ) -> None:
        self.is_open = False
        self.ink = ink
        self._state = state
        self._shows_consensus = False
        """Prices of every venue instead of the round."""
        self._slug = ""
        """Empty for the current round, so that the page moves on when that closes."""
        self._interval = ""
        """Of the current round; empty for the one that closes first."""
        self._shape = PageShape.BOTH
        self._clock, self._query = clock, query
        self._past = PastWalk(state.told_rounds, state.traces)

    def turn(self, is_open: bool, interval: str = "") -> None:
        """Open or closed, with the current round."""
        self.is_open, self._shows_consensus = is_open, False
        self.current(interval)

    def current(self, interval: str = "") -> None:
        """The current round of whatever asset it is now, of one interval or of all."""
        self._slug, self._interval = "", interval
        self._past.home()

    def slug_in(self, view: AssetView) -> str:
        """Of the round that is shown of it, or the current one; empty where there is none."""
        shown = self._shown(view)
        return "" if shown is None else shown.slug

    @property
    def is_away(self) -> bool:
        """Whether a round that is over is looked at."""
        return self._past.is_away

    def consensus(self) -> None:
        """The prices of the asset; from there back to its round."""
        shows_consensus = not (self.is_open and self._shows_consensus)
        self.turn(True, self._interval)
        self._shows_consensus = shows_consensus

    def reshape(self) -> None:
        """Chart, ladder, both; from the prices back to the round as it was."""
        if self._shows_consensus:
            self._shows_consensus = False
        else:
            self._shape = self._shape.following

    def walk(self, view: AssetView | None, step: int) -> None:
        """Another of the rounds that are followed now."""
        shown = self._shown(view)
        if view is None or shown is None or not self.is_open:
            return
        self._past.home()
        slugs = [one.slug for one in view.rounds]
        wanted = view.rounds[(slugs.index(shown.slug) + step) % len(slugs)]
        # What is current is followed: by its interval, unless it is the one that closes first.
        for interval in ("", wanted.interval):
            if current_round(view, interval) is wanted:
                self._slug, self._interval = "", interval
                return
        self._slug = wanted.slug

    def _shown(self, view: AssetView | None) -> RoundView | None:
        return None if view is None else chosen_round(view, self._slug, self._interval)

    def back(self, view: AssetView | None, by: int) -> None:
        """`by` rounds of the same length back; below 0 forth."""
        if (visited := self._past.visited) is not None:
            self._past.step(by, *visited, self._query)
            return
        shown = self._shown(view)
        if view is not None and shown is not None:
            self._past.step(by, (view.asset, shown.interval), shown.opens_ns, self._query)

    def visit(self, row: Row, session: str, moment_ns: int, view: AssetView | None) -> None:
        """A round of the database at one moment; one that is followed now as it is now."""
        self.turn(True)
        slug = str(row.get("slug"))
        if not session and view is not None and any(one.slug == slug for one in view.rounds):
            self._slug = slug
        else:
            self._past.visit(row, session, moment_ns)

    def ask(self, view: AssetView | None) -> None:
        """What the page shows and no view tells: asked for as often as it may be."""
        if not self.is_open:
            return
        if self._past.is_away:
            self._past.ask(self._clock(), self._query)
            return
        trace = self._trace(view)
        if trace is not None and self._shape is not PageShape.LADDER:
            self._state.told_rounds.ask_open(trace, self._clock(), self._query)

    def drawn(self, view: AssetView | None) -> Trace | None:
        """The chart of the round that is on the screen, one that is over among them."""
        return self._past.trace if self._past.is_away else self._trace(view)

    @property
    def past_row(self) -> Row | None:
        """Of the round that is over and on the screen, as the database has it."""
        return self._past.row

    def _trace(self, view: AssetView | None) -> Trace | None:
        shown = self._shown(view)
        return None if shown is None else self._state.traces.named(shown.slug)

    def paint(
        self, name: str, view: AssetView | None, look: Look, size: tuple[int, int]
    ) -> list[Line]:
        if self._shows_consensus:
            return consensus_panel(name, view, look, *size)
        self._past.settle(self._query)
        if self._past.is_away:
            return past_round_panel(name, self._sheet(), look, size)
        sheet = Sheet(self._shape, self._trace(view), self.ink, self._words())
        shown = self._shown(view)
        slug = "" if shown is None else shown.slug
        return round_panel(name, view, look, slug, sheet, size)

    def _words(self) -> str:
        """Why nobody could go back."""
        if not self._past.is_first:
            return ""
        return self._state.told_rounds.error or "no round before this one is in the database"

    def _sheet(self) -> PastSheet:
        past, told = self._past, self._state.told_rounds
        trades = None if past.trace is None else told.trades(past.trace)
        return PastSheet(
            past.row, past.trace, trades, past.back, past.is_first, told.error, self.ink,
            past.moment_ns, past.is_visit, past.is_from_visit,
        )  # fmt: skip

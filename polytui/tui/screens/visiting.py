"""From a page to a round, and back to the page."""

from __future__ import annotations

from attrs import define

from polytui.tui.actions import Area
from polytui.tui.screens.cards import Cards
from polytui.tui.screens.page import RoundVisit
from polytui.tui.screens.pages import Pages
from polytui.tui.screens.zoom import Zoom
from polytui.tui.state import TerminalState


@define
class Visiting:
    """State: the page from which a round was opened."""

    state: TerminalState
    pages: Pages
    cards: Cards
    zoom: Zoom
    came_from: Area | None = None

    def go(self, wanted: RoundVisit | str) -> None:
        """One of a page's rows, as a chart; of an asset's name, the round that runs now."""
        if isinstance(wanted, str):
            self._show(wanted)
            return
        asset = str(wanted.row.get("asset"))
        self._leave_page(asset)
        view = self.state.assets.get(asset)
        self.zoom.visit(wanted.row, wanted.session, wanted.moment_ns, view)

    def _show(self, asset: str) -> None:
        if asset in self.cards.names:
            self._leave_page(asset)
            self.zoom.turn(True, self.cards.chosen.interval)

    def _leave_page(self, asset: str) -> None:
        page = self.pages.open
        if asset in self.cards.names:
            self.cards.choose(self.cards.number(asset), is_by_asset=True)
        self.pages.turn(None)
        self.came_from = None if page is None else page.area

"""Pages of what is kept in the database: the blotter, equity, rounds."""

from __future__ import annotations

from polytui.model.query import Query, Subject
from polytui.tui.actions import Area
from polytui.tui.last_made import LastMade
from polytui.tui.panels.blotter import BlotterSheet, blotter_panel
from polytui.tui.panels.columns import TableShape, whole, words
from polytui.tui.panels.equity import equity_panel
from polytui.tui.panels.page import PageLook
from polytui.tui.panels.rounds_page import INTERVALS, RoundsSheet, rounds_panel
from polytui.tui.panels.told_state import DrawnAt
from polytui.tui.screens.finding_page import FindingPage
from polytui.tui.screens.page import MOVES, Page, PageScene, RoundVisit
from polytui.tui.styles import Line
from polytui.tui.targets import COLUMN, ROW
from polytui.tui.told_blotter import TradeScope
from polytui.tui.trade_export import export_folder
from polytui.tui.typed_line import TypedLine


def moment_of(scene: PageScene) -> DrawnAt:
    return DrawnAt(scene.clock(), scene.state.session_ns)


class BlotterPage(FindingPage):
    """Every trade. State: the table's columns, as it was drawn last."""

    area = Area.BLOTTER

    def __init__(self, scene: PageScene) -> None:
        super().__init__(scene)
        self._told, self._export = scene.state.blotter, scene.state.export
        self._shape = LastMade[TableShape]()
        self._export.rest()

    @property
    def typed(self) -> TypedLine:
        return self._told.typed

    def ask(self) -> None:
        at = moment_of(self.scene)
        self._told.ask(at.session_ns, at.now_s, self.scene.query)
        self._export.watch(at.now_s)

    def perform(self, action_id: str) -> bool:
        told = self._told
        match action_id:
            case "row.open":
                self._open()
            case "row.find":
                told.typed.begin()
            case "blotter.sort_before":
                told.resort(self._sortable, -1)
            case "blotter.sort_next":
                told.resort(self._sortable, 1)
            case "blotter.reverse":
                told.reverse()
            case "scope":
                told.rescope()
            case "blotter.export":
                self._write()
            case _ if action_id in MOVES:
                told.move(MOVES[action_id])
            case _:
                return False
        return True

    def point(self, target: str) -> None:
        """A heading sorts, and turns round what is sorted by it; the chosen row opens."""
        told, column = self._told, target.removeprefix(COLUMN)
        if target.startswith(ROW):
            if told.choose(int(target.removeprefix(ROW))):
                self._open()
        elif column == told.sort.removeprefix("-"):
            told.reverse()
        else:
            told.sort_by(column)

    @property
    def _sortable(self) -> list[str]:
        """Columns that are on the screen; none before it was drawn."""
        shape = self._shape.last
        return [] if shape is None else shape.sortable

    def _open(self) -> None:
        row = self._told.chosen
        if row is not None:
            session = words(row, "session") if self._told.scope is TradeScope.DATABASE else ""
            self.scene.visit(RoundVisit(row, session, whole(row, "opened_ns")))

    def _write(self) -> None:
        """What the words find, of this scope, newest first."""
        at, state, told = moment_of(self.scene), self.scene.state, self._told
        wanted = told.scope.asked(Query(0, Subject.TRADES, words=told.words), at.session_ns)
        journal = state.account.journal if state.account is not None else ""
        folder = export_folder(journal, state.session)
        self._export.begin(wanted, folder, at.now_s, self.scene.query)

    def back(self) -> bool:
        return self._told.clear()

    def show(self, asset: str) -> None:
        """Trades are of all assets."""

    def type(self, key: str, character: str | None) -> None:
        self._told.type(key, character)

    def paint(self, look: PageLook, width: int, height: int) -> list[Line]:
        sheet = BlotterSheet(self._told, moment_of(self.scene), self._export.words, self._shape)
        return blotter_panel(sheet, look, width, height)


class EquityPage(Page):
    """The account's curve, and what trades come to."""

    area = Area.EQUITY

    def ask(self) -> None:
        at = moment_of(self.scene)
        self.scene.state.equity.ask(at.session_ns, at.now_s, self.scene.query)

    def perform(self, action_id: str) -> bool:
        if action_id == "scope":
            self.scene.state.equity.rescope()
            return True
        return super().perform(action_id)

    def paint(self, look: PageLook, width: int, height: int) -> list[Line]:
        at = moment_of(self.scene)
        return equity_panel(self.scene.state.equity, at, look, self.scroll, (width, height))


class RoundsPage(Page):
    """What is listed, what is open, what was settled."""

    area = Area.ROUNDS

    def ask(self) -> None:
        at = moment_of(self.scene)
        self.scene.state.round_list.ask(at.session_ns, at.now_s, self.scene.query)

    def perform(self, action_id: str) -> bool:
        told, state = self.scene.state.round_list, self.scene.state
        match action_id:
            case "row.open":
                self._open()
            case "by.asset":
                told.reasset(state.names)
            case "rounds.interval":
                told.reinterval(INTERVALS)
            case _ if action_id in MOVES:
                told.move(MOVES[action_id])
            case _:
                return False
        return True

    def point(self, target: str) -> None:
        if self.scene.state.round_list.choose(int(target.removeprefix(ROW))):
            self._open()

    def _open(self) -> None:
        row = self.scene.state.round_list.chosen
        if row is not None:
            self.scene.visit(RoundVisit(row, ""))

    def show(self, asset: str) -> None:
        """Rounds are of all assets."""

    def paint(self, look: PageLook, width: int, height: int) -> list[Line]:
        state = self.scene.state
        sheet = RoundsSheet(state.round_list, moment_of(self.scene), state.assets)
        return rounds_panel(sheet, look, width, height)

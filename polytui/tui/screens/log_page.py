"""The page of the log."""

from __future__ import annotations

from polytui.tui.actions import Area
from polytui.tui.panels.log_page import log_panel
from polytui.tui.panels.page import PageLook
from polytui.tui.screens.finding_page import FindingPage
from polytui.tui.screens.page import MOVES, PageScene
from polytui.tui.styles import Line
from polytui.tui.targets import ROW
from polytui.tui.typed_line import TypedLine


class LogPage(FindingPage):
    """State: how many rows were on the screen."""

    area = Area.LOG

    def __init__(self, scene: PageScene) -> None:
        super().__init__(scene)
        self._told = scene.state.log_lines
        self._rows = 1

    @property
    def typed(self) -> TypedLine:
        return self._told.typed

    def ask(self) -> None:
        self._told.ask(self.scene.clock(), self.scene.query)

    def perform(self, action_id: str) -> bool:
        told = self._told
        match action_id:
            case "row.find":
                told.typed.begin()
            case "log.found_before":
                told.find(-1, self._rows)
            case "log.found_after":
                told.find(1, self._rows)
            case "log.level":
                told.relevel()
            case "by.asset":
                told.reasset(self.scene.state.names)
            case "log.follow":
                told.follow()
            case _ if action_id in MOVES:
                told.move(MOVES[action_id])
            case _:
                return False
        return True

    def point(self, target: str) -> None:
        """A line that was clicked stays where it is; clicked again its asset's round opens."""
        at = int(target.removeprefix(ROW))
        if self._told.choose(at) and (asset := self._told.shown[at].asset):
            self.scene.visit(asset)

    def back(self) -> bool:
        """What was looked for goes first."""
        return self._told.forget()

    def show(self, asset: str) -> None:
        """Lines are of all assets until one is chosen with its key."""

    def type(self, key: str, character: str | None) -> None:
        """Enter goes to the newest line that has it."""
        super().type(key, character)
        if key == "enter":
            self._told.find_newest(self._rows)

    def paint(self, look: PageLook, width: int, height: int) -> list[Line]:
        self._rows = max(1, height - 2)
        return log_panel(self._told, look, width, height)

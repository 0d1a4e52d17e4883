"""What a pointer does on a screen of canvases: clicks, the wheel, and where a jump can go."""

from __future__ import annotations

from abc import abstractmethod

from textual.screen import Screen

from polytui.tui.actions import Area
from polytui.tui.panels.canvas import Canvas
from polytui.tui.panels.level_words import words_of_note
from polytui.tui.screens.log_strip import LogStrip
from polytui.tui.screens.recording_keys import RecordingKeys
from polytui.tui.state import TerminalState
from polytui.tui.targets import COLUMN, MOMENT, ROW, SLOT, Target

_ROLLED_LINES = 3


class PointedScreen(Screen[None]):
    """Canvases of the class `asset` are cards, that of the id `log` has a wheel of its own. What is
    abstract is held by the type checker alone: Textual has a metaclass of its own."""

    state: TerminalState
    log_strip: LogStrip
    playing: RecordingKeys

    @property
    @abstractmethod
    def areas(self) -> frozenset[Area]:
        """Where a person is now."""

    @abstractmethod
    def perform(self, action_id: str, *, is_key: bool = True) -> None:
        """Do what is asked for."""

    @abstractmethod
    def pick(self, at: int) -> None:
        """A card or line of the board was clicked, by its place from 0."""

    @abstractmethod
    def point(self, target: str) -> None:
        """A row or a heading of the page that is open was clicked."""

    def on_canvas_clicked(self, event: Canvas.Clicked) -> None:
        event.stop()
        if event.action_id:
            self.go(event.action_id)
        elif event.canvas.has_class("asset"):
            self.pick(list(self.query(".asset")).index(event.canvas))

    def go(self, target: str) -> None:
        """Where a click or a jump leads: to a card, or to what an action does."""
        if target.startswith(SLOT):
            self.pick(int(target.removeprefix(SLOT)))
        elif target.startswith(MOMENT):
            self.playing.go(target.removeprefix(MOMENT))
        elif target.startswith((ROW, COLUMN)):
            self.point(target)
        else:
            self.perform(target, is_key=False)

    def on_canvas_rolled(self, event: Canvas.Rolled) -> None:
        event.stop()
        if event.canvas.id == "log":
            self.log_strip.roll(event.by)
            event.canvas.repaint()
        elif Area.PAGE in self.areas:
            for _ in range(_ROLLED_LINES):
                self.perform("move.down" if event.by > 0 else "move.up", is_key=False)

    def explain(self, note: str) -> str:
        """What a note on cells says, for the mouse that rests there."""
        return words_of_note(note, self.state.assets.values())

    def targets(self) -> list[Target]:
        """Where a jump goes: cards, what acts, rows; a recording has more moments than letters."""
        cards = [
            Target(card.region.x + 2, card.region.y, f"{SLOT}{at}")
            for at, card in enumerate(self.query(".asset").results(Canvas))
            if card.display
        ]
        seen = [one for canvas in self.query(Canvas) for one in canvas.targets()]
        found = [one for one in seen if not one.action_id.startswith(MOMENT)]
        return cards + sorted(found, key=lambda one: one.action_id.startswith((ROW, COLUMN)))

    def veil(self, is_veiled: bool) -> None:
        """Hide what is somebody's own on everything, or show it again."""
        for canvas in self.query(Canvas):
            canvas.is_veiled = is_veiled
            canvas.repaint()

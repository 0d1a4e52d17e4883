"""Help: every key, and what the marks mean. Any key closes it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Key
from textual.screen import ModalScreen

from polytui.tui.panels.canvas import Canvas
from polytui.tui.panels.frame import Edge, framed
from polytui.tui.styles import Line, Span, line, styles_of
from polytui.tui.theme import Palette

_KEYS = (
    ("1-4, Tab", "choose an asset"),
    ("Enter, Esc, g", "zoom into it, and back; chart, ladder, both"),
    ("o, T", "every venue's price; trades, and why not"),
    ("s", "strategies: live and shadow results"),
    ("r", "risk: limits, breakers, kill switch"),
    ("e", "settings: change one, in two steps"),
    ("j k, [ ]", "another round, rounds before it; or scroll"),
    ("p, P", "pause, resume it; all but what was flattened"),
    ("K, then K or Enter", "KILL from anywhere: cancel all, stop trading"),
    ("R, then R or Enter", "rearm after a kill"),
    ("F, then F or Enter", "flatten the chosen asset"),
    ("- +, l, t", "slower, faster (a demo); log size; theme"),
    ("q, Ctrl-C", "quit: stop the engine or leave it"),
)
_MARKS = (
    ("●  ◐  ○  ◌", "feed up, stale, down, connecting"),
    ("▲  ▼", "above or below; Up or Down"),
    ("◆ trades ◇ watches", "live; in shadow: only scored, virtual fills"),
    ("!  ■", "a limit used to 80 %; a limit that is full"),
    ("◂ 25.00", "our working order in the ladder"),
    ("fair, market", "our price of Up; the middle of its book"),
    ("pnl, realised", "with holdings marked; settled only"),
)
SIZE = (68, len(_KEYS) + len(_MARKS) + 4)


def help_lines(palette: Palette, width: int, height: int) -> list[Line]:
    ground = palette.colours.panel
    styles = styles_of(palette, ground)

    def rows(pairs: tuple[tuple[str, str], ...]) -> list[Line]:
        made = []
        for key, words in pairs:
            spans: list[Span] = [(f"{key:<20}", styles.accent), (words, styles.text)]
            made.append(line(spans, width - 4, styles.text))
        return made

    blank = line([], width - 4, styles.text)
    body = [blank, *rows(_KEYS), blank, *rows(_MARKS)]
    top = Edge([("keys and marks", styles.strong)], [("any key closes", styles.dim)])
    return framed(body, top, Edge([], []), (width, height), styles.border, styles.text)


class Help(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._palette = palette

    def compose(self) -> ComposeResult:
        yield Canvas(lambda width, height: help_lines(self._palette, width, height), id="help")

    def on_key(self, event: Key) -> None:
        event.stop()
        event.prevent_default()
        self.dismiss(None)

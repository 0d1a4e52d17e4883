"""Help: what can be done here, everything else, marks and words. Moves scroll it, any other key
closes it."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap

from textual.app import ComposeResult
from textual.events import Key

from polytui.tui.actions import Area
from polytui.tui.glossary import GLOSSARY
from polytui.tui.keymap import Hint, Keymap
from polytui.tui.panels.canvas import Canvas
from polytui.tui.panels.frame import Edge, framed, rule
from polytui.tui.panels.page import Block, Scroll
from polytui.tui.screens.dialog import Dialog
from polytui.tui.screens.page import MOVES
from polytui.tui.styles import Line, Span, Styles, line, styles_of
from polytui.tui.theme import Palette

_MARKS = (
    ("●  ◐  ○  ◌", "feed up, stale, down, connecting"),
    ("▲  ▼", "above or below; Up or Down"),
    ("◆ trades ◇ watches", "live; in shadow: only scored, virtual fills"),
    ("!  ■", "a limit used to 80 %; a limit that is full"),
    ("◂ 25.00", "our working order in the ladder"),
    ("fair, market", "our price of Up; the middle of its book"),
    ("pnl, realised", "with holdings marked; settled only"),
)
_NAMES = 20
_MODAL = frozenset((Area.PAGE,))
"""Whose moves scroll it."""


def help_lines(
    palette: Palette,
    keymap: Keymap,
    here: frozenset[Area],
    scroll: Scroll,
    size: tuple[int, int],
) -> list[Line]:
    """In a box of `size` (width, height): the business of this place, the rest, and the marks."""
    styles, width = styles_of(palette, palette.colours.panel), size[0] - 4
    body = scroll.window([Block("", _body(keymap, here, styles, width))], size[1] - 2)
    top = Edge([("keys and marks", styles.strong)], [("any other key closes", styles.dim)])
    moves = " ".join(keymap.shown(one) for one in ("move.down", "move.up"))
    below: list[Span] = [(f"{scroll.words}, {moves} scroll", styles.dim)] if scroll.words else []
    return framed(body, top, Edge(below, []), size, styles.border, styles.text)


def _body(keymap: Keymap, here: frozenset[Area], styles: Styles, width: int) -> list[Line]:
    said = keymap.lines(here)
    known = {action.id for hint in said for action in hint.actions}
    rest = [one for one in keymap.lines() if not known.issuperset(a.id for a in one.actions)]
    return [
        *_rows("here", map(_pair, said), styles, width),
        *_rows("elsewhere", map(_pair, rest), styles, width),
        *_rows("marks", _MARKS, styles, width),
        *_words(styles, width),
    ]


def _words(styles: Styles, width: int) -> list[Line]:
    """What the words of the screen mean."""
    lines = [rule([("words", styles.dim)], [], width, styles.border)]
    for word, means in GLOSSARY:
        said = wrap(means, max(10, width - _NAMES))
        for at, part in enumerate(said):
            head = word if at == 0 else ""
            if len(head) >= _NAMES:
                lines.append(line([(head, styles.accent)], width, styles.text))
                head = ""
            spans: list[Span] = [(f"{head:<{_NAMES}}", styles.accent), (part, styles.text)]
            lines.append(line(spans, width, styles.text))
    return lines


def _pair(hint: Hint) -> tuple[str, str]:
    twice = f"{hint.key_words}, twice" if hint.is_dangerous else hint.key_words
    return twice, hint.title


def _rows(title: str, pairs: Iterable[tuple[str, str]], styles: Styles, width: int) -> list[Line]:
    """A heading, and a line for each pair; nothing for none."""
    made = [
        line([(f"{key:<{_NAMES}}", styles.accent), (words, styles.text)], width, styles.text)
        for key, words in pairs
    ]
    return [rule([(title, styles.dim)], [], width, styles.border), *made] if made else []


class Help(Dialog[None]):
    """State: how far it is scrolled."""

    def __init__(self, palette: Palette, keymap: Keymap, here: frozenset[Area]) -> None:
        super().__init__()
        self._palette, self._keymap, self._here = palette, keymap, here
        self._scroll = Scroll()

    def compose(self) -> ComposeResult:
        yield Canvas(self._paint, id="help")

    def _paint(self, width: int, height: int) -> list[Line]:
        return help_lines(self._palette, self._keymap, self._here, self._scroll, (width, height))

    def on_key(self, event: Key) -> None:
        event.stop()
        event.prevent_default()
        action = self._keymap.action_at(event.key, _MODAL)
        if action is None or action.id not in MOVES:
            self.dismiss(None)
        else:
            self._scroll.move(MOVES[action.id])
            self.query_one(Canvas).repaint()

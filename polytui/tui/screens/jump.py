"""Jump mode: a letter on all that can be clicked. Its key goes there, any other key away."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.events import Click, Key
from textual.widgets import Static

from polytui.tui.screens.dialog import Dialog
from polytui.tui.targets import Target
from polytui.tui.theme import Palette

LETTERS = "asdfghjklqwertyuiopzxcvbnm1234567890"
"""Those of the middle row first. Capitals are none: they kill."""


def lettered(targets: Iterable[Target]) -> dict[str, Target]:
    """Each action once, where it is seen first, as far as there are letters."""
    first: dict[str, Target] = {}
    for one in targets:
        first.setdefault(one.action_id, one)
    return dict(zip(LETTERS, first.values(), strict=False))


class Jump(Dialog[str]):
    """Its result is the id of the action; empty for none."""

    def __init__(self, palette: Palette, targets: Iterable[Target]) -> None:
        super().__init__()
        self._colours = palette.colours
        self._at = lettered(targets)

    def compose(self) -> ComposeResult:
        for letter, target in self._at.items():
            label = Static(letter, classes="jump")
            label.styles.offset = (target.x, target.y)
            label.styles.background = self._colours.warn
            label.styles.color = self._colours.on_badge
            yield label

    def on_key(self, event: Key) -> None:
        event.stop()
        event.prevent_default()
        target = self._at.get(event.key)
        self.dismiss("" if target is None else target.action_id)

    def on_click(self, event: Click) -> None:
        event.stop()
        self.dismiss("")

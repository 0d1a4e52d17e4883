"""The page of what-if: a setting and a value are typed, the player's answer is shown."""

from __future__ import annotations

from polytui.model.playing import PlayMove
from polytui.tui.actions import Area
from polytui.tui.keymap import Hint
from polytui.tui.panels.page import PageLook
from polytui.tui.panels.what_if import WhatIfQuestion, what_if_panel
from polytui.tui.screens.page import Page, PageScene
from polytui.tui.styles import Line
from polytui.tui.typed_line import with_key, with_paste

_TYPED = (
    Hint("ask", ("Enter",)),
    Hint("complete", ("Tab",)),
    Hint("back", ("Esc",)),
    Hint("clear", ("Ctrl-U",)),
)


class WhatIfPage(Page):
    """State: what is typed, and whether it is."""

    area = Area.WHAT_IF

    def __init__(self, scene: PageScene) -> None:
        super().__init__(scene)
        self._text = ""
        self._is_typing = True

    def perform(self, action_id: str) -> bool:
        if action_id == "what_if.ask":
            self._is_typing = True
            return True
        return super().perform(action_id)

    def back(self) -> bool:
        """An answer that nobody waits for any more is not worked out."""
        asked = self.scene.state.playing.what_if
        if asked is not None and asked.wish and not asked.is_ready:
            self.scene.play(PlayMove.NEVER_MIND, 1, "")
        return False

    # --- text -----------------------------------------------------------------------------------

    @property
    def is_typing(self) -> bool:
        return self._is_typing

    @property
    def typed_keys(self) -> tuple[Hint, ...]:
        return _TYPED if self._is_typing else ()

    def type(self, key: str, character: str | None) -> None:
        if key == "escape":
            self._is_typing = False
        elif key == "enter":
            self._send()
        elif key == "tab":
            self._complete()
        else:
            self._text = with_key(self._text, key, character)

    def paste(self, text: str) -> None:
        if self._is_typing:
            self._text = with_paste(self._text, text)

    def _send(self) -> None:
        if wish := self._text.replace(" ", ""):
            self._is_typing = False
            self.scene.play(PlayMove.WHAT_IF, 1, wish)

    def _complete(self) -> None:
        """The first setting that is listed, and its value to be changed."""
        if found := self._question.settings:
            self._text = f"{found[0].path}="

    # --- drawing --------------------------------------------------------------------------------

    @property
    def _question(self) -> WhatIfQuestion:
        known = self.scene.state.settings
        path, equals, _ = self._text.partition("=")
        exact = tuple(one for one in known.views if one.path == path.strip())
        settings = exact if equals else known.matching(path.strip())
        return WhatIfQuestion(
            self._text, self._is_typing, settings, self.scene.state.playing.what_if
        )

    def paint(self, look: PageLook, width: int, height: int) -> list[Line]:
        return what_if_panel(self._question, look, self.scroll, width, height)

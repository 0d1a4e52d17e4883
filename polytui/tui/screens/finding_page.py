"""A page on which words are looked for."""

from __future__ import annotations

from abc import abstractmethod

from polytui.tui.keymap import Hint
from polytui.tui.screens.page import Page
from polytui.tui.typed_line import TypedLine

_TYPED = (Hint("keep it", ("Enter",)), Hint("as before", ("Esc",)), Hint("clear", ("Ctrl-U",)))


class FindingPage(Page):
    """What is typed is kept where the page's rows are, and outlives the page."""

    @property
    @abstractmethod
    def typed(self) -> TypedLine:
        """As it is now: a recording that goes elsewhere begins another one."""

    @property
    def is_typing(self) -> bool:
        return self.typed.is_open

    @property
    def typed_keys(self) -> tuple[Hint, ...]:
        return _TYPED if self.is_typing else ()

    def type(self, key: str, character: str | None) -> None:
        self.typed.press(key, character)

    def paste(self, text: str) -> None:
        self.typed.paste(text)

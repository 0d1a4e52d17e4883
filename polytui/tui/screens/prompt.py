"""One line that is typed at the bottom: the moment that a recording is to go to."""

from __future__ import annotations

from attrs import define

from polytui.tui.keymap import Hint
from polytui.tui.typed_line import with_key, with_paste

_LONGEST = 40
_KEYS = (Hint("go there", ("Enter",)), Hint("stay", ("Esc",)), Hint("clear", ("Ctrl-U",)))


@define
class Prompt:
    """State: whether it is open, and what was typed."""

    is_open: bool = False
    text: str = ""

    @property
    def typed_keys(self) -> tuple[Hint, ...]:
        """What the footer says while it is open."""
        return _KEYS if self.is_open else ()

    def open(self) -> None:
        self.is_open, self.text = True, ""

    def type(self, key: str, character: str | None) -> str:
        """Take a key; what was typed, once it is meant."""
        wanted = ""
        if key == "escape":
            self.is_open = False
        elif key == "enter":
            self.is_open, wanted = False, self.text.strip()
        else:
            self.text = with_key(self.text, key, character, _LONGEST)
        return wanted

    def paste(self, text: str) -> None:
        """Its first line."""
        self.text = with_paste(self.text, text, _LONGEST)

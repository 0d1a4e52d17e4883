"""One line that is being typed on a page: a filter, what is looked for."""

from __future__ import annotations

from attrs import define

_LONGEST = 200


@define
class TypedLine:
    """State: what is written, and whether somebody is writing."""

    text: str = ""
    is_open: bool = False
    _before: str = ""

    def begin(self) -> None:
        self.is_open, self._before = True, self.text

    def press(self, key: str, character: str | None) -> None:
        """A key while it is open. Enter keeps what is written, Esc what was written before."""
        if key in ("enter", "escape"):
            self.is_open = False
            self.text = self.text.strip() if key == "enter" else self._before
        elif key == "backspace":
            self.text = self.text[:-1]
        elif key == "ctrl+u":
            self.text = ""
        elif character is not None and len(character) == 1 and character.isprintable():
            self.text = (self.text + character)[:_LONGEST]

    def paste(self, text: str) -> None:
        """The first line of what is pasted; nothing where nobody is writing."""
        if self.is_open:
            first = (text[: 2 * _LONGEST].splitlines() or [""])[0]
            self.text = (self.text + "".join(filter(str.isprintable, first)))[:_LONGEST]

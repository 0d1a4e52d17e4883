"""One line that is being typed: a filter, what is looked for. And what a key, or a paste, makes of
any text."""

from __future__ import annotations

from attrs import define

_LONGEST = 200


def with_key(text: str, key: str, character: str | None, longest: int = _LONGEST) -> str:
    """`text` after a key at its end, no longer than `longest`; as it was for a key that writes
    nothing."""
    if key == "backspace":
        return text[:-1]
    if key == "ctrl+u":
        return ""
    return (text + (character or ""))[:longest] if is_letter(character) else text


def with_paste(text: str, pasted: str, longest: int = _LONGEST) -> str:
    """`text` and behind it the first line of what is pasted."""
    first = (pasted[: 2 * longest].splitlines() or [""])[0]
    return (text + "".join(filter(str.isprintable, first)))[:longest]


def is_letter(character: str | None) -> bool:
    """Whether a key writes just this."""
    return character is not None and len(character) == 1 and character.isprintable()


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
        else:
            self.text = with_key(self.text, key, character)

    def paste(self, text: str) -> None:
        """Nothing where nobody is writing."""
        if self.is_open:
            self.text = with_paste(self.text, text)

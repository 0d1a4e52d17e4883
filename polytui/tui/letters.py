"""Plain letters in place of signs, for terminals whose font or charset has no others."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_SIGNS = (
    "╭╮╰╯─━┄│┃░", "++++-=.||:",
    "▲▼●◐○◌◆◇■‖", "^v*~o.#-#=",
    "▸◂✓✗·←→…–µ“”", "><+x.<>~-u\"\"",
    "█▉▊▋▌▍▎▏", "#####---",
    "▶❚•", ">|*",
)  # fmt: skip
_PLAIN = {
    ord(sign): letter
    for signs, letters in zip(_SIGNS[::2], _SIGNS[1::2], strict=True)
    for sign, letter in zip(signs, letters, strict=True)
}


def plain_letters(text: str) -> str:
    """Letter for letter, so that nothing moves; what is still no ASCII is a question mark."""
    text = text.translate(_PLAIN)
    return text if text.isascii() else text.encode("ascii", "replace").decode()


class PlainLetters(LineFilter):
    """Of every line that any widget draws."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [Segment(plain_letters(one.text), one.style, one.control) for one in segments]

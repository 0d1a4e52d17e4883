"""Names of keys: as they arrive, as people write them in settings, and as the footer shows them."""

from __future__ import annotations

import string
import unicodedata
from functools import cache

_MODIFIERS = ("ctrl", "shift", "alt", "super", "hyper", "meta")
_MOVING = ("up", "down", "left", "right", "home", "end", "pageup", "pagedown")
_NAMED = {
    *_MOVING, "escape", "enter", "tab", "space", "backspace", "delete", "insert",
    *(f"f{number}" for number in range(1, 25)),
}  # fmt: skip
_SHORTER = {
    "solidus": "slash", "reverse_solidus": "backslash", "commercial_at": "at",
    "hyphen_minus": "minus", "plus_sign": "plus", "low_line": "underscore",
}  # fmt: skip
"""What Textual calls a character otherwise than Unicode does."""
_SHOWN = {"escape": "Esc", "pagedown": "PgDn", "pageup": "PgUp", "delete": "Del", "insert": "Ins"}
_SAME = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+left_square_bracket": "escape"}
"""A terminal sends one for the other."""


def _name_of(character: str) -> str:
    if character.isalnum():
        return character
    name = unicodedata.name(character, "").lower().replace("-", "_").replace(" ", "_")
    return _SHORTER.get(name, name)


_SIGNS = {_name_of(sign): sign for sign in string.punctuation}


def key_named(text: str) -> str:
    """The key as it arrives: "question_mark" of "?", "ctrl+p" of itself. ValueError with words for
    what no key is called, or no terminal sends."""
    if len(text) == 1 and text.isprintable():
        return _name_of(text) or text
    *held, last = text.split("+")
    if not set(held) <= set(_MODIFIERS) or not (last in _NAMED or last in _SIGNS or len(last) == 1):
        raise ValueError(f"no key is called {text!r}")
    if text in _SAME:
        raise ValueError(f"a terminal sends {_SAME[text]} for {text}")
    if held == ["shift"] and len(last) == 1:
        raise ValueError(f"write {last.upper()!r} for {text}")
    return text


@cache
def key_words(key: str) -> str:
    """ "Ctrl-P" of "ctrl+p", "[" of "left_square_bracket"."""
    *held, last = key.split("+")
    name = _SIGNS.get(last) or _SHOWN.get(last) or last
    if len(name) > 1 and last not in _SHOWN:
        name = name.capitalize()
    if held and len(name) == 1:
        name = name.upper()
    return "-".join([*(one.capitalize() for one in held), name])


def is_text(key: str) -> bool:
    """Whether somebody who types means a letter by it. Capitals are not: no text here has them."""
    return key == "space" or key in _SIGNS or (len(key) == 1 and not key.isupper())


def is_hit_by_accident(key: str) -> bool:
    """Whether it is too near to what one presses all the time to be dangerous."""
    common = ("enter", "escape", "tab", "backspace", "delete", "insert", "ctrl+j", *_MOVING)
    return is_text(key) or key in common

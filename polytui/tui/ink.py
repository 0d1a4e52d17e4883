"""What this terminal can do: whether a screen can be drawn, and with which letters charts."""

from __future__ import annotations

import locale
import os
from collections.abc import Mapping

from polytui.tui.panels.dots import Ink

_PLAIN_TERMINALS = ("linux", "dumb", "vt100", "vt102", "vt220", "ansi")
"""Whose fonts have no Braille: the console of Linux, and what is older than Unicode."""
_LINES_ONLY = ("dumb",)


def is_drawn(form: str, environment: Mapping[str, str] | None = None) -> bool:
    """`form` as set: "screen", "lines", or "auto" for what the terminal can do."""
    name = (os.environ if environment is None else environment).get("TERM", "")
    return form == "screen" or (form == "auto" and name not in _LINES_ONLY)


def ink_of(
    charts: str, environment: Mapping[str, str] | None = None, encoding: str | None = None
) -> Ink:
    """`charts` as set: "braille", "ascii", or "auto" for what the terminal seems to be able to."""
    if charts != "auto":
        return Ink(charts)
    return Ink.BRAILLE if has_signs(environment, encoding) else Ink.ASCII


def has_signs(environment: Mapping[str, str] | None = None, encoding: str | None = None) -> bool:
    """Whether this terminal seems to have more than the letters of ASCII."""
    name = (os.environ if environment is None else environment).get("TERM", "")
    said = locale.getpreferredencoding(False) if encoding is None else encoding
    return said.lower().replace("-", "") == "utf8" and name not in _PLAIN_TERMINALS

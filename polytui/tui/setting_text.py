"""A setting's value between JSON, as the engine says it, and the text that a person reads and
types."""

from __future__ import annotations

import json
import re
from typing import Any

_NUMBER = re.compile(r"[+-]?(\d{1,15}(\.\d{0,12})?|\.\d{1,12})\Z")


def readable(value: str) -> str:
    """JSON as text: bare words, lists with commas, "(empty)" for nothing."""
    return editable(value) or "(empty)"


def change_words(old: str, new: str) -> str:
    """Old > new, as people read values."""
    return f"{readable(old)} > {readable(new)}"


def editable(value: str) -> str:
    """The text to begin an edit with."""
    known = _parsed(value)
    if isinstance(known, str):
        return known
    if isinstance(known, list) and all(isinstance(one, str) for one in known):
        return ", ".join(known)
    return value


def typed(text: str, old: str) -> str:
    """JSON of what was typed, of the kind that `old` is. ValueError, in words, where it is not;
    whether the value is a good one is for the engine to say."""
    known, text = _parsed(old), text.strip()
    if isinstance(known, bool):
        return _truth(text)
    if isinstance(known, int | float):
        return _number(text)
    if isinstance(known, list):
        return json.dumps([part.strip() for part in text.split(",") if part.strip()])
    return json.dumps(text, ensure_ascii=False)


def is_truth(value: str) -> bool:
    """Whether it is true or false, and nothing else."""
    return isinstance(_parsed(value), bool)


def is_same(one: str, other: str) -> bool:
    """60 and 60.0 are one value; true and 1 are two."""
    first, second = _parsed(one), _parsed(other)
    return isinstance(first, bool) is isinstance(second, bool) and bool(first == second)


def _parsed(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _truth(text: str) -> str:
    if text.lower() not in ("true", "false"):
        raise ValueError(f"expected true or false, got {text!r}")
    return text.lower()


def _number(text: str) -> str:
    if not _NUMBER.match(text):
        raise ValueError(f"expected a number like 12 or 0.5, got {text!r}")
    return json.dumps(float(text) if "." in text else int(text))

"""What a query to Gamma asks for, read strictly: a filter that is not understood is refused.

A list that ignores a filter is wrong and looks right. So names that a listing does not know,
values that do not parse, and single parameters that come twice are a 422 with the reason.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence

from starlette.datastructures import QueryParams

from polytui.sim.wire.form.api_answer import RefusedError
from polytui.sim.wire.form.wire_text import parse_iso

MOST_VALUES = 100
"""So many values of one repeated parameter (venue rule for ids and slugs)."""
_MOST_DIGITS = 18
_TRUE, _FALSE = ("true", "True", "TRUE", "t", "T", "1"), ("false", "False", "FALSE", "f", "F", "0")
"""The venue reads booleans as its language does; Python's clients send `True`."""
_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})?")


class GammaQuery:
    """The parameters of one request, each checked when it is asked for."""

    def __init__(self, params: QueryParams, known: Collection[str]) -> None:
        self._params = params
        for name in params:
            if name not in known:
                raise unprocessable(f"unknown parameter {name[:60]}")

    def __contains__(self, name: object) -> bool:
        return name in self._params

    def names(self) -> list[str]:
        return list(self._params)

    def bound(self) -> list[tuple[str, str]]:
        """What a cursor is bound to: everything but the page."""
        pages = ("limit", "after_cursor")
        return sorted(item for item in self._params.multi_items() if item[0] not in pages)

    def texts(self, name: str) -> list[str]:
        """The values of a parameter that may repeat."""
        found = self._params.getlist(name)
        if len(found) > MOST_VALUES:
            raise unprocessable(f"{name} accepts at most {MOST_VALUES} values")
        if not all(found):
            raise unprocessable(f"{name} must not be empty")
        return found

    def text(self, name: str) -> str | None:
        found = self.texts(name)
        if len(found) > 1:
            raise unprocessable(f"{name} is given more than once")
        return found[0] if found else None

    def wholes(self, name: str) -> list[int]:
        return [_whole(name, one) for one in self.texts(name)]

    def whole(self, name: str, usual: int, least: int, most: int) -> int:
        text = self.text(name)
        value = usual if text is None else _whole(name, text)
        if not least <= value <= most:
            raise unprocessable(f"{name} must be between {least} and {most}")
        return value

    def flag(self, name: str) -> bool | None:
        text = self.text(name)
        if text is not None and text not in _TRUE and text not in _FALSE:
            raise unprocessable(f"{name} must be a boolean")
        return None if text is None else text in _TRUE

    def number(self, name: str) -> float | None:
        text = self.text(name)
        try:
            value = None if text is None else float(text)
        except ValueError:
            value = math.nan
        if value is not None and not math.isfinite(value):
            raise unprocessable(f"{name} must be a number")
        return value

    def instant(self, name: str) -> int | None:
        """UTC nanoseconds."""
        text = self.text(name)
        try:
            return None if text is None else parse_iso(text)
        except (ValueError, OverflowError):
            raise unprocessable(f"{name} must be a date") from None

    def choice(self, name: str, options: Sequence[str]) -> str | None:
        text = self.text(name)
        if text is not None and text not in options:
            raise unprocessable(f"{name} must be one of {', '.join(options)}")
        return text

    def locale(self, name: str) -> str | None:
        text = self.text(name)
        if text is not None and not _LOCALE.fullmatch(text):
            raise unprocessable(f"{name} is not valid")
        return text


def _whole(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise unprocessable(f"{name} must be an integer")
    return int(text)


def not_found(words: str = "not found") -> RefusedError:
    return RefusedError(404, {"type": "not found error", "error": words})


def unprocessable(words: str) -> RefusedError:
    return RefusedError(422, {"type": "validation error", "error": words})

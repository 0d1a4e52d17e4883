"""A screen to be shown to others: prices of the market and times stay, every other number goes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.segment import Segment

from polytui.tui.styles import Line

_TOKEN = re.compile(r"[^\s│╭╮╰╯─]*\d[^\s│╭╮╰╯─]*")
_KEPT = re.compile(r"[({]?(\d\d:\d\d(:\d\d)?(-\d\d:\d\d)?|5m|15m|1h|4h|1-4)[,;)]?\Z")
"""Times of day and the lengths of rounds."""
_OF_THE_MARKET = {"consensus", "strike", "Chainlink", "fair", "market", "mid", "vs", "K"}
"""Words whose number is known to everybody. What is not named here is hidden."""
_HIDDEN = "•"


def hidden(rows: list[Line]) -> list[Line]:
    """The same lines, as wide, without a number that is anybody's own."""
    return [_hidden(row) for row in rows]


def _hidden(row: Line) -> Line:
    text = "".join(segment.text for segment in row)
    shown = list(text)
    for start, end in _own(text):
        shown[start:end] = [_HIDDEN if one.isalnum() else one for one in shown[start:end]]
    made, at = list[Segment](), 0
    for segment in row:
        size = len(segment.text)
        made.append(Segment("".join(shown[at : at + size]), segment.style))
        at += size
    return made


def _own(text: str) -> Iterator[tuple[int, int]]:
    """Where numbers stand that are hidden."""
    for found in _TOKEN.finditer(text):
        before = text[: found.start()].split()
        is_of_market = bool(before) and before[-1] in _OF_THE_MARKET
        if not (_KEPT.match(found[0]) or is_of_market):
            yield found.span()

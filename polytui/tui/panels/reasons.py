"""Reasons as people read them: edges in cents, and in little room shorter words, never a number
that is cut.

A reason is words, and most have a number and its limit: "edge small: 41 < 60 bps". What goes first
are long words, then the unit, then the words' end; "41 < 60" stays whole.
"""

from __future__ import annotations

import re
from decimal import Decimal
from textwrap import wrap

from polytui.model.effects import OF_A_SHARE, Reason
from polytui.tui.panels.sentences import clause_of
from polytui.tui.styles import clean

_NUMBERED = re.compile(
    r"(?P<words>.*): (?P<value>-?[\d,.]+(?:e[+-]?\d+)?) (?P<sign><|>|>=) "
    r"(?P<limit>-?[\d,.]+(?:e[+-]?\d+)?)(?P<unit> .*)?"
)
_NUMBER = re.compile(r"-?\d[\d,.]*")
_IN_CENTS = frozenset(reason.value for reason in OF_A_SHARE)
_BPS = " bps"
_SHORT = {
    Reason.STRIKE_UNSURE: "strike unsure",
    Reason.TWO_BOOKS: "two books",
    Reason.NO_ORDERS: "no orders taken",
    Reason.NO_VOLATILITY: "warming up",
    Reason.NO_FEATURES: "no features",
    Reason.FORECAST_OFF: "forecast off",
    Reason.CLAIM_SHRUNK: "claim shrunk",
    Reason.STAKE_SMALL: "stake small",
    Reason.KELLY_SPENT: "half Kelly spent",
    Reason.LEAVES_AT_ONCE: "leaves at once",
    Reason.OUTBID: "outbid",
    Reason.SHADOW: "shadow",
    Reason.KILL_SWITCH: "killed",
    Reason.SESSION_DONE: "session done",
    Reason.ROUND_VOID: "cancelled: pays half",
    Reason.LIMIT_CLOSING: "closing limit",
    Reason.LIMIT_ORDERS: "orders limit",
    Reason.LIMIT_ROUND_ORDERS: "round's orders",
    Reason.LIMIT_OPEN: "open limit",
    Reason.LIMIT_OPEN_INTERVAL: "interval open",
    Reason.LIMIT_OPEN_ASSET: "asset open",
    Reason.LIMIT_TRADES: "trades of day",
    Reason.LIMIT_DAILY_LOSS: "daily loss",
    Reason.LIMIT_DRAWDOWN: "drawdown",
    Reason.LIMIT_DRAWDOWN_PCT: "drawdown",
    Reason.LIMIT_LOSSES: "losses",
    Reason.HELD_TO_SETTLEMENT: "held to end",
    Reason.DUST: "too little",
    Reason.NOT_HERE: "on their way",
    Reason.DIVERGENCE: "divergence",
    Reason.RECONNECTS: "reconnects",
    Reason.SPREAD_SPIKE: "spread",
    Reason.FEE_SPIKE: "fees",
    Reason.REJECTS: "refused",
    Reason.QUEUE_FULL: "queue",
    Reason.CLOCK_BEHIND: "clock behind",
    Reason.DISK_REFUSES: "disk",
}
_SHORT_WORDS = {reason.value: words for reason, words in _SHORT.items()}
_FEWEST = 4
"""Letters of a word that still say something before their ellipsis."""


def cents(bps: float) -> str:
    """Of the one dollar that a share can pay: "+2.1 c"."""
    return f"{bps / 100:+.1f} c"


def said(reason: str) -> str:
    """The whole reason, printable, edges in cents."""
    text = clean(reason)
    found = _NUMBERED.fullmatch(text)
    if found is None or found["words"] not in _IN_CENTS:
        return text
    unit = found["unit"] or ""
    if not unit.startswith(_BPS):
        return text
    more = _NUMBER.sub(lambda one: _in_cents(one[0]), unit.removeprefix(_BPS))
    value, limit = _in_cents(found["value"]), _in_cents(found["limit"])
    return f"{found['words']}: {value} {found['sign']} {limit} c{more}"


def _in_cents(bps: str) -> str:
    """Every digit of it: rounding could make equals of two numbers that are not."""
    return f"{Decimal(bps.replace(',', '')) / 100:f}"


def head_of(reason: str) -> str:
    """Its words alone, as short as they are: "book late"."""
    text = clean(reason)
    found = _NUMBERED.fullmatch(text)
    words = text if found is None else found["words"]
    return _SHORT_WORDS.get(words, words)


def sentence(reason: str) -> str:
    """The whole of it as somebody would say it, edges in cents, the number behind it."""
    text = said(reason)
    found = _NUMBERED.fullmatch(text)
    if found is None:
        return clause_of(text)
    return f"{clause_of(found['words'])}: {_number(found)}{found['unit'] or ''}"


def fitted(reason: str, width: int, *, is_full: bool = False) -> str:
    """The reason in `width` cells, its number whole. `is_full`: as a sentence where that fits."""
    text = said(reason)
    forms = [sentence(reason), *_forms(text)] if is_full else _forms(text)
    for form in forms:
        if len(form) <= width:
            return form
    return _cut(forms[-1], width)


def wrapped(reason: str, width: int, rows: int) -> list[str]:
    """In several rows where one is not enough for the whole of it."""
    text = said(reason)
    lines = wrap(text, width) if rows > 1 and width > 0 else []
    if not lines or len(lines) > rows or not _keeps_number(text, lines):
        return [fitted(reason, width)]
    return lines


def _keeps_number(text: str, lines: list[str]) -> bool:
    found = _NUMBERED.fullmatch(text)
    return found is None or any(_number(found) in one for one in lines)


def _number(found: re.Match[str]) -> str:
    return f"{found['value']} {found['sign']} {found['limit']}"


def _forms(text: str) -> list[str]:
    """Shorter and shorter."""
    found = _NUMBERED.fullmatch(text)
    if found is None:
        return [text, _SHORT_WORDS.get(text, text)]
    words, number, unit = found["words"], _number(found), found["unit"] or ""
    short = _SHORT_WORDS.get(words, words)
    return [text, f"{short}: {number}{unit}", f"{short}: {number}"]


def _cut(text: str, width: int) -> str:
    """Words with their end cut, so that the number has its place; or the number alone."""
    found = _NUMBERED.fullmatch(text)
    if found is None:
        return text[: max(0, width - 1)] + "…"
    room = width - len(_number(found)) - len("…: ")
    if room >= _FEWEST:
        return f"{found['words'][:room].rstrip()}…: {_number(found)}"
    return _number(found) if len(_number(found)) <= width else found["value"]

"""The words of a person as conditions on rows of `trades_told`."""

from __future__ import annotations

from typing import Any

from polytui.model.trade_words import RESULT, NumberWord, TradeWords, Word
from polytui.model.units import MICRO

Values = tuple[Any, ...]

WAY_OUT = "coalesce(nullif(exit_reason, ''), ended, '')"
"""Why a position was left, as far as anybody said so; how, where nobody did."""
_COMPARED = {
    RESULT: ("pnl", MICRO),
    "price": ("entry_px", MICRO),
    "exit": ("exit_px", MICRO),
    "shares": ("shares", MICRO),
    "stake": ("stake", MICRO),
    "fee": ("fees", MICRO),
    "fair": ("fair_open", 1),
    "edge": ("edge_bps", 100),
}
"""By name, the column and how many of its units are one of a person's."""
_WHOLE_WORDS = ("asset", "interval", "outcome", "result")
_NAMES = ("strategy", "session", WAY_OUT)


def conditions(wanted: TradeWords) -> tuple[list[str], Values]:
    """All of which must hold, and their values."""
    made = [*map(_word, wanted.words), *map(_comparison, wanted.comparisons)]
    return [part for part, _ in made], tuple(value for _, values in made for value in values)


def _word(word: Word) -> tuple[str, Values]:
    whole = [f"{name} = ?" for name in _WHOLE_WORDS]
    within = [f"instr(lower(coalesce({name}, '')), ?)" for name in _NAMES]
    is_there = f"({' OR '.join([*whole, *within])})"
    values = (word.text,) * (len(whole) + len(within))
    return (f"NOT coalesce({is_there}, 0)" if word.is_unwanted else is_there), values


def _comparison(wanted: NumberWord) -> tuple[str, Values]:
    column, units = _COMPARED[wanted.name]
    return f"{column} {wanted.sign} ?", (round(wanted.limit * units, 6),)

"""What a person types to find trades: words and comparisons, all of which must fit.

btc up confluence        these words: asset, interval, side, strategy, way out, result, session
-probit                  not this one
>0  <-1.5                of the result, in dollars
edge>2 price<=0.3        of a named number: edge in cents; price, exit, fair and the rest in
                         dollars, shares in shares
"""

from __future__ import annotations

import math
import re

from attrs import frozen

MOST_WORDS = 12
_LONGEST = 200
_COMPARED = re.compile(r"([a-z]*)(<=|>=|<|>)([+-]?(?:\d+\.?\d*|\.\d+))")
_BEGUN = re.compile(r"[a-z]*(<=|>=|<|>)[+-]?\.?")
RESULT = "result"
NUMBERS = (RESULT, "price", "exit", "shares", "stake", "fee", "fair", "edge")
"""What can be compared, by the names of the blotter's columns."""


class BadWords(ValueError):
    """What cannot be looked for, in words."""


@frozen
class Word:
    """Text that one of a trade's names must have, or must not."""

    text: str
    is_unwanted: bool = False


@frozen
class NumberWord:
    """A number of a trade, as people see it, against a limit."""

    name: str
    sign: str
    limit: float


@frozen
class TradeWords:
    words: tuple[Word, ...] = ()
    comparisons: tuple[NumberWord, ...] = ()


def trade_words(text: str) -> TradeWords:
    """What `text` asks for; one comparison that is only begun asks for nothing yet. BadWords for
    what is none."""
    parts = text[:_LONGEST].lower().split()
    if len(parts) > MOST_WORDS:
        raise BadWords(f"{len(parts)} words: at most {MOST_WORDS}")
    words, comparisons = list[Word](), list[NumberWord]()
    for part in parts:
        if (found := _COMPARED.fullmatch(part)) is not None:
            comparisons.append(_comparison(*found.groups()))
        elif _BEGUN.fullmatch(part) is None:
            bare = part.removeprefix("-")
            words += [Word(bare, is_unwanted=bare != part)] if bare else []
    return TradeWords(tuple(words), tuple(comparisons))


def _comparison(name: str, sign: str, limit: str) -> NumberWord:
    if name and name not in NUMBERS:
        raise BadWords(f"no number is called {name}: {', '.join(NUMBERS)}")
    value = float(limit)
    if not math.isfinite(value):
        raise BadWords(f"{limit[:20]} is no number")
    return NumberWord(name or RESULT, sign, value)

"""How bringing winnings home stands, in words for people."""

from __future__ import annotations

from polytui.model.units import Usd, format_micro

_WAITS = "; waits: "


def winnings_words(won: Usd, left: int, most: int, why: str) -> str:
    """`won`: dollars that are not home; `left` of `most` batches may be sent today; `why` nothing
    goes on, where it does not: "12.50 dollars to come, 88 of 90 batches left today; waits: ..."."""
    words = f"{left} of {most} batches left today"
    if won:
        words = f"{format_micro(won, 2)} dollars to come, {words}"
    return f"{words}{_WAITS}{why}" if why else words


def why_winnings_wait(words: str) -> str:
    """Out of such words; empty while all is well."""
    return words.partition(_WAITS)[2]

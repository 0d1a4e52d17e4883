"""Text of others, made fit for a terminal, a log line and a page: one line, visible, bounded.

Whatever a venue, a file, a face or the environment says may hold control sequences, characters
that turn the direction of writing, or none of any width. These are written out (`\\x1b`,
`\\u202e`), so that they are seen and do nothing; a newline is written out as well, so that it
begins no line of its own.
"""

from __future__ import annotations

import unicodedata

from polytui.model.known_secrets import longest, masked

MOST_CHARACTERS = 500
"""Of one notice, finding or fault."""
_MARKS_MOST = 4
"""Marks that stand on one letter; more of them climb over the lines above."""


def plain(text: object, most: int = MOST_CHARACTERS) -> str:
    """`text` on one line of at most `most` characters, each of which is drawn, with stars for
    secrets of ours."""
    known = str(text)
    cut = _begun(known, most)
    if not (cut.isascii() and cut.isprintable()):
        cut = "".join(_visible(cut))
    if len(cut) > most or (len(known) > most and cut):
        return f"{cut[: most - 1]}…"
    return cut


def _begun(text: str, most: int) -> str:
    """Its first `most` characters, without secrets of ours. One that stands across the cut is seen
    whole before it is cut; what may be the beginning of another, behind it, is left out."""
    over = longest()
    if len(text) <= most + over:
        return masked(text)[:most]
    begun = masked(text[: most + over])
    return begun[: max(0, min(most, len(begun) - over))]


def _visible(text: str) -> list[str]:
    shown, marks = [], 0
    for one in text:
        marks = marks + 1 if _is_mark(one) else 0
        if marks > _MARKS_MOST:
            continue
        if one.isprintable():
            shown.append(one)
        elif unicodedata.category(one) == "Zs":
            shown.append(" ")  # a blank of another width, as venues' pages have them
        else:
            shown.append(ascii(one)[1:-1])
    return shown


def _is_mark(one: str) -> bool:
    return one > "\x7f" and unicodedata.category(one) in ("Mn", "Me")

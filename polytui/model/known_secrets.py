"""The secrets that this process holds, so that no text of it can show one.

Whatever is a `Secret` is known here from its making on. Text for people goes by `plain`, and what
is written to a log by `masked` as a whole: an error that quotes a key, a venue that says it back,
a traceback that has it in a line come out with stars.
"""

from __future__ import annotations

import re

STARS = "***"
_LEAST = 8
"""Characters. Of less, words that mean nothing would be starred ("demo")."""
_known: dict[str, int] = {}
"""By the form in which it is looked for, how long it is."""


def know(secret: str) -> None:
    """From here on `masked` hides it, with 0x before it or without, in letters of either size, and
    without the padding that some writers of base64 leave out."""
    global _known  # put in place as a whole: other threads read it
    needle = secret.lower().removeprefix("0x").rstrip("=")
    if len(needle) >= _LEAST:
        known = {**_known, needle: len(secret)}
        # The longest first: of one that begins with another the rest would stay.
        _known = dict(sorted(known.items(), key=lambda one: len(one[0]), reverse=True))


def masked(text: str) -> str:
    """`text` with stars for every secret that this process holds."""
    if not _known:
        return text
    folded = text.lower()
    for needle in tuple(_known):
        if needle in folded:
            text = re.sub(f"(?:0x)?{re.escape(needle)}=*", STARS, text, flags=re.IGNORECASE)
            folded = text.lower()
    return text


def longest() -> int:
    """Characters of the longest one: so far behind a cut one may still be going on."""
    return max(_known.values(), default=0)

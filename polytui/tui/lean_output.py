"""What goes to the terminal, with no more colour codes than it needs: a slow line is slow by bytes.

Textual sets every colour anew for each piece of a line and takes all back behind it: four of five
bytes of a frame. Here only what changes is set. Nothing is remembered from one frame to the next,
so a terminal that lost something is right again with the next frame as it was before.
"""

from __future__ import annotations

import re
from functools import lru_cache

from textual.drivers.linux_driver import LinuxDriver

_COLOURS = re.compile(r"\x1b\[([0-9;]*)m")
_GOES_ELSEWHERE = re.compile(r"(?:\r?\n)?\x1b\[[0-9]+;[0-9]+H")
"""To another cell, which has no colour; so a newline before it matters as little."""
_STYLE = re.compile(
    r"(?P<how>(?:[1-9];?)*?)"
    r"(?:(?P<fg>38;2;\d+;\d+;\d+|38;5;\d+|3[0-7]|9[0-7]);?)?"
    r"(?P<bg>48;2;\d+;\d+;\d+|48;5;\d+|4[0-7]|10[0-7])?"
)
_BOLD = {("", ""): (), ("1;", "1;"): (), ("", "1;"): ("1",), ("1;", ""): ("22",)}
"""How letters were and are, and the code for it; of others all is taken back first."""
_SEEN_ON_BLANKS = frozenset("3479")
"""Of how letters are: italic, underlined, reversed, struck through."""


class LeanDriver(LinuxDriver):
    """Textual's own, to a terminal at the other end of a slow line."""

    def write(self, data: str) -> None:
        super().write(lean(data))


def lean(data: str) -> str:
    """The same to whoever looks at it: each character in its cell and its colours."""
    first, *rest = _COLOURS.split(data)
    made, is_now, is_meant = [first], "", ""
    for codes, text in zip(rest[::2], rest[1::2], strict=True):
        is_meant = _after(is_meant, codes)
        if not text:
            continue
        if not _GOES_ELSEWHERE.fullmatch(text) and not _is_alike(is_now, is_meant, text):
            made.append(_change(is_now, is_meant))
            is_now = is_meant
        made.append(text)
    made.append(_change(is_now, is_meant))
    return "".join(made)


def _after(before: str, codes: str) -> str:
    """What is meant behind these codes; empty for nothing."""
    if codes.strip("0;") == "":
        return ""
    return f"{before};{codes}" if before else codes


def _is_alike(one: str, other: str, text: str) -> bool:
    """Blanks show their ground alone."""
    return (
        not text.strip(" ")
        and bool(one)
        and _blank(one) is not None
        and _blank(one) == _blank(other)
    )


@lru_cache(maxsize=4_096)
def _blank(style: str) -> str | None:
    """The ground of a blank; None where more of it is seen."""
    found = _STYLE.fullmatch(style)
    if found is None or _SEEN_ON_BLANKS.intersection(found["how"]):
        return None
    return found["bg"] or ""


@lru_cache(maxsize=16_384)
def _change(one: str, other: str) -> str:
    """The codes that make the other style of the one."""
    if one == other:
        return ""
    if not other:
        return "\x1b[0m"
    was, now = _STYLE.fullmatch(one), _STYLE.fullmatch(other)
    bold = _BOLD.get((was["how"], now["how"])) if one and was and now else None
    if was is None or now is None or bold is None:
        return f"\x1b[0;{other}m" if one else f"\x1b[{other}m"
    parts = [*bold] + [
        now[name] or usual for name, usual in (("fg", "39"), ("bg", "49")) if was[name] != now[name]
    ]
    return f"\x1b[{';'.join(parts)}m"

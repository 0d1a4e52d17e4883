"""A person's own programs, as the environment names them: an editor and a pager."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from polytui.model.snapshot import Notice
from polytui.model.table_cells import time_text
from polytui.tui.styles import clean

EDITORS, PAGERS = ("VISUAL", "EDITOR"), ("PAGER",)


def program_of(names: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """The first that is set, with its arguments. LookupError, in words, where none is; ValueError
    where it cannot be read."""
    text = next((found for name in names if (found := environment.get(name, "").strip())), "")
    wanted = " or ".join(f"${name}" for name in names)
    if not text:
        raise LookupError(f"{wanted} is not set: say which program in your shell, and start again")
    try:
        return shlex.split(text)
    except ValueError as error:
        raise ValueError(f"{wanted} is {text!r}: {error}") from error


def log_text(lines: Sequence[Notice]) -> str:
    """A line each: time, level, asset, words."""
    rows = (
        f"{time_text(one.at_ns)} {one.level:<5} {one.asset.upper():<4} {clean(one.text)}"
        for one in lines
    )
    return "".join(f"{row.rstrip()}\n" for row in rows)

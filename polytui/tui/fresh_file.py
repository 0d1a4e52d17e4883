"""A file of a terminal's own, under a name that nobody has taken."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from polytui.tui.panels import figures

_MOST = 1_000


def written(folder: Path, stem: str, ending: str, text: str, mode: int = 0o666) -> Path:
    """Write `text` as STEM.ENDING, or under a number more where that is taken. Raises OSError."""
    for path in names(folder, stem, ending, _MOST):
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        except FileExistsError:
            continue
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        return path
    raise FileExistsError(17, f"a thousand files {stem} are there")


def names(folder: Path, stem: str, ending: str, most: int) -> Iterator[Path]:
    """STEM.ENDING, then with a number from 2 on, below `most`."""
    yield folder / f"{stem}.{ending}"
    yield from (folder / f"{stem}-{number}.{ending}" for number in range(2, most))


def clock_stem(word: str, session_ns: int) -> str:
    """By the session's time of day."""
    return f"{word}-{figures.clock(session_ns).replace(':', '')}"

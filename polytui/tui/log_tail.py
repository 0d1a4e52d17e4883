"""The end of the engine's own log file, for when the engine says nothing more."""

from __future__ import annotations

from pathlib import Path

_LOG_LINES = 40
_LOG_TAIL_BYTES = 16_384


def tail_of(path: Path | None) -> tuple[str, ...]:
    """The last lines of the engine's log file; empty when there is none."""
    if path is None:
        return ()
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _LOG_TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ()
    return tuple(one for one in text.splitlines() if one.strip())[-_LOG_LINES:]

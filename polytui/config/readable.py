"""Who else on this machine may read a file that keeps a secret."""

from __future__ import annotations

import shlex
import stat
from pathlib import Path

from polytui.model.plain_text import plain

_OTHERS = 0o077


def exposed(path: Path) -> str:
    """Why others may read it; empty where they may not, or where it is not there."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return ""
    if not stat.S_IMODE(mode) & _OTHERS:
        return ""
    where = plain(path.absolute())
    return f"{where} can be read by others on this machine; run: chmod 600 {shlex.quote(path.name)}"

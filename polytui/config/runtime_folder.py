"""What lives as long as this user is logged in: sockets, and locks of venues that end."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def runtime_folder() -> Path:
    """Short and private: a socket's path may have about a hundred characters. The runtime folder
    of somebody else, as after `su`, is none of ours."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    if base and _is_ours(Path(base)):
        return Path(base) / "polytui"
    return Path(f"/tmp/polytui-{os.getuid()}")


def _is_ours(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()

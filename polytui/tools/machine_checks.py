"""This machine: what runs here, room on the disk, and who may read the keys."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

from polytui.config.readable import exposed
from polytui.tools.findings import Finding, Severity

_LEAST_FREE_MB = 2_000
_LIBRARIES = ("trio", "trio-websocket", "httpx", "textual", "msgspec", "TA-Lib", "numpy")


def machine_findings(folder: Path) -> list[Finding]:
    """`folder`: where sessions are written."""
    return [_python(), _disk(folder), *_keys()]


def _python() -> Finding:
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return Finding("python", Severity.OK, f"{sys.version.split()[0]}; {libraries}")


def _keys() -> list[Finding]:
    """Whether others on this machine may read them."""
    if words := exposed(Path.cwd() / ".env"):
        return [Finding("keys", Severity.WARN, words)]
    return []


def _disk(folder: Path) -> Finding:
    """Whether sessions can be written, and how long the disk will last."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not os.access(there, os.W_OK):
        words = f"cannot write to {there}; set journal.directory to where you may"
        return Finding("disk", Severity.FAIL, words)
    free_mb = shutil.disk_usage(there).free >> 20
    if free_mb < _LEAST_FREE_MB:
        words = f"{free_mb} MB free; a day of four assets writes about 2000: make room"
        return Finding("disk", Severity.WARN, words)
    return Finding("disk", Severity.OK, f"{free_mb / 1024:.0f} GB free for {folder}")

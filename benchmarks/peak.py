"""How much memory this process has had at its most; for whatever Python runs it."""

from __future__ import annotations

from pathlib import Path


def peak_mb() -> float:
    """Of this program alone: what `getrusage` says may be of the one that started it."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise OSError("/proc/self/status does not say how much memory this process had")

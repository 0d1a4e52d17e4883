"""Settings that had another name: whoever still writes it is told the new one."""

from __future__ import annotations

RENAMED: dict[str, str] = {
    "gates.max_oracle_age_ms": "gates.max_chainlink_age_ms",
    "gates.min_oracle_confidence": "gates.min_consensus_trust",
    "gates.min_oracle_trust": "gates.min_consensus_trust",
    "sockets.oracle_silence_s": "sockets.chainlink_silence_s",
    "sockets.oracle_stale_s": "sockets.chainlink_stale_s",
}
"""By its former path, the path of today."""


def with_new_name(fault: str) -> str:
    """A fault "unknown setting a, b @ table", each of its names with the new one behind it."""
    said, at, table = fault.partition(" @ ")
    before, unknown, names = said.partition("unknown setting ")
    if not unknown or before or not at:
        return fault
    return f"{unknown}{', '.join(_told(table, name) for name in names.split(', '))}{at}{table}"


def new_path(path: str) -> str:
    """The words that tell the path of today behind a former one; empty behind any other."""
    new = RENAMED.get(path)
    return "" if new is None else f" (is {new} now)"


def _told(table: str, name: str) -> str:
    return f"{name}{new_path(f'{table}.{name}')}"

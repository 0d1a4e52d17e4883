"""Builders' codes that somebody registered: the venue knows no others."""

from __future__ import annotations

from polytui.sim.exchange.hex_text import is_hash

_NOBODY = "0x" + "00" * 32
"""Of an order that no builder brought."""
_MOST = 100_000


def is_builder_code(text: str) -> bool:
    return is_hash(text)


class BuilderCodes:
    """State: those that are known, in small letters. None of them asks for a fee here."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def register(self, code: str) -> bool:
        """False for one that nobody can have, or where there are too many."""
        if not is_builder_code(code) or code == _NOBODY or len(self._known) >= _MOST:
            return False
        self._known.add(code.lower())
        return True

    def is_known(self, code: str) -> bool:
        return code.lower() in self._known

"""How the chain writes what it names: `0x` and hexadecimal digits, in letters of either case."""

from __future__ import annotations

import re

NOBODY = "0x" + "00" * 20
"""The address that nobody has."""
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
_CONDITION = re.compile(r"0x(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{62})")
_BYTES = re.compile(r"0x(?:[0-9a-fA-F]{2})*")


def is_address(text: str) -> bool:
    return _ADDRESS.fullmatch(text) is not None


def is_hash(text: str) -> bool:
    """32 bytes, whatever they are: an order, a transaction, a builder's code."""
    return _HASH.fullmatch(text) is not None


def is_condition(text: str) -> bool:
    """32 bytes, or the 31 of a "v2" market."""
    return _CONDITION.fullmatch(text) is not None


def is_bytes(text: str) -> bool:
    """Any number of whole bytes."""
    return _BYTES.fullmatch(text) is not None

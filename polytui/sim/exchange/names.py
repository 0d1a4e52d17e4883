"""Ids that follow from what they name, so that a world played twice has the same."""

from __future__ import annotations

from hashlib import sha256


def uuid_of(name: str) -> str:
    """In the form of a random UUID."""
    digits = sha256(name.encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"


def hash_of(name: str) -> str:
    """In the form of an order's or a transaction's hash."""
    return f"0x{sha256(name.encode()).hexdigest()}"


def wallet_of(name: str) -> str:
    """An address that nobody has a key for."""
    return f"0x{sha256(name.encode()).hexdigest()[:40]}"


CROWD = wallet_of("the crowd of the simulated venue")
"""One wallet for everybody who has no name."""
FEES = wallet_of("the fees of the simulated venue")

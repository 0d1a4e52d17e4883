"""Keys of the relayer, which a wallet's owner makes on the website for his own wallets."""

from __future__ import annotations

import hmac

from polytui.sim.exchange.names import uuid_of


def relayer_key(seed: int, owner: str) -> str:
    """The one of an EOA (lower case); it follows from the seed, as every key here does."""
    return uuid_of(f"{seed}:{owner}:relayer-key")


def is_relayer_key(seed: int, owner: str, key: str) -> bool:
    return hmac.compare_digest(relayer_key(seed, owner).encode(), key.encode())

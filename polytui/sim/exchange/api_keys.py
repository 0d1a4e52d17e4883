"""Who may speak at the venue: API keys by address and nonce, and whose key one is.

A key follows from the seed of the world, its address and its nonce, so a session that is played
again hands out the same ones. Nothing here checks a signature: `sim/wire/signed/l1_l2_auth.py`
does.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from enum import Enum
from hashlib import sha256

from attrs import evolve, field, frozen

from polytui.model.units import NS_PER_MS

_MOST_OF_ONE_ADDRESS = 100
_MOST_EVER = 100_000


class KeyKind(str, Enum):
    TRADING = "trading"
    READ_ONLY = "read-only"
    """Sees what its address sees, changes nothing."""
    BUILDER = "builder"
    """Attributes orders and speaks to the relayer; no word in the order book."""


@frozen
class VenueKey:
    """A key with what belongs to it; its address is the EOA, whatever wallet holds the money."""

    api_key: str
    secret: str = field(repr=False)
    """URL-safe base64 of 32 bytes."""
    passphrase: str = field(repr=False)
    address: str
    """0x and 40 small hexadecimal digits."""
    kind: KeyKind
    created_ms: int
    revoked_ms: int | None = None

    def fits(self, secret: str, passphrase: str) -> bool:
        return hmac.compare_digest(self.secret.encode(), secret.encode()) and self.knows(passphrase)

    def knows(self, passphrase: str) -> bool:
        return hmac.compare_digest(self.passphrase.encode(), passphrase.encode())


@frozen
class Caller:
    """Who asks, as far as a private route needs to know."""

    api_key: str
    address: str
    """The EOA that the key is bound to, in small letters."""
    is_readonly: bool = False


class ApiKeys:
    """State: every key in force, by itself, the trading keys by address and nonce, and whose
    trading keys there ever were: what they did stays their address's."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._keys: dict[str, VenueKey] = {}
        self._by_nonce: dict[tuple[str, int], str] = {}
        self._revoked: dict[str, list[VenueKey]] = {}
        self._traders: dict[str, str] = {}
        self._made: dict[tuple[str, int, KeyKind], int] = {}

    def create(self, address: str, nonce: int, now_ns: int) -> VenueKey | None:
        """The trading key of a nonce; None where there is one, or too many of this address."""
        if (address, nonce) in self._by_nonce:
            return None
        key = self._make(address, nonce, KeyKind.TRADING, now_ns)
        if key is not None:
            self._by_nonce[address, nonce] = key.api_key
        return key

    def derive(self, address: str, nonce: int) -> VenueKey | None:
        """The trading key that was created for a nonce."""
        return self._keys.get(self._by_nonce.get((address, nonce), ""))

    def create_other(self, address: str, kind: KeyKind, now_ns: int) -> VenueKey | None:
        """A read-only or builder key; None where this address has too many."""
        return self._make(address, 0, kind, now_ns)

    def get(self, api_key: str) -> VenueKey | None:
        return self._keys.get(api_key)

    def find(self, api_key: str, secret: str, passphrase: str) -> Caller | None:
        """Who subscribes to the user channel with these three; a builder key is nobody there."""
        key = self._keys.get(api_key)
        if key is None or key.kind is KeyKind.BUILDER or not key.fits(secret, passphrase):
            return None
        return Caller(key.api_key, key.address, key.kind is KeyKind.READ_ONLY)

    def address_of(self, api_key: str) -> str:
        """Of a trading key, revoked or not; empty for one that never was."""
        return self._traders.get(api_key, "")

    def all_of(self, address: str) -> list[str]:
        """Every trading key an address ever had, the oldest first."""
        return [api_key for api_key, whose in self._traders.items() if whose == address]

    def of(self, address: str, kind: KeyKind = KeyKind.TRADING) -> list[VenueKey]:
        """The keys of an address in force, the oldest first."""
        return [one for one in self._keys.values() if one.address == address and one.kind is kind]

    def revoked(self, address: str, kind: KeyKind) -> list[VenueKey]:
        return [one for one in self._revoked.get(address, ()) if one.kind is kind]

    def delete(self, api_key: str, now_ns: int) -> bool:
        """Its nonce may have another key afterwards, never this one again."""
        key = self._keys.pop(api_key, None)
        if key is None:
            return False
        for slot in [slot for slot, held in self._by_nonce.items() if held == api_key]:
            del self._by_nonce[slot]
        past = self._revoked.setdefault(key.address, [])
        past.append(evolve(key, revoked_ms=now_ns // NS_PER_MS))
        del past[:-_MOST_OF_ONE_ADDRESS]
        return True

    def _make(self, address: str, nonce: int, kind: KeyKind, now_ns: int) -> VenueKey | None:
        if len(self.of(address, kind)) >= _MOST_OF_ONE_ADDRESS or len(self._traders) >= _MOST_EVER:
            return None
        made = self._made[address, nonce, kind] = self._made.get((address, nonce, kind), 0) + 1

        def digest(part: str) -> bytes:
            name = f"{self._seed}:{address}:{kind.value}:{nonce}:{made}:{part}"
            return sha256(name.encode()).digest()

        key = VenueKey(
            api_key=_uuid(digest("key")),
            secret=urlsafe_b64encode(digest("secret")).decode(),
            passphrase=digest("passphrase").hex(),
            address=address,
            kind=kind,
            created_ms=now_ns // NS_PER_MS,
        )
        self._keys[key.api_key] = key
        if kind is KeyKind.TRADING:
            self._traders[key.api_key] = address
        return key


def _uuid(digest: bytes) -> str:
    """The first 16 bytes as a random UUID is written (RFC 9562, version 4)."""
    digits = digest.hex()
    variant = f"{8 | digest[8] >> 4 & 3:x}"
    return "-".join(
        (digits[:8], digits[8:12], f"4{digits[13:16]}", variant + digits[17:20], digits[20:32])
    )

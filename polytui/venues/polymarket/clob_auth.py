"""Who speaks: the headers of a wallet's signature (L1) and of an API key's (L2).

L1 attests by typed data that the key's address is one's own; it makes and finds API keys. L2 signs
every private request: HMAC-SHA256 over timestamp, METHOD, path without its query, and the very
bytes of the body. Both are stamped by the venue's clock, in seconds.
"""

from __future__ import annotations

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache

from polytui.config.api_key import ApiKey
from polytui.model.errors import Fatal
from polytui.venues.polymarket.ethereum import (
    SigningKey,
    address_word,
    digest_of,
    domain_separator,
    keccak,
    word,
)
from polytui.venues.polymarket.wallet import Wallet

_AUTH_TYPE = keccak(b"ClobAuth(address address,string timestamp,uint256 nonce,string message)")
_ATTESTED = keccak(b"This message attests that I control the given wallet")

__all__ = ["ApiKey", "ApiSigner", "l1_headers", "l2_headers", "l2_signature"]


def l1_headers(wallet: Wallet, timestamp_s: int, nonce: int = 0) -> dict[str, str]:
    """For `/auth/api-key` and `/auth/derive-api-key`; a nonce has one API key."""
    struct = keccak(
        _AUTH_TYPE
        + address_word(wallet.owner)
        + keccak(str(timestamp_s).encode())
        + word(nonce)
        + _ATTESTED
    )
    digest = digest_of(_auth_domain(wallet.chain_id), struct)
    return {
        "POLY_ADDRESS": wallet.owner,
        "POLY_SIGNATURE": "0x" + SigningKey(wallet.key).sign(digest).hex(),
        "POLY_TIMESTAMP": str(timestamp_s),
        "POLY_NONCE": str(nonce),
    }


def l2_headers(
    api_key: ApiKey, owner: str, timestamp_s: int, method: str, path: str, body: bytes
) -> dict[str, str]:
    """As of `ApiSigner`, for who asks once."""
    return ApiSigner(api_key).headers(owner, timestamp_s, method, path, body)


def l2_signature(api_key: ApiKey, timestamp_s: int, method: str, path: str, body: bytes) -> str:
    """Of a request, by whoever has the key; builders sign theirs alike."""
    return ApiSigner(api_key).signature(timestamp_s, method, path, body)


class ApiSigner:
    """Signs the requests of one API key. State: a hash that has taken its secret, which is half of
    the work."""

    __slots__ = ("_api_key", "_keyed")

    def __init__(self, api_key: ApiKey) -> None:
        self._api_key = api_key
        self._keyed: hmac.HMAC | None = None

    def headers(
        self, owner: str, timestamp_s: int, method: str, path: str, body: bytes
    ) -> dict[str, str]:
        """For every private call. `path` may carry a query, which is no part of what is signed;
        `body` is what goes out, byte by byte, and nothing for a GET."""
        return {
            "POLY_ADDRESS": owner,
            "POLY_SIGNATURE": self.signature(timestamp_s, method, path, body),
            "POLY_TIMESTAMP": str(timestamp_s),
            "POLY_API_KEY": self._api_key.key,
            "POLY_PASSPHRASE": self._api_key.passphrase.reveal(),
        }

    def signature(self, timestamp_s: int, method: str, path: str, body: bytes) -> str:
        """Fatal for a secret that is none."""
        if self._keyed is None:
            self._keyed = hmac.new(_secret_bytes(self._api_key), digestmod="sha256")
        mac = self._keyed.copy()
        mac.update(f"{timestamp_s}{method}{path.partition('?')[0]}".encode())
        mac.update(body)
        return urlsafe_b64encode(mac.digest()).decode()


@lru_cache(maxsize=4)
def _auth_domain(chain_id: int) -> bytes:
    return domain_separator("ClobAuthDomain", "1", chain_id)


def _secret_bytes(api_key: ApiKey) -> bytes:
    try:
        return urlsafe_b64decode(api_key.secret.reveal())
    except (binascii.Error, ValueError):
        raise Fatal("the API secret is not URL-safe base64: copy it once more") from None

"""Who speaks: signatures of wallets (L1), of API keys (L2) and of builder keys, in headers.

L1 attests by typed data that an address is one's own; it makes and finds keys. L2 signs every
private request with the secret of a key: HMAC-SHA256 over timestamp, METHOD, path and body, where
the path is the one the client believes in: without its query, and without the prefix that the
venue's HTTP port has for each service.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from hashlib import sha256

import trio
from attrs import define, field, frozen
from attrs.validators import ge
from starlette.requests import Request

from polytui.sim.exchange.api_keys import ApiKeys, Caller, KeyKind, VenueKey
from polytui.sim.exchange.hex_text import is_address
from polytui.sim.wire.form.api_answer import RefusedError
from polytui.sim.wire.signed.ethereum import load_ethereum
from polytui.sim.wire.signed.typed_data import clob_auth_signer, signature_bytes

BAD_L1 = "Invalid L1 Request headers"
BAD_L2 = "Unauthorized/Invalid api key"
BAD_BUILDER = "invalid authorization"
_SECONDS = re.compile(r"[1-9][0-9]{0,11}")
_NONCE = re.compile(r"0|[1-9][0-9]{0,77}")
_WORD = 2**256


@frozen
class AuthSettings:
    tolerance_s: int = field(default=60, validator=ge(0))
    """How far a request's timestamp may lie from the present, either way."""


@frozen
class WalletCaller:
    """Who signed with a wallet's own key."""

    address: str
    nonce: int


@define(eq=False)
class VenueAuth:
    """Checks the headers of requests; RefusedError, 401, in the venue's words for all that fail."""

    keys: ApiKeys
    present_s: Callable[[], Iterable[int]]
    """Unix seconds that count as now: the world's, and those of the machine that clients run on,
    which do not know that the world has a time of its own."""
    settings: AuthSettings = field(factory=AuthSettings)
    # Judging a signature is work for the processor: two at once would only take turns.
    _limiter: trio.CapacityLimiter = field(factory=lambda: trio.CapacityLimiter(1))

    async def l1(self, request: Request) -> WalletCaller:
        address = _header(request, "poly_address")
        timestamp = _header(request, "poly_timestamp")
        nonce = _header(request, "poly_nonce")
        signature = signature_bytes(_header(request, "poly_signature"))
        is_whole = is_address(address) and _NONCE.fullmatch(nonce) and signature
        if not is_whole or int(nonce) >= _WORD or not self._is_present(timestamp):
            raise RefusedError(401, {"error": BAD_L1})
        await load_ethereum()
        owner = address.lower()
        signed_by = await trio.to_thread.run_sync(
            clob_auth_signer, owner, timestamp, int(nonce), signature, limiter=self._limiter
        )
        if signed_by != owner:
            raise RefusedError(401, {"error": BAD_L1})
        return WalletCaller(owner, int(nonce))

    async def l2(self, request: Request) -> Caller:
        """Read-only keys ask and change nothing; builder keys are nobody here."""
        key = self.keys.get(_header(request, "poly_api_key"))
        body = await request.body()
        is_good = (
            key is not None
            and key.kind is not KeyKind.BUILDER
            and key.address == _header(request, "poly_address").lower()
            and self._is_signed(request, key, body, "poly_")
        )
        if key is None or not is_good:
            raise RefusedError(401, {"error": BAD_L2})
        is_readonly = key.kind is KeyKind.READ_ONLY
        if is_readonly and request.method not in ("GET", "HEAD"):
            raise RefusedError(401, {"error": BAD_L2})
        return Caller(key.api_key, key.address, is_readonly)

    async def builder(self, request: Request) -> Caller:
        """Of a builder key, as the relayer wants it."""
        key = self.keys.get(_header(request, "poly_builder_api_key"))
        body = await request.body()
        if (
            key is None
            or key.kind is not KeyKind.BUILDER
            or not self._is_signed(request, key, body, "poly_builder_")
        ):
            raise RefusedError(401, {"error": BAD_BUILDER})
        return Caller(key.api_key, key.address)

    def _is_signed(self, request: Request, key: VenueKey, body: bytes, prefix: str) -> bool:
        timestamp = _header(request, f"{prefix}timestamp")
        given = _header(request, f"{prefix}signature").encode("latin-1")
        path = signed_path(request)
        wanted = request_signature(key.secret, timestamp, request.method, path, body)
        return (
            self._is_present(timestamp)
            and key.knows(_header(request, f"{prefix}passphrase"))
            and hmac.compare_digest(given, wanted)
        )

    def _is_present(self, timestamp: str) -> bool:
        if not _SECONDS.fullmatch(timestamp):
            return False
        most, at_s = self.settings.tolerance_s, int(timestamp)
        return any(abs(now_s - at_s) <= most for now_s in self.present_s())


def request_signature(secret: str, timestamp: str, method: str, path: str, body: bytes) -> bytes:
    """What a key's owner puts into POLY_SIGNATURE: URL-safe base64 with its padding."""
    signed = f"{timestamp}{method}{path}".encode("latin-1") + body
    return urlsafe_b64encode(hmac.digest(urlsafe_b64decode(secret), signed, sha256))


def signed_path(request: Request) -> str:
    """As it came, without its query and without the prefix of the service."""
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    prefix: str = request.scope.get("root_path", "")
    return raw.partition(b"?")[0].decode("latin-1").removeprefix(prefix)


def _header(request: Request, name: str) -> str:
    """Of one that comes twice: nothing, for two readers could take either."""
    found = request.headers.getlist(name)
    return found[0] if len(found) == 1 else ""

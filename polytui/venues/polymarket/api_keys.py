"""The API key of a wallet at the CLOB: found if there is one, made if there is none.

A nonce has one key. Finding needs no more than making one, so it comes first: who has lost a key
finds the same one again, and nobody collects keys.
"""

from __future__ import annotations

import msgspec

from polytui.config.api_key import ApiKey
from polytui.config.secrets import Secret
from polytui.model.errors import Rejected, Unknown
from polytui.net.clock import machine_s
from polytui.net.http import Http
from polytui.net.http_answer import HttpAnswer
from polytui.venues.feed import WIRE_FAULTS
from polytui.venues.polymarket.clob_answers import unreadable
from polytui.venues.polymarket.clob_auth import l1_headers
from polytui.venues.polymarket.clob_refusals import judged, refusal_in
from polytui.venues.polymarket.wallet import Wallet

_CREATE, _DERIVE = "/auth/api-key", "/auth/derive-api-key"
_NONE_THERE = (400, 404)
_MOST = 500


class _KeyBody(msgspec.Struct, gc=False):
    key: str = msgspec.field(name="apiKey")
    secret: str
    passphrase: str


_decode = msgspec.json.Decoder(_KeyBody).decode


async def api_key_of(http: Http, wallet: Wallet, nonce: int = 0) -> ApiKey:
    """The one of this nonce. Errors as of any read: a key that was made and whose answer was lost
    is found, so nothing stays unknown."""
    found = await _derived(http, wallet, nonce)
    if found is not None:
        return found
    try:
        return await _created(http, wallet, nonce)
    except (Rejected, Unknown) as error:
        # Somebody else made it meanwhile, or we did and were not told.
        found = await _derived(http, wallet, nonce)
        if found is None:
            raise Rejected(f"{error}; no API key was made for {wallet.owner}") from None
        return found


async def _derived(http: Http, wallet: Wallet, nonce: int) -> ApiKey | None:
    async def once() -> ApiKey | None:
        answer = await http.ask("GET", _DERIVE, is_read=True, stamp=lambda: _headers(wallet, nonce))
        if answer.status in _NONE_THERE and b"derive" in answer.body:
            return None
        return _key_in(http.where("GET", _DERIVE), answer, is_read=True)

    return await http.again(once)


async def _created(http: Http, wallet: Wallet, nonce: int) -> ApiKey:
    answer = await http.ask("POST", _CREATE, stamp=lambda: _headers(wallet, nonce))
    return _key_in(http.where("POST", _CREATE), answer, is_read=False)


def _headers(wallet: Wallet, nonce: int) -> dict[str, str]:
    return l1_headers(wallet, machine_s(), nonce)


def _key_in(where: str, answer: HttpAnswer, *, is_read: bool) -> ApiKey:
    """What cannot be read is never shown: it may be the secret."""
    if not answer.is_success:
        raise judged(where, refusal_in(answer), is_read=is_read)
    try:
        body = _decode(answer.body)
    except WIRE_FAULTS:
        unreadable(where, "no key in it")
    for part in (body.key, body.secret, body.passphrase):
        if not (0 < len(part) <= _MOST and part.isascii() and part.isprintable()):
            unreadable(where, "a key that is none")
    return ApiKey(body.key, Secret(body.secret), Secret(body.passphrase))

"""Keys over HTTP: who may make, find, list and delete them, and the venue's words for the rest."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest
import trio
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st
from order_vectors import EOA, FUNDER, SESSION_EOA
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from test_typed_data import AUTH_SIGNATURE

from polytui.sim.exchange.api_keys import ApiKeys, KeyKind, VenueKey
from polytui.sim.exchange.wallets import DEPOSIT_WALLET, SessionSigner, Wallets
from polytui.sim.wire.desk.auth_api import AuthApi
from polytui.sim.wire.form.api_answer import json_answer
from polytui.sim.wire.form.error_bodies import ERROR_HANDLERS
from polytui.sim.wire.signed.l1_l2_auth import AuthSettings, VenueAuth, request_signature
from polytui.sim.wire.signed.wallet_addresses import derived_wallets

NOW_S = 1_790_000_000
"""Of the L1 vector."""
BAD_L1 = {"error": "Invalid L1 Request headers"}
BAD_L2 = {"error": "Unauthorized/Invalid api key"}
L1 = {
    "POLY_ADDRESS": "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A",
    "POLY_SIGNATURE": "0x" + AUTH_SIGNATURE.hex(),
    "POLY_TIMESTAMP": str(NOW_S),
    "POLY_NONCE": "0",
}


@define
class Venue:
    """A CLOB that knows keys and nothing else, under the prefix that the real port has for it."""

    now_s: int = NOW_S
    keys: ApiKeys = field(factory=lambda: ApiKeys(7))
    wallets: Wallets = field(factory=lambda: Wallets(derived_wallets))
    closed: set[str] = field(factory=set)

    @property
    def auth(self) -> VenueAuth:
        return VenueAuth(self.keys, lambda: (0, self.now_s), AuthSettings(60))

    def app(self) -> Starlette:
        api = AuthApi(
            self.auth, self.keys, self.wallets, lambda: self.now_s * 10**9,
            self.closed.__contains__, lambda address: "Standard",
        )  # fmt: skip

        async def who(request: Request) -> Response:
            caller = await self.auth.l2(request)
            return json_answer([caller.api_key, caller.address, caller.is_readonly])

        async def relay(request: Request) -> Response:
            return json_answer((await self.auth.builder(request)).address)

        echo = [
            Route("/order", who, methods=["GET", "POST", "DELETE"]),
            Route("/data/order/{name}", who),
            Route("/submit", relay, methods=["POST"]),
        ]
        mount = Mount("/clob", routes=[*api.routes(), *echo])
        return Starlette(routes=[mount], exception_handlers=dict(ERROR_HANDLERS))

    def ask(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | list[tuple[str, str]],
        body: bytes = b"",
        query: str = "",
    ) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app())
            async with httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1"
            ) as client:
                url = f"/clob{path}{query}"
                return await client.request(method, url, headers=headers, content=body)

        answer = trio.run(asked)
        assert answer.headers["content-type"] == "application/json"
        return answer

    def key(self, address: str = EOA) -> VenueKey:
        key = self.keys.create(address, 0, self.now_s * 10**9)
        assert key is not None
        return key


def signed(
    key: VenueKey, method: str, path: str, body: bytes = b"", at_s: int = NOW_S, **changed: str
) -> dict[str, str]:
    """L2 headers, made with nothing of the venue's."""
    message = f"{at_s}{method}{path}".encode() + body
    digest = hmac.new(base64.urlsafe_b64decode(key.secret), message, hashlib.sha256).digest()
    return {
        "POLY_ADDRESS": key.address,
        "POLY_SIGNATURE": base64.urlsafe_b64encode(digest).decode(),
        "POLY_TIMESTAMP": str(at_s),
        "POLY_API_KEY": key.api_key,
        "POLY_PASSPHRASE": key.passphrase,
        **changed,
    }


def builder_signed(key: VenueKey, method: str, path: str, body: bytes = b"") -> dict[str, str]:
    headers = signed(key, method, path, body)
    del headers["POLY_ADDRESS"]
    names = {"POLY_API_KEY": "POLY_BUILDER_API_KEY"}
    return {
        names.get(name, name.replace("POLY_", "POLY_BUILDER_")): value
        for name, value in headers.items()
    }


def test_the_vectors_of_the_official_client() -> None:
    secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    stamp = "1790000000"
    assert request_signature(secret, stamp, "GET", "/data/orders", b"") == (
        b"x7mJQCZTeyx4Fss83a5NrL7kvpT7okVZ8Uqy5mUshUQ="
    )
    assert request_signature(secret, stamp, "DELETE", "/order", b'{"orderID":"0xab"}') == (
        b"4ui1wbVUaf7En2l7gnrt2EEFegBDg54hkc4nhT8tF5w="
    )


def test_a_wallet_makes_a_key_and_finds_it_again() -> None:
    venue = Venue()
    missing = venue.ask("GET", "/auth/derive-api-key", L1)
    assert (missing.status_code, missing.json()) == (400, {"error": "Could not derive api key!"})
    made = venue.ask("POST", "/auth/api-key", L1)
    assert made.status_code == 200
    assert set(made.json()) == {"apiKey", "secret", "passphrase"}
    again = venue.ask("POST", "/auth/api-key", L1)
    assert (again.status_code, again.json()) == (400, {"error": "Could not create api key"})
    assert venue.ask("GET", "/auth/derive-api-key", L1).json() == made.json()
    key = venue.keys.get(made.json()["apiKey"])
    assert key is not None
    assert key.address == EOA
    assert venue.ask("GET", "/order", signed(key, "GET", "/order")).json() == [
        key.api_key, EOA, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {"POLY_ADDRESS": FUNDER}, {"POLY_ADDRESS": EOA[2:]}, {"POLY_ADDRESS": ""},
        {"POLY_NONCE": "1"}, {"POLY_NONCE": "-1"}, {"POLY_NONCE": "00"}, {"POLY_NONCE": ""},
        {"POLY_NONCE": str(2**256)}, {"POLY_NONCE": "9" * 5000},
        {"POLY_TIMESTAMP": str(NOW_S + 1)}, {"POLY_TIMESTAMP": f"0{NOW_S}"},
        {"POLY_TIMESTAMP": ""}, {"POLY_TIMESTAMP": "now"}, {"POLY_TIMESTAMP": f"{NOW_S}000"},
        {"POLY_SIGNATURE": ""}, {"POLY_SIGNATURE": "0x" + "00" * 65}, {"POLY_SIGNATURE": "x"},
        {"POLY_SIGNATURE": "0x" + AUTH_SIGNATURE.hex() + "00"},
    ],
    ids=str,
)  # fmt: skip
def test_who_is_not_the_wallets_owner_makes_no_key(changed: dict[str, str]) -> None:
    venue = Venue()
    for method, path in (("POST", "/auth/api-key"), ("GET", "/auth/derive-api-key")):
        answer = venue.ask(method, path, L1 | changed)
        assert (answer.status_code, answer.json()) == (401, BAD_L1)
    assert venue.keys.of(EOA) == []


@given(st.integers(0, 8 * 65 - 1))
def test_one_bit_changed_in_an_attestation_makes_no_key(at: int) -> None:
    changed = bytearray(AUTH_SIGNATURE)
    changed[at // 8] ^= 1 << at % 8
    answer = Venue().ask("POST", "/auth/api-key", L1 | {"POLY_SIGNATURE": "0x" + changed.hex()})
    assert (answer.status_code, answer.json()) == (401, BAD_L1)


@pytest.mark.parametrize("name", list(L1))
def test_every_header_of_an_attestation_comes_once(name: str) -> None:
    headers = {key: value for key, value in L1.items() if key != name}
    assert Venue().ask("POST", "/auth/api-key", headers).json() == BAD_L1
    twice = [*L1.items(), (name, L1[name])]
    assert Venue().ask("POST", "/auth/api-key", twice).json() == BAD_L1


@pytest.mark.parametrize(
    ("off_s", "status"), [(0, 200), (60, 200), (-60, 200), (61, 401), (-61, 401)]
)
def test_a_stale_timestamp_is_refused(off_s: int, status: int) -> None:
    venue = Venue(now_s=NOW_S - off_s)
    key = venue.key()
    assert venue.ask("GET", "/order", signed(key, "GET", "/order")).status_code == status
    if status == 401:
        assert venue.ask("GET", "/auth/derive-api-key", L1).json() == BAD_L1
    else:
        assert venue.ask("GET", "/auth/derive-api-key", L1).status_code == 200


def test_both_the_worlds_time_and_the_machines_are_the_present() -> None:
    venue = Venue()
    key = venue.key()
    headers = signed(key, "GET", "/order", at_s=59)
    assert venue.ask("GET", "/order", headers).status_code == 200, "the other clock says 0"


ORDER = b'{"orderID":"0xab"}'


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        ("GET", "/order", "?id=1&next_cursor=MA==", b""),
        ("POST", "/order", "", ORDER),
        ("DELETE", "/order", "", ORDER),
        ("DELETE", "/order", "?a=b", b'{ "orderID" : "\xc3\xbc" }'),
        ("GET", "/data/order/0x%41b", "", b""),
    ],
)
def test_what_is_signed_is_path_and_body_as_they_came(
    method: str, path: str, query: str, body: bytes
) -> None:
    venue = Venue()
    key = venue.key()
    answer = venue.ask(method, path, signed(key, method, path, body), body, query)
    assert answer.json() == [key.api_key, EOA, False]
    for changed in (
        signed(key, method, "/clob" + path, body),
        signed(key, method, path + "?", body),
        signed(key, method, path, body + b" "),
        signed(key, "PUT", path, body),
        signed(key, method.lower(), path, body),
        signed(key, method, path, body, NOW_S + 1) | {"POLY_TIMESTAMP": str(NOW_S)},
    ):
        refused = venue.ask(method, path, changed, body, query)
        assert (refused.status_code, refused.json()) == (401, BAD_L2)


def test_a_wrong_key_passphrase_or_address_is_unauthorized() -> None:
    venue = Venue()
    key, other = venue.key(), venue.key(FUNDER)
    good = signed(key, "GET", "/order")
    assert venue.ask("GET", "/order", good).status_code == 200
    for name, value in (
        ("POLY_API_KEY", other.api_key), ("POLY_API_KEY", ""), ("POLY_API_KEY", "x"),
        ("POLY_PASSPHRASE", other.passphrase), ("POLY_PASSPHRASE", ""),
        ("POLY_ADDRESS", FUNDER), ("POLY_ADDRESS", ""),
        ("POLY_SIGNATURE", signed(other, "GET", "/order")["POLY_SIGNATURE"]),
        ("POLY_SIGNATURE", ""), ("POLY_SIGNATURE", good["POLY_SIGNATURE"].rstrip("=")),
        ("POLY_SIGNATURE", "\xff"), ("POLY_TIMESTAMP", ""), ("POLY_TIMESTAMP", "\xb2"),
    ):  # fmt: skip
        raw = [(one, text.encode("latin-1")) for one, text in (good | {name: value}).items()]
        answer = venue.ask("GET", "/order", raw)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()) == (401, BAD_L2), (name, value)
    for name in good:
        headers = {key: value for key, value in good.items() if key != name}
        assert venue.ask("GET", "/order", headers).json() == BAD_L2, name
        assert venue.ask("GET", "/order", [*good.items(), (name, good[name])]).json() == BAD_L2


@given(st.integers(0, 43), st.characters(min_codepoint=33, max_codepoint=126))
def test_one_character_changed_in_a_signature_is_unauthorized(at: int, written: str) -> None:
    venue = Venue()
    good = signed(venue.key(), "GET", "/order")
    text = good["POLY_SIGNATURE"]
    changed = text[:at] + written + text[at + 1 :]
    status = venue.ask("GET", "/order", good | {"POLY_SIGNATURE": changed}).status_code
    assert status == (200 if changed == text else 401)


def test_an_address_may_be_written_in_capitals() -> None:
    venue = Venue()
    headers = signed(venue.key(), "GET", "/order", POLY_ADDRESS=L1["POLY_ADDRESS"])
    assert venue.ask("GET", "/order", headers).status_code == 200


PRIVATE = [
    ("GET", "/auth/api-keys"), ("DELETE", "/auth/api-key"), ("GET", "/auth/ban-status/closed-only"),
    ("POST", "/auth/readonly-api-key"), ("GET", "/auth/readonly-api-keys"),
    ("DELETE", "/auth/readonly-api-key"), ("POST", "/auth/builder-api-key"),
    ("GET", "/auth/builder-api-key"), ("DELETE", "/auth/builder-api-key"),
    ("GET", "/v1/user/rate-limit-tier"), ("GET", "/v1/user/session-signers"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), PRIVATE)
def test_every_private_route_wants_a_key(method: str, path: str) -> None:
    venue = Venue()
    key = venue.key()
    for headers in ({}, signed(key, method, path) | {"POLY_PASSPHRASE": "x"}):
        answer = venue.ask(method, path, headers)
        assert (answer.status_code, answer.json()) == (401, BAD_L2)
    assert venue.keys.of(EOA) == [key]


def said(venue: Venue, key: VenueKey, method: str, path: str, body: bytes = b"") -> Any:
    answer = venue.ask(method, path, signed(key, method, path, body), body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_deleted_key_is_nobodys() -> None:
    venue = Venue()
    key, other = venue.key(), venue.key(FUNDER)
    assert said(venue, key, "GET", "/auth/api-keys") == {"apiKeys": [key.api_key]}
    assert said(venue, key, "DELETE", "/auth/api-key") == "OK"
    answer = venue.ask("GET", "/auth/api-keys", signed(key, "GET", "/auth/api-keys"))
    assert (answer.status_code, answer.json()) == (401, BAD_L2)
    assert said(venue, other, "GET", "/auth/api-keys") == {"apiKeys": [other.api_key]}


def test_an_account_may_be_closed_only() -> None:
    venue = Venue()
    key = venue.key()
    path = "/auth/ban-status/closed-only"
    assert said(venue, key, "GET", path) == {"closed_only": False}
    venue.closed.add(EOA)
    assert said(venue, key, "GET", path) == {"closed_only": True}
    assert said(venue, venue.key(FUNDER), "GET", path) == {"closed_only": False}


def test_a_read_only_key_asks_and_changes_nothing() -> None:
    venue = Venue()
    key, other = venue.key(), venue.key(FUNDER)
    made = said(venue, key, "POST", "/auth/readonly-api-key")
    reader = venue.keys.get(made["apiKey"])
    assert reader is not None
    assert said(venue, key, "GET", "/auth/readonly-api-keys") == {
        "readonlyApiKeys": [reader.api_key]
    }
    assert said(venue, other, "GET", "/auth/readonly-api-keys") == {"readonlyApiKeys": []}
    assert said(venue, reader, "GET", "/order") == [reader.api_key, EOA, True]
    for method, path in (("POST", "/order"), ("DELETE", "/order"), ("DELETE", "/auth/api-key")):
        answer = venue.ask(method, path, signed(reader, method, path))
        assert (answer.status_code, answer.json()) == (401, BAD_L2)
    path, body = "/auth/readonly-api-key", json.dumps({"key": reader.api_key}).encode()
    assert said(venue, other, "DELETE", path, body) is False, "somebody else's"
    own = json.dumps({"key": key.api_key}).encode()
    assert said(venue, key, "DELETE", path, own) is False, "a key that trades"
    assert venue.keys.get(key.api_key) == key
    assert said(venue, key, "DELETE", path, body) is True
    assert said(venue, key, "DELETE", path, body) is False
    assert venue.ask("GET", "/order", signed(reader, "GET", "/order")).json() == BAD_L2
    for bad in (b"", b"[]", b'{"key":1}', b'{"key":"a","key":"a"}'):
        answer = venue.ask("DELETE", path, signed(key, "DELETE", path, bad), bad)
        assert (answer.status_code, answer.json()) == (400, {"error": "Invalid payload"})


def test_builder_keys_speak_to_the_relayer_alone_until_they_are_revoked() -> None:
    venue, path = Venue(), "/auth/builder-api-key"
    key = venue.key()
    made = [said(venue, key, "POST", path) for _ in range(3)]
    assert {frozenset(one) for one in made} == {frozenset({"key", "secret", "passphrase"})}
    first, second, third = (venue.keys.get(one["key"]) for one in made)
    assert first is not None
    assert second is not None
    assert third is not None
    assert first.kind is KeyKind.BUILDER
    body = b'{"type":"WALLET"}'
    assert venue.ask("GET", "/order", signed(first, "GET", "/order")).json() == BAD_L2
    headers = builder_signed(first, "POST", "/submit", body)
    assert venue.ask("POST", "/submit", headers, body).json() == EOA
    for wrong in (
        builder_signed(first, "POST", "/submit"),
        builder_signed(key, "POST", "/submit", body),
        signed(first, "POST", "/submit", body),
        headers | {"POLY_BUILDER_PASSPHRASE": second.passphrase},
        headers | {"POLY_BUILDER_TIMESTAMP": str(NOW_S - 1)},
    ):
        answer = venue.ask("POST", "/submit", wrong, body)
        assert (answer.status_code, answer.json()) == (401, {"error": "invalid authorization"})
    assert venue.ask("DELETE", path, builder_signed(first, "DELETE", path)).json() == "OK"
    moment = NOW_S * 1000
    assert said(venue, key, "GET", path) == [
        {"key": first.api_key, "createdAt": moment, "revokedAt": moment},
        {"key": second.api_key, "createdAt": moment, "revokedAt": None},
        {"key": third.api_key, "createdAt": moment, "revokedAt": None},
    ]
    assert venue.ask("POST", "/submit", headers, body).status_code == 401
    assert said(venue, key, "DELETE", path) == "OK"
    assert venue.keys.of(EOA, KeyKind.BUILDER) == []
    assert venue.keys.of(EOA) == [key]


def test_an_account_asks_about_itself() -> None:
    venue = Venue()
    key = venue.key()
    assert said(venue, key, "GET", "/v1/user/rate-limit-tier") == {"tier": "Standard"}
    wallet = derived_wallets(EOA, DEPOSIT_WALLET)[0]
    path = "/v1/user/session-signers"
    assert said(venue, key, "GET", path) == {"wallet": wallet, "signers": []}
    venue.wallets.authorize_session(wallet, SessionSigner(SESSION_EOA, ("ALL",), NOW_S + 9))
    venue.wallets.authorize_session(wallet, SessionSigner(FUNDER, ("ALL",), NOW_S))
    assert said(venue, key, "GET", path)["signers"] == [
        {"address": SESSION_EOA, "scopes": ["ALL"], "valid_until": NOW_S + 9}
    ]


def test_nobody_makes_keys_without_end() -> None:
    venue = Venue()
    key = venue.key()
    for _ in range(100):
        venue.keys.create_other(EOA, KeyKind.READ_ONLY, 0)
    path = "/auth/readonly-api-key"
    answer = venue.ask("POST", path, signed(key, "POST", path))
    assert (answer.status_code, answer.json()) == (400, {"error": "Could not create api key"})

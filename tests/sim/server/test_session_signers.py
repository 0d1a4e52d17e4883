"""Session keys over HTTP: who may give one, from when it signs, and that it ends at once."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from chain_yard import ChainYard
from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from starlette.applications import Starlette
from stranger import BATCH_TYPES

from polytui.model.units import NS_PER_S
from polytui.sim.exchange.api_keys import ApiKeys, KeyKind
from polytui.sim.exchange.relayer_keys import relayer_key
from polytui.sim.wire.chain.relayer_api import RelayerApi
from polytui.sim.wire.form.error_bodies import ERROR_HANDLERS
from polytui.sim.wire.signed.call_data import selector
from polytui.sim.wire.signed.l1_l2_auth import VenueAuth, request_signature
from polytui.sim.wire.signed.wallet_addresses import derived_wallets

pytestmark = pytest.mark.trio

SIGNER, STRANGER = Account.from_key("0x" + "11" * 32), Account.from_key("0x" + "12" * 32)
OWNER = str(SIGNER.address).lower()
WALLET = derived_wallets(OWNER, 3)[0]
SESSION, OTHER = "0x" + "5e" * 20, "0x" + "5f" * 20
AUTHORIZE, REVOKE = "/v1/session-signers/authorizations", "/v1/session-signers/revocations"
DAYS_180 = 180 * 86_400


class Office:
    """A relayer, an owner whose deposit wallet stands, and a builder with a key."""

    def __init__(self) -> None:
        self.yard = ChainYard(derive=derived_wallets)
        self.keys = ApiKeys(7)
        auth = VenueAuth(self.keys, lambda: (self.now_s,))
        api = RelayerApi(self.yard.world, self.yard.relayer, self.yard.wallets, auth)
        self.app = Starlette(routes=api.routes(), exception_handlers=ERROR_HANDLERS)
        self.yard.wallets.register(WALLET, OWNER, 3)
        self.yard.wallets.deploy(WALLET)
        made = self.keys.create_other(OTHER, KeyKind.BUILDER, 0)
        assert made is not None
        self.builder = made
        self.own = {"RELAYER_API_KEY": relayer_key(7, OWNER), "RELAYER_API_KEY_ADDRESS": OWNER}

    @property
    def now_s(self) -> int:
        return self.yard.world.now_ns // NS_PER_S

    def may_sign(self, address: str = SESSION) -> bool:
        return self.yard.wallets.may_sign_in_session(WALLET, address, self.now_s)

    async def post(
        self, path: str, body: dict[str, Any], *, own: bool = False, name: str = ""
    ) -> httpx.Response:
        content, stamp = json.dumps(body).encode(), str(self.now_s)
        signed = request_signature(self.builder.secret, stamp, "POST", path, content)
        headers = self.own if own else {
            "POLY_BUILDER_API_KEY": self.builder.api_key,
            "POLY_BUILDER_PASSPHRASE": self.builder.passphrase,
            "POLY_BUILDER_TIMESTAMP": stamp,
            "POLY_BUILDER_SIGNATURE": signed.decode(),
        }  # fmt: skip
        if name:
            headers = {**headers, "Idempotency-Key": name}
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://venue") as http:
            return await http.post(path, content=content, headers=headers)

    def signed(self, data: bytes, nonce: int, by: Any = SIGNER, late: int = 600) -> dict[str, str]:
        domain = {
            "name": "DepositWallet", "version": "1", "chainId": 137, "verifyingContract": WALLET,
        }  # fmt: skip
        deadline = self.now_s + late
        message = {
            "wallet": WALLET, "nonce": nonce, "deadline": deadline,
            "calls": [{"target": WALLET, "value": 0, "data": data}],
        }  # fmt: skip
        signature = by.sign_message(encode_typed_data(domain, BATCH_TYPES, message)).signature.hex()
        return {
            "walletAddress": WALLET,
            "nonce": str(nonce),
            "deadline": str(deadline),
            "signature": "0x" + signature.removeprefix("0x"),
        }

    def authorization(self, nonce: int = 0, until_s: int = 0, **how: Any) -> dict[str, Any]:
        until_s = until_s or self.now_s + DAYS_180
        data = selector("authorizeSessionSigner(address,uint256)") + encode(
            ["address", "uint256"], [SESSION, until_s]
        )
        named = {"sessionSignerAddress": SESSION, "validUntil": str(until_s), "scopes": ["ALL"]}
        return {**self.signed(data, nonce, **how), **named}

    def revocation(self, nonce: int, **how: Any) -> dict[str, Any]:
        data = selector("revokeSessionSigner(address)") + encode(["address"], [SESSION])
        return {**self.signed(data, nonce, **how), "sessionSignerAddress": SESSION}


async def test_a_session_begins_with_its_block_and_ends_at_once() -> None:
    office = Office()
    given = (await office.post(AUTHORIZE, office.authorization())).json()
    assert (given["status"], given["transactionHash"]) == ("SUBMITTED", None)
    assert not office.may_sign(), "nothing is mined yet"
    office.yard.play(20.0)
    assert office.may_sign()
    assert not office.may_sign(OTHER)
    found = office.yard.relayer.find(given["transactionId"])
    assert found is not None
    assert found.state.value == "STATE_CONFIRMED"
    (session,) = office.yard.wallets.sessions(WALLET, office.now_s)
    assert (session.address, session.scopes) == (SESSION, ("ALL",))
    taken = (await office.post(REVOKE, office.revocation(1), own=True)).json()
    assert (taken["status"], taken["fenced"]) == ("FENCED", True)
    assert not office.may_sign(), "the chain hears of it later"
    office.yard.play(20.0)
    assert not office.may_sign()
    assert office.yard.relayer.nonce(WALLET, found.batch.kind) == 2


async def test_what_the_owner_did_not_sign_gives_nobody_a_key() -> None:
    office = Office()
    good = office.authorization()
    longer = str(int(good["validUntil"]) - 1)
    for body in (
        {**good, "sessionSignerAddress": OTHER},
        {**good, "validUntil": longer},
        {**good, "nonce": "1"},
        {**good, "walletAddress": OTHER},
        {**good, "signature": "0x"},
        office.authorization(by=STRANGER),
    ):
        answer = await office.post(AUTHORIZE, body)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid signature")
    answer = await office.post(REVOKE, office.revocation(0, by=STRANGER))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid signature")
    late = await office.post(AUTHORIZE, office.authorization(late=0))
    assert late.json()["error"] == "batch deadline expired"
    office.yard.play(20.0)
    assert not office.may_sign()


@pytest.mark.parametrize(
    "change",
    [
        {"scopes": []},
        {"scopes": ["ALL", "CLOB"]},
        {"scopes": ["WITHDRAW"]},
        {"sessionSignerAddress": "0x" + "00" * 20},
        {"validUntil": "soon"},
        {"nonce": None},
    ],
)
async def test_requests_that_are_none(change: dict[str, Any]) -> None:
    office = Office()
    answer = await office.post(AUTHORIZE, {**office.authorization(), **change})
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid transaction request payload"


async def test_a_session_lasts_180_days_at_most_and_not_until_yesterday() -> None:
    office = Office()
    for until_s in (office.now_s + DAYS_180 + 1, office.now_s):
        answer = await office.post(AUTHORIZE, office.authorization(until_s=until_s))
        assert answer.json()["error"] == "invalid transaction request payload"
    assert (await office.post(AUTHORIZE, office.authorization())).status_code == 200


async def test_keys_are_given_with_a_builders_key_alone() -> None:
    office = Office()
    answer = await office.post(AUTHORIZE, office.authorization(), own=True)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid authorization")
    office.own = {"RELAYER_API_KEY": relayer_key(7, OTHER), "RELAYER_API_KEY_ADDRESS": OTHER}
    answer = await office.post(REVOKE, office.revocation(0), own=True)
    assert answer.status_code == 401, "the relayer's key of somebody else"


async def test_one_operation_is_done_once() -> None:
    office = Office()
    body = office.authorization()
    first = await office.post(AUTHORIZE, body, name="once")
    assert (await office.post(AUTHORIZE, body, name="once")).json() == first.json()
    other = await office.post(AUTHORIZE, {**body, "scopes": ["CLOB"]}, name="once")
    assert other.status_code == 409
    again = await office.post(AUTHORIZE, body)
    assert again.json()["error"].startswith("wallet has in-flight action")


async def test_a_key_for_combos_signs_no_orders() -> None:
    office = Office()
    await office.post(AUTHORIZE, {**office.authorization(), "scopes": ["COMBOSRFQ"]})
    office.yard.play(20.0)
    assert [one.address for one in office.yard.wallets.sessions(WALLET, office.now_s)] == [SESSION]
    assert not office.may_sign()

"""The relayer over HTTP: whose key, whose signature, which words."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from chain_yard import ChainYard
from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from eth_utils.crypto import keccak
from starlette.applications import Starlette
from stranger import BATCH_TYPES

from polytui.model.units import MICRO, NS_PER_S, Usd
from polytui.sim.exchange.api_keys import ApiKeys, KeyKind
from polytui.sim.exchange.contracts import (
    COLLATERAL_ADAPTER,
    DEPOSIT_WALLET_FACTORY,
    PROXY_FACTORY,
    PUSD,
    RELAY_HUB,
    SAFE_MULTISEND,
)
from polytui.sim.exchange.relayer import RELAY, RelayerSettings
from polytui.sim.exchange.relayer_keys import relayer_key
from polytui.sim.wire.chain.relayer_api import RelayerApi
from polytui.sim.wire.form.error_bodies import ERROR_HANDLERS
from polytui.sim.wire.signed.call_data import selector
from polytui.sim.wire.signed.l1_l2_auth import VenueAuth, request_signature
from polytui.sim.wire.signed.wallet_addresses import derived_wallets

pytestmark = pytest.mark.trio

KEY = "0x" + "11" * 32
SIGNER = Account.from_key(KEY)
OWNER = str(SIGNER.address).lower()
DEPOSIT, SAFE, PROXY = (derived_wallets(OWNER, kind)[0] for kind in (3, 2, 1))
FRIEND = "0x" + "77" * 20
ZERO = "0x" + "00" * 20


class Office:
    """A relayer of one yard; the owner's wallets have a hundred dollars each."""

    def __init__(self) -> None:
        self.yard = ChainYard(derive=derived_wallets)
        for wallet in (DEPOSIT, SAFE, PROXY):
            self.yard.holdings.fund(wallet, Usd(100 * MICRO), self.yard.world.now_ns)
        self.keys = ApiKeys(7)
        auth = VenueAuth(self.keys, lambda: (self.now_s,))
        api = RelayerApi(self.yard.world, self.yard.relayer, self.yard.wallets, auth)
        self.app = Starlette(routes=api.routes(), exception_handlers=ERROR_HANDLERS)
        self.headers = {
            "RELAYER_API_KEY": relayer_key(7, OWNER),
            "RELAYER_API_KEY_ADDRESS": str(SIGNER.address),
        }

    @property
    def now_s(self) -> int:
        return self.yard.world.now_ns // NS_PER_S

    def usd(self, wallet: str) -> int:
        return self.yard.holdings.usd(wallet)


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
async def http(office: Office) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(office.app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://venue", headers=office.headers
    ) as client:
        yield client


def pay(amount: int, to: str = FRIEND) -> str:
    data = selector("transfer(address,uint256)") + encode(["address", "uint256"], [to, amount])
    return "0x" + data.hex()


def split(office: Office, amount: int) -> str:
    signature = "splitPosition(address,bytes32,bytes32,uint256[],uint256)"
    condition = bytes.fromhex(office.yard.first.condition_id[2:])
    types = ["address", "bytes32", "bytes32", "uint256[]", "uint256"]
    return (
        "0x"
        + (selector(signature) + encode(types, [PUSD, bytes(32), condition, [1, 2], amount])).hex()
    )


def signed_wallet(
    office: Office, *calls: tuple[str, str], nonce: int = 0, **changes: Any
) -> dict[str, Any]:
    """A batch of the deposit wallet as clients send it; `changes` come after the signature."""
    deadline = changes.pop("deadline", office.now_s + 600)
    rows = [{"target": to, "value": 0, "data": bytes.fromhex(data[2:])} for to, data in calls]
    domain = {
        "name": "DepositWallet",
        "version": "1",
        "chainId": 137,
        "verifyingContract": DEPOSIT,
    }
    message = {"wallet": DEPOSIT, "nonce": nonce, "deadline": deadline, "calls": rows}
    signature = SIGNER.sign_message(encode_typed_data(domain, BATCH_TYPES, message)).signature.hex()
    return {
        "type": "WALLET",
        "from": str(SIGNER.address),
        "to": DEPOSIT_WALLET_FACTORY,
        "nonce": str(nonce),
        "signature": "0x" + signature.removeprefix("0x"),
        "metadata": "test",
        "depositWalletParams": {
            "depositWallet": DEPOSIT,
            "deadline": str(deadline),
            "calls": [{"target": to, "value": "0", "data": data} for to, data in calls],
        },
        **changes,
    }


def signed_safe(*calls: tuple[str, str], nonce: int = 0) -> dict[str, Any]:
    operation, (to, data) = 0, calls[0]
    if len(calls) > 1:
        inner = b"".join(
            bytes(1)
            + bytes.fromhex(one[2:])
            + bytes(32)
            + (len(code) // 2 - 1).to_bytes(32, "big")
            + bytes.fromhex(code[2:])
            for one, code in calls
        )
        packed = selector("multiSend(bytes)") + encode(["bytes"], [inner])
        operation, to, data = 1, SAFE_MULTISEND, "0x" + packed.hex()
    names = ("to", "value", "data", "operation", "safeTxGas", "baseGas", "gasPrice")
    kinds = ("address", "uint256", "bytes", "uint8", "uint256", "uint256", "uint256")
    fields = [{"name": name, "type": kind} for name, kind in zip(names, kinds, strict=True)]
    fields += [{"name": name, "type": "address"} for name in ("gasToken", "refundReceiver")]
    fields.append({"name": "nonce", "type": "uint256"})
    message = {
        "to": to, "value": 0, "data": bytes.fromhex(data[2:]), "operation": operation,
        "safeTxGas": 0, "baseGas": 0, "gasPrice": 0, "gasToken": ZERO, "refundReceiver": ZERO,
        "nonce": nonce,
    }  # fmt: skip
    signable = encode_typed_data(
        {"chainId": 137, "verifyingContract": SAFE}, {"SafeTx": fields}, message
    )
    digest = keccak(b"\x19" + signable.version + signable.header + signable.body)
    raw = bytearray(SIGNER.sign_message(encode_defunct(primitive=digest)).signature)
    raw[-1] += 4
    return {
        "type": "SAFE",
        "from": OWNER,
        "to": to,
        "proxyWallet": SAFE,
        "data": data,
        "nonce": str(nonce),
        "signature": "0x" + raw.hex(),
        "metadata": "",
        "signatureParams": {
            "gasPrice": "0",
            "operation": str(operation),
            "safeTxnGas": "0",
            "baseGas": "0",
            "gasToken": ZERO,
            "refundReceiver": ZERO,
        },
    }


def signed_proxy(*calls: tuple[str, str], nonce: int = 0, relay: str = RELAY) -> dict[str, Any]:
    rows = [(1, to, 0, bytes.fromhex(data[2:])) for to, data in calls]
    data = selector("proxy((uint8,address,uint256,bytes)[])") + encode(
        ["(uint8,address,uint256,bytes)[]"], [rows]
    )
    numbers = b"".join(one.to_bytes(32, "big") for one in (0, 0, 200_000, nonce))
    addresses = [bytes.fromhex(one[2:]) for one in (OWNER, PROXY_FACTORY, RELAY_HUB, relay)]
    packed = b"rlx:" + addresses[0] + addresses[1] + data + numbers + addresses[2] + addresses[3]
    signature = SIGNER.sign_message(encode_defunct(primitive=keccak(packed))).signature.hex()
    return {
        "type": "PROXY",
        "from": OWNER,
        "to": PROXY_FACTORY,
        "proxyWallet": PROXY,
        "data": "0x" + data.hex(),
        "nonce": str(nonce),
        "signature": "0x" + signature.removeprefix("0x"),
        "metadata": "",
        "signatureParams": {
            "gasLimit": "200000",
            "gasPrice": "0",
            "relay": relay,
            "relayHub": RELAY_HUB,
            "relayerFee": "0",
        },
    }


async def submitted(http: httpx.AsyncClient, body: dict[str, Any]) -> str:
    answer = await http.post("/submit", json=body)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"transactionID", "state"}
    assert answer.json()["state"] == "STATE_NEW"
    return str(answer.json()["transactionID"])


async def made(http: httpx.AsyncClient, office: Office) -> None:
    """The deposit wallet."""
    body = {"type": "WALLET-CREATE", "from": OWNER, "to": DEPOSIT_WALLET_FACTORY, "metadata": ""}
    await submitted(http, body)
    office.yard.play(20.0)


async def test_a_wallet_is_made_and_its_batches_are_carried_out(
    office: Office, http: httpx.AsyncClient
) -> None:
    asked = {"address": DEPOSIT, "type": "WALLET"}
    assert (await http.get("/deployed", params=asked)).json() == {"deployed": False}
    await made(http, office)
    assert (await http.get("/deployed", params=asked)).json() == {"deployed": True}
    batch = signed_wallet(
        office, (PUSD, pay(5 * MICRO)), (COLLATERAL_ADAPTER, split(office, 7 * MICRO))
    )
    name = await submitted(http, batch)
    office.yard.play(20.0)
    assert office.usd(DEPOSIT) == 88 * MICRO
    assert office.usd(FRIEND) == 5 * MICRO
    assert office.yard.shares(DEPOSIT) == (7 * MICRO, 7 * MICRO)
    told = (await http.get(f"/v1/account/transactions/{name}")).json()
    assert told["state"] == "STATE_CONFIRMED"
    assert told["transaction_hash"].startswith("0x")
    assert told["error_msg"] is None
    (row,) = (await http.get("/transaction", params={"id": name})).json()
    assert (row["transactionID"], row["proxyAddress"], row["type"]) == (name, DEPOSIT, "WALLET")
    assert (await http.get("/transaction", params={"id": "no"})).json() == []
    listed = (await http.get("/transactions")).json()
    assert [one["type"] for one in listed] == ["WALLET", "WALLET-CREATE"]
    params = {"address": OWNER, "type": "WALLET"}
    assert (await http.get("/v1/account/transactions/params", params=params)).json() == {
        "address": OWNER,
        "nonce": "1",
    }


async def test_safes_and_proxies_are_carried_out(office: Office, http: httpx.AsyncClient) -> None:
    await submitted(http, signed_safe((PUSD, pay(1 * MICRO))))
    office.yard.play(20.0)
    many = signed_safe((PUSD, pay(2 * MICRO)), (PUSD, pay(3 * MICRO)), nonce=1)
    await submitted(http, many)
    await submitted(http, signed_proxy((PUSD, pay(10 * MICRO)), (PUSD, pay(20 * MICRO))))
    office.yard.play(20.0)
    assert office.usd(SAFE) == 94 * MICRO
    assert office.usd(PROXY) == 70 * MICRO
    proxy = {"address": OWNER, "type": "PROXY"}
    told = (await http.get("/relay-payload", params=proxy)).json()
    assert told == {"address": RELAY, "nonce": "1"}
    safe = {"address": OWNER, "type": "SAFE"}
    assert (await http.get("/nonce", params=safe)).json() == {"nonce": "2"}


async def test_a_batch_that_reverts_says_why(office: Office, http: httpx.AsyncClient) -> None:
    name = await submitted(http, signed_safe((PUSD, pay(101 * MICRO))))
    office.yard.play(20.0)
    told = (await http.get(f"/v1/account/transactions/{name}")).json()
    assert told["state"] == "STATE_INVALID"
    assert told["error_msg"] == "execution reverted: ERC20: transfer amount exceeds balance"
    assert office.usd(SAFE) == 100 * MICRO


async def refusal(http: httpx.AsyncClient, body: Any) -> tuple[int, str]:
    answer = await http.post("/submit", content=body if isinstance(body, bytes) else None,
                             json=None if isinstance(body, bytes) else body)  # fmt: skip
    return answer.status_code, answer.json()["error"]


BAD = (400, "invalid transaction request payload")


async def test_one_changed_bit_is_nobodys_signature(
    office: Office, http: httpx.AsyncClient
) -> None:
    await made(http, office)
    for body in (
        signed_wallet(office, (PUSD, pay(1))),
        signed_safe((PUSD, pay(1))),
        signed_proxy((PUSD, pay(1))),
    ):
        raw = bytearray.fromhex(body["signature"][2:])
        raw[10] ^= 1
        assert await refusal(http, {**body, "signature": "0x" + raw.hex()}) == (
            400,
            "invalid signature",
        )
        assert await refusal(http, {**body, "nonce": "1"}) == (400, "invalid signature")
        assert await refusal(http, {**body, "signature": "0x"}) == (400, "invalid signature")
        name = "depositWalletParams" if body["type"] == "WALLET" else "proxyWallet"
        other: Any = FRIEND
        if body["type"] == "WALLET":
            other = {**body[name], "depositWallet": FRIEND}
        assert await refusal(http, {**body, name: other}) == BAD
    assert office.usd(FRIEND) == 0


async def test_what_is_signed_for_too_late_or_for_another_nonce(
    office: Office, http: httpx.AsyncClient
) -> None:
    await made(http, office)
    late = signed_wallet(office, (PUSD, pay(1)), deadline=office.now_s)
    assert await refusal(http, late) == (400, "batch deadline expired")
    ahead = signed_wallet(office, (PUSD, pay(1)), nonce=4)
    words = "batch nonce 4 does not match on-chain nonce 0"
    assert await refusal(http, ahead) == (400, words)
    await submitted(http, signed_wallet(office, (PUSD, pay(1))))
    status, words = await refusal(http, signed_wallet(office, (PUSD, pay(1))))
    assert status == 400
    assert words.startswith("wallet has in-flight action")


@pytest.mark.parametrize(
    "change",
    [
        {"type": "SAFE-CREATE"},
        {"type": 5},
        {"from": "0x12"},
        {"to": FRIEND},
        {"nonce": "-1"},
        {"nonce": "01"},
        {"metadata": "x" * 501},
        {"depositWalletParams": None},
        {"depositWalletParams": {"depositWallet": DEPOSIT, "deadline": "1", "calls": []}},
    ],
)
async def test_a_payload_that_is_none(
    office: Office, http: httpx.AsyncClient, change: dict[str, Any]
) -> None:
    assert await refusal(http, {**signed_wallet(office, (PUSD, pay(1))), **change}) == BAD


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 5_000, b'{"type":"WALLET"}', b"\xff"])
async def test_bytes_that_are_no_payload(http: httpx.AsyncClient, body: bytes) -> None:
    assert await refusal(http, body) == BAD


async def test_a_safe_runs_nobody_elses_code(http: httpx.AsyncClient) -> None:
    body = signed_safe((PUSD, pay(1)))
    given = {**body["signatureParams"], "operation": "1"}
    # Signed for operation 0, so the signature is not for this either.
    assert (await refusal(http, {**body, "signatureParams": given}))[0] == 400
    dear = {**body["signatureParams"], "gasPrice": "1"}
    assert await refusal(http, {**body, "signatureParams": dear}) == BAD


async def test_a_proxy_names_this_relay(http: httpx.AsyncClient) -> None:
    assert await refusal(http, signed_proxy((PUSD, pay(1)), relay=FRIEND)) == BAD


async def test_keys_are_somebodys_or_nobodys(office: Office, http: httpx.AsyncClient) -> None:
    body = signed_safe((PUSD, pay(1)))
    nobody = (401, "invalid authorization")
    for headers in (
        {"RELAYER_API_KEY": "guess", "RELAYER_API_KEY_ADDRESS": OWNER},
        {"RELAYER_API_KEY": relayer_key(8, OWNER), "RELAYER_API_KEY_ADDRESS": OWNER},
        {"RELAYER_API_KEY": relayer_key(7, OWNER), "RELAYER_API_KEY_ADDRESS": FRIEND},
        # A key of another owner is a key, and not for these wallets.
        {"RELAYER_API_KEY": relayer_key(7, FRIEND), "RELAYER_API_KEY_ADDRESS": FRIEND},
    ):
        answer = await http.post("/submit", json=body, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == nobody
    bare = httpx.AsyncClient(transport=httpx.ASGITransport(office.app), base_url="http://venue")
    async with bare:
        assert (await bare.post("/submit", json=body)).status_code == 401
        assert (await bare.get("/transactions")).status_code == 401
        assert (await bare.get("/v1/account/transactions/x")).status_code == 401
        builder = office.keys.create_other(FRIEND, KeyKind.BUILDER, office.yard.world.now_ns)
        assert builder is not None
        content, stamp = json.dumps(body).encode(), str(office.now_s)
        signed = request_signature(builder.secret, stamp, "POST", "/submit", content)
        headers = {
            "POLY_BUILDER_API_KEY": builder.api_key,
            "POLY_BUILDER_PASSPHRASE": builder.passphrase,
            "POLY_BUILDER_TIMESTAMP": stamp,
            "POLY_BUILDER_SIGNATURE": signed.decode(),
        }
        for sent, status in ((content + b" ", 401), (content, 200)):
            answer = await bare.post("/submit", content=sent, headers=headers)
            assert answer.status_code == status


async def test_a_quota_is_told_with_the_time_to_wait(
    office: Office, http: httpx.AsyncClient
) -> None:
    office.yard.relayer.settings = RelayerSettings(a_minute=1)
    await submitted(http, signed_safe((PUSD, pay(1))))
    answer = await http.post("/submit", json=signed_proxy((PUSD, pay(1))))
    assert answer.status_code == 429
    assert answer.json() == {"error": "rate limit exceeded"}
    assert answer.headers["retry-after"] == "60"

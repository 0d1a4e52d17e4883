"""Batches and transactions, signed: as the official client signed the same ones, and judged by
eth-account's code, which has no part in them."""

from __future__ import annotations

import json
from hashlib import sha256
from random import Random

import pytest
from asked_batches import AskedBatch, any_batch
from attrs import evolve
from eth_account import Account
from test_signing import KEY

from polytui.model.errors import Fatal
from polytui.sim.wire.signed.relayer_signatures import (
    ProxyRequest,
    WalletCall,
    batch_signer,
    proxy_signer,
    safe_signer,
)
from polytui.venues.polymarket import wallet_batch
from polytui.venues.polymarket.chain_calls import Call
from polytui.venues.polymarket.chain_transaction import signed_transaction
from polytui.venues.polymarket.contracts import AMOY, MULTISEND, PROXY_FACTORY, RELAY_HUB
from polytui.venues.polymarket.ethereum import SigningKey
from polytui.venues.polymarket.wallet import WalletType, wallet_of
from polytui.venues.polymarket.wallet_batch import BatchSigner

EOA, PROXY, SAFE, DEPOSIT = WalletType
FACTS = {
    (EOA, 1): "2c22298e9a279a591292f916536927cc7febdd1676906e4dbbb4cc65e65d1f93",
    (PROXY, 1): "ce4326b316d41c4e8890cd57acc1d1d0aff732fe128fdc1a94ed83eaee7b3bd2",
    (PROXY, 2): "f5e8ef7e8de3ed603d808ee7c92a5a9e62db287f54740e348a051ae81a7ad60a",
    (PROXY, 7): "3a6bb57da00b8da02269a6d41281ab7b5097a803a806a4c4291d7215d50b392b",
    (SAFE, 1): "a43fd49c70687a008b3c5c2be58c0bf4a961faaa283e4f2e6577f02870c5df89",
    (SAFE, 2): "7e8fab2dcf89a8382477d92b9e0ea2869141475ea5c9f51b9034f36d28c596c7",
    (SAFE, 7): "ba1f572aaf4963ec47a7e1eef4a5f7772bcb115d03d99cad0535a40783f09dfa",
    (DEPOSIT, 1): "24e19c4f1061d046754e6a09f24b62f30d5405b8d05103d301511772e80e864d",
    (DEPOSIT, 2): "d9b4c1537d1512783c2bcc0c4476a85b26e1ad91e1ecad43f4167a87a2587c32",
    (DEPOSIT, 7): "a73b34c4982a214c8148af937a143017fc650795299dee4bafe0b53e3fa585bc",
}


def fact_of(kind: WalletType, calls: int) -> AskedBatch:
    return any_batch(Random(f"{kind.label} of {calls}"), kind, calls)


@pytest.mark.parametrize(("kind", "calls"), FACTS)
def test_what_is_sent_is_what_polymarket_client_sent(kind: WalletType, calls: int) -> None:
    """SHA-256 of the body of its POST, or of its raw transaction (0.14.0)."""
    assert sha256(fact_of(kind, calls).sent()).hexdigest() == FACTS[kind, calls]


@pytest.mark.parametrize("calls", [1, 2, 7])
def test_a_deposit_wallets_batch_is_its_owners(calls: int) -> None:
    batch = fact_of(DEPOSIT, calls)
    body = json.loads(batch.sent())
    params = body["depositWalletParams"]
    named = tuple(
        WalletCall(one["target"], int(one["value"]), bytes.fromhex(one["data"][2:]))
        for one in params["calls"]
    )
    signature = bytes.fromhex(body["signature"][2:])
    wallet, deadline_s = params["depositWallet"], int(params["deadline"])
    signer, _ = batch_signer(wallet, int(body["nonce"]), deadline_s, named, signature)
    assert signer == batch.wallet.owner.lower()
    signer, _ = batch_signer(wallet, int(body["nonce"]) + 1, deadline_s, named, signature)
    assert signer != batch.wallet.owner.lower()


@pytest.mark.parametrize("calls", [1, 2, 7])
def test_a_safes_transaction_is_its_owners(calls: int) -> None:
    batch = fact_of(SAFE, calls)
    batch = evolve(
        batch, calls=tuple(evolve(one, ours=evolve(one.ours, value=0)) for one in batch.calls)
    )
    body = json.loads(batch.sent())
    data, signature = (bytes.fromhex(body[name][2:]) for name in ("data", "signature"))
    operation = int(body["signatureParams"]["operation"])
    assert (operation, body["to"] == MULTISEND) == ((0, False) if calls == 1 else (1, True))
    signed = (body["proxyWallet"], body["to"], data, operation, int(body["nonce"]), signature)
    assert safe_signer(*signed) == batch.wallet.owner.lower()


@pytest.mark.parametrize("calls", [1, 7])
def test_a_proxys_request_is_its_owners(calls: int) -> None:
    batch = fact_of(PROXY, calls)
    body = json.loads(batch.sent())
    request = ProxyRequest(
        body["from"],
        PROXY_FACTORY,
        bytes.fromhex(body["data"][2:]),
        0,
        0,
        batch.gas,
        batch.nonce,
        RELAY_HUB,
        batch.relay,
    )
    signature = bytes.fromhex(body["signature"][2:])
    assert proxy_signer(request, signature) == batch.wallet.owner.lower()


def test_transactions_are_as_eth_account_signs_them() -> None:
    rng, key = Random("transactions"), SigningKey(KEY)
    for _ in range(60):
        batch = any_batch(rng, EOA, 1)
        call = batch.calls[0].ours
        fields = {
            "to": call.target,
            "value": call.value,
            "data": call.data,
            "gas": batch.gas,
            "gasPrice": batch.gas_price,
            "nonce": batch.nonce,
            "chainId": 137,
        }
        theirs = Account.sign_transaction(fields, KEY.reveal())
        ours = signed_transaction(key, call, batch.nonce, batch.gas, batch.gas_price, 137)
        assert ours.raw == bytes(theirs.raw_transaction)
        assert ours.transaction_hash == "0x" + theirs.hash.hex().removeprefix("0x")


def test_what_is_never_signed() -> None:
    call = Call(MULTISEND, b"")
    with pytest.raises(Fatal, match="no relayer"):
        BatchSigner(wallet_of(KEY, EOA))
    with pytest.raises(Fatal, match="chain 80002"):
        BatchSigner(wallet_of(KEY, SAFE, chain_id=AMOY))
    signer = BatchSigner(wallet_of(KEY, SAFE))
    with pytest.raises(ValueError, match="without calls"):
        signer.sign([], 0)
    with pytest.raises(ValueError, match="metadata"):
        signer.sign([call], 0, "x" * 501)
    assert "0x" not in repr(signer.sign([call], 0)).replace("signature='0x", "")


def test_a_proxys_limit_of_gas_grows_with_its_calls() -> None:
    call = Call(MULTISEND, b"")
    assert wallet_batch.gas_of_proxy([call]) == 400_000
    assert wallet_batch.gas_of_proxy([call] * 10) == 4_000_000

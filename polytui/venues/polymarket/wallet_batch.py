"""Calls of a wallet that is a contract, signed by its owner, as the relayer takes them.

Each kind has a form of its own. For a deposit wallet the calls are signed as typed data that ends
at a moment; for a safe one transaction, a single call or one of MultiSend, in the way of a personal
message; for a proxy a call of its factory, together with whoever relays it. The bodies are those of
the official client, byte by byte (polymarket-client 0.14.0; `docs/adr/0043`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from attrs import field, frozen

from polytui.model.errors import Fatal
from polytui.venues.polymarket.chain_calls import Call, selector
from polytui.venues.polymarket.contracts import (
    DEPOSIT_FACTORY,
    MULTISEND,
    POLYGON,
    PROXY_FACTORY,
    RELAY_HUB,
)
from polytui.venues.polymarket.ethereum import (
    NOTHING,
    SigningKey,
    address_word,
    digest_of,
    domain_separator,
    keccak,
    word,
)
from polytui.venues.polymarket.wallet import Wallet, WalletType

METADATA_MOST = 500
"""Characters (venue rule)."""
CALLS_MOST = 20
"""Of one batch that we send: some six million units of gas, a fifth of what a block holds."""
DEADLINE_S = 600
"""From signing to the moment after which a deposit wallet refuses its batch, as the official client
has it."""
GAS_OF_A_CALL = 400_000
"""More than any call of ours takes; a redemption through an adapter takes some 300,000."""
NOBODY = "0x" + "00" * 20
_CALL_TEXT = b"Call(address target,uint256 value,bytes data)"
_CALL_TYPE = keccak(_CALL_TEXT)
_BATCH_TYPE = keccak(
    b"Batch(address wallet,uint256 nonce,uint256 deadline,Call[] calls)" + _CALL_TEXT
)
_SAFE_DOMAIN_TYPE = keccak(b"EIP712Domain(uint256 chainId,address verifyingContract)")
_SAFE_TYPE = keccak(
    b"SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,"
    b"uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce)"
)
_PERSONAL = b"\x19Ethereum Signed Message:\n32"
_PERSONAL_V = 4
"""What a safe finds added to v where its digest was signed as a personal message."""
_MULTISEND = selector("multiSend(bytes)")
_PROXY = selector("proxy((uint8,address,uint256,bytes)[])")
_PLAIN_CALL = 1
"""As proxies number the ways to call."""


@frozen
class RelayedBody:
    """A batch that its owner has signed."""

    signature: str
    body: bytes = field(repr=False)
    """Of the POST, as it goes out."""


class BatchSigner:
    """Signs the batches of one wallet of the relayer's three kinds."""

    def __init__(self, wallet: Wallet) -> None:
        if wallet.kind is WalletType.EOA:
            raise Fatal("a wallet that is the key itself has no relayer: it sends transactions")
        if wallet.chain_id != POLYGON:
            raise Fatal(f"nothing is moved on chain {wallet.chain_id}: only on {POLYGON}")
        self.wallet = wallet
        self._key = SigningKey(wallet.key)

    def sign(
        self,
        calls: Sequence[Call],
        nonce: int,
        metadata: str = "",
        *,
        deadline_s: int = 0,
        relay: str = NOBODY,
        gas_limit: int = GAS_OF_A_CALL,
    ) -> RelayedBody:
        """`deadline_s` (unix seconds) is of deposit wallets; `relay`, the address that the relayer
        tells, and `gas_limit` are of proxies. ValueError where there are no calls, or too much is
        said about them."""
        if not calls:
            raise ValueError("a batch without calls")
        if len(metadata) > METADATA_MOST:
            raise ValueError(f"metadata of {len(metadata)} characters, of at most {METADATA_MOST}")
        if self.wallet.kind is WalletType.DEPOSIT:
            return self._of_deposit_wallet(calls, nonce, metadata, deadline_s)
        if self.wallet.kind is WalletType.SAFE:
            return self._of_safe(calls, nonce, metadata)
        return self._of_proxy(calls, nonce, metadata, relay, gas_limit)

    def _of_deposit_wallet(
        self, calls: Sequence[Call], nonce: int, metadata: str, deadline_s: int
    ) -> RelayedBody:
        wallet = self.wallet
        separator = domain_separator("DepositWallet", "1", wallet.chain_id, wallet.funder)
        struct = keccak(
            _BATCH_TYPE
            + address_word(wallet.funder)
            + word(nonce)
            + word(deadline_s)
            + keccak(b"".join(map(_call_hash, calls)))
        )
        signature = self._key.sign(digest_of(separator, struct))
        listed = [
            {"target": one.target, "value": str(one.value), "data": _hex(one.data)} for one in calls
        ]
        return self._body(
            {"type": "WALLET", "from": wallet.owner, "to": DEPOSIT_FACTORY, "nonce": str(nonce)},
            signature,
            {
                "metadata": metadata,
                "depositWalletParams": {
                    "depositWallet": wallet.funder,
                    "deadline": str(deadline_s),
                    "calls": listed,
                },
            },
        )

    def _of_safe(self, calls: Sequence[Call], nonce: int, metadata: str) -> RelayedBody:
        wallet, is_one = self.wallet, len(calls) == 1
        one = calls[0] if is_one else Call(MULTISEND, sent_together(calls))
        operation = 0 if is_one else 1
        separator = keccak(_SAFE_DOMAIN_TYPE + word(wallet.chain_id) + address_word(wallet.funder))
        struct = keccak(
            _SAFE_TYPE
            + address_word(one.target)
            + word(one.value)
            + keccak(one.data)
            + word(operation)
            + NOTHING * 5
            + word(nonce)
        )
        signed = self._key.sign(_personal(digest_of(separator, struct)))
        told: dict[str, Any] = {
            "metadata": metadata,
            "signatureParams": {
                "baseGas": "0",
                "gasPrice": "0",
                "gasToken": NOBODY,
                "operation": str(operation),
                "refundReceiver": NOBODY,
                "safeTxnGas": "0",
            },
        }
        if one.value:
            told["value"] = str(one.value)
        return self._body(
            self._through("SAFE", one.target, one.data, nonce),
            signed[:-1] + bytes((signed[-1] + _PERSONAL_V,)),
            told,
        )

    def _of_proxy(
        self, calls: Sequence[Call], nonce: int, metadata: str, relay: str, gas_limit: int
    ) -> RelayedBody:
        data = called_by_proxy(calls)
        # The fee and the price of gas, which are nothing to us, stand before its limit.
        signed = keccak(
            b"rlx:"
            + _plain(self.wallet.owner)
            + _plain(PROXY_FACTORY)
            + data
            + NOTHING * 2
            + word(gas_limit)
            + word(nonce)
            + _plain(RELAY_HUB)
            + _plain(relay)
        )
        return self._body(
            self._through("PROXY", PROXY_FACTORY, data, nonce),
            self._key.sign(_personal(signed)),
            {
                "metadata": metadata,
                "signatureParams": {
                    "gasLimit": str(gas_limit),
                    "gasPrice": "0",
                    "relay": relay,
                    "relayHub": RELAY_HUB,
                    "relayerFee": "0",
                },
            },
        )

    def _through(self, kind: str, to: str, data: bytes, nonce: int) -> dict[str, Any]:
        return {
            "type": kind,
            "from": self.wallet.owner,
            "to": to,
            "proxyWallet": self.wallet.funder,
            "data": _hex(data),
            "nonce": str(nonce),
        }

    def _body(self, head: dict[str, Any], signature: bytes, tail: dict[str, Any]) -> RelayedBody:
        document = {**head, "signature": _hex(signature), **tail}
        return RelayedBody(_hex(signature), json.dumps(document, separators=(",", ":")).encode())


def sent_together(calls: Sequence[Call]) -> bytes:
    """A call of MultiSend: the calls laid end to end, each a plain one."""
    packed = b"".join(
        b"\0" + _plain(one.target) + word(one.value) + word(len(one.data)) + one.data
        for one in calls
    )
    return _MULTISEND + word(32) + word(len(packed)) + _padded(packed)


def called_by_proxy(calls: Sequence[Call]) -> bytes:
    """A call of the factory of proxies: rows of different length, and first where each begins."""
    rows = [
        word(_PLAIN_CALL)
        + address_word(one.target)
        + word(one.value)
        + word(4 * 32)
        + word(len(one.data))
        + _padded(one.data)
        for one in calls
    ]
    begins, at = b"", 32 * len(rows)
    for row in rows:
        begins += word(at)
        at += len(row)
    return _PROXY + word(32) + word(len(rows)) + begins + b"".join(rows)


def gas_of_proxy(calls: Sequence[Call]) -> int:
    """A limit that no batch of ours reaches; the relayer pays for what is used."""
    return GAS_OF_A_CALL * len(calls)


def _call_hash(call: Call) -> bytes:
    return keccak(_CALL_TYPE + address_word(call.target) + word(call.value) + keccak(call.data))


def _personal(digest: bytes) -> bytes:
    """As wallets sign what a person agrees to (EIP-191)."""
    return keccak(_PERSONAL + digest)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 32)


def _plain(address: str) -> bytes:
    return bytes.fromhex(address[2:])


def _hex(data: bytes) -> str:
    return "0x" + data.hex()

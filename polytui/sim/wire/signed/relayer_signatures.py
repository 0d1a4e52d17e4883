"""Whose signature is under a request to the relayer: of a deposit wallet, a safe or a proxy.

Judged by eth-account's code, as orders are (`sim/wire/signed/typed_data.py`). Addresses are in
small letters; an empty answer means that nobody signed it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from polytui.sim.exchange.contracts import CHAIN_ID
from polytui.sim.exchange.hex_text import NOBODY
from polytui.sim.wire.signed.typed_data import digest_of, recovered, without_session

if TYPE_CHECKING:
    from eth_account.messages import SignableMessage

_BATCH = {
    "Batch": [
        {"name": "wallet", "type": "address"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
        {"name": "calls", "type": "Call[]"},
    ],
    "Call": [
        {"name": "target", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "data", "type": "bytes"},
    ],
}
_SAFE = {
    "SafeTx": [
        {"name": "to", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "data", "type": "bytes"},
        {"name": "operation", "type": "uint8"},
        {"name": "safeTxGas", "type": "uint256"},
        {"name": "baseGas", "type": "uint256"},
        {"name": "gasPrice", "type": "uint256"},
        {"name": "gasToken", "type": "address"},
        {"name": "refundReceiver", "type": "address"},
        {"name": "nonce", "type": "uint256"},
    ]
}
_ETH_SIGN = 4
"""What a safe finds added to v where its digest was signed as a personal message."""


@frozen
class WalletCall:
    """One call that a wallet is asked to make."""

    target: str
    value: int
    data: bytes


def batch_signer(
    wallet: str, nonce: int, deadline_s: int, calls: tuple[WalletCall, ...], signature: bytes
) -> tuple[str, str]:
    """Of a deposit wallet's batch: who signed, and the session signer it names (or empty)."""
    from eth_account.messages import encode_typed_data

    session_signer, plain = without_session(signature)
    domain = {
        "name": "DepositWallet",
        "version": "1",
        "chainId": CHAIN_ID,
        "verifyingContract": wallet,
    }
    batch = {
        "wallet": wallet,
        "nonce": nonce,
        "deadline": deadline_s,
        "calls": [{"target": one.target, "value": one.value, "data": one.data} for one in calls],
    }
    signed_by = recovered(encode_typed_data(domain, _BATCH, batch), plain)
    if session_signer and session_signer != signed_by:
        return "", session_signer
    return signed_by, session_signer


def safe_signer(
    safe: str, to: str, data: bytes, operation: int, nonce: int, signature: bytes
) -> str:
    """Of a transaction of a safe that costs it nothing. Its digest is signed as such, or as a
    personal message and then told by v."""
    from eth_account.messages import encode_defunct, encode_typed_data

    domain = {"chainId": CHAIN_ID, "verifyingContract": safe}
    transaction = {
        "to": to, "value": 0, "data": data, "operation": operation, "safeTxGas": 0, "baseGas": 0,
        "gasPrice": 0, "gasToken": NOBODY, "refundReceiver": NOBODY, "nonce": nonce,
    }  # fmt: skip
    message: SignableMessage = encode_typed_data(domain, _SAFE, transaction)
    if signature and signature[-1] > 28:
        message = encode_defunct(primitive=digest_of(message))
        signature = signature[:-1] + bytes((signature[-1] - _ETH_SIGN,))
    return recovered(message, signature)


@frozen
class ProxyRequest:
    """What a proxy's owner signs: a call of the factory, what it may cost, and who relays it."""

    sender: str
    to: str
    data: bytes
    relayer_fee: int
    gas_price: int
    gas_limit: int
    nonce: int
    relay_hub: str
    relay: str

    def packed(self) -> bytes:
        numbers = (self.relayer_fee, self.gas_price, self.gas_limit, self.nonce)
        return b"".join(
            (
                b"rlx:",
                bytes.fromhex(self.sender[2:]),
                bytes.fromhex(self.to[2:]),
                self.data,
                *(one.to_bytes(32, "big") for one in numbers),
                bytes.fromhex(self.relay_hub[2:]),
                bytes.fromhex(self.relay[2:]),
            )
        )


def proxy_signer(request: ProxyRequest, signature: bytes) -> str:
    from eth_account.messages import encode_defunct
    from eth_utils.crypto import keccak

    return recovered(encode_defunct(primitive=keccak(request.packed())), signature)

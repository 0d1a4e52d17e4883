"""Whose signature it is: typed data (EIP-712) as the venue's contracts read it.

The truth here is eth-account's own code and nothing of ours: what our client signs is judged by
somebody else, so that a shared mistake cannot agree with itself (`docs/adr/0029`). eth-account is
slow to import; whoever calls has awaited `load_ethereum` before, or does it in a thread. Addresses
are in small letters everywhere.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from attrs import frozen

from polytui.model.instrument import Round
from polytui.sim.exchange.contracts import (
    CHAIN_ID,
    CTF_EXCHANGE,
    EXCHANGE_V3,
    NEG_RISK_EXCHANGE,
)
from polytui.sim.exchange.wallets import DEPOSIT_WALLET

if TYPE_CHECKING:
    from eth_account.messages import SignableMessage

_CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_PLAIN_BYTES = 65
"""Of a signature: r, s and v."""
_SESSION_MAGIC = bytes.fromhex("6492" * 16)
_REMEMBERED = 1024
"""Verdicts that are kept: a client that does not know what became of an order sends it again."""
_AUTH_WORDS = "This message attests that I control the given wallet"

_FIELDS = {
    "salt": "uint256", "maker": "address", "signer": "address", "tokenId": "uint256",
    "makerAmount": "uint256", "takerAmount": "uint256", "side": "uint8",
    "signatureType": "uint8", "timestamp": "uint256", "metadata": "bytes32", "builder": "bytes32",
}  # fmt: skip
_ORDER = {"Order": [{"name": name, "type": kind} for name, kind in _FIELDS.items()]}
_ORDER_TEXT = f"Order({','.join(f'{kind} {name}' for name, kind in _FIELDS.items())})".encode()
_WRAPPED_FIELDS = {
    "contents": "Order", "name": "string", "version": "string", "chainId": "uint256",
    "verifyingContract": "address", "salt": "bytes32",
}  # fmt: skip
_WRAPPED = _ORDER | {
    "TypedDataSign": [{"name": name, "type": kind} for name, kind in _WRAPPED_FIELDS.items()]
}
_AUTH = {
    "ClobAuth": [
        {"name": "address", "type": "address"},
        {"name": "timestamp", "type": "string"},
        {"name": "nonce", "type": "uint256"},
        {"name": "message", "type": "string"},
    ]
}


@frozen
class ExchangeDomain:
    """The contract an order is signed for."""

    version: str
    contract: str

    def described(self) -> dict[str, Any]:
        return {
            "name": "Polymarket CTF Exchange",
            "version": self.version,
            "chainId": CHAIN_ID,
            "verifyingContract": self.contract,
        }


STANDARD = ExchangeDomain("2", CTF_EXCHANGE)
NEG_RISK = ExchangeDomain("2", NEG_RISK_EXCHANGE)
POSITIONS = ExchangeDomain("3", EXCHANGE_V3)
DOMAINS = (STANDARD, NEG_RISK, POSITIONS)


def domain_of(round_: Round) -> ExchangeDomain:
    """Positions are settled by one contract, neg-risk or not."""
    if round_.protocol == "v2":
        return POSITIONS
    return NEG_RISK if round_.is_neg_risk else STANDARD


@frozen
class OrderStruct:
    """The eleven fields that are signed."""

    salt: int
    maker: str
    signer: str
    token_id: int
    maker_amount: int
    taker_amount: int
    side: int
    signature_type: int
    timestamp: int
    metadata: bytes
    builder: bytes

    def described(self) -> dict[str, Any]:
        values = (
            self.salt, self.maker, self.signer, self.token_id, self.maker_amount,
            self.taker_amount, self.side, self.signature_type, self.timestamp, self.metadata,
            self.builder,
        )  # fmt: skip
        return dict(zip(_FIELDS, values, strict=True))


@frozen
class OrderVerdict:
    """What the signature of an order says."""

    order_id: str
    signed_by: str
    """The EOA whose signature it is; empty where it is none."""
    session_signer: str = ""
    """The EOA that says it signs for the wallet in a session; empty where the owner signs."""


@lru_cache(maxsize=_REMEMBERED)
def judge_order(order: OrderStruct, domain: ExchangeDomain, signature: bytes) -> OrderVerdict:
    """Milliseconds of work, without coincurve: not on the loop. Any bytes may be a `signature`."""
    from eth_account.messages import encode_typed_data

    message = encode_typed_data(domain.described(), _ORDER, order.described())
    session_signer = ""
    if order.signature_type == DEPOSIT_WALLET:
        session_signer, signature = without_session(signature)
        signed_by = _wrapped_signer(order, domain, signature, message)
    else:
        signed_by = recovered(message, signature)
    if session_signer and session_signer != signed_by:
        signed_by = ""
    return OrderVerdict("0x" + digest_of(message).hex(), signed_by, session_signer)


def _wrapped_signer(
    order: OrderStruct, domain: ExchangeDomain, signature: bytes, message: SignableMessage
) -> str:
    """Of a signature for a contract (ERC-7739): the plain one, then what it was made over, which
    must be this order and nothing else."""
    from eth_account.messages import encode_typed_data

    plain, rest = signature[:_PLAIN_BYTES], signature[_PLAIN_BYTES:]
    length = len(_ORDER_TEXT).to_bytes(2, "big")
    if rest != message.header + message.body + _ORDER_TEXT + length:
        return ""
    wrapped = {
        "contents": order.described(),
        "name": "DepositWallet",
        "version": "1",
        "chainId": CHAIN_ID,
        "verifyingContract": order.signer,
        "salt": bytes(32),
    }
    return recovered(encode_typed_data(domain.described(), _WRAPPED, wrapped), plain)


def without_session(signature: bytes) -> tuple[str, bytes]:
    """The EOA that signs in a session, if one does, and the signature inside.

    A session's signature is `abi.encode(bytes32 signer, bytes32 0, bytes signature)` and then a
    mark of 32 bytes (polymarket-client 0.14.0)."""
    if not signature.endswith(_SESSION_MAGIC):
        return "", signature
    payload = signature[: -len(_SESSION_MAGIC)]
    head, length = payload[:96], int.from_bytes(payload[96:128], "big")
    inner = payload[128 : 128 + length]
    is_whole = len(inner) == length and payload[128 + length :] == bytes(-length % 32)
    if not is_whole or head[:12] != bytes(12) or head[32:] != (96).to_bytes(64, "big"):
        return "", b""
    return "0x" + head[12:32].hex(), inner


def clob_auth_signer(address: str, timestamp: str, nonce: int, signature: bytes) -> str:
    """Who attests that `address` is theirs; empty where nobody does."""
    from eth_account.messages import encode_typed_data

    domain = {"name": "ClobAuthDomain", "version": "1", "chainId": CHAIN_ID}
    attested = {
        "address": address,
        "timestamp": timestamp,
        "nonce": nonce,
        "message": _AUTH_WORDS,
    }
    return recovered(encode_typed_data(domain, _AUTH, attested), signature)


def recovered(message: SignableMessage, signature: bytes) -> str:
    """Whose signature it is, as a contract would find; empty for one that a contract refuses."""
    from eth_account import Account
    from eth_keys.exceptions import BadSignature
    from eth_utils.exceptions import ValidationError

    # eth-account takes more values of v than contracts do, and both mirror images of s.
    if len(signature) != _PLAIN_BYTES or signature[64] not in (27, 28):
        return ""
    if int.from_bytes(signature[32:64], "big") > _CURVE_ORDER // 2:
        return ""
    try:
        return str(Account.recover_message(message, signature=signature)).lower()
    except (BadSignature, ValidationError, ValueError):
        return ""


def digest_of(message: SignableMessage) -> bytes:
    """What is signed of a message (EIP-191)."""
    from eth_utils.crypto import keccak

    return bytes(keccak(b"\x19" + message.version + message.header + message.body))


def signature_bytes(text: str) -> bytes:
    """Of 0x and hexadecimal digits; nothing where it is something else."""
    try:
        return bytes.fromhex(text[2:]) if text[:2] == "0x" and text.isalnum() else b""
    except ValueError:
        return b""

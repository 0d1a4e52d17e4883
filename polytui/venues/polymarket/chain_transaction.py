"""A transaction of a wallet that is the key itself: one call, its gas, signed for a node.

In the plain form, with one price of gas (EIP-155), as the official client sends it: what it may
cost is known before it leaves. Its hash follows from its bytes, so it is found again though the
node's answer was lost.
"""

from __future__ import annotations

from attrs import field, frozen

from polytui.venues.polymarket.chain_calls import Call
from polytui.venues.polymarket.ethereum import SigningKey, keccak

_STRING, _LIST = 0x80, 0xC0
_SHORT = 55
"""Bytes up to which a length stands in the first byte (RLP)."""
_OF_A_CHAIN = 35
"""What v begins with where it names a chain, twice its number added (EIP-155)."""
_RECOVERY_FROM = 27


@frozen
class SignedTransaction:
    transaction_hash: str
    raw: bytes = field(repr=False)


def signed_transaction(
    key: SigningKey, call: Call, nonce: int, gas: int, gas_price_wei: int, chain_id: int
) -> SignedTransaction:
    """`gas` is the most that it may take; what is not used costs nothing."""
    fields = [
        _number(nonce),
        _number(gas_price_wei),
        _number(gas),
        bytes.fromhex(call.target[2:]),
        _number(call.value),
        call.data,
    ]
    signature = key.sign(keccak(_listed([*fields, _number(chain_id), b"", b""])))
    v = signature[64] - _RECOVERY_FROM + 2 * chain_id + _OF_A_CHAIN
    r, s = (int.from_bytes(signature[at : at + 32], "big") for at in (0, 32))
    raw = _listed([*fields, _number(v), _number(r), _number(s)])
    return SignedTransaction("0x" + keccak(raw).hex(), raw)


def _number(value: int) -> bytes:
    """Without zeros before it; zero itself is no byte at all."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _listed(fields: list[bytes]) -> bytes:
    packed = b"".join(map(_string, fields))
    return _length(len(packed), _LIST) + packed


def _string(data: bytes) -> bytes:
    if len(data) == 1 and data[0] < _STRING:
        return data
    return _length(len(data), _STRING) + data


def _length(size: int, kind: int) -> bytes:
    if size <= _SHORT:
        return bytes((kind + size,))
    digits = _number(size)
    return bytes((kind + _SHORT + len(digits),)) + digits

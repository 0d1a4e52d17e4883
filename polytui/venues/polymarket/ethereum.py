"""The chain's own names and hashes: keccak-256, addresses, typed data (EIP-712), one key.

Packed by hand over keccak and libsecp256k1: the libraries that do it for any struct take a second
to load and milliseconds an order. That this is the same is shown against them (`docs/adr/0032`).
"""

from __future__ import annotations

import re

from coincurve import PrivateKey
from sha3 import keccak_256

from polytui.config.secrets import Secret
from polytui.model.errors import Fatal

NOTHING = bytes(32)
"""A word of zeros."""
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_KEY_DIGITS = 64
_KEY = re.compile(rf"(?:0x|0X)?[0-9a-fA-F]{{{_KEY_DIGITS}}}")
_DOMAIN = b"EIP712Domain(string name,string version,uint256 chainId"
_RECOVERY_FROM = 27
"""What the chain adds to the number that tells which of two keys signed."""


def keccak(data: bytes) -> bytes:
    return bytes(keccak_256(data).digest())


def word(number: int) -> bytes:
    """A number as contracts are given it: 32 bytes, the greatest first."""
    return number.to_bytes(32, "big")


def address_word(address: str) -> bytes:
    return bytes.fromhex(address[2:]).rjust(32, b"\x00")


def checksummed(address: str) -> str:
    """With the capital letters by which a mistyped address is noticed (EIP-55)."""
    digits = address[2:].lower()
    marks = keccak(digits.encode()).hex()
    letters = (
        one.upper() if mark >= "8" else one for one, mark in zip(digits, marks, strict=False)
    )
    return "0x" + "".join(letters)


def read_address(text: str, what: str) -> str:
    """An address that somebody typed, checksummed; Fatal, naming `what` it is, for anything else.

    In letters of one size it carries no checksum, and none is asked of it."""
    text = text.strip()
    if not _ADDRESS.fullmatch(text):
        raise Fatal(f"{what} is no address: 0x and 40 hexadecimal digits are wanted")
    address, digits = checksummed(text), text[2:]
    if text != address and digits not in (digits.lower(), digits.upper()):
        raise Fatal(f"{what} is mistyped: its capital letters do not fit; copy it once more")
    return address


def domain_separator(name: str, version: str, chain_id: int, contract: str = "") -> bytes:
    """What binds a signature to one contract on one chain, or to a service of that name."""
    tail = b",address verifyingContract)" if contract else b")"
    parts = [keccak(_DOMAIN + tail), keccak(name.encode()), keccak(version.encode())]
    parts.append(word(chain_id))
    if contract:
        parts.append(address_word(contract))
    return keccak(b"".join(parts))


def digest_of(separator: bytes, struct_hash: bytes) -> bytes:
    """What is signed of typed data."""
    return keccak(b"\x19\x01" + separator + struct_hash)


class SigningKey:
    """A private key that signs and never shows itself."""

    __slots__ = ("_key", "address")

    def __init__(self, secret: Secret) -> None:
        """Fatal, without a word of it, for what is no private key."""
        self._key = _private_key(secret)
        point = self._key.public_key.format(compressed=False)[1:]
        self.address = checksummed("0x" + keccak(point)[12:].hex())

    def sign(self, digest: bytes) -> bytes:
        """65 bytes: r, s and v. The same digest is signed alike every time (RFC 6979)."""
        signed = self._key.sign_recoverable(digest, hasher=None)
        return signed[:64] + bytes((signed[64] + _RECOVERY_FROM,))

    def __repr__(self) -> str:
        return "SigningKey(***)"


def _private_key(secret: Secret) -> PrivateKey:
    # Nothing of the key is in a variable where an error is raised: tracebacks may show those.
    why_not = _no_key(secret.reveal().strip())
    if why_not:
        raise Fatal(why_not)
    try:
        return PrivateKey(bytes.fromhex(secret.reveal().strip()[-_KEY_DIGITS:]))
    except ValueError:
        raise Fatal("the private key is outside of the curve: copy it once more") from None


def _no_key(text: str) -> str:
    """Why this is no private key, in words that tell nothing of it; empty where it may be one."""
    if _KEY.fullmatch(text):
        return ""
    if not text:
        return "the private key is empty"
    if _ADDRESS.fullmatch(text):
        return "the private key is an address: the key is the longer one, of 64 hexadecimal digits"
    if " " in text:
        return "the private key is several words: a recovery phrase is not taken, export the key"
    return f"the private key is not 64 hexadecimal digits, with or without 0x ({len(text)} letters)"

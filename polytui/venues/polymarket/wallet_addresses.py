"""Where the factories put the wallets of a key: CREATE2 (EIP-1014), so known without asking.

For proxies and safes the exchange contracts compute it too, and take nothing else. A deposit
wallet may be anywhere: its contract answers for itself, and the factory changed its code once
(June 2026), so an address that does not follow from the key here may still be its wallet.
"""

from __future__ import annotations

from polytui.venues.polymarket.contracts import (
    DEPOSIT_BEACON,
    DEPOSIT_FACTORY,
    DEPOSIT_IMPLEMENTATION,
    PROXY_CODE_HASH,
    PROXY_FACTORY,
    SAFE_CODE_HASH,
    SAFE_FACTORY,
)
from polytui.venues.polymarket.ethereum import address_word, checksummed, keccak

# What a factory deploys: code that copies itself and its arguments, a target, the code of an
# ERC-1967 proxy. The copied size stands in the first instruction.
_COPY = bytes.fromhex("3d8160233d3973")
_SET_UP = 5
"""Bytes of the code that write the target where proxies keep it, and stay behind."""
_BEHIND_BEACON = bytes.fromhex(
    "60195155f3363d3d373d3d363d602036600436635c60da1b60e01b36527fa3f0ad74e5423aebfd80d3ef4346578335"
    "a9a72aeaee59ff6cb3582b35133d50545afa5036515af43d6000803e604d573d6000fd5b3d6000f3"
)
_WITH_IMPLEMENTATION = bytes.fromhex(
    "60095155f3363d3d373d3d363d7f360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc54"
    "5af43d6000803e6038573d6000fd5b3d6000f3"
)


def proxy_of(owner: str) -> str:
    return _created(PROXY_FACTORY, keccak(_plain(owner)), _plain(PROXY_CODE_HASH))


def safe_of(owner: str) -> str:
    return _created(SAFE_FACTORY, keccak(address_word(owner)), _plain(SAFE_CODE_HASH))


def deposit_wallets_of(owner: str) -> tuple[str, str]:
    """Of today's factory, and as it made them until June 2026."""
    arguments = address_word(DEPOSIT_FACTORY) + address_word(owner)
    salt = keccak(arguments)
    today = _proxy_code(DEPOSIT_BEACON, _BEHIND_BEACON, arguments)
    before = _proxy_code(DEPOSIT_IMPLEMENTATION, _WITH_IMPLEMENTATION, arguments)
    return (
        _created(DEPOSIT_FACTORY, salt, keccak(today)),
        _created(DEPOSIT_FACTORY, salt, keccak(before)),
    )


def _proxy_code(target: str, code: bytes, arguments: bytes) -> bytes:
    copied = len(code) - _SET_UP + len(arguments)
    return b"\x61" + copied.to_bytes(2, "big") + _COPY + _plain(target) + code + arguments


def _created(factory: str, salt: bytes, code_hash: bytes) -> str:
    whole = keccak(b"\xff" + _plain(factory) + salt + code_hash)
    return checksummed("0x" + whole[12:].hex())


def _plain(text: str) -> bytes:
    return bytes.fromhex(text[2:])

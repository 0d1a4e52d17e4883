"""Where the venue's factories put the wallets of an EOA: CREATE2 (EIP-1014) of their bytecode.

Contracts and bytecode as the official SDK has them (polymarket-client 0.14.0, environment
"production", chain 137). eth-utils is loaded at the first question, for it is slow to import.
"""

from __future__ import annotations

from polytui.sim.exchange.contracts import (
    DEPOSIT_WALLET_BEACON,
    DEPOSIT_WALLET_FACTORY,
    DEPOSIT_WALLET_IMPLEMENTATION,
    PROXY_FACTORY,
    PROXY_IMPLEMENTATION,
    SAFE_FACTORY,
    SAFE_INIT_CODE_HASH,
)
from polytui.sim.exchange.wallets import DEPOSIT_WALLET, PROXY, SAFE

# A minimal proxy (EIP-1167) behind a constructor that calls `cloneConstructor(bytes)` with nothing.
_PROXY_CODE = (
    "3d3d606380380380913d393d73{factory}5af4602a57600080fd5b602d8060366000396000f3"
    "363d3d373d3d3d363d73{implementation}5af43d82803e903d91602b57fd5bf352e831dd"
    + f"{32:064x}"
    + f"{0:064x}"
)
# ERC-1967 proxies with arguments behind their code, as Solady's LibClone lays them out.
_BEACON_PREFIX, _BEACON_CODE = 0x6100523D8160233D3973, (
    "60195155f3363d3d373d3d363d602036600436635c60da"
    "1b60e01b36527fa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6c"
    "b3582b35133d50545afa5036515af43d6000803e604d573d6000fd5b3d6000f3"
)  # fmt: skip
_UUPS_PREFIX, _UUPS_CODE = 0x61003D3D8160233D3973, (
    "6009"
    "5155f3363d3d373d3d363d7f360894a13ba1a3210667c828492db98dca3e2076"
    "cc3735a920a3ca505d382bbc545af43d6000803e6038573d6000fd5b3d6000f3"
)  # fmt: skip


def derived_wallets(owner: str, signature_type: int) -> tuple[str, ...]:
    """The addresses of an EOA's wallets of one type, in small letters, the present way first."""
    who = bytes.fromhex(owner[2:])
    if signature_type == PROXY:
        factory, implementation = PROXY_FACTORY[2:], PROXY_IMPLEMENTATION[2:]
        code = _PROXY_CODE.format(factory=factory, implementation=implementation)
        return (_create2(PROXY_FACTORY, _keccak(who), _keccak(bytes.fromhex(code))),)
    if signature_type == SAFE:
        code_hash = bytes.fromhex(SAFE_INIT_CODE_HASH[2:])
        return (_create2(SAFE_FACTORY, _keccak(_word(who)), code_hash),)
    if signature_type == DEPOSIT_WALLET:
        return _deposit_wallets(who)
    return ()


def _deposit_wallets(who: bytes) -> tuple[str, ...]:
    """Behind a beacon since June 2026; before that with the implementation in the code."""
    arguments = _word(bytes.fromhex(DEPOSIT_WALLET_FACTORY[2:])) + _word(who)
    salt = _keccak(arguments)
    found = []
    for prefix, target, code in (
        (_BEACON_PREFIX, DEPOSIT_WALLET_BEACON, _BEACON_CODE),
        (_UUPS_PREFIX, DEPOSIT_WALLET_IMPLEMENTATION, _UUPS_CODE),
    ):
        # The length of what follows the code stands in its first instructions.
        head = (prefix + (len(arguments) << 56)).to_bytes(10, "big")
        whole = head + bytes.fromhex(target[2:] + code) + arguments
        found.append(_create2(DEPOSIT_WALLET_FACTORY, salt, _keccak(whole)))
    return tuple(found)


def _create2(factory: str, salt: bytes, code_hash: bytes) -> str:
    whole = b"\xff" + bytes.fromhex(factory[2:]) + salt + code_hash
    return "0x" + _keccak(whole)[12:].hex()


def _word(value: bytes) -> bytes:
    return value.rjust(32, b"\x00")


def _keccak(value: bytes) -> bytes:
    from eth_utils.crypto import keccak

    return bytes(keccak(value))

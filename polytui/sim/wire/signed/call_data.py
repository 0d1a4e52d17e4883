"""Calls to contracts, from bytes to what they ask for. Import it once `ethereum.py` is loaded.

Arguments are read by eth-abi, strictly: bytes that no compiler would have written are refused as
the contract would refuse them, by a revert.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from polytui.sim.exchange.calls import (
    ApproveAllCall,
    ApproveCall,
    ChainCall,
    MergeCall,
    NothingCall,
    RedeemCall,
    RevertingCall,
    SplitCall,
    TransferCall,
    TransferSharesCall,
    WrapCall,
)
from polytui.sim.exchange.contracts import (
    ALL,
    COLLATERAL_ADAPTER,
    ERC20,
    ERC1155,
    NEG_RISK_COLLATERAL_ADAPTER,
    ONRAMP,
    PUSD,
    ROUTER,
    USDC_E,
)

MOST_CALLS = 256
"""In one batch; more would not fit into a block."""
_SETS = (1, 2)
_SELECTOR = 4
_HEAD = 1 + 20 + 32 + 32
"""Of one call inside a MultiSend: operation, target, value, length."""


class CallDataError(ValueError):
    """Bytes that are no batch of calls."""


@frozen
class RawCall:
    target: str
    """Lower case."""
    value: int
    data: bytes


def selector(signature: str) -> bytes:
    """The four bytes by which a contract tells its functions apart."""
    return keccak(signature.encode())[:_SELECTOR]


def arguments(types: tuple[str, ...], data: bytes) -> tuple[Any, ...]:
    """What follows the selector; CallDataError where it is not of these types."""
    try:
        return decode(types, data[_SELECTOR:])
    except (DecodingError, OverflowError, ValueError) as error:
        raise CallDataError(str(error)[:200]) from None


def read_call(raw: RawCall) -> ChainCall:
    """What one call does, whoever makes it."""
    target = raw.target
    if target not in ALL:
        return NothingCall(target)
    if raw.value:
        return RevertingCall(target)
    known = _FUNCTIONS.get((_kind(target), raw.data[:_SELECTOR]))
    if known is None:
        return RevertingCall(target)
    types, make = known
    try:
        return make(target, *arguments(types, raw.data))
    except CallDataError:
        return RevertingCall(target)


def session_call(address: str, valid_until_s: int) -> bytes:
    """What a deposit wallet calls itself with, so that `address` may sign until then; zero takes
    it back (polymarket-client 0.14.0)."""
    if not valid_until_s:
        return _REVOKE + encode(["address"], [address])
    return _AUTHORIZE + encode(["address", "uint256"], [address, valid_until_s])


def read_proxy_batch(data: bytes) -> list[RawCall]:
    """`proxy((uint8,address,uint256,bytes)[])` of the proxy factory."""
    if data[:_SELECTOR] != _PROXY:
        raise CallDataError("not a call of proxy()")
    # Before it is decoded: all of a million rows may point at the same long bytes.
    if int.from_bytes(data[_SELECTOR + 32 : _SELECTOR + 64], "big") > MOST_CALLS:
        raise CallDataError(f"a batch has 1 to {MOST_CALLS} calls")
    if int.from_bytes(data[_SELECTOR : _SELECTOR + 32], "big") != 32:
        raise CallDataError("not as a compiler lays it out")
    (found,) = arguments(("(uint8,address,uint256,bytes)[]",), data)
    if any(kind != 1 for kind, *_ in found):
        raise CallDataError("only plain calls are made")
    return _bounded([RawCall(to.lower(), value, inner) for _, to, value, inner in found])


def read_multisend(data: bytes) -> list[RawCall]:
    """`multiSend(bytes)`: calls laid end to end."""
    if data[:_SELECTOR] != _MULTISEND:
        raise CallDataError("not a call of multiSend()")
    (packed,) = arguments(("bytes",), data)
    calls: list[RawCall] = []
    at = 0
    while at < len(packed):
        size = int.from_bytes(packed[at + _HEAD - 32 : at + _HEAD], "big")
        end = at + _HEAD + size
        if len(packed) < at + _HEAD or end > len(packed):
            raise CallDataError("a call ends behind its bytes")
        if packed[at] != 0:
            raise CallDataError("only plain calls are made")
        target = "0x" + packed[at + 1 : at + 21].hex()
        value = int.from_bytes(packed[at + 21 : at + 53], "big")
        calls.append(RawCall(target, value, packed[at + _HEAD : end]))
        at = end
    return _bounded(calls)


def _bounded(calls: list[RawCall]) -> list[RawCall]:
    if not 0 < len(calls) <= MOST_CALLS:
        raise CallDataError(f"a batch has 1 to {MOST_CALLS} calls")
    return calls


def _kind(target: str) -> str:
    if target in ERC20:
        return "erc20"
    if target in ERC1155:
        return "erc1155"
    if target in (COLLATERAL_ADAPTER, NEG_RISK_COLLATERAL_ADAPTER):
        return "adapter"
    if target == ONRAMP:
        return "onramp"
    return "router" if target == ROUTER else ""


def _is_whole_set(collateral: str, parent: bytes, sets: tuple[int, ...]) -> bool:
    """The adapters know dollars and both outcomes at the root, nothing else."""
    return collateral.lower() == PUSD and not any(parent) and sets == _SETS


def _adapter_split(
    target: str, collateral: str, parent: bytes, condition: bytes, sets: Any, amount: int
) -> ChainCall:
    if not _is_whole_set(collateral, parent, sets):
        return RevertingCall(target)
    return SplitCall(target, "0x" + condition.hex(), amount)


def _adapter_merge(
    target: str, collateral: str, parent: bytes, condition: bytes, sets: Any, amount: int
) -> ChainCall:
    if not _is_whole_set(collateral, parent, sets):
        return RevertingCall(target)
    return MergeCall(target, "0x" + condition.hex(), amount)


def _adapter_redeem(
    target: str, collateral: str, parent: bytes, condition: bytes, sets: Any
) -> ChainCall:
    if not _is_whole_set(collateral, parent, sets):
        return RevertingCall(target)
    return RedeemCall(target, "0x" + condition.hex())


def _router_split(target: str, condition: bytes, amount: int) -> ChainCall:
    return SplitCall(target, _whole(condition), amount)


def _router_merge(target: str, condition: bytes, amount: int) -> ChainCall:
    return MergeCall(target, _whole(condition), amount)


def _router_redeem(target: str, condition: bytes, outcome: int, amount: int) -> ChainCall:
    if outcome not in (0, 1):
        return RevertingCall(target)
    return RedeemCall(target, _whole(condition), outcome, amount)


def _whole(condition: bytes) -> str:
    """A condition as rounds are named by it: the router's has 31 bytes, and the last is zero."""
    return f"0x{condition.hex()}00"


def _approve(target: str, spender: str, amount: int) -> ChainCall:
    return ApproveCall(target, spender.lower(), amount)


def _approve_all(target: str, operator: str, is_approved: bool) -> ChainCall:
    return ApproveAllCall(target, operator.lower(), is_approved)


def _transfer(target: str, to: str, amount: int) -> ChainCall:
    return TransferCall(target, to.lower(), amount)


def _transfer_shares(
    target: str, owner: str, to: str, token_id: int, amount: int, _data: bytes
) -> ChainCall:
    return TransferSharesCall(target, owner.lower(), to.lower(), str(token_id), amount)


def _wrap(target: str, asset: str, to: str, amount: int) -> ChainCall:
    """It takes one token; of the others that the real one may take nobody has any here."""
    if asset.lower() != USDC_E:
        return RevertingCall(target)
    return WrapCall(target, to.lower(), amount)


_Maker = Callable[..., ChainCall]
_SET = ("address", "bytes32", "bytes32", "uint256[]")
_NAMED: tuple[tuple[str, str, tuple[str, ...], _Maker], ...] = (
    ("adapter", "splitPosition", (*_SET, "uint256"), _adapter_split),
    ("adapter", "mergePositions", (*_SET, "uint256"), _adapter_merge),
    ("adapter", "redeemPositions", _SET, _adapter_redeem),
    ("router", "split", ("bytes31", "uint256"), _router_split),
    ("router", "merge", ("bytes31", "uint256"), _router_merge),
    ("router", "redeem", ("bytes31", "uint256", "uint256"), _router_redeem),
    ("onramp", "wrap", ("address", "address", "uint256"), _wrap),
    ("erc20", "approve", ("address", "uint256"), _approve),
    ("erc20", "transfer", ("address", "uint256"), _transfer),
    ("erc1155", "setApprovalForAll", ("address", "bool"), _approve_all),
    (
        "erc1155",
        "safeTransferFrom",
        ("address", "address", "uint256", "uint256", "bytes"),
        _transfer_shares,
    ),
)
_FUNCTIONS = {
    (kind, selector(f"{name}({','.join(types)})")): (types, make)
    for kind, name, types, make in _NAMED
}
_PROXY = selector("proxy((uint8,address,uint256,bytes)[])")
_MULTISEND = selector("multiSend(bytes)")
_AUTHORIZE = selector("authorizeSessionSigner(address,uint256)")
_REVOKE = selector("revokeSessionSigner(address)")

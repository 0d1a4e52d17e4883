"""Calls to the venue's contracts: sets made and melted, winners redeemed, approvals, wrapping.

A call is a contract's address and bytes: four of the function's name (its selector), then 32 for
each value (the ABI of Solidity). Packed by hand over `ethereum.py`, and shown against eth-abi and
the official client (`docs/adr/0043`). What a call does is told from its bytes alone by
`explained_calls.py`.

Rounds of "v1" go through an adapter, which takes and gives dollars and redeems all that a wallet
has of both outcomes; rounds of "v2" through the router, which redeems an amount of one outcome.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from polytui.model.instrument import Outcome, Round
from polytui.venues.polymarket.contracts import (
    COLLATERAL_ADAPTER,
    NEG_RISK_COLLATERAL_ADAPTER,
    ONRAMP,
    PUSD,
    ROUTER,
    USDC_E,
)
from polytui.venues.polymarket.ethereum import NOTHING, address_word, keccak, word

WITHOUT_END = 2**256 - 1
"""An allowance that does not shrink when it is used."""
SELECTOR_BYTES = 4
_CONDITION_DIGITS = 64
_SETS = word(2) + word(1) + word(2)
"""Both outcomes as the adapters number them: a length, and a bit each."""


def selector(signature: str) -> bytes:
    """By which a contract tells its functions apart: `name(type,type)`."""
    return keccak(signature.encode())[:SELECTOR_BYTES]


_SPLIT = selector("splitPosition(address,bytes32,bytes32,uint256[],uint256)")
_MERGE = selector("mergePositions(address,bytes32,bytes32,uint256[],uint256)")
_REDEEM = selector("redeemPositions(address,bytes32,bytes32,uint256[])")
_ROUTER_SPLIT = selector("split(bytes31,uint256)")
_ROUTER_MERGE = selector("merge(bytes31,uint256)")
_ROUTER_REDEEM = selector("redeem(bytes31,uint256,uint256)")
_APPROVE = selector("approve(address,uint256)")
_APPROVE_ALL = selector("setApprovalForAll(address,bool)")
_WRAP = selector("wrap(address,address,uint256)")


@frozen
class Call:
    """What a wallet is asked to call."""

    target: str
    """A contract, checksummed as all addresses here."""
    data: bytes = field(repr=lambda data: "0x" + data.hex())
    value: int = 0
    """POL that goes with it, in wei."""


def split(listed: Round, amount: int) -> Call:
    """So many millionths of dollars become as many shares of either outcome."""
    return _of_sets(listed, _SPLIT, _ROUTER_SPLIT, amount)


def merge(listed: Round, amount: int) -> Call:
    """So many millionths of shares of both outcomes become as many dollars."""
    return _of_sets(listed, _MERGE, _ROUTER_MERGE, amount)


def redeem(listed: Round) -> Call:
    """All that a wallet has of a resolved round of "v1", losers too; ValueError for "v2"."""
    if _is_v2(listed):
        raise ValueError(f"{listed.slug} is of v2: an outcome and an amount are redeemed there")
    return Call(splitter_of(listed), _REDEEM + _set_of(listed, 4) + _SETS)


def redeem_outcome(listed: Round, outcome: Outcome, amount: int) -> Call:
    """So many millionths of shares of one outcome of a resolved round of "v2"; ValueError for
    "v1"."""
    if not _is_v2(listed):
        raise ValueError(f"{listed.slug} is of v1: whole balances are redeemed there")
    place = int((outcome is Outcome.UP) is not listed.is_up_first)
    return Call(ROUTER, _ROUTER_REDEEM + _router_condition(listed) + word(place) + word(amount))


def redeem_held(listed: Round, held: Mapping[Outcome, int]) -> tuple[Call, ...]:
    """What brings home a resolved round of which a wallet has so many millionths of shares: one
    call in "v1", one for each outcome in "v2", where an outcome that is not in `held` stays."""
    kept = {outcome: amount for outcome, amount in held.items() if amount}
    if not kept:
        return ()
    if not _is_v2(listed):
        return (redeem(listed),)
    return tuple(redeem_outcome(listed, outcome, amount) for outcome, amount in kept.items())


def approve(token: str, spender: str, amount: int = WITHOUT_END) -> Call:
    """ERC-20: `spender` may take so much; 0 takes it back."""
    return Call(token, _APPROVE + address_word(spender) + word(amount))


def approve_all(token: str, operator: str, is_approved: bool = True) -> Call:
    """ERC-1155: `operator` may move every share of that contract, or no longer."""
    return Call(token, _APPROVE_ALL + address_word(operator) + word(is_approved))


def wrap(to: str, amount: int) -> Call:
    """So many millionths of USDC.e become the venue's dollars of `to`. The contract takes them, so
    it needs an allowance: `approve(USDC_E, ONRAMP, amount)` goes before it, in one batch."""
    return Call(ONRAMP, _WRAP + address_word(USDC_E) + address_word(to) + word(amount))


def splitter_of(listed: Round) -> str:
    """The contract that makes sets of a round, and melts and redeems them; it must be allowed to
    take dollars (to make sets) and shares (for the rest)."""
    if _is_v2(listed):
        return ROUTER
    return NEG_RISK_COLLATERAL_ADAPTER if listed.is_neg_risk else COLLATERAL_ADAPTER


def _of_sets(listed: Round, adapter: bytes, router: bytes, amount: int) -> Call:
    if _is_v2(listed):
        return Call(ROUTER, router + _router_condition(listed) + word(amount))
    return Call(splitter_of(listed), adapter + _set_of(listed, 5) + word(amount) + _SETS)


def _set_of(listed: Round, words: int) -> bytes:
    """Dollars, nothing above it, the condition, and where behind `words` words the sets begin."""
    condition = bytes.fromhex(_condition(listed))
    return address_word(PUSD) + NOTHING + condition + word(words * len(NOTHING))


def _router_condition(listed: Round) -> bytes:
    """31 bytes: a position's id without its last byte, which names the outcome."""
    text = _condition(listed)
    if text[-2:] not in ("00", "01"):
        raise ValueError(f"{listed.slug} has no condition of v2: {listed.condition_id}")
    return bytes.fromhex(text[:-2] + "00")


def _condition(listed: Round) -> str:
    text = listed.condition_id.removeprefix("0x")
    if len(text) != _CONDITION_DIGITS:
        raise ValueError(f"{listed.slug} has no condition of 32 bytes: {listed.condition_id[:80]}")
    return text


def _is_v2(listed: Round) -> bool:
    if listed.protocol not in ("v1", "v2"):
        raise ValueError(f"{listed.slug} is of protocol {listed.protocol!r}, not known here")
    return listed.protocol == "v2"

"""Calls to the venue's contracts, as eth-abi packs them, and as they were seen on the chain."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st
from test_signing import ROUND

from polytui.model.instrument import Outcome, Round
from polytui.venues.polymarket import chain_calls, contracts
from polytui.venues.polymarket.chain_calls import Call

WORDS = st.integers(0, 2**256 - 1)
CONDITIONS = st.binary(min_size=32, max_size=32)
ADDRESSES = st.binary(min_size=20, max_size=20).map(lambda some: "0x" + some.hex())
KINDS = st.sampled_from((("v1", False), ("v1", True), ("v2", False), ("v2", True)))


def listed_of(condition: bytes, kind: tuple[str, bool], is_up_first: bool = True) -> Round:
    protocol, is_neg_risk = kind
    if protocol == "v2":
        condition = condition[:-1] + b"\0"
    return evolve(
        ROUND,
        condition_id="0x" + condition.hex(),
        protocol=protocol,
        is_neg_risk=is_neg_risk,
        is_up_first=is_up_first,
    )


def packed(name: str, types: tuple[str, ...], *values: Any) -> bytes:
    return bytes(keccak(f"{name}({','.join(types)})".encode())[:4] + encode(types, values))


def adapter_of(kind: tuple[str, bool]) -> str:
    return contracts.NEG_RISK_COLLATERAL_ADAPTER if kind[1] else contracts.COLLATERAL_ADAPTER


SET = ("address", "bytes32", "bytes32", "uint256[]")
TOP = bytes(32)


@given(CONDITIONS, KINDS, WORDS)
def test_sets_are_made_and_melted_at_the_contract_of_the_rounds_own_kind(
    condition: bytes, kind: tuple[str, bool], amount: int
) -> None:
    listed = listed_of(condition, kind)
    made, melted = chain_calls.split(listed, amount), chain_calls.merge(listed, amount)
    if kind[0] == "v2":
        args = (condition[:-1], amount)
        assert made == Call(contracts.ROUTER, packed("split", ("bytes31", "uint256"), *args))
        assert melted == Call(contracts.ROUTER, packed("merge", ("bytes31", "uint256"), *args))
        return
    types, args = (*SET, "uint256"), (contracts.PUSD, TOP, condition, [1, 2], amount)
    assert made == Call(adapter_of(kind), packed("splitPosition", types, *args))
    assert melted == Call(adapter_of(kind), packed("mergePositions", types, *args))


@given(CONDITIONS, KINDS, st.booleans(), WORDS, WORDS)
def test_winners_come_home_whole_in_v1_and_an_outcome_at_a_time_in_v2(
    condition: bytes, kind: tuple[str, bool], is_up_first: bool, up: int, down: int
) -> None:
    listed = listed_of(condition, kind, is_up_first)
    found = chain_calls.redeem_held(listed, {Outcome.UP: up, Outcome.DOWN: down})
    if kind[0] == "v1":
        data = packed("redeemPositions", SET, contracts.PUSD, TOP, condition, [1, 2])
        assert found == ((Call(adapter_of(kind), data),) if up or down else ())
        return
    place = {Outcome.UP: 0 if is_up_first else 1, Outcome.DOWN: 1 if is_up_first else 0}
    types = ("bytes31", "uint256", "uint256")
    assert found == tuple(
        Call(contracts.ROUTER, packed("redeem", types, condition[:-1], place[outcome], amount))
        for outcome, amount in ((Outcome.UP, up), (Outcome.DOWN, down))
        if amount
    )


@given(ADDRESSES, ADDRESSES, WORDS, st.booleans())
def test_approvals_and_wrapping(token: str, spender: str, amount: int, is_approved: bool) -> None:
    data = packed("approve", ("address", "uint256"), spender, amount)
    assert chain_calls.approve(token, spender, amount) == Call(token, data)
    data = packed("setApprovalForAll", ("address", "bool"), spender, is_approved)
    assert chain_calls.approve_all(token, spender, is_approved) == Call(token, data)
    types = ("address", "address", "uint256")
    data = packed("wrap", types, contracts.USDC_E, spender, amount)
    assert chain_calls.wrap(spender, amount) == Call(contracts.ONRAMP, data)


@pytest.mark.parametrize(
    ("signature", "known"),
    [
        ("splitPosition(address,bytes32,bytes32,uint256[],uint256)", "72ce4275"),
        ("mergePositions(address,bytes32,bytes32,uint256[],uint256)", "9e7212ad"),
        ("redeemPositions(address,bytes32,bytes32,uint256[])", "01b7037c"),
        ("split(bytes31,uint256)", "82d3b9f1"),
        ("merge(bytes31,uint256)", "5b63685e"),
        ("redeem(bytes31,uint256,uint256)", "d217a3cc"),
    ],
)
def test_selectors_are_those_of_the_venues_papers(signature: str, known: str) -> None:
    assert chain_calls.selector(signature).hex() == known


def test_a_call_that_its_round_has_no_words_for_is_none() -> None:
    v1, v2 = listed_of(b"\7" * 32, ("v1", False)), listed_of(b"\7" * 32, ("v2", False))
    with pytest.raises(ValueError, match="of v2"):
        chain_calls.redeem(v2)
    with pytest.raises(ValueError, match="of v1"):
        chain_calls.redeem_outcome(v1, Outcome.UP, 1)
    with pytest.raises(ValueError, match="not known here"):
        chain_calls.split(evolve(v1, protocol="v3"), 1)
    with pytest.raises(ValueError, match="32 bytes"):
        chain_calls.split(evolve(v1, condition_id="0x07"), 1)
    with pytest.raises(ValueError, match="no condition of v2"):
        chain_calls.split(evolve(v2, condition_id="0x" + "07" * 32), 1)
    with pytest.raises(OverflowError):
        chain_calls.split(v1, -1)


def test_a_call_shows_its_bytes() -> None:
    assert "data=0xa22cb465" in repr(chain_calls.approve_all(contracts.PUSD, contracts.ROUTER))

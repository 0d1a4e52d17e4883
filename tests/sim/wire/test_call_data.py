"""Calls to contracts are read as eth-abi writes them, and nothing else is taken for one."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

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
)
from polytui.sim.exchange.contracts import (
    COLLATERAL_ADAPTER,
    CONDITIONAL_TOKENS,
    CTF_EXCHANGE,
    POSITION_MANAGER,
    PROXY_FACTORY,
    PUSD,
    ROUTER,
    USDC_E,
)
from polytui.sim.wire.signed.call_data import (
    MOST_CALLS,
    CallDataError,
    RawCall,
    read_call,
    read_multisend,
    read_proxy_batch,
    selector,
)

CONDITION = "0x" + "ab" * 32
SHORT = "0x" + "ab" * 31
FRIEND = "0x" + "77" * 20
SET_TYPES = ["address", "bytes32", "bytes32", "uint256[]"]
uint256 = st.integers(0, 2**256 - 1)
addresses = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())


def written(signature: str, *values: Any) -> bytes:
    inside = signature[signature.index("(") + 1 : -1]
    return selector(signature) + encode(inside.split(",") if inside else [], values)


def of_set(name: str, *more: int, sets: tuple[int, ...] = (1, 2), dollars: str = PUSD) -> bytes:
    types = [*SET_TYPES, *["uint256"] * len(more)]
    condition = bytes.fromhex(CONDITION[2:])
    return written(f"{name}({','.join(types)})", dollars, bytes(32), condition, sets, *more)


def read(target: str, data: bytes, value: int = 0) -> ChainCall:
    return read_call(RawCall(target, value, data))


@given(uint256)
def test_sets_are_split_merged_and_redeemed_at_the_adapter(amount: int) -> None:
    assert read(COLLATERAL_ADAPTER, of_set("splitPosition", amount)) == SplitCall(
        COLLATERAL_ADAPTER, CONDITION, amount
    )
    assert read(COLLATERAL_ADAPTER, of_set("mergePositions", amount)) == MergeCall(
        COLLATERAL_ADAPTER, CONDITION, amount
    )
    assert read(COLLATERAL_ADAPTER, of_set("redeemPositions")) == RedeemCall(
        COLLATERAL_ADAPTER, CONDITION
    )


@given(uint256, st.integers(0, 255))
def test_the_router_takes_the_short_id_and_one_outcome_at_a_time(amount: int, index: int) -> None:
    short = bytes.fromhex(SHORT[2:])
    assert read(ROUTER, written("split(bytes31,uint256)", short, amount)) == SplitCall(
        ROUTER, f"{SHORT}00", amount
    )
    assert read(ROUTER, written("merge(bytes31,uint256)", short, amount)) == MergeCall(
        ROUTER, f"{SHORT}00", amount
    )
    redeem = written("redeem(bytes31,uint256,uint256)", short, index, amount)
    wanted: ChainCall = RevertingCall(ROUTER)
    if index in (0, 1):
        wanted = RedeemCall(ROUTER, f"{SHORT}00", index, amount)
    assert read(ROUTER, redeem) == wanted


@given(addresses, addresses, uint256, uint256, st.booleans())
def test_tokens_are_approved_and_moved(
    one: str, other: str, amount: int, token_id: int, yes: bool
) -> None:
    assert read(PUSD, written("approve(address,uint256)", one, amount)) == ApproveCall(
        PUSD, one, amount
    )
    assert read(PUSD, written("transfer(address,uint256)", one, amount)) == TransferCall(
        PUSD, one, amount
    )
    assert read(
        POSITION_MANAGER, written("setApprovalForAll(address,bool)", one, yes)
    ) == ApproveAllCall(POSITION_MANAGER, one, yes)
    moved = written(
        "safeTransferFrom(address,address,uint256,uint256,bytes)", one, other, token_id, amount, b""
    )
    assert read(CONDITIONAL_TOKENS, moved) == TransferSharesCall(
        CONDITIONAL_TOKENS, one, other, str(token_id), amount
    )


@pytest.mark.parametrize(
    ("target", "data"),
    [
        (COLLATERAL_ADAPTER, of_set("splitPosition", 5, sets=(1, 2, 4))),
        (COLLATERAL_ADAPTER, of_set("splitPosition", 5, dollars=USDC_E)),
        (COLLATERAL_ADAPTER, of_set("splitPosition", 5)[:-32]),
        (COLLATERAL_ADAPTER, of_set("redeemPositions", sets=(1,))),
        (COLLATERAL_ADAPTER, b""),
        (CONDITIONAL_TOKENS, of_set("splitPosition", 5)),
        (PUSD, written("setApprovalForAll(address,bool)", FRIEND, True)),
        (CONDITIONAL_TOKENS, written("approve(address,uint256)", FRIEND, 1)),
        (PUSD, selector("approve(address,uint256)") + b"\xff" * 64),
        (CTF_EXCHANGE, b"\x01\x02\x03\x04"),
    ],
)
def test_what_a_contract_does_not_know_reverts(target: str, data: bytes) -> None:
    assert read(target, data) == RevertingCall(target)


def test_dollars_cannot_be_sent_along_and_nobody_lives_at_other_addresses() -> None:
    approve = written("approve(address,uint256)", FRIEND, 1)
    assert read(PUSD, approve, value=1) == RevertingCall(PUSD)
    assert read(FRIEND, approve) == NothingCall(FRIEND)


calls = st.lists(
    st.builds(RawCall, addresses, uint256, st.binary(max_size=80)), min_size=1, max_size=6
)


def proxied(batch: list[RawCall], kind: int = 1) -> bytes:
    rows = [(kind, one.target, one.value, one.data) for one in batch]
    head = selector("proxy((uint8,address,uint256,bytes)[])")
    return head + encode(["(uint8,address,uint256,bytes)[]"], [rows])


def packed(batch: list[RawCall], operation: int = 0) -> bytes:
    inner = b"".join(
        bytes([operation])
        + bytes.fromhex(one.target[2:])
        + one.value.to_bytes(32, "big")
        + len(one.data).to_bytes(32, "big")
        + one.data
        for one in batch
    )
    return selector("multiSend(bytes)") + encode(["bytes"], [inner])


@given(calls)
def test_batches_come_out_as_they_were_packed(batch: list[RawCall]) -> None:
    assert read_proxy_batch(proxied(batch)) == batch
    assert read_multisend(packed(batch)) == batch


@given(st.binary(max_size=400))
def test_any_bytes_are_a_batch_or_refused(noise: bytes) -> None:
    for read_batch, head in ((read_proxy_batch, proxied([])[:4]), (read_multisend, packed([])[:4])):
        try:
            assert read_batch(head + noise)
        except CallDataError:
            continue


@pytest.mark.parametrize("batch", [[], [RawCall(FRIEND, 0, b"")] * (MOST_CALLS + 1)])
def test_a_batch_has_calls_and_not_too_many(batch: list[RawCall]) -> None:
    with pytest.raises(CallDataError):
        read_proxy_batch(proxied(batch))
    with pytest.raises(CallDataError):
        read_multisend(packed(batch))


def test_a_call_that_would_run_somebody_elses_code_is_no_plain_call() -> None:
    batch = [RawCall(PROXY_FACTORY, 0, b"")]
    with pytest.raises(CallDataError):
        read_proxy_batch(proxied(batch, kind=2))
    with pytest.raises(CallDataError):
        read_multisend(packed(batch, operation=1))
    with pytest.raises(CallDataError):
        read_multisend(packed(batch)[:-32])

"""What calls do, in words, read from their bytes."""

from __future__ import annotations

from random import Random

import pytest
from asked_batches import any_batch
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from test_signing import ROUND

from polytui.model.instrument import Outcome
from polytui.venues.polymarket import chain_calls, contracts
from polytui.venues.polymarket.chain_calls import Call
from polytui.venues.polymarket.explained_calls import explained
from polytui.venues.polymarket.wallet import WalletType

V1 = ROUND
V2 = evolve(ROUND, protocol="v2", condition_id="0x" + "ab" * 31 + "00", is_up_first=False)
NAMED, NAMED_V2 = f"round {V1.condition_id}", f"round {V2.condition_id}"
MINE = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            chain_calls.split(V1, 1_500_000),
            f"split 1.5 dollars into as many sets of {NAMED}, at collateral adapter"
            f" ({contracts.COLLATERAL_ADAPTER})",
        ),
        (
            chain_calls.merge(V2, 2_000_000),
            f"merge 2 sets of {NAMED_V2} into dollars, at router ({contracts.ROUTER})",
        ),
        (
            chain_calls.redeem(evolve(V1, is_neg_risk=True)),
            f"redeem all shares of {NAMED}, at neg-risk collateral adapter"
            f" ({contracts.NEG_RISK_COLLATERAL_ADAPTER})",
        ),
        (
            chain_calls.redeem_outcome(V2, Outcome.UP, 10_000_001),
            f"redeem 10.000001 shares of the second outcome of {NAMED_V2}, at router"
            f" ({contracts.ROUTER})",
        ),
        (
            chain_calls.approve(contracts.PUSD, contracts.ROUTER),
            f"allow router ({contracts.ROUTER}) to take any amount of pUSD ({contracts.PUSD})",
        ),
        (
            chain_calls.approve(contracts.USDC_E, contracts.ONRAMP, 7_250_000),
            f"allow onramp ({contracts.ONRAMP}) to take up to 7.25 USDC.e ({contracts.USDC_E})",
        ),
        (
            chain_calls.approve(contracts.PUSD, MINE, 0),
            f"allow {MINE} to take no pUSD ({contracts.PUSD}) any longer",
        ),
        (
            chain_calls.approve_all(contracts.CONDITIONAL_TOKENS, contracts.COLLATERAL_ADAPTER),
            f"allow collateral adapter ({contracts.COLLATERAL_ADAPTER}) to move all shares in"
            f" conditional tokens ({contracts.CONDITIONAL_TOKENS})",
        ),
        (
            chain_calls.wrap(MINE, 250_000_000),
            f"wrap 250 USDC.e ({contracts.USDC_E}) into pUSD of {MINE}, at onramp"
            f" ({contracts.ONRAMP})",
        ),
        (Call(MINE, b"", 10**18), f"call {MINE} with nothing, with 1 POL"),
    ],
)
def test_a_call_in_words(call: Call, words: str) -> None:
    assert explained(call) == words


@pytest.mark.parametrize(
    "call",
    [
        chain_calls.split(V1, 1),
        chain_calls.merge(V1, 1),
        chain_calls.redeem(V1),
        chain_calls.split(V2, 1),
        chain_calls.redeem_outcome(V2, Outcome.DOWN, 1),
        chain_calls.approve(contracts.PUSD, contracts.ROUTER, 1),
        chain_calls.approve(contracts.PUSD, contracts.ROUTER),
        chain_calls.approve_all(contracts.POSITION_MANAGER, contracts.ROUTER),
        chain_calls.wrap(MINE, 1),
    ],
)
@given(st.data())
def test_one_byte_more_less_or_other_is_told_otherwise(call: Call, data: st.DataObject) -> None:
    """Nothing is hidden: other bytes never have the same words."""
    at = data.draw(st.integers(0, len(call.data) - 1))
    other = data.draw(st.integers(1, 255))
    bytes_ = bytearray(call.data)
    bytes_[at] ^= other
    changed = evolve(call, data=bytes(bytes_))
    assert explained(changed) != explained(call)
    for spoilt in (call.data[:-1], call.data + b"\0", call.data + bytes(32)):
        assert "not understood" in explained(evolve(call, data=spoilt))
    assert "not understood" in explained(evolve(call, target=contracts.MULTISEND))


def test_whatever_it_is_there_are_words() -> None:
    rng = Random("words")
    for _ in range(300):
        (one,) = any_batch(rng, WalletType.EOA, 1).calls
        assert explained(one.ours)

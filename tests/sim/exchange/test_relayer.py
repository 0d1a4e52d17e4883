"""Batches of wallets: their states over time, nonces, one at a time, and how many a day."""

from __future__ import annotations

import pytest
from chain_yard import ANN, BOB, ChainYard

from polytui.model.units import MICRO
from polytui.sim.exchange.calls import MergeCall, SplitCall, TransferCall
from polytui.sim.exchange.contracts import COLLATERAL_ADAPTER, PUSD
from polytui.sim.exchange.names import wallet_of
from polytui.sim.exchange.on_chain import OnChainSettings
from polytui.sim.exchange.relayer import (
    BatchKind,
    BatchState,
    KeyTier,
    RelayerRefusedError,
    RelayerSettings,
    WalletBatch,
)

KEY = "key"
OWN, POOR, RICH = KeyTier.OWN, KeyTier.UNVERIFIED, KeyTier.VERIFIED


def pay(amount: int = MICRO) -> TransferCall:
    return TransferCall(PUSD, BOB, amount)


def test_a_batch_is_tried_broadcast_mined_and_confirmed() -> None:
    yard = ChainYard()
    taken = yard.relayer.submit(yard.batch(ANN, pay(), pay()), KEY, OWN)
    seen = [taken.state]
    while taken.state is not BatchState.CONFIRMED:
        yard.play(0.1)
        if taken.state is not seen[-1]:
            seen.append(taken.state)
        # Money moves when it is mined and not before.
        is_mined = taken.state in (BatchState.MINED, BatchState.CONFIRMED)
        assert yard.holdings.usd(BOB) == (102 if is_mined else 100) * MICRO
        assert bool(taken.transaction_hash) == (taken.state is not BatchState.NEW)
    assert [one.value for one in seen] == [
        "STATE_NEW",
        "STATE_EXECUTED",
        "STATE_MINED",
        "STATE_CONFIRMED",
    ]
    assert yard.relayer.nonce(ANN, BatchKind.WALLET) == 1
    receipt = yard.chain.receipt(taken.transaction_hash)
    assert receipt is not None
    assert receipt.error is None
    assert yard.relayer.find(taken.transaction_id) is taken
    assert yard.relayer.recent(KEY) == [taken]
    assert yard.relayer.recent("another") == []


def test_a_batch_that_would_revert_is_never_broadcast() -> None:
    yard = ChainYard()
    taken = yard.relayer.submit(yard.batch(ANN, pay(), pay(100 * MICRO)), KEY, OWN)
    yard.play(20.0)
    assert taken.state is BatchState.INVALID
    assert taken.error == "execution reverted: ERC20: transfer amount exceeds balance"
    assert taken.transaction_hash == ""
    assert yard.holdings.usd(BOB) == 100 * MICRO
    assert yard.relayer.nonce(ANN, BatchKind.WALLET) == 0
    yard.relayer.submit(yard.batch(ANN, pay()), KEY, OWN)


def test_one_whose_money_goes_away_meanwhile_fails_as_a_whole() -> None:
    yard = ChainYard()
    taken = yard.relayer.submit(yard.batch(ANN, pay(), pay(99 * MICRO)), KEY, OWN)
    while taken.state is BatchState.NEW:
        yard.play(0.1)
    yard.perform(ANN, pay(2 * MICRO))
    yard.play(20.0)
    assert taken.state is BatchState.FAILED
    assert taken.error == "execution reverted: ERC20: transfer amount exceeds balance"
    assert yard.holdings.usd(BOB) == 102 * MICRO
    assert yard.relayer.nonce(ANN, BatchKind.WALLET) == 0
    yard.assert_conserved()


def test_a_proxys_nonce_is_used_up_by_a_batch_that_fails() -> None:
    yard = ChainYard()
    batch = WalletBatch(BatchKind.PROXY, ANN, ANN, 0, (pay(100 * MICRO),))
    taken = yard.relayer.submit(batch, KEY, OWN)
    while taken.state is BatchState.NEW:
        yard.play(0.1)
    yard.perform(ANN, pay())
    yard.play(20.0)
    assert taken.state is BatchState.FAILED
    assert yard.relayer.nonce(ANN, BatchKind.PROXY) == 1


def test_sets_are_made_and_melted_in_one_batch() -> None:
    yard = ChainYard()
    name = yard.first.condition_id
    calls = (SplitCall(COLLATERAL_ADAPTER, name, 9), MergeCall(COLLATERAL_ADAPTER, name, 4))
    yard.relayer.submit(yard.batch(ANN, *calls), KEY, OWN)
    yard.play(20.0)
    assert yard.shares(ANN) == (5, 5)


def test_a_wallet_does_one_thing_at_a_time_and_others_are_not_held_up() -> None:
    yard = ChainYard()
    taken = yard.relayer.submit(yard.batch(ANN, pay()), KEY, OWN)
    with pytest.raises(RelayerRefusedError, match="wallet has in-flight action"):
        yard.relayer.submit(yard.batch(ANN, pay()), KEY, OWN)
    yard.relayer.submit(yard.batch(BOB, pay()), KEY, OWN)
    while taken.state is BatchState.NEW:
        yard.play(0.1)
    with pytest.raises(RelayerRefusedError, match=r"wallet busy: .* active action"):
        yard.relayer.submit(yard.batch(ANN, pay(), nonce=0), KEY, OWN)
    while taken.state is BatchState.EXECUTED:
        yard.play(0.1)
    yard.relayer.submit(yard.batch(ANN, pay()), KEY, OWN)


@pytest.mark.parametrize("nonce", [1, 7])
def test_a_nonce_of_another_time_is_told_the_right_one(nonce: int) -> None:
    yard = ChainYard()
    with pytest.raises(RelayerRefusedError) as refused:
        yard.relayer.submit(yard.batch(ANN, pay(), nonce=nonce), KEY, OWN)
    assert refused.value.status == 400
    assert refused.value.words == f"batch nonce {nonce} does not match on-chain nonce 0"


def few(**changes: int) -> ChainYard:
    return ChainYard(OnChainSettings(relayer=RelayerSettings(**changes)))


def test_units_come_back_a_day_after_they_were_used() -> None:
    yard = few(a_day=2, a_minute=50, day_s=1_000)
    for _ in range(2):
        yard.relayer.submit(yard.batch(ANN, pay(1)), KEY, POOR)
        yard.play(100.0)
    with pytest.raises(RelayerRefusedError) as refused:
        yard.relayer.submit(yard.batch(ANN, pay(1)), KEY, POOR)
    assert refused.value.status == 429
    assert refused.value.words == "quota exceeded: 0 units remaining, resets in 800 seconds"
    assert refused.value.retry_after_s == 800
    # Another key, a verified one and an owner's are not held by it.
    for key, tier in (("other", POOR), ("builder", RICH), ("own", OWN)):
        yard.relayer.submit(yard.batch(BOB, pay(1)), key, tier)
        yard.play(20.0)
    yard.play(739.0)
    with pytest.raises(RelayerRefusedError, match="resets in 1 seconds"):
        yard.relayer.submit(yard.batch(ANN, pay(1)), KEY, POOR)
    yard.play(1.0)
    yard.relayer.submit(yard.batch(ANN, pay(1)), KEY, POOR)


def test_a_verified_key_has_a_quota_too() -> None:
    yard = few(a_day_verified=1)
    yard.relayer.submit(yard.batch(ANN, pay(1)), KEY, RICH)
    with pytest.raises(RelayerRefusedError, match="quota exceeded"):
        yard.relayer.submit(yard.batch(BOB, pay(1)), KEY, RICH)


def test_nobody_submits_without_pause() -> None:
    yard = few(a_minute=2)
    yard.relayer.submit(yard.batch(ANN, pay(1)), KEY, OWN)
    yard.play(20.0)
    yard.relayer.submit(yard.batch(ANN, pay(1)), KEY, OWN)
    yard.play(20.0)
    with pytest.raises(RelayerRefusedError) as refused:
        yard.relayer.submit(yard.batch(ANN, pay(1)), KEY, OWN)
    assert (refused.value.status, refused.value.retry_after_s) == (429, 20)
    yard.play(20.0)
    yard.relayer.submit(yard.batch(ANN, pay(1)), KEY, OWN)


def test_what_is_refused_uses_nothing_up() -> None:
    yard = few(a_day=1)
    for _ in range(3):
        with pytest.raises(RelayerRefusedError, match="nonce"):
            yard.relayer.submit(yard.batch(ANN, pay(1), nonce=9), KEY, POOR)
    yard.relayer.submit(yard.batch(ANN, pay(1)), KEY, POOR)


def test_a_deposit_wallet_is_made_once_and_then_has_code() -> None:
    yard = ChainYard()
    owner, wallet = wallet_of("dora"), wallet_of("dora's wallet")
    create = WalletBatch(BatchKind.WALLET_CREATE, owner, wallet, 0, ())
    with pytest.raises(RelayerRefusedError, match="not deployed"):
        yard.relayer.submit(WalletBatch(BatchKind.WALLET, owner, wallet, 0, (pay(0),)), KEY, OWN)
    yard.relayer.submit(create, KEY, OWN)
    assert not yard.wallets.is_deployed(wallet)
    yard.play(20.0)
    assert yard.wallets.is_deployed(wallet)
    assert yard.wallets.is_wallet_of(wallet, owner, 3)
    with pytest.raises(RelayerRefusedError, match="already deployed"):
        yard.relayer.submit(create, KEY, OWN)
    yard.relayer.submit(WalletBatch(BatchKind.WALLET, owner, wallet, 0, (pay(0),)), KEY, OWN)

"""Transactions of single keys: what a node refuses, when they are mined, what they cost."""

from __future__ import annotations

import pytest
from chain_yard import ANN, BOB, CEM, ChainYard

from polytui.model.units import MICRO
from polytui.sim.exchange.calls import RevertingCall, SplitCall, TransferCall
from polytui.sim.exchange.chain import ChainRefusedError, ChainSettings
from polytui.sim.exchange.contracts import COLLATERAL_ADAPTER, PUSD
from polytui.sim.exchange.on_chain import OnChainSettings

POL = 10**18


def pay(amount: int = MICRO) -> TransferCall:
    return TransferCall(PUSD, BOB, amount)


def test_it_is_mined_at_a_block_within_seconds_and_leaves_a_receipt() -> None:
    yard = ChainYard()
    first = yard.chain.block
    sent = yard.transaction(ANN, pay(), 0)
    yard.chain.send(sent)
    assert yard.chain.receipt(sent.transaction_hash) is None
    assert yard.chain.sent(sent.transaction_hash) == sent
    assert yard.chain.count(ANN) == 0
    assert yard.chain.count(ANN, with_waiting=True) == 1
    assert yard.holdings.usd(BOB) == 100 * MICRO
    yard.play(6.1)
    receipt = yard.chain.receipt(sent.transaction_hash)
    assert receipt is not None
    assert receipt.error is None
    assert first < receipt.block <= first + 3
    assert yard.holdings.usd(BOB) == 101 * MICRO
    assert yard.chain.count(ANN) == 1
    assert yard.chain.balance_wei(ANN) == 100 * POL - receipt.gas_used * receipt.gas_price
    # The deposit beside it bears the block's own moment.
    assert yard.yard.acts.of(BOB)[0].at_ns == yard.chain.block_ns(receipt.block)


def test_one_that_reverts_costs_its_gas_and_its_nonce() -> None:
    yard = ChainYard()
    sent = yard.transaction(ANN, pay(101 * MICRO), 0)
    yard.chain.send(sent)
    yard.play(7.0)
    receipt = yard.chain.receipt(sent.transaction_hash)
    assert receipt is not None
    assert receipt.error == "ERC20: transfer amount exceeds balance"
    assert yard.chain.count(ANN) == 1
    assert yard.chain.balance_wei(ANN) < 100 * POL
    assert yard.holdings.usd(ANN) == 100 * MICRO


def test_out_of_gas_does_nothing() -> None:
    yard = ChainYard()
    sent = yard.transaction(ANN, pay(), 0, gas=30_000)
    yard.chain.send(sent)
    yard.play(7.0)
    receipt = yard.chain.receipt(sent.transaction_hash)
    assert receipt is not None
    assert (receipt.error, receipt.gas_used) == ("out of gas", 30_000)
    assert yard.holdings.usd(BOB) == 100 * MICRO


def test_a_senders_transactions_wait_for_those_before_them() -> None:
    yard = ChainYard()
    split = SplitCall(COLLATERAL_ADAPTER, yard.first.condition_id, 100 * MICRO)
    later, sooner = yard.transaction(ANN, split, 1), yard.transaction(ANN, pay(), 0)
    yard.chain.send(later)
    yard.play(60.0)
    assert yard.chain.receipt(later.transaction_hash) is None
    yard.chain.send(sooner)
    yard.play(7.0)
    receipts = [yard.chain.receipt(one.transaction_hash) for one in (sooner, later)]
    # After the payment there is less than a hundred dollars left.
    assert [one.error for one in receipts if one] == [
        None,
        "ERC20: transfer amount exceeds balance",
    ]
    places = [(one.block, one.index) for one in receipts if one]
    assert places == sorted(set(places))


@pytest.mark.parametrize(
    ("nonce", "other", "words"),
    [
        (0, {}, "nonce too low: next nonce 1, tx nonce 0"),
        (65, {}, "nonce too high"),
        (1, {"gas": 20_999}, "intrinsic gas too low"),
        (1, {"price": 1}, "transaction underpriced"),
        (1, {"value": 101 * POL}, "insufficient funds for gas"),
        (2, {}, "replacement transaction underpriced"),
    ],
)
def test_a_node_refuses(nonce: int, other: dict[str, int], words: str) -> None:
    yard = ChainYard()
    yard.chain.send(yard.transaction(ANN, pay(), 0))
    yard.play(7.0)
    yard.chain.send(yard.transaction(ANN, pay(), 2))
    with pytest.raises(ChainRefusedError, match=words):
        yard.chain.send(yard.transaction(ANN, pay(), nonce, **other))
    assert yard.holdings.usd(BOB) == 101 * MICRO


def test_the_same_one_twice_is_known_and_a_dearer_one_takes_its_place() -> None:
    yard = ChainYard()
    cheap = yard.transaction(ANN, pay(), 0)
    yard.chain.send(cheap)
    with pytest.raises(ChainRefusedError, match="already known"):
        yard.chain.send(cheap)
    dear = yard.transaction(ANN, pay(5 * MICRO), 0, price=yard.chain.gas_price_wei * 2)
    yard.chain.send(dear)
    yard.play(9.0)
    assert yard.chain.receipt(cheap.transaction_hash) is None
    assert yard.chain.receipt(dear.transaction_hash) is not None
    assert yard.holdings.usd(BOB) == 105 * MICRO


def test_coins_of_the_chain_move_and_cannot_be_sent_twice() -> None:
    yard = ChainYard()
    yard.chain.send(yard.transaction(ANN, None, 0, value=60 * POL, to=1))
    yard.chain.send(yard.transaction(ANN, None, 1, value=60 * POL, to=1))
    yard.play(9.0)
    assert yard.chain.balance_wei(CEM) == 160 * POL
    assert 39 * POL < yard.chain.balance_wei(ANN) < 40 * POL
    assert yard.chain.count(ANN) == 2


def test_a_call_that_no_contract_knows_reverts_without_words() -> None:
    yard = ChainYard()
    sent = yard.transaction(ANN, RevertingCall(PUSD), 0)
    yard.chain.send(sent)
    yard.play(7.0)
    receipt = yard.chain.receipt(sent.transaction_hash)
    assert receipt is not None
    assert receipt.error == ""


def test_nobody_is_on_the_agenda_while_nobody_sends() -> None:
    settings = OnChainSettings(chain=ChainSettings(block_s=0.001))
    yard, quiet = ChainYard(settings), ChainYard(settings)
    sent = yard.transaction(ANN, pay(), 0)
    yard.chain.send(sent)
    yard.play(30.0)
    quiet.play(30.0)
    assert yard.chain.receipt(sent.transaction_hash) is not None
    # The same world afterwards: nothing of the chain waits in it, though blocks go by.
    assert yard.world.next_ns() == quiet.world.next_ns()


def test_it_waits_for_its_block() -> None:
    yard = ChainYard(OnChainSettings(chain=ChainSettings(waits_blocks=(3, 3))))
    first, sent = yard.chain.block, yard.transaction(ANN, pay(), 0)
    yard.chain.send(sent)
    yard.play(9.0)
    receipt = yard.chain.receipt(sent.transaction_hash)
    assert receipt is not None
    assert receipt.block == first + 3


def test_old_receipts_make_room() -> None:
    yard = ChainYard(OnChainSettings(chain=ChainSettings(kept=2)))
    sent = [yard.transaction(ANN, pay(1), nonce) for nonce in range(3)]
    for one in sent:
        yard.chain.send(one)
        yard.play(9.0)
    found = [yard.chain.receipt(one.transaction_hash) is not None for one in sent]
    assert found == [False, True, True]
    assert yard.chain.sent(sent[0].transaction_hash) is None

"""The ledger's own promises: nothing comes from nowhere, and what cannot be whole is not begun."""

from __future__ import annotations

import pytest
from trading_floor import ANNA, BORIS, CLARA, DOWN, UP, TradingFloor, shares, usd

from polytui.model.units import Shares, Usd
from polytui.sim.exchange.contracts import CTF_EXCHANGE, EXCHANGES, PUSD
from polytui.sim.exchange.holdings import Holdings, ShortError

LISTED = TradingFloor().round


@pytest.fixture
def holdings() -> Holdings:
    holdings = Holdings()
    holdings.fund(ANNA, usd(10), 5)
    holdings.fund(BORIS, usd(10), 6, is_approved=False)
    return holdings


def seen(holdings: Holdings) -> list[object]:
    """Everything that anybody could ask."""
    wallets = (ANNA, BORIS, CLARA)
    return [
        holdings.funded,
        *(holdings.usd(wallet) for wallet in wallets),
        *(holdings.positions(wallet) for wallet in wallets),
        list(holdings.every_set()),
    ]


def test_the_faucet_gives_dollars_and_every_approval_unless_told_otherwise(
    holdings: Holdings,
) -> None:
    assert holdings.funded == usd(20)
    assert [(one.at_ns, one.wallet, one.usd) for one in holdings.deposits] == [
        (5, ANNA, usd(10)),
        (6, BORIS, usd(10)),
    ]
    for exchange in EXCHANGES:
        assert holdings.approvals.allowance(ANNA, PUSD, exchange) > usd(1e12)
        assert holdings.approvals.allowance(BORIS, PUSD, exchange) == 0


def test_a_set_is_a_dollar_both_ways(holdings: Holdings) -> None:
    holdings.split(ANNA, LISTED, shares(4))
    assert holdings.positions(ANNA) == {LISTED.up_token: shares(4), LISTED.down_token: shares(4)}
    sets = holdings.sets(LISTED.condition_id)
    assert sets is not None
    assert (holdings.usd(ANNA), sets.locked) == (usd(6), usd(4))
    holdings.merge(ANNA, LISTED, shares(3))
    assert (holdings.usd(ANNA), holdings.outstanding(LISTED.up_token)) == (usd(9), shares(1))


def test_what_there_is_too_little_of_moves_nothing(holdings: Holdings) -> None:
    holdings.split(ANNA, LISTED, shares(4))
    holdings.transfer_shares(ANNA, BORIS, LISTED.up_token, shares(4))
    before = seen(holdings)
    for impossible in (
        lambda: holdings.split(ANNA, LISTED, shares(7)),
        lambda: holdings.merge(ANNA, LISTED, shares(1)),
        lambda: holdings.transfer_usd(ANNA, BORIS, usd(6.000001)),
        lambda: holdings.transfer_shares(ANNA, BORIS, LISTED.down_token, shares(5)),
        # Boris could pay his half, Clara has nothing.
        lambda: holdings.mint(LISTED, shares(2), {BORIS: usd(1), CLARA: usd(1)}, (BORIS, CLARA)),
        lambda: holdings.melt(LISTED, shares(2), (BORIS, CLARA), {BORIS: usd(1), CLARA: usd(1)}),
    ):
        with pytest.raises(ShortError):
            impossible()
        assert seen(holdings) == before


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_and_less_than_nothing_are_no_amounts(holdings: Holdings, amount: int) -> None:
    before = seen(holdings)
    with pytest.raises(ValueError, match="must be positive"):
        holdings.fund(ANNA, Usd(amount), 0)
    with pytest.raises(ValueError, match="must be positive"):
        holdings.split(ANNA, LISTED, Shares(amount))
    with pytest.raises(ValueError, match="must be positive"):
        holdings.merge(ANNA, LISTED, Shares(amount))
    if amount:
        with pytest.raises(ValueError, match="must not be negative"):
            holdings.transfer_usd(ANNA, BORIS, Usd(amount))
    assert seen(holdings) == before


def test_a_set_costs_a_dollar_whoever_pays(holdings: Holdings) -> None:
    with pytest.raises(ValueError, match="a set is a dollar"):
        holdings.mint(LISTED, shares(2), {ANNA: usd(1), BORIS: usd(0.5)}, (ANNA, BORIS))
    with pytest.raises(ValueError, match="a set is a dollar"):
        holdings.mint(LISTED, shares(2), {ANNA: usd(3), BORIS: usd(-1)}, (ANNA, BORIS))


def test_a_batch_is_whole_or_nothing_also_inside_another(holdings: Holdings) -> None:
    def batch() -> None:
        with holdings.atomic():
            holdings.split(ANNA, LISTED, shares(4))
            holdings.print_usd(CLARA, usd(5))
            holdings.approvals.approve(BORIS, PUSD, CTF_EXCHANGE, 7)
            with holdings.atomic():
                holdings.transfer_usd(ANNA, BORIS, usd(2))
            holdings.transfer_usd(ANNA, BORIS, usd(5))

    before = seen(holdings)
    with pytest.raises(ShortError):
        batch()
    assert seen(holdings) == before
    assert holdings.approvals.allowance(BORIS, PUSD, CTF_EXCHANGE) == 0


def test_an_inner_batch_that_fails_leaves_what_went_before(holdings: Holdings) -> None:
    def inner() -> None:
        with holdings.atomic():
            holdings.transfer_usd(BORIS, CLARA, usd(1))
            holdings.transfer_usd(BORIS, CLARA, usd(100))

    with holdings.atomic():
        holdings.transfer_usd(ANNA, BORIS, usd(2))
        with pytest.raises(ShortError):
            inner()
    assert (holdings.usd(ANNA), holdings.usd(BORIS), holdings.usd(CLARA)) == (usd(8), usd(12), 0)


def test_a_result_is_final_and_winners_are_paid(holdings: Holdings) -> None:
    holdings.split(ANNA, LISTED, shares(4))
    with pytest.raises(ValueError, match="not received yet"):
        holdings.redeem(ANNA, LISTED.up_token, shares(4))
    holdings.resolve(LISTED, DOWN)
    holdings.resolve(LISTED, DOWN)
    with pytest.raises(ValueError, match="reported already"):
        holdings.resolve(LISTED, UP)
    assert holdings.redeem(ANNA, LISTED.up_token, shares(4)) == 0
    assert holdings.redeem(ANNA, LISTED.down_token, shares(1)) == usd(1)
    with pytest.raises(ShortError):
        holdings.redeem(ANNA, LISTED.down_token, shares(4))
    sets = holdings.sets(LISTED.up_token)
    assert sets is not None
    assert (sets.locked, holdings.usd(ANNA)) == (usd(3), usd(7))
    assert holdings.positions(ANNA) == {LISTED.down_token: shares(3)}

"""What the index knows and when; what positions cost, as it counts."""

from __future__ import annotations

import pytest
from attrs import evolve
from chain_yard import ANN, BOB, UP, ChainYard, traded
from hypothesis import given, settings
from hypothesis import strategies as st

from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_S
from polytui.sim.exchange.account_events import TradeTold
from polytui.sim.exchange.calls import MergeCall, SplitCall, TransferSharesCall
from polytui.sim.exchange.contracts import COLLATERAL_ADAPTER, CONDITIONAL_TOKENS
from polytui.sim.exchange.data_index import IndexSettings
from polytui.sim.exchange.on_chain import OnChainSettings
from polytui.sim.exchange.positions import OwnedShares, PositionBook
from polytui.sim.exchange.venue_trade import TradeStatus

PROMPT = OnChainSettings(index=IndexSettings(lag_s=(0.0, 0.0), burst_s=1.0))
LATER = 2**62


def position(yard: ChainYard, wallet: str, is_up: bool = True) -> OwnedShares:
    found = yard.yard.index.positions(wallet, LATER)
    return next(one for one in found if (one.outcome is UP) == is_up)


def test_purchases_make_an_average_and_sales_a_result() -> None:
    yard = ChainYard()
    traded(yard, 40, 10, fee=1_000, number=1)
    traded(yard, 60, 30, fee=2_000, number=2)
    held = position(yard, ANN)
    assert held.average == pytest.approx(0.55)
    assert (held.cost, held.fees) == (22 * MICRO, 3_000)
    traded(yard, 70, 20, side=Side.SELL, fee=500, number=3)
    held = position(yard, ANN)
    assert held.shares == 20 * MICRO
    assert held.average == pytest.approx(0.55)
    assert held.realized == 3 * MICRO - 500
    assert held.fees == 1_500
    assert held.bought == 40 * MICRO
    # The maker's side is of his own outcome, at its own price, and free.
    other = position(yard, BOB, is_up=False)
    assert (other.shares, other.average, other.fees) == (20 * MICRO, pytest.approx(0.45), 0)


def test_sets_count_half_a_dollar_a_share_and_gifts_nothing() -> None:
    yard = ChainYard()
    name = yard.first.condition_id
    yard.perform(ANN, SplitCall(COLLATERAL_ADAPTER, name, 10 * MICRO))
    up, down = position(yard, ANN), position(yard, ANN, is_up=False)
    assert up.cost == down.cost == 5 * MICRO
    gift = TransferSharesCall(CONDITIONAL_TOKENS, ANN, BOB, yard.first.up_token, 4 * MICRO)
    yard.perform(ANN, gift)
    yard.perform(ANN, MergeCall(COLLATERAL_ADAPTER, name, 6 * MICRO))
    up, down = position(yard, ANN), position(yard, ANN, is_up=False)
    assert (up.shares, up.realized) == (0, 0)
    assert (down.shares, down.cost, down.realized) == (4 * MICRO, 2 * MICRO, 0)
    given_away = position(yard, BOB)
    assert (given_away.shares, given_away.cost) == (4 * MICRO, 0)


def test_asking_again_goes_on_where_it_was_and_finds_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    yard = ChainYard()
    index, name = yard.yard.index, yard.first.condition_id
    moments = []
    for number in range(1, 30):
        traded(yard, 30 + number, number, fee=number, number=number)
        yard.play(0.5)
        if number % 3 == 0:
            yard.perform(ANN, SplitCall(COLLATERAL_ADAPTER, name, MICRO))
        if number == 20:
            late = evolve(traded(yard, 90, 5, number=99), trade_id="late", updated_ns=moments[9])
            yard.yard.note(TradeTold(yard.world.now_ns, late))
        moments.append(yard.world.now_ns)
        found = index.positions(ANN, moments[-1])
        assert found == positions_anew(yard, moments[-1])
        for held in found:
            held.add(MICRO, MICRO)
        # Older pages are as they were, and do no harm to the newest.
        assert index.positions(ANN, moments[number // 2]) == positions_anew(
            yard, moments[number // 2]
        )
    assert index.positions(ANN, LATER) == positions_anew(yard, LATER)
    assert index.positions(ANN, LATER) == [
        one for one in index.positions_in(name, LATER) if one.wallet == ANN
    ]
    applied: list[object] = []
    monkeypatch.setattr(PositionBook, "apply", lambda _book, fact: applied.append(fact))
    index.positions(ANN, LATER)
    traded(yard, 50, 1, number=1_000)
    index.positions(ANN, LATER)
    assert len(applied) == 1, "what is new alone"


def positions_anew(yard: ChainYard, until_ns: int) -> list[OwnedShares]:
    book = PositionBook(ANN)
    for fact in yard.yard.index.facts(ANN, until_ns):
        book.apply(fact)
    return book.all()


@pytest.mark.parametrize("status", [one for one in TradeStatus if one is not TradeStatus.MINED])
def test_only_what_is_mined_is_there_and_once(status: TradeStatus) -> None:
    yard = ChainYard()
    traded(yard, 50, 1, status=status)
    assert yard.yard.index.legs(ANN, LATER) == []
    trade = traded(yard, 50, 1)
    yard.yard.note(TradeTold(yard.world.now_ns, trade))
    yard.yard.note(TradeTold(yard.world.now_ns, evolve(trade, status=TradeStatus.CONFIRMED)))
    assert len(yard.yard.index.legs(ANN, LATER)) == 1
    assert len(yard.yard.index.legs(None, LATER)) == 2


def test_it_is_one_to_three_minutes_behind_in_order_and_never_goes_back() -> None:
    yard = ChainYard()
    mined: list[int] = []
    seen_after: list[float] = []
    horizon = 0
    for number in range(240):
        if number % 7 == 0 and number < 120:
            mined.append(yard.world.now_ns)
            traded(yard, 50, 1, number=number)
        index = yard.yard.index
        assert index.horizon_ns >= horizon
        horizon = index.horizon_ns
        known = index.legs(ANN, horizon)
        # Nothing is seen before what came earlier.
        assert [leg.at_ns for leg in known] == mined[: len(known)]
        while len(seen_after) < len(known):
            seen_after.append((yard.world.now_ns - mined[len(seen_after)]) / NS_PER_S)
        yard.play(2.0)
    assert len(seen_after) == len(mined)
    # A burst of 15 s, then one minute to three, looked at every two seconds.
    assert all(60.0 <= after <= 197.0 for after in seen_after)
    assert max(seen_after) - min(seen_after) > 20.0


def test_without_a_lag_it_is_seen_at_once() -> None:
    yard = ChainYard(PROMPT)
    traded(yard, 50, 1)
    yard.play(1.1)
    assert len(yard.yard.index.legs(ANN, yard.yard.index.horizon_ns)) == 1


def test_deposits_stand_beside_the_rest() -> None:
    yard = ChainYard()
    yard.perform(ANN, SplitCall(COLLATERAL_ADAPTER, yard.first.condition_id, MICRO))
    facts = yard.yard.index.facts(ANN, LATER)
    assert [type(one).__name__ for one in facts] == ["WalletAct", "WalletAct"]
    assert facts[0].usd == 100 * MICRO
    assert yard.yard.index.facts(ANN, 0) == []


def test_a_round_is_forgotten_as_a_whole_when_there_is_too_much() -> None:
    yard = ChainYard(OnChainSettings(index=IndexSettings(kept_legs=6)))
    old = yard.first
    yard.perform(ANN, SplitCall(COLLATERAL_ADAPTER, old.condition_id, MICRO))
    traded(yard, 50, 1, number=1)
    rounds = sorted(yard.world.rounds.values(), key=lambda one: one.opens_ns)
    yard.first = rounds[1]
    for number in (2, 3):
        traded(yard, 50, 1, number=number)
    assert len(yard.yard.index.legs(None, LATER)) == 6
    traded(yard, 50, 1, number=4)
    # What is left adds up: no act of a round whose trades are gone.
    legs = yard.yard.index.legs(None, LATER)
    assert [leg.listed for leg in legs] == [rounds[1]] * 6
    facts = yard.yard.index.facts(ANN, LATER)
    assert all(fact.listed in (None, rounds[1]) for fact in facts)
    assert len(yard.yard.index.legs(ANN, LATER)) == 3
    assert yard.yard.index.positions_in(old.condition_id, LATER) == []


moves = st.lists(
    st.tuples(st.sampled_from(["split", "merge", "gift"]), st.integers(1, 40)), max_size=20
)


@settings(max_examples=40, deadline=None)
@given(moves)
def test_positions_are_what_the_chain_says_wallets_hold(wishes: list[tuple[str, int]]) -> None:
    yard = ChainYard()
    first, effects = yard.first, yard.yard.effects
    for kind, amount in wishes:
        call = {
            "split": SplitCall(COLLATERAL_ADAPTER, first.condition_id, amount),
            "merge": MergeCall(COLLATERAL_ADAPTER, first.condition_id, amount),
            "gift": TransferSharesCall(CONDITIONAL_TOKENS, ANN, BOB, first.up_token, amount),
        }[kind]
        if effects.try_out(ANN, (call,)) is None:
            yard.perform(ANN, call)
    for wallet in (ANN, BOB):
        told = {one.token_id: one.shares for one in yard.yard.index.positions(wallet, LATER)}
        held = yard.holdings.positions(wallet)
        assert {name: size for name, size in told.items() if size} == held
        for one in yard.yard.index.positions(wallet, LATER):
            assert one.cost >= 0
            assert one.shares or not one.cost

"""Rounds that are listed no longer: what somebody holds of them is still worth what it is."""

from __future__ import annotations

import pytest
from trading_floor import ANNA, BUY, UP, TradingFloor, shares, usd

from polytui.model.instrument import Interval
from polytui.sim.exchange.calls import RedeemCall, SplitCall
from polytui.sim.exchange.contracts import splitter_of
from polytui.sim.exchange.effects import Effects
from polytui.sim.exchange.wallet_acts import WalletActs
from polytui.sim.wire.data.rows import price_of
from polytui.sim.world.resolver import ResolverSettings

FORGOTTEN_S = 60.0


@pytest.fixture
def floor() -> TradingFloor:
    resolver = ResolverSettings(forget_s=FORGOTTEN_S)
    floor = TradingFloor(interval=Interval.M5, resolver=resolver)
    floor.fund(100, ANNA)
    return floor


def play_until_forgotten(floor: TradingFloor) -> None:
    while floor.round.slug in floor.world.rounds:
        floor.play(60.0)


def test_what_somebody_holds_can_be_redeemed_when_its_round_is_long_gone(
    floor: TradingFloor,
) -> None:
    holdings, listed = floor.exchange.holdings, floor.round
    effects = Effects(floor.world, holdings, WalletActs())
    target = splitter_of(listed)
    effects.perform(ANNA, [SplitCall(target, listed.condition_id, shares(10))], "0x1")
    play_until_forgotten(floor)
    worth = sum(price_of(floor.world, listed, one, True) for one in (UP, UP.other))
    assert worth == usd(1), "a set is a dollar, whoever won"
    late = floor.place_one(floor.order(ANNA, UP, BUY, 50, 10))
    assert late.refusal == f"the orderbook {listed.up_token} does not exist"
    effects.perform(ANNA, [RedeemCall(target, listed.condition_id)], "0x2")
    assert holdings.usd(ANNA) == usd(100)
    assert not holdings.positions(ANNA)


def test_a_round_of_which_nobody_holds_anything_is_forgotten(floor: TradingFloor) -> None:
    play_until_forgotten(floor)
    assert floor.world.find(floor.round.condition_id) is None
    assert price_of(floor.world, floor.round, UP, True) == 0
    with pytest.raises(KeyError):
        floor.world.status(floor.round.slug)

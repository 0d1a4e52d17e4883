"""Every limit at its threshold, just under, and just over."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from polytui.config.schema import Settings
from polytui.model.effects import Reason, Stamp, Why
from polytui.model.instrument import Outcome
from polytui.model.orders import Quote, Side
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, Usd
from polytui.risk.kill_switch import KillSwitch
from polytui.risk.limits import Standing, stamp

SETTINGS = Settings()
NOW_NS = 1_795_204_800 * NS_PER_S
BUY = Quote(Outcome.UP, Side.BUY, Price(500_000), Shares(20 * MICRO))
"""Ten dollars, and ten cents of fee in `standing`."""
COST = 10_100_000
SELL = Quote(Outcome.UP, Side.SELL, Price(500_000), Shares(20 * MICRO))


def standing(**changes: Any) -> Standing:
    """Nothing at stake and plenty of cash."""
    clear = Standing(
        now_ns=NOW_NS,
        is_killed=False,
        tick=Price(10_000),
        fee=Usd(100_000),
        held=Shares(0),
        selling=Shares(0),
        last_entry_ns=0,
        round_usd=Usd(0),
        asset_usd=Usd(0),
        account_usd=Usd(0),
        free_cash=Usd(1_000 * MICRO),
        working_orders=0,
        realised_today=Usd(0),
    )
    return evolve(clear, **changes)


def reason_of(quote: Quote, at: Standing, settings: Settings = SETTINGS) -> Reason | None:
    answer = stamp(quote, at, settings)
    return answer.reason if isinstance(answer, Why) else None


def usd(dollars: float) -> Usd:
    return Usd(round(dollars * MICRO))


def test_a_stamp_says_what_is_at_risk_with_the_order() -> None:
    answer = stamp(BUY, standing(account_usd=usd(5)), SETTINGS)
    assert isinstance(answer, Stamp)
    assert answer.exposure == 5_000_000 + COST


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        # the fee counts: 25 dollars an order
        ({"fee": usd(15)}, None),
        ({"fee": Usd(15_000_001)}, Reason.LIMIT_ORDER),
        # 50 a round
        ({"round_usd": Usd(50_000_000 - COST)}, None),
        ({"round_usd": Usd(50_000_001 - COST)}, Reason.LIMIT_ROUND),
        # 100 an asset
        ({"asset_usd": Usd(100_000_000 - COST)}, None),
        ({"asset_usd": Usd(100_000_001 - COST)}, Reason.LIMIT_ASSET),
        # 300 in all
        ({"account_usd": Usd(300_000_000 - COST)}, None),
        ({"account_usd": Usd(300_000_001 - COST)}, Reason.LIMIT_ACCOUNT),
        # what is in the till
        ({"free_cash": Usd(COST)}, None),
        ({"free_cash": Usd(COST - 1)}, Reason.LIMIT_CASH),
        # four working orders, this one included
        ({"working_orders": 3}, None),
        ({"working_orders": 4}, Reason.LIMIT_ORDERS),
        ({"working_orders": 5}, Reason.LIMIT_ORDERS),
        # 100 lost today
        ({"realised_today": Usd(-99_999_999)}, None),
        ({"realised_today": usd(-100)}, Reason.LIMIT_DAILY_LOSS),
        ({"realised_today": usd(500)}, None),
        # 4 s between entries
        ({"last_entry_ns": NOW_NS - 4 * NS_PER_S}, None),
        ({"last_entry_ns": NOW_NS - 4 * NS_PER_S + 1}, Reason.COOLDOWN),
        ({"is_killed": True}, Reason.KILL_SWITCH),
        ({"tick": Price(1_000)}, None),
        ({"tick": Price(300_000)}, Reason.OFF_TICK),
    ],
)
def test_a_buy_at_and_just_beyond_each_limit(
    changes: dict[str, Any], reason: Reason | None
) -> None:
    assert reason_of(BUY, standing(**changes)) is reason


@pytest.mark.parametrize(
    ("price", "is_on"), [(0, False), (10_000, True), (505_000, False), (990_000, True)]
)
def test_a_price_off_the_grid_goes_nowhere(price: int, is_on: bool) -> None:
    for side in Side:
        quote = evolve(BUY, price=Price(price), side=side)
        answer = reason_of(quote, standing(held=Shares(20 * MICRO)))
        assert (answer is Reason.OFF_TICK) is not is_on


def test_the_reason_comes_with_both_numbers() -> None:
    answer = stamp(BUY, standing(round_usd=usd(45)), SETTINGS)
    assert answer == Why(Reason.LIMIT_ROUND, 55.1, 50.0, "USD")


@pytest.mark.parametrize(
    ("held", "selling", "allowed"),
    [(20, 0, True), (19.999999, 0, False), (25, 5, True), (25, 5.000001, False), (0, 0, False)],
)
def test_nothing_is_sold_that_is_not_held_or_is_offered_already(
    held: float, selling: float, allowed: bool
) -> None:
    at = standing(held=Shares(round(held * MICRO)), selling=Shares(round(selling * MICRO)))
    assert (reason_of(SELL, at) is None) is allowed
    assert allowed or reason_of(SELL, at) is Reason.NOT_HELD


def test_a_sale_is_allowed_when_nothing_else_is() -> None:
    """It lowers what is at stake: the kill switch and the limits are no reason to keep it."""
    at = standing(
        held=Shares(20 * MICRO),
        is_killed=True,
        working_orders=9,
        account_usd=usd(999),
        free_cash=usd(-1),
        realised_today=usd(-500),
        last_entry_ns=NOW_NS,
    )
    answer = stamp(SELL, at, SETTINGS)
    assert isinstance(answer, Stamp)
    assert answer.exposure == usd(999)


# --- the kill switch ----------------------------------------------------------------------------


def test_the_first_reason_for_a_kill_stays() -> None:
    switch = KillSwitch()
    assert switch.trip("daily loss", 5)
    assert not switch.trip("command", 6)
    assert switch.state() == (True, "daily loss", 5)


def test_a_kill_lasts_until_a_person_rearms() -> None:
    switch = KillSwitch()
    switch.trip("daily loss", 5)
    switch.rearm()
    assert not switch.is_on
    assert switch.trip("again", 7)
    assert switch.why == "again"

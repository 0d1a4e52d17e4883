"""Every limit at its threshold, just under, and just over."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve, fields
from hypothesis import given
from hypothesis import strategies as st

from polytui.config.schema import RiskSettings, Settings
from polytui.model.effects import Reason, Stamp, Why
from polytui.model.instrument import Outcome
from polytui.model.orders import Quote, Side
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, Usd, is_on_tick
from polytui.risk.kill_switch import KillSwitch
from polytui.risk.limits import PreTrade, Scope, Used, limits_used, room, stamp

SETTINGS = Settings()
NOW_NS = 1_795_204_800 * NS_PER_S
BUY = Quote(Outcome.UP, Side.BUY, Price(500_000), Shares(20 * MICRO))
"""Ten dollars, and ten cents of fee in `pre_trade`."""
COST = 10_100_000
SELL = Quote(Outcome.UP, Side.SELL, Price(500_000), Shares(20 * MICRO))


def pre_trade(**changes: Any) -> PreTrade:
    """Nothing at stake and plenty of cash."""
    clear = PreTrade(
        now_ns=NOW_NS,
        is_killed=False,
        tick=Price(10_000),
        fee=Usd(100_000),
        held=Shares(0),
        selling=Shares(0),
        last_entry_ns=0,
        is_round_open=False,
        is_reducing=False,
        unpaired=Shares(0),
        outcome_usd=Usd(0),
        round_usd=Usd(0),
        asset_usd=Usd(0),
        closing_usd=Usd(0),
        account_usd=Usd(0),
        free_cash=Usd(1_000 * MICRO),
        open_rounds=0,
        interval_rounds=0,
        asset_rounds=0,
        working_orders=0,
        round_orders=0,
        trades_today=0,
        realised_today=Usd(0),
        at_stake=Usd(0),
        drawdown=Usd(0),
        drawdown_pct=0,
        losses_in_a_row=0,
    )
    return evolve(clear, **changes)


def reason_of(quote: Quote, at: PreTrade, settings: Settings = SETTINGS) -> Reason | None:
    answer = stamp(quote, at, settings)
    return answer.reason if isinstance(answer, Why) else None


def usd(dollars: float) -> Usd:
    return Usd(round(dollars * MICRO))


def test_a_stamp_says_what_is_at_risk_with_the_order() -> None:
    answer = stamp(BUY, pre_trade(account_usd=usd(5)), SETTINGS)
    assert isinstance(answer, Stamp)
    assert answer.exposure == 5_000_000 + COST


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        # the fee counts: 25 dollars an order
        ({"fee": usd(15)}, None),
        ({"fee": Usd(15_000_001)}, Reason.LIMIT_ORDER),
        # 50 on an outcome, as on its round
        ({"outcome_usd": Usd(50_000_000 - COST)}, None),
        ({"outcome_usd": Usd(50_000_001 - COST)}, Reason.LIMIT_POSITION),
        # 50 a round
        ({"round_usd": Usd(50_000_000 - COST)}, None),
        ({"round_usd": Usd(50_000_001 - COST)}, Reason.LIMIT_ROUND),
        # 100 an asset
        ({"asset_usd": Usd(100_000_000 - COST)}, None),
        ({"asset_usd": Usd(100_000_001 - COST)}, Reason.LIMIT_ASSET),
        # 60 at one closing time
        ({"closing_usd": Usd(60_000_000 - COST)}, None),
        ({"closing_usd": Usd(60_000_001 - COST)}, Reason.LIMIT_CLOSING),
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
        # eight open rounds, this one included, if it is not one of them
        ({"open_rounds": 7}, None),
        ({"open_rounds": 8}, Reason.LIMIT_OPEN),
        ({"open_rounds": 8, "is_round_open": True}, None),
        ({"open_rounds": 9, "is_round_open": True}, Reason.LIMIT_OPEN),
        # six of them of one interval, three of one asset
        ({"interval_rounds": 5}, None),
        ({"interval_rounds": 6}, Reason.LIMIT_OPEN_INTERVAL),
        ({"interval_rounds": 6, "is_round_open": True}, None),
        ({"interval_rounds": 7, "is_round_open": True}, Reason.LIMIT_OPEN_INTERVAL),
        ({"asset_rounds": 2}, None),
        ({"asset_rounds": 3}, Reason.LIMIT_OPEN_ASSET),
        ({"asset_rounds": 3, "is_round_open": True}, None),
        ({"asset_rounds": 4, "is_round_open": True}, Reason.LIMIT_OPEN_ASSET),
        # twelve orders in a round
        ({"round_orders": 11}, None),
        ({"round_orders": 12}, Reason.LIMIT_ROUND_ORDERS),
        # 500 entries a day
        ({"trades_today": 499}, None),
        ({"trades_today": 500}, Reason.LIMIT_TRADES),
        # 60 below the highest
        ({"drawdown": Usd(59_999_999)}, None),
        ({"drawdown": usd(60)}, Reason.LIMIT_DRAWDOWN),
        ({"drawdown": Usd(60_000_001)}, Reason.LIMIT_DRAWDOWN),
        # a tenth of what there was
        ({"drawdown_pct": 9_999_999}, None),
        ({"drawdown_pct": 10_000_000}, Reason.LIMIT_DRAWDOWN_PCT),
        ({"drawdown_pct": 10_000_001}, Reason.LIMIT_DRAWDOWN_PCT),
        # three losses in a row
        ({"losses_in_a_row": 2}, None),
        ({"losses_in_a_row": 3}, Reason.LIMIT_LOSSES),
        # 100 lost today, if this order and all that is open loses as well
        ({"realised_today": Usd(-100_000_000 + COST)}, None),
        ({"realised_today": Usd(-100_000_001 + COST)}, Reason.LIMIT_DAILY_LOSS),
        ({"realised_today": usd(-100)}, Reason.LIMIT_DAILY_LOSS),
        ({"at_stake": Usd(100_000_000 - COST)}, None),
        ({"at_stake": Usd(100_000_001 - COST)}, Reason.LIMIT_DAILY_LOSS),
        ({"realised_today": usd(-60), "at_stake": Usd(40_000_000 - COST)}, None),
        (
            {"realised_today": usd(-60), "at_stake": Usd(40_000_001 - COST)},
            Reason.LIMIT_DAILY_LOSS,
        ),
        # what was won today may be lost again
        ({"realised_today": usd(60), "at_stake": Usd(160_000_000 - COST)}, None),
        (
            {"realised_today": usd(60), "at_stake": Usd(160_000_001 - COST)},
            Reason.LIMIT_DAILY_LOSS,
        ),
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
    assert reason_of(BUY, pre_trade(**changes)) is reason


@pytest.mark.parametrize(
    ("price", "is_on"), [(0, False), (10_000, True), (505_000, False), (990_000, True)]
)
def test_a_price_off_the_grid_goes_nowhere(price: int, is_on: bool) -> None:
    for side in Side:
        quote = evolve(BUY, price=Price(price), side=side)
        answer = reason_of(quote, pre_trade(held=Shares(20 * MICRO)))
        assert (answer is Reason.OFF_TICK) is not is_on


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"round_usd": usd(45)}, Why(Reason.LIMIT_ROUND, 55.1, 50.0, "USD")),
        ({"outcome_usd": usd(45)}, Why(Reason.LIMIT_POSITION, 55.1, 50.0, "USD")),
        ({"drawdown": usd(61)}, Why(Reason.LIMIT_DRAWDOWN, 61.0, 60.0, "USD")),
        ({"drawdown_pct": 12_500_000}, Why(Reason.LIMIT_DRAWDOWN_PCT, 12.5, 10.0, "%")),
        ({"realised_today": usd(-101)}, Why(Reason.LIMIT_DAILY_LOSS, 111.1, 100.0, "USD")),
        (
            {"realised_today": usd(-20), "at_stake": usd(75)},
            Why(Reason.LIMIT_DAILY_LOSS, 105.1, 100.0, "USD"),
        ),
        ({"closing_usd": usd(50)}, Why(Reason.LIMIT_CLOSING, 60.1, 60.0, "USD")),
        ({"interval_rounds": 6}, Why(Reason.LIMIT_OPEN_INTERVAL, 7.0, 6.0, "rounds")),
        ({"asset_rounds": 3}, Why(Reason.LIMIT_OPEN_ASSET, 4.0, 3.0, "rounds")),
        ({"losses_in_a_row": 4}, Why(Reason.LIMIT_LOSSES, 4.0, 3.0, "rounds")),
        ({"trades_today": 500}, Why(Reason.LIMIT_TRADES, 501.0, 500.0, "trades")),
        ({"open_rounds": 8}, Why(Reason.LIMIT_OPEN, 9.0, 8.0, "rounds")),
        ({"round_orders": 12}, Why(Reason.LIMIT_ROUND_ORDERS, 13.0, 12.0, "orders")),
        ({"account_usd": usd(3), "free_cash": usd(9)}, Why(Reason.LIMIT_CASH, 13.1, 12.0, "USD")),
    ],
)
def test_the_reason_comes_with_both_numbers(changes: dict[str, Any], why: Why) -> None:
    assert stamp(BUY, pre_trade(**changes), SETTINGS) == why


@pytest.mark.parametrize(
    ("shares", "reason"), [(10_000, None), (9_999, Reason.STAKE_SMALL), (0, Reason.STAKE_SMALL)]
)
def test_less_than_a_lot_is_no_order(shares: int, reason: Reason | None) -> None:
    for side in Side:
        quote = evolve(BUY, shares=Shares(shares), side=side)
        assert reason_of(quote, pre_trade(held=Shares(MICRO))) is reason
    assert reason_of(evolve(SELL, shares=Shares(-MICRO)), pre_trade()) is Reason.STAKE_SMALL


@pytest.mark.parametrize(
    ("held", "selling", "allowed"),
    [(20, 0, True), (19.999999, 0, False), (25, 5, True), (25, 5.000001, False), (0, 0, False)],
)
def test_nothing_is_sold_that_is_not_held_or_is_offered_already(
    held: float, selling: float, allowed: bool
) -> None:
    at = pre_trade(held=Shares(round(held * MICRO)), selling=Shares(round(selling * MICRO)))
    assert (reason_of(SELL, at) is None) is allowed
    assert allowed or reason_of(SELL, at) is Reason.NOT_HELD


def test_a_sale_is_allowed_when_nothing_else_is() -> None:
    """It lowers what is at stake: the kill switch and the limits are no reason to keep it."""
    at = pre_trade(
        held=Shares(20 * MICRO),
        is_killed=True,
        working_orders=9,
        account_usd=usd(999),
        free_cash=usd(-1),
        realised_today=usd(-500),
        last_entry_ns=NOW_NS,
        open_rounds=99,
        round_orders=99,
        trades_today=9_999,
        drawdown=usd(999),
        losses_in_a_row=99,
        outcome_usd=usd(999),
        closing_usd=usd(999),
        at_stake=usd(999),
        interval_rounds=99,
        asset_rounds=99,
        drawdown_pct=99_000_000,
    )
    answer = stamp(SELL, at, SETTINGS)
    assert isinstance(answer, Stamp)
    assert answer.exposure == usd(999)


# --- buying the complement instead of selling -----------------------------------------------------

FULL: dict[str, Any] = {
    "is_reducing": True,
    "unpaired": Shares(20 * MICRO),
    "working_orders": 9,
    "account_usd": usd(999),
    "asset_usd": usd(999),
    "round_usd": usd(999),
    "outcome_usd": usd(999),
    "realised_today": usd(-500),
    "last_entry_ns": NOW_NS,
    "open_rounds": 99,
    "round_orders": 99,
    "trades_today": 9_999,
    "drawdown": usd(999),
    "losses_in_a_row": 99,
    "closing_usd": usd(999),
    "at_stake": usd(999),
    "interval_rounds": 99,
    "asset_rounds": 99,
    "drawdown_pct": 99_000_000,
}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"is_reducing": False}, Reason.LIMIT_DAILY_LOSS),
        ({"unpaired": Shares(20 * MICRO - 1)}, Reason.NOT_HELD),
        ({"unpaired": Shares(0)}, Reason.NOT_HELD),
        ({"is_killed": True}, Reason.KILL_SWITCH),
        ({"tick": Price(300_000)}, Reason.OFF_TICK),
        ({"fee": usd(15)}, None),
        ({"fee": Usd(15_000_001)}, Reason.LIMIT_ORDER),
        ({"free_cash": Usd(COST)}, None),
        ({"free_cash": Usd(COST - 1)}, Reason.LIMIT_CASH),
    ],
)
def test_a_buy_that_pairs_what_is_held_passes_what_guards_entries(
    changes: dict[str, Any], reason: Reason | None
) -> None:
    assert reason_of(BUY, pre_trade(**(FULL | changes))) is reason


# --- the panel ------------------------------------------------------------------------------------


def bars(at: PreTrade, *scopes: Scope) -> dict[str, Used]:
    return {bar.name: bar for bar in limits_used(at, SETTINGS, *((scopes,) if scopes else ()))}


def test_every_limit_of_the_settings_is_a_bar_with_what_is_used_of_it() -> None:
    at = pre_trade(
        outcome_usd=usd(10),
        round_usd=usd(20),
        asset_usd=usd(30),
        closing_usd=usd(35),
        account_usd=usd(40),
        free_cash=usd(960),
        open_rounds=3,
        interval_rounds=2,
        asset_rounds=1,
        working_orders=2,
        round_orders=5,
        trades_today=77,
        realised_today=usd(-12.5),
        at_stake=usd(38),
        drawdown=usd(15),
        drawdown_pct=1_500_000,
        losses_in_a_row=1,
    )
    assert limits_used(at, SETTINGS) == (
        ("daily loss limit", 50.5, 100.0, "USD"),
        ("drawdown limit", 15.0, 60.0, "USD"),
        ("drawdown of the peak", 1.5, 10.0, "%"),
        ("losses in a row", 1.0, 3.0, "rounds"),
        ("trades of the day", 77.0, 500.0, "trades"),
        ("open positions limit", 3.0, 8.0, "rounds"),
        ("open of the interval", 2.0, 6.0, "rounds"),
        ("open of the asset", 1.0, 3.0, "rounds"),
        ("working orders limit", 2.0, 4.0, "orders"),
        ("orders of the round", 5.0, 12.0, "orders"),
        ("order limit", 0.0, 25.0, "USD"),
        ("position limit", 10.0, 50.0, "USD"),
        ("round limit", 20.0, 50.0, "USD"),
        ("asset limit", 30.0, 100.0, "USD"),
        ("closing time limit", 35.0, 60.0, "USD"),
        ("account limit", 40.0, 300.0, "USD"),
        ("cash", 40.0, 1000.0, "USD"),
    )
    assert len(limits_used(at, SETTINGS)) == len(fields(RiskSettings)) + 1  # and the cash


def test_a_profit_uses_nothing_of_the_daily_loss() -> None:
    assert bars(pre_trade(realised_today=usd(5)))["daily loss limit"].used == 0.0


def test_faces_take_the_limits_of_one_scope() -> None:
    assert set(bars(pre_trade(), Scope.ASSET)) == {
        "losses in a row",
        "open of the asset",
        "working orders limit",
        "asset limit",
    }
    every = [bar for scope in Scope for bar in limits_used(pre_trade(), SETTINGS, (scope,))]
    assert sorted(every) == sorted(limits_used(pre_trade(), SETTINGS))


# --- for arbitrary orders -------------------------------------------------------------------------

DOLLARS = st.floats(0.5, 500.0).map(lambda value: round(value, 2))
RISKS = st.builds(
    RiskSettings,
    max_order_usd=DOLLARS,
    max_position_usd=DOLLARS,
    max_round_usd=DOLLARS,
    max_asset_usd=DOLLARS,
    max_account_usd=DOLLARS,
    max_closing_usd=DOLLARS,
    max_open_positions=st.integers(1, 20),
    max_interval_positions=st.integers(1, 20),
    max_asset_positions=st.integers(1, 20),
    max_working_orders=st.integers(1, 20),
    max_orders_per_round=st.integers(1, 20),
    max_trades_per_day=st.integers(1, 20),
    max_daily_loss_usd=DOLLARS,
    max_drawdown_usd=DOLLARS,
    max_drawdown_pct=st.floats(0.01, 100.0),
    max_losses_in_a_row=st.integers(1, 20),
)
MONEY = st.integers(0, 300 * MICRO)
COUNTS = st.integers(0, 15)
SHARES = st.integers(0, 300 * MICRO)
PRE_TRADES = st.builds(
    PreTrade,
    now_ns=st.just(NOW_NS),
    is_killed=st.sampled_from([False, False, False, True]),
    tick=st.sampled_from([Price(10_000), Price(1_000)]),
    fee=st.integers(0, MICRO),
    held=SHARES,
    selling=SHARES,
    last_entry_ns=st.sampled_from([0, NOW_NS, NOW_NS - 60 * NS_PER_S]),
    is_round_open=st.booleans(),
    is_reducing=st.booleans(),
    unpaired=SHARES,
    outcome_usd=MONEY,
    round_usd=MONEY,
    asset_usd=MONEY,
    closing_usd=MONEY,
    account_usd=MONEY,
    free_cash=st.integers(-10 * MICRO, 300 * MICRO),
    open_rounds=COUNTS,
    interval_rounds=COUNTS,
    asset_rounds=COUNTS,
    working_orders=COUNTS,
    round_orders=COUNTS,
    trades_today=COUNTS,
    realised_today=st.integers(-300 * MICRO, 300 * MICRO),
    at_stake=MONEY,
    drawdown=MONEY,
    drawdown_pct=st.integers(0, 100 * MICRO),
    losses_in_a_row=COUNTS,
)
QUOTES = st.builds(
    Quote,
    st.sampled_from(Outcome),
    st.sampled_from(Side),
    st.integers(-1, 101).map(lambda cents: Price(cents * 10_000)),
    st.integers(-MICRO, 100 * MICRO),
)


def micro(dollars: float) -> int:
    return round(dollars * MICRO)


def breaks_a_limit(quote: Quote, at: PreTrade, risk: RiskSettings) -> bool:
    """The rules once more, as a person would write them down, without the code's tables."""
    if not is_on_tick(quote.price, at.tick) or quote.shares < 10_000:
        return True
    if quote.side is Side.SELL:
        return quote.shares + at.selling > at.held
    cost = -(-quote.price * quote.shares // MICRO) + at.fee
    if at.is_killed or cost > micro(risk.max_order_usd) or cost > at.free_cash:
        return True
    if at.is_reducing:
        return quote.shares > at.unpaired
    after_ns = at.now_ns - at.last_entry_ns
    return (
        at.outcome_usd + cost > micro(risk.max_position_usd)
        or at.round_usd + cost > micro(risk.max_round_usd)
        or at.asset_usd + cost > micro(risk.max_asset_usd)
        or at.account_usd + cost > micro(risk.max_account_usd)
        or at.closing_usd + cost > micro(risk.max_closing_usd)
        or at.open_rounds + (not at.is_round_open) > risk.max_open_positions
        or at.interval_rounds + (not at.is_round_open) > risk.max_interval_positions
        or at.asset_rounds + (not at.is_round_open) > risk.max_asset_positions
        or at.working_orders + 1 > risk.max_working_orders
        or at.round_orders + 1 > risk.max_orders_per_round
        or at.trades_today + 1 > risk.max_trades_per_day
        or at.realised_today - at.at_stake - cost < -micro(risk.max_daily_loss_usd)
        or at.drawdown >= micro(risk.max_drawdown_usd)
        or at.drawdown_pct >= micro(risk.max_drawdown_pct)
        or at.losses_in_a_row >= risk.max_losses_in_a_row
        or (at.last_entry_ns > 0 and after_ns < 4 * NS_PER_S)
    )


@given(quote=QUOTES, at=PRE_TRADES, risk=RISKS)
def test_no_order_passes_that_breaks_a_limit_and_none_is_refused_that_does_not(
    quote: Quote, at: PreTrade, risk: RiskSettings
) -> None:
    answer = stamp(quote, at, evolve(SETTINGS, risk=risk))
    assert isinstance(answer, Why) is breaks_a_limit(quote, at, risk)


@given(at=PRE_TRADES, risk=RISKS, price=st.integers(1, 99), shares=st.integers(1, 60))
def test_the_panel_and_the_stamp_say_the_same(
    at: PreTrade, risk: RiskSettings, price: int, shares: int
) -> None:
    """What a refusal says of a limit is its bar with the order on top."""
    settings = evolve(SETTINGS, risk=risk)
    quote = evolve(BUY, price=Price(price * 10_000), shares=Shares(shares * MICRO))
    answer = stamp(quote, at, settings)
    shown = {bar.name: bar for bar in limits_used(at, settings)}
    if isinstance(answer, Stamp) and not at.is_reducing:
        assert all(bar.used <= bar.allowed for bar in shown.values())
    elif isinstance(answer, Why) and answer.reason.value in shown:
        bar = shown[answer.reason.value]
        assert (answer.limit, answer.unit) == (bar.allowed, bar.unit)
        assert answer.value >= bar.used


IN_DOLLARS = {
    Reason.LIMIT_ORDER,
    Reason.LIMIT_POSITION,
    Reason.LIMIT_ROUND,
    Reason.LIMIT_ASSET,
    Reason.LIMIT_CLOSING,
    Reason.LIMIT_ACCOUNT,
    Reason.LIMIT_CASH,
    Reason.LIMIT_DAILY_LOSS,
}


@given(at=PRE_TRADES, risk=RISKS)
def test_room_is_what_passes_every_limit_of_dollars_to_the_millionth(
    at: PreTrade, risk: RiskSettings
) -> None:
    """An order that costs the room is allowed as far as dollars go; a millionth more is not."""
    settings = evolve(SETTINGS, risk=risk)
    too_dear = evolve(at, is_killed=False, unpaired=BUY.shares, tick=Price(10_000), fee=usd(999))
    reason = reason_of(BUY, too_dear, settings)
    assert reason is not None
    found = room(BUY, too_dear, reason, risk)
    if reason not in IN_DOLLARS:
        assert found is None
        return
    assert found is not None
    just = evolve(too_dear, fee=Usd(found.left - 10 * MICRO))
    over = evolve(too_dear, fee=Usd(found.left - 10 * MICRO + 1))
    # The day's loss is asked before what counts no dollars, and may be cut to.
    assert reason_of(BUY, just, settings) not in IN_DOLLARS
    assert reason_of(BUY, over, settings) not in (None, Reason.COOLDOWN)
    if reason_of(BUY, just, settings) in (None, Reason.COOLDOWN):
        assert reason_of(BUY, over, settings) is found.why.reason
    assert found.why.value - found.why.limit == pytest.approx((1_009 * MICRO - found.left) / MICRO)


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason not in IN_DOLLARS])
def test_there_is_no_room_under_what_counts_no_dollars(reason: Reason) -> None:
    assert room(BUY, pre_trade(), reason, SETTINGS.risk) is None


def test_a_buy_that_pairs_has_the_room_of_the_limits_it_is_asked() -> None:
    at = pre_trade(**(FULL | {"fee": Usd(15_000_001)}))
    over = Why(Reason.LIMIT_ORDER, 25.000001, 25.0, "USD")
    assert room(BUY, at, Reason.LIMIT_ORDER, SETTINGS.risk) == (usd(25), over)
    assert room(BUY, at, Reason.LIMIT_ACCOUNT, SETTINGS.risk) is None


@pytest.mark.parametrize(
    ("changes", "left", "why"),
    [
        ({}, 25.0, Why(Reason.LIMIT_ORDER, 10.1, 25.0, "USD")),
        ({"outcome_usd": usd(24)}, 25.0, Why(Reason.LIMIT_ORDER, 10.1, 25.0, "USD")),
        ({"outcome_usd": usd(25)}, 25.0, Why(Reason.LIMIT_ORDER, 10.1, 25.0, "USD")),
        ({"outcome_usd": usd(26)}, 24.0, Why(Reason.LIMIT_POSITION, 36.1, 50.0, "USD")),
        ({"account_usd": usd(299)}, 1.0, Why(Reason.LIMIT_ACCOUNT, 309.1, 300.0, "USD")),
        ({"account_usd": usd(301)}, -1.0, Why(Reason.LIMIT_ACCOUNT, 311.1, 300.0, "USD")),
        ({"free_cash": usd(9)}, 9.0, Why(Reason.LIMIT_CASH, 10.1, 9.0, "USD")),
        ({"closing_usd": usd(48)}, 12.0, Why(Reason.LIMIT_CLOSING, 58.1, 60.0, "USD")),
        (
            {"realised_today": usd(-70), "at_stake": usd(24)},
            6.0,
            Why(Reason.LIMIT_DAILY_LOSS, 104.1, 100.0, "USD"),
        ),
        (
            {"realised_today": usd(-101), "closing_usd": usd(60)},
            -1.0,
            Why(Reason.LIMIT_DAILY_LOSS, 111.1, 100.0, "USD"),
        ),
    ],
)
def test_room_is_that_of_the_tightest_limit(changes: dict[str, Any], left: float, why: Why) -> None:
    found = room(BUY, pre_trade(**changes), Reason.LIMIT_ORDER, SETTINGS.risk)
    assert found == (usd(left), why)


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

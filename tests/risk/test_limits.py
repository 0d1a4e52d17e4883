"""Every limit at its threshold, just under, and just over; and what an order is cut to."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve, fields
from hypothesis import given
from hypothesis import strategies as st

from polytui.config.schema import RiskSettings, Settings
from polytui.model.amounts import are_amounts_exact, market_shares
from polytui.model.effects import Reason, Stamp, Why
from polytui.model.instrument import FeeSchedule, Outcome
from polytui.model.orders import Quote, Side, TimeInForce
from polytui.model.units import LOT, MICRO, NS_PER_S, Price, Shares, Usd, is_on_tick
from polytui.risk.kill_switch import KillSwitch
from polytui.risk.limits import AtStake, Exposure, Limits, Scope, Used, limits_used
from polytui.risk.pretrade import Approved, PreTrade, fit

SETTINGS = Settings()
NOW_NS = 1_795_204_800 * NS_PER_S
BUY = Quote(Outcome.UP, Side.BUY, Price(500_000), Shares(20 * MICRO))
"""Ten dollars, and ten cents of fee in `asking`."""
COST = 10_100_000
SELL = Quote(Outcome.UP, Side.SELL, Price(500_000), Shares(20 * MICRO))
_OF_ORDER = {
    "now_ns",
    "tick",
    "last_entry_ns",
    "is_killed",
    "is_exit",
    "is_rung",
    "offered",
    "ramp",
}


def asking(quote: Quote = BUY, **changes: Any) -> tuple[PreTrade, Exposure]:
    """An order of Up, with nothing at stake and plenty of cash unless told. Told are also
    `fee_usd` of twenty shares at fifty cents; `outcome_usd` and `net_usd` of Up and `round_usd` of
    both outcomes; `held`, `buying` and `selling` of Up; `unpaired` shares of Down."""
    rate_ppm = round(changes.pop("fee_usd", 0.1) * 200_000)
    outcome_usd, held = changes.pop("outcome_usd", 0), changes.pop("held", 0)
    up = AtStake(
        shares=held,
        gross=outcome_usd,
        net=changes.pop("net_usd", 0),
        buying=changes.pop("buying", 0),
        selling=changes.pop("selling", 0),
    )
    down = AtStake(
        shares=changes.pop("unpaired", -held) + held,
        gross=changes.pop("round_usd", outcome_usd) - outcome_usd,
        net=changes.pop("other_net_usd", 0),
        selling=changes.pop("other_selling", 0),
    )
    known = {name: changes.pop(name) for name in _OF_ORDER & set(changes)}
    order = PreTrade(
        **{
            "quote": quote,
            "now_ns": NOW_NS,
            "tick": Price(10_000),
            "fees": FeeSchedule(rate_ppm),
            "min_shares": Shares(5 * MICRO),
        }
        | known
    )
    exposure = Exposure(**{"up": up, "down": down, "free_cash": usd(1_000)} | changes)
    return order, exposure


def answer_to(quote: Quote, settings: Settings = SETTINGS, **changes: Any) -> Stamp | Why:
    """The stamp of the whole order, or what stands in its way; a smaller one may go."""
    order, exposure = asking(quote, **changes)
    fitted = fit(order, exposure, Limits(settings))
    return fitted.stamp if isinstance(fitted, Approved) and not fitted.why else fitted.why  # type: ignore[return-value]


def reason_of(quote: Quote, settings: Settings = SETTINGS, **changes: Any) -> Reason | None:
    answer = answer_to(quote, settings, **changes)
    return answer.reason if isinstance(answer, Why) else None


def usd(dollars: float) -> Usd:
    return Usd(round(dollars * MICRO))


def test_a_stamp_says_what_is_at_risk_with_the_order() -> None:
    answer = answer_to(BUY, account_usd=usd(5))
    assert isinstance(answer, Stamp)
    assert answer.exposure == 5_000_000 + COST


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        # the fee counts: 25 dollars an order
        ({"fee_usd": 15.0}, None),
        ({"fee_usd": 15.00001}, Reason.LIMIT_ORDER),
        # 50 on an outcome, as on its round
        ({"outcome_usd": Usd(50_000_000 - COST)}, None),
        ({"outcome_usd": Usd(50_000_001 - COST)}, Reason.LIMIT_POSITION),
        # 50 a round
        ({"round_usd": Usd(50_000_000 - COST)}, None),
        ({"round_usd": Usd(50_000_001 - COST)}, Reason.LIMIT_ROUND),
        # 50 net: what Down would lose is no help to Up
        ({"net_usd": Usd(50_000_000 - COST)}, None),
        ({"net_usd": Usd(50_000_001 - COST)}, Reason.LIMIT_NET),
        ({"other_net_usd": Usd(90_000_000)}, None),
        ({"net_usd": Usd(-90_000_000), "other_net_usd": Usd(90_000_000)}, None),
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
        # the rungs of ladders are none of them
        ({"round_rungs": 9_999}, None),
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
    assert reason_of(BUY, **changes) is reason


@pytest.mark.parametrize(
    ("price", "is_on"), [(0, False), (10_000, True), (505_000, False), (990_000, True)]
)
def test_a_price_off_the_grid_goes_nowhere(price: int, is_on: bool) -> None:
    for side in Side:
        quote = evolve(BUY, price=Price(price), side=side)
        answer = reason_of(quote, held=Shares(20 * MICRO))
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
    assert answer_to(BUY, **changes) == why


@pytest.mark.parametrize(
    ("shares", "reason"), [(10_000, None), (9_999, Reason.STAKE_SMALL), (0, Reason.STAKE_SMALL)]
)
def test_less_than_a_lot_is_no_order(shares: int, reason: Reason | None) -> None:
    for side in Side:
        quote = evolve(BUY, shares=Shares(shares), side=side)
        assert reason_of(quote, held=Shares(MICRO)) is reason
    assert reason_of(evolve(SELL, shares=Shares(-MICRO))) is Reason.STAKE_SMALL


@pytest.mark.parametrize(
    ("held", "selling", "allowed"),
    [(20, 0, True), (19.999999, 0, False), (25, 5, True), (25, 5.000001, False), (0, 0, False)],
)
def test_nothing_is_sold_that_is_not_held_or_is_offered_already(
    held: float, selling: float, allowed: bool
) -> None:
    reason = reason_of(SELL, held=round(held * MICRO), selling=round(selling * MICRO))
    assert reason is (None if allowed else Reason.NOT_HELD)


def test_a_sale_is_allowed_when_nothing_else_is() -> None:
    """It lowers what is at stake: the kill switch and the limits are no reason to keep it."""
    answer = answer_to(
        SELL,
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
        net_usd=usd(999),
        other_net_usd=usd(999),
        closing_usd=usd(999),
        at_stake=usd(999),
        interval_rounds=99,
        asset_rounds=99,
        drawdown_pct=99_000_000,
    )
    assert isinstance(answer, Stamp)
    assert answer.exposure == usd(999)


# --- buying the complement instead of selling -----------------------------------------------------

FULL: dict[str, Any] = {
    "is_exit": True,
    "unpaired": Shares(20 * MICRO),
    "working_orders": 9,
    "account_usd": usd(999),
    "asset_usd": usd(999),
    "round_usd": usd(999),
    "outcome_usd": usd(999),
    "net_usd": usd(999),
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
        ({"is_exit": False}, Reason.LIMIT_DAILY_LOSS),
        ({"unpaired": Shares(20 * MICRO - 1)}, Reason.NOT_HELD),
        ({"unpaired": Shares(0)}, Reason.NOT_HELD),
        # A share of the pair is being bought already, or the other one is offered.
        ({"unpaired": Shares(20 * MICRO + 1), "buying": Shares(1)}, None),
        ({"unpaired": Shares(20 * MICRO), "buying": Shares(1)}, Reason.NOT_HELD),
        ({"unpaired": Shares(20 * MICRO + 1), "other_selling": Shares(1)}, None),
        ({"unpaired": Shares(20 * MICRO), "other_selling": Shares(1)}, Reason.NOT_HELD),
        ({"is_killed": True}, Reason.KILL_SWITCH),
        ({"tick": Price(300_000)}, Reason.OFF_TICK),
        ({"fee_usd": 15.0}, None),
        ({"fee_usd": 15.00001}, Reason.LIMIT_ORDER),
        ({"free_cash": Usd(COST)}, None),
        ({"free_cash": Usd(COST - 1)}, Reason.LIMIT_CASH),
    ],
)
def test_a_buy_that_pairs_what_is_held_passes_what_guards_entries(
    changes: dict[str, Any], reason: Reason | None
) -> None:
    assert reason_of(BUY, **(FULL | changes)) is reason


# --- the panel ------------------------------------------------------------------------------------


def bars(*scopes: Scope, **changes: Any) -> dict[str, Used]:
    _, exposure = asking(**changes)
    return {
        bar.name: bar for bar in limits_used(exposure, Limits(SETTINGS), scopes or tuple(Scope))
    }


def test_every_limit_of_the_settings_is_a_bar_with_what_is_used_of_it() -> None:
    _, at = asking(
        outcome_usd=usd(11),
        round_usd=usd(20),
        net_usd=usd(7),
        other_net_usd=usd(8),
        asset_usd=usd(30),
        closing_usd=usd(35),
        account_usd=usd(40),
        free_cash=usd(960),
        open_rounds=3,
        interval_rounds=2,
        asset_rounds=1,
        working_orders=2,
        round_orders=5,
        round_rungs=90,
        trades_today=77,
        realised_today=usd(-12.5),
        at_stake=usd(38),
        drawdown=usd(15),
        drawdown_pct=1_500_000,
        losses_in_a_row=1,
    )
    assert limits_used(at, Limits(SETTINGS)) == (
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
        ("rungs of the round", 90.0, 2_000.0, "orders"),
        ("order limit", 0.0, 25.0, "USD"),
        ("position limit", 11.0, 50.0, "USD"),
        ("round limit", 20.0, 50.0, "USD"),
        ("net inventory", 8.0, 50.0, "USD"),
        ("asset limit", 30.0, 100.0, "USD"),
        ("closing time limit", 35.0, 60.0, "USD"),
        ("account limit", 40.0, 300.0, "USD"),
        ("cash", 40.0, 1000.0, "USD"),
    )
    assert len(limits_used(at, Limits(SETTINGS))) == len(fields(RiskSettings)) + 1  # and the cash


def test_a_profit_uses_nothing_of_the_daily_loss() -> None:
    assert bars(realised_today=usd(5))["daily loss limit"].used == 0.0


def test_faces_take_the_limits_of_one_scope() -> None:
    assert set(bars(Scope.ASSET)) == {
        "losses in a row",
        "open of the asset",
        "working orders limit",
        "asset limit",
    }
    every = [bar for scope in Scope for bar in bars(scope).values()]
    assert sorted(every) == sorted(bars().values())


# --- two sides ------------------------------------------------------------------------------------

LONG = {"net_usd": usd(45), "other_net_usd": usd(-30), "at_stake": usd(45), "closing_usd": usd(45)}
"""Of Up alone, for 45 dollars; 75 shares of it."""
DOWN_BUY = evolve(BUY, outcome=Outcome.DOWN)


def test_net_inventory_has_room_for_what_makes_it_less() -> None:
    """Ten dollars more of Up are too many; ten of Down are not, and nothing more can be lost."""
    assert reason_of(BUY, **LONG) is Reason.LIMIT_NET
    assert reason_of(DOWN_BUY, **LONG) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        # Seventy-five of Down would lose forty-five: it covers the ten of the order.
        ({"closing_usd": usd(60), "at_stake": usd(100)}, None),
        # Thirty dollars are covered, ten cents are not.
        ({"net_usd": usd(20), "other_net_usd": usd(10), "closing_usd": usd(59.9)}, None),
        (
            {"net_usd": usd(20), "other_net_usd": usd(10), "closing_usd": usd(59.900001)},
            Reason.LIMIT_CLOSING,
        ),
        (
            {"net_usd": usd(20), "other_net_usd": usd(10), "at_stake": usd(99.900001)},
            Reason.LIMIT_DAILY_LOSS,
        ),
        # What is over already is not made good by an order that adds nothing to it.
        ({"closing_usd": usd(60.000001)}, Reason.LIMIT_CLOSING),
    ],
)
def test_what_one_side_loses_anyway_covers_the_other(
    changes: dict[str, Any], reason: Reason | None
) -> None:
    assert reason_of(DOWN_BUY, **(LONG | changes)) is reason


def test_a_cut_order_may_use_what_is_covered() -> None:
    order, exposure = asking(
        DOWN_BUY, net_usd=usd(20), other_net_usd=usd(15), closing_usd=usd(58), at_stake=usd(58)
    )
    fitted = fit(order, exposure, Limits(SETTINGS))
    assert isinstance(fitted, Approved)
    assert fitted.stamp.quote.shares == 13_860_000  # for 7 dollars: 2 are left and 5 covered
    assert fitted.why == Why(Reason.LIMIT_CLOSING, 63.1, 60.0, "USD")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        # Sold for ten, paying twenty if Up wins, and ten cents of fee.
        ({"other_net_usd": Usd(50_000_000 - COST)}, None),
        ({"other_net_usd": Usd(50_000_001 - COST)}, Reason.LIMIT_NET),
        ({"net_usd": usd(50)}, None),
        ({"closing_usd": Usd(60_000_000 - COST)}, None),
        ({"closing_usd": Usd(60_000_001 - COST)}, Reason.LIMIT_CLOSING),
        ({"at_stake": Usd(100_000_000 - COST)}, None),
        ({"at_stake": Usd(100_000_001 - COST)}, Reason.LIMIT_DAILY_LOSS),
        ({"working_orders": 3}, None),
        ({"working_orders": 4}, Reason.LIMIT_ORDERS),
        ({"round_rungs": 1_999}, None),
        ({"round_rungs": 2_000}, Reason.LIMIT_ROUND_RUNGS),
        # It costs nothing, spends nothing, and is no entry.
        ({"round_usd": usd(999), "asset_usd": usd(999), "account_usd": usd(999)}, None),
        ({"free_cash": usd(-1)}, None),
        ({"trades_today": 999, "round_orders": 99, "open_rounds": 99}, None),
        ({"drawdown": usd(999), "losses_in_a_row": 99}, None),
        ({"is_killed": True}, None),
        ({"held": Shares(19_990_000)}, Reason.NOT_HELD),
    ],
)
def test_a_rung_that_sells_is_asked_what_it_opens(
    changes: dict[str, Any], reason: Reason | None
) -> None:
    """Half of a pair: the other half is alone then. An exit is never asked."""
    held = {"held": Shares(20 * MICRO), "unpaired": Shares(0)}
    assert reason_of(SELL, **(held | {"is_rung": True} | changes)) is reason
    if reason is not Reason.NOT_HELD:
        assert reason_of(SELL, **(held | {"is_exit": True} | changes)) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"round_orders": 999}, None),
        ({"round_rungs": 1_999}, None),
        ({"round_rungs": 2_000}, Reason.LIMIT_ROUND_RUNGS),
        ({"last_entry_ns": NOW_NS}, None),
        ({"trades_today": 500}, Reason.LIMIT_TRADES),
        ({"working_orders": 4}, Reason.LIMIT_ORDERS),
        ({"is_killed": True}, Reason.KILL_SWITCH),
        ({"outcome_usd": Usd(50_000_001 - COST)}, Reason.LIMIT_POSITION),
    ],
)
def test_a_rung_that_buys_is_asked_all_but_what_requotes_would_eat_up(
    changes: dict[str, Any], reason: Reason | None
) -> None:
    assert reason_of(BUY, is_rung=True, **changes) is reason


# --- for arbitrary exposures ----------------------------------------------------------------------

DOLLARS = st.floats(0.5, 500.0).map(lambda value: round(value, 2))
RISKS = st.builds(
    RiskSettings,
    max_order_usd=DOLLARS,
    max_position_usd=DOLLARS,
    max_round_usd=DOLLARS,
    max_net_usd=DOLLARS,
    max_asset_usd=DOLLARS,
    max_account_usd=DOLLARS,
    max_closing_usd=DOLLARS,
    max_open_positions=st.integers(1, 20),
    max_interval_positions=st.integers(1, 20),
    max_asset_positions=st.integers(1, 20),
    max_working_orders=st.integers(1, 20),
    max_orders_per_round=st.integers(1, 20),
    max_rungs_per_round=st.integers(1, 20),
    max_trades_per_day=st.integers(1, 20),
    max_daily_loss_usd=DOLLARS,
    max_drawdown_usd=DOLLARS,
    max_drawdown_pct=st.floats(0.01, 100.0),
    max_losses_in_a_row=st.integers(1, 20),
)
MONEY = st.integers(0, 300 * MICRO)
COUNTS = st.integers(0, 15)
SHARES = st.integers(0, 300 * MICRO)
STAKES = st.builds(
    AtStake,
    shares=SHARES,
    gross=MONEY,
    net=st.integers(-300 * MICRO, 300 * MICRO),
    buying=SHARES,
    selling=SHARES,
)
EXPOSURES = st.builds(
    Exposure,
    up=STAKES,
    down=STAKES,
    is_round_open=st.booleans(),
    asset_usd=MONEY,
    closing_usd=MONEY,
    account_usd=MONEY,
    free_cash=st.integers(-10 * MICRO, 300 * MICRO),
    open_rounds=COUNTS,
    interval_rounds=COUNTS,
    asset_rounds=COUNTS,
    working_orders=COUNTS,
    round_orders=COUNTS,
    round_rungs=COUNTS,
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
ORDERS = st.builds(
    PreTrade,
    quote=QUOTES,
    now_ns=st.just(NOW_NS),
    tick=st.sampled_from([Price(10_000), Price(1_000)]),
    fees=st.sampled_from([FeeSchedule(), FeeSchedule(0), FeeSchedule(20_000)]),
    min_shares=st.just(Shares(5 * MICRO)),
    offered=st.none() | SHARES,
    last_entry_ns=st.sampled_from([0, NOW_NS, NOW_NS - 60 * NS_PER_S]),
    is_killed=st.sampled_from([False, False, False, True]),
    is_exit=st.booleans(),
    is_rung=st.booleans(),
)


def micro(dollars: float) -> int:
    return round(dollars * MICRO)


def breaks_a_limit(order: PreTrade, quote: Quote, at: Exposure, risk: RiskSettings) -> bool:
    """The rules once more, as a person would write them down, without the code's tables."""
    if not is_on_tick(quote.price, order.tick) or quote.shares < 10_000:
        return True
    own, other = (at.up, at.down) if quote.outcome is Outcome.UP else (at.down, at.up)
    fee = order.fees.fee(quote.price, quote.shares)
    own_net, other_net = own.net, other.net
    if quote.side is Side.SELL:
        if quote.shares + own.selling > own.shares:
            return True
        if not order.is_rung:
            return False
        other_net += max(0, quote.shares - quote.price * quote.shares // MICRO + fee)
        is_full = other_net > micro(risk.max_net_usd)
    else:
        cost = -(-quote.price * quote.shares // MICRO) + fee
        own_net += cost
        if order.is_killed or cost > micro(risk.max_order_usd) or cost > at.free_cash:
            return True
        if order.is_exit:
            alone = other.shares - other.selling - own.shares - own.buying
            return quote.shares > max(0, alone)
        after_ns = order.now_ns - order.last_entry_ns
        is_full = (
            own.gross + cost > micro(risk.max_position_usd)
            or own.gross + other.gross + cost > micro(risk.max_round_usd)
            or own_net > micro(risk.max_net_usd)
            or at.asset_usd + cost > micro(risk.max_asset_usd)
            or at.account_usd + cost > micro(risk.max_account_usd)
            or at.open_rounds + (not at.is_round_open) > risk.max_open_positions
            or at.interval_rounds + (not at.is_round_open) > risk.max_interval_positions
            or at.asset_rounds + (not at.is_round_open) > risk.max_asset_positions
            or at.trades_today + 1 > risk.max_trades_per_day
            or at.drawdown >= micro(risk.max_drawdown_usd)
            or at.drawdown_pct >= micro(risk.max_drawdown_pct)
            or at.losses_in_a_row >= risk.max_losses_in_a_row
        )
        if not order.is_rung:
            is_full = is_full or at.round_orders + 1 > risk.max_orders_per_round
            is_full = is_full or (order.last_entry_ns > 0 and after_ns < 4 * NS_PER_S)
    more = max(own_net, other_net) - max(own.net, other.net)
    return (
        is_full
        or (order.is_rung and at.round_rungs + 1 > risk.max_rungs_per_round)
        or at.working_orders + 1 > risk.max_working_orders
        or at.closing_usd + more > micro(risk.max_closing_usd)
        or at.realised_today - at.at_stake - more < -micro(risk.max_daily_loss_usd)
    )


def is_too_deep(order: PreTrade, quote: Quote) -> bool:
    is_asked = order.offered is not None and quote.side is Side.BUY
    return is_asked and order.offered < quote.shares  # type: ignore[operator]


@given(order=ORDERS, at=EXPOSURES, risk=RISKS)
def test_an_order_goes_as_large_as_all_limits_let_it_and_no_larger(
    order: PreTrade, at: Exposure, risk: RiskSettings
) -> None:
    """Whole, or cut so that a lot more would break a limit, or not at all."""
    limits, whole = Limits(evolve(SETTINGS, risk=risk)), order.quote

    def breaks(shares: int) -> bool:
        less = evolve(whole, shares=Shares(shares))
        return is_too_deep(order, less) or breaks_a_limit(order, less, at, risk)

    fitted = fit(order, at, limits)
    if isinstance(fitted, Approved):
        sent = fitted.stamp.quote
        assert not breaks(sent.shares)
        assert (fitted.why is None) is (sent == whole)
        assert sent == whole or breaks(sent.shares + 10_000)
        assert sent == whole or sent.shares >= 5 * MICRO <= whole.shares
        return
    assert breaks(whole.shares)
    if whole.side is Side.BUY and whole.shares >= 5 * MICRO:
        least = max(5 * MICRO, -(-MICRO * MICRO // max(1, whole.price)))
        assert least > whole.shares or breaks(-(-least // 10_000) * 10_000)


@given(order=ORDERS, at=EXPOSURES, risk=RISKS)
def test_the_panel_and_the_refusal_say_the_same(
    order: PreTrade, at: Exposure, risk: RiskSettings
) -> None:
    """What is said of a limit is its bar with the order on top."""
    limits = Limits(evolve(SETTINGS, risk=risk))
    fitted = fit(order, at, limits)
    shown = {bar.name: bar for bar in limits_used(at, limits)}
    if fitted.why is not None and fitted.why.reason.value in shown:
        bar = shown[fitted.why.reason.value]
        assert (fitted.why.limit, fitted.why.unit) == (bar.allowed, bar.unit)
        is_of_outcome = fitted.why.reason in (Reason.LIMIT_POSITION, Reason.LIMIT_NET)
        assert fitted.why.value >= bar.used or is_of_outcome


@pytest.mark.parametrize(
    ("changes", "shares", "why"),
    [
        # Of 25 dollars 49.50 shares at 50.5 cents, of others what they leave.
        ({}, 49.5, Why(Reason.LIMIT_ORDER, 50.5, 25.0, "USD")),
        ({"outcome_usd": usd(25)}, 49.5, Why(Reason.LIMIT_ORDER, 50.5, 25.0, "USD")),
        ({"outcome_usd": usd(26)}, 47.52, Why(Reason.LIMIT_POSITION, 76.5, 50.0, "USD")),
        ({"net_usd": usd(26)}, 47.52, Why(Reason.LIMIT_NET, 76.5, 50.0, "USD")),
        ({"account_usd": usd(296)}, 7.92, Why(Reason.LIMIT_ACCOUNT, 346.5, 300.0, "USD")),
        ({"account_usd": usd(298)}, None, Why(Reason.LIMIT_ACCOUNT, 348.5, 300.0, "USD")),
        ({"account_usd": usd(301)}, None, Why(Reason.LIMIT_ACCOUNT, 351.5, 300.0, "USD")),
        ({"free_cash": usd(9)}, 17.82, Why(Reason.LIMIT_CASH, 50.5, 9.0, "USD")),
        ({"closing_usd": usd(48)}, 23.76, Why(Reason.LIMIT_CLOSING, 98.5, 60.0, "USD")),
        (
            {"realised_today": usd(-70), "at_stake": usd(24)},
            11.88,
            Why(Reason.LIMIT_DAILY_LOSS, 144.5, 100.0, "USD"),
        ),
        (
            {"realised_today": usd(-101), "closing_usd": usd(60)},
            None,
            Why(Reason.LIMIT_DAILY_LOSS, 151.5, 100.0, "USD"),
        ),
        # What pairs is asked two limits alone, and has their room.
        ({"is_exit": True, "unpaired": Shares(100 * MICRO), "account_usd": usd(999)}, 49.5,
         Why(Reason.LIMIT_ORDER, 50.5, 25.0, "USD")),
    ],
)  # fmt: skip
def test_a_cut_is_that_of_the_tightest_limit(
    changes: dict[str, Any], shares: float | None, why: Why
) -> None:
    """A hundred shares of fifty cents."""
    order, exposure = asking(evolve(BUY, shares=Shares(100 * MICRO)), **changes)
    fitted = fit(order, exposure, Limits(SETTINGS))
    sent = fitted.stamp.quote.shares / MICRO if isinstance(fitted, Approved) else None
    assert (sent, fitted.why) == (shares, why)


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


# --- orders that expire ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tif", "left_s", "reason"),
    [
        (TimeInForce.GTC, 0.0, None),
        (TimeInForce.GTD, 122.0, None),
        # two minutes at the venue, and the way there
        (TimeInForce.GTD, 121.999, Reason.EXPIRY),
        (TimeInForce.GTD, -5.0, Reason.EXPIRY),
        (TimeInForce.GTD, 0.0, Reason.EXPIRY),
        # no other order has a moment of its own
        (TimeInForce.GTC, 500.0, Reason.EXPIRY),
        (TimeInForce.FAK, 500.0, Reason.EXPIRY),
        (TimeInForce.GTC, -500.0, Reason.EXPIRY),
    ],
)
def test_an_order_expires_as_the_venue_takes_it(
    tif: TimeInForce, left_s: float, reason: Reason | None
) -> None:
    expires_ns = NOW_NS + round(left_s * NS_PER_S) if left_s or tif is TimeInForce.GTD else 0
    quote = evolve(BUY, tif=tif, expires_ns=expires_ns)
    assert reason_of(quote) is reason


# --- the smallest size ----------------------------------------------------------------------------

RAMP = Why(Reason.RAMP, 0.0, 3.0, "rounds")


@pytest.mark.parametrize("cents", range(1, 100))
def test_a_ramp_leaves_the_fewest_shares_that_the_venue_takes(cents: int) -> None:
    price = Price(cents * 10_000)
    quote = evolve(BUY, price=price, shares=Shares(500 * MICRO))
    order, exposure = asking(quote, ramp=RAMP)
    settings = evolve(SETTINGS, risk=evolve(SETTINGS.risk, max_position_usd=400.0))
    fitted = fit(order, exposure, Limits(settings))
    assert isinstance(fitted, Approved)
    shares = fitted.stamp.quote.shares
    assert fitted.why == RAMP
    assert shares % 10_000 == 0
    assert shares >= order.min_shares
    assert shares * price >= MICRO * MICRO, "a dollar at least"
    assert shares == order.min_shares or (shares - 10_000) * price < MICRO * MICRO


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"held": Shares(10_000)}, Reason.RAMP),
        ({"held": Shares(9_999)}, None),  # dust: nobody can sell it
        ({"buying": 1}, Reason.RAMP),
        ({"unpaired": Shares(50 * MICRO)}, None),
        ({"is_exit": True, "unpaired": Shares(50 * MICRO)}, None),
    ],
)
def test_a_ramp_opens_nothing_upon_what_is_there(
    changes: dict[str, Any], reason: Reason | None
) -> None:
    assert reason_of(evolve(BUY, shares=Shares(5 * MICRO)), ramp=RAMP, **changes) is reason


def test_who_leaves_is_not_kept_small() -> None:
    for quote, changes in (
        (SELL, {"held": Shares(20 * MICRO)}),
        (BUY, {"unpaired": Shares(20 * MICRO), "is_exit": True}),
    ):
        answer = answer_to(quote, ramp=RAMP, **changes)
        assert isinstance(answer, Stamp)
        assert answer.quote == quote


# --- a purchase for dollars -----------------------------------------------------------------------


@given(
    st.integers(1, 99),
    st.sampled_from([10_000, 1_000]),
    st.integers(1_000, 60_000),
    st.integers(2, 40),
)
def test_what_is_cut_of_a_purchase_for_dollars_is_whole_cents(
    cents: int, tick: int, hundredths: int, order_usd: int
) -> None:
    """Buying the other side is a way out, and larger than one order may be."""
    price = Price(min(cents * 10_000 + (tick == 1_000) * 3_000, MICRO - tick))
    shares = market_shares(price, Shares(hundredths * LOT), Price(tick))
    quote = Quote(Outcome.UP, Side.BUY, price, shares, TimeInForce.FAK)
    order, exposure = asking(quote, tick=Price(tick), is_exit=True, unpaired=10**9)
    risk = evolve(SETTINGS.risk, max_order_usd=float(order_usd))
    limits = Limits(evolve(SETTINGS, risk=risk))
    fitted = fit(order, exposure, limits)
    if isinstance(fitted, Approved):
        bought = fitted.stamp.quote.shares
        assert bought <= shares
        assert are_amounts_exact(price, bought, Price(tick)), "the venue takes no others"


def test_the_smallest_purchase_for_dollars_is_whole_cents_and_large_enough() -> None:
    """Five shares of it are a dollar and 66.5 cents."""
    price, tick = Price(333_000), Price(1_000)
    shares = market_shares(price, Shares(30 * MICRO), tick)
    quote = Quote(Outcome.UP, Side.BUY, price, shares, TimeInForce.FAK)
    order, exposure = asking(quote, tick=tick, ramp=RAMP)
    fitted = fit(order, exposure, Limits(SETTINGS))
    assert isinstance(fitted, Approved)
    bought = fitted.stamp.quote.shares
    assert order.min_shares <= bought < order.min_shares + 4 * LOT
    assert are_amounts_exact(price, bought, tick)

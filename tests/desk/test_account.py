"""Counters of the account: days, peaks, rows of losses, and what another session is told."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from polytui.config.deciding import BreakerSettings
from polytui.desk.account import Account
from polytui.journal.codec import decode_event
from polytui.ledger.positions import Position
from polytui.model.effects import Reason, Why
from polytui.model.events import RiskStateRestored, Stopped
from polytui.model.instrument import Asset, Interval, Round, SettlementRule
from polytui.model.units import MICRO, NS_PER_S, Shares, Usd

DAY_NS = 86_400 * NS_PER_S
DAY = 20_777
MIDNIGHT = DAY * DAY_NS
NOON = MIDNIGHT + DAY_NS // 2
BTC, ETH = Asset.BTC, Asset.ETH


def usd(dollars: float) -> Usd:
    return Usd(round(dollars * 1_000_000))


def hold(
    account: Account,
    asset: Asset,
    dollars: float,
    interval: Interval = Interval.M5,
    closes_ns: int = NOON,
    flow: float | None = None,
) -> None:
    """Shares of Up for so many dollars in a round of their own; none of none."""
    slug = f"{asset.value}-{interval.value}-{closes_ns}"
    rule = SettlementRule.TWAP
    listed = Round(slug, asset, interval, "c", "u", "d", closes_ns - interval.ns, closes_ns, rule)
    shares = Shares(MICRO if dollars else 0)
    paid = usd(-dollars if flow is None else flow)
    account.of(asset).exposure.hold(
        listed, Position(up=shares, up_cost=usd(dollars), cash_flow=paid)
    )


def account_with(*results: float, now_ns: int = NOON) -> Account:
    account = Account()
    for dollars in results:
        account.realise(BTC, usd(dollars), now_ns)
    return account


LEFT_BEHIND = RiskStateRestored(
    day=DAY,
    realised_today=usd(-30),
    trades_today=7,
    realised_peak=usd(45),
    losses_in_a_row=(("btc", 2), ("sol", 1)),
    kill_why="daily loss",
    kill_since_ns=NOON - 5,
    equity_peak=usd(1_045),
)
CASH = usd(1_000)


# --- the day ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now_ns", "is_today"),
    [(NOON, True), (MIDNIGHT + DAY_NS - 1, True), (MIDNIGHT + DAY_NS, False)],
)
def test_the_day_ends_at_midnight_utc(now_ns: int, is_today: bool) -> None:
    account = account_with(-5.0)
    account.note_trade(NOON)
    account.note_trade(NOON)
    assert account.realised_today(now_ns) == (usd(-5) if is_today else 0)
    assert account.trades_today(now_ns) == (2 if is_today else 0)


def test_a_new_day_counts_from_nothing_and_the_result_goes_on() -> None:
    account = account_with(-5.0)
    account.note_trade(NOON)
    account.realise(ETH, usd(-1), NOON + DAY_NS)
    account.note_trade(NOON + DAY_NS)
    assert account.realised_today(NOON + DAY_NS) == usd(-1)
    assert account.trades_today(NOON + DAY_NS) == 1
    assert account.realised == usd(-6)


def test_a_trade_begins_a_day_for_the_result_as_well() -> None:
    account = account_with(-5.0)
    account.note_trade(NOON + DAY_NS)
    assert account.realised_today(NOON + DAY_NS) == 0


def test_a_clock_that_steps_back_over_midnight_takes_nothing_back() -> None:
    account = account_with(-5.0, now_ns=MIDNIGHT)
    account.note_trade(MIDNIGHT)
    assert account.realised_today(MIDNIGHT - 1) == usd(-5)
    account.realise(BTC, usd(-2), MIDNIGHT - 1)
    account.note_trade(MIDNIGHT - 1)
    assert account.realised_today(MIDNIGHT) == usd(-7)
    assert account.trades_today(MIDNIGHT) == 2


def test_reading_changes_nothing() -> None:
    """Faces read at times of their own; a replay does not know when."""
    account = account_with(-5.0)
    before = account.state()
    later = NOON + 3 * DAY_NS
    account.realised_today(later)
    account.trades_today(later)
    account.risk_state(later)
    assert account.state() == before
    assert account.realised_today(NOON) == usd(-5)


# --- the peak -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("results", "drawdown"),
    [
        ((), 0),
        ((10,), 0),
        ((-10,), 10),  # the start is a peak as well
        ((10, -4), 4),
        ((10, -4, 3), 1),
        ((10, -4, 6), 0),
        ((10, -25), 25),
        ((10, -4, 8, -9), 9),
    ],
)
def test_drawdown_is_the_way_down_from_the_highest(
    results: tuple[float, ...], drawdown: float
) -> None:
    assert account_with(*results).drawdown == usd(drawdown)


def test_drawdown_is_of_all_assets_together_and_knows_no_midnight() -> None:
    account = account_with(10.0)
    account.realise(ETH, usd(-4), NOON + DAY_NS)
    account.realise(BTC, usd(-2), NOON + 2 * DAY_NS)
    assert account.drawdown == usd(6)


def test_who_forgives_a_drawdown_measures_anew() -> None:
    account = account_with(10.0, -8.0)
    account.forgive_drawdown()
    assert account.drawdown == 0
    account.realise(BTC, usd(-1), NOON)
    assert account.drawdown == usd(1)


# --- in percent of the peak -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("results", "peak", "pct"),
    [
        ((), 1_000, 0.0),
        ((-100,), 1_000, 10.0),
        ((-99.999999,), 1_000, 9.999999),
        ((250, -125), 1_250, 10.0),  # of what there was, not of what it began with
        ((250, -125, 200, -1), 1_325, 0.075471),
        ((-1_000,), 1_000, 100.0),
    ],
)
def test_a_drawdown_is_a_share_of_the_money_at_the_highest(
    results: tuple[float, ...], peak: float, pct: float
) -> None:
    account = account_with(*results)
    account.starting_cash = CASH
    assert account.equity_peak == usd(peak)
    assert account.drawdown_pct == usd(pct)


def test_of_no_money_any_drawdown_is_all_of_it() -> None:
    account = Account()
    assert account.drawdown_pct == 0
    account.realise(BTC, Usd(-1), NOON)
    assert account.drawdown_pct == usd(100)


def test_what_was_sold_in_open_rounds_is_in_the_share() -> None:
    account = with_open(account_with(), -50.0, 0.0)
    account.starting_cash = CASH
    assert account.drawdown_pct == usd(5)


def test_who_forgives_a_drawdown_forgives_the_share() -> None:
    account = with_cash()
    account.restore(LEFT_BEHIND, NOON)
    assert account.drawdown_pct == 45 * 100 * 1_000_000 // 1_045
    account.forgive_drawdown()
    assert (account.drawdown_pct, account.equity_peak) == (0, CASH)
    account.realise(BTC, usd(-10), NOON)
    assert account.drawdown_pct == usd(1)


def test_a_restart_does_not_make_a_smaller_share_of_it() -> None:
    """A hundred of a thousand were lost. The next session begins with a thousand again, and a
    hundred below its highest; of 1,100 they would be less than a tenth."""
    first = account_with(-100.0)
    first.starting_cash = CASH
    told = first.risk_state(NOON)
    assert told.equity_peak == CASH
    second = with_cash()
    second.restore(told, NOON)
    assert (second.drawdown, second.drawdown_pct) == (usd(100), usd(10))


def test_nor_does_more_money_to_begin_with() -> None:
    """Nor less of it: a share is of the smaller of the two."""
    rich = Account()
    rich.starting_cash = usd(5_000)
    rich.restore(LEFT_BEHIND, NOON)
    assert rich.equity_peak == usd(1_045)
    poor = Account()
    poor.starting_cash = usd(405)
    poor.restore(LEFT_BEHIND, NOON)
    assert (poor.equity_peak, poor.drawdown_pct) == (usd(450), usd(10))


def test_a_new_highest_is_of_this_sessions_money() -> None:
    rich = Account()
    rich.starting_cash = usd(5_000)
    rich.restore(LEFT_BEHIND, NOON)
    rich.realise(BTC, usd(44), NOON)
    assert rich.equity_peak == usd(1_045)
    rich.realise(BTC, usd(1), NOON)
    assert rich.equity_peak == usd(5_045)


# --- what sales have won and lost in rounds that are open -----------------------------------------


def with_open(account: Account, flow: float, carried: float, asset: Asset = BTC) -> Account:
    """In open rounds: received minus paid, and what is held."""
    hold(account, asset, carried, flow=flow)
    return account


@pytest.mark.parametrize(
    ("flow", "carried", "sold"),
    [
        (0.0, 0.0, 0.0),
        (-20.0, 20.0, 0.0),  # bought, and nothing more
        (-8.0, 0.0, -8.0),  # sold, and dearly bought
        (3.5, 0.0, 3.5),
        (-27.0, 30.0, 3.0),  # pairs
        (-12.0, 10.0, -2.0),  # a part of it
    ],
)
def test_the_day_and_the_drawdown_know_of_sales_before_the_settlement(
    flow: float, carried: float, sold: float
) -> None:
    account = with_open(account_with(10.0, -4.0), flow, carried)
    assert account.realised_today(NOON) == usd(6.0 + sold)
    assert account.drawdown == usd(4.0 - sold)
    assert account.realised == usd(6.0)


def test_a_drawdown_with_all_that_was_sold_is_never_negative() -> None:
    assert with_open(account_with(10.0, -4.0), 5.0, 0.0).drawdown == 0


def test_sales_of_all_assets_are_counted_together() -> None:
    account = with_open(with_open(account_with(-1.0), -8.0, 0.0), -3.0, 4.0, ETH)
    assert account.realised_today(NOON) == usd(-8)
    assert account.drawdown == usd(8)


def test_what_was_sold_in_a_round_that_is_open_at_midnight_is_of_both_days() -> None:
    """Of the day on which it settles in the end; until then nobody may overlook it."""
    account = with_open(account_with(-5.0), -8.0, 0.0)
    assert account.realised_today(NOON) == usd(-13)
    assert account.realised_today(NOON + DAY_NS) == usd(-8)


def test_a_settlement_books_what_was_known_and_nothing_changes() -> None:
    account = with_open(account_with(10.0), -8.0, 0.0)
    before = (account.realised_today(NOON), account.drawdown)
    account.realise(BTC, usd(-8), NOON)
    with_open(account, 0.0, 0.0)
    assert (account.realised_today(NOON), account.drawdown) == before == (usd(2), usd(8))


def test_who_forgives_a_drawdown_forgives_what_was_sold_as_well() -> None:
    account = with_open(account_with(10.0), -8.0, 0.0)
    account.forgive_drawdown()
    assert account.drawdown == 0
    account.realise(BTC, usd(-8), NOON)
    with_open(account, 0.0, 0.0)
    assert account.drawdown == 0
    account.realise(BTC, usd(-1), NOON)
    assert account.drawdown == usd(1)


def test_another_session_is_told_of_them() -> None:
    """Its positions begin anew, but what these have lost was lost today."""
    told = with_open(account_with(10.0), -8.0, 0.0).risk_state(NOON)
    assert (told.realised_today, told.realised_peak) == (usd(2), usd(8))


# --- a day's loss is a reason to stop once --------------------------------------------------------


def test_a_breach_is_the_first_of_its_day_and_of_its_limit() -> None:
    account = Account()
    assert account.is_first_breach(NOON, 15.0)
    assert not account.is_first_breach(NOON, 15.0)
    assert not account.is_first_breach(MIDNIGHT + DAY_NS - 1, 15.0)
    assert account.is_first_breach(MIDNIGHT + DAY_NS, 15.0)
    assert not account.is_first_breach(MIDNIGHT + DAY_NS, 15.0)
    assert account.is_first_breach(MIDNIGHT + DAY_NS, 15.000001)
    assert not account.is_first_breach(MIDNIGHT + DAY_NS, 15.000001)


def a_round_at(opens_ns: int, interval: Interval = Interval.M5) -> Round:
    slug = f"btc-updown-{interval.value}-{opens_ns}"
    ends_ns, rule = opens_ns + interval.ns, SettlementRule.TWAP
    return Round(slug, BTC, interval, slug, f"{slug} up", f"{slug} down", opens_ns, ends_ns, rule)


def test_a_round_of_the_session_is_counted_once_and_forgotten_when_it_is_settled() -> None:
    asset_account = Account().of(BTC)
    first, second = a_round_at(NOON), a_round_at(NOON + Interval.M5.ns)
    hour = a_round_at(NOON, Interval.H1)
    for listed in (first, hour, first, second):
        asset_account.note_opened(listed)
    assert [asset_account.is_of_session(each.slug, 2) for each in (first, hour, second)] == [
        1,
        1,
        0,
    ]
    assert not asset_account.is_of_session("another", 2)
    asset_account.forget_round(first.slug)
    asset_account.note_opened(first)  # told again by a life that has not heard of its end
    assert (asset_account.rounds_opened, asset_account.rounds_settled) == (3, 1)
    asset_account.forget_round(first.slug)
    assert asset_account.rounds_settled == 1
    assert sorted(asset_account.session_rounds) == sorted([hour.slug, second.slug])


def test_who_asks_first_changes_nothing() -> None:
    """A face may ask for an asset before its desk has begun."""
    asked, other = Account(), Account()
    asked.of(Asset.XRP)
    assert list(asked._assets) == list(other._assets)
    assert asked.state() == other.state()


def test_who_waits_for_a_person_and_why() -> None:
    account = Account()
    asset_account = account.of(BTC)
    asset_account.is_traded = True
    assert not account.is_paused_for(Reason.LIMIT_DRAWDOWN)
    asset_account.is_paused = True
    assert not account.is_paused_for(Reason.LIMIT_DRAWDOWN)
    asset_account.paused_whys = (Why(Reason.LIMIT_DRAWDOWN, 20.0, 15.0, "USD"),)
    assert account.is_paused_for(Reason.LIMIT_DRAWDOWN)
    assert not account.is_paused_for(Reason.LIMIT_LOSSES)


# --- losses in a row ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("results", "row"),
    [
        ((), 0),
        ((-1,), 1),
        ((-1, -1, -1), 3),
        ((-1, -1, 1), 0),
        ((1, -1), 1),
        ((-1, 0, -1), 2),  # a round without a trade is no win
        ((0, 0), 0),
    ],
)
def test_settled_losses_one_after_another(results: tuple[int, ...], row: int) -> None:
    account = Account()
    for result in results:
        account.note_settled(BTC, Usd(result))
    assert account.of(BTC).losses_in_a_row == row


def test_each_asset_has_a_row_of_its_own_and_a_person_may_end_it() -> None:
    account = Account()
    for asset in (BTC, ETH, BTC):
        account.note_settled(asset, usd(-1))
    account.note_settled(ETH, usd(1))
    assert (account.of(BTC).losses_in_a_row, account.of(ETH).losses_in_a_row) == (2, 0)
    account.forgive_losses(BTC)
    assert account.of(BTC).losses_in_a_row == 0


def test_open_rounds_of_all_assets_are_open_positions() -> None:
    account = Account()
    for asset, interval in ((BTC, Interval.M5), (BTC, Interval.M15), (ETH, Interval.M5)):
        hold(account, asset, 1.0, interval)
    assert account.open_rounds == 3
    assert [account.at_risk.rounds_of(interval) for interval in Interval] == [2, 1, 0, 0]


def test_what_closes_at_one_time_is_at_stake_together_whatever_it_is() -> None:
    account = Account()
    hold(account, BTC, 10.0, Interval.M5, MIDNIGHT)
    hold(account, BTC, 3.0, Interval.M15, MIDNIGHT)
    hold(account, BTC, 4.0, Interval.H1, NOON)
    hold(account, ETH, 0.5, Interval.M5, MIDNIGHT)
    assert account.at_risk.at_stake_at(MIDNIGHT) == usd(13.5)
    assert account.at_risk.at_stake_at(NOON) == usd(4)
    assert account.at_risk.at_stake_at(NOON + 1) == 0
    assert account.at_stake == usd(17.5)
    assert account.at_risk.closings() == [MIDNIGHT, NOON]


# --- through restarts ---------------------------------------------------------------------------


def test_a_session_begins_where_the_last_one_ended() -> None:
    account = Account()
    account.restore(LEFT_BEHIND, NOON)
    assert account.realised_today(NOON) == usd(-30)
    assert account.trades_today(NOON) == 7
    assert account.drawdown == usd(45)
    assert account.of(BTC).losses_in_a_row == 2
    switch = account.kill_switch
    assert (switch.is_on, switch.why, switch.since_ns) == (True, "daily loss", NOON - 5)
    assert account.realised == 0  # of this session


def test_what_is_left_of_yesterday_is_what_has_no_day() -> None:
    account = Account()
    account.restore(LEFT_BEHIND, NOON)
    tomorrow = NOON + DAY_NS
    assert (account.realised_today(tomorrow), account.trades_today(tomorrow)) == (0, 0)
    assert account.drawdown == usd(45)
    assert account.of(BTC).losses_in_a_row == 2
    assert account.kill_switch.is_on


def test_a_clear_risk_state_switches_nothing_on() -> None:
    account = Account()
    account.restore(evolve(LEFT_BEHIND, kill_why="", kill_since_ns=0), NOON)
    assert not account.kill_switch.is_on


def test_every_desk_is_told_and_the_first_counts() -> None:
    """A desk that begins again after a crash is told once more: nothing is counted twice, and a
    kill switch that was cleared stays cleared."""
    account = Account()
    account.restore(LEFT_BEHIND, NOON)
    account.realise(BTC, usd(-1), NOON)
    account.kill_switch.rearm()
    before = account.state()
    account.restore(LEFT_BEHIND, NOON)
    assert account.state() == before
    assert account.realised_today(NOON) == usd(-31)


def test_what_came_before_the_word_is_counted_with_it() -> None:
    account = account_with(-2.0)
    account.note_trade(NOON)
    account.restore(LEFT_BEHIND, NOON)
    assert account.realised_today(NOON) == usd(-32)
    assert account.trades_today(NOON) == 8
    assert account.drawdown == usd(45)


def test_an_old_word_does_not_turn_the_day_back() -> None:
    account = account_with(-2.0, now_ns=NOON + DAY_NS)
    account.restore(LEFT_BEHIND, NOON)
    assert account.realised_today(NOON + DAY_NS) == usd(-2)


def test_an_asset_of_another_version_is_nobody() -> None:
    account = Account()
    account.restore(evolve(LEFT_BEHIND, losses_in_a_row=(("doge", 9), ("btc", 1))), NOON)
    assert account.risk_state(NOON).losses_in_a_row == (("btc", 1),)


def stopped(asset: str, **changes: Any) -> Stopped:
    return evolve(Stopped(asset), **changes)


PAUSED = stopped("btc", is_paused=True)
SOLD = stopped("eth", is_paused=True, is_flattening=True)
LOST = stopped("sol", is_paused=True, whys=(Why(Reason.LIMIT_LOSSES, 3, 3, "rounds"),))
HALTED = stopped("xrp", is_paused=True, whys=(Why(Reason.HALTED, 3, 3, "crashes"),))
SPIKE = Why(Reason.SPREAD_SPIKE, 12.0, 10.0, "x average")


def test_what_was_stopped_is_stopped_again_in_the_same_words() -> None:
    account = Account()
    account.restore(evolve(LEFT_BEHIND, stopped=(PAUSED, SOLD, LOST, HALTED)), NOON)
    assert [account.of(asset).is_paused for asset in Asset] == [True] * 4
    assert [account.of(asset).is_flattening for asset in (BTC, ETH)] == [False, True]
    assert account.of(Asset.SOL).paused_why == LOST.whys[0]
    assert account.risk_state(NOON).stopped == (PAUSED, SOLD, LOST, HALTED)


def test_a_breaker_is_open_again_until_it_has_cooled_down() -> None:
    left = stopped("btc", breakers=((SPIKE, NOON + 30 * NS_PER_S),))
    account = Account()
    account.restore(evolve(LEFT_BEHIND, stopped=(left,)), NOON)
    assert account.of(BTC).breakers.blocking() == SPIKE
    assert account.risk_state(NOON).stopped == (left,)
    later = Account()
    later.restore(evolve(LEFT_BEHIND, stopped=(left,)), NOON + 30 * NS_PER_S)
    assert later.of(BTC).breakers.blocking() is None


def test_a_breaker_whose_cause_lasts_does_not_change_what_is_kept_with_every_look() -> None:
    account = Account()
    breakers, settings = account.of(BTC).breakers, BreakerSettings()
    kept = set()
    for second in range(20):
        breakers.ticked(NOON + second * NS_PER_S, 600_000 + second, 0.0, settings)
        kept.add(account.risk_state(NOON + second * NS_PER_S).stopped)
        (left,) = account.risk_state(NOON).stopped
        until_ns = NOON + (second + 60) * NS_PER_S
        assert 0 <= left.breakers[0][1] - until_ns < 10 * NS_PER_S, "never too early"
    assert len(kept) <= 3


def test_who_rearmed_after_a_days_loss_is_not_killed_for_it_again_by_a_restart() -> None:
    before = account_with(-100.0)
    assert before.is_first_breach(NOON, 100.0)
    account = Account()
    account.restore(before.risk_state(NOON), NOON)
    assert not account.is_first_breach(NOON, 100.0)
    assert account.is_first_breach(NOON, 50.0), "another limit is another kill"
    assert account.is_first_breach(NOON + DAY_NS, 50.0), "and so is another day"


def test_a_risk_state_of_before_these_were_kept_is_read() -> None:
    old = b"""["RiskStateRestored",{"day":1,"realised_today":0,"trades_today":0,"realised_peak":0,
    "losses_in_a_row":[],"kill_why":"by hand","kill_since_ns":5}]"""
    event = decode_event(Raw(old))
    assert isinstance(event, RiskStateRestored)
    assert (event.kill_why, event.stopped) == ("by hand", ())


def test_a_session_without_events_passes_on_what_it_was_told() -> None:
    """Also the losses of assets that it does not trade."""
    account = with_cash()
    account.restore(LEFT_BEHIND, NOON)
    assert account.risk_state(NOON) == LEFT_BEHIND


def test_a_risk_state_says_the_day_it_is_of() -> None:
    account = with_cash()
    account.restore(LEFT_BEHIND, NOON)
    expected = evolve(LEFT_BEHIND, day=DAY + 1, realised_today=Usd(0), trades_today=0)
    assert account.risk_state(NOON + DAY_NS) == expected


def test_the_state_tells_apart_what_decides_otherwise() -> None:
    states = [Account().state()]
    for change in (
        lambda account: account.note_trade(NOON),
        lambda account: account.note_settled(BTC, usd(-1)),
        lambda account: account.realise(BTC, usd(-1), NOON),
        lambda account: account.restore(LEFT_BEHIND, NOON),
        lambda account: hold(account, BTC, 1.0),
        lambda account: account.restore(evolve(LEFT_BEHIND, equity_peak=usd(900)), NOON),
        lambda account: hold(account, BTC, 1.0, flow=-2.0),
        lambda account: account.is_first_breach(NOON, 15.0),
    ):
        account = Account()
        change(account)
        states.append(account.state())
    assert all(states.count(state) == 1 for state in states)


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(list(Asset)),
        st.integers(-50_000_000, 50_000_000),
        st.integers(0, 30) | st.just(90_000),  # seconds later: some stories cross midnight
    ),
    max_size=20,
)


def with_cash() -> Account:
    account = Account()
    account.starting_cash = CASH
    return account


def play(account: Account, actions: list[tuple[Asset, int, int]], now_ns: int) -> int:
    for asset, pnl, later_s in actions:
        now_ns += later_s * NS_PER_S
        account.note_trade(now_ns)
        account.realise(asset, Usd(pnl), now_ns)
        account.note_settled(asset, Usd(pnl))
    return now_ns


@given(before=ACTIONS, after=ACTIONS)
def test_a_restart_anywhere_makes_no_difference_to_what_is_left(
    before: list[tuple[Asset, int, int]], after: list[tuple[Asset, int, int]]
) -> None:
    """But for paper money, which begins anew: a drawdown may be a greater share of it, never a
    smaller one."""
    whole = with_cash()
    now_ns = play(whole, before, NOON)
    second = with_cash()
    second.restore(whole.risk_state(now_ns), now_ns)
    assert second.drawdown_pct >= whole.drawdown_pct
    end_ns = play(whole, after, now_ns)
    play(second, after, now_ns)
    told, expected = second.risk_state(end_ns), whole.risk_state(end_ns)
    assert evolve(told, equity_peak=Usd(0)) == evolve(expected, equity_peak=Usd(0))

"""An account whose wallet was traded by another session since, or that begins in its middle."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

from polytui.config.deciding import BreakerSettings
from polytui.desk.account import Account
from polytui.ledger.positions import Position
from polytui.model.events import RiskStateRestored
from polytui.model.instrument import Asset, Interval, Round, SettlementRule
from polytui.model.units import NS_PER_S, Usd

BTC, ETH = Asset.BTC, Asset.ETH
DAY_NS = 86_400 * NS_PER_S
NOON = 20_777 * DAY_NS + DAY_NS // 2
LEFT = RiskStateRestored(20_777, Usd(-30), 7, Usd(45), (("btc", 2),), "", 0, equity_peak=Usd(900))


def trade(account: Account, slug: str, flow: int, asset: Asset = BTC) -> None:
    """In an open round, of which nothing is held: it was sold."""
    listed = Round(slug, asset, Interval.M5, slug, "u", "d", NOON, NOON + 1, SettlementRule.TWAP)
    account.of(asset).exposure.hold(listed, Position(cash_flow=Usd(flow)))


def day_of(account: Account) -> tuple[int, int, int]:
    left = account.risk_state(NOON)
    return left.realised_today, left.trades_today, left.realised_peak


def brought_back(*results: int) -> Account:
    account = Account()
    for result in results:
        account.note_trade(NOON)
        account.realise(BTC, Usd(result), NOON)
        account.note_settled(BTC, Usd(result))
    account.begin_session(NOON, BreakerSettings())
    return account


def test_what_was_sold_is_said_by_round() -> None:
    account = Account()
    trade(account, "a", -8)
    trade(account, "b", 3, ETH)
    trade(account, "c", 0)
    assert account.risk_state(NOON).sold == (("btc", "a", -8), ("eth", "b", 3))


@pytest.mark.parametrize("sold", [-8, 5])
def test_who_begins_with_a_round_counts_what_was_sold_in_it_once(sold: int) -> None:
    """Each desk finds its own rounds again, and only as it begins."""
    first = Account()
    first.realise(BTC, Usd(-2), NOON)
    trade(first, "a", sold)
    trade(first, "b", sold, ETH)
    trade(first, "gone", -1)
    told = first.risk_state(NOON)
    second = Account()
    trade(second, "a", sold)
    second.restore(told, NOON, BTC)
    assert day_of(second)[0] == -3 + 2 * sold
    trade(second, "b", sold, ETH)
    second.restore(told, NOON, ETH)
    assert day_of(second) == day_of(first)
    trade(second, "gone", -1)
    second.restore(told, NOON, BTC)
    assert day_of(second)[0] == day_of(first)[0] - 1, "a later life of its desk, and its own trade"


def test_the_day_of_a_later_session_counts() -> None:
    account = brought_back(-50, 100)
    account.restore(LEFT, NOON, is_newer=True)
    assert day_of(account) == (-30, 7, 45)
    assert (account.of(BTC).losses_in_a_row, account.equity_peak) == (2, 95)


def test_that_of_our_own_last_session_is_known_better() -> None:
    account = brought_back(-50, 100)
    account.restore(LEFT, NOON)
    assert day_of(account) == (50, 2, 0)


def test_another_day_is_over() -> None:
    account = brought_back(-50)
    account.restore(evolve(LEFT, day=LEFT.day + 1), NOON, is_newer=True)
    assert account.trades_today(NOON + DAY_NS) == 7
    account = brought_back(-50)
    account.restore(evolve(LEFT, day=LEFT.day - 1), NOON, is_newer=True)
    assert day_of(account) == (-50, 1, 45), "what is known of today stays"


RESULTS = st.lists(st.integers(-50, 50), max_size=5)


MOVED = st.integers(-20, 20).filter(bool)


@given(before=RESULTS, open_round=MOVED, there=RESULTS, more=st.integers(-20, 20))
def test_to_another_folder_and_back_is_one_day(
    before: list[int], open_round: int, there: list[int], more: int
) -> None:
    """One session ends with a round open; another one begins with that round, trades on in it and
    in others; then the first goes on, and hears from the venue what was done in its round."""
    assume(open_round + more)  # a round that holds and moved nothing is none
    whole, first = Account(), Account()
    for account in (whole, first):
        for result in before:
            account.note_trade(NOON)
            account.realise(BTC, Usd(result), NOON)
        trade(account, "a", open_round)
    second = Account()
    trade(second, "a", open_round)
    second.restore(first.risk_state(NOON), NOON, BTC)
    for account in (whole, second):
        for result in there:
            account.note_trade(NOON)
            account.realise(BTC, Usd(result), NOON)
        trade(account, "a", open_round + more)
    check_the_same(second, whole)
    first.begin_session(NOON, BreakerSettings())
    first.restore(second.risk_state(NOON), NOON, is_newer=True)
    trade(first, "a", open_round + more)
    check_the_same(first, whole)


@pytest.mark.parametrize("sold", [-8, 5])
def test_a_round_that_only_the_other_one_played_leaves_no_more_room(sold: int) -> None:
    """It is told by the venue again where it is still in play, and else not."""
    second = Account()
    trade(second, "a", sold)
    account = brought_back()
    account.restore(second.risk_state(NOON), NOON, is_newer=True)
    assert day_of(account)[0] == min(0, sold)
    trade(account, "a", sold)
    assert day_of(account)[0] <= sold


@pytest.mark.parametrize("pnl", [-9, 7])
@pytest.mark.parametrize("has_seen", [True, False])
def test_a_round_that_ended_while_another_one_had_the_wallet(pnl: int, has_seen: bool) -> None:
    """That one counted its end, or did not know of it: neither leaves more room than there is."""
    first, second = Account(), Account()
    trade(first, "a", -2)
    second.restore(first.risk_state(NOON), NOON)
    if has_seen:
        second.realise(BTC, Usd(pnl + 2), NOON)
    later_ns = NOON + 2
    first.begin_session(later_ns, BreakerSettings())
    first.restore(second.risk_state(NOON), later_ns, is_newer=True)
    assert day_of(first)[0] == day_of(second)[0]
    first.realise(BTC, Usd(pnl), later_ns, "a")
    trade(first, "a", 0)
    whole = pnl
    assert day_of(first)[0] <= whole
    assert day_of(first)[2] >= max(0, -whole)
    first.realise(BTC, Usd(3), later_ns, "another")
    lost = min(0, pnl + 2)
    assert day_of(first)[0] == day_of(second)[0] + lost + 3, "every other round counts as ever"


def check_the_same(account: Account, whole: Account) -> None:
    """A drawdown forgets what an open round had won above the highest: never less than it is."""
    *day, drawdown = day_of(account)
    *expected, least = day_of(whole)
    assert day == expected
    assert drawdown >= least

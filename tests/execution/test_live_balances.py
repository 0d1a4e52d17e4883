"""Dollars at the venue against those of the books, where an end is known there and not here."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import define, field
from live_tellings import AT_NS, a_round, an_order, books_with, part, trade

from polytui.execution.client import Carried
from polytui.execution.live_balances import LiveBalances
from polytui.execution.live_books import LiveBooks
from polytui.model.events import DeskOpened, HeldRound, RoundSettled
from polytui.model.instrument import Asset, Interval, Outcome, Round, SettlementRule
from polytui.model.orders import Holding
from polytui.model.units import MICRO, NS_PER_S, Shares, Usd
from polytui.venues.polymarket.clob_answers import Funds
from polytui.venues.polymarket.user_channel import TradeStatus

pytestmark = pytest.mark.trio
BTC = Asset.BTC
ROUND = Round(
    "round", BTC, Interval.M5, "0x1", "1", "2", 0, Interval.M5.ns, SettlementRule.TWAP
)  # fmt: skip
HELD = HeldRound(ROUND, (Holding(Outcome.UP, Shares(10 * MICRO), Usd(6 * MICRO)),), Usd(-6 * MICRO))


@define
class Account:
    """The two reads of an account. State: its dollars and shares, and what was asked for."""

    usd: int
    held: int
    asked: list[str] = field(factory=list)
    has_all: bool = False

    async def refresh_collateral(self) -> None: ...

    async def refresh_shares(self, token_id: str, protocol: str) -> None: ...

    async def collateral(self) -> Funds:
        return Funds(self.usd)

    async def shares(self, token_id: str, protocol: str) -> Funds:
        self.asked.append(token_id)
        return Funds(self.held if token_id == "1" else 10 * MICRO * self.has_all)


@define
class Clock:
    at_ns: int
    speed: float = 1.0

    def now_ns(self) -> int:
        return self.at_ns

    def real_s(self, session_ns: int) -> float:
        return session_ns / 1e9


async def test_winners_that_were_paid_while_nobody_was_here_are_no_strange_money() -> None:
    """The process was away as the round ended and the venue redeemed: its winner is heard later."""
    desk = DeskOpened(BTC, 0, Usd(100 * MICRO), Usd(0), (HELD,))
    books = LiveBooks(Carried(Usd(100 * MICRO), Usd(94 * MICRO), {BTC: desk}))
    account = Account(usd=104 * MICRO, held=0)
    clock = Clock(Interval.M5.ns + 600_000_000_000)
    balances = LiveBalances(account, books, clock, lambda *_: None)
    for _ in range(3):
        assert (await balances.compare())[0] == []
        assert not balances.is_conclusive
    books.settle(RoundSettled("0x1", "1", "clob", clock.at_ns))
    assert await balances.compare() == ([], 0)
    assert balances.is_conclusive
    assert books.money().cash == account.usd


@pytest.mark.parametrize("is_gone", [True, False])
async def test_one_look_that_finds_no_winner_forgets_none(is_gone: bool) -> None:
    """Money came just then, so they were looked at; and whoever was asked was behind a purchase."""
    desk = DeskOpened(BTC, 0, Usd(100 * MICRO), Usd(0), (HELD,))
    books = LiveBooks(Carried(Usd(100 * MICRO), Usd(94 * MICRO), {BTC: desk}))
    account, clock = Account(usd=104 * MICRO, held=0), Clock(2 * Interval.M5.ns)
    balances = _balances(account, books, clock)
    books.settle(RoundSettled("0x1", "1", "clob", clock.at_ns))
    await balances.compare()
    unredeemed = balances.unredeemed
    assert (len(unredeemed.waiting), unredeemed.worth) == (1, 0)
    clock.at_ns += 100 * NS_PER_S
    await balances.compare()
    assert unredeemed.waiting, "too soon to be another moment"
    if not is_gone:
        account.usd, account.held = 94 * MICRO, 10 * MICRO
    clock.at_ns += 100 * NS_PER_S
    assert await balances.compare() == ([], 0)
    assert (len(unredeemed.waiting), unredeemed.worth) == ((0, 0) if is_gone else (1, 10 * MICRO))


async def test_what_seemed_to_be_gone_is_redeemed_as_what_was_expected() -> None:
    desk = DeskOpened(BTC, 0, Usd(100 * MICRO), Usd(0), (HELD,))
    books = LiveBooks(Carried(Usd(100 * MICRO), Usd(94 * MICRO), {BTC: desk}))
    balances = _balances(Account(usd=104 * MICRO, held=0), books, Clock(2 * Interval.M5.ns))
    books.settle(RoundSettled("0x1", "1", "clob", 1))
    await balances.compare()
    assert balances.unredeemed.redeemed("round", Usd(10 * MICRO)) == 10 * MICRO
    assert not balances.unredeemed.waiting


def _balances(account: Account, books: LiveBooks, clock: Clock, winner: Any = None) -> LiveBalances:
    return LiveBalances(account, books, clock, lambda *_: None, winner=winner)


async def test_a_picture_that_is_late_is_no_money() -> None:
    """A purchase is mined, and what the venue believes of the chain is of before it for minutes."""
    order = an_order()
    books, clock = books_with(order), Clock(AT_NS)
    books.begin_with(Usd(100 * MICRO))
    books.take_trade(trade(part(order, 10, is_taker=True), status=TradeStatus.MINED))
    bought = books.money().cash
    assert bought < 100 * MICRO
    account = Account(usd=100 * MICRO, held=0)
    balances = _balances(account, books, clock)
    for _ in range(50):
        assert (await balances.compare())[0] == []
        clock.at_ns += 5 * NS_PER_S
    account.usd = bought
    assert (await balances.compare())[0] == []
    assert balances.is_conclusive
    assert books.money().cash == bought


async def test_money_that_came_counts_once_it_stayed() -> None:
    books, clock = books_with(), Clock(AT_NS)
    books.begin_with(Usd(100 * MICRO))
    account = Account(usd=107 * MICRO, held=0)
    balances = _balances(account, books, clock)
    for looks in range(12):
        assert (await balances.compare()) == ([], 0 if looks else 1)
        assert balances.is_in_doubt
        clock.at_ns += 5 * NS_PER_S
    (moved,), differences = await balances.compare()
    assert (moved.amount, differences, books.money().cash) == (7 * MICRO, 0, 107 * MICRO)


async def test_a_round_that_nobody_watches_holds_up_no_comparison() -> None:
    """Its asset is not traded any more; the venue is asked for its end, and may not know it."""
    known: list[str | None] = [None]

    async def winner(listed: Round) -> str | None:
        assert listed == ROUND
        return known[0]

    desk = DeskOpened(BTC, 0, Usd(100 * MICRO), Usd(0), (HELD,))
    books = LiveBooks(Carried(Usd(100 * MICRO), Usd(94 * MICRO), {BTC: desk}))
    clock = Clock(Interval.M5.ns + 3 * 86_400 * NS_PER_S)
    account = Account(usd=94 * MICRO, held=10 * MICRO)
    balances = _balances(account, books, clock, winner)
    assert await balances.compare() == ([], 0)
    assert balances.is_conclusive
    known[0] = "1"
    assert await balances.compare() == ([], 0)
    assert balances.is_conclusive
    assert books.money().cash == 104 * MICRO


async def test_no_winner_is_booked_away_however_many_wait() -> None:
    """Nobody redeems: hundreds of rounds wait, and each comparison asks for a few of them."""
    many, books, clock = 230, LiveBooks(), Clock(AT_NS)
    books.begin_with(Usd(1_000 * MICRO))
    account = Account(usd=1_000 * MICRO, held=0)
    balances = _balances(account, books, clock)
    for number in range(many):
        listed = a_round(number)
        order = an_order(number, listed=listed)
        books.list_round(listed)
        books.names.know(order, f"0x{order.order_id}")
        bought = trade(
            part(order, 10, is_taker=True), status=TradeStatus.CONFIRMED, name=f"t{number}"
        )
        books.take_trade(bought)
        account.usd = books.money().cash - number * 10 * MICRO
        books.settle(RoundSettled(listed.condition_id, listed.up_token, "clob", listed.closes_ns))
        clock.at_ns = listed.closes_ns
        assert (await balances.compare())[0] == []
        assert balances.is_conclusive
    assert account.asked == []
    account.usd += 5 * MICRO  # a deposit, and no winner was paid
    clock.at_ns += 900 * NS_PER_S
    account.has_all = True
    moves, most = list[Any](), 0
    for _ in range(60):
        account.asked.clear()
        moves += (await balances.compare())[0]
        most = max(most, len(account.asked))
        clock.at_ns += 5 * NS_PER_S
    assert [one.amount for one in moves] == [5 * MICRO]
    assert most <= 25

"""Dollars at the venue against those of the books, where an end is known there and not here."""

from __future__ import annotations

import pytest
from attrs import define

from polytui.execution.client import Carried
from polytui.execution.live_balances import LiveBalances
from polytui.execution.live_books import LiveBooks
from polytui.model.events import DeskOpened, HeldRound, RoundSettled
from polytui.model.instrument import Asset, Interval, Outcome, Round, SettlementRule
from polytui.model.orders import Holding
from polytui.model.units import MICRO, Shares, Usd
from polytui.venues.polymarket.clob_answers import Funds

pytestmark = pytest.mark.trio
BTC = Asset.BTC
ROUND = Round(
    "round", BTC, Interval.M5, "0x1", "1", "2", 0, Interval.M5.ns, SettlementRule.TWAP
)  # fmt: skip
HELD = HeldRound(ROUND, (Holding(Outcome.UP, Shares(10 * MICRO), Usd(6 * MICRO)),), Usd(-6 * MICRO))


@define
class Account:
    """The two reads of an account. State: its dollars and shares."""

    usd: int
    held: int

    async def refresh_collateral(self) -> None: ...

    async def refresh_shares(self, token_id: str, protocol: str) -> None: ...

    async def collateral(self) -> Funds:
        return Funds(self.usd)

    async def shares(self, token_id: str, protocol: str) -> Funds:
        return Funds(self.held if token_id == "1" else 0)


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
    balances = LiveBalances(account, books, clock, lambda *_: None)  # type: ignore[arg-type]
    for _ in range(3):
        assert (await balances.compare())[0] == []
        assert not balances.is_conclusive
    books.settle(RoundSettled("0x1", "1", "clob", clock.at_ns))
    assert await balances.compare() == ([], 0)
    assert balances.is_conclusive
    assert books.money().cash == account.usd

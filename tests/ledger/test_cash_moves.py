"""Money that no trade explains: it can be spent once, and is nobody's result."""

from __future__ import annotations

from polytui.desk.account import Account
from polytui.ledger.cash_moves import CashMoves
from polytui.model.events import CashKind, CashMoved
from polytui.model.instrument import Asset
from polytui.model.units import Usd


def moved(dollars: float, key: str = "", kind: CashKind = CashKind.DEPOSIT) -> CashMoved:
    return CashMoved(kind, Usd(round(dollars * 1_000_000)), key or f"{kind.value} {dollars}", 1)


def test_the_same_movement_told_twice_is_one() -> None:
    moves = CashMoves()
    assert moves.take(moved(5.0, "0xabc"))
    assert not moves.take(moved(5.0, "0xabc"))
    assert moves.take(moved(5.0, "0xdef"))
    assert moves.total == 10_000_000


def test_each_kind_has_its_own_sum_and_a_session_begins_at_nothing() -> None:
    moves = CashMoves()
    for one in (moved(20.0), moved(-0.01, kind=CashKind.GAS), moved(-0.02, kind=CashKind.GAS)):
        moves.take(one)
    assert moves.by_kind == {CashKind.DEPOSIT: 20_000_000, CashKind.GAS: -30_000}
    moves.begin_session()
    assert moves.by_kind == {}
    assert moves.before == moves.total == 19_970_000
    assert not moves.take(moved(20.0)), "what was counted stays counted"


def test_keys_do_not_grow_for_ever() -> None:
    moves = CashMoves()
    for number in range(3_000):
        moves.take(moved(1.0, str(number)))
    assert moves.total == 3_000 * 1_000_000
    assert len(str(moves.state())) < 20_000


def test_it_is_money_of_the_account_and_in_its_state_once_it_moved() -> None:
    account = Account()
    before = account.state()
    account.move(moved(7.0))
    assert account.cash == account.free_cash == 7_000_000
    assert (account.realised, account.drawdown, account.peak) == (0, 0, 0)
    assert len(account.state()) == len(before) + 2


def test_no_deposit_hides_a_loss_and_no_withdrawal_is_one() -> None:
    account = Account()
    account.starting_cash = Usd(100_000_000)
    account.realise(Asset.BTC, Usd(20_000_000), 1)
    account.realise(Asset.BTC, Usd(-30_000_000), 2)
    was = (account.peak, account.drawdown, account.drawdown_pct, account.equity_peak)
    for one in (moved(5_000.0), moved(-80.0, kind=CashKind.WITHDRAWAL)):
        account.move(one)
        now = (account.peak, account.drawdown, account.drawdown_pct, account.equity_peak)
        assert now == was == (20_000_000, 30_000_000, 25_000_000, 120_000_000)
        assert account.realised_today(3) == -10_000_000

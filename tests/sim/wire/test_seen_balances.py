"""What the CLOB believes a wallet has, and when it looks again."""

from __future__ import annotations

from desk_values import MAKER, START_NS, TAKER, order_told, placed, trade, trade_told
from small_world import START_NS as OPENS_NS
from small_world import make_round

from polytui.model.units import MICRO, Shares, Usd
from polytui.sim.exchange.approvals import MOST_ALLOWANCE
from polytui.sim.exchange.contracts import (
    CONDITIONAL_TOKENS,
    CTF_EXCHANGE,
    EXCHANGE_V3,
    EXCHANGES,
    NEG_RISK_EXCHANGE,
    POSITION_MANAGER,
    PUSD,
)
from polytui.sim.exchange.holdings import Holdings
from polytui.sim.exchange.venue_trade import TradeStatus
from polytui.sim.wire.desk.seen_balances import DOLLARS, SeenBalances


def fund(holdings: Holdings, dollars: int, *, is_approved: bool = True) -> None:
    holdings.fund(TAKER, Usd(dollars * MICRO), START_NS, is_approved=is_approved)


def test_the_picture_is_old_until_it_is_taken_again() -> None:
    holdings = Holdings()
    seen = SeenBalances(holdings)
    assert seen.read(TAKER, DOLLARS).balance == 0
    fund(holdings, 100)
    assert seen.read(TAKER, DOLLARS).balance == 0
    assert seen.look(TAKER, DOLLARS).balance == 100 * MICRO
    assert seen.read(TAKER, DOLLARS).balance == 100 * MICRO
    fund(holdings, 1)
    seen.forget(MAKER)
    assert seen.read(TAKER, DOLLARS).balance == 100 * MICRO
    seen.forget(TAKER)
    assert seen.read(TAKER, DOLLARS).balance == 101 * MICRO


def test_what_its_own_trades_move_it_sees_when_they_are_mined() -> None:
    holdings = Holdings()
    seen = SeenBalances(holdings)
    both = [(TAKER, DOLLARS), (MAKER, DOLLARS)]
    before = [seen.read(*one).balance for one in both]
    for wallet in (TAKER, MAKER):
        holdings.fund(wallet, Usd(MICRO), START_NS)
    seen.note(order_told(placed()))
    for status in set(TradeStatus) - {TradeStatus.MINED}:
        seen.note(trade_told(trade(status=status)))
    assert [seen.read(*one).balance for one in both] == before == [0, 0]
    seen.note(trade_told(trade(status=TradeStatus.MINED)))
    assert [seen.read(*one).balance for one in both] == [MICRO, MICRO]


def test_allowances_are_those_of_the_contract_whose_tokens_an_exchange_moves() -> None:
    holdings = Holdings()
    seen = SeenBalances(holdings)
    approvals = holdings.approvals
    approvals.approve(TAKER, PUSD, CTF_EXCHANGE, 7)
    approvals.approve_all(TAKER, CONDITIONAL_TOKENS, CTF_EXCHANGE, True)
    approvals.approve_all(TAKER, CONDITIONAL_TOKENS, EXCHANGE_V3, True)
    assert seen.look(TAKER, DOLLARS).allowances == {
        CTF_EXCHANGE: 7,
        NEG_RISK_EXCHANGE: 0,
        EXCHANGE_V3: 0,
    }
    assert seen.look(TAKER, "123").allowances == {
        CTF_EXCHANGE: MOST_ALLOWANCE,
        NEG_RISK_EXCHANGE: 0,
        EXCHANGE_V3: 0,
    }
    approvals.approve_all(TAKER, POSITION_MANAGER, EXCHANGE_V3, True)
    assert seen.look(TAKER, "123").allowances[EXCHANGE_V3] == MOST_ALLOWANCE


def test_a_wallet_of_the_faucet_has_allowed_everything_unless_told_otherwise() -> None:
    holdings = Holdings()
    fund(holdings, 1)
    seen = SeenBalances(holdings)
    for token in (DOLLARS, "123"):
        assert seen.look(TAKER, token).allowances == dict.fromkeys(EXCHANGES, MOST_ALLOWANCE)
    other = Holdings()
    fund(other, 1, is_approved=False)
    assert SeenBalances(other).look(TAKER, DOLLARS).allowances == dict.fromkeys(EXCHANGES, 0)


def test_shares_are_seen_by_token() -> None:
    holdings = Holdings()
    fund(holdings, 10)
    round_ = make_round(OPENS_NS)
    holdings.split(TAKER, round_, Shares(4 * MICRO))
    seen = SeenBalances(holdings)
    assert seen.read(TAKER, round_.up_token).balance == 4 * MICRO
    assert seen.read(TAKER, "5").balance == 0
    assert seen.read(TAKER, DOLLARS).balance == 6 * MICRO

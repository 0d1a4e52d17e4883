"""What a wallet's work does to the books: never more than there was."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_redeemer import a_session, again
from wallet_room import DOWN, UP, Session

from polytui.execution.wallet_log import Intent
from polytui.execution.wallet_sender import SentBatch
from polytui.ledger.wallet_work import WalletWork, WorkKind
from polytui.model import events as ev
from polytui.model.units import MICRO, Shares, Usd


def merged_by_hand(session: Session, shares: int) -> None:
    """`polytui merge`, between two sessions: what it writes, and what the chain has then."""
    room, (one, *_) = session.room, session.room.rounds
    pairs = Shares(shares * MICRO)
    work = WalletWork(WorkKind.MERGE, one, pairs, pairs, Usd(pairs))
    intent = Intent("by-hand", room.at_ns, (work,), SentBatch(0, "n"))
    log = session.redeemer.log
    log.mean(intent)
    log.end(intent, is_done=True, why="")
    for outcome in (UP, DOWN):
        token = one.token_of(outcome)
        room.tokens[token] = room.tokens.get(token, 0) - pairs
    room.dollars += pairs


def split_by_hand(session: Session, shares: int) -> None:
    room, (one, *_) = session.room, session.room.rounds
    room.dollars -= shares * MICRO
    for outcome in (UP, DOWN):
        token = one.token_of(outcome)
        room.tokens[token] = room.tokens.get(token, 0) + shares * MICRO


@pytest.mark.trio
@pytest.mark.parametrize("down", [0, 4])
async def test_pairs_of_nobody_that_were_merged_by_hand_are_money(
    tmp_path: Path, down: int
) -> None:
    session = a_session(tmp_path, 1)
    (one,) = session.room.rounds
    session.buy(one, UP, 10)
    if down:
        session.buy(one, DOWN, down)
    split_by_hand(session, 50)
    merged_by_hand(session, 50 + down)
    session = again(session)
    await session.live(3)
    live = session.books.rounds.get(one.slug)
    assert live is not None
    assert [live.shares(side) for side in (UP, DOWN)] == [(10 - down) * MICRO, 0]
    ledger, account = session.journal.ledger()
    assert ledger.positions.of(one.slug).up == (10 - down) * MICRO
    assert account.cash == session.cash == session.room.dollars
    (deed,) = session.unredeemed.found
    assert (deed.kind, deed.amount) == (ev.CashKind.ELSEWHERE, 50 * MICRO)
    assert deed.condition_id == one.condition_id
    assert not session.unredeemed.on_chain


@pytest.mark.trio
async def test_what_was_told_once_leaves_nothing_over_the_second_time(tmp_path: Path) -> None:
    session = a_session(tmp_path, 1)
    (one,) = session.room.rounds
    session.buy(one, UP, 10)
    session.buy(one, DOWN, 10)
    merged_by_hand(session, 10)
    for _ in range(3):
        session = again(session)
        await session.live(3)
        assert session.cash == session.room.dollars == session.journal.ledger()[1].cash
        assert session.unredeemed.found == []

"""A session that sends nothing for its wallet still knows what was done with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import attrs
import pytest
import trio
from attrs import define
from live_bench import LiveBench, live_bench, live_desk
from test_redeemer import a_session
from trio.testing import MockClock
from wallet_room import DOWN, UP, Room, Session

from polytui.execution.client import AccountNeeds, Carried
from polytui.execution.kept_books import KeptBooks
from polytui.execution.wallet_log import Intent, WalletLog
from polytui.execution.wallet_sender import SentBatch
from polytui.ledger.wallet_work import WalletWork, WorkKind
from polytui.model import events as ev
from polytui.model.errors import Fatal, Rejected
from polytui.model.instrument import Asset, Round
from polytui.model.orders import Holding
from polytui.model.units import MICRO, Shares, Usd

TEN = Shares(10 * MICRO)


def a_merge(listed: Round, at_ns: int) -> Intent:
    work = WalletWork(WorkKind.MERGE, listed, TEN, TEN, Usd(TEN))
    return Intent("by-hand", at_ns, (work,), SentBatch(0, "n"))


def with_pairs(bench: LiveBench, works: Path, *, is_on: bool) -> AccountNeeds:
    """A session of before had ten pairs."""
    listed = bench.venue.round
    held = ev.HeldRound(
        listed, tuple(Holding(one, TEN, Usd(TEN // 2)) for one in (UP, DOWN)), Usd(-TEN)
    )
    start = Usd(1_000 * MICRO)
    desk = ev.DeskOpened(Asset.BTC, 0, start, held=(held,))
    carried = Carried(start, Usd(start - TEN), {Asset.BTC: desk})
    needs = bench.needs(carried, redeem={"is_on": is_on})
    return attrs.evolve(needs, works=works)


@pytest.mark.trio
@pytest.mark.parametrize("is_on", [False, True])
async def test_what_a_command_merged_is_told_where_nothing_is_sent(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_on: bool
) -> None:
    """Switched off; or wanted, and without a relayer's key."""
    works = tmp_path / "w.work.jsonl"
    async with live_bench(monkeypatch) as bench:
        log = WalletLog(bench.wallet.funder, works, bench.clock.now_ns)
        log.begin()
        intent = a_merge(bench.venue.round, bench.clock.now_ns())
        log.mean(intent)
        log.end(intent, is_done=True, why="")
        log.close()
        async with live_desk(bench, with_pairs(bench, works, is_on=is_on)) as desk:
            await trio.sleep(40)
            (told,) = bench.heard(ev.PairsMerged)
            assert told.shares == TEN
            live = desk.execution.books.rounds.get(bench.venue.round.slug)
            assert live is not None
            assert live.shares(UP) == live.shares(DOWN) == 0
        warned = [text for text in bench.said if "not redeemed" in text]
        assert len(warned) == is_on


@pytest.mark.trio
@pytest.mark.parametrize("is_on", [False, True])
async def test_a_merge_that_a_kill_left_open_is_not_for_sale(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_on: bool
) -> None:
    works = tmp_path / "w.work.jsonl"
    async with live_bench(monkeypatch) as bench:
        log = WalletLog(bench.wallet.funder, works, bench.clock.now_ns)
        log.begin()
        log.mean(a_merge(bench.venue.round, bench.clock.now_ns()))
        log.close()
        async with live_desk(bench, with_pairs(bench, works, is_on=is_on)) as desk:
            books = desk.execution.books
            opening = books.opening(Asset.BTC, 2)
            assert [one.up for one in opening.in_transit] == [TEN]
            assert bench.venue.round.slug in desk.execution.unredeemed.on_chain
            await trio.sleep(40)
        assert sum("under way" in text for text in bench.said) == 1


def kept(session: Session) -> KeptBooks:
    redeemer = session.redeemer
    say = lambda level, asset, text: session.said.append(text)  # noqa: E731
    return KeptBooks(
        redeemer.log, redeemer.redeemable, redeemer.books, session.settings, session.room, say
    )


@pytest.mark.trio
@pytest.mark.parametrize("was_done", [True, False])
async def test_without_a_sender_only_the_wallet_tells_that_it_was_done(
    tmp_path: Path, was_done: bool
) -> None:
    session = a_session(tmp_path, 1)
    room, (one,) = session.room, session.room.rounds
    session.buy(one, UP, 10)
    session.buy(one, DOWN, 10)
    session.redeemer.log.mean(a_merge(one, room.at_ns))
    if was_done:
        room.tokens = dict.fromkeys(room.tokens, 0)
        room.dollars += TEN
    books = kept(session)
    books.begin()
    for _ in range(30):
        room.at_ns += session.settings.look_every_ns
        await books.once()
    assert bool(books.log.open) is not was_done
    assert session.cash == room.dollars == session.journal.ledger()[1].cash
    assert bool(session.unredeemed.on_chain) is not was_done


@define(eq=False)
class OddChain(Room):
    """A node whose answers are none."""

    fault: Exception = ValueError("")

    async def shares(self, wallet: str, rounds: Sequence[Round]) -> dict[str, Shares]:
        raise self.fault


@pytest.mark.trio
@pytest.mark.parametrize("fault", [Fatal("no such chain"), ValueError("a word"), Rejected("401")])
async def test_whatever_a_node_answers_ends_no_account(tmp_path: Path, fault: Exception) -> None:
    """As with a redeemer: trading needs none of it."""
    session = a_session(tmp_path, 1)
    (one,) = session.room.rounds
    session.buy(one, UP, 10)
    session.redeemer.log.mean(a_merge(one, session.room.at_ns))
    session.redeemer.redeemable.chain = OddChain([one], fault=fault)
    books = kept(session)
    books.begin()
    await books.once()
    assert books.log.open


@pytest.mark.trio
async def test_switched_off_nothing_begins_and_what_began_is_followed(tmp_path: Path) -> None:
    session = a_session(tmp_path, 2)
    one, other = session.room.rounds
    session.buy(one, UP, 10)
    session.buy(one, DOWN, 10)
    await session.live(1)
    assert session.redeemer.log.open
    session.redeemer.redeemable.settings = attrs.evolve(session.settings, is_on=False)
    session.buy(other, UP, 10)
    session.buy(other, DOWN, 10)
    await session.live(20)
    assert session.room.merged == {one.slug: TEN}
    assert not session.redeemer.log.open
    assert session.room.sends == 1

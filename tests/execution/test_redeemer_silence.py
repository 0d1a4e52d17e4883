"""A node or relayer that refuses, is silent, or forgets: trading goes on, nothing is done twice or
called undone, and people hear of it once."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from attrs import evolve
from test_redeemer import HOUR, SOON, again, all_is_home
from wallet_room import DOWN, UP, WALLET, Journal, Room, Session, listed

from polytui.config.redeem import RedeemSettings
from polytui.execution.wallet_log import Intent
from polytui.execution.wallet_sender import (
    BatchFate,
    BatchStage,
    NoGas,
    SentBatch,
    WouldRevert,
)
from polytui.execution.work_calls import calls_of
from polytui.ledger.wallet_work import WalletWork, WorkKind
from polytui.model.errors import Fatal, Rejected, Retry, Unknown
from polytui.model.units import MICRO, NS_PER_S, Shares, Usd


class OddRoom(Room):
    """One whose answers may be others."""


def a_session(tmp_path: Path, rules: RedeemSettings = SOON, **more: object) -> Session:
    room = OddRoom([listed(0)], **more)  # type: ignore[arg-type]
    return Session(room, Journal(), tmp_path / "w.work.jsonl", rules)


def one_won(tmp_path: Path, **more: object) -> Session:
    session = a_session(tmp_path, **more)  # type: ignore[arg-type]
    (one,) = session.room.rounds
    session.buy(one, UP, 10)
    session.settle(one, UP)
    return session


def answers(room: Room, what: str, error: Exception) -> list[int]:
    """From now on `room` answers a question so; when it was asked."""
    asked: list[int] = []

    async def refuse(*_: object) -> None:
        asked.append(room.at_ns)
        raise error

    setattr(room, what, refuse)
    return asked


REFUSALS = [
    Rejected("POST https://node: HTTP 401 tenant disabled", 401),
    Fatal("the node is on chain 1, and the wallet's is 137"),
    ValueError("no address"),
    KeyError("token"),
]


@pytest.mark.trio
@pytest.mark.parametrize("error", REFUSALS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("what", ["payouts", "nonce", "sign", "send", "fate", "shares"])
async def test_no_answer_takes_the_account_down(
    tmp_path: Path, what: str, error: Exception
) -> None:
    session = one_won(tmp_path)
    room = session.room
    if what == "fate":
        await session.live(6)
        assert session.redeemer.log.open
    asked = answers(room, what, error)
    await session.live(HOUR, each_s=1.0)
    assert sum(str(error.args[0]) in text for text in session.said) == 1
    assert 3 <= len(asked) <= 20, "again and again, with growing pauses"
    why = "nobody knows" if what == "send" and error is not REFUSALS[0] else str(error.args[0])
    assert why in session.redeemer.why_paused
    delattr(room, what)
    await session.live(60)
    all_is_home(session)
    assert session.redeemer.why_paused == ""


@pytest.mark.trio
@pytest.mark.parametrize("error", [Retry("rate limit"), Unknown("timed out")])
async def test_a_silent_node_is_said_after_ten_minutes_and_once(
    tmp_path: Path, error: Exception
) -> None:
    session = one_won(tmp_path)
    answers(session.room, "payouts", error)
    await session.live(38)
    assert session.said == []
    await session.live(8 * 240)
    assert len(session.said) == 1
    assert "no answer for ten minutes" in session.said[0]
    del session.room.payouts
    await session.live(60)
    all_is_home(session)


@pytest.mark.trio
async def test_answers_that_are_lost_are_sent_again_less_and_less_and_counted(
    tmp_path: Path,
) -> None:
    session = one_won(tmp_path)
    room = session.room
    room.script = ["lost"] * 1_000
    await session.live(1_800, each_s=2.0)
    assert 5 <= room.sends <= 10
    assert session.redeemer.log.calls_today() == room.sends
    words = f"10.00 dollars to come, {90 - room.sends} of 90 batches left today; waits"
    assert session.redeemer.status.startswith(words)
    assert sum("nobody knows it" in text for text in session.said) == 1
    sends = room.sends
    session = again(session)
    assert session.redeemer.log.calls_today() == sends
    await session.live(10)
    assert room.sends <= sends + 1, "a start begins no new row"
    room.script.clear()
    await session.live(2, each_s=HOUR)
    await session.live(20)
    all_is_home(session)


@pytest.mark.trio
async def test_a_batch_that_is_sent_again_keeps_to_the_budget(tmp_path: Path) -> None:
    session = one_won(tmp_path, rules=evolve(SOON, calls_per_day=3))
    session.room.script = ["lost"] * 1_000
    await session.live(1_800, each_s=2.0)
    assert session.room.sends == session.room.names == 3, "what may not be sent is not signed"
    assert "calls_per_day" in session.redeemer.why_paused


@pytest.mark.trio
async def test_a_busy_wallet_costs_nothing_of_the_budget(tmp_path: Path) -> None:
    session = one_won(tmp_path)
    session.room.script = ["busy"] * 10_000
    await session.live(400)
    assert session.redeemer.log.calls_today() == 0
    assert 5 <= session.room.sends <= 20
    assert sum("wallet busy" in text for text in session.said) == 1
    assert session.redeemer.status.startswith(
        "10.00 dollars to come, 90 of 90 batches left today; waits: wallet busy"
    )
    assert "wallet busy" in session.redeemer.why_paused
    session = again(session)
    assert session.redeemer.log.calls_today() == 0
    session.room.script.clear()
    await session.live(20)
    all_is_home(session)


@pytest.mark.trio
async def test_each_name_of_a_batch_is_asked(tmp_path: Path) -> None:
    """The first sending is done while the newest is unknown to everybody."""
    session = a_session(tmp_path)
    room = session.room
    (one,) = room.rounds
    session.buy(one, UP, 10)
    session.buy(one, DOWN, 10)
    room.script = ["lost"]
    await session.live(3)
    (intent,) = session.redeemer.log.open.values()
    assert len(intent.every_sent) == 2
    newest, first = intent.every_sent
    assert newest.name in room.batches
    room.batches[first.name] = evolve(room.batches.pop(newest.name), sent=first)
    session = again(session)
    await session.live(4)
    assert room.merged == {one.slug: 10 * MICRO}
    (ended,) = session.redeemer.log.ended.values()
    assert ended.is_done
    assert ended.detail == f"0x{first.name}"
    assert session.cash == room.dollars


@pytest.mark.trio
async def test_what_would_revert_when_it_is_sent_again_was_perhaps_done(tmp_path: Path) -> None:
    """Its nonce is free by a node that is behind, and the pairs are gone by another."""
    session = a_session(tmp_path, calls_most=1)
    room = session.room
    (one,) = room.rounds
    session.buy(one, UP, 10)
    session.buy(one, DOWN, 10)
    room.script = ["unheard"]
    await session.live(1)
    room.step()
    assert room.merged == {one.slug: 10 * MICRO}

    async def behind(_: SentBatch) -> BatchFate:
        return BatchFate(BatchStage.NEVER_ARRIVED)

    room.fate = behind  # type: ignore[method-assign]
    answers(room, "sign", WouldRevert("the contract refuses it"))
    await session.live(400)
    (ended,) = session.redeemer.log.ended.values()
    assert ended.is_done
    assert session.cash == room.dollars


@pytest.mark.trio
async def test_a_batch_that_waits_for_ever_is_sent_again_with_its_number(tmp_path: Path) -> None:
    session = one_won(tmp_path)
    room = session.room
    fate: Callable[[SentBatch], object] = room.fate
    stuck: list[str] = []

    async def some_wait(sent: SentBatch) -> object:
        stuck.append(sent.name)
        return BatchFate(BatchStage.WAITING) if sent.name == stuck[0] else await fate(sent)

    room.fate = some_wait  # type: ignore[method-assign, assignment]
    room.script = ["lost"]
    await session.live(40)
    assert room.sends == 1
    await session.live(40)
    assert room.sends == 2
    assert any("more than ten minutes" in text for text in session.said)
    all_is_home(session)
    (ended,) = session.redeemer.log.ended.values()
    assert {one.sent.nonce for one in ended.intent.before} == {ended.intent.sent.nonce}


@pytest.mark.trio
@pytest.mark.parametrize("what", ["redeem", "merge"])
@pytest.mark.parametrize("is_first_done", [True, False])
async def test_of_two_batches_with_one_number_one_is_told(
    tmp_path: Path, what: str, is_first_done: bool
) -> None:
    """A session left one that nobody had heard of, and a command sent its own with that number."""
    session = a_session(tmp_path, rules=evolve(SOON, merge_pairs_usd=30.0))
    room, log = session.room, session.redeemer.log
    (one,) = room.rounds
    session.buy(one, UP, 20)
    if what == "merge":
        session.buy(one, DOWN, 20)
        work = WalletWork(WorkKind.MERGE, one, *[Shares(10 * MICRO)] * 2, Usd(10 * MICRO))
    else:
        session.settle(one, UP)
        work = WalletWork(WorkKind.REDEEM, one, Shares(20 * MICRO), Shares(0), Usd(20 * MICRO))
    session.redeemer.books.keep(log)
    for name in ("first", "second"):
        signed = await room.sign(calls_of([work]), 0)
        log.mean(Intent(name, room.at_ns, (work,), signed.sent))
        if is_first_done == (name == "first"):
            await room.send(signed)
    session = again(session)
    await session.live(60)
    ended = session.redeemer.log.ended
    assert {name: each.is_done for name, each in ended.items()} == {
        "first": is_first_done,
        "second": not is_first_done,
    }
    assert room.dollars == session.cash
    assert session.unredeemed.found == []
    assert len(session.told) == (what == "redeem")


@pytest.mark.trio
async def test_a_key_without_gas_is_told_once_and_asked_for_again_every_ten_minutes(
    tmp_path: Path,
) -> None:
    """It is no fault of the round: none of its tries are used up, and it is home once POL came."""
    session = one_won(tmp_path, calls_most=1, rules=evolve(SOON, tries=2))
    words = f"the call may cost 0.020000 POL and {WALLET} has 0.000000: send POL there"
    asked = answers(session.room, "sign", NoGas(words))
    await session.live(HOUR // 15)
    assert 5 <= len(asked) <= 7
    assert all(later - one >= 600 * NS_PER_S for one, later in pairwise(asked))
    assert session.said == [f"redeem: {words}"]
    assert session.redeemer.why_paused == words
    assert session.redeemer.log.calls_today() == 0
    del session.room.sign
    await session.live(60)
    assert session.room.redeemed == {session.room.rounds[0].slug: 1}
    all_is_home(session)


@pytest.mark.trio
async def test_rounds_of_both_protocols_go_in_one_batch(tmp_path: Path) -> None:
    """One of them void, one with pairs."""
    rounds = [listed(number, protocol) for number, protocol in enumerate(("v1", "v2", "v2", "v1"))]
    session = Session(Room(rounds), Journal(), tmp_path / "w.work.jsonl", SOON)
    won, other, void, paired = rounds
    for one in (won, other, void, paired):
        session.buy(one, UP, 10)
    session.buy(void, DOWN, 6)
    for one, winner in ((won, UP), (other, UP), (void, None)):
        session.settle(one, winner)
    await session.live(2)
    session.buy(paired, DOWN, 8)
    await session.live(10)
    room = session.room
    assert room.sends == 1
    assert room.redeemed == {won.slug: 1, other.slug: 1, void.slug: 2}, "an outcome a call"
    assert room.merged == {paired.slug: 8 * MICRO}
    assert room.dollars == session.cash == session.journal.ledger()[1].cash


@pytest.mark.trio
async def test_what_no_desk_heard_is_told_by_the_next_process(tmp_path: Path) -> None:
    """It was confirmed while the session ended, and no journal was written any more."""
    session = one_won(tmp_path)
    session.is_listening = False
    await session.live(20)
    assert session.room.redeemed == {session.room.rounds[0].slug: 1}
    assert session.redeemer.log.open
    session = again(session)
    await session.live(3)
    assert [one.amount for one in session.told] == [10 * MICRO]
    all_is_home(session)

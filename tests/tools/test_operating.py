"""A wallet's operation by hand: each batch once, followed to its end, and written down before."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
from attrs import define, field
from trio.testing import MockClock
from wallet_room import CASH, DOWN, UP, WALLET, Room, listed

from polytui.config.redeem import RedeemSettings
from polytui.execution.wallet_log import Intent, WalletLog
from polytui.execution.wallet_sender import BatchStage, SentBatch, SignedBatch
from polytui.model.errors import Fatal, Unknown
from polytui.model.units import MICRO, Shares
from polytui.tools.open_wallet import HeldRoundThere
from polytui.tools.operating import DoneBatch, Operating, failed_words
from polytui.tools.wallet_operation import WalletOperation
from polytui.tools.wallet_plans import merge_plan, redeem_plan
from polytui.venues.polymarket.chain_reads import Payouts

PAIRS = Shares(7 * MICRO)


@define(eq=False)
class Chain(Room):
    """One whose blocks may stay away."""

    has_blocks: bool = True
    late: SignedBatch | None = None
    """Taken at the next refusal, not when it was sent."""

    async def send(self, signed: SignedBatch) -> SentBatch:
        if self.script[:1] == ["late"]:
            self.script.pop(0)
            self.late = signed
            raise Unknown("no answer")
        if self.late is not None:
            late, self.late = self.late, None
            await super().send(late)
        return await super().send(signed)

    def step(self) -> None:
        if self.has_blocks:
            super().step()


@define(eq=False)
class Hand:
    """Somebody at the keyboard. State: what he was told."""

    room: Room
    path: Path
    settings: RedeemSettings = field(factory=RedeemSettings)
    said: list[str] = field(factory=list)
    wait_s: float = 120.0

    def log(self) -> WalletLog:
        log = WalletLog(WALLET, self.path, self.room.now_ns)
        log.begin()
        return log

    async def does(self, operation: WalletOperation) -> list[DoneBatch]:
        log = self.log()
        try:
            operating = Operating(
                self.room,
                log,
                self.settings,
                self.room,  # type: ignore[arg-type]
                self.said.append,
                self.wait_s,
            )
            await operating.settle()
            return await operating.run(operation)
        finally:
            log.close()


@pytest.fixture
def room() -> Chain:
    rounds = [listed(0), listed(1), listed(2, "v2")]
    tokens = {one.token_of(side): int(PAIRS) for one in rounds for side in (UP, DOWN)}
    return Chain(rounds, tokens=tokens)


@pytest.fixture
def hand(room: Room, tmp_path: Path) -> Hand:
    return Hand(room, tmp_path / "work.jsonl")


def merges(room: Room) -> WalletOperation:
    held = [
        HeldRoundThere(one, Shares(room.has(one, UP)), Shares(room.has(one, DOWN)), Shares(0),
                       Shares(0), room.paid.get(one.slug))
        for one in room.rounds
    ]  # fmt: skip
    return merge_plan(held, [], None)


def redemptions(room: Room) -> WalletOperation:
    held = [
        HeldRoundThere(one, Shares(room.has(one, UP)), Shares(room.has(one, DOWN)), Shares(0),
                       Shares(0), room.paid.get(one.slug))
        for one in room.rounds
    ]  # fmt: skip
    return redeem_plan(held, [])


@pytest.mark.trio
async def test_everything_is_one_batch_and_every_pair_a_dollar(
    room: Chain, hand: Hand, autojump_clock: MockClock
) -> None:
    (done,) = await hand.does(merges(room))
    assert (done.fate.stage, room.sends, len(done.calls)) == (BatchStage.CONFIRMED, 1, 3)
    assert (room.dollars, set(room.tokens.values())) == (CASH + 3 * PAIRS, {0})
    log = hand.log()
    assert (log.open, [one.is_done for one in log.ended.values()]) == ({}, [True])


@pytest.mark.trio
async def test_a_wallet_that_is_a_key_sends_one_after_the_other(
    room: Chain, hand: Hand, autojump_clock: MockClock
) -> None:
    room.calls_most = 1
    room.paid = {one.slug: Payouts(MICRO, 0) for one in room.rounds}
    done = await hand.does(redemptions(room))
    assert [one.fate.stage for one in done] == [BatchStage.CONFIRMED] * 3
    assert (room.sends, room.dollars) == (3, CASH + 3 * PAIRS)


@pytest.mark.trio
@pytest.mark.parametrize("fault", ["lost", "unheard"])
async def test_an_answer_that_is_not_heard_makes_nothing_twice(
    room: Chain, hand: Hand, autojump_clock: MockClock, fault: str
) -> None:
    room.script = [fault]
    (done,) = await hand.does(merges(room))
    assert (done.is_done, room.dollars) == (True, CASH + 3 * PAIRS)
    assert room.sends == (2 if fault == "lost" else 1)
    assert set(room.merged.values()) == {PAIRS}


@pytest.mark.trio
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("busy", "wallet busy"),
        ("quota", "quota exceeded"),
        ("stolen", "does not match"),
        ("reverts", "execution reverted"),
        ("invalid", "STATE_INVALID"),
    ],
)
async def test_what_fails_is_said_and_the_rest_is_not_tried(
    room: Chain, hand: Hand, autojump_clock: MockClock, fault: str, words: str
) -> None:
    room.calls_most, room.script = 1, ["ok", fault]
    done = await hand.does(merges(room))
    assert [one.is_done for one in done] == [True, False]
    assert words in failed_words(done[1])
    assert room.dollars == CASH + PAIRS
    log = hand.log()
    assert (log.open, sorted(one.is_done for one in log.ended.values())) == ({}, [False, True])
    was_taken = fault in ("reverts", "invalid")
    assert log.calls_today() == (2 if was_taken else 1), "what was refused used up nothing"
    log.close()
    again = await hand.does(merges(room))
    assert all(one.is_done for one in again)
    assert (room.dollars, set(room.merged.values())) == (CASH + 3 * PAIRS, {PAIRS})


@pytest.mark.trio
async def test_a_command_that_was_killed_is_finished_before_another_one(
    room: Chain, hand: Hand, autojump_clock: MockClock
) -> None:
    """It had sent its batch and heard nothing of it."""
    operation = merges(room)
    works = tuple(step.work for step in operation.steps if step.work)
    calls = [call for step in operation.steps for call in step.calls]
    signed = await room.sign(calls, 0)
    log = hand.log()
    log.mean(Intent("killed", room.now_ns(), works, signed.sent))
    log.close()
    await room.send(signed)
    room.has_blocks = False
    with pytest.raises(Fatal, match="under way"):
        await hand.does(merges(room))
    room.has_blocks = True
    await room.fate(signed.sent)
    assert await hand.does(merges(room)) == []
    assert (room.sends, room.dollars) == (1, CASH + 3 * PAIRS)
    assert hand.log().ended["killed"].is_done


@pytest.mark.trio
async def test_one_that_was_killed_before_it_sent_leaves_nothing_behind(
    room: Chain, hand: Hand, autojump_clock: MockClock
) -> None:
    log = hand.log()
    log.mean(Intent("killed", room.now_ns(), (), SentBatch(0, "never")))
    log.close()
    (done,) = await hand.does(merges(room))
    log = hand.log()
    assert (done.is_done, log.ended["killed"].is_done, log.open) == (True, False, {})


@pytest.mark.trio
async def test_one_that_comes_late_after_all_is_done_once(
    room: Chain, hand: Hand, autojump_clock: MockClock
) -> None:
    """Unheard, and taken later than two looks: sent again it is refused, which proves nothing."""
    room.script = ["late", "busy"]
    (done,) = await hand.does(merges(room))
    assert (done.fate.stage, room.sends) == (BatchStage.CONFIRMED, 2)
    assert (room.dollars, set(room.merged.values())) == (CASH + 3 * PAIRS, {PAIRS})


@pytest.mark.trio
async def test_what_nobody_has_heard_of_is_not_called_undone(
    room: Chain, hand: Hand, autojump_clock: MockClock
) -> None:
    room.script = ["lost"] * 3
    (done,) = await hand.does(merges(room))
    assert done.fate.stage is BatchStage.NEVER_ARRIVED
    assert "not done" not in failed_words(done)
    log = hand.log()
    (left,) = log.open.values()
    log.close()
    room.at_ns += 1
    (again,) = await hand.does(merges(room))
    log = hand.log()
    assert (again.is_done, log.open, log.ended[left.name].is_done) == (True, {}, False)
    assert (room.dollars, set(room.merged.values())) == (CASH + 3 * PAIRS, {PAIRS})


@pytest.mark.trio
async def test_what_nobody_remembers_is_left_to_a_session(
    room: Chain, hand: Hand, autojump_clock: MockClock
) -> None:
    log = hand.log()
    log.mean(Intent("killed", room.now_ns(), (), SentBatch(0, "forgotten")))
    log.close()
    room.used = 1
    with pytest.raises(Fatal, match="start a session"):
        await hand.does(merges(room))
    assert (room.sends, list(hand.log().open)) == (0, ["killed"])


@pytest.mark.trio
async def test_nothing_is_sent_beyond_the_days_budget(
    room: Chain, hand: Hand, autojump_clock: MockClock
) -> None:
    room.calls_most = 1
    hand.settings = attrs.evolve(hand.settings, calls_per_day=2)
    with pytest.raises(Fatal, match="calls_per_day"):
        await hand.does(merges(room))
    assert room.sends == 2


@pytest.mark.trio
async def test_gas_that_is_more_than_the_day_has_is_not_paid(
    room: Chain, hand: Hand, autojump_clock: MockClock
) -> None:
    dear = Dear(room)
    log = hand.log()
    operating = Operating(
        dear,
        log,
        attrs.evolve(hand.settings, gas_per_day_pol=0.5),
        room,  # type: ignore[arg-type]
        hand.said.append,
        60.0,
    )
    with pytest.raises(Fatal, match="gas_per_day_pol"):
        await operating.run(merges(room))
    assert (room.sends, log.open) == (0, {})


@define
class Dear:
    """A sender whose transactions may cost more."""

    room: Room

    def __getattr__(self, name: str) -> object:
        return getattr(self.room, name)

    @property
    def calls_most(self) -> int:
        return self.room.calls_most

    async def sign(self, calls, nonce, metadata=""):  # type: ignore[no-untyped-def]
        signed: SignedBatch = await self.room.sign(calls, nonce, metadata)
        return attrs.evolve(signed, cost_most_wei=6 * 10**17)


@pytest.mark.trio
async def test_patience_ends_and_says_where_to_look(
    room: Chain, hand: Hand, autojump_clock: MockClock
) -> None:
    room.has_blocks, hand.wait_s = False, 5.0
    (done,) = await hand.does(merges(room))
    assert done.fate.stage is BatchStage.WAITING
    assert "polytui wallet" in failed_words(done)
    assert len(hand.log().open) == 1

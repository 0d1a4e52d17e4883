"""Winnings come home: winners redeemed, pairs merged, each once, whatever happens on the way.

    find   what could be done (redeemable.py), and what of it is a batch (ledger/wallet_work.py)
    mean   signed, and written down with its nonce and name (wallet_log.py)
    send   by whatever kind of wallet it is (wallet_sender.py)
    hear   mined: the books and the desk are told; confirmed: it is over

One batch at a time. While one is open nothing else is sent, so its nonce is the next one until it
is used: a batch whose fate nobody knows is sent again with that nonce, never with another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

import trio
from attrs import define, evolve, field

from polytui.config.redeem import RedeemSettings
from polytui.execution.batch_names import fate_of
from polytui.execution.client import WORK_CONFIRMED, WORK_MEANT, WORK_MINED, WORK_SUBMITTED
from polytui.execution.live_trades import Say
from polytui.execution.redeemable import Redeemable
from polytui.execution.wallet_books import WalletBooks
from polytui.execution.wallet_budget import WalletBudget
from polytui.execution.wallet_log import Intent, WalletLog
from polytui.execution.wallet_pauses import NO_ANSWER, WalletPauses
from polytui.execution.wallet_sender import (
    BatchFate,
    BatchStage,
    NoGas,
    NonceIs,
    QuotaUsed,
    SentBatch,
    SignedBatch,
    WalletBusy,
    WalletSender,
    WouldRevert,
)
from polytui.execution.work_calls import calls_of, in_words, metadata_of
from polytui.ledger.wallet_work import (
    WalletWork,
    WorkName,
    next_batch,
    pause_ns,
)
from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.units import NS_PER_S
from polytui.model.winnings import winnings_words
from polytui.net.clock import SessionClock

_FOLLOW_S = 2.0
"""Real time between two questions for a batch that is under way."""
_BUSY_NS = 10 * NS_PER_S
_NO_GAS_NS = 600 * NS_PER_S
_LATE_NS = 720 * NS_PER_S
"""A batch that is under way for so long is worth a line, and is sent once more: its deadline is
over, or its gas too cheap."""
_HOPELESS_NS = 3_600 * NS_PER_S
_SENDS_TO_SAY = 3
_NOT_US = (401, 403)
"""A key is refused, which is no fault of any round."""


@define(eq=False)
class Redeemer:
    """State: its pauses and why, what failed how often, and what people were told."""

    sender: WalletSender
    log: WalletLog
    redeemable: Redeemable
    books: WalletBooks
    settings: RedeemSettings
    clock: SessionClock
    say: Say
    pass_point: Callable[[str], None] = field(default=lambda point: None)
    done: int = 0
    """Batches that were done."""
    _failed: dict[WorkName, int] = field(factory=dict)
    _left: set[WorkName] = field(factory=set)
    """What failed so often that a person must look."""
    _told: set[str] = field(factory=set)
    """Intents of which books and desks have heard."""
    _pauses: WalletPauses = field(init=False)
    _budget: WalletBudget = field(init=False)
    _is_asked: trio.Event = field(factory=trio.Event)

    def __attrs_post_init__(self) -> None:
        self._pauses = WalletPauses(self.clock, self.say, self.settings.look_every_ns)
        self._budget = WalletBudget(self.log, self.settings, self.sender.calls_most)

    @property
    def why_paused(self) -> str:
        """In words, for people; empty while all is well."""
        return self._pauses.why

    @property
    def status(self) -> str:
        """For people: what is won and not home, what is left of the day, and why nothing goes on
        where it does not."""
        won, most = self.redeemable.unredeemed.worth, self.settings.calls_per_day
        return winnings_words(won, self._budget.calls_left, most, self.why_paused)

    # --- when -------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Before any desk: what was under way when the last process ended is set aside, and merges
        that it may not have told of are told."""
        self.books.begin(self.log)

    async def run(self) -> NoReturn:
        while True:
            with trio.move_on_after(self._wait_s()):
                await self._is_asked.wait()
            self._is_asked = trio.Event()
            await self.once()

    def ask(self) -> None:
        """Soon."""
        self._is_asked.set()

    def _wait_s(self) -> float:
        usual_s = self.clock.real_s(self.settings.look_every_ns)
        is_new = any(len(intent.every_sent) <= 2 for intent in self.log.open.values())
        is_quick = is_new and self._pauses.may_send
        return min(usual_s, _FOLLOW_S) if is_quick else usual_s

    async def once(self) -> None:
        """One step: what is under way is followed, else the next batch begun. Whatever is answered,
        or not, is asked again after a pause: the account goes on trading."""
        try:
            self.books.tell_untold()
            self.books.keep(self.log)
            if not self._pauses.may_ask:
                return
            if self.log.open:
                await self._follow(next(iter(self.log.open.values())))
            elif self._pauses.may_send:
                await self._begin_next()
            self.books.keep(self.log)
        except (QuotaUsed, WalletBusy) as refusal:
            self._pauses.answered()
            self._pauses.not_taken(refusal)
        except NO_ANSWER as error:
            self._pauses.unanswered(error)
        else:
            self._pauses.answered()

    # --- a batch begins ---------------------------------------------------------------------------

    async def _begin_next(self) -> None:
        self._pauses.why = ""
        waiting = await self.redeemable.waiting()
        rules = self._budget.rules(self.redeemable.free_usd(), self.clock.now_ns())
        open_ones = [one for one in waiting if one.work.name not in self._left]
        alone = frozenset(self._failed)
        works = next_batch(open_ones, rules, self.clock.now_ns(), alone)
        if not works or not self._may_afford(0):
            return
        nonce = await self.sender.nonce()
        works, now_ns = await self.redeemable.as_it_is(works), self.clock.now_ns()
        if works:
            await self._send(Intent(f"{now_ns}-{nonce}", now_ns, works, SentBatch(nonce, "")))

    def _may_afford(self, gas_wei: int) -> bool:
        """Within the day's budgets."""
        if not (words := self._budget.why_not(gas_wei)):
            return True
        self._pauses.why = f"the day's budget is used up: {words}"
        self._pauses.say_once(
            "warn", f"redeem: {self.why_paused}; the rest waits for tomorrow, UTC"
        )
        return False

    async def _send(self, intent: Intent) -> None:
        """Set aside, signed, written down, sent: for the first time."""
        self.books.set_aside(intent)
        try:
            signed = await self._signed(intent)
            if not self._may_afford(signed.cost_most_wei):
                self.books.let_go(intent)
                return
            intent = evolve(intent, sent=signed.sent, sent_ns=self.clock.now_ns())
            self.log.mean(intent)
        except (WouldRevert, NoGas) as error:
            self._give_up(intent, str(error))
            self._refused(intent.works, error)
            return
        except BaseException:
            self.books.let_go(intent)  # nobody was told of it
            raise
        self.pass_point(WORK_MEANT)
        try:
            sent = await self.sender.send(signed)
        except Unknown:
            pass  # it may have arrived: its fate is asked
        except Rejected as error:
            self._not_taken(intent, error)
        except Retry as error:
            self.log.refuse(intent)
            self._give_up(intent, str(error))
            raise
        else:
            self._taken(intent, sent)

    async def _send_anew(self, intent: Intent) -> None:
        """Nobody knows it, or it waits for ever: once more with its nonce, within the day's budget.
        What was sent before may be done all the same, so no refusal of this one ends it."""
        if not self._pauses.may_send or not self._may_afford(0):
            return
        try:
            signed = await self._signed(intent)
        except (WouldRevert, NoGas) as error:
            self._pauses.not_taken(error)
            if isinstance(error, NoGas):
                self._refused(intent.works, error)
            else:
                await self._look(intent, str(error))
            return
        if not self._may_afford(signed.cost_most_wei):
            return
        intent = intent.anew(signed.sent, self.clock.now_ns())
        self.log.mean(intent)
        self._complain_of_silence(intent)
        self.pass_point(WORK_MEANT)
        try:
            sent = await self.sender.send(signed)
        except Unknown:
            pass  # it may have arrived: its fate is asked
        except (Rejected, Retry) as error:
            self.log.refuse(intent)
            if isinstance(error, Retry):
                raise
            self._pauses.not_taken(error)
            self._pauses.say_once("warn", f"redeem: {in_words(intent.works)} sent anew: {error}")
        else:
            self._taken(intent, sent)

    async def _signed(self, intent: Intent) -> SignedBatch:
        words = metadata_of(intent.works)
        return await self.sender.sign(calls_of(intent.works), intent.sent.nonce, words)

    def _taken(self, intent: Intent, sent: SentBatch) -> None:
        self._pauses.taken()
        self.pass_point(WORK_SUBMITTED)
        self.log.hear(intent, sent)

    def _not_taken(self, intent: Intent, error: Rejected) -> None:
        """Proven: nothing of it was done by this request."""
        self.log.refuse(intent)
        if isinstance(error, NonceIs) and error.nonce > intent.sent.nonce:
            words = f"redeem: this wallet's number {intent.sent.nonce} is used already"
            self.say("warn", "", f"{words}; what waits is looked at anew")
            return
        self._give_up(intent, str(error))
        if error.status in _NOT_US:
            raise error
        self._refused(intent.works, error)

    # --- and ends ---------------------------------------------------------------------------------

    async def _follow(self, intent: Intent) -> None:
        fate = await fate_of(self.sender, intent.every_sent)
        sends, now_ns = len(intent.counted_ns), self.clock.now_ns()
        since_ns = now_ns - (intent.sent_ns or intent.at_ns)
        match fate.stage:
            case BatchStage.WAITING if since_ns >= max(_LATE_NS, pause_ns(sends)):
                await self._unstick(intent, since_ns)
            case BatchStage.WAITING:
                pass
            case BatchStage.MINED | BatchStage.CONFIRMED:
                self._done(intent, fate)
            case BatchStage.FAILED:
                self._give_up(intent, fate.why, fate)
                self._count_failure(intent.works, fate.why)
            case BatchStage.NEVER_ARRIVED if since_ns >= _again_ns(sends):
                await self._send_anew(intent)
            case BatchStage.NEVER_ARRIVED:
                self._pauses.why = f"sent {sends} times, and nobody knows of it"
            case BatchStage.OVERTAKEN:
                await self._overtaken(intent)

    async def _overtaken(self, intent: Intent) -> None:
        """A command takes the number of a batch that nobody heard of, and may be killed as well:
        where it is known which of them is done, the shares have nothing to tell."""
        for rival in self._rivals(intent):
            fate = await fate_of(self.sender, rival.every_sent)
            if fate.stage.is_done:
                self._done(rival, fate)
                return
            if fate.stage is BatchStage.WAITING:
                return
        await self._look(intent, "its number was used by something else")

    def _rivals(self, intent: Intent) -> list[Intent]:
        """Open ones of the same number: one of them all is done at most."""
        every = self.log.open.values()
        same = [one for one in every if one.sent.nonce == intent.sent.nonce]
        return [one for one in same if one.name != intent.name]

    async def _unstick(self, intent: Intent, since_ns: int) -> None:
        """Taken, and nothing comes of it: where its number is free, the same is sent with it once
        more, dearer where we pay; where it is used, the shares tell once it is hopeless."""
        words = f"redeem: {in_words(intent.works)} is under way for more than ten minutes"
        self._pauses.say_once("warn", f"{words}: nothing else is sent before it ends")
        if await self.sender.nonce() <= intent.sent.nonce:
            await self._send_anew(intent)
        elif since_ns >= _HOPELESS_NS:
            await self._look(intent, "its number was used by something else")

    def _done(self, intent: Intent, fate: BatchFate) -> None:
        """Told once it is mined: the money is there. Over where somebody heard it: what is told on
        the way out is in no journal, and the next process tells it again."""
        if intent.name not in self._told:
            self.pass_point(WORK_MINED)
            self._told.add(intent.name)
            self._pauses.taken()
            for rival in self._rivals(intent):
                self._give_up(rival, "its number went to another batch")
            self.books.done(intent, fate.transaction_hash)
            for work in intent.works:
                self._failed.pop(work.name, None)
                self.redeemable.note_done(work)
        if fate.stage is BatchStage.CONFIRMED and self.books.is_heard:
            self.pass_point(WORK_CONFIRMED)
            hash_, gas_wei = fate.transaction_hash, fate.gas_wei
            self.log.end(intent, is_done=True, why="", detail=hash_, gas_wei=gas_wei)
            self._told.discard(intent.name)
            self.done += 1

    async def _look(self, intent: Intent, why_not: str) -> None:
        """Nobody remembers what became of it: the wallet itself tells, looked at for minutes."""
        verdict = await self.redeemable.was_done(intent.works)
        if verdict is None:
            words = f"redeem: {in_words(intent.works)}: nobody knows yet what became of it"
            self._pauses.say_once("warn", f"{words}; the wallet's shares are looked at")
        elif verdict:
            self._done(intent, BatchFate(BatchStage.CONFIRMED))
        else:
            self._give_up(intent, why_not)

    def _give_up(self, intent: Intent, why: str, fate: BatchFate | None = None) -> None:
        """Nothing of it was done, and nothing will be."""
        known = fate or BatchFate(BatchStage.FAILED)
        if intent.name in self.log.open:
            hash_, gas_wei = known.transaction_hash, known.gas_wei
            self.log.end(intent, is_done=False, why=why, detail=hash_, gas_wei=gas_wei)
        self.books.let_go(intent)

    def _refused(self, works: Sequence[WalletWork], error: Rejected) -> None:
        if isinstance(error, NoGas):
            self._pauses.hold(_NO_GAS_NS, str(error))
            self._pauses.say_once("error", f"redeem: {error}")
        else:
            self._count_failure(works, str(error))

    def _count_failure(self, works: Sequence[WalletWork], why: str) -> None:
        """Everything of it is tried alone from now on: one bad round does not hold the others."""
        is_alone = len(works) == 1
        for work in works:
            count = self._failed[work.name] = self._failed.get(work.name, 0) + 1
            if count >= self.settings.tries and is_alone:
                self._left.add(work.name)
                words = f"redeem: {in_words([work])} failed {count} times ({why}): left alone"
                command = f"`polytui {work.kind.value} {work.round.slug}`"
                hint = f"{command} once this session has ended, or the website, does it"
                self.say("error", work.round.asset.value, f"{words}; {hint}")
        most = max((self._failed[work.name] for work in works), default=1)
        self._pauses.hold(pause_ns(most), why)
        if not any(work.name in self._left for work in works):
            self.say("warn", "", f"redeem: {in_words(works)} failed: {why}; tried again")

    # --- for people -------------------------------------------------------------------------------

    def _complain_of_silence(self, intent: Intent) -> None:
        if len(intent.every_sent) == _SENDS_TO_SAY + 1:
            words = f"redeem: {in_words(intent.works)} was sent {_SENDS_TO_SAY} times"
            why = "and nobody knows it: sent again, at longer and longer intervals"
            self.say("warn", "", f"{words} {why}")


def _again_ns(sends: int) -> int:
    """After so many sendings without an answer."""
    return _BUSY_NS if sends <= 1 else pause_ns(sends - 1)

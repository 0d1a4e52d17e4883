"""A wallet's operation, done batch by batch, each followed until it is certain.

What a merge or a redemption takes away stands in the wallet's log before it is sent, as a session
writes it: whoever trades this wallet next finds out what became of it, also of a command that was
killed.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import trio
from attrs import frozen

from polytui.config.redeem import RedeemSettings
from polytui.execution.batch_names import fate_of
from polytui.execution.wallet_log import Intent, WalletLog
from polytui.execution.wallet_sender import (
    BatchFate,
    BatchStage,
    SentBatch,
    SignedBatch,
    WalletSender,
)
from polytui.model.errors import Fatal, Rejected, Retry, Unknown
from polytui.net.clock import SessionClock
from polytui.tools.wallet_operation import Batch, WalletOperation, batches

_AGAIN_S = 2.0
_APART_S = 5.0
"""Between two looks that find nothing: one may have come too early."""
_LOOKS = 2
_SENDS = 3
_WEI = 10**18
_ENDED = (BatchStage.CONFIRMED, BatchStage.FAILED)
"""What became of it is known. One that nobody has heard of may still come; where something else
used its number, the shares tell a session."""


@frozen
class DoneBatch:
    """What became of one, for people and programs."""

    words: tuple[str, ...]
    calls: tuple[str, ...]
    fate: BatchFate
    took_s: float

    @property
    def is_done(self) -> bool:
        return self.fate.stage is BatchStage.CONFIRMED

    @property
    def gas_pol(self) -> float:
        return self.fate.gas_wei / _WEI


@frozen
class Operating:
    """One wallet's. `say`: a line for people while it goes on."""

    sender: WalletSender
    log: WalletLog
    settings: RedeemSettings
    clock: SessionClock
    say: Callable[[str], None]
    wait_s: float
    """Real time that one batch is followed for."""

    async def run(self, operation: WalletOperation) -> list[DoneBatch]:
        """In order, and no further than the first that was not done. Errors as of `WalletSender`
        where nothing could even be begun."""
        done: list[DoneBatch] = []
        for batch in batches(operation.steps, self.sender.calls_most):
            done.append(await self._one(operation.name, batch))
            if not done[-1].is_done:
                break
        return done

    # --- what is under way already ----------------------------------------------------------------

    async def settle(self) -> None:
        """Before anything is planned: whatever a session or a command of before has begun is over,
        or Fatal. What nobody has heard of stays open, and does no harm: the next batch has its
        number, so at most one of them is done."""
        for intent in list(self.log.open.values()):
            fate = await fate_of(self.sender, intent.every_sent)
            match fate.stage:
                case BatchStage.WAITING:
                    raise Fatal("this wallet has something under way: try again in a minute")
                case BatchStage.OVERTAKEN:
                    raise Fatal(
                        "nobody remembers what became of this wallet's last batch: start a session"
                        " of it once, which looks at the shares and finds out"
                    )
                case BatchStage.NEVER_ARRIVED:
                    self.say("a batch of before never arrived: its number is used now")
                case _:
                    self._end(intent, fate)

    # --- one batch --------------------------------------------------------------------------------

    async def _one(self, name: str, batch: Batch) -> DoneBatch:
        began = time.monotonic()
        calls = [call for step in batch for call in step.calls]
        words = tuple(step.words for step in batch)
        for line in words:
            self.say(f"{name} {line}")
        nonce = await self.sender.nonce()
        signed = await self.sender.sign(calls, nonce, f"polytui {name}")
        self._check_budget(signed)
        intent = self._intent(batch, signed)
        if intent is not None:
            self.log.mean(intent)
        fate = await self._sent(signed, intent)
        if intent is not None and fate.stage in _ENDED:
            self._end(intent, fate)
        if fate.stage.is_done:
            self._end_others(nonce)
        told = tuple(line for step in batch for line in step.explained)
        return DoneBatch(words, told, fate, time.monotonic() - began)

    def _intent(self, batch: Batch, signed: SignedBatch) -> Intent | None:
        """None of what moves no shares: no book has to know of it."""
        works = tuple(dict.fromkeys(step.work for step in batch if step.work is not None))
        if not works:
            return None
        now_ns = self.clock.now_ns()
        return Intent(f"{now_ns}-{signed.sent.nonce}", now_ns, works, signed.sent)

    def _check_budget(self, signed: SignedBatch) -> None:
        """The day's, which a session keeps to as well; Fatal beyond it."""
        if self.log.calls_today() >= self.settings.calls_per_day:
            raise Fatal(
                f"{self.settings.calls_per_day} batches were sent today (redeem.calls_per_day):"
                " set more, or wait for tomorrow, UTC"
            )
        gas_wei = self.log.gas_today_wei() + signed.cost_most_wei
        if gas_wei > self.settings.gas_per_day_wei:
            raise Fatal(
                f"this may cost {signed.cost_most_wei / _WEI:.6g} POL, more than is left of"
                f" {self.settings.gas_per_day_pol:g} a day (redeem.gas_per_day_pol): set more"
            )

    async def _sent(self, signed: SignedBatch, intent: Intent | None) -> BatchFate:
        """Sent, and again with the same nonce where it never arrived, until its fate is certain or
        our patience ends."""
        sent, is_unheard = signed.sent, False
        fate = BatchFate(BatchStage.WAITING)
        with trio.move_on_after(self.wait_s):
            for _ in range(_SENDS):
                try:
                    sent = await self.sender.send(signed)
                except (Retry, Rejected) as error:
                    if not is_unheard:
                        if intent is not None:
                            self.log.refuse(intent)
                        return BatchFate(BatchStage.FAILED, str(error))
                    # The one that is under way, or has the number, may be ours.
                    self.say(f"refused the second time, as one that came may be: {error}")
                except Unknown:
                    is_unheard = True
                    self.say("no answer: it is looked for by its name")
                else:
                    if intent is not None:
                        self.log.hear(intent, sent)
                    self.say("taken, and on its way")
                fate = await self._followed(sent)
                if fate.stage is not BatchStage.NEVER_ARRIVED:
                    break
        return fate

    async def _followed(self, sent: SentBatch) -> BatchFate:
        missed, was_mined = 0, False
        while True:
            try:
                fate = await self.sender.fate(sent)
            except (Retry, Unknown):
                await trio.sleep(_AGAIN_S)
                continue
            if fate.stage is BatchStage.NEVER_ARRIVED:
                missed += 1
                if missed == _LOOKS:
                    return fate
                await trio.sleep(_APART_S)
                continue
            if fate.stage.is_final:
                return fate
            if fate.stage is BatchStage.MINED and not was_mined:
                was_mined = True
                self.say(f"done in {fate.transaction_hash or 'a block'}, waiting until it is final")
            await trio.sleep(_AGAIN_S)

    def _end_others(self, nonce: int) -> None:
        """Those that wanted the same number: now it is proven that they never come."""
        why = BatchFate(BatchStage.FAILED, "its number went to another batch")
        for intent in [one for one in self.log.open.values() if one.sent.nonce == nonce]:
            self._end(intent, why)

    def _end(self, intent: Intent, fate: BatchFate) -> None:
        hash_, gas_wei = fate.transaction_hash, fate.gas_wei
        is_done = fate.stage.is_done
        self.log.end(intent, is_done=is_done, why=fate.why, detail=hash_, gas_wei=gas_wei)


def failed_words(done: DoneBatch) -> str:
    """Why it is not done, in words that end with what to do; empty where it is."""
    match done.fate.stage:
        case BatchStage.CONFIRMED:
            return ""
        case BatchStage.FAILED:
            return f"not done: {done.fate.why or 'the chain took it back'}"
        case BatchStage.NEVER_ARRIVED:
            return "nobody has heard of it yet: look with polytui wallet in ten minutes, then again"
        case BatchStage.OVERTAKEN:
            return "its number was used by another program: look with polytui wallet, then again"
        case _:
            return "still under way: look with polytui wallet in some minutes"

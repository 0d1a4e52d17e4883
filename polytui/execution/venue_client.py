"""A client of a venue that is asked by requests: each in a task of its own, none behind another.

    Places    checked here -> signed once -> those that wait together in one POST -> their reports
                          `-> may be sent again: Deferred, wait, the same signed order once more
                          `-> no answer in time, or one that proves nothing: Unanswered. What the
                              venue says later still counts
    Cancels   at once, those that wait together in one request, also while an order's own POST
              waits; again after that POST and the venue's hold of takers, if the venue had not
              seen the order yet; again and again until they are answered
    LookUp    by the order's id; the mind decides what an answer, or none, means

What is a request is an `OrderWire`'s; this knows only what may overtake what. Reports that come on
another way (a user channel) are given to `report`, so that whatever ends an order is known here.
Requests are tasks of the account: they go on, and their answers are told, when a desk's life ends.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

import trio
from attrs import define, field

from polytui.config.execution import ExecutionSettings
from polytui.execution.client import AccountNews, Deliver, Word
from polytui.execution.order_wire import (
    CancelAnswers,
    OrderWire,
    Posted,
    PostOutcome,
    Reports,
    speaks_of_orders,
)
from polytui.execution.preflight import unsent
from polytui.execution.sent_order import SentOrder, answered
from polytui.execution.venue_modes import VenueModes
from polytui.model.effects import Cancel, CancelAll, Effect, LookUp, Place
from polytui.model.errors import Fatal, Rejected, Restricted, Retry, Unknown
from polytui.model.events import (
    Cancelled,
    CancelRefused,
    Deferred,
    DeskOpened,
    Event,
    InTransit,
    NotFound,
    PairsMerged,
    Refused,
    Unanswered,
)
from polytui.model.instrument import Asset
from polytui.model.orders import Order
from polytui.model.units import NS_PER_S
from polytui.net.clock import Instant, SessionClock
from polytui.venues.polymarket.clob_account import BATCH_MOST

_MOST_UNHEARD = 1_000
"""Of a desk that never comes back; one that begins is told everything that counts."""


@define(eq=False)
class VenueClient:
    """An `ExecutionClient`. State: what was sent and has not ended, and what no desk has heard."""

    asset: Asset
    wire: OrderWire
    clock: SessionClock
    settings: ExecutionSettings
    requests: trio.Nursery
    """The account's, above every asset."""
    hold_ns: int = 0
    """For so long the venue holds takers."""
    modes: VenueModes = field(factory=VenueModes)
    restricted: Callable[[str], None] = field(default=lambda words: None)
    """Told why we may not trade by law or by the venue's rules."""
    greet: Callable[[Deliver], None] = field(default=lambda deliver: None)
    """What a desk that begins to listen must hear of the account."""
    _sent: dict[str, SentOrder] = field(factory=dict)
    _deliver: Deliver | None = None
    _unheard: list[Word] = field(factory=list)
    """Since the last opening, which has all that was on its way, and before its desk listened."""
    _faults: list[Exception] = field(factory=list)
    _is_faulty: trio.Event = field(factory=trio.Event)

    # --- what the engine calls --------------------------------------------------------------------

    def go_on_with(self, orders: Iterable[Order]) -> None:
        """Orders that another process sent, and of which nobody knows what became."""
        for order in orders:
            self._sent[order.order_id] = answered(order)

    async def open(self, life: int) -> DeskOpened:
        before, self._deliver = self._sent, None
        self._unheard.clear()
        opening = await self.wire.open(life, [sent.order for sent in before.values()])
        self._unheard = [word for word in self._unheard if not isinstance(word, InTransit)]
        self._sent = {
            found.order.order_id: before.get(found.order.order_id) or answered(found.order)
            for held in opening.held
            for found in held.working
        }
        return opening

    async def run(self, effects: trio.MemoryReceiveChannel[Effect], deliver: Deliver) -> None:
        self._deliver = deliver
        unheard, self._unheard = self._unheard, []
        self.greet(self.tell)
        for report in unheard:
            self.tell(report)
        try:
            async with trio.open_nursery() as life:
                life.start_soon(self._raise_faults)
                async for effect in effects:
                    self._take([effect, *_waiting(effects)])
                await trio.sleep_forever()
        finally:
            self._deliver = None

    def observe(self, event: Event) -> Reports:
        words = self.wire.observe(event)
        for word in words:
            self._note(word)
        return words

    async def cancel_all(self) -> int:
        """Those whose POST is still on its way are asked for once it is answered."""
        for order_id, sent in self._sent.items():
            sent.is_unwanted = True
            if sent.is_early:
                self._start(self._cancel_once_known, order_id, sent)
        gone = await self.wire.cancel_all()
        for report in gone:
            self._sent.pop(report.order_id, None)
        return len(gone)

    @property
    def has_working_orders(self) -> bool:
        return bool(self._sent)

    @property
    def sent(self) -> Iterable[SentOrder]:
        """Orders that nothing ended."""
        return self._sent.values()

    @property
    def is_listening(self) -> bool:
        """Whether a life of the desk hears what it is told."""
        return self._deliver is not None

    def report(self, word: Word) -> None:
        """One word to the desk, whichever way it came; to the next one where none listens yet."""
        self._note(word)
        if self.is_listening:
            self.tell(word)
        else:
            self._unheard = [*self._unheard[-_MOST_UNHEARD:], word]

    def tell(self, news: Word | AccountNews) -> None:
        """To the inbox of the desk that listens."""
        assert self._deliver is not None
        try:
            self._deliver(news)
        except Exception as error:
            self._fail(error)  # a full inbox is a fault of the asset, and of nobody else

    def _note(self, word: Word) -> None:
        if isinstance(word, InTransit | PairsMerged):
            return
        sent = self._sent.get(word.order_id)
        if sent is not None and sent.has_ended(word):
            del self._sent[word.order_id]
            sent.answered.set()

    # --- what effects come to ---------------------------------------------------------------------

    def _take(self, effects: Sequence[Effect]) -> None:
        """What waits together goes together. Each order is known before its task begins: a cancel
        right behind it must find it."""
        placed, cancelled = list[SentOrder](), list[str]()
        for effect in effects:
            match effect:
                case Place(order):
                    sent = self._sent[order.order_id] = SentOrder(order)
                    placed.append(sent)
                case Cancel(order_id):
                    self._want_no_more(order_id)
                    cancelled.append(order_id)
                case CancelAll():
                    for order_id in self._sent:
                        self._want_no_more(order_id)
                    self._start(self._cancel_everything, list(self._sent))
                case LookUp(order_id):
                    self._start(self._look, order_id)
        never_sent = {sent.order.order_id for sent in placed if sent.is_unwanted}
        for order_id in never_sent:
            self.report(Cancelled(order_id, "it was never sent"))
        if left := [order_id for order_id in cancelled if order_id not in never_sent]:
            self._start(self._cancel, left)
        wanted = [sent for sent in placed if not sent.is_unwanted]
        for first in range(0, len(wanted), BATCH_MOST):
            self._start(self._place, wanted[first : first + BATCH_MOST])

    def _want_no_more(self, order_id: str) -> None:
        if (sent := self._sent.get(order_id)) is not None:
            sent.is_unwanted = True

    def _start(self, do: Callable[..., Awaitable[None]], *arguments: Any) -> None:
        """A request of the account's. What goes wrong with it is a crash of the asset, no more."""

        async def request() -> None:
            try:
                await do(*arguments)
            except Fatal:
                raise
            except Exception as error:
                self._fail(error)

        self.requests.start_soon(request)

    def _fail(self, error: Exception) -> None:
        self._faults.append(error)
        self._is_faulty.set()

    async def _raise_faults(self) -> None:
        await self._is_faulty.wait()
        self._is_faulty, faults, self._faults = trio.Event(), self._faults, []
        raise ExceptionGroup("requests failed", faults)

    # --- orders -----------------------------------------------------------------------------------

    async def _place(self, placed: Sequence[SentOrder]) -> None:
        began, signed = Instant.now(self.clock), dict[str, tuple[SentOrder, Any]]()
        for sent in placed:
            order_id = sent.order.order_id
            if sent.is_unwanted or order_id not in self._sent:
                self.report(Cancelled(order_id, "it was never sent"))
                continue
            if why := self.wire.preflight(sent.order):
                self.report(unsent(order_id, why))
                continue
            try:
                signed[order_id] = sent, self.wire.sign(sent.order)
            except Rejected as error:
                self.report(unsent(order_id, str(error)))
        if not signed:
            return
        outcomes = await self._outcomes(list(signed.values()))
        for (sent, form), outcome in zip(signed.values(), outcomes, strict=True):
            if isinstance(outcome, Retry):
                self._start(self._place_again, sent, form, outcome, began)
            else:
                self._hear(sent, outcome)

    async def _place_again(
        self, sent: SentOrder, form: Any, outcome: PostOutcome, began: Instant
    ) -> None:
        """Until the venue takes it, refuses it, or nobody knows; or it is wanted no more."""
        order_id, pause_s = sent.order.order_id, self.settings.resend_first_s
        while isinstance(outcome, Retry):
            self.modes.hear(outcome)
            wait_s = pause_s if outcome.after_s is None else outcome.after_s
            if sent.is_late or not self._may_go(began, wait_s):
                outcome = Rejected(f"not taken, and not sent again: {outcome}")
                break
            self.report(Deferred(order_id, str(outcome)))
            await trio.sleep(self._real_s(wait_s))
            if sent.is_unwanted or not self._may_go(began):  # the machine may have slept, too
                self.report(Cancelled(order_id, "it was never taken"))
                return
            (outcome,) = await self._outcomes([(sent, form)])
            pause_s *= 2
        self._hear(sent, outcome)

    def _may_go(self, began: Instant, wait_s: float = 0.0) -> bool:
        return began.age_ns(self.clock) / NS_PER_S + wait_s <= self.settings.resend_for_s

    async def _outcomes(self, signed: Sequence[tuple[SentOrder, Any]]) -> Sequence[PostOutcome]:
        """Of one request; in the meantime whoever waits too long is told so. That is a task beside
        this one, not in a nursery around it: an order leaves before it has begun."""
        patience = trio.CancelScope()
        self._start(self._complain_when_late, [sent for sent, _ in signed], patience)
        try:
            return await self._post([form for _, form in signed])
        finally:
            patience.cancel()

    async def _post(self, forms: Sequence[Any]) -> Sequence[PostOutcome]:
        try:
            if len(forms) == 1:
                return [await self.wire.post(forms[0])]
            return await self.wire.post_many(forms)
        except (Retry, Rejected, Unknown) as error:
            return [error] * len(forms)

    async def _complain_when_late(
        self, waiting: Sequence[SentOrder], patience: trio.CancelScope
    ) -> None:
        with patience:
            await trio.sleep(self._real_s(self.settings.post_deadline_s))
        if patience.cancel_called:
            return  # answered, in the same moment perhaps
        words = f"no answer within {self.settings.post_deadline_s:g} s"
        for sent in waiting:
            sent.is_late = True
            sent.answered.set()
            self.report(Unanswered(sent.order.order_id, words))

    def _hear(self, sent: SentOrder, outcome: PostOutcome) -> None:
        """What came of a POST in the end."""
        order_id = sent.order.order_id
        match outcome:
            case Posted(reports, is_held):
                self.modes.took(sent.order)
                if is_held:
                    sent.note_held(self.clock.real_s(self.hold_ns))
                for report in reports:
                    self.report(report)
            case Rejected():
                if isinstance(outcome, Restricted):
                    self.restricted(str(outcome))
                self.report(Refused(order_id, str(outcome)))
            case Unknown():
                sent.note_held(self.clock.real_s(self.hold_ns))  # it may have come just now
                if not sent.is_late:
                    self.report(Unanswered(order_id, str(outcome)))
        sent.answered.set()

    # --- cancels ----------------------------------------------------------------------------------

    async def _cancel(self, order_ids: Sequence[str]) -> None:
        """At once; again where the venue cannot have known an order yet, or did not answer."""
        known = {one: self._sent[one] for one in order_ids if one in self._sent}
        left = list(dict.fromkeys(order_ids))
        while left:
            early = {one for one, sent in known.items() if sent.is_early}
            answers, pause_s = await self._ask_to_cancel(left)
            for order_id, answer in answers.items():
                if isinstance(answer, CancelRefused) and order_id in early:
                    self._start(self._cancel_once_known, order_id, known[order_id])
                else:
                    self.report(answer)
            left = [one for one in left if one not in answers]
            if left:
                await trio.sleep(self._real_s(pause_s))
            # One that has ended meanwhile is nobody's question any more.
            left = [one for one in left if one not in known or one in self._sent]

    async def _ask_to_cancel(self, order_ids: Sequence[str]) -> tuple[CancelAnswers, float]:
        """What was answered, and after how long the rest may be asked for again."""
        pause_s = self.settings.cancel_again_s
        try:
            return await self.wire.cancel(order_ids), pause_s
        except Retry as busy:
            self.modes.hear(busy)
            return {}, max(pause_s, busy.after_s or 0.0)
        except Unknown:
            return {}, pause_s
        except Rejected as error:
            if isinstance(error, Restricted):
                self.restricted(str(error))
            return {one: CancelRefused(one, str(error)) for one in order_ids}, pause_s

    async def _cancel_once_known(self, order_id: str, sent: SentOrder) -> None:
        await sent.known()
        if self._sent.get(order_id) is sent:
            await self._cancel([order_id])

    async def _cancel_everything(self, known: list[str]) -> None:
        """One request for all; those that it cannot have met by their ids."""
        with suppress(Retry, Unknown, Rejected):  # what it left is asked for until it is answered
            for report in await self.wire.cancel_all():
                self.report(report)
        await self._cancel([order_id for order_id in known if order_id in self._sent])

    # --- looks ------------------------------------------------------------------------------------

    async def _look(self, order_id: str) -> None:
        looked_ns = self.clock.now_ns()
        try:
            reports = await self.wire.look(order_id)
        except (Retry, Unknown, Rejected):
            return  # no look at all: the mind asks again
        for word in reports:
            self.report(word)
        if not speaks_of_orders(reports):
            self.report(NotFound(order_id, looked_ns))

    def _real_s(self, session_s: float) -> float:
        return self.clock.real_s(int(session_s * NS_PER_S))


def _waiting(effects: trio.MemoryReceiveChannel[Effect]) -> list[Effect]:
    """What is in the channel already."""
    found = []
    with suppress(trio.WouldBlock, trio.EndOfChannel):
        while True:
            found.append(effects.receive_nowait())
    return found

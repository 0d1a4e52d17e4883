"""A client of a venue that is asked by requests: each in a task of its own, none behind another.

    Place   sign once -> post -> its reports
                          `-> may be sent again: Deferred, wait, the same signed order once more
                          `-> no answer in time, or one that proves nothing: Unanswered
    Cancel  at once, also while the order's own POST waits; again after that POST, if the venue had
            not seen the order yet; again and again until it is answered
    LookUp    by the order's id; the mind decides what an answer, or none, means

What is a request is an `OrderWire`'s; this knows only what may overtake what. Reports that come on
another way (a user channel) are given to `report`, so that whatever ends an order is known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import trio
from attrs import define, field

from polytui.config.execution import ExecutionSettings
from polytui.execution.client import Deliver
from polytui.model.effects import Cancel, CancelAll, Effect, LookUp, Place
from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.events import (
    Cancelled,
    CancelRefused,
    Deferred,
    DeskOpened,
    Event,
    Filled,
    NotFound,
    Refused,
    Report,
    Unanswered,
)
from polytui.model.instrument import Asset
from polytui.model.orders import Order
from polytui.model.units import NS_PER_S
from polytui.net.clock import SessionClock

_MISSES = 2
"""The mind takes it for dead then, by its own clock; here it only holds up a stop no longer."""

Reports = Sequence[Report]


class OrderWire(Protocol):
    """One venue's requests about one asset's orders. What is raised says what happened: Rejected,
    proven not to live; Retry, nothing happened and the same may be sent again; Unknown, it may have
    happened (a duplicate of what was sent again is that, for then the first one arrived)."""

    def sign(self, order: Order) -> Any:
        """What `post` sends, once or more than once, and always the same."""
        ...

    async def post(self, signed: Any) -> Reports: ...

    async def cancel(self, order_id: str) -> Cancelled | CancelRefused: ...

    async def cancel_all(self) -> Sequence[Cancelled]:
        """Everything of the asset, known here or not; those that went."""
        ...

    async def look(self, order_id: str) -> Reports:
        """OrderFound, what ended it, or nothing where the venue does not know it. Fills that it had
        come first."""
        ...

    async def open(self, life: int) -> DeskOpened: ...


@define
class _Sent:
    """An order that was taken and that nothing ended yet."""

    order: Order
    answered: trio.Event = field(factory=trio.Event)
    """Its POST is over, whatever came of it."""
    is_unwanted: bool = False
    """Its cancel was asked for."""
    trades: dict[str, int] = field(factory=dict)
    """Shares by trade that filled it."""
    misses: int = 0
    """Looks that found nothing."""


@define(eq=False)
class VenueClient:
    """An `ExecutionClient`. State: what was sent and has not ended."""

    asset: Asset
    wire: OrderWire
    clock: SessionClock
    settings: ExecutionSettings
    _sent: dict[str, _Sent] = field(factory=dict)
    _deliver: Deliver | None = None

    # --- what the engine calls --------------------------------------------------------------------

    async def open(self, life: int) -> DeskOpened:
        opening = await self.wire.open(life)
        self._sent = {
            found.order.order_id: _answered(found.order)
            for held in opening.held
            for found in held.working
        }
        return opening

    async def run(self, effects: trio.MemoryReceiveChannel[Effect], deliver: Deliver) -> None:
        self._deliver = deliver
        async with trio.open_nursery() as requests:
            async for effect in effects:
                match effect:
                    case Place(order):
                        # Known before its task begins: a cancel right behind it must find it.
                        sent = self._sent[order.order_id] = _Sent(order)
                        requests.start_soon(self._place, sent)
                    case Cancel(order_id):
                        requests.start_soon(self._cancel, order_id)
                    case CancelAll():
                        requests.start_soon(self._cancel_everything, list(self._sent))
                    case LookUp(order_id):
                        requests.start_soon(self._look, order_id)
            await trio.sleep_forever()

    def observe(self, event: Event) -> Sequence[Report]:
        return ()

    async def cancel_all(self) -> int:
        gone = await self.wire.cancel_all()
        for report in gone:
            self._sent.pop(report.order_id, None)
        return len(gone)

    @property
    def has_working_orders(self) -> bool:
        return bool(self._sent)

    def report(self, report: Report) -> None:
        """One report to the desk, whichever way it came."""
        sent = self._sent.get(report.order_id)
        if sent is not None and _has_ended(sent, report):
            del self._sent[report.order_id]
        if self._deliver is not None:
            self._deliver(report)

    # --- requests ---------------------------------------------------------------------------------

    async def _place(self, sent: _Sent) -> None:
        try:
            await self._post(sent)
        finally:
            sent.answered.set()

    async def _post(self, sent: _Sent) -> None:
        """Until the venue takes it, refuses it, or nobody knows; or it is wanted no more."""
        order_id, signed = sent.order.order_id, self.wire.sign(sent.order)
        pause_s, until = self.settings.resend_first_s, self._after(self.settings.resend_for_s)
        while (busy := await self._post_once(order_id, signed)) is not None:
            again = self._after(pause_s if busy.after_s is None else busy.after_s)
            if again > until:
                self.report(Refused(order_id, f"not taken, and not sent again: {busy}"))
                return
            self.report(Deferred(order_id, str(busy)))
            await trio.sleep_until(again)
            if sent.is_unwanted:
                self.report(Refused(order_id, "not taken, and not wanted any more"))
                return
            pause_s *= 2

    async def _post_once(self, order_id: str, signed: Any) -> Retry | None:
        """Reports what came of it; returned is only that the same may be sent again."""
        deadline_s = self.settings.post_deadline_s
        try:
            with trio.fail_at(self._after(deadline_s)):
                reports = await self.wire.post(signed)
        except trio.TooSlowError:
            reports = (Unanswered(order_id, f"no answer within {deadline_s:g} s"),)
        except Unknown as error:
            reports = (Unanswered(order_id, str(error)),)
        except Rejected as error:
            reports = (Refused(order_id, str(error)),)
        except Retry as busy:
            return busy
        for report in reports:
            self.report(report)
        return None

    async def _cancel(self, order_id: str) -> None:
        """At once; and again where the venue cannot have known the order yet, or did not answer."""
        sent = self._sent.get(order_id)
        if sent is not None:
            sent.is_unwanted = True
        while True:
            was_answered = sent is None or sent.answered.is_set()
            try:
                answer = await self.wire.cancel(order_id)
            except (Retry, Unknown):
                await trio.sleep_until(self._after(self.settings.cancel_again_s))
            except Rejected as error:
                self.report(CancelRefused(order_id, str(error)))
                return
            else:
                if isinstance(answer, Cancelled) or was_answered or sent is None:
                    self.report(answer)
                    return
                await sent.answered.wait()
            if sent is not None and order_id not in self._sent:
                return  # it has ended meanwhile

    async def _cancel_everything(self, known: list[str]) -> None:
        """One request for all; those that it cannot have met one by one."""
        for order_id in known:
            if order_id in self._sent:
                self._sent[order_id].is_unwanted = True
        try:
            for report in await self.wire.cancel_all():
                self.report(report)
        except (Retry, Unknown, Rejected):
            pass  # what it left is asked for below, each until it is answered
        async with trio.open_nursery() as rest:
            for order_id in known:
                if order_id in self._sent:
                    rest.start_soon(self._cancel, order_id)

    async def _look(self, order_id: str) -> None:
        looked_ns = self.clock.now_ns()
        try:
            reports = await self.wire.look(order_id)
        except (Retry, Unknown, Rejected):
            return  # no look at all: the mind asks again
        for report in reports or (NotFound(order_id, looked_ns),):
            self.report(report)

    def _after(self, session_s: float) -> float:
        """By Trio's clock."""
        return trio.current_time() + self.clock.real_s(int(session_s * NS_PER_S))


def _answered(order: Order) -> _Sent:
    sent = _Sent(order)
    sent.answered.set()
    return sent


def _has_ended(sent: _Sent, report: Report) -> bool:
    """Whether nothing more can come of the order. One that was not found once may live yet."""
    if isinstance(report, Filled):
        sent.trades[report.trade_id] = report.shares
        return sum(sent.trades.values()) >= sent.order.shares
    sent.misses = sent.misses + 1 if isinstance(report, NotFound) else 0
    return sent.misses >= _MISSES or isinstance(report, Refused | Cancelled)

"""The dead man's switch: while we beat, the venue leaves our orders alone.

    every heartbeat_s      a beat that names the id which the last one was answered with
    no answer in time      given up, and sent again at once on another connection: one slow answer
                           costs no order
    refused with another   whoever comes back, or lost an answer, goes on with that id at once
    refused every time     somebody else beats with this key: nobody may trade with it
    none taken for long    FeedDown: every desk cancels; so is everything from here; nobody enters
    taken again            the account is reconciled, as the venue may have cancelled it all; FeedUp

How long is said by whichever clock says more. A machine that slept wakes with a monotonic clock
that stood still, and with an answer of before in its socket: every beat asks how long it was silent
before its answer counts, and one that was sent too long ago says nothing of now.

The venue cancels every order of a key that it has not heard from for 10 s, and looks each 5 s. So
this ends last, after the cancel of the way out: what that leaves, the silence takes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio
from attrs import define, field

from polytui.config.live import LiveSettings
from polytui.execution.client import AccountNews
from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.events import HEARTBEAT_FEED, FeedDown, FeedUp
from polytui.model.units import NS_PER_S
from polytui.net.clock import Instant, SessionClock
from polytui.venues.polymarket.clob_answers import Beat

_STRANGERS_MOST = 3
"""One id of somebody else may be of a venue that began anew; three in a row are a person."""
_AGAIN_S = 1.0
"""After a beat that failed."""
_STRANGER = "another process trades with this key: stop it, or this one"


@define(eq=False)
class Heartbeat:
    """State: the id to go on with, when the beat was sent that the venue took last, and whether
    that was ever too long ago since the account was compared."""

    beat: Callable[[str], Awaitable[Beat]]
    clock: SessionClock
    settings: LiveSettings
    tell: Callable[[AccountNews], None]
    cancel_all: Callable[[], Awaitable[object]]
    reconcile: Callable[[], Awaitable[object]]
    """Returns once the account was compared with the venue's own, all of it from now on."""
    kill: Callable[[str], None]
    heartbeat_id: str = ""
    is_lost: bool = False
    """And everybody was told so."""
    beats: int = 0
    """Taken."""
    losses: int = 0
    """Silences that were too long, told or not."""
    _taken_at: Instant = field(init=False)
    _silent_since: Instant | None = None
    """The beat after which it was silent for too long, the last time."""
    _is_known: bool = False
    """The venue's last word on the id was the answer to a beat that it took."""
    _strangers: int = 0
    _why: str = "no answer"
    _taken: trio.Event = field(factory=trio.Event)
    _is_pressing: trio.Event = field(factory=trio.Event)
    """It was silent for too long: the next beat waits no longer."""

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Beat until cancelled; started once the first one is taken, or is lost."""
        self._taken_at = Instant.now(self.clock)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watch)
            nursery.start_soon(self._keep_beating)
            with trio.move_on_after(self._real_s(self.settings.heartbeat_grace_s)):
                await self._taken.wait()
            task_status.started()

    async def _keep_beating(self) -> None:
        while True:
            began, self._is_pressing = trio.current_time(), trio.Event()
            pause_s = self.settings.heartbeat_s if await self._once() else _AGAIN_S
            with trio.move_on_at(began + self._real_s(pause_s)):
                await self._is_pressing.wait()

    async def _once(self) -> bool:
        """One beat; where the venue names another id, one more with that."""
        try:
            sent_at, answer = await self._ask()
            if not answer.is_accepted:
                self._note_stranger()
                self.heartbeat_id = answer.heartbeat_id
                sent_at, answer = await self._ask()
            else:
                self._strangers = 0
        except (Retry, Rejected, Unknown) as error:
            # It may have been taken: whose the next id is, nobody can tell.
            self._is_known, self._why = False, str(error)
            return False
        self.heartbeat_id = answer.heartbeat_id
        self._is_known = answer.is_accepted
        return answer.is_accepted and self._was_taken(sent_at)

    async def _ask(self) -> tuple[Instant, Beat]:
        """When it was sent, from which on the venue may count, and its answer. What is given up
        takes its connection with it (net/http_pool.py)."""
        sent_at, within_s = Instant.now(self.clock), self.settings.heartbeat_answer_s
        with trio.move_on_after(self._real_s(within_s)):
            return sent_at, await self.beat(self.heartbeat_id)
        raise Unknown(f"no answer within {within_s:g} s")

    def _note_stranger(self) -> None:
        """The id that we were given is not the last one: somebody beat in between."""
        if not self._is_known:
            return
        self._strangers += 1
        if self._strangers == _STRANGERS_MOST:
            self.kill(_STRANGER)

    def _was_taken(self, sent_at: Instant) -> bool:
        """Whether it says anything of now."""
        self.beats += 1
        self._is_silent()  # it may have been, until this one
        if self._age_is_too_much(sent_at):
            return False
        self._taken_at = sent_at
        taken, self._taken = self._taken, trio.Event()
        taken.set()
        if self.beats == 1 and not self.is_lost:
            self._tell_up()
        return True

    # --- silence ----------------------------------------------------------------------------------

    async def _watch(self) -> None:
        """Whether it is too long ago; apart from the beats, of which one may hang."""
        while True:
            while not self._is_silent() and not self.is_lost:
                await self._until_it_may_be()
            await self._come_back()

    async def _until_it_may_be(self) -> None:
        """By either clock."""
        left_ns = self.settings.heartbeat_grace_ns - self._taken_at.age_ns(self.clock)
        with trio.move_on_after(self.clock.real_s(left_ns)):
            await self.clock.sleep_until(self.clock.now_ns() + left_ns)

    async def _come_back(self) -> None:
        """Once the venue takes beats, and has told what it has left of our orders. A silence in the
        meantime may have cost those that it told of."""
        while True:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._cancel_until_done)
                while self._is_silent():
                    await self._taken.wait()
                nursery.cancel_scope.cancel()
            losses = self.losses
            await self.reconcile()
            if not self._is_silent() and self.losses == losses:
                break
        self.is_lost = False
        self._tell_up()

    def _is_silent(self) -> bool:
        """Whether it is for too long, which is noted once and told where nobody knows it."""
        if not self._age_is_too_much(self._taken_at):
            return False
        if self._silent_since is not self._taken_at:
            self._silent_since = self._taken_at
            self.losses += 1
            self._is_pressing.set()
        if not self.is_lost:
            self._lose()
        return True

    def _age_is_too_much(self, moment: Instant) -> bool:
        return moment.age_ns(self.clock) >= self.settings.heartbeat_grace_ns

    def _lose(self) -> None:
        self.is_lost = True
        silent_s = self._taken_at.age_ns(self.clock) / NS_PER_S
        words = f"no heartbeat taken for {silent_s:.0f} s: {self._why}"
        self.tell(FeedDown(HEARTBEAT_FEED, words, self.clock.now_ns()))

    def _tell_up(self) -> None:
        self.tell(FeedUp(HEARTBEAT_FEED, self.clock.now_ns()))

    async def _cancel_until_done(self) -> None:
        """What the desks cancel by themselves are orders that they know."""
        while True:
            try:
                await self.cancel_all()
            except (Retry, Rejected, Unknown):
                await trio.sleep(self._real_s(_AGAIN_S))
            else:
                return

    def _real_s(self, session_s: float) -> float:
        return self.clock.real_s(int(session_s * NS_PER_S))

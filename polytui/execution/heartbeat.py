"""The dead man's switch: while we beat, the venue leaves our orders alone.

    every heartbeat_s      a beat that names the id which the last one was answered with
    no answer in time      given up, and sent again at once on another connection: one slow answer
                           costs no order
    refused with another   whoever comes back, or lost an answer, goes on with that id at once
    refused every time     somebody else beats with this key: nobody may trade with it
    none taken for long    FeedDown: every desk cancels; so is everything from here; nobody enters
    taken again            FeedUp

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
from polytui.net.clock import SessionClock
from polytui.venues.polymarket.clob_answers import Beat

_STRANGERS_MOST = 3
"""One id of somebody else may be of a venue that began anew; three in a row are a person."""
_AGAIN_S = 1.0
"""After a beat that failed."""
_STRANGER = "another process trades with this key: stop it, or this one"


@define(eq=False)
class Heartbeat:
    """State: the id to go on with, when the venue last took a beat, and whether that is too long
    ago."""

    beat: Callable[[str], Awaitable[Beat]]
    clock: SessionClock
    settings: LiveSettings
    tell: Callable[[AccountNews], None]
    cancel_all: Callable[[], Awaitable[object]]
    kill: Callable[[str], None]
    heartbeat_id: str = ""
    is_lost: bool = False
    beats: int = 0
    """Taken."""
    losses: int = 0
    _taken_ns: int = 0
    _is_known: bool = False
    """The venue's last word on the id was the answer to a beat that it took."""
    _strangers: int = 0
    _why: str = "no answer"
    _taken: trio.Event = field(factory=trio.Event)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Beat until cancelled; started once the first one is taken, or is lost."""
        self._taken_ns = self.clock.now_ns()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watch)
            nursery.start_soon(self._keep_beating)
            with trio.move_on_after(self._real_s(self.settings.heartbeat_grace_s)):
                await self._taken.wait()
            task_status.started()

    async def _keep_beating(self) -> None:
        while True:
            began = trio.current_time()
            pause_s = self.settings.heartbeat_s if await self._once() else _AGAIN_S
            await trio.sleep_until(began + self._real_s(pause_s))

    async def _once(self) -> bool:
        """One beat; where the venue names another id, one more with that."""
        try:
            sent_ns, answer = await self._ask()
            if not answer.is_accepted:
                self._note_stranger()
                self.heartbeat_id = answer.heartbeat_id
                sent_ns, answer = await self._ask()
            else:
                self._strangers = 0
        except (Retry, Rejected, Unknown) as error:
            # It may have been taken: whose the next id is, nobody can tell.
            self._is_known, self._why = False, str(error)
            return False
        self.heartbeat_id = answer.heartbeat_id
        self._is_known = answer.is_accepted
        if answer.is_accepted:
            self._was_taken(sent_ns)
        return answer.is_accepted

    async def _ask(self) -> tuple[int, Beat]:
        """When it was sent, from which on the venue may count, and its answer. What is given up
        takes its connection with it (net/http_pool.py)."""
        sent_ns, within_s = self.clock.now_ns(), self.settings.heartbeat_answer_s
        with trio.move_on_after(self._real_s(within_s)):
            return sent_ns, await self.beat(self.heartbeat_id)
        raise Unknown(f"no answer within {within_s:g} s")

    def _note_stranger(self) -> None:
        """The id that we were given is not the last one: somebody beat in between."""
        if not self._is_known:
            return
        self._strangers += 1
        if self._strangers == _STRANGERS_MOST:
            self.kill(_STRANGER)

    def _was_taken(self, sent_ns: int) -> None:
        self.beats += 1
        self._taken_ns, now_ns = sent_ns, self.clock.now_ns()
        taken, self._taken = self._taken, trio.Event()
        taken.set()
        if self.is_lost or self.beats == 1:
            self.is_lost = False
            self.tell(FeedUp(HEARTBEAT_FEED, now_ns))

    async def _watch(self) -> None:
        """Whether it is too long ago; apart from the beats, of which one may hang."""
        while True:
            await self.clock.sleep_until(self._taken_ns + self.settings.heartbeat_grace_ns)
            now_ns = self.clock.now_ns()
            if now_ns - self._taken_ns < self.settings.heartbeat_grace_ns:
                continue
            self._lose(now_ns)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._cancel_until_done)
                await self._taken.wait()
                nursery.cancel_scope.cancel()

    def _lose(self, now_ns: int) -> None:
        self.is_lost = True
        self.losses += 1
        silent_s = (now_ns - self._taken_ns) / NS_PER_S
        words = f"no heartbeat taken for {silent_s:.0f} s: {self._why}"
        self.tell(FeedDown(HEARTBEAT_FEED, words, now_ns))

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

"""The supervisor of one asset: a crash stays here, and ends in a new life or in a halt."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable

import trio
from attrs import define, field
from loguru import logger

from polytui.execution.client import TOLD_ONCE
from polytui.model.errors import Fatal, Rejected, Retry, Unknown
from polytui.model.events import AssetHalted, Event
from polytui.model.notice_kinds import BREAKER
from polytui.model.plain_text import plain
from polytui.model.snapshot import AssetState
from polytui.runtime.asset import AssetRun
from polytui.runtime.asset_worker import opening_events
from polytui.runtime.caretaker import take_without_a_life
from polytui.runtime.desk_loop import DeskLoop
from polytui.runtime.inbox import Item
from polytui.runtime.session import Session


@define
class Supervisor:
    """State: when one asset crashed of late. It gives the asset a new life, or halts it."""

    run: AssetRun
    session: Session
    live: Callable[[], Awaitable[None]]
    halted: Callable[[], None]
    crashes: deque[float] = field(factory=deque)

    async def supervise(self) -> None:
        # A stop ends a life and not this loop: a desk that was just opened, or opened anew after
        # a crash, takes its Stop like any other, and the journal ends without a working order.
        while True:
            self.run.life += 1
            crash: BaseExceptionGroup[Exception] | None = None
            try:
                await self.live()
            except* Fatal:
                raise
            except* Exception as group:
                crash = group
            if crash is None:
                return
            await self._clean_up(crash)
            if self._is_hopeless():
                await self._halt()
                return
            self.run.state, self.run.detail = AssetState.RESTARTING, self._cause(crash)
            with trio.move_on_after(self._backoff_s()):
                await self.session.stopping.wait()

    async def _clean_up(self, crash: BaseExceptionGroup[Exception]) -> None:
        """No order may outlive the desk that knew it."""
        cancelled = await self.run.take_orders_back(self.session.settings.execution.cancel_all_s)
        self.run.lose_feeds()
        logger.opt(exception=crash).error("{} crashed", self.run.asset.value)
        text = f"crashed: {self._cause(crash)}; {cancelled}"
        self.session.fault(self.run.asset.value, text)

    @staticmethod
    def _cause(crash: BaseExceptionGroup[Exception]) -> str:
        error: BaseException = crash
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        return plain(f"{type(error).__name__}: {error}")

    def _is_hopeless(self) -> bool:
        rules, now = self.session.settings.supervision, trio.current_time()
        self.crashes.append(now)
        while self.crashes[0] < now - rules.window_s:
            self.crashes.popleft()
        return len(self.crashes) >= rules.max_crashes

    async def _halt(self) -> None:
        opening = await self._last_opening()
        # From here on nothing waits: who reads that it is halted reads all that follows from it.
        self.run.state = AssetState.HALTED
        left = sum(not followed.settled.is_set() for followed in self.run.followed.values())
        again = "restart the engine and resume it to trade it again"
        self.run.detail = f"{len(self.crashes)} crashes; {again}"
        if left:
            self.run.detail += f"; {left} rounds are no longer watched, not even for their end"
        said = f"halted: {self.run.detail}"
        self.session.note_error(self.run.asset.value, said)
        self._free_reserves(opening)
        most = self.session.settings.supervision.max_crashes
        take_without_a_life(self.run, self.session, AssetHalted(len(self.crashes), most))
        for told in self.run.inbox.take_kinds(*TOLD_ONCE):
            # Nobody else was told of it: it is the account's.
            take_without_a_life(self.run, self.session, told)
        self.session.herald.say("error", self.run.asset.value, said, BREAKER)
        self.halted()

    async def _last_opening(self) -> list[Event]:
        """What the venue says at the end; nothing where it does not answer."""
        try:
            with trio.fail_after(self.session.settings.execution.cancel_all_s):
                return await opening_events(self.run, self.session)
        except (Retry, Rejected, Unknown, trio.TooSlowError) as error:
            logger.opt(exception=error).error("{} cannot even open", self.run.asset.value)
            return []

    def _free_reserves(self, opening: list[Event]) -> None:
        """A last desk for the books alone: orders that died with the one before it must not be
        counted against the limits of the other assets."""
        loop = DeskLoop(self.run, self.session, lambda effect: None)
        try:
            if opening:
                loop.take([Item(event) for event in opening])
        except Exception as error:
            logger.opt(exception=error).error("{} cannot even open", self.run.asset.value)

    def _backoff_s(self) -> float:
        rules = self.session.settings.supervision
        return min(rules.backoff_cap_s, rules.backoff_first_s * 2.0 ** (len(self.crashes) - 1))

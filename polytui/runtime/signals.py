"""Signals that end a session, heard from before its first task until after its last.

Between the start of the venue and the tree's own tasks, and again while the last files are
closed, a signal's default would kill the process in the middle of it.
"""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio
from attrs import define, field

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@define
class StopSignals:
    """State: the first one that came. The others ask for nothing new."""

    name: str = ""
    came: trio.Event = field(factory=trio.Event)

    async def listen(self, numbers: AsyncIterator[int]) -> None:
        async for number in numbers:
            self.name = self.name or signal.Signals(number).name
            self.came.set()


@asynccontextmanager
async def hear_signals() -> AsyncIterator[StopSignals]:
    """Take Ctrl-C, SIGTERM and SIGHUP from the system until the block ends.

    A SIGHUP that is ignored already stays so: `nohup` is how people say that it should go on.
    """
    is_nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    wanted = _SIGNALS[:-1] if is_nohup else _SIGNALS
    with trio.open_signal_receiver(*wanted) as numbers:
        async with trio.open_nursery() as nursery:
            heard = StopSignals()
            nursery.start_soon(heard.listen, numbers)
            yield heard
            nursery.cancel_scope.cancel()

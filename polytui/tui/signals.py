"""What ends a terminal from outside: signals, and a terminal that is no longer there."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from types import TracebackType

_LAST_RESORT_S = 2.0
_LOOK_EVERY_S = 1.0
_HANGUP_CODE = 129


class TerminalSignals:
    """While open: SIGTERM, SIGHUP and a vanished terminal call `end` in the event loop.

    Textual hands its output to a thread. When the terminal is gone that thread dies, its queue
    fills, and the event loop blocks on it for ever; so a hang-up also sets a hard limit.
    """

    def __init__(self, end: Callable[[], None]) -> None:
        self._end = end
        self._closed = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def __enter__(self) -> TerminalSignals:
        self._loop = asyncio.get_running_loop()
        self._loop.add_signal_handler(signal.SIGTERM, self._end)
        self._loop.add_signal_handler(signal.SIGHUP, self.hang_up)
        threading.Thread(target=self._watch, name="terminal-signals", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed.set()
        loop = asyncio.get_running_loop()
        loop.remove_signal_handler(signal.SIGTERM)
        loop.remove_signal_handler(signal.SIGHUP)

    def hang_up(self) -> None:
        """Nobody is looking any more: end, and quickly."""
        _exit_soon()
        self._end()

    def _watch(self) -> None:
        """Look for a hang-up nobody sends a signal for (nohup, a parent that ignores it)."""
        poll = select.poll()
        try:
            poll.register(sys.__stderr__.fileno() if sys.__stderr__ else 2, 0)
        except (OSError, ValueError):
            return
        while not self._closed.wait(_LOOK_EVERY_S):
            if poll.poll(0):
                # The loop may be stuck already, so the limit is set from here.
                _exit_soon()
                if self._loop is not None:
                    self._loop.call_soon_threadsafe(self._end)
                return


def _exit_soon() -> None:
    """The process ends within two seconds, whatever its event loop is waiting for."""
    last_resort = threading.Timer(_LAST_RESORT_S, os._exit, [_HANGUP_CODE])
    last_resort.daemon = True
    last_resort.start()

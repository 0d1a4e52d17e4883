"""A clock for answers of code that nobody here has read: how long each took, and none for ever.

An answer that never comes would hold everything that trades in this thread, so the system's timer
interrupts it: Python code between two instructions, a call of a C library once that returns. What
counts is time of the processor, for a machine that was busy with something else is nobody's fault;
only an answer that took four times as long by the clock was waiting itself.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

from polytui.config.own import OwnStrategiesSettings
from polytui.model.events import StrategyDawdled
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.strategy.proposal import Proposal

_Answer = TypeVar("_Answer")
_WAITED = 4
_MINUTE_NS = 60 * NS_PER_S


class Overrun(BaseException):
    """Raised into what takes too long; no `except Exception` of it is in the way."""


class Deadline:
    """State: since when whose answer is awaited, and what was slow of late. Of the main thread:
    the system interrupts no other, where answers are measured and nothing more."""

    def __init__(self, settings: OwnStrategiesSettings) -> None:
        self._unanswered: tuple[tuple[str, str], ...] = ()
        self._dawdlers: tuple[StrategyDawdled, ...] = ()
        self._slow_ns = int(settings.slow_ms * NS_PER_MS)
        self._most_ns = int(settings.max_answer_ms * NS_PER_MS)
        self._max_slow = settings.max_slow
        self._slow: dict[str, deque[tuple[int, int]]] = {}
        """Of each strategy when its slow answers were, and how long they took."""
        self._began = (0, 0)
        self._is_armed = False

    def ask(self, strategy: str, slug: str, question: Callable[[], Proposal]) -> Proposal | None:
        """As `desk/patience.py` wants it."""
        try:
            said = self.within(question)
        except Overrun:
            self._unanswered += ((strategy, slug),)
            return None
        took_ns = time.thread_time_ns() - self._began[0]
        if took_ns > self._slow_ns:
            self._note_slow(strategy, took_ns)
        return said

    def within(self, question: Callable[[], _Answer]) -> _Answer:
        """The answer, or Overrun."""
        self._began = time.thread_time_ns(), time.monotonic_ns()
        if threading.current_thread() is not threading.main_thread():
            return question()
        handler = signal.signal(signal.SIGALRM, self._rung)
        most_s = self._most_ns / NS_PER_S
        before = signal.setitimer(signal.ITIMER_REAL, most_s, most_s / _WAITED)
        self._is_armed = True
        try:
            return question()
        finally:
            self._is_armed = False  # before any call, for at calls a signal is heard
            passed_ns = time.monotonic_ns() - self._began[1]
            signal.setitimer(signal.ITIMER_REAL, *_less(before, passed_ns))
            signal.signal(signal.SIGALRM, handler)

    def take_unanswered(self) -> tuple[tuple[str, str], ...]:
        """Whose answer in which round was not waited for, since somebody last asked."""
        taken, self._unanswered = self._unanswered, ()
        return taken

    def take_dawdlers(self) -> tuple[StrategyDawdled, ...]:
        """The same of those that were slow too often."""
        taken, self._dawdlers = self._dawdlers, ()
        return taken

    def _note_slow(self, strategy: str, took_ns: int) -> None:
        now_ns, slow = time.monotonic_ns(), self._slow.setdefault(strategy, deque())
        slow.append((now_ns, took_ns))
        while slow[0][0] < now_ns - _MINUTE_NS:
            slow.popleft()
        if len(slow) >= self._max_slow:
            worst_ms = max(one for _, one in slow) / NS_PER_MS
            limit_ms = self._slow_ns / NS_PER_MS
            self._dawdlers += (StrategyDawdled(strategy, len(slow), worst_ms, limit_ms),)
            slow.clear()

    def _rung(self, _: int, __: FrameType | None) -> None:
        if not self._is_armed:
            return
        worked_ns = time.thread_time_ns() - self._began[0]
        waited_ns = time.monotonic_ns() - self._began[1]
        if worked_ns >= self._most_ns or waited_ns >= _WAITED * self._most_ns:
            raise Overrun


def _less(timer: tuple[float, float], passed_ns: int) -> tuple[float, float]:
    """What is left of somebody else's timer."""
    left_s, every_s = timer
    return (max(1e-6, left_s - passed_ns / NS_PER_S) if left_s else 0.0), every_s

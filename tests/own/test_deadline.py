"""Answers are measured, and none is waited for for ever: a real timer, of some milliseconds."""

from __future__ import annotations

import signal
import time
from typing import Any

import pytest

from polytui.config.own import OwnStrategiesSettings
from polytui.own.deadline import Deadline, Overrun
from polytui.strategy.proposal import Proposal

SAID: Any = "an answer"


def for_ever() -> Proposal:
    while True:
        pass


def swallowing() -> Proposal:
    while True:
        try:
            for_ever()
        except Exception:
            continue


@pytest.mark.parametrize("question", [for_ever, swallowing])
def test_an_answer_that_never_comes_is_not_waited_for(question: Any) -> None:
    deadline = Deadline(OwnStrategiesSettings(max_answer_ms=50.0))
    assert deadline.ask("mine", "btc-1", question) is None
    assert deadline.take_unanswered() == (("mine", "btc-1"),)
    assert deadline.take_unanswered() == (), "each is taken once"
    assert deadline.ask("mine", "btc-2", lambda: SAID) == SAID
    assert deadline.take_unanswered() == ()


def test_a_machine_that_was_busy_with_something_else_is_nobodys_fault() -> None:
    """Waiting is not working, up to four times the time."""
    deadline = Deadline(OwnStrategiesSettings(max_answer_ms=100.0))
    began = time.monotonic()

    def busy() -> Proposal:
        while time.monotonic() - began < 0.13:
            signal.sigtimedwait([], 0.005)
        return SAID

    assert deadline.ask("mine", "btc-1", busy) == SAID
    with pytest.raises(Overrun):
        deadline.within(lambda: signal.sigtimedwait([], 60.0))


def test_who_is_slow_too_often_is_told_once() -> None:
    deadline = Deadline(OwnStrategiesSettings(slow_ms=1e-6, max_slow=3))
    for _ in range(2):
        deadline.ask("mine", "btc-1", lambda: SAID)
        deadline.ask("yours", "btc-1", lambda: SAID)
    assert deadline.take_dawdlers() == ()
    deadline.ask("mine", "btc-1", lambda: SAID)
    (told,) = deadline.take_dawdlers()
    assert (told.strategy, told.slow, told.limit_ms) == ("mine", 3, 1e-6)
    assert told.worst_ms > told.limit_ms
    assert deadline.take_dawdlers() == ()


def test_a_timer_and_a_handler_of_somebody_else_are_put_back() -> None:
    rung: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
    mine = signal.getsignal(signal.SIGALRM)
    left = signal.setitimer(signal.ITIMER_REAL, 50.0)
    try:
        Deadline(OwnStrategiesSettings()).ask("mine", "btc-1", lambda: SAID)
        assert signal.getsignal(signal.SIGALRM) is mine
        assert 40.0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 50.0
    finally:
        signal.setitimer(signal.ITIMER_REAL, *left)
        signal.signal(signal.SIGALRM, before)

"""Another program in the terminal's place: real ones, and real signals to this process."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from polytui.tui.suspension import run_until_left

ALL = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


@pytest.fixture
def heard() -> Iterator[list[int]]:
    """Signals that came through to this process, which they do not end meanwhile."""
    came = list[int]()
    before = {one: signal.signal(one, lambda number, _: came.append(number)) for one in ALL}
    yield came
    for one, handler in before.items():
        signal.signal(one, handler)


@pytest.mark.parametrize("name", ["TERM", "HUP"])
def test_a_signal_that_ends_us_ends_the_program_first(heard: list[int], name: str) -> None:
    said = run_until_left(["sh", "-c", f"kill -{name} $PPID; exec sleep 20"])
    assert said == f"sh ended with -{signal.SIGTERM.value}"
    assert heard == []


def test_ctrl_c_is_the_programs_alone_and_handlers_come_back(heard: list[int]) -> None:
    assert run_until_left(["sh", "-c", "kill -INT $PPID; exit 0"]) == ""
    assert heard == []
    for one in ALL:
        signal.raise_signal(one)
    assert heard == list(ALL)


def test_what_cannot_be_started_or_ends_badly_is_told_in_words(heard: list[int]) -> None:
    assert run_until_left(["no-such-program"]) == "no-such-program: No such file or directory"
    assert run_until_left(["sh", "-c", "exit 3"]) == "sh ended with 3"
    signal.raise_signal(signal.SIGTERM)
    assert heard == [signal.SIGTERM]

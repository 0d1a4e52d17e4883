"""The session's clock: two that share an anchor and a turn are equal, and time has no jump."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from polytui.model.units import NS_PER_S
from polytui.net.clock import Clock

EPOCH_NS = 1_795_204_800 * NS_PER_S


def ahead(seconds: float) -> int:
    return time.monotonic_ns() + int(seconds * NS_PER_S)


@given(
    speed=st.floats(0.1, 200.0),
    turns=st.lists(st.tuples(st.integers(1, 50), st.floats(0.1, 200.0)), min_size=1, max_size=5),
)
def test_whoever_is_told_of_a_turn_counts_the_same_time(
    speed: float, turns: list[tuple[int, float]]
) -> None:
    """However often one of them was looked at meanwhile."""
    start = ahead(1.0)
    one, other = Clock(EPOCH_NS, start, speed), Clock(EPOCH_NS, start, speed)
    at, before = start, one.at(start)
    for seconds, faster in turns:
        at += seconds * NS_PER_S
        one.turn(faster, at)
        other.turn(faster, at)
        for moment in (at - NS_PER_S // 2, at, at + 1):
            assert one.at(moment) >= before, "never back"
            before = one.at(moment)
        assert other.at(at + NS_PER_S // 4) == one.at(at + NS_PER_S // 4)
        assert one.speed == other.speed == faster


def test_it_runs_as_fast_as_it_was_told_from_that_moment_on() -> None:
    start = ahead(1.0)
    clock = Clock(EPOCH_NS, start, 20.0)
    clock.turn(4.0, start + 10 * NS_PER_S)
    assert clock.at(start + 9 * NS_PER_S) == EPOCH_NS + 180 * NS_PER_S
    assert clock.speed == 20.0
    assert clock.at(start + 11 * NS_PER_S) == EPOCH_NS + 204 * NS_PER_S
    assert clock.speed == 4.0
    assert clock.real_s(8 * NS_PER_S) == 2.0

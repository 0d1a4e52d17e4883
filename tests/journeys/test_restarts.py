"""kill -9 of a trading demo, and what it begins with next; `make restarts N=100` is for longer."""

from __future__ import annotations

from program import forking_benchmarks

from benchmarks.restarts import storm


def test_a_demo_that_is_killed_goes_on_to_the_millionth() -> None:
    with forking_benchmarks():
        blown, winners = storm(2, seed=2)
    assert blown.faults == []
    assert sum(blown.deaths.died.values()) == 2
    assert blown.recovered == 3
    assert not blown.deaths.missed
    assert blown.truth.fills
    assert winners == len(blown.truth.winners)

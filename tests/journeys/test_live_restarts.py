"""kill -9 of an engine that trades for real; `make restarts N=100` is the same for longer."""

from __future__ import annotations

import pytest

from benchmarks.live_restarts import storm


@pytest.mark.long
def test_an_engine_that_is_killed_goes_on_from_the_venues_truth() -> None:
    blown = storm(5, seed=2)
    assert blown.faults == []
    assert sum(blown.deaths.died.values()) == 5
    assert blown.equal == blown.compared >= 3
    assert blown.placed
    assert blown.worked

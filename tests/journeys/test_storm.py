"""kill -9 right after an acknowledgement; `make restarts N=50` is the same for longer."""

from __future__ import annotations

from program import forking_benchmarks

from benchmarks.storm import Tally, storm


def test_what_was_acknowledged_is_there_after_kill_nine() -> None:
    with forking_benchmarks():
        blown = storm(3, seed=4)
    assert blown.faults == []
    assert sum(tally.done for tally in blown.tallies.values()) == 3
    assert all(_is_kept(tally) for tally in blown.tallies.values())


def _is_kept(tally: Tally) -> bool:
    return tally.kept == tally.done and max(tally.waited_ms) < 1_000

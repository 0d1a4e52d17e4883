"""Orders at random through every kind of fault; `make storm N=1000` is the same for longer."""

from __future__ import annotations

from benchmarks.order_storm import storm


def test_no_order_is_lost_or_doubled_whatever_goes_wrong() -> None:
    blown = storm(40, seed=6, fault_every_s=0.6)
    assert blown.faults == []
    assert len(blown.trader.orders) >= 40
    assert blown.trader.paid, "a round ended meanwhile"
    assert [kind for kind, struck in blown.weather.table().items() if not struck] == []
    ends = [one.ours.value for one in blown.placed()]
    assert {"done", "dead"} == set(ends)

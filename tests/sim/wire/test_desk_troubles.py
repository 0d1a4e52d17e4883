"""Troubles of the order desk: how often they hit, and until when."""

from __future__ import annotations

from polytui.sim.wire.desk.desk_troubles import ENDLESS, DeskTroubles


def hits(troubles: DeskTroubles, kind: str, times: int, now: float = 0.0) -> list[bool]:
    return [troubles.strike(kind, now) is not None for _ in range(times)]


def test_a_trouble_hits_as_often_as_it_was_asked_for() -> None:
    troubles = DeskTroubles()
    assert hits(troubles, "unknown", 2) == [False, False]
    troubles.begin("unknown", 2, until=9.0)
    assert hits(troubles, "delay", 1) == [False]
    assert hits(troubles, "unknown", 3) == [True, True, False]


def test_a_trouble_ends_with_its_time() -> None:
    troubles = DeskTroubles()
    troubles.begin("unknown", ENDLESS, until=9.0)
    assert hits(troubles, "unknown", 5, now=8.9) == [True] * 5
    assert hits(troubles, "unknown", 1, now=9.0) == [False]


def test_the_last_word_counts_and_none_ends_it() -> None:
    troubles = DeskTroubles()
    troubles.begin("delay", ENDLESS, 9.0, value=250)
    troubles.begin("delay", 1, 9.0, value=40)
    strike = troubles.strike("delay", 0.0)
    assert strike is not None
    assert strike.value == 40
    assert hits(troubles, "delay", 1) == [False]
    troubles.begin("delay", 3, 9.0)
    troubles.begin("delay", 0, 9.0)
    assert hits(troubles, "delay", 1) == [False]

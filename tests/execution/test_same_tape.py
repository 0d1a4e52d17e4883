"""Paper and the live client on one tape: the same fills, or a latency that explains why not."""

from __future__ import annotations

import attrs
import pytest
from same_tape import AT_ONCE, NO_LATENCY, drawn, live, on_paper, recorded, traced
from trio.testing import MockClock

from polytui.execution.latency import Latencies

pytestmark = pytest.mark.trio
LATE = attrs.evolve(NO_LATENCY, order_latency_ms=150.0, answer_latency_ms=150.0, latency_spread=1.0)


LONG = pytest.param(3, 200.0, 250, marks=pytest.mark.long)


@pytest.mark.parametrize(("seed", "seconds", "orders"), [(5, 30.0, 120), LONG])
async def test_without_latency_they_fill_alike(
    autojump_clock: MockClock,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
    seconds: float,
    orders: int,
) -> None:
    tape = recorded(seconds, seed)
    told = drawn(tape, orders, seed)
    paper = on_paper(tape, told).outcomes
    lived = (await live(monkeypatch, tape, told)).outcomes
    assert not paper.differing(lived, told)
    assert paper.cash == lived.cash
    kinds = {is_taker for fills in paper.fills.values() for _, is_taker in fills}
    assert kinds == {True, False}
    assert len(paper.fills) > orders / 10


@pytest.mark.parametrize("draw", [13, pytest.param(18, marks=pytest.mark.long)])
async def test_what_no_block_has_is_sold_by_neither(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, draw: int
) -> None:
    """The chain takes two seconds and a half at the venue, and the same on paper."""
    tape = recorded(30.0, 5)
    told = drawn(tape, 200, draw)
    mined = attrs.evolve(NO_LATENCY, mined_least_s=2.5, mined_most_s=2.5)
    rules = attrs.evolve(AT_ONCE, mined_s=(2.5, 2.5))
    paper = on_paper(tape, told, mined).outcomes
    lived = (await live(monkeypatch, tape, told, rules=rules)).outcomes
    assert not paper.differing(lived, told)
    assert paper.cash == lived.cash
    at_once = on_paper(tape, told).outcomes
    assert at_once.differing(lived, told), "something was sold too soon"


@pytest.mark.parametrize(("seed", "seconds", "orders"), [(5, 30.0, 120), LONG])
async def test_each_difference_is_one_draw_of_a_latency(
    autojump_clock: MockClock,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
    seconds: float,
    orders: int,
) -> None:
    tape = recorded(seconds, seed)
    told = drawn(tape, orders, seed)
    otherwise = attrs.evolve(LATE, latency_seed=2)
    assert Latencies(otherwise).there_and_back_ns("a") != Latencies(LATE).there_and_back_ns("a")
    lived = await live(monkeypatch, tape, told, otherwise)
    found, unexplained = traced(tape, told, LATE, lived)
    print(*found, sep="\n")  # a failure shows what was found until then
    assert not unexplained
    assert len(found) >= 2
    as_late = on_paper(tape, told, LATE, lived.late_ns).outcomes
    assert not as_late.differing(lived.outcomes, told)
    assert as_late.cash == lived.outcomes.cash

"""A session that this machine cannot keep up with runs slower, and says so."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from virtual_engine import open_session

from polytui.config.schema import Settings
from polytui.model.errors import Retry
from polytui.model.units import NS_PER_S
from polytui.net.clock import Clock
from polytui.runtime.pace import Pace

pytestmark = pytest.mark.trio
EPOCH_NS = 1_795_204_800 * NS_PER_S


@define
class Run:
    """A session on a clock of its own, whose books are as late as the test says. State: how late,
    in real seconds; the speeds that the venue was asked for."""

    clock: Clock
    pace: Pace
    late_s: float = 0.0
    asked: list[float] = field(factory=list)
    now_s: float = 100.0

    async def look(self, late_s: float) -> None:
        """One more real second, after which the newest book is so late."""
        self.late_s = late_s
        self.clock.anchor_ns -= NS_PER_S
        self.now_s += 1.0
        await self.pace.look(1.0, self.now_s)

    @property
    def said(self) -> list[str]:
        channel = self.pace.session.hub.subscribe()
        frames: list[Any] = channel.notices()
        channel.close()
        return [frame.notice.text for frame in frames]


@contextmanager
def a_run(folder: Path, speed: float, *, is_ours: bool = True) -> Iterator[Run]:
    clock = Clock(EPOCH_NS, time.monotonic_ns(), speed)
    session = open_session(clock, folder / "s", Settings())

    async def turn(wanted: float, at_ns: int) -> None:
        run.asked.append(wanted)
        clock.turn(wanted, time.monotonic_ns())
        assert at_ns > time.monotonic_ns(), "told beforehand"

    lag = lambda: int(run.late_s * clock.speed * NS_PER_S)  # noqa: E731
    run = Run(clock, Pace(session, lag, turn if is_ours else None))
    try:
        yield run
    finally:
        session.journal.close()


async def test_on_time_nothing_changes(tmp_path: Path) -> None:
    with a_run(tmp_path, 20.0) as run:
        for late_s in (0.0, 0.3, 0.9, 0.2) * 5:
            await run.look(late_s)
        assert (run.asked, run.said) == ([], [])
        assert run.pace.summary() == {"first": 20.0, "lowest": 20.0, "last": 20.0}


async def test_a_hiccup_that_is_caught_up_with_is_no_reason(tmp_path: Path) -> None:
    with a_run(tmp_path, 20.0) as run:
        for late_s in (0.1, 3.0, 2.0, 1.5, 0.2, 4.0, 1.2, 0.1):
            await run.look(late_s)
        assert run.asked == []


async def test_falling_behind_lowers_the_speed_to_what_is_read(tmp_path: Path) -> None:
    """0.4 s more each second at x20: 12 session seconds are read, of which it asks for 70 %."""
    with a_run(tmp_path, 20.0) as run:
        for late_s in (0.4, 0.8, 1.2, 1.6):
            await run.look(late_s)
        assert run.asked == [pytest.approx(8.4, abs=0.11)]
        (words,) = run.said
        assert words.startswith("machine 1.6 s behind: speed x20 > x8")
        assert run.pace.behind_s == pytest.approx(1.6, abs=0.05)


async def test_after_a_change_it_waits_for_what_is_on_its_way(tmp_path: Path) -> None:
    with a_run(tmp_path, 20.0) as run:
        for late_s in (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0):
            await run.look(late_s)
        assert len(run.asked) == 1
        for late_s in (8.0, 9.0, 10.0, 11.0):
            await run.look(late_s)
        assert len(run.asked) == 2
        assert run.asked[1] < run.asked[0]


async def test_it_is_never_cut_to_less_than_two_fifths_at_once(tmp_path: Path) -> None:
    with a_run(tmp_path, 20.0) as run:
        for late_s in (0.0, 30.0, 60.0):
            await run.look(late_s)
        assert run.asked == [8.0]


async def calm(run: Run, seconds: int, late_s: float = 0.1) -> None:
    for _ in range(seconds):
        await run.look(late_s)


async def slowed(run: Run) -> None:
    """A machine that was busy for a while."""
    for late_s in (0.0, 30.0, 60.0):
        await run.look(late_s)


async def test_once_the_machine_keeps_up_it_is_as_fast_as_it_was_asked_to_be(
    tmp_path: Path,
) -> None:
    with a_run(tmp_path, 20.0) as run:
        await slowed(run)
        await calm(run, 19)
        assert run.asked == [8.0]
        await calm(run, 400)
        assert run.asked == [8.0, 10.0, 12.0, 15.0, 18.0, 20.0]
        assert run.said[1] == "on time for 20 s: speed x8 > x10"
        assert run.pace.summary() == {"first": 20.0, "lowest": 8.0, "last": 20.0}


async def test_a_machine_that_is_almost_late_is_asked_for_no_more(tmp_path: Path) -> None:
    with a_run(tmp_path, 20.0) as run:
        await slowed(run)
        for _ in range(10):
            await calm(run, 15)
            await run.look(0.7)
        assert run.asked == [8.0]


async def test_a_machine_that_can_do_no_more_is_asked_seldom(tmp_path: Path) -> None:
    """It keeps up at x10 and not above: each try costs seconds in which it is late."""
    with a_run(tmp_path, 20.0) as run:
        await slowed(run)
        late_s, raises = 0.0, list[float]()
        for _ in range(3_600):
            late_s = late_s + 0.4 if run.clock.speed > 10.0 else max(0.0, late_s - 1.0)
            before = run.clock.speed
            await run.look(late_s)
            if run.clock.speed > before:
                raises.append(run.now_s)
        assert run.clock.speed <= 12.0
        assert 6 <= len(raises) <= 30
        late_in_the_hour = [b - a for a, b in pairwise(raises)][-2:]
        assert max(late_in_the_hour) >= 300.0


async def test_what_a_person_asks_for_is_what_it_comes_back_to(tmp_path: Path) -> None:
    with a_run(tmp_path, 20.0) as run:
        assert await run.pace.change(5.0) == ""
        await calm(run, 100)
        assert run.asked == [5.0], "nobody asked for more"
        await slowed(run)
        assert run.asked == [5.0, 2.0]
        await calm(run, 200)
        assert run.asked[-1] == 5.0
        assert await run.pace.change(10.0) == ""
        await calm(run, 100)
        assert run.asked[-1] == 10.0


async def test_a_venue_that_cannot_be_made_faster_is_asked_again_later(tmp_path: Path) -> None:
    with a_run(tmp_path, 20.0) as run:
        await slowed(run)
        turn, tries = run.pace.turn, list[float]()

        async def away(wanted: float, at_ns: int) -> None:
            tries.append(wanted)
            raise Retry("no answer")

        run.pace.turn = away
        await calm(run, 41)
        assert tries == [10.0, 10.0]
        run.pace.turn = turn
        await calm(run, 20)
        assert run.asked == [8.0, 10.0]


async def test_at_the_speed_of_the_real_venue_it_only_says_so(tmp_path: Path) -> None:
    with a_run(tmp_path, 1.0) as run:
        for late_s in (2.0, 3.0, 4.0, 5.0, 6.0):
            await run.look(late_s)
        assert run.asked == []
        assert run.said == ["machine 3.0 s behind at x1: too slow for so much; try --assets btc"]


async def test_real_time_is_left_alone(tmp_path: Path) -> None:
    with a_run(tmp_path, 1.0, is_ours=False) as run:
        for late_s in (2.0, 3.0, 4.0):
            await run.look(late_s)
        assert run.said == []
        assert run.pace.behind_s == pytest.approx(4.0, abs=0.05)
        assert await run.pace.change(2.0) == "the speed of real time cannot be changed"


async def test_a_person_makes_it_faster_within_bounds(tmp_path: Path) -> None:
    with a_run(tmp_path, 4.0) as run:
        assert await run.pace.change(8.0) == ""
        assert await run.pace.change(1e9) == ""
        assert await run.pace.change(0.0) == ""
        assert run.asked == [8.0, 200.0, 0.1]
        assert run.said[0] == "speed x4 > x8"


async def test_a_venue_that_does_not_answer_keeps_its_speed(tmp_path: Path) -> None:
    with a_run(tmp_path, 4.0) as run:

        async def turn(_: float, __: int) -> None:
            raise Retry("no answer")

        run.pace.turn = turn
        assert await run.pace.change(8.0) == "the venue did not change its speed: no answer"
        assert (run.clock.speed, run.said) == (4.0, [])

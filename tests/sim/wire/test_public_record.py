"""What is kept of a market's past: its middles by the minute, its takers, its dollars."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_world import START_NS, SmallWorld

from polytui.model.instrument import Outcome
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_S
from polytui.sim.wire.form.paged import END, FIRST, page_of
from polytui.sim.wire.rounds.public_record import PublicRecord

START_S = START_NS // NS_PER_S
MINUTE = 60


@pytest.fixture
def world() -> SmallWorld:
    return SmallWorld()


@pytest.fixture
def record(world: SmallWorld) -> PublicRecord:
    return PublicRecord(world)


def to_minute(world: SmallWorld, minute: int) -> None:
    """The next thing a test makes happen is the first after that many minutes."""
    world.now_ns = START_NS + minute * MINUTE * NS_PER_S


def points(
    record: PublicRecord, world: SmallWorld, outcome: Outcome = Outcome.UP, step_s: int = MINUTE
) -> list[tuple[int, int]]:
    found = record.midpoints(world.first.slug, outcome, 0, 10**11, step_s)
    return [((at_s - START_S) // MINUTE, middle) for at_s, middle in found]


def test_a_middle_a_minute_where_something_moved(world: SmallWorld, record: PublicRecord) -> None:
    record.note(world.move(Side.BUY, 500_000, 130))  # bid .50, ask .52
    assert points(record, world) == []
    to_minute(world, 1)
    record.note(world.move(Side.BUY, 510_000, 5))  # the first event past the minute: seen with it
    record.note(world.move(Side.BUY, 515_000, 5))
    assert points(record, world) == [(1, 515_000)]
    to_minute(world, 2)
    record.note(world.observe(10**18, None))
    assert points(record, world) == [(1, 515_000), (2, 517_500)]
    assert points(record, world, Outcome.DOWN) == [(1, 485_000), (2, 482_500)]


def test_a_quiet_minute_has_the_middle_of_the_one_before(
    world: SmallWorld, record: PublicRecord
) -> None:
    record.note(world.move(Side.BUY, 500_000, 130))
    for minute in (1, 2, 3, 4):
        to_minute(world, minute)
        record.note(world.observe(10**18, None))
    assert points(record, world) == [(1, 510_000), (2, 510_000), (3, 510_000), (4, 510_000)]
    # 20:00 is a multiple of two minutes.
    assert points(record, world, step_s=2 * MINUTE) == [(2, 510_000), (4, 510_000)]
    inside = record.midpoints(world.first.slug, Outcome.UP, START_S + 61, START_S + 180, MINUTE)
    assert [(at_s - START_S) // MINUTE for at_s, _ in inside] == [2, 3]


def test_an_empty_book_has_no_middle(world: SmallWorld, record: PublicRecord) -> None:
    assert record.middle(world.second.slug, Outcome.UP) is None
    record.note(world.move(Side.BUY, 500_000, 1))
    world.book(world.first.slug).clear()
    to_minute(world, 1)
    record.note(world.observe(10**18, None))
    assert points(record, world) == []


def test_nothing_is_added_after_the_resolution(world: SmallWorld, record: PublicRecord) -> None:
    record.note(world.move(Side.BUY, 500_000, 130))
    to_minute(world, 1)
    record.note(world.move(Side.BUY, 505_000, 1))
    record.note(world.resolve(Outcome.UP))
    to_minute(world, 9)
    record.note(world.observe(10**18, None))
    assert points(record, world) == [(1, 512_500)]


def test_takers_newest_first_and_what_they_paid(world: SmallWorld, record: PublicRecord) -> None:
    slug = world.first.slug
    first = world.sweep(Outcome.UP, Side.BUY, 530_000, 85)  # 80.25 at .52 and 4.75 at .53
    record.note(first)
    second = world.sweep(Outcome.DOWN, Side.BUY, 500_000, 10)  # 10 at .50
    record.note(second)
    assert record.sweeps(slug) == [second, first]
    assert record.volume(slug) == 41_730_000 + 2_517_500 + 5_000_000
    assert (record.sweeps("x"), record.volume("x")) == ([], 0)


def test_only_the_last_hundred_takers_are_kept(world: SmallWorld, record: PublicRecord) -> None:
    for _ in range(120):
        record.note(swept := world.sweep(Outcome.UP, Side.BUY, 520_000, 0.5))
    kept = record.sweeps(world.first.slug)
    assert (len(kept), kept[0]) == (100, swept)


def test_a_forgotten_round_is_forgotten(world: SmallWorld, record: PublicRecord) -> None:
    slug = world.first.slug
    record.note(world.sweep(Outcome.UP, Side.BUY, 520_000, 1))
    to_minute(world, 1)
    record.note(world.observe(10**18, None))
    del world.rounds[slug]
    to_minute(world, 2)
    record.note(world.observe(10**18, None))
    assert (record.sweeps(slug), record.volume(slug)) == ([], 0)
    assert record.midpoints(slug, Outcome.UP, 0, 10**11, MINUTE) == []


@given(
    moves=st.lists(st.tuples(st.integers(1, 400), st.integers(1, 51)), min_size=1, max_size=25),
    step=st.integers(1, 7),
)
def test_a_point_is_the_last_middle_up_to_its_minute(
    moves: list[tuple[int, int]], step: int
) -> None:
    """Against a record of every middle there ever was."""
    world, seen = SmallWorld(), []
    record = PublicRecord(world)
    second = 1
    for gap, cents in moves:
        second += gap
        world.now_ns = START_NS + second * NS_PER_S
        event = world.move(Side.BUY, cents * 10_000, 0 if cents % 3 == 0 else 1)
        record.note(event)
        seen.append((event.at_ns, record.middle(world.first.slug, Outcome.UP)))
    found = record.midpoints(world.first.slug, Outcome.UP, 0, 10**11, step * MINUTE)
    assert all(at_s % (step * MINUTE) == 0 for at_s, _ in found)
    for at_s, middle in found:
        # As of the first event at or after the minute; later minutes without one repeat it.
        before = [one for at_ns, one in seen if at_ns < at_s * NS_PER_S]
        after = [one for at_ns, one in seen if at_ns >= at_s * NS_PER_S]
        assert middle in (before[-1:] + after[:1])
        assert 0 < middle < MICRO


class TestPages:
    @given(count=st.integers(0, 60), limit=st.integers(1, 20))
    def test_the_pages_are_the_whole(self, count: int, limit: int) -> None:
        items, cursor, seen = list(range(count)), FIRST, []
        while cursor != END:
            page, cursor = page_of(items, cursor, limit)
            assert len(page) <= limit
            assert page or not items
            seen += page
        assert seen == items

    @pytest.mark.parametrize("cursor", ["LTE=", "x", "bm9uZQ==", "LTI=", "MA", "é", "MC41"])
    def test_what_is_no_cursor(self, cursor: str) -> None:
        with pytest.raises(Exception, match="400"):
            page_of([1], cursor, 10)

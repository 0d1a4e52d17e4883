"""The nights in which New York's clocks change: the same rounds at the venue and for who reads it.

The simulated venue and the parser have calendars of their own, written apart.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import takewhile

import msgspec
import pytest

from polytui.model.errors import Rejected
from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_S
from polytui.sim.wire.rounds.documents import event_of
from polytui.sim.world import calendar
from polytui.sim.world.registry import make_round
from polytui.sim.world.world import World, WorldSettings
from polytui.venues.polymarket.gamma_events import parse_event
from polytui.venues.polymarket.round_names import (
    RoundWindow,
    has_name_of_its_own,
    round_slug,
    window_of,
    windows_from,
)

HOUR_NS = 3_600 * NS_PER_S


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * NS_PER_S


FALLS = [utc(f"{day}T06:00") for day in ("2026-11-01", "2027-11-07", "2028-11-05")]
SPRINGS = [utc(f"{day}T07:00") for day in ("2026-03-08", "2027-03-14", "2028-03-12")]
NIGHTS = [*FALLS, *SPRINGS]


@pytest.mark.parametrize("interval", Interval)
@pytest.mark.parametrize("change_ns", NIGHTS)
def test_both_calendars_have_the_same_windows_and_names(interval: Interval, change_ns: int) -> None:
    first_ns, last_ns = change_ns - 36 * HOUR_NS, change_ns + 36 * HOUR_NS
    theirs = [
        (one.opens_ns, one.closes_ns) for one in calendar.windows(interval, first_ns, last_ns)
    ]
    ours = takewhile(lambda one: one.opens_ns < last_ns, windows_from(interval, first_ns))
    assert [(w.opens_ns, w.closes_ns) for w in ours if w.opens_ns >= first_ns] == theirs
    for opens_ns, _ in theirs:
        slug = round_slug(Asset.BTC, interval, opens_ns)
        assert slug == calendar.round_slug(Asset.BTC, interval, opens_ns)
        assert calendar.parse_slug(slug) is not None


@pytest.mark.parametrize(("nights", "hours"), [(FALLS, 5), (SPRINGS, 3)])
def test_the_round_that_holds_the_change_is_longer_or_shorter(
    nights: list[int], hours: int
) -> None:
    for change_ns in nights:
        window = window_of(Interval.H4, change_ns - 1)
        assert window == window_of(Interval.H4, change_ns)
        assert window.closes_ns - window.opens_ns == hours * HOUR_NS
        after = window_of(Interval.H4, window.closes_ns)
        assert after.closes_ns - after.opens_ns == 4 * HOUR_NS


def _event_at(asset: Asset, interval: Interval, window: calendar.CalendarWindow) -> bytes:
    """What the simulated venue lists of a window, be it named like another or not."""
    world = World(WorldSettings(1, window.opens_ns - 60 * NS_PER_S, (asset,), (interval,)))
    listed = make_round(1, asset, interval, window)
    if listed.slug not in world.rounds:
        world._registry.enlist(listed)
    return msgspec.json.encode(event_of(world, listed))


@pytest.mark.parametrize("change_ns", [FALLS[0], SPRINGS[0]])
def test_a_four_hour_round_of_the_night_is_read(change_ns: int) -> None:
    window = calendar.window_at(Interval.H4, change_ns)
    (found,) = parse_event(_event_at(Asset.BTC, Interval.H4, window))
    assert (found.opens_ns, found.closes_ns) == (window.opens_ns, window.closes_ns)


def test_the_first_one_oclock_is_read_and_the_second_is_left_alone_with_a_reason() -> None:
    for change_ns in FALLS[:1]:
        first, second = change_ns - HOUR_NS, change_ns
        assert round_slug(Asset.BTC, Interval.H1, first) == round_slug(
            Asset.BTC, Interval.H1, second
        )
        assert has_name_of_its_own(Interval.H1, first)
        assert not has_name_of_its_own(Interval.H1, second)
        window = calendar.CalendarWindow(first, second)
        (found,) = parse_event(_event_at(Asset.BTC, Interval.H1, window))
        assert found.opens_ns == first
        twin = calendar.CalendarWindow(second, second + HOUR_NS)
        with pytest.raises(Rejected, match="the hour before has the same name"):
            parse_event(_event_at(Asset.BTC, Interval.H1, twin))
        listed = [one.opens_ns for one in calendar.windows(Interval.H1, first, second + HOUR_NS)]
        assert listed == [first], "nor does the simulated venue list it"


@pytest.mark.parametrize("hours", [3, 5])
def test_such_lengths_on_any_other_night_are_no_round(hours: int) -> None:
    window = calendar.window_at(Interval.H4, utc("2026-11-20T06:00"))
    other = calendar.CalendarWindow(window.opens_ns, window.opens_ns + hours * HOUR_NS)
    with pytest.raises(Rejected, match="window of"):
        parse_event(_event_at(Asset.BTC, Interval.H4, other))


def test_windows_follow_each_other_for_a_year() -> None:
    start_ns = utc("2026-01-01T05:00")
    at_ns = start_ns
    while at_ns < start_ns + int(timedelta(days=366).total_seconds()) * NS_PER_S:
        window = window_of(Interval.H4, at_ns)
        assert window.opens_ns == at_ns
        assert window == RoundWindow(at_ns, window_of(Interval.H4, window.closes_ns - 1).closes_ns)
        at_ns = window.closes_ns

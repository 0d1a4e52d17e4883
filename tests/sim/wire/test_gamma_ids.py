"""Gamma's numbers: one round each, back and forth."""

from __future__ import annotations

import pytest

from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_S
from polytui.sim.wire.rounds.numbers import (
    event_number,
    market_number,
    slug_of_event,
    slug_of_market,
)
from polytui.sim.world.calendar import round_slug, windows

START_NS = 1_795_204_800 * NS_PER_S


@pytest.mark.parametrize("interval", Interval)
def test_there_and_back(interval: Interval) -> None:
    numbers = []
    for window in windows(interval, START_NS, START_NS + 86_400 * NS_PER_S):
        for asset in Asset:
            slug = round_slug(asset, interval, window.opens_ns)
            assert slug_of_event(int(event_number(slug))) == slug
            assert slug_of_market(int(market_number(slug))) == slug
            numbers.append(int(event_number(slug)))
    assert len(set(numbers)) == len(numbers)
    # Five minutes later nothing of the longer intervals begins.
    later = slug_of_event(numbers[0] + 16)
    assert (later is None) is (interval is not Interval.M5)


def test_numbers_of_nothing() -> None:
    assert slug_of_event(-1) is None
    assert slug_of_event(10**12) is None
    assert slug_of_market(7) is None

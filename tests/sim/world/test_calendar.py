from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_S
from polytui.sim.world.calendar import (
    SERIES,
    CalendarWindow,
    parse_slug,
    round_slug,
    round_title,
    window_at,
    windows,
)


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * NS_PER_S


def hours(window: CalendarWindow) -> float:
    return (window.closes_ns - window.opens_ns) / NS_PER_S / 3_600


def test_four_hour_rounds_of_a_winter_day_follow_new_york() -> None:
    day = windows(Interval.H4, utc("2026-11-20T05:00"), utc("2026-11-21T05:00"))
    starts = [window.opens_ns // NS_PER_S for window in day]
    assert starts == [1795150800, 1795165200, 1795179600, 1795194000, 1795208400, 1795222800]
    assert {start % 14_400 for start in starts} == {3_600}


@pytest.mark.parametrize(
    ("second", "title"),
    [
        (1765861200, "Bitcoin Up or Down - December 16, 12:00AM-4:00AM ET"),
        (1790683200, "Bitcoin Up or Down - September 29, 8:00AM-12:00PM ET"),
    ],
)
def test_four_hour_rounds_as_the_venue_listed_them(second: int, title: str) -> None:
    slug = f"btc-updown-4h-{second}"
    parsed = parse_slug(slug)
    assert parsed is not None
    asset, interval, window = parsed
    assert (asset, interval, hours(window)) == (Asset.BTC, Interval.H4, 4.0)
    assert round_title(asset, interval, window) == title


@pytest.mark.parametrize(
    ("within", "length", "opens"),
    [
        ("2026-11-01T06:30", 5.0, "2026-11-01T04:00"),  # the clocks go back
        ("2026-11-01T05:30", 5.0, "2026-11-01T04:00"),
        ("2026-11-01T09:00", 4.0, "2026-11-01T09:00"),
        ("2026-03-08T06:59", 3.0, "2026-03-08T05:00"),  # the clocks go forward
        ("2026-03-08T08:00", 4.0, "2026-03-08T08:00"),
    ],
)
def test_the_window_with_a_change_of_clocks(within: str, length: float, opens: str) -> None:
    window = window_at(Interval.H4, utc(within))
    assert (hours(window), window.opens_ns) == (length, utc(opens))


@pytest.mark.parametrize("interval", Interval)
def test_windows_follow_each_other_without_a_gap_over_both_changes(interval: Interval) -> None:
    for day in ("2026-03-07T12:00", "2026-10-31T12:00"):
        at_ns = utc(day)
        window = window_at(interval, at_ns)
        for _ in range(2 * 86_400 // interval.seconds):
            assert window.opens_ns <= at_ns < window.closes_ns
            at_ns = window.closes_ns
            window = window_at(interval, at_ns)
            assert window.opens_ns == at_ns


@pytest.mark.parametrize(
    ("asset", "opens", "slug"),
    [
        (Asset.BTC, "2026-11-20T20:00", "bitcoin-up-or-down-november-20-2026-3pm-et"),
        (Asset.ETH, "2026-11-20T05:00", "ethereum-up-or-down-november-20-2026-12am-et"),
        (Asset.SOL, "2026-07-04T16:00", "solana-up-or-down-july-4-2026-12pm-et"),
        (Asset.XRP, "2026-11-20T04:00", "xrp-up-or-down-november-19-2026-11pm-et"),
    ],
)
def test_hourly_slugs_name_the_hour_in_new_york(asset: Asset, opens: str, slug: str) -> None:
    opens_ns = utc(opens)
    assert round_slug(asset, Interval.H1, opens_ns) == slug
    assert parse_slug(slug) == (asset, Interval.H1, window_at(Interval.H1, opens_ns))


def test_the_repeated_hour_of_autumn_is_listed_once() -> None:
    night = list(windows(Interval.H1, utc("2026-11-01T04:00"), utc("2026-11-01T08:00")))
    slugs = [round_slug(Asset.BTC, Interval.H1, window.opens_ns) for window in night]
    assert [slug.removesuffix("-et").rpartition("-")[2] for slug in slugs] == ["12am", "1am", "2am"]
    assert night[1].opens_ns == utc("2026-11-01T05:00")


def test_titles() -> None:
    five = window_at(Interval.M5, 1778584200 * NS_PER_S)
    title = round_title(Asset.BTC, Interval.M5, five)
    assert title == "Bitcoin Up or Down - May 12, 7:10AM-7:15AM ET"
    hour = window_at(Interval.H1, utc("2026-11-20T20:00"))
    assert round_title(Asset.XRP, Interval.H1, hour) == "XRP Up or Down - November 20, 3PM ET"


def test_windows_open_inside_what_was_asked_for() -> None:
    start = utc("2026-11-20T20:00")
    opened = [w.opens_ns for w in windows(Interval.M5, start + 1, start + 900 * NS_PER_S)]
    assert opened == [start + 300 * NS_PER_S, start + 600 * NS_PER_S]
    assert len(list(windows(Interval.M5, start, start + 86_400 * NS_PER_S))) == 288


@pytest.mark.parametrize(
    "slug",
    [
        "btc-updown-5m-1778584201",
        "btc-updown-5m-01778584200",
        "btc-updown-4h-1795152000",
        "btc-updown-1h-1795204800",
        "doge-updown-5m-1778584200",
        "bitcoin-up-or-down-november-20-3pm-et",
        "bitcoin-up-or-down-november-31-2026-3pm-et",
        "bitcoin-up-or-down-november-20-2026-03pm-et",
        "bitcoin-up-or-down-november-20-2026-0am-et",
        "bitcoin-up-or-down-march-8-2026-2am-et",
        "bitcoin-up-or-down-smarch-8-2026-2am-et",
        "",
    ],
)
def test_other_spellings_name_no_round(slug: str) -> None:
    assert parse_slug(slug) is None


def test_slugs_are_read_back() -> None:
    start = utc("2026-10-31T18:00")
    for interval in Interval:
        for window in windows(interval, start, start + timedelta(days=1).days * 86_400 * NS_PER_S):
            slug = round_slug(Asset.ETH, interval, window.opens_ns)
            assert parse_slug(slug) == (Asset.ETH, interval, window)


@pytest.mark.parametrize(
    ("asset", "interval", "series_id", "slug"),
    [
        (Asset.BTC, Interval.M5, "10684", "btc-up-or-down-5m"),
        (Asset.ETH, Interval.M15, "10191", "eth-up-or-down-15m"),
        (Asset.SOL, Interval.H1, "10122", "solana-up-or-down-hourly"),
        (Asset.XRP, Interval.H1, "10123", "xrp-up-or-down-hourly"),
        (Asset.XRP, Interval.H4, "10327", "xrp-up-or-down-4h"),
    ],
)
def test_series(asset: Asset, interval: Interval, series_id: str, slug: str) -> None:
    series = SERIES[asset, interval]
    assert (series.series_id, series.slug) == (series_id, slug)


def test_every_asset_and_interval_has_a_series_of_its_own() -> None:
    assert len(SERIES) == 16
    assert len({series.series_id for series in SERIES.values()}) == 16

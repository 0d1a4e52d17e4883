"""How far other clocks are from ours, and when it is ours that is wrong."""

from __future__ import annotations

import pytest

from polytui.config.schema import ClockSettings
from polytui.feeds.offsets import ClockVerdict, SourceOffset, judge_clock
from polytui.model.units import NS_PER_MS, NS_PER_S

NOW = 1_795_204_800 * NS_PER_S
SETTINGS = ClockSettings()


def source(*lags_ms: float, at_ns: int = NOW, ahead_ms: tuple[float, ...] = ()) -> SourceOffset:
    made = SourceOffset(180.0)
    for lag in lags_ms:
        made.take(int(lag * NS_PER_MS), at_ns, is_believed=True)
    for ahead in ahead_ms:
        made.take(-int(ahead * NS_PER_MS), at_ns, is_believed=False)
    return made


def test_the_offset_is_the_least_since_networks_only_add() -> None:
    assert source(250.0, 40.0, 900.0).offset_ms() == 40.0
    assert source(250.0, -1500.0, 900.0).offset_ms() == -1500.0
    assert SourceOffset(180.0).offset_ms() is None


def test_one_lie_among_true_stamps_is_no_offset() -> None:
    assert source(50.0, ahead_ms=(3_600_000.0,)).offset_ms() == 50.0
    assert source(ahead_ms=(3_600_000.0, 5_000.0)).offset_ms() == -5_000.0, "the nearest to us"


def test_what_is_minutes_old_is_forgotten() -> None:
    made = source(40.0)
    made.take(90 * NS_PER_MS, NOW + 170 * NS_PER_S, is_believed=True)
    assert made.offset_ms() == 40.0
    made.take(90 * NS_PER_MS, NOW + 190 * NS_PER_S, is_believed=True)
    assert made.offset_ms() == 90.0


def test_a_clock_that_was_set_back_forgets_what_it_saw_in_the_future() -> None:
    made = source(40.0)
    made.take(90 * NS_PER_MS, NOW - 3600 * NS_PER_S, is_believed=True)
    assert made.offset_ms() == 90.0


def test_most_sources_ahead_mean_that_our_clock_is_behind() -> None:
    offsets = [
        ("binance", source(ahead_ms=(5_000.0, 5_100.0))),
        ("coinbase", source(ahead_ms=(4_900.0,))),
        ("rtds", source(ahead_ms=(3_900.0,))),
    ]
    verdict = judge_clock(offsets, NOW, SETTINGS)
    assert verdict == ClockVerdict(4_900, ("binance", "coinbase", "rtds"))
    assert "4.9 s behind binance, coinbase, rtds" in verdict.text()


@pytest.mark.parametrize(
    "offsets",
    [
        [("rtds", source(ahead_ms=(5_000.0,)))],
        [("rtds", source(ahead_ms=(5_000.0,))), ("polybolt", source(30.0))],
        [
            ("rtds", source(ahead_ms=(5_000.0,))),
            ("polybolt", source(ahead_ms=(5_000.0,))),
            ("binance", source(30.0)),
            ("bybit", source(30.0)),
        ],
        [(name, source(30.0, 30.0, ahead_ms=(3_600_000.0,))) for name in ("rtds", "binance")],
        [],
    ],
    ids=["alone", "one of two", "half of them", "a stamp each", "nothing"],
)
def test_one_source_or_a_stamp_here_and_there_is_not_our_clock(
    offsets: list[tuple[str, SourceOffset]],
) -> None:
    assert judge_clock(offsets, NOW, SETTINGS) == ClockVerdict()


def test_the_doubt_ends_soon_after_the_clock_is_right() -> None:
    offsets = [(name, source(ahead_ms=(5_000.0,) * 50)) for name in ("rtds", "binance")]
    for _, one in offsets:
        one.take(20 * NS_PER_MS, NOW + 16 * NS_PER_S, is_believed=True)
    assert judge_clock(offsets, NOW + 4 * NS_PER_S, SETTINGS).behind_ms == 5_000
    assert judge_clock(offsets, NOW + 16 * NS_PER_S, SETTINGS) == ClockVerdict()

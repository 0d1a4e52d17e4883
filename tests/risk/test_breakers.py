"""Every breaker at its threshold, just under, and just over; its cool-down; once per episode."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from polytui.config.deciding import BreakerSettings
from polytui.model.effects import Effect, Reason, Release, Trip, Warn, Why
from polytui.model.units import NS_PER_S
from polytui.risk.breakers import Breakers

SETTINGS = BreakerSettings(max_spread_rise=6.0, spread_s=0.0)
T0 = 1_795_204_800 * NS_PER_S
COOL_DOWN = 60 * NS_PER_S
MS = 1_000_000


def at(seconds: float) -> int:
    return T0 + round(seconds * NS_PER_S)


def tick(
    breakers: Breakers, seconds: float, latency_ms: float = 0.0, queue_share: float = 0.0
) -> tuple[Effect, ...]:
    return breakers.ticked(at(seconds), round(latency_ms * 1000), queue_share, SETTINGS)


def look(
    breakers: Breakers,
    seconds: float,
    divergence: float | None = 0.0,
    spread: float | None = 0.01,
    fee_rate: float = 0.07,
    market: str = "5m",
) -> tuple[Effect, ...]:
    return breakers.looked(at(seconds), divergence, spread, fee_rate, SETTINGS, market)


def tripped(effects: tuple[Effect, ...]) -> list[Reason]:
    return [effect.why.reason for effect in effects if isinstance(effect, Trip)]


# --- latency ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("latency_ms", "effects", "must_cancel"),
    [
        (0.0, (), False),
        (200.0, (), False),
        (200.001, (Warn(Why(Reason.LATENCY, 200.001, 200.0, "ms")),), False),
        (500.0, (Warn(Why(Reason.LATENCY, 500.0, 200.0, "ms")),), False),
        (500.001, (Trip(Why(Reason.LATENCY, 500.001, 500.0, "ms"), T0 + COOL_DOWN),), False),
        (1000.0, (Trip(Why(Reason.LATENCY, 1000.0, 500.0, "ms"), T0 + COOL_DOWN),), False),
        (1000.001, (Trip(Why(Reason.LATENCY, 1000.001, 1000.0, "ms"), T0 + COOL_DOWN),), True),
    ],
)
def test_latency_warns_then_stops_entries_then_cancels(
    latency_ms: float, effects: tuple[Effect, ...], must_cancel: bool
) -> None:
    breakers = Breakers()
    assert tick(breakers, 0, latency_ms) == effects
    assert breakers.must_cancel is must_cancel
    assert (breakers.blocking() is not None) is bool(tripped(effects))


def test_a_warning_is_said_once_until_latency_falls() -> None:
    breakers = Breakers()
    assert len(tick(breakers, 0, 300)) == 1
    assert tick(breakers, 1, 400) == ()
    assert tick(breakers, 2, 200) == ()
    assert len(tick(breakers, 3, 300)) == 1


def test_who_comes_down_from_critical_is_not_warned_of_it() -> None:
    breakers = Breakers()
    tick(breakers, 0, 600)
    assert tick(breakers, 1, 300) == ()


def test_latency_that_becomes_stale_is_said_again_and_is_the_same_episode() -> None:
    breakers = Breakers()
    tick(breakers, 0, 600)
    (worse,) = tick(breakers, 1, 1200)
    assert worse == Trip(Why(Reason.LATENCY, 1200.0, 1000.0, "ms"), at(1) + COOL_DOWN)
    assert tick(breakers, 2, 600) == ()
    assert not breakers.must_cancel
    assert tick(breakers, 3, 1200) == ()
    assert breakers.must_cancel
    assert breakers.trips == {Reason.LATENCY: 1}


def test_what_blocks_is_told_in_one_line() -> None:
    breakers = Breakers()
    tick(breakers, 0, 612)
    why = breakers.blocking()
    assert why is not None
    assert why.text() == "latency: 612 > 500 ms"


# --- queues -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("share", "trips"), [(0.49, False), (0.5, False), (0.500001, True)])
def test_a_queue_over_its_share(share: float, trips: bool) -> None:
    effects = tick(Breakers(), 0, queue_share=share)
    assert (tripped(effects) == [Reason.QUEUE_FULL]) is trips


# --- cool-down, once per episode ----------------------------------------------------------------


def test_a_breaker_closes_by_itself_when_its_time_is_over_and_not_before() -> None:
    breakers = Breakers()
    tick(breakers, 0, 600)
    assert breakers.ticked(T0 + COOL_DOWN - 1, 0, 0.0, SETTINGS) == ()
    assert breakers.blocking() is not None
    assert breakers.ticked(T0 + COOL_DOWN, 0, 0.0, SETTINGS) == (Release(Reason.LATENCY),)
    assert breakers.blocking() is None
    assert breakers.open() == ()


def test_a_look_closes_what_is_over_as_well() -> None:
    breakers = Breakers()
    tick(breakers, 0, queue_share=0.9)
    assert look(breakers, 59.9) == ()
    assert look(breakers, 60) == (Release(Reason.QUEUE_FULL),)


def test_a_cause_that_lasts_prolongs_and_is_not_a_second_trip() -> None:
    breakers = Breakers()
    tick(breakers, 0, 600)
    assert tick(breakers, 59, 700) == ()
    assert breakers.open() == ((Why(Reason.LATENCY, 700.0, 500.0, "ms"), at(59) + COOL_DOWN),)
    assert tick(breakers, 60) == ()
    assert tick(breakers, 119) == (Release(Reason.LATENCY),)
    assert breakers.trips == {Reason.LATENCY: 1}


def test_a_cause_seen_at_the_very_end_does_not_close_and_open() -> None:
    breakers = Breakers()
    tick(breakers, 0, 600)
    assert tick(breakers, 60, 600) == ()
    assert breakers.blocking() is not None


def test_the_next_episode_is_another_trip() -> None:
    breakers = Breakers()
    tick(breakers, 0, 600)
    tick(breakers, 60)
    assert tripped(tick(breakers, 61, 600)) == [Reason.LATENCY]
    assert breakers.trips == {Reason.LATENCY: 2}


def test_the_first_that_opened_is_the_one_that_is_told() -> None:
    breakers = Breakers()
    tick(breakers, 0, queue_share=0.9)
    tick(breakers, 1, 600)
    reasons = [why.reason for why, _ in breakers.open()]
    assert reasons == [Reason.QUEUE_FULL, Reason.LATENCY]
    assert breakers.blocking() == breakers.open()[0][0]


# --- reconnects ---------------------------------------------------------------------------------


def test_more_reconnects_in_a_minute_than_allowed() -> None:
    breakers = Breakers()
    for second in range(6):
        assert breakers.reconnected(at(second), SETTINGS) == ()
    (effect,) = breakers.reconnected(at(6), SETTINGS)
    assert effect == Trip(Why(Reason.RECONNECTS, 7.0, 6.0, "a minute"), at(6) + COOL_DOWN)


@pytest.mark.parametrize(("later_ns", "trips"), [(-1, True), (0, False)])
def test_a_minute_rolls(later_ns: int, trips: bool) -> None:
    breakers = Breakers()
    for _ in range(6):
        breakers.reconnected(T0, SETTINGS)
    effects = breakers.reconnected(T0 + 60 * NS_PER_S + later_ns, SETTINGS)
    assert bool(effects) is trips


def test_it_stays_open_while_the_minute_has_too_many() -> None:
    short = evolve(SETTINGS, cool_down_s=10.0)
    breakers = Breakers()
    for second in range(7):
        breakers.reconnected(at(second), short)
    assert breakers.ticked(at(30), 0, 0.0, short) == ()
    assert breakers.ticked(at(59.9), 0, 0.0, short) == ()
    assert breakers.open()[0][1] == at(69.9)
    assert breakers.ticked(at(69.8), 0, 0.0, short) == ()
    assert breakers.ticked(at(69.9), 0, 0.0, short) == (Release(Reason.RECONNECTS),)
    assert breakers.trips == {Reason.RECONNECTS: 1}


# --- refused orders -----------------------------------------------------------------------------


def answers(breakers: Breakers, refused: str) -> list[Reason]:
    """One letter an answer: "x" for refused."""
    told: list[Reason] = []
    for number, letter in enumerate(refused):
        told += tripped(breakers.answered(at(number), letter == "x", SETTINGS))
    return told


@pytest.mark.parametrize(
    ("refused", "trips"),
    [
        ("xxxxx", 0),  # one answer short of six
        ("xxxooo", 0),  # half of them: allowed
        ("xxxxoo", 1),
        ("ooxxxx", 1),
        ("xxxooox", 0),  # the oldest no longer counts
        ("xxxooxx", 1),
        ("oooooo", 0),
    ],
)
def test_the_share_of_refused_orders(refused: str, trips: int) -> None:
    breakers = Breakers()
    assert answers(breakers, refused) == [Reason.REJECTS] * trips
    if trips:
        why = breakers.blocking()
        assert why is not None
        assert (why.limit, why.unit) == (0.5, "of 6 orders")


def test_after_a_trip_orders_are_judged_anew() -> None:
    """Nothing is sent while it is open, so the old answers would keep it open for ever."""
    breakers = Breakers()
    answers(breakers, "xxxxxx")
    assert tick(breakers, 65) == (Release(Reason.REJECTS),)
    assert breakers.answered(at(66), True, SETTINGS) == ()
    assert breakers.blocking() is None


def test_fewer_answers_are_asked_for_after_a_change_of_settings() -> None:
    breakers = Breakers()
    answers(breakers, "oooox")
    fewer = evolve(SETTINGS, reject_orders=2)
    assert tripped(breakers.answered(at(9), True, fewer)) == [Reason.REJECTS]


# --- fair value against the book ----------------------------------------------------------------


def looks(breakers: Breakers, seconds: list[float], **seen: Any) -> list[tuple[float, Reason]]:
    return [(s, reason) for s in seconds for reason in tripped(look(breakers, s, **seen))]


@pytest.mark.parametrize(
    ("divergence", "trips"), [(0.45, False), (0.450001, True), (-0.46, True), (-0.45, False)]
)
def test_a_divergence_that_lasts_either_way(divergence: float, trips: bool) -> None:
    told = looks(Breakers(), [0, 1, 2, 3, 4, 4.999999, 5], divergence=divergence)
    assert told == ([(5, Reason.DIVERGENCE)] if trips else [])


@pytest.mark.parametrize("between", [0.45, 0.0, None, float("nan")])
def test_a_divergence_that_pauses_begins_anew(between: float | None) -> None:
    """None is an empty side of the book: there is no mid to differ from."""
    breakers = Breakers()
    looks(breakers, [0, 1, 2, 3, 4], divergence=0.6)
    look(breakers, 4.5, divergence=between)
    told = looks(breakers, [5, 6, 7, 8, 9, 9.9, 10], divergence=0.6)
    assert told == [(10, Reason.DIVERGENCE)]


@pytest.mark.parametrize(("gap_s", "trips"), [(30.0, True), (30.000001, False)])
def test_not_looking_for_long_is_a_pause(gap_s: float, trips: bool) -> None:
    breakers = Breakers()
    looks(breakers, [0, 1, 2, 3, 4], divergence=0.6)
    assert bool(looks(breakers, [4 + gap_s], divergence=0.6)) is trips


def test_rounds_are_watched_apart() -> None:
    breakers = Breakers()
    for second in range(5):
        assert look(breakers, second, divergence=0.6, market="5m") == ()
        assert look(breakers, second, divergence=0.0, market="15m") == ()
    assert tripped(look(breakers, 5, divergence=0.6, market="5m")) == [Reason.DIVERGENCE]


def test_no_patience_trips_at_the_first_look() -> None:
    at_once = evolve(SETTINGS, divergence_s=0.0)
    assert tripped(Breakers().looked(T0, 0.6, 0.01, 0.0, at_once)) == [Reason.DIVERGENCE]


# --- spread and fee -----------------------------------------------------------------------------


def usual(spread: float, until_s: int = 61) -> Breakers:
    """Breakers that saw one spread for so long."""
    breakers = Breakers()
    for second in range(until_s):
        assert look(breakers, second, spread=spread) == ()
    return breakers


@pytest.mark.parametrize(("spread", "trips"), [(0.06, False), (0.0601, True), (1.0, True)])
def test_a_spread_against_its_average(spread: float, trips: bool) -> None:
    effects = look(usual(0.01), 60.5, spread=spread)
    assert (tripped(effects) == [Reason.SPREAD_SPIKE]) is trips


@pytest.mark.parametrize(("second", "trips"), [(59.999, False), (60.0, True)])
def test_an_average_is_known_after_a_minute(second: float, trips: bool) -> None:
    effects = look(usual(0.01, until_s=60), second, spread=0.5)
    assert bool(tripped(effects)) is trips


@pytest.mark.parametrize(("spread", "trips"), [(0.03, False), (0.0301, True)])
def test_a_very_tight_market_may_widen_by_some_ticks(spread: float, trips: bool) -> None:
    assert bool(tripped(look(usual(0.001), 60.5, spread=spread))) is trips


def test_a_market_without_a_spread_divides_by_nothing() -> None:
    assert look(usual(0.0), 60.5, spread=0.02) == ()


@pytest.mark.parametrize("spread", [None, float("nan"), float("inf"), -0.01, 1.01])
def test_what_is_no_spread_leaves_the_average_alone(spread: float | None) -> None:
    breakers = usual(0.01)
    for second in range(61, 91):
        assert look(breakers, second, spread=spread) == ()
    assert look(breakers, 91, spread=0.06) == ()
    assert tripped(look(breakers, 91.1, spread=0.061)) == [Reason.SPREAD_SPIKE]


def test_one_value_that_stood_while_nobody_looked_is_not_the_average() -> None:
    """A minute's silence after a spike would have made the spike the usual spread."""
    breakers = usual(0.01)
    look(breakers, 61, spread=0.05)
    look(breakers, 121, spread=0.01)
    assert tripped(look(breakers, 121.5, spread=0.061)) == [Reason.SPREAD_SPIKE]


def test_a_wider_market_becomes_the_usual_one_and_the_breaker_closes() -> None:
    breakers = usual(0.01)
    told: list[Effect] = []
    for second in range(61, 330):
        told += look(breakers, second, spread=0.08)
    assert [type(effect) for effect in told] == [Trip, Release]


LASTING = BreakerSettings(max_spread_rise=6.0, spread_s=2.0)


def seen_at(breakers: Breakers, *spreads: tuple[float, float | None]) -> list[Reason]:
    """(second, spread) looks at a market whose spread must be wide for two seconds."""
    effects: list[Effect] = []
    for second, spread in spreads:
        effects += breakers.looked(at(second), 0.0, spread, 0.07, LASTING, "5m")
    return tripped(tuple(effects))


def test_a_spread_must_be_wide_for_so_long_without_a_pause() -> None:
    wide, calm = 0.2, 0.01
    assert seen_at(usual(0.01), (61, wide), (62, wide), (62.999, wide)) == []
    assert seen_at(usual(0.01), (61, wide), (62, wide), (63, wide)) == [Reason.SPREAD_SPIKE]
    between = ((61, wide), (62, calm), (63, wide), (64, wide))
    assert seen_at(usual(0.01), *between) == [], "it was calm between"
    assert seen_at(usual(0.01), (61, wide), (62, None), (63, wide), (64, wide)) == []
    assert seen_at(usual(0.01), (61, wide), (92, wide)) == [], "nobody looked for half a minute"


def test_no_recorded_book_is_wide_for_so_long_as_the_breaker_wants(recordings: Path) -> None:
    shipped, hasty = BreakerSettings(), BreakerSettings(spread_s=0.0)
    seen = [
        (breaks(round_, shipped), breaks(round_, hasty)) for _, round_ in recorded_tops(recordings)
    ]
    assert len(seen) == 253
    assert sum(lasting for lasting, _ in seen) == 0
    assert sum(at_once for _, at_once in seen) > 5, "a look alone would have stopped us"


def recorded_tops(recordings: Path) -> Iterator[tuple[object, list[tuple[int, float | None]]]]:
    """By round and side: (second, spread) of its book; None where a side of it is empty."""
    tops = pl.read_parquet(recordings / "cronos_btc5m_bbo_1s.parquet")
    for name, found in tops.group_by(["slug", "side"], maintain_order=True):
        whole = found.sort("sec").fill_null(0.0).select("sec", "best_bid", "best_ask")
        yield (
            name,
            [
                (sec, ask - bid if 0 < bid < ask < 1 else None)
                for sec, bid, ask in whole.iter_rows()
            ],
        )


def breaks(looks: list[tuple[int, float | None]], thresholds: BreakerSettings) -> bool:
    breakers, effects = Breakers(), list[Effect]()
    for second, spread in looks:
        effects += breakers.looked(at(second), 0.0, spread, 0.07, thresholds, "5m")
    return bool(tripped(tuple(effects)))


@pytest.mark.parametrize(
    ("fee_rate", "trips"), [(0.07, False), (0.10, False), (0.100001, True), (float("nan"), True)]
)
def test_a_fee_over_what_is_paid(fee_rate: float, trips: bool) -> None:
    effects = look(Breakers(), 0, fee_rate=fee_rate)
    assert (tripped(effects) == [Reason.FEE_SPIKE]) is trips


# --- for any story ------------------------------------------------------------------------------

STEPS: dict[str, Callable[[Breakers, int], tuple[Effect, ...]]] = {
    "calm tick": lambda b, now: b.ticked(now, 0, 0.0, SETTINGS),
    "slow tick": lambda b, now: b.ticked(now, 700_000, 0.0, SETTINGS),
    "stale tick": lambda b, now: b.ticked(now, 1_500_000, 0.9, SETTINGS),
    "up": lambda b, now: b.reconnected(now, SETTINGS),
    "refused": lambda b, now: b.answered(now, True, SETTINGS),
    "taken": lambda b, now: b.answered(now, False, SETTINGS),
    "calm look": lambda b, now: b.looked(now, 0.0, 0.01, 0.07, SETTINGS),
    "wild look": lambda b, now: b.looked(now, 0.6, 0.5, 0.2, SETTINGS),
}


@given(st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 20_000)), max_size=60))
def test_every_trip_has_one_release_and_nothing_stays_open_for_ever(
    story: list[tuple[str, int]],
) -> None:
    breakers, now, told = Breakers(), T0, []
    for name, later_ms in story:
        now += later_ms * MS
        told += STEPS[name](breakers, now)
        opened = {why.reason for why, _ in breakers.open()}
        assert (breakers.blocking() is not None) is bool(opened)
        assert all(until_ns > now for _, until_ns in breakers.open() if "tick" in name)
        assert json.loads(json.dumps(breakers.state())) is not None
    for _ in range(3):
        now += 70 * NS_PER_S
        told += breakers.ticked(now, 0, 0.0, SETTINGS)
    assert breakers.open() == ()
    for reason, count in breakers.trips.items():
        released = sum(isinstance(e, Release) and e.reason is reason for e in told)
        said = sum(isinstance(e, Trip) and e.why.reason is reason for e in told)
        assert released == count
        assert count <= said <= (2 * count if reason is Reason.LATENCY else count)

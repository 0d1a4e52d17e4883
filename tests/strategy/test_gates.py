"""Every gate at its threshold, just under it and just over it."""

from __future__ import annotations

import math
from typing import Any

import pytest
from market_views import a_view, side_of

from polytui.config.deciding import GateSettings
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Outcome
from polytui.strategy.gates import first_block, time_block
from polytui.strategy.window import EntryWindow

GATES = GateSettings(min_spread_bps=50.0, min_volatility=0.2)
"""The defaults, and limits below where the default is none."""
PASS = Reason.NONE


def blocked(changes: dict[str, Any], gates: GateSettings = GATES) -> Why:
    return first_block(a_view(**changes), Outcome.UP, gates) or Why(PASS)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"since_open_s": 44.999}, Reason.TOO_EARLY),
        ({"since_open_s": 45.0}, PASS),
        ({"since_open_s": 45.001}, PASS),
        ({"since_open_s": -5.0}, Reason.TOO_EARLY),
        ({"since_open_s": math.nan}, Reason.NO_PRICE),
        ({"left_s": math.nan}, Reason.NO_PRICE),
        ({"left_s": 29.999}, Reason.TOO_LATE),
        ({"left_s": 30.0}, PASS),
        ({"left_s": 30.001}, PASS),
        ({"left_s": -1.0}, Reason.TOO_LATE),
        ({"down": side_of(0.49, 0.50, held=0.0)}, PASS),
        ({"down": side_of(0.49, 0.50, held=0.000001)}, Reason.OTHER_SIDE_HELD),
        ({"up": side_of(0.50, 0.51, held=30.0)}, PASS),
        ({"trust": 0.199}, Reason.CONSENSUS_UNSURE),
        ({"trust": 0.2}, PASS),
        ({"trust": 0.201}, PASS),
        ({"trust": math.nan}, Reason.NO_PRICE),
        ({"book_age_ms": 14_999}, PASS),
        ({"book_age_ms": 15_000}, PASS),
        ({"book_age_ms": 15_001}, Reason.BOOK_STALE),
        ({"up": side_of(0.45, 0.509)}, PASS),
        ({"up": side_of(0.45, 0.51)}, PASS),
        ({"up": side_of(0.45, 0.511)}, Reason.SPREAD_WIDE),
        ({"up": side_of(0.0, 0.061)}, Reason.SPREAD_WIDE),
        ({"up": side_of(0.50, 0.504)}, Reason.SPREAD_NARROW),
        ({"up": side_of(0.50, 0.505)}, PASS),
        ({"up": side_of(0.50, 0.506)}, PASS),
        ({"up": side_of(0.50, 0.49)}, Reason.SPREAD_NARROW),
        # Only the side that is bought counts.
        ({"down": side_of(0.20, 0.80)}, PASS),
        ({"volatility": 2.999}, PASS),
        ({"volatility": 3.0}, PASS),
        ({"volatility": 3.001}, Reason.MARKET_WILD),
        ({"volatility": math.nan}, Reason.NO_PRICE),
        ({"volatility": 0.199}, Reason.MARKET_CALM),
        ({"volatility": 0.2}, PASS),
        ({"volatility": 0.201}, PASS),
    ],
)
def test_each_at_its_threshold_and_beside_it(changes: dict[str, Any], reason: Reason) -> None:
    assert blocked(changes).reason is reason


@pytest.mark.parametrize(
    ("changes", "why", "text"),
    [
        (
            {"since_open_s": 12.0},
            Why(Reason.TOO_EARLY, 12.0, 45.0, "s after the open"),
            "too early: 12 < 45 s after the open",
        ),
        ({"left_s": 12.0}, Why(Reason.TOO_LATE, 12.0, 30.0, "s left"), "too late: 12 < 30 s left"),
        (
            {"down": side_of(0.49, 0.5, held=2.5)},
            Why(Reason.OTHER_SIDE_HELD, 2.5, 0.0, "shares"),
            "other side held: 2.5 > 0 shares",
        ),
        (
            {"trust": 0.1},
            Why(Reason.CONSENSUS_UNSURE, 0.1, 0.2, "trust"),
            "consensus unsure: 0.1 < 0.2 trust",
        ),
        (
            {"book_age_ms": 20_000},
            Why(Reason.BOOK_STALE, 20_000, 15_000, "ms"),
            "book stale: 20,000 > 15,000 ms",
        ),
        (
            {"up": side_of(0.40, 0.51)},
            Why(Reason.SPREAD_WIDE, 1_100.0, 600.0, "bps"),
            "spread wide: 1,100 > 600 bps",
        ),
        (
            {"up": side_of(0.50, 0.501)},
            Why(Reason.SPREAD_NARROW, 10.0, 50.0, "bps"),
            "spread narrow: 10 < 50 bps",
        ),
        (
            {"volatility": 4.0},
            Why(Reason.MARKET_WILD, 4.0, 3.0, "a year"),
            "market wild: 4 > 3 a year",
        ),
        (
            {"volatility": 0.1},
            Why(Reason.MARKET_CALM, 0.1, 0.2, "a year"),
            "market calm: 0.1 < 0.2 a year",
        ),
    ],
)
def test_a_block_says_its_number_and_its_limit(
    changes: dict[str, Any], why: Why, text: str
) -> None:
    assert blocked(changes) == why
    assert blocked(changes).text() == text


def test_the_gate_of_the_side_that_is_bought() -> None:
    view = a_view(up=side_of(0.50, 0.51, held=1.0))
    assert first_block(view, Outcome.UP, GATES) is None
    why = first_block(view, Outcome.DOWN, GATES)
    assert why is not None
    assert why.reason is Reason.OTHER_SIDE_HELD


@pytest.mark.parametrize(
    ("since_open_s", "left_s", "reason"),
    [
        (10.0, 60.0, PASS),
        (9.99, 60.0, Reason.TOO_EARLY),
        (10.01, 60.0, PASS),
        (200.0, 75.0, PASS),
        (200.0, 75.01, Reason.TOO_EARLY),
        (200.0, 74.99, PASS),
        (200.0, 5.0, PASS),
        (200.0, 4.99, Reason.TOO_LATE),
        (200.0, 5.01, PASS),
    ],
)
def test_a_window_of_ones_own_at_its_ends(
    since_open_s: float, left_s: float, reason: Reason
) -> None:
    view = a_view(since_open_s=since_open_s, left_s=left_s)
    window = EntryWindow(after_open_s=10.0, before_close_s=5.0, from_left_s=75.0)
    why = time_block(view, window)
    assert (why.reason if why else PASS) is reason
    assert first_block(view, Outcome.UP, GATES, window) == why


def test_a_window_without_a_beginning_has_none() -> None:
    assert time_block(a_view(left_s=1e6), EntryWindow(10.0, 5.0)) is None


def test_the_first_in_the_way_is_said_in_the_order_of_reading() -> None:
    everything: list[tuple[Reason, dict[str, Any]]] = [
        (Reason.TOO_EARLY, {"since_open_s": 1.0}),
        (Reason.TOO_LATE, {"left_s": 1.0}),
        (Reason.OTHER_SIDE_HELD, {"down": side_of(0.49, 0.50, held=1.0)}),
        (Reason.CONSENSUS_UNSURE, {"trust": 0.0}),
        (Reason.BOOK_STALE, {"book_age_ms": 99_999}),
        (Reason.SPREAD_WIDE, {"up": side_of(0.10, 0.51)}),
        (Reason.MARKET_WILD, {"volatility": 9.0}),
    ]
    for first in range(len(everything)):
        changes = {key: value for _, change in everything[first:] for key, value in change.items()}
        assert blocked(changes).reason is everything[first][0]

"""The simulated market looks like the recorded one: the same figures, within stated bands.

A small sample of what `make world` measures. The bands of a figure are the benchmark's; where few
rounds make one stray further, it is said how far.
"""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from benchmarks.recorded_world import DATA, recorded_figures
from benchmarks.world import (
    WANTED,
    Figure,
    Part,
    Played,
    feed_of,
    full_figures,
    judged,
    listen,
    reliability,
    shape_figures,
)
from benchmarks.world_figures import (
    BookReader,
    Said,
    Top,
    TradeReader,
    by_seconds,
    feed_figures,
    mid_figures,
    rate_figures,
    reliability_figures,
    size_figures,
    spread_figures,
    variance_ratio,
)

ROUNDS = 8
STRAYS = {"mid_move_1": 0.15, "mid_move_10": 0.2, "mid_variance_ratio_10": 0.2}
"""Part of its band's edge by which a figure of eight rounds may lie outside: one deviation of a
round's mean square is a third of it."""


@pytest.fixture(scope="module")
def played() -> Played:
    return listen(Part(1, ROUNDS, 0.02))


@pytest.fixture(scope="module")
def shape(played: Played) -> dict[str, float]:
    return shape_figures(played)


SHAPES = [name for name in WANTED if not name.startswith(("feed", "level", "trades", "quotes"))]


@pytest.mark.parametrize("name", SHAPES)
def test_a_thin_book_has_the_shape_of_a_recorded_one(shape: dict[str, float], name: str) -> None:
    wanted, more = WANTED[name], STRAYS.get(name, 0.08)
    assert wanted.low * (1.0 - more) < shape[name] < wanted.high * (1.0 + more)


def test_a_full_world_says_as_much_as_a_real_day() -> None:
    """A minute of it is enough for rates."""
    found = full_figures(listen(Part(3, 1, 1.0, 60)))
    for name in ("level_changes_per_s", "trades_per_s", "quotes_per_s"):
        assert WANTED[name].low < found[name] < WANTED[name].high, name


@pytest.mark.parametrize("seed", [1, 2])
def test_the_settlement_feed_goes_on_as_the_recorded_one_does(seed: int) -> None:
    """A day: the variance ratio over a minute strays by 0.15."""
    found = feed_of(seed, days=1)
    for name in ("feed_correlation_1", "feed_variance_ratio_10", "feed_beyond_3_10"):
        assert WANTED[name].low < found[name] < WANTED[name].high, name
    assert found["feed_variance_ratio_60"] == pytest.approx(2.19, abs=0.45)


def test_the_mid_is_a_probability(played: Played) -> None:
    """Eight rounds at six times; what many say is in tests/sim/world/test_opinion.py."""
    assert len(played.said) > 5 * ROUNDS
    for figure in reliability(played.said):
        assert figure.ok, figure


# --- the figures themselves -----------------------------------------------------------------------


@pytest.mark.skipif(not DATA.is_dir(), reason="the folder of recordings is absent")
def test_the_recorded_figures_are_those_of_the_recordings() -> None:
    found = recorded_figures()
    for name, wanted in WANTED.items():
        assert found[name] == pytest.approx(wanted.recorded, rel=0.03), name


def top(second: float, bid: float, ask: float, changed: int = 0) -> Top:
    return Top(round(second * 1000), bid, ask, 100.0, 200.0, 1_000.0, 3_000.0, changed)


def test_spreads_and_sizes_count_the_centre_alone() -> None:
    one = by_seconds([top(1, 50, 51), top(2, 50, 53), top(3, 95, 96), top(4, 9, 12)])
    assert spread_figures([one]) == {
        "spread_mean": 2.0,
        "spread_one_cent": 0.5,
        "spread_three_cents": 0.5,
    }
    assert size_figures([one]) == {"best_shares": 150.0, "five_shares": 2_000.0}


def test_the_last_of_a_second_counts_and_a_silent_second_is_no_pair() -> None:
    seconds = by_seconds([top(1.0, 50, 51), top(1.9, 52, 53), top(2.2, 52, 53), top(4.0, 60, 61)])
    assert sorted(seconds) == [1, 2, 4]
    assert seconds[1].mid == 52.5
    ten = {second: top(second, 40.0 + second, 41.0 + second) for second in range(12)}
    found = mid_figures([ten])
    assert found["mid_move_1"] == 1.0
    assert found["mid_move_10"] == 10.0
    assert found["mid_variance_ratio_10"] == 10.0
    assert found["mid_moved_share"] == 1.0


def test_frames_of_one_moment_are_one_look() -> None:
    tops = [top(1, 50, 51, 1), top(1, 50, 52, 1), top(1, 51, 52, 1), top(2, 51, 52, 4)]
    assert rate_figures(tops, 2) == {"best_changes_per_s": 0.0, "level_changes_per_s": 3.5}
    assert rate_figures([*tops, top(3, 52, 53)], 2)["best_changes_per_s"] == 0.5


def test_whole_books_and_changes_are_read_alike() -> None:
    def book(bids: dict[str, str], asks: dict[str, str]) -> str:
        sides = [[{"price": p, "size": s} for p, s in side.items()] for side in (bids, asks)]
        message = {"asset_id": "7", "timestamp": "5", "bids": sides[0], "asks": sides[1]}
        return json.dumps([message])

    def change(side: str, price: str, size: str, token: str = "7") -> str:
        one = {"asset_id": token, "side": side, "price": price, "size": size}
        return json.dumps({"timestamp": "6", "price_changes": [one]})

    reader = BookReader("7")
    (first,) = reader.read(book({"0.50": "10", "0.49": "20"}, {"0.52": "5"}))
    assert (first.bid, first.ask, first.bid_shares, first.bid_five) == (50.0, 52.0, 10.0, 30.0)
    (second,) = reader.read(change("SELL", "0.51", "7"))
    assert (second.ask, second.ask_shares, second.ask_five, second.changed) == (51.0, 7.0, 12.0, 1)
    (third,) = reader.read(change("BUY", "0.50", "0"))
    assert (third.bid, third.bid_five) == (49.0, 20.0)
    assert list(reader.read(change("BUY", "0.50", "9", token="8"))) == []
    # A whole book says what a row of changes would have said.
    (fourth,) = reader.read(book({"0.50": "10", "0.49": "20"}, {"0.52": "5"}))
    assert fourth.changed == 2


def test_a_variance_ratio_of_steps_that_go_on_and_of_steps_that_turn() -> None:
    goes_on = np.cumsum(np.tile([1.0] * 10 + [-1.0] * 10, 50))
    turns = np.cumsum(np.tile([1.0, -1.0], 500))
    assert variance_ratio(goes_on, 2) > 1.7
    assert variance_ratio(turns, 2) == 0.0
    steps = np.random.default_rng(1).normal(size=200_000)
    assert variance_ratio(np.cumsum(steps), 10) == pytest.approx(1.0, abs=0.02)
    smooth = np.convolve(steps, [0.5, 0.5])
    prices = {second: math.exp(p / 1e4) for second, p in enumerate(np.cumsum(smooth))}
    assert feed_figures(prices)["feed_correlation_1"] == pytest.approx(0.5, abs=0.01)


def test_a_second_that_is_missing_has_the_price_of_the_next() -> None:
    prices = {0: 100.0, 1: 101.0, 3: 103.0} | dict.fromkeys(range(4, 80), 103.0)
    whole = prices | {2: 103.0}
    assert feed_figures(prices) == feed_figures(whole)


def test_who_is_too_sure_has_a_slope_under_one() -> None:
    rng = np.random.default_rng(2)
    true = rng.uniform(0.05, 0.95, 20_000)
    came = rng.random(20_000) < true
    sure = np.clip(0.5 + 1.4 * (true - 0.5), 0.0, 1.0)
    right = [Said(str(n // 4), p, bool(y)) for n, (p, y) in enumerate(zip(true, came, strict=True))]
    wrong = [Said(str(n // 4), p, bool(y)) for n, (p, y) in enumerate(zip(sure, came, strict=True))]
    assert reliability_figures(right)["mid_slope"] == pytest.approx(1.0, abs=0.04)
    assert reliability_figures(wrong)["mid_slope"] == pytest.approx(1.0 / 1.4, abs=0.05)
    assert reliability_figures(wrong)["mid_surplus_90"] < -0.05
    assert all(figure.ok for figure in reliability(right[:1_600]))
    assert not any(figure.ok for figure in reliability(wrong[:1_600]))


def test_trades_and_quotes_are_counted_and_mids_held() -> None:
    reader = TradeReader()
    for at_s in range(31):
        frame = {"stream": "btcusdt@bookTicker", "data": {"b": "99.5", "a": str(100.5 + at_s)}}
        reader.read(float(at_s), json.dumps(frame))
        reader.read(float(at_s), json.dumps({"stream": "btcusdt@trade", "data": {}}))
    found = reader.figures()
    assert found["quotes_per_s"] == pytest.approx(31 / 30)
    assert found["trades_per_s"] == pytest.approx(31 / 30)
    assert found["exchange_variance_ratio_10"] == pytest.approx(10.0, rel=0.2)


@pytest.mark.parametrize(("value", "ok"), [(0.9, False), (1.0, True), (1.2, True), (1.21, False)])
def test_a_figure_is_judged_by_its_band_and_shows_what_was_recorded(value: float, ok: bool) -> None:
    figure = Figure("spread_mean", value, "c", (1.0, 1.2), 1.1)
    assert figure.ok is ok
    assert set(figure.as_json()) >= {"name", "value", "unit", "target", "ok"}
    (from_table,) = judged({"spread_mean": value}, {"spread_mean": 7.0})
    assert from_table.recorded == 7.0
    assert judged({"spread_mean": value}, {})[0].recorded == WANTED["spread_mean"].recorded

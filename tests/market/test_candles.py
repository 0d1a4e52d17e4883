"""Candles from trades: the venue's own, in any order of arrival, with holes that are known."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.market.candles import LENGTHS_S, Candles
from polytui.model.candle import Candle
from polytui.model.events import CandlesLoaded, ExchangeTraded
from polytui.model.instrument import Asset, Exchange, Interval
from polytui.model.orders import Side
from polytui.model.units import NS_PER_S
from polytui.sim.world.world import World, WorldSettings
from polytui.sim.world.world_events import ExchangeTrade
from polytui.venues.binance import BinanceStreams

START_S = 1_795_204_800
MINUTE_S = 60


def trade(second: float, price: float, number: int, size: float = 1.0) -> ExchangeTraded:
    at_ns = round((START_S + second) * NS_PER_S)
    return ExchangeTraded(Asset.BTC, "binance", number, price, size, Side.BUY, at_ns, at_ns)


def loaded(length_s: int, *candles: Candle) -> CandlesLoaded:
    return CandlesLoaded(Asset.BTC, "binance", length_s, candles, 0)


def candle(second: int, price: float, volume: float = 5.0) -> Candle:
    at_ns = (START_S + second) * NS_PER_S
    return Candle(at_ns, price, price + 1, price - 1, price, volume, 7)


def now(second: float) -> int:
    return round((START_S + second) * NS_PER_S)


def rows(candles: Candles, length_s: int, second: float) -> list[tuple[float, ...]]:
    arrays = candles.arrays(length_s, now(second))
    if arrays is None:
        return []
    columns = (arrays.open, arrays.high, arrays.low, arrays.close, arrays.volume)
    return list(zip(*[column.tolist() for column in columns], strict=True))


def test_trades_are_the_candles_that_the_venue_itself_shows() -> None:
    """The simulated venue prints its klines from its own tape: other code, the same bars."""
    world = World(WorldSettings(3, START_S * NS_PER_S, (Asset.BTC,), (Interval.M5,)))
    candles = Candles(500)
    number = 0
    for world_event in world.run_until(now(25 * MINUTE_S)):
        if isinstance(world_event, ExchangeTrade) and world_event.venue is Exchange.BINANCE:
            number += 1
            candles.take(
                ExchangeTraded(
                    Asset.BTC,
                    "binance",
                    number,
                    world_event.price,
                    world_event.size,
                    Side.BUY,
                    world_event.at_ns,
                    world_event.at_ns,
                )
            )
    compared = 0
    for length_s in (10, 60, 300, 900):
        start_ns = START_S * NS_PER_S
        if length_s == 10:
            bars = world.candles(Asset.BTC, 10, start_ns + 600 * NS_PER_S, world.now_ns, 1000)
        else:
            bars = world.candles(Asset.BTC, length_s, start_ns, world.now_ns, 1000)
        for bar in bars[:-1]:
            mine = candles.bar(length_s, bar.open_ns)
            assert mine is not None
            assert (mine.open, mine.high, mine.low, mine.close, mine.trades) == (
                bar.open, bar.high, bar.low, bar.close, bar.trades,
            )  # fmt: skip
            assert mine.volume == pytest.approx(bar.volume, abs=1e-7)
            compared += 1
    assert compared > 100


def test_recorded_trades_are_the_bars_of_a_plain_grouping(recordings: Path) -> None:
    codec, candles, seen = BinanceStreams(Asset.BTC), Candles(500), []
    with gzip.open(recordings / "hftbacktest_binance_spot_btcusdt_20240809.gz", "rt") as lines:
        for line in lines:
            for event in codec.parse(line.partition(" ")[2], 1).events:
                if isinstance(event, ExchangeTraded):
                    candles.take(event)
                    seen.append((event.venue_ns, event.trade_id, event.price, event.size))
    frame = pl.DataFrame(seen, schema=["at", "id", "price", "size"], orient="row").sort("at", "id")
    for length_s in LENGTHS_S:
        span = length_s * NS_PER_S
        grouped = frame.group_by((pl.col("at") // span * span).alias("opens")).agg(
            pl.col("price").first().alias("o"),
            pl.col("price").max().alias("h"),
            pl.col("price").min().alias("l"),
            pl.col("price").last().alias("c"),
            pl.col("size").sum().alias("v"),
            pl.len().alias("n"),
        )
        for row in grouped.to_dicts():
            bar = candles.bar(length_s, row["opens"])
            assert bar is not None
            assert (bar.open, bar.high, bar.low, bar.close, bar.trades) == (
                row["o"], row["h"], row["l"], row["c"], row["n"],
            )  # fmt: skip
            assert bar.volume == pytest.approx(row["v"])
    assert len(seen) == 10_147


@given(
    st.lists(
        st.tuples(st.floats(0, 200), st.floats(90, 110), st.floats(0.01, 5)),
        min_size=1,
        max_size=40,
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_arrival_does_not_matter(
    found: list[tuple[float, float, float]], rng: object
) -> None:
    trades = [trade(second, price, n + 1, size) for n, (second, price, size) in enumerate(found)]
    shuffled = list(trades)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    in_order, late = Candles(500), Candles(500)
    for one in sorted(trades, key=lambda event: (event.venue_ns, event.trade_id)):
        in_order.take(one)
    for one in shuffled:
        late.take(one)
    for length_s in LENGTHS_S:
        expected, got = rows(in_order, length_s, 4000), rows(late, length_s, 4000)
        assert [row[:4] for row in got] == [row[:4] for row in expected]
        assert [row[4] for row in got] == pytest.approx([row[4] for row in expected])
        assert sum(row[4] for row in got) == pytest.approx(sum(one.size for one in trades))
        assert all(low <= min(o, c) <= max(o, c) <= high for o, high, low, c, _ in got)


@given(
    st.lists(st.tuples(st.floats(0, 400), st.floats(90, 110), st.floats(0, 60)), max_size=40),
)
def test_bars_that_were_read_before_a_late_trade_are_as_if_they_had_not_been(
    found: list[tuple[float, float, float]],
) -> None:
    """`found` has a trade's second, its price, and how long after it somebody reads."""
    often, once = Candles(500), Candles(500)
    newest = 0.0
    for n, (second, price, wait) in enumerate(found):
        for candles in (often, once):
            candles.take(trade(second, price, n + 1))
        newest = max(newest, second + wait)
        for length_s in LENGTHS_S:
            rows(often, length_s, newest)
    for length_s in LENGTHS_S:
        assert rows(often, length_s, newest + 1) == rows(once, length_s, newest + 1)


def test_a_stretch_without_trades_is_flat_at_the_close_before_it() -> None:
    candles = Candles(500)
    candles.take(trade(5, 100.0, 1))
    candles.take(trade(200, 103.0, 2))
    assert rows(candles, 60, 240.5) == [
        (100.0, 100.0, 100.0, 100.0, 1.0),
        (100.0, 100.0, 100.0, 100.0, 0.0),
        (100.0, 100.0, 100.0, 100.0, 0.0),
        (103.0, 103.0, 103.0, 103.0, 1.0),
    ]


def test_a_bar_closes_by_time_and_is_corrected_by_a_late_trade() -> None:
    candles = Candles(500)
    candles.take(trade(5, 100.0, 1))
    assert rows(candles, 60, 60.4) == [], "its last trades may be on their way"
    first = candles.arrays(60, now(60.5))
    assert first is not None
    assert candles.arrays(60, now(70)) is first, "nothing has changed"
    candles.take(trade(59.9, 105.0, 2))
    assert rows(candles, 60, 61) == [(100.0, 105.0, 100.0, 105.0, 2.0)]


def test_only_so_many_are_kept() -> None:
    candles = Candles(100)
    for number in range(400):
        candles.take(trade(number * 10, 100.0 + number, number + 1))
    assert len(rows(candles, 10, 4_001)) == 100
    assert rows(candles, 10, 4_001)[-1][3] == 499.0
    candles.take(trade(10, 1.0, 1_000))
    assert len(rows(candles, 10, 4_001)) == 100


def test_history_fills_what_was_not_seen_and_leaves_what_was() -> None:
    candles = Candles(500)
    for second in range(30, 200):
        candles.take(trade(second, 100.0, second))
    candles.load(loaded(60, *(candle(60 * n, 50.0) for n in range(-3, 3))))
    closes = [row[3] for row in rows(candles, 60, 181)]
    assert closes == [50.0, 50.0, 50.0, 50.0, 100.0, 100.0]
    arrays = candles.arrays(60, now(181))
    assert arrays is not None
    assert arrays.is_complete
    assert arrays.ends_ns == now(180)


def test_a_loss_marks_bars_until_history_or_a_mend_makes_them_whole() -> None:
    for heal in ("history", "mend"):
        candles = Candles(500)
        candles.load(loaded(60, *(candle(60 * n, 100.0) for n in range(-2, 1))))
        for second in range(300):
            if not 70 <= second < 130:
                candles.take(trade(second, 100.0, second + 1))
            if second == 70:
                candles.lose(now(second))
        before = candles.arrays(60, now(181))
        assert before is not None
        assert not before.is_complete
        if heal == "mend":
            candles.mend(now(69), now(131))
        else:
            candles.load(loaded(60, *(candle(60 * n, 90.0) for n in range(3))))
        after = candles.arrays(60, now(181))
        assert after is not None
        assert after.is_complete
        expected = 100.0 if heal == "mend" else 90.0
        assert after.close.tolist()[-2:] == [expected, expected]


def gapped(*gaps: tuple[int, int]) -> Candles:
    """Five minutes traded each second, but for some stretches, each told by the trade after it."""
    candles = Candles(500)
    candles.load(loaded(60, *(candle(60 * n, 100.0) for n in range(-2, 0))))
    candles.load(loaded(1, *(candle(second, 100.0) for second in range(-20, 0))))
    for second in range(-1, 300):
        if any(start <= second < end for start, end in gaps):
            continue
        if any(second == end for _, end in gaps):
            candles.lose(now(second))
        candles.take(trade(second, 100.0, second + 2))
    return candles


def unseen(candles: Candles) -> list[int]:
    """Minutes that are not known whole."""
    return [minute for minute in range(5) if not candles._is_whole(START_S + 60 * minute, 60, 60)]


def test_a_gap_lies_where_trades_are_missing_not_where_it_was_noticed() -> None:
    candles = gapped((70, 130))
    assert unseen(candles) == [1, 2], "from the last trade that was seen to the next"


def test_the_hole_that_was_filled_is_closed_and_no_other() -> None:
    for filled, left in (((69, 91), [3]), ((199, 221), [1])):
        candles = gapped((70, 90), (200, 220))
        assert unseen(candles) == [1, 3]
        candles.mend(now(filled[0]), now(filled[1]))
        assert unseen(candles) == left


def test_half_a_mend_leaves_the_other_half_a_hole() -> None:
    candles = gapped((50, 130))
    assert unseen(candles) == [0, 1, 2]
    candles.mend(now(49), now(115))
    assert unseen(candles) == [1, 2]
    candles.mend(now(115), now(131))
    assert unseen(candles) == []


def test_a_mend_while_blind_leaves_what_is_still_missed() -> None:
    candles = gapped()
    candles.lose(now(300))
    assert unseen(candles) == [4]
    candles.mend(now(299), now(310))
    candles.take(trade(320, 100.0, 999))
    assert unseen(candles) == []
    assert not candles._is_whole(START_S + 300, 60, 60), "310 to 320 is nobody's"
    candles.mend(now(310), now(321))
    assert candles._is_whole(START_S + 300, 60, 60)


def test_seconds_are_folded_into_tens_where_all_ten_are_there() -> None:
    candles = Candles(500)
    candles.load(loaded(1, *(candle(second, 100.0 + second, 0.5) for second in range(3, 25))))
    assert rows(candles, 10, 40)[0] == (110.0, 120.0, 109.0, 119.0, 5.0)
    assert candles.bar(10, now(0)) is None

"""Order flow and trade flow, against sums over all that happened."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.market.microstructure import Microstructure, depth_imbalance
from polytui.model.events import ExchangeQuoted, ExchangeTraded
from polytui.model.instrument import Asset
from polytui.model.orders import Side
from polytui.model.units import NS_PER_S

START_NS = 1_795_204_800 * NS_PER_S
HALF_LIFE_S = 10.0
Row = tuple[float, float, float, float]
"""Bid, its size, ask, its size."""


def at(seconds: float) -> int:
    return START_NS + round(seconds * NS_PER_S)


def quote(seconds: float, row: Row, *depth: float) -> ExchangeQuoted:
    return ExchangeQuoted(Asset.BTC, "binance", *row, 0, at(seconds), *depth)


def trade(seconds: float, price: float, size: float, side: Side = Side.BUY) -> ExchangeTraded:
    return ExchangeTraded(Asset.BTC, "binance", 1, price, size, side, at(seconds), at(seconds))


def quoted(*rows: tuple[float, Row]) -> Microstructure:
    flow = Microstructure()
    for seconds, row in rows:
        flow.quoted(quote(seconds, row))
    return flow


def traded(*rows: tuple[float, float, float, Side]) -> Microstructure:
    flow = Microstructure()
    for row in rows:
        flow.traded(trade(*row))
    return flow


# --- one quote ----------------------------------------------------------------------------------


def test_nothing_is_known_of_nothing() -> None:
    flow = Microstructure()
    readings = (
        flow.imbalance(),
        depth_imbalance(flow.quote),
        flow.spread_bps(),
        flow.micro_gap_bps(),
        flow.order_flow(at(0)),
        flow.trade_intensity(at(0)),
        flow.trade_flow(),
        flow.volume_momentum_bps(),
    )
    assert readings == (None,) * 8


def test_one_quote_by_hand() -> None:
    """Three bid at 100, one offered at 101: the weighted mid is 100.75, near the thinner ask."""
    flow = Microstructure()
    flow.quoted(quote(0, (100.0, 3.0, 101.0, 1.0), 10.0, 30.0))
    assert flow.imbalance() == pytest.approx(0.5)
    assert depth_imbalance(flow.quote) == pytest.approx(-0.5)
    assert flow.spread_bps() == pytest.approx(1.0 / 100.5 * 1e4)
    assert flow.micro_gap_bps() == pytest.approx((100.75 / 100.5 - 1.0) * 1e4)
    assert flow.order_flow(at(0)) is None, "one quote is no change"


def test_a_quote_without_sizes_has_a_spread_and_nothing_else() -> None:
    flow = Microstructure()
    flow.quoted(quote(0, (100.0, 0.0, 101.0, 0.0)))
    assert (flow.imbalance(), depth_imbalance(flow.quote), flow.micro_gap_bps()) == (
        None,
        None,
        None,
    )
    assert flow.spread_bps() is not None
    flow.quoted(quote(1, (100.0, 0.0, 101.0, 0.0)))
    assert flow.order_flow(at(1)) is None, "no size to compare a flow with"


def test_a_size_too_small_to_trade_is_none() -> None:
    """A flow over it would be infinite."""
    flow = quoted((0, (100.0, 3.0, 101.0, 1.0)), (1, (100.0, 1e-320, 101.0, 1e-320)))
    assert flow.order_flow(at(1)) is None


# --- order flow ---------------------------------------------------------------------------------

BEFORE: Row = (100.0, 3.0, 101.0, 5.0)


@pytest.mark.parametrize(
    ("after", "event"),
    [
        ((100.0, 7.0, 101.0, 5.0), 4.0),  # more is bid at the same price
        ((100.0, 3.0, 101.0, 2.0), 3.0),  # less is offered
        ((100.5, 2.0, 101.0, 5.0), 2.0),  # a better bid counts whole
        ((99.5, 9.0, 101.0, 5.0), -3.0),  # the bid is gone: all of it
        ((100.0, 3.0, 100.5, 4.0), -4.0),  # a better ask counts whole
        ((100.0, 3.0, 101.5, 8.0), 5.0),  # the ask is gone: all of it
        ((102.0, 1.0, 103.0, 1.0), 6.0),  # both up: the new bid and the old ask
        (BEFORE, 0.0),
    ],
)
def test_one_change_by_hand(after: Row, event: float) -> None:
    """Cont, Kukanov and Stoikov's e, over the mean size at the bests after it."""
    flow = quoted((0, BEFORE), (1, after))
    assert flow.order_flow(at(1)) == pytest.approx(event / ((after[1] + after[3]) / 2.0))


def test_pressure_of_buyers_is_above_zero() -> None:
    rising = quoted(*[(s, (100.0 + s, 1.0, 101.0 + s, 1.0)) for s in range(5)])
    falling = quoted(*[(s, (100.0 - s, 1.0, 101.0 - s, 1.0)) for s in range(5)])
    up, down = rising.order_flow(at(4)), falling.order_flow(at(4))
    assert up is not None
    assert down == pytest.approx(-up)
    assert up > 5.0


prices = st.integers(90, 110)
sizes = st.one_of(st.just(0.0), st.floats(0.001, 1e6))
spans = st.floats(0.0, 40.0)
rows = st.tuples(prices, sizes, st.integers(1, 5), sizes).map(
    lambda one: (float(one[0]), one[1], float(one[0] + one[2]), one[3])
)


def _e(before: Row, after: Row) -> float:
    """The formula as it is printed."""
    (bid0, bid_size0, ask0, ask_size0), (bid1, bid_size1, ask1, ask_size1) = before, after
    return (
        (bid1 >= bid0) * bid_size1
        - (bid1 <= bid0) * bid_size0
        - (ask1 <= ask0) * ask_size1
        + (ask1 >= ask0) * ask_size0
    )


def _weights(seconds: Sequence[float], now_s: float) -> np.ndarray:
    return 2.0 ** -((now_s - np.array(seconds)) / HALF_LIFE_S)


@given(st.lists(st.tuples(spans, rows), min_size=2, max_size=30), spans)
def test_order_flow_is_the_decayed_sum_over_all_changes(
    steps: list[tuple[float, Row]], later: float
) -> None:
    seconds = np.cumsum([span for span, _ in steps]).tolist()
    quotes = [row for _, row in steps]
    flow = quoted(*zip(seconds, quotes, strict=True))
    now_s = seconds[-1] + later
    events = [_e(before, after) for before, after in pairwise(quotes)]
    depths = [(row[1] + row[3]) / 2.0 for row in quotes[1:]]
    weights = _weights(seconds[1:], now_s)
    mean = (weights * depths).sum() / weights.sum()
    found = flow.order_flow(at(now_s))
    if mean <= 1e-9:
        assert found is None or mean > 0.0
        return
    assert found == pytest.approx((weights * events).sum() / mean, rel=1e-6, abs=1e-6)


def test_order_flow_halves_in_a_half_life() -> None:
    flow = quoted((0, BEFORE), (1, (100.0, 7.0, 101.0, 5.0)))
    first = flow.order_flow(at(1))
    assert first
    assert flow.order_flow(at(1 + HALF_LIFE_S)) == pytest.approx(first / 2.0)
    assert flow.order_flow(at(1 + 3 * HALF_LIFE_S)) == pytest.approx(first / 8.0)
    flow.half_life_ns = 2.0 * NS_PER_S
    assert flow.order_flow(at(5)) == pytest.approx(first / 4.0), "the half-life is a setting"


# --- trades -------------------------------------------------------------------------------------


@given(st.lists(st.tuples(spans, st.floats(0.001, 1e6), st.booleans()), min_size=1, max_size=30))
def test_trade_flow_is_the_decayed_balance_of_takers(
    steps: list[tuple[float, float, bool]],
) -> None:
    seconds = np.cumsum([span for span, _, _ in steps]).tolist()
    flow, signed, total = Microstructure(), 0.0, 0.0
    for second, (_, size, is_buy) in zip(seconds, steps, strict=True):
        flow.traded(trade(second, 100.0, size, Side.BUY if is_buy else Side.SELL))
        weight = 2.0 ** -((seconds[-1] - second) / HALF_LIFE_S)
        signed += weight * (size if is_buy else -size)
        total += weight * size
    assert flow.trade_flow() == pytest.approx(signed / total, abs=1e-6)


def test_trades_of_one_side_are_all_of_the_flow() -> None:
    assert traded((0, 100.0, 2.0, Side.BUY)).trade_flow() == 1.0
    assert traded((0, 100.0, 2.0, Side.SELL)).trade_flow() == -1.0
    older = traded((0, 100.0, 2.0, Side.BUY), (HALF_LIFE_S, 100.0, 1.0, Side.SELL))
    assert older.trade_flow() == pytest.approx(0.0), "two a half-life ago weigh as one now"


def test_intensity_is_trades_a_second_and_fades() -> None:
    """A steady ten a second, for long enough that the start is forgotten."""
    flow = Microstructure()
    for number in range(2_000):
        flow.traded(trade(number / 10.0, 100.0, 1.0))
    steady = flow.trade_intensity(at(199.9))
    assert steady == pytest.approx(10.0, rel=0.01)
    assert flow.trade_intensity(at(199.9 + HALF_LIFE_S)) == pytest.approx(steady / 2.0)


def test_intensity_by_hand() -> None:
    """Two trades, one a half-life old: 1.5, over the mean memory of h / ln 2 seconds."""
    flow = traded((0, 100.0, 1.0, Side.BUY), (HALF_LIFE_S, 100.0, 9.0, Side.SELL))
    assert flow.trade_intensity(at(HALF_LIFE_S)) == pytest.approx(1.5 * math.log(2.0) / HALF_LIFE_S)


def test_volume_momentum_by_hand() -> None:
    """+100 bps weighs two, -198 bps weighs one; the first trade follows from none."""
    flow = traded((0, 100.0, 50.0, Side.BUY), (0, 101.0, 2.0, Side.BUY), (0, 99.0, 1.0, Side.SELL))
    fall = (99.0 / 101.0 - 1.0) * 1e4
    assert flow.volume_momentum_bps() == pytest.approx((2.0 * 100.0 + fall) / 3.0)
    assert traded((0, 100.0, 1.0, Side.BUY)).volume_momentum_bps() is None


def test_volume_momentum_forgets_by_half_lives() -> None:
    flow = traded(
        (0, 100.0, 1.0, Side.BUY),
        (0, 101.0, 1.0, Side.BUY),
        (HALF_LIFE_S, 101.0, 1.0, Side.BUY),
    )
    assert flow.volume_momentum_bps() == pytest.approx(100.0 * 0.5 / 1.5)


# --- a feed that was away -----------------------------------------------------------------------


def test_nothing_of_quotes_is_known_until_the_feed_quotes_again() -> None:
    flow = quoted((0, BEFORE), (1, (100.0, 7.0, 101.0, 5.0)))
    flow.forget_quote()
    assert (flow.imbalance(), flow.spread_bps(), flow.micro_gap_bps()) == (None, None, None)


def test_no_change_is_counted_across_the_hole() -> None:
    """A jump of ten dollars while nobody looked is no order flow; what follows it is."""
    flow = quoted((0, BEFORE), (1, (100.0, 7.0, 101.0, 5.0)))
    known = flow.order_flow(at(2))
    flow.forget_quote()
    flow.quoted(quote(2, (110.0, 50.0, 111.0, 1.0)))
    assert flow.order_flow(at(2)) == known
    flow.quoted(quote(2, (110.0, 60.0, 111.0, 1.0)))
    faded = 2.0 ** (-1.0 / HALF_LIFE_S)
    depth = (6.0 * faded + 30.5) / (faded + 1.0)
    assert flow.order_flow(at(2)) == pytest.approx((4.0 * faded + 10.0) / depth)


def test_no_move_of_the_price_is_counted_across_the_hole() -> None:
    flow = traded((0, 100.0, 1.0, Side.BUY))
    flow.forget_quote()
    flow.traded(trade(0, 120.0, 1.0))
    assert flow.volume_momentum_bps() is None
    flow.traded(trade(0, 121.2, 1.0))
    assert flow.volume_momentum_bps() == pytest.approx(100.0)


# --- whatever comes -----------------------------------------------------------------------------

wire_prices = st.floats(1e-18, 1e15)
wire_sizes = st.one_of(st.just(0.0), st.floats(0.0, 1e15), st.just(5e-324))
wire_quotes = st.tuples(wire_prices, wire_sizes, wire_prices, wire_sizes, wire_sizes, wire_sizes)
wire_trades = st.tuples(wire_prices, st.floats(1e-18, 1e15), st.booleans())
gaps_s = st.one_of(st.floats(-1.0, 100.0), st.just(1e6))


@given(
    st.lists(st.tuples(gaps_s, st.one_of(wire_quotes, wire_trades, st.none())), max_size=40),
    gaps_s,
)
def test_readings_are_finite_and_bounded_whatever_comes(
    steps: list[tuple[float, tuple[float, ...] | None]], later: float
) -> None:
    """Every quote and trade that the codecs let through, losses between, times a little back."""
    flow, seconds = Microstructure(), 0.0
    for span, one in steps:
        seconds = max(0.0, seconds + span)
        if one is None:
            flow.forget_quote()
        elif len(one) == 3:
            flow.traded(trade(seconds, one[0], one[1], Side.BUY if one[2] else Side.SELL))
        elif one[0] != one[2]:
            bid, ask = sorted((one[0], one[2]))
            flow.quoted(quote(seconds, (bid, one[1], ask, one[3]), one[4], one[5]))
        _check_readings(flow, at(seconds + later))


def _check_readings(flow: Microstructure, now_ns: int) -> None:
    for bounded in (flow.imbalance(), depth_imbalance(flow.quote), flow.trade_flow()):
        assert bounded is None or -1.0 <= bounded <= 1.0
    for positive in (flow.spread_bps(), flow.trade_intensity(now_ns)):
        assert positive is None or 0.0 <= positive < math.inf
    quote, gap, spread = flow.quote, flow.micro_gap_bps(), flow.spread_bps()
    if quote is not None and gap is not None and spread is not None:
        assert abs(gap) <= spread / 2.0 + 1e-6, "between bid and ask"
    for finite in (flow.order_flow(now_ns), flow.volume_momentum_bps()):
        assert finite is None or math.isfinite(finite)


def test_a_copy_stands_as_it_was_whatever_comes() -> None:
    """Every sum of it: who forgets one in the copy has another state."""
    flow = quoted((0, (100.0, 3.0, 101.0, 1.0)), (1, (100.5, 2.0, 101.0, 4.0)))
    flow.traded(trade(2, 100.0, 1.0, Side.BUY))
    flow.traded(trade(3, 101.0, 2.0, Side.SELL))
    copy, was, now_ns = flow.standing(), flow.state(), at(4)
    said = (flow.quote, flow.half_life_ns, flow.order_flow(now_ns), flow.trade_intensity(now_ns))
    assert copy.state() == was
    flow.quoted(quote(5, (90.0, 1.0, 91.0, 1.0)))
    flow.traded(trade(5, 90.0, 9.0, Side.SELL))
    assert copy.state() == was != flow.state()
    told = (copy.quote, copy.half_life_ns, copy.order_flow(now_ns), copy.trade_intensity(now_ns))
    assert told == said

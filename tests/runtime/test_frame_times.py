"""Stages of frames: what is counted of the moments that the desk loop notes."""

from __future__ import annotations

import pytest

from polytui.model.events import (
    BookChanged,
    BookSnapshotted,
    ChainlinkPriced,
    Event,
    ExchangeQuoted,
    ExchangeTraded,
    Ticked,
    TradePrinted,
)
from polytui.model.instrument import Asset
from polytui.model.market_events import PriceKind
from polytui.model.orders import Side
from polytui.model.units import NS_PER_MS, Price, Shares
from polytui.runtime.frame_times import FrameTimes, receive_us, source_of
from polytui.runtime.meter import Meter

MS = NS_PER_MS


def quoted(late_ms: int, venue: str = "binance") -> ExchangeQuoted:
    return ExchangeQuoted(Asset.BTC, venue, 1.0, 1.0, 2.0, 1.0, 1_000 * MS, (1_000 + late_ms) * MS)


def traded(*, is_history: bool) -> ExchangeTraded:
    return ExchangeTraded(
        Asset.BTC, "coinbase", 1, 1.0, 1.0, Side.BUY, MS, 3 * MS, is_history=is_history
    )


def book(late_ms: int) -> BookChanged:
    return BookChanged((), 1_000 * MS, (1_000 + late_ms) * MS)


@pytest.mark.parametrize(
    ("event", "source", "late_us"),
    [
        (quoted(7), "binance", 7_000),
        (quoted(-3, "bybit"), "bybit", -3_000),
        (ExchangeQuoted(Asset.BTC, "bybit", 1, 1, 2, 1, 0, 5 * MS), "bybit", None),
        (traded(is_history=False), "coinbase", 2_000),
        (traded(is_history=True), "coinbase", None),
        (book(9), "pm", 9_000),
        (TradePrinted("t", Price(1), Shares(1), Side.BUY, MS, 2 * MS), "pm", 1_000),
        (
            ChainlinkPriced(Asset.BTC, "rtds", PriceKind.SPOT, 1.0, 0, MS, 2 * MS, 6 * MS),
            "chainlink",
            4_000,
        ),
        # The stamp of a whole book is that of its last change, which may be an hour ago.
        (BookSnapshotted("t", (), (), None, MS, 9 * MS), "", None),
        (Ticked(5), "", None),
    ],
)  # fmt: skip
def test_how_late_a_frame_was_read(event: Event, source: str, late_us: int | None) -> None:
    assert (source_of(event), receive_us(event, 1.0)) == (source, late_us)


def test_a_scaled_session_is_late_by_less_of_real_time() -> None:
    assert receive_us(quoted(200), 20.0) == 10_000


def counted(*seen: tuple[int, int, int, int, Event]) -> tuple[FrameTimes, Meter]:
    times, meter = FrameTimes(), Meter()
    times.seen += seen
    times.settle(meter, 1.0)
    return times, meter


def test_each_stage_has_what_is_its_own() -> None:
    times, meter = counted((100, 130, 190, 290, quoted(7)), (400, 410, 0, 450, book(9)))
    found = {name: (s.count, s.percentiles(0, 100)) for name, s in meter.stages.items()}
    assert found == {
        "market_to_signal": (2, [50, 190]),
        "decode": (2, [10, 30]),
        "feature": (2, [40, 60]),  # where nothing was decided all of it went into applying
        "decision": (1, [100, 100]),
        "receive_binance": (1, [7 * MS, 7 * MS]),
        "receive_pm": (1, [9 * MS, 9 * MS]),
    }
    assert times.newest_us == {"binance": 7_000, "pm": 9_000}
    assert meter.decided.percentiles(0, 100) == [50, 190]


def test_the_worst_is_told_once() -> None:
    times, _ = counted((100, 130, 190, 290, quoted(7)), (400, 410, 0, 450, book(9)))
    assert (times.take_worst(), times.take_worst()) == (190, 0)


def test_what_was_counted_is_not_counted_again() -> None:
    times, meter = counted((100, 130, 190, 290, quoted(7)))
    times.settle(meter, 1.0)
    assert meter.decided.count == 1


def test_a_minute_is_taken_and_the_session_goes_on() -> None:
    times, meter = counted((100, 130, 190, 290, quoted(7)))
    assert meter.take_minute()["decode"].count == 1
    times.seen.append((100, 130, 190, 290, quoted(7)))
    times.settle(meter, 1.0)
    assert meter.take_minute()["decode"].count == 1
    assert meter.take_minute() == {}
    assert meter.stages["decode"].count == 2

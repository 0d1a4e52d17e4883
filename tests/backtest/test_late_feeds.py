"""Latencies of a backtest: what was measured comes back, and late feeds keep their order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from polytui.backtest.latency import (
    LateFeeds,
    SampledLatencies,
    constant,
    recorded_latencies,
    sampled,
)
from polytui.backtest.moments import Moment
from polytui.config.schema import PaperSettings
from polytui.journal.codec import FORMAT, Header, encode_header, encode_latency
from polytui.journal.seal import sealed
from polytui.model import events as ev
from polytui.model.effects import Effect
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset, PriceKind
from polytui.model.latency import OrderLatency
from polytui.model.units import NS_PER_MS, NS_PER_US

BTC = Asset.BTC
PAPER = PaperSettings(taker_delay_ms=150, ack_delay_ms=40)


class Told:
    """A source that says these moments."""

    def __init__(self, moments: list[Moment]) -> None:
        self._moments = moments

    def moments(self) -> Iterator[Moment]:
        return iter(self._moments)

    def heed(self, asset: Asset, effects: tuple[Effect, ...], now_ns: int) -> None:
        raise AssertionError("nobody trades")


def quote(at_ns: int, venue: str = "binance") -> Moment:
    event = ev.ExchangeQuoted(BTC, venue, 1.0, 1.0, 2.0, 1.0, at_ns, at_ns)
    return Moment(at_ns, BTC, (event,))


def price(at_ns: int) -> Moment:
    told = ev.ChainlinkPriced(BTC, "rtds", PriceKind.SPOT, 1.0, 0, at_ns, at_ns, at_ns)
    return Moment(at_ns, BTC, (told,))


def tick(at_ns: int) -> Moment:
    return Moment(at_ns, BTC, (ev.Ticked(at_ns),))


def test_feeds_are_later_and_the_clock_is_not() -> None:
    told = Told([quote(100), tick(120), price(130), tick(200)])
    heard = list(LateFeeds(told, constant(50)).moments())
    kinds = [(type(one.events[0]).__name__, one.at_ns) for one in heard]
    assert kinds == [
        ("Ticked", 120),
        ("ExchangeQuoted", 150),
        ("ChainlinkPriced", 180),
        ("Ticked", 200),
    ]
    (first,) = heard[1].events
    assert isinstance(first, ev.ExchangeQuoted)
    assert (first.venue_ns, first.received_ns) == (100, 150)


def test_a_feed_is_down_after_its_last_frame() -> None:
    down = Moment(110, BTC, (ev.FeedDown("binance", "gone", 110),))
    heard = list(LateFeeds(Told([quote(100), down]), constant(50)).moments())
    assert [type(one.events[0]) for one in heard] == [ev.ExchangeQuoted, ev.FeedDown]


MADE = st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["binance", "bybit", ""])))


@given(MADE, st.lists(st.integers(0, 90), min_size=1, max_size=5), st.integers(0, 9))
def test_nothing_is_lost_and_each_feed_keeps_its_order(
    made: list[tuple[int, str]], late: list[int], seed: int
) -> None:
    at_ns, moments = 0, []
    for step, venue in made:
        at_ns += step
        moments.append(quote(at_ns, venue) if venue else tick(at_ns))
    heard = list(LateFeeds(Told(moments), sampled(tuple(late), seed)).moments())
    times = [one.at_ns for one in heard]
    assert times == sorted(times)
    for venue in ("binance", "bybit"):
        quotes = [e for one in moments for e in one.events if getattr(e, "venue", "") == venue]
        again = [e for one in heard for e in one.events if getattr(e, "venue", "") == venue]
        assert [e.venue_ns for e in again] == [e.venue_ns for e in quotes]  # type: ignore[union-attr]
    assert [e for one in heard for e in one.events if isinstance(e, ev.Ticked)] == [
        e for one in moments for e in one.events if isinstance(e, ev.Ticked)
    ]


# --- as a session had it --------------------------------------------------------------------------


def a_journal(folder: Path, latencies: list[OrderLatency], speed: float = 1.0) -> Path:
    header = encode_header(Header(FORMAT, "0", "paper", "s", 0, speed=speed))
    path = folder / "journal.jsonl"
    path.write_bytes(sealed([header, *map(encode_latency, latencies)]))
    return path


def order(number: int, ack_us: int | None, *, is_taker: bool = False) -> OrderLatency:
    return OrderLatency(
        f"o-{number}", "btc", "s", "t", 0, "binance", None, 1, 1, 1, 1, ack_us, None, 30_000, -5,
        is_taker=is_taker,
    )  # fmt: skip


def test_what_a_session_waited_is_what_is_drawn(tmp_path: Path) -> None:
    lines = [order(n, 100_000 + n) for n in range(20)]
    lines += [order(98, 400_000, is_taker=True), order(99, None)]
    found = recorded_latencies(a_journal(tmp_path, lines), PAPER)
    assert found.order_ns == (
        *((60_000 + n) * NS_PER_US for n in range(20)),
        250 * NS_PER_MS,
    )
    assert set(found.exchange_ns) == {30 * NS_PER_MS}
    assert set(found.book_ns) == {0}, "a clock that is behind is not early"
    latencies = SampledLatencies(PAPER, found.order_ns)
    drawn = [latencies.there_and_back_ns(f"o{n}") for n in range(200)]
    assert set(drawn) == set(found.order_ns)
    assert drawn == [latencies.there_and_back_ns(f"o{n}") for n in range(200)]
    other = SampledLatencies(evolve(PAPER, latency_seed=2), found.order_ns)
    assert drawn != [other.there_and_back_ns(f"o{n}") for n in range(200)]


def test_what_was_real_time_is_session_time_again(tmp_path: Path) -> None:
    lines = [order(n, 10_000) for n in range(20)]
    found = recorded_latencies(a_journal(tmp_path, lines, speed=20.0), PAPER)
    assert set(found.order_ns) == {160 * NS_PER_MS}


def test_too_few_orders_say_nothing(tmp_path: Path) -> None:
    lines = [order(n, 10_000) for n in range(19)]
    with pytest.raises(Fatal, match="19 orders were answered in it; at least 20"):
        recorded_latencies(a_journal(tmp_path, lines), PAPER)

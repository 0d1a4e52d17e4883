"""Days of which prices were recorded and no book: a market is made of the price alone."""

from __future__ import annotations

import gzip
import math
import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from small_recordings import FIRST, OPENS_S, STRIKE, candles, ticks, winners, write_csv

from polytui.backtest.data_set import DataSet, open_data
from polytui.backtest.drive import Drive
from polytui.backtest.modelled_market import ModelledMarket
from polytui.backtest.modelled_rounds import AGREED, MARKET, NO_CANDLE, OTHERWISE, PATH, WORLD
from polytui.backtest.moments import Moment
from polytui.backtest.outcomes import round_of
from polytui.backtest.sources.book_file import CUT_OFF, REPEATED
from polytui.backtest.sources.candle_file import CandleFile
from polytui.backtest.sources.minute_path import minute_path
from polytui.config.schema import Settings
from polytui.model import events as ev
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset, Outcome
from polytui.model.units import NS_PER_S
from polytui.results.evidence import Coverage
from polytui.results.gathering import Gatherer

OPENS_NS = OPENS_S * NS_PER_S


def books(moments: list[Moment], token: str) -> dict[int, ev.BookSnapshotted]:
    """By the second after the opening."""
    return {
        (event.received_ns - OPENS_NS) // NS_PER_S: event
        for one in moments
        for event in one.events
        if isinstance(event, ev.BookSnapshotted) and event.token_id == token
    }


def mid(book: ev.BookSnapshotted) -> float:
    return (book.bids[-1][0] + book.asks[-1][0]) / 2e6


def in_order(data: DataSet) -> list[Moment]:
    moments = list(data.moments())
    assert all(one.at_ns <= other.at_ns for one, other in pairwise(moments))
    return moments


def test_a_minute_goes_from_its_open_to_its_close_within_its_range() -> None:
    path = list(minute_path("btc", OPENS_NS, 60, (100.0, 103.0, 99.0, 102.0)))
    assert [at for at, _ in path] == [OPENS_NS + second * NS_PER_S for second in range(60)]
    prices = [price for _, price in path]
    assert prices[0] == 100.0
    assert 99.0 <= min(prices) < max(prices) <= 103.0
    assert list(minute_path("btc", OPENS_NS, 60, (100.0, 103.0, 99.0, 102.0))) == path
    assert list(minute_path("eth", OPENS_NS, 60, (100.0, 103.0, 99.0, 102.0))) != path


def test_paths_end_where_candles_do() -> None:
    """Over many minutes, the step from the last second to the close is one of a second."""
    steps = []
    for minute in range(400):
        *_, (_, last) = minute_path("btc", minute, 60, (100.0, 101.0, 99.0, 100.5))
        steps.append(math.log(100.5 / last))
    spread = math.sqrt(sum(step * step for step in steps) / len(steps))
    sigma = math.log(101 / 99) / (2 * math.sqrt(math.log(2))) / math.sqrt(60)
    assert 0.7 < spread / sigma < 1.3


def steady() -> Iterator[tuple[int, float]]:
    """Up and down by ten dollars each minute for half an hour, then higher by thirty."""
    for second in range(-1_800, 300):
        swing = 10.0 if second // 60 % 2 else 0.0
        yield OPENS_NS + second * NS_PER_S, 60_000.0 + swing + (30.0 if second >= 120 else 0.0)


def test_the_market_believes_what_the_price_says() -> None:
    listed = round_of(FIRST, None, {})
    moments = list(ModelledMarket(Asset.BTC, [listed]).moments(steady()))
    up, down = (books(moments, listed.token_of(outcome)) for outcome in Outcome)
    assert min(up) == -60
    assert max(up) == 299
    assert mid(up[-30]) == pytest.approx(0.5), "nobody knows the strike"
    assert mid(up[59]) == pytest.approx(0.5), "the price is at the strike"
    assert mid(up[121]) > 0.85
    assert mid(up[298]) == pytest.approx(0.985, abs=0.006), "never surer than that"
    for second, book in up.items():
        assert book.bids[-1][0] < book.asks[-1][0]
        assert mid(book) + mid(down[second]) == pytest.approx(1.0)


def test_a_settlement_day_ends_as_it_did(tmp_path: Path) -> None:
    write_csv(tmp_path / "btc.csv", ticks(range(-1_000, 702)))
    write_csv(tmp_path / "rounds.csv", winners())
    data = open_data([tmp_path])
    assert data.coverage.modelled == (MARKET,)
    ends = {one.round.slug: one.end.winner for one in data.plan.rounds}
    assert ends[FIRST] is Outcome.UP
    assert list(ends.values())[-1] is Outcome.DOWN, "as the venue named it"
    moments = in_order(data)
    heard = {type(event) for one in moments for event in one.events}
    assert ev.ExchangeQuoted not in heard, "nobody recorded one"
    token = data.plan.rounds[-1].round.up_token
    assert len(books(moments, token)) == 360


def test_candles_alone_are_a_world_of_their_own(tmp_path: Path) -> None:
    write_csv(tmp_path / "klines.csv", candles())
    write_csv(tmp_path / "rounds.csv", winners())
    data = open_data([tmp_path], start_ns=OPENS_NS)
    coverage = data.coverage
    assert coverage.modelled == (MARKET, PATH, WORLD)
    assert coverage.is_market_modelled
    assert [one.end.winner for one in data.plan.rounds] == [Outcome.UP] * 4
    assert data.plan.rounds[0].strike == STRIKE
    assert f"1 {AGREED}" in coverage.facts
    assert f"1 {OTHERWISE}" in coverage.notes
    moments = in_order(data)
    points = {
        event.observed_ns: event
        for one in moments
        for event in one.events
        if isinstance(event, ev.ChainlinkPriced)
    }
    quotes = [
        event for one in moments for event in one.events if isinstance(event, ev.ExchangeQuoted)
    ]
    assert points[OPENS_NS].value == STRIKE
    assert len(quotes) == len(points)
    assert all(one.received_ns < points[one.venue_ns].received_ns for one in quotes)
    assert {
        event.feed for one in moments for event in one.events if isinstance(event, ev.FeedUp)
    } == {
        "rtds",
        "book",
        "binance",
    }


def test_longer_candles_are_refused(tmp_path: Path) -> None:
    hours = [{**row, "open_time": row["open_time"] * 60 - OPENS_S * 59_000} for row in candles()]
    write_csv(tmp_path / "btc.csv", hours)
    with pytest.raises(Fatal, match="no two candles a minute apart"):
        open_data([tmp_path])


def test_of_candles_of_a_second_the_last_before_an_opening_is_kept(tmp_path: Path) -> None:
    """One a moment at which rounds may open, in whatever order they stand; none where the last is
    not there."""
    row = candles(range(1))[0]
    seconds = [one for one in range(-300, 600) if one != 299]
    random.Random(1).shuffle(seconds)
    rows = [{**row, "open_time": OPENS_S + one, "close": STRIKE + one / 1e3} for one in seconds]
    (span,) = CandleFile(write_csv(tmp_path / "btc.csv", rows)).survey().prices
    opens_ns = OPENS_S * NS_PER_S
    assert span.boundaries == {
        (0, opens_ns): STRIKE - 0.001,
        (0, opens_ns + 600 * NS_PER_S): STRIKE + 0.599,
    }


def test_candles_in_any_order_are_as_long_as_they_are(tmp_path: Path) -> None:
    """Neighbours of a minute nowhere stand together."""
    rows = candles(range(-30, 30))
    mixed = [rows[(7 * number) % 60] for number in range(60)]
    spans = [
        CandleFile(write_csv(tmp_path / f"btc-{name}.csv", told)).survey().prices
        for name, told in (("sorted", rows), ("mixed", mixed))
    ]
    assert spans[0] == spans[1]
    assert spans[0][0].last_ns == OPENS_NS + 30 * 60 * NS_PER_S


def test_a_candle_outside_its_own_range_is_named(tmp_path: Path) -> None:
    rows = [dict(row) for row in candles()]
    rows[290]["high"] = 1.0
    path = write_csv(tmp_path / "btc.csv", rows)
    with pytest.raises(Fatal, match=r"btc.csv, row 291: its prices are not between"):
        in_order(open_data([path]))


@pytest.mark.parametrize("step_s", [5, 10])
def test_a_market_that_moves_in_steps_is_the_same_one_seen_less_often(
    tmp_path: Path, step_s: int
) -> None:
    write_csv(tmp_path / "btc.csv", candles())
    each, stepped = (
        open_data([tmp_path], start_ns=OPENS_NS, step_s=seconds) for seconds in (1, step_s)
    )
    assert stepped.plan.rounds == each.plan.rounds
    assert f"{PATH}, a price each {step_s} s" in stepped.coverage.modelled
    token = stepped.plan.rounds[0].round.up_token
    seen, always = books(in_order(stepped), token), books(in_order(each), token)
    assert sorted(seen) == list(range(-60, 300, step_s))
    for second, book in seen.items():
        assert (book.bids, book.asks) == (always[second].bids, always[second].asks)


def test_what_is_heard_in_a_step_is_of_one_moment_and_decided_once(tmp_path: Path) -> None:
    write_csv(tmp_path / "btc.csv", candles())
    moments = in_order(open_data([tmp_path], start_ns=OPENS_NS, step_s=10))
    told = [one for one in moments if isinstance(one.events[-1], ev.Ticked)]
    assert len(told) > 100
    for one in told:
        quote, price, *rest, tick = one.events
        assert isinstance(quote, ev.ExchangeQuoted)
        assert isinstance(price, ev.ChainlinkPriced)
        assert quote.venue_ns == price.observed_ns == one.at_ns - NS_PER_S // 10
        assert (quote.bid + quote.ask) / 2 == pytest.approx(price.value)
        assert all(book.received_ns == one.at_ns for book in rest)
        assert tick.at_ns == one.at_ns
    single = {type(event) for one in moments if one not in told for event in one.events}
    assert not single & {ev.ExchangeQuoted, ev.ChainlinkPriced, ev.BookSnapshotted, ev.Ticked}


def test_a_settlement_day_that_is_cut_off_is_played_as_far_as_it_goes(tmp_path: Path) -> None:
    table = write_csv(tmp_path / "btc.csv", ticks(range(-1_000, 702)))
    whole = in_order(open_data([tmp_path]))
    table.rename(tmp_path / "kept")
    pressed = gzip.compress((tmp_path / "kept").read_bytes())
    (tmp_path / "btc.csv.gz").write_bytes(pressed[: len(pressed) * 9 // 10])
    data = open_data([tmp_path / "btc.csv.gz"])
    assert 0 < len(in_order(data)) < len(whole)
    assert f"1 {CUT_OFF}" in data.coverage.notes


def test_a_round_of_which_a_minute_is_missing_is_not_played_and_counted(tmp_path: Path) -> None:
    rows = [one for one in candles() if one["open_time"] != (OPENS_S + 240) * 1_000]
    write_csv(tmp_path / "btc.csv", rows)
    data = open_data([tmp_path], start_ns=OPENS_NS)
    assert [one.round.slug for one in data.plan.rounds][:1] != [FIRST]
    assert dict(data.coverage.skipped) == {NO_CANDLE: 2}, "that closes then, and that opens then"


def test_candles_in_any_order_are_the_same_and_two_of_one_minute_are_named(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "btc.csv", candles())
    once = in_order(open_data([path], start_ns=OPENS_NS))
    rows = candles()[::-1]
    write_csv(path, [*rows, rows[5]])
    data = open_data([path], start_ns=OPENS_NS)
    assert in_order(data) == once
    assert f"1 {REPEATED}" in data.coverage.facts
    write_csv(path, [*rows, {**rows[5], "close": rows[5]["close"] - 0.5}])
    with pytest.raises(Fatal, match=r"btc.csv, row 321: another candle of btc than row 6 has"):
        in_order(open_data([path], start_ns=OPENS_NS))


def test_forecasts_of_a_market_in_steps_are_those_that_it_was_decided_by(tmp_path: Path) -> None:
    """In the middle of a step fair value is a step old."""
    write_csv(tmp_path / "btc.csv", candles())
    gatherer = Gatherer()
    data = open_data([tmp_path], start_ns=OPENS_NS, step_s=10)
    driven = Drive(Settings(), data, [gatherer]).play()
    found = gatherer.evidence(driven.mind, Coverage("candles")).forecasts
    assert len(found.left_s) > 5 * max(found.missed, 1)
    assert set((found.left_s % 10).round(6)) == {9.9}

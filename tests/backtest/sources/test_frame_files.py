"""Raw frames a line each: exchanges and the CLOB, beside tables of the rest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_recordings import (
    OPENS_S,
    SECOND,
    book_frame,
    ticks,
    tops,
    winners,
    write_csv,
)

from polytui.backtest.data_set import IDLE, NO_EXCHANGE, open_data
from polytui.backtest.outcomes import NAMELESS_TOKENS
from polytui.backtest.sources.frame_file import FrameFile, source_of
from polytui.backtest.sources.recording import PriceSeries
from polytui.model import events as ev
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset, Exchange


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_csv(tmp_path / "tops.csv", tops())
    write_csv(tmp_path / "btc_settlement.csv", ticks())
    write_csv(tmp_path / "rounds.csv", winners())
    return tmp_path


def quote(second: int, bid: float, symbol: str = "BTCUSDT") -> str:
    """A line as hftbacktest keeps them."""
    data = {"u": 1_000 + second, "s": symbol, "b": str(bid), "B": "1", "a": str(bid + 1), "A": "2"}
    stream = f"{symbol.lower()}@bookTicker"
    return f"{(OPENS_S + second) * 10**9} {json.dumps({'stream': stream, 'data': data})}\n"


def test_an_exchanges_frames_are_heard_beside_the_books(folder: Path) -> None:
    lines = [quote(second, 63_000.0 + second) for second in range(-100, 400, 10)]
    lines += [quote(second, 3_000.0, "ETHUSDT") for second in range(0, 300, 10)]
    path = folder / "binance_frames.txt"
    path.write_text("".join(lines))
    assert source_of(path) == "binance"
    data = open_data([folder])
    quotes = [
        event
        for one in data.moments()
        for event in one.events
        if isinstance(event, ev.ExchangeQuoted)
    ]
    assert {one.asset for one in quotes} == {Asset.BTC}, "no desk for a coin that is not played"
    assert [one.bid for one in quotes][:2] == [62_900.0, 62_910.0]
    assert data.plan.feeds == {Asset.BTC: ("rtds", Exchange.BINANCE.value)}
    assert NO_EXCHANGE not in data.coverage.notes


def test_books_of_frames_find_their_round_by_their_token(folder: Path) -> None:
    token = "333"
    frames = [
        json.dumps({"recv_ms": at_ms + 90, "raw": book_frame(one, at_ms)}) + "\n"
        for one in (token, "444")
        for at_ms in range((OPENS_S + 300) * 1_000, (OPENS_S + 600) * 1_000, 20_000)
    ]
    (folder / "clob.jsonl").write_text("".join(frames))
    write_csv(folder / "tokens.csv", [{"slug": SECOND, "winner": "", "up_token": token}])
    data = open_data([folder])
    assert [one.round.slug for one in data.plan.rounds][-1] == SECOND
    books = [
        event
        for one in data.moments()
        for event in one.events
        if isinstance(event, ev.BookSnapshotted) and event.token_id == token
    ]
    assert len(books) == 15
    assert f"1 {NAMELESS_TOKENS}" in data.coverage.notes


def test_frames_without_a_time_of_receipt_are_no_recording(folder: Path) -> None:
    path = folder / "frames.txt"
    path.write_text(quote(0, 63_000.0).partition(" ")[2])
    assert open_data([folder]).coverage.used == 1, "in a folder it is left alone"
    with pytest.raises(Fatal, match="nor frames with the time of their receipt"):
        open_data([path])


def test_recordings_that_no_round_needs_are_counted(folder: Path) -> None:
    write_csv(folder / "eth_settlement.csv", ticks())
    assert f"1 {IDLE}" in open_data([folder]).coverage.facts


def test_recorded_frames_of_exchanges(recordings: Path) -> None:
    path = recordings / "hftbacktest_binance_spot_ethusdt_20240809.gz"
    (span,) = FrameFile(path).survey().prices
    assert (span.series, span.asset, span.venue) == (PriceSeries.EXCHANGE, Asset.ETH, "binance")
    assert 200 < (span.last_ns - span.first_ns) / 1e9 < 400

"""Every recorded frame decodes without a rejection, and books look as the venue sends them."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from polytui.config.api_key import ApiKey
from polytui.config.secrets import Secret
from polytui.model.events import (
    BookChanged,
    BookSnapshotted,
    ChainlinkPriced,
    ExchangeQuoted,
    ExchangeTraded,
)
from polytui.model.instrument import Asset, Interval, PriceKind, SettlementRule
from polytui.model.orders import Side
from polytui.model.units import parse_micro
from polytui.venues.binance import BinanceStreams
from polytui.venues.coinbase import CoinbaseStreams
from polytui.venues.feed import Parsed
from polytui.venues.polymarket.gamma_events import parse_event
from polytui.venues.polymarket.price_streams import PolyBolt, Rtds
from polytui.venues.polymarket.streams import MarketChannel
from polytui.venues.polymarket.user_channel import UserChannel, UserMatch, UserTrade
from polytui.venues.polymarket.wire_book import book_hash

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
FRAMES = DATA / "frames"
NOW = 1_800_000_000_000_000_000

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="recorded data is absent (a folder shared/data beside the repository)"
)


def recorded(name: str) -> Iterator[str]:
    """The frames of a file, out of their envelopes where they have one."""
    for line in (FRAMES / name).read_text().splitlines():
        envelope = json.loads(line)
        raw = envelope.get("raw", envelope.get("payload"))
        yield raw if isinstance(raw, str) else line


def cronos() -> Iterator[str]:
    path = DATA / "cronos_btc5m_raw_books_1round.jsonl.gz"
    with gzip.open(path, "rt") as lines:
        for line in lines:
            yield json.loads(line)["raw"]


def check_book(event: BookSnapshotted, wire: dict[str, Any]) -> None:
    for levels, sent, better in ((event.bids, wire["bids"], max), (event.asks, wire["asks"], min)):
        assert len(levels) == len(sent)
        if levels:
            last = (parse_micro(sent[-1]["price"]), parse_micro(sent[-1]["size"]))
            assert levels[-1] == last
            assert levels[-1][0] == better(price for price, _ in levels)
    assert not (event.bids and event.asks) or event.bids[-1][0] < event.asks[-1][0]


def books_in(frames: Iterable[str]) -> int:
    channel, count = MarketChannel(), 0
    for frame in frames:
        parsed = channel.parse(frame, NOW)
        assert not parsed.rejected, (parsed.rejected, frame[:200])
        message = json.loads(frame)
        wires = message if isinstance(message, list) else [message]
        assert len(parsed.events) == len(wires)
        for event, wire in zip(parsed.events, wires, strict=True):
            assert isinstance(event, BookSnapshotted)
            check_book(event, wire)
            count += 1
    return count


def test_a_whole_round_of_books() -> None:
    assert books_in(cronos()) == 4362


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("captured_LIST_book.jsonl", 120),
        ("captured_rest_book.jsonl", 20),
        ("clob_book_messages.jsonl", 13),
    ],
)
def test_books_of_the_stream_and_of_rest(name: str, count: int) -> None:
    assert books_in(recorded(name)) == count


def test_hashes_of_rest_books_verify() -> None:
    for frame in recorded("captured_rest_book.jsonl"):
        book = json.loads(frame)
        computed = book_hash(
            book["market"],
            book["asset_id"],
            book["timestamp"],
            [(level["price"], level["size"]) for level in book["bids"]],
            [(level["price"], level["size"]) for level in book["asks"]],
            tick_size=book["tick_size"],
            last_trade_price=book["last_trade_price"],
            min_order_size=book["min_order_size"],
            is_neg_risk=book["neg_risk"],
        )
        assert computed == book["hash"]


def test_hashes_of_stream_books_verify_with_the_fields_they_leave_out() -> None:
    checked = 0
    for frame in recorded("captured_LIST_book.jsonl"):
        for book in json.loads(frame):
            hashed = book_hash(
                book["market"],
                book["asset_id"],
                book["timestamp"],
                [(level["price"], level["size"]) for level in book["bids"]],
                [(level["price"], level["size"]) for level in book["asks"]],
                tick_size=book["tick_size"],
                last_trade_price=book["last_trade_price"],
            )
            checked += hashed == book["hash"]
    assert checked == 120


def test_price_changes_come_in_mirrored_pairs() -> None:
    channel = MarketChannel()
    frames = list(recorded("captured_price_change.jsonl"))
    for frame in frames:
        parsed = channel.parse(frame, NOW)
        assert not parsed.rejected
        (event,) = parsed.events
        assert isinstance(event, BookChanged)
        for one, two in zip(event.changes[::2], event.changes[1::2], strict=True):
            assert one.price + two.price == 1_000_000
            assert {one.side, two.side} == {Side.BUY, Side.SELL}
            assert one.shares == two.shares
        for change in event.changes:
            assert change.best_bid is not None
            assert change.best_ask is not None
            assert change.best_bid < change.best_ask
    assert len(frames) == 40


def test_new_markets_are_ignored_and_counted() -> None:
    parsed = [MarketChannel().parse(frame, NOW) for frame in recorded("captured_new_market.jsonl")]
    assert parsed == [Parsed(ignored=1)] * 20


def test_rtds_of_every_asset() -> None:
    points: Counter[tuple[Asset, PriceKind, int]] = Counter()
    for asset in Asset:
        codec = Rtds(asset)
        for name in (
            "captured_crypto_prices.jsonl",
            "captured_crypto_prices_chainlink.jsonl",
            "rtds_frames_2026-09-05.jsonl",
        ):
            for frame in recorded(name):
                parsed = codec.parse(frame, NOW)
                if "definitely_not_a_topic" in frame:
                    assert "refused with 401" in parsed.refused
                    continue
                assert not parsed.rejected, (parsed.rejected, frame[:200])
                for event in parsed.events:
                    assert isinstance(event, ChainlinkPriced)
                    points[event.asset, event.kind, event.window_s] += 1
                    check_point(event, json.loads(frame))
    assert points[Asset.BTC, PriceKind.TWAP, 60] == 4
    assert points[Asset.BTC, PriceKind.TWAP, 30] == 4
    assert points[Asset.BTC, PriceKind.SPOT, 0] > 1000
    assert points[Asset.ETH, PriceKind.SPOT, 0] > 100
    assert points[Asset.SOL, PriceKind.SPOT, 0] > 100


def check_point(event: ChainlinkPriced, wire: dict[str, Any]) -> None:
    payload = wire["payload"]
    assert payload["symbol"] == f"{event.asset.value}/usd"
    sent = payload.get("data", [payload])
    values = {point["timestamp"] * 1_000_000: point["value"] for point in sent}
    assert event.value == pytest.approx(values[event.observed_ns], rel=1e-12)
    relayed_ns = event.observed_ns if "data" in payload else wire["timestamp"] * 1_000_000
    assert event.venue_ns == relayed_ns >= event.observed_ns


def test_polybolt_frames_of_its_documentation() -> None:
    codec = PolyBolt(Asset.BTC, ApiKey("k", Secret("s"), Secret("p")))
    codec.hello()
    parsed = [codec.parse(frame, NOW) for frame in recorded("polybolt_frames_docs.jsonl")]
    refusals = [item.refused for item in parsed if item.refused]
    assert not any(item.rejected for item in parsed)
    assert refusals == [
        "bad_op",
        "auth_required on price.crypto: it does not take this API key;"
        " prices come from rtds alone. polytui doctor tries the key",
    ]
    assert sum(item.ignored for item in parsed) == 1
    assert [len(item.replies) for item in parsed].count(1) == 1
    values = [event.value for item in parsed for event in item.events]  # type: ignore[union-attr]
    assert values == [78803.76173179, 78801.86287741, 78798.28703224]


def test_binance_frames_of_every_asset() -> None:
    counts: Counter[str] = Counter()
    for asset in Asset:
        codec = BinanceStreams(asset)
        for frame in recorded("captured_binance.jsonl"):
            parsed = codec.parse(frame, NOW)
            assert not parsed.rejected
            counts["ignored"] += parsed.ignored
            counts["known"] += parsed.duplicates
            for event in parsed.events:
                assert isinstance(event, ExchangeTraded)
                data = json.loads(frame)["data"]
                assert (event.trade_id, event.price) == (data["t"], float(data["p"]))
                assert event.taker_side is (Side.SELL if data["m"] else Side.BUY)
                counts["trades"] += 1
    # Seven of the sixty were recorded twice, and are known the second time.
    assert counts == {"trades": 53, "ignored": 180, "known": 7}


@pytest.mark.parametrize(("asset", "frames"), [(Asset.BTC, 58_325), (Asset.ETH, 46_126)])
def test_raw_binance_streams(asset: Asset, frames: int) -> None:
    codec, counts = BinanceStreams(asset), Counter[str]()
    path = DATA / f"hftbacktest_binance_spot_{asset.value}usdt_20240809.gz"
    with gzip.open(path, "rt") as lines:
        for line in lines:
            parsed = codec.parse(line.partition(" ")[2], NOW)
            assert not parsed.rejected, (parsed.rejected, line[:200])
            counts["ignored"] += parsed.ignored
            for event in parsed.events:
                counts[type(event).__name__] += 1
    assert set(counts) == {ExchangeTraded.__name__, ExchangeQuoted.__name__, "ignored"}
    assert sum(counts.values()) == frames


def test_coinbase_tickers_and_acknowledgements() -> None:
    quotes = 0
    for asset in Asset:
        codec = CoinbaseStreams(asset)
        for frame in recorded("captured_coinbase_ticker.jsonl"):
            parsed = codec.parse(frame, NOW)
            assert not parsed.rejected, (parsed.rejected, frame)
            for event in parsed.events:
                assert isinstance(event, ExchangeQuoted)
                assert event.bid == float(json.loads(frame)["best_bid"])
                quotes += 1
        for frame in recorded("captured_coinbase_subscriptions.jsonl"):
            assert codec.parse(frame, NOW) == Parsed(ignored=1)
    assert quotes == 40


@pytest.mark.parametrize(
    ("name", "asset", "interval", "start"),
    [
        ("gamma_event_btc_5m_active.json", Asset.BTC, Interval.M5, 1791022800),
        ("gamma_event_btc_5m_closed.json", Asset.BTC, Interval.M5, 1791020400),
        ("gamma_event_eth_15m_active.json", Asset.ETH, Interval.M15, 1791022500),
    ],
)
def test_gamma_events(name: str, asset: Asset, interval: Interval, start: int) -> None:
    raw = (FRAMES / "gamma" / name).read_bytes()
    (found,) = parse_event(raw)
    market = json.loads(raw)["markets"][0]
    assert (found.asset, found.interval) == (asset, interval)
    assert found.opens_ns == start * 1_000_000_000
    assert found.closes_ns - found.opens_ns == interval.ns
    assert (found.settlement, found.window_s) == (SettlementRule.TWAP, 60)
    assert [found.up_token, found.down_token] == json.loads(market["clobTokenIds"])
    assert found.fees.rate_ppm == 70_000
    assert found.protocol == "v1"


def test_every_recorded_file_of_frames_is_read_here() -> None:
    text = Path(__file__).read_text()
    assert [path.name for path in FRAMES.rglob("*.json*") if path.name not in text] == []


def test_a_makers_trades_are_ours_by_their_order_whoever_owns_the_trade() -> None:
    """The taker owns the trade, sides are missing or lower case, and times have two names."""
    ours = {"0x" + digits * 32 for digits in ("01", "03", "04")}
    channel = UserChannel(is_ours=ours.__contains__)
    found = [_match(channel, frame) for frame in recorded("user_trades_maker.jsonl")]
    assert [(m.shares, m.price, m.side) for (m,) in found] == [
        (12_000_000, 518_000, Side.BUY),
        (12_000_000, 518_000, Side.BUY),
        (20_000_000, 518_000, Side.BUY),
    ]
    assert len({match.token_id for (match,) in found}) == 1, "Up"


def test_who_knows_no_order_reads_every_maker() -> None:
    found = [_match(UserChannel(), frame) for frame in recorded("user_trades_maker.jsonl")]
    assert [[m.shares // 1_000_000 for m in matches] for matches in found] == [[12], [8, 12], [20]]
    assert [m.side for m in found[1]] == [Side.SELL, Side.BUY], "the other token, the same side"


def _match(channel: UserChannel, frame: str) -> tuple[UserMatch, ...]:
    (trade,), parsed = channel.read(frame)
    assert not parsed.rejected
    assert isinstance(trade, UserTrade)
    assert trade.venue_ns == 1_795_204_860_001_000_000
    return trade.matches

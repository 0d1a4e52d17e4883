"""Every stamp of every codec, bent in every way: rejected or taken as ruled, and life goes on.

What is bent goes the way of the real thing: a frame through its feed, an answer through its client
and the asset's door. A codec that turns a stamp into a time and is not listed here fails a test.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import attrs
import httpx
import pytest
from attrs import field, frozen
from virtual_engine import paper_client

from polytui.config.api_key import ApiKey
from polytui.config.load import canonical_json
from polytui.config.schema import Settings
from polytui.config.secrets import Secret
from polytui.desk.mind import Mind
from polytui.desk.shapes import declared_fields
from polytui.desk.snapshots import desk_state, show_asset
from polytui.feeds.feed import Feed
from polytui.model import events as ev
from polytui.model.errors import Rejected, Retry
from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_MS, NS_PER_S, Usd
from polytui.net.clock import Clock
from polytui.net.http import Http, HttpSettings
from polytui.runtime.asset import AssetRun
from polytui.runtime.inbox import Inbox
from polytui.venues import stamps
from polytui.venues.binance import BinanceStreams
from polytui.venues.binance_rest import Binance
from polytui.venues.bybit import BybitStreams
from polytui.venues.bybit_rest import Bybit
from polytui.venues.coinbase import CoinbaseStreams
from polytui.venues.coinbase_rest import Coinbase
from polytui.venues.feed import Codec
from polytui.venues.polymarket.clob import Clob
from polytui.venues.polymarket.price_streams import PolyBolt, Rtds
from polytui.venues.polymarket.streams import MarketChannel
from polytui.venues.polymarket.user_channel import UserChannel, UserOrder, UserTrade
from polytui.venues.stamps import OURS, STAMPS, Judge

BTC, UP, DOWN = Asset.BTC, "7" * 70, "8" * 70
NOW = 1_795_204_800 * NS_PER_S
MARKET, VENUES = "0x" + "a" * 64, Path(stamps.__file__).parent
CONVERSIONS = {"ns_of_ms", "ns_of_stamp", "ns_of_rfc3339", "_stamp"}
_JUDGE = Judge(Settings().clock.max_ahead_ms * NS_PER_MS)


# --- how a stamp may be bent ------------------------------------------------------------------


@frozen
class Bend:
    """What becomes of a true stamp, in the unit in which the venue writes it."""

    name: str
    of: Callable[[int, int], int]
    """(true time in ns, ns of one unit) to the number that is written."""
    is_taken: bool


BENDS = (
    Bend("true", lambda ns, unit: ns // unit, True),
    Bend("+1.9 s", lambda ns, unit: (ns + 1_900_000_000) // unit, True),
    Bend("+3 s", lambda ns, unit: (ns + 3 * NS_PER_S) // unit, False),
    Bend("+3600 s", lambda ns, unit: (ns + 3600 * NS_PER_S) // unit, False),
    Bend("-30 s", lambda ns, unit: (ns - 30 * NS_PER_S) // unit, True),
    Bend("zero", lambda ns, unit: 0, False),
    Bend("a unit too large", lambda ns, unit: ns // unit // 1000, False),
    Bend("a unit too small", lambda ns, unit: ns // unit * 1000, False),
)


# --- where stamps are ---------------------------------------------------------------------------


@frozen
class Case:
    """One stamp of one message. `write`: the frame or body with the stamp, and a number that rises
    with each. `unit_ns`: of the stamp as the venue writes it."""

    name: str
    places: tuple[str, ...]
    """ "module:Class.function" that turn it into a time."""
    write: Callable[[int, int], str]
    codec: Callable[[], Codec] | None = None
    ask: Callable[[Http], Awaitable[Any]] | None = None
    read: Callable[[str], tuple[Any, ...]] | None = None
    unit_ns: int = NS_PER_MS
    otherwise: dict[str, bool] = field(factory=dict)
    """Bends that are ruled in another way than usual, and why it may be so is in the case."""

    def is_taken(self, bend: Bend) -> bool:
        return self.otherwise.get(bend.name, bend.is_taken)


def ms_text(stamp: int) -> str:
    return str(stamp)


def rfc3339(stamp: int) -> str:
    """Of microseconds; what is no year of four digits cannot be written and is junk."""
    try:
        when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=stamp)
    except OverflowError:
        return f"{stamp}-01-01T00:00:00Z"
    return when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def market(**message: Any) -> Callable[[int, int], str]:
    base = {"market": MARKET, "asset_id": UP}
    return lambda stamp, n: json.dumps(
        {**base, **message, "size": str(n), "timestamp": ms_text(stamp)}
    )


BOOK = {"bids": [{"price": "0.4", "size": "9"}], "asks": [{"price": "0.6", "size": "9"}]}
CHANGE = {"asset_id": UP, "price": "0.41", "side": "BUY", "size": "5"}


def resolved(stamp: int, n: int) -> str:
    message = {
        "event_type": "market_resolved",
        "market": MARKET,
        "winning_asset_id": UP,
        "assets_ids": [UP, DOWN],
        "timestamp": ms_text(stamp),
    }
    return json.dumps(message)


def rtds(
    topic: str, observed: Callable[[int], int], sent: Callable[[int], int]
) -> Callable[[int, int], str]:
    """One of the two stamps is bent, the other is true."""
    return lambda stamp, n: json.dumps(
        {
            "topic": topic,
            "timestamp": sent(stamp),
            "payload": {"symbol": "btc/usd", "timestamp": observed(stamp), "value": 90_000.0 + n},
        }
    )


def true(_: int) -> int:
    return NOW // NS_PER_MS


def bent(stamp: int) -> int:
    return stamp


def rtds_history(stamp: int, n: int) -> str:
    points = [{"timestamp": stamp, "value": 90_000.0 + n}]
    payload = {"symbol": "btc/usd", "data": points}
    return json.dumps({"topic": "crypto_prices", "timestamp": true(0), "payload": payload})


def bolt(
    channel: str, observed: Callable[[int], int], sent: Callable[[int], int]
) -> Callable[[int, int], str]:
    return lambda stamp, n: json.dumps(
        {
            "channel": channel,
            "v": 1,
            "seq": n,
            "ts": sent(stamp),
            "payload": {"symbol": "btcusd", "timestamp": observed(stamp), "value": 90_000.0 + n},
        }
    )


def binance_trade(stamp: int, n: int) -> str:
    trade = {"e": "aggTrade", "s": "BTCUSDT", "a": n, "p": "9", "q": "1", "T": stamp, "m": True}
    return json.dumps({"stream": "btcusdt@aggTrade", "data": trade})


def bybit_trade(stamp: int, n: int) -> str:
    trade = {"i": str(n), "T": stamp, "p": "9", "v": "1", "S": "Buy", "s": "BTCUSDT"}
    return json.dumps({"topic": "publicTrade.BTCUSDT", "type": "snapshot", "data": [trade]})


def bybit_book(stamp: int, n: int) -> str:
    book = {"s": "BTCUSDT", "u": n, "b": [["9", str(n)]], "a": [["10", "1"]]}
    return json.dumps(
        {"topic": "orderbook.50.BTCUSDT", "type": "snapshot", "cts": stamp, "data": book}
    )


def coinbase(channel: str, event: Callable[[str, int], Any]) -> Callable[[int, int], str]:
    def write(stamp: int, n: int) -> str:
        when = rfc3339(stamp)
        frame = {"channel": channel, "timestamp": when, "sequence_num": n, "events": []}
        return json.dumps({**frame, "events": [event(when, n)]})

    return write


def coinbase_trade(when: str, n: int) -> Any:
    trade = {"product_id": "BTC-USD", "trade_id": str(n), "price": "9", "size": "1", "side": "BUY"}
    return {"type": "update", "trades": [{**trade, "time": when}]}


TICKER = {"best_bid": "9", "best_ask": "10"}


def coinbase_ticker(when: str, n: int) -> Any:
    sizes = {"best_bid_quantity": str(n), "best_ask_quantity": "1"}
    return {"tickers": [{"product_id": "BTC-USD", **TICKER, **sizes}]}


def coinbase_book(when: str, n: int) -> Any:
    updates = [
        {"side": "bid", "price_level": "9", "new_quantity": str(n)},
        {"side": "offer", "price_level": "10", "new_quantity": "1"},
    ]
    return {"type": "snapshot", "product_id": "BTC-USD", "updates": updates}


def coinbase_flat(stamp: int, n: int) -> str:
    sizes = {"best_bid_size": str(n), "best_ask_size": "1"}
    return json.dumps(
        {"type": "ticker", "product_id": "BTC-USD", **TICKER, **sizes, "time": rfc3339(stamp)}
    )


def user_order(stamp: int, n: int) -> str:
    message = {
        "event_type": "order", "id": f"0x{n}", "type": "PLACEMENT", "market": MARKET,
        "asset_id": UP, "side": "BUY", "price": "0.5", "original_size": "5", "size_matched": "0",
        "timestamp": str(stamp),
    }  # fmt: skip
    return json.dumps(message)


def user_trade(stamp: int, n: int) -> str:
    message = {
        "event_type": "trade", "id": str(n), "status": "MATCHED", "market": MARKET,
        "taker_order_id": "0x1", "asset_id": UP, "side": "BUY", "price": "0.5", "size": "5",
        "timestamp": str(stamp),
    }  # fmt: skip
    return json.dumps(message)


def read_user(text: str) -> tuple[Any, ...]:
    """Its events have no desk yet: they are judged where `decode` judges them."""
    return _JUDGE.believed(UserChannel().read(text)[0], NOW)[0]


def clob_books(stamp: int, n: int) -> str:
    return json.dumps([{**BOOK, "asset_id": UP, "timestamp": ms_text(stamp)}])


def binance_rows(stamp: int, n: int) -> str:
    return json.dumps([{"a": n, "p": "9", "q": "1", "T": stamp, "m": True}])


def binance_candles(stamp: int, n: int) -> str:
    """One whose end is now: its stamp is its open."""
    minute = 60_000 if stamp < 10**14 else 60_000_000
    opens = stamp - minute if stamp > minute else stamp
    return json.dumps([[opens, "9", "9", "9", "9", "1", true(0) - 1, "0", n, "0", "0", "0"]])


def bybit_answer(rows: Callable[[int, int], Any]) -> Callable[[int, int], str]:
    return lambda stamp, n: json.dumps({"retCode": 0, "result": {"list": [rows(stamp, n)]}})


def bybit_row(stamp: int, n: int) -> Any:
    return {"execId": str(n), "price": "9", "size": "1", "side": "Buy", "time": str(stamp)}


def bybit_candle(stamp: int, n: int) -> Any:
    opens = stamp - 60_000 if stamp > 60_000 else stamp
    return [str(opens), "9", "9", "9", "9", str(n), "0"]


def coinbase_rows(stamp: int, n: int) -> str:
    trade = {"trade_id": str(n), "price": "9", "size": "1", "side": "BUY", "time": rfc3339(stamp)}
    return json.dumps({"trades": [trade]})


def coinbase_candles(stamp: int, n: int) -> str:
    opens = stamp - 60 if stamp > 60 else stamp
    prices = dict.fromkeys(("low", "high", "open", "close"), "9")
    return json.dumps({"candles": [{"start": str(opens), "volume": str(n), **prices}]})


async def candles_of(client: Any) -> Any:
    """As the history asks; without the filter of its own that some clients have."""
    found = await client.candles(BTC, 60, 1, NOW + 7200 * NS_PER_S)
    return [ev.CandlesLoaded(BTC, "binance", 60, found, NOW)] if found else []


async def books_of(http: Http) -> Any:
    return await Clob(http, Clock(NOW, 0, 0.0)).books([UP])


async def coinbase_trades(http: Http) -> Any:
    return await Coinbase(http).recent_trades(BTC, 5, NOW)


async def bybit_trades(http: Http) -> Any:
    return await Bybit(http).recent_trades(BTC, 5, NOW)


async def binance_trades(http: Http) -> Any:
    return await Binance(http).agg_trades(BTC, 1, 10**9, NOW)


def channel() -> Codec:
    return MarketChannel((UP, DOWN))


def relay() -> Codec:
    return Rtds(BTC)


def polybolt() -> Codec:
    return PolyBolt(BTC, ApiKey("", Secret(""), Secret("")))


def on_coinbase() -> Codec:
    return CoinbaseStreams(BTC, ("market_trades", "ticker", "level2", "heartbeats"))


# A quote that the venue did not stamp is as old as our reading of it.
UNSTAMPED = {"zero": True}
# A stamp of more than milliseconds is microseconds, by Binance's own rule: both units are true.
MICROSECONDS = {"a unit too small": True}
SPOT, TWAP = "crypto_prices_chainlink", "crypto_prices_twap_sixty"
US = 1_000
_RTDS = ("price_streams:_PointSeries.event", "price_streams:Rtds._parse")
_BOLT = ("price_streams:_PointSeries.event", "price_streams:PolyBolt._parse")
CASES = (
    Case("book", ("wire_book:book_of",), market(event_type="book", **BOOK), channel),
    Case(
        "price change",
        ("streams:_changed",),
        market(event_type="price_change", price_changes=[CHANGE]),
        channel,
    ),
    Case(
        "last trade price",
        ("streams:_trade",),
        market(event_type="last_trade_price", price="0.5", side="BUY"),
        channel,
    ),
    Case(
        "tick size",
        ("streams:_tick_change",),
        market(event_type="tick_size_change", new_tick_size="0.001"),
        channel,
    ),
    Case("resolution", ("streams:MarketChannel._settled",), resolved, channel),
    Case("rtds spot, observed", _RTDS, rtds(SPOT, bent, true), relay),
    Case("rtds spot, sent", _RTDS, rtds(SPOT, true, bent), relay),
    Case("rtds average, observed", _RTDS, rtds(TWAP, bent, true), relay),
    Case("rtds average, sent", _RTDS, rtds(TWAP, true, bent), relay),
    Case("rtds history", _RTDS, rtds_history, relay),
    Case("polybolt spot, observed", _BOLT, bolt("price.crypto", bent, true), polybolt),
    Case("polybolt spot, sent", _BOLT, bolt("price.crypto", true, bent), polybolt),
    Case("polybolt average, observed", _BOLT, bolt("price.crypto.twap", bent, true), polybolt),
    Case("polybolt average, sent", _BOLT, bolt("price.crypto.twap", true, bent), polybolt),
    Case(
        "binance trade",
        ("binance:BinanceStreams._traded",),
        binance_trade,
        lambda: BinanceStreams(BTC),
        otherwise=MICROSECONDS,
    ),
    Case("bybit trade", ("bybit:BybitStreams._traded",), bybit_trade, lambda: BybitStreams(BTC)),
    Case(
        "bybit book",
        ("bybit:BybitStreams._change_book",),
        bybit_book,
        lambda: BybitStreams(BTC),
        otherwise=UNSTAMPED,
    ),
    Case(
        "coinbase trade",
        ("coinbase:CoinbaseStreams._traded",),
        coinbase("market_trades", coinbase_trade),
        on_coinbase,
        unit_ns=US,
    ),
    Case(
        "coinbase ticker",
        ("coinbase:CoinbaseStreams._tickers",),
        coinbase("ticker", coinbase_ticker),
        on_coinbase,
        unit_ns=US,
        otherwise=UNSTAMPED,
    ),
    Case(
        "coinbase book",
        ("coinbase:CoinbaseStreams._level2",),
        coinbase("l2_data", coinbase_book),
        on_coinbase,
        unit_ns=US,
        otherwise=UNSTAMPED,
    ),
    Case(
        "coinbase flat ticker",
        ("coinbase:CoinbaseStreams._flat",),
        coinbase_flat,
        on_coinbase,
        unit_ns=US,
        otherwise=UNSTAMPED,
    ),
    Case(
        "user order",
        ("user_channel:UserChannel._order", "user_channel:_stamp"),
        user_order,
        read=read_user,
        # Seconds and milliseconds are told by their size (venue quirk): both are true.
        otherwise={"a unit too large": True},
    ),
    Case(
        "user trade",
        ("user_channel:UserChannel._trade", "user_channel:_stamp"),
        user_trade,
        read=read_user,
        otherwise={"a unit too large": True},
    ),
    Case("clob book by REST", ("wire_book:book_of",), clob_books, ask=books_of),
    Case(
        "binance trades by REST",
        ("binance_rest:_traded",),
        binance_rows,
        ask=binance_trades,
        otherwise=MICROSECONDS,
    ),
    Case(
        "binance candles",
        ("binance_rest:_candle",),
        binance_candles,
        ask=lambda http: candles_of(Binance(http)),
        otherwise=MICROSECONDS,
    ),
    Case(
        "bybit trades by REST", ("bybit_rest:_traded",), bybit_answer(bybit_row), ask=bybit_trades
    ),
    Case(
        "bybit candles",
        ("bybit_rest:_candle",),
        bybit_answer(bybit_candle),
        ask=lambda http: candles_of(Bybit(http)),
    ),
    Case(
        "coinbase trades by REST",
        ("coinbase_rest:_traded",),
        coinbase_rows,
        ask=coinbase_trades,
        unit_ns=US,
    ),
    Case(
        "coinbase candles",
        ("coinbase_rest:_candle",),
        coinbase_candles,
        ask=lambda http: candles_of(Coinbase(http)),
        unit_ns=NS_PER_S,
    ),
)
NO_STAMPS = {
    "feed:ns_of_stamp": "the conversion itself",
    "user_channel:_stamp": "the conversion itself",
    "gamma_events:_round_of": "a window, announced ahead; its length is checked",
    "coinbase:CoinbaseStreams._counted": "orders numbers that begin anew, capped at our own time",
    "price_streams:PolyBolt._counted": "the same",
    "binance_rest:Binance.server_time_ns": "asked by the doctor, who measures with it",
    "coinbase_rest:Coinbase.server_time_ns": "the same",
}
"""Functions that turn a venue's text into a time which nothing is dated by."""
ELSEWHERE = {
    "bybit_rest:Bybit.candles": "the length of a candle",
    "coinbase_rest:Coinbase.candles": "the length of a candle",
    "data_activity:_deed": "seconds, where the venue sends them",
    "decode:_received_ns": "our own receive time, out of a recording",
    "round_names:opens_of": "the second at which a round begins, out of its name",
    "round_names:_wall_ns": "the clock on the wall in New York, for names",
    "stamps:_candles": "the length of a candle",
    "user_channel:_stamp": "seconds, where the venue sends them",
}
"""Functions of venues that multiply by a unit of time outside the conversions of `feed.py`."""


# --- nothing is forgotten -------------------------------------------------------------------------


def functions(folder: Path) -> Iterator[tuple[str, ast.AST]]:
    """ "module:Class.function" of every function of the venues."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            inside = node.body if isinstance(node, ast.ClassDef) else [node]
            owner = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
            for one in inside:
                if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield f"{path.stem}:{owner}{one.name}", one


def calls(function: ast.AST) -> set[str]:
    return {
        node.func.id
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


def multiplies_by_time(function: ast.AST) -> bool:
    units = {"NS_PER_S", "NS_PER_MS"}
    return any(
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Mult)
        and any(isinstance(one, ast.Name) and one.id in units for one in (node.left, node.right))
        for node in ast.walk(function)
    )


def test_every_codec_that_reads_a_stamp_is_in_the_matrix() -> None:
    reading = {name for name, function in functions(VENUES) if calls(function) & CONVERSIONS}
    listed = {place for case in CASES for place in case.places}
    assert reading == listed | set(NO_STAMPS), (
        "list what reads a stamp, and what comes of each bend"
    )


def test_no_codec_makes_a_time_in_another_way() -> None:
    making = {name for name, function in functions(VENUES) if multiplies_by_time(function)}
    assert {name for name in making if not name.startswith("feed:")} == set(ELSEWHERE)


def test_every_class_of_event_is_in_the_table_once() -> None:
    known = {*get_args(ev.Event), UserOrder, UserTrade}
    assert set(STAMPS) | set(OURS) == known, (
        "say in venues/stamps.py which of its times are a venue's"
    )
    assert not set(STAMPS) & set(OURS)
    assert set(get_args(ev.MarketEvent)) <= set(STAMPS)


@pytest.mark.parametrize("kind", STAMPS)
def test_no_stamp_of_a_class_is_left_out(kind: Any) -> None:
    """An event whose times all differ: the table names each but our own."""
    names = declared_fields(kind)
    assert names, f"the fields of {kind} are not known"
    times = [name for name in names if name.endswith("_ns")]
    values = {name: at + 1 for at, name in enumerate(times)}
    made = kind(**{name: values.get(name, ()) for name in names})
    if kind is ev.CandlesLoaded:
        return  # its times are its candles'; the matrix bends them
    told = {values[name] for name in times if name != "received_ns"}
    assert set(STAMPS[kind](made)) == told


# --- the matrix -----------------------------------------------------------------------------------


class Bench:
    """One asset's door and desk, and a feed where the case has one."""

    def __init__(self, case: Case) -> None:
        self.clock = Clock(NOW, 0, 0.0)
        client = paper_client(self.clock)
        self.run = AssetRun(BTC, self.clock, client, Inbox(10_000))
        self.mind = Mind()
        self.case = case
        self.feed = self._feed(case.codec()) if case.codec is not None else None
        if self.feed is not None:
            self.run.keep_feed(self.feed)
        opening = (ev.DeskOpened(BTC, 1, Usd(0)), ev.SettingsChanged(canonical_json(Settings())))
        for event in opening:
            self.mind.take(BTC, NOW, event, is_last=True)

    def _feed(self, codec: Codec) -> Feed:
        run = self.run
        return Feed(
            codec.feed, codec, run.deliver, run.deliver_frame, self.clock, lambda _: None  # type: ignore[arg-type, return-value]
        )  # fmt: skip

    async def hear(self, text: str) -> list[ev.Event]:
        """What the desk was told of it; it has taken it."""
        if self.feed is not None:
            self.feed.receive(text, 1)
        elif self.case.ask is not None:
            await self._answer(self.case.ask, text)
        else:
            assert self.case.read is not None
            return list(self.case.read(text))
        events = [item.event for item in self.run.inbox.take_nowait()]
        for event in events:
            self.mind.take(BTC, NOW, event, is_last=True)
        return events

    async def _answer(self, ask: Callable[[Http], Awaitable[Any]], text: str) -> None:
        def reply(_: httpx.Request) -> httpx.Response:
            return httpx.Response(200, content=text.encode())

        http = Http("http://v.test", HttpSettings(tries=1), httpx.MockTransport(reply))
        try:
            with suppress(Retry, Rejected):  # a refusal in words, which is told to people
                for event in await ask(http):
                    self.run.deliver(event)
        finally:
            await http.close()

    def ages(self) -> Iterator[tuple[str, float]]:
        """Every age that a face may see."""
        feeds = () if self.feed is None else (self.feed.view(NOW),)
        desk = self.mind.desks[BTC]
        view = show_asset(desk, NOW, *desk_state(desk, self.mind.account), feeds)
        yield from _ages(view)

    @property
    def lag_ms(self) -> float:
        return self.mind.desks[BTC].rounds.lag_ns / NS_PER_MS


def _ages(value: Any) -> Iterator[tuple[str, float]]:
    if isinstance(value, tuple):
        for one in value:
            yield from _ages(one)
    elif attrs.has(type(value)):
        for one in attrs.fields(type(value)):
            inner = getattr(value, one.name)
            if inner is not None and ("age_ms" in one.name or one.name == "latency_ms"):
                yield one.name, inner
            yield from _ages(inner)


def _dated(events: list[ev.Event]) -> list[ev.Event]:
    return [event for event in events if not isinstance(event, ev.FrameRejected)]


@pytest.mark.trio
@pytest.mark.parametrize("bend", BENDS, ids=lambda bend: bend.name)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_bent_stamp_is_ruled_and_what_follows_is_believed(case: Case, bend: Bend) -> None:
    bench, unit = Bench(case), case.unit_ns
    told = _dated(await bench.hear(case.write(bend.of(NOW, unit), 11)))
    assert bool(told) is case.is_taken(bend), told
    for event in told:
        assert max(STAMPS[type(event)](event), default=0) <= NOW + 2 * NS_PER_S
    assert bench.lag_ms >= 0
    assert all(age >= 0 or age == -1 for _, age in bench.ages()), list(bench.ages())
    after = _dated(await bench.hear(case.write(NOW // unit, 12)))
    assert after, "what is true is believed, whatever came before"
    assert all(age >= 0 or age == -1 for _, age in bench.ages()), list(bench.ages())
    assert bench.lag_ms >= 0


@pytest.mark.trio
@pytest.mark.parametrize("case", [one for one in CASES if one.codec], ids=lambda case: case.name)
async def test_what_is_ahead_is_counted_with_its_number_and_proves_no_life(case: Case) -> None:
    bench, unit = Bench(case), case.unit_ns
    assert bench.feed is not None
    events = await bench.hear(case.write((NOW + 3600 * NS_PER_S) // unit, 11))
    (rejected,) = events
    assert isinstance(rejected, ev.FrameRejected)
    assert rejected.reason == "stamped 3600.000 s ahead of our clock, > 2 s"
    view = bench.feed.view(NOW)
    assert (view.rejected, view.misdated, view.age_ms) == (1, 1, -1)
    assert view.offset_ms == -3_600_000.0
    await bench.hear(case.write(NOW // unit, 12))
    view = bench.feed.view(NOW)
    assert (view.misdated, view.age_ms, view.offset_ms) == (1, 0, 0.0), "the lie is not its offset"


@pytest.mark.trio
async def test_one_point_of_a_history_that_lies_ahead_hides_no_other() -> None:
    bench = Bench(next(case for case in CASES if case.name == "rtds history"))
    points = [{"timestamp": true(0) + off, "value": 90_000.0} for off in (-2000, 3_600_000, -1000)]
    payload = {"symbol": "btc/usd", "data": points}
    frame = {"topic": "crypto_prices", "timestamp": true(0), "payload": payload}
    events = await bench.hear(json.dumps(frame))
    assert [type(event) for event in events] == [
        ev.ChainlinkPriced,
        ev.ChainlinkPriced,
        ev.FrameRejected,
    ]

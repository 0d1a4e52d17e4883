"""nautilus_trader's Polymarket adapter as a reader, in a trading node of its own: its instruments
from Gamma and from the CLOB, books, quotes and trades from the market channel, on which it sends
protocol pings and no PING; and its Binance adapter's quotes, trades, books and bars.

What its `PolymarketDataLoader` reads has addresses that cannot be changed.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import time
from collections import Counter
from typing import Any

from rows import Rows, Venue

VENUE = Venue.told()
# Read when the adapter is imported.
os.environ["GAMMA_API_URL"] = VENUE.urls["gamma"]

from nautilus_trader.adapters.binance import (  # noqa: E402
    BINANCE,
    BinanceDataClientConfig,
    BinanceInstrumentProviderConfig,
    BinanceLiveDataClientFactory,
)
from nautilus_trader.adapters.polymarket import (  # noqa: E402
    POLYMARKET,
    PolymarketDataClientConfig,
    PolymarketLiveDataClientFactory,
)
from nautilus_trader.adapters.polymarket.common.symbol import (  # noqa: E402
    get_polymarket_instrument_id,
)
from nautilus_trader.adapters.polymarket.loaders import PolymarketDataLoader  # noqa: E402
from nautilus_trader.adapters.polymarket.providers import (  # noqa: E402
    PolymarketInstrumentProvider,
    PolymarketInstrumentProviderConfig,
)
from nautilus_trader.common.actor import Actor  # noqa: E402
from nautilus_trader.common.component import LiveClock  # noqa: E402
from nautilus_trader.config import ActorConfig, LoggingConfig, TradingNodeConfig  # noqa: E402
from nautilus_trader.live.node import TradingNode  # noqa: E402
from nautilus_trader.model.data import BarType  # noqa: E402
from nautilus_trader.model.enums import BookType  # noqa: E402
from nautilus_trader.model.identifiers import InstrumentId  # noqa: E402
from py_clob_client_v2.client import ClobClient  # noqa: E402

WITHIN_S = 75.0
"""More than the minute after which a client of the market channel that says nothing is cut."""
COIN = InstrumentId.from_str("BTCUSDT.BINANCE")
BARS = BarType.from_str("BTCUSDT.BINANCE-1-MINUTE-LAST-EXTERNAL")


class Reader(Actor):
    """Asks for everything, and counts what it hears of whom."""

    def __init__(self, heard: Heard, asked: list[InstrumentId]) -> None:
        super().__init__(ActorConfig())
        self.heard = heard
        self.asked = asked

    def on_start(self) -> None:
        for instrument_id in (*self.asked, COIN):
            self.subscribe_order_book_deltas(instrument_id, book_type=BookType.L2_MBP)
            self.subscribe_quote_ticks(instrument_id)
            self.subscribe_trade_ticks(instrument_id)
        self.subscribe_bars(BARS)
        self.request_instrument(self.asked[0])
        self.request_instruments(self.asked[0].venue)

    def on_stop(self) -> None:
        for instrument_id in (*self.asked, COIN):
            self.heard.last["instrument", instrument_id] = self.cache.instrument(instrument_id)

    def on_instrument(self, instrument: Any) -> None:
        self.heard.add("instrument", instrument.id, instrument)

    def on_order_book_deltas(self, deltas: Any) -> None:
        self.heard.add("deltas", deltas.instrument_id, deltas)
        book = self.cache.order_book(deltas.instrument_id)
        self.heard.books[deltas.instrument_id] = (book.best_bid_price(), book.best_ask_price())

    def on_quote_tick(self, tick: Any) -> None:
        self.heard.add("quotes", tick.instrument_id, tick)

    def on_trade_tick(self, tick: Any) -> None:
        self.heard.add("trades", tick.instrument_id, tick)

    def on_bar(self, bar: Any) -> None:
        self.heard.add("bars", bar.bar_type.instrument_id, bar)


class Heard:
    """What came, when it came last, and the books as they stand."""

    def __init__(self) -> None:
        self.began_at = time.monotonic()
        self.counts: Counter[tuple[str, InstrumentId]] = Counter()
        self.last: dict[tuple[str, InstrumentId], Any] = {}
        self.at: dict[tuple[str, InstrumentId], float] = {}
        self.books: dict[InstrumentId, tuple[Any, Any]] = {}

    def add(self, kind: str, instrument_id: InstrumentId, what: Any) -> None:
        self.counts[kind, instrument_id] += 1
        self.last[kind, instrument_id] = what
        self.at[kind, instrument_id] = time.monotonic()


def main() -> None:
    logging.disable()
    rows = Rows("nautilus_trader (reader)", lambda _error: None)
    tokens = [
        get_polymarket_instrument_id(VENUE.round["condition_id"], VENUE.round[name])
        for name in ("up", "down")
    ]
    heard = Heard()
    _run(_node(heard, tokens), WITHIN_S)
    _instrument_rows(rows, tokens)
    _polymarket_rows(rows, heard, tokens)
    _binance_rows(rows, heard)
    for method in sorted(vars(PolymarketDataLoader)):
        if not method.startswith("_") and method.startswith(("from_", "fetch_", "query_", "load_")):
            _fixed(method)


def _node(heard: Heard, tokens: list[InstrumentId]) -> TradingNode:
    polymarket = PolymarketDataClientConfig(
        instrument_config=PolymarketInstrumentProviderConfig(
            load_ids=frozenset(tokens), use_gamma_markets=True
        ),
        private_key=VENUE.key,
        funder="0x" + "11" * 20,
        api_key="00000000-0000-0000-0000-000000000000",
        api_secret="c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0",
        passphrase="passphrase",
        base_url_http=VENUE.urls["clob"],
        base_url_ws=VENUE.urls["market_ws"].removesuffix("market"),
        ws_connection_initial_delay_secs=0.5,
    )
    binance = BinanceDataClientConfig(
        instrument_provider=BinanceInstrumentProviderConfig(load_ids=frozenset([COIN])),
        base_url_http=VENUE.urls["binance_rest"],
        base_url_ws=VENUE.urls["binance_ws"],
    )
    node = TradingNode(
        config=TradingNodeConfig(
            trader_id="READER-001",
            logging=LoggingConfig(log_level="OFF", print_config=False),
            data_clients={POLYMARKET: polymarket, BINANCE: binance},
            timeout_connection=20.0,
            timeout_disconnection=3.0,
            timeout_post_stop=0.5,
        )
    )
    node.trader.add_actor(Reader(heard, tokens))
    node.add_data_client_factory(POLYMARKET, PolymarketLiveDataClientFactory)
    node.add_data_client_factory(BINANCE, BinanceLiveDataClientFactory)
    node.build()
    return node


def _run(node: TradingNode, seconds: float) -> None:
    ender = threading.Timer(seconds, node.stop)
    ender.start()
    try:
        node.run()
    finally:
        ender.cancel()
        node.dispose()


def _instrument_rows(rows: Rows, tokens: list[InstrumentId]) -> None:
    """By the adapter's own provider, from either of the services that know them."""
    for name, config in (
        ("Gamma", PolymarketInstrumentProviderConfig(use_gamma_markets=True)),
        ("the CLOB", PolymarketInstrumentProviderConfig()),
    ):
        client = ClobClient(VENUE.urls["clob"], 137, key=VENUE.key)
        provider = PolymarketInstrumentProvider(client, LiveClock(), config)
        rows.call(
            f"load_ids_async (from {name})",
            lambda provider=provider: _loaded(provider, tokens),
            holds=lambda it: (
                {one.outcome for one in it} == {"Up", "Down"}
                and all(float(one.price_increment) in (0.01, 0.001) for one in it)
            ),
        )
        if name == "Gamma":
            rows.call(
                "load_all_async (from Gamma)",
                lambda provider=provider: _all(provider),
                holds=lambda it: it > 4,
            )


def _loaded(provider: PolymarketInstrumentProvider, tokens: list[InstrumentId]) -> list[Any]:
    asyncio.run(provider.load_ids_async(tokens))
    return [provider.find(token) for token in tokens]


def _all(provider: PolymarketInstrumentProvider) -> int:
    asyncio.run(provider.load_all_async({"active": True, "closed": False, "limit": 100}))
    return int(provider.count)


def _polymarket_rows(rows: Rows, heard: Heard, tokens: list[InstrumentId]) -> None:
    for token in tokens:
        _row(rows, heard, "subscribe_order_book_deltas", "deltas", token)
        _row(rows, heard, "subscribe_quote_ticks", "quotes", token)
        rows.call(
            "the book's bests",
            lambda token=token: heard.books[token],
            holds=lambda it: 0 < float(it[0]) < float(it[1]) < 1,
        )
    rows.call(
        "still told after a minute without PING",
        lambda: max(heard.at["deltas", token] for token in tokens) - heard.began_at,
        holds=lambda seconds: seconds > 65.0,
    )
    trades = [("trades", token) for token in tokens if ("trades", token) in heard.last]
    rows.call("subscribe_trade_ticks", lambda: [heard.last[one] for one in trades], holds=len)


def _binance_rows(rows: Rows, heard: Heard) -> None:
    rows = rows.named("binance.")
    rows.call(
        "instrument",
        lambda: heard.last["instrument", COIN],
        holds=lambda it: float(it.price_increment) == 0.01,
    )
    for method, kind in (
        ("subscribe_order_book_deltas", "deltas"),
        ("subscribe_quote_ticks", "quotes"),
        ("subscribe_trade_ticks", "trades"),
    ):
        _row(rows, heard, method, kind, COIN)
    rows.call(
        "the book's bests",
        lambda: heard.books[COIN],
        holds=lambda it: 0 < float(it[0]) < float(it[1]),
    )


def _row(rows: Rows, heard: Heard, method: str, kind: str, instrument_id: InstrumentId) -> None:
    rows.call(method, lambda: heard.last[kind, instrument_id], holds=lambda _it: True)


def _fixed(method: str) -> None:
    print(
        '{"client":"nautilus_trader (reader)","method":"PolymarketDataLoader.'
        + method
        + '","outcome":"skipped","words":"its addresses cannot be changed"}',
        flush=True,
    )


if __name__ == "__main__":
    main()
    sys.exit()

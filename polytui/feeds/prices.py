"""The price watchers: Chainlink by two relays, and the exchanges that lead it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial

import trio
from attrs import define, field

from polytui.config.schema import SocketLimits
from polytui.feeds.backfill import Backfill, newest
from polytui.feeds.candle_history import AskCandles, History
from polytui.feeds.feed import Feed
from polytui.feeds.feed_factory import FeedFactory, bybit_ping, rtds_ping
from polytui.feeds.home import AssetHome, Home
from polytui.feeds.relays import Relays
from polytui.feeds.watchdog import watch_ages
from polytui.model.events import ExchangeTraded
from polytui.model.instrument import Asset, Exchange
from polytui.net.http import Http
from polytui.net.ws import CloseRule
from polytui.venues import bybit_rest, coinbase_rest
from polytui.venues.binance import QUOTES, TRADES, BinanceStreams
from polytui.venues.binance_rest import Binance
from polytui.venues.bybit import BybitStreams
from polytui.venues.coinbase import BEATS, CoinbaseStreams
from polytui.venues.feed import Gap
from polytui.venues.polymarket.price_streams import AVERAGE, SPOT, PolyBolt, Rtds

_THIN = (Asset.SOL, Asset.XRP)
POLYBOLT_CLOSES = {
    4001: CloseRule(is_final=True),
    4003: CloseRule(most_wait_s=10.0),
    4008: CloseRule(is_final=True),
}
"""Venue rules: 4001 refuses the key, 4008 our behaviour; 4003 asks all to come back spread out."""

Say = Callable[[str, str], None]
"""(level, text) to people."""


@define
class PriceWatch:
    """One asset's price feeds. State: what they missed and who fills it."""

    run: AssetHome
    feed_factory: FeedFactory
    say: Say
    clients: AsyncExitStack = field(factory=AsyncExitStack)
    feeds: list[Feed] = field(factory=list)

    async def watch(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Keep every price feed up until cancelled; ready after each has been tried once."""
        async with self.clients, trio.open_nursery() as nursery:
            backfill = Backfill.of(self.run, self._warn)
            self._add_relays()
            history = self._add_exchanges(backfill)
            nursery.start_soon(backfill.fill)
            if history is not None:
                nursery.start_soon(history.load)
            for feed in self.feeds:
                await nursery.start(feed.socket.run)
            nursery.start_soon(watch_ages, self.feeds)
            task_status.started()

    def _warn(self, text: str) -> None:
        self.say("warn", text)

    # --- Chainlink --------------------------------------------------------------------------------

    def _add_relays(self) -> None:
        """PolyBolt needs credentials, RTDS may be switched off by the venue: both are tried, and a
        second said twice counts once."""
        self.feeds += relay_feeds(self.run, self.feed_factory)
        relays = Relays(self.feeds[:], self.say)
        for feed in relays.feeds:
            feed.has_changed = relays.changed

    # --- exchanges ------------------------------------------------------------------------------

    def _add_exchanges(self, backfill: Backfill) -> History | None:
        """The feeds, each with its way to ask for what it missed; the candles' history."""
        settings = self.feed_factory.settings
        candle_exchange = settings.features.candle_exchange
        history: History | None = None
        for exchange in settings.session.exchanges:
            feed, ask_candles = self._add[exchange](self, backfill)
            self.feeds.append(feed)
            if exchange is candle_exchange:
                venue, kept = exchange.value, settings.features.candles
                history = History(self.run, venue, ask_candles, kept, self._warn)
                feed.came_up = _both(feed.came_up, partial(_reload, feed, history))
        return history

    def _add_binance(self, backfill: Backfill) -> tuple[Feed, AskCandles]:
        endpoints = self.feed_factory.settings.endpoints
        feed, codec = binance_feed(self.run, self.feed_factory)
        hosts = self._http(endpoints.binance_rest), self._http(endpoints.binance_rest_spare)
        rest = Binance(*hosts, self.feed_factory.quotas, self._warn)

        async def ask(gap: Gap) -> Sequence[ExchangeTraded]:
            now_ns = self.run.clock.now_ns()
            return await rest.agg_trades(self.run.asset, gap.first_id, gap.last_id, now_ns)

        feed.has_gap = lambda gap: backfill.want("binance", gap, ask, codec.line.mend)
        return feed, rest.candles

    def _add_bybit(self, backfill: Backfill) -> tuple[Feed, AskCandles]:
        """Its ids do not show a gap: after every reconnect, and wherever the book's numbers show
        that messages were lost, the latest trades are asked for."""
        feed, codec = bybit_feed(self.run, self.feed_factory)
        http = self._http(self.feed_factory.settings.endpoints.bybit_rest)
        rest = bybit_rest.Bybit(http, self.feed_factory.quotas, self._warn)

        async def ask(gap: Gap) -> Sequence[ExchangeTraded]:
            now_ns, most = self.run.clock.now_ns(), bybit_rest.MOST_TRADES
            return await rest.recent_trades(self.run.asset, most, now_ns)

        def ask_latest() -> None:
            if codec.last_id:
                gap = Gap(codec.last_id + 1, codec.last_id + 1, codec.last_ns)
                backfill.want("bybit", gap, ask, codec.mend, is_counted=False)

        def came_up() -> None:
            if feed.connects > 1:
                ask_latest()

        feed.came_up, feed.has_lost = came_up, ask_latest
        return feed, rest.candles

    def _add_coinbase(self, backfill: Backfill) -> tuple[Feed, AskCandles]:
        feed, codec = coinbase_feed(self.run, self.feed_factory)
        http = self._http(self.feed_factory.settings.endpoints.coinbase_rest)
        rest = coinbase_rest.Coinbase(http, self.feed_factory.quotas, self._warn)

        async def ask(gap: Gap) -> Sequence[ExchangeTraded]:
            count = newest(gap, coinbase_rest.MOST_TRADES)
            return await rest.recent_trades(self.run.asset, count, self.run.clock.now_ns())

        feed.has_gap = lambda gap: backfill.want("coinbase", gap, ask, codec.line.mend)
        return feed, rest.candles

    def _http(self, base_url: str) -> Http:
        http = self.feed_factory.http(base_url)
        self.clients.push_async_callback(http.close)
        return http

    _add = {  # noqa: RUF012  a table of methods, never changed
        Exchange.BINANCE: _add_binance,
        Exchange.BYBIT: _add_bybit,
        Exchange.COINBASE: _add_coinbase,
    }


def _both(first: Callable[[], None], then: Callable[[], None]) -> Callable[[], None]:
    def call() -> None:
        first()
        then()

    return call


def _reload(feed: Feed, history: History) -> None:
    if feed.connects > 1:
        history.want()


# --- feeds, one function each: the recorder and the doctor use them as well ----------------------


def relay_feeds(run: Home, feed_factory: FeedFactory) -> list[Feed]:
    """Chainlink's relays, the preferred one first."""
    endpoints, sockets = feed_factory.settings.endpoints, feed_factory.settings.sockets
    limits_s = dict.fromkeys((SPOT, AVERAGE), sockets.chainlink_stale_s)
    feeds = []
    if feed_factory.credentials is not None:
        feeds.append(
            feed_factory.feed(
                run,
                "polybolt",
                endpoints.polybolt_ws,
                PolyBolt(run.asset, feed_factory.credentials),
                silence_s=sockets.chainlink_silence_s,
                limits_s=limits_s,
                close_rules=POLYBOLT_CLOSES,
            )
        )
    feeds.append(
        feed_factory.feed(
            run,
            "rtds",
            endpoints.rtds_ws,
            Rtds(run.asset),
            silence_s=sockets.chainlink_silence_s,
            keepalive=rtds_ping(sockets),
            limits_s=limits_s,
        )
    )
    return feeds


def binance_feed(run: Home, feed_factory: FeedFactory) -> tuple[Feed, BinanceStreams]:
    endpoints, sockets = feed_factory.settings.endpoints, feed_factory.settings.sockets
    codec = BinanceStreams(run.asset, is_in_url=True)
    feed = feed_factory.feed(
        run,
        "binance",
        [endpoints.binance_ws + codec.path, endpoints.binance_ws_spare + codec.path],
        codec,
        silence_s=sockets.exchange_silence_s,
        limits_s=_exchange_limits(run.asset, sockets),
        rotate_after_s=sockets.rotate_after_s,
    )
    return feed, codec


def bybit_feed(run: Home, feed_factory: FeedFactory) -> tuple[Feed, BybitStreams]:
    sockets, codec = feed_factory.settings.sockets, BybitStreams(run.asset)
    feed = feed_factory.feed(
        run,
        "bybit",
        feed_factory.settings.endpoints.bybit_ws,
        codec,
        silence_s=sockets.exchange_silence_s,
        keepalive=bybit_ping(sockets),
        limits_s=_exchange_limits(run.asset, sockets),
    )
    return feed, codec


def coinbase_feed(run: Home, feed_factory: FeedFactory) -> tuple[Feed, CoinbaseStreams]:
    sockets, codec = feed_factory.settings.sockets, CoinbaseStreams(run.asset)
    factor = _thinness(run.asset, sockets)
    ticker_s = sockets.ticker_stale_s * factor
    feed = feed_factory.feed(
        run,
        "coinbase",
        feed_factory.settings.endpoints.coinbase_ws,
        codec,
        silence_s=sockets.exchange_silence_s,
        limits_s={TRADES: ticker_s, QUOTES: ticker_s, BEATS: sockets.beats_stale_s},
    )
    return feed, codec


def _exchange_limits(asset: Asset, sockets: SocketLimits) -> dict[str, float]:
    factor = _thinness(asset, sockets)
    return {TRADES: sockets.trades_stale_s * factor, QUOTES: sockets.quotes_stale_s * factor}


def _thinness(asset: Asset, sockets: SocketLimits) -> float:
    return sockets.thin_factor if asset in _THIN else 1.0

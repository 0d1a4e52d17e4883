"""The price watchers: Chainlink by two relays, and the exchanges that lead it.

What sees to a feed is made before it: REST client, back-fill, history, attendant, then the feed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import trio
from attrs import define, field

from polytui.feeds.backfill import Backfill, Refill, newest
from polytui.feeds.candle_history import AskCandles, History
from polytui.feeds.feed import Feed
from polytui.feeds.feed_factory import FeedFactory
from polytui.feeds.home import AssetHome
from polytui.feeds.losses import Losses
from polytui.feeds.menders import MendById, MendByLatest
from polytui.feeds.price_feeds import (
    binance_feed,
    bybit_feed,
    coinbase_feed,
    relay_feeds,
    relay_names,
)
from polytui.feeds.relays import Relays
from polytui.feeds.watchdog import watch_ages
from polytui.model.events import ExchangeTraded
from polytui.model.instrument import Exchange
from polytui.net.http import Http
from polytui.venues import bybit_rest, coinbase_rest
from polytui.venues.binance import BinanceStreams
from polytui.venues.binance_rest import Binance
from polytui.venues.bybit import BybitStreams
from polytui.venues.coinbase import CoinbaseStreams
from polytui.venues.feed import Gap

Say = Callable[[str, str], None]
"""(level, text) to people."""


@define
class PriceWatch:
    """One asset's price feeds. State: the histories that are kept."""

    run: AssetHome
    feed_factory: FeedFactory
    say: Say
    histories: list[History] = field(factory=list)

    async def watch(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Keep every price feed up until cancelled; ready after each has been tried once."""
        async with trio.open_nursery() as nursery:
            backfill = Backfill.of(self.run, self._warn)
            feeds = [*self._relays(), *self._exchanges(backfill)]
            nursery.start_soon(backfill.fill)
            for history in self.histories:
                nursery.start_soon(history.load)
            for feed in feeds:
                await nursery.start(feed.socket.run)
            nursery.start_soon(watch_ages, feeds)
            task_status.started()

    def _warn(self, text: str) -> None:
        self.say("warn", text)

    def _relays(self) -> list[Feed]:
        """PolyBolt needs credentials, RTDS may be switched off by the venue: both are tried, and a
        second said twice counts once."""
        return relay_feeds(
            self.run, self.feed_factory, Relays(relay_names(self.feed_factory), self.say)
        )

    # --- exchanges ------------------------------------------------------------------------------

    def _exchanges(self, backfill: Backfill) -> list[Feed]:
        """The feeds, each with its way to ask for what it missed."""
        return [
            self._make[each](self, backfill)
            for each in self.feed_factory.settings.session.exchanges
        ]

    def _history(self, exchange: Exchange, ask: AskCandles) -> History | None:
        """Of the exchange whose candles are used; None of the others."""
        features = self.feed_factory.settings.features
        if exchange is not features.candle_exchange:
            return None
        history = History(self.run, exchange.value, ask, features.candles, self._warn)
        self.histories.append(history)
        return history

    def _binance(self, backfill: Backfill) -> Feed:
        endpoints = self.feed_factory.settings.endpoints
        hosts = self._http(endpoints.binance_rest), self._http(endpoints.binance_rest_spare)
        rest = Binance(*hosts, self.feed_factory.quotas, self._warn)

        async def ask(gap: Gap) -> Sequence[ExchangeTraded]:
            now_ns = self.run.clock.now_ns()
            return await rest.agg_trades(self.run.asset, gap.first_id, gap.last_id, now_ns)

        codec, losses = BinanceStreams(self.run.asset, is_in_url=True), Losses()
        refill = Refill("binance", ask, codec.line.mend, losses)
        mender = MendById(backfill, refill, self._history(Exchange.BINANCE, rest.candles))
        return binance_feed(self.run, self.feed_factory, codec, mender, losses)

    def _bybit(self, backfill: Backfill) -> Feed:
        http = self._http(self.feed_factory.settings.endpoints.bybit_rest)
        rest = bybit_rest.Bybit(http, self.feed_factory.quotas, self._warn)

        async def ask(gap: Gap) -> Sequence[ExchangeTraded]:
            now_ns, most = self.run.clock.now_ns(), bybit_rest.MOST_TRADES
            return await rest.recent_trades(self.run.asset, most, now_ns)

        def after_last() -> Gap | None:
            last = codec.last_id
            return Gap(last + 1, last + 1, codec.last_ns) if last else None

        codec, losses = BybitStreams(self.run.asset), Losses()
        refill = Refill("bybit", ask, codec.mend, losses, is_counted=False)
        history = self._history(Exchange.BYBIT, rest.candles)
        mender = MendByLatest(backfill, refill, history, after_last)
        return bybit_feed(self.run, self.feed_factory, codec, mender, losses)

    def _coinbase(self, backfill: Backfill) -> Feed:
        http = self._http(self.feed_factory.settings.endpoints.coinbase_rest)
        rest = coinbase_rest.Coinbase(http, self.feed_factory.quotas, self._warn)

        async def ask(gap: Gap) -> Sequence[ExchangeTraded]:
            count = newest(gap, coinbase_rest.MOST_TRADES)
            return await rest.recent_trades(self.run.asset, count, self.run.clock.now_ns())

        codec, losses = CoinbaseStreams(self.run.asset), Losses()
        refill = Refill("coinbase", ask, codec.line.mend, losses)
        mender = MendById(backfill, refill, self._history(Exchange.COINBASE, rest.candles))
        return coinbase_feed(self.run, self.feed_factory, codec, mender, losses)

    def _http(self, base_url: str) -> Http:
        return self.feed_factory.http(base_url)

    _make = {  # noqa: RUF012  a table of methods, never changed
        Exchange.BINANCE: _binance,
        Exchange.BYBIT: _bybit,
        Exchange.COINBASE: _coinbase,
    }

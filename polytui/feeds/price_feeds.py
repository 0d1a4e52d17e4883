"""The feeds of prices, one function each, for a desk's watchers and for who listens without one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from polytui.config.schema import SocketLimits
from polytui.feeds.attendant import UNATTENDED, Attendant
from polytui.feeds.feed import Feed
from polytui.feeds.feed_factory import FeedFactory, bybit_ping, rtds_ping
from polytui.feeds.home import Home
from polytui.feeds.losses import Losses
from polytui.model.instrument import Asset, Exchange
from polytui.net.socket_settings import CloseRule
from polytui.venues.binance import QUOTES, TRADES, BinanceStreams
from polytui.venues.bybit import BybitStreams
from polytui.venues.coinbase import BEATS, CoinbaseStreams
from polytui.venues.polymarket.price_streams import AVERAGE, SPOT, PolyBolt, Rtds

_THIN = (Asset.SOL, Asset.XRP)
_POLYBOLT, _RTDS = "polybolt", "rtds"
POLYBOLT_CLOSES = {
    4001: CloseRule(is_final=True),
    4003: CloseRule(most_wait_s=10.0),
    4008: CloseRule(is_final=True),
}
"""Venue rules: 4001 refuses the key, 4008 our behaviour; 4003 asks all to come back spread out."""


def relay_names(feed_factory: FeedFactory) -> tuple[str, ...]:
    """Chainlink's relays, the preferred one first: PolyBolt needs credentials."""
    return (_RTDS,) if feed_factory.credentials is None else (_POLYBOLT, _RTDS)


def relay_feeds(
    run: Home, feed_factory: FeedFactory, attendant: Attendant = UNATTENDED
) -> list[Feed]:
    """As `relay_names` has them."""
    endpoints, sockets = feed_factory.settings.endpoints, feed_factory.settings.sockets
    limits_s = dict.fromkeys((SPOT, AVERAGE), sockets.chainlink_stale_s)
    feeds = []
    if feed_factory.credentials is not None:
        feeds.append(
            feed_factory.feed(
                run,
                _POLYBOLT,
                endpoints.polybolt_ws,
                PolyBolt(run.asset, feed_factory.credentials),
                silence_s=sockets.chainlink_silence_s,
                limits_s=limits_s,
                close_rules=POLYBOLT_CLOSES,
                attendant=attendant,
            )
        )
    feeds.append(
        feed_factory.feed(
            run,
            _RTDS,
            endpoints.rtds_ws,
            Rtds(run.asset),
            silence_s=sockets.chainlink_silence_s,
            keepalive=rtds_ping(sockets),
            limits_s=limits_s,
            attendant=attendant,
        )
    )
    return feeds


def binance_feed(
    run: Home,
    feed_factory: FeedFactory,
    codec: BinanceStreams | None = None,
    attendant: Attendant = UNATTENDED,
    losses: Losses | None = None,
) -> Feed:
    endpoints, sockets = feed_factory.settings.endpoints, feed_factory.settings.sockets
    codec = codec or BinanceStreams(run.asset, is_in_url=True)
    return feed_factory.feed(
        run,
        "binance",
        [endpoints.binance_ws + codec.path, endpoints.binance_ws_spare + codec.path],
        codec,
        silence_s=sockets.exchange_silence_s,
        limits_s=_exchange_limits(run.asset, sockets),
        rotate_after_s=sockets.rotate_after_s,
        attendant=attendant,
        losses=losses,
    )


def bybit_feed(
    run: Home,
    feed_factory: FeedFactory,
    codec: BybitStreams | None = None,
    attendant: Attendant = UNATTENDED,
    losses: Losses | None = None,
) -> Feed:
    sockets = feed_factory.settings.sockets
    return feed_factory.feed(
        run,
        "bybit",
        feed_factory.settings.endpoints.bybit_ws,
        codec or BybitStreams(run.asset),
        silence_s=sockets.exchange_silence_s,
        keepalive=bybit_ping(sockets),
        limits_s=_exchange_limits(run.asset, sockets),
        attendant=attendant,
        losses=losses,
    )


def coinbase_feed(
    run: Home,
    feed_factory: FeedFactory,
    codec: CoinbaseStreams | None = None,
    attendant: Attendant = UNATTENDED,
    losses: Losses | None = None,
) -> Feed:
    sockets = feed_factory.settings.sockets
    ticker_s = sockets.ticker_stale_s * _thinness(run.asset, sockets)
    return feed_factory.feed(
        run,
        "coinbase",
        feed_factory.settings.endpoints.coinbase_ws,
        codec or CoinbaseStreams(run.asset),
        silence_s=sockets.exchange_silence_s,
        limits_s={TRADES: ticker_s, QUOTES: ticker_s, BEATS: sockets.beats_stale_s},
        attendant=attendant,
        losses=losses,
    )


EXCHANGE_FEEDS: Mapping[Exchange, Callable[[Home, FeedFactory], Feed]] = {
    Exchange.BINANCE: binance_feed,
    Exchange.BYBIT: bybit_feed,
    Exchange.COINBASE: coinbase_feed,
}


def _exchange_limits(asset: Asset, sockets: SocketLimits) -> dict[str, float]:
    factor = _thinness(asset, sockets)
    return {TRADES: sockets.trades_stale_s * factor, QUOTES: sockets.quotes_stale_s * factor}


def _thinness(asset: Asset, sockets: SocketLimits) -> float:
    return sockets.thin_factor if asset in _THIN else 1.0

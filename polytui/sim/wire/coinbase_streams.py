"""Coinbase Advanced Trade's streams for one client, without a socket.

One `sequence_num` counts every message of a connection. Trades are batched, newest first, and
their side is the maker's; the ticker fires with each trade; heartbeats come each world second.
"""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from typing import Any, ClassVar

import msgspec
from attrs import define, field

from polytui.model.instrument import Asset, Exchange
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.sim.wire.wire_text import parse_object
from polytui.sim.world.world_events import ChainlinkTicked, ExchangeQuote, ExchangeTrade, WorldEvent

PRODUCTS = {f"{asset.value.upper()}-USD": asset for asset in Asset}
_NAMES = {asset: product for product, asset in PRODUCTS.items()}
_ALIASES = {f"{asset.value.upper()}-USDC": asset for asset in Asset}
CHANNELS = ("heartbeats", "market_trades", "ticker", "ticker_batch", "level2")
_FIRST_ID = 929_000_000
_KEPT_TRADES = 1_000
_SNAPSHOT_TRADES = 20
_BATCH_NS = 200 * NS_PER_MS
_TICKER_BATCH_NS = 5 * NS_PER_S
_SUBSCRIBE_WITHIN_S = 5.0
_QUIET_S = 75.0
"""Without heartbeats, a connection with so little to say is closed."""


@define
class _CoinbaseProduct:
    trade_id: int
    trades: deque[tuple[int, ExchangeTrade]] = field(factory=lambda: deque(maxlen=_KEPT_TRADES))
    quote: ExchangeQuote | None = None


class CoinbaseMarkets:
    """Numbers trades and keeps the last of everything, for all sessions."""

    def __init__(self) -> None:
        self._markets = {
            asset: _CoinbaseProduct(_FIRST_ID + 10_000_000 * index)
            for index, asset in enumerate(Asset)
        }
        self._last: WorldEvent | None = None
        self.now_ns = 0
        """Of the latest world event: answers carry a time as well."""

    def note(self, world_event: WorldEvent) -> None:
        """Twice for the same world event changes nothing."""
        if world_event is self._last:
            return
        self._last, self.now_ns = world_event, world_event.at_ns
        if isinstance(world_event, ExchangeTrade) and world_event.venue is Exchange.COINBASE:
            market = self._markets[world_event.asset]
            market.trade_id += 1
            market.trades.append((market.trade_id, world_event))
        elif isinstance(world_event, ExchangeQuote) and world_event.venue is Exchange.COINBASE:
            self._markets[world_event.asset].quote = world_event

    def trades(self, asset: Asset, count: int) -> list[tuple[int, ExchangeTrade]]:
        """The latest, oldest first."""
        return list(self._markets[asset].trades)[-count:]

    def quote(self, asset: Asset) -> ExchangeQuote | None:
        return self._markets[asset].quote


def rfc3339(at_ns: int) -> str:
    """Up to nine decimals, as many as the number has: the venue cuts trailing zeros."""
    moment = datetime.fromtimestamp(at_ns // NS_PER_S, UTC)
    fraction = f"{at_ns % NS_PER_S:09d}".rstrip("0")
    return f"{moment:%Y-%m-%dT%H:%M:%S}" + (f".{fraction}" if fraction else "") + "Z"


def trade_row(number: int, trade: ExchangeTrade) -> dict[str, str]:
    """`side` is the maker's: a buyer that waited is BUY."""
    return {
        "product_id": _NAMES[trade.asset],
        "trade_id": str(number),
        "price": f"{trade.price:.10g}",
        "size": f"{trade.size:.8f}",
        "time": rfc3339(trade.at_ns),
        "side": "BUY" if trade.is_buyer_maker else "SELL",
    }


class CoinbaseSession:
    """One connection. Drops who does not subscribe within five seconds (venue rule)."""

    WANTS: ClassVar[tuple[type, ...]] = (ExchangeTrade, ExchangeQuote, ChainlinkTicked)
    ping_every_s: ClassVar[float | None] = None

    def __init__(self, markets: CoinbaseMarkets) -> None:
        self.quiet_limit_s: float | None = _SUBSCRIBE_WITHIN_S
        self.closing: tuple[int, str] | None = None
        self._markets = markets
        self._wanted: dict[str, dict[Asset, None]] = {}
        self._sequence = -1
        self._shown: dict[Asset, ExchangeQuote] = {}
        """The books that this client was given."""
        self._beat_ns = 0
        self._beats = 0
        self._batch_ns = 0
        self._batches: dict[Asset, list[dict[str, str]]] = {}
        self._sent_ns = 0
        self._ticker_batch_ns = 0

    def opening(self) -> list[str]:
        return []

    def receive(self, text: str) -> list[str]:
        request = parse_object(text)
        if request is None or request.get("type") not in ("subscribe", "unsubscribe"):
            return [_error("invalid message")]
        channel, products = request.get("channel"), request.get("product_ids", [])
        if channel not in CHANNELS:
            return [_error(f"channel not supported: {channel}")]
        named = {**PRODUCTS, **_ALIASES}
        if not isinstance(products, list) or any(product not in named for product in products):
            return [_error("product_id not found")]
        self.quiet_limit_s = None
        assets = dict.fromkeys(named[product] for product in products)
        frames = self._change(request["type"], channel, assets)
        return [*frames, self._acknowledge()]

    def _change(self, verb: str, channel: str, assets: dict[Asset, None]) -> list[str]:
        wanted = self._wanted.setdefault(channel, {})
        if verb == "unsubscribe":
            for asset in assets or list(wanted):
                wanted.pop(asset, None)
            if not wanted:
                del self._wanted[channel]
            return []
        wanted.update(assets)
        self._sent_ns = self._markets.now_ns
        if channel == "market_trades":
            return [self._trades("snapshot", self._past(asset)) for asset in assets]
        if channel == "level2":
            for asset in assets:
                self._shown.pop(asset, None)
            return [frame for asset in assets for frame in self._book(asset)]
        return []

    def _past(self, asset: Asset) -> list[dict[str, str]]:
        return [trade_row(*one) for one in self._markets.trades(asset, _SNAPSHOT_TRADES)]

    def publish(self, world_event: WorldEvent) -> list[str]:
        at_ns = world_event.at_ns
        self._markets.note(world_event)
        frames = self._flush_when_due(at_ns)
        if isinstance(world_event, ChainlinkTicked):
            frames += self._beat(at_ns) + self._ticker_batch(at_ns)
        elif isinstance(world_event, ExchangeTrade | ExchangeQuote):
            frames += self._heard(world_event)
        if frames:
            self._sent_ns = at_ns
        elif self._wanted and "heartbeats" not in self._wanted:
            self._close_when_quiet(at_ns)
        return frames

    def _heard(self, world_event: ExchangeTrade | ExchangeQuote) -> list[str]:
        if world_event.venue is not Exchange.COINBASE:
            return []
        if isinstance(world_event, ExchangeTrade):
            return self._traded(world_event)
        return (
            self._book(world_event.asset)
            if world_event.asset in self._wanted.get("level2", {})
            else []
        )

    def _close_when_quiet(self, at_ns: int) -> None:
        if at_ns - self._sent_ns > _QUIET_S * NS_PER_S:
            self.closing = (1000, "no updates")

    def _traded(self, trade: ExchangeTrade) -> list[str]:
        asset = trade.asset
        if asset in self._wanted.get("market_trades", {}):
            ((number, _),) = self._markets.trades(asset, 1)
            self._batches.setdefault(asset, []).append(trade_row(number, trade))
        quote = self._markets.quote(asset)
        if quote is None or asset not in self._wanted.get("ticker", {}):
            return []
        return [self._ticker("ticker", asset, trade.price, quote)]

    def _flush_when_due(self, at_ns: int) -> list[str]:
        if not self._batches or at_ns - self._batch_ns < _BATCH_NS:
            return []
        self._batch_ns = at_ns
        batches, self._batches = self._batches, {}
        return [self._trades("update", rows) for rows in batches.values()]

    def _trades(self, kind: str, rows: list[dict[str, str]]) -> str:
        """Newest first inside a message (venue habit)."""
        return self._message("market_trades", [{"type": kind, "trades": rows[::-1]}])

    def _ticker(self, channel: str, asset: Asset, price: float, quote: ExchangeQuote) -> str:
        ticker = {"type": "ticker", "product_id": _NAMES[asset], "price": f"{price:.10g}"}
        if channel == "ticker":
            ticker |= {
                "best_bid": f"{quote.bid:.10g}",
                "best_bid_quantity": f"{quote.bid_size:.8f}",
                "best_ask": f"{quote.ask:.10g}",
                "best_ask_quantity": f"{quote.ask_size:.8f}",
            }
        return self._message(channel, [{"type": "update", "tickers": [ticker]}])

    def _ticker_batch(self, at_ns: int) -> list[str]:
        wanted = self._wanted.get("ticker_batch", {})
        if not wanted or at_ns - self._ticker_batch_ns < _TICKER_BATCH_NS:
            return []
        self._ticker_batch_ns = at_ns
        quotes = [(asset, self._markets.quote(asset)) for asset in wanted]
        return [
            self._ticker("ticker_batch", asset, quote.bid, quote)
            for asset, quote in quotes
            if quote
        ]

    def _beat(self, at_ns: int) -> list[str]:
        if "heartbeats" not in self._wanted or at_ns - self._beat_ns < NS_PER_S:
            return []
        self._beat_ns, self._beats = at_ns, self._beats + 1
        moment = rfc3339(at_ns).replace("T", " ").replace("Z", " +0000 UTC m=+1.5")
        beat = {"current_time": moment, "heartbeat_counter": self._beats}
        return [self._message("heartbeats", [beat])]

    def _book(self, asset: Asset) -> list[str]:
        """The whole at first, then what changed. The book of this world has a level a side."""
        quote, old = self._markets.quote(asset), self._shown.get(asset)
        if quote is None:
            return []
        self._shown[asset] = quote
        updates = _levels(quote) if old is None else _gone(old, quote) + _levels(quote)
        at = "1970-01-01T00:00:00Z" if old is None else rfc3339(quote.at_ns)
        event = {
            "type": "snapshot" if old is None else "update",
            "product_id": _NAMES[asset],
            "updates": [{"side": side, "event_time": at, **level} for side, level in updates],
        }
        return [self._message("l2_data", [event])]

    def _acknowledge(self) -> str:
        listed = {
            channel: [_NAMES[asset] for asset in assets] or [channel]
            for channel, assets in self._wanted.items()
        }
        return self._message("subscriptions", [{"subscriptions": listed}])

    def _message(self, channel: str, events: list[dict[str, Any]]) -> str:
        self._sequence += 1
        message = {
            "channel": channel,
            "client_id": "",
            "timestamp": rfc3339(self._markets.now_ns),
            "sequence_num": self._sequence,
            "events": events,
        }
        return msgspec.json.encode(message).decode()

    def close(self) -> None:
        self._wanted.clear()


_Level = tuple[str, dict[str, str]]
"""A side's name, and a price with its quantity."""


def _levels(quote: ExchangeQuote) -> list[_Level]:
    return [
        _level("bid", quote.bid, quote.bid_size),
        _level("offer", quote.ask, quote.ask_size),
    ]


def _gone(old: ExchangeQuote, new: ExchangeQuote) -> list[_Level]:
    """Levels that the new quote has left."""
    sides = (("bid", old.bid, new.bid), ("offer", old.ask, new.ask))
    return [_level(side, before, 0.0) for side, before, now in sides if before != now]


def _level(side: str, price: float, size: float) -> _Level:
    return side, {"price_level": f"{price:.10g}", "new_quantity": f"{size:.8f}" if size else "0"}


def _error(words: str) -> str:
    return msgspec.json.encode({"type": "error", "message": words}).decode()

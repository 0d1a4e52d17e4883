"""Coinbase Advanced Trade's streams for one client, without a socket.

One `sequence_num` counts every message of a connection. Trades are batched, newest first, and
their side is the maker's; the ticker fires with each trade; heartbeats come each world second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import msgspec

from polytui.model.instrument import Asset, Exchange
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.sim.wire.form.wire_text import parse_object
from polytui.sim.wire.spot.coinbase_markets import (
    BASE_STEP,
    LEAST_USD,
    NAMES,
    CoinbaseMarkets,
    decimal,
    rfc3339,
    trade_row,
)
from polytui.sim.wire.spot.quoted_book import TICKS
from polytui.sim.world.candles import TapeBar
from polytui.sim.world.ladder import LadderSide
from polytui.sim.world.world_events import ChainlinkTicked, ExchangeQuote, ExchangeTrade, WorldEvent

CHANNELS = ("heartbeats", "market_trades", "ticker", "ticker_batch", "level2", "candles", "status")
_PRIVATE = ("user", "futures_balance_summary")
_CANDLE_S = 300
_SNAPSHOT_CANDLES = 20
_SNAPSHOT_TRADES = 20
_BATCH_NS = 200 * NS_PER_MS
_TICKER_BATCH_NS = 5 * NS_PER_S
_STATUS_NS = 5 * NS_PER_S
_SUBSCRIBE_WITHIN_S = 5.0
_QUIET_S = 75.0
"""Without heartbeats, a connection with so little to say is closed."""


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
        self._second_ns = 0
        self._status_turn = 0

    def opening(self) -> list[str]:
        return []

    def receive(self, text: str) -> list[str]:
        request = parse_object(text)
        if request is None or request.get("type") not in ("subscribe", "unsubscribe"):
            return [_error("invalid message")]
        channel, products = request.get("channel"), request.get("product_ids", [])
        if channel in _PRIVATE:
            return [_error("authentication failure")]
        if channel not in CHANNELS:
            return [_error(f"channel not supported: {channel}")]
        found = [self._markets.named(one) for one in products] if _is_list(products) else [None]
        assets = dict.fromkeys(asset for asset in found if asset is not None)
        if None in found:
            return [_error("product_id not found")]
        self.quiet_limit_s = None
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
        if channel == "candles":
            return self._candles(assets, "snapshot", _SNAPSHOT_CANDLES)
        if channel == "status":
            return [self._status(assets)]
        if channel in ("ticker", "ticker_batch"):
            quotes = [(asset, self._markets.quote(asset)) for asset in assets]
            return [
                self._ticker(channel, asset, self._markets.last(asset), quote, "snapshot")
                for asset, quote in quotes
                if quote
            ]
        return []

    def _past(self, asset: Asset) -> list[dict[str, str]]:
        return [trade_row(*one) for one in self._markets.trades(asset, _SNAPSHOT_TRADES)]

    def publish(self, world_event: WorldEvent) -> list[str]:
        at_ns = world_event.at_ns
        self._markets.note(world_event)
        frames = self._flush_when_due(at_ns)
        if isinstance(world_event, ChainlinkTicked):
            frames += self._beat(at_ns) + self._ticker_batch(at_ns) + self._each_second(at_ns)
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

    def _ticker(
        self, channel: str, asset: Asset, price: float, quote: ExchangeQuote, kind: str = "update"
    ) -> str:
        ticker = {"type": "ticker", "product_id": NAMES[asset], "price": decimal(price)}
        day = self._markets.day_by_the_way(asset)
        ticker |= {
            "volume_24_h": f"{day.volume:.8f}",
            "low_24_h": decimal(min(day.low, price)),
            "high_24_h": decimal(max(day.high, price)),
            # The history goes no further back than the day.
            "low_52_w": decimal(min(day.low, price)),
            "high_52_w": decimal(max(day.high, price)),
            "price_percent_chg_24_h": f"{(price / day.open - 1) * 100 if day.open else 0.0:.8f}",
        }
        if channel == "ticker":
            ticker |= {
                "best_bid": decimal(quote.bid),
                "best_bid_quantity": f"{quote.bid_size:.8f}",
                "best_ask": decimal(quote.ask),
                "best_ask_quantity": f"{quote.ask_size:.8f}",
            }
        return self._message(channel, [{"type": kind, "tickers": [ticker]}])

    def _each_second(self, at_ns: int) -> list[str]:
        """The candle in progress, and that the products are as they were."""
        if at_ns - self._second_ns < NS_PER_S:
            return []
        self._second_ns = at_ns
        frames = self._candles(self._wanted.get("candles", {}), "update", 1)
        if "status" in self._wanted and at_ns // _STATUS_NS != self._status_turn:
            self._status_turn = at_ns // _STATUS_NS
            frames.append(self._status(self._wanted["status"]))
        return frames

    def _candles(self, assets: Iterable[Asset], kind: str, count: int) -> list[str]:
        """Bars of five minutes, newest first; the venue has no others."""
        frames = []
        for asset in assets:
            bars = self._markets.candles(asset, _CANDLE_S, 0, self._markets.now_ns, count)
            rows = [{**candle_row(bar), "product_id": NAMES[asset]} for bar in reversed(bars)]
            frames.append(self._message("candles", [{"type": kind, "candles": rows}]))
        return frames

    def _status(self, assets: Iterable[Asset]) -> str:
        listed = [
            {
                "product_type": "SPOT",
                "id": NAMES[asset],
                "base_currency": asset.value.upper(),
                "quote_currency": "USD",
                "base_increment": BASE_STEP,
                "quote_increment": decimal(TICKS[asset]),
                "display_name": f"{asset.value.upper()}/USD",
                "status": "online",
                "status_message": "",
                "min_market_funds": LEAST_USD,
            }
            for asset in assets or self._markets.assets
        ]
        return self._message("status", [{"type": "snapshot", "products": listed}])

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
        """The whole at first, then what changed."""
        quote, old = self._markets.quote(asset), self._shown.get(asset)
        if quote is None or quote is old:
            return []
        self._shown[asset] = quote
        book = self._markets.market(asset).book
        sides = book.sides() if old is None else self._markets.changes(asset, old)
        at = "1970-01-01T00:00:00Z" if old is None else rfc3339(quote.at_ns)
        event = {
            "type": "snapshot" if old is None else "update",
            "product_id": NAMES[asset],
            "updates": [*_updates("bid", sides[0], at), *_updates("offer", sides[1], at)],
        }
        return [self._message("l2_data", [event])]

    def _acknowledge(self) -> str:
        listed = {
            channel: [NAMES[asset] for asset in assets] or [channel]
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


def candle_row(bar: TapeBar) -> dict[str, str]:
    return {
        "start": str(bar.open_ns // NS_PER_S),
        "low": decimal(bar.low),
        "high": decimal(bar.high),
        "open": decimal(bar.open),
        "close": decimal(bar.close),
        "volume": f"{bar.volume:.8f}",
    }


def _updates(side: str, levels: LadderSide, at: str) -> Iterator[dict[str, str]]:
    for price, size in levels.items():
        quantity = f"{size:.8f}" if size else "0"
        yield {
            "side": side,
            "event_time": at,
            "price_level": decimal(price),
            "new_quantity": quantity,
        }


def _is_list(products: Any) -> bool:
    return isinstance(products, list)


def _error(words: str) -> str:
    return msgspec.json.encode({"type": "error", "message": words}).decode()

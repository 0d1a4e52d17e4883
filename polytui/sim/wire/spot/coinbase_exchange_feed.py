"""Coinbase Exchange's feed for one client: the older protocol, one message a product and event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import msgspec

from polytui.model.instrument import Asset, Exchange
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.sim.wire.form.wire_text import parse_object
from polytui.sim.wire.spot.coinbase_exchange_api import currency_document, product_document
from polytui.sim.wire.spot.coinbase_markets import (
    NAMES,
    CoinbaseMarkets,
    decimal,
    orders_at,
    rfc3339,
)
from polytui.sim.world.ladder import LadderSide
from polytui.sim.world.world_events import ChainlinkTicked, ExchangeQuote, ExchangeTrade, WorldEvent

_OPEN = ("heartbeat", "status", "ticker", "ticker_batch", "level2_batch", "matches")
_KEYED = ("level2", "user")
"""Channels for those who say who they are; any complete set of credentials is taken."""
_CHANNELS = (*_OPEN, *_KEYED)
_NOT_HERE = ("full", "level3", "auctionfeed", "rfq_matches", "balance")
_CREDENTIALS = ("signature", "key", "passphrase", "timestamp")
_SUBSCRIBE_WITHIN_S = 5.0
_BATCH_NS = 50 * NS_PER_MS
_SLOW_NS = 5 * NS_PER_S
_FAILED = "Failed to subscribe"


class _NoSubscriptionError(Exception):
    """One bad channel or product refuses the whole request."""

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason


class CoinbaseExchangeFeed:
    """One connection. Who does not subscribe within five seconds is dropped (venue rule)."""

    WANTS: ClassVar[tuple[type, ...]] = (ExchangeTrade, ExchangeQuote, ChainlinkTicked)
    ping_every_s: ClassVar[float | None] = None

    def __init__(self, markets: CoinbaseMarkets) -> None:
        self.quiet_limit_s: float | None = _SUBSCRIBE_WITHIN_S
        self.closing: tuple[int, str] | None = None
        self._markets = markets
        self._wanted: dict[str, dict[Asset, None]] = {}
        self._shown: dict[tuple[str, Asset], ExchangeQuote] = {}
        """The books that this client was given."""
        self._turns: dict[str, int] = {}

    def opening(self) -> list[str]:
        return []

    def receive(self, text: str) -> list[str]:
        request = parse_object(text)
        if request is None:
            return [_text({"type": "error", "message": "Malformed JSON"})]
        try:
            return self._obey(request)
        except _NoSubscriptionError as refused:
            reason = {"reason": refused.reason} if refused.reason else {}
            return [_text({"type": "error", "message": refused.message, **reason})]

    def publish(self, world_event: WorldEvent) -> list[str]:
        self._markets.note(world_event)
        if not self._wanted:
            return []
        documents: list[dict[str, Any]] = []
        if isinstance(world_event, ExchangeTrade | ExchangeQuote):
            documents += self._heard(world_event)
        documents += self._by_clock(world_event.at_ns)
        return [_text(document) for document in documents]

    def close(self) -> None:
        self._wanted.clear()

    def _obey(self, request: dict[str, Any]) -> list[str]:
        verb = request.get("type")
        if verb not in ("subscribe", "unsubscribe"):
            raise _NoSubscriptionError("Malformed message: type has to be subscribe or unsubscribe")
        channels, products = request.get("channels"), request.get("product_ids", [])
        if not isinstance(channels, list) or not isinstance(products, list) or not channels:
            raise _NoSubscriptionError(_FAILED, "channels and product_ids have to be lists")
        asked = [self._entry(one, products) for one in channels]
        if verb == "subscribe":
            for channel, assets in asked:
                self._judge(channel, assets, request)
        self.quiet_limit_s = None
        documents = []
        for channel, assets in asked:
            documents += self._change(verb, channel, assets)
        return [_text(one) for one in [self._subscriptions(), *documents]]

    def _entry(self, raw: Any, products: list[Any]) -> tuple[str, dict[Asset, None]]:
        if isinstance(raw, dict):
            raw, products = raw.get("name"), raw.get("product_ids", products)
        if not isinstance(raw, str) or not isinstance(products, list):
            raise _NoSubscriptionError(_FAILED, "a channel has to have a name")
        assets: dict[Asset, None] = {}
        for product in products:
            asset = self._markets.named(product)
            if asset is None or NAMES[asset] != product:
                raise _NoSubscriptionError(_FAILED, f"{str(product)[:40]} is not a valid product")
            assets[asset] = None
        return raw, assets

    def _judge(self, channel: str, assets: dict[Asset, None], request: dict[str, Any]) -> None:
        if channel in _NOT_HERE:
            raise _NoSubscriptionError(_FAILED, f"{channel} is not available")
        if channel not in _CHANNELS:
            raise _NoSubscriptionError(_FAILED, f"{channel[:40]} is not a valid channel")
        given = [request.get(name) for name in _CREDENTIALS]
        if channel in _KEYED and not any(given):
            raise _NoSubscriptionError(_FAILED, f"{channel} requires authentication")
        if any(given) and not all(isinstance(one, str | int) and one for one in given):
            raise _NoSubscriptionError("Authentication Failed", '{"message":"Invalid API Key"}')
        if not assets and channel not in ("status", "user"):
            raise _NoSubscriptionError(_FAILED, f"{channel} needs product_ids")

    def _change(self, verb: str, channel: str, assets: dict[Asset, None]) -> list[dict[str, Any]]:
        if verb == "unsubscribe":
            wanted = self._wanted.get(channel, {})
            for asset in assets or list(wanted):
                wanted.pop(asset, None)
                self._shown.pop((channel, asset), None)
            if not wanted:
                self._wanted.pop(channel, None)
            return []
        self._wanted.setdefault(channel, {}).update(assets)
        return [one for one in self._first(channel, assets) if one is not None]

    def _first(self, channel: str, assets: Iterable[Asset]) -> Iterator[dict[str, Any] | None]:
        """What a channel begins with."""
        if channel == "status":
            yield self._status()
        for asset in assets:
            if channel in ("level2", "level2_batch"):
                self._shown.pop((channel, asset), None)
                yield self._book(channel, asset)
            elif channel in ("ticker", "ticker_batch"):
                yield self._ticker(asset)
            elif channel == "matches":
                yield self._match(asset, "last_match")

    def _heard(self, world_event: ExchangeTrade | ExchangeQuote) -> list[dict[str, Any]]:
        if world_event.venue is not Exchange.COINBASE:
            return []
        asset, found = world_event.asset, []
        if isinstance(world_event, ExchangeQuote):
            if asset in self._wanted.get("level2", {}):
                found.append(self._book("level2", asset))
        else:
            if asset in self._wanted.get("matches", {}):
                found.append(self._match(asset, "match"))
            if asset in self._wanted.get("ticker", {}):
                found.append(self._ticker(asset))
        return [one for one in found if one is not None]

    def _by_clock(self, at_ns: int) -> Iterator[dict[str, Any]]:
        found: list[dict[str, Any] | None] = []
        if self._is_due("level2_batch", at_ns, _BATCH_NS):
            found += [self._book("level2_batch", one) for one in self._wanted["level2_batch"]]
        if self._is_due("ticker_batch", at_ns, _SLOW_NS):
            found += [self._ticker(one) for one in self._wanted["ticker_batch"]]
        if self._is_due("heartbeat", at_ns, NS_PER_S):
            found += [self._beat(one) for one in self._wanted["heartbeat"]]
        if self._is_due("status", at_ns, _SLOW_NS):
            found.append(self._status())
        return (one for one in found if one is not None)

    def _is_due(self, channel: str, at_ns: int, every_ns: int) -> bool:
        turn = at_ns // every_ns
        if channel not in self._wanted or self._turns.get(channel) == turn:
            return False
        self._turns[channel] = turn
        return True

    def _book(self, channel: str, asset: Asset) -> dict[str, Any] | None:
        """The whole at first, then what changed."""
        quote, old = self._markets.quote(asset), self._shown.get((channel, asset))
        if quote is None or quote is old:
            return None
        self._shown[channel, asset] = quote
        product = NAMES[asset]
        if old is None:
            bids, asks = self._markets.market(asset).book.sides()
            sides = {"bids": list(_levels(bids)), "asks": list(_levels(asks))}
            return {"type": "snapshot", "product_id": product, **sides}
        bids, asks = self._markets.changes(asset, old)
        changes = [["buy", *level] for level in _levels(bids)]
        changes += [["sell", *level] for level in _levels(asks)]
        if not changes:
            return None
        head = {"type": "l2update", "product_id": product, "time": rfc3339(quote.at_ns)}
        return {**head, "changes": changes}

    def _match(self, asset: Asset, kind: str) -> dict[str, Any] | None:
        """`side` is the maker's."""
        for number, trade in self._markets.trades(asset, 1):
            product = NAMES[asset]
            maker = next(orders_at(product, trade.price, trade.size))[0]
            taker = next(orders_at(f"{product}:{number}", trade.price, trade.size))[0]
            return {
                "type": kind,
                "trade_id": number,
                "maker_order_id": maker,
                "taker_order_id": taker,
                "side": "buy" if trade.is_buyer_maker else "sell",
                "size": f"{trade.size:.8f}",
                "price": decimal(trade.price),
                "product_id": product,
                "sequence": self._markets.market(asset).sequence,
                "time": rfc3339(trade.at_ns),
            }
        return None

    def _ticker(self, asset: Asset) -> dict[str, Any] | None:
        """`side` is the taker's here."""
        quote, last = self._markets.quote(asset), self._markets.trades(asset, 1)
        if quote is None or not last:
            return None
        (number, trade), day = last[0], self._markets.day(asset)
        return {
            "type": "ticker",
            "sequence": self._markets.market(asset).sequence,
            "product_id": NAMES[asset],
            "price": decimal(trade.price),
            "open_24h": decimal(day.open),
            "volume_24h": f"{day.volume:.8f}",
            "low_24h": decimal(min(day.low, trade.price)),
            "high_24h": decimal(max(day.high, trade.price)),
            "volume_30d": f"{day.volume:.8f}",
            "best_bid": decimal(quote.bid),
            "best_bid_size": f"{quote.bid_size:.8f}",
            "best_ask": decimal(quote.ask),
            "best_ask_size": f"{quote.ask_size:.8f}",
            "side": "sell" if trade.is_buyer_maker else "buy",
            "time": rfc3339(trade.at_ns),
            "trade_id": number,
            "last_size": f"{trade.size:.8f}",
        }

    def _beat(self, asset: Asset) -> dict[str, Any]:
        last = self._markets.trades(asset, 1)
        return {
            "type": "heartbeat",
            "last_trade_id": last[0][0] if last else 0,
            "product_id": NAMES[asset],
            "sequence": self._markets.market(asset).sequence,
            "time": rfc3339(self._markets.now_ns),
        }

    def _status(self) -> dict[str, Any]:
        assets = self._markets.assets
        coins = [*(asset.value.upper() for asset in assets), "USD"]
        return {
            "type": "status",
            "products": [{**product_document(asset), "type": "spot"} for asset in assets],
            "currencies": [currency_document(coin) for coin in coins],
        }

    def _subscriptions(self) -> dict[str, Any]:
        channels = [
            {"name": name, "product_ids": [NAMES[one] for one in assets], "account_ids": None}
            for name, assets in self._wanted.items()
        ]
        return {"type": "subscriptions", "channels": channels}


def _levels(side: LadderSide) -> Iterator[list[str]]:
    for price, size in side.items():
        yield [decimal(price), f"{size:.8f}"]


def _text(document: dict[str, Any]) -> str:
    return msgspec.json.encode(document).decode()

"""Bybit's spot streams for one client, without a socket: trades, and a book of fifty levels.

The ladder is made of the quote: the bests as they are, behind them a grid of round prices whose
sizes hang on the price alone, so that a moving quote changes a few levels and not all.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any, ClassVar
from uuid import UUID

import msgspec
from attrs import define, field

from polytui.model.instrument import Asset, Exchange
from polytui.sim.wire.wire_text import millis, parse_object
from polytui.sim.world.world_events import ExchangeQuote, ExchangeTrade, WorldEvent

SYMBOLS = {f"{asset.value.upper()}USDT": asset for asset in Asset}
_NAMES = {asset: symbol for symbol, asset in SYMBOLS.items()}
_FIRST_ID = 2_290_000_001_000_000_000
_FIRST_UPDATE = 18_000_000
_LEVELS = 50
_GRID_BPS = 0.5
_SEND_DELAY_MS = 3
_KEPT_TRADES = 500
_MOST_ARGS = 10
_DEPTHS = ("50",)

Side = dict[str, str]
"""Sizes by price, as texts."""


@define
class _BybitSymbol:
    """One symbol: its ladder as texts, its counters, its last trades."""

    bids: Side = field(factory=dict)
    asks: Side = field(factory=dict)
    update: int = _FIRST_UPDATE
    sequence: int = 115_000_000_000
    trade_id: int = _FIRST_ID
    is_restarting: bool = False
    changed_ns: int = 0
    usual: float = 0.0
    """The order of magnitude of sizes, by the first quote."""
    trades: deque[tuple[int, ExchangeTrade]] = field(factory=lambda: deque(maxlen=_KEPT_TRADES))


class BybitFrames:
    """Writes each world event once for all sessions, and keeps the ladders."""

    def __init__(self) -> None:
        self._markets = {asset: _BybitSymbol() for asset in Asset}
        self._last: WorldEvent | None = None
        self._frame: tuple[str, str] | None = None

    def note(self, world_event: WorldEvent) -> None:
        """Twice for the same world event changes nothing."""
        if world_event is self._last:
            return
        self._last, self._frame = world_event, None
        if isinstance(world_event, ExchangeTrade) and world_event.venue is Exchange.BYBIT:
            self._frame = self._traded(world_event)
        elif isinstance(world_event, ExchangeQuote) and world_event.venue is Exchange.BYBIT:
            self._frame = self._quoted(world_event)

    def of(self, world_event: WorldEvent) -> tuple[str, str] | None:
        """(topic, frame), or None for what is not ours."""
        self.note(world_event)
        return self._frame

    def restart(self) -> None:
        """The service begins anew: the next book message is a snapshot with update 1."""
        for market in self._markets.values():
            market.is_restarting = True

    def trades(self, asset: Asset) -> list[tuple[int, ExchangeTrade]]:
        """The latest trades with their ids, oldest first."""
        return list(self._markets[asset].trades)

    def book(self, asset: Asset) -> _BybitSymbol:
        return self._markets[asset]

    def snapshot(self, asset: Asset) -> str | None:
        """The whole ladder as it last changed; None before the first quote."""
        market = self._markets[asset]
        if not market.bids:
            return None
        sides = (market.bids, market.asks)
        return _book_frame(asset, market, "snapshot", *sides, market.changed_ns)

    def _traded(self, trade: ExchangeTrade) -> tuple[str, str]:
        market, symbol = self._markets[trade.asset], _NAMES[trade.asset]
        market.trade_id += 1 + market.sequence % 3
        market.sequence += 7
        market.trades.append((market.trade_id, trade))
        at_ms = millis(trade.at_ns)
        side = "Sell" if trade.is_buyer_maker else "Buy"
        topic = f"publicTrade.{symbol}"
        return topic, (
            f'{{"topic":"{topic}","ts":{at_ms + _SEND_DELAY_MS},"type":"snapshot","data":[{{'
            f'"i":"{market.trade_id}","T":{at_ms},"p":"{_plain(trade.price)}",'
            f'"v":"{_plain(trade.size)}","S":"{side}","seq":{market.sequence},"s":"{symbol}",'
            f'"BT":false,"RPI":false}}]}}'
        )

    def _quoted(self, quote: ExchangeQuote) -> tuple[str, str]:
        market = self._markets[quote.asset]
        market.usual = market.usual or 10.0 ** round(math.log10(max(quote.bid_size, 1e-4)))
        bids = _ladder(quote.bid, quote.bid_size, market.usual, -1)
        asks = _ladder(quote.ask, quote.ask_size, market.usual, 1)
        before = (market.bids, market.asks)
        market.bids, market.asks, market.changed_ns = bids, asks, quote.at_ns
        market.sequence += 7
        topic = f"orderbook.50.{_NAMES[quote.asset]}"
        if market.is_restarting or not before[0]:
            market.update = 1 if market.is_restarting else market.update + 1
            market.is_restarting = False
            return topic, _book_frame(quote.asset, market, "snapshot", bids, asks, quote.at_ns)
        market.update += 1
        changed = (_changes(before[0], bids), _changes(before[1], asks))
        return topic, _book_frame(quote.asset, market, "delta", *changed, quote.at_ns)


def _ladder(best: float, size: float, usual: float, step: int) -> Side:
    """The best and a grid of round prices behind it, away from the middle."""
    grid = 10.0 ** math.floor(math.log10(best * _GRID_BPS * 1e-4))
    start = math.floor(best / grid) if step < 0 else math.ceil(best / grid)
    ladder = {_plain(best): _plain(size)}
    index = start + step
    while len(ladder) < _LEVELS:
        ladder.setdefault(_plain(round(index * grid, 8)), _plain(_size_at(index, usual)))
        index += step
    return ladder


def _size_at(index: int, usual: float) -> float:
    """Of a grid price: between 0.2 and 3.2 of a usual size, the same whenever it is asked."""
    return round(usual * (0.2 + (index * 2_654_435_761 % 997) / 332.0), 5)


def _changes(before: Side, after: Side) -> Side:
    gone = dict.fromkeys((price for price in before if price not in after), "0")
    return gone | {price: size for price, size in after.items() if before.get(price) != size}


def _book_frame(
    asset: Asset, market: _BybitSymbol, kind: str, bids: Side, asks: Side, at_ns: int
) -> str:
    symbol, at_ms = _NAMES[asset], millis(at_ns)
    sides = ",".join(
        f'"{name}":[' + ",".join([f'["{price}","{size}"]' for price, size in side.items()]) + "]"
        for name, side in (("b", bids), ("a", asks))
    )
    return (
        f'{{"topic":"orderbook.50.{symbol}","ts":{at_ms + _SEND_DELAY_MS},"type":"{kind}","data":'
        f'{{"s":"{symbol}",{sides},"u":{market.update},"seq":{market.sequence}}},"cts":{at_ms}}}'
    )


def _plain(value: float) -> str:
    """No padding zeros, no exponent."""
    text = f"{value:.8f}".rstrip("0")
    return text.rstrip(".")


class BybitSession:
    """One connection to `/v5/public/spot`.

    Venue rules: more than ten topics refuse the whole request; an answer names the operation in
    `ret_msg`; a pong says op "ping"; ten minutes of silence end it.
    """

    WANTS: ClassVar[tuple[type, ...]] = (ExchangeTrade, ExchangeQuote)
    ping_every_s: ClassVar[float | None] = None

    def __init__(self, frames: BybitFrames, number: int) -> None:
        self.quiet_limit_s: float | None = 600.0
        self.closing: tuple[int, str] | None = None
        self._frames = frames
        self._id = str(UUID(int=number))
        self._topics: dict[str, Asset] = {}
        self._waiting: dict[Asset, None] = {}
        """Assets whose book has not been sent yet."""

    def opening(self) -> list[str]:
        return []

    def receive(self, text: str) -> list[str]:
        request = parse_object(text)
        if request is None:
            return [self._answer("", None, "error:request is not json")]
        operation, request_id = request.get("op"), request.get("req_id")
        if operation == "ping":
            return [self._answer("ping", request_id, "pong", is_ok=True)]
        args = request.get("args")
        if operation not in ("subscribe", "unsubscribe") or not isinstance(args, list):
            return [self._answer(str(operation), request_id, "error:unknown operation")]
        return self._change(operation, args, request_id)

    def _change(self, operation: str, topics: list[Any], request_id: Any) -> list[str]:
        fault = self._fault(operation, topics)
        if fault:
            return [self._answer(operation, request_id, fault)]
        frames = [self._answer(operation, request_id, operation, is_ok=True)]
        for topic in topics:
            asset = SYMBOLS[topic.rpartition(".")[2]]
            if operation == "unsubscribe":
                self._topics.pop(topic, None)
                continue
            self._topics[topic] = asset
            if topic.startswith("orderbook."):
                snapshot = self._frames.snapshot(asset)
                frames += [snapshot] if snapshot else []
                if not snapshot:
                    self._waiting[asset] = None
        return frames

    def _fault(self, operation: str, topics: list[Any]) -> str:
        if len(topics) > _MOST_ARGS:
            return f"args size >{_MOST_ARGS}"
        for topic in topics:
            kind, _, symbol = str(topic).rpartition(".")
            if symbol not in SYMBOLS:
                return f"Invalid symbol :[{topic}]"
            if kind != "publicTrade" and kind not in [f"orderbook.{depth}" for depth in _DEPTHS]:
                return f"error:handler not found,topic:{topic}"
            if operation == "subscribe" and topic in self._topics:
                return f"error:already subscribed,topic:{topic}"
        return ""

    def publish(self, world_event: WorldEvent) -> list[str]:
        frame = self._frames.of(world_event)
        if frame is None or frame[0] not in self._topics:
            return []
        asset = self._topics[frame[0]]
        if asset in self._waiting and frame[0].startswith("orderbook."):
            del self._waiting[asset]
            snapshot = self._frames.snapshot(asset)
            return [snapshot] if snapshot else []
        return [frame[1]]

    def close(self) -> None:
        self._topics.clear()

    def _answer(self, operation: str, request_id: Any, words: str, *, is_ok: bool = False) -> str:
        answer: dict[str, Any] = {"success": is_ok, "ret_msg": words, "conn_id": self._id}
        if request_id is not None and operation != "ping":
            answer["req_id"] = request_id
        answer["op"] = operation
        return msgspec.json.encode(answer).decode()

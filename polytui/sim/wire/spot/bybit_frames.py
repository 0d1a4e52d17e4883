"""What Bybit's spot streams say of each market: trades, books of several depths, tickers, candles.

Counters move with every trade and quote, whoever listens; a text is only written once somebody
listens to its topic, and then once for all who do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container
from typing import Any

import msgspec
from attrs import define, field

from polytui.model.instrument import Asset, Exchange
from polytui.model.units import NS_PER_S
from polytui.sim.wire.form.wire_text import millis
from polytui.sim.wire.spot.day_figures import DayFigures, DayFiguresOf
from polytui.sim.wire.spot.quoted_book import QuotedBook
from polytui.sim.world.candles import TapeBar
from polytui.sim.world.ladder import LadderSide
from polytui.sim.world.world import World
from polytui.sim.world.world_events import ExchangeQuote, ExchangeTrade, WorldEvent

SYMBOLS = {f"{asset.value.upper()}USDT": asset for asset in Asset}
NAMES = {asset: symbol for symbol, asset in SYMBOLS.items()}
DEPTHS = (1, 50, 200, 1_000)
MINUTES = {"1": 1, "3": 3, "5": 5, "15": 15, "30": 30, "60": 60, "120": 120, "240": 240}
MINUTES |= {"360": 360, "720": 720, "D": 1_440}
"""Lengths of the intervals that are whole multiples since the epoch."""
_FIRST_ID = 2_290_000_001_000_000_000
_FIRST_UPDATE = 18_000_000
_SEND_DELAY_MS = 3
_KEPT_TRADES = 1_000


@define
class BybitSymbol:
    """State of one symbol: its book, its counters, its last trades."""

    book: QuotedBook
    update: int = _FIRST_UPDATE
    sequence: int = 115_000_000_000
    trade_id: int = _FIRST_ID
    is_restarting: bool = False
    has_restarted: bool = False
    """With its last quote: then the whole book is told, whatever was known of it."""
    changed_ns: int = 0
    trades: deque[tuple[int, ExchangeTrade]] = field(factory=lambda: deque(maxlen=_KEPT_TRADES))


class BybitFrames:
    """State: the markets, and what was written of the last world event."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.days = DayFiguresOf(world, Exchange.BYBIT)
        self._markets = {asset: BybitSymbol(QuotedBook(asset)) for asset in Asset}
        self._last: WorldEvent | None = None
        self._topics: tuple[str, ...] = ()
        self._texts: dict[str, str] = {}

    def note(self, world_event: WorldEvent) -> None:
        """Twice for the same world event changes nothing."""
        if world_event is self._last:
            return
        self._last, self._topics = world_event, ()
        if isinstance(world_event, ExchangeTrade) and world_event.venue is Exchange.BYBIT:
            self._traded(world_event)
        elif isinstance(world_event, ExchangeQuote) and world_event.venue is Exchange.BYBIT:
            self._quoted(world_event)

    def of(self, world_event: WorldEvent, wanted: Container[str]) -> list[str]:
        """What it is to those who listen to the wanted topics."""
        self.note(world_event)
        return [self._text(topic) for topic in self._topics if topic in wanted]

    def restart(self) -> None:
        """The service begins anew: the next book message is a snapshot with update 1."""
        for market in self._markets.values():
            market.is_restarting = True

    def market(self, asset: Asset) -> BybitSymbol:
        return self._markets[asset]

    def trades(self, asset: Asset) -> list[tuple[int, ExchangeTrade]]:
        """The latest trades with their ids, oldest first."""
        return list(self._markets[asset].trades)

    def last(self, asset: Asset) -> float:
        trades = self._markets[asset].trades
        return trades[-1][1].price if trades else self.days.by_the_way(asset).last

    def is_traded(self, asset: Asset) -> bool:
        return asset in self._world.assets

    def snapshot(self, asset: Asset, depth: int) -> str | None:
        """The best levels as they last changed; None before the first quote."""
        market = self._markets[asset]
        if market.book.quote is None:
            return None
        return _book_frame(asset, market, depth, "snapshot", market.book.sides(depth))

    def ticker(self, asset: Asset, at_ns: int) -> str:
        market, symbol = self._markets[asset], NAMES[asset]
        return _text(
            {
                "topic": f"tickers.{symbol}",
                "ts": millis(at_ns) + _SEND_DELAY_MS,
                "type": "snapshot",
                "cs": market.sequence,
                "data": day_row(symbol, self.days.of(asset), self.last(asset)),
            }
        )

    def kline(self, asset: Asset, interval: str, bar: TapeBar, at_ns: int) -> str:
        end_ns = bar.open_ns + MINUTES[interval] * 60 * NS_PER_S
        prices = {name: plain(getattr(bar, name)) for name in ("open", "close", "high", "low")}
        row = {
            "start": millis(bar.open_ns),
            "end": millis(end_ns) - 1,
            "interval": interval,
            **prices,
            "volume": plain(bar.volume),
            "turnover": plain(bar.volume * (bar.open + bar.close) / 2),
            "confirm": end_ns <= at_ns,
            "timestamp": millis(at_ns),
        }
        topic = f"kline.{interval}.{NAMES[asset]}"
        return _text({"topic": topic, "data": [row], "ts": millis(at_ns), "type": "snapshot"})

    def bars(self, asset: Asset, interval: str, since_ns: int, at_ns: int) -> list[TapeBar]:
        """The candle in progress, and those before it that open at `since_ns` or later."""
        seconds = MINUTES[interval] * 60
        first_ns = since_ns or at_ns - at_ns % (seconds * NS_PER_S)
        return self._world.candles(asset, seconds, first_ns, at_ns, 3, venue=Exchange.BYBIT)

    def _traded(self, trade: ExchangeTrade) -> None:
        market = self._markets[trade.asset]
        market.trade_id += 1 + market.sequence % 3
        market.sequence += 7
        market.trades.append((market.trade_id, trade))
        self._topics, self._texts = _TRADE_TOPICS[trade.asset], {}

    def _quoted(self, quote: ExchangeQuote) -> None:
        market = self._markets[quote.asset]
        market.book.note(quote)
        market.changed_ns = quote.at_ns
        market.sequence += 7
        market.has_restarted, market.is_restarting = market.is_restarting, False
        market.update = 1 if market.has_restarted else market.update + 1
        self._topics, self._texts = _QUOTE_TOPICS[quote.asset], {}

    def _text(self, topic: str) -> str:
        text = self._texts.get(topic)
        if text is None:
            text = self._texts[topic] = self._written(topic)
        return text

    def _written(self, topic: str) -> str:
        world_event = self._last
        if isinstance(world_event, ExchangeTrade):
            if topic.startswith("tickers."):
                return self.ticker(world_event.asset, world_event.at_ns)
            return _trade_frame(topic, world_event, self._markets[world_event.asset])
        if not isinstance(world_event, ExchangeQuote):
            raise TypeError(f"no topic is of {world_event}")
        market, depth = self._markets[world_event.asset], int(topic.split(".")[1])
        book, is_whole = market.book, depth == 1 or market.has_restarted
        if is_whole or book.before is None:
            return _book_frame(world_event.asset, market, depth, "snapshot", book.sides(depth))
        changes = book.since(book.before, depth)
        return _book_frame(world_event.asset, market, depth, "delta", changes)


_TRADE_TOPICS = {
    asset: (f"publicTrade.{symbol}", f"tickers.{symbol}") for asset, symbol in NAMES.items()
}
_QUOTE_TOPICS = {
    asset: tuple(f"orderbook.{depth}.{symbol}" for depth in DEPTHS)
    for asset, symbol in NAMES.items()
}


def day_row(symbol: str, day: DayFigures, last: float) -> dict[str, str]:
    """What both the stream and the read of tickers say of the day."""
    return {
        "symbol": symbol,
        "lastPrice": plain(last),
        "highPrice24h": plain(max(day.high, last)),
        "lowPrice24h": plain(min(day.low, last)),
        "prevPrice24h": plain(day.open),
        "volume24h": plain(day.volume),
        "turnover24h": plain(day.turnover),
        "price24hPcnt": f"{(last / day.open - 1) if day.open else 0.0:.4f}",
        # The venue leaves it empty where it keeps no index of the coin.
        "usdIndexPrice": "",
    }


def _trade_frame(topic: str, trade: ExchangeTrade, market: BybitSymbol) -> str:
    at_ms = millis(trade.at_ns)
    side = "Sell" if trade.is_buyer_maker else "Buy"
    return (
        f'{{"topic":"{topic}","ts":{at_ms + _SEND_DELAY_MS},"type":"snapshot","data":[{{'
        f'"i":"{market.trade_id}","T":{at_ms},"p":"{plain(trade.price)}",'
        f'"v":"{plain(trade.size)}","S":"{side}","seq":{market.sequence},'
        f'"s":"{NAMES[trade.asset]}","BT":false,"RPI":false}}]}}'
    )


def _book_frame(
    asset: Asset,
    market: BybitSymbol,
    depth: int,
    kind: str,
    sides: tuple[LadderSide, LadderSide],
) -> str:
    symbol, at_ms = NAMES[asset], millis(market.changed_ns)
    levels = ",".join(
        f'"{name}":['
        + ",".join([f'["{plain(price)}","{plain(size)}"]' for price, size in side.items()])
        + "]"
        for name, side in zip("ba", sides, strict=True)
    )
    return (
        f'{{"topic":"orderbook.{depth}.{symbol}","ts":{at_ms + _SEND_DELAY_MS},"type":"{kind}",'
        f'"data":{{"s":"{symbol}",{levels},"u":{market.update},"seq":{market.sequence}}},'
        f'"cts":{at_ms}}}'
    )


def plain(value: float) -> str:
    """No padding zeros, no exponent."""
    text = f"{value:.8f}".rstrip("0")
    return text.rstrip(".")


def _text(document: dict[str, Any]) -> str:
    return msgspec.json.encode(document).decode()

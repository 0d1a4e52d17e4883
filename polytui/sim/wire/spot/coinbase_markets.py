"""What Coinbase's two services know of each market: numbered trades, a book, a day's figures."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

from attrs import define, field

from polytui.model.instrument import Asset, Exchange
from polytui.model.units import NS_PER_S
from polytui.sim.wire.spot.day_figures import DayFigures, DayFiguresOf
from polytui.sim.wire.spot.quoted_book import QuotedBook
from polytui.sim.world.candles import TapeBar
from polytui.sim.world.ladder import LadderSide
from polytui.sim.world.world import World
from polytui.sim.world.world_events import ExchangeQuote, ExchangeTrade, WorldEvent

PRODUCTS = {f"{asset.value.upper()}-USD": asset for asset in Asset}
NAMES = {asset: product for product, asset in PRODUCTS.items()}
ALIASES = {f"{asset.value.upper()}-USDC": asset for asset in Asset}
"""Other names of the same markets; what is answered bears the first name."""
COIN_NAMES = {
    Asset.BTC: "Bitcoin",
    Asset.ETH: "Ethereum",
    Asset.SOL: "Solana",
    Asset.XRP: "XRP",
}
BASE_STEP, LEAST_USD, MOST_USD = "0.00000001", "1", "150000000"
_FIRST_ID = 929_000_000
_FIRST_SEQUENCE = 90_000_000_000
_KEPT_TRADES = 1_000
_MOST_ORDERS = 3


@define
class CoinbaseProduct:
    """State of one market."""

    trade_id: int
    book: QuotedBook
    sequence: int = _FIRST_SEQUENCE
    trades: deque[tuple[int, ExchangeTrade]] = field(factory=lambda: deque(maxlen=_KEPT_TRADES))


class CoinbaseMarkets:
    """Numbers trades and keeps the last of everything, for all sessions."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._days = DayFiguresOf(world, Exchange.COINBASE)
        self._markets = {
            asset: CoinbaseProduct(_FIRST_ID + 10_000_000 * index, QuotedBook(asset))
            for index, asset in enumerate(Asset)
        }
        self._last: WorldEvent | None = None
        self._changes: dict[Asset, tuple[Any, Any, tuple[LadderSide, LadderSide]]] = {}
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
            market.sequence += 1
            market.trades.append((market.trade_id, world_event))
        elif isinstance(world_event, ExchangeQuote) and world_event.venue is Exchange.COINBASE:
            market = self._markets[world_event.asset]
            market.sequence += 1
            market.book.note(world_event)

    @property
    def assets(self) -> tuple[Asset, ...]:
        return self._world.assets

    def named(self, product: object) -> Asset | None:
        """The asset of a product that is traded here, by either of its names."""
        asset = PRODUCTS.get(str(product)) or ALIASES.get(str(product))
        return asset if asset in self._world.assets else None

    def market(self, asset: Asset) -> CoinbaseProduct:
        return self._markets[asset]

    def trades(self, asset: Asset, count: int) -> list[tuple[int, ExchangeTrade]]:
        """The latest, oldest first."""
        return list(self._markets[asset].trades)[-count:] if count else []

    def quote(self, asset: Asset) -> ExchangeQuote | None:
        return self._markets[asset].book.quote

    def changes(self, asset: Asset, old: ExchangeQuote) -> tuple[LadderSide, LadderSide]:
        """What has become another size since an older quote, in the whole book; found once for
        all who know the same."""
        book = self._markets[asset].book
        known = self._changes.get(asset)
        if known is None or known[0] is not old or known[1] is not book.quote:
            known = self._changes[asset] = (old, book.quote, book.since(old))
        return known[2]

    def day(self, asset: Asset) -> DayFigures:
        return self._days.of(asset)

    def day_by_the_way(self, asset: Asset) -> DayFigures:
        """For tickers: as far as the day has been made already."""
        return self._days.by_the_way(asset)

    def last(self, asset: Asset) -> float:
        """The price of the last trade, in dollars."""
        trades = self._markets[asset].trades
        return trades[-1][1].price if trades else self._days.by_the_way(asset).last

    def candles(
        self, asset: Asset, seconds: int, start_ns: int, end_ns: int, limit: int
    ) -> list[TapeBar]:
        """The newest `limit` of the bars that open in that time and are not empty, oldest
        first."""
        now_ns = self._world.now_ns
        end_ns = min(end_ns, now_ns)
        earliest_ns = end_ns - end_ns % (seconds * NS_PER_S) - (limit - 1) * seconds * NS_PER_S
        bars = self._world.candles(
            asset, seconds, max(start_ns, earliest_ns), end_ns, limit, venue=Exchange.COINBASE
        )
        return [bar for bar in bars if bar.trades]


def rfc3339(at_ns: int) -> str:
    """Up to nine decimals, as many as the number has: the venue cuts trailing zeros."""
    moment = datetime.fromtimestamp(at_ns // NS_PER_S, UTC)
    fraction = f"{at_ns % NS_PER_S:09d}".rstrip("0")
    return f"{moment:%Y-%m-%dT%H:%M:%S}" + (f".{fraction}" if fraction else "") + "Z"


def decimal(value: float) -> str:
    """A price: ten digits, no padding."""
    return f"{value:.10g}"


def trade_row(number: int, trade: ExchangeTrade) -> dict[str, str]:
    """`side` is the maker's: a buyer that waited is BUY."""
    return {
        "product_id": NAMES[trade.asset],
        "trade_id": str(number),
        "price": decimal(trade.price),
        "size": f"{trade.size:.8f}",
        "time": rfc3339(trade.at_ns),
        "side": "BUY" if trade.is_buyer_maker else "SELL",
    }


def orders_at(product: str, price: float, size: float) -> Iterator[tuple[str, float]]:
    """The orders that make up a level: ids, and sizes that add up to the level's."""
    digest = blake2b(f"{product}:{price!r}".encode(), digest_size=16).digest()
    count = 1 + digest[0] % _MOST_ORDERS
    part = round(size / count, 8)
    for number in range(count):
        order_id = UUID(bytes=bytes([digest[0] ^ number, *digest[1:]]))
        yield str(order_id), part if number else round(size - part * (count - 1), 8)

"""What the wires saw of markets: books and trades of the venue, prices of exchanges and Chainlink.

Two times where they exist: `venue_ns` (what the venue wrote) and `received_ns` (when we read it),
both UTC nanoseconds on the session's clock. Levels are (price, shares) pairs in millionths.
"""

from __future__ import annotations

from attrs import frozen

from polytui.model.candle import Candle
from polytui.model.instrument import Asset, PriceKind
from polytui.model.orders import Side
from polytui.model.units import Price, Shares

EXCHANGE_FEED = "binance"
"""The feed whose trades open and close an hourly round's candle."""

Level = tuple[int, int]
"""(price, shares), both in millionths."""


@frozen
class BookSnapshotted:
    """A whole book. Levels worst first, as on the wire: the best is the last element."""

    token_id: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    tick: Price | None
    venue_ns: int
    received_ns: int
    source: str = "stream"
    """"stream" or "rest"."""


@frozen
class LevelChange:
    """One level's new absolute size; 0 removes it. Bests are the venue's, None if not sent."""

    token_id: str
    side: Side
    """BUY is the bid side of this token."""
    price: Price
    shares: Shares
    best_bid: Price | None
    best_ask: Price | None


@frozen
class BookChanged:
    """The changes of one frame: the same order seen from both tokens comes as a pair."""

    changes: tuple[LevelChange, ...]
    venue_ns: int
    received_ns: int


@frozen
class TickSizeChanged:
    token_id: str
    tick: Price
    venue_ns: int
    received_ns: int


@frozen
class TradePrinted:
    """Somebody's trade on a Polymarket book. `taker_side` is the aggressor's."""

    token_id: str
    price: Price
    shares: Shares
    taker_side: Side
    venue_ns: int
    received_ns: int


@frozen
class ChainlinkPriced:
    """A point of Chainlink. `observed_ns` is the second it speaks of."""

    asset: Asset
    feed: str
    kind: PriceKind
    value: float
    window_s: int
    observed_ns: int
    venue_ns: int
    """When the relay sent it; equal to `observed_ns` in a history batch."""
    received_ns: int


@frozen
class ExchangeTraded:
    """A trade on an exchange, in the exchange's own currency."""

    asset: Asset
    venue: str
    trade_id: int
    price: float
    size: float
    taker_side: Side
    venue_ns: int
    received_ns: int
    is_history: bool = False
    """Given again after a gap or at subscription: true, but no news."""


@frozen
class ExchangeQuoted:
    """Best bid and ask of an exchange. `venue_ns` is 0 where the venue does not say."""

    asset: Asset
    venue: str
    bid: float
    bid_size: float
    ask: float
    ask_size: float
    venue_ns: int
    received_ns: int
    bid_depth: float = 0.0
    """Coins in the ten best bids; 0 where the feed does not carry them."""
    ask_depth: float = 0.0


@frozen
class CandlesLoaded:
    """Candles of `length_s` from the exchange's history, oldest first, all of them closed."""

    asset: Asset
    venue: str
    length_s: int
    candles: tuple[Candle, ...]
    received_ns: int

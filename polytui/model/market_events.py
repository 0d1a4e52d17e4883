"""What the wires saw of markets: books and trades of the venue, prices of exchanges and Chainlink.

Two times where they exist: `venue_ns` (what the venue wrote) and `received_ns` (when we read it),
both UTC nanoseconds on the session's clock. Levels are (price, shares) pairs in millionths.

Thousands of them are made a second, so they are structs, which cost a tenth of what attrs classes
cost to make, and are passed over by the garbage collector, since nothing in them leads to a cycle.
"""

from __future__ import annotations

from msgspec import Struct

from polytui.model.candle import Candle
from polytui.model.instrument import Asset, PriceKind
from polytui.model.orders import Side
from polytui.model.units import Price, Shares

EXCHANGE_FEED = "binance"
"""The feed whose trades open and close an hourly round's candle."""

Level = tuple[int, int]
"""(price, shares), both in millionths."""


class BookSnapshotted(Struct, frozen=True, gc=False):
    """A whole book. Levels worst first, as on the wire: the best is the last element."""

    token_id: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    tick: Price | None
    venue_ns: int
    received_ns: int
    source: str = "stream"
    """"stream" or "rest"."""


class LevelChange(Struct, frozen=True, gc=False):
    """One level's new absolute size; 0 removes it. Bests are the venue's, None if not sent."""

    token_id: str
    side: Side
    """BUY is the bid side of this token."""
    price: Price
    shares: Shares
    best_bid: Price | None
    best_ask: Price | None


class BookChanged(Struct, frozen=True, gc=False):
    """The changes of one frame: the same order seen from both tokens comes as a pair."""

    changes: tuple[LevelChange, ...]
    venue_ns: int
    received_ns: int


class TickSizeChanged(Struct, frozen=True, gc=False):
    token_id: str
    tick: Price
    venue_ns: int
    received_ns: int


class TradePrinted(Struct, frozen=True, gc=False):
    """Somebody's trade on a Polymarket book. `taker_side` is the aggressor's."""

    token_id: str
    price: Price
    shares: Shares
    taker_side: Side
    venue_ns: int
    received_ns: int


class ChainlinkPriced(Struct, frozen=True, gc=False):
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


class ExchangeTraded(Struct, frozen=True, gc=False):
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


class ExchangeQuoted(Struct, frozen=True, gc=False):
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


class CandlesLoaded(Struct, frozen=True, gc=False):
    """Candles of `length_s` from the exchange's history, oldest first, all of them closed."""

    asset: Asset
    venue: str
    length_s: int
    candles: tuple[Candle, ...]
    received_ns: int

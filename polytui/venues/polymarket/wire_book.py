"""A whole book as the CLOB sends it, by the stream and by REST, and the fingerprint it gives it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from polytui.model.events import BookSnapshotted, Level
from polytui.venues.feed import ns_of_ms
from polytui.venues.polymarket.wire_numbers import INNER_PRICES, SHARES, TOKENS, tick_of

_LEVELS_MOST = 9_999
"""Of a side: each price of the finest tick, 0.0001, between nothing and a dollar."""
_encode = msgspec.json.Encoder().encode


class WireLevel(msgspec.Struct, gc=False):
    price: str
    size: str


class WireBook(msgspec.Struct, gc=False):
    """A book as `GET /book`, `POST /books` and the stream send it."""

    asset_id: str
    timestamp: str
    bids: list[WireLevel]
    asks: list[WireLevel]
    tick_size: str = ""


def book_of(book: WireBook, received_ns: int, source: str) -> BookSnapshotted:
    """A checked book: sorted worst first, not crossed, every size above zero. Else ValueError."""
    bids, asks = _levels(book.bids), _levels(book.asks)
    if not _is_rising(bids) or not _is_rising(asks[::-1]):
        raise ValueError("levels not sorted worst first")
    if bids and asks and bids[-1][0] >= asks[-1][0]:
        raise ValueError(f"crossed book: bid {bids[-1][0]} >= ask {asks[-1][0]} millionths")
    tick = tick_of(book.tick_size) if book.tick_size else None
    return BookSnapshotted(
        TOKENS[book.asset_id], bids, asks, tick, ns_of_ms(book.timestamp), received_ns, source
    )


def _levels(levels: Sequence[WireLevel]) -> tuple[Level, ...]:
    if len(levels) > _LEVELS_MOST:
        raise ValueError(
            f"{len(levels)} levels on a side, where the finest grid has {_LEVELS_MOST}"
        )
    prices, sizes = INNER_PRICES, SHARES
    pairs = tuple([(prices[level.price], sizes[level.size]) for level in levels])
    if not all(shares for _, shares in pairs):
        raise ValueError("a level without shares")
    return pairs


def _is_rising(levels: Sequence[Level]) -> bool:
    last = 0
    for price, _ in levels:
        if price <= last:
            return False
        last = price
    return True


def book_hash(
    market: str,
    token_id: str,
    timestamp: str,
    bids: Sequence[tuple[str, str]],
    asks: Sequence[tuple[str, str]],
    *,
    tick_size: str,
    last_trade_price: str,
    min_order_size: str = "5",
    is_neg_risk: bool = False,
) -> str:
    """The venue's fingerprint of a v1 book, from the strings on the wire.

    SHA-1 of the compact JSON of the whole book in the venue's key order, with an empty hash.
    Frames of the stream leave some of these fields out, but their hash still contains them.
    """
    book = {
        "market": market,
        "asset_id": token_id,
        "timestamp": timestamp,
        "hash": "",
        "bids": [{"price": price, "size": size} for price, size in bids],
        "asks": [{"price": price, "size": size} for price, size in asks],
        "min_order_size": min_order_size,
        "tick_size": tick_size,
        "neg_risk": is_neg_risk,
        "last_trade_price": last_trade_price,
    }
    return hashlib.sha1(_encode(book), usedforsecurity=False).hexdigest()

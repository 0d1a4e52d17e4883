"""Files of recordings, small enough to see through: two five-minute rounds of BTC."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

OPENS_S = 1_780_876_800
"""2026-06-08 00:00: settled by the spot value."""
FIRST, SECOND = f"btc-updown-5m-{OPENS_S}", f"btc-updown-5m-{OPENS_S + 300}"
STRIKE = 63_000.0
Row = Mapping[str, Any]


def write_csv(path: Path, rows: Sequence[Row]) -> Path:
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return path


def write_jsonl(path: Path, rows: Sequence[Row]) -> Path:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


def tops(slug: str = FIRST, side: str = "UP", seconds: range = range(0, 300, 10)) -> list[Row]:
    """A top of book each ten seconds: 0.53 bid, 0.55 asked."""
    opens_s = int(slug.rpartition("-")[2])
    return [
        {
            "recv_ms": (opens_s + second) * 1_000 + 250,
            "exch_ms": (opens_s + second) * 1_000 + 200,
            "slug": slug,
            "side": side,
            "best_bid": 0.53,
            "bid_sz": 120.5,
            "best_ask": 0.55,
            "ask_sz": 80,
        }
        for second in seconds
    ]


def ticks(seconds: range = range(-1_000, 700), late_ms: int = 1_200) -> list[Row]:
    """The settlement price, up by a dollar each minute: both rounds go up."""
    return [
        {
            "feed_ts_ms": (OPENS_S + second) * 1_000,
            "value": STRIKE + second / 60,
            "server_ts_ms": (OPENS_S + second) * 1_000 + 900,
            "recv_ms": (OPENS_S + second) * 1_000 + late_ms,
        }
        for second in seconds
    ]


def candles(minutes: range = range(-300, 20)) -> list[Row]:
    """Of a minute, each opens where the one before closed and ends a dollar higher."""
    return [
        {
            "symbol": "BTCUSDT",
            "open_time": (OPENS_S + 60 * minute) * 1_000,
            "open": STRIKE + minute,
            "high": STRIKE + minute + 2,
            "low": STRIKE + minute - 1,
            "close": STRIKE + minute + 1,
            "volume": 3.5,
        }
        for minute in minutes
    ]


def winners(**winner: str) -> list[Row]:
    told = {FIRST: winner.get("first", "Up"), SECOND: winner.get("second", "Down")}
    return [{"slug": slug, "winner": name} for slug, name in told.items()]


def book_frame(token: str, at_ms: int, bid: str = "0.53", ask: str = "0.55") -> str:
    """What the venue sends of a whole book."""
    return json.dumps(
        {
            "market": "0x01",
            "asset_id": token,
            "timestamp": str(at_ms),
            "bids": [{"price": "0.5", "size": "10"}, {"price": bid, "size": "20"}],
            "asks": [{"price": "0.6", "size": "30"}, {"price": ask, "size": "40"}],
            "event_type": "book",
        }
    )


def frames(token: str = "111", side: str = "UP", seconds: range = range(0, 300, 10)) -> list[Row]:
    return [
        {
            "recv_ms": (OPENS_S + second) * 1_000 + 250,
            "slug": FIRST,
            "side": side,
            "raw": book_frame(token, (OPENS_S + second) * 1_000 + 200),
        }
        for second in seconds
    ]

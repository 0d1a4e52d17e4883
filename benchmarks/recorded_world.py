"""The recorded market, through the same functions as the simulated one. Nothing where the folder
of recordings is absent."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from benchmarks.world_figures import (
    BookReader,
    Top,
    TradeReader,
    feed_figures,
    mid_figures,
    rate_figures,
    size_figures,
    spread_figures,
)

DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
_DENSE = 1_000
"""A token with fewer messages was not followed through its round."""
_ROUND_MS = 300_000


def recorded_figures(data: Path = DATA) -> Mapping[str, float]:
    """Every figure that the recordings can give."""
    if not data.is_dir():
        return {}
    rounds = list(_seconds(data / "cronos_btc5m_bbo_1s.parquet").values())
    dense = _dense_rates(data / "cronos_btc5m_raw_books_8rounds.parquet")
    return {
        **spread_figures(rounds),
        **size_figures(rounds),
        **mid_figures(rounds),
        **{name: sum(one[name] for one in dense) / len(dense) for name in dense[0]},
        **_exchange(data / "hftbacktest_binance_spot_btcusdt_20240809.gz").figures(),
        **feed_figures(_feed(data / "chainlink_BTCUSD_2026-06-08.csv.gz")),
    }


def _seconds(path: Path) -> dict[tuple[str, str], dict[int, Top]]:
    """Tops by round and token, of seconds with both sides."""
    rounds: dict[tuple[str, str], dict[int, Top]] = {}
    frame = pl.read_parquet(path).drop_nulls(["best_bid", "best_ask"])
    columns = ("slug", "side", "sec", "best_bid", "best_ask", "bid_sz", "ask_sz")
    for slug, side, second, bid, ask, bid_shares, ask_shares, *five in frame.select(
        *columns, "depth5_bid", "depth5_ask"
    ).iter_rows():
        cents = (round(bid * 100.0, 2), round(ask * 100.0, 2))
        top = Top(second * 1000, *cents, bid_shares, ask_shares, five[0], five[1])
        rounds.setdefault((slug, side), {})[second] = top
    return rounds


def _dense_rates(path: Path) -> list[dict[str, float]]:
    """Rates of each token that was followed through most of its round."""
    found = []
    for (slug, token), rows in (
        pl.read_parquet(path).sort("recv_ms").group_by("slug", "asset_id", maintain_order=True)
    ):
        if len(rows) < _DENSE:
            continue
        opens_ms, reader = int(str(slug).rpartition("-")[2]) * 1000, BookReader(str(token))
        tops = [top for raw in rows["raw"] for top in reader.read(raw)]
        tops = [top for top in tops if 0 <= top.at_ms - opens_ms < _ROUND_MS]
        found.append(rate_figures(tops[1:], len({top.at_ms // 1000 for top in tops})))
    return found


def _exchange(path: Path) -> TradeReader:
    reader = TradeReader()
    with gzip.open(path, "rt") as lines:
        for line in lines:
            at_ns, _, frame = line.partition(" ")
            reader.read(int(at_ns) / 1e9, frame)
    return reader


def _feed(path: Path) -> dict[int, float]:
    with gzip.open(path, "rt") as lines:
        return {
            int(row["feed_ts_ms"]) // 1000: float(row["value"]) for row in csv.DictReader(lines)
        }

"""Five minutes of another recorded day (Binance, 2024-08-09, busy): mids, trades, and a close that
no average softens.

A candle settles on its last trade. For every second that was forecast, the strike is put where our
probability of staying at or above it (or below) is just `said`: how often does that side win?
"""

from __future__ import annotations

import gzip
import json
import math
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from attrs import frozen

from benchmarks.judging import Sure
from benchmarks.recorded_day import Seen
from polytui.config.schema import MarketSettings
from polytui.market.student_t import student_t_cdf
from polytui.market.volatility import Volatility
from polytui.model.units import NS_PER_S
from polytui.results.bootstrap import interval_of, resampled

ASSETS = ("btc", "eth")
_FILE = "hftbacktest_binance_spot_{}usdt_20240809.gz"
_NORMAL_DEGREES = 1e7


@frozen
class Tape:
    """Moments of receipt, oldest first."""

    mids: Sequence[tuple[int, float]]
    trades: Sequence[tuple[int, float]]

    def traded_at(self, at_ns: int) -> float:
        """The last trade that had been read by then."""
        return self.trades[max(0, bisect_right(self.trades, (at_ns, math.inf)) - 1)][1]


def read_tape(folder: Path, asset: str) -> Tape:
    mids, trades = list[tuple[int, float]](), list[tuple[int, float]]()
    with gzip.open(folder / _FILE.format(asset), "rt") as lines:
        for line in lines:
            at, _, text = line.partition(" ")
            frame = json.loads(text)
            data, stream = frame.get("data", frame), frame.get("stream", "")
            if stream.endswith("@bookTicker"):
                mids.append((int(at), (float(data["b"]) + float(data["a"])) / 2.0))
            elif stream.endswith("@trade"):
                trades.append((int(at), float(data["p"])))
    return Tape(sorted(mids), sorted(trades))


def predicted(tape: Tape, market: MarketSettings, volatility: Volatility) -> list[Seen]:
    """Once a second, the mid that stood and how fast it is said to move."""
    seen, second = list[Seen](), tape.mids[0][0] // NS_PER_S + 1
    mid = tape.mids[0][1]
    for at_ns, now in tape.mids:
        while at_ns >= second * NS_PER_S:
            if volatility.seen_s >= market.volatility_warmup_s:
                seen.append(Seen(second, math.log(mid), volatility.sigma_per_sqrt_s(market)))
            second += 1
        mid = now
        if volatility.is_due(at_ns, market):
            volatility.sample(mid, at_ns, market)
    return seen


def called(
    tape: Tape, seen: Sequence[Seen], market: MarketSettings, said: float = 0.99, left_s: int = 10
) -> Sure:
    """How often what was called as sure as `said`, so long before a close, won."""
    reach = quantile(said, market.tail_degrees)
    ends_ns = tape.trades[-1][0]
    rows = []
    for one in seen:
        closes_ns = (one.second + left_s) * NS_PER_S
        if closes_ns > ends_ns:
            break
        moved = math.log(tape.traded_at(closes_ns)) - one.log
        wide = reach * one.sigma * math.sqrt(left_s)
        rows.append((float(moved >= -wide) + float(moved < wide), 2.0, one.second // left_s))
    table = np.array(rows).T
    whole, drawn = resampled(table[:2], table[2].astype(np.int64))
    low, high = interval_of(drawn[0] / drawn[1])
    return Sure(said, float(whole[0] / whole[1]), low, high, int(whole[1]))


def quantile(said: float, degrees: float) -> float:
    """In sigmas: where a Student-t of variance 1 (a normal at 0 degrees) has this chance."""
    freedom = degrees or _NORMAL_DEGREES
    low, high, stretch = 0.0, 100.0, math.sqrt(freedom / (freedom - 2.0))
    for _ in range(80):
        middle = (low + high) / 2.0
        if student_t_cdf(middle * stretch, freedom) < said:
            low = middle
        else:
            high = middle
    return high

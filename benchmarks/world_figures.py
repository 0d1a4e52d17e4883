"""What a market looks like in figures: the same ones of recorded and of simulated frames.

Three forms go in, whoever made them: frames of the CLOB's market channel, frames of Binance's
combined stream, and the seconds of the settlement feed. Prices of a book are in cents here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
from attrs import define, field, frozen
from numpy.typing import NDArray

_LOW, _HIGH = 10.0, 90.0
"""Nearer to certainty, ticks are finer and sizes of another kind."""
_FIVE = 5

Floats = NDArray[np.float64]


# --- books --------------------------------------------------------------------------------------


@frozen
class Top:
    """The best of one token's book: cents and shares."""

    at_ms: int
    bid: float
    ask: float
    bid_shares: float
    ask_shares: float
    bid_five: float
    """Shares at the best five levels."""
    ask_five: float
    changed: int = 0
    """Levels that the frame changed."""

    @property
    def mid(self) -> float:
        return (self.bid + self.ask) / 2.0

    @property
    def is_central(self) -> bool:
        return self.bid >= _LOW and self.ask <= _HIGH


@define
class BookReader:
    """One token's book out of its frames, whole ones and changes. State: its levels."""

    token: str
    _sides: tuple[dict[float, float], dict[float, float]] = field(factory=lambda: ({}, {}))

    def read(self, frame: str | bytes) -> Iterator[Top]:
        """What the book looks like after a frame; nothing for a frame about something else."""
        message = msgspec.json.decode(frame)
        for one in message if isinstance(message, list) else [message]:
            changed = self._apply(one)
            if changed is not None and all(self._sides):
                yield self._top(int(one["timestamp"]), changed)

    def _apply(self, message: Mapping[str, Any]) -> int | None:
        """How many levels are other than before; None where it is not about this book."""
        if "bids" in message and message.get("asset_id") == self.token:
            fresh = (_levels(message["bids"]), _levels(message["asks"]))
            both = zip(self._sides, fresh, strict=True)
            changed = sum(len(dict(old.items() ^ new.items())) for old, new in both)
            self._sides = fresh
            return changed
        changes = [c for c in message.get("price_changes", ()) if c["asset_id"] == self.token]
        for change in changes:
            side = self._sides[change["side"] == "SELL"]
            price, shares = float(change["price"]), float(change["size"])
            if shares:
                side[price] = shares
            else:
                side.pop(price, None)
        return len(changes) or None

    def _top(self, at_ms: int, changed: int) -> Top:
        bids, asks = self._sides
        best_bids, best_asks = sorted(bids, reverse=True)[:_FIVE], sorted(asks)[:_FIVE]
        return Top(
            at_ms,
            best_bids[0] * 100.0,
            best_asks[0] * 100.0,
            bids[best_bids[0]],
            asks[best_asks[0]],
            sum(bids[price] for price in best_bids),
            sum(asks[price] for price in best_asks),
            changed,
        )


class _Level(msgspec.Struct):
    price: float
    size: float


def _levels(side: Iterable[Mapping[str, str]]) -> dict[float, float]:
    """Both are text on the wire."""
    return {one.price: one.size for one in msgspec.convert(side, list[_Level], strict=False)}


def by_seconds(tops: Iterable[Top]) -> dict[int, Top]:
    """The last of each second in which anything was said."""
    return {top.at_ms // 1000: top for top in tops}


Round = Mapping[int, Top]
"""One token's round, by seconds."""


def spread_figures(rounds: Iterable[Round]) -> dict[str, float]:
    """Of both books' centre: mean in cents, share of one cent, share of three and more."""
    cents = np.array([t.ask - t.bid for one in rounds for t in one.values() if t.is_central])
    return {
        "spread_mean": float(cents.mean()),
        "spread_one_cent": float(np.mean(np.abs(cents - 1.0) < 0.05)),
        "spread_three_cents": float(np.mean(cents > 2.95)),
    }


def size_figures(rounds: Iterable[Round]) -> dict[str, float]:
    """Medians of both sides."""
    tops = [top for one in rounds for top in one.values() if top.is_central]
    best = [shares for top in tops for shares in (top.bid_shares, top.ask_shares)]
    five = [shares for top in tops for shares in (top.bid_five, top.ask_five)]
    return {"best_shares": float(np.median(best)), "five_shares": float(np.median(five))}


def mid_figures(rounds: Sequence[Round]) -> dict[str, float]:
    """How far the mid goes, in cents, from where it stands in the centre."""
    one, ten = _moves(rounds, 1), _moves(rounds, 10)
    return {
        "mid_move_1": _rms(one),
        "mid_move_10": _rms(ten),
        "mid_variance_ratio_10": float(np.mean(ten**2) / np.mean(one**2) / 10.0),
        "mid_moved_share": float(np.mean(np.abs(one) > 1e-6)),
    }


def _moves(rounds: Iterable[Round], lag_s: int) -> Floats:
    return np.array(
        [
            one[second + lag_s].mid - top.mid
            for one in rounds
            for second, top in one.items()
            if top.is_central and second + lag_s in one
        ]
    )


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(values**2)))


def rate_figures(tops: Sequence[Top], seconds: int) -> dict[str, float]:
    """Changes a second of one token's book. Frames of one millisecond count as one look."""
    last = list({top.at_ms: (top.bid, top.ask) for top in tops}.values())
    moves = sum(before != after for before, after in pairwise(last))
    return {
        "best_changes_per_s": moves / seconds,
        "level_changes_per_s": sum(top.changed for top in tops) / seconds,
    }


# --- the crowd's word ---------------------------------------------------------------------------


@frozen
class Said:
    """A mid as a probability, and whether it came; `round` is what is drawn again as a whole."""

    round: str
    said: float
    came: bool


def reliability_figures(said: Sequence[Said]) -> dict[str, float]:
    """Slope of what came on what was said, through one half (1: as sure as it may be); and what
    came of what was called 0.9 and more, less what was said."""
    p = np.array([one.said for one in said])
    y = np.array([float(one.came) for one in said])
    slope = float(np.sum((p - 0.5) * (y - 0.5)) / np.sum((p - 0.5) ** 2))
    favoured = np.maximum(p, 1.0 - p)
    right = np.where(p >= 0.5, y, 1.0 - y)
    is_sure = favoured >= 0.9
    surplus = float(np.mean(right[is_sure] - favoured[is_sure]))
    return {"mid_slope": slope, "mid_surplus_90": surplus}


def reliability_errors(said: Sequence[Said], draws: int = 1_000) -> dict[str, float]:
    """Standard errors of the same, rounds drawn again as wholes (block bootstrap)."""
    by_round: dict[str, list[Said]] = {}
    for one in said:
        by_round.setdefault(one.round, []).append(one)
    blocks, rng = list(by_round.values()), np.random.default_rng(20_261_120)
    drawn: dict[str, list[float]] = {}
    for _ in range(draws):
        picks = rng.integers(0, len(blocks), len(blocks))
        figures = reliability_figures([one for pick in picks for one in blocks[pick]])
        for name, value in figures.items():
            drawn.setdefault(name, []).append(value)
    return {name: float(np.std(values)) for name, values in drawn.items()}


# --- exchanges ----------------------------------------------------------------------------------


@define
class TradeReader:
    """Binance's combined stream of one symbol. State: what was counted, and mids by time."""

    trades: int = 0
    quotes: int = 0
    _times_s: list[float] = field(factory=list)
    _mids: list[float] = field(factory=list)

    def read(self, at_s: float, frame: str | bytes) -> None:
        message = msgspec.json.decode(frame)
        stream, data = message.get("stream", ""), message.get("data")
        if stream.endswith("@trade"):
            self.trades += 1
        elif stream.endswith("@bookTicker"):
            self.quotes += 1
            self._times_s.append(at_s)
            self._mids.append((float(data["b"]) + float(data["a"])) / 2.0)

    def figures(self) -> dict[str, float]:
        seconds = self._times_s[-1] - self._times_s[0]
        grid = np.arange(self._times_s[0], self._times_s[-1], 1.0)
        held = np.searchsorted(self._times_s, grid, side="right") - 1
        logs = np.log(np.array(self._mids)[held])
        return {
            "trades_per_s": self.trades / seconds,
            "quotes_per_s": self.quotes / seconds,
            "exchange_variance_ratio_10": variance_ratio(logs, 10),
        }


# --- the settlement feed ------------------------------------------------------------------------


def feed_figures(values: Mapping[int, float]) -> dict[str, float]:
    """Of prices by their second; one that is missing has that of the next."""
    seconds = sorted(values)
    places = np.searchsorted(seconds, np.arange(seconds[0], seconds[-1] + 1))
    logs = np.log(np.array([values[second] for second in seconds])[places])
    steps = np.diff(logs)
    far = logs[10:] - logs[:-10]
    return {
        "feed_correlation_1": float(np.mean(steps[1:] * steps[:-1]) / np.mean(steps**2)),
        "feed_variance_ratio_10": variance_ratio(logs, 10),
        "feed_variance_ratio_60": variance_ratio(logs, 60),
        "feed_beyond_3_10": float(np.mean(np.abs(far) > 3.0 * _rms(far))),
    }


def variance_ratio(logs: Floats, seconds: int) -> float:
    """Variance over so many seconds, in those of one second times as many (Lo, MacKinlay 1988);
    overlapping, about zero."""
    one, many = np.diff(logs), logs[seconds:] - logs[:-seconds]
    return float(np.mean(many**2) / np.mean(one**2) / seconds)

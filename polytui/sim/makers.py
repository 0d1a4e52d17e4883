"""The makers of the crowd: they keep a book around the crowd's opinion, one level at a time.

Thin at the top, fatter behind, very fat at prices nobody believes in, one or two ticks wide:
the look of recorded five-minute books. A maker who finds the best level on the wrong side of
the opinion pulls it; otherwise he improves, fills a hole, or changes a size.
"""

from __future__ import annotations

import math
from random import Random
from typing import NamedTuple

from attrs import field, frozen
from attrs.validators import ge, gt

from polytui.model.instrument import Outcome
from polytui.model.orders import Side
from polytui.model.units import LOT, MICRO, Price, Shares
from polytui.sim.matching import ConditionBook, Match

CENT = 10_000
_FINE_BAND = 100_000
"""Within this of 0 or 1 the makers use ticks finer than a cent."""
_NEAR_STEPS = 12
"""So many steps behind the best, holes are filled, and levels may be finer than a cent."""


@frozen
class MakerSettings:
    """The shape of the book. Shares are medians of a log-normal."""

    top_shares: tuple[float, ...] = (70.0, 160.0, 300.0)
    """At the best level and those behind it."""
    body_shares: float = field(default=420.0, validator=gt(0.0))
    far_shares: float = field(default=6_000.0, validator=gt(0.0))
    """Where a bid is near 0 or an ask near 1."""
    spread_of_size: float = field(default=0.9, validator=ge(0.0))
    """Standard deviation of the logarithm of a size."""
    most_shares: float = field(default=35_000.0, validator=gt(0.0))
    wide: float = field(default=0.25, validator=ge(0.0))
    """Share of the time in which the spread is two ticks instead of one."""
    wavering: float = field(default=0.03, validator=ge(0.0))
    """Chance at every move that the makers decide anew how wide they want to be."""
    depth: float = field(default=5.0, validator=gt(0.0))
    """How many ticks behind the best an ordinary change happens, on average."""
    mend: float = field(default=0.6, validator=ge(0.0))
    """Share of changes that look for a hole near the best and fill it."""
    pull: float = field(default=0.15, validator=ge(0.0))
    """Share of changes behind the best that leave a hole."""
    fill: float = field(default=0.96, validator=ge(0.0))
    """Share of levels that are there when a book begins."""


@frozen
class Shown:
    """What a maker did: one level of Up's book, and whom it met on the way there."""

    side: Side
    price: int
    matches: tuple[Match, ...]


class Aim(NamedTuple):
    """Where the makers want the best levels of Up to be, and where their best ones are.

    A bid or ask outside [tick, 1 - tick] means that nobody wants to be on that side.
    """

    bid: int
    ask: int
    step: int
    """Between levels next to the best."""
    best_bid: int | None
    best_ask: int | None
    is_stale: bool
    """A best level stands more than a step on the wrong side."""


class Makers:
    """The makers of one condition's book."""

    def __init__(self, book: ConditionBook, settings: MakerSettings, rng: Random) -> None:
        self._book = book
        self._settings = settings
        self._rng = rng
        self._log_sizes = [math.log(shares) for shares in settings.top_shares]
        self._log_body = math.log(settings.body_shares)
        self._log_far = math.log(settings.far_shares)
        self._width = self._draw_width()

    def opening(self, probability: float) -> list[tuple[Side, int, int]]:
        """(side, price, shares) of a whole book, best levels first, not shown yet."""
        bid, ask, _ = self._targets(probability)
        levels: list[tuple[Side, int, int]] = []
        for side, best, step in ((Side.BUY, bid, -CENT), (Side.SELL, ask, CENT)):
            price, depth = best, 0
            while CENT <= price <= MICRO - CENT:
                if depth == 0 or self._rng.random() < self._settings.fill:
                    levels.append((side, price, self._size(side, price, depth)))
                price += step
                depth += 1
        return levels

    def aim(self, probability: float, widening: int = 1) -> Aim:
        """What the makers see when they look up; `widening` times as far apart as they like."""
        if self._rng.random() < self._settings.wavering:
            self._width = self._draw_width()
        bid, ask, step = self._targets(probability, widening)
        best_bid = self._book.best_shown(Side.BUY)
        best_ask = self._book.best_shown(Side.SELL)
        is_stale = (best_bid is not None and best_bid > bid + step) or (
            best_ask is not None and best_ask < ask - step
        )
        return Aim(bid, ask, step, best_bid, best_ask, is_stale)

    def move(self, aim: Aim) -> Shown | None:
        """One maker acts; None if he finds nothing to do."""
        best_bid, best_ask = aim.best_bid, aim.best_ask
        if best_bid is not None and best_bid > aim.bid:
            return self._show(Side.BUY, best_bid, 0)
        if best_ask is not None and best_ask < aim.ask:
            return self._show(Side.SELL, best_ask, 0)
        tick = self._book.tick
        if tick <= aim.bid <= MICRO - tick and (best_bid is None or best_bid < aim.bid):
            return self._show(Side.BUY, aim.bid, self._size(Side.BUY, aim.bid, 0))
        if tick <= aim.ask <= MICRO - tick and (best_ask is None or best_ask > aim.ask):
            return self._show(Side.SELL, aim.ask, self._size(Side.SELL, aim.ask, 0))
        return self._refresh(aim)

    def _refresh(self, aim: Aim) -> Shown | None:
        """Another size at a level at or behind the best; holes near it are filled first."""
        side = Side.BUY if self._rng.random() < 0.5 else Side.SELL
        target, outward = (aim.bid, -1) if side is Side.BUY else (aim.ask, 1)
        is_mended = self._rng.random() < self._settings.mend
        depth = self._hole(side, target, aim.step * outward) if is_mended else 0
        if not depth:
            depth = int(self._rng.expovariate(1.0 / self._settings.depth))
        price = self._behind(target, depth, aim.step, outward)
        if not self._book.tick <= price <= MICRO - self._book.tick:
            return None
        is_pulled = not is_mended and depth > 0 and self._rng.random() < self._settings.pull
        shares = 0 if is_pulled else self._size(side, price, depth)
        if shares == self._book.shown(side, Price(price)):
            return None
        return self._show(side, price, shares)

    def _hole(self, side: Side, target: int, stride: int) -> int:
        """How many steps behind the best the first empty level is; 0 for none near."""
        for depth in range(1, _NEAR_STEPS):
            if not self._book.shown(side, Price(target + depth * stride)):
                return depth
        return 0

    def _behind(self, target: int, depth: int, step: int, outward: int) -> int:
        """The price `depth` steps behind the best; far behind fine ticks, in whole cents."""
        if step >= CENT or depth <= _NEAR_STEPS:
            return target + depth * step * outward
        price = target + depth * CENT * outward
        return price - price % (-CENT * outward)

    def _show(self, side: Side, price: int, shares: int) -> Shown:
        matches = self._book.show(side, Price(price), Shares(shares))
        return Shown(side, price, matches)

    def _targets(self, probability: float, widening: int = 1) -> tuple[int, int, int]:
        """Wanted best bid and ask of Up, and the step between levels."""
        tick = self._book.tick
        if probability >= 1.0:
            # The end is known: the winner is worth a dollar, and nobody sells it for less.
            return MICRO - tick, MICRO, tick
        if probability <= 0.0:
            return 0, tick, tick
        centre = probability * MICRO
        is_fine = not _FINE_BAND <= centre <= MICRO - _FINE_BAND
        step = tick if is_fine else max(tick, CENT)
        gap = self._width * step
        if widening > 1:
            gap = self._width * widening * max(step, CENT)
        bid = int((centre - gap / 2) // step) * step
        return bid, bid + gap, step

    def _draw_width(self) -> int:
        return 2 if self._rng.random() < self._settings.wide else 1

    def _size(self, side: Side, price: int, depth: int) -> int:
        """Shares in whole lots."""
        from_end = price if side is Side.BUY else MICRO - price
        if depth < len(self._log_sizes):
            scale = self._log_sizes[depth]
        else:
            scale = self._log_far if from_end <= _FINE_BAND else self._log_body
        shares = math.exp(self._rng.gauss(scale, self._settings.spread_of_size))
        return int(min(max(shares, 5.0), self._settings.most_shares) * MICRO / LOT) * LOT


def is_up_bid(outcome: Outcome, side: Side) -> bool:
    """Whether an order of `outcome` lies on the bid side of Up's book."""
    return (outcome is Outcome.UP) is (side is Side.BUY)

"""The makers of the crowd: they keep a book around the crowd's opinion.

Three things they do. Whoever looks up and finds levels on the wrong side of his opinion takes
them all away at once, and at once somebody stands a few steps behind. A moment later the rest of
what that left empty is filled, from where the best price should be back to where it is. And all
the time they change sizes at and behind the best.

Sizes and spreads are those of recorded five-minute books (`make world`): thin at the top, fatter
behind, very fat at prices nobody believes in, one tick wide but for the moment after a move.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from attrs import field, frozen
from attrs.validators import ge, gt, lt

from polytui.model.instrument import Outcome
from polytui.model.orders import Side
from polytui.model.units import LOT, MICRO, Price, Shares
from polytui.sim.world.chance import Chance
from polytui.sim.world.matching import ConditionBook, Match

CENT = 10_000
_FINE_BAND = 100_000
"""Within this of 0 or 1 the makers use ticks finer than a cent."""
_NEAR_STEPS = 12
"""So many steps behind the best, holes are filled, and levels may be finer than a cent."""
_EMPTY_STEPS = 6
"""So far behind, somebody stands at any time."""
_MOST_REFILLED = 80


@frozen
class MakerSettings:
    """The shape of the book. Shares are medians of a log-normal."""

    top_shares: tuple[float, ...] = (240.0, 350.0, 350.0, 350.0, 350.0)
    """At the best level and those behind it."""
    body_shares: float = field(default=420.0, validator=gt(0.0))
    far_shares: float = field(default=6_000.0, validator=gt(0.0))
    """Where a bid is near 0 or an ask near 1."""
    spread_of_size: float = field(default=0.9, validator=ge(0.0))
    """Standard deviation of the logarithm of a size."""
    most_shares: float = field(default=35_000.0, validator=gt(0.0))
    wide: float = field(default=0.02, validator=ge(0.0))
    """Share of the time in which they want the spread to be two ticks instead of one."""
    wavering: float = field(default=0.02, validator=ge(0.0))
    """Chance at every look that they decide anew how wide they want to be."""
    still: float = field(default=0.35, validator=[ge(0.0), lt(0.5)])
    """An opinion so many ticks outside the spread moves nobody yet."""
    refill_s: float = field(default=0.12, validator=gt(0.0))
    """Until somebody stands where he should, on average."""
    depth: float = field(default=9.0, validator=gt(0.0))
    """How many ticks behind the best an ordinary change happens, on average."""
    mend: float = field(default=0.3, validator=ge(0.0))
    """Share of changes that look for a hole near the best and fill it."""
    pull: float = field(default=0.05, validator=ge(0.0))
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
    """Where the makers want the best levels of Up to be.

    A bid or ask outside [tick, 1 - tick] means that nobody wants to be on that side.
    """

    bid: int
    ask: int
    step: int
    """Between levels next to the best."""


class Makers:
    """The makers of one condition's book. State: where they want to be, and how wide."""

    def __init__(self, book: ConditionBook, settings: MakerSettings, rng: Chance) -> None:
        self._book = book
        self._settings = settings
        self._rng = rng
        self._log_sizes = [math.log(shares) for shares in settings.top_shares]
        self._log_body = math.log(settings.body_shares)
        self._log_far = math.log(settings.far_shares)
        self._width = self._draw_width()
        self._aim = Aim(0, MICRO, CENT)
        self._wanted: tuple[int, int] | None = None
        """(step, gap) of the aim that stands; None where there is none to keep to."""

    def opening(self, probability: float) -> list[tuple[Side, int, int]]:
        """(side, price, shares) of a whole book, best levels first, not shown yet."""
        self._aim_at(probability, 1)
        levels: list[tuple[Side, int, int]] = []
        for side, best, step in (
            (Side.BUY, self._aim.bid, -CENT),
            (Side.SELL, self._aim.ask, CENT),
        ):
            price, depth = best, 0
            while CENT <= price <= MICRO - CENT:
                if depth == 0 or self._rng.random() < self._settings.fill:
                    levels.append((side, price, self._size(side, price, depth)))
                price += step
                depth += 1
        return levels

    def look(self, probability: float, widening: int = 1) -> Iterator[Shown]:
        """They look up and take away what stands on the wrong side, the best level last;
        `widening` times as far apart as they like."""
        if self._rng.random() < self._settings.wavering:
            self._width = self._draw_width()
            self._wanted = None
        self._aim_at(probability, widening)
        for side, limit in ((Side.BUY, self._aim.bid), (Side.SELL, self._aim.ask)):
            for price in reversed(self._book.shown_beyond(side, Price(limit))):
                yield self._show(side, price, 0)
        yield from self._fill(_EMPTY_STEPS)

    @property
    def is_short(self) -> bool:
        """Whether a best level is missing where they want it."""
        return any(self._short(side) for side in (Side.BUY, Side.SELL))

    def refill(self) -> Iterator[Shown]:
        """Levels from where the best ones should be back to where they are."""
        yield from self._fill(0)

    def _fill(self, behind: int) -> Iterator[Shown]:
        """The same from so many steps behind where they should be."""
        for side, outward in ((Side.BUY, -1), (Side.SELL, 1)):
            if not self._short(side):
                continue
            target, best = self._target(side), self._book.best_shown(side)
            for depth in range(behind, _MOST_REFILLED):
                price = self._behind(target, depth, self._aim.step, outward)
                is_there = best is not None and (price - best) * outward >= 0
                if is_there or not self._is_on_scale(price):
                    break
                yield self._show(side, price, self._size(side, price, depth))

    def refresh(self) -> Shown | None:
        """Another size at a level at or behind the best; holes near it are filled first. None for
        a maker who finds nothing to do."""
        aim, settings = self._aim, self._settings
        side = Side.BUY if self._rng.random() < 0.5 else Side.SELL
        target, outward = (aim.bid, -1) if side is Side.BUY else (aim.ask, 1)
        is_mended = self._rng.random() < settings.mend
        depth = self._hole(side, target, aim.step * outward) if is_mended else 0
        if not depth:
            depth = int(self._rng.expovariate(1.0 / settings.depth))
        price = self._behind(target, depth, aim.step, outward)
        if not self._is_on_scale(price):
            return None
        is_pulled = not is_mended and depth > 0 and self._rng.random() < settings.pull
        shares = 0 if is_pulled else self._size(side, price, depth)
        if shares == self._book.shown(side, Price(price)):
            return None
        return self._show(side, price, shares)

    def _target(self, side: Side) -> int:
        return self._aim.bid if side is Side.BUY else self._aim.ask

    def _short(self, side: Side) -> bool:
        target = self._target(side)
        if not self._is_on_scale(target):
            return False
        best = self._book.best_shown(side)
        return best is None or (best < target if side is Side.BUY else best > target)

    def _is_on_scale(self, price: int) -> bool:
        return self._book.tick <= price <= MICRO - self._book.tick

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

    def _aim_at(self, probability: float, widening: int) -> None:
        """Wanted best levels. They stay where they are while the opinion stays near."""
        tick = self._book.tick
        if probability >= 1.0 or probability <= 0.0:
            # The end is known: the winner is worth a dollar, and nobody sells it for less.
            is_up = probability >= 1.0
            self._aim = Aim(MICRO - tick, MICRO, tick) if is_up else Aim(0, tick, tick)
            self._wanted = None
            return
        centre = probability * MICRO
        is_fine = not _FINE_BAND <= centre <= MICRO - _FINE_BAND
        step = tick if is_fine else max(tick, CENT)
        gap = self._width * step
        if widening > 1:
            gap = self._width * widening * max(step, CENT)
        slack = self._settings.still * step
        is_near = self._aim.bid - slack <= centre <= self._aim.ask + slack
        if self._wanted == (step, gap) and is_near:
            return
        bid = math.floor((centre - gap / 2) / step + 0.5) * step
        self._aim, self._wanted = Aim(bid, bid + gap, step), (step, gap)

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

"""The takers of the crowd: they buy what they believe cheap, sometimes through several levels."""

from __future__ import annotations

import math

from attrs import field, frozen
from attrs.validators import ge, gt

from polytui.model.instrument import Outcome
from polytui.model.orders import Side
from polytui.model.units import LOT, MICRO, Price, Shares
from polytui.sim.world.chance import Chance
from polytui.sim.world.makers import CENT, is_up_bid
from polytui.sim.world.matching import ConditionBook, Match
from polytui.sim.world.world_events import BookSwept, LevelSet, PrintedLeg


@frozen
class TakerSettings:
    """How the crowd takes."""

    shares: float = field(default=14.0, validator=gt(0.0))
    """Median of what one of them wants."""
    spread_of_size: float = field(default=1.2, validator=ge(0.0))
    """Standard deviation of the logarithm of a size."""
    sweeps: float = field(default=0.04, validator=ge(0.0))
    """Share of takers who go through several levels."""
    sweep_levels: tuple[int, int] = (2, 5)
    informed: float = field(default=0.6, validator=ge(0.0))
    """Log odds of buying Up rather than Down, per cent of mispricing they see."""
    sellers: float = field(default=0.2, validator=ge(0.0))
    """Share of takers who sell what they hold instead of buying the other outcome."""


class Takers:
    """The takers of one condition's book."""

    def __init__(self, book: ConditionBook, settings: TakerSettings, rng: Chance) -> None:
        self._book = book
        self._settings = settings
        self._rng = rng
        self._log_size = math.log(settings.shares)

    def take(self, at_ns: int, slug: str, probability: float) -> BookSwept | None:
        """One taker acts; None if nobody is there to trade with."""
        mid = middle(self._book)
        if mid is None:
            return None
        lean = self._settings.informed * (probability * MICRO - mid) / CENT
        chance = 1.0 / (1.0 + math.exp(-min(max(lean, -4.0), 4.0)))
        wanted = Outcome.UP if self._rng.random() < chance else Outcome.DOWN
        is_seller = self._rng.random() < self._settings.sellers
        outcome = wanted.other if is_seller else wanted
        side = Side.SELL if is_seller else Side.BUY
        limit, shares = self._appetite(outcome, side)
        if not shares:
            return None
        matches = self._book.sweep(outcome, side, limit, shares).matches
        return swept(self._book, at_ns, slug, outcome, side, matches)

    def _appetite(self, outcome: Outcome, side: Side) -> tuple[Price, Shares]:
        """How far and how much: most stop at the best level."""
        best = self._book.best(outcome, side.other)
        if best is None:
            return Price(0), Shares(0)
        if self._rng.random() >= self._settings.sweeps:
            size = math.exp(self._rng.gauss(self._log_size, self._settings.spread_of_size))
            return best, Shares(max(int(size * MICRO / LOT), 500) * LOT)
        levels = self._book.levels(outcome, side.other)
        reach = levels[: self._rng.randint(*self._settings.sweep_levels)]
        depth = sum(shares for _, shares in reach)
        part = int(depth * self._rng.uniform(0.5, 1.0))
        return reach[-1][0], Shares(max(part // LOT, 1) * LOT)


def middle(book: ConditionBook) -> float | None:
    """Mid of Up in millionths; an empty side stands at the end of the scale."""
    bid = book.best(Outcome.UP, Side.BUY)
    ask = book.best(Outcome.UP, Side.SELL)
    if bid is None and ask is None:
        return None
    return ((0 if bid is None else bid) + (MICRO if ask is None else ask)) / 2


def swept(
    book: ConditionBook,
    at_ns: int,
    slug: str,
    outcome: Outcome,
    side: Side,
    matches: tuple[Match, ...],
    rest: tuple[LevelSet, ...] = (),
) -> BookSwept:
    """A sweep as it is printed: the taker's rest, then each level that gave, once."""
    maker_side = Side.SELL if is_up_bid(outcome, side) else Side.BUY
    legs = tuple(PrintedLeg(match.taker_price, match.shares) for match in matches)
    prices = dict.fromkeys(
        leg.price if outcome is Outcome.UP else MICRO - leg.price for leg in legs
    )
    levels = tuple(
        LevelSet(maker_side, price, book.depth(Outcome.UP, maker_side, Price(price)))
        for price in prices
    )
    return BookSwept(at_ns, slug, outcome, side, legs, rest + levels)

"""What is played of a data set: which rounds, and from which recording each thing is taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from attrs import define, field, frozen

from polytui.backtest.outcomes import RoundEnd
from polytui.backtest.sources.recording import PriceSeries, Wanted, Window, Windows
from polytui.model.instrument import Asset, Interval, Round
from polytui.model.units import NS_PER_S

NO_WINNER_KNOWN = "nobody knows who won"
ALWAYS: Window = (0, 1 << 63)
_WARM_NS = 900 * NS_PER_S
"""Prices are heard from so long before a round opens: volatility has to be known by then."""
_AFTER_NS = 90 * NS_PER_S
"""And so long after its close: the winner is named a minute after it."""
HISTORY_NS = 3 * 3_600 * NS_PER_S
"""Candles, of which indicators are made."""


def window_of_play(listed: Round) -> Window:
    """When a desk is awake for a round."""
    return listed.opens_ns - _WARM_NS, listed.closes_ns + _AFTER_NS


def history_of(listed: Round) -> Window:
    return listed.opens_ns - HISTORY_NS, listed.closes_ns


@frozen
class AskedRounds:
    """What of a data set somebody wants; empty: all."""

    assets: tuple[Asset, ...] = ()
    intervals: tuple[Interval, ...] = ()
    span: Window = ALWAYS
    """[from, until): of rounds that open and close in it."""
    step_s: int = 1
    """So often the market of candles alone moves."""

    def leaves(self, asset: Asset) -> bool:
        return bool(self.assets) and asset not in self.assets

    def takes(self, asset: Asset, interval: Interval, opens_ns: int) -> bool:
        if self.leaves(asset) or (self.intervals and interval not in self.intervals):
            return False
        return self.span[0] <= opens_ns and opens_ns + interval.ns <= self.span[1]


@frozen
class PlayedBooks:
    """A round that is played: how it was listed, how it ended, when it has books."""

    round: Round
    end: RoundEnd
    strike: float | None
    """What the venue says of it, or the price that settles it at its opening."""
    books: tuple[Window, ...]


@define
class TakenParts:
    """What is taken of one recording, as it is being found."""

    rounds: dict[str, Round] = field(factory=dict)
    prices: dict[tuple[PriceSeries, Asset], list[Window]] = field(factory=lambda: defaultdict(list))

    def wanted(self, *, is_modelled: bool = False, is_stepped: bool = False) -> Wanted:
        prices = {name: Windows.of(parts) for name, parts in self.prices.items()}
        return Wanted(self.rounds, prices, is_modelled, is_stepped)


@frozen
class PlayPlan:
    """All of it."""

    rounds: tuple[PlayedBooks, ...]
    """Oldest first."""
    wanted: tuple[Wanted, ...]
    """Of each recording, in their order."""
    seen: int
    skipped: Mapping[str, int]
    counted: Mapping[str, int]
    feeds: Mapping[Asset, tuple[str, ...]]
    """Of each coin, whose prices are heard."""
    modelled: tuple[str, ...] = ()
    """What nobody recorded, in words."""
    is_modelled: bool = False
    """There are no books: a model makes them."""
    step_s: int = 1
    stepped: frozenset[Asset] = frozenset()
    """Coins of which everything is told in one batch, each `step_s` seconds."""

"""What every schema of recordings offers: a look at what is in it, then its moments in order.

The look reads no more than it must (of Parquet a few columns), so that rounds are known before
their opening is played. Moments are made as they are asked for.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Protocol, runtime_checkable

from attrs import field, frozen

from polytui.backtest.moments import Moment
from polytui.backtest.sources.known_round import KnownRound
from polytui.model.instrument import Asset, Interval, Outcome, Round


class PriceSeries(str, Enum):
    """Which price of the world a recording holds."""

    SETTLEMENT = "settlement prices"
    EXCHANGE = "exchange prices"
    CANDLES = "candles"


@frozen
class BookSpan:
    """A round's books in one recording."""

    slug: str
    asset: Asset
    interval: Interval
    tokens: Mapping[Outcome, str]
    """Of the outcomes that were recorded under their own token."""
    rows: int
    first_ns: int
    last_ns: int


@frozen
class PriceSpan:
    """One series of one coin in one recording."""

    series: PriceSeries
    asset: Asset
    rows: int
    first_ns: int
    last_ns: int
    boundaries: Mapping[tuple[int, int], float] = field(factory=dict)
    """By (look-back in seconds, 0 for the spot value; moment): prices of the moments at which
    rounds may open and close."""
    venue: str = ""
    """Of an exchange's prices, whose they are."""


@frozen
class TokenSpan:
    """A token's books, of whatever round it is."""

    token: str
    rows: int
    first_ns: int
    last_ns: int


@frozen
class Survey:
    """What a recording holds."""

    books: tuple[BookSpan, ...] = ()
    prices: tuple[PriceSpan, ...] = ()
    rows: int = 0
    lag_ns: int = 0
    """From the venue's stamp to the recorder's, the median; 0 where nobody stamped."""
    lag_row: int = 0
    """A row that is so late, or so early."""
    counted: Mapping[str, int] = field(factory=dict)
    """What was left out, in words."""
    trades: tuple[BookSpan, ...] = ()
    """Rounds whose trades it has, beside whoever has their books."""
    tokens: tuple[TokenSpan, ...] = ()
    """Books that name no round."""
    known: tuple[KnownRound, ...] = ()
    """What it says of rounds itself."""
    won: Mapping[str, str] = field(factory=dict)
    """By condition, the token that the venue named while it was recorded."""
    modelled: str = ""
    """What of its books is made up, in words."""


Window = tuple[int, int]
"""[from, until) in UTC nanoseconds."""


@frozen
class Windows:
    """Stretches of time that do not touch, oldest first."""

    parts: tuple[Window, ...]

    @classmethod
    def of(cls, parts: Sequence[Window]) -> Windows:
        """Those that touch or overlap become one."""
        joined: list[Window] = []
        for begins, ends in sorted(parts):
            if joined and begins <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(ends, joined[-1][1]))
            else:
                joined.append((begins, ends))
        return cls(tuple(joined))

    def has(self, at_ns: int) -> bool:
        place = bisect_right(self.parts, (at_ns, 1 << 63)) - 1
        return place >= 0 and at_ns < self.parts[place][1]


@frozen
class Wanted:
    """What is to be played of one recording."""

    rounds: Mapping[str, Round] = field(factory=dict)
    """By name: those whose books are taken from it."""
    prices: Mapping[tuple[PriceSeries, Asset], Windows] = field(factory=dict)
    """When each series is taken from it."""
    is_modelled: bool = False
    """Nothing else was recorded: what a price did between two of its points may be made up."""
    is_stepped: bool = False
    """Then its prices are told with the books that are made of them (`ModelledMarket.steps`)."""


PricePath = Iterator[tuple[int, float]]
"""(moment, price) of whole seconds, oldest first."""


@runtime_checkable
class PriceTeller(Protocol):
    """A recording of which a price is known each second."""

    def price_path(self, asset: Asset, windows: Windows) -> PricePath:
        """What the price truly was, whenever that was heard."""


class Recording(Protocol):
    """A file, or a folder of them that one recorder wrote."""

    @property
    def path(self) -> Path: ...

    @property
    def words(self) -> str:
        """What it is, for people: "raw CLOB frames"."""

    @property
    def rank(self) -> int:
        """Of two recordings of one round at one time that with the higher rank tells more."""

    def survey(self) -> Survey: ...

    def heard(self, wanted: Wanted, counted: Counter[str]) -> Iterator[Moment]:
        """What was heard of it, oldest first; what is left out is counted in words."""

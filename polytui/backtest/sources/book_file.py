"""Files of books in which each row names its round and its outcome.

Up and Down are one book at this venue, seen from two sides: a purchase of Up at 0.53 is a sale of
Down at 0.47. So a row of either token is told for both, and a round of which one token was recorded
can be played.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from attrs import define, field

from polytui.backtest.moments import Moment
from polytui.backtest.sources import cells
from polytui.backtest.sources.in_order import Disorder, in_order
from polytui.backtest.sources.median import Median
from polytui.backtest.sources.recording import BookSpan, Survey, Wanted
from polytui.backtest.sources.sorted_parts import TimedRow
from polytui.backtest.sources.tables import Cells, TornTable, bad_row
from polytui.model.events import BookSnapshotted, Event, Level
from polytui.model.instrument import Asset, Interval, Outcome, Round
from polytui.model.units import MICRO, Price
from polytui.venues.polymarket.round_names import asset_and_interval, is_round

_CENT, _TENTH = Price(10_000), Price(1_000)
CUT_OFF = "files that are cut off, read as far as they go"
FOREIGN = "rows of other markets"
REPEATED = "rows that were there twice"
REFUSED = "frames that cannot be believed"
CROSSED = "books whose bid is not below their ask"


@define
class _RoundSeen:
    """What was seen of one round."""

    asset: Asset
    interval: Interval
    tokens: dict[Outcome, str] = field(factory=dict)
    rows: int = 0
    first_ns: int = 1 << 63
    last_ns: int = 0


class BookFile(ABC):
    """A schema's columns, and what a row of it says. State: how far its rows are out of order, once
    they were looked at."""

    WORDS: ClassVar[str]
    RANK: ClassVar[int]
    COLUMNS: ClassVar[tuple[str, ...]]
    """Without which a file is not of this schema; first the time of receipt, the round's name and
    the outcome."""
    CHUNK: ClassVar[int] = 100_000
    """Rows of it that are in memory at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._disorder: Disorder | None = None

    @property
    def words(self) -> str:
        return self.WORDS

    @property
    def rank(self) -> int:
        return self.RANK

    # --- what is in it --------------------------------------------------------------------------

    @abstractmethod
    def marks(self) -> Iterator[Cells]:
        """Of each row its number, and the cells of receipt, name, outcome, token (empty where the
        row names none) and the venue's stamp (empty where there is none)."""

    def survey(self) -> Survey:
        seen, names = dict[str, _RoundSeen](), dict[str, tuple[str, Outcome]]()
        lag, counted, rows, disorder = Median(), Counter[str](), 0, Disorder()
        try:
            for number, *mark in self.marks():
                rows += 1
                at_ns = self._look(seen, names, lag, counted, number, mark)
                if at_ns is not None:
                    disorder.take(at_ns)
        except TornTable:
            counted[CUT_OFF] += 1
        self._disorder = disorder
        spans = tuple(
            BookSpan(slug, one.asset, one.interval, one.tokens, one.rows, one.first_ns, one.last_ns)
            for slug, one in seen.items()
        )
        return Survey(spans, (), rows, lag.value, lag.where, dict(counted))

    def _look(
        self,
        seen: dict[str, _RoundSeen],
        names: dict[str, tuple[str, Outcome]],
        lag: Median,
        counted: Counter[str],
        number: int,
        mark: Sequence[Any],
    ) -> int | None:
        """When it was received; None of another market's."""
        received, slug, called, token, stamped = mark
        known = seen.get(slug) or _known(slug)
        if known is None:
            counted[FOREIGN] += 1
            return None
        seen[slug] = known
        try:
            at_ns = cells.time_ns(self.COLUMNS[0], received)
            outcome = cells.outcome(self.COLUMNS[2], called)
            if stamped:
                lag.take(at_ns - cells.time_ns("the venue's stamp", stamped), number)
            if token:
                _name(known.tokens, names, token, slug, outcome)
        except ValueError as fault:
            raise bad_row(self.path, number, fault) from None
        known.rows += 1
        known.first_ns = min(known.first_ns, at_ns)
        known.last_ns = max(known.last_ns, at_ns)
        return at_ns

    # --- what was heard -------------------------------------------------------------------------

    @abstractmethod
    def rows(self) -> Iterator[Cells]:
        """Of each row its number, and the cells of receipt, name and outcome, then its own."""

    @abstractmethod
    def events(
        self, listed: Round, outcome: Outcome, row: TimedRow, counted: Counter[str]
    ) -> Sequence[Event]:
        """What a row of a round says: (received, number, name, outcome, its own cells...).
        ValueError for a row that cannot be."""

    def heard(self, wanted: Wanted, counted: Counter[str]) -> Iterator[Moment]:
        at_ns, told = 0, set[tuple[Any, ...]]()
        for row in self._in_order(wanted, counted):
            if row[0] != at_ns:
                at_ns = row[0]
                told.clear()
            if row[2:] in told:
                counted[REPEATED] += 1
                continue
            told.add(row[2:])
            listed = wanted.rounds[row[2]]
            try:
                events = self.events(listed, row[3], row, counted)
            except ValueError as fault:
                raise bad_row(self.path, row[1], fault) from None
            if events:
                yield Moment(at_ns, listed.asset, tuple(events))

    def _in_order(self, wanted: Wanted, counted: Counter[str]) -> Iterator[TimedRow]:
        return in_order(self._timed(wanted.rounds), self.CHUNK, self._disorder, counted)

    def _timed(self, rounds: Mapping[str, Round]) -> Iterator[TimedRow]:
        received_name, _, outcome_name = self.COLUMNS[:3]
        try:
            for number, received, slug, called, *own in self.rows():
                if slug in rounds:
                    try:
                        at_ns = cells.time_ns(received_name, received)
                        outcome = cells.outcome(outcome_name, called)
                    except ValueError as fault:
                        raise bad_row(self.path, number, fault) from None
                    yield (at_ns, number, slug, outcome, *own)
        except TornTable:
            return  # the survey has counted it


def whole_book(
    listed: Round,
    outcome: Outcome,
    sides: tuple[tuple[Level, ...], tuple[Level, ...]],
    venue_ns: int,
    received_ns: int,
    tick: Price | None = None,
) -> tuple[Event, ...]:
    """A book of one outcome, (bids, asks) worst first, told for both. Where a price is no whole
    cent the venue's grid is finer."""
    bids, asks = sides
    if tick is None and any(price % _CENT for price, _ in (*bids, *asks)):
        tick = _TENTH
    own, other = listed.token_of(outcome), listed.token_of(outcome.other)
    return (
        BookSnapshotted(own, bids, asks, tick, venue_ns, received_ns),
        BookSnapshotted(other, mirrored(asks), mirrored(bids), tick, venue_ns, received_ns),
    )


def mirrored(levels: tuple[Level, ...]) -> tuple[Level, ...]:
    """A side as the other outcome shows it: worst first stays worst first."""
    return tuple([(MICRO - price, shares) for price, shares in levels])


def _known(slug: Any) -> _RoundSeen | None:
    found = asset_and_interval(slug) if isinstance(slug, str) and is_round(slug) else None
    return None if found is None else _RoundSeen(*found)


def _name(
    tokens: dict[Outcome, str],
    names: dict[str, tuple[str, Outcome]],
    token: str,
    slug: str,
    outcome: Outcome,
) -> None:
    """A token stands for one outcome of one round, in every row. ValueError where it does not."""
    first = names.setdefault(token, (slug, outcome))
    if first != (slug, outcome):
        raise ValueError(
            f"token {token[:12]}... is {outcome.value} of {slug} here,"
            f" and was {first[1].value} of {first[0]} before"
        )
    if tokens.setdefault(outcome, token) != token:
        raise ValueError(
            f"{outcome.value} of {slug} is token {token[:12]}... here,"
            f" and was {tokens[outcome][:12]}... before"
        )

"""Recordings that are events already: what a session, our recorder or a codec made of frames.

Books name tokens there, and no rounds: which round a token belongs to is said by the listings of
the recording itself, or by another file.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from attrs import define, evolve, field

from polytui.backtest.moments import Moment
from polytui.backtest.sources.known_round import KnownRound
from polytui.backtest.sources.median import Median
from polytui.backtest.sources.recording import (
    PriceSeries,
    PriceSpan,
    Survey,
    TokenSpan,
    Wanted,
    Window,
    Windows,
)
from polytui.model import events as ev
from polytui.model.instrument import Asset, Outcome, PriceKind, Round
from polytui.model.units import NS_PER_S

_BOUNDARY_NS = 300 * NS_PER_S
_AFTER_NS = 3_600 * NS_PER_S
_STRIKES = ("gamma", ev.FINAL)
_OF_PRICES = (ev.ChainlinkPriced, ev.ExchangeTraded, ev.ExchangeQuoted, ev.CandlesLoaded)
_OF_FEEDS = (
    ev.FeedUp,
    ev.FeedStale,
    ev.FeedDown,
    ev.FeedGapped,
    ev.FeedMended,
    ev.FrameRejected,
)
_OF_BOOKS = (ev.BookSnapshotted, ev.TickSizeChanged, ev.TradePrinted)


@define
class _Reach:
    """From when to when something was heard, and how often."""

    rows: int = 0
    first_ns: int = 1 << 63
    last_ns: int = 0
    boundaries: dict[tuple[int, int], float] = field(factory=dict)

    def note(self, at_ns: int) -> None:
        self.rows += 1
        self.first_ns = min(self.first_ns, at_ns)
        self.last_ns = max(self.last_ns, at_ns)


class EventRecording(ABC):
    """Stateless: where its events are."""

    WORDS: ClassVar[str]
    rank = 4

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def words(self) -> str:
        return self.WORDS

    @abstractmethod
    def batches(self, counted: Counter[str]) -> Iterator[Moment]:
        """All of it, oldest first."""

    # --- what is in it --------------------------------------------------------------------------

    def survey(self) -> Survey:
        look = _Look()
        for moment in self.batches(look.counted):
            for event in moment.events:
                look.take(moment.at_ns, moment.asset, event)
        return look.survey()

    # --- what was heard -------------------------------------------------------------------------

    def heard(self, wanted: Wanted, counted: Counter[str]) -> Iterator[Moment]:
        """What names a token is told to the desk of that token's coin."""
        places = {
            listed.token_of(outcome): listed
            for listed in wanted.rounds.values()
            for outcome in Outcome
        }
        windows = _windows(wanted)
        for moment in self.batches(Counter()):
            at_ns, is_awake = moment.at_ns, windows[moment.asset].has(moment.at_ns)
            told: dict[Asset, list[ev.Event]] = {}
            for event in moment.events:
                listed = _round_of(event, places)
                if listed is not None and at_ns < listed.closes_ns + _AFTER_NS:
                    told.setdefault(listed.asset, []).append(event)
                elif is_awake and _is_of_all(event):
                    told.setdefault(moment.asset, []).append(event)
            for asset, events in told.items():
                yield Moment(at_ns, asset, tuple(events))


def _windows(wanted: Wanted) -> dict[Asset, Windows]:
    """When a coin's prices are wanted, whichever they are."""
    parts: dict[Asset, list[Window]] = {asset: [] for asset in Asset}
    for (_, asset), one in wanted.prices.items():
        parts[asset] += one.parts
    return {asset: Windows.of(own) for asset, own in parts.items()}


def _round_of(event: ev.Event, places: dict[str, Round]) -> Round | None:
    if isinstance(event, ev.BookChanged):
        known = (places.get(one.token_id) for one in event.changes)
        return next((one for one in known if one is not None), None)
    return places.get(event.token_id) if isinstance(event, _OF_BOOKS) else None


def _is_of_all(event: ev.Event) -> bool:
    """Prices, and the health of feeds but those of an account."""
    if isinstance(event, _OF_FEEDS):
        return event.feed not in ev.ACCOUNT_FEEDS
    return isinstance(event, _OF_PRICES)


@define
class _Look:
    """State: what was found so far."""

    counted: Counter[str] = field(factory=Counter)
    tokens: dict[str, _Reach] = field(factory=dict)
    assets: dict[str, Asset] = field(factory=dict)
    prices: dict[tuple[PriceSeries, Asset, str], _Reach] = field(factory=dict)
    rounds: dict[str, KnownRound] = field(factory=dict)
    won: dict[str, str] = field(factory=dict)
    lag: Median = field(factory=Median)
    rows: int = 0

    def take(self, at_ns: int, asset: Asset, event: ev.Event) -> None:
        self.rows += 1
        match event:
            case ev.BookChanged(changes=changes, venue_ns=venue_ns):
                self.lag.take(at_ns - venue_ns, self.rows)
                for token in dict.fromkeys([one.token_id for one in changes]):
                    self.tokens.setdefault(token, _Reach()).note(at_ns)
            case ev.BookSnapshotted(token_id=token):
                self.tokens.setdefault(token, _Reach()).note(at_ns)
            case ev.ChainlinkPriced():
                self._chainlink(at_ns, event)
            case ev.ExchangeQuoted(venue=venue) | ev.ExchangeTraded(venue=venue):
                self._reach(PriceSeries.EXCHANGE, asset, venue).note(at_ns)
            case ev.RoundFound(round=listed):
                tokens = {outcome: listed.token_of(outcome) for outcome in Outcome}
                self.rounds.setdefault(
                    listed.slug,
                    KnownRound(
                        listed.slug,
                        Path("listed"),
                        self.rows,
                        condition_id=listed.condition_id,
                        tokens=tokens,
                        listed=listed,
                    ),
                )
            case ev.StrikePublished(slug=slug, strike=strike, source=source):
                if slug in self.rounds and source in _STRIKES:
                    self.rounds[slug] = evolve(self.rounds[slug], strike=strike)
            case ev.RoundSettled():
                self.won[event.condition_id] = event.winning_token_id

    def _reach(self, series: PriceSeries, asset: Asset, venue: str = "") -> _Reach:
        return self.prices.setdefault((series, asset, venue), _Reach())

    def _chainlink(self, at_ns: int, event: ev.ChainlinkPriced) -> None:
        is_average = event.kind is PriceKind.TWAP
        reach = self._reach(PriceSeries.SETTLEMENT, event.asset)
        if not is_average:
            reach.note(at_ns)
        if event.observed_ns % _BOUNDARY_NS == 0:
            window_s = event.window_s if is_average else 0
            reach.boundaries[window_s, event.observed_ns] = event.value

    def survey(self) -> Survey:
        prices = tuple(
            PriceSpan(series, asset, one.rows, one.first_ns, one.last_ns, one.boundaries, venue)
            for (series, asset, venue), one in self.prices.items()
        )
        tokens = tuple(
            TokenSpan(token, one.rows, one.first_ns, one.last_ns)
            for token, one in self.tokens.items()
        )
        return Survey(
            (),
            prices,
            self.rows,
            self.lag.value,
            self.lag.where,
            dict(self.counted),
            tokens=tokens,
            known=tuple(self.rounds.values()),
            won=dict(self.won),
        )


def in_turn(parts: Sequence[Iterator[Moment]]) -> Iterator[Moment]:
    """Files that one recorder began one after the other; never back in time."""
    last_ns = 0
    for part in parts:
        for moment in part:
            last_ns = max(last_ns, moment.at_ns)
            yield (
                moment if moment.at_ns == last_ns else Moment(last_ns, moment.asset, moment.events)
            )

"""Events that came before their time: what an event speaks of, against when it was heard.

A recording that was made with care never has one. A candle that is given while it still runs, a
row whose time is that of the exchange and not that of its reading, a winner who is named before
the close: each is knowledge that nobody could trade on.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator

from attrs import frozen

from polytui.backtest.moments import Moment, Source
from polytui.desk.mind import Mind
from polytui.model import events as ev
from polytui.model.effects import Effect
from polytui.model.instrument import Asset, Round
from polytui.model.units import NS_PER_S
from polytui.venues.stamps import STAMPS, newest_stamp

EXCHANGE, SETTLEMENT, BOOK, OUTCOMES, ROUNDS = (
    *("exchange", "settlement", "book"),
    *("outcomes", "rounds"),
)
INPUTS: dict[type, str] = {
    ev.ExchangeQuoted: EXCHANGE,
    ev.ExchangeTraded: EXCHANGE,
    ev.CandlesLoaded: EXCHANGE,
    ev.ChainlinkPriced: SETTLEMENT,
    ev.BookSnapshotted: BOOK,
    ev.BookChanged: BOOK,
    ev.TickSizeChanged: BOOK,
    ev.TradePrinted: BOOK,
    ev.RoundSettled: OUTCOMES,
    ev.StrikePublished: OUTCOMES,
    ev.RoundFound: ROUNDS,
    ev.RoundOpened: ROUNDS,
    ev.RoundClosed: ROUNDS,
    ev.AcceptanceChanged: ROUNDS,
}
"""Which input an event belongs to. All others are of the session itself, and of no market."""
KINDS = tuple(dict.fromkeys(INPUTS.values()))


@frozen
class Early:
    """One event that was heard before it could be."""

    kind: str
    event: str
    asset: Asset
    at_ns: int
    due_ns: int
    """When it could be known."""

    def text(self) -> str:
        ahead_s = (self.due_ns - self.at_ns) / NS_PER_S
        return f"{self.event} of {self.asset.value} at {self.at_ns}: {ahead_s:.3f} s early"


class Truth:
    """State: the rounds that were found, whose boundaries nobody knows the result of before."""

    def __init__(self, skew_ns: int) -> None:
        """`skew_ns`: how far a venue's clock may be ahead of ours."""
        self._skew_ns = skew_ns
        self._slugs: dict[str, Round] = {}
        self._conditions: dict[str, Round] = {}

    def due_ns(self, event: ev.Event, at_ns: int) -> int:
        """When it could be known at the earliest; `at_ns` or less for one that is in time."""
        if isinstance(event, ev.RoundFound):
            self._slugs[event.round.slug] = event.round
            self._conditions[event.round.condition_id] = event.round
        due_ns = max(getattr(event, "received_ns", 0), self._boundary_ns(event))
        if type(event) in STAMPS:
            stamp_ns = newest_stamp(event)
            if stamp_ns > at_ns + self._skew_ns:
                due_ns = max(due_ns, stamp_ns)
        return due_ns

    def _boundary_ns(self, event: ev.Event) -> int:
        listed: Round | None = None
        match event:
            case ev.RoundSettled(condition_id=condition_id):
                listed = self._conditions.get(condition_id)
                return 0 if listed is None or event.is_void else listed.closes_ns
            case ev.RoundClosed(slug=slug):
                listed = self._slugs.get(slug)
                return 0 if listed is None else listed.closes_ns
            case ev.RoundOpened(slug=slug) | ev.StrikePublished(slug=slug):
                listed = self._slugs.get(slug)
                return 0 if listed is None else listed.opens_ns
            case _:
                return 0


class EarlyWatch:
    """A sink. State: what came early, by input."""

    def __init__(self, skew_ns: int) -> None:
        self._truth = Truth(skew_ns)
        self.found: list[Early] = []
        self.events: dict[str, int] = dict.fromkeys(KINDS, 0)
        """How many were looked at, by input."""

    def heard(
        self,
        mind: Mind,
        asset: Asset,
        event: ev.Event,
        effects: tuple[Effect, ...],
        now_ns: int,
        is_last: bool,
    ) -> None:
        kind = INPUTS.get(type(event))
        if kind is None:
            return
        self.events[kind] += 1
        due_ns = self._truth.due_ns(event, now_ns)
        if due_ns > now_ns:
            self.found.append(Early(kind, type(event).__name__, asset, now_ns, due_ns))


class InTime:
    """A source in which each event of some inputs comes when it could be known, and not before."""

    def __init__(self, source: Source, kind: str, skew_ns: int) -> None:
        self._source = source
        self._kind = kind
        self._skew_ns = skew_ns
        self.heed = source.heed

    def moments(self) -> Iterator[Moment]:
        truth, number = Truth(self._skew_ns), 0
        late: list[tuple[int, int, Moment]] = []
        for moment in self._source.moments():
            while late and late[0][0] <= moment.at_ns:
                yield heapq.heappop(late)[2]
            kept = []
            for event in moment.events:
                due_ns = truth.due_ns(event, moment.at_ns)
                if due_ns > moment.at_ns and INPUTS.get(type(event)) == self._kind:
                    number += 1
                    held = Moment(due_ns, moment.asset, (event,))
                    heapq.heappush(late, (due_ns, number, held))
                else:
                    kept.append(event)
            if kept:
                yield Moment(moment.at_ns, moment.asset, tuple(kept))
        while late:
            yield heapq.heappop(late)[2]


class Until:
    """A source that ends: with everything after a moment, or with one input of it alone."""

    def __init__(self, source: Source, until_ns: int, kind: str = "", more_ns: int = 0) -> None:
        """`kind`: the input that ends at `until_ns`; the others go on for `more_ns`. Empty: all of
        it ends."""
        self._source = source
        self._until_ns = until_ns
        self._kind = kind
        self._end_ns = until_ns + more_ns
        self.heed = source.heed

    def moments(self) -> Iterator[Moment]:
        for moment in self._source.moments():
            if moment.at_ns > self._end_ns:
                return
            if moment.at_ns <= self._until_ns:
                yield moment
                continue
            kept = [event for event in moment.events if INPUTS.get(type(event)) != self._kind]
            if kept:
                yield Moment(moment.at_ns, moment.asset, tuple(kept))


Remake = Callable[[int | None], Source]
"""The source anew, made of what was there up to a moment, in nanoseconds; None: of everything."""

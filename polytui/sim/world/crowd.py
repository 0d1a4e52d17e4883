"""The crowd of one round: it arrives before the open, trades, and leaves at the result.

A Poisson process of people whose rates depend on the interval and on the phase of the round:
makers who look up, makers who fill what is empty, makers who change a size somewhere, takers. When
the mid price passes 0.96 or 0.04, the venue makes the tick finer, once.

Changes of size are most of what a real book says, and move nothing. Their number is a setting, as
that of an exchange's quotes: `thin` of a real day's rate. Looks and what follows from them are as
many at any setting, so that a thin book moves as a real one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from attrs import field, frozen
from attrs.validators import ge

from polytui.model.instrument import Interval, Outcome, Round
from polytui.model.units import MICRO, NS_PER_S, Price, Shares
from polytui.sim.world.agenda import NEVER
from polytui.sim.world.beats import on_beat
from polytui.sim.world.chance import Chance
from polytui.sim.world.makers import Makers, MakerSettings, Shown
from polytui.sim.world.market_faults import Delusion, MarketFaults
from polytui.sim.world.opinion import CrowdOpinion, OpinionSettings
from polytui.sim.world.registry import Registry
from polytui.sim.world.settlement import Settlement
from polytui.sim.world.takers import Takers, TakerSettings, middle, swept
from polytui.sim.world.world_events import BookMoved, BookSwept, LevelSet, TickChanged, WorldEvent


@frozen
class CrowdRates:
    """How often the crowd acts, per second of the world, on a real day."""

    sizes: float = field(validator=ge(0.0))
    """Changes of size."""
    takers: float = field(validator=ge(0.0))
    looks: float | None = None
    """None: as often as the crowd's delay asks."""


@frozen
class CrowdSettings:
    """Everything about the people of the simulated venue."""

    opinion: OpinionSettings = OpinionSettings()
    makers: MakerSettings = MakerSettings()
    takers: TakerSettings = TakerSettings()
    open: Mapping[Interval, CrowdRates] = field(
        factory=lambda: {
            Interval.M5: CrowdRates(150.0, 0.35),
            Interval.M15: CrowdRates(75.0, 0.18),
            Interval.H1: CrowdRates(35.0, 0.08),
            Interval.H4: CrowdRates(15.0, 0.04),
        }
    )
    """While the round runs."""
    next: CrowdRates = CrowdRates(10.0, 0.03, 0.5)
    """In the next round, before its open."""
    early: CrowdRates = CrowdRates(2.5, 0.005, 0.1)
    """In rounds further ahead."""
    ended: CrowdRates = CrowdRates(20.0, 0.1, 2.0)
    """Between the end and the result."""
    fine_above: float = 0.96
    fine_tick: Price = Price(1_000)
    """The tick once the mid is above `fine_above`, or as far below one half."""


class Crowd:
    """The crowd of one round, as a process. It sleeps until `arrives_ns`."""

    def __init__(
        self,
        seed: int,
        round_: Round,
        arrives_ns: int,
        registry: Registry,
        settlement: Settlement,
        settings: CrowdSettings,
        market_faults: MarketFaults,
        messages: float,
        beat_ns: int = 0,
    ) -> None:
        """`messages`: share of a real day's changes of size."""
        self._beat_ns = beat_ns
        self._market_faults = market_faults
        self._messages = messages
        self._seed = seed
        self._round = round_
        self._registry = registry
        self._settlement = settlement
        self._settings = settings
        self._people: _People | None = None
        self.next_ns = arrives_ns

    def fire(self) -> Iterable[WorldEvent]:
        at_ns = self.next_ns
        if self._people is None:
            self._people = self._arrive()
            world_events: Iterable[WorldEvent] = self._people.opening(at_ns)
        elif self._registry.status(self._round.slug).is_resolved:
            self.next_ns = NEVER
            self._people = None
            return ()
        else:
            world_events = self._people.act(at_ns)
        self.next_ns = self._people.next_ns(at_ns)
        return world_events

    def _arrive(self) -> _People:
        # Books and generators are made only now: a day of rounds is listed ahead of its crowds.
        rng = Chance(f"{self._seed}:{self._round.slug}:crowd")
        opinion = CrowdOpinion(self._round, self._settlement, self._settings.opinion, rng)
        settings = self._settings
        return _People(
            self._round,
            self._registry,
            opinion,
            settings,
            rng,
            self._market_faults,
            self._messages,
            self._beat_ns,
        )


class _Rates(NamedTuple):
    """Of everybody, per second of the world."""

    looks: float
    refills: float
    takers: float
    sizes: float


class _People:
    """Makers, takers and the opinion they share."""

    def __init__(
        self,
        round_: Round,
        registry: Registry,
        opinion: CrowdOpinion,
        settings: CrowdSettings,
        rng: Chance,
        market_faults: MarketFaults,
        messages: float,
        beat_ns: int,
    ) -> None:
        self._market_faults = market_faults
        self._messages = messages
        self._beat_ns = beat_ns
        self._delusion = Delusion(market_faults)
        self._round = round_
        self._registry = registry
        self._book = registry.book(round_.slug)
        self._opinion = opinion
        self._settings = settings
        self._rng = rng
        self._makers = Makers(self._book, settings.makers, rng)
        self._takers = Takers(self._book, settings.takers, rng)
        self._high_edge = settings.fine_above * MICRO
        self._low_edge = MICRO - self._high_edge
        self._rates = _Rates(0.0, 0.0, 0.0, 0.0)
        self._probability = 0.5
        self._is_fine = False
        self._is_idle = False

    def opening(self, at_ns: int) -> Iterator[WorldEvent]:
        """The whole book, level by level."""
        self._judge(at_ns)
        for side, price, shares in self._makers.opening(self._probability):
            matches = self._book.show(side, Price(price), Shares(shares))
            yield self._told(at_ns, Shown(side, price, matches))
        if self._is_past_edge():
            yield from self._refine(at_ns)

    def act(self, at_ns: int) -> Iterator[WorldEvent]:
        """Whoever is next; nobody at a change of phase, where only the pace changes."""
        if self._is_idle or at_ns < self._market_faults.halted_until_ns:
            return
        yield from self._beat(at_ns) if self._beat_ns else self._one(at_ns)
        if self._is_past_edge():
            yield from self._refine(at_ns)

    def next_ns(self, now_ns: int) -> int:
        """When somebody acts next. Without memory, so a new phase may simply begin to wait anew."""
        if self._beat_ns:
            return on_beat(now_ns + 1, self._beat_ns)
        pace, until_ns = self._pace_at(now_ns)
        settings = self._settings
        self._rates = _Rates(
            self._looks_per_s(pace),
            1.0 / settings.makers.refill_s if self._makers.is_short else 0.0,
            pace.takers,
            pace.sizes * self._messages,
        )
        next_ns = now_ns + int(self._rng.expovariate(sum(self._rates)) * NS_PER_S) + 1
        self._is_idle = next_ns >= until_ns
        return min(next_ns, until_ns)

    def _one(self, at_ns: int) -> Iterator[BookMoved | BookSwept]:
        rates = self._rates
        who = self._rng.random() * sum(rates)
        if who < rates.looks:
            yield from self._look(at_ns)
        elif who < rates.looks + rates.refills:
            yield from self._all_told(at_ns, self._makers.refill())
        elif who < rates.looks + rates.refills + rates.takers:
            yield from self._take(at_ns)
        else:
            yield from self._refresh(at_ns)

    def _beat(self, at_ns: int) -> Iterator[BookMoved | BookSwept]:
        """All that happens until the next beat, at once. Makers look before anybody takes, and
        stand where they should when it is over: nobody finds a quote that is a beat old."""
        pace, beat_s = self._pace_at(at_ns)[0], self._beat_ns / NS_PER_S
        if self._rng.times(self._looks_per_s(pace) * beat_s):
            yield from self._look(at_ns)
        yield from self._all_told(at_ns, self._makers.refill())
        for _ in range(self._rng.times(pace.takers * beat_s)):
            yield from self._take(at_ns)
        yield from self._all_told(at_ns, self._makers.refill())
        for _ in range(self._rng.times(pace.sizes * self._messages * beat_s)):
            yield from self._refresh(at_ns)

    def _looks_per_s(self, pace: CrowdRates) -> float:
        return self._settings.opinion.looks_per_s if pace.looks is None else pace.looks

    def _look(self, at_ns: int) -> Iterator[BookMoved | BookSwept]:
        self._judge(at_ns)
        widening = self._market_faults.widening(at_ns)
        yield from self._all_told(at_ns, self._makers.look(self._probability, widening))

    def _take(self, at_ns: int) -> Iterator[BookSwept]:
        taken = self._takers.take(at_ns, self._round.slug, self._probability)
        if taken is not None:
            yield taken

    def _refresh(self, at_ns: int) -> Iterator[BookMoved | BookSwept]:
        shown = self._makers.refresh()
        if shown is not None:
            yield self._told(at_ns, shown)

    def _judge(self, at_ns: int) -> None:
        self._probability = self._delusion.bend(self._opinion.probability(at_ns), at_ns)

    def _all_told(self, at_ns: int, changes: Iterator[Shown]) -> Iterator[BookMoved | BookSwept]:
        """One by one: whoever holds a world event sees the book as of it."""
        for shown in changes:
            yield self._told(at_ns, shown)

    def _pace_at(self, at_ns: int) -> tuple[CrowdRates, int]:
        """The pace at `at_ns` and when it ends."""
        round_, settings = self._round, self._settings
        if at_ns >= round_.closes_ns:
            return settings.ended, NEVER
        if at_ns >= round_.opens_ns:
            return settings.open[round_.interval], round_.closes_ns
        next_ns = round_.opens_ns - round_.interval.ns
        if at_ns >= next_ns:
            return settings.next, round_.opens_ns
        return settings.early, next_ns

    def _told(self, at_ns: int, shown: Shown) -> BookMoved | BookSwept:
        """A level change is told as one, unless the maker met somebody's order on the way."""
        side, price, slug = shown.side, shown.price, self._round.slug
        level = LevelSet(side, price, self._book.depth(Outcome.UP, side, Price(price)))
        if not shown.matches:
            return BookMoved(at_ns, slug, level)
        rest = (level,) if level.shares else ()
        return swept(self._book, at_ns, slug, Outcome.UP, side, shown.matches, rest)

    def _is_past_edge(self) -> bool:
        """Whether the venue's change of tick is due: one way, once in a round."""
        if self._is_fine:
            return False
        mid = middle(self._book)
        return mid is not None and not self._low_edge <= mid <= self._high_edge

    def _refine(self, at_ns: int) -> Iterator[TickChanged]:
        """Nothing to do where somebody made it as fine already."""
        self._is_fine = True
        old, new = self._book.tick, self._settings.fine_tick
        if new < old:
            self._registry.set_tick(self._round.slug, new)
            yield TickChanged(at_ns, self._round.slug, old, new)

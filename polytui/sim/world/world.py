"""A small world of our own: prices, rounds and a crowd, deterministic from a seed.

Nothing here waits or reads a clock: `run_until` plays the world up to a moment and yields what
happens on the way, in the order of time. Whoever holds a world event sees the world exactly as of
that world event, and may trade in its books before asking for the next.

Every market and every asset draws from a generator of its own, so one more asset or interval
changes nothing about the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from attrs import evolve

from polytui.model.errors import Fatal
from polytui.model.instrument import Asset, Interval, Outcome, Round
from polytui.model.instrument import Exchange as Venue
from polytui.model.units import NS_PER_MS, NS_PER_S, Price
from polytui.sim.world.agenda import NEVER, Agenda, Process
from polytui.sim.world.calendar import CalendarWindow, window_at, windows
from polytui.sim.world.candles import Tape, TapeBar, TapePast
from polytui.sim.world.crowd import Crowd
from polytui.sim.world.market_faults import MarketFaults
from polytui.sim.world.matching import ConditionBook
from polytui.sim.world.paths import (
    BASES,
    ExchangePath,
)
from polytui.sim.world.recording import RecordedPath, read_prices, span_text
from polytui.sim.world.registry import Registry, RoundStatus, Verdict, make_round
from polytui.sim.world.resolver import Resolver
from polytui.sim.world.settlement import Settlement
from polytui.sim.world.shared_prices import chainlink_of, exchange_of, history_of
from polytui.sim.world.sources import (
    PARTS,
    ChainlinkRelay,
    ExchangeSource,
)
from polytui.sim.world.world_events import ChainlinkTicked, RoundListed, RoundResolved, WorldEvent
from polytui.sim.world.world_settings import LEAST_HISTORY_S, WorldSettings

__all__ = ["RoundStatus", "World", "WorldSettings"]

_HIGH_FEE_PPM = 300_000
_READ_AHEAD = 3
"""Clients read rounds, and with them their fees, so many intervals before they open."""
_STAGGER_MS = 20_000
"""Crowds do not arrive all at once."""


class World:
    """The simulated world, from `settings.start_ns` on. It already has a past."""

    def __init__(self, settings: WorldSettings) -> None:
        self.now_ns = settings.start_ns
        self._settings = settings
        self._registry = Registry()
        self.market_faults = MarketFaults()
        """Of all crowds; whoever wants to trouble the books begins one."""
        self._agenda = Agenda()
        self._acting: Process | None = None
        self._current: Iterator[WorldEvent] = iter(())
        self._regions = {asset: _Region(settings, asset) for asset in settings.assets}
        for asset, region in self._regions.items():
            self._agenda.add(region.relay)
            for exchange in region.exchanges:
                self._agenda.add(exchange)
            for interval in settings.intervals:
                self._enlist(asset, interval, region)

    @property
    def assets(self) -> tuple[Asset, ...]:
        """Those that are played."""
        return self._settings.assets

    @property
    def beat_ns(self) -> int:
        """Length of a beat; 0 in a world where anything may happen at any time."""
        return self._settings.beat_ns

    @property
    def began_ns(self) -> int:
        """Before that there is a past, and nothing that happens."""
        return self._settings.start_ns

    @property
    def rounds(self) -> dict[str, Round]:
        """Everything listed, by slug: rounds ahead, open, and resolved ones for some time."""
        return self._registry.rounds

    @property
    def ends_ns(self) -> int | None:
        """When the price file ends; None for a world without an end."""
        ends = [region.ends_ns for region in self._regions.values() if region.ends_ns is not None]
        return min(ends, default=None)

    def run_until(self, until_ns: int) -> Iterator[WorldEvent]:
        """What happens up to and including `until_ns`, in the order of time.

        An iterator that is dropped half-way loses nothing: the next one goes on from there.
        """
        agenda = self._agenda
        while True:
            if self._acting is not None:
                # Not `yield from`: whoever drops us would close what is half told with us.
                for world_event in self._current:  # noqa: UP028
                    yield world_event
                agenda.add(self._acting)
                self._acting = None
            if agenda.next_ns() > until_ns:
                break
            process = agenda.pop()
            self.now_ns = process.next_ns
            self._current = iter(process.fire())
            self._acting = process
        self.now_ns = max(self.now_ns, until_ns)

    def next_ns(self) -> int:
        """When something happens next, as far as that is known."""
        return self.now_ns if self._acting is not None else self._agenda.next_ns()

    def add(self, process: Process) -> None:
        """Somebody from outside acts in this world, not before its present moment."""
        if process.next_ns < self.now_ns:
            raise ValueError("the past is over")
        self._agenda.add(process)

    def find(self, name: str) -> Round | None:
        """The round of a condition or a token, listed or remembered."""
        return self._registry.find(name)

    def remember_if(self, is_needed: Callable[[Round], bool]) -> None:
        """`is_needed` is asked about each round that leaves the list; its result stays known."""
        self._registry.remember_if(is_needed)

    def when_resolved(self, slug: str, told: Callable[[RoundResolved], None]) -> None:
        """Calls `told` once, at the moment of the result, after everything left the book."""
        self._registry.when_resolved(slug, told)

    def set_tick(self, slug: str, tick: Price) -> None:
        """Orders from here on are on this grid."""
        self._registry.set_tick(slug, tick)

    def rule(self, slug: str, verdict: Verdict) -> None:
        """Another result than what would be; errors as of `Registry.rule`."""
        self._registry.rule(slug, verdict)

    @property
    def seed(self) -> int:
        return self._settings.seed

    def listed_ns(self, listed: Round) -> int:
        """When the venue listed it, or would have, had the world begun before."""
        return listed.opens_ns - self._settings.rounds_ahead_s * NS_PER_S

    def trouble(self, kind: str, lasts_ns: int) -> None:
        """A fault of all crowds for a while; or "fees", which stay with the rounds they hit."""
        if kind == "fees":
            self.raise_fees()
        else:
            self.market_faults.begin(kind, self.now_ns + lasts_ns)

    def raise_fees(self, rate_ppm: int = _HIGH_FEE_PPM) -> tuple[str, ...]:
        """A high fee for the next rounds that nobody can have read yet, one a kind; their slugs."""
        raised: dict[tuple[Asset, Interval], str] = {}
        for listed in sorted(self.rounds.values(), key=lambda each: each.opens_ns):
            key = (listed.asset, listed.interval)
            unread_ns = self.now_ns + _READ_AHEAD * listed.interval.ns
            if key not in raised and listed.opens_ns > unread_ns:
                raised[key] = listed.slug
        for slug in raised.values():
            fees = evolve(self.rounds[slug].fees, rate_ppm=rate_ppm)
            self._registry.set_fees(slug, fees)
        return tuple(raised.values())

    def book(self, slug: str) -> ConditionBook:
        """KeyError for a slug that is not listed; a round without a crowd has an empty book."""
        return self._registry.book(slug)

    def tick(self, slug: str) -> Price:
        return self._registry.rounds[slug].tick

    def last_trade(self, slug: str, outcome: Outcome) -> Price | None:
        """Price of the last match seen from `outcome`; None before the first."""
        return self._registry.book(slug).last_trade(outcome)

    def status(self, slug: str) -> RoundStatus:
        """What is published of the round; KeyError for one that is forgotten."""
        return self._registry.status(slug)

    def chainlink_history(self, asset: Asset, since_ns: int) -> tuple[ChainlinkTicked, ...]:
        """Published ones made at `since_ns` or later, oldest first; none of another asset."""
        region = self._regions.get(asset)
        return () if region is None else region.relay.history(since_ns)

    def candles(
        self,
        asset: Asset,
        seconds: int,
        start_ns: int,
        end_ns: int,
        limit: int,
        venue: Venue = Venue.BINANCE,
    ) -> list[TapeBar]:
        """Bars that open in [start_ns, end_ns], oldest first, at most `limit`; the last may be
        open still. `seconds` below 60 reach back twenty minutes and must divide a minute. None of
        an asset that is not played here."""
        region = self._regions.get(asset)
        return region.tapes[venue].candles(seconds, start_ns, end_ns, limit) if region else []

    def _enlist(self, asset: Asset, interval: Interval, region: _Region) -> None:
        """Lists what is listed at the start, and whoever lists the rest."""
        lister = _Lister(
            self._settings,
            asset,
            interval,
            region,
            self._registry,
            self._agenda,
            self.market_faults,
        )
        while lister.next_ns <= self.now_ns:
            lister.fire()
        self._agenda.add(lister)


class _Region:
    """One asset's part of the world: its Chainlink, its exchange, and what they decide."""

    def __init__(self, settings: WorldSettings, asset: Asset) -> None:
        self._recorded = _recorded(settings) if asset is settings.prices_asset else None
        start_ns = settings.start_ns
        start_s = start_ns // NS_PER_S
        seed = settings.seed
        path = self._recorded or chainlink_of(seed, asset, settings.paths[asset], start_s)
        self._settings = settings
        self._asset = asset
        self.relay = ChainlinkRelay(
            asset, path, start_ns, settings.chainlink_history_s, settings.beat_ns
        )
        self.tapes: dict[Venue, Tape] = {}
        self.exchanges: list[ExchangeSource] = []
        binance = exchange_of(seed, asset, path, settings.basis, "")
        self._add_exchange(Venue.BINANCE, binance, f"{seed}:{asset.value}")
        for venue in settings.venues:
            if venue is not Venue.BINANCE:
                mids = exchange_of(seed, asset, path, BASES[venue], venue.value)
                self._add_exchange(venue, mids, f"{seed}:{asset.value}:{venue.value}")
        self.settlement = Settlement(path, binance, self.tapes[Venue.BINANCE])

    def _add_exchange(self, venue: Venue, mids: ExchangePath, name: str) -> None:
        """An exchange with a generator, a basis and a tape of its own."""
        settings = self._settings
        start_s = settings.start_ns // NS_PER_S
        first_s = start_s - settings.candle_history_s
        if mids.first_ns is not None:
            first_s = max(first_s, mids.first_ns // NS_PER_S + 1)
        usual = settings.exchanges[self._asset].as_part(PARTS[venue])
        manner = usual.thinned(settings.messages)
        start_ns, beat_ns = settings.start_ns, settings.beat_ns
        history = history_of(f"{name}:tape", mids, manner.size, manner.trades_per_s)
        self.tapes[venue] = tape = Tape(TapePast(history, first_s, start_s))
        self.exchanges.append(
            ExchangeSource(name, self._asset, mids, tape, manner, start_ns, venue, beat_ns)
        )

    @property
    def ends_ns(self) -> int | None:
        return None if self._recorded is None else self._recorded.last_ns

    def may_settle(self, window: CalendarWindow) -> bool:
        """Whether the prices of both ends of a window exist."""
        recorded = self._recorded
        if recorded is None:
            return True
        first_ns = recorded.first_ns + LEAST_HISTORY_S * NS_PER_S
        return first_ns <= window.opens_ns and window.closes_ns <= recorded.last_ns


def _recorded(settings: WorldSettings) -> RecordedPath | None:
    """The price file, if there is one; Fatal where the world does not start inside it."""
    if settings.prices is None:
        return None
    recorded = read_prices(settings.prices)
    first_ns = recorded.first_ns + LEAST_HISTORY_S * NS_PER_S
    if not first_ns <= settings.start_ns < recorded.last_ns:
        raise Fatal(
            f"{settings.prices} holds prices from {span_text(recorded)}; "
            f"start the world inside it, {LEAST_HISTORY_S} seconds after its beginning or later"
        )
    return recorded


class _Lister:
    """Lists the rounds of one asset and interval, a day ahead, each with resolver and crowd."""

    def __init__(
        self,
        settings: WorldSettings,
        asset: Asset,
        interval: Interval,
        region: _Region,
        registry: Registry,
        agenda: Agenda,
        market_faults: MarketFaults,
    ) -> None:
        self._market_faults = market_faults
        self._settings = settings
        self._asset = asset
        self._interval = interval
        self._region = region
        self._registry = registry
        self._agenda = agenda
        first = window_at(interval, settings.start_ns)
        self._windows = windows(interval, first.opens_ns, NEVER)
        self._go_on()

    def fire(self) -> Iterable[WorldEvent]:
        at_ns = self.next_ns
        settings = self._settings
        round_ = make_round(
            settings.seed, self._asset, self._interval, self._window, settings.v2_share
        )
        self._registry.enlist(round_)
        self._hire(round_)
        self._go_on()
        return (RoundListed(at_ns, round_),)

    def _go_on(self) -> None:
        self._window = next(self._windows)
        while not self._region.may_settle(self._window):
            if self._region.ends_ns is not None and self._window.closes_ns > self._region.ends_ns:
                self.next_ns = NEVER
                return
            self._window = next(self._windows)
        self.next_ns = self._window.opens_ns - self._settings.rounds_ahead_s * NS_PER_S

    def _hire(self, round_: Round) -> None:
        settings, settlement = self._settings, self._region.settlement
        seed, start_ns = settings.seed, settings.start_ns
        resolver = Resolver(seed, round_, self._registry, settlement, settings.resolver)
        resolver.catch_up(start_ns)
        self._agenda.add(resolver)
        arrives_ns = max(_arrival_ns(round_, settings.crowd_ahead), start_ns)
        crowd = Crowd(
            seed,
            round_,
            arrives_ns,
            self._registry,
            settlement,
            settings.crowd,
            self._market_faults,
            settings.messages,
            settings.beat_ns,
        )
        if arrives_ns == start_ns:
            # Those who were there before the world began are not news.
            for _ in crowd.fire():
                pass
        self._agenda.add(crowd)


def _arrival_ns(round_: Round, crowd_ahead: float) -> int:
    """When a round's crowd arrives, staggered by its id."""
    stagger_ms = int(round_.condition_id[2:10], 16) % _STAGGER_MS
    return round_.opens_ns - int(round_.interval.ns * crowd_ahead) + stagger_ms * NS_PER_MS

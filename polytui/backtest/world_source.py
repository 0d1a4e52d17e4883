"""A simulated world as a source of moments: venue, codecs and the clock; no task, no socket.

The bytes are those that the venue would send: the same sessions write them and the same codecs
read them. Time is the world's, so one seed gives one course of moments.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from functools import partial
from itertools import groupby
from operator import attrgetter

import msgspec
from attrs import define, field

from polytui.backtest.drive import grace_ns
from polytui.backtest.moments import Moment
from polytui.config.schema import Settings
from polytui.model import events as ev
from polytui.model.effects import Credit, Effect
from polytui.model.instrument import Asset, Outcome, Round, SettlementRule
from polytui.model.units import NS_PER_S
from polytui.sim.wire.exchanges import BINANCE_PREFIX, BYBIT_PATH, COINBASE_PATH, Exchanges
from polytui.sim.wire.form.session import ClientSession
from polytui.sim.wire.polymarket import MARKET_PATH, RTDS_PATH, Polymarket
from polytui.sim.wire.rounds.documents import event_of
from polytui.sim.world.beats import on_beat
from polytui.sim.world.world import World, WorldSettings
from polytui.sim.world.world_events import RoundListed, WorldEvent
from polytui.venues.binance import BinanceStreams
from polytui.venues.bybit import BybitStreams
from polytui.venues.coinbase import CoinbaseStreams
from polytui.venues.feed import Codec
from polytui.venues.polymarket.gamma_events import look_at, parse_event
from polytui.venues.polymarket.price_streams import Rtds
from polytui.venues.polymarket.streams import MarketChannel

_TICK_NS = NS_PER_S
_WIRE_NS = 5_000_000
"""From the venue to us: five milliseconds, always."""


@define
class _Wire:
    """One connection: the venue's session, our codec, and the feed's name."""

    session: ClientSession
    codec: Codec
    name: str


@define
class _Ear:
    """One asset's wires, and its rounds."""

    asset: Asset
    channel: MarketChannel
    wires: list[_Wire]
    followed: set[str] = field(factory=set)
    opened: set[str] = field(factory=set)
    """Rounds that opened before our eyes and are not settled."""
    settled: int = 0
    """Rounds that opened before our eyes and are."""


class WorldSource:
    """State: the world, and a heap of what is due: (time, number, what to do)."""

    def __init__(
        self,
        settings: Settings,
        world: WorldSettings,
        told: Callable[[int, str, str | ev.Event], None] | None = None,
    ) -> None:
        """Moments until every asset has settled the rounds that the settings ask for. `told` gets
        all that comes from outside: when, each frame's text with its feed, and under no feed each
        event that no frame brought but the clock's seconds."""
        self._told = told
        self._settings = settings
        self._world = World(world)
        self._polymarket = Polymarket(self._world)
        self._exchanges = Exchanges(self._world)
        self._due: list[tuple[int, int, Callable[[int], None]]] = []
        self._number = 0
        self._beat_ns = world.beat_ns
        self._ready: list[Moment] = []
        """Made, and not asked for yet."""
        self.rejected = 0
        """Frames that our codecs could not believe."""
        self._hearers: dict[type[WorldEvent], list[tuple[_Ear, _Wire]]] = {}
        """By the kind of a world event the wires that speak of it."""
        self._ears = [self._make_ear(asset) for asset in settings.session.assets]

    def moments(self) -> Iterator[Moment]:
        start_ns = self._world.now_ns
        for ear in self._ears:
            self._open(ear, start_ns)
        yield from self._taken()
        for world_event in self._happenings():
            yield from self._run_due(world_event.at_ns)
            self._spread(world_event)
            if self._is_done():
                break
        end_ns = self._world.now_ns
        for ear in self._ears:
            yield Moment(end_ns, ear.asset, (ev.Commanded(ev.Action.STOP, "session"),))
        yield from self._run_due(end_ns + grace_ns(self._settings.paper))

    def heed(self, asset: Asset, effects: tuple[Effect, ...], now_ns: int) -> None:
        """A round that is settled is followed no more. Orders are met on paper, not here."""
        for effect in effects:
            if isinstance(effect, Credit):
                ear = next(one for one in self._ears if one.asset is asset)
                ear.followed.discard(effect.slug)
                if effect.slug in ear.opened:
                    ear.opened.discard(effect.slug)
                    ear.settled += 1

    def _happenings(self) -> Iterator[WorldEvent]:
        while True:
            yield from self._world.run_until(self._world.now_ns + 60 * NS_PER_S)

    def _is_done(self) -> bool:
        wanted = self._settings.session.rounds
        return all(ear.settled >= wanted for ear in self._ears)

    # --- wires ----------------------------------------------------------------------------------

    def _make_ear(self, asset: Asset) -> _Ear:
        channel, binance = MarketChannel(), BinanceStreams(asset, is_in_url=True)
        targets: list[tuple[str, Codec, str]] = [
            (MARKET_PATH, channel, ev.BOOK_FEED),
            (RTDS_PATH, Rtds(asset), "rtds"),
            (BINANCE_PREFIX + binance.path, binance, "binance"),
            (BYBIT_PATH, BybitStreams(asset), "bybit"),
            (COINBASE_PATH, CoinbaseStreams(asset), "coinbase"),
        ]
        wires = [_Wire(self._connect(path), codec, name) for path, codec, name in targets]
        return _Ear(asset, channel, wires)

    def _connect(self, target: str) -> ClientSession:
        session = self._polymarket.open_session(target) or self._exchanges.open_session(target)
        assert session is not None, f"the simulated venue has no {target}"
        return session

    def _open(self, ear: _Ear, now_ns: int) -> None:
        for wire in ear.wires:
            self._tell(ear, ev.FeedUp(wire.name, now_ns), now_ns)
            self._read(ear, wire, wire.session.opening(), now_ns)
            for text in wire.codec.hello():
                self._read(ear, wire, wire.session.receive(text), now_ns)
        for listed in list(self._world.rounds.values()):
            self._find(ear, listed, now_ns)
        self._tick(ear, now_ns)

    def _tick(self, ear: _Ear, now_ns: int) -> None:
        self._deliver(ear, (ev.Ticked(now_ns),), now_ns)
        beat_ns = self._beat_ns
        # With what a beat brings: in between nothing is new.
        next_ns = on_beat(now_ns, beat_ns) + _WIRE_NS if beat_ns else now_ns + _TICK_NS
        self._at(next_ns, lambda at_ns: self._tick(ear, at_ns))

    # --- rounds ---------------------------------------------------------------------------------

    def _find(self, ear: _Ear, listed: Round, now_ns: int) -> None:
        """What the round watcher does, by the same wire: Gamma's event, read by our codec."""
        if listed.asset is not ear.asset or listed.slug in ear.followed:
            return
        if listed.interval not in self._settings.session.intervals or listed.closes_ns <= now_ns:
            return
        ear.followed.add(listed.slug)
        (found,) = parse_event(msgspec.json.encode(event_of(self._world, listed)))
        warm_ns = found.opens_ns - int(self._settings.rounds.warm_s * NS_PER_S)
        self._at(max(now_ns, warm_ns), lambda at_ns: self._warm(ear, found, at_ns))

    def _warm(self, ear: _Ear, found: Round, now_ns: int) -> None:
        self._tell(ear, ev.RoundFound(found), now_ns)
        tokens = tuple(found.token_of(outcome) for outcome in Outcome)
        if text := ear.channel.subscribe(tokens):
            self._read(ear, ear.wires[0], ear.wires[0].session.receive(text), now_ns)
        is_late = now_ns > found.opens_ns
        if not is_late:
            ear.opened.add(found.slug)
        self._at(
            max(now_ns, found.opens_ns),
            lambda at: self._tell(ear, ev.RoundOpened(found.slug, at, is_late), at),
        )
        every_ns = int(self._settings.rounds.strike_every_s * NS_PER_S)
        first_ns = max(now_ns, found.opens_ns) + every_ns
        self._at(first_ns, lambda at: self._ask_strike(ear, found, every_ns, at))
        self._at(found.closes_ns, lambda at: self._tell(ear, ev.RoundClosed(found.slug, at), at))

    def _ask_strike(self, ear: _Ear, found: Round, every_ns: int, now_ns: int) -> None:
        """As the round watcher asks Gamma, until it says or the round is over."""
        listed = self._world.rounds.get(found.slug)
        if listed is None or now_ns >= found.closes_ns:
            return
        (look,) = look_at(msgspec.json.encode(event_of(self._world, listed)))
        if look.strike is None:
            self._at(now_ns + every_ns, lambda at: self._ask_strike(ear, found, every_ns, at))
        else:
            source = "binance" if found.settlement is SettlementRule.CANDLE else "gamma"
            self._tell(ear, ev.StrikePublished(found.slug, look.strike, source), now_ns)

    def _spread(self, world_event: WorldEvent) -> None:
        """One world event to every wire that hears of it, and to whoever lists rounds."""
        self._polymarket.note(world_event)
        self._exchanges.note(world_event)
        if isinstance(world_event, RoundListed):
            for ear in self._ears:
                self._find(ear, world_event.round, world_event.at_ns)
        for ear, wire in self._hearing(type(world_event)):
            self._read(ear, wire, wire.session.publish(world_event), world_event.at_ns)

    def _hearing(self, kind: type[WorldEvent]) -> list[tuple[_Ear, _Wire]]:
        found = self._hearers.get(kind)
        if found is None:
            found = self._hearers[kind] = [
                (ear, wire)
                for ear in self._ears
                for wire in ear.wires
                if issubclass(kind, wire.session.WANTS)
            ]
        return found

    def _read(self, ear: _Ear, wire: _Wire, frames: list[str], sent_ns: int) -> None:
        for frame in frames:
            self._at(sent_ns + _WIRE_NS, partial(self._parse, ear, wire, frame))

    def _tell(self, ear: _Ear, event: ev.Event, now_ns: int) -> None:
        """What no frame brings."""
        if self._told is not None:
            self._told(now_ns, "", event)
        self._deliver(ear, (event,), now_ns)

    def _parse(self, ear: _Ear, wire: _Wire, frame: str, now_ns: int) -> None:
        if self._told is not None:
            self._told(now_ns, wire.name, frame)
        parsed = wire.codec.parse(frame, now_ns)
        self.rejected += bool(parsed.rejected)
        self._deliver(ear, tuple(parsed.events), now_ns)
        for text in parsed.replies:
            self._read(ear, wire, wire.session.receive(text), now_ns)

    # --- time -----------------------------------------------------------------------------------

    def _at(self, at_ns: int, act: Callable[[int], None]) -> None:
        self._number += 1
        heapq.heappush(self._due, (at_ns, self._number, act))

    def _run_due(self, now_ns: int) -> Iterator[Moment]:
        """Everything due by now, in order."""
        due = self._due
        while due and due[0][0] <= now_ns:
            at_ns, _, act = heapq.heappop(due)
            act(at_ns)
            if not (self._beat_ns and due and due[0][0] == at_ns):
                yield from self._taken()

    def _taken(self) -> Iterator[Moment]:
        """What was made, each once; of a beat one moment an asset."""
        ready, self._ready = self._ready, []
        return _as_batches(ready) if self._beat_ns else iter(ready)

    def _deliver(self, ear: _Ear, events: tuple[ev.Event, ...], now_ns: int) -> None:
        if events:
            self._ready.append(Moment(now_ns, ear.asset, events))


def _as_batches(moments: list[Moment]) -> Iterator[Moment]:
    """The same, all of one time and asset as one."""
    in_order = sorted(moments, key=_time_and_asset)
    for (at_ns, asset), several in groupby(in_order, _time_and_asset):
        yield Moment(at_ns, asset, tuple([event for one in several for event in one.events]))


_time_and_asset = attrgetter("at_ns", "asset")

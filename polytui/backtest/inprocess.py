"""A whole demo in one plain loop: venue, codecs, desks and paper; no task, no socket.

The bytes are those that the venue would send: the same sessions write them and the same codecs
read them. Time is the world's, so one seed gives one session, effect for effect.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from functools import partial

import msgspec
from attrs import define, field, frozen

from polytui.backtest.played_journal import PlayedJournal
from polytui.config.load import canonical_json
from polytui.config.schema import Settings
from polytui.desk.checkpoint import checkpoint_of
from polytui.desk.mind import Mind
from polytui.execution.client import VenueMoney
from polytui.execution.paper import PaperSimulator
from polytui.execution.paper_account import PaperAccount
from polytui.execution.paper_client import money_of
from polytui.journal.codec import encode_record
from polytui.journal.milestones import milestones
from polytui.model import events as ev
from polytui.model.effects import Cancel, CancelAll, Credit, LookUp, Place
from polytui.model.instrument import Asset, Interval, Outcome, Round, SettlementRule
from polytui.model.units import NS_PER_S, usd_from_float
from polytui.sim.wire.exchanges import BINANCE_PREFIX, BYBIT_PATH, COINBASE_PATH, Exchanges
from polytui.sim.wire.form.session import ClientSession
from polytui.sim.wire.polymarket import MARKET_PATH, RTDS_PATH, Polymarket
from polytui.sim.wire.rounds.documents import event_of
from polytui.sim.world.demo_world import world_of
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


@frozen
class Played:
    """What a session came to: the mind with its account, the venue's money, lines of a journal that
    was written nowhere."""

    mind: Mind
    venue: VenueMoney
    lines: list[bytes]
    rejected: int


@define
class _Wire:
    """One connection: the venue's session, our codec, and the feed's name."""

    session: ClientSession
    codec: Codec
    name: str


@define
class _Desk:
    """One asset's exchange on paper and its wires."""

    asset: Asset
    simulator: PaperSimulator
    channel: MarketChannel
    wires: list[_Wire]
    followed: set[str] = field(factory=set)


class InProcess:
    """State: the world, the mind, and a heap of what is due: (time, number, what to do)."""

    def __init__(
        self,
        settings: Settings,
        world: WorldSettings,
        heard: Callable[[Mind, Asset, ev.Event], None] | None = None,
        model: ev.ModelLoaded | None = None,
        told: Callable[[int, str, str | ev.Event], None] | None = None,
        journal: PlayedJournal | None = None,
    ) -> None:
        """`heard` is told every event after its desk has taken it, to look and not to touch.
        `model`: the learned one, where the settings ask for it. `told` gets all that comes from
        outside: when, each frame's text with its feed, and under no feed each event that no frame
        brought but the clock's seconds. `journal`: where lines go as they come; kept in memory and
        given at the end where there is none."""
        self._heard = heard
        self._told = told
        self._model = model
        self._settings = settings
        self._world = World(world)
        self._polymarket = Polymarket(self._world)
        self._exchanges = Exchanges(self._world)
        self._account = PaperAccount(usd_from_float(settings.paper.starting_cash_usd))
        self._mind = Mind()
        self._lines: list[bytes] = []
        self._journal = journal
        self._write = self._lines.append if journal is None else journal.add
        self._due: list[tuple[int, int, Callable[[int], None]]] = []
        self._number = 0
        self._rejected = 0
        self._desks = [self._make_desk(asset) for asset in settings.session.assets]

    def play(self) -> Played:
        """Run until every asset has settled the rounds that the settings ask for."""
        start_ns = self._world.now_ns
        for desk in self._desks:
            self._open(desk, start_ns)
        for world_event in self._happenings():
            self._run_due(world_event.at_ns)
            self._spread(world_event)
            if self._is_done():
                break
        end_ns = self._world.now_ns
        for desk in self._desks:
            self._take(desk, [ev.Commanded(ev.Action.STOP, "session")], end_ns)
        # What is on its way and its cancel, at latencies twice the medians.
        self._run_due(end_ns + NS_PER_S + 4 * self._settings.paper.taker_ns)
        return Played(self._mind, money_of(self._account), self._lines, self._rejected)

    def _happenings(self) -> Iterator[WorldEvent]:
        while True:
            yield from self._world.run_until(self._world.now_ns + 60 * NS_PER_S)

    def _is_done(self) -> bool:
        wanted, account = self._settings.session.rounds, self._mind.account
        return all(account.of(d.asset).rounds_settled >= wanted for d in self._desks)

    # --- desks and their wires --------------------------------------------------------------------

    def _make_desk(self, asset: Asset) -> _Desk:
        channel, binance = MarketChannel(), BinanceStreams(asset, is_in_url=True)
        targets: list[tuple[str, Codec, str]] = [
            (MARKET_PATH, channel, ev.BOOK_FEED),
            (RTDS_PATH, Rtds(asset), "rtds"),
            (BINANCE_PREFIX + binance.path, binance, "binance"),
            (BYBIT_PATH, BybitStreams(asset), "bybit"),
            (COINBASE_PATH, CoinbaseStreams(asset), "coinbase"),
        ]
        wires = [_Wire(self._connect(path), codec, name) for path, codec, name in targets]
        return _Desk(asset, PaperSimulator(self._settings.paper, self._account), channel, wires)

    def _connect(self, target: str) -> ClientSession:
        session = self._polymarket.open_session(target) or self._exchanges.open_session(target)
        assert session is not None, f"the simulated venue has no {target}"
        return session

    def _open(self, desk: _Desk, now_ns: int) -> None:
        opening = desk.simulator.opening(desk.asset, 1)
        settings = ev.SettingsChanged(canonical_json(self._settings))
        model = [] if self._model is None else [self._model]
        self._take(desk, [opening, settings, *model], now_ns)
        for wire in desk.wires:
            self._tell(desk, ev.FeedUp(wire.name, now_ns), now_ns)
            self._read(desk, wire, wire.session.opening(), now_ns)
            for text in wire.codec.hello():
                self._read(desk, wire, wire.session.receive(text), now_ns)
        for listed in list(self._world.rounds.values()):
            self._find(desk, listed, now_ns)
        self._tick(desk, now_ns)

    def _tick(self, desk: _Desk, now_ns: int) -> None:
        self._take(desk, [ev.Ticked(now_ns)], now_ns)
        self._at(now_ns + _TICK_NS, lambda at_ns: self._tick(desk, at_ns))

    # --- rounds ---------------------------------------------------------------------------------

    def _find(self, desk: _Desk, listed: Round, now_ns: int) -> None:
        """What the round watcher does, by the same wire: Gamma's event, read by our codec."""
        if listed.asset is not desk.asset or listed.slug in desk.followed:
            return
        if listed.interval not in self._settings.session.intervals or listed.closes_ns <= now_ns:
            return
        desk.followed.add(listed.slug)
        (found,) = parse_event(msgspec.json.encode(event_of(self._world, listed)))
        warm_ns = found.opens_ns - int(self._settings.rounds.warm_s * NS_PER_S)
        self._at(max(now_ns, warm_ns), lambda at_ns: self._warm(desk, found, at_ns))

    def _warm(self, desk: _Desk, found: Round, now_ns: int) -> None:
        self._tell(desk, ev.RoundFound(found), now_ns)
        tokens = tuple(found.token_of(outcome) for outcome in Outcome)
        if text := desk.channel.subscribe(tokens):
            self._read(desk, desk.wires[0], desk.wires[0].session.receive(text), now_ns)
        is_late = now_ns > found.opens_ns
        self._at(
            max(now_ns, found.opens_ns),
            lambda at: self._tell(desk, ev.RoundOpened(found.slug, at, is_late), at),
        )
        every_ns = int(self._settings.rounds.strike_every_s * NS_PER_S)
        first_ns = max(now_ns, found.opens_ns) + every_ns
        self._at(first_ns, lambda at: self._ask_strike(desk, found, every_ns, at))
        self._at(found.closes_ns, lambda at: self._tell(desk, ev.RoundClosed(found.slug, at), at))

    def _ask_strike(self, desk: _Desk, found: Round, every_ns: int, now_ns: int) -> None:
        """As the round watcher asks Gamma, until it says or the round is over."""
        listed = self._world.rounds.get(found.slug)
        if listed is None or now_ns >= found.closes_ns:
            return
        (look,) = look_at(msgspec.json.encode(event_of(self._world, listed)))
        if look.strike is None:
            self._at(now_ns + every_ns, lambda at: self._ask_strike(desk, found, every_ns, at))
        else:
            source = "binance" if found.settlement is SettlementRule.CANDLE else "gamma"
            self._tell(desk, ev.StrikePublished(found.slug, look.strike, source), now_ns)

    def _spread(self, world_event: WorldEvent) -> None:
        """One world event to every wire that hears of it, and to whoever lists rounds."""
        self._polymarket.note(world_event)
        self._exchanges.note(world_event)
        for desk in self._desks:
            if isinstance(world_event, RoundListed):
                self._find(desk, world_event.round, world_event.at_ns)
            for wire in desk.wires:
                if isinstance(world_event, wire.session.WANTS):
                    self._read(desk, wire, wire.session.publish(world_event), world_event.at_ns)

    def _read(self, desk: _Desk, wire: _Wire, frames: list[str], sent_ns: int) -> None:
        for frame in frames:
            self._at(sent_ns + _WIRE_NS, partial(self._parse, desk, wire, frame))

    def _tell(self, desk: _Desk, event: ev.Event, now_ns: int) -> None:
        """What no frame brings."""
        if self._told is not None:
            self._told(now_ns, "", event)
        self._deliver(desk, [event], now_ns)

    def _parse(self, desk: _Desk, wire: _Wire, frame: str, now_ns: int) -> None:
        if self._told is not None:
            self._told(now_ns, wire.name, frame)
        parsed = wire.codec.parse(frame, now_ns)
        self._rejected += bool(parsed.rejected)
        self._deliver(desk, list(parsed.events), now_ns)
        for text in parsed.replies:
            self._read(desk, wire, wire.session.receive(text), now_ns)

    # --- time -----------------------------------------------------------------------------------

    def _at(self, at_ns: int, act: Callable[[int], None]) -> None:
        self._number += 1
        heapq.heappush(self._due, (at_ns, self._number, act))

    def _run_due(self, now_ns: int) -> None:
        """Everything due by now, in order; fills on paper come before what the world sends then."""
        while True:
            self._run_simulators(min(now_ns, self._due[0][0] if self._due else now_ns))
            if not self._due or self._due[0][0] > now_ns:
                return
            at_ns, _, act = heapq.heappop(self._due)
            act(at_ns)

    def _run_simulators(self, now_ns: int) -> None:
        for desk in self._desks:
            while (due_ns := desk.simulator.next_due_ns) is not None and due_ns <= now_ns:
                reports = desk.simulator.advance(due_ns)
                self._take(desk, list(reports), due_ns)

    def _deliver(self, desk: _Desk, events: list[ev.Event], now_ns: int) -> None:
        batch: list[ev.Event] = []
        for event in events:
            batch += [event, *desk.simulator.observe(event)]
        self._take(desk, batch, now_ns)

    def _take(self, desk: _Desk, batch: list[ev.Event], now_ns: int) -> None:
        """One batch through the mind: its effects to paper, its lines to the journal."""
        for event in batch:
            is_last = event is batch[-1]
            taken = self._mind.take(desk.asset, now_ns, event, is_last=is_last)
            for effect in taken.effects:
                if isinstance(effect, Place | Cancel | CancelAll | LookUp):
                    desk.simulator.perform(effect, now_ns)
                elif isinstance(effect, Credit):
                    desk.followed.discard(effect.slug)
            if self._heard is not None:
                self._heard(self._mind, desk.asset, event)
            name = desk.asset.value
            self._write(encode_record(taken.seq, now_ns, name, event, taken.effects, is_last))
        if batch:
            self._mark(self._mind.seq - len(batch) + 1, self._mind.seq)

    def _mark(self, first: int, last: int) -> None:
        mind, state = self._mind, partial(checkpoint_of, self._mind)
        for line in milestones(self._settings.journal, first, last, mind.digest, state):
            self._write(line if isinstance(line, bytes) else line())
        if self._journal is not None:
            self._journal.go_on(last, mind.digest, state)


def play(
    settings: Settings,
    *,
    seed: int,
    start_ns: int,
    intervals: tuple[Interval, ...],
    heard: Callable[[Mind, Asset, ev.Event], None] | None = None,
) -> Played:
    """A session of `settings.session.rounds` rounds against a world of its own, of the sort that
    `settings.demo` asks for."""
    assets = settings.session.assets
    world = world_of(
        settings.demo, seed=seed, start_ns=start_ns, assets=assets, intervals=intervals
    )
    return InProcess(settings, world, heard).play()

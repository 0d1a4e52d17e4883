"""One tape of a crowd, traded twice: on paper beside it, and by the live client in its midst.

The crowd of a world of one seed is recorded as what it did, not as what stood there: so many shares
joined a level, left it, were taken at it. At the venue those deeds are done again, in a book where
our orders stand among the crowd's; paper hears the frames of the world that never saw us.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from random import Random
from typing import Any

import httpx
import pytest
import trio
import trio.testing
from attrs import define, field, frozen
from desk_venue import START_NS, DeskVenue
from live_bench import LiveBench, live_bench, live_desk

from polytui.config.schema import PaperSettings
from polytui.execution.latency import Latencies
from polytui.execution.paper import PaperSimulator
from polytui.execution.paper_account import PaperAccount
from polytui.model import events as ev
from polytui.model.effects import Cancel, Place, Stamp
from polytui.model.instrument import Asset, Interval, Outcome, Round
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import MICRO, NS_PER_MS, NS_PER_S, Price, Shares, Usd, complement
from polytui.sim.exchange.deeds import Deed
from polytui.sim.exchange.rules import ExchangeRules
from polytui.sim.wire.clob.market_channel import MarketSession
from polytui.sim.wire.rounds.market_frames import MarketFrames
from polytui.sim.world.crowd import CrowdRates, CrowdSettings
from polytui.sim.world.displayed import in_up
from polytui.sim.world.takers import swept
from polytui.sim.world.world import World, WorldSettings
from polytui.sim.world.world_events import (
    BookMoved,
    BookSwept,
    LevelSet,
    PrintedLeg,
    WorldEvent,
)
from polytui.venues.polymarket.streams import MarketChannel

NO_LATENCY = PaperSettings(
    order_latency_ms=0.0,
    answer_latency_ms=0.0,
    latency_spread=0.0,
    ack_delay_ms=0,
    mined_least_s=0.0,
    mined_most_s=0.0,
)
AT_ONCE = ExchangeRules(
    hold_intervals=frozenset(Interval), mined_s=(0.0, 0.0), confirmed_s=(0.0, 0.0), news_ms=0
)
"""A venue that holds takers, whose chain and user channel take no time."""
DOLLARS = 2_000
_BUSY = CrowdSettings(next=CrowdRates(60.0, 2.0, 2.0))
"""Takers are rare on a real day: what meets a resting order is what this is about."""
_AFTER_S = 3.0
_GONE_NS = NS_PER_S
"""From a cancel, or what does not rest, on its way until nobody meets it any more."""
_APART_NS = 1_000
"""Nothing of the crowd's happens so near to an order of ours that the clock could not tell."""


@frozen
class Deeds:
    """What the crowd did at one moment, and what the frames about it tell."""

    at_ns: int
    event: BookMoved | BookSwept
    joined: tuple[tuple[Side, Price, int], ...]
    """(side, price, shares more or less) of Up's book."""
    heard: tuple[ev.Event, ...]


@frozen
class Tape:
    """Of one round that is not open yet, `seconds` from `START_NS` on."""

    seed: int
    listed: Round
    opening: tuple[tuple[Side, Price, int], ...]
    """What the crowd displays at the beginning."""
    hello: tuple[ev.Event, ...]
    deeds: tuple[Deeds, ...]

    def bests(self) -> Iterator[tuple[int, Price, Price]]:
        """(time, bid, ask) of Up after each of the deeds that leaves both."""
        book = {Side.BUY: dict[int, int](), Side.SELL: dict[int, int]()}
        for side, price, shares in self.opening:
            book[side][price] = shares
        for deeds in self.deeds:
            for side, price, change in deeds.joined:
                book[side][price] = book[side].get(price, 0) + change
            bids = [price for price, shares in book[Side.BUY].items() if shares]
            asks = [price for price, shares in book[Side.SELL].items() if shares]
            if bids and asks:
                yield deeds.at_ns, Price(max(bids)), Price(min(asks))


def recorded(seconds: float, seed: int = 7) -> Tape:
    """The crowd of the round that `DeskVenue` trades, which has nobody in it there."""
    world = World(
        WorldSettings(seed, START_NS, (Asset.BTC,), (Interval.H4,), crowd=_BUSY, messages=0.2)
    )
    listed = next(one for one in world.rounds.values() if one.opens_ns > START_NS)
    frames = MarketFrames(world)
    for _ in world.run_until(START_NS + NS_PER_S):
        pass
    session, channel = MarketSession(frames), MarketChannel()
    channel.subscribe([listed.token_of(outcome) for outcome in Outcome])

    def read(texts: Iterable[str]) -> tuple[ev.Event, ...]:
        return tuple(one for text in texts for one in channel.parse(text, world.now_ns).events)

    hello = [one for said in channel.hello() for one in read(session.receive(said))]
    levels = {
        (side, price): int(shares)
        for side in Side
        for price, shares in world.book(listed.slug).levels(Outcome.UP, side)
    }
    opening = tuple((side, price, shares) for (side, price), shares in levels.items())
    deeds = []
    for event in world.run_until(world.now_ns + int(seconds * NS_PER_S)):
        frames.note(event)
        heard = read(session.publish(event)) if isinstance(event, session.WANTS) else ()
        if not isinstance(event, BookMoved | BookSwept) or event.slug != listed.slug:
            continue
        sets = (event.level,) if isinstance(event, BookMoved) else event.levels
        now = {(one.side, Price(one.price)): one.shares for one in sets}
        joined = tuple((*at, shares - levels.get(at, 0)) for at, shares in now.items())
        levels |= now
        deeds.append(Deeds(event.at_ns, event, joined, heard))
    return Tape(seed, listed, opening, tuple(hello), tuple(deeds))


# --- what we do -------------------------------------------------------------------------------


@frozen
class Told:
    """What we send at a moment: an order, or the cancel of one."""

    at_ns: int
    order: Order
    is_cancel: bool = False

    @property
    def name(self) -> str:
        return f"{'cancel ' if self.is_cancel else ''}{self.order.order_id}"


def drawn(tape: Tape, count: int, seed: int = 1) -> tuple[Told, ...]:
    """So many orders around the best prices of the tape, some taken back; none that would meet
    another of ours."""
    chance, told, working = Random(seed), list[Told](), list[tuple[int, Order]]()
    moments = sorted(chance.sample(range(len(tape.deeds) - 1), count))
    bests = {at_ns: (bid, ask) for at_ns, bid, ask in tape.bests()}
    for number, moment in enumerate(moments):
        before, after = tape.deeds[moment], tape.deeds[moment + 1]
        if before.at_ns not in bests or after.at_ns - before.at_ns < 4 * _APART_NS:
            continue
        at_ns = (before.at_ns + after.at_ns) // 2
        order = _an_order(tape.listed, chance, number, at_ns, *bests[before.at_ns])
        if any(_meet(order, other) for until_ns, other in working if until_ns > at_ns):
            continue
        told.append(Told(at_ns, order))
        until_ns = tape.deeds[-1].at_ns if order.tif.may_rest else at_ns + _GONE_NS
        if order.tif.may_rest and chance.random() < 0.7:
            gone_ns = at_ns + int(chance.uniform(0.05, 6.0) * NS_PER_S)
            told.append(Told(gone_ns, order, is_cancel=True))
            until_ns = gone_ns + _GONE_NS
        working.append((until_ns, order))
    return tuple(sorted(told, key=lambda one: one.at_ns))


def _an_order(
    listed: Round, chance: Random, number: int, at_ns: int, bid: Price, ask: Price
) -> Order:
    tif = chance.choice([TimeInForce.GTC] * 4 + [TimeInForce.FAK] * 2 + [TimeInForce.FOK])
    outcome = chance.choice(list(Outcome))
    side = Side.SELL if number > 10 and chance.random() < 0.2 else Side.BUY
    up_side, _ = in_up(outcome, side, bid)
    near, away = (bid, 1) if up_side is Side.BUY else (ask, -1)
    up_price = near + away * chance.choice([-1, 0, 0, 0, 1, 1, 2, 3]) * int(listed.tick)
    up_price = min(max(up_price, 2 * listed.tick), MICRO - 2 * listed.tick)
    price = Price(up_price) if outcome is Outcome.UP else complement(Price(up_price))
    return Order(
        f"{listed.slug}-1-{number}",
        listed.slug,
        listed.token_of(outcome),
        outcome,
        side,
        price,
        Shares(chance.choice([5, 10, 20, 50, 300]) * MICRO),
        tif,
        tif is TimeInForce.GTC and chance.random() < 0.4,
        "fade",
        at_ns,
    )


def _meet(order: Order, other: Order) -> bool:
    """Whether the one could match the other: on paper nobody trades with himself."""
    side, price = in_up(order.outcome, order.side, order.price)
    its_side, its_price = in_up(other.outcome, other.side, other.price)
    if side is its_side:
        return False
    return price >= its_price if side is Side.BUY else price <= its_price


# --- what came of it --------------------------------------------------------------------------


@define
class Outcomes:
    """By order: what filled it at which price as what, its fees, and how else it ended."""

    fills: dict[str, dict[tuple[Price, bool], int]] = field(
        factory=lambda: defaultdict(lambda: defaultdict(int))
    )
    fees: dict[str, int] = field(factory=lambda: defaultdict(int))
    ends: dict[str, str] = field(factory=dict)
    words: dict[str, str] = field(factory=dict)
    cash: int = 0

    def hear(self, report: Any) -> None:
        if isinstance(report, ev.Filled):
            kind = report.price, report.is_taker
            self.fills[report.order_id][kind] += report.shares
            self.fees[report.order_id] += report.fee
        elif isinstance(report, ev.Refused | ev.Cancelled):
            self.ends[report.order_id] = type(report).__name__
            self.words[report.order_id] = report.detail

    def of(self, order_id: str) -> tuple[Any, ...]:
        fills = sorted(self.fills.get(order_id, {}).items())
        is_refused = self.ends.get(order_id) == "Refused"
        return tuple(fills), self.fees.get(order_id, 0), is_refused

    def differing(self, other: Outcomes, told: Sequence[Told]) -> list[Told]:
        """Orders of which the two do not say the same, the first first."""
        placed = [one for one in told if not one.is_cancel]
        return [
            one for one in placed if self.of(one.order.order_id) != other.of(one.order.order_id)
        ]


# --- on paper ---------------------------------------------------------------------------------


class _Latenesses(Latencies):
    """Drawn as ever, but for those that are given: nanoseconds by what is sent."""

    def __init__(self, settings: PaperSettings, told: Sequence[Told], given: Mapping[str, int]):
        super().__init__(settings)
        self._cancels = iter([one.name for one in told if one.is_cancel])
        self._given = given
        self.drawn: dict[str, int] = {}

    def there_and_back_ns(self, name: str) -> int:
        name = next(self._cancels) if name.startswith("cancel") else name
        late_ns = self._given.get(name)
        if late_ns is None:
            late_ns = super().there_and_back_ns(name)
        self.drawn[name] = late_ns
        return late_ns


@frozen
class OnPaper:
    outcomes: Outcomes
    drawn: Mapping[str, int]


def on_paper(
    tape: Tape,
    told: Sequence[Told],
    settings: PaperSettings = NO_LATENCY,
    given: Mapping[str, int] | None = None,
) -> OnPaper:
    """The tape's frames, and what we do, each at its time; ties as the engine has them, what is due
    before what is heard."""
    account, outcomes = PaperAccount(Usd(DOLLARS * MICRO)), Outcomes()
    latenesses = _Latenesses(settings, told, given or {})
    simulator = PaperSimulator(settings, account)
    simulator.latencies = latenesses

    def due(now_ns: int) -> None:
        while (due_ns := simulator.next_due_ns) is not None and due_ns <= now_ns:
            for report in simulator.advance(due_ns):
                outcomes.hear(report)

    def see(events: Iterable[ev.Event]) -> None:
        for event in events:
            for report in simulator.observe(event):
                outcomes.hear(report)

    simulator.observe(ev.RoundFound(tape.listed))
    see(tape.hello)
    steps: list[tuple[int, Callable[[], None]]] = [
        (one.at_ns, partial(see, one.heard)) for one in tape.deeds
    ]
    for one in told:
        effect = _effect(one)
        steps.append((one.at_ns, partial(simulator.perform, effect, one.at_ns)))
    for at_ns, act in sorted(steps, key=lambda step: step[0]):
        due(at_ns)
        act()
        due(at_ns)
    due(tape.deeds[-1].at_ns + int(_AFTER_S * NS_PER_S))
    outcomes.cash = account.cash
    return OnPaper(outcomes, latenesses.drawn)


def _effect(told: Told) -> Place | Cancel:
    if told.is_cancel:
        return Cancel(told.order.order_id)
    return Place(told.order, Stamp.grant(told.order.quote, Usd(0)))


# --- by the live client -----------------------------------------------------------------------


class TapedVenue(DeskVenue):
    """The venue's round with the tape's crowd in it."""

    def __init__(self, tape: Tape, rules: ExchangeRules = AT_ONCE) -> None:
        super().__init__(rules=rules, seed=tape.seed)
        self.round = tape.listed
        self.frames = MarketFrames(self.world)
        self.session, self.channel = MarketSession(self.frames), MarketChannel()
        self.channel.subscribe([tape.listed.token_of(outcome) for outcome in Outcome])
        self.seen: Callable[[ev.Event], object] = lambda event: None
        self.book = self.world.book(tape.listed.slug)
        for side, price, shares in tape.opening:
            self.book.show(side, price, Shares(shares))
        for deeds in tape.deeds:
            self.world.add(Deed(deeds.at_ns, partial(self._again, deeds)))

    def hello(self) -> None:
        """The book as it stands, to who sees this market."""
        for said in self.channel.hello():
            self._show(self.session.receive(said))

    def play(self, seconds: float) -> list[WorldEvent]:
        return self.come_to(self.world.now_ns + int(seconds * NS_PER_S))

    def come_to(self, at_ns: int) -> list[WorldEvent]:
        """The world up to this moment and no further."""
        happened = []
        for event in self.world.run_until(max(at_ns, self.world.now_ns)):
            self.desk.note(event)
            self.frames.note(event)
            if isinstance(event, self.session.WANTS):
                self._show(self.session.publish(event))
            happened.append(event)
        return happened

    def _show(self, frames: Iterable[str]) -> None:
        for frame in frames:
            for event in self.channel.parse(frame, self.world.now_ns).events:
                self.seen(event)

    def _again(self, deeds: Deeds) -> Iterator[WorldEvent]:
        """Takers first, as they come: who stands at their prices gives, ours too."""
        event, book = deeds.event, self.book
        if isinstance(event, BookSwept):
            for leg in event.legs:
                yield from self._taken(event, leg)
            return
        for side, price, change in deeds.joined:
            shown = max(0, book.shown(side, price) + change)
            matches = book.show(side, price, Shares(shown))
            level = LevelSet(side, price, book.depth(Outcome.UP, side, price))
            if matches:
                yield swept(
                    book, event.at_ns, event.slug, Outcome.UP, side, matches,
                    (level,) if level.shares else (),
                )  # fmt: skip
            else:
                yield BookMoved(event.at_ns, event.slug, level)

    def _taken(self, event: BookSwept, leg: PrintedLeg) -> Iterator[WorldEvent]:
        """Each print is a taker of its own. Whom he would have met but for us goes away with him:
        so the tape says it."""
        book, price = self.book, Price(leg.price)
        taker_side, up_price = in_up(event.outcome, event.taker_side, price)
        left = max(0, book.shown(taker_side.other, up_price) - leg.shares)
        matches = book.sweep(event.outcome, event.taker_side, price, Shares(leg.shares)).matches
        if matches:
            yield swept(book, event.at_ns, event.slug, event.outcome, event.taker_side, matches)
        if left != book.shown(taker_side.other, up_price):
            book.show(taker_side.other, up_price, Shares(left))
            depth = book.depth(Outcome.UP, taker_side.other, up_price)
            yield BookMoved(event.at_ns, event.slug, LevelSet(taker_side.other, up_price, depth))


@define
class _Way:
    """What is between us and the venue: so late is what we send. State: when what came there."""

    bench: LiveBench
    latencies: Latencies
    told: Mapping[int, str]
    """What is placed, by its stamp."""
    ours: Callable[[str], str] = field(default=lambda venue_id: "")
    arrived_ns: dict[str, int] = field(factory=dict)

    async def carry(self, request: httpx.Request) -> None:
        name = self._name(request)
        late_ns = self.latencies.there_and_back_ns(name) if name else 0
        if late_ns:
            await self.bench.clock.sleep_until(self.bench.clock.now_ns() + late_ns)
        now_ns = self.bench.clock.now_ns()
        come_to(self.bench, now_ns)
        if name:
            self.arrived_ns[name] = now_ns

    def _name(self, request: httpx.Request) -> str:
        if not request.url.path.endswith("/order") or request.method not in ("POST", "DELETE"):
            return ""
        body = json.loads(request.content)
        if request.method == "POST":
            return self.told[int(body["order"]["timestamp"])]
        return f"cancel {self.ours(body['orderID'])}"


def come_to(bench: LiveBench, now_ns: int) -> None:
    """The venue plays up to this moment, and whoever listens hears of it."""
    assert isinstance(bench.venue, TapedVenue)
    for event in bench.venue.come_to(now_ns):
        bench.connections.hand_out(event)


@frozen
class Live:
    outcomes: Outcomes
    late_ns: Mapping[str, int]
    """From sending until it was at the venue; of one that never went out, nothing."""


async def live(
    monkeypatch: pytest.MonkeyPatch,
    tape: Tape,
    told: Sequence[Told],
    settings: PaperSettings = NO_LATENCY,
    rules: ExchangeRules = AT_ONCE,
) -> Live:
    venue = TapedVenue(tape, rules)
    async with live_bench(monkeypatch, venue, DOLLARS) as bench:
        stamps = {one.order.placed_ns // NS_PER_MS: one.name for one in told if not one.is_cancel}
        assert len(stamps) == sum(not one.is_cancel for one in told)
        way = _Way(bench, Latencies(settings), stamps)
        bench.spoil = way.carry
        async with live_desk(bench) as desk:
            way.ours = desk.execution.books.names.ours

            def see(event: ev.Event) -> None:
                for report in desk.client.observe(event):
                    bench.deliver(report)

            venue.seen = see
            venue.hello()
            for one in told:
                await bench.clock.sleep_until(one.at_ns)
                come_to(bench, bench.clock.now_ns())
                desk.effects.send_nowait(_effect(one))
                await trio.testing.wait_all_tasks_blocked()
            await bench.clock.sleep_until(tape.deeds[-1].at_ns + int(_AFTER_S * NS_PER_S))
            outcomes = Outcomes()
            for report in bench.heard():
                outcomes.hear(report)
            outcomes.cash = desk.execution.money().cash
        assert bench.dollars() == outcomes.cash, "as the chain has it"
        late_ns = {one.name: way.arrived_ns.get(one.name, one.at_ns) - one.at_ns for one in told}
        return Live(outcomes, late_ns)


# --- why they differ --------------------------------------------------------------------------


@frozen
class Traced:
    """An order that the two tell differently, and the draw that explains it: as late on paper as it
    was live, and they tell the same."""

    order_id: str
    draw: str
    paper_ms: float
    live_ms: float

    def __str__(self) -> str:
        late = f"{self.paper_ms:.1f} ms on paper, {self.live_ms:.1f} ms live"
        return f"{self.order_id}: {self.draw} was {late}"


def traced(
    tape: Tape, told: Sequence[Told], settings: PaperSettings, lived: Live
) -> tuple[list[Traced], list[Told]]:
    """Every difference with its draw, the first first; and those that no draw explains.

    Draws are replaced by those that were live, in the order of sending: the one with which a
    difference goes away explains it. So far they stay replaced."""
    names = [one.name for one in told]
    drawn_ns = on_paper(tape, told, settings).drawn

    @cache
    def replaced(count: int) -> Outcomes:
        given = {name: lived.late_ns[name] for name in names[:count]}
        return on_paper(tape, told, settings, given).outcomes

    found, unexplained = list[Traced](), replaced(len(names)).differing(lived.outcomes, told)
    count = 0
    while True:
        differing = replaced(count).differing(lived.outcomes, told)
        left = [one.order.order_id for one in differing if one not in unexplained]
        if not left:
            return found, unexplained
        low, high = count, len(names)
        while high - low > 1:
            middle = (low + high) // 2
            is_alike = replaced(middle).of(left[0]) == lived.outcomes.of(left[0])
            low, high = (low, middle) if is_alike else (middle, high)
        count, name = high, names[high - 1]
        ms = drawn_ns[name] / NS_PER_MS, lived.late_ns[name] / NS_PER_MS
        found.append(Traced(left[0], name, *ms))

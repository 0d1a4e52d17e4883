"""A frozen tape of raw frames, and how quickly a mind reads it: `python -m benchmarks.tape`.

The tape is made once, of one asset's rounds in a lifelike world at a real day's rate, and read from
its file from then on, so that two versions of the code can be given the same bytes in one run.
What paper orders come to depends on who reads: it is found out in a rehearsal, and put where it
belongs before anything is timed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs
import msgspec
from attrs import define, field, frozen

from polytui.backtest.inprocess import InProcess
from polytui.config.load import canonical_json, load_settings
from polytui.config.schema import Settings
from polytui.desk.mind import Mind, Taken
from polytui.execution.paper import PaperSimulator
from polytui.execution.paper_account import PaperAccount
from polytui.journal.codec import decode_event, encode_event
from polytui.model import events as ev
from polytui.model.effects import Cancel, CancelAll, Effect, LookUp, Place
from polytui.model.instrument import Asset, Outcome
from polytui.model.units import NS_PER_S, usd_from_float
from polytui.sim_world import world_settings
from polytui.strategy import registry
from polytui.venues.binance import BinanceStreams
from polytui.venues.bybit import BybitStreams
from polytui.venues.coinbase import CoinbaseStreams
from polytui.venues.feed import Codec
from polytui.venues.polymarket.price_streams import Rtds
from polytui.venues.polymarket.streams import MarketChannel

_ASSET = Asset.BTC
_SEED = 11
_FIVE = Path(__file__).parent / "five.toml"
STRATEGIES = tuple(strategy.name for strategy in registry.STRATEGIES)


# --- making one -----------------------------------------------------------------------------------


class TapeLine(msgspec.Struct, array_like=True):
    """When, by which feed, and the text of its frame; without a feed, an event as journals keep
    it."""

    at_ns: int
    feed: str
    text: str


def make(path: Path, *, messages: float, rounds: int) -> None:
    """Play a session and keep what it was told."""
    settings = Settings()
    settings = attrs.evolve(
        settings,
        session=attrs.evolve(settings.session, assets=(_ASSET,), rounds=rounds),
        demo=attrs.evolve(settings.demo, messages=messages, seed=_SEED),
    )
    world = world_settings(settings, settings.session.intervals, None)
    encode = msgspec.json.Encoder().encode
    partial = path.with_suffix(".part")
    with gzip.open(partial, "wb", compresslevel=3) as file:

        def told(at_ns: int, feed: str, what: str | ev.Event) -> None:
            text = what if isinstance(what, str) else encode_event(what).decode()
            file.write(encode(TapeLine(at_ns, feed, text)) + b"\n")

        InProcess(settings, world, told=told).play()
    partial.rename(path)


def read(path: Path) -> list[TapeLine]:
    decode = msgspec.json.Decoder(TapeLine).decode
    with gzip.open(path, "rb") as file:
        return [decode(line) for line in file]


def heard(tape: list[TapeLine]) -> Iterator[tuple[int, Sequence[ev.Event]]]:
    """Each line's events, by new codecs, with the moment at which they were heard."""
    codecs = _codecs()
    for line in tape:
        yield line.at_ns, _events_of(line, codecs)


def quotes_and_trades(tape: list[TapeLine]) -> Iterator[list[object]]:
    """What exchanges said, for other programs: ["q", ns, bid, size, ask, size] or
    ["t", ns, price, size, side]."""
    for at_ns, events in heard(tape):
        for one in events:
            if isinstance(one, ev.ExchangeQuoted):
                yield ["q", at_ns, one.bid, one.bid_size, one.ask, one.ask_size]
            elif isinstance(one, ev.ExchangeTraded) and not one.is_history:
                yield ["t", at_ns, one.price, one.size, one.taker_side.value]


# --- reading it -----------------------------------------------------------------------------------


def settings_of(strategies: tuple[str, ...]) -> Settings:
    """The defaults, with these strategies trading."""
    settings = load_settings(_FIVE)
    for name in STRATEGIES:
        if name not in strategies:
            own = attrs.evolve(getattr(settings, name), is_enabled=False)
            settings = attrs.evolve(settings, **{name: own})
    return attrs.evolve(settings, session=attrs.evolve(settings.session, assets=(_ASSET,)))


@frozen
class Step:
    """One frame or what came without one, and its batch as the mind was given it."""

    at_ns: int
    feed: str
    """Empty where no frame brought it."""
    frame: str
    batch: list[ev.Event]
    after: list[tuple[int, list[ev.Event]]]
    """Reports of paper orders, each behind so many events of the frame."""


@define
class Rehearsal:
    """State: a mind, its exchange on paper, and all steps as they were taken."""

    settings: Settings
    steps: list[Step] = field(factory=list)
    placed: list[Place] = field(factory=list)
    mind: Mind = field(factory=Mind)
    codecs: dict[str, Codec] = field(factory=lambda: _codecs())
    simulator: PaperSimulator = field(init=False)
    _next_tick_ns: int = 0

    def __attrs_post_init__(self) -> None:
        paper = self.settings.paper
        account = PaperAccount(usd_from_float(paper.starting_cash_usd))
        self.simulator = PaperSimulator(paper, account)

    def play(self, tape: list[TapeLine]) -> None:
        self.begin(tape[0].at_ns)
        for line in tape:
            self.take(line)

    def begin(self, at_ns: int) -> None:
        opening = self.simulator.opening(_ASSET, 1)
        self._take(at_ns, [opening, ev.SettingsChanged(canonical_json(self.settings))])
        self._next_tick_ns = at_ns

    def take(self, line: TapeLine) -> None:
        self._run_until(line.at_ns)
        self._read(line.at_ns, line.feed, line.text, _events_of(line, self.codecs))

    def _run_until(self, at_ns: int) -> None:
        """Seconds and paper reports that come before."""
        while True:
            due_ns = self.simulator.next_due_ns
            if due_ns is not None and due_ns <= min(at_ns, self._next_tick_ns):
                self._take(due_ns, list(self.simulator.advance(due_ns)))
            elif self._next_tick_ns <= at_ns:
                self._take(self._next_tick_ns, [ev.Ticked(self._next_tick_ns)])
                self._next_tick_ns += NS_PER_S
            else:
                return

    def _read(self, at_ns: int, feed: str, frame: str, events: Sequence[ev.Event]) -> None:
        batch: list[ev.Event] = []
        after: list[tuple[int, list[ev.Event]]] = []
        for index, event in enumerate(events):
            reports: list[ev.Event] = list(self.simulator.observe(event))
            batch += [event, *reports]
            if reports:
                after.append((index, reports))
        self._take(at_ns, batch, Step(at_ns, feed, frame, batch, after))

    def _take(self, at_ns: int, batch: list[ev.Event], step: Step | None = None) -> None:
        self.steps.append(step or Step(at_ns, "", "", batch, []))
        for taken in _through(self.mind, at_ns, batch):
            for effect in taken.effects:
                self._perform(effect, at_ns)

    def _perform(self, effect: Effect, at_ns: int) -> None:
        if isinstance(effect, Place | Cancel | CancelAll | LookUp):
            self.simulator.perform(effect, at_ns)
        if isinstance(effect, Place):
            self.placed.append(effect)


def _codecs() -> dict[str, Codec]:
    """As an asset has them; the venue's greeting is on the tape."""
    codecs: dict[str, Codec] = {
        ev.BOOK_FEED: MarketChannel(),
        "rtds": Rtds(_ASSET),
        "binance": BinanceStreams(_ASSET, is_in_url=True),
        "bybit": BybitStreams(_ASSET),
        "coinbase": CoinbaseStreams(_ASSET),
    }
    for codec in codecs.values():
        codec.hello()
    return codecs


def _events_of(line: TapeLine, codecs: dict[str, Codec]) -> Sequence[ev.Event]:
    """As these codecs have them, which follow what is told."""
    if line.feed:
        return codecs[line.feed].parse(line.text, line.at_ns).events
    event = decode_event(msgspec.Raw(line.text.encode()))
    _follow(codecs, event)
    return (event,)


def _follow(codecs: dict[str, Codec], event: ev.Event) -> None:
    """The book channel hears of the tokens that are subscribed."""
    channel = codecs[ev.BOOK_FEED]
    if isinstance(event, ev.RoundFound) and isinstance(channel, MarketChannel):
        channel.subscribe([event.round.token_of(outcome) for outcome in Outcome])


def _through(mind: Mind, at_ns: int, batch: list[ev.Event]) -> Iterator[Taken]:
    last = len(batch) - 1
    for index, event in enumerate(batch):
        yield mind.take(_ASSET, at_ns, event, is_last=index == last)


# --- timing it ------------------------------------------------------------------------------------


def mind_s(steps: list[Step]) -> tuple[int, float, Mind]:
    """Events, and processor seconds that a new mind takes for all of them."""
    mind, events = Mind(), 0
    batches = [(step.at_ns, step.batch, len(step.batch) - 1) for step in steps if step.batch]
    take, now = mind.take, time.process_time
    began = now()
    for at_ns, batch, last in batches:
        for index, event in enumerate(batch):
            take(_ASSET, at_ns, event, is_last=index == last)
        events += last + 1
    return events, now() - began, mind


def frames_s(steps: list[Step]) -> tuple[int, float, Mind]:
    """Frames, and processor seconds from their text to decisions, by new codecs and a new mind."""
    fresh = _codecs()
    work = [
        (step.at_ns, fresh.get(step.feed), step.frame, step.batch, step.after) for step in steps
    ]
    mind, frames = Mind(), 0
    take, now = mind.take, time.process_time
    began = now()
    for at_ns, codec, frame, batch, after in work:
        if codec is None:
            events: list[ev.Event] = batch
            if batch and isinstance(batch[0], ev.RoundFound):
                _follow(fresh, batch[0])
        else:
            frames += 1
            events = list(codec.parse(frame, at_ns).events)
            for index, reports in reversed(after):
                events[index + 1 : index + 1] = reports
        last = len(events) - 1
        for index, event in enumerate(events):
            take(_ASSET, at_ns, event, is_last=index == last)
    return frames, now() - began, mind


def codecs_us(tape: list[TapeLine]) -> dict[str, float]:
    """Processor microseconds a frame in each feed's codec alone, its frames one after another."""
    fresh = _codecs()
    frames: dict[str, list[TapeLine]] = {}
    for line in tape:
        if line.feed:
            frames.setdefault(line.feed, []).append(line)
        else:
            _follow(fresh, decode_event(msgspec.Raw(line.text.encode())))
    took: dict[str, float] = {}
    for feed, lines in frames.items():
        parse, began = fresh[feed].parse, time.process_time()
        for line in lines:
            parse(line.text, line.at_ns)
        took[feed] = round((time.process_time() - began) / len(lines) * 1e6, 2)
    return took


def calls_an_event(steps: list[Step], most: int = 40_000) -> float:
    """Calls of Python functions, in the middle of the tape."""
    mind, events, counted = Mind(), 0, 0
    skipped = min(len(steps) // 3, 200_000)

    def count(_frame: object, kind: str, _arg: object) -> None:
        nonlocal counted
        counted += kind == "call"

    for number, step in enumerate(steps):
        if number == skipped:
            sys.setprofile(count)
        last = len(step.batch) - 1
        for index, event in enumerate(step.batch):
            mind.take(_ASSET, step.at_ns, event, is_last=index == last)
            if number >= skipped:
                events += 1
        if events > most:
            break
    sys.setprofile(None)
    return counted / max(1, events)


@frozen
class Pace:
    """What one version of the code makes of a tape; of several runs the quickest."""

    events: int
    frames: int
    events_per_s: float
    frames_per_s: float
    calls_per_event: float
    orders: int
    codecs_us: dict[str, float]


def pace_of(tape: list[TapeLine], settings: Settings, repeats: int) -> Pace:
    rehearsal = Rehearsal(settings)
    rehearsal.play(tape)
    minds, texts = [], []
    for _ in range(repeats):
        minds.append(mind_s(rehearsal.steps))
        texts.append(frames_s(rehearsal.steps))
    said = rehearsal.mind.digest()
    assert all(mind.digest() == said for _, _, mind in minds + texts), "the same tape, another mind"
    return Pace(
        events=minds[0][0],
        frames=texts[0][0],
        events_per_s=round(minds[0][0] / min(took for _, took, _ in minds)),
        frames_per_s=round(texts[0][0] / min(took for _, took, _ in texts)),
        calls_per_event=round(calls_an_event(rehearsal.steps), 1),
        orders=len(rehearsal.placed),
        codecs_us=codecs_us(tape),
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="tape", description="How quickly a mind reads a tape.")
    parser.add_argument("tape", type=Path, help="made where it is not there yet")
    parser.add_argument("--messages", type=float, default=1.0, help="share of a real day's rate")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--strategies", default=",".join(STRATEGIES))
    parser.add_argument("--alone", action="store_true", help="no other strategy is followed")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    if not options.tape.exists():
        make(options.tape, messages=options.messages, rounds=options.rounds)
    settings = settings_of(tuple(options.strategies.split(",")))
    if options.alone:
        deciding = attrs.evolve(settings.deciding, is_shadow_followed=False)
        settings = attrs.evolve(settings, deciding=deciding)
    pace = pace_of(read(options.tape), settings, options.repeats)
    print(json.dumps(attrs.asdict(pace)))


if __name__ == "__main__":
    main()

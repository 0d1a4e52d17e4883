"""`make world`: the simulated market beside recorded ones, figure by figure; writes world.json.

Every figure is computed by one function from recorded and from simulated frames
(`benchmarks/world_figures.py`). What is wanted of a simulated figure lies in a band around the
recorded one. The recorded rounds were settled by a price, the simulated ones are by the average of
a minute: their mids have about a fifth less time to come to an end, and move as much more.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import attrs
import msgspec
from attrs import frozen
from rich.console import Console
from rich.table import Table

from benchmarks.recorded_world import recorded_figures
from benchmarks.world_figures import (
    BookReader,
    Said,
    Top,
    TradeReader,
    by_seconds,
    feed_figures,
    mid_figures,
    rate_figures,
    reliability_errors,
    reliability_figures,
    size_figures,
    spread_figures,
)
from polytui.backtest.inprocess import play
from polytui.config.schema import SessionSettings, Settings
from polytui.model.effects import Reason
from polytui.model.instrument import Asset, Interval, Outcome, Round
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.sim.wire.exchanges import Exchanges
from polytui.sim.wire.polymarket import Polymarket
from polytui.sim.world.named_worlds import WorldName, paths_of
from polytui.sim.world.paths import SyntheticPath
from polytui.sim.world.world import World, WorldSettings
from polytui.sim.world.world_events import RoundResolved, WorldEvent

START_NS = 1_795_204_740 * NS_PER_S
"""2026-11-20 19:59:00 UTC, a minute before a boundary."""
HORIZONS_S = (240, 180, 120, 60, 30, 10)
_ROUND_S = Interval.M5.seconds
_DAYS = 3
_WIDTH = 120
_SURE = 3.0
"""Standard errors by which the crowd's word may miss."""


@frozen
class Wanted:
    """A figure's unit, what was recorded, and the band in which a simulated one must lie."""

    unit: str
    recorded: float
    low: float
    high: float


WANTED: Mapping[str, Wanted] = {
    "spread_mean": Wanted("c", 1.214, 1.05, 1.40),
    "spread_one_cent": Wanted("share", 0.865, 0.80, 0.93),
    "spread_three_cents": Wanted("share", 0.0415, 0.025, 0.060),
    "best_shares": Wanted("shares", 272.0, 230.0, 315.0),
    "five_shares": Wanted("shares", 2_257.0, 1_900.0, 2_600.0),
    "best_changes_per_s": Wanted("1/s", 2.6, 1.4, 3.6),
    "level_changes_per_s": Wanted("1/s", 167.0, 90.0, 215.0),
    "mid_moved_share": Wanted("share", 0.527, 0.45, 0.72),
    "mid_move_1": Wanted("c", 2.39, 2.0, 2.8),
    "mid_move_10": Wanted("c", 9.06, 7.7, 10.9),
    "mid_variance_ratio_10": Wanted("", 1.441, 1.25, 1.75),
    "trades_per_s": Wanted("1/s", 33.3, 30.0, 36.0),
    "quotes_per_s": Wanted("1/s", 148.2, 138.0, 158.0),
    "exchange_variance_ratio_10": Wanted("", 1.486, 1.25, 1.9),
    "feed_correlation_1": Wanted("", 0.313, 0.26, 0.36),
    "feed_variance_ratio_10": Wanted("", 1.98, 1.80, 2.15),
    "feed_variance_ratio_60": Wanted("", 2.19, 1.85, 2.5),
    "feed_beyond_3_10": Wanted("share", 0.016, 0.010, 0.022),
}


@frozen
class Figure:
    """One line of the table and of world.json."""

    name: str
    value: float
    unit: str
    target: tuple[float, float]
    recorded: float | None = None

    @property
    def ok(self) -> bool:
        return self.target[0] <= self.value <= self.target[1]

    def as_json(self) -> dict[str, object]:
        return {**attrs.asdict(self), "ok": self.ok}


# --- playing ------------------------------------------------------------------------------------


@frozen
class Played:
    """What was heard of some rounds: Up's book by round, and Binance."""

    rounds: Sequence[tuple[Round, Sequence[Top]]]
    said: Sequence[Said]
    exchange: TradeReader
    seconds: int
    """Of all rounds together."""


@frozen
class Part:
    """A world to listen to."""

    seed: int
    rounds: int
    messages: float
    seconds: int = _ROUND_S
    """Of each round; where they are fewer than it has, nobody waits for who wins it."""
    world: str = WorldName.LIFELIKE.value


def listen(part: Part) -> Played:
    """The bytes that the venue would send about these rounds, read as anybody would."""
    venue, exchange = _Venue(part), TradeReader()
    heard: list[tuple[Round, Sequence[Top]]] = []
    for round_ in venue.rounds[: part.rounds]:
        for _ in venue.run_until(round_.opens_ns):
            pass
        session, reader = venue.market.market_session(), BookReader(round_.up_token)
        frames = session.receive(_subscription(round_.up_token))
        tops = [top for frame in frames for top in reader.read(frame)]
        for world_event in venue.run_until(round_.opens_ns + part.seconds * NS_PER_S):
            if isinstance(world_event, session.WANTS):
                tops += [
                    top for frame in session.publish(world_event) for top in reader.read(frame)
                ]
            if isinstance(world_event, venue.stream.WANTS):
                for frame in venue.stream.publish(world_event):
                    exchange.read(world_event.at_ns / NS_PER_S, frame)
        opens_ms = round_.opens_ns // NS_PER_MS
        heard.append((round_, [top for top in tops if top.at_ms >= opens_ms]))
    said: list[Said] = []
    if part.seconds >= _ROUND_S:
        for _ in venue.run_until(heard[-1][0].closes_ns + _ROUND_S * NS_PER_S):
            pass
        said = _said(part.seed, venue.winners, heard)
    return Played(heard, said, exchange, part.seconds * len(heard))


class _Venue:
    """A world and what it sends. State: who has won so far; the world itself forgets it."""

    def __init__(self, part: Part) -> None:
        settings = WorldSettings(
            part.seed,
            START_NS,
            (Asset.BTC,),
            (Interval.M5,),
            paths=paths_of(part.world),
            messages=part.messages,
        )
        self._world = World(settings)
        self.market, self._exchanges = Polymarket(self._world), Exchanges(self._world)
        streams = "/stream?streams=btcusdt@trade/btcusdt@bookTicker"
        self.stream = self._exchanges.binance_session(streams)
        listed = sorted(self._world.rounds.values(), key=lambda one: one.opens_ns)
        self.rounds = [one for one in listed if one.opens_ns >= START_NS]
        self.winners: dict[str, Outcome | None] = {}
        """None where a round is void."""

    def run_until(self, until_ns: int) -> Iterator[WorldEvent]:
        for world_event in self._world.run_until(until_ns):
            self.market.note(world_event)
            self._exchanges.note(world_event)
            if isinstance(world_event, RoundResolved):
                self.winners[world_event.slug] = world_event.winner
            yield world_event


def _subscription(token: str) -> str:
    return msgspec.json.encode({"type": "market", "assets_ids": [token]}).decode()


def _said(
    seed: int, winners: Mapping[str, Outcome | None], heard: Sequence[tuple[Round, Sequence[Top]]]
) -> list[Said]:
    """The mid at each horizon, and who won."""
    said: list[Said] = []
    for round_, tops in heard:
        times, is_up = [top.at_ms for top in tops], winners[round_.slug] is Outcome.UP
        for left_s in HORIZONS_S:
            at = bisect(times, round_.closes_ns // NS_PER_MS - left_s * 1_000) - 1
            if at >= 0:
                said.append(Said(f"{seed}:{round_.slug}", tops[at].mid / 100.0, is_up))
    return said


def shape_figures(played: Played) -> dict[str, float]:
    """Everything that is the same at any number of messages."""
    seconds = [by_seconds(tops) for _, tops in played.rounds]
    tops = [top for _, found in played.rounds for top in found]
    rates = rate_figures(tops, played.seconds)
    return {
        **spread_figures(seconds),
        **size_figures(seconds),
        **mid_figures(seconds),
        "best_changes_per_s": rates["best_changes_per_s"],
        "exchange_variance_ratio_10": played.exchange.figures()["exchange_variance_ratio_10"],
    }


def full_figures(played: Played) -> dict[str, float]:
    """What only a real day's rate can show."""
    tops = [top for _, found in played.rounds for top in found]
    rates = rate_figures(tops, played.seconds)
    exchange = played.exchange.figures()
    return {
        "level_changes_per_s": rates["level_changes_per_s"],
        "trades_per_s": exchange["trades_per_s"],
        "quotes_per_s": exchange["quotes_per_s"],
    }


def feed_of(seed: int, days: int = _DAYS) -> dict[str, float]:
    """The settlement feed of some days, without a world around it."""
    start_s = START_NS // NS_PER_S
    path = SyntheticPath(seed, Asset.BTC, paths_of(WorldName.LIFELIKE.value)[Asset.BTC], start_s)
    values: dict[int, float] = {}
    for second in range(start_s, start_s + days * 86_400):
        value_e18 = path.value_e18(second)
        if value_e18 is not None:
            values[second] = value_e18 / 1e18
    return feed_figures(values)


def spread_trips(seed: int, rounds: int = 20) -> float:
    """How often the breaker for spreads stopped entries in a session that nothing troubles."""
    settings = attrs.evolve(Settings(), session=SessionSettings(assets=(Asset.BTC,), rounds=rounds))
    played = play(settings, seed=seed, start_ns=START_NS, intervals=(Interval.M5,))
    trips = played.mind.account.of(Asset.BTC).breakers.trips
    return float(sum(count for reason, count in trips.items() if reason is Reason.SPREAD_SPIKE))


# --- the table ----------------------------------------------------------------------------------


def judged(simulated: Mapping[str, float], recorded: Mapping[str, float]) -> list[Figure]:
    """The figures that have a recorded one beside them."""
    return [
        Figure(
            name,
            simulated[name],
            wanted.unit,
            (wanted.low, wanted.high),
            recorded.get(name, wanted.recorded),
        )
        for name, wanted in WANTED.items()
        if name in simulated
    ]


def reliability(said: Sequence[Said]) -> list[Figure]:
    """The mid as a probability: within so many standard errors of a perfect one."""
    found, errors = reliability_figures(said), reliability_errors(said)
    perfect = {"mid_slope": 1.0, "mid_surplus_90": 0.0}
    return [
        Figure(name, found[name], "", (true - _SURE * errors[name], true + _SURE * errors[name]))
        for name, true in perfect.items()
    ]


def show(figures: Sequence[Figure], console: Console) -> None:
    table = Table(title="the simulated market beside the recorded one", title_justify="left")
    for name in ("figure", "recorded", "simulated", "from", "to", "unit", "ok"):
        table.add_column(name, justify="left" if name in ("figure", "unit", "ok") else "right")
    for one in figures:
        recorded = "" if one.recorded is None else f"{one.recorded:,.4g}"
        band = [f"{edge:,.4g}" for edge in one.target]
        verdict = "yes" if one.ok else "NO"
        table.add_row(one.name, recorded, f"{one.value:,.4g}", *band, one.unit, verdict)
    console.print(table)


def main() -> None:
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    usual, full = Settings().demo.messages, 1.0
    with multiprocessing.Pool() as pool:
        trips = pool.map_async(partial(spread_trips, rounds=20), (1, 2), chunksize=1)
        feeds = pool.map_async(feed_of, (1, 2), chunksize=1)
        parts = [Part(seed, 30, usual) for seed in (1, 2)]
        played = pool.map_async(listen, [*parts, Part(3, 1, full)], chunksize=1)
        *shapes, whole = played.get()
        recorded = recorded_figures()
        simulated = mean_of([*map(shape_figures, shapes)])
        simulated |= full_figures(whole) | mean_of(feeds.get())
        figures = judged(simulated, recorded)
        figures += reliability([one for shape in shapes for one in shape.said])
        figures.append(Figure("spread_trips_40_rounds", sum(trips.get()), "", (0.0, 0.0)))
    show(figures, console)
    for one in figures:
        if not one.ok:
            console.print(f"{one.name} is outside its band")
    text = json.dumps([one.as_json() for one in figures], indent=1) + "\n"
    Path("world.json").write_text(text, encoding="utf-8")


def mean_of(found: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: sum(one[name] for one in found) / len(found) for name in found[0]}


if __name__ == "__main__":
    main()

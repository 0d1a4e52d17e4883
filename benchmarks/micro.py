"""Costs inside one process: decoding, a desk's step, the journal."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import evolve

from benchmarks.result import Result
from polytui.backtest.inprocess import Played, play
from polytui.config.schema import JournalSettings, SessionSettings, Settings
from polytui.desk.mind import Mind
from polytui.journal.codec import (
    FORMAT,
    Header,
    decode_event,
    decode_record,
    encode_record,
)
from polytui.journal.log import JournalLog
from polytui.market.features import Features
from polytui.model.events import Event, ExchangeQuoted
from polytui.model.instrument import Asset, Interval, Outcome
from polytui.sim.wire.exchanges import BINANCE_PREFIX, BYBIT_PATH, COINBASE_PATH, Exchanges
from polytui.sim.wire.polymarket import MARKET_PATH, RTDS_PATH, Polymarket
from polytui.sim.world.world import World, WorldSettings
from polytui.venues.binance import BinanceStreams
from polytui.venues.bybit import BybitStreams
from polytui.venues.coinbase import CoinbaseStreams
from polytui.venues.feed import Codec
from polytui.venues.polymarket.price_streams import Rtds
from polytui.venues.polymarket.streams import MarketChannel

_START_NS = 1_795_186_740_000_000_000
"""2026-11-20T14:59:00Z, where every demo begins."""
_WORLD_S = 120
_FLUSHED_EVERY = 1_000

Taken = tuple[Asset, int, Event, bool]


def micro_benchmarks() -> list[Result]:
    played = play(
        Settings(session=SessionSettings(assets=(Asset.BTC,), rounds=1)),
        seed=7,
        start_ns=_START_NS,
        intervals=(Interval.M5,),
    )
    return [*_decoding(), *_prices(played), _step(played), _journal(played)]


def _decoding() -> list[Result]:
    """Frame text to events, per frame, on frames that the simulated venue wrote."""
    results = []
    for name, codec, frames in _frames():
        took = [_timed(partial(codec.parse, frame, _START_NS)) for frame in frames]
        results.append(_percentiles(f"decode_{name}", took, f"{len(frames)} frames"))
    return results


def _frames() -> Sequence[tuple[str, Codec, list[str]]]:
    world = World(WorldSettings(7, _START_NS, (Asset.BTC,), (Interval.M5,)))
    polymarket, exchanges = Polymarket(world), Exchanges(world)
    binance = BinanceStreams(Asset.BTC, is_in_url=True)
    first = min(world.rounds.values(), key=lambda listed: listed.opens_ns)
    channel = MarketChannel(first.token_of(outcome) for outcome in Outcome)
    wires: list[tuple[str, Codec, str, list[str]]] = [
        ("clob_market", channel, MARKET_PATH, []),
        ("rtds", Rtds(Asset.BTC), RTDS_PATH, []),
        ("binance", binance, BINANCE_PREFIX + binance.path, []),
        ("bybit", BybitStreams(Asset.BTC), BYBIT_PATH, []),
        ("coinbase", CoinbaseStreams(Asset.BTC), COINBASE_PATH, []),
    ]
    sessions = [polymarket.open_session(p) or exchanges.open_session(p) for _, _, p, _ in wires]
    for session, (_, codec, _, frames) in zip(sessions, wires, strict=True):
        assert session is not None
        for text in codec.hello():
            frames += session.receive(text)
    for world_event in world.run_until(_START_NS + _WORLD_S * 10**9):
        polymarket.note(world_event)
        exchanges.note(world_event)
        for session, (_, _, _, frames) in zip(sessions, wires, strict=True):
            assert session is not None
            if isinstance(world_event, session.WANTS):
                frames += session.publish(world_event)
    return [(name, codec, frames) for name, codec, _, frames in wires]


def _events(played: Played) -> list[Taken]:
    records = [decode_record(line) for line in played.lines]
    return [(Asset(r.asset), r.at, decode_event(r.event), r.last) for r in records if r.is_event]


def _prices(played: Played) -> list[Result]:
    """The composite price and all features, each time they are made anew while a round is played.

    Times lie beside what a desk would do itself, so nothing is answered from memory."""
    mind, features, consensus = Mind(), [], []
    for asset, at_ns, event, is_last in _events(played):
        mind.take(asset, at_ns, event, is_last=is_last)
        desk, settings = mind.desks[asset], mind.desks[asset].settings
        if not isinstance(event, ExchangeQuoted):
            continue
        prices, later_ns = desk.prices, at_ns + 1
        consensus.append(_timed(partial(prices.consensus.estimate, later_ns, settings.market)))
        estimate = prices.consensus.estimate(later_ns, settings.market)
        parts = prices.consensus.parts(later_ns, settings.market)
        refresh = partial(prices.features.refresh, later_ns, settings.features, estimate, parts)
        features.append(_timed(partial(_read, refresh, prices.features)))
    return [
        _percentiles("consensus_estimate", consensus, "three exchanges weighed"),
        evolve(_percentiles("features_update", features, "all 22, anew"), budget=1000.0),
    ]


def _read(refresh: Callable[[], None], features: Features) -> object:
    """They are made when somebody reads them."""
    refresh()
    return features.latest.values


def _step(played: Played) -> Result:
    mind, took = Mind(), []
    for asset, at_ns, event, is_last in _events(played):
        began = time.perf_counter_ns()
        mind.take(asset, at_ns, event, is_last=is_last)
        took.append(time.perf_counter_ns() - began)
    return _percentiles("desk_step", took, "apply, decide and stamp")


def _journal(played: Played) -> Result:
    took, header = [], Header(FORMAT, "bench", "demo", "bench", _START_NS)
    with TemporaryDirectory() as folder:
        log = JournalLog(Path(folder), header, JournalSettings(segment_mb=4_096.0))
        for number, (asset, at_ns, event, is_last) in enumerate(_events(played), start=1):
            began = time.perf_counter_ns()
            log.append(encode_record(number, at_ns, asset.value, event, (), is_last))
            took.append(time.perf_counter_ns() - began)
            if number % _FLUSHED_EVERY == 0:
                log.write_now()
        log.close()
    return _percentiles("journal_per_event", took, "encoded and appended, off the path")


def _timed(work: Callable[[], object]) -> int:
    began = time.perf_counter_ns()
    work()
    return time.perf_counter_ns() - began


def _percentiles(name: str, took_ns: list[int], note: str) -> Result:
    ordered = sorted(took_ns)
    p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    return Result(name, p50 / 1000, p99 / 1000, "us", note=note)

"""Every kind of fault on every service's wires: noticed in time, ruled on, over soon, nothing lost.

One engine lives through all the faults of one service. Budgets are the settings' limits, with
what the wire needs to show a fault: a number is missed only when the next one comes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import trio
from attrs import define, field, frozen
from test_backfill import traded_at
from trio.testing import MockClock
from virtual_engine import VirtualEngine, open_engine, quick_settings

from polytui.backtest.replay import replay_journal
from polytui.config.schema import GateSettings, SocketLimits
from polytui.desk.round_phase import Phase
from polytui.feeds.feed import Feed
from polytui.model.effects import Reason
from polytui.model.events import (
    Event,
    ExchangeTraded,
    FeedDown,
    FeedGapped,
    FeedMended,
    FeedStale,
    FeedUp,
    FrameRejected,
)
from polytui.model.instrument import Asset, Exchange
from polytui.model.snapshot import FeedState
from polytui.sim.world.sources import THIN

pytestmark = pytest.mark.trio
BTC = Asset.BTC
NS = 10**9
LOOK_S = 0.1
BACK_WITHIN_S = 2.0
CALM_S = 3.0
"""Between two spells: what the last one caused must have come to its end."""
NEXT_FRAME_S = 6.0
"""A lost, doubled or bent frame is every third or fourth, and shows with the next ones."""
SETTINGS = quick_settings(session={"assets": (BTC,)}, sockets={"backoff_cap_s": 1.0})
SOCKETS: SocketLimits = SETTINGS.sockets
GATES: GateSettings = SETTINGS.gates
FEED_OF = {"market": "book"}


@frozen
class Spell:
    """One spell of a fault, and what must come of it."""

    kind: str
    seconds: float
    sign: type[Event] | str
    """The first event that tells of it, or the count of the feed that grows."""
    within_s: float
    may_miss: bool = False
    """Whether messages are lost that the venue has no way to give again: not trades by number."""


@define
class Outcome:
    """What came of a spell."""

    began_ns: int
    noticed_s: float | None = None
    back_s: float | None = None
    missed: int = 0
    ended_ns: int = field(default=0)


SUDDEN = [Spell("drop", 0.0, FeedDown, 0.2), Spell("close", 0.0, FeedDown, 0.2)]
REFUSED = Spell("refuse", 6.0, FeedDown, 0.2)
DOUBLED = Spell("duplicates", 5.0, "duplicates", NEXT_FRAME_S)
QUIET_S = SOCKETS.quotes_stale_s
NETWORK: dict[str, list[Spell]] = {
    "binance": [
        *SUDDEN,
        Spell("shutdown", 0.0, "rotations", 1.0),
        Spell("silence", 7.0, FeedStale, QUIET_S),
        Spell("burst", 4.0, FeedStale, QUIET_S),
        Spell("gap", 8.0, FeedGapped, NEXT_FRAME_S),
        DOUBLED,
        Spell("reorder", 8.0, "oddities", NEXT_FRAME_S),
        Spell("truncate", 8.0, FrameRejected, NEXT_FRAME_S),
        REFUSED,
    ],
    "bybit": [
        *SUDDEN,
        Spell("restart", 0.0, "", 0.0),
        Spell("silence", 7.0, FeedStale, QUIET_S, may_miss=True),
        Spell("burst", 4.0, FeedStale, QUIET_S, may_miss=True),
        Spell("gap", 8.0, FeedGapped, NEXT_FRAME_S, may_miss=True),
        DOUBLED,
        # Its trades and its book change places with each other, and nobody is the wiser.
        Spell("reorder", 8.0, "", 0.0, may_miss=True),
        Spell("truncate", 8.0, FrameRejected, NEXT_FRAME_S, may_miss=True),
        REFUSED,
    ],
    "coinbase": [
        *SUDDEN,
        Spell("silence", 7.0, FeedStale, SOCKETS.beats_stale_s, may_miss=True),
        Spell("burst", 5.0, FeedStale, SOCKETS.beats_stale_s, may_miss=True),
        Spell("gap", 8.0, FeedGapped, NEXT_FRAME_S, may_miss=True),
        DOUBLED,
        Spell("reorder", 8.0, "oddities", NEXT_FRAME_S, may_miss=True),
        Spell("truncate", 8.0, FrameRejected, NEXT_FRAME_S, may_miss=True),
        REFUSED,
    ],
    "polybolt": [
        *SUDDEN,
        Spell("silence", 9.0, FeedStale, SOCKETS.chainlink_stale_s, may_miss=True),
        Spell("burst", 9.0, FeedStale, SOCKETS.chainlink_stale_s, may_miss=True),
        Spell("gap", 8.0, FeedGapped, NEXT_FRAME_S, may_miss=True),
        DOUBLED,
        Spell("reorder", 8.0, "oddities", NEXT_FRAME_S, may_miss=True),
        Spell("truncate", 8.0, FrameRejected, NEXT_FRAME_S, may_miss=True),
        REFUSED,
    ],
    "rtds": [
        *SUDDEN,
        Spell("silence", 9.0, FeedStale, SOCKETS.chainlink_stale_s),
        Spell("burst", 9.0, FeedStale, SOCKETS.chainlink_stale_s),
        Spell("truncate", 8.0, FrameRejected, NEXT_FRAME_S),
        REFUSED,
    ],
    "market": [
        *SUDDEN,
        Spell("silence", 33.0, FeedStale, SOCKETS.book_silence_s),
        Spell("truncate", 8.0, FrameRejected, NEXT_FRAME_S),
        REFUSED,
    ],
}


async def make(engine: VirtualEngine, kind: str, service: str, seconds: float) -> None:
    connections = engine.venue.connections
    match kind:
        case "drop":
            connections.drop(service)
        case "close":
            await connections.close(service, 1012, "fault")
        case "shutdown":
            connections.shut_down(service)
        case "restart":
            engine.venue._exchanges.restart_bybit()
        case _:
            connections.begin(kind, service, seconds, 0)


def all_up(engine: VirtualEngine) -> bool:
    return all(feed.state is FeedState.UP for feed in engine.run_of(BTC).feeds.values())


def count_of(feed: Feed, sign: str) -> Callable[[], int]:
    """A growing count that tells of a fault without an event of its own."""
    first = feed.socket.connected_since
    if sign == "rotations":
        return lambda: int(feed.socket.connected_since != first)
    if sign == "oddities":
        return lambda: feed.view(0).duplicates + feed.losses.missed
    return lambda: feed.view(0).duplicates


async def live_through(engine: VirtualEngine, service: str, spell: Spell) -> Outcome:
    """The spell, and calm after it."""
    feed = engine.run_of(BTC).feeds[FEED_OF.get(service, service)]
    outcome = Outcome(engine.session.clock.now_ns())
    missed_before = feed.view(0).missed
    count = count_of(feed, spell.sign if isinstance(spell.sign, str) else "")
    before, began = count(), trio.current_time()
    await make(engine, spell.kind, service, spell.seconds)
    over = began + spell.seconds
    while (now := trio.current_time()) < over + CALM_S:
        if outcome.noticed_s is None and count() > before:
            outcome.noticed_s = now - began
        if now >= over:
            is_back = all_up(engine)
            outcome.back_s = (outcome.back_s or now - over) if is_back else None
        await trio.sleep(LOOK_S)
    outcome.missed = feed.view(0).missed - missed_before
    outcome.ended_ns = engine.session.clock.now_ns()
    return outcome


def first_told(
    events: list[tuple[str, Event]], outcome: Outcome, feed: str, sign: type[Event]
) -> float | None:
    """Seconds into the spell at which the first event of a kind came."""
    for _, event in events:
        if isinstance(event, sign) and event.feed == feed:  # type: ignore[attr-defined]
            at_ns = getattr(event, "at_ns", 0) or event.received_ns  # type: ignore[attr-defined]
            if outcome.began_ns <= at_ns < outcome.ended_ns:
                return float((at_ns - outcome.began_ns) / NS)
    return None


def trades_of(engine: VirtualEngine, venue: str, since_ns: int) -> list[int]:
    """Ids of the trades that the desk was told of, each as often as it was told."""
    told = [event for _, event in engine.events(ExchangeTraded)]
    return sorted(
        event.trade_id
        for event in told
        if isinstance(event, ExchangeTraded) and event.venue == venue and event.venue_ns > since_ns
    )


NUMBERED = ("binance", "coinbase")
"""Exchanges whose trades are numbered without a hole: each that is lost can be asked for."""
HEALTH = (FeedUp, FeedStale, FeedDown, FeedGapped, FeedMended, FrameRejected)


@pytest.mark.parametrize("service", list(NETWORK))
async def test_weather_is_noticed_and_over_soon_and_loses_nothing_that_can_be_given_again(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, service: str
) -> None:
    outcomes: list[tuple[Spell, Outcome]] = []
    folder = tmp_path / "s"
    async with open_engine(
        monkeypatch, folder, SETTINGS, starts_before_s=3, messages=THIN
    ) as engine:
        await trio.sleep(10)
        await engine.until(lambda: all_up(engine))
        for spell in NETWORK[service]:
            outcome = await live_through(engine, service, spell)
            outcomes.append((spell, outcome))
        assert engine.run_of(BTC).life == 1, "no fault of a wire is a crash"
        world = traded_at(engine, Exchange(service)) if service in NUMBERED else []
        await trio.sleep(1)
    events = engine.events(*HEALTH)
    feed = FEED_OF.get(service, service)
    for spell, outcome in outcomes:
        where = f"{spell.kind} over {service}"
        if isinstance(spell.sign, type):
            outcome.noticed_s = first_told(events, outcome, feed, spell.sign)
        if spell.sign:
            assert outcome.noticed_s is not None, f"{where}: not noticed"
            assert outcome.noticed_s <= spell.within_s + 2 * LOOK_S, where
        assert outcome.back_s is not None, f"{where}: a feed has not come back"
        assert outcome.back_s <= BACK_WITHIN_S, where
        assert spell.may_miss or outcome.missed == 0, f"{where}: {outcome.missed} are missing"
    if world:
        told = trades_of(engine, service, outcomes[0][1].began_ns)
        assert [one for one in told if one <= world[-1]] == [n for n in world if n >= told[0]]
    assert replay_journal(folder, is_verifying=True).is_equal


# --- what it does to trading --------------------------------------------------------------------


def reasons(engine: VirtualEngine) -> set[Reason]:
    """Why the open rounds are not traded now."""
    desk = engine.session.mind.desks[BTC]
    opened = [market_round for market_round in desk.rounds if market_round.phase is Phase.OPEN]
    return {why.reason for market_round in opened for why in market_round.whys.values()}


def trust(engine: VirtualEngine) -> float:
    prices = engine.session.mind.desks[BTC].prices
    estimate = prices.estimate(engine.session.clock.now_ns(), SETTINGS.market)
    return 0.0 if estimate is None else estimate.trust


def placed(engine: VirtualEngine, since_ns: int, until_ns: int) -> int:
    """Orders that were placed meanwhile."""
    kept = [r for r in engine.records() if since_ns < r.at < until_ns and not r.raised]
    return sum(bytes(record.effects).count(b'"Place"') for record in kept)


WARM = quick_settings(
    session={"assets": (BTC,)},
    sockets={"backoff_cap_s": 1.0},
    market={"volatility_warmup_s": 5.0},
    gates={"after_open_s": 1.0},
)


async def test_chainlink_that_is_away_on_both_relays_is_a_hard_pause(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Exchanges go on and lead it, and yet nothing is bought: they do not decide who wins."""
    folder = tmp_path / "s"
    async with open_engine(monkeypatch, folder, WARM, starts_before_s=20, messages=THIN) as engine:
        await trio.sleep(26)
        assert Reason.CHAINLINK_STALE not in reasons(engine)
        began = trio.current_time()
        for service in ("polybolt", "rtds"):
            engine.venue.connections.begin("refuse", service, 14.0, 0)
        await engine.until(lambda: Reason.CHAINLINK_STALE in reasons(engine))
        paused_s = trio.current_time() - began
        paused_ns = engine.session.clock.now_ns()
        assert 3.0 < paused_s <= GATES.max_chainlink_age_ms / 1000 + 0.5
        while trio.current_time() < began + 13.9:
            assert reasons(engine) == {Reason.CHAINLINK_STALE}
            await trio.sleep(LOOK_S)
        over_ns = engine.session.clock.now_ns()
        await trio.sleep(BACK_WITHIN_S + 0.1)
        assert Reason.CHAINLINK_STALE not in reasons(engine)
        assert all_up(engine)
        assert any("silent on every relay, entries are blocked" in one for one in engine.texts())
    assert placed(engine, paused_ns, over_ns) == 0
    assert replay_journal(folder, is_verifying=True).is_equal


@pytest.mark.parametrize("exchange", ["binance", "bybit", "coinbase"])
async def test_an_exchange_that_is_away_lowers_trust_and_pauses_nothing(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, exchange: str
) -> None:
    async with open_engine(
        monkeypatch, tmp_path / "s", WARM, starts_before_s=20, messages=THIN
    ) as engine:
        await trio.sleep(26)
        prices = engine.session.mind.desks[BTC].prices
        blocked = {Reason.CHAINLINK_STALE, Reason.FEED_DOWN, Reason.NO_PRICE, Reason.PAUSED}
        engine.venue.connections.begin("refuse", exchange, 10.0, 0)
        await trio.sleep(SETTINGS.market.exchange_fresh_ms / 1000 + 2.0)
        for _ in range(45):
            assert not blocked & reasons(engine)
            now_ns = engine.session.clock.now_ns()
            parts = {
                part.venue: part.weight for part in prices.consensus.parts(now_ns, WARM.market)
            }
            assert parts[exchange] == 0.0, "it has no vote"
            await trio.sleep(LOOK_S)
        await trio.sleep(4.0)
        seen = set()
        for _ in range(30):
            now_ns = engine.session.clock.now_ns()
            parts = {
                part.venue: part.weight for part in prices.consensus.parts(now_ns, WARM.market)
            }
            seen |= {venue for venue, weight in parts.items() if weight > 0}
            await trio.sleep(LOOK_S)
        assert exchange in seen, "it votes again"


async def test_without_any_exchange_chainlink_alone_is_believed_less(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with open_engine(
        monkeypatch, tmp_path / "s", WARM, starts_before_s=20, messages=THIN
    ) as engine:
        await trio.sleep(26)
        usual = trust(engine)
        for exchange in ("binance", "bybit", "coinbase"):
            engine.venue.connections.begin("refuse", exchange, 12.0, 0)
        await trio.sleep(6)
        for _ in range(50):
            assert 0.0 < trust(engine) <= 0.4
            assert not {Reason.CHAINLINK_STALE, Reason.NO_PRICE} & reasons(engine)
            await trio.sleep(LOOK_S)
        await trio.sleep(12)
        assert usual > 0.4
        assert trust(engine) > 0.4


async def test_a_book_that_is_cut_pauses_until_it_stands_again(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with open_engine(
        monkeypatch, tmp_path / "s", WARM, starts_before_s=20, messages=THIN
    ) as engine:
        await trio.sleep(26)
        assert Reason.FEED_DOWN not in reasons(engine)
        engine.venue.connections.begin("refuse", "market", 8.0, 0)
        await trio.sleep(1.1)
        down_ns = engine.session.clock.now_ns()
        for _ in range(60):
            assert reasons(engine) == {Reason.FEED_DOWN}
            await trio.sleep(LOOK_S)
        up_ns = engine.session.clock.now_ns()
        await trio.sleep(1 + BACK_WITHIN_S)
        assert not {Reason.FEED_DOWN, Reason.NO_BOOK} & reasons(engine)
    assert placed(engine, down_ns, up_ns) == 0

"""A round from its listing to its settlement, in virtual time against the simulated venue."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from trio.testing import MockClock
from virtual_engine import (
    OPENS_NS,
    VirtualClock,
    VirtualEngine,
    VirtualVenue,
    open_engine,
    paper_client,
    quick_settings,
)

from polytui.backtest.replay import replay_journal
from polytui.execution.paper_client import money_of
from polytui.feeds.rounds import RoundWatcher
from polytui.model.events import (
    FINAL,
    AcceptanceChanged,
    BookSnapshotted,
    Commanded,
    RoundClosed,
    RoundFound,
    RoundOpened,
    RoundSettled,
    StrikePublished,
)
from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_S
from polytui.runtime.asset import AssetRun
from polytui.runtime.inbox import Inbox
from polytui.runtime.summary import summarise

pytestmark = pytest.mark.trio
FIRST = f"btc-updown-5m-{OPENS_NS // NS_PER_S}"
BEFORE = f"btc-updown-5m-{OPENS_NS // NS_PER_S - 300}"


async def test_a_whole_round(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "s"
    settings = quick_settings(session={"assets": (Asset.BTC,), "rounds": 1})
    async with open_engine(monkeypatch, folder, settings, starts_before_s=65) as engine:
        await engine.is_over.wait()
    opened = {e.slug: e for _, e in engine.events(RoundOpened)}  # type: ignore[attr-defined]
    assert opened[BEFORE].is_late, "it was under way when the session began"
    assert not opened[FIRST].is_late
    assert 0 <= opened[FIRST].at_ns - OPENS_NS < 1_000_000
    closed = {e.slug: e for _, e in engine.events(RoundClosed)}  # type: ignore[attr-defined]
    assert 0 <= closed[FIRST].at_ns - OPENS_NS - Interval.M5.ns < 1_000_000
    kinds = (RoundFound, RoundOpened, StrikePublished, RoundClosed, RoundSettled)
    life = [type(e) for _, e in engine.events(*kinds) if _slug_of(e) == FIRST]
    assert life[:2] == [RoundFound, RoundOpened]
    assert life[-2:] == [RoundClosed, RoundSettled]
    assert StrikePublished in life, "the venue was asked for its word on the strike"
    assert "GET /gamma/events/slug/" + FIRST in engine.venue.requests
    settled = [e for _, e in engine.events(RoundSettled)]
    assert [e.source for e in settled] == ["stream", "stream"]  # type: ignore[attr-defined]
    assert engine.session.stop_reason == "1 rounds are settled"
    _books_were_there_before_the_open(engine)
    _summary_is_true(engine)
    assert replay_journal(folder, is_verifying=True).is_equal


def _slug_of(event: object) -> str:
    if isinstance(event, RoundFound):
        return event.round.slug
    if isinstance(event, RoundSettled):
        return FIRST if event.received_ns > OPENS_NS + Interval.M5.ns else BEFORE
    return str(getattr(event, "slug", ""))


def _books_were_there_before_the_open(engine: VirtualEngine) -> None:
    found = {e.round.slug: e.round for _, e in engine.events(RoundFound)}  # type: ignore[attr-defined]
    seen = [
        e.received_ns
        for _, e in engine.events(BookSnapshotted)  # type: ignore[attr-defined]
        if e.token_id == found[FIRST].up_token
    ]
    assert seen[0] < OPENS_NS - 50 * NS_PER_S, "subscribed a minute ahead"


def _summary_is_true(engine: VirtualEngine) -> None:
    summary = summarise(engine.session, engine.runs, money_of(engine.account), engine.tree.pace)
    assert summary["rounds_settled"] == 1
    assert summary["totals"]["fills"] > 0
    assert summary["reconciled"]["is_cash_equal"]
    assert summary["reconciled"]["is_pnl_traded_plus_settlements"]
    assert summary["round_detect_ms"]["max"] < 1
    # A millionth more at the client than in the ledger must be seen.
    engine.account.pay_out(1)
    summary = summarise(engine.session, engine.runs, money_of(engine.account), engine.tree.pace)
    assert not summary["reconciled"]["is_cash_equal"]
    assert not summary["reconciled"]["is_pnl_traded_plus_settlements"]


async def test_a_silent_stream_is_asked_for_the_winner(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(session={"assets": (Asset.BTC,)})
    async with open_engine(monkeypatch, tmp_path / "s", settings, starts_before_s=10) as engine:
        engine.venue.connections.mute("market", 10_000)
        await engine.until(lambda: engine.has_settled(Asset.BTC, BEFORE))
        at_ns = engine.session.clock.now_ns()
    (settled,) = (e for _, e in engine.events(RoundSettled))
    assert isinstance(settled, RoundSettled)
    assert settled.source == "clob", "who knows at once and is trusted more than the listing"
    for asked in (f"GET /gamma/events/slug/{BEFORE}", "GET /data-api/v2/resolutions"):
        assert engine.venue.requests.count(asked) >= 2, "again and again"
    assert at_ns > OPENS_NS + 20 * NS_PER_S, "not before a winner can be known"


async def test_where_gamma_tells_no_strike_the_final_price_before_does(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As on a day on which nothing of the running round is told: the second round's price to beat
    is what the first was settled by, asked for until it is there, and said once."""
    settings = quick_settings(session={"assets": (Asset.BTC,)})
    async with open_engine(monkeypatch, tmp_path / "s", settings, starts_before_s=10) as engine:
        engine.venue.spoil = partial(_without_strike_of, FIRST, engine.venue)
        await engine.until(lambda: engine.session.clock.now_ns() > OPENS_NS + 120 * NS_PER_S)
        market_round = engine.session.mind.desks[Asset.BTC].rounds.get(FIRST)
        assert market_round is not None
        assert market_round.confirmed_by == FINAL
        final = engine.venue.world.status(BEFORE).final_e18
        assert final is not None
        assert market_round.strike == pytest.approx(final / 1e18, rel=1e-12)
    told = [e for _, e in engine.events(StrikePublished) if e.slug == FIRST]  # type: ignore[attr-defined]
    assert [event.source for event in told].count(FINAL) == 1
    assert replay_journal(tmp_path / "s", is_verifying=True).is_equal


async def test_a_session_that_begins_in_mid_round_asks_for_the_final_price_before_as_well(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nobody followed that round; its name is known all the same."""
    settings = quick_settings(session={"assets": (Asset.BTC,)})
    async with open_engine(
        monkeypatch, tmp_path / "s", settings, starts_before_s=200, is_away=True
    ) as engine:
        engine.venue.spoil = partial(_without_strike_of, BEFORE, engine.venue)
        engine.venue.is_away = False
        asked = f"GET /gamma/events/slug/{FIRST[:-10]}{OPENS_NS // NS_PER_S - 600}"
        await engine.until(lambda: asked in engine.venue.requests)


async def _without_strike_of(
    slug: str, venue: VirtualVenue, request: httpx.Request
) -> httpx.Response | None:
    if not request.url.path.endswith(slug):
        return None
    answer = await venue._inner.handle_async_request(request)
    body = (await answer.aread()).replace(b'"priceToBeat"', b'"nothing"')
    return httpx.Response(200, content=body)


async def test_a_round_that_was_listed_while_the_network_was_away_is_found_late(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(session={"assets": (Asset.BTC,)})
    async with open_engine(
        monkeypatch, tmp_path / "s", settings, starts_before_s=5, is_away=True
    ) as engine:
        await engine.until(lambda: engine.session.clock.now_ns() > OPENS_NS + 20 * NS_PER_S)
        engine.venue.is_away = False
        await engine.until(lambda: FIRST in engine.run_of(Asset.BTC).followed)
    opened = [e for _, e in engine.events(RoundOpened) if e.slug == FIRST]  # type: ignore[attr-defined]
    assert [event.is_late for event in opened] == [True]
    assert engine.session.mind.account.of(Asset.BTC).session_rounds == {}


async def test_after_a_reconnect_books_are_read_by_rest(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(session={"assets": (Asset.BTC,)})
    async with open_engine(monkeypatch, tmp_path / "s", settings, starts_before_s=20) as engine:
        await engine.until(lambda: engine.run_of(Asset.BTC).feeds["book"].messages > 50)
        assert "POST /clob/books" not in engine.venue.requests
        assert engine.venue.connections.drop("market") == 1
        await engine.until(lambda: "POST /clob/books" in engine.venue.requests)
        await engine.until(lambda: engine.run_of(Asset.BTC).feeds["book"].view(0).reconnects == 1)
    rest = [e for _, e in engine.events(BookSnapshotted) if e.source == "rest"]  # type: ignore[attr-defined]
    assert len(rest) >= 2, "both tokens of the round"
    assert engine.events(Commanded), "and it stopped in order"


async def test_a_round_that_ceases_to_take_orders_is_told_and_so_is_its_return(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By the listing, and by the look at its strike."""
    settings = quick_settings(session={"assets": (Asset.BTC,)})
    async with open_engine(monkeypatch, tmp_path / "s", settings, starts_before_s=20) as engine:
        await engine.until(lambda: FIRST in engine.run_of(Asset.BTC).followed)
        engine.venue.spoil = partial(_closed_for_orders, engine.venue)
        followed = engine.run_of(Asset.BTC).followed
        await engine.until(lambda: not followed[FIRST].round.takes_orders)
        engine.venue.spoil = None
        await engine.until(lambda: followed[FIRST].round.takes_orders)
    changes = [e for _, e in engine.events(AcceptanceChanged) if e.slug == FIRST]  # type: ignore[attr-defined]
    assert [event.takes_orders for event in changes] == [False, True]
    assert sum("takes no orders" in text for text in engine.texts() if FIRST in text) == 1


async def _closed_for_orders(venue: VirtualVenue, request: httpx.Request) -> httpx.Response | None:
    if "/gamma/events" not in request.url.path:
        return None
    answer = await venue._inner.handle_async_request(request)
    body = (await answer.aread()).replace(b'"acceptingOrders":true', b'"acceptingOrders":false')
    return httpx.Response(200, content=body)


@pytest.mark.parametrize(("hour", "is_told"), [("05:30", False), ("06:30", True), ("07:30", False)])
async def test_the_second_one_oclock_of_the_night_is_left_alone_and_said_once(
    hour: str, is_told: bool
) -> None:
    at_ns = int(datetime.fromisoformat(f"2026-11-01T{hour}+00:00").timestamp()) * NS_PER_S
    clock: Any = VirtualClock(at_ns)
    client = paper_client(clock)
    run = AssetRun(Asset.BTC, clock, client, Inbox(100))
    said: list[str] = []
    nobody: Any = None
    watcher = RoundWatcher(run, Interval.H1, nobody, nobody, nobody, said.append)
    watcher._tell_nameless()
    watcher._tell_nameless()
    assert len(said) == is_told

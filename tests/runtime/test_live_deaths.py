"""A session that dies at the worst moments of an order's life, and the one that goes on from it:
the truth first, then trading, with the money and the shares that the venue has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
import trio
from live_engine import LiveEngine, open_live_engine, open_live_venue
from live_venue import venue_of
from spoilt_answers import CANCELS, POSTS, named
from trio.testing import MockClock

from polytui.model.units import MICRO

pytestmark = pytest.mark.trio
WORLD = "a world"


async def signed(engine: LiveEngine) -> None:
    """It never left."""
    there = engine.there

    async def die(request: httpx.Request) -> httpx.Response | None:
        if named(request) in POSTS:
            engine.die()
            raise httpx.ConnectError("dead", request=request)
        return None

    there.spoil = die


async def unanswered(engine: LiveEngine) -> None:
    _after(engine, POSTS)


async def cancel_sent(engine: LiveEngine) -> None:
    _after(engine, CANCELS)


def _after(engine: LiveEngine, paths: tuple[str, ...]) -> None:
    """The venue has done it."""

    async def die(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if named(request) in paths:
            engine.die()
            raise httpx.ReadError("dead", request=request)
        return response

    engine.there.after = die


async def half_filled(engine: LiveEngine) -> None:
    """A part of an order that still works is on its way on the chain."""
    there = engine.there
    with trio.fail_after(60):
        while not any(one.matched for one in there.working()):
            for one in there.working():
                there.meet(one.order_id, 6 * MICRO)
            for _ in range(8):
                if not any(one.matched for one in there.working()):
                    await trio.sleep(0.05)
    engine.die()


POINTS: tuple[Callable[[LiveEngine], Awaitable[None]], ...] = (
    signed,
    unanswered,
    half_filled,
    cancel_sent,
)


@pytest.mark.parametrize(
    "away_s",
    [
        pytest.param(1.0, id="soon"),
        pytest.param(40.0, id="later", marks=pytest.mark.long),
    ],
)
async def test_deaths_at_every_point_of_an_orders_life(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, away_s: float
) -> None:
    """Soon: its orders are still there. Later: the venue has taken them back."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    venue = venue_of(8.0)
    async with open_live_venue(monkeypatch, venue):
        for number, point in enumerate(POINTS):
            async with open_live_engine(venue, tmp_path / f"{number}", world=WORLD) as engine:
                assert (engine.session.goes_on is None) is (number == 0)
                await engine.trade(1)
                await engine.has_working()
                await point(engine)
                with trio.fail_after(60):
                    await engine.is_over.wait()
            venue.spoil = venue.after = None
            venue.is_away = False
            await trio.sleep(away_s)
        venue.requests.clear()
        async with open_live_engine(venue, tmp_path / "last", world=WORLD) as engine:
            await engine.trade(1)
            _check_truth_first(venue.requests)
            await engine.rest()
            engine.check()
            assert not engine.session.errors
            assert not engine.session.mind.account.moves.total, "every dollar is explained"
            _check_results(engine)


def _check_truth_first(requests: list[str]) -> None:
    """Nothing was sent before orders and trades were asked for."""
    sent = [at for at, one in enumerate(requests) if one.startswith("POST /clob/order")]
    for path in ("orders", "trades"):
        assert requests.index(f"GET /clob/data/{path}") < sent[0]


def _check_results(engine: LiveEngine) -> None:
    """What the mind thinks that it won and has at stake is what the wallet gained."""
    there, account = engine.there, engine.session.mind.account
    positions = there.exchange.holdings.positions(there.funder)
    gained = there.usd() + sum(map(there.unredeemed, positions)) - 1_000 * MICRO
    assert account.realised + account.at_risk.totals.flow == gained

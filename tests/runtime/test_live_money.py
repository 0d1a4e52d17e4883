"""Money that comes and goes by itself is seen by whoever compares, and is no result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import trio
from live_engine import LiveEngine, open_live_engine, open_live_venue
from live_venue import venue_of
from trio.testing import MockClock

from polytui.model.events import CashKind, CashMoved
from polytui.model.units import MICRO, Usd

pytestmark = pytest.mark.trio
_ELSEWHERE = "0x" + "e1" * 20


def money(engine: LiveEngine) -> dict[CashKind, Usd]:
    return engine.session.mind.account.moves.by_kind


def total(engine: LiveEngine) -> int:
    return engine.session.mind.account.moves.total


async def waits_for(engine: LiveEngine, is_so: Callable[[], bool]) -> float:
    """For how long it was not."""
    began = trio.current_time()
    while not is_so():
        assert trio.current_time() < began + 200, (money(engine), engine.texts()[-10:])
        await trio.sleep(0.5)
    return trio.current_time() - began


async def test_a_deposit_and_a_withdrawal_are_seen_within_two_minutes(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nobody tells the venue to look at the chain but whoever compares."""
    venue = venue_of(8.0)
    async with (
        open_live_venue(monkeypatch, venue),
        open_live_engine(venue, tmp_path / "s") as engine,
    ):
        await engine.trade(3)
        said = [one.asset for one in engine.notices if one.text == "user channel is up"]
        assert said == [""], "the account's, and no asset's"
        await engine.rest()
        account = engine.session.mind.account
        was = (account.realised_today(venue.clock.now_ns()), account.drawdown, account.cash)
        venue.exchange.fund(venue.funder, Usd(25 * MICRO))
        assert 60 <= await waits_for(engine, lambda: total(engine) == 25 * MICRO) <= 125
        venue.exchange.holdings.transfer_usd(venue.funder, _ELSEWHERE, Usd(40 * MICRO))
        assert 60 <= await waits_for(engine, lambda: total(engine) == -15 * MICRO) <= 125
        # What it was the venue's index of the chain knows minutes later.
        await waits_for(engine, lambda: CashKind.DEPOSIT in money(engine))
        assert money(engine) == {CashKind.UNEXPLAINED: -40 * MICRO, CashKind.DEPOSIT: 25 * MICRO}
        now = (account.realised_today(venue.clock.now_ns()), account.drawdown, account.cash)
        assert now == (*was[:2], was[2] - 15 * MICRO)
        engine.check()
    told = [one for _, one in engine.events(CashMoved)]
    assert sorted(one.amount // MICRO for one in told) == [-40, -25, 25, 25]
    assert len({one.key for one in told}) == 4


@pytest.mark.long
async def test_a_picture_that_is_late_for_minutes_is_no_money(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The venue's node is behind its own trades, whatever it is asked, and catches up later."""
    venue = venue_of(8.0)
    async with (
        open_live_venue(monkeypatch, venue),
        open_live_engine(venue, tmp_path / "s") as engine,
    ):
        await engine.trade(3)
        venue.office.desk.seen.is_behind = True
        await engine.trade(1)
        await engine.rest()
        await trio.sleep(240)
        assert money(engine) == {}
        venue.office.desk.seen.is_behind = False
        await trio.sleep(180)
        assert money(engine) == {}
        engine.check()

"""A venue from the future, and a machine from the past: the whole engine under wrong clocks."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from test_network_faults import WARM, all_up, placed, reasons
from trio.testing import MockClock
from virtual_engine import VirtualEngine, open_engine

from polytui.backtest.replay import replay_journal
from polytui.journal.codec import decode_event
from polytui.model.effects import Reason
from polytui.model.events import FrameRejected, Ticked
from polytui.model.instrument import Asset
from polytui.venues.stamps import newest_stamp

pytestmark = pytest.mark.trio
BTC = Asset.BTC
NS = 10**9
MILLISECONDS = ("market", "rtds", "polybolt", "binance", "bybit")
"""Services whose stamps a fault can bend; Coinbase writes dates."""


def skew(engine: VirtualEngine, services: tuple[str, ...], seconds: float, by_ms: int) -> None:
    for service in services:
        engine.venue.connections.begin("skew", service, seconds, by_ms)


def held(engine: VirtualEngine) -> set[str]:
    asset_account = engine.session.mind.account.of(BTC)
    return {why.reason.name for why, _ in asset_account.breakers.open()}


async def test_chainlink_from_the_future_is_chainlink_that_is_away(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Once it kept the gate open for as long as it lay ahead."""
    folder = tmp_path / "s"
    async with open_engine(monkeypatch, folder, WARM, starts_before_s=20) as engine:
        await trio.sleep(26)
        began = trio.current_time()
        skew(engine, ("polybolt", "rtds"), 20.0, 3_600_000)
        await engine.until(lambda: Reason.CHAINLINK_STALE in reasons(engine))
        paused_ns = engine.session.clock.now_ns()
        # A stale relay is asked anew, and what it gives again is true: the last word is of then.
        last_ns = engine.session.mind.desks[BTC].prices.settlement.last_observed_ns
        assert (paused_ns - last_ns) / 1e6 < WARM.gates.max_chainlink_age_ms + 500
        feeds = engine.run_of(BTC).feeds
        assert min(feeds[name].misdated for name in ("polybolt", "rtds")) > 5
        assert trio.current_time() < began + 19.5
        over_ns = engine.session.clock.now_ns()
        await trio.sleep(began + 25.0 - trio.current_time())
        assert Reason.CHAINLINK_STALE not in reasons(engine), "what is true again is believed"
        view = engine.tree.runs[0].feeds["rtds"].view(engine.session.clock.now_ns())
        assert view.offset_ms is not None
        assert view.offset_ms >= 0.0
    assert placed(engine, paused_ns, over_ns) == 0
    assert replay_journal(folder, is_verifying=True).is_equal
    rejected = [one.reason for _, one in engine.events(FrameRejected)]  # type: ignore[attr-defined]
    ahead_s = [float(one.split()[1]) for one in rejected if "ahead of our clock" in one]
    assert ahead_s
    assert all(3_590 < one <= 3_600 for one in ahead_s)


async def test_when_most_venues_are_ahead_it_is_our_clock_and_nobody_enters(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "s"
    async with open_engine(monkeypatch, folder, WARM, starts_before_s=20) as engine:
        await trio.sleep(26)
        assert held(engine) == set()
        skew(engine, MILLISECONDS, 20.0, 5_000)
        await engine.until(lambda: "CLOCK_BEHIND" in held(engine))
        doubted_ns = engine.session.clock.now_ns()
        (text,) = [one for one in engine.texts("btc") if one.startswith("this machine's clock is")]
        witnesses = text.partition(" s behind ")[2].partition(":")[0].split(", ")
        assert len(witnesses) >= 3, text
        assert set(witnesses) <= {"book", "binance", "bybit", "polybolt", "rtds"}
        assert "no entries until it is right" in text
        await trio.sleep(30)
        assert "CLOCK_BEHIND" in held(engine), "its cool-down goes on"
        assert "this machine's clock agrees with the venues' again" in engine.texts("btc")
        over_ns = engine.session.clock.now_ns()
        await engine.until(lambda: "CLOCK_BEHIND" not in held(engine))
        await engine.until(lambda: all_up(engine))
    assert placed(engine, doubted_ns, over_ns) == 0
    behind = {one.clock_behind_ms for _, one in engine.events(Ticked)}  # type: ignore[attr-defined]
    assert 0 in behind
    assert all(not one or 4_000 < one <= 5_000 for one in behind), behind
    assert replay_journal(folder, is_verifying=True).is_equal


async def test_nothing_from_the_future_is_ever_in_the_journal(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with open_engine(monkeypatch, tmp_path / "s", WARM, starts_before_s=20) as engine:
        await trio.sleep(10)
        for service in MILLISECONDS:
            skew(engine, (service,), 3.0, 3_000)
            await trio.sleep(4.0)
    allowed_ns, seen = 2 * NS, 0
    for record in engine.records():
        event = decode_event(record.event)
        stamp = newest_stamp(event)
        seen += bool(stamp)
        assert stamp <= record.at + allowed_ns, event
    assert seen > 500

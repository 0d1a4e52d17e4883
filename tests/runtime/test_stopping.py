"""Stopping is an event: watchers first, then the desks' cancels, then the end of the journal."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
import trio
from trio.testing import MockClock
from virtual_engine import EAGER, VirtualEngine, open_engine, quick_settings

from polytui.backtest.replay import replay_journal
from polytui.journal.codec import JournalRecord, decode_event
from polytui.model.events import Action, Commanded, InTransit, Report
from polytui.model.instrument import Asset
from polytui.model.snapshot import AssetState

pytestmark = pytest.mark.trio
BTC, ETH = Asset.BTC, Asset.ETH
REPORTS = (*get_args(Report), InTransit)


def after_stop(engine: VirtualEngine, asset: str) -> tuple[JournalRecord, list[object]]:
    """The record of the session's Stop, and the events that this desk took afterwards."""
    mine = [record for record in engine.records() if record.asset == asset]
    events = [decode_event(record.event) for record in mine]
    at = next(
        i
        for i, event in enumerate(events)
        if isinstance(event, Commanded) and event.action is Action.STOP
    )
    return mine[at], list(events[at + 1 :])


async def test_watchers_end_first_then_orders_then_the_session(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An order is on its way, held by the venue for two seconds, when the stop comes."""
    folder = tmp_path / "s"
    settings = quick_settings(
        session={"assets": (BTC,)},
        paper={"taker_delay_ms": 2_000, "ack_delay_ms": 500},
        **EAGER,
    )
    async with open_engine(monkeypatch, folder, settings) as engine:
        run, asset_account = engine.run_of(BTC), engine.session.mind.account.of(BTC)
        await engine.until(lambda: run.client.has_working_orders)
        engine.session.stop("now")
        await engine.is_over.wait()
        assert (asset_account.working, run.client.has_working_orders) == (0, False)
        assert run.state is AssetState.STOPPED
    stop, events = after_stop(engine, "btc")
    assert b'"CancelAll"' in bytes(stop.effects)
    assert events, "the venue's answer was waited for"
    others = [event for event in events if not isinstance(event, REPORTS)]
    assert others == [], "nobody watches the market any more"
    assert engine.session.errors == []
    assert engine.account.cash == engine.session.mind.account.cash
    assert replay_journal(folder, is_verifying=True).is_equal


async def test_every_asset_gets_its_stop_and_the_first_reason_stays(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(session={"assets": (BTC, ETH)})
    async with open_engine(monkeypatch, tmp_path / "s", settings) as engine:
        await trio.sleep(1)
        engine.session.stop("first")
        engine.session.stop("second")
        await engine.is_over.wait()
    assert engine.session.stop_reason == "first"
    for asset in ("btc", "eth"):
        stop, _ = after_stop(engine, asset)
        assert b'"CancelAll"' in bytes(stop.effects)


async def test_grace_ends_and_what_hangs_is_cut_and_said(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(
        session={"assets": (BTC,)},
        paper={"taker_delay_ms": 5_000, "ack_delay_ms": 5_000},
        supervision={"stop_grace_s": 1.0},
        **EAGER,
    )
    async with open_engine(monkeypatch, tmp_path / "s", settings) as engine:
        run = engine.run_of(BTC)
        await engine.until(lambda: run.client.has_working_orders)
        asked = trio.current_time()
        engine.session.stop("now")
        await engine.is_over.wait()
        assert trio.current_time() - asked == pytest.approx(1.3, abs=0.2), "grace and a farewell"
        assert not run.client.has_working_orders
    assert engine.session.errors == ["btc: orders outlived the stop: 1 orders cancelled"]


async def test_a_stop_in_the_middle_of_starting(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(session={"assets": (BTC, ETH)})
    async with open_engine(monkeypatch, tmp_path / "s", settings) as engine:
        engine.session.stop("at once")
        with trio.fail_after(5):
            await engine.is_over.wait()
    assert engine.session.errors == []
    assert engine.account.cash == engine.session.mind.account.cash, "even then"


async def test_a_stop_while_an_asset_waits_to_restart(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(
        session={"assets": (BTC,)}, supervision={"backoff_first_s": 500.0, "backoff_cap_s": 500.0}
    )
    async with open_engine(
        monkeypatch, tmp_path / "s", settings, starts_before_s=3, chaos="crash:btc@round1"
    ) as engine:
        await engine.until(lambda: engine.run_of(BTC).state is AssetState.RESTARTING)
        engine.session.stop("now")
        with trio.fail_after(5):
            await engine.is_over.wait()
    assert engine.run_of(BTC).life == 2, "a last life, to take the Stop"
    _, events = after_stop(engine, "btc")
    assert events == []
    assert engine.session.mind.account.working_orders == 0


async def test_an_engine_without_a_network_keeps_trying_says_so_and_stops_at_once(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(session={"assets": (BTC,)})
    async with open_engine(monkeypatch, tmp_path / "s", settings, is_away=True) as engine:
        await trio.sleep(90)
        assert engine.run_of(BTC).life == 1, "a venue that is away is no crash"
        assert any("no list of 5m rounds" in text for text in engine.texts("btc"))
        assert any(text.startswith("book is down: cannot connect") for text in engine.texts("btc"))
        engine.venue.is_away = False
        feeds = engine.run_of(BTC).feeds
        await engine.until(lambda: all(feed.state.value == "up" for feed in feeds.values()))
        await engine.until(lambda: bool(engine.run_of(BTC).followed))
        engine.session.stop("now")
        with trio.fail_after(5):
            await engine.is_over.wait()


async def test_an_engine_whose_terminal_never_comes_stops_by_itself(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(session={"assets": (BTC,)}, supervision={"owner_wait_s": 7.0})
    async with open_engine(monkeypatch, tmp_path / "s", settings, is_owned=True) as engine:
        asked = trio.current_time()
        await engine.is_over.wait()
        assert 6.0 < trio.current_time() - asked < 9.0
    assert engine.session.stop_reason == "no terminal came"


async def test_a_fault_above_the_assets_leaves_no_order_behind(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    slow = {"taker_delay_ms": 5_000, "ack_delay_ms": 5_000}
    settings = quick_settings(session={"assets": (BTC,)}, paper=slow, **EAGER)
    seen: list[VirtualEngine] = []
    with pytest.RaisesGroup(RuntimeError, flatten_subgroups=True):
        async with open_engine(monkeypatch, tmp_path / "s", settings) as engine:
            seen.append(engine)
            await engine.until(lambda: engine.run_of(BTC).client.has_working_orders)
            raise RuntimeError("something beside the assets died")
    assert not seen[0].run_of(BTC).client.has_working_orders
    assert seen[0].records(), "the journal was closed all the same"

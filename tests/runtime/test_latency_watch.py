"""Latencies of a whole session: the journal's lines, the summary and the screen say the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock
from virtual_engine import EAGER, VirtualEngine, open_engine, quick_settings

from polytui.backtest.replay import replay_journal
from polytui.execution.paper_client import money_of
from polytui.journal.codec import decode_effects, decode_latency
from polytui.journal.reader import JournalReader
from polytui.model.effects import RecordedPlace
from polytui.model.instrument import Asset
from polytui.model.latency import JUDGED, LatencyLine, OrderLatency, StageLatency
from polytui.model.snapshot import AccountView
from polytui.runtime.latency_summary import latency_lines
from polytui.runtime.publisher import Publisher
from polytui.runtime.summary import Summary, summarise

pytestmark = pytest.mark.trio
BTC = Asset.BTC
QUICK = {"order_latency_ms": 20.0, "answer_latency_ms": 10.0, "taker_delay_ms": 30}


def lines_of(path: Path) -> list[LatencyLine]:
    with JournalReader(path, has_latencies=True) as journal:
        return [decode_latency(record.latency) for record in journal if record.latency]


def placed(path: Path) -> list[str]:
    with JournalReader(path) as journal:
        effects = [one for r in journal if r.is_event for one in decode_effects(r.effects)]
    return [one.order.order_id for one in effects if isinstance(one, RecordedPlace)]


def percentile(values: list[float], point: float) -> float:
    """The nearest of those that were measured."""
    ordered = sorted(values)
    return ordered[round(point / 100 * (len(ordered) - 1))]


def seen_by(engine: VirtualEngine) -> tuple[Summary, AccountView]:
    """What the session says of itself when it is over."""
    tree = engine.tree
    summary = summarise(engine.session, engine.runs, money_of(engine.account), tree.pace)
    return summary, Publisher(engine.session, engine.runs, tree.pace).account_view()


async def a_session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> VirtualEngine:
    """Two minutes of one asset that trades."""
    settings = quick_settings(session={"assets": (BTC,)}, paper=QUICK, **EAGER)
    async with open_engine(monkeypatch, tmp_path / "s", settings) as engine:
        fills = engine.session.meter.orders["full_decision_to_fill_ms"]
        await engine.until(lambda: fills.count >= 2)
        await trio.sleep(61.0)
    return engine


async def test_journal_summary_and_screen_say_the_same(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = await a_session(monkeypatch, tmp_path)
    path = engine.session.journal.path
    orders_agree(engine, path)
    stages_agree(engine, path)
    verdict = replay_journal(path, is_verifying=True)
    assert verdict.is_equal, verdict.text()


def orders_agree(engine: VirtualEngine, path: Path) -> None:
    """Every order that was sent has one line."""
    orders = [line for line in lines_of(path) if isinstance(line, OrderLatency)]
    assert sorted(line.order_id for line in orders) == sorted(placed(path))
    summary, view = seen_by(engine)
    json.dumps(summary)
    shown = {one.name: one for one in view.latencies}
    for name in JUDGED:
        values = [ms for line in orders if (ms := getattr(line, name)) is not None]
        assert values
        figures: dict[str, Any] = summary["latency_ms"][name]
        wanted = (len(values), percentile(values, 50), percentile(values, 99), max(values))
        one = shown[name]
        assert (one.count, one.p50_ms, one.p99_ms, one.max_ms) == pytest.approx(wanted)
        said = [figures[key] for key in ("count", "p50_ms", "p99_ms", "max_ms")]
        assert said == pytest.approx(list(wanted))
    (told,) = latency_lines(summary)
    p50 = percentile([line.market_to_signal_ms for line in orders], 50)
    assert f"frame to decision {p50:.1f}, " in told

    for line in orders:
        stages = (line.decode_us, line.feature_us, line.decision_us, line.send_us)
        assert all(0 <= us < 5_000_000 for us in stages), "real time, of a loop that is not held"
        assert line.decision_us > 0, "whoever places has decided"
        assert line.ack_us is None or line.fill_us is None or line.ack_us <= line.fill_us
        assert line.binance_recv is not None
        assert line.pm_recv is not None


def stages_agree(engine: VirtualEngine, path: Path) -> None:
    """A line a minute and one at the end; together they have everything, once."""
    minutes = [line for line in lines_of(path) if isinstance(line, StageLatency)]
    assert len(minutes) >= 2
    assert all(line.real_s == pytest.approx(60.0, abs=1.5) for line in minutes[:-1])
    names = {stage.stage for line in minutes for stage in line.stages}
    frames = {"decode", "feature", "decision", "market_to_signal"}
    assert frames | {"receive_binance", "receive_pm", "send", "ack", "fill"} <= names
    counts = dict.fromkeys(names, 0)
    for line in minutes:
        for stage in line.stages:
            counts[stage.stage] += stage.count
            assert stage.p50_us <= stage.p90_us <= stage.p99_us <= stage.max_us
    summary, _ = seen_by(engine)
    assert counts == {name: one["count"] for name, one in summary["stages_us"].items()}
    assert counts["market_to_signal"] == summary["latency_us"]["tick_to_decision"]["count"]


async def test_slow_answers_are_said_once_and_once_when_they_are_quick_again(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Times of this test are made: virtual time takes none."""
    settings = quick_settings(session={"assets": (BTC,)})
    async with open_engine(monkeypatch, tmp_path / "s", settings) as engine:
        watch, told = engine.session.latency, engine.texts
        for number in range(5):
            watch.tell(order_line(number, ack_ms=612.0, fill_ms=2_000.0, is_taker=False))
        await trio.sleep(1.0)
        assert [one for one in told("btc") if one.startswith("latency")] == [
            "latency critical: decision to answer took 612 ms, more than 500 ms"
        ], "a fill of an order that rested is no latency"
        view = watch.views()[1]
        assert (view.name, view.level, view.count) == ("signal_to_order_ack_ms", "critical", 5)
        watch.tell(order_line(9, ack_ms=20.0, fill_ms=20.0, is_taker=True))
        await trio.sleep(engine.session.settings.latency.calm_s + 1.5)
        over = [one for one in told("btc") if one.startswith("latency good again")]
        assert len(over) == 1
        assert "decision to answer" in over[0]
        assert watch.views()[1].level == "good"


async def test_a_fill_that_took_what_stood_is_judged(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(session={"assets": (BTC,)})
    async with open_engine(monkeypatch, tmp_path / "s", settings) as engine:
        engine.session.latency.tell(order_line(1, ack_ms=100.0, fill_ms=1_200.0, is_taker=True))
        await trio.sleep(1.0)
        said = [one for one in engine.notices if one.text.startswith("latency")]
        assert [(one.level, one.asset) for one in said] == [("error", "btc")]
        assert said[0].text.startswith("latency stale: decision to fill took 1200 ms")


async def test_a_loop_that_was_held_is_said_by_the_frame_it_held(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Really held: `stall` sleeps between reading a frame and deciding on it."""
    settings = quick_settings(
        session={"assets": (BTC,)}, latency={"warn_ms": 50.0, "critical_ms": 9e5, "stale_ms": 9e5}
    )
    async with open_engine(monkeypatch, tmp_path / "s", settings) as engine:
        engine.run_of(BTC).stall_s = 0.06
        await engine.until(lambda: any("latency warn" in one for one in engine.texts("btc")))
    assert "frame to decision took" in next(t for t in engine.texts("btc") if "latency warn" in t)


def order_line(number: int, *, ack_ms: float, fill_ms: float, is_taker: bool) -> OrderLatency:
    return OrderLatency(
        f"o{number}", "btc", "r", "s", 1, "binance", 5_000, 40, 60, 100, 0,
        int(ack_ms * 1000), int(fill_ms * 1000), 5_000, 5_000, "filled", is_taker,
    )  # fmt: skip

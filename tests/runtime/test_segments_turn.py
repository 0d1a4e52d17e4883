"""A living session writes segment after segment, and what is closed is pressed beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from trio.testing import MockClock
from virtual_engine import OPENS_NS, VirtualClock, open_engine, open_session, quick_settings

from polytui.backtest.replay import replay_journal
from polytui.journal.codec import encode_checkpoint, encode_record
from polytui.journal.reader import JournalReader
from polytui.journal.segments import in_folder
from polytui.model.events import Ticked
from polytui.model.instrument import Asset
from polytui.runtime import tending

pytestmark = pytest.mark.trio


async def test_every_segment_of_a_session_replays_alone_and_all_of_them_together(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    small = {"segment_mb": 0.2, "flush_ms": 200, "digest_every": 100, "checkpoint_every": 100_000}
    settings = quick_settings(session={"assets": (Asset.BTC, Asset.ETH)}, journal=small)
    async with open_engine(monkeypatch, tmp_path / "s", settings) as engine:
        await engine.until(lambda: len(in_folder(engine.session.journal.path)) >= 4)
    segments = in_folder(engine.session.journal.path)
    whole = replay_journal(tmp_path / "s", is_verifying=True)
    assert whole.is_equal, whole.text()
    assert (whole.events, whole.checkpoints) == (engine.session.mind.seq, len(segments) - 1)
    alone = [replay_journal(path, is_verifying=True) for path in segments]
    assert all(verdict.is_equal for verdict in alone), [verdict.text() for verdict in alone]
    assert sum(verdict.events for verdict in alone) == whole.events


async def test_a_mind_that_cannot_be_written_down_costs_a_segment_its_checkpoint_alone(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    small = {"segment_mb": 0.2, "flush_ms": 200}
    settings = quick_settings(session={"assets": (Asset.BTC,)}, journal=small)
    async with open_engine(monkeypatch, tmp_path / "s", settings) as engine:
        session = engine.session
        session.mind.desks[Asset.BTC].unknown = object()  # type: ignore[attr-defined]
        await engine.until(lambda: len(in_folder(session.journal.path)) == 2)
        del session.mind.desks[Asset.BTC].unknown  # type: ignore[attr-defined]
        assert any("no checkpoint after event" in error for error in session.errors)
    assert replay_journal(tmp_path / "s", is_verifying=True).is_equal


async def test_what_is_closed_is_pressed_by_a_process_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tending, "_AFTER_S", 0.0)
    settings = quick_settings(journal={"directory": str(tmp_path)})
    session = open_session(VirtualClock(OPENS_NS), tmp_path / "s", settings)
    log = session.journal
    async with trio.open_nursery() as nursery:
        nursery.start_soon(tending.tend_journal, session)
        log.append(encode_record(1, 1, "btc", Ticked(1), (), True))
        log.begin_segment(1, encode_checkpoint(1, "ab", [1]))
        await log.flush()
        with trio.fail_after(60):
            while (log.path / "000001.jsonl").exists():
                await trio.sleep(0.05)
        nursery.cancel_scope.cancel()
    assert [path.name for path in in_folder(log.path)] == ["000001.jsonl.zst", "000002.jsonl"]
    session.close()
    with JournalReader(tmp_path / "s") as journal:
        assert [record.seq for record in journal] == [1, 1]

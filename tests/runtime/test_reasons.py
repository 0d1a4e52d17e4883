"""A session without an order says what stood in the way, and how often."""

from __future__ import annotations

from pathlib import Path

import pytest
from trio.testing import MockClock
from virtual_engine import open_engine, quick_settings

from polytui.execution.paper_client import money_of
from polytui.model.effects import Reason
from polytui.model.instrument import Asset
from polytui.runtime.summary import Summary, safety_lines, summarise

pytestmark = pytest.mark.trio


async def played(
    monkeypatch: pytest.MonkeyPatch, folder: Path, *, max_spread_bps: float
) -> Summary:
    """Two minutes of an open round, in a market that is never narrow enough, or is."""
    settings = quick_settings(
        session={"assets": (Asset.BTC,)}, gates={"max_spread_bps": max_spread_bps}
    )
    async with open_engine(monkeypatch, folder, settings, starts_before_s=10) as engine:
        await engine.until(lambda: sum(engine.session.reasons.seen.values()) > 120)
    return summarise(engine.session, engine.runs, money_of(engine.account), engine.tree.pace)


async def test_the_reasons_are_counted_and_said(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    summary = await played(monkeypatch, tmp_path / "s", max_spread_bps=1.0)
    assert summary["totals"]["orders"] == 0
    assert sum(summary["in_the_way"].values()) == pytest.approx(1.0)
    (line,) = [line for line in safety_lines(summary) if line.startswith("no order: ")]
    first, share = next(iter(summary["in_the_way"].items()))
    assert line.startswith(f"no order: {first} {share:.0%} of the time")
    assert "--speed" not in line


async def test_a_book_that_is_late_at_high_speed_has_a_way_out(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    summary = await played(monkeypatch, tmp_path / "s", max_spread_bps=1.0)
    late = {Reason.BOOK_LATE.value: 0.98, Reason.NO_BOOK.value: 0.02}
    summary |= {"in_the_way": late, "speed": {"first": 20.0, "lowest": 20.0, "last": 20.0}}
    assert "no order: book late 98% of the time, no book 2% of the time; try --speed 5" in (
        safety_lines(summary)
    )
    summary["totals"]["orders"] = 1
    assert not [line for line in safety_lines(summary) if line.startswith("no order")]


async def test_how_winnings_come_home_is_said(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    summary = await played(monkeypatch, tmp_path / "s", max_spread_bps=1.0)
    assert summary["winnings"] == ""
    assert not [line for line in safety_lines(summary) if "winnings" in line]
    summary["winnings"] = "88 of 90 batches left today"
    assert "winnings: 88 of 90 batches left today" in safety_lines(summary)

"""A session in many segments: it replays as a whole, and each of them alone."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from polytui.backtest.inprocess import InProcess
from polytui.backtest.played_journal import PlayedJournal
from polytui.backtest.replay import replay_journal
from polytui.backtest.what_if import compare
from polytui.config.schema import JournalSettings, SessionSettings, Settings
from polytui.journal.codec import FORMAT, Header
from polytui.journal.log import JournalLog
from polytui.journal.segments import in_folder
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_S
from polytui.sim.world.sources import THIN
from polytui.sim.world.world import WorldSettings

START_NS = 1_795_204_797 * NS_PER_S
JOURNAL = JournalSettings(segment_mb=0.3, digest_every=200, checkpoint_every=3_000)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A round of one asset, played in process."""
    folder = tmp_path_factory.mktemp("segments") / "one"
    settings = attrs.evolve(
        Settings(), session=SessionSettings(assets=(Asset.BTC,), rounds=1), journal=JOURNAL
    )
    world = WorldSettings(7, START_NS, (Asset.BTC,), (Interval.M5,), messages=THIN / 8)
    header = Header(FORMAT, "0", "demo", folder.name, START_NS, 7)
    journal = PlayedJournal(JournalLog(folder, header, JOURNAL))
    played = InProcess(settings, world, journal=journal).play()
    assert (journal.close(), played.lines) == ("", [])
    return folder


def test_it_replays_as_one(session: Path) -> None:
    segments = in_folder(session / "journal")
    assert len(segments) >= 3
    assert {path.suffix for path in segments} == {".zst"}
    verdict = replay_journal(session, is_verifying=True)
    assert verdict.is_equal, verdict.text()
    assert verdict.checkpoints >= len(segments) - 1
    assert verdict.passed_over == ()


def test_each_of_them_replays_alone_and_together_they_are_all(session: Path) -> None:
    verdicts = [replay_journal(path, is_verifying=True) for path in in_folder(session / "journal")]
    for verdict in verdicts:
        assert verdict.is_equal, verdict.text()
        assert verdict.passed_over == ()
    whole = replay_journal(session / "journal", is_verifying=False)
    assert sum(verdict.events for verdict in verdicts) == whole.events


def test_it_may_begin_in_any_of_them(session: Path) -> None:
    whole = replay_journal(session, is_verifying=True).events
    for event in range(1, whole, whole // 3):
        verdict = replay_journal(session, is_verifying=True, from_event=event)
        assert verdict.is_equal, verdict.text()
        assert whole - event <= verdict.events <= whole


def test_what_would_have_been_is_asked_of_one_of_them_as_well(session: Path) -> None:
    """The second mind begins with the first one's checkpoint, under settings of its own."""
    last = in_folder(session / "journal")[-1]
    same = compare(last, [("gates.max_spread_bps", "600.0")])
    assert (same.differences, same.orders_was) == ([], same.orders_now)
    assert 0 < same.events < replay_journal(session, is_verifying=False).events


def test_a_hole_between_them_is_no_difference_but_a_fault(session: Path, tmp_path: Path) -> None:
    for path in in_folder(session / "journal"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    in_folder(tmp_path)[1].unlink()
    with pytest.raises(Fatal, match="segment 3 comes after 1"):
        replay_journal(tmp_path, is_verifying=True)


@pytest.fixture
def usual_collector() -> Iterator[None]:
    """As a program has it: the suite's looks for garbage too seldom to measure memory by."""
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("usual_collector")
def test_memory_does_not_grow_with_their_number(session: Path) -> None:
    tracemalloc.start()
    replay_journal(in_folder(session / "journal")[-1], is_verifying=True)
    _, one = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    replay_journal(session, is_verifying=True)
    _, every = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert every < 2.5 * one

"""What is named to learn from: sorted out by what it is, and recordings are played for it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from made_rows import made_rows
from test_train_command import write_views

from polytui.config.load import BadSettings
from polytui.config.schema import Settings
from polytui.learning.samples import SampleCollector
from polytui.model.units import NS_PER_S
from polytui.tools.given_data import GivenData, sorted_out
from polytui.tools.looking_ahead import look_at_recordings
from polytui.tools.seen_views import collect_recordings

sys.path.insert(0, str(Path(__file__).parents[1] / "backtest" / "sources"))
from small_recordings import FIRST, SECOND, ticks, tops, winners, write_csv


def test_sessions_views_and_recordings_are_told_apart(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    journal = runs / "20261120-one" / "journal"
    journal.mkdir(parents=True)
    segment = journal / "000001.jsonl"
    segment.write_text("")
    exported = tmp_path / "out"
    exported.mkdir()
    views = write_views(exported / "views.parquet", made_rows(1))
    prices = tmp_path / "prices.csv"
    prices.write_text("")
    (tmp_path / "recorded").mkdir()
    named = ["20261120", str(segment.parents[1]), str(segment), str(exported), str(views)]
    found = sorted_out([*named, str(prices), str(tmp_path / "recorded")], runs)
    assert found == GivenData(
        (views, views),
        (segment.parents[1], segment.parents[1], segment),
        (prices, tmp_path / "recorded"),
    )


def test_a_name_that_is_nothing_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadSettings):
        sorted_out(["yesterday"], tmp_path)


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Two rounds with their books, their settlement price and their winners."""
    write_csv(tmp_path / "tops.csv", [*tops(), *tops(SECOND)])
    write_csv(tmp_path / "btc_settlement.csv", ticks())
    write_csv(tmp_path / "rounds.csv", winners())
    return tmp_path


def test_recordings_are_played_for_what_a_desk_sees_of_them(recorded: Path) -> None:
    collector = SampleCollector(10.0)
    coverage = collect_recordings([recorded], Settings(), collector, 10.0)
    samples = collector.samples()
    assert [one.slug for one in samples.rounds] == [FIRST, SECOND]
    assert [one.up_won for one in samples.rounds] == [True, False]
    assert coverage.used == 2
    assert len(samples.round_of) > 20
    assert set(samples.mid_up) == {0.54}
    assert samples.fair_up.min() >= 0.5, "the price only rises"


def test_recordings_are_looked_at_as_sessions_are(recorded: Path) -> None:
    """Ticks that were written down as heard a second before theirs, 1.9 before they were sent."""
    found = look_at_recordings([recorded], Settings(), 1, 250)
    assert found.is_clean, found.text()
    assert found.events["settlement"] > 1_000
    write_csv(recorded / "btc_settlement.csv", ticks(late_ms=-1_000))
    (early,) = look_at_recordings([recorded], Settings(), 1, 250).early
    assert early.kind == "settlement"
    assert early.examples[0].due_ns - early.examples[0].at_ns == 1.9 * NS_PER_S

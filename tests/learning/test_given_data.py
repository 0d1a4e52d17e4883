"""What is named to learn from: sorted out by what it is, and recordings are played for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_rows import made_rows
from test_train_command import write_views

from polytui.config.load import BadSettings
from polytui.tools.given_data import GivenData, sorted_out


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

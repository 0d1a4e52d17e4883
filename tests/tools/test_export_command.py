"""`polytui export`, as a person types it."""

from __future__ import annotations

import json
import sys
from io import BufferedReader
from itertools import islice
from pathlib import Path

import polars as pl
import pytest
import zstandard
from click.testing import CliRunner

from polytui.cli.main import cli
from polytui.journal.segments import number_of, segment_path, segments_of

sys.path.insert(0, str(Path(__file__).parents[1] / "store"))
from played import NAME, played_session


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    played_session().copied(tmp_path / "runs")
    return tmp_path


def ask(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(cli, ["export", "--parquet", "out", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def cut_short(session: Path) -> None:
    """As if it had been killed early: a session is found by its name and its days, whole or not."""
    (pressed,) = segments_of(session)
    with zstandard.open(pressed, "rb") as file:
        begun = b"".join(islice(BufferedReader(file), 1_000))
    segment_path(pressed.parent, number_of(pressed)).write_bytes(begun)
    pressed.unlink()


@pytest.mark.parametrize("said", ["last", NAME, NAME[:8], f"runs/{NAME}", "2026-11-20"])
def test_a_session_is_named_as_everywhere_and_by_its_days(place: Path, said: str) -> None:
    cut_short(place / "runs" / NAME)
    done = json.loads(ask(said, "--every", "60", "--json", "-"))
    assert done["sessions"] == [NAME]
    assert done["rows"]["events"] == len(pl.read_parquet(place / "out" / "events.parquet")) > 0


def test_days_without_a_session_and_what_is_no_day_are_said(place: Path) -> None:
    assert "no session of runs was running on" in ask("2020-01-01..2020-01-02", code=2)
    assert "ends before it begins" in ask("2026-11-21..2026-11-20", code=2)
    assert "2026-02-31" in ask("2026-02-31", code=2)


def test_a_damaged_journal_is_exported_to_its_damage(place: Path) -> None:
    (segment,) = segments_of(place / "runs" / NAME)
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 0x10
    segment.write_bytes(data)
    said = ask(NAME, "--every", "60", code=1)
    assert f"{NAME} is read no further" in said
    assert "000001" in said
    assert len(pl.read_parquet(place / "out" / "events.parquet")) > 1_000

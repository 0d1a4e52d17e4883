"""`polytui train`, as a person types it: what it writes a demo's desk loads and follows."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from click.testing import CliRunner
from made_rows import made_rows

from polytui.backtest.recorded_views import ViewRecorder
from polytui.backtest.replay import event_of
from polytui.cli.main import cli
from polytui.desk.mind import Mind
from polytui.desk.view_builder import build_view
from polytui.journal.reader import JournalReader
from polytui.journal.segments import segments_of
from polytui.learning.bad_samples import BadSamples
from polytui.learning.samples import SampleCollector, question_from
from polytui.market.predictor import inputs_of, parse_model
from polytui.runtime.model_file import read_model
from polytui.strategy.predictor import question_of
from polytui.strategy.proposal import View
from polytui.tools.export_columns import FEATURES_VERSION, VIEWS
from polytui.tools.parquet_files import ParquetFile
from polytui.tools.seen_views import collect_session

sys.path.insert(0, str(Path(__file__).parents[1] / "store"))
from played import NAME, played_session


def write_views(file: Path, rows: Any, **changes: Any) -> Path:
    """As an export writes them."""
    columns = changes.get("columns", VIEWS)
    with ParquetFile(file, columns, 500, changes.get("metadata")) as parquet:
        for row in rows:
            parquet.add(row)
    return file


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    write_views(folder / "views.parquet", made_rows(240, secret=2.0))
    return folder


def ask(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(cli, ["train", *map(str, arguments)])
    said = result.output
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        said += str(result.exception)
        assert code == 1, said
    else:
        assert result.exit_code == code, said
    return said


def test_a_model_is_written_that_a_session_loads(views: Path, tmp_path: Path) -> None:
    file, report = tmp_path / "model.json", tmp_path / "report.json"
    said = ask(views, "--out", file, "--json", report)
    loaded = read_model(str(file))
    digest = parse_model(loaded.model_json).digest
    assert said.startswith(f"model {digest}: beats fair value; beats the market's price\n")
    assert f"it is in {file}" in said
    assert json.loads(report.read_text())["digest"] == digest
    # One who trains every night writes over the model of the night before, and over nothing else.
    ask(views / "views.parquet", "--out", file, "--json", "-")
    assert parse_model(read_model(str(file)).model_json).digest == digest


def test_nothing_but_a_model_is_written_over(views: Path, tmp_path: Path) -> None:
    diary = tmp_path / "diary.json"
    diary.write_text('{"dear": "diary"}')
    assert "is no model, and is not written over" in ask(views, "--out", diary, code=1)
    assert diary.read_text() == '{"dear": "diary"}'


def test_a_session_of_a_few_rounds_is_too_little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    played_session().copied(tmp_path / "runs")
    said = ask(NAME, "--every", "60", "--out", "model.json", code=1)
    assert "too few rounds with a winner: 2, of which" in said
    assert not (tmp_path / "model.json").exists()
    assert "no session yesterday" in ask("yesterday", "--out", "model.json", code=1)


def test_rows_that_were_written_down_ask_what_the_desk_asked() -> None:
    """Every view of a session, as its desk saw it and as its row says it."""
    mind, recorder, compared = Mind(), ViewRecorder(), 0
    with JournalReader(played_session().folder) as journal:
        for record in journal:
            if not record.is_event:
                continue
            asset, event = event_of(record)
            mind.take(asset, record.at, event, is_last=record.last)
            desk = mind.desks[asset]
            for row in recorder.views(mind, asset, record.at):
                seen = desk.rounds.get(row["slug"])
                assert seen is not None
                view = build_view(seen, desk.view_inputs(record.at))
                assert isinstance(view, View)
                asked, told = inputs_of(question_of(view)), inputs_of(question_from(row))
                assert list(map(repr, told)) == list(map(repr, asked))
                compared += 1
    assert compared > 100


def test_a_damaged_session_is_learned_from_until_its_damage(tmp_path: Path) -> None:
    folder = played_session().copied(tmp_path)
    (segment,) = segments_of(folder)
    data = bytearray(segment.read_bytes())
    data[len(data) * 3 // 4] ^= 0x10
    segment.write_bytes(data)
    collector = SampleCollector(10.0)
    fault = collect_session(folder, collector, 10.0)
    assert fault is not None
    assert "000001" in fault.why
    with pytest.raises(BadSamples, match="nobody knows yet who won"):
        collector.samples()


# --- what is wrong with a file --------------------------------------------------------------------


def _without(*names: str) -> list[Any]:
    return [column for column in VIEWS if column.name not in names]


def _as_text(name: str) -> list[Any]:
    return [evolve(one, kind="text") if one.name == name else one for one in VIEWS]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"columns": _without("rsi_14", "winner")}, "has no column rsi_14, winner: these are no"),
        ({"columns": _as_text("lead_lag")}, "column lead_lag holds string, expected numbers"),
        ({"metadata": {FEATURES_VERSION: b"0"}}, "version 0 of the features, this program version"),
    ],
)
def test_a_file_of_another_schema_is_named(
    changes: dict[str, Any], words: str, tmp_path: Path
) -> None:
    rows = [row | {"lead_lag": None} for row in made_rows(2)]
    file = write_views(tmp_path / "old.parquet", rows, **changes)
    said = ask(file, "--out", tmp_path / "model.json", code=1)
    assert str(file) in said
    assert words in said


def test_what_is_no_parquet_is_named(tmp_path: Path) -> None:
    file = tmp_path / "views.parquet"
    file.write_bytes(b"PAR1 or not")
    assert f"{file} is no Parquet file" in ask(file, "--out", tmp_path / "m.json", code=1)
    gone = tmp_path / "gone.parquet"
    assert f"no file {gone}" in ask(gone, "--out", tmp_path / "m.json", code=1)


def test_a_row_that_saw_the_future_is_named_with_its_file(tmp_path: Path) -> None:
    rows = list(made_rows(3))
    rows[4]["features_at"] = rows[4]["at"] + 10**9
    file = write_views(tmp_path / "views.parquet", rows)
    said = ask(file, "--out", tmp_path / "m.json", code=1)
    assert f"{file}, row 5: its features are 1 s younger" in said

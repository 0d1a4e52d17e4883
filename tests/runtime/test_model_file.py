"""The file of a learned model: its text, or in plain words why there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from learned_model import DIGEST, MODEL_TEXT

from polytui.config.deciding import PredictorSettings
from polytui.model.events import ModelLoaded
from polytui.runtime.model_file import load_model, read_model

pytestmark = pytest.mark.trio


async def test_the_text_of_the_file_goes_to_the_mind_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text(f"{MODEL_TEXT}\n")
    loaded = await load_model(PredictorSettings(kind="learned", model_file=str(path)))
    assert loaded == ModelLoaded(f"{MODEL_TEXT}\n", f"model {DIGEST} from {path}")


async def test_no_file_is_read_for_a_predictor_that_learned_nothing(tmp_path: Path) -> None:
    assert await load_model(PredictorSettings(model_file=str(tmp_path / "nowhere"))) is None


async def test_without_a_file_it_says_what_to_do(tmp_path: Path) -> None:
    missing = tmp_path / "m.json"
    assert read_model(str(missing)) == ModelLoaded(
        "", f"no model at {missing}: train one with polytui train"
    )
    assert read_model("").detail.startswith("no model: predictor.model_file is empty")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\xff\xfe{}", "is no model"),
        (b"hello", "not JSON"),
        (b"{}", "not a model of this program"),
        (MODEL_TEXT.replace("logistic-2", "logistic-1").encode(), "this program reads"),
        (MODEL_TEXT.encode() + b" " * (4 << 20), "is too large"),
    ],
    ids=["nothing", "blanks", "no text", "no JSON", "no model", "another format", "too large"],
)
async def test_what_is_no_model_is_empty_with_its_reason(
    tmp_path: Path, data: bytes, says: str
) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(data)
    loaded = read_model(str(path))
    assert loaded.model_json == ""
    assert says in loaded.detail


async def test_the_largest_model_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text(MODEL_TEXT.ljust(4 << 20))
    assert len(read_model(str(path)).model_json) == 4 << 20


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 5_000, "."])
async def test_a_name_that_no_file_can_have_is_a_reason_too(name: str) -> None:
    loaded = read_model(name)
    assert loaded.model_json == ""
    loaded.detail.encode()  # it goes into the journal

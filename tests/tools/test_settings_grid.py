"""Settings of a sweep."""

from __future__ import annotations

import pytest

from polytui.config.load import BadSettings
from polytui.config.schema import Settings
from polytui.model.errors import Fatal
from polytui.tools.settings_grid import grid_of


def test_every_combination_once_the_last_axis_quickest() -> None:
    found = grid_of(Settings(), ["risk.max_order_usd=5,10", "gates.after_open_s=30, 45"])
    pairs = [(one.settings.risk.max_order_usd, one.settings.gates.after_open_s) for one in found]
    assert pairs == [(5.0, 30.0), (5.0, 45.0), (10.0, 30.0), (10.0, 45.0)]
    assert found[1].words == "risk.max_order_usd=5 gates.after_open_s=45"
    assert [one.words for one in grid_of(Settings(), [])] == ["as they are"]


@pytest.mark.parametrize(
    "texts",
    [
        ["risk.max_order_usd"],
        ["risk.max_order_usd="],
        ["=5"],
        ["risk.max_order_usd=5,,10"],
        ["risk.max_order_usd=5,5"],
        ["risk.max_order_usd=5", "risk.max_order_usd=10"],
        [f"risk.max_order_usd={','.join(map(str, range(1, 10_002)))}"],
    ],
)
def test_what_is_no_grid_is_told(texts: list[str]) -> None:
    with pytest.raises(Fatal, match="--grid"):
        grid_of(Settings(), texts)


@pytest.mark.parametrize("text", ["risk.max_order_usd=-1", "risk.no_such=1", "nonsense=1"])
def test_values_that_no_file_may_have_are_refused_before_anything_is_played(text: str) -> None:
    with pytest.raises(BadSettings):
        grid_of(Settings(), [text])

"""docs/files.md has every column of every file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from polytui.market.features import NAMES
from polytui.store.files import round_files, summary_file, trade_file
from polytui.store.files.stream_lines import STREAMS
from polytui.tools.export_columns import EVENTS, STRATEGY_NAMES, VIEWS

TEXT = (Path(__file__).parents[2] / "docs" / "files.md").read_text(encoding="utf-8")
FEATURES = (Path(__file__).parents[2] / "docs" / "features.md").read_text(encoding="utf-8")
TABLES = {
    "Trades": trade_file.COLUMNS,
    "Summary": summary_file.COLUMNS,
    "A round's folder": (
        *round_files.SIGNALS,
        *round_files.ORDERS,
        *round_files.FILLS,
        *round_files.LATENCY,
    ),
    "Parquet": (*EVENTS, *VIEWS),
}


def section(title: str) -> set[str]:
    """Every word in backquotes of one section."""
    body = TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]
    return set(re.findall(r"`([^`]+)`", body))


@pytest.mark.parametrize("title", TABLES)
def test_every_column_is_said(title: str) -> None:
    said = section(title)
    own = {
        f"{name}_{end}"
        for name in STRATEGY_NAMES
        for end in ("outcome", "edge_bps", "confidence", "reason")
    }
    missing = {one.name for one in TABLES[title]} - said - set(NAMES) - own
    assert not missing


def test_every_stream_is_said() -> None:
    assert set(STREAMS) <= section("Streams")


def test_every_feature_is_said_where_the_page_points() -> None:
    assert all(f"`{name}`" in FEATURES for name in NAMES)

"""Rows of files, whatever their format, in any order and of any size."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_recordings import write_csv, write_jsonl

from polytui.backtest.sources import cells
from polytui.backtest.sources.in_order import in_order
from polytui.backtest.sources.median import Median
from polytui.backtest.sources.tables import columns_of, rows_of
from polytui.model.errors import Fatal
from polytui.model.units import MICRO

AT = datetime(2026, 6, 8, 1, 2, 3, 456_000, tzinfo=UTC)
AT_NS = 1_780_880_523_456_000_000


@pytest.mark.parametrize("format_", ["csv", "jsonl", "jsonl.gz", "parquet"])
def test_a_row_says_the_same_in_every_format(tmp_path: Path, format_: str) -> None:
    rows = [{"a": 1, "b": "x", "c": None}, {"a": 2, "b": "y", "c": 0.5}]
    path = tmp_path / f"rows.{format_}"
    if format_ == "csv":
        write_csv(path, rows)
    elif format_ == "parquet":
        pl.DataFrame(rows).write_parquet(path)
    else:
        write_jsonl(path, rows)
    assert columns_of(path) == ("a", "b", "c")
    found = [[one and str(one) for one in row] for row in rows_of(path, ("c", "b", "a"))]
    assert found == [["1", None, "x", "1"], ["2", "0.5", "y", "2"]]
    assert [row[1] for row in rows_of(path, ("z",))] == [None, None], "no such column"


def test_moments_of_parquet_are_nanoseconds(tmp_path: Path) -> None:
    path = tmp_path / "times.parquet"
    units = ("ms", "us", "ns")
    frame = pl.DataFrame({unit: [AT] for unit in units})
    frame.with_columns(pl.col(unit).dt.cast_time_unit(unit) for unit in units).write_parquet(path)  # type: ignore[arg-type]
    assert list(rows_of(path, units)) == [(1, AT_NS, AT_NS, AT_NS)]


def test_faults_of_files_name_them_and_the_row(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n1,2\n1,2,3\n")
    with pytest.raises(Fatal, match=r"rows.csv, row 2: 3 cells, where the head has 2"):
        list(rows_of(path, ("a",)))
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a":1}\n\n{"a":\n')
    with pytest.raises(Fatal, match=r"rows.jsonl, row 3: no JSON object"):
        list(rows_of(path, ("a",)))
    (tmp_path / "rows.parquet").write_bytes(b"PAR1")
    with pytest.raises(Fatal, match="is no Parquet file, or not whole"):
        columns_of(tmp_path / "rows.parquet")


@pytest.mark.parametrize(
    "cell",
    [
        AT_NS,
        AT_NS // 1_000,
        AT_NS // 1_000_000,
        str(AT_NS // 1_000_000),
        AT_NS / 1e9,
        "2026-06-08T01:02:03.456Z",
        "2026-06-08 01:02:03.456",
        AT,
    ],
)
def test_a_moment_is_told_by_its_size(cell: object) -> None:
    assert abs(cells.time_ns("at", cell) - AT_NS) < 1_000


@given(st.integers(0, 10_000))
def test_a_price_of_thirty_two_bits_is_the_price_that_was_meant(tenths: int) -> None:
    import struct

    (short,) = struct.unpack("f", struct.pack("f", tenths / 10_000))
    assert cells.price("bid", short) == tenths * 100
    assert cells.price("bid", f"{tenths / 10_000:.4f}") == tenths * 100


@pytest.mark.parametrize("cell", [float("nan"), float("inf"), "x", None, 1.01, -0.01, "1e9"])
def test_no_price_is_made_of_anything_else(cell: object) -> None:
    with pytest.raises(ValueError, match="bid"):
        cells.price("bid", cell)
    assert cells.price("bid", 1) == MICRO


@given(st.lists(st.integers(0, 20), max_size=60), st.integers(1, 7))
def test_rows_come_in_order_however_few_fit_in_memory(times: list[int], chunk: int) -> None:
    rows = [(at, number, "what") for number, at in enumerate(times)]
    assert list(in_order(rows, chunk)) == sorted(rows)


def test_a_median_of_many_is_that_of_a_part() -> None:
    values = list(range(100_000))
    random.Random(1).shuffle(values)
    median = Median()
    for row, value in enumerate(values):
        median.take(value, row)
    assert abs(median.value - 50_000) < 2_000
    assert values[median.where] == median.value

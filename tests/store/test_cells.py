"""Cells are exact, and no spreadsheet runs what a venue said."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.model.table_cells import cell_text as cell
from polytui.store.files.cells import column, csv_bytes, micro, number, ratio, text, time
from polytui.store.files.shelf import safe_name
from polytui.store.files.summary_file import summary_csv


@pytest.mark.parametrize("said", ["=1+1", "+1", "-cmd|' /C calc'!A0", "@SUM(A1)"])
def test_what_begins_like_a_formula_is_text(said: str) -> None:
    assert text(said) == f"'{said}"
    assert cell("detail", said) == f"'{said}"


@given(st.text())
def test_whatever_is_said_stays_one_cell_that_nobody_runs(said: str) -> None:
    (head, row) = csv.reader(
        io.StringIO(csv_bytes([column("a", text)], [{"a": said}]).decode(), newline="")
    )
    assert head == ["a"]
    assert not (row and row[0].startswith(("=", "+", "-", "@", "\t", "\r")))
    assert len(row) <= 1


@given(st.integers(-(10**15), 10**15))
def test_money_is_exact(value: int) -> None:
    assert Decimal(micro(value)) * 1_000_000 == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_measure_is_read_as_the_same_number(value: float) -> None:
    assert float(number(value)) == value


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**12))
def test_a_ratio_is_the_nearest_there_is(part: int, whole: int) -> None:
    exact = Decimal(part) / Decimal(whole)
    assert abs(Decimal(ratio(part, whole, 4)) - exact) <= Decimal("0.00005000001")


def test_moments_are_utc_to_the_microsecond() -> None:
    assert time(1_795_186_800_123_456_789) == "2026-11-20T15:00:00.123456Z"
    assert time(None) == ""


@given(st.text())
def test_a_venues_word_is_a_harmless_name(said: str) -> None:
    name = safe_name(said)
    assert name
    assert not name.startswith(".")
    assert "/" not in name
    assert "\0" not in name
    assert len(name) <= 100


def test_two_words_that_are_no_names_do_not_meet() -> None:
    assert safe_name("../a") != safe_name("..\\a")
    assert safe_name("btc-updown-5m-1795186500") == "btc-updown-5m-1795186500"


def test_the_drawdown_is_from_the_highest_of_the_day() -> None:
    rows = [
        {"result": result, "pnl": pnl, "latency_fill_ms": ms}
        for result, pnl, ms in (
            ("win", 5_000_000, 0.25),
            ("loss", -7_000_001, None),
            ("unseen", -1, None),
            ("win", 4_000_000, 0.5),
        )
    ]
    (line,) = csv.DictReader(io.StringIO(summary_csv(rows).decode(), newline=""))
    assert line == {
        "total_trades": "3",
        "wins": "2",
        "losses": "1",
        "win_rate": "0.6667",
        "total_pnl": "1.999998",
        "avg_latency": "0.375",
        "max_drawdown": "7.000002",
    }

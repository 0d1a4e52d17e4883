"""No cell of a table is cut: a narrow terminal has fewer columns, a pipe has all."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.store.questions import Found
from polytui.tools.asking import reasons
from polytui.tools.printed_table import PrintedColumn, fitting, print_table

CELLS = st.lists(st.from_regex(r"[0-9a-z]{1,12}", fullmatch=True), min_size=3, max_size=3)
COLUMNS = st.lists(
    st.builds(
        PrintedColumn,
        st.from_regex(r"[a-z]{1,8}", fullmatch=True),
        CELLS,
        st.booleans(),
        st.none() | st.integers(0, 9),
    ),
    min_size=1,
    max_size=9,
    unique_by=lambda column: column.head,
)


@given(COLUMNS, st.integers(20, 120))
def test_what_is_left_fits_unless_nothing_more_may_go(
    columns: list[PrintedColumn], width: int
) -> None:
    left = fitting(columns, width)
    needed = sum(column.width + 3 for column in left)
    assert needed - 2 <= width or all(column.spared is None for column in left)
    assert left == [column for column in columns if column in left]
    assert [one for one in columns if one.spared is None] == [
        one for one in left if one.spared is None
    ]
    gone = [column.spared for column in columns if column not in left]
    kept = [column.spared for column in left if column.spared is not None]
    assert not gone or not kept or max(gone) <= min(kept)


def test_a_pipe_gets_every_column_whole(capsys: pytest.CaptureFixture[str]) -> None:
    columns = [PrintedColumn(f"column{at}", [f"{at}" * 30], spared=at) for at in range(9)]
    print_table("", columns, "and [a line] below it")
    said = capsys.readouterr().out
    assert all(f"{at}" * 30 in said for at in range(9))
    assert "and [a line] below it" in said
    assert "…" not in said


def test_reasons_are_told_strategy_by_strategy_and_edges_in_cents() -> None:
    found = Found(
        (
            "strategy",
            "is_shadow",
            "reason",
            "times",
            "least",
            "mean",
            "most",
            "limit_value",
            "unit",
        ),
        [
            ("confluence", 0, "edge small", 44, -6.958, 59.65, 148.4, 150.0, "bps"),
            ("confluence", 0, "none", 2, 0.0, 0.0, 0.0, 0.0, ""),
            ("confluence", 1, "too early", 1_234, 36.0, 40.0, 44.37, 45.0, "s after the open"),
        ],
    )
    columns = reasons(found)
    rows = [" | ".join(cells) for cells in zip(*(one.cells for one in columns), strict=True)]
    assert rows == [
        "◆ confluence |  |  |  | ",
        "  edge small | 44 | -0.06958 to 1.484 | 0.5965 | 1.5 c",
        "  nothing | 2 |  |  | ",
        "◇ confluence |  |  |  | ",
        "  too early | 1,234 | 36 to 44.37 | 40 | 45 s after the open",
    ]
    assert [re.sub(r"\W+", "", one.head) for one in columns][1:] == [
        *("times", "measured", "mean", "limit"),
    ]


def test_nothing_to_tell_is_an_empty_table() -> None:
    assert [list(one.cells) for one in reasons(Found(("strategy",), []))] == [[]] * 5

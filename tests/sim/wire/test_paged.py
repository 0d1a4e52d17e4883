"""Pages by cursor: every row once, and an end."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from polytui.sim.wire.form.api_answer import RefusedError
from polytui.sim.wire.form.paged import END, FIRST, page_document


def asked(cursor: str) -> Request:
    query = f"next_cursor={cursor.replace('=', '%3D').replace('+', '%2B')}" if cursor else ""
    return Request({"type": "http", "query_string": query.encode(), "headers": []})


def read(rows: list[int], limit: int) -> list[dict[str, Any]]:
    pages, cursor = [], FIRST
    while cursor != END:
        pages.append(page_document(rows, asked(cursor), limit))
        cursor = pages[-1]["next_cursor"]
    return pages


@given(st.lists(st.integers(), max_size=40), st.integers(1, 9))
def test_every_row_comes_once_and_in_order(rows: list[int], limit: int) -> None:
    pages = read(rows, limit)
    assert [row for page in pages for row in page["data"]] == rows
    assert all(page["count"] == len(page["data"]) <= limit for page in pages)
    assert len(pages) == max(1, -(-len(rows) // limit)), "no empty page after a full one"


def test_an_empty_cursor_is_the_first_page() -> None:
    assert page_document([1, 2, 3], asked(""), 2) == {
        "limit": 2,
        "count": 2,
        "next_cursor": "Mg==",
        "data": [1, 2],
    }


def test_only_rows_of_the_page_are_written() -> None:
    written: list[int] = []
    page_document(list(range(9)), asked("Mg=="), 3, written.append)
    assert written == [2, 3, 4]


@pytest.mark.parametrize("cursor", ["LTE=", "%%%", "M", "x" * 99, "wqA=", "MS41", "4pGg", "Kw=="])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(RefusedError) as refused:
        page_document([1], asked(cursor), 1)
    assert refused.value.status == 400

"""The table of strangers: what becomes of a call, that no method is forgotten, and its page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.strangers.clients import CLIENTS, CLOB
from benchmarks.strangers.page import page_of, write, write_last
from benchmarks.strangers.running import Row, rows_of
from benchmarks.strangers.scripts.rows import Rows


class RefusedError(Exception):
    pass


def refusal_of(error: Exception) -> str | None:
    return str(error) if isinstance(error, RefusedError) else None


def refuse(words: str) -> Any:
    raise RefusedError(words)


@pytest.fixture
def rows() -> Rows:
    return Rows("a client", refusal_of)


def printed(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str, str]]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(line["client"] == "a client" for line in lines)
    return [(line["method"], line["outcome"], line["words"]) for line in lines]


def test_a_call_works_when_its_answer_makes_sense(
    rows: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rows.call("sum", lambda: 3, holds=lambda it: it == 3) == 3
    rows.call("other", lambda: 3, holds=lambda it: it == 4)
    rows.call("odd", lambda: 3, holds=lambda it: it.absent)
    works, other, odd = printed(capsys)
    assert works == ("sum", "works", "")
    assert other == ("other", "fails", "an answer without sense: 3")
    assert odd[1] == "fails"


def test_a_refusal_counts_only_with_the_words_that_are_meant(
    rows: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    rows.call("meant", lambda: refuse("404 Market Not Found"), refused="market not found")
    rows.call("others", lambda: refuse("500 oh"), refused="market not found")
    rows.call("unmeant", lambda: refuse("404 Market Not Found"))
    rows.call("absent", lambda: 1, refused="market not found")
    rows.call("broken", lambda: [][1], refused="list index")
    assert [outcome for _, outcome, _ in printed(capsys)] == ["refused", *["fails"] * 4]


@pytest.mark.trio
async def test_what_may_be_awaited_is_judged_the_same(
    rows: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    async def late() -> int:
        return 3

    async def refusing() -> None:
        refuse("400 no")

    assert await rows.wait("late", late, holds=lambda it: it == 3) == 3
    assert await rows.wait("at once", lambda: 3) == 3
    assert await rows.wait("refused", refusing, refused="no") is None
    assert [outcome for _, outcome, _ in printed(capsys)] == ["works", "works", "refused"]


def test_a_method_that_nobody_called_is_a_row_that_fails(
    rows: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    class Client:
        def asked(self) -> None: ...
        def forgotten(self) -> None: ...
        def _own(self) -> None: ...

        @property
        def name(self) -> str:
            return ""

    rows.call("asked (in one way)", lambda: 1)
    part = rows.named("part.")
    part.call("asked", lambda: 1)
    capsys.readouterr()
    rows.untried(Client)
    part.untried(Client)
    assert printed(capsys) == [
        ("forgotten", "fails", "nobody called it"),
        ("part.forgotten", "fails", "nobody called it"),
    ]


@pytest.mark.trio
async def test_an_environment_that_is_absent_is_skipped_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (client, *_) = CLIENTS
    monkeypatch.delenv(CLOB.variable, raising=False)
    (row,) = await rows_of(client, {}, ({}, {}))
    assert (row.outcome, row.words) == ("skipped", "POLYTUI_CLIENT_CLOB is not set")
    monkeypatch.setenv(CLOB.variable, "/nowhere/python")
    (row,) = await rows_of(client, {}, ({}, {}))
    assert row.words == "POLYTUI_CLIENT_CLOB: /nowhere/python is not there"


def test_the_page_counts_and_names_every_row() -> None:
    name = CLIENTS[0].name
    page = page_of(
        [
            Row(name, "get_ok", "works", ""),
            Row(name, "get_order (unknown)", "refused", "404 a|b <c>"),
            Row(name, "cancel", "fails", "no"),
        ]
    )
    assert "| py-clob-client-v2 1.2.1 | 1 | 1 | 1 |" in page
    assert "Works: `get_ok`." in page
    assert "| `get_order (unknown)` | refused | 404 a\\|b &lt;c> |" in page
    assert "| `cancel` | fails | no |" in page


def test_the_page_is_written_by_two_runs_and_each_leaves_the_others_part(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    client = CLIENTS[0].name
    rows = [Row(client, "get_ok", "works", "")]
    write(rows, page)
    write_last("nobody met\n", page)
    write_last("they met\n", page)
    write([*rows, Row(client, "get_time", "works", "")], page)
    text = page.read_text()
    assert "`get_ok`, `get_time`" in text
    assert text.count("in one book") == text.count("they met") == 1
    assert "nobody met" not in text

"""One report on four pages: all of them say the same, none of them believes what it is told."""

from __future__ import annotations

import io
import json
import re
from functools import cache

import numpy as np
import pytest
from attrs import evolve
from made_evidence import made_evidence
from rich.console import Console

from polytui.results.evidence import Evidence
from polytui.results.pages.document import document, json_bytes
from polytui.results.pages.grids import grids_of
from polytui.results.pages.thinned import kept_points
from polytui.results.pages.web import MOST_BYTES, html_page
from polytui.results.pages.words import markdown, print_report
from polytui.results.report import SCHEMA_VERSION, Report, report_of

_EVIL = "</script><script>alert(1)</script> | [red]x[/red] `y`"


@cache
def made() -> tuple[Report, Evidence]:
    evidence = made_evidence(300, 100_000)
    return report_of(evidence), evidence


def told(report: Report, width: int = 200) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    print_report(report, console)
    return console.export_text()


def test_the_first_line_of_every_page_is_what_it_is_worth() -> None:
    report, evidence = made()
    assert told(report).startswith(report.headline)
    assert markdown(report).startswith("# rounds that nobody played; 300 of 302 rounds used")
    body = html_page(report, evidence).partition("<body>")[2].lstrip()
    assert body.startswith(f"<h1>{report.headline}</h1>")
    assert document(report)["headline"] == report.headline


def test_a_hundred_thousand_points_fit_in_five_megabytes() -> None:
    report, evidence = made()
    page = html_page(report, evidence)
    assert len(page.encode()) < MOST_BYTES
    assert "of 100,000 points are drawn" in page
    assert page.count('id="plotly"') == 1
    assert not re.findall(r'(?:src|href)="?(?:https?:)?//', page), "it needs nothing else"
    assert page == html_page(report, evidence), "the same bytes each time"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_figure_is_cut_where_there_is_little_room(width: int) -> None:
    report, _ = made()
    said = told(report, width)
    assert max(map(len, said.splitlines())) <= width
    assert "\N{HORIZONTAL ELLIPSIS}" not in said
    words = set(said.replace("\N{BOX DRAWINGS LIGHT VERTICAL}", " ").split())
    for grid in grids_of(report):
        for row in grid.rows:
            for cell in row:
                assert words.issuperset(cell.split()), (grid.title, cell)


def test_what_is_left_out_of_a_curve_is_between_what_is_kept() -> None:
    values = np.random.default_rng(1).normal(0.0, 1.0, 50_000).cumsum()
    ints = (values * 1e6).astype(np.int64)
    kept = kept_points(ints, 400)
    assert len(kept) <= 400
    assert {0, len(ints) - 1, int(ints.argmin()), int(ints.argmax())} <= set(kept.tolist())
    assert (np.diff(kept) > 0).all()
    assert kept_points(ints[:300], 400).tolist() == list(range(300))


def test_a_name_is_text_wherever_it_stands() -> None:
    evidence = made_evidence(30)
    named = evolve(evidence.trades[0], strategy=_EVIL)
    evidence = evolve(
        evidence,
        trades=(named, *evidence.trades[1:]),
        coverage=evolve(evidence.coverage, data=_EVIL),
    )
    report = report_of(evidence)
    page = html_page(report, evidence)
    assert "<script>alert" not in page
    assert page.count("</script>") == page.count("<script"), "nothing ends a script early"
    assert "[red]x[/red]" in told(report)
    (line,) = [line for line in markdown(report).splitlines() if line.startswith("# ")]
    assert "<script>" not in line.replace("\\<", "")
    assert json.loads(json_bytes(report))["coverage"]["data"] == _EVIL


def test_json_has_a_schema_and_no_number_that_is_none() -> None:
    report, _ = made()
    found = json.loads(json_bytes(report))
    assert found["schema"] == SCHEMA_VERSION
    assert found["total"]["profit_factor"] == pytest.approx(report.total.profit_factor)
    assert {one["strategy"] for one in found["verdicts"]} == {
        one.strategy for one in report.verdicts
    }


def test_every_figure_asked_for_is_on_a_page() -> None:
    text = markdown(made()[0])
    for word in (
        *("drawdown", "Sharpe", "Sortino", "Calmar", "profit factor", "expectancy", "rebates"),
        *("minutes left", "entry price", "way out", "asset and interval", "break-even price"),
        *("maker share", "Slippage", "settlement", "Brier", "log loss", "Reliability"),
        *("Left open", "What kept them out", "edge small"),
    ):
        assert word in text


def test_of_a_few_blocks_no_interval_is_shown() -> None:
    """Drawn from one block it would be one number, as if there were nothing to doubt."""
    text = markdown(report_of(made_evidence(9)))
    assert "(too few)" in text
    (line,) = [line for line in text.splitlines() if line.startswith("| confluence | not enough")]
    assert " to " not in line

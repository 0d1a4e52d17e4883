"""Latencies on the screen: whole numbers at every size, and a word where they are too long."""

from __future__ import annotations

import pytest
from attrs import evolve
from fake_engine import NAMES, account_at, asset_at
from rich.cells import cell_len
from stage import PALETTES

from polytui.model.latency import JUDGED
from polytui.model.snapshot import AccountView, LatencyView
from polytui.tui.panels.account import AccountLook, account_lines
from polytui.tui.panels.page import PageLook, Scroll
from polytui.tui.panels.risk import risk_panel
from polytui.tui.styles import plain


def account(*levels: str, count: int = 12) -> AccountView:
    figures = (0.34, 12.25, 61_234.5) if count else (None, None, None)
    views = tuple(
        LatencyView(name, count, *figures, level)
        for name, level in zip(JUDGED, levels, strict=True)
    )
    return evolve(account_at(0), latencies=views)


def page(shown: AccountView, width: int = 80, height: int = 40) -> list[str]:
    look = PageLook(PALETTES[0], "btc")
    views = [asset_at(name, 0) for name in NAMES]
    return plain(risk_panel(shown, views, look, Scroll(), width, height)).split("\n")


def row(rows: list[str], words: str) -> str:
    return next(one for one in rows if words in one)


def test_exact_cells_of_the_block() -> None:
    rows = page(account("good", "warn", "stale"))
    at = next(n for n, one in enumerate(rows) if "latency of orders, ms" in one)
    assert rows[at + 1 : at + 4] == [
        "│ frame to decision    p50 0.3  p99 12.2  max 61,234                ● good     │",
        "│ decision to answer   p50 0.3  p99 12.2  max 61,234                ! warn     │",
        "│ decision to fill     p50 0.3  p99 12.2  max 61,234                ■ stale    │",
    ]


@pytest.mark.parametrize("width", [64, 80, 120, 200])
def test_a_number_is_there_whole_or_not_at_all(width: int) -> None:
    for one in page(account("good", "warn", "critical"), width):
        assert cell_len(one) == width
        assert "61,2" not in one or "61,234" in one


def test_nothing_is_claimed_before_there_was_an_order() -> None:
    rows = page(account("good", "good", "good", count=0))
    assert "no order yet" in row(rows, "decision to fill")
    assert "latency of orders" not in "".join(page(account_at(0))), "an engine that tells none"


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        (("good", "good", "good"), ""),
        (("good", "warn", "good"), "latency warn"),
        (("warn", "critical", "good"), "latency critical"),
        (("stale", "warn", "critical"), "latency stale"),
        (("odd", "warn", "stale"), "latency odd"),
    ],
)
@pytest.mark.parametrize("width", [80, 120])
def test_the_account_lines_say_the_worst(
    levels: tuple[str, str, str], words: str, width: int
) -> None:
    lines = account_lines(account(*levels), AccountLook(PALETTES[0], "demo"), width)
    second = plain(lines[1:2])
    assert cell_len(second) <= width
    assert (words in second) if words else ("latency" not in second)

"""The page of equity: the account's curve and its falls, and what trades come to by strategy,
interval, minutes left and hour of the day, hit rates beside the prices that break even."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment

from polytui.tui.panels import figures
from polytui.tui.panels.blotter import SCOPES
from polytui.tui.panels.columns import real, whole
from polytui.tui.panels.equity_curve import equity_curves
from polytui.tui.panels.frame import Edge
from polytui.tui.panels.page import Block, PageLook, Scroll, boxed
from polytui.tui.panels.reliability import reliability_table
from polytui.tui.panels.slices import hit_words, slice_table
from polytui.tui.panels.told_state import DrawnAt, told_line
from polytui.tui.past import Row
from polytui.tui.styles import Line, Span, Styles, beside, filled, fitting, line
from polytui.tui.told_blotter import TradeScope
from polytui.tui.told_equity import ALL, CURVE, RELIABLE, ToldEquity

_BESIDE_FROM = 118
"""Cells from which tables stand in two columns."""
_TITLES = {
    "strategy": ("by strategy", "strategy"),
    "interval": ("by interval", "interval"),
    "minutes left": ("by minutes left at entry", "minutes left"),
    "way out": ("by way out", "way out"),
    "hour": ("by hour of entry", "hour UTC"),
}
_LEFT, _RIGHT = ("strategy", "interval", "way out"), ("minutes left", "hour")
_MEANING = "hit: won of what was held to the end; even: a share's cost, fee included"


def equity_panel(
    told: ToldEquity, at: DrawnAt, look: PageLook, scroll: Scroll, size: tuple[int, int]
) -> list[Line]:
    """`size` is (width, height) in cells."""
    width, height = size
    styles, inner = look.styles, width - 4
    head = [told_line(told.asking, told.names, at, styles, inner), *_heads(told, look, inner)]
    rows = max(0, height - 2 - len(head))
    blocks = [Block("", _curves(told, look, inner, rows)), *_tables(told, styles, inner)]
    body = [*head, *scroll.window(blocks, rows)]
    title: list[Span] = [("equity", styles.strong), (f"  {SCOPES[told.scope]}", styles.text)]
    top = Edge(title, [("what is held counts at its cost", styles.dim)])
    return boxed(body, top, scroll.words, look, width, height)


# --- figures of all of it -------------------------------------------------------------------------


def _heads(told: ToldEquity, look: PageLook, width: int) -> list[Line]:
    points, sums, styles = told.rows(CURVE), told.rows(ALL), look.styles
    first = _account_line(points, styles, width) if points else line([], width, styles.text)
    if told.scope is TradeScope.DATABASE:
        key = look.keymap.shown("scope")
        words = f"a database has many accounts, and a curve is of one: {key} goes back to it"
        first = line([(words, styles.dim)], width, styles.text)
    return [first, _trades_line(sums[0] if sums else None, styles, width)]


def _account_line(points: Sequence[Row], styles: Styles, width: int) -> Line:
    last, start = whole(points[-1], "equity"), whole(points[0], "start")
    gain = last - start
    equity: list[Span] = [
        ("equity ", styles.dim), (figures.money(last), styles.strong),
        (f"  {figures.arrow(gain)} {figures.signed_money(gain)}", styles.sign(gain)),
    ]  # fmt: skip
    began: list[Span] = [(" since ", styles.dim), (figures.money(start), styles.text)]
    fall = max(points, key=lambda one: whole(one, "fall"))
    deepest = whole(fall, "fall")
    fell: list[Span] = []
    when: list[Span] = []
    if deepest > 0:
        share = real(fall, "fall_share") or 0.0
        fell = [
            ("  deepest fall ", styles.dim), (f"-{figures.money(deepest)}", styles.down),
            (f" {share:.1%}", styles.text),
        ]  # fmt: skip
        when = [(f" at {_when(whole(fall, 'fall_ns'), points)}", styles.dim)]
    ways: list[tuple[list[Span], list[Span]]] = [
        ([*equity, *began, *fell, *when], []), ([*equity, *fell, *when], []),
        ([*equity, *fell], []), (equity, []),
    ]  # fmt: skip
    return fitting(ways, width, styles.text)


def _when(at_ns: int, points: Sequence[Row]) -> str:
    first, last = (figures.day(whole(one, "at_ns")) for one in (points[0], points[-1]))
    clock = figures.clock(at_ns)[:5]
    return clock if first == last else f"{figures.day(at_ns)[5:]} {clock}"


def _trades_line(sums: Row | None, styles: Styles, width: int) -> Line:
    if sums is None:
        return line([], width, styles.text)
    trades, wins, losses = (whole(sums, name) for name in ("trades", "wins", "losses"))
    hit, even = hit_words(sums)
    pnl = whole(sums, "pnl")
    spans: list[Span] = [
        (f"{trades:,} trades ", styles.text),
        (f"{figures.arrow(pnl)} {figures.signed_money(pnl)}", styles.sign(pnl)),
        (f"  won {wins:,} lost {losses:,}", styles.text),
    ]
    held: list[Span] = [
        ("  hit ", styles.dim), (hit, styles.text), (" even ", styles.dim), (even, styles.text),
    ]  # fmt: skip
    fees: list[Span] = [(f"  fees {figures.money(whole(sums, 'fees'))}", styles.dim)]
    ways: list[tuple[list[Span], list[Span]]] = [
        ([*spans, *held, *fees], []), ([*spans, *held], []), (spans, []), (spans[:2], []),
    ]  # fmt: skip
    return fitting(ways, width, styles.text)


# --- curves and tables ----------------------------------------------------------------------------


def _curves(told: ToldEquity, look: PageLook, width: int, rows: int) -> list[Line]:
    if told.scope is TradeScope.DATABASE:
        return []
    falls = max(2, min(6, rows // 6))
    shape = (max(4, rows * 2 // 5), falls)
    return equity_curves(told.rows(CURVE), look.styles, look.ink, width, shape)


def _tables(told: ToldEquity, styles: Styles, width: int) -> list[Block]:
    meaning = line([(_MEANING, styles.dim)], width, styles.text)
    if width < _BESIDE_FROM:
        tables = [Block("", _table(told, by, styles, width)) for by in (*_LEFT, *_RIGHT)]
        last = Block("", reliability_table(told.rows(RELIABLE), styles, width))
        return [Block("", [meaning]), *tables, last]
    half = (width - 3) // 2
    left = [row for by in _LEFT for row in _table(told, by, styles, half)]
    left += reliability_table(told.rows(RELIABLE), styles, half)
    other = width - 3 - half
    right = [row for by in _RIGHT for row in _table(told, by, styles, other)]
    tall = max(len(left), len(right))
    both = beside(
        filled(left, tall, half, styles.text), filled(right, tall, other, styles.text),
        Segment("   ", styles.text),
    )  # fmt: skip
    return [Block("", [meaning]), Block("", both)]


def _table(told: ToldEquity, by: str, styles: Styles, width: int) -> list[Line]:
    title, head = _TITLES[by]
    return slice_table(title, head, told.rows(by), styles, width)

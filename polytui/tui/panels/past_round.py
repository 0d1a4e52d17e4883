"""A round that is over: how it went, who won, and what we did in it."""

from __future__ import annotations

from attrs import frozen

from polytui.tui.panels import figures
from polytui.tui.panels.asset import Look
from polytui.tui.panels.chart import ChartLook, round_chart
from polytui.tui.panels.columns import micro, whole
from polytui.tui.panels.dots import Ink
from polytui.tui.panels.frame import Edge, framed, rule
from polytui.tui.past import Row
from polytui.tui.styles import Line, Span, Styles, clean, filled, fitting, line
from polytui.tui.traces import Trace

_TRADES_FROM = 16
"""Rows from which trades have a block of their own."""
_MOST_TRADES = 6


@frozen
class PastSheet:
    """What is known of it."""

    row: Row | None
    """Of the database; None while it is looked for."""
    trace: Trace | None
    trades: tuple[Row, ...] | None
    back: int
    is_first: bool
    error: str
    ink: Ink
    moment_ns: int = 0
    """That is marked; 0 for none."""
    is_visit: bool = False
    """Whether somebody came to see this very round."""
    is_from_visit: bool = False
    """Whether `back` counts from a round that was visited, and not from the current one."""


def past_round_panel(name: str, sheet: PastSheet, look: Look, size: tuple[int, int]) -> list[Line]:
    """`size` is (width, height) in cells."""
    styles, (width, height) = look.styles, size
    row = sheet.row
    asset = name if row is None else str(row.get("asset") or name)
    who: list[Span] = [(f"{look.number} ", styles.dim), (clean(asset).upper(), styles.accent)]
    if row is None:
        words = sheet.error or "asking the database for past rounds"
        body = [line([(words, styles.warn if sheet.error else styles.dim)], width - 4, styles.text)]
        return framed(body, Edge(who, []), Edge([], []), size, look.edge, styles.text)
    opens_ns, closes_ns = whole(row, "opens_ns"), whole(row, "closes_ns")
    when = f"  {row.get('interval') or ''} {figures.span_here(opens_ns, closes_ns, size[0])}"
    day: Span = (f"  {figures.day(opens_ns)}", styles.dim)
    top = Edge([*who, (when, styles.text), day], _far(sheet, styles))
    below: list[Span] = [(clean(sheet.error), styles.warn)] if sheet.error else []
    rows = height - (1 if height < 5 else 2)
    body = _body(row, sheet, styles, width - 4, rows)
    return framed(body, top, Edge(below, []), size, look.edge, styles.text)


def _far(sheet: PastSheet, styles: Styles) -> list[Span]:
    if sheet.is_visit:
        words = f"┃ at {figures.clock(sheet.moment_ns)}" if sheet.moment_ns else ""
        return [(words, styles.accent)] if words else []
    back = f"{sheet.back} before the one you came from" if sheet.is_from_visit else ""
    word = back or f"{sheet.back} back"
    word = f"{word}, the first one" if sheet.is_first else word
    return [(word, styles.warn)]


def _body(row: Row, sheet: PastSheet, styles: Styles, width: int, rows: int) -> list[Line]:
    head = [_end_line(row, sheet.trace, styles, width), _money_line(row, styles, width)]
    tail = _trades(sheet.trades, styles, width) if rows >= _TRADES_FROM else []
    room = max(0, rows - len(head) - len(tail))
    look = ChartLook(styles, sheet.ink, whole(row, "closes_ns"), sheet.moment_ns)
    chart = filled(round_chart(sheet.trace, look, width, room), room, width, styles.text)
    return [*head, *chart, *tail]


def _end_line(row: Row, trace: Trace | None, styles: Styles, width: int) -> Line:
    """Where it began, where it ended, who won and who said so."""
    strike = row.get("strike")
    left: list[Span] = [("strike ", styles.dim)]
    left.append((figures.coin(strike) if isinstance(strike, float) else "unknown", styles.text))
    end = None if trace is None else _last_price(trace)
    closed: list[Span] = []
    if end is not None:
        closed = [("  last ", styles.dim), (figures.coin(end), styles.strong)]
        if isinstance(strike, float):
            gap = end - strike
            decimals = figures.coin_decimals(strike)
            closed.append((f" {figures.arrow(gap)} {gap:+,.{decimals}f}", styles.sign(gap)))
    winner = row.get("winner")
    said = f", said {clean(str(row['winner_source']))}" if row.get("winner_source") else ""
    won: list[Span] = [("not settled yet", styles.warn)]
    if winner in ("up", "down"):
        style = styles.up if winner == "up" else styles.down
        won = [(f"{'▲ Up' if winner == 'up' else '▼ Down'} won", style)]
    elif winner:
        won, said = [("cancelled", styles.warn)], ""
    ways = [
        ([*left, *closed], [*won, (said, styles.dim)]), ([*left, *closed], won), (left, won),
        (won, []),
    ]  # fmt: skip
    return fitting(ways, width, styles.text)


def _last_price(trace: Trace) -> float | None:
    """The average that settles it where that is whole, else the last price that was seen."""
    if trace.average is not None and trace.observed_s >= trace.window_s - 3:
        return trace.average
    return next((one.price for one in reversed(trace.points) if one.price is not None), None)


def _money_line(row: Row, styles: Styles, width: int) -> Line:
    fills, pnl = whole(row, "fills"), row.get("pnl")
    if not fills:
        return line([("nothing traded", styles.dim)], width, styles.text)
    left: list[Span] = [("result ", styles.dim)]
    if isinstance(pnl, int):
        left.append((f"{figures.arrow(pnl)} {figures.signed_money(pnl)}", styles.sign(pnl)))
    else:
        left.append(("open", styles.dim))
    fees = figures.money(whole(row, "fees"))
    counts: list[Span] = [(f"  fills {fills}", styles.text)]
    return fitting(
        [
            ([*left, *counts, (f"  fees {fees}", styles.text)], []),
            ([*left, *counts], []),
            (left, []),
        ],
        width,
        styles.text,
    )


def _trades(trades: tuple[Row, ...] | None, styles: Styles, width: int) -> list[Line]:
    """Positions, one a line."""
    if not trades:
        return []
    more = len(trades) - _MOST_TRADES
    right: list[Span] = [(f"{more} more on T", styles.dim)] if more > 0 else []
    head = rule([("trades", styles.dim)], right, width, styles.border)
    return [head, *(_trade(one, styles, width) for one in trades[:_MOST_TRADES])]


def _trade(row: Row, styles: Styles, width: int) -> Line:
    outcome = str(row.get("outcome") or "")
    style = styles.up if outcome == "up" else styles.down
    shares = figures.shares(whole(row, "shares"))
    entry, left = (micro(row, name, figures.price) for name in ("entry_px", "exit_px"))
    spans: list[Span] = [
        (f"{figures.clock(whole(row, 'opened_ns'))} ", styles.dim),
        (f"{outcome.capitalize():<5}", style), (f"{shares:>8} ", styles.text),
        (f"{entry} > {left}", styles.text),
    ]  # fmt: skip
    pnl = row.get("pnl")
    gain: list[Span] = []
    if isinstance(pnl, int):
        gain = [(figures.signed_dollars(pnl), styles.sign(pnl))]
    edge = row.get("edge_bps")
    bought = f"  edge {edge / 100:+.1f} c" if isinstance(edge, int | float) else ""
    who: Span = (f"  {clean(str(row.get('strategy') or ''))}{bought}", styles.dim)
    why: Span = (f", {clean(str(row.get('exit_reason') or row.get('ended') or ''))}", styles.dim)
    ways = [([*spans, who, why], gain), ([*spans, who], gain), (spans, gain), (spans, [])]
    return fitting(ways, width, styles.text)

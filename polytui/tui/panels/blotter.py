"""The blotter: every trade, one a line, and all there is to say of the chosen one below.

Where there is no room columns go in this order: session, round, way out, strategy; then numbers:
shares, fee, fair, exit, edge. Time, asset, side, price and result stay.
"""

from __future__ import annotations

from textwrap import wrap

from attrs import field, frozen

from polytui.tui.last_made import LastMade
from polytui.tui.panels import figures
from polytui.tui.panels.columns import (
    TableCell,
    TableColumn,
    TableShape,
    micro,
    real,
    shaped,
    whole,
    words,
)
from polytui.tui.panels.frame import Edge, rule
from polytui.tui.panels.looked_for import looked_for
from polytui.tui.panels.page import PageLook, boxed, marked
from polytui.tui.panels.reasons import cents, fitted
from polytui.tui.panels.told_state import DrawnAt, told_line
from polytui.tui.past import Row
from polytui.tui.styles import Line, Span, Styles, clean, faded, filled, fitting, line
from polytui.tui.targets import ROW, line_doing
from polytui.tui.told_blotter import ALL, ROWS, ToldBlotter, TradeScope

_DETAIL_FROM = 16
"""Rows from which the chosen trade is told in full."""
_DETAIL_ROWS = 4
_NEWS_ROWS = 3
_MARK = 2
"""Cells of the sign beside the chosen row."""
SCOPES = {
    TradeScope.SESSION: "this session",
    TradeScope.DAY: "today",
    TradeScope.DATABASE: "the whole database",
}


@frozen
class BlotterSheet:
    """What is drawn."""

    told: ToldBlotter
    at: DrawnAt
    news: str = ""
    """Of an export: how far it is, or where the file is."""
    shape: LastMade[TableShape] = field(factory=LastMade)
    """Two hundred rows are measured when they come, or when the screen is another."""


def blotter_panel(sheet: BlotterSheet, look: PageLook, width: int, height: int) -> list[Line]:
    """The whole page."""
    told, styles, inner = sheet.told, look.styles, width - 4
    has_detail = height >= _DETAIL_FROM
    head = [
        told_line(told.asking, (ROWS, ALL), sheet.at, styles, inner),
        _sums_line(told, look, inner),
    ]
    news = _news(sheet, styles, inner)
    rows = max(1, height - 2 - len(head) - 1 - len(news) - (_DETAIL_ROWS if has_detail else 0))
    told.show(rows)
    of = (told.window, told.scope, inner)
    shape = sheet.shape.of(of, lambda: shape_of(told, styles, inner))
    heading = shape.heading(told.sort, styles, inner - _MARK)
    body = [*head, marked(heading, False, look)]
    body += filled(_rows(told, shape, look, inner), rows, inner, styles.text)
    body += news
    if has_detail:
        body += filled(_detail(told.chosen, look, inner), _DETAIL_ROWS, inner, styles.text)
    return boxed(body, Edge(_title(told, styles), []), _place(told), look, width, height)


def shape_of(told: ToldBlotter, styles: Styles, width: int) -> TableShape:
    """The columns that there is room for."""
    has_days = told.scope is not TradeScope.DAY and _spans_days(told)
    is_mixed = told.scope is TradeScope.DATABASE
    columns = [_LONG_TIME if has_days else _TIME, *_COLUMNS, *([_SESSION] if is_mixed else [])]
    return shaped(columns, told.window, styles, width - _MARK)


def _spans_days(told: ToldBlotter) -> bool:
    days = {figures.day(whole(row, "opened_ns")) for row in told.window}
    return len(days) > 1


# --- above and below ------------------------------------------------------------------------------


def _title(told: ToldBlotter, styles: Styles) -> list[Span]:
    scope: Span = (f"  {SCOPES[told.scope]}", styles.text)
    return [("blotter", styles.strong), scope, *looked_for(told.typed, styles)]


def _news(sheet: BlotterSheet, styles: Styles, width: int) -> list[Line]:
    """What became of an export, whole: a path that is cut leads nowhere."""
    rows = wrap(clean(sheet.news), width) if sheet.news else []
    return [line([(one, styles.good)], width, styles.text) for one in rows[:_NEWS_ROWS]]


def _place(told: ToldBlotter) -> str:
    if not told.count:
        return ""
    last = min(told.count, told.top + told.height)
    return f"trade {told.at + 1:,} of {told.count:,}, {told.top + 1:,}-{last:,} shown"


def _sums_line(told: ToldBlotter, look: PageLook, width: int) -> Line:
    """What all that were found come to."""
    styles, sums = look.styles, told.sums
    if told.fault:
        return line([("! ", styles.error), (told.fault, styles.warn)], width, styles.text)
    if sums is None:
        known = told.asking.known(ALL)
        said = "" if known is None or known.error else _nothing(told, look)
        return line([(said, styles.dim)], width, styles.text)
    pnl, trades, still = (whole(sums, name) for name in ("pnl", "trades", "open"))
    shown: list[Span] = [
        (f"{figures.arrow(pnl)} {figures.signed_money(pnl)}", styles.sign(pnl)),
        (f"  {trades:,} trade{'' if trades == 1 else 's'}", styles.text),
        (f"  won {whole(sums, 'wins'):,}  lost {whole(sums, 'losses'):,}", styles.text),
    ]
    waiting: list[Span] = [(f"  open {still:,}", styles.warn)] if still else []
    fees: list[Span] = [(f"  fees {figures.money(whole(sums, 'fees_so_far'))}", styles.dim)]
    mixed = _mixed_words(sums, styles)
    ways = [
        ([*shown, *waiting, *fees], mixed), ([*shown, *waiting], mixed), (shown, mixed),
        (shown, []), (shown[:1], []),
    ]  # fmt: skip
    return fitting(ways, width, styles.text)


def _nothing(told: ToldBlotter, look: PageLook) -> str:
    if told.words:
        return f"no trade has {clean(told.words)!r}: {look.keymap.shown('back')} shows all"
    return f"no trade in {SCOPES[told.scope]} yet"


def _mixed_words(sums: Row, styles: Styles) -> list[Span]:
    """Real money and money that is none must not be added up unseen."""
    modes = [one for one in words(sums, "modes").split(",") if one]
    count = whole(sums, "sessions")
    if len(modes) > 1:
        return [(f"! {' and '.join(sorted(modes))} together", styles.warn)]
    return [(f"{count} sessions", styles.dim)] if count > 1 else []


# --- rows -----------------------------------------------------------------------------------------


def _rows(told: ToldBlotter, shape: TableShape, look: PageLook, width: int) -> list[Line]:
    """Rows of what was asked before are quiet until those of now are here."""
    known = told.asking.known(ROWS)
    if known is not None and not known.rows and not known.error and told.is_current:
        return []
    styles = look.styles if told.is_current else faded(look.palette)
    made = []
    for at in range(told.top, min(told.count, told.top + told.height)):
        row = told.row(at)
        if row is None:
            made.append(line([("◌", styles.dim)], width, styles.text))
        else:
            one = shape.row(row, styles, width - _MARK)
            made.append(line_doing(marked(one, at == told.at, look), f"{ROW}{at}"))
    return made


def _detail(row: Row | None, look: PageLook, width: int) -> list[Line]:
    """Everything of the chosen trade that a narrow table leaves out."""
    styles, hint = look.styles, f"{look.keymap.shown('row.open')}: its chart"
    head = rule([("chosen", styles.dim)], [(hint, styles.dim)], width, styles.border)
    if row is None:
        return [head]
    facts: list[Span] = [
        (f"{round_words(row)}  ", styles.text),
        (f"{words(row, 'strategy') or 'nobody'}  ", styles.accent),
        (f"{_side(row, styles)[0]} {micro(row, 'shares', figures.shares)}", styles.text),
        (f" at {micro(row, 'entry_px', figures.price)}", styles.text),
    ]  # fmt: skip
    then: list[Span] = [
        (f"fair {_fair(row, styles)[0]}  edge {_edge(row, styles)[0]} c  ", styles.text)
    ]
    paid: list[Span] = [
        (f"paid {micro(row, 'stake', figures.money)}", styles.text),
        (f"  fees {micro(row, 'fees', figures.money)}", styles.dim),
    ]  # fmt: skip
    left: list[Span] = [(f"out {_out_words(row, width)}", styles.text)]
    whose: list[Span] = [(words(row, "session"), styles.dim)]
    return [
        head,
        fitting([(facts, whose), (facts, [])], width, styles.text),
        line([*then, *paid], width, styles.text),
        line(left, width, styles.text),
    ]


def round_words(row: Row) -> str:
    """ "BTC 5m 13:10-13:15"."""
    opens_ns, closes_ns = whole(row, "opens_ns"), whole(row, "closes_ns")
    when = f" {figures.span(opens_ns, closes_ns)}" if opens_ns else ""
    return f"{words(row, 'asset').upper()} {words(row, 'interval')}{when}"


def _out_words(row: Row, width: int) -> str:
    if words(row, "result") == "open":
        return "not yet"
    price = micro(row, "exit_px", figures.price)
    moment = figures.clock(whole(row, "closed_ns")) if whole(row, "closed_ns") else ""
    return f"{moment} at {price}: {fitted(way_out(row), max(12, width // 2))}"


# --- cells ----------------------------------------------------------------------------------------


def way_out(row: Row) -> str:
    """Why it was left, as far as anybody said so; how, where nobody did."""
    return words(row, "exit_reason") or words(row, "ended")


def _clock(row: Row, styles: Styles) -> Span:
    return figures.clock(whole(row, "opened_ns")), styles.dim


def _day_clock(row: Row, styles: Styles) -> Span:
    at_ns = whole(row, "opened_ns")
    return f"{figures.day(at_ns)[5:]} {figures.clock(at_ns)}", styles.dim


def _market(row: Row, styles: Styles) -> Span:
    return f"{words(row, 'asset').upper()} {words(row, 'interval')}", styles.text


def _round(row: Row, styles: Styles) -> Span:
    opens_ns = whole(row, "opens_ns")
    span = figures.span(opens_ns, whole(row, "closes_ns")) if opens_ns else "–"
    return span, styles.dim


def _side(row: Row, styles: Styles) -> Span:
    outcome = words(row, "outcome")
    mark = {"up": "▲ Up", "down": "▼ Down"}.get(outcome, outcome or "–")
    return mark, styles.up if outcome == "up" else styles.down


def _fair(row: Row, styles: Styles) -> Span:
    fair = real(row, "fair_open")
    return "–" if fair is None else f"{fair:.3f}", styles.text


def _edge(row: Row, styles: Styles) -> Span:
    edge = real(row, "edge_bps")
    return "–" if edge is None else cents(edge).removesuffix(" c"), styles.text


def _result(row: Row, styles: Styles) -> Span:
    pnl = row.get("pnl")
    if words(row, "result") == "open" or not isinstance(pnl, int):
        return words(row, "result") or "–", styles.warn
    return f"{figures.arrow(pnl)} {figures.signed_dollars(pnl)}", styles.sign(pnl)


def _price(name: str) -> TableCell:
    return lambda row, styles: (micro(row, name, figures.price), styles.text)


_TIME = TableColumn("time", "time", _clock)
_LONG_TIME = TableColumn("time", "time", _day_clock)
_SESSION = TableColumn("session", "session", lambda row, s: (words(row, "session"), s.dim), 1)
_COLUMNS = (
    TableColumn("asset", "asset", _market),
    TableColumn("round", "round", _round, 2),
    TableColumn("strategy", "strategy", lambda row, s: (words(row, "strategy"), s.text), 4),
    TableColumn("side", "side", _side),
    TableColumn("price", "price", _price("entry_px"), is_number=True),
    TableColumn(
        "shares", "shares", lambda row, s: (micro(row, "shares", figures.shares), s.text), 5,
        is_number=True,
    ),
    TableColumn(
        "fee", "fee", lambda row, s: (micro(row, "fees", figures.money), s.dim), 6, is_number=True
    ),
    TableColumn("fair", "fair", _fair, 7, is_number=True),
    TableColumn("edge", "edge c", _edge, 9, is_number=True),
    TableColumn("exit", "exit", _price("exit_px"), 8, is_number=True),
    TableColumn("way out", "way out", lambda row, s: (way_out(row), s.dim), 3),
    TableColumn("result", "result", _result, is_number=True),
)  # fmt: skip

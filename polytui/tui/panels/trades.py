"""The page of the past: what was traded today, and why it was not traded, as the engine's database
has it."""

from __future__ import annotations

from attrs import frozen

from polytui.model.effects import Reason, Why
from polytui.model.query import Cell, Subject
from polytui.model.units import NS_PER_S
from polytui.tui.panels import figures
from polytui.tui.panels.columns import micro, words
from polytui.tui.panels.frame import Edge, rule
from polytui.tui.panels.page import Block, PageLook, Scroll, boxed
from polytui.tui.panels.reasons import fitted
from polytui.tui.past import ASKED, Known, Past, Row
from polytui.tui.styles import Line, Span, Styles, clean, fitting, line, spread, width_of

_OLD_S = 6.0
"""Answers come every two seconds while all is well."""
_LAG_NS = 10 * NS_PER_S
_WIDE = 100
"""Cells from which a trade is told to the second."""
_MINUTES = len("00:00")
_LEAST_REASON = 12
_REASONS = frozenset(reason.value for reason in Reason)


@frozen
class Asking:
    """What is known of the past, and how old that is."""

    past: Past
    now_s: float
    session_ns: int
    """Session time now; 0 where no account has been seen."""


def trades_panel(
    asking: Asking, look: PageLook, scroll: Scroll, width: int, height: int
) -> list[Line]:
    """The whole page: how old it is, the day's sums, trades from the newest on, reasons."""
    inner, styles = width - 4, look.styles
    head = [_state_line(asking, styles, inner), _sums_line(asking, styles, inner)]
    blocks = [_trades(asking.past, styles, inner), _whys(asking.past, styles, inner)]
    body = [*head, *scroll.window(blocks, max(0, height - 2 - len(head)))]
    day = _day(asking.past.day_ns)
    top = Edge([("trades", styles.strong)], [(f"{day} UTC", styles.dim)] if day else [])
    return boxed(body, top, scroll.words, look, width, height)


def _day(day_ns: int) -> str:
    """As the database calls it; empty before anything was asked."""
    return figures.day(day_ns) if day_ns else ""


# --- how old, how much ----------------------------------------------------------------------------


def _state_line(asking: Asking, styles: Styles, width: int) -> Line:
    """What is wrong with it, or how far it goes: never a table that looks younger than it is."""
    past = asking.past
    told = [past.told[subject] for subject in ASKED if subject in past.told]
    trouble = past.unsent or next((one.error for one in told if one.error), "")
    if trouble:
        old = [("  what is below is older", styles.warn)] if any(one.rows for one in told) else []
        said: list[Span] = [("! ", styles.error), (clean(trouble), styles.warn)]
        return fitting([([*said, *old], []), (said, [])], width, styles.text)
    if not told:
        return line([("◌ asking the engine", styles.dim)], width, styles.text)
    age_s = max(asking.now_s - one.at_s for one in told)
    as_of_ns = min(one.as_of_ns for one in told)
    until: list[Span] = [("as of ", styles.dim), (_moment(as_of_ns), styles.text)]
    behind_ns = asking.session_ns - as_of_ns
    if age_s > _OLD_S:
        until = [(f"◐ asked {figures.age(age_s)} ago, ", styles.stale), *until]
    elif behind_ns > _LAG_NS and asking.session_ns:
        until.append((f"  ◐ {figures.age(behind_ns / NS_PER_S)} behind", styles.stale))
    source: list[Span] = [("from the engine's database", styles.dim)]
    return fitting([(until, source), (until, [])], width, styles.text)


def _moment(at_ns: int) -> str:
    return figures.clock(at_ns) if at_ns else "nothing yet"


def _sums_line(asking: Asking, styles: Styles, width: int) -> Line:
    told = asking.past.told.get(Subject.DAYS)
    day = _day(asking.past.day_ns)
    rows = [row for row in (told.rows if told else ()) if row.get("day") == day]
    if not rows:
        said = "nothing traded yet" if told and not told.error else ""
        return line([(said, styles.dim)], width, styles.text)
    sums = {name: sum(_number(row.get(name)) for row in rows) for name in _SUMMED}
    pnl = int(sums["pnl"])
    shown: list[Span] = [
        (f"{figures.arrow(pnl)} {figures.signed_money(pnl)}", styles.sign(pnl)),
        (" settled", styles.dim),
    ]
    for word, name in (("won", "wins"), ("lost", "losses"), ("fills", "fills")):
        shown += [(f"  {word} ", styles.dim), (f"{sums[name]:,.0f}", styles.text)]
    fees: list[Span] = [("  fees ", styles.dim), (figures.money(int(sums["fees"])), styles.text)]
    return fitting([([*shown, *fees], []), (shown, [])], width, styles.text)


_SUMMED = ("pnl", "wins", "losses", "fills", "fees")

# --- trades ---------------------------------------------------------------------------------------


def _trades(past: Past, styles: Styles, width: int) -> Block:
    told = past.told.get(Subject.TRADES)
    rows = told.rows if told else ()
    right: list[Span] = [("more are not shown", styles.dim)] if told and told.has_more else []
    lines = [rule([("trades", styles.strong)], right, width, styles.border)]
    if not rows:
        return Block("", [*lines, _nothing(told, "no trade yet", styles, width)])
    lines.append(line([(_trade_cells(_TRADE_HEADS, width), styles.dim)], width, styles.text))
    lines += [_trade(row, styles, width) for row in rows]
    return Block("", lines)


_TRADE_HEADS = ("at", "asset", "side", "strategy", "shares", "entry", "exit", "pnl", "")


def _trade(row: Row, styles: Styles, width: int) -> Line:
    pnl = row.get("pnl")
    result = words(row, "result")
    cells = (
        _clock(row.get("opened_ns"))[: None if width >= _WIDE else _MINUTES],
        f"{words(row, 'asset').upper()} {words(row, 'interval')}",
        words(row, "outcome"),
        words(row, "strategy"),
        micro(row, "shares", figures.shares),
        micro(row, "entry_px", figures.price),
        micro(row, "exit_px", figures.price),
        "" if result == "open" else micro(row, "pnl", figures.signed_dollars),
        result,
    )
    text, money, end = _trade_parts(cells, width)
    sign = styles.sign(_number(pnl)) if result != "open" else styles.dim
    return line([(text, styles.text), (money, sign), (end, styles.dim)], width, styles.text)


def _trade_parts(cells: tuple[str, ...], width: int) -> tuple[str, str, str]:
    """Nine cells in columns: seven before the result in money, and the word behind it."""
    opened, asset, side, strategy, shares, entry, left, pnl, result = cells
    room = 9 if width >= _WIDE else 6
    first = f"{opened[:room]:<{room}}{asset:<8}{side:<5}{strategy:<17}"
    return f"{first}{shares:>8}{entry:>6}{left:>6}", f"{pnl:>10}", f"  {result}"


def _trade_cells(cells: tuple[str, ...], width: int) -> str:
    return "".join(_trade_parts(cells, width))


# --- reasons --------------------------------------------------------------------------------------


def _whys(past: Past, styles: Styles, width: int) -> Block:
    """Counted are changes: a reason that lasts is one."""
    told = past.told.get(Subject.WHY)
    title: list[Span] = [("why not", styles.strong)]
    meaning: list[Span] = [("times it became the reason, and the mean", styles.dim)]
    lines = [rule(title, meaning, width, styles.border)]
    rows = [row for row in (told.rows if told else ()) if words(row, "reason") != "none"]
    if not rows:
        return Block("", [*lines, _nothing(told, "nothing was in the way yet", styles, width)])
    total = sum(_number(row.get("times")) for row in rows)
    ordered = sorted(rows, key=lambda row: -_number(row.get("times")))
    lines += [why_line(row, total, styles, width) for row in ordered]
    return Block("", lines)


def why_line(row: Row, total: float, styles: Styles, width: int) -> Line:
    times, mark = _number(row.get("times")), "◇" if row.get("is_shadow") else "◆"
    count: list[Span] = [
        (f"{times:>8,.0f}", styles.text),
        (f"{times / total if total else 0:>5.0%}  ", styles.dim),
    ]
    who: list[Span] = [(f"{mark} {words(row, 'strategy')}", styles.dim)]
    room = width - width_of([*count, *who]) - 1
    reason = fitted(_reason(row), max(_LEAST_REASON, room))
    return spread([*count, (reason, styles.warn)], who, width, styles.text)


def _reason(row: Row) -> str:
    """With its number on average, against the last limit: "edge small: 41 < 150 bps"."""
    reason, unit = words(row, "reason"), words(row, "unit")
    mean, limit = row.get("mean"), row.get("limit_value")
    is_numbered = isinstance(mean, int | float) and isinstance(limit, int | float)
    if not unit or not is_numbered or reason not in _REASONS:
        return reason
    return Why(Reason(reason), _number(mean), _number(limit), unit).text()


# --- cells ----------------------------------------------------------------------------------------


def _nothing(told: Known | None, said: str, styles: Styles, width: int) -> Line:
    return line([(said if told and not told.error else "–", styles.dim)], width, styles.text)


def _number(cell: Cell) -> float:
    return float(cell) if isinstance(cell, int | float) else 0.0


def _clock(cell: Cell) -> str:
    return figures.clock(cell) if isinstance(cell, int) else "–"

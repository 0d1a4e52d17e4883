"""All rounds that are followed in a table, a line each, with the facts of their cards; and under it
the card of the chosen one where rows are left.

Where the columns do not fit they give way in the order of `GIVES_WAY`: words before numbers (the
time of day, names), and then what other numbers say as well: depth, either end of the round, the
price and the strike, of which how far they are apart stays. What is left in thirty cells is the
round, its time, its fair value and its result. Of a reason, its words are shortened before its
number; where its column is gone, the lower edge has it of the chosen round.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen
from rich.cells import cell_len

from polytui.model.snapshot import AssetState, AssetView, RoundView, SignalView
from polytui.tui.panels import figures
from polytui.tui.panels.asset import Look, asset_panel
from polytui.tui.panels.facts import (
    away_from_strike,
    current_round,
    fair_age,
    mid_age,
    price_now,
    signed_coin,
    urgency,
)
from polytui.tui.panels.frame import Edge, framed
from polytui.tui.panels.ladder import mid_of
from polytui.tui.panels.reasons import cents, fitted
from polytui.tui.panels.signals import LIVE, SHADOW, legend, weightiest, why_of
from polytui.tui.panels.state import state_words
from polytui.tui.styles import Line, Span, Styles, clean, filled, line, styles_of, width_of
from polytui.tui.targets import SLOT, line_doing

_COLUMNS = (
    "asset", "round", "when", "left", "price", "away", "strike", "fair", "market", "gap c",
    "bid", "ask", "bid size", "ask size", "held", "cost", "pnl", "if Up", "if Down",
    "strategy", "wants", "edge c", "why",
)  # fmt: skip
GIVES_WAY = (
    "when", "strategy", "bid size", "ask size", "if Up", "if Down", "cost", "edge c", "bid", "ask",
    "price", "strike", "why", "wants", "gap c", "held", "market", "away", "fair", "round", "left",
)  # fmt: skip
"""The order in which columns go."""
_LEFT_ALIGNED = ("asset", "round", "when", "strategy", "wants", "why")
_LEAST = {"left": 5, "away": 9, "held": 7, "pnl": 7, "why": 20, "price": 9, "strike": 9}
"""Cells that a column has even where its words need fewer: it must not jump with every number."""
_LEAST_CARD = 7
"""Rows from which the chosen round has its card below the table."""
_CARD_WIDTH = 30


@frozen
class TableRow:
    """One round of one asset as it is shown."""

    view: AssetView | None
    interval: str
    name: str
    look: Look

    @property
    def shown(self) -> RoundView | None:
        return None if self.view is None else current_round(self.view, self.interval)


def round_table(rows: Sequence[TableRow], size: tuple[int, int]) -> list[Line]:
    """The table in `size` (width, height) cells: in a box where all its lines have room in one; of
    more lines than rows those round the chosen one."""
    width, height = size
    if not rows:
        return []
    styles = styles_of(rows[0].look.palette)
    if height < len(rows) + 3:
        return _bare(rows, styles, width, height)
    spare = height - len(rows) - 3
    chosen = next((one for one in rows if one.look.is_focused), rows[0])
    card = round_card(chosen, width, spare) if spare >= _LEAST_CARD and width >= _CARD_WIDTH else []
    rows_high = height - len(card)
    top = Edge([("rounds", styles.strong)], _words(rows, styles))
    body = filled(_lines(rows, styles, width - 4), rows_high - 2, width - 4, styles.text)
    edge = styles.error if chosen.look.is_live else styles.border
    below = Edge([] if card else _of_chosen(chosen, width), legend(styles))
    return [*framed(body, top, below, (width, rows_high), edge, styles.text), *card]


def _words(rows: Sequence[TableRow], styles: Styles) -> list[Span]:
    """What stops all of them, which no line has room for."""
    full = rows[0].look.full
    return [(f"■ {full} FULL", styles.error)] if full else []


def _of_chosen(row: TableRow, width: int) -> list[Span]:
    """What is in the way in the chosen round: whole where a line of the table has no room."""
    cells = _cells(row)
    who: Span = (f"{row.name.upper()} {cells['round'][0]}: ", row.look.styles.dim)
    why, style = cells["why"]
    room = width - 8 - width_of([who, *legend(row.look.styles)])
    return [who, (fitted(why, room), style)] if why and room > 0 else []


def round_card(row: TableRow, width: int, height: int) -> list[Line]:
    """The same round as a card."""
    return asset_panel(row.name, row.view, row.look, width, height, row.interval)


def _bare(rows: Sequence[TableRow], styles: Styles, width: int, height: int) -> list[Line]:
    """Without a box; without a heading too where that would cost a round its line."""
    lines = _lines(rows, styles, width)
    if height > len(rows):
        return filled(lines, height, width, styles.text)
    chosen = next((at for at, one in enumerate(rows) if one.look.is_focused), 0)
    first = max(0, min(chosen - height // 2, len(rows) - height))
    return lines[1:][first : first + height]


def _lines(rows: Sequence[TableRow], styles: Styles, width: int) -> list[Line]:
    """A heading, and a line a round."""
    cells = [_cells(row) for row in rows]
    widths = _widths(cells, width)
    heading = line(_heading(widths, styles), width, styles.text)
    made = (_line(row, one, widths, width) for row, one in zip(rows, cells, strict=True))
    return [heading, *(line_doing(one, f"{SLOT}{at}") for at, one in enumerate(made))]


# --- columns ------------------------------------------------------------------------------------


def _widths(cells: Sequence[Mapping[str, Span]], width: int) -> dict[str, int]:
    """Cells of each column that stays; the reason has what the others leave."""
    wanted = {name: _wanted(name, cells) for name in _COLUMNS}
    for gone in ("", *_leaving(cells)):
        wanted.pop(gone, None)
        if sum(wanted.values()) + len(wanted) + 1 <= width:
            break
    if "why" in wanted:
        wanted["why"] += width - sum(wanted.values()) - len(wanted) - 1
    return wanted


def _leaving(cells: Sequence[Mapping[str, Span]]) -> tuple[str, ...]:
    """The order of columns that go. Rounds of one length are not told apart by it."""
    is_one = len({one["round"][0] for one in cells}) < 2
    return ("when", "round", *GIVES_WAY[1:]) if is_one and len(cells) > 1 else GIVES_WAY


def _wanted(name: str, cells: Sequence[Mapping[str, Span]]) -> int:
    least = max(_LEAST.get(name, 0), len(name))
    if name == "why":
        return least
    return max(least, *(cell_len(one[name][0]) for one in cells))


def _heading(widths: Mapping[str, int], styles: Styles) -> list[Span]:
    named = {"why": "in the way"}
    return [(" ", styles.dim)] + [
        (_placed(named.get(name, name), name, room) + " ", styles.dim)
        for name, room in widths.items()
    ]


def _placed(text: str, name: str, room: int) -> str:
    blank = " " * max(0, room - cell_len(text))
    return text + blank if name in _LEFT_ALIGNED else blank + text


def _line(row: TableRow, cells: Mapping[str, Span], widths: Mapping[str, int], width: int) -> Line:
    styles = row.look.styles
    mark: Span = (
        ("▸", styles_of(row.look.palette).accent) if row.look.is_focused else (" ", styles.dim)
    )
    spans: list[Span] = [mark]
    for name, room in widths.items():
        text, style = cells[name]
        text = fitted(text, room) if name == "why" and text else text
        spans.append((_placed(text, name, room) + " ", style))
    return line(spans, width, styles.text)


# --- cells --------------------------------------------------------------------------------------


def _cells(row: TableRow) -> dict[str, Span]:
    """Every column's words; nothing at all is an empty cell, what is unknown a dash."""
    look, styles = row.look, row.look.styles
    name = (
        f"{look.number} {row.name.upper()}",
        styles.accent if look.is_focused else styles.strong,
    )
    empty: dict[str, Span] = dict.fromkeys(_COLUMNS, ("", styles.dim))
    view, shown = row.view, row.shown
    if view is None or shown is None:
        said = "waiting for the engine" if view is None else "no round yet"
        return {
            **empty,
            "asset": name,
            "round": (row.interval, styles.dim),
            "why": (said, styles.dim),
        }
    made = _when(view, shown, styles) | _prices(view, shown, styles) | _values(shown, styles)
    made |= _book(shown, styles) | _holding(shown, styles) | _signal(view, shown, look)
    return {**empty, "asset": name, **made}


def _when(view: AssetView, shown: RoundView, styles: Styles) -> dict[str, Span]:
    left: Span = (figures.left(shown.closes_ns - view.at_ns), urgency(view, shown, styles))
    if view.at_ns < shown.opens_ns:
        left = (f"in {figures.left(shown.opens_ns - view.at_ns)}", styles.dim)
    elif view.at_ns >= shown.closes_ns:
        left = ("settling", styles.warn)
    when = figures.span(shown.opens_ns, shown.closes_ns)
    return {"round": (shown.interval, styles.text), "when": (when, styles.dim), "left": left}


def _prices(view: AssetView, shown: RoundView, styles: Styles) -> dict[str, Span]:
    gap = away_from_strike(view, shown)
    away: Span = ("–", styles.dim)
    if gap is not None and shown.strike is not None:
        away = (signed_coin(gap, shown.strike), styles.sign(gap))
    price = figures.coin(price_now(view, shown))
    return {
        "price": (price, styles.strong), "away": away,
        "strike": (figures.coin(shown.strike), styles.text),
    }  # fmt: skip


def _values(shown: RoundView, styles: Styles) -> dict[str, Span]:
    """What is old is in the quiet colour, and has no difference to anything."""
    mid, old, old_mid = mid_of(shown.book), fair_age(shown), mid_age(shown)
    fair = "–" if shown.fair_up is None else f"{'◐' * bool(old)}{shown.fair_up:.3f}"
    market = "–" if mid is None else f"{'◐' * bool(old_mid)}{mid:.3f}"
    gap: Span = ("–", styles.dim)
    if shown.fair_up is not None and mid is not None and not old and not old_mid:
        value = round((shown.fair_up - mid) * 100, 1)
        gap = (f"{figures.arrow(value)} {value:+.1f}", styles.sign(value))
    return {
        "fair": (fair, styles.stale if old else styles.strong),
        "market": (market, styles.stale if old_mid else styles.text),
        "gap c": gap,
    }


def _book(shown: RoundView, styles: Styles) -> dict[str, Span]:
    book = shown.book
    made: dict[str, Span] = {}
    for name, style in (("bid", styles.up), ("ask", styles.down)):
        levels = () if book is None else book.bids if name == "bid" else book.asks
        price = figures.price(levels[0][0], book.tick) if book and levels else "none"
        made[name] = (price, style if levels else styles.warn)
        made[f"{name} size"] = (figures.shares(levels[0][1]) if levels else "", styles.dim)
    return made


def _holding(shown: RoundView, styles: Styles) -> dict[str, Span]:
    has_traded = bool(shown.flow or shown.up_shares or shown.down_shares)
    up, down = shown.flow + shown.up_shares, shown.flow + shown.down_shares
    pnl, none = shown.marked_pnl, ("", styles.dim)
    return {
        "held": _shares(shown, styles),
        "cost": (figures.money(shown.cost), styles.dim) if shown.cost else none,
        "pnl": (figures.signed_dollars(pnl), styles.sign(pnl)) if has_traded or pnl else none,
        "if Up": (figures.signed_dollars(up), styles.sign(up)) if has_traded else none,
        "if Down": (figures.signed_dollars(down), styles.sign(down)) if has_traded else none,
    }


def _shares(shown: RoundView, styles: Styles) -> Span:
    """Of either outcome, and of both where pairs are held."""
    up, down = shown.up_shares, shown.down_shares
    if up and down:
        words = f"▲{figures.whole_shares(up)} ▼{figures.whole_shares(down)}"
        return (words, styles.text)
    if up:
        return (f"▲ {figures.shares(up)}", styles.up)
    return (f"▼ {figures.shares(down)}", styles.down) if down else ("", styles.dim)


def _signal(view: AssetView, shown: RoundView, look: Look) -> dict[str, Span]:
    """Of the strategy that weighs most; an asset that does not trade says why instead."""
    styles = look.styles
    if look.note:
        return {"why": (look.note, styles.warn)}
    if view.state is not AssetState.TRADING:
        return {"why": state_words(view, shown, "", styles)[0]}
    signals = weightiest(shown.signals, 1)
    if not signals:
        return {"why": ("no signal yet", styles.dim)}
    return _of_signal(signals[0], shown, styles)


def _of_signal(signal: SignalView, shown: RoundView, styles: Styles) -> dict[str, Span]:
    mark = LIVE if signal.is_live else SHADOW
    wants: Span = (f"{mark} –", styles.dim)
    if signal.direction:
        is_up = signal.direction == "up"
        wants = (f"{mark} {'▲' if is_up else '▼'}", styles.up if is_up else styles.down)
    edge = "" if signal.edge_bps is None else cents(signal.edge_bps).removesuffix(" c")
    return {
        "strategy": (clean(signal.strategy), styles.dim), "wants": wants,
        "edge c": (edge, styles.text), "why": _in_the_way(signal, shown, styles),
    }  # fmt: skip


def _in_the_way(signal: SignalView, shown: RoundView, styles: Styles) -> Span:
    if why := why_of(signal) or shown.block:
        return (why, styles.warn if signal.direction else styles.dim)
    return ("nothing", styles.good) if signal.direction else ("no edge", styles.dim)

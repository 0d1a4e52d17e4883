"""Rounds: what is listed, what is open, what was settled, our result, and why nobody entered.

Where there is no room columns go in this order: who said so, fees, fills, positions, strike. What
kept us out has the rest of the line, and all of it below for the chosen round.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from polytui.model.instrument import Interval
from polytui.model.snapshot import AssetView, RoundView
from polytui.tui.panels import figures
from polytui.tui.panels.blotter import round_words
from polytui.tui.panels.columns import TableCell, TableColumn, micro, real, shaped, whole, words
from polytui.tui.panels.frame import Edge, rule
from polytui.tui.panels.page import PageLook, boxed, marked
from polytui.tui.panels.reasons import fitted
from polytui.tui.panels.told_state import DrawnAt, told_line
from polytui.tui.panels.trades import why_line
from polytui.tui.past import Row
from polytui.tui.styles import Line, Span, Styles, clean, filled, fitting, line
from polytui.tui.targets import ROW, line_doing
from polytui.tui.told_round_list import NEWEST, ToldRoundList

_MARK = 2
_LEAST_WHY = 18
_DETAIL_FROM = 16
_NONE = "none"
INTERVALS = tuple(one.value for one in Interval)


@frozen
class RoundsSheet:
    """What is drawn."""

    told: ToldRoundList
    at: DrawnAt
    views: Mapping[str, AssetView]
    """By asset: what is open is as it is now, and not as it was kept."""

    def live(self, row: Row) -> RoundView | None:
        view = self.views.get(words(row, "asset"))
        rounds = () if view is None else view.rounds
        return next((one for one in rounds if one.slug == row.get("slug")), None)


def rounds_panel(sheet: RoundsSheet, look: PageLook, width: int, height: int) -> list[Line]:
    """The whole page."""
    told, styles, inner = sheet.told, look.styles, width - 4
    detail_rows = max(4, height // 4) if height >= _DETAIL_FROM else 0
    head = [told_line(told.asking, (NEWEST,), sheet.at, styles, inner)]
    rows = max(1, height - 2 - len(head) - 1 - detail_rows)
    told.show(rows)
    body = [*head, *filled(_table(sheet, look, inner), rows + 1, inner, styles.text)]
    if detail_rows:
        body += filled(_detail(sheet, look, inner), detail_rows, inner, styles.text)
    top = Edge(_title(told, styles), [])
    return boxed(body, top, _place(told), look, width, height)


def _title(told: ToldRoundList, styles: Styles) -> list[Span]:
    only = " ".join(one for one in (told.asset.upper(), told.interval) if one)
    spans: list[Span] = [("rounds", styles.strong)]
    return [*spans, (f"  only {only}", styles.warn)] if only else spans


def _place(told: ToldRoundList) -> str:
    count = len(told.rows)
    if not count:
        return ""
    of = f"{count:,}" if told.is_whole else f"{count:,} and more"
    last = min(count, told.top + told.height)
    return f"rounds {told.top + 1:,}-{last:,} of {of}"


# --- the table ------------------------------------------------------------------------------------


def _table(sheet: RoundsSheet, look: PageLook, width: int) -> list[Line]:
    """The heading, and the rounds that are on the screen."""
    told, styles = sheet.told, look.styles
    if not told.rows:
        known = told.asking.known(NEWEST)
        said = "no round yet" if known is not None and not known.error else ""
        return [line([(said, styles.dim)], width, styles.text)]
    seen = told.rows[told.top : told.top + told.height]
    shape = shaped(_columns(sheet), seen, styles, width - _MARK - _LEAST_WHY - 1)
    wide = sum(shape.widths) + len(shape.widths) - 1
    room = width - _MARK - wide
    why: list[Span] = [(" why nobody entered", styles.dim)]
    heading = [*shape.heading("", styles, wide), *line(why, room, styles.text)]
    made = [marked(heading, False, look)]
    for at, row in enumerate(seen, told.top):
        one = [*shape.row(row, styles, wide), *_why(sheet, row, styles, room)]
        made.append(line_doing(marked(one, at == told.at, look), f"{ROW}{at}"))
    return made


def _why(sheet: RoundsSheet, row: Row, styles: Styles, width: int) -> Line:
    """What stands in the way of a round that runs; what did most often, of one that is over."""
    if (live := sheet.live(row)) is not None and not whole(row, "positions"):
        reason = live.block or next((one.reason for one in live.signals if one.reason), "")
    else:
        reason = words(row, "why")
    shown = fitted(reason, width - 1) if reason and reason != _NONE else ""
    return line([(f" {shown}", styles.warn)], width, styles.text)


def _columns(sheet: RoundsSheet) -> list[TableColumn]:
    now_ns = sheet.at.session_ns
    return [
        TableColumn("", "round", _round),
        TableColumn("", "state", lambda row, styles: state_words(row, now_ns, styles)),
        TableColumn("", "said by", lambda row, s: (words(row, "winner_source"), s.dim), 1),
        TableColumn("", "strike", _strike, 5, is_number=True),
        TableColumn("", "positions", _count("positions"), 4, is_number=True),
        TableColumn("", "fills", _count("fills"), 3, is_number=True),
        TableColumn("", "fees", _fees, 2, is_number=True),
        TableColumn("", "result", _result, is_number=True),
    ]


def _round(row: Row, styles: Styles) -> Span:
    span = figures.span(whole(row, "opens_ns"), whole(row, "closes_ns"))
    return f"{words(row, 'asset').upper():<4} {words(row, 'interval'):>3} {span}", styles.text


def state_words(row: Row, now_ns: int, styles: Styles) -> Span:
    """Where it stands between listed and settled."""
    winner = words(row, "winner")
    if winner in ("up", "down"):
        is_up = winner == "up"
        return "▲ Up won" if is_up else "▼ Down won", styles.up if is_up else styles.down
    if winner:
        return "cancelled", styles.warn
    if whole(row, "opens_ns") > now_ns:
        return f"listed, in {figures.left(whole(row, 'opens_ns') - now_ns)}", styles.dim
    if whole(row, "closes_ns") > now_ns:
        return f"● open, {figures.left(whole(row, 'closes_ns') - now_ns)}", styles.good
    return "◌ not settled", styles.warn


def _strike(row: Row, styles: Styles) -> Span:
    return figures.coin(real(row, "strike")), styles.text


def _fees(row: Row, styles: Styles) -> Span:
    return micro(row, "fees", figures.dollars) if whole(row, "fills") else "", styles.dim


def _count(name: str) -> TableCell:
    return lambda row, styles: (f"{whole(row, name)}" if whole(row, name) else "", styles.text)


def _result(row: Row, styles: Styles) -> Span:
    pnl = row.get("pnl")
    if not whole(row, "fills") or not isinstance(pnl, int):
        return ("open" if whole(row, "fills") else "–"), styles.dim
    return f"{figures.arrow(pnl)} {figures.signed_dollars(pnl)}", styles.sign(pnl)


# --- the chosen one -------------------------------------------------------------------------------


def _detail(sheet: RoundsSheet, look: PageLook, width: int) -> list[Line]:
    """What kept each strategy out of it, the most frequent first."""
    row, styles = sheet.told.chosen, look.styles
    if row is None:
        return []
    name: list[Span] = [(round_words(row), styles.strong)]
    hint: list[Span] = [(f"{look.keymap.shown('row.open')}: its chart", styles.dim)]
    lines = [rule(name, hint, width, styles.border), _outcome_line(sheet, row, styles, width)]
    whys = sheet.told.whys
    if whys is None:
        return [*lines, line([("◌ asking what stood in the way", styles.dim)], width, styles.text)]
    reasons = [one for one in whys if words(one, "reason") != _NONE]
    if not reasons:
        return [*lines, line([("nothing stood in the way", styles.dim)], width, styles.text)]
    total = sum(whole(one, "times") for one in reasons)
    ordered = sorted(reasons, key=lambda one: (bool(one.get("is_shadow")), -whole(one, "times")))
    return [*lines, *(why_line(one, total, styles, width) for one in ordered)]


def _outcome_line(sheet: RoundsSheet, row: Row, styles: Styles, width: int) -> Line:
    state = state_words(row, sheet.at.session_ns, styles)
    strike: list[Span] = [("strike ", styles.dim), _strike(row, styles)]
    said = words(row, "winner_source")
    by: list[Span] = [(f" said {clean(said)}", styles.dim)] if said else []
    ours: list[Span] = [("  ", styles.dim), *_ours(row, styles)]
    right: list[Span] = [(figures.day(whole(row, "opens_ns")), styles.dim)]
    ways: list[tuple[list[Span], list[Span]]] = [
        ([*strike, ("  ", styles.dim), state, *by, *ours], right),
        ([*strike, ("  ", styles.dim), state, *ours], []), ([state, *ours], []), ([state], []),
    ]  # fmt: skip
    return fitting(ways, width, styles.text)


def _ours(row: Row, styles: Styles) -> list[Span]:
    fills = whole(row, "fills")
    if not fills:
        return [("nothing traded", styles.dim)]
    words_of = f"{fills} fill{'' if fills == 1 else 's'}  "
    return [(words_of, styles.text), _result(row, styles)]

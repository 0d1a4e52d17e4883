"""Every limit as a bar of used against allowed, the open breakers, and the kill switch."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style

from polytui.model.snapshot import AccountView, AssetView, BreakerView, LimitView
from polytui.tui.ink import Ink, Line, Span, clean, filled, line, spread, width_of
from polytui.tui.panels import figures
from polytui.tui.panels.facts import current_round
from polytui.tui.panels.frame import Edge, rule
from polytui.tui.panels.limits import FULL_AT, numbers_of, share_of
from polytui.tui.panels.reasons import fitted
from polytui.tui.panels.sheet import Block, Scroll, Sheet, boxed
from polytui.tui.panels.state import state_words, trouble_of

WARN_AT = 0.8
_COLUMN = 56
"""The least that holds a name, a bar, numbers and a share."""
_GAP = 3
_NAME = 21
_MARK = 7
_SHORTEST_BAR = 4


def risk_panel(
    account: AccountView | None,
    views: Sequence[AssetView],
    sheet: Sheet,
    scroll: Scroll,
    width: int,
    height: int,
) -> list[Line]:
    """The whole page: kill switch, breakers, limits of the account, limits of each asset."""
    inner, ink = width - 4, sheet.ink
    columns = max(1, (inner + _GAP) // (_COLUMN + _GAP))
    column = (inner - _GAP * (columns - 1)) // columns
    head = [_kill_line(account, sheet, inner)]
    blocks = [_breakers(views, sheet, column), _account(account, sheet, column)]
    blocks += [_asset(view, sheet, column) for view in views]
    rows = max(0, height - 2 - len(head))
    flowed = _flowed(blocks, columns, column, inner, ink)
    body = [*head, *scroll.window(flowed, rows)]
    top = Edge([("risk", ink.strong)], _nearest(account, views, ink))
    return boxed(body, top, scroll.words, sheet, width, height)


# --- the kill switch, and what is nearest -------------------------------------------------------


def _kill_line(account: AccountView | None, sheet: Sheet, width: int) -> Line:
    ink = sheet.ink
    head: Span = ("kill switch  ", ink.dim)
    if account is None:
        return line([head, ("waiting for the engine", ink.dim)], width, ink.text)
    if account.is_killed:
        why = clean(account.kill_why) or "no reason given"
        words: list[Span] = [head, ("■ KILLED ", ink.error), (why, ink.warn)]
        return spread(words, [("R twice rearms", ink.dim)], width, ink.text)
    if sheet.kill:
        return line([head, (sheet.kill, ink.error)], width, ink.text)
    ready: list[Span] = [head, ("● ready", ink.good)]
    return spread(ready, [("K twice stops all", ink.dim)], width, ink.text)


def _nearest(account: AccountView | None, views: Sequence[AssetView], ink: Ink) -> list[Span]:
    """The limit with the least room, wherever it is on the page."""
    pairs = [("", one) for one in account.limits] if account is not None else []
    pairs += [(view.asset.upper() + " ", one) for view in views for one in view.limits]
    if not pairs:
        return []
    whose, limit = max(pairs, key=lambda pair: share_of(pair[1]))
    share = share_of(limit)
    return [
        ("nearest: ", ink.dim),
        (f"{whose}{clean(limit.name)} {_percent(share)}", _style(share, ink)),
    ]


# --- blocks ---------------------------------------------------------------------------------


def _breakers(views: Sequence[AssetView], sheet: Sheet, width: int) -> Block:
    ink = sheet.ink
    made = [
        _breaker_line(view, one, sheet.ink_of(view.asset), width)
        for view in views
        for one in view.breakers
    ]
    if not made:
        calm: list[Span] = [("breakers     ", ink.dim), ("● none is open", ink.good)]
        return Block("", [line(calm, width, ink.text)])
    title: list[Span] = [(f"breakers, {len(made)} open: no entries", ink.error)]
    return Block("", [rule(title, [], width, ink.border), *made])


def _breaker_line(view: AssetView, breaker: BreakerView, ink: Ink, width: int) -> Line:
    """Whose, why, and how long."""
    whose: Span = (f"! {view.asset.upper():<5}", ink.strong)
    left: list[Span] = [whose, (clean(breaker.reason), ink.warn)]
    if not breaker.until_ns:
        time: list[Span] = [("until resumed (p)", ink.warn)]
    elif breaker.until_ns <= view.at_ns:
        time = [("closing", ink.dim)]
    else:
        time = [("closes in ", ink.dim), (figures.left(breaker.until_ns - view.at_ns), ink.text)]
    if width_of(left) + 1 + width_of(time) > width:
        time = time[-1:]  # the number and its limit are worth more than two words
    left = [whose, (fitted(breaker.reason, width - width_of([whose, *time]) - 1), ink.warn)]
    return spread(left, time, width, ink.text)


def _account(account: AccountView | None, sheet: Sheet, width: int) -> Block:
    ink = sheet.ink
    head = rule([("account", ink.strong)], sheet.age_words(sheet.age_s), width, ink.border)
    limits = account.limits if account is not None else ()
    return Block("", [head, *_limit_lines(limits, ink, width)])


def _asset(view: AssetView, sheet: Sheet, width: int) -> Block:
    ink = sheet.ink_of(view.asset)
    is_chosen = view.asset == sheet.chosen
    head: list[Span] = [
        ("▸ " if is_chosen else "", ink.accent),
        (view.asset.upper(), ink.accent if is_chosen else ink.strong),
    ]
    state = state_words(view, current_round(view), "", ink)[:1]
    right = sheet.age_words(sheet.ages.get(view.asset, 0.0)) or state
    lines = [rule(head, right, width, ink.border)]
    if trouble := trouble_of(view):
        lines.append(line([(f"! {fitted(trouble, width - 2)}", ink.warn)], width, ink.text))
    return Block(view.asset, [*lines, *_limit_lines(view.limits, ink, width)])


def _flowed(blocks: list[Block], columns: int, column: int, width: int, ink: Ink) -> list[Block]:
    """The blocks in columns of about the same height, never one block in two of them."""
    if columns == 1:
        return blocks
    total = sum(len(block.lines) for block in blocks)
    least = max(-(-total // columns), max(len(block.lines) for block in blocks))
    heights = range(least, total + 1)
    stacks = next(made for height in heights if len(made := _stacked(blocks, height)) <= columns)
    tallest = max(len(stack) for stack in stacks)
    sides = [filled(stack, tallest, column, ink.text) for stack in stacks]
    gap = Segment(" " * _GAP, ink.text)
    lines = []
    for parts in zip(*sides, strict=True):
        spans: list[Span] = []
        for at, part in enumerate(parts):
            segments = [gap, *part] if at else part
            spans += [(one.text, one.style or ink.text) for one in segments]
        lines.append(line(spans, width, ink.text))
    return [Block("", lines)]


def _stacked(blocks: list[Block], height: int) -> list[list[Line]]:
    """Columns of at most `height` lines."""
    stacks: list[list[Line]] = [[]]
    for block in blocks:
        if stacks[-1] and len(stacks[-1]) + len(block.lines) > height:
            stacks.append([])
        stacks[-1] += block.lines
    return stacks


# --- bars -----------------------------------------------------------------------------------


def _limit_lines(limits: tuple[LimitView, ...], ink: Ink, width: int) -> list[Line]:
    if not limits:
        return [line([("no limits told yet", ink.dim)], width, ink.text)]
    column = max(len(numbers_of(one)) for one in limits)
    return [limit_line(one, ink, width, column) for one in limits]


def limit_line(limit: LimitView, ink: Ink, width: int, numbers: int = 0) -> Line:
    """Name, bar, used of allowed with its unit (in `numbers` cells at least), and the share."""
    share = share_of(limit)
    words = f"{numbers_of(limit):>{numbers}}"
    style = _style(share, ink)
    room = max(_SHORTEST_BAR, width - _NAME - len(words) - _MARK - 1)
    full = figures.bar(share, room)
    spans: list[Span] = [
        (f"{clean(limit.name):<{_NAME}}"[:_NAME], ink.text if share < WARN_AT else style),
        (full, style),
        ("░" * (room - width_of([(full, style)])), ink.border),
        (f" {words}", ink.text),
        (f"{_mark(share)}{_percent(share):>{_MARK - 2}}", style),
    ]
    return line(spans, width, ink.text)


def _percent(share: float) -> str:
    """Cut, not rounded: 100 % is said at the limit only."""
    return "FULL" if share >= FULL_AT else f"{int(share * 100 + 1e-6)}%"


def _mark(share: float) -> str:
    """A sign beside the colour."""
    if share >= FULL_AT:
        return " ■"
    return " !" if share >= WARN_AT else "  "


def _style(share: float, ink: Ink) -> Style:
    if share >= FULL_AT:
        return ink.error
    return ink.warn if share >= WARN_AT else ink.good

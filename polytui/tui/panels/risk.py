"""Every limit as a bar of used against allowed, the open breakers, and the kill switch."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style

from polytui.model.snapshot import AccountView, AssetView, BreakerView, LimitView, OddWordsView
from polytui.tui.panels import figures
from polytui.tui.panels.facts import current_round
from polytui.tui.panels.frame import Edge, rule
from polytui.tui.panels.latency import latency_block
from polytui.tui.panels.limits import FULL_AT, numbers_of, share_of
from polytui.tui.panels.page import Block, PageLook, Scroll, boxed
from polytui.tui.panels.reasons import fitted
from polytui.tui.panels.state import state_words, trouble_of
from polytui.tui.styles import Line, Span, Styles, clean, filled, line, spread, width_of

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
    look: PageLook,
    scroll: Scroll,
    width: int,
    height: int,
) -> list[Line]:
    """The whole page: kill switch, breakers, limits of the account, limits of each asset."""
    inner, styles = width - 4, look.styles
    columns = max(1, (inner + _GAP) // (_COLUMN + _GAP))
    column = (inner - _GAP * (columns - 1)) // columns
    head = [_kill_line(account, look, inner)]
    blocks = [_breakers(views, look, column), _account(account, look, column)]
    if account is not None and account.latencies:
        blocks.append(latency_block(account, look, column))
    blocks += [_asset(view, look, column) for view in views]
    rows = max(0, height - 2 - len(head))
    flowed = _flowed(blocks, columns, column, inner, styles)
    body = [*head, *scroll.window(flowed, rows)]
    top = Edge([("risk", styles.strong)], _nearest(account, views, styles))
    return boxed(body, top, scroll.words, look, width, height)


# --- the kill switch, and what is nearest -------------------------------------------------------


def _kill_line(account: AccountView | None, look: PageLook, width: int) -> Line:
    styles = look.styles
    head: Span = ("kill switch  ", styles.dim)
    if account is None:
        return line([head, ("waiting for the engine", styles.dim)], width, styles.text)
    if account.is_killed:
        why = clean(account.kill_why) or "no reason given"
        words: list[Span] = [head, ("■ KILLED ", styles.error), (why, styles.warn)]
        rearms = f"{look.keymap.shown('rearm')} twice rearms"
        return spread(words, [(rearms, styles.dim)], width, styles.text)
    if look.kill:
        return line([head, (look.kill, styles.error)], width, styles.text)
    ready: list[Span] = [head, ("● ready", styles.good)]
    return spread(
        ready, [(f"{look.keymap.shown('kill')} twice stops all", styles.dim)], width, styles.text
    )


def _nearest(account: AccountView | None, views: Sequence[AssetView], styles: Styles) -> list[Span]:
    """The limit with the least room, wherever it is on the page."""
    pairs = [("", one) for one in account.limits] if account is not None else []
    pairs += [(view.asset.upper() + " ", one) for view in views for one in view.limits]
    if not pairs:
        return []
    whose, limit = max(pairs, key=lambda pair: share_of(pair[1]))
    share = share_of(limit)
    return [
        ("nearest: ", styles.dim),
        (f"{whose}{clean(limit.name)} {_percent(share)}", _style(share, styles)),
    ]


# --- blocks ---------------------------------------------------------------------------------


def _breakers(views: Sequence[AssetView], look: PageLook, width: int) -> Block:
    styles = look.styles
    made = [
        _breaker_line(view, one, look.styles_of(view.asset), width)
        for view in views
        for one in view.breakers
    ]
    if not made:
        calm: list[Span] = [("breakers     ", styles.dim), ("● none is open", styles.good)]
        return Block("", [line(calm, width, styles.text)])
    title: list[Span] = [(f"breakers, {len(made)} open: no entries", styles.error)]
    return Block("", [rule(title, [], width, styles.border), *made])


def _breaker_line(view: AssetView, breaker: BreakerView, styles: Styles, width: int) -> Line:
    """Whose, why, and how long."""
    whose: Span = (f"! {view.asset.upper():<5}", styles.strong)
    left: list[Span] = [whose, (clean(breaker.reason), styles.warn)]
    if not breaker.until_ns:
        time: list[Span] = [("until resumed (p)", styles.warn)]
    elif breaker.until_ns <= view.at_ns:
        time = [("closing", styles.dim)]
    else:
        time = [
            ("closes in ", styles.dim),
            (figures.left(breaker.until_ns - view.at_ns), styles.text),
        ]
    if width_of(left) + 1 + width_of(time) > width:
        time = time[-1:]  # the number and its limit are worth more than two words
    left = [whose, (fitted(breaker.reason, width - width_of([whose, *time]) - 1), styles.warn)]
    return spread(left, time, width, styles.text)


def _account(account: AccountView | None, look: PageLook, width: int) -> Block:
    styles = look.styles
    head = rule([("account", styles.strong)], look.age_words(look.age_s), width, styles.border)
    limits = account.limits if account is not None else ()
    return Block("", [head, *_limit_lines(limits, styles, width)])


def _asset(view: AssetView, look: PageLook, width: int) -> Block:
    styles = look.styles_of(view.asset)
    is_chosen = view.asset == look.chosen
    head: list[Span] = [
        ("▸ " if is_chosen else "", styles.accent),
        (view.asset.upper(), styles.accent if is_chosen else styles.strong),
    ]
    state = state_words(view, current_round(view), "", styles)[:1]
    right = look.age_words(look.ages.get(view.asset, 0.0)) or state
    lines = [rule(head, right, width, styles.border)]
    if trouble := trouble_of(view):
        lines.append(line([(f"! {fitted(trouble, width - 2)}", styles.warn)], width, styles.text))
    if odd := _odd_words(view.odd):
        lines.append(line([(f"? {fitted(odd, width - 2)}", styles.warn)], width, styles.text))
    return Block(view.asset, [*lines, *_limit_lines(view.limits, styles, width)])


def _odd_words(odd: OddWordsView) -> str:
    """What did not fit between our orders and the venue; empty on a good day."""
    counted = (
        (odd.contradictions, "contradicted"),
        (odd.stray_fills, "stray"),
        (odd.reversals, "failed"),
        (odd.unplaced, "unplaced"),
        (odd.unsent, "not sent"),
    )
    said = ", ".join(f"{count} {what}" for count, what in counted if count)
    return f"venue: {said}" if said else ""


def _flowed(
    blocks: list[Block], columns: int, column: int, width: int, styles: Styles
) -> list[Block]:
    """The blocks in columns of about the same height, never one block in two of them."""
    if columns == 1:
        return blocks
    total = sum(len(block.lines) for block in blocks)
    least = max(-(-total // columns), max(len(block.lines) for block in blocks))
    heights = range(least, total + 1)
    stacks = next(made for height in heights if len(made := _stacked(blocks, height)) <= columns)
    tallest = max(len(stack) for stack in stacks)
    sides = [filled(stack, tallest, column, styles.text) for stack in stacks]
    gap = Segment(" " * _GAP, styles.text)
    lines = []
    for parts in zip(*sides, strict=True):
        spans: list[Span] = []
        for at, part in enumerate(parts):
            segments = [gap, *part] if at else part
            spans += [(one.text, one.style or styles.text) for one in segments]
        lines.append(line(spans, width, styles.text))
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


def _limit_lines(limits: tuple[LimitView, ...], styles: Styles, width: int) -> list[Line]:
    if not limits:
        return [line([("no limits told yet", styles.dim)], width, styles.text)]
    column = max(len(numbers_of(one)) for one in limits)
    return [limit_line(one, styles, width, column) for one in limits]


def limit_line(limit: LimitView, styles: Styles, width: int, numbers: int = 0) -> Line:
    """Name, bar, used of allowed with its unit (in `numbers` cells at least), and the share."""
    share = share_of(limit)
    words = f"{numbers_of(limit):>{numbers}}"
    style = _style(share, styles)
    room = max(_SHORTEST_BAR, width - _NAME - len(words) - _MARK - 1)
    full = figures.bar(share, room)
    spans: list[Span] = [
        (f"{clean(limit.name):<{_NAME}}"[:_NAME], styles.text if share < WARN_AT else style),
        (full, style),
        ("░" * (room - width_of([(full, style)])), styles.border),
        (f" {words}", styles.text),
        (f"{_mark(share)}{_percent(share):>{_MARK - 2}}", style),
    ]
    return line(spans, width, styles.text)


def _percent(share: float) -> str:
    """Cut, not rounded: 100 % is said at the limit only."""
    return "FULL" if share >= FULL_AT else f"{int(share * 100 + 1e-6)}%"


def _mark(share: float) -> str:
    """A sign beside the colour."""
    if share >= FULL_AT:
        return " ■"
    return " !" if share >= WARN_AT else "  "


def _style(share: float, styles: Styles) -> Style:
    if share >= FULL_AT:
        return styles.error
    return styles.warn if share >= WARN_AT else styles.good

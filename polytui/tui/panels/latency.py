"""How long orders take: what the account lines say of it, and the block of the risk page."""

from __future__ import annotations

from rich.style import Style

from polytui.model.latency import JUDGED
from polytui.model.snapshot import AccountView, LatencyView
from polytui.tui.panels.frame import rule
from polytui.tui.panels.page import Block, PageLook
from polytui.tui.styles import Line, Span, Styles, clean, spread, width_of

_LEVELS = ("good", "warn", "critical", "stale")


def worst_level(latencies: tuple[LatencyView, ...]) -> str:
    """One word for all of them; one that this terminal does not know is as bad as any."""
    known = dict(zip(_LEVELS, range(len(_LEVELS)), strict=True))
    return max((one.level for one in latencies), key=lambda one: known.get(one, 9), default="good")


def level_style(level: str, styles: Styles) -> Style:
    if level == "good":
        return styles.good
    return styles.warn if level == "warn" else styles.error


def trouble(account: AccountView, styles: Styles) -> list[Span]:
    """For the account lines; nothing while all is well."""
    level = worst_level(account.latencies)
    if level == "good":
        return []
    return [("latency ", styles.dim), (clean(level), level_style(level, styles))]


def latency_block(account: AccountView, look: PageLook, width: int) -> Block:
    """A line a figure: median, 99th percentile and longest of all orders, and how it does now."""
    styles = look.styles
    title: list[Span] = [("latency of orders, ms", styles.strong)]
    head = rule(title, look.age_words(look.age_s), width, styles.border)
    rows = [_row(one, styles, width) for one in account.latencies]
    return Block("", [head, *rows])


def _row(one: LatencyView, styles: Styles, width: int) -> Line:
    name = JUDGED.get(one.name, clean(one.name))
    left: list[Span] = [(f"{name:<19}", styles.text)]
    if not one.count:
        return spread(left, [("no order yet", styles.dim)], width, styles.text)
    mark = "●" if one.level == "good" else "!" if one.level == "warn" else "■"
    right: list[Span] = [(f"  {mark} {clean(one.level):<8}", level_style(one.level, styles))]
    for word, ms in (("p50", one.p50_ms), ("p99", one.p99_ms), ("max", one.max_ms)):
        more: list[Span] = [(f"  {word} ", styles.dim), (_ms(ms), styles.text)]
        if width_of(left) + width_of(more) + width_of(right) > width:
            break
        left += more
    return spread(left, right, width, styles.text)


def _ms(ms: float | None) -> str:
    """At most seven cells: "0.3", "612", "86,400"."""
    if ms is None:
        return "–"
    return f"{ms:.1f}" if ms < 99.95 else f"{ms:,.0f}"

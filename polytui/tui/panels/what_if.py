"""What another setting would have made of a recording: the question, and the player's answer."""

from __future__ import annotations

from textwrap import wrap

from attrs import frozen
from rich.style import Style

from polytui.model.playing import WhatIfView
from polytui.model.snapshot import SettingView
from polytui.tui.panels import figures
from polytui.tui.panels.frame import Edge, rule
from polytui.tui.panels.page import Block, PageLook, Scroll, boxed
from polytui.tui.setting_text import readable
from polytui.tui.styles import Line, Span, Styles, clean, line, spread

_LISTED = 12
_NAME = 36


@frozen
class WhatIfQuestion:
    """What is typed, the settings that it may mean, and what is known of the last one asked."""

    text: str
    is_typing: bool
    settings: tuple[SettingView, ...]
    answer: WhatIfView | None


def what_if_panel(
    question: WhatIfQuestion, look: PageLook, scroll: Scroll, width: int, height: int
) -> list[Line]:
    """`height` lines of `width` cells."""
    styles, inner = look.styles, width - 4
    cursor = "▏" if question.is_typing else ""
    typed: list[Span] = [
        ("what if  ", styles.dim),
        (clean(question.text), styles.strong),
        (cursor, styles.accent),
    ]
    if not question.text:
        typed.append((" a setting and its value: risk.max_order_usd=12", styles.dim))
    head = [line(typed, inner, styles.text), line([], inner, styles.text)]
    rows = _settings(question, styles, inner) if question.is_typing else []
    rows += _answer(question.answer, styles, inner)
    body = [*head, *scroll.window([Block("", rows)], height - 2 - len(head))]
    top = Edge([("what if", styles.strong)], [("of the whole recording", styles.dim)])
    return boxed(body, top, scroll.words, look, width, height)


def _settings(question: WhatIfQuestion, styles: Styles, width: int) -> list[Line]:
    """As they are in force at the moment that is shown."""
    rows = [
        spread(
            [(f"{one.path:<{_NAME}} ", styles.text), (readable(one.value), styles.accent)],
            [],
            width,
            styles.text,
        )
        for one in question.settings[:_LISTED]
    ]
    left = len(question.settings) - _LISTED
    if left > 0:
        rows.append(line([(f"and {left} more: type on", styles.dim)], width, styles.text))
    return [*rows, line([], width, styles.text)]


def _answer(view: WhatIfView | None, styles: Styles, width: int) -> list[Line]:
    if view is None or not view.wish:
        return []
    head = rule([(clean(view.wish), styles.strong)], [], width, styles.border)
    if not view.is_ready:
        words = "the whole recording is played twice and decided again: Esc lets go of it"
        return [head, line([(words, styles.warn)], width, styles.text)]
    if view.error:
        return [head, *_wrapped(view.error, styles.error, styles, width)]
    return [head, *_money(view, styles, width), *_decisions(view, styles, width)]


def _money(view: WhatIfView, styles: Styles, width: int) -> list[Line]:
    """Held against the same play without it: what the session itself made had another venue."""
    rows = (
        ("the session made", view.pnl_recorded, "at its venue"),
        ("on paper, as it was", view.pnl_was, "its market, its settings"),
        ("on paper, with this", view.pnl_now, "the same market"),
        ("the difference", view.pnl_now - view.pnl_was, ""),
    )
    return [
        line(
            [
                (f"{name:<22}", styles.dim),
                (f"{figures.signed_money(micro):>12}", styles.sign(micro)),
                (f"   {words}", styles.dim),
            ],
            width,
            styles.text,
        )
        for name, micro, words in rows
    ]


def _decisions(view: WhatIfView, styles: Styles, width: int) -> list[Line]:
    counts = (
        f"{view.differences:,} of {view.events:,} events decided differently;"
        f" {view.orders_was:,} orders became {view.orders_now:,}"
    )
    rows = [line([], width, styles.text), line([(counts, styles.text)], width, styles.text)]
    if view.first:
        rows.append(line([("the first that differs:", styles.dim)], width, styles.text))
        rows += _wrapped(view.first, styles.text, styles, width)
    return rows


def _wrapped(text: str, style: Style, styles: Styles, width: int) -> list[Line]:
    return [line([(one, style)], width, styles.text) for one in wrap(clean(text), max(10, width))]

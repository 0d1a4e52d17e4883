"""Every hot setting by table, and the one that is being changed: what it means, old > new, and
what the engine said."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from attrs import frozen

from polytui.config.change import bounds_of
from polytui.model.snapshot import SettingView
from polytui.tui.editing import Editor, EditStep
from polytui.tui.known_settings import SHOWN_FOR_S, ChangedValue, KnownSettings, Wish
from polytui.tui.panels import figures
from polytui.tui.panels.frame import Edge, rule
from polytui.tui.panels.page import PageLook, boxed
from polytui.tui.setting_text import change_words, is_truth, readable
from polytui.tui.styles import Line, Span, Styles, badge, clean, filled, fitting, line, spread

_NAME = 24
_VALUE = 14
_DETAIL_ROWS, _TALL_DETAIL_ROWS = 4, 7
_TALL = 28


@frozen
class _Drawing:
    """What every line of the page needs."""

    known: KnownSettings
    editor: Editor
    look: PageLook
    styles: Styles
    now_s: float
    width: int


def settings_panel(
    known: KnownSettings,
    editor: Editor,
    look: PageLook,
    digest: str,
    now_s: float,
    size: tuple[int, int],
) -> list[Line]:
    """The whole page: the list, and below it the chosen setting."""
    width, height = size
    styles, inner = look.styles, width - 4
    drawing = _Drawing(known, editor, look, styles, now_s, inner)
    shown = known.matching(editor.words)
    detail_rows = _TALL_DETAIL_ROWS if height >= _TALL else _DETAIL_ROWS
    detail = filled(_detail(drawing, editor.chosen(shown)), detail_rows, inner, styles.text)
    rows = max(1, height - 2 - detail_rows)
    body = [*filled(_list(drawing, shown, rows), rows, inner, styles.text), *detail]
    top = Edge(_title(drawing, shown), _news(drawing))
    words = f"digest {digest}" if digest else ""
    return boxed(body, top, words, look, width, height)


def _title(drawing: _Drawing, shown: Sequence[SettingView]) -> list[Span]:
    styles, editor = drawing.styles, drawing.editor
    spans: list[Span] = [("settings", styles.strong)]
    if editor.step is EditStep.FILTER:
        return [*spans, ("  /", styles.accent), (clean(editor.words) + "▏", styles.text)]
    if editor.words:
        count = f"  {len(shown)} of {len(drawing.known.views)}"
        return [*spans, (f"  /{clean(editor.words)}", styles.accent), (count, styles.dim)]
    return [*spans, (f"  {len(shown)}, changed while the engine runs", styles.dim)]


def _news(drawing: _Drawing) -> list[Span]:
    """The latest change, wherever its setting is on the page."""
    fresh = drawing.known.fresh(drawing.now_s)
    if not fresh:
        return []
    path, difference = list(fresh.items())[-1]
    more = f" and {len(fresh) - 1} more" if len(fresh) > 1 else ""
    name = clean(path).rpartition(".")[2]
    return [(f"{name} {clean(difference.words)}{more}", drawing.styles.warn)]


# --- the list -------------------------------------------------------------------------------


def _list(drawing: _Drawing, shown: Sequence[SettingView], rows: int) -> list[Line]:
    """As much of it as fits, with the chosen setting and its table's name in view."""
    styles, width = drawing.styles, drawing.width
    if not shown:
        return [line([(_nothing(drawing), styles.dim)], width, styles.text)]
    lines: list[Line] = []
    chosen, at, heading = drawing.editor.chosen(shown), 0, 0
    fresh = drawing.known.fresh(drawing.now_s)
    table = None
    for one in shown:
        if (mine := one.path.rpartition(".")[0]) != table:
            table, head = mine, len(lines)
            lines.append(rule([(clean(mine), styles.dim)], [], width, styles.border))
        if one is chosen:
            at, heading = len(lines), head
        lines.append(_row(drawing, one, fresh.get(one.path), is_chosen=one is chosen))
    return lines[_first(at, heading, len(lines), rows) :][:rows]


def _first(at: int, heading: int, total: int, rows: int) -> int:
    """The chosen line in the middle; its heading too where that is near."""
    first = min(max(0, at - rows // 2), max(0, total - rows))
    return heading if heading < first and at - heading < rows else first


def _nothing(drawing: _Drawing) -> str:
    if not drawing.known.views:
        return "the engine has not told its settings yet"
    back = drawing.look.keymap.shown("back")
    return f"no setting has {clean(drawing.editor.words)!r}; {back} shows all"


def _row(
    drawing: _Drawing, one: SettingView, difference: ChangedValue | None, *, is_chosen: bool
) -> Line:
    """Mark, name, value, and what there is to say of it."""
    styles, editor = drawing.styles, drawing.editor
    name = clean(one.path.rpartition(".")[2])
    spans: list[Span] = [
        ("▸ " if is_chosen else "  ", styles.accent),
        (f"{name:<{_NAME}} ", styles.accent if is_chosen else styles.text),
    ]
    if is_chosen and editor.step is EditStep.EDIT:
        return line([*spans, *_typing(editor, styles)], drawing.width, styles.text)
    if is_chosen and editor.step is EditStep.CONFIRM:
        change = clean(change_words(editor.old, editor.new))
        return line(
            [*spans, (change, styles.warn), ("  not sent yet", styles.dim)],
            drawing.width,
            styles.text,
        )
    value = clean(readable(one.value))
    # A name that is too long takes its cells from the blanks behind the value.
    room = max(0, _VALUE - max(0, len(name) - _NAME))
    spans += [(f"{value:<{room}} ", styles.strong), _remark(drawing, one, difference)]
    return line(spans, drawing.width, styles.text)


def _remark(drawing: _Drawing, one: SettingView, difference: ChangedValue | None) -> Span:
    """Why the last change was refused, that one is on its way, what has changed; or what the
    setting means."""
    styles, wish = drawing.styles, drawing.known.wishes.get(one.path)
    if wish is not None and wish.error:
        # The path is in this line already.
        return (f"✗ {clean(wish.error.removesuffix(f' @ {one.path}'))}", styles.error)
    if wish is not None and not wish.answer:
        return (f"… {clean(wish.words)} sent", styles.warn)
    if difference is not None:
        age = figures.age(drawing.now_s - difference.at_s)
        return (f"✓ {clean(difference.words)}, {age} ago", styles.good)
    return (clean(one.doc), styles.dim)


def _typing(editor: Editor, styles: Styles) -> list[Span]:
    """The text with a mark where the next character goes."""
    text, at = clean(editor.text), editor.at
    return [(text[:at], styles.strong), ("▏", styles.accent), (text[at:], styles.strong)]


# --- the chosen setting -----------------------------------------------------------------------


def _detail(drawing: _Drawing, one: SettingView | None) -> list[Line]:
    """Its whole path and meaning; when it is being changed, what the next key does."""
    styles, width, editor = drawing.styles, drawing.width, drawing.editor
    if one is None:
        return [rule([("–", styles.dim)], [], width, styles.border)]
    value: list[Span] = [(clean(readable(one.value)), styles.strong)]
    head = rule([(clean(one.path), styles.accent)], value, width, styles.border)
    if editor.step is EditStep.CONFIRM:
        return [head, *_question(drawing, one)]
    lines = [*_said(drawing, one), *_wrapped(clean(one.doc), styles, width, is_dim=True)]
    return [head, *lines]


def _question(drawing: _Drawing, one: SettingView) -> list[Line]:
    """The line that a second Enter confirms."""
    loud = badge(drawing.look.palette, drawing.look.palette.colours.warn)
    change = clean(change_words(drawing.editor.old, drawing.editor.new))
    hint = "Enter sends it to the engine   Esc goes back"
    return [
        line([(f"  {clean(one.path)}: {change}", loud)], drawing.width, loud),
        line([(f"  {hint}", loud)], drawing.width, loud),
    ]


def _said(drawing: _Drawing, one: SettingView) -> list[Line]:
    """The fault of what is typed, or the engine's answer; else what keys do."""
    styles, width, editor = drawing.styles, drawing.width, drawing.editor
    if editor.step is EditStep.EDIT:
        if editor.fault:
            return _wrapped(f"✗ {clean(editor.fault)}", styles, width)
        flips = "Space flips it   " if is_truth(one.value) else ""
        bounds = bounds_of(one.path)
        takes: list[Span] = [(f"expected {bounds}   ", styles.accent)] if bounds else []
        keys: Span = (f"{flips}Enter shows the change   Esc leaves it", styles.text)
        return [fitting([([*takes, keys], []), (takes or [keys], [])], width, styles.text)]
    wish = drawing.known.wishes.get(one.path)
    if wish is None:
        return []
    if wish.error:
        change = clean(wish.words)
        return _wrapped(f"✗ not changed, {change}: {clean(wish.error)}", styles, width)
    return _on_its_way(drawing, wish)


def _on_its_way(drawing: _Drawing, wish: Wish) -> list[Line]:
    styles, change = drawing.styles, clean(wish.words)
    if not wish.answer:
        age = figures.age(drawing.now_s - wish.at_s)
        words: list[Span] = [(f"… {change} sent, no answer for {age}", styles.warn)]
    elif drawing.now_s - wish.at_s < SHOWN_FOR_S:
        words = [(f"✓ {change} was taken ", styles.good), (wish.answer, styles.dim)]
    else:
        return []
    return [spread(words, [], drawing.width, styles.text)]


def _wrapped(words: str, styles: Styles, width: int, *, is_dim: bool = False) -> list[Line]:
    style = styles.dim if is_dim else styles.error
    return [line([(one, style)], width, styles.text) for one in wrap(words, max(10, width))]

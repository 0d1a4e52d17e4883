"""What each strategy wants: live or in shadow, which way, how sure, for which edge and how much,
and the first gate in its way with the number it measured.

Where there is no room for all of it, what goes first is confidence, then size and edge; who
it is goes next, the direction and the gate stay, and of the gate its number: `panels/reasons.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from polytui.model.effects import Reason
from polytui.model.snapshot import SignalView
from polytui.tui.panels.reasons import cents, fitted, said
from polytui.tui.styles import Line, Span, Styles, clean, line, spread, width_of

_FULL = 85
"""Cells from which every column has a place."""
_NAME = 18
_SHORTEST_NAME = 10
_BEFORE_GATE = 10 + _NAME + 8 + 5 + 10 + 10 + 2
"""Cells of all columns before the last one."""
_EDGE = "edge "
"""A reason that begins so says the edge itself."""
LIVE, SHADOW = "◆", "◇"


def signal_rows(
    signals: tuple[SignalView, ...], styles: Styles, width: int, rows: int
) -> list[Line]:
    """At most `rows` lines, in the engine's order so that they stand still; where not all have a
    place, those that may trade and those that want something are kept."""
    if not signals:
        return [line([("– no signal yet", styles.dim)], width, styles.text)][:rows]
    if rows == 1:
        return [_alone(weightiest(signals, 1)[0], styles, width)]
    if width >= _FULL:
        shown = weightiest(signals, rows)
        head = [_heading(styles, width)] if rows > len(shown) else []
        return [*head, *(_full(one, styles, width) for one in shown)]
    if rows >= 2 * len(signals):
        return [made for one in signals for made in _in_two(one, styles, width)]
    if _least(signals, styles) + _SHORTEST_NAME + 3 > width:
        # Fewer signals with their numbers are worth more than all of them without.
        shown = weightiest(signals, rows // 2)
        return [made for one in shown for made in _in_two(one, styles, width)]
    return _compact(weightiest(signals, rows), styles, width)


def legend(styles: Styles) -> list[Span]:
    """The two marks with their words, for a heading."""
    return [
        (f"{LIVE} ", styles.accent),
        ("trades  ", styles.dim),
        (f"{SHADOW} watches", styles.dim),
    ]


def kind_words(is_live: bool, styles: Styles) -> Span:
    """Whether it may trade, as a sign and a word."""
    return (f"{LIVE} live", styles.accent) if is_live else (f"{SHADOW} shadow", styles.dim)


def weightiest(signals: tuple[SignalView, ...], count: int) -> list[SignalView]:
    """Live before shadow, unhindered before blocked, leaning before idle; then as they came."""
    if len(signals) <= count:
        return list(signals)
    ranked = sorted(
        range(len(signals)),
        key=lambda at: (
            not signals[at].is_live,
            not signals[at].direction,
            bool(why_of(signals[at])),
        ),
    )
    return [signals[at] for at in sorted(ranked[:count])]


# --- its parts ------------------------------------------------------------------------------


def why_of(signal: SignalView) -> str:
    """What is in its way. That it is in shadow is said by its mark already."""
    is_told = not signal.is_live and signal.reason == Reason.SHADOW.value
    return "" if is_told else said(signal.reason)


def _mark(signal: SignalView, styles: Styles) -> Span:
    return (f"{LIVE} ", styles.accent) if signal.is_live else (f"{SHADOW} ", styles.dim)


def _does(signal: SignalView, styles: Styles) -> Span:
    """What it does here, as a sign and a word."""
    if signal.is_live:
        return (f"{LIVE} trades", styles.accent)
    return (f"{SHADOW} watches", styles.dim)


def _kind(signal: SignalView, styles: Styles) -> Span:
    text, style = _does(signal, styles)
    return (text + " ", style)


def _direction(signal: SignalView, styles: Styles, *, is_short: bool = False) -> Span:
    if not signal.direction:
        return ("–", styles.dim)
    is_up = signal.direction == "up"
    word = "" if is_short else " UP" if is_up else " DOWN"
    return (("▲" if is_up else "▼") + word, styles.up if is_up else styles.down)


def _edge(signal: SignalView) -> str:
    return "" if signal.edge_bps is None else f"{_EDGE}{cents(signal.edge_bps)}"


def _sure(signal: SignalView) -> str:
    """Of the strategy in its signal; what the price's source is worth is on the consensus page."""
    return "" if signal.confidence is None else f"{signal.confidence:.0%}"


def _size(signal: SignalView) -> str:
    return f"${signal.size_usd:,.2f}" if signal.size_usd else ""


def _worded(
    signal: SignalView, styles: Styles, parts: tuple[str, ...], *, is_short: bool
) -> list[Span]:
    """Direction, then whatever of `parts` there is, then what is in the way."""
    spans: list[Span] = [_direction(signal, styles, is_short=is_short)]
    spans += [(f" {part}", styles.text) for part in parts if part]
    why = why_of(signal)
    if why:
        spans.append((f" {why}", styles.warn if signal.direction else styles.dim))
    elif not signal.direction:
        spans.append((" no edge", styles.dim))
    return spans


def _variants(signal: SignalView, styles: Styles) -> list[list[Span]]:
    """The same signal, shorter and shorter."""
    if not signal.direction:
        return [_worded(signal, styles, (), is_short=True)]
    edge = "" if why_of(signal).startswith(_EDGE) else _edge(signal)
    sure, size = f"{_sure(signal)} sure" if _sure(signal) else "", _size(signal)
    return [
        _worded(signal, styles, (edge, sure, size), is_short=False),
        _worded(signal, styles, (edge, size), is_short=False),
        _worded(signal, styles, (edge,), is_short=False),
        _worded(signal, styles, () if why_of(signal) else (edge,), is_short=True),
    ]


def _fitting(variants: list[list[Span]], width: int) -> list[Span]:
    """The fullest that fits; of the shortest, what is in the way in shorter words."""
    found = next((one for one in variants if width_of(one) <= width), None)
    if found is not None:
        return found
    *rest, (words, style) = variants[-1]
    room = width - width_of(rest) - 1
    return [*rest, (f" {fitted(words[1:], room)}", style)]


# --- its forms ------------------------------------------------------------------------------


def _alone(signal: SignalView, styles: Styles, width: int) -> Line:
    """One line for one signal; its strategy's name only where it cuts nothing."""
    kind, mark = _kind(signal, styles), _mark(signal, styles)
    variants = _variants(signal, styles)
    worded = [[kind, *one] for one in variants]
    words = _fitting([*worded, [mark, *variants[-1]]], width)
    name: list[Span] = [(clean(signal.strategy), styles.dim)]
    fits = width_of(words) + width_of(name) + 1 <= width
    return spread(words, name if fits else [], width, styles.text)


def _least(signals: Sequence[SignalView], styles: Styles) -> int:
    """What the longest of them needs before a word of its gate is shortened."""
    return max(width_of(_variants(one, styles)[-1]) for one in signals)


def _compact(signals: list[SignalView], styles: Styles, width: int) -> list[Line]:
    """One line each, the names in a column that gives way to what they say."""
    longest = max(len(one.strategy) for one in signals)
    column = max(_SHORTEST_NAME, min(longest, width - 3 - _least(signals, styles)))
    made = []
    for one in signals:
        words = _fitting(_variants(one, styles), width - 3 - column)
        name = line([(clean(one.strategy), styles.dim)], column, styles.text)
        spans: list[Span] = [(part.text, part.style or styles.text) for part in name]
        made.append(
            line([_mark(one, styles), *spans, (" ", styles.text), *words], width, styles.text)
        )
    return made


def _in_two(signal: SignalView, styles: Styles, width: int) -> list[Line]:
    """Who, which way, how sure and how much; then edge and gate."""
    left: list[Span] = [_kind(signal, styles), (clean(signal.strategy), styles.dim)]
    sure = f"{_sure(signal)} sure" if _sure(signal) else ""
    ways = (
        " ".join(part for part in parts if part)
        for parts in ((sure, _size(signal)), (_size(signal),))
    )
    bare = [_mark(signal, styles), left[1]]
    right: list[Span] = [_direction(signal, styles)]
    for facts in ways if signal.direction else ():
        told: list[Span] = [_direction(signal, styles), (f" {facts}" if facts else "", styles.text)]
        right = told
        if width_of(bare) + width_of(told) + 1 <= width:
            break
    if width_of(left) + width_of(right) + 1 > width:
        left = bare
    why = why_of(signal)
    words = fitted(why, width - 2, is_full=True) or ("" if signal.direction else "no edge")
    below: list[Span] = [(f"  {words}", styles.warn if signal.direction else styles.dim)]
    edge = _edge(signal) if signal.direction and not why.startswith(_EDGE) else ""
    if edge and len(edge) + len(words) + 4 <= width:
        below.insert(0, (f"  {edge}", styles.text))
    return [spread(left, right, width, styles.text), line(below, width, styles.text)]


def _heading(styles: Styles, width: int) -> Line:
    words = (
        f"{'':<10}{'':<{_NAME}}{'wants':<8}{'sure':>5}{'edge c':>10}{'size USD':>10}  in the way"
    )
    return line([(words, styles.dim)], width, styles.text)


def _full(signal: SignalView, styles: Styles, width: int) -> Line:
    """Every column."""
    text, style = _does(signal, styles)
    wants, wants_style = _direction(signal, styles)
    edge = "–" if signal.edge_bps is None else f"{signal.edge_bps / 100:+,.1f}"
    size = f"{signal.size_usd:,.2f}" if signal.size_usd else "–"
    why = fitted(why_of(signal), width - _BEFORE_GATE, is_full=True)
    nothing = ("nothing", styles.good) if signal.direction else ("no edge", styles.dim)
    spans: list[Span] = [
        (f"{text:<10}", style),
        (f"{clean(signal.strategy):<{_NAME}}"[:_NAME], styles.text),
        (f"{wants:<8}", wants_style),
        (f"{_sure(signal) or '–':>5}{edge:>10}{size:>10}  ", styles.text),
        (why, styles.warn if signal.direction else styles.dim) if why else nothing,
    ]
    return line(spans, width, styles.text)

"""What each strategy wants: live or in shadow, which way, how sure, for which edge and how much,
and the first gate in its way with the number it measured.

Where there is no room for all of it, what goes first is confidence, then size and edge; who
it is goes next, the direction and the gate stay, and of the gate its number: `panels/reasons.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from polytui.model.effects import Reason
from polytui.model.snapshot import SignalView
from polytui.tui.ink import Ink, Line, Span, clean, line, spread, width_of
from polytui.tui.panels.reasons import cents, fitted, said

_FULL = 84
"""Cells from which every column has a place."""
_NAME = 18
_SHORTEST_NAME = 10
_BEFORE_GATE = 9 + _NAME + 8 + 5 + 10 + 10 + 2
"""Cells of all columns before the last one."""
_EDGE = "edge "
"""A reason that begins so says the edge itself."""
LIVE, SHADOW = "◆", "◇"


def signal_rows(signals: tuple[SignalView, ...], ink: Ink, width: int, rows: int) -> list[Line]:
    """At most `rows` lines, in the engine's order so that they stand still; where not all have a
    place, those that may trade and those that want something are kept."""
    if not signals:
        return [line([("– no signal yet", ink.dim)], width, ink.text)][:rows]
    if rows == 1:
        return [_alone(_weightiest(signals, 1)[0], ink, width)]
    if width >= _FULL:
        shown = _weightiest(signals, rows)
        head = [_heading(ink, width)] if rows > len(shown) else []
        return [*head, *(_full(one, ink, width) for one in shown)]
    if rows >= 2 * len(signals):
        return [made for one in signals for made in _in_two(one, ink, width)]
    if _least(signals, ink) + _SHORTEST_NAME + 3 > width:
        # Fewer signals with their numbers are worth more than all of them without.
        shown = _weightiest(signals, rows // 2)
        return [made for one in shown for made in _in_two(one, ink, width)]
    return _compact(_weightiest(signals, rows), ink, width)


def legend(ink: Ink) -> list[Span]:
    """The two marks with their words, for a heading."""
    return [(f"{LIVE} ", ink.accent), ("live  ", ink.dim), (f"{SHADOW} shadow", ink.dim)]


def kind_words(is_live: bool, ink: Ink) -> Span:
    """Whether it may trade, as a sign and a word."""
    return (f"{LIVE} live", ink.accent) if is_live else (f"{SHADOW} shadow", ink.dim)


def _weightiest(signals: tuple[SignalView, ...], count: int) -> list[SignalView]:
    """Live before shadow, unhindered before blocked, leaning before idle; then as they came."""
    if len(signals) <= count:
        return list(signals)
    ranked = sorted(
        range(len(signals)),
        key=lambda at: (
            not signals[at].is_live,
            not signals[at].direction,
            bool(_why(signals[at])),
        ),
    )
    return [signals[at] for at in sorted(ranked[:count])]


# --- its parts ------------------------------------------------------------------------------


def _why(signal: SignalView) -> str:
    """What is in its way. That it is in shadow is said by its mark already."""
    is_told = not signal.is_live and signal.reason == Reason.SHADOW.value
    return "" if is_told else said(signal.reason)


def _mark(signal: SignalView, ink: Ink) -> Span:
    return (f"{LIVE} ", ink.accent) if signal.is_live else (f"{SHADOW} ", ink.dim)


def _kind(signal: SignalView, ink: Ink) -> Span:
    text, style = kind_words(signal.is_live, ink)
    return (text + " ", style)


def _direction(signal: SignalView, ink: Ink, *, is_short: bool = False) -> Span:
    if not signal.direction:
        return ("–", ink.dim)
    is_up = signal.direction == "up"
    word = "" if is_short else " UP" if is_up else " DOWN"
    return (("▲" if is_up else "▼") + word, ink.up if is_up else ink.down)


def _edge(signal: SignalView) -> str:
    return "" if signal.edge_bps is None else f"{_EDGE}{cents(signal.edge_bps)}"


def _sure(signal: SignalView) -> str:
    """Of the strategy in its signal; what the price's source is worth is on the oracle's page."""
    return "" if signal.confidence is None else f"{signal.confidence:.0%}"


def _size(signal: SignalView) -> str:
    return f"${signal.size_usd:,.2f}" if signal.size_usd else ""


def _worded(signal: SignalView, ink: Ink, parts: tuple[str, ...], *, is_short: bool) -> list[Span]:
    """Direction, then whatever of `parts` there is, then what is in the way."""
    spans: list[Span] = [_direction(signal, ink, is_short=is_short)]
    spans += [(f" {part}", ink.text) for part in parts if part]
    why = _why(signal)
    if why:
        spans.append((f" {why}", ink.warn if signal.direction else ink.dim))
    elif not signal.direction:
        spans.append((" no edge", ink.dim))
    return spans


def _variants(signal: SignalView, ink: Ink) -> list[list[Span]]:
    """The same signal, shorter and shorter."""
    if not signal.direction:
        return [_worded(signal, ink, (), is_short=True)]
    edge = "" if _why(signal).startswith(_EDGE) else _edge(signal)
    sure, size = f"{_sure(signal)} sure" if _sure(signal) else "", _size(signal)
    return [
        _worded(signal, ink, (edge, sure, size), is_short=False),
        _worded(signal, ink, (edge, size), is_short=False),
        _worded(signal, ink, (edge,), is_short=False),
        _worded(signal, ink, () if _why(signal) else (edge,), is_short=True),
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


def _alone(signal: SignalView, ink: Ink, width: int) -> Line:
    """One line for one signal; its strategy's name only where it cuts nothing."""
    kind, mark = _kind(signal, ink), _mark(signal, ink)
    variants = _variants(signal, ink)
    worded = [[kind, *one] for one in variants]
    words = _fitting([*worded, [mark, *variants[-1]]], width)
    name: list[Span] = [(clean(signal.strategy), ink.dim)]
    fits = width_of(words) + width_of(name) + 1 <= width
    return spread(words, name if fits else [], width, ink.text)


def _least(signals: Sequence[SignalView], ink: Ink) -> int:
    """What the longest of them needs before a word of its gate is shortened."""
    return max(width_of(_variants(one, ink)[-1]) for one in signals)


def _compact(signals: list[SignalView], ink: Ink, width: int) -> list[Line]:
    """One line each, the names in a column that gives way to what they say."""
    longest = max(len(one.strategy) for one in signals)
    column = max(_SHORTEST_NAME, min(longest, width - 3 - _least(signals, ink)))
    made = []
    for one in signals:
        words = _fitting(_variants(one, ink), width - 3 - column)
        name = line([(clean(one.strategy), ink.dim)], column, ink.text)
        spans: list[Span] = [(part.text, part.style or ink.text) for part in name]
        made.append(line([_mark(one, ink), *spans, (" ", ink.text), *words], width, ink.text))
    return made


def _in_two(signal: SignalView, ink: Ink, width: int) -> list[Line]:
    """Who, which way, how sure and how much; then edge and gate."""
    left: list[Span] = [_kind(signal, ink), (clean(signal.strategy), ink.dim)]
    sure = f"{_sure(signal)} sure" if _sure(signal) else ""
    ways = (
        " ".join(part for part in parts if part)
        for parts in ((sure, _size(signal)), (_size(signal),))
    )
    bare = [_mark(signal, ink), left[1]]
    right: list[Span] = [_direction(signal, ink)]
    for facts in ways if signal.direction else ():
        told: list[Span] = [_direction(signal, ink), (f" {facts}" if facts else "", ink.text)]
        right = told
        if width_of(bare) + width_of(told) + 1 <= width:
            break
    if width_of(left) + width_of(right) + 1 > width:
        left = bare
    why = _why(signal)
    words = fitted(why, width - 2) or ("" if signal.direction else "no edge")
    below: list[Span] = [(f"  {words}", ink.warn if signal.direction else ink.dim)]
    edge = _edge(signal) if signal.direction and not why.startswith(_EDGE) else ""
    if edge and len(edge) + len(words) + 4 <= width:
        below.insert(0, (f"  {edge}", ink.text))
    return [spread(left, right, width, ink.text), line(below, width, ink.text)]


def _heading(ink: Ink, width: int) -> Line:
    words = f"{'':<9}{'':<{_NAME}}{'wants':<8}{'sure':>5}{'edge c':>10}{'size USD':>10}  in the way"
    return line([(words, ink.dim)], width, ink.text)


def _full(signal: SignalView, ink: Ink, width: int) -> Line:
    """Every column."""
    text, style = kind_words(signal.is_live, ink)
    wants, wants_style = _direction(signal, ink)
    edge = "–" if signal.edge_bps is None else f"{signal.edge_bps / 100:+,.1f}"
    size = f"{signal.size_usd:,.2f}" if signal.size_usd else "–"
    why = fitted(_why(signal), width - _BEFORE_GATE)
    nothing = ("nothing", ink.good) if signal.direction else ("no edge", ink.dim)
    spans: list[Span] = [
        (f"{text:<9}", style),
        (f"{clean(signal.strategy):<{_NAME}}"[:_NAME], ink.text),
        (f"{wants:<8}", wants_style),
        (f"{_sure(signal) or '–':>5}{edge:>10}{size:>10}  ", ink.text),
        (why, ink.warn if signal.direction else ink.dim) if why else nothing,
    ]
    return line(spans, width, ink.text)

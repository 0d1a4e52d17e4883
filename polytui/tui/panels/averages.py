"""Closing averages: how far a round's is known, where it stands, and what would turn it."""

from __future__ import annotations

from polytui.model.snapshot import (
    AssetView,
    AverageView,
    RoundView,
)
from polytui.model.units import NS_PER_S
from polytui.tui.panels import figures
from polytui.tui.panels.facts import time_left
from polytui.tui.panels.ladder import mid_of
from polytui.tui.styles import Line, Span, Styles, line, spread, width_of

_BPS = 10_000.0


def average_lines(view: AssetView, shown: RoundView, styles: Styles, width: int) -> list[Line]:
    """A round's strike, how far its closing average is known, and what would turn it."""
    average = shown.average
    assert average is not None
    lines = [
        spread(_value_words(view, shown, styles), _strike_words(shown, styles), width, styles.text),
        _progress(view, shown, average, styles, width),
    ]
    if average.average is not None:
        lines.append(_standing(view, shown, average, styles, width))
    return lines


def _value_words(view: AssetView, shown: RoundView, styles: Styles) -> list[Span]:
    mid = mid_of(shown.book)
    time = "".join(text for text, _ in time_left(view, shown, styles)[1:])
    return [
        (f"{shown.interval:<4}", styles.text), (f"{time:<14}", styles.dim),
        ("fair ", styles.dim), (_three(shown.fair_up), styles.strong),
        ("  mid ", styles.dim), (_three(mid), styles.text),
    ]  # fmt: skip


def _three(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _strike_words(shown: RoundView, styles: Styles) -> list[Span]:
    if shown.strike is None:
        return [("strike unknown", styles.warn)]
    words: list[Span] = [("strike ", styles.dim), (figures.coin(shown.strike), styles.text)]
    if shown.is_strike_estimated:
        words.insert(0, ("estimated ", styles.warn))
    return words


def _progress(
    view: AssetView, shown: RoundView, average: AverageView, styles: Styles, width: int
) -> Line:
    """A line that fills while the average is observed."""
    words: list[Span] = [
        (f"{average.observed_s:.0f} of {average.window_s} s observed", styles.text)
    ]
    begins_ns = shown.closes_ns - average.window_s * NS_PER_S
    if average.average is None and view.at_ns < begins_ns:
        words = [(f"the last {average.window_s} s count, in ", styles.dim)]
        words.append((figures.left(begins_ns - view.at_ns), styles.text))
    room = max(6, width - width_of(words) - 2)
    share = average.observed_s / average.window_s if average.window_s else 0.0
    full = round(min(1.0, max(0.0, share)) * room)
    bar: list[Span] = [("━" * full, styles.accent), ("─" * (room - full), styles.border)]
    return spread(bar, words, width, styles.text)


def _standing(
    view: AssetView, shown: RoundView, average: AverageView, styles: Styles, width: int
) -> Line:
    """Where the average stands against the strike, and what the rest must be to turn it."""
    strike, value = shown.strike, average.average
    assert value is not None
    words: list[Span] = [("average ", styles.dim), (figures.coin(value), styles.strong)]
    if strike is None:
        return line(words, width, styles.text)
    gap_bps = (value / strike - 1.0) * _BPS
    words.append((f"  {figures.arrow(gap_bps)} {gap_bps:+.2f} bps", styles.sign(gap_bps)))
    left_s = average.window_s - average.observed_s
    if left_s <= 0:
        return spread(
            words, [("whole: ", styles.dim), _winner(gap_bps, styles)], width, styles.text
        )
    needed = (strike * average.window_s - value * average.observed_s) / left_s
    turn = _turn_words(needed, view.consensus.price, gap_bps >= 0, styles)
    if width_of(words) + width_of(turn) >= width:
        turn = _turn_words(needed, None, gap_bps >= 0, styles)
    return spread(words, turn, width, styles.text)


def _turn_words(needed: float, price: float | None, is_up: bool, styles: Styles) -> list[Span]:
    """What the rest must average, and how far that is from the consensus."""
    if needed <= 0:
        return [("nothing can turn it", styles.dim)]
    away = "" if price is None else f" ({(needed / price - 1.0) * _BPS:+.1f} bps)"
    side = "below" if is_up else "above"
    return [
        (f"rest {side} ", styles.dim),
        (f"{figures.coin(needed)}{away}", styles.text),
        (" turns it", styles.dim),
    ]


def _winner(gap_bps: float, styles: Styles) -> Span:
    """By our own sum: a tie is Up."""
    return ("▲ Up", styles.up) if gap_bps >= 0 else ("▼ Down", styles.down)

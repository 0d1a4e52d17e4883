"""Where a recording stands: words for the header, a line at the bottom, and a line to type in."""

from __future__ import annotations

from polytui.model.playing import AS_FAST_AS_IT_GOES, PlayView
from polytui.tui.panels import figures
from polytui.tui.styles import Line, Span, Styles, clean, fitting, line, styles_of, width_of
from polytui.tui.targets import MOMENT, doing
from polytui.tui.theme import Palette

_MOST_BAR = 40
_LEAST_BAR = 8


def watched_words(play: PlayView) -> str:
    """ "15:04:20 x4", "15:04:20 paused"; the day is on the line at the bottom."""
    return f"{figures.clock(play.at_ns)} {speed_words(play)}"


def speed_words(play: PlayView) -> str:
    """How fast it plays, or why it does not."""
    if play.goes_to_ns:
        return f"to {figures.clock(play.goes_to_ns)}"
    if not play.is_running:
        return "at its end" if play.is_at_end and not play.is_written else "paused"
    if play.is_at_end and play.is_written:
        return "as it is written"
    return "as fast as it goes" if play.speed == AS_FAST_AS_IT_GOES else f"x{play.speed:g}"


def place_line(play: PlayView, palette: Palette, width: int) -> Line:
    """How far it is, of how much: the bar gives way to words, words to the time."""
    styles = styles_of(palette, palette.colours.panel)
    mark = "▶" if play.is_running else "❚❚"
    head: list[Span] = [
        (f" {mark} ", styles.accent),
        (f"{figures.day(play.at_ns)} {figures.clock(play.at_ns)} ", styles.strong),
        (f"{speed_words(play)}", styles.accent),
    ]
    if play.words:
        trouble: list[Span] = [("   ! ", styles.warn), (clean(play.words), styles.warn)]
        return line([*head, *trouble], width, styles.text)
    share: list[Span] = [(f"  {play.share:.1%}", styles.text)]
    ends = _ends(play, styles)
    event: list[Span] = [
        ("  event ", styles.dim),
        (f"{play.seq:,}", styles.text),
        (f"  of a {clean(play.mode)} session", styles.dim),
    ]
    room = width - width_of([*head, *share, *ends]) - 4
    bar = _bar(play, min(_MOST_BAR, room), styles) if room >= _LEAST_BAR else []
    ways: list[tuple[list[Span], list[Span]]] = [
        ([*head, *bar, *share, *ends, *event], []),
        ([*head, *bar, *share, *ends], []),
        ([*head, *share, *ends], []),
        ([*head, *share], []),
        (head, []),
    ]
    return fitting(ways, width, styles.text)


def _ends(play: PlayView, styles: Styles) -> list[Span]:
    first, last = figures.clock(play.first_ns), figures.clock(play.last_ns)
    more = "  still running" if play.is_written else ""
    return [(f"  of {first} to {last}", styles.dim), (more, styles.good)]


def _bar(play: PlayView, width: int, styles: Styles) -> list[Span]:
    """A click on a cell of it goes there."""
    done = figures.bar(play.share, width)
    cells = [(one, styles.accent) for one in done] + [("·", styles.dim)] * (width - len(done))
    places = [f"{MOMENT}{at / max(1, width - 1):.4f}" for at in range(len(cells))]
    shown = [(one, doing(style, to)) for (one, style), to in zip(cells, places, strict=True)]
    return [("  ", styles.dim), *shown]


def prompt_line(text: str, palette: Palette, width: int) -> Line:
    """What is typed, and what may be."""
    styles = styles_of(palette, palette.colours.panel)
    typed: list[Span] = [(" : ", styles.accent), (clean(text), styles.strong), ("▏", styles.accent)]
    hint: list[Span] = [("  15:03:20, 15:03, -5m, 25%, 2026-11-20 15:03", styles.dim)]
    return fitting([([*typed, *hint], []), (typed, [])], width, styles.text)

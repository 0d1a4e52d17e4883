"""A list of themes: names, and every colour of each by what it means."""

from __future__ import annotations

from collections.abc import Sequence

from polytui.tui.panels.frame import Edge, framed
from polytui.tui.styles import Line, Span, badge, line, styles_of, width_of
from polytui.tui.theme import Palette


def themes_lines(palettes: Sequence[Palette], at: int, width: int, height: int) -> list[Line]:
    """One a line, in its own colours, in a box in those of the one at `at`; of more than there are
    lines those round it."""
    look, rows = palettes[at], height - 2
    styles = styles_of(look, look.colours.panel)
    longest = max(len(one.name) for one in palettes)
    first = max(0, min(at - rows // 2, len(palettes) - rows))
    body = [
        _swatches(one, width - 4, longest, is_shown=number == at)
        for number, one in enumerate(palettes)
        if first <= number < first + rows
    ]
    top = Edge([("themes", styles.strong)], [(f"{at + 1} of {len(palettes)}", styles.dim)])
    below = Edge([("j k go through   Enter keeps it   Esc takes none", styles.accent)], [])
    return framed(body, top, below, (width, height), styles.accent, styles.text)


def _swatches(palette: Palette, width: int, longest: int, *, is_shown: bool) -> Line:
    """As many of its words as fit, each in the colour that it means."""
    styles, c = styles_of(palette), palette.colours
    spans: list[Span] = [
        ("▸ " if is_shown else "  ", styles.accent),
        (f"{palette.name:<{longest}} ", styles.strong if is_shown else styles.text),
    ]
    words: list[Span] = [
        ("▲ up", styles.up), ("▼ down", styles.down), ("good", styles.good),
        ("warn", styles.warn), ("error", styles.error), ("old", styles.stale),
        ("dim", styles.dim), (" DEMO ", badge(palette, c.demo)), (" LIVE ", badge(palette, c.live)),
    ]  # fmt: skip
    for text, style in words:
        if width_of(spans) + len(text) + 1 > width:
            break
        spans += [(" ", styles.text), (text, style)]
    return line(spans, width, styles.text)

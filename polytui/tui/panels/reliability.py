"""How often Up won when our fair value said so or so: what was said beside what came."""

from __future__ import annotations

from collections.abc import Sequence

from polytui.tui.panels import figures
from polytui.tui.panels.columns import real, whole
from polytui.tui.panels.frame import rule
from polytui.tui.past import Row
from polytui.tui.styles import Line, Span, Styles, fitting, line

_FEW = 30
_BAR = 20


def reliability_table(rows: Sequence[Row], styles: Styles, width: int) -> list[Line]:
    """A line for each tenth of the probability, and how good all of it was."""
    few = _few_words(rows, styles)
    lines = [rule([("reliability of fair value", styles.strong)], few, width, styles.border)]
    if not rows:
        words = "no settled round whose curve was kept yet"
        return [*lines, line([(words, styles.dim)], width, styles.text)]
    head = f"{'fair':<9}{'moments':>8}{'rounds':>8}{'said':>7}{'Up won':>8}{'off':>8}"
    lines.append(line([(head, styles.dim)], width, styles.text))
    lines += [_row(row, styles, width) for row in rows]
    return [*lines, _score(rows, styles, width)]


def _row(row: Row, styles: Styles, width: int) -> Line:
    tenth = whole(row, "tenth")
    said, came = real(row, "said") or 0.0, real(row, "came") or 0.0
    spans: list[Span] = [
        (f"{tenth / 10:.1f}-{(tenth + 1) / 10:.1f}  ", styles.text),
        (f"{whole(row, 'moments'):>8,}{whole(row, 'rounds'):>8,}", styles.dim),
        (f"{said:>7.3f}", styles.accent),
        (f"{came:>8.3f}", styles.text),
        (f"{came - said:>+8.3f}", styles.dim),
    ]
    if width >= sum(len(text) for text, _ in spans) + 2 + _BAR:
        spans += [("  ", styles.dim), *_bars(said, came, styles)]
    return line(spans, width, styles.text)


def _bars(said: float, came: float, styles: Styles) -> list[Span]:
    """What came as a bar, and a stroke where it was said."""
    full, at = round(came * _BAR), min(_BAR - 1, round(said * (_BAR - 1)))
    cells = "".join("│" if x == at else "█" if x < full else " " for x in range(_BAR))
    return [(cells[:at], styles.text), (cells[at], styles.accent), (cells[at + 1 :], styles.text)]


def _score(rows: Sequence[Row], styles: Styles, width: int) -> Line:
    """Brier's: the mean squared error, ours beside the market's at the same moments."""
    moments = sum(whole(row, "moments") for row in rows) or 1
    ours, market = (
        sum(real(row, name) or 0.0 for row in rows) / moments
        for name in ("errors", "market_errors")
    )
    better = "better than" if ours < market else "worse than" if ours > market else "as good as"
    shown: list[Span] = [
        ("Brier ", styles.dim), (f"{ours:.4f}", styles.text), ("  market ", styles.dim),
        (f"{market:.4f}", styles.text),
    ]  # fmt: skip
    ahead = market - ours
    said: list[Span] = [
        (f"  {figures.arrow(ahead)} {better} the market's price", styles.sign(ahead)),
        ("; less is better", styles.dim),
    ]  # fmt: skip
    return fitting(
        [([*shown, *said], []), ([*shown, said[0]], []), (shown, [])], width, styles.text
    )


def _few_words(rows: Sequence[Row], styles: Styles) -> list[Span]:
    most = max((whole(row, "rounds") for row in rows), default=0)
    if not rows or most >= _FEW:
        return []
    words = "one round is nothing" if most == 1 else f"{most} rounds are few"
    return [(words, styles.warn)]

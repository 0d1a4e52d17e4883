"""Forecasts against what came, by horizon, and what was said of rounds against who won."""

from __future__ import annotations

from collections.abc import Sequence

from polytui.model.score_views import ForecastView, SaidView
from polytui.model.snapshot import AssetView
from polytui.tui.panels.frame import rule
from polytui.tui.styles import Line, Span, Styles, line

_LABEL, _CELL = 18, 8


def forecast_lines(view: AssetView, styles: Styles, width: int) -> list[Line]:
    """By horizon the sigma of what came in sigmas foreseen; by time before the close what
    was said of rounds against who won."""
    forecasts, said = view.forecasts, view.said
    is_off = any(one.is_off for one in forecasts)
    words: list[Span] = [("! does not fit: confidence falls", styles.warn)] if is_off else []
    lines = [rule([("forecast against what came", styles.dim)], words, width, styles.border)]
    rows: list[tuple[str, list[Span]]] = []
    if any(one.samples for one in forecasts):
        rows += [
            ("seconds ahead", [(f"{one.ahead_s}", styles.dim) for one in forecasts]),
            ("sd, 1 is right", [_sd(one, styles) for one in forecasts]),
            ("samples", [_many(one.samples, styles) for one in forecasts]),
        ]
    if any(one.rounds for one in said):
        rows += [
            ("s before close", [(f"{one.left_s}", styles.dim) for one in said]),
            ("Brier", [_brier(one, styles) for one in said]),
            ("said 0.9 or more", [_many(one.sure, styles) for one in said]),
            ("of these came", [_came(one, styles) for one in said]),
        ]
    if not rows:
        return [*lines, line([("nothing has come yet", styles.dim)], width, styles.text)]
    return [*lines, *(_cells_line(name, cells, styles, width) for name, cells in rows)]


def sd_words(forecasts: Sequence[ForecastView], styles: Styles) -> list[Span]:
    """The same in one line, of the horizons of which something has come."""
    words: list[Span] = [("sd", styles.dim)]
    for one in forecasts:
        if one.samples:
            text, style = _sd(one, styles)
            words += [(f"  {one.ahead_s}s ", styles.dim), (text, style)]
    return words if len(words) > 1 else []


def _cells_line(name: str, cells: Sequence[Span], styles: Styles, width: int) -> Line:
    spans: list[Span] = [(f"{name:<{_LABEL}}", styles.dim)]
    spans += [(f"{text:>{_CELL}}", style) for text, style in cells]
    return line(spans, width, styles.text)


def _sd(forecast: ForecastView, styles: Styles) -> Span:
    if not forecast.samples:
        return "–", styles.dim
    mark = "!" if forecast.is_off else ""
    return f"{mark}{forecast.sd:.2f}", styles.warn if forecast.is_off else styles.strong


def _many(count: float, styles: Styles) -> Span:
    return (f"{count:,.0f}", styles.text) if count else ("–", styles.dim)


def _brier(said: SaidView, styles: Styles) -> Span:
    return (f"{said.brier:.3f}", styles.text) if said.rounds else ("–", styles.dim)


def _came(said: SaidView, styles: Styles) -> Span:
    return (f"{said.sure_came:.0%}", styles.strong) if said.sure else ("–", styles.dim)

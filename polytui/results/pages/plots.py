"""The plots of a report, by plotly; of long curves only what can be seen is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from attrs import frozen

from polytui.model.units import MICRO
from polytui.results.bootstrap import Measured
from polytui.results.evidence import Evidence, Integers, PlayedTrade
from polytui.results.forecast_figures import Bin
from polytui.results.pages.thinned import kept_points
from polytui.results.report import Report
from polytui.results.trade_sums import whose

_COLOURS = ("#0b6e99", "#d9730d", "#0f7b6c", "#ad1a72", "#6940a5", "#937264", "#dfab01", "#b03a2e")
_GREY = "#8a8f98"
_NS_PER_MS = 1_000_000
_BINS = 60


@frozen
class Plot:
    title: str
    figure: dict[str, Any]
    """For `Plotly.newPlot`: data and layout."""
    note: str = ""


def plots_of(report: Report, evidence: Evidence) -> Iterator[Plot]:
    """ImportError where plotly is not installed."""
    import plotly.graph_objects as go  # an extra: whoever wants no HTML does without

    plotting = _Plotting(go)
    if len(evidence.equity.at_ns):
        yield plotting.equity(evidence)
    trades = [one for one in evidence.trades if one.is_settled]
    if trades:
        yield plotting.running(trades)
        yield plotting.spread(trades)
        yield plotting.prices(report)
    if report.forecast is not None:
        yield plotting.reliability(report.forecast.reliability, report.forecast.market_reliability)
    if report.fills:
        yield plotting.mark_outs(report)


class _Plotting:
    """Stateless but for plotly, which is imported late."""

    def __init__(self, go: Any) -> None:
        self._go = go

    def equity(self, evidence: Evidence) -> Plot:
        curve, go = evidence.equity, self._go
        kept = kept_points(curve.equity)
        peaks = np.maximum.accumulate(np.maximum(curve.equity, evidence.start_usd))
        falls = curve.equity - peaks
        deep = kept_points(falls)
        figure = self._figure("dollars")
        figure.add_trace(
            go.Scatter(
                x=_times(curve.at_ns[kept]),
                y=curve.equity[kept] / MICRO,
                name="equity",
                line={"color": _COLOURS[0], "width": 1.5},
            )
        )
        figure.add_trace(
            go.Scatter(
                x=_times(curve.at_ns[deep]),
                y=falls[deep] / MICRO,
                name="below its peak",
                yaxis="y2",
                fill="tozeroy",
                line={"color": _COLOURS[7], "width": 1},
            )
        )
        figure.update_layout(
            xaxis={"anchor": "y2"},
            yaxis={"domain": [0.35, 1.0], "title": {"text": "dollars"}},
            yaxis2={"domain": [0.0, 0.28], "title": {"text": "drawdown $"}},
        )
        return Plot("Equity and drawdown", figure.to_plotly_json(), _thinned(kept, curve.at_ns))

    def running(self, trades: list[PlayedTrade]) -> Plot:
        figure, note = self._figure("dollars"), ""
        for number, ((name, is_shadow), own) in enumerate(whose(trades).items()):
            own.sort(key=lambda one: one.closed_ns or 0)
            at_ns = np.array([one.closed_ns or 0 for one in own], dtype=np.int64)
            sums = np.cumsum(np.array([one.pnl or 0 for one in own], dtype=np.int64))
            kept = kept_points(sums)
            note = note or _thinned(kept, at_ns)
            figure.add_trace(
                self._go.Scatter(
                    x=_times(at_ns[kept]),
                    y=sums[kept] / MICRO,
                    name=f"{name} (shadow)" if is_shadow else name,
                    line={
                        "color": _COLOURS[number % len(_COLOURS)],
                        "dash": "dot" if is_shadow else "solid",
                        "shape": "hv",
                    },
                )
            )
        return Plot("PnL of each strategy, trade by trade", figure.to_plotly_json(), note)

    def spread(self, trades: list[PlayedTrade]) -> Plot:
        figure = self._figure("trades", "dollars a trade")
        whole = np.array([one.pnl or 0 for one in trades]) / MICRO
        borders = np.histogram_bin_edges(whole, bins=_BINS)
        middles = (borders[1:] + borders[:-1]) / 2.0
        for number, ((name, is_shadow), own) in enumerate(whose(trades).items()):
            counts, _ = np.histogram([(one.pnl or 0) / MICRO for one in own], bins=borders)
            figure.add_trace(
                self._go.Bar(
                    x=middles,
                    y=counts,
                    name=f"{name} (shadow)" if is_shadow else name,
                    marker={"color": _COLOURS[number % len(_COLOURS)]},
                )
            )
        figure.update_layout(barmode="stack", bargap=0.02)
        return Plot("What single trades came to", figure.to_plotly_json())

    def prices(self, report: Report) -> Plot:
        """Win rate beside break-even price, by entry price."""
        figure = self._figure("share of trades that won", "price paid a share, fees included")
        (slices,) = (one.slices for one in report.breakdowns if one.title == "entry price")
        ends = {"x": [0, 1], "y": [0, 1], "name": "break-even", "mode": "lines"}
        figure.add_trace(self._go.Scatter(**ends, line={"color": _GREY, "dash": "dash"}))
        names = dict.fromkeys((one.strategy, one.is_shadow) for one in slices)
        for number, (name, is_shadow) in enumerate(names):
            own = [
                one.sums
                for one in slices
                if (one.strategy, one.is_shadow) == (name, is_shadow) and one.sums.held
            ]
            figure.add_trace(
                self._go.Scatter(
                    x=[one.held_price for one in own],
                    y=[one.held_rate for one in own],
                    mode="markers",
                    name=f"{name} (shadow)" if is_shadow else name,
                    text=[f"{one.held} trades" for one in own],
                    marker={
                        "color": _COLOURS[number % len(_COLOURS)],
                        "size": [min(30.0, 6.0 + one.held**0.5) for one in own],
                        "opacity": 0.75,
                    },
                )
            )
        note = "Trades held to settlement; above the line they earned more than they cost."
        return Plot("Win rate beside break-even price", figure.to_plotly_json(), note)

    def reliability(self, ours: tuple[Bin, ...], theirs: tuple[Bin, ...]) -> Plot:
        figure = self._figure("how often Up won", "probability that was said")
        ends = {"x": [0, 1], "y": [0, 1], "name": "as said", "mode": "lines"}
        figure.add_trace(self._go.Scatter(**ends, line={"color": _GREY, "dash": "dash"}))
        for name, bins, colour in (
            ("fair value", ours, _COLOURS[0]),
            ("the market's mid", theirs, _COLOURS[1]),
        ):
            figure.add_trace(
                self._go.Scatter(
                    x=[one.said for one in bins],
                    y=[one.came for one in bins],
                    mode="lines+markers",
                    name=name,
                    text=[f"{one.count} moments of {one.rounds} rounds" for one in bins],
                    line={"color": colour},
                )
            )
        return Plot("Reliability", figure.to_plotly_json())

    def mark_outs(self, report: Report) -> Plot:
        figure = self._figure("cents a share", "after the fill")
        for number, one in enumerate(report.fills):
            known = [(each.after, each.cents) for each in one.mark_outs if each.cents is not None]
            figure.add_trace(
                self._go.Bar(
                    x=[after for after, _ in known],
                    y=[found.mean for _, found in known],
                    error_y={
                        "type": "data",
                        "symmetric": False,
                        "array": [_error(found.high, found) for _, found in known],
                        "arrayminus": [_error(found.low, found) for _, found in known],
                    },
                    name=f"{one.strategy} (shadow)" if one.is_shadow else one.strategy,
                    marker={"color": _COLOURS[number % len(_COLOURS)]},
                )
            )
        figure.update_layout(barmode="group")
        return Plot("Mark-out", figure.to_plotly_json())

    def _figure(self, y: str, x: str = "") -> Any:
        return self._go.Figure(
            layout={
                "template": None,
                "height": 380,
                "margin": {"l": 60, "r": 20, "t": 60, "b": 45},
                "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0.0},
                "font": {"family": "system-ui, sans-serif", "size": 13},
                "paper_bgcolor": "rgba(0,0,0,0)",
                "plot_bgcolor": "rgba(0,0,0,0)",
                "hovermode": "closest",
                "xaxis": {"title": {"text": x}, "gridcolor": "#e4e6ea"},
                "yaxis": {"title": {"text": y}, "gridcolor": "#e4e6ea"},
            }
        )


def _error(end: float, found: Measured) -> float:
    """Nothing is drawn where nothing can be said."""
    return abs(end - found.mean) if found.has_interval else 0.0


def _times(at_ns: Integers) -> Any:
    return (at_ns // _NS_PER_MS).astype("datetime64[ms]")


def _thinned(kept: Integers, whole: Integers) -> str:
    if len(kept) == len(whole):
        return ""
    return (
        f"{len(kept):,} of {len(whole):,} points are drawn: of each even stretch the first, the"
        " lowest, the highest and the last."
    )

"""The report as one HTML file that needs nothing else: text, tables, and plots by plotly.

plotly.js is 4.8 MB; pressed it is under 2, and every browser since 2023 unpresses by itself. Where
scripts may not run, all tables still stand there.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterator
from html import escape
from typing import Any

import msgspec
import numpy as np

from polytui.model.errors import Fatal
from polytui.results.evidence import Evidence
from polytui.results.pages.grids import Grid, grids_of, opening_lines, shown
from polytui.results.pages.plots import Plot, plots_of
from polytui.results.report import Report

MOST_BYTES = 5_000_000
_CSP = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
_STYLE = """
:root { color-scheme: light; --line: #e1e3e8; --quiet: #5d636e; }
body { font: 15px/1.45 system-ui, sans-serif; color: #1c1f24; max-width: 1180px; margin: 0 auto;
       padding: 24px; }
h1 { font-size: 20px; line-height: 1.35; margin: 0 0 8px; }
h2 { font-size: 16px; margin: 34px 0 8px; }
p.quiet { color: var(--quiet); margin: 6px 0; font-size: 13px; }
p.warning { background: #fff4d6; border-left: 4px solid #d9a300; padding: 6px 10px; margin: 6px 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; }
th, td { padding: 4px 10px; border-bottom: 1px solid var(--line); text-align: right;
         white-space: nowrap; }
th { color: var(--quiet); font-weight: 600; }
th.word, td.word { text-align: left; }
tbody tr:hover { background: #f5f6f8; }
.plot { min-height: 380px; }
"""
_SCRIPT = """
(async () => {
  const pressed = Uint8Array.from(atob(document.getElementById("plotly").textContent),
                                  (one) => one.charCodeAt(0));
  const stream = new Blob([pressed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(stream).text();
  document.head.append(script);
  for (const place of document.querySelectorAll(".plot")) {
    const told = JSON.parse(document.getElementById(place.dataset.figure).textContent);
    place.textContent = "";
    await Plotly.newPlot(place, told.data, told.layout,
                         {responsive: true, displayModeBar: false});
  }
  document.body.dataset.drawn = "yes";
})().catch((error) => {
  for (const place of document.querySelectorAll(".plot")) {
    place.textContent = "This plot needs a browser of 2023 or later: " + error;
  }
});
"""


def html_page(report: Report, evidence: Evidence) -> str:
    """Fatal where plotly is not installed."""
    try:
        from plotly.offline import get_plotlyjs

        plots = list(plots_of(report, evidence))
    except ImportError as error:
        raise Fatal("an HTML report needs plotly: pip install 'polytui[report]'") from error
    return "\n".join(_page(report, plots, get_plotlyjs()))


def _page(report: Report, plots: list[Plot], library: str) -> Iterator[str]:
    first, *others = opening_lines(report)
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_CSP}">'
    yield f"<title>{escape(report.coverage.data or 'report')}</title>"
    yield f"<style>{_STYLE}</style></head><body>"
    yield f"<h1>{escape(first)}</h1>"
    for line in others:
        kind = "warning" if line.startswith("warning: ") else "quiet"
        yield f'<p class="{kind}">{escape(line.removeprefix("warning: "))}</p>'
    verdicts, *grids = shown(grids_of(report))
    yield from _table(verdicts)
    for number, plot in enumerate(plots):
        yield f"<h2>{escape(plot.title)}</h2>"
        yield f'<div class="plot" data-figure="figure-{number}">...</div>'
        yield f'<script type="application/json" id="figure-{number}">{_json(plot.figure)}</script>'
        if plot.note:
            yield f'<p class="quiet">{escape(plot.note)}</p>'
    for grid in grids:
        yield from _table(grid)
    yield f'<script type="text/plain" id="plotly">{_pressed(library)}</script>'
    yield f"<script>{_SCRIPT}</script></body></html>"


def _table(grid: Grid) -> Iterator[str]:
    yield f'<h2>{escape(grid.title)}</h2><div class="scroll"><table><thead>'
    yield _row(grid.columns, grid.words, "th")
    yield "</thead><tbody>"
    for row in grid.rows:
        yield _row(row, grid.words, "td")
    yield "</tbody></table></div>"
    if grid.note:
        yield f'<p class="quiet">{escape(grid.note)}</p>'


def _row(cells: tuple[str, ...], words: int, tag: str) -> str:
    made = [
        f'<{tag} class="word">{escape(cell)}</{tag}>'
        if at < words
        else f"<{tag}>{escape(cell)}</{tag}>"
        for at, cell in enumerate(cells)
    ]
    return f"<tr>{''.join(made)}</tr>"


def _json(figure: dict[str, Any]) -> str:
    """No `<` in it, so that nothing ends the script it stands in."""
    return msgspec.json.encode(figure, enc_hook=_plain).decode().replace("<", "\\u003c")


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        is_time = value.dtype.kind == "M"
        return np.datetime_as_string(value).tolist() if is_time else np.round(value, 4).tolist()
    if isinstance(value, np.generic):
        return value.item()
    # As the encoder wants to hear of what it cannot tell.
    raise NotImplementedError(f"a plot holds a {type(value).__name__}")


def _pressed(library: str) -> str:
    return base64.b64encode(gzip.compress(library.encode(), 9, mtime=0)).decode()

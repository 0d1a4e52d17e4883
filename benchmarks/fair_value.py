"""`make calibrate`: how good the fair value is on a recorded day, and which settings serve best.

Settings are compared on odd rounds and judged on even ones, so that nothing is fitted to what it
is scored on. Needs the recordings; says so and ends where they are absent.
"""

from __future__ import annotations

import sys
from pathlib import Path

from attrs import evolve
from rich.console import Console
from rich.table import Table

from benchmarks.recorded_day import (
    HORIZONS_S,
    Forecast,
    as_twap,
    brier,
    calibration_error,
    hear,
    log_loss,
    read_points,
    read_rounds,
    reliability,
    sign_rule,
)
from polytui.config.schema import Market

_DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
_WIDTH = 110
_TAILS = (0.0, 3.0, 4.0, 5.0, 6.0, 8.0)
_HALF_LIVES_S = (60.0, 120.0, 300.0, 600.0)
_WINDOWS_S = (300, 900)


def main() -> None:
    if not _DATA.is_dir():
        sys.exit("the folder of recordings, ../shared/data, is absent")
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    points = read_points(_DATA / "chainlink_BTCUSD_2026-06-08.csv.gz")
    rounds = read_rounds(_DATA / "gamma_BTC-5m-markets_2026-06-08.jsonl.gz")
    for name, listed in (("spot", rounds), ("60 s average", as_twap(rounds, points))):
        console.print(f"\n[bold]{len(listed)} rounds settled by {name}[/bold]")
        variants = {label: hear(points, listed, m).forecasts for label, m in _markets().items()}
        _compare(console, variants)
        usual = variants["default"]
        _against(console, usual)
        _show_reliability(console, usual)


def _markets() -> dict[str, Market]:
    markets = {"default": Market()}
    for half_life_s in _HALF_LIVES_S:
        label = f"ewma {half_life_s:g} s"
        markets[label] = Market(volatility_half_life_s=half_life_s)
    for window_s in _WINDOWS_S:
        markets[f"realised {window_s} s"] = Market(realised_window_s=window_s)
    return markets


def _scored(found: list[Forecast], market: Market) -> list[tuple[float, bool]]:
    return [(one.probability(market), one.is_up) for one in found]


def _compare(console: Console, variants: dict[str, list[Forecast]]) -> None:
    table = Table("volatility", "tails", "odd: brier", "log loss", "even: brier", "log loss")
    rows = []
    for label, found in variants.items():
        for degrees in _TAILS:
            market = evolve(Market(), tail_degrees=degrees)
            odd = _scored([one for one in found if one.number % 2], market)
            even = _scored([one for one in found if one.number % 2 == 0], market)
            rows.append((log_loss(odd), label, degrees, brier(odd), brier(even), log_loss(even)))
    for loss, label, degrees, odd_brier, even_brier, even_loss in sorted(rows)[:12]:
        tails = "normal" if not degrees else f"t {degrees:g}"
        figures = [f"{value:.5f}" for value in (odd_brier, loss, even_brier, even_loss)]
        table.add_row(label, tails, *figures)
    console.print("best twelve by the log loss of odd rounds")
    console.print(table)


def _against(console: Console, found: list[Forecast]) -> None:
    """The settings in force against one half, and against the sign of the distance."""
    table = Table("left", "n", "brier", "0.5", "sign", "log loss", "0.5", "sign", "cal. error")
    for left_s in HORIZONS_S:
        part = [one for one in found if one.left_s == left_s]
        ours, signs = _scored(part, Market()), sign_rule(part)
        half = [(0.5, one.is_up) for one in part]
        scores = [brier(ours), brier(half), brier(signs)]
        losses = [log_loss(ours), log_loss(half), log_loss(signs)]
        figures = [f"{value:.4f}" for value in (*scores, *losses, calibration_error(ours))]
        table.add_row(f"{left_s} s", str(len(part)), *figures)
    console.print(table)


def _show_reliability(console: Console, found: list[Forecast]) -> None:
    table = Table("left", *[f"{edge / 10:.1f}+" for edge in range(10)], title="seen, said, count")
    for left_s in HORIZONS_S:
        part = _scored([one for one in found if one.left_s == left_s], Market())
        cells = {min(9, int(said * 10)): (said, seen, n) for said, seen, n in reliability(part)}
        texts = [
            f"{cells[at][1]:.2f} {cells[at][0]:.2f} {cells[at][2]}" if at in cells else ""
            for at in range(10)
        ]
        table.add_row(f"{left_s} s", *texts)
    console.print(table)


if __name__ == "__main__":
    main()

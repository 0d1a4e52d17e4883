"""`make calibrate`: how good the forecast is on recorded days, and which settings serve best.

Settings are chosen on odd hours of the settlement feed's day and judged on its even ones, on thirty
days of one-minute candles of four assets, and on five minutes of another day's exchange. What was
before is measured beside what is. Writes calibrate.json. Needs the recordings; says so and ends
where they are absent.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from attrs import asdict, frozen
from rich.console import Console
from rich.table import Table

from benchmarks import another_day, before, candles, selection
from benchmarks.judging import SCORES, SURE, Sure, difference, interval, scored, signed, sure
from benchmarks.moves import HORIZONS_S as MOVES_S
from benchmarks.moves import Figure, Moves, joined, measured, pairs
from benchmarks.recorded_day import (
    HORIZONS_S,
    HOUR_S,
    TWAP_S,
    Forecast,
    Heard,
    Listed,
    Point,
    Seen,
    as_twap,
    brier,
    calibration_error,
    hear,
    read_points,
    read_rounds,
    reliability,
    with_finals,
)
from benchmarks.volatilities import predicted
from polytui.config.schema import MarketSettings
from polytui.market.volatility import Volatility

_DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
_FILE = Path("calibrate.json")
_WIDTH = 118
_RULES = (("spot", 0), ("twap", TWAP_S))
RATIO, SD_Z, BEYOND_3 = (0.93, 1.07), (0.90, 1.15), 0.01
_CALLED, _CALLED_LEFT_S = 0.99, 10
_SHOWN = 12


@frozen
class Entry:
    """One line of calibrate.json."""

    name: str
    value: float
    unit: str
    target: str | None = None
    ok: bool | None = None


def main() -> None:
    if not _DATA.is_dir():
        sys.exit("the folder of recordings, ../shared/data, is absent")
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    points = read_points(_DATA / "chainlink_BTCUSD_2026-06-08.csv.gz")
    rounds = read_rounds(_DATA / "gamma_BTC-5m-markets_2026-06-08.jsonl.gz")
    both = [*with_finals(rounds, points), *as_twap(rounds, points)]
    market = MarketSettings()
    now = hear(points, both, market)
    then = hear(points, both, before.SETTINGS, before.BeforePrices())
    _choose(console, points, now, market)
    entries = [
        *_moves(console, then, now),
        *_probabilities(console, then, now, market),
        *_crossed(console, points, both, market),
        *_sure_ones(console, then, now, market),
        *_minutes(console, market),
        *_another(console, market),
    ]
    _FILE.write_text(json.dumps([asdict(one) for one in entries], indent=1) + "\n", "utf-8")
    missed = [one.name for one in entries if one.ok is False]
    console.print(f"\n{len(entries)} figures in {_FILE}; outside: {', '.join(missed) or 'none'}")


# --- what to ship -------------------------------------------------------------------------------


def _choose(console: Console, points: Sequence[Point], now: Heard, market: MarketSettings) -> None:
    console.print("[bold]Chosen on the odd hours of the settlement feed, 2026-06-08[/bold]")
    ranked = selection.kernels(points, market)
    old = predicted(points, before.SETTINGS, before.BeforeVolatility())
    _show_choices(console, "weights of autocovariances", ranked, ("squares of 1 s (before)", old))
    span = selection.simplest_parzen(ranked)
    halves = selection.half_lives(points, market)
    _show_choices(console, "half-lives", halves[:_SHOWN])
    scale = selection.best_scale(now.seen)
    likely = selection.tails(now.seen)
    line = selection.calibration_line([one for one in now.forecasts if one.is_odd], market)
    table = Table("setting", "in force", "odd hours say", title="defaults", title_justify="left")
    table.add_row("volatility_span_s", f"{market.volatility_span_s:g}", span.label)
    table.add_row(
        "half-lives, share",
        f"{market.volatility_half_life_s:g} and {market.volatility_slow_half_life_s:g} s, "
        f"{market.volatility_fast_share:.0%} fast",
        halves[0].label,
    )
    table.add_row("scale", "1 (none)", _pm(scale))
    lost = ", ".join(f"{one:g}: {_pm(gap, 4)}" for one, gap in likely.items())
    told = f"{selection.fattest(likely):g} (less likely than the best by {lost})"
    table.add_row("tail_degrees", f"{market.tail_degrees:g}", told)
    table.add_row("calibration_alpha", f"{market.calibration_alpha:g}", _pm(line.alpha))
    table.add_row("calibration_beta", f"{market.calibration_beta:g}", _pm(line.beta))
    console.print(table)


def _show_choices(
    console: Console,
    title: str,
    ranked: Sequence[selection.Choice],
    other: tuple[str, Sequence[Seen]] | None = None,
) -> None:
    heads = [f"{horizon_s} s" for horizon_s in MOVES_S]
    table = Table(title, "loss", "over the best", *heads, "sd(z) at 60 s", title_justify="left")
    for row in ranked:
        table.add_row(row.label, f"{row.loss:.4f}", _pm(row.over_best, 4), *_ratios(row.seen))
    if other is not None:
        table.add_row(other[0], "", "", *_ratios(other[1]))
    console.print(table)


def _ratios(seen: Sequence[Seen]) -> list[str]:
    found = [measured(pairs(seen, one).of_hours(is_odd=True), one) for one in MOVES_S]
    at_60 = next(one for one in found if one.horizon_s == 60)
    return [*(f"{one.ratio.value:.3f}" for one in found), f"{at_60.sd_z.value:.3f}"]


# --- how good it is -----------------------------------------------------------------------------


def _moves(console: Console, then: Heard, now: Heard) -> list[Entry]:
    table = Table(
        "hours", "seconds", "n", "ratio: before", "now", "sd(z): before", "now",
        "beyond 3: before", "now", "beyond 2: now",
        title="moves of the settlement feed", title_justify="left",
    )  # fmt: skip
    entries = list[Entry]()
    for is_odd in (False, True):
        for horizon_s in MOVES_S:
            old, new = (
                measured(pairs(heard.seen, horizon_s).of_hours(is_odd), horizon_s)
                for heard in (then, now)
            )
            table.add_row(*_move_row(old, new, is_odd))
            if not is_odd:
                entries += _move_entries(old, new)
    console.print(table)
    return entries


def _move_row(old: Moves, new: Moves, is_odd: bool) -> list[str]:
    return [
        "odd (fitted)" if is_odd else "even",
        str(new.horizon_s),
        str(new.count),
        _pm(old.ratio),
        _pm(new.ratio),
        _pm(old.sd_z),
        _pm(new.sd_z),
        f"{old.beyond_3.value:.2%}",
        f"{new.beyond_3.value:.2%}",
        f"{new.beyond_2.value:.2%}",
    ]


def _move_entries(old: Moves, new: Moves) -> list[Entry]:
    at = new.horizon_s
    three = new.beyond_3.value
    return [
        _within(f"ratio_{at}", new.ratio.value, RATIO),
        _within(f"sd_z_{at}", new.sd_z.value, SD_Z),
        Entry(f"beyond_2_{at}", new.beyond_2.value, "share"),
        Entry(f"beyond_3_{at}", three, "share", f"< {BEYOND_3}", three < BEYOND_3),
        Entry(f"ratio_{at}_error", new.ratio.error, "standard error, by rounds"),
        Entry(f"ratio_{at}_before", old.ratio.value, "1"),
        Entry(f"sd_z_{at}_before", old.sd_z.value, "1"),
        Entry(f"beyond_3_{at}_before", old.beyond_3.value, "share"),
    ]


def _probabilities(
    console: Console, then: Heard, now: Heard, market: MarketSettings
) -> list[Entry]:
    """Even hours: both rules, every horizon, against what was before and the sign rule."""
    entries = list[Entry]()
    for rule, window_s in _RULES:
        table = Table(
            "left", "n", "score", "before", "now", "sign", "now - before", "now - sign", "ece",
            title=f"even hours, settled by {rule}", title_justify="left",
        )  # fmt: skip
        for left_s in HORIZONS_S:
            old = _part(then.forecasts, window_s, left_s, is_odd=False)
            new = _part(now.forecasts, window_s, left_s, is_odd=False)
            met = {one.number for one in old} & {one.number for one in new}
            old, new = ([one for one in part if one.number in met] for part in (old, new))
            fitted = _part(now.forecasts, window_s, left_s, is_odd=True)
            ours, theirs = scored(new, market), scored(old, before.SETTINGS)
            signs = signed(new, fitted)
            for name, score in SCORES:
                gap, lead = difference(ours, theirs, score), difference(ours, signs, score)
                values = [f"{score(one):.5f}" for one in (theirs, ours, signs)]
                error = f"{calibration_error(ours):.3f}"
                table.add_row(
                    f"{left_s} s", str(len(new)), name, *values, _pm(gap, 4), _pm(lead, 4), error
                )
                label = f"{name}_{rule}_{left_s}"
                highest = interval(theirs, score)[1]
                no_worse = score(ours) <= highest
                entries.append(Entry(label, score(ours), "1", f"< {highest:.5f}", no_worse))
                entries.append(Entry(f"{label}_before", score(theirs), "1"))
                entries.append(Entry(f"{label}_less_before", gap.value, "1"))
                entries.append(Entry(f"{label}_less_before_error", gap.error, "1"))
                entries.append(
                    Entry(f"{label}_less_sign", lead.value, "1", "< 2 errors",
                          lead.value < 2.0 * lead.error)
                )  # fmt: skip
        console.print(table)
    return entries


def _crossed(
    console: Console, points: Sequence[Point], both: Sequence[Listed], market: MarketSettings
) -> list[Entry]:
    """The whole day, each half judged by the half-lives that the other half chose: twice as many
    rounds that chose nothing of what they judge."""
    chosen = selection.chosen_by_each(points, market)
    heard = {is_odd: hear(points, both, one.market) for is_odd, one in chosen.items()}
    names = f"odd hours chose {chosen[True].label}, even hours {chosen[False].label}"
    table = Table("seconds", "ratio", "sd(z)", "beyond 3", title=names, title_justify="left")
    entries = list[Entry]()
    for at in MOVES_S:
        halves = [pairs(chosen[not half].seen, at).of_hours(half) for half in (True, False)]
        found = measured(joined(halves), at)
        three = found.beyond_3
        share = f"{three.value:.2%} ± {three.error:.2%}"
        table.add_row(f"{at}", _pm(found.ratio), _pm(found.sd_z), share)
        entries.append(_within(f"crossed_ratio_{at}", found.ratio.value, RATIO))
        entries.append(_within(f"crossed_sd_z_{at}", found.sd_z.value, SD_Z))
        good = three.value < BEYOND_3
        entries.append(Entry(f"crossed_beyond_3_{at}", three.value, "share", f"< {BEYOND_3}", good))
    console.print(table)
    return [*entries, *_crossed_scores(console, heard, chosen)]


def _crossed_scores(
    console: Console, heard: dict[bool, Heard], chosen: dict[bool, selection.Choice]
) -> list[Entry]:
    """Brier against the sign rule, whose certainty is fitted to the other half as well."""
    title = "the same, against the sign rule"
    table = Table("rule", "left", "n", "brier", "sign", "less", title=title, title_justify="left")
    entries = list[Entry]()
    for rule, window_s in _RULES:
        for left_s in HORIZONS_S:
            ours, signs = list[tuple[float, bool]](), list[tuple[float, bool]]()
            for half in (True, False):
                found = heard[not half].forecasts
                part = _part(found, window_s, left_s, half)
                ours += scored(part, chosen[not half].market)
                signs += signed(part, _part(found, window_s, left_s, not half))
            gap = difference(ours, signs, brier)
            figures = [f"{brier(one):.5f}" for one in (ours, signs)]
            table.add_row(rule, f"{left_s} s", str(len(ours)), *figures, _pm(gap, 4))
            name = f"crossed_brier_{rule}_{left_s}"
            entries.append(Entry(name, brier(ours), "1"))
            entries.append(Entry(f"{name}_less_sign", gap.value, "1", "< 0", gap.value < 0.0))
    console.print(table)
    return entries


def _part(found: Sequence[Forecast], window_s: int, left_s: int, is_odd: bool) -> list[Forecast]:
    return [
        one
        for one in found
        if one.left_s == left_s and one.round.window_s == window_s and one.is_odd == is_odd
    ]


def _sure_ones(console: Console, then: Heard, now: Heard, market: MarketSettings) -> list[Entry]:
    entries = list[Entry]()
    table = Table(
        "rule", "which", "n", "said", "seen", "95 of 100 draws", "inside",
        title=f"even hours: a side called {SURE} or more", title_justify="left",
    )  # fmt: skip
    for rule, window_s in _RULES:
        for label, heard, own in (("before", then, before.SETTINGS), ("now", now, market)):
            even = [
                one for one in heard.forecasts if not one.is_odd and one.round.window_s == window_s
            ]
            found = sure(even, own)
            table.add_row(rule, label, *_sure_row(found))
            if label == "now":
                target = f"{found.low:.3f} to {found.high:.3f}"
                name = f"reliability_{rule}_sure"
                entries.append(Entry(name, found.said, "said", target, found.is_inside))
                entries.append(Entry(f"{name}_seen", found.seen, "seen"))
                _show_reliability(console, rule, even, market)
    console.print(table)
    return entries


def _show_reliability(
    console: Console, rule: str, even: Sequence[Forecast], market: MarketSettings
) -> None:
    heads = [f"{edge / 10:.1f}+" for edge in range(10)]
    table = Table("left", *heads, title=f"{rule}: seen, said, count", title_justify="left")
    for left_s in HORIZONS_S:
        part = scored([one for one in even if one.left_s == left_s], market)
        cells = {min(9, int(said * 10)): (said, seen, n) for said, seen, n in reliability(part)}
        texts = [
            f"{cells[at][1]:.2f} {cells[at][0]:.2f} {cells[at][2]}" if at in cells else ""
            for at in range(10)
        ]
        table.add_row(f"{left_s} s", *texts)
    console.print(table)


def _minutes(console: Console, market: MarketSettings) -> list[Entry]:
    """Thirty days of candles; nothing was fitted on them."""
    heads = [f"{one} s: ratio, sd(z)" for one in candles.HORIZONS_S]
    table = Table("asset", *heads, title="one-minute candles, all hours", title_justify="left")
    entries = list[Entry]()
    for symbol, closes in candles.read_closes(_DATA).items():
        seen, cells = candles.predicted(closes, market), list[str]()
        for horizon_s in candles.HORIZONS_S:
            found = measured(pairs(seen, horizon_s), horizon_s, block_s=HOUR_S)
            cells.append(f"{_pm(found.ratio)}, {found.sd_z.value:.2f}")
            name = f"ratio_klines_{symbol.removesuffix('USDT').lower()}_{horizon_s}"
            entries.append(_within(name, found.ratio.value, RATIO))
        table.add_row(symbol, *cells)
    console.print(table)
    return entries


def _another(console: Console, market: MarketSettings) -> list[Entry]:
    """Mids that bounce and trend, and a close on a single trade."""
    title = f"another day: called {_CALLED} at {_CALLED_LEFT_S} s, settled by the last trade"
    table = Table(
        "asset", "which", "ratio: 10 s", "30 s", "60 s", "n", "said", "seen", "95 of 100 draws",
        "inside", title=title, title_justify="left",
    )  # fmt: skip
    entries = list[Entry]()
    for asset in another_day.ASSETS:
        tape = another_day.read_tape(_DATA, asset)
        kinds: tuple[tuple[str, Volatility, MarketSettings], ...] = (
            ("before", before.BeforeVolatility(), before.SETTINGS),
            ("now", Volatility(), market),
        )
        for label, volatility, own in kinds:
            seen = another_day.predicted(tape, own, volatility)
            ratios = [
                _pm(measured(pairs(seen, one), one, block_s=30).ratio) for one in (10, 30, 60)
            ]
            found = another_day.called(tape, seen, own, _CALLED, _CALLED_LEFT_S)
            table.add_row(asset, label, *ratios, *_sure_row(found))
            if label == "now":
                name, low = f"called_99_candle_10_{asset}", found.high >= _CALLED
                entries.append(Entry(name, found.seen, "seen", "0.99 or more, as drawn", low))
            else:
                entries.append(Entry(f"called_99_candle_10_{asset}_before", found.seen, "seen"))
    console.print(table)
    return entries


# --- cells --------------------------------------------------------------------------------------


def _sure_row(found: Sure) -> list[str]:
    drawn = f"{found.low:.3f} to {found.high:.3f}"
    verdict = "yes" if found.is_inside else "NO"
    return [str(found.count), f"{found.said:.3f}", f"{found.seen:.3f}", drawn, verdict]


def _within(name: str, value: float, target: tuple[float, float]) -> Entry:
    low, high = target
    return Entry(name, value, "1", f"{low} to {high}", low <= value <= high)


def _pm(figure: Figure, digits: int = 3) -> str:
    return f"{figure.value:.{digits}f} ± {figure.error:.{digits}f}"


if __name__ == "__main__":
    main()

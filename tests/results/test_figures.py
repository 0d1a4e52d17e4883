"""Figures of a report, each against a reckoning of its own."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from attrs import evolve
from made_evidence import START_NS, fill_of, made_evidence, round_at, trade_in

from polytui.model.effects import Reason
from polytui.model.units import MICRO, NS_PER_S
from polytui.results.bootstrap import mean_interval, ratio_interval
from polytui.results.equity_figures import drawdown, equity_figures
from polytui.results.evidence import BlockedEntry, EquityCurve
from polytui.results.fill_figures import fill_figures
from polytui.results.forecast_figures import forecast_figures
from polytui.results.pages.grids import opening_lines
from polytui.results.report import report_of
from polytui.results.trade_sums import entry_price, minutes_left, sums_of

_HOUR_NS = 3_600 * NS_PER_S


def curve(*dollars: float, every_ns: int = _HOUR_NS) -> EquityCurve:
    equity = np.array([round(one * MICRO) for one in dollars], dtype=np.int64)
    at_ns = START_NS + np.arange(len(dollars), dtype=np.int64) * every_ns
    return EquityCurve(at_ns, equity, np.zeros_like(equity))


# --- the account ----------------------------------------------------------------------------------


def test_the_deepest_fall_has_its_dates() -> None:
    found = drawdown(curve(100, 110, 104, 108, 90, 95, 111, 109), 100 * MICRO)
    assert found is not None
    assert (found.usd, found.share) == (20.0, pytest.approx(20 / 110))
    hours = [(at - START_NS) // _HOUR_NS for at in (found.peak_ns, found.trough_ns)]
    assert hours == [1, 4]
    assert found.recovered_ns == START_NS + 6 * _HOUR_NS


def test_a_fall_from_the_start_counts_and_may_last() -> None:
    found = drawdown(curve(95, 97, 96), 100 * MICRO)
    assert found is not None
    assert (found.usd, found.recovered_ns) == (5.0, None)
    assert drawdown(curve(100, 101, 102), 100 * MICRO) is None


def test_ratios_are_of_whole_hours_and_a_year_of_them() -> None:
    steps = [1.0, -0.5, 2.0, -1.0] * 6
    equity = [100.0 + sum(steps[: n + 1]) for n in range(len(steps))]
    found = equity_figures(curve(*equity), 100 * MICRO)
    returns = [step / 100.0 for step in steps]
    root = math.sqrt(365 * 24)
    mean = statistics.fmean(returns)
    below = math.sqrt(statistics.fmean(min(one, 0.0) ** 2 for one in returns))
    assert (found.period, found.periods) == ("hour", 24)
    assert found.sharpe == pytest.approx(mean / statistics.stdev(returns) * root)
    assert found.sortino == pytest.approx(mean / below * root)
    assert found.calmar == pytest.approx(sum(steps) * 365 * 24 / 23 / 1.0)


def test_few_returns_give_no_ratio() -> None:
    found = equity_figures(curve(*[100.0 + n % 3 for n in range(19)]), 100 * MICRO)
    assert (found.sharpe, found.sortino, found.calmar) == (None, None, None)


# --- trades ---------------------------------------------------------------------------------------


def test_sums_of_trades() -> None:
    up, down = round_at(0, "up"), round_at(1, "down")
    trades = [trade_in(up, 0.5), trade_in(up, 0.8), trade_in(down, 0.25)]
    found = sums_of(trades)
    assert (found.trades, found.rounds, found.wins, found.losses) == (3, 2, 2, 1)
    assert found.pnl_usd == pytest.approx(10.0 + 2.5 - 10.0)
    assert found.profit_factor == pytest.approx(1.25)
    assert found.expectancy_usd == pytest.approx(2.5 / 3)
    # 30 dollars bought 20 + 12.5 + 40 shares: so many of them must pay.
    assert found.held_price == pytest.approx(30 / 72.5)
    assert found.break_even_rate == pytest.approx(10.0 / (6.25 + 10.0))


def test_open_trades_are_in_no_sum() -> None:
    trade = evolve(trade_in(round_at(0, "up"), 0.5), pnl=None)
    assert sums_of([trade]).trades == 0


@pytest.mark.parametrize(
    ("cents", "label"),
    [(9.9, "0 to 10 c"), (10.0, "10 to 20 c"), (50.0, "50 to 60 c"), (99.9, "90 to 100 c")],
)
def test_entry_prices_have_borders(cents: float, label: str) -> None:
    assert entry_price(trade_in(round_at(0, "up"), cents / 100)) == label


@pytest.mark.parametrize(
    ("left_s", "label"),
    [(59.9, "under 1"), (60.0, "1 to 2"), (299.0, "3 to 5"), (3_600.0, "over 60"), (None, None)],
)
def test_minutes_left_have_borders(left_s: float | None, label: str | None) -> None:
    assert minutes_left(evolve(trade_in(round_at(0, "up"), 0.5), left_s=left_s)) == label


# --- fills ----------------------------------------------------------------------------------------


def test_slippage_and_mark_outs_are_signed_for_us() -> None:
    won, lost = round_at(0, "up"), round_at(1, "down")
    bought = evolve(
        fill_of(trade_in(won, 0.52)),
        decided_mid=500_000,
        mid=510_000,
        marks=(540_000, 500_000, None),
        shares=10 * MICRO,
        fee=100_000,
    )
    sold = evolve(bought, slug=lost.slug, side="sell", is_taker=False, price=520_000)
    (found,) = fill_figures([bought, sold], [won, lost])
    assert (found.fills, found.maker_fills) == (2, 1)
    assert found.slippage_cents == pytest.approx(2.0), "of the taker alone"
    assert found.drift_cents == pytest.approx(1.0)
    assert found.fee_cents == pytest.approx(1.0)
    assert found.maker_share == pytest.approx(0.5)
    means = {one.after: None if one.cents is None else one.cents.mean for one in found.mark_outs}
    # Bought at 52, then 54: two better; sold at 52, then 54: two worse.
    assert means["1 s"] == pytest.approx(0.0)
    assert means["30 s"] is None
    # The bought share paid a dollar, the sold one nothing.
    assert means["settlement"] == pytest.approx((48 + 52) / 2)


def test_no_winner_no_mark_out_to_settlement() -> None:
    unknown = round_at(0, "")
    (found,) = fill_figures([fill_of(trade_in(unknown, 0.5))], [unknown])
    assert found.mark_outs[-1].fills == 0


# --- forecasts ------------------------------------------------------------------------------------


def test_scores_beside_the_market() -> None:
    evidence = made_evidence(200)
    found = forecast_figures(evidence)
    assert found is not None
    whole, seen = found.scores[0], evidence.forecasts
    came = [evidence.rounds[n].winner == "up" for n in seen.round]
    pairs = list(zip(seen.fair_up, came, strict=True))
    assert whole.brier == pytest.approx(statistics.fmean((p - y) ** 2 for p, y in pairs))
    losses = [-math.log(p if y else 1 - p) for p, y in pairs]
    assert whole.log_loss == pytest.approx(statistics.fmean(losses))
    assert whole.brier_gap.mean == pytest.approx(whole.brier - whole.market_brier)
    assert whole.rounds == 200
    assert sum(one.count for one in found.reliability) == len(came)


def test_rounds_without_a_winner_are_not_scored() -> None:
    evidence = made_evidence(50)
    rounds = (evolve(evidence.rounds[0], winner=""), *evidence.rounds[1:])
    found = forecast_figures(evolve(evidence, rounds=rounds))
    assert found is not None
    assert (found.scores[0].rounds, found.scores[0].moments) == (49, 49 * 4)
    nobody = tuple(evolve(one, winner="") for one in evidence.rounds)
    assert forecast_figures(evolve(evidence, rounds=nobody)) is None


# --- intervals ------------------------------------------------------------------------------------


def test_rounds_that_close_together_are_one_block() -> None:
    """Four assets that always go the same way tell no more than one."""
    rng = np.random.default_rng(3)
    values = rng.normal(0.0, 1.0, 200)
    closes = [START_NS + n * 900 * NS_PER_S for n in range(1, 201)]
    one = mean_interval(values.tolist(), closes)
    four = mean_interval(np.repeat(values, 4).tolist(), np.repeat(closes, 4).tolist())
    assert (four.low, four.high) == (pytest.approx(one.low), pytest.approx(one.high))
    apart = mean_interval(
        np.repeat(values, 4).tolist(), [START_NS + n * 900 * NS_PER_S for n in range(1, 801)]
    )
    assert apart.high - apart.low < 0.7 * (one.high - one.low)


def test_a_stake_is_drawn_with_its_result() -> None:
    found = ratio_interval(
        [0.1, 5.0, 0.3], [1.0, 50.0, 3.0], [900 * n * NS_PER_S for n in (1, 2, 3)]
    )
    assert (found.low, found.high) == (pytest.approx(0.1), pytest.approx(0.1))
    with pytest.raises(ValueError, match="below the line"):
        ratio_interval([1.0], [0.0], [1])


def test_the_report_begins_with_what_it_is_worth() -> None:
    report = report_of(made_evidence(25))
    assert report.headline.startswith("rounds that nobody played")
    assert "25 of 27 rounds used (2 without a winner)" in report.headline
    assert any("25 rounds are few" in line for line in report.warnings)
    assert report.rebates_usd == 1.25
    modelled = evolve(made_evidence(25).coverage, modelled=("the market's price",))
    assert "MODELLED" in report_of(evolve(made_evidence(25), coverage=modelled)).headline


def test_what_is_a_plain_fact_is_no_warning() -> None:
    found = evolve(made_evidence(25).coverage, notes=("3 doubts",), facts=("1,152 winners",))
    lines = opening_lines(report_of(evolve(made_evidence(25), coverage=found)))
    assert lines[-1] == "1,152 winners"
    assert "warning: 3 doubts" in lines


def test_what_stopped_by_itself_for_long_is_told_before_any_figure() -> None:
    """Three losses in a row end most of a backtest: nobody is there who resumes it."""
    evidence = made_evidence(40)

    def warned(reason: Reason, stopped_s: float, *, is_shadow: bool = False) -> list[str]:
        own = [
            BlockedEntry("confluence", is_shadow, "btc", "5m", one.value, 3, seconds)
            for one, seconds in ((reason, stopped_s), (Reason.EDGE_SMALL, 100.0 - stopped_s))
        ]
        report = report_of(evolve(evidence, blocks=tuple(own)))
        return [line for line in report.warnings if "stopped" in line]

    (line,) = warned(Reason.LIMIT_LOSSES, 97.0)
    assert line.startswith("entries were stopped 97% of the time by losses in a row")
    assert "--with risk.max_losses_in_a_row=..." in line
    assert warned(Reason.LIMIT_LOSSES, 4.0) == []
    assert warned(Reason.LIMIT_LOSSES, 97.0, is_shadow=True) == [], "of a shadow nothing is stopped"
    assert warned(Reason.COOLDOWN, 97.0) == [], "it ends by itself"

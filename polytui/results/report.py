"""The report of whatever was played: every figure, made once of the evidence, for all pages."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from attrs import frozen

from polytui.model.effects import Reason
from polytui.model.minutes_left import MINUTES_LEFT
from polytui.model.units import MICRO
from polytui.results.equity_figures import EquityFigures, equity_figures
from polytui.results.evidence import BlockedEntry, Coverage, Evidence, OpenPosition, OrderCount
from polytui.results.fill_figures import FillFigures, fill_figures
from polytui.results.forecast_figures import ForecastFigures, forecast_figures
from polytui.results.trade_sums import (
    ENTRY_PRICES,
    Slice,
    Sums,
    entry_price,
    market,
    minutes_left,
    sliced,
    sums_of,
    way_out,
    whose,
)
from polytui.results.verdicts import EdgeVerdict, verdicts_of

SCHEMA_VERSION = 1
"""Of the report as JSON: grows when a figure changes its name or its meaning."""
REBATE = "rebate"
_STOPS = {
    Reason.LIMIT_LOSSES.value: "max_losses_in_a_row",
    Reason.LIMIT_DRAWDOWN.value: "max_drawdown_usd",
    Reason.LIMIT_DRAWDOWN_PCT.value: "max_drawdown_pct",
    Reason.KILL_SWITCH.value: "max_daily_loss_usd",
}
"""What waits for a person, and the limit that it comes from."""
_LONG_STOP = 0.05
"""Of a strategy's time."""
_FEW = 30


@frozen
class StrategySums:
    strategy: str
    is_shadow: bool
    sums: Sums


@frozen
class Breakdown:
    """The same trades sorted by one thing."""

    title: str
    slices: tuple[Slice, ...]


@frozen
class BlockSums:
    """What kept one strategy out, over all markets."""

    strategy: str
    is_shadow: bool
    reason: str
    times: int
    hours: float
    share: float
    """Of all that kept it out, by time."""


@frozen
class Report:
    schema: int
    headline: str
    """What it is worth: the first line of every page."""
    coverage: Coverage
    warnings: tuple[str, ...]
    verdicts: tuple[EdgeVerdict, ...]
    account: EquityFigures
    total: Sums
    """Of orders that were sent."""
    strategies: tuple[StrategySums, ...]
    breakdowns: tuple[Breakdown, ...]
    fills: tuple[FillFigures, ...]
    orders: tuple[OrderCount, ...]
    rebates_usd: float
    moves: tuple[tuple[str, float], ...]
    """Money that no trade explains, in dollars."""
    unattributed_usd: float
    """What the account gained beyond what its trades say: of rounds settled unseen, or of positions
    that are open."""
    forecast: ForecastFigures | None
    blocked: tuple[BlockSums, ...]
    left_open: tuple[OpenPosition, ...]


def report_of(evidence: Evidence) -> Report:
    closes = {one.slug: one.closes_ns for one in evidence.rounds}
    trades, moves = evidence.trades, dict(evidence.moves)
    sent = [one for one in trades if not one.is_shadow]
    total = sums_of(sent, closes)
    account = equity_figures(evidence.equity, evidence.start_usd)
    blocked = _blocked(evidence.blocks)
    return Report(
        schema=SCHEMA_VERSION,
        headline=headline(evidence.coverage),
        coverage=evidence.coverage,
        warnings=tuple(_warnings(evidence, blocked)),
        verdicts=verdicts_of(evidence),
        account=account,
        total=total,
        strategies=tuple(
            StrategySums(name, is_shadow, sums_of(own, closes))
            for (name, is_shadow), own in whose(trades).items()
        ),
        breakdowns=(
            Breakdown("asset and interval", sliced(trades, market)),
            Breakdown("minutes left at entry", sliced(trades, minutes_left, MINUTES_LEFT)),
            Breakdown("entry price", sliced(trades, entry_price, ENTRY_PRICES)),
            Breakdown("way out", sliced(trades, way_out)),
        ),
        fills=fill_figures(evidence.fills, evidence.rounds),
        orders=evidence.orders,
        rebates_usd=moves.get(REBATE, 0) / MICRO,
        moves=tuple((kind, amount / MICRO) for kind, amount in moves.items()),
        unattributed_usd=account.change_usd - total.pnl_usd,
        forecast=forecast_figures(evidence),
        blocked=blocked,
        left_open=evidence.left_open,
    )


def headline(coverage: Coverage) -> str:
    """Data, coverage, fills, rounds: what all the figures below are worth, before any of them."""
    found = coverage
    parts = [found.data or "no data"]
    if found.modelled:
        parts.append(f"MODELLED, not recorded: {', '.join(found.modelled)}")
    if found.world:
        parts.append("a simulated crowd: an edge against it proves nothing about the real venue")
    rounds = f"{found.used:,} of {found.seen:,} rounds used"
    if found.skipped:
        said = ", ".join(f"{count:,} {words}" for words, count in found.skipped)
        rounds += f" ({said})"
    parts.append(rounds)
    parts.append(f"fills: {found.fills}" if found.fills else "fills: by no rule that is named")
    return "; ".join(parts)


def _warnings(evidence: Evidence, blocked: Sequence[BlockSums]) -> Iterable[str]:
    coverage = evidence.coverage
    yield from coverage.notes
    yield from (f"figures differ: {text}" for text in evidence.differences)
    if 0 < coverage.used < _FEW:
        yield f"{coverage.used} rounds are few: chance explains most of what is below"
    if coverage.is_market_modelled:
        yield "the market is a model: whoever beats it is not called positive for that"
    yield from _stops(blocked)
    if evidence.trades and all(one.is_shadow for one in evidence.trades):
        yield "no order was sent: all trades are virtual ones, of strategies in shadow"


def _stops(blocked: Sequence[BlockSums]) -> Iterable[str]:
    """What stopped by itself for long: nobody was there to look at it and go on."""
    longest: dict[str, float] = {}
    for one in blocked:
        if one.reason in _STOPS and not one.is_shadow:
            longest[one.reason] = max(one.share, longest.get(one.reason, 0.0))
    for reason, share in sorted(longest.items()):
        if share >= _LONG_STOP:
            yield (
                f"entries were stopped {share:.0%} of the time by {reason}, and nobody resumed them"
                " as a person would: figures and verdicts are of the rest"
                f" (--with risk.{_STOPS[reason]}=... to judge strategies without that limit)"
            )


def _blocked(blocks: Sequence[BlockedEntry]) -> tuple[BlockSums, ...]:
    times = Counter[tuple[str, bool, str]]()
    seconds: dict[tuple[str, bool, str], float] = defaultdict(float)
    wholes: dict[tuple[str, bool], float] = defaultdict(float)
    for one in blocks:
        key = (one.strategy, one.is_shadow, one.reason)
        times[key] += one.times
        seconds[key] += one.seconds
        wholes[one.strategy, one.is_shadow] += one.seconds
    found = [
        BlockSums(
            *key,
            times=times[key],
            hours=seconds[key] / 3600.0,
            share=seconds[key] / (wholes[key[0], key[1]] or 1.0),
        )
        for key in times
    ]
    return tuple(sorted(found, key=lambda one: (one.strategy, one.is_shadow, -one.hours)))

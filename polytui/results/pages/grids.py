"""A report as titled tables of short texts: what the terminal, Markdown and HTML have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from attrs import frozen

from polytui.model.units import MICRO, NS_PER_S
from polytui.results.bootstrap import Measured
from polytui.results.report import Report
from polytui.results.trade_sums import Sums
from polytui.results.verdicts import LEAST_ROUNDS, TWENTYFOLD

_MOST_REASONS = 6
"""Of one strategy, on a page; JSON has all."""
_MOST_OPEN = 30
NONE = "-"


@frozen
class Grid:
    title: str
    columns: tuple[str, ...]
    """The first ones are words, `words` of them; the others numbers."""
    rows: tuple[tuple[str, ...], ...]
    words: int = 1
    note: str = ""


def grids_of(report: Report) -> Iterator[Grid]:
    """In the order in which one asks."""
    yield _verdicts(report)
    yield _account(report)
    yield _strategies(report)
    for breakdown in report.breakdowns:
        rows = [
            (_who(one.strategy, one.is_shadow), one.label, *_short(one.sums))
            for one in breakdown.slices
        ]
        columns = ("strategy", breakdown.title, *_SHORT)
        yield Grid(f"PnL by {breakdown.title}", columns, tuple(rows), words=2)
    yield _fills(report)
    yield _mark_outs(report)
    yield from _forecast(report)
    yield _blocked(report)
    yield _left_open(report)


# --- tables ---------------------------------------------------------------------------------------


def _verdicts(report: Report) -> Grid:
    rows = [
        (
            _who(one.strategy, one.is_shadow),
            one.word.value,
            f"{one.rounds:,}",
            usd(one.staked_usd),
            signed_usd(one.pnl_usd),
            measured_percent(one.per_dollar),
            f"{one.grown:.2f}",
            NONE if one.rounds_needed is None else f"{one.rounds_needed:,}",
        )
        for one in report.verdicts
    ]
    columns = ("strategy", "edge", "rounds", "staked $", "PnL $", "per $ staked (95 %)")
    note = (
        f"Positive needs both: the interval above zero, and a gambler's dollar grown to"
        f" {TWENTYFOLD:.0f}. Of {len(rows)} strategies without an edge about"
        f" {len(rows) / 20:.1f} would get there by chance. Rounds needed are at least so many where"
        f" there were fewer than {LEAST_ROUNDS}."
    )
    more = ("gambler's $", "rounds needed")
    return Grid("Has it an edge?", (*columns, *more), tuple(rows), words=2, note=note)


def _account(report: Report) -> Grid:
    account, total = report.account, report.total
    fall = account.drawdown
    rows = [
        ("cash at the start", usd(account.start_usd)),
        ("at the end, what is held at its cost", usd(account.end_usd)),
        ("change", signed_usd(account.change_usd)),
        ("of that, of no trade that is final", signed_usd(report.unattributed_usd)),
        ("most at risk at once", usd(account.most_at_risk_usd)),
    ]
    if fall is None:
        rows.append(("deepest drawdown", "none"))
    else:
        rows += [
            ("deepest drawdown", f"{usd(fall.usd)} ({fall.share:.1%})"),
            ("its peak", moment(fall.peak_ns)),
            ("its trough", moment(fall.trough_ns)),
            (
                "made good",
                "not yet" if fall.recovered_ns is None else moment(fall.recovered_ns),
            ),
        ]
    returns = f"of {account.periods} returns of a {account.period}, a year's"
    rows += [
        (f"Sharpe, {returns}", number(account.sharpe)),
        (f"Sortino, {returns}", number(account.sortino)),
        ("Calmar, a year's return over the deepest drawdown", number(account.calmar)),
        ("profit factor", number(total.profit_factor)),
        ("expectancy of a trade $", _or_none(total.expectancy_usd, "{:+.4f}")),
        ("fees $", usd(total.fees_usd)),
        ("rebates $", usd(report.rebates_usd)),
    ]
    rows += [(f"{kind} $", signed_usd(amount)) for kind, amount in report.moves if kind != "rebate"]
    return Grid("The account", ("", ""), tuple(rows))


def _strategies(report: Report) -> Grid:
    rows = [
        (
            _who(one.strategy, one.is_shadow),
            f"{one.sums.trades:,}",
            usd(one.sums.staked_usd),
            usd(one.sums.fees_usd),
            signed_usd(one.sums.pnl_usd),
            measured_percent(one.sums.per_dollar),
            percent(one.sums.win_rate),
            percent(one.sums.break_even_rate),
            percent(one.sums.held_rate),
            cents(one.sums.held_price),
            number(one.sums.profit_factor),
            _or_none(one.sums.expectancy_usd, "{:+.3f}"),
        )
        for one in report.strategies
    ]
    columns = (
        *("strategy", "trades", "staked $", "fees $", "PnL $", "per $ staked (95 %)", "wins"),
        *("wins to break even", "held: won", "held: break-even price"),
        *("profit factor", "expectancy $"),
    )
    note = "A share that is held to settlement pays when its side wins: so often as its price says."
    return Grid("Strategies", columns, tuple(rows), note=note)


_SHORT = ("trades", "staked $", "PnL $", "wins", "held: won", "held: break-even price")


def _short(sums: Sums) -> tuple[str, ...]:
    return (
        f"{sums.trades:,}",
        usd(sums.staked_usd),
        signed_usd(sums.pnl_usd),
        percent(sums.win_rate),
        percent(sums.held_rate),
        cents(sums.held_price),
    )


def _fills(report: Report) -> Grid:
    orders = {one.strategy: one for one in report.orders}
    rows = []
    for one in report.fills:
        sent = None if one.is_shadow else orders.get(one.strategy)
        rows.append(
            (
                _who(one.strategy, one.is_shadow),
                NONE if sent is None else f"{sent.sent:,}",
                NONE if sent is None else f"{sent.refused:,}",
                f"{one.fills:,}",
                usd(one.volume_usd),
                percent(one.maker_share),
                usd(one.fees_usd),
                _or_none(one.fee_cents, "{:.2f}"),
                _or_none(one.slippage_cents, "{:+.2f}"),
                _or_none(one.drift_cents, "{:+.2f}"),
            )
        )
    columns = (
        *("strategy", "orders", "refused", "fills", "volume $", "maker share", "fees $"),
        *("fee c a share", "slippage c", "of it on the way c"),
    )
    note = "Slippage: paid beyond the mid of when the order was decided, half the spread included."
    return Grid("Fills and what they cost", columns, tuple(rows), note=note)


def _mark_outs(report: Report) -> Grid:
    first = report.fills[0].mark_outs if report.fills else ()
    rows = [
        (
            _who(one.strategy, one.is_shadow),
            *(measured_cents(each.cents) for each in one.mark_outs),
        )
        for one in report.fills
    ]
    columns = ("strategy", *(one.after for one in first))
    note = "Mid so long after the fill less its price, signed for us; fees are not in it."
    return Grid("Mark-out, cents a share (95 %)", columns, tuple(rows), note=note)


def _forecast(report: Report) -> Iterator[Grid]:
    found = report.forecast
    if found is None:
        yield Grid("Fair value beside the market's mid", ("", ""), ())
        return
    rows = [
        (
            one.label,
            f"{one.moments:,}",
            f"{one.rounds:,}",
            f"{one.brier:.4f}",
            f"{one.market_brier:.4f}",
            _gap(one.brier_gap),
            f"{one.log_loss:.4f}",
            f"{one.market_log_loss:.4f}",
            _gap(one.log_loss_gap),
        )
        for one in found.scores
    ]
    columns = (
        *("", "moments", "rounds", "Brier", "market's", "ours less theirs (95 %)"),
        *("log loss", "market's", "ours less theirs (95 %)"),
    )
    note = f"Below zero: better than the market. At {found.missed:,} moments one was not known."
    yield Grid("Fair value beside the market's mid", columns, tuple(rows), note=note)
    yield Grid(
        "Reliability: what was said, and how often it came",
        ("whose", "said", "came", "moments", "rounds"),
        tuple(
            (whose, f"{one.said:.1%}", f"{one.came:.1%}", f"{one.count:,}", f"{one.rounds:,}")
            for whose, bins in (
                ("ours", found.reliability),
                ("the market's", found.market_reliability),
            )
            for one in bins
        ),
    )


def _blocked(report: Report) -> Grid:
    rows, counts = list[tuple[str, ...]](), dict[tuple[str, bool], int]()
    for one in report.blocked:
        key = (one.strategy, one.is_shadow)
        counts[key] = counts.get(key, 0) + 1
        if counts[key] <= _MOST_REASONS:
            who = _who(*key)
            rows.append(
                (who, one.reason, f"{one.times:,}", f"{one.hours:,.2f}", f"{one.share:.0%}")
            )
    columns = ("strategy", "reason", "times", "hours", "share of its time")
    note = f"The {_MOST_REASONS} that kept each out longest."
    return Grid("What kept them out", columns, tuple(rows), words=2, note=note)


def _left_open(report: Report) -> Grid:
    rows = [
        (
            _who(one.strategy, one.is_shadow),
            one.slug,
            one.outcome,
            f"{one.shares / MICRO:,.2f}",
            usd(one.cost / MICRO),
            NONE if one.mid is None else usd(one.mid * one.shares / MICRO / MICRO),
        )
        for one in report.left_open[:_MOST_OPEN]
    ]
    columns = ("strategy", "round", "outcome", "shares", "cost $", "at the mid $")
    more = len(report.left_open) - len(rows)
    return Grid(
        "Left open at the end",
        columns,
        tuple(rows),
        words=3,
        note=f"and {more:,} more" if more > 0 else "",
    )


# --- words ----------------------------------------------------------------------------------------


def _who(strategy: str, is_shadow: bool) -> str:
    return f"{strategy or 'nobody'} (shadow)" if is_shadow else strategy or "nobody"


def usd(value: float) -> str:
    return f"{value:,.2f}"


def signed_usd(value: float) -> str:
    return f"{value:+,.2f}"


def percent(value: float | None) -> str:
    return _or_none(value, "{:.1%}")


def cents(price: float | None) -> str:
    return NONE if price is None else f"{price * 100:.1f} c"


def number(value: float | None) -> str:
    return _or_none(value, "{:.2f}")


def _or_none(value: float | None, form: str) -> str:
    return NONE if value is None else form.format(value)


def measured_percent(found: Measured | None) -> str:
    return _measured(found, "{:+.1%}")


def measured_cents(found: Measured | None) -> str:
    return _measured(found, "{:+.2f}")


def _gap(found: Measured) -> str:
    return _measured(found, "{:+.4f}")


def _measured(found: Measured | None, form: str) -> str:
    if found is None:
        return NONE
    mean, low, high = (form.format(one) for one in (found.mean, found.low, found.high))
    return f"{mean} ({low} to {high})" if found.has_interval else f"{mean} (too few)"


def moment(at_ns: int) -> str:
    """UTC, to the second."""
    return datetime.fromtimestamp(at_ns // NS_PER_S, UTC).strftime("%Y-%m-%d %H:%M:%S")


def opening_lines(report: Report) -> Sequence[str]:
    """What it is worth, first of all; then when it was, what is wrong with it, and what else was
    counted."""
    found = report.coverage
    when = f"from {moment(found.from_ns)} to {moment(found.until_ns)} UTC"
    recorded = f"recorded: {', '.join(found.recorded)}" if found.recorded else ""
    return [
        report.headline,
        "; ".join([when, *([recorded] if recorded else [])]),
        *(f"warning: {line}" for line in report.warnings),
        *found.facts,
    ]


def shown(grids: Iterable[Grid]) -> Iterator[Grid]:
    """Those in which something stands."""
    return (grid for grid in grids if grid.rows)

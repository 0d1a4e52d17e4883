"""What a session came to: one JSON object, and the same in a few lines for people."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from polytui.execution.paper import PaperAccount
from polytui.model.units import format_micro
from polytui.runtime.asset import AssetRun
from polytui.runtime.meter import Samples
from polytui.runtime.session import Session

Summary = dict[str, Any]


def summarise(session: Session, runs: Sequence[AssetRun], hands: PaperAccount) -> Summary:
    """Money in dollars as exact decimals in strings: JSON numbers are floats to most readers."""
    account = session.mind.account
    assets = {run.asset.value: _asset(session, run) for run in runs}
    counted = ("rounds", "signals", "orders", "fills")
    totals: Summary = {name: sum(asset[name] for asset in assets.values()) for name in counted}
    totals |= {
        "fees_usd": format_micro(account.fees, 2),
        "pnl_usd": format_micro(account.realised, 2),
        "cash_usd": format_micro(account.cash, 2),
        "starting_cash_usd": format_micro(account.starting_cash, 2),
        "open_flow_usd": format_micro(account.cash - account.starting_cash - account.realised, 2),
    }
    return {
        "mode": session.mode,
        "seed": session.seed,
        "rounds_settled": totals["rounds"],
        "assets": assets,
        "totals": totals,
        "reconciled": _reconcile(session, hands),
        "latency_us": {
            "tick_to_decision": _percentiles(session.meter.decided, 1_000),
            "tick_to_order": _percentiles(session.meter.acted, 1_000),
            "decision_to_ack": _percentiles(session.meter.answered, 1_000),
        },
        "round_detect_ms": _percentiles(session.meter.rounds, 1_000_000),
        "feeds": _feeds(runs),
        "errors": list(session.errors),
        "stopped": session.stop_reason,
        "journal": _relative(session.journal.path),
    }


def _asset(session: Session, run: AssetRun) -> Summary:
    books = session.mind.account.books(run.asset)
    return {
        "rounds": books.rounds_settled,
        "signals": books.signals,
        "orders": books.orders,
        "fills": books.fills,
        "working_orders": books.working,
        "pnl_usd": format_micro(books.realised, 2),
        "fees_usd": format_micro(books.fees, 2),
        "lives": run.life,
        "halted": run.detail if run.state is not None and run.state.value == "halted" else None,
    }


def _reconcile(session: Session, hands: PaperAccount) -> Summary:
    """Two parties counted the money apart: our ledger, and the hands as the venue would."""
    account = session.mind.account
    pnl = account.realised
    return {
        "traded_usd": format_micro(hands.traded, 2),
        "settlements_usd": format_micro(hands.payouts, 2),
        "hands_cash_usd": format_micro(hands.cash, 2),
        "ledger_cash_usd": format_micro(account.cash, 2),
        "is_cash_equal": hands.cash == account.cash,
        "is_pnl_traded_plus_settlements": pnl == hands.traded + hands.payouts,
    }


def _percentiles(samples: Samples, unit_ns: int) -> Summary:
    p50, p99 = samples.percentiles(50, 99)
    largest = samples.largest if samples.count else None
    values = {"p50": p50, "p99": p99, "max": largest}
    named = {
        name: None if value is None else round(value / unit_ns, 1) for name, value in values.items()
    }
    return {**named, "count": samples.count}


def _feeds(runs: Sequence[AssetRun]) -> Summary:
    return {
        f"{run.asset.value}.{name}": {
            "messages": total.messages,
            "reconnects": total.reconnects,
            "stale": total.stale,
            "rejected": total.rejected,
        }
        for run in runs
        for name, total in run.feed_totals().items()
    }


def _relative(path: Path) -> str:
    return os.path.relpath(path)


def summary_table(summary: Summary) -> Table:
    """The same for people: one row an asset, and a line of totals."""
    table = Table(title=f"{summary['mode']} session: {summary['stopped']}", title_justify="left")
    for name in ("asset", "rounds", "orders", "fills", "fees", "PnL"):
        table.add_column(name, justify="left" if name == "asset" else "right")
    for name, asset in summary["assets"].items():
        table.add_row(name.upper(), *_cells(asset))
    table.add_section()
    table.add_row("all", *_cells(summary["totals"]))
    return table


def _cells(row: Summary) -> list[str]:
    return [
        str(row["rounds"]),
        str(row["orders"]),
        str(row["fills"]),
        row["fees_usd"],
        row["pnl_usd"],
    ]

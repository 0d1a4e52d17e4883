"""What a session came to: one JSON object, and the same in a few lines for people."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import attrs
from rich.table import Table

from polytui.config.deciding import ClaimSettings
from polytui.config.schema import DemoSettings
from polytui.desk.account import Account
from polytui.execution.client import VenueMoney
from polytui.ledger.attribution import StrategyResult
from polytui.model.effects import Reason
from polytui.model.instrument import Asset
from polytui.model.snapshot import AssetState
from polytui.model.units import MICRO
from polytui.runtime.asset import AssetRun
from polytui.runtime.latency_summary import latency_figures
from polytui.runtime.meter import Samples
from polytui.runtime.pace import Pace
from polytui.runtime.session import Session

Summary = dict[str, Any]


def summarise(session: Session, runs: Sequence[AssetRun], venue: VenueMoney, pace: Pace) -> Summary:
    """What `--json` writes of a session."""
    claims = session.settings.claims
    session.latency.settle(runs)
    money = money_summary(session.mind.account, [run.asset for run in runs], venue, claims)
    for run in runs:
        is_halted = run.state is AssetState.HALTED
        money["assets"][run.asset.value] |= {"lives": run.life, "halted": is_halted}
    return {
        "mode": session.mode,
        "seed": session.seed,
        "recovered": None if session.goes_on is None else session.goes_on.figures,
        "speed": pace.summary(),
        **({} if session.seed is None else simulated(session.settings.demo)),
        **money,
        "winnings": venue.winnings,
        "latency_us": {
            "tick_to_decision": _percentiles(session.meter.decided, 1_000),
            "tick_to_order": _percentiles(session.meter.acted, 1_000),
            "decision_to_ack": _percentiles(session.meter.answered, 1_000),
        },
        **latency_figures(session.latency),
        "round_detect_ms": _percentiles(session.meter.rounds, 1_000_000),
        "feeds": _feeds(runs),
        "in_the_way": session.reasons.shares(),
        "errors": list(session.errors),
        "unkept": session.unkept,
        "stopped": session.stop_reason,
        "journal": os.path.relpath(session.journal.path),
    }


def simulated(demo: DemoSettings) -> Summary:
    """Against whom a demo was played: what it earns hangs on that more than on anything."""
    return {
        "simulated": {
            "world": demo.world,
            "crowd_delay_s": demo.crowd_delay_s,
            "messages": demo.messages,
        }
    }


def world_lines(summary: Summary) -> list[str]:
    """The same for people; none for a session on real data."""
    if "simulated" not in summary:
        return []
    world = summary["simulated"]
    late = f"{world['crowd_delay_s']:g} s behind the exchanges (real ones are about 0.3)"
    part = f"{world['messages']:.0%} of a real day's messages"
    return [f"simulated: a {world['world']} world, its crowd {late}, {part}"]


def money_summary(
    account: Account, assets: Sequence[Asset], venue: VenueMoney, claims: ClaimSettings
) -> Summary:
    """The part that every way of playing has: rounds, orders and money by asset and in all."""
    by_asset = {asset.value: _asset(account, asset) for asset in assets}
    counted = ("rounds", "signals", "orders", "fills")
    totals: Summary = {name: sum(one[name] for one in by_asset.values()) for name in counted}
    totals |= {
        "fees_usd": usd(account.fees - account.earlier.fees),
        "pnl_usd": usd(account.realised - account.earlier.realised),
        "cash_usd": usd(account.cash),
        "starting_cash_usd": usd(
            account.starting_cash + account.moves.before + account.earlier.realised
        ),
        "open_flow_usd": usd(account.at_risk.totals.flow),
        "moved_usd": {kind.value: usd(each) for kind, each in account.moves.by_kind.items()},
    }
    return {
        "rounds_settled": totals["rounds"],
        "assets": by_asset,
        "totals": totals,
        "strategies": _strategies(account, assets, claims),
        "own_strategies": {
            one.name: {
                "digest": one.digest,
                "origin": one.origin,
                "halted": account.roster.halted_words(one.name),
            }
            for one in account.roster.loaded
        },
        "forecast": {asset.value: _forecast(account, asset) for asset in assets},
        "kill_switch": {"is_on": account.kill_switch.is_on, "why": account.kill_switch.why},
        "reconciled": _reconcile(account, venue),
    }


def _strategies(account: Account, assets: Sequence[Asset], claims: ClaimSettings) -> Summary:
    """What came of each strategy over all assets, live and in shadow; settled rounds only."""
    found: Summary = {}
    for asset in assets:
        asset_account = account.of(asset)
        for kind, results in (
            ("live", asset_account.live.results()),
            ("shadow", asset_account.shadow.results()),
        ):
            for name, result in results.items():
                one = found.setdefault(name, {}).setdefault(kind, dict.fromkeys(_COUNTED, 0))
                one |= {key: one[key] + _figure(result, key) for key in _COUNTED}
    scored: Summary = {
        name: {kind: _in_dollars(one) for kind, one in kinds.items()}
        for name, kinds in found.items()
    }
    for name, record in account.claims.records(assets, claims).items():
        scored.setdefault(name, {})["claims"] = attrs.asdict(record)
    return scored


def _forecast(account: Account, asset: Asset) -> Summary:
    """How well the forecast fitted: the sd of what came in sigmas foreseen by seconds ahead,
    and what was said of rounds by seconds before their close."""
    watch = account.of(asset).watch
    return {
        "ahead_s": {
            str(fit.horizon_s): {"samples": round(fit.samples, 1), "sd": round(fit.sd, 4)}
            for fit in watch.fits()
            if fit.samples
        },
        "before_close_s": {
            str(one.left_s): {
                "rounds": round(one.rounds, 1),
                "brier": round(one.brier, 4),
                "bins": [[round(value, 4) for value in each] for each in one.bins],
            }
            for one in watch.reliabilities()
            if one.rounds
        },
    }


_COUNTED = ("entries", "exits", "wins", "losses", "staked", "fees", "pnl")
_MONEY = ("staked", "fees", "pnl")


def _figure(result: StrategyResult, key: str) -> int:
    value: int = getattr(result, key)
    return value


def _in_dollars(one: Summary) -> Summary:
    return {
        f"{key}_usd" if key in _MONEY else key: usd(value) if key in _MONEY else value
        for key, value in one.items()
    }


def usd(millionths: int) -> float:
    """Dollars as a JSON number: every millionth up to a billion dollars is written exactly."""
    return millionths / MICRO


def _asset(account: Account, asset: Asset) -> Summary:
    asset_account = account.of(asset)
    earlier = asset_account.earlier
    return {
        "rounds": asset_account.rounds_settled,
        "signals": asset_account.signals - earlier.signals,
        "orders": asset_account.orders - earlier.orders,
        "fills": asset_account.fills - earlier.fills,
        "working_orders": asset_account.working,
        "pnl_usd": usd(asset_account.realised - earlier.realised),
        "fees_usd": usd(asset_account.fees - earlier.fees),
        "venue": {
            "contradictions": dict(asset_account.contradictions),
            "stray_fills": asset_account.stray_fills,
            "reversals": asset_account.reversals,
            "unplaced": asset_account.unplaced + len(asset_account.strays),
            "unsent": asset_account.unsent,
        },
        "paused": "" if asset_account.paused_why is None else asset_account.paused_why.text(),
        "breakers": {reason.value: count for reason, count in asset_account.breakers.trips.items()},
        "lives": 1,
        "halted": False,
    }


def _reconcile(account: Account, venue: VenueMoney) -> Summary:
    """Two parties counted the money apart: our ledger, and the venue."""
    pnl = account.realised - account.earlier.realised
    return {
        "traded_usd": usd(venue.traded),
        "settlements_usd": usd(venue.payouts),
        "client_cash_usd": usd(venue.cash),
        "ledger_cash_usd": usd(account.cash),
        "is_cash_equal": venue.cash == account.cash,
        "is_pnl_traded_plus_settlements": pnl == venue.traded + venue.payouts,
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
            "ignored": total.ignored,
            "misdated": total.misdated,
        }
        for run in runs
        for name, total in run.feed_totals().items()
    }


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


def forecast_lines(summary: Summary) -> list[str]:
    """How well each asset's forecast fitted what came, and each strategy's claims."""
    lines = []
    for name, found in summary["forecast"].items():
        fits = [f"{one['sd']:.2f} at {s} s" for s, one in found["ahead_s"].items()]
        if fits:
            lines.append(f"{name.upper()} came, in sigmas foreseen: {', '.join(fits)}")
    for name, kinds in summary["strategies"].items():
        if one := kinds.get("claims"):
            figures = [f"{one[key] * 100:+.1f} c {key}" for key in ("claimed", "realised", "used")]
            lines.append(f"{name}: {one['count']:.0f} claims, a share {', '.join(figures)}")
    return lines


def moved_lines(summary: Summary) -> list[str]:
    """Money that came or went without a trade: no part of any result."""
    moved = summary["totals"].get("moved_usd", {})
    return [f"{kind}: {amount:+.6f} USD, no result" for kind, amount in moved.items()]


def recovered_lines(summary: Summary) -> list[str]:
    """What the session went on from; the figures above are its own."""
    from_before = summary.get("recovered")
    return [from_before["words"]] if from_before else []


def safety_lines(summary: Summary) -> list[str]:
    """What stopped entries by itself, and what stops them still."""
    lines = []
    for name, asset in summary["assets"].items():
        trips = ", ".join(f"{reason} {count}" for reason, count in asset["breakers"].items())
        if trips:
            lines.append(f"{name.upper()} stopped by itself: {trips}")
        if odd := odd_words(asset["venue"]):
            lines.append(f"{name.upper()} and its venue differ: {odd}")
        if unsent := asset["venue"]["unsent"]:
            lines.append(f"{name.upper()}: {unsent} orders not sent, the venue would not take them")
        if asset["paused"]:
            lines.append(f"{name.upper()} is paused: {asset['paused']}")
    for name, one in summary.get("own_strategies", {}).items():
        version = f"{name} {one['digest']} of {one['origin']}"
        lines.append(f"{version}: {one['halted'] or 'played to the end'}")
    if winnings := summary.get("winnings"):
        lines.append(f"winnings: {winnings}")
    if why := _why_no_order(summary):
        lines.append(why)
    if summary["kill_switch"]["is_on"]:
        lines.append(f"kill switch is on: {summary['kill_switch']['why']}")
    return lines


def odd_words(venue: Summary) -> str:
    """What the venue said that did not fit; empty on a good day."""
    said = [f"{count} x {what}" for what, count in venue["contradictions"].items()]
    counted = ("stray_fills", "reversals", "unplaced")
    said += [f"{venue[key]} {key.replace('_', ' ')}" for key in counted if venue[key]]
    return ", ".join(said)


_NAMED = 3
_SLOWER = 4.0


def _why_no_order(summary: Summary) -> str:
    """For a session that never sent one: what stood in the way, and how often."""
    shares: dict[str, float] = summary.get("in_the_way", {})
    if summary["totals"]["orders"] or not shares:
        return ""
    named = [f"{name} {share:.0%} of the time" for name, share in list(shares.items())[:_NAMED]]
    late, speed = shares.get(Reason.BOOK_LATE.value, 0.0), summary["speed"]["last"]
    is_hasty = late > 0.5 and speed > 1.0
    hint = f"; try --speed {max(1.0, speed / _SLOWER):.2g}" if is_hasty else ""
    return f"no order: {', '.join(named)}{hint}"


def _cells(row: Summary) -> list[str]:
    return [
        str(row["rounds"]),
        str(row["orders"]),
        str(row["fills"]),
        f"{row['fees_usd']:.5f}",
        f"{row['pnl_usd']:+.6f}",
    ]

"""Two standings of one wallet as one: what two folders did with it apart, added up.

Whoever adds them does not know for sure that both are of this wallet. So what lost is added, what
won is not, and whatever stops anything stops it.
"""

from __future__ import annotations

from attrs import evolve

from polytui.model.risk_state import RiskStateRestored, Stopped
from polytui.model.units import Usd


def sum_of(kept: RiskStateRestored, left: RiskStateRestored) -> RiskStateRestored:
    """`kept`, and what `left` says beside it: never more room than either of them leaves."""
    newer, older = (kept, left) if kept.day >= left.day else (left, kept)
    realised, trades = newer.realised_today, newer.trades_today
    if newer.day == older.day:
        realised = Usd(min(0, realised) + min(0, older.realised_today))
        trades += older.trades_today
    rows, more = dict(kept.losses_in_a_row), dict(left.losses_in_a_row)
    bases = [one.equity_peak for one in (kept, left) if one.equity_peak]
    return evolve(
        kept,
        day=newer.day,
        realised_today=realised,
        trades_today=trades,
        realised_peak=Usd(kept.realised_peak + left.realised_peak),
        equity_peak=min(bases, default=Usd(0)),
        losses_in_a_row=tuple(
            (asset, max(rows.get(asset, 0), more.get(asset, 0)))
            for asset in sorted(rows.keys() | more.keys())
        ),
        kill_why=kept.kill_why or left.kill_why,
        kill_since_ns=kept.kill_since_ns if kept.kill_why else left.kill_since_ns,
        stopped=_stopped(kept.stopped, left.stopped),
        claims=kept.claims or left.claims,
        forecasts=kept.forecasts or left.forecasts,
    )


def _stopped(kept: tuple[Stopped, ...], left: tuple[Stopped, ...]) -> tuple[Stopped, ...]:
    by_asset = {one.asset: one for one in kept}
    for one in left:
        there = by_asset.get(one.asset)
        by_asset[one.asset] = one if there is None else _both(there, one)
    return tuple(by_asset[asset] for asset in sorted(by_asset))


def _both(one: Stopped, other: Stopped) -> Stopped:
    return Stopped(
        one.asset,
        is_paused=one.is_paused or other.is_paused,
        is_flattening=one.is_flattening or other.is_flattening,
        whys=one.whys or other.whys,
        breakers=tuple(dict.fromkeys((*one.breakers, *other.breakers))),
        is_flattened=one.is_flattened or other.is_flattened,
    )

"""From a mind and what its engine knows besides to what faces may see: one asset, the account.

An engine shows its own figures, a player those that the journal has of it.
"""

from __future__ import annotations

from polytui.config.schema import Settings
from polytui.desk.mind import Mind
from polytui.desk.snapshots import desk_state, marked_pnl, show_asset
from polytui.desk.snapshots_deciding import account_limits
from polytui.model.engine_figures import AssetFigures, EngineFigures, SessionFacts
from polytui.model.instrument import Asset
from polytui.model.snapshot import NO_CONSENSUS, AccountView, AssetState, AssetView, LimitView


def show_life(mind: Mind, asset: Asset, now_ns: int, figures: AssetFigures) -> AssetView:
    """One asset, whether its desk has begun or not."""
    desk = mind.desks.get(asset)
    if desk is None:
        return _nothing_yet(asset, now_ns, figures)
    state, detail = desk_state(desk, mind.account)
    if figures.state is not None:
        state, detail = figures.state, figures.detail
    return show_asset(desk, now_ns, state, detail, figures.feeds)


def show_account(
    mind: Mind,
    now_ns: int,
    settings: Settings,
    settings_digest: str,
    facts: SessionFacts,
    figures: EngineFigures,
) -> AccountView:
    """The account. `settings` are those in force."""
    account = mind.account
    rounds = account.ramp_rounds(settings.live.ramp_rounds)
    is_ramping = not account.ramp.is_over(rounds)
    return AccountView(
        at_ns=now_ns,
        mode=facts.mode,
        speed=figures.speed,
        started_ns=facts.started_ns,
        is_killed=account.kill_switch.is_on,
        is_stopping=figures.is_stopping,
        cash=account.cash,
        exposure=account.exposure,
        realised_pnl=account.realised,
        marked_pnl=sum(marked_pnl(desk) for desk in mind.desks.values()),
        working_orders=account.working_orders,
        fees=account.fees,
        journal=facts.journal,
        assets=facts.assets,
        lag_us=figures.lag_us,
        limits=limits_of_account(mind, now_ns),
        kill_why=account.kill_switch.why,
        settings_digest=settings_digest,
        behind_ms=figures.behind_ms,
        latencies=figures.latencies,
        wallet=figures.wallet,
        moved=sum(account.moves.by_kind.values()),
        halted_strategies=tuple(account.roster.halted),
        ramp_proven=account.ramp.proven if is_ramping else 0,
        ramp_rounds=rounds if is_ramping else 0,
        winnings=figures.winnings,
        crowd_delay_s=settings.demo.crowd_delay_s if facts.is_simulated else 0.0,
    )


def limits_of_account(mind: Mind, now_ns: int) -> tuple[LimitView, ...]:
    """As any of its desks sees them; none before there is one."""
    for desk in mind.desks.values():
        return account_limits(desk, now_ns)
    return ()


def _nothing_yet(asset: Asset, now_ns: int, figures: AssetFigures) -> AssetView:
    """An asset whose desk has not begun."""
    return AssetView(
        asset=asset.value,
        at_ns=now_ns,
        state=figures.state or AssetState.STARTING,
        detail=figures.detail,
        life=figures.life,
        consensus=NO_CONSENSUS,
        features=(),
        rounds=(),
        feeds=(),
        rounds_settled=0,
        signals=0,
        orders=0,
        fills=0,
        realised_pnl=0,
        marked_pnl=0,
    )

"""Snapshots for faces: one asset at a time, spread over the period, so that no step is long."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import trio
from attrs import evolve, frozen

from polytui.desk.snapshots import desk_state, marked_pnl, show_asset
from polytui.desk.snapshots_deciding import account_limits
from polytui.model.snapshot import NO_CONSENSUS, AccountView, AssetState, AssetView, LimitView
from polytui.runtime.asset import AssetRun
from polytui.runtime.pace import Pace
from polytui.runtime.session import Session

_STATUS_HZ = 1.0


def nobody_brings() -> str:
    """Of an account that has no wallet."""
    return ""


@frozen
class Publisher:
    session: Session
    runs: Sequence[AssetRun]
    pace: Pace
    winnings: Callable[[], str] = nobody_brings
    """How bringing them home stands, in words."""

    async def publish(self) -> None:
        """Snapshots at the settings' rate while anybody watches, until cancelled."""
        while True:
            for run in self.runs:
                if self.session.hub.is_watched:
                    self.session.hub.asset(self.asset_view(run))
                await self._pause()
            if self.session.hub.is_watched:
                self.session.hub.account(self.account_view())
            await self._pause()

    async def _pause(self) -> None:
        """A terminal draws as often as the settings say; a status line reads once a second."""
        session = self.session
        hz = session.settings.terminal.snapshot_hz if session.hub.is_drawn else _STATUS_HZ
        await trio.sleep(1.0 / hz / (len(self.runs) + 1))

    def asset_view(self, run: AssetRun) -> AssetView:
        now_ns, mind = self.session.clock.now_ns(), self.session.mind
        feeds = tuple(feed.view(now_ns) for feed in run.feeds.values())
        desk = mind.desks.get(run.asset)
        if desk is None:
            return _nothing_yet(run, now_ns)
        state, detail = desk_state(desk, mind.account)
        if run.state is not None:
            state, detail = run.state, run.detail
        return show_asset(desk, now_ns, state, detail, feeds)

    def account_view(self) -> AccountView:
        session, account = self.session, self.session.mind.account
        meter = session.meter
        session.latency.settle(self.runs)
        (lag_ns,) = meter.recent.percentiles(50)
        meter.recent.clear()
        rounds = account.ramp_rounds(session.settings.live.ramp_rounds)
        is_ramping = not account.ramp.is_over(rounds)
        return AccountView(
            at_ns=session.clock.now_ns(),
            mode=session.mode,
            speed=session.clock.speed,
            started_ns=session.started_ns,
            is_killed=account.kill_switch.is_on,
            is_stopping=session.stopping.is_set(),
            cash=account.cash,
            exposure=account.exposure,
            realised_pnl=account.realised,
            marked_pnl=sum(marked_pnl(desk) for desk in session.mind.desks.values()),
            working_orders=account.working_orders,
            fees=account.fees,
            journal=str(session.journal.path),
            assets=tuple(run.asset.value for run in self.runs),
            lag_us=0 if lag_ns is None else lag_ns // 1000,
            limits=self._account_limits(),
            kill_why=account.kill_switch.why,
            settings_digest=session.settings_digest,
            behind_ms=int(self.pace.behind_s * 1000),
            latencies=session.latency.views(),
            wallet=session.wallet,
            moved=sum(account.moves.by_kind.values()),
            halted_strategies=tuple(account.roster.halted),
            ramp_proven=account.ramp.proven if is_ramping else 0,
            ramp_rounds=rounds if is_ramping else 0,
            winnings=self.winnings(),
            crowd_delay_s=0.0 if session.seed is None else session.settings.demo.crowd_delay_s,
        )

    def limits_in_use(self) -> tuple[LimitView, ...]:
        """Every limit with what is used of it now: what new settings are held against."""
        views = (self.asset_view(run) for run in self.runs)
        return (*self._account_limits(), *(limit for view in views for limit in view.limits))

    def _account_limits(self) -> tuple[LimitView, ...]:
        for desk in self.session.mind.desks.values():
            return account_limits(desk, self.session.clock.now_ns())
        return ()


def _nothing_yet(run: AssetRun, now_ns: int) -> AssetView:
    """An asset whose desk has not begun."""
    empty = AssetView(
        asset=run.asset.value,
        at_ns=now_ns,
        state=AssetState.STARTING,
        detail="",
        life=run.life,
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
    return evolve(empty, state=run.state or AssetState.STARTING, detail=run.detail)

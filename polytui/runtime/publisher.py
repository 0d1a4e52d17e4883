"""Snapshots for faces: one asset at a time, spread over the period, so that no step is long."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import trio
from attrs import frozen

from polytui.desk.snapshots_account import limits_of_account, show_account, show_life
from polytui.model.engine_figures import AssetFigures, EngineFigures, SessionFacts
from polytui.model.snapshot import AccountView, AssetView, LimitView
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
        now_ns = self.session.clock.now_ns()
        return show_life(self.session.mind, run.asset, now_ns, _figures(run, now_ns))

    def account_view(self) -> AccountView:
        session, now_ns = self.session, self.session.clock.now_ns()
        figures = self.figures()
        return show_account(
            session.mind,
            now_ns,
            session.settings,
            session.settings_digest,
            self._facts(),
            figures,
        )

    def figures(self, *, has_assets: bool = False) -> EngineFigures:
        """What no mind knows, as it is now; of the assets where they are asked for."""
        session, now_ns = self.session, self.session.clock.now_ns()
        session.latency.settle(self.runs)
        return EngineFigures(
            at_ns=now_ns,
            speed=session.clock.speed,
            is_stopping=session.stopping.is_set(),
            lag_us=session.meter.lag_ns(trio.current_time()) // 1000,
            behind_ms=int(self.pace.behind_s * 1000),
            latencies=session.latency.views(),
            winnings=self.winnings(),
            wallet=session.wallet,
            assets=tuple(_figures(run, now_ns) for run in self.runs) if has_assets else (),
        )

    def limits_in_use(self) -> tuple[LimitView, ...]:
        """Every limit with what is used of it now: what new settings are held against."""
        views = (self.asset_view(run) for run in self.runs)
        now_ns = self.session.clock.now_ns()
        of_account = limits_of_account(self.session.mind, now_ns)
        return (*of_account, *(limit for view in views for limit in view.limits))

    def _facts(self) -> SessionFacts:
        session = self.session
        return SessionFacts(
            session.mode,
            session.started_ns,
            str(session.journal.path),
            tuple(run.asset.value for run in self.runs),
            session.seed is not None,
        )


def _figures(run: AssetRun, now_ns: int) -> AssetFigures:
    feeds = tuple(feed.view(now_ns) for feed in run.feeds.values())
    return AssetFigures(run.asset.value, run.state, run.detail, run.life, feeds)

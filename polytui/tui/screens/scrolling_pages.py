"""Pages that only show and scroll: strategies, risk, trades."""

from __future__ import annotations

from polytui.model.snapshot import AssetView
from polytui.model.units import NS_PER_S
from polytui.tui.actions import Area
from polytui.tui.panels.page import PageLook
from polytui.tui.panels.risk import risk_panel
from polytui.tui.panels.strategies import strategy_panel
from polytui.tui.panels.trades import Asking, trades_panel
from polytui.tui.screens.page import Page
from polytui.tui.state import TerminalState
from polytui.tui.styles import Line

_DAY_NS = 86_400 * NS_PER_S


def views_of(state: TerminalState) -> list[AssetView]:
    """Every asset that is known, in the engine's order."""
    return [state.assets[name] for name in state.names if name in state.assets]


class StrategiesPage(Page):
    """What came of each strategy on each asset."""

    area = Area.STRATEGIES

    def paint(self, look: PageLook, width: int, height: int) -> list[Line]:
        return strategy_panel(views_of(self.scene.state), look, self.scroll, width, height)


class RiskPage(Page):
    """Every limit, open breakers, the kill switch."""

    area = Area.RISK

    def paint(self, look: PageLook, width: int, height: int) -> list[Line]:
        state = self.scene.state
        return risk_panel(state.account, views_of(state), look, self.scroll, width, height)


class TradesPage(Page):
    """Trades of the day and why there were none, out of the database."""

    area = Area.TRADES

    def ask(self) -> None:
        account = self.scene.state.account
        if account is not None:
            day_ns = account.at_ns // _DAY_NS * _DAY_NS
            self.scene.state.past.ask(day_ns, self.scene.clock(), self.scene.query)

    def paint(self, look: PageLook, width: int, height: int) -> list[Line]:
        state = self.scene.state
        at_ns = state.account.at_ns if state.account is not None else 0
        asking = Asking(state.past, self.scene.clock(), at_ns)
        return trades_panel(asking, look, self.scroll, width, height)

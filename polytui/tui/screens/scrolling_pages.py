"""Pages that only show and scroll: strategies, risk, trades."""

from __future__ import annotations

from polytui.model.units import NS_PER_S
from polytui.tui.actions import Area
from polytui.tui.panels.page import PageLook
from polytui.tui.panels.risk import risk_panel
from polytui.tui.panels.strategies import strategy_panel
from polytui.tui.panels.trades import Asking, trades_panel
from polytui.tui.screens.page import Page
from polytui.tui.styles import Line

_DAY_NS = 86_400 * NS_PER_S


class StrategiesPage(Page):
    """What came of each strategy on each asset."""

    area = Area.STRATEGIES

    def paint(self, look: PageLook, width: int, height: int) -> list[Line]:
        return strategy_panel(self.scene.state.views, look, self.scroll, width, height)


class RiskPage(Page):
    """Every limit, open breakers, the kill switch."""

    area = Area.RISK

    def paint(self, look: PageLook, width: int, height: int) -> list[Line]:
        state = self.scene.state
        return risk_panel(state.account, state.views, look, self.scroll, width, height)


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
        asking = Asking(state.past, self.scene.clock(), state.session_ns)
        return trades_panel(asking, look, self.scroll, width, height)

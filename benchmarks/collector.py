"""Somebody who buys both sides and keeps them, so that a wallet has pairs to merge.

`python -m benchmarks.collector` is `polytui` with this one among its strategies. It pays the ask of
both: what it collects is worth less than it cost, and that is of no matter here.
"""

from __future__ import annotations

from benchmarks.ladder import polytui_with
from polytui.config.deciding import StrategySettings
from polytui.config.schema import Settings
from polytui.market.book import NO_ASK, NO_BID
from polytui.model.instrument import Outcome
from polytui.model.orders import Quote, Side
from polytui.model.units import MICRO, Shares
from polytui.strategy.proposal import QuoteSet, Rung, View

_MOST = Shares(40 * MICRO)
_AT_A_TIME = Shares(10 * MICRO)
_LEAVES_S = 60.0


class Collector:
    """Ten shares a time of either outcome, until there are forty of each."""

    name = "collector"

    def thresholds(self, settings: Settings) -> StrategySettings:
        return settings.distance_fade

    def quote(self, view: View, settings: Settings) -> QuoteSet:
        if view.left_s < _LEAVES_S:
            return QuoteSet(())
        return QuoteSet(tuple(filter(None, (self._lacks(view, one) for one in Outcome))))

    def _lacks(self, view: View, outcome: Outcome) -> Rung | None:
        side = view.side(outcome)
        if side.held >= _MOST or not NO_BID < side.best_ask < NO_ASK:
            return None
        return Rung(f"in {outcome.value}", Quote(outcome, Side.BUY, side.best_ask, _AT_A_TIME))


COLLECTOR = (Collector(),)


if __name__ == "__main__":
    polytui_with(COLLECTOR)

"""Settlement sniper: buys the side that the closing average has all but decided.

Inside the look-back a part of the average is observed and cannot change, so its sigma falls
with the time left to the power 1.5 (`market/fair_value.py`). The venue holds a taker's order for
`taker_delay_ms`, and whoever quotes may leave meanwhile: we are filled just when the price went
against us. That is no independent chance, so sigmas add, not variances:

    P(Up) = F((mean - strike) / (sigma + sigma_per_sqrt_s x sqrt(delay)))

F has the tails and the calibration of the market's settings. It buys the likelier side from
`from_left_s` to `until_left_s` before the close, when `min_known` of the average cannot change any
more, that side is worth `min_fair` or more and the edge after the fee at the limit price is
enough.
A round that no average settles (an exchange's candle, a spot value) hangs on its last trade: one
jump turns it, nothing of it is ever earned, and it is left alone. It loses rarely and then all: a
jump in the last seconds, a volatility that was too low, a relay of Chainlink that
erred.
"""

from __future__ import annotations

import math

from polytui.config.deciding import SettlementSniperSettings
from polytui.config.schema import MarketSettings, Settings
from polytui.market.fair_value import SettlementForecast, fair_up
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Outcome
from polytui.strategy.entry import abstain, enter, value_opinion
from polytui.strategy.gates import time_block
from polytui.strategy.proposal import Proposal, View
from polytui.strategy.window import EntryWindow


class SettlementSniper:
    """Stateless: one quote at the likelier side, late, held to settlement."""

    name = "settlement_sniper"

    def thresholds(self, settings: Settings) -> SettlementSniperSettings:
        return settings.settlement_sniper

    def window(self, settings: Settings) -> EntryWindow:
        own = settings.settlement_sniper
        return EntryWindow(settings.gates.after_open_s, own.until_left_s, own.from_left_s)

    def propose(self, view: View, settings: Settings) -> Proposal:
        thresholds, window = settings.settlement_sniper, self.window(settings)
        why = time_block(view, window)
        if why is not None:
            return abstain(why)
        if view.known < thresholds.min_known:
            return abstain(_open(view, thresholds))
        up = chance_up(view, thresholds, settings.market)
        if not math.isfinite(up):
            return abstain(Why(Reason.NO_PRICE))
        outcome, worth = (Outcome.UP, up) if up >= 0.5 else (Outcome.DOWN, 1.0 - up)
        opinion = value_opinion(view, outcome, worth, settings)
        if worth < thresholds.min_fair:
            why = Why(Reason.FAIR_UNSURE, worth, thresholds.min_fair, "of 1")
            return abstain(why, outcome, opinion.confidence)
        return enter(view, opinion, thresholds, settings, window)


def _open(view: View, thresholds: SettlementSniperSettings) -> Why:
    unit = "of the average" if view.window_s else "no average settles it"
    return Why(Reason.AVERAGE_OPEN, view.known, thresholds.min_known, unit)


def chance_up(view: View, thresholds: SettlementSniperSettings, market: MarketSettings) -> float:
    """That Up wins, with what may move until our order is matched; NaN for what is no price."""
    moved = view.sigma_per_sqrt_s * math.sqrt(thresholds.taker_delay_ms / 1000.0)
    wide = view.sigma + moved
    if not (math.isfinite(wide) and math.isfinite(view.mean - view.strike)):
        return math.nan
    return fair_up(SettlementForecast(view.mean, wide), view.strike, market)

"""Distance fade: buy the outcome that the book prices below its fair value, after fees.

The fair value is the probability of Up under the round's settlement rule. The edge of an
outcome is fair - ask - fee(ask), in bps of the dollar at stake. It loses when the crowd knows
something that the oracle price and its volatility do not say: news, fat tails, a better feed.
"""

from __future__ import annotations

from polytui.config.schema import DistanceFade as Thresholds
from polytui.config.schema import Settings
from polytui.market.book import NO_ASK
from polytui.model.effects import Reason, Why
from polytui.model.instrument import FeeSchedule, Outcome
from polytui.model.orders import Quote, Side
from polytui.model.units import MICRO, Price
from polytui.strategy.gates import first_block
from polytui.strategy.proposal import Proposal, View
from polytui.strategy.sizing import shares_for_stake, stake_for_confidence

_BPS = 10_000.0


class DistanceFade:
    """Stateless: one quote at the best ask of the cheaper side, held to settlement."""

    name = "distance_fade"

    def is_enabled(self, settings: Settings) -> bool:
        return settings.distance_fade.is_enabled

    def propose(self, view: View, settings: Settings) -> Proposal:
        outcome, edge_bps = _better_side(view)
        why = self._refusal(view, outcome, edge_bps, settings)
        if why is not None:
            return Proposal((), why, outcome, edge_bps)
        side = view.side(outcome)
        thresholds = settings.distance_fade
        stake = stake_for_confidence(
            thresholds.stake_usd, view.confidence, thresholds.full_confidence
        )
        fee = view.fees.per_share(side.best_ask / MICRO)
        shares = shares_for_stake(stake, side.best_ask, fee, side, view.min_shares)
        if isinstance(shares, Why):
            return Proposal((), shares, outcome, edge_bps)
        quote = Quote(outcome, Side.BUY, side.best_ask, shares)
        return Proposal((quote,), Why(Reason.NONE), outcome, edge_bps)

    def _refusal(
        self, view: View, outcome: Outcome, edge_bps: float, settings: Settings
    ) -> Why | None:
        thresholds = settings.distance_fade
        if edge_bps < thresholds.min_edge_bps:
            return Why(Reason.EDGE_SMALL, edge_bps, thresholds.min_edge_bps, "bps")
        return _price_refusal(view.side(outcome).best_ask, thresholds) or first_block(
            view, outcome, settings.gates
        )


def _price_refusal(ask: Price, thresholds: Thresholds) -> Why | None:
    price = ask / MICRO
    if price > thresholds.max_price:
        return Why(Reason.PRICE_FAR, price, thresholds.max_price, "USD")
    if price < thresholds.min_price:
        return Why(Reason.PRICE_FAR, price, thresholds.min_price, "USD")
    return None


def _better_side(view: View) -> tuple[Outcome, float]:
    up = edge_bps(view.fair_up, view.up.best_ask, view.fees)
    down = edge_bps(1.0 - view.fair_up, view.down.best_ask, view.fees)
    return (Outcome.UP, up) if up >= down else (Outcome.DOWN, down)


def edge_bps(fair: float, ask: Price, fees: FeeSchedule) -> float:
    """What a share bought at the ask is worth above what it costs; an empty side has none."""
    if ask >= NO_ASK:
        return -_BPS
    price = ask / MICRO
    return (fair - price - fees.per_share(price)) * _BPS

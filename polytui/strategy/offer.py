"""What a share of an outcome would cost now: the best ask, the slippage allowed, and the fee.

Prices stand on a grid, so there are few answers and all of them are kept.
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from polytui.config.schema import Settings
from polytui.market.book import NO_ASK, NO_BID
from polytui.model.instrument import FeeSchedule, Outcome
from polytui.model.units import MICRO, Price
from polytui.strategy.probit import z_of
from polytui.strategy.proposal import View

_KEPT = 8192
"""A thousand prices, for some ticks, slippages and fees."""


class Offer(Struct, frozen=True, gc=False):
    """An entry at the limit price."""

    limit: Price
    """The best ask and the slippage allowed above it; NO_ASK for an empty side, or one at 0."""
    cost: float
    """Dollars a share at that price, fee included."""
    z: float
    """The same as a distance from the strike (`strategy/probit.py`)."""


def offer_of(view: View, outcome: Outcome, settings: Settings) -> Offer:
    """Where a purchase of this side would be limited."""
    side = view.up if outcome is Outcome.UP else view.down
    return _offer(side.best_ask, view.tick, settings.gates.max_slippage_ticks, view.fees)


@lru_cache(maxsize=_KEPT)
def _offer(ask: Price, tick: Price, slippage_ticks: int, fees: FeeSchedule) -> Offer:
    if not NO_BID < ask < NO_ASK:
        return Offer(NO_ASK, 1.0, z_of(1.0))
    limit = Price(min(ask + slippage_ticks * tick, NO_ASK - tick))
    price = limit / MICRO
    cost = price + fees.per_share(price)
    return Offer(limit, cost, z_of(cost))

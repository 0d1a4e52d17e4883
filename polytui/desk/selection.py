"""What is followed: of all signals that may trade and have lasted the one with the most edge times
confidence, and never both outcomes of a round by accident; of quote sets every rung that would not
meet an order of ours."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from polytui.config.deciding import StrategySettings
from polytui.ledger.attribution import StrategyPosition
from polytui.ledger.diff import WantedQuote, crosses, price_of_up, towards
from polytui.ledger.working import WorkingOrder
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Asset, Interval, Outcome
from polytui.model.orders import Side
from polytui.model.units import LOT, MICRO
from polytui.strategy.proposal import Proposal, QuoteSet


class Candidate(Struct, frozen=True, gc=False):
    """A proposal that nothing stands in the way of but the others."""

    strategy: str
    proposal: Proposal


def may_trade(thresholds: StrategySettings, asset: Asset, interval: Interval) -> bool:
    """Whether a strategy is enabled here; it is asked and scored all the same."""
    return (
        thresholds.is_enabled
        and (not thresholds.assets or asset in thresholds.assets)
        and (not thresholds.intervals or interval in thresholds.intervals)
    )


def strongest(candidates: Iterable[Candidate]) -> Candidate | None:
    """The first in the order of the registry where two weigh the same."""
    best: Candidate | None = None
    for candidate in candidates:
        if best is None or candidate.proposal.weight > best.proposal.weight:
            best = candidate
    return best


def outbid(candidate: Candidate, best: Candidate) -> Why:
    """Why this one is not followed: the other weighs more."""
    value, limit = candidate.proposal.weight, best.proposal.weight
    return Why(Reason.OUTBID, value, limit, f"bps x confidence of {best.strategy}")


def coherence_block(
    outcome: Outcome, working: Iterable[WorkingOrder], held: Iterable[StrategyPosition]
) -> Why | None:
    """No signal enters a side while another holds the other one, or has a buy of it that may fill;
    what quote sets hold and offer is of both sides, and not asked. Less
    than a lot is what the whole cents of a purchase left without its pair, and holds nobody."""
    for position in held:
        if position.outcome is not outcome and position.shares >= LOT:
            return Why(Reason.OTHER_SIDE_HELD, position.shares / MICRO, 0.0, "shares")
    for each in working:
        if each.order.rung:
            continue
        if each.order.side is Side.BUY and each.order.outcome is not outcome:
            return Why(Reason.OTHER_SIDE_HELD, each.left / MICRO, 0.0, "shares on order")
    return None


def rungs_wanted(
    strategy: str, quotes: QuoteSet, others: Iterable[WantedQuote]
) -> tuple[list[WantedQuote], Why | None]:
    """A whole set, but for rungs that would trade with what else is wanted, or with each other; and
    the first of those. Of two rungs the one whose key comes first is kept."""
    bests, kept, why = OwnBests(), list[WantedQuote](), None
    for one in others:
        bests.see(one)
    for rung in sorted(quotes.rungs, key=lambda one: one.key):
        one = WantedQuote(strategy, rung.quote, rung=rung.key)
        met = bests.met_by(one)
        if met is None:
            bests.see(one)
            kept.append(one)
        elif why is None:
            price, theirs = one.quote.price / MICRO, met.quote.price / MICRO
            why = Why(Reason.OWN_ORDER, price, theirs, f"USD of {met.strategy}")
    return kept, why


class OwnBests:
    """State: of all that is wanted in a round the quote that pays most for Up, and the one that
    asks least; buying Down is selling Up."""

    def __init__(self) -> None:
        self._bid: WantedQuote | None = None
        self._ask: WantedQuote | None = None

    def see(self, one: WantedQuote) -> None:
        price = price_of_up(one.quote)
        if towards(one.quote) is Outcome.UP:
            if self._bid is None or price > price_of_up(self._bid.quote):
                self._bid = one
        elif self._ask is None or price < price_of_up(self._ask.quote):
            self._ask = one

    def met_by(self, one: WantedQuote) -> WantedQuote | None:
        """What it would trade with first."""
        best = self._ask if towards(one.quote) is Outcome.UP else self._bid
        return best if best is not None and crosses(one.quote, best.quote) else None

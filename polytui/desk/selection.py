"""Which signal is followed: of all that may trade and have lasted, the one with the most edge times
confidence; and never both outcomes of a round by accident."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from polytui.config.deciding import StrategySettings
from polytui.ledger.attribution import StrategyPosition
from polytui.ledger.working import WorkingOrder
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Asset, Interval, Outcome
from polytui.model.orders import Quote, Side
from polytui.model.units import LOT, MICRO
from polytui.strategy.proposal import Proposal


class WantedQuote(Struct, frozen=True):
    """A quote, whose it is, and whether it only closes what is held."""

    strategy: str
    quote: Quote
    is_exit: bool = False


class Candidate(Struct, frozen=True):
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
    """Nobody enters a side while anybody holds the other, or has a buy of it that may fill. Less
    than a lot is what the whole cents of a purchase left without its pair, and holds nobody."""
    for position in held:
        if position.outcome is not outcome and position.shares >= LOT:
            return Why(Reason.OTHER_SIDE_HELD, position.shares / MICRO, 0.0, "shares")
    for each in working:
        if each.order.side is Side.BUY and each.order.outcome is not outcome:
            return Why(Reason.OTHER_SIDE_HELD, each.left / MICRO, 0.0, "shares on order")
    return None

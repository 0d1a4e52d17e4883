"""From an opinion to a proposal: the part that all directional strategies have in common.

An opinion is a side, what a share of it is worth, and how sure that is. The edge is counted at
the limit price, fees included, so that what slippage allows is paid for before it happens:

    edge = worth - limit - fee(limit)

Of the edge that is claimed so much is believed as the record of the strategy's claims is worth
(`ledger/claims.py`), and of the confidence the same part of what it has above one half.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from polytui.config.deciding import StrategySettings
from polytui.config.schema import Settings
from polytui.ledger.attribution import StrategyPosition
from polytui.market.book import NO_ASK
from polytui.market.forecast_watch import Misfit
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Outcome
from polytui.model.orders import Quote, Side
from polytui.model.units import MICRO, Price, Usd, cost_of
from polytui.strategy.exits import first_exit
from polytui.strategy.gates import first_block
from polytui.strategy.offer import Offer, offer_of
from polytui.strategy.probit import conviction_over
from polytui.strategy.proposal import Proposal, View
from polytui.strategy.sizing import shares_to_buy, stake_share
from polytui.strategy.window import EntryWindow

_BPS = 10_000.0
_CLEAR = Why(Reason.NONE)


class Valuation(Struct, frozen=True, gc=False):
    """`worth`: dollars a share of `outcome` is believed to be worth, 0 to 1."""

    outcome: Outcome
    worth: float
    confidence: float
    """0 to 1."""


def edge_bps(opinion: Valuation, offer: Offer) -> float:
    """What a share bought at the limit is worth above what it costs; an empty side has none."""
    if offer.limit >= NO_ASK:
        return -_BPS
    return (opinion.worth - offer.cost) * _BPS


def value_opinion(view: View, outcome: Outcome, worth: float, settings: Settings) -> Valuation:
    """Of a strategy that prices the side itself: as sure as its margin over the price is wide."""
    offer = offer_of(view, outcome, settings)
    return Valuation(outcome, worth, conviction_over(worth, offer.z))


def better_side(view: View, worth_up: float, settings: Settings) -> Valuation:
    """The side with more edge, where a strategy prices both."""
    up, down = offer_of(view, Outcome.UP, settings), offer_of(view, Outcome.DOWN, settings)
    up_edge = -1.0 if up.limit >= NO_ASK else worth_up - up.cost
    down_edge = -1.0 if down.limit >= NO_ASK else 1.0 - worth_up - down.cost
    if up_edge >= down_edge:
        return Valuation(Outcome.UP, worth_up, conviction_over(worth_up, up.z))
    return Valuation(Outcome.DOWN, 1.0 - worth_up, conviction_over(1.0 - worth_up, down.z))


def enter(
    view: View,
    opinion: Valuation,
    thresholds: StrategySettings,
    settings: Settings,
    window: EntryWindow | None = None,
) -> Proposal:
    """Edge, price and gates first, then the size; the first thing in the way is the reason.

    `window`: when entries are allowed, for a strategy with hours of its own.
    """
    outcome = opinion.outcome
    if not (0.0 <= opinion.worth <= 1.0 and 0.0 <= opinion.confidence <= 1.0):  # NaN as well
        return abstain(Why(Reason.NO_PRICE), outcome)
    offer = offer_of(view, outcome, settings)
    limit = offer.limit
    if limit >= NO_ASK:
        return abstain(Why(Reason.NO_BOOK), outcome, opinion.confidence)
    claim = _Claim(outcome, limit, edge_bps(opinion, offer), opinion.confidence, opinion.worth)
    why = _edge_block(claim.edge_bps, thresholds) or _price_block(limit, thresholds)
    why = why or _tick_block(view, outcome)
    why = why or first_block(view, outcome, settings.gates, window)
    believed = claim.believed(view.beliefs.at(limit / MICRO)).under(view.misfit)
    if why is not None:
        return believed.proposal((), why, claim)
    wanted = _order(view, claim, thresholds, settings)
    if isinstance(wanted, Why) or believed is claim:
        return believed.proposal(wanted, _CLEAR, claim)
    quote = _order(view, believed, thresholds, settings)
    less = _misfit_why(view.misfit)
    why = _belief_block(believed, claim, thresholds)
    if why is None and isinstance(quote, Quote) and not _stakes_nothing(believed, claim):
        return replace(believed.proposal(quote, _CLEAR, claim), less=less)
    shrunk = Why(Reason.CLAIM_SHRUNK, believed.confidence, claim.confidence, "confidence")
    why = why or less or shrunk
    return replace(believed.proposal((), why, claim), doubted=(wanted,))


class _Claim(Struct, frozen=True, gc=False):
    """An edge at a limit price, and how sure it is: as it is claimed, or as it is believed."""

    outcome: Outcome
    limit: Price
    edge_bps: float
    confidence: float
    worth: float
    """As claimed, in both."""
    misfit: Misfit | None = None

    def believed(self, belief: float) -> _Claim:
        """The same where all of it is. What is no edge is not made better by disbelief."""
        if belief >= 1.0 or self.edge_bps <= 0.0:
            return self
        surer = max(0.0, self.confidence - 0.5)
        return replace(
            self,
            edge_bps=self.edge_bps * belief,
            confidence=self.confidence - surer * (1.0 - belief),
        )

    def under(self, misfit: Misfit | None) -> _Claim:
        """The same where forecasts do not fit what comes: as much less sure as they are off."""
        if misfit is None:
            return self
        return replace(self, confidence=self.confidence / misfit.excess, misfit=misfit)

    def proposal(self, wanted: Quote | Why | tuple[()], why: Why, claim: _Claim) -> Proposal:
        """One that wants a quote, or says why it does not."""
        quotes = (wanted,) if isinstance(wanted, Quote) else ()
        return Proposal(
            quotes,
            wanted if isinstance(wanted, Why) else why,
            self.outcome,
            self.edge_bps,
            self.confidence,
            claim.edge_bps,
            worth=self.worth,
        )


def _order(
    view: View, claim: _Claim, thresholds: StrategySettings, settings: Settings
) -> Quote | Why:
    """The purchase for the stake that a claim is worth, or why there is none."""
    # Kelly stakes by the edge, and no more of it than the forecast fits.
    edge_bps = claim.edge_bps / (1.0 if claim.misfit is None else claim.misfit.excess)
    shares = shares_to_buy(view, claim.outcome, claim.limit, edge_bps, claim.confidence, thresholds)
    if isinstance(shares, Why):
        return shares
    quote = Quote(claim.outcome, Side.BUY, claim.limit, shares, worth=claim.worth)
    return _exit_block(view, quote, thresholds, settings) or quote


def _misfit_why(misfit: Misfit | None) -> Why | None:
    if misfit is None:
        return None
    unit = f"sd of what came, {misfit.horizon_s} s ahead"
    return Why(Reason.FORECAST_OFF, misfit.sd, misfit.bound, unit)


def _stakes_nothing(believed: _Claim, claim: _Claim) -> bool:
    """Whether disbelief alone leaves no stake by confidence; a fixed stake is none then too."""
    return stake_share(believed.confidence) <= 0.0 < stake_share(claim.confidence)


def _belief_block(believed: _Claim, claim: _Claim, thresholds: StrategySettings) -> Why | None:
    """Whether what is believed of the edge is too little, though what is claimed was enough."""
    if believed.edge_bps >= thresholds.min_edge_bps:
        return None
    unit = f"bps of {claim.edge_bps:.0f} claimed"
    return Why(Reason.CLAIM_SHRUNK, believed.edge_bps, thresholds.min_edge_bps, unit)


def abstain(why: Why, outcome: Outcome | None = None, confidence: float | None = None) -> Proposal:
    """Nothing is wanted, and why."""
    return Proposal((), why, outcome, None, confidence)


def _exit_block(
    view: View, quote: Quote, thresholds: StrategySettings, settings: Settings
) -> Why | None:
    """Whether the exits would have it sold in the same book it was bought from: a spread that is
    small in dollars can be more of the price than the stop loss allows."""
    cost = Usd(cost_of(quote.price, quote.shares) + view.fees.fee(quote.price, quote.shares))
    stake = StrategyPosition("", quote.outcome, quote.shares, cost, view.now_ns)
    why = first_exit(view, stake, None, thresholds, settings.exits)
    return None if why is None else Why(Reason.LEAVES_AT_ONCE, why.value, why.limit, why.unit)


def _edge_block(edge: float, thresholds: StrategySettings) -> Why | None:
    if edge < thresholds.min_edge_bps:
        return Why(Reason.EDGE_SMALL, edge, thresholds.min_edge_bps, "bps")
    return None


def _tick_block(view: View, outcome: Outcome) -> Why | None:
    """A best ask between two ticks: the book that we know is an old one, or the tick is."""
    ask = view.side(outcome).best_ask
    return Why(Reason.OFF_TICK, ask / MICRO, view.tick / MICRO, "USD") if ask % view.tick else None


def _price_block(limit: Price, thresholds: StrategySettings) -> Why | None:
    price = limit / MICRO
    if price > thresholds.max_price:
        return Why(Reason.PRICE_FAR, price, thresholds.max_price, "USD")
    if price < thresholds.min_price:
        return Why(Reason.PRICE_FAR, price, thresholds.min_price, "USD")
    return None

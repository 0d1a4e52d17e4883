"""What a strategy sees, a frozen view, and what it says: a signal, or a ladder on both outcomes."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from polytui.config.deciding import StrategySettings
from polytui.config.schema import Settings
from polytui.ledger.claims import BELIEVED, Beliefs
from polytui.market.features import FeatureSet
from polytui.market.forecast_watch import Misfit
from polytui.market.predictor import Predictor
from polytui.model.effects import Reason, Why
from polytui.model.instrument import FeeSchedule, Outcome
from polytui.model.orders import Quote
from polytui.model.units import Price, Shares, Usd
from polytui.strategy.window import EntryWindow

_CLEAR = Why(Reason.NONE)


class OutcomeView(Struct, frozen=True, gc=False):
    """One outcome's tradable facts: bests (0 and 1 dollar where empty), depth, holding."""

    best_bid: Price
    best_ask: Price
    ask_shares: Shares
    """Offered at the best ask."""
    bid_shares: Shares
    """Wanted at the best bid."""
    held: Shares = Shares(0)
    """By the strategy that is asked, and not paired with the other outcome."""
    cost: Usd = Usd(0)
    """Paid for what is held."""


class View(Struct, frozen=True, gc=False):
    """One open round as a strategy may know it. No book, no order, no venue."""

    now_ns: int
    since_open_s: float
    left_s: float
    strike: float
    price: float
    """The consensus."""
    fair_up: float
    sigma: float
    """Dollars: standard deviation of what is still open in the closing price."""
    mean: float
    """Dollars: where the closing price is expected."""
    sigma_per_sqrt_s: float
    """Dollars: standard deviation of the price over one second."""
    volatility: float
    """The same of its logarithm over a year."""
    window_s: int
    """Look-back of the closing average; 0 where the rule has none."""
    known: float
    """Share of that average that cannot change any more."""
    trust: float
    """In the consensus, 0 to 1."""
    book_age_ms: int
    features: FeatureSet
    predictor: Predictor | None
    """The learned model; None while there is none."""
    up: OutcomeView
    down: OutcomeView
    tick: Price
    min_shares: Shares
    fees: FeeSchedule
    free_cash: Usd
    closing_usd: Usd = Usd(0)
    """What the account can lose at this closing time, without what the strategy that is asked has
    in this round; told to those that share a budget (half Kelly)."""
    beliefs: Beliefs = BELIEVED
    """How much of what the strategy that is asked claims is believed."""
    misfit: Misfit | None = None
    """How far forecasts like this one were from what came; None while they fit."""
    markout_bps: float | None = None
    """Told to those that quote: what their last fill of this round was worth after the time they
    asked for, in bps of the one dollar, above zero where it moved for them; None before one."""

    def side(self, outcome: Outcome) -> OutcomeView:
        return self.up if outcome is Outcome.UP else self.down

    def fair(self, outcome: Outcome) -> float:
        return self.fair_up if outcome is Outcome.UP else 1.0 - self.fair_up


class Proposal(Struct, frozen=True, gc=False):
    """Quotes, or the reason for none. The rest says what the signal leans to, and how much."""

    quotes: tuple[Quote, ...]
    why: Why
    outcome: Outcome | None
    edge_bps: float | None
    confidence: float | None = None
    """0 to 1: of the strategy in its signal, whatever the trust in the price."""
    claimed_bps: float | None = None
    """The edge that it claims; `edge_bps` is what is believed of it."""
    doubted: tuple[Quote, ...] = ()
    """What it would want if its claim were believed: followed in shadow, so that its record goes
    on."""
    less: Why | None = None
    """Why it wants less than it would by itself."""
    worth: float | None = None
    """Dollars a share of `outcome` is worth to it, as claimed; None where it priced none."""

    def as_claimed(self) -> Proposal:
        """What it says itself, where that is not believed."""
        if not self.doubted:
            return self
        return Proposal(self.doubted, _CLEAR, self.outcome, self.claimed_bps, self.confidence)

    @property
    def weight(self) -> float:
        """Edge times confidence: how signals are compared."""
        return (self.edge_bps or 0.0) * (self.confidence or 0.0)


class Rung(Struct, frozen=True):
    """One quote of a set. The key is its name within the set, over both outcomes, from decision to
    decision: an order at the venue is the order of this rung."""

    key: str
    quote: Quote


class Wake(Struct, frozen=True):
    """What else must wake whoever quotes, beside all that makes every desk decide."""

    move_bps: float = 0.0
    """A trade or quote of any exchange so far from the last one heard there before the set was
    made; 0 never."""
    markout_s: float = 0.0
    """So long after each fill of its own, as soon as the book is known: the view then holds what
    it came to; 0 never."""


class QuoteSet(Struct, frozen=True):
    """A ladder on both outcomes, all of it wanted at once; or the reason for none.

    A signal is one side and is chosen among others; of a set every rung is kept that limits leave
    room for. ValueError for rungs that no desk could tell apart or keep.
    """

    rungs: tuple[Rung, ...]
    why: Why = _CLEAR
    wake: Wake = Wake()

    def __post_init__(self) -> None:
        keys = {rung.key for rung in self.rungs}
        if "" in keys or len(keys) < len(self.rungs):
            raise ValueError(f"rungs need a key of their own: {[one.key for one in self.rungs]}")
        if not all(rung.quote.tif.may_rest for rung in self.rungs):
            raise ValueError("a rung that may not rest is no rung")


class Strategy(Protocol):
    """A pure opinion. The same view and settings always give the same proposal."""

    name: str

    def thresholds(self, settings: Settings) -> StrategySettings:
        """Its own table of the settings."""
        ...

    def window(self, settings: Settings) -> EntryWindow:
        """When it may enter."""
        ...

    def propose(self, view: View, settings: Settings) -> Proposal: ...


class QuotingStrategy(Protocol):
    """As pure an opinion, of how to quote. It sees what it holds itself in `View.up` and `down`: of
    one of them, for what it holds of both is paired, and no inventory."""

    name: str

    def thresholds(self, settings: Settings) -> StrategySettings:
        """Its own table of the settings."""
        ...

    def quote(self, view: View, settings: Settings) -> QuoteSet: ...

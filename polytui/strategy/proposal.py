"""What a strategy sees and what it says: a frozen view in, a proposal out."""

from __future__ import annotations

from typing import Protocol

from attrs import frozen

from polytui.config.schema import Settings
from polytui.market.features import FeatureSet
from polytui.model.effects import Why
from polytui.model.instrument import FeeSchedule, Outcome
from polytui.model.orders import Quote
from polytui.model.units import Price, Shares, Usd


@frozen
class OutcomeView:
    """One outcome's tradable facts: bests (0 and 1 dollar where empty), depth, holding."""

    best_bid: Price
    best_ask: Price
    ask_shares: Shares
    """Offered at the best ask."""
    held: Shares
    cost: Usd
    """Paid for what is held."""


@frozen
class View:
    """One open round as a strategy may know it. No book, no order, no venue."""

    now_ns: int
    since_open_s: float
    left_s: float
    strike: float
    price: float
    fair_up: float
    confidence: float
    """Of the oracle price, 0 to 1."""
    features: FeatureSet
    up: OutcomeView
    down: OutcomeView
    tick: Price
    min_shares: Shares
    fees: FeeSchedule

    def side(self, outcome: Outcome) -> OutcomeView:
        return self.up if outcome is Outcome.UP else self.down

    def fair(self, outcome: Outcome) -> float:
        return self.fair_up if outcome is Outcome.UP else 1.0 - self.fair_up


@frozen
class Proposal:
    """Quotes, or the reason for none. `outcome` and `edge_bps` say what the signal leans to."""

    quotes: tuple[Quote, ...]
    why: Why
    outcome: Outcome | None
    edge_bps: float | None


class Strategy(Protocol):
    """A pure opinion. The same view and settings always give the same proposal."""

    name: str

    def is_enabled(self, settings: Settings) -> bool:
        """Whether it may trade; asked all the same where it may not."""
        ...

    def propose(self, view: View, settings: Settings) -> Proposal: ...

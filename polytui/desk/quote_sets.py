"""Those that quote on both sides: each is asked, all of what it wants is wanted, and it is woken.

They have no shadow: what a resting order would have met cannot be known without standing in the
queue, so one that is not enabled is not asked. Nor do the exits of the settings ask them to leave;
they quote their way out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from polytui.config.schema import Settings
from polytui.desk.asset_ledger import AssetLedger
from polytui.desk.round import DeskRound
from polytui.desk.selection import may_trade, rungs_wanted
from polytui.desk.waking import Waking
from polytui.ledger.attribution import StrategyPosition
from polytui.ledger.diff import WantedQuote
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Quote, Side
from polytui.model.units import LOT
from polytui.strategy.proposal import QuoteSet, QuotingStrategy, View


class Quoted(NamedTuple):
    """What all sets of a round want, and by strategy why it is not all of its set."""

    wanted: list[WantedQuote]
    whys: dict[str, Why]


class QuoteSets:
    """Stateless but for what it points at: who quotes, one asset's ledger, and what wakes them."""

    def __init__(
        self,
        asset: Asset,
        ledger: AssetLedger,
        waking: Waking,
        strategies: Sequence[QuotingStrategy],
    ) -> None:
        self.strategies = tuple(strategies)
        self._asset = asset
        self._ledger = ledger
        self._waking = waking

    def is_quoting(self, name: str) -> bool:
        return any(strategy.name == name for strategy in self.strategies)

    def names_told(self, market_round: DeskRound) -> list[str]:
        """Of those that quote, who is told that nobody can be asked: those that may here."""
        return [one.name for one in self.strategies if one.name in market_round.whys]

    def want(
        self,
        market_round: DeskRound,
        view: View,
        settings: Settings,
        block: Why | None,
        others: Sequence[WantedQuote],
    ) -> Quoted:
        """`others`: what is wanted besides. `block`: why nobody may enter now."""
        quoted = Quoted([], {})
        for strategy in self.strategies:
            thresholds, interval = strategy.thresholds(settings), market_round.round.interval
            if not may_trade(thresholds, self._asset, interval):
                continue
            name, quotes = strategy.name, self._ask(strategy, market_round, view, settings)
            if block is not None:
                kept = [one for one in quotes.rungs if _may_stay(one.quote, block)]
                quotes = QuoteSet(tuple(kept), block, quotes.wake)
            self._waking.declare(market_round.slug, name, quotes.wake)
            rungs, met = rungs_wanted(name, quotes, [*others, *quoted.wanted])
            quoted.wanted.extend(rungs)
            quoted.whys[name] = met or quotes.why
        return quoted

    def _ask(
        self, strategy: QuotingStrategy, market_round: DeskRound, view: View, settings: Settings
    ) -> QuoteSet:
        slug, name = market_round.slug, strategy.name
        held = self._ledger.asset_account.live.open(slug)
        own = seen_with(view, [one for one in held if one.strategy == name])
        own = replace(own, markout_bps=self._waking.markout_bps(slug, name))
        quotes = strategy.quote(own, settings)
        market_round.quote_sets[name] = quotes
        return quotes


def _may_stay(quote: Quote, block: Why) -> bool:
    """Of a set while nobody may enter: what sells what is held; where the venue takes orders that
    only rest, all of those as well."""
    is_taken = block.reason is Reason.VENUE_ONLY_RESTS and quote.is_post_only
    return quote.side is Side.SELL or is_taken


def seen_with(view: View, positions: Sequence[StrategyPosition]) -> View:
    """The view with what one strategy holds of the round."""
    for position in positions:
        if position.shares >= LOT:
            side = replace(view.side(position.outcome), held=position.shares, cost=position.cost)
            is_up = position.outcome is Outcome.UP
            return replace(view, up=side) if is_up else replace(view, down=side)
    return view

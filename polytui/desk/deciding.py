"""What is wanted in one open round: exits first, then the strongest signal that may be followed.

    view -> every strategy proposes -> exits of what is held -> signals that last, are allowed and
    were not spent -> the strongest -> wanted

All strategies are asked on every view. Those that may not trade here are followed on paper of
their own (shadow), so that everybody is scored by the same rule.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve

from polytui.config.deciding import Strategy as Thresholds
from polytui.config.schema import Settings
from polytui.desk.account import AssetBooks
from polytui.desk.choosing import (
    Candidate,
    Wanted,
    coherence_block,
    may_trade,
    outbid,
    strongest,
)
from polytui.desk.holdings import Holdings
from polytui.desk.leaning import Leaning
from polytui.desk.round import DeskRound
from polytui.ledger.shadow import Facing
from polytui.ledger.track import Stake
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Quote, Side
from polytui.strategy.exits import first_exit, leave
from polytui.strategy.proposal import Proposal, Strategy, View
from polytui.strategy.registry import STRATEGIES

_SHADOW = Why(Reason.SHADOW)
_NOTHING = Why(Reason.NONE)
_BY_NAME = {strategy.name: strategy for strategy in STRATEGIES}


class Deciding:
    """Stateless but for what it points at: one asset's holdings and books."""

    def __init__(self, asset: Asset, holdings: Holdings) -> None:
        self._asset = asset
        self._holdings = holdings

    def decide(
        self, entry: DeskRound, view: View, settings: Settings, block: Why | None
    ) -> tuple[list[Wanted], dict[str, Why]]:
        """Quotes wanted in the round, and by strategy why it does not get its entry.

        `block`: why nobody may enter now; exits go on.
        """
        whys: dict[str, Why] = {}
        candidates: list[Candidate] = []
        live, shadow = self._books.live.open(entry.slug), self._books.shadow.open(entry.slug)
        for strategy in STRATEGIES:
            thresholds = strategy.thresholds(settings)
            is_live = may_trade(thresholds, self._asset, entry.round.interval)
            own = _seen_by(strategy.name, view, live if is_live else shadow)
            proposal = self._ask(entry, strategy, own, settings)
            if not is_live:
                whys[strategy.name] = self._follow_in_shadow(
                    entry, strategy, thresholds, proposal, view, settings
                )
                continue
            why = block or self._signal_block(entry, strategy.name, proposal, view, settings)
            whys[strategy.name] = _NOTHING if why is None else why
            if why is None:
                candidates.append(Candidate(strategy.name, proposal))
        # Who leaves a round goes first: nobody enters it in the same breath.
        exits = self._exits(entry, view, settings, whys)
        return exits or self._entry(entry, candidates, whys), whys

    def _ask(
        self,
        entry: DeskRound,
        strategy: Strategy,
        view: View,
        settings: Settings,
    ) -> Proposal:
        proposal = strategy.propose(view, settings)
        entry.proposals[strategy.name] = proposal
        leaning = entry.leanings.get(strategy.name)
        if leaning is None:
            leaning = entry.leanings[strategy.name] = Leaning()
        leaning.note(proposal, view.now_ns, settings.gates.entry_delay_s)
        return proposal

    # --- entries --------------------------------------------------------------------------------

    def _signal_block(
        self, entry: DeskRound, name: str, proposal: Proposal, view: View, settings: Settings
    ) -> Why | None:
        """Why a strategy that may trade does not enter: its own reason first."""
        if not proposal.quotes:
            return proposal.why
        gates = settings.gates
        if gates.is_one_signal_a_side and self._is_spent(entry, name, proposal):
            return Why(Reason.SIGNAL_SPENT)
        min_edge = _BY_NAME[name].thresholds(settings).min_edge_bps
        return entry.leanings[name].block(view.now_ns, gates.entry_delay_s, min_edge)

    def _is_spent(self, entry: DeskRound, name: str, proposal: Proposal) -> bool:
        """Whether it has bought this side of the round, and no order of that is on its way."""
        outcome = proposal.outcome
        if outcome is None or not self._books.has_entered(entry.slug, name, outcome):
            return False
        return not any(
            working.order.strategy == name
            and working.order.outcome is outcome
            and working.order.side is Side.BUY
            for working in self._holdings.of_round(entry.slug)
        )

    def _entry(
        self, entry: DeskRound, candidates: Sequence[Candidate], whys: dict[str, Why]
    ) -> list[Wanted]:
        best = strongest(candidates)
        if best is None or best.proposal.outcome is None:
            return []
        for candidate in candidates:
            if candidate is not best:
                whys[candidate.strategy] = outbid(candidate, best)
        working, held = self._holdings.of_round(entry.slug), self._books.live.open(entry.slug)
        conflict = coherence_block(best.proposal.outcome, working, held)
        if conflict is not None:
            whys[best.strategy] = conflict
            return []
        return [Wanted(best.strategy, quote) for quote in best.proposal.quotes]

    # --- exits ----------------------------------------------------------------------------------

    def _exits(
        self, entry: DeskRound, view: View, settings: Settings, whys: dict[str, Why]
    ) -> list[Wanted]:
        """One way out for every stake that must leave; why, where there is none."""
        wanted = []
        for stake in self._books.live.open(entry.slug):
            why = _must_leave(stake, entry, view, settings)
            if why is None:
                continue
            way = leave(view, stake, why)
            if isinstance(way, Quote):
                wanted.append(Wanted(stake.strategy, way, is_exit=True))
                whys[stake.strategy] = why
            else:
                whys[stake.strategy] = way
        return wanted

    # --- shadow ---------------------------------------------------------------------------------

    def _follow_in_shadow(
        self,
        entry: DeskRound,
        strategy: Strategy,
        thresholds: Thresholds,
        proposal: Proposal,
        view: View,
        settings: Settings,
    ) -> Why:
        """Do on paper what it would have done; why it does nothing, or that it may not."""
        name, shadow = strategy.name, self._books.shadow
        for stake in shadow.open(entry.slug):
            if stake.strategy != name or not settings.exits.is_enabled:
                continue
            why = first_exit(view, stake, proposal, thresholds, settings.exits)
            way = leave(view, stake, why) if why is not None else None
            if isinstance(way, Quote):
                shadow.leave(entry.slug, name, way, _facing(view, way), view.now_ns)
        if not proposal.quotes:
            return proposal.why
        gates = settings.gates
        young = entry.leanings[name].block(
            view.now_ns, gates.entry_delay_s, thresholds.min_edge_bps
        )
        if young is not None:
            return young
        for quote in proposal.quotes:
            shadow.follow(entry.slug, name, quote, _facing(view, quote), view.now_ns)
        return _SHADOW

    @property
    def _books(self) -> AssetBooks:
        return self._holdings.books


def _must_leave(stake: Stake, entry: DeskRound, view: View, settings: Settings) -> Why | None:
    strategy = _BY_NAME.get(stake.strategy)
    if strategy is None or not settings.exits.is_enabled:
        return None
    lean = entry.proposals.get(stake.strategy)
    return first_exit(view, stake, lean, strategy.thresholds(settings), settings.exits)


def _seen_by(name: str, view: View, stakes: tuple[Stake, ...]) -> View:
    """The view with what this strategy holds; most of the time that is nothing."""
    for stake in stakes:
        if stake.strategy == name:
            side = evolve(view.side(stake.outcome), held=stake.shares, cost=stake.cost)
            is_up = stake.outcome is Outcome.UP
            return evolve(view, up=side) if is_up else evolve(view, down=side)
    return view


def _facing(view: View, quote: Quote) -> Facing:
    """What a quote would meet in the book as the view shows it."""
    side = view.side(quote.outcome)
    if quote.side is Side.BUY:
        return Facing(side.best_ask, side.ask_shares, view.fees)
    return Facing(side.best_bid, side.bid_shares, view.fees)

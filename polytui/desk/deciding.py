"""What is wanted in one open round: exits first, then the strongest signal that may be followed.

    view -> every strategy proposes -> exits of what is held -> signals that last, are allowed and
    were not spent -> the strongest -> wanted

All strategies are asked on every view. Those that may not trade here are followed on paper of
their own (shadow), so that everybody is scored by the same rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

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
from polytui.desk.shadowing import Asked, Shadowing
from polytui.ledger.claims import Beliefs
from polytui.ledger.track import Stake
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Asset, Interval, Outcome
from polytui.model.orders import Quote, Side
from polytui.model.units import LOT
from polytui.strategy.exits import first_exit, leave
from polytui.strategy.proposal import Proposal, Strategy, View
from polytui.strategy.registry import STRATEGIES

_NOTHING = Why(Reason.NONE)
_BY_NAME = {strategy.name: strategy for strategy in STRATEGIES}


class _Seat(NamedTuple):
    """A strategy with its own settings, and whether it may trade here."""

    strategy: Strategy
    thresholds: Thresholds
    is_live: bool


class Deciding:
    """Stateless but for what it points at, one asset's holdings and books; and for the seats of the
    settings that it saw last."""

    def __init__(self, asset: Asset, holdings: Holdings, shadowing: Shadowing) -> None:
        self._asset = asset
        self._holdings = holdings
        self._shadowing = shadowing
        self._seated: Settings | None = None
        self._seats: dict[Interval, tuple[_Seat, ...]] = {}

    def decide(
        self, entry: DeskRound, view: View, settings: Settings, block: Why | None
    ) -> tuple[list[Wanted], dict[str, Why]]:
        """Quotes wanted in the round, and by strategy why it does not get its entry.

        `block`: why nobody may enter now, in shadow neither; exits go on.
        """
        whys: dict[str, Why] = {}
        candidates: list[Candidate] = []
        live, shadow = self._books.live.open(entry.slug), self._books.shadow.open(entry.slug)
        for seat in self._seats_of(entry.round.interval, settings):
            stakes, name = live if seat.is_live else shadow, seat.strategy.name
            beliefs = self._holdings.beliefs(name, settings.claims)
            own = _seen_by(name, view, stakes, beliefs)
            if seat.thresholds.sizing == "half_kelly":
                others = self._holdings.closing_of_others(entry.round, name)
                own = replace(own, closing_usd=others)
            proposal = self._ask(entry, seat.strategy, own, settings)
            if not seat.is_live:
                asked = Asked(entry, name, seat.thresholds, proposal.as_claimed(), view, settings)
                done = self._shadowing.follow(asked, block)
                whys[name] = proposal.why if proposal.doubted else done
                continue
            if proposal.doubted or any(stake.strategy == name for stake in shadow):
                unbelieved = _unbelieved(proposal)
                asked = Asked(entry, name, seat.thresholds, unbelieved, view, settings)
                self._shadowing.follow(asked, block)
            why = block or self._signal_block(entry, seat, proposal, view, settings)
            whys[name] = why or proposal.less or _NOTHING
            if why is None:
                candidates.append(Candidate(name, proposal))
        # Who leaves a round goes first: nobody enters it in the same breath.
        leaving, reasons = self._exits(entry, view, settings)
        whys |= reasons
        return leaving or self._entry(entry, candidates, whys), whys

    def _seats_of(self, interval: Interval, settings: Settings) -> tuple[_Seat, ...]:
        if settings is not self._seated:
            self._seated = settings
            self._seats = {one: _seats(self._asset, one, settings) for one in Interval}
        return self._seats[interval]

    def _ask(
        self, entry: DeskRound, strategy: Strategy, view: View, settings: Settings
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
        self, entry: DeskRound, seat: _Seat, proposal: Proposal, view: View, settings: Settings
    ) -> Why | None:
        """Why a strategy that may trade does not enter: its own reason first."""
        if not proposal.quotes:
            return proposal.why
        gates, name = settings.gates, seat.strategy.name
        if gates.is_one_signal_a_side and self._is_spent(entry, name, proposal):
            return Why(Reason.SIGNAL_SPENT)
        min_edge_bps = seat.thresholds.min_edge_bps
        return entry.leanings[name].block(view.now_ns, gates.entry_delay_s, min_edge_bps)

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
        """The strongest of those whose side nobody stands against."""
        working, held = self._holdings.of_round(entry.slug), self._books.live.open(entry.slug)
        free = []
        for candidate in candidates:
            outcome = candidate.proposal.outcome
            conflict = coherence_block(outcome, working, held) if outcome is not None else None
            if conflict is None:
                free.append(candidate)
            else:
                whys[candidate.strategy] = conflict
        best = strongest(free)
        if best is None:
            return []
        for candidate in free:
            if candidate is not best:
                whys[candidate.strategy] = outbid(candidate, best)
        return [Wanted(best.strategy, quote) for quote in best.proposal.quotes]

    # --- exits ----------------------------------------------------------------------------------

    def exits(self, entry: DeskRound, view: View, settings: Settings) -> list[Wanted]:
        """Ways out while nobody can be asked: books and the clock are enough for most reasons."""
        return self._exits(entry, view, settings)[0]

    def _exits(
        self, entry: DeskRound, view: View, settings: Settings
    ) -> tuple[list[Wanted], dict[str, Why]]:
        """One way out for every stake that must leave; and by strategy why it does, or cannot."""
        wanted, whys = list[Wanted](), dict[str, Why]()
        for stake in self._books.live.open(entry.slug):
            why = _must_leave(stake, entry, view, settings)
            if why is None:
                continue
            way = leave(view, stake, why, settings.exits.max_slippage_ticks)
            if isinstance(way, Quote):
                wanted.append(Wanted(stake.strategy, way, is_exit=True))
                whys[stake.strategy] = why
            else:
                whys[stake.strategy] = way
        return wanted, whys

    # --- shadow ---------------------------------------------------------------------------------

    @property
    def _books(self) -> AssetBooks:
        return self._holdings.books


def _seats(asset: Asset, interval: Interval, settings: Settings) -> tuple[_Seat, ...]:
    seats = ((strategy, strategy.thresholds(settings)) for strategy in STRATEGIES)
    return tuple(_Seat(one, own, may_trade(own, asset, interval)) for one, own in seats)


def _must_leave(stake: Stake, entry: DeskRound, view: View, settings: Settings) -> Why | None:
    strategy = _BY_NAME.get(stake.strategy)
    if strategy is None or not settings.exits.is_enabled or stake.shares < LOT:
        return None
    lean = entry.proposals.get(stake.strategy)
    return first_exit(view, stake, lean, strategy.thresholds(settings), settings.exits)


def _unbelieved(proposal: Proposal) -> Proposal:
    """What a strategy that may trade does in shadow: only what it is not believed in."""
    return proposal.as_claimed() if proposal.doubted else replace(proposal, quotes=())


def _seen_by(name: str, view: View, stakes: tuple[Stake, ...], beliefs: Beliefs) -> View:
    """The view with what this strategy holds, and what is believed of it."""
    if beliefs != view.beliefs:
        view = replace(view, beliefs=beliefs)
    for stake in stakes:
        if stake.strategy == name and stake.shares >= LOT:
            side = replace(view.side(stake.outcome), held=stake.shares, cost=stake.cost)
            is_up = stake.outcome is Outcome.UP
            return replace(view, up=side) if is_up else replace(view, down=side)
    return view

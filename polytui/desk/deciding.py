"""What is wanted in one open round: exits first, then the strongest signal that may be followed.

    view -> every strategy proposes -> exits of what is held -> signals that last, are allowed and
    were not spent -> the strongest -> wanted

All strategies are asked on every view. Those that may not trade here are followed on paper of
their own (shadow), so that everybody is scored by the same rule; unless settings say that only
those are asked that trade, or hold something.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from polytui.config.deciding import StrategySettings
from polytui.config.schema import Settings
from polytui.config.strategy_tables import table_of
from polytui.desk.account import Account
from polytui.desk.asset_account import AssetAccount
from polytui.desk.asset_ledger import AssetLedger
from polytui.desk.quote_sets import QuoteSets, seen_with
from polytui.desk.round import DeskRound
from polytui.desk.selection import (
    Candidate,
    coherence_block,
    may_trade,
    outbid,
    strongest,
)
from polytui.desk.shadowing import Asked, Shadowing
from polytui.desk.signal_persistence import SignalPersistence
from polytui.desk.step import Step
from polytui.ledger.attribution import StrategyPosition
from polytui.ledger.claims import BELIEVED
from polytui.ledger.diff import WantedQuote
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Asset, Interval, Outcome
from polytui.model.orders import Quote, Side
from polytui.model.strategy_events import LoadedStrategy
from polytui.model.units import LOT
from polytui.strategy.exits import first_exit, leave
from polytui.strategy.proposal import Proposal, Strategy, View

_NOTHING = Why(Reason.NONE)
_IN_SHADOW = Why(Reason.SHADOW)


class _Seat(NamedTuple):
    """A strategy with its own settings, and whether it may trade here."""

    name: str
    strategy: Strategy
    thresholds: StrategySettings
    is_live: bool


class Deciding:
    """Stateless but for what it points at, one asset's ledger and account; and for the seats of the
    settings that it saw last."""

    def __init__(
        self,
        asset: Asset,
        account: Account,
        ledger: AssetLedger,
        shadowing: Shadowing,
        quote_sets: QuoteSets,
    ) -> None:
        self._asset = asset
        self._roster = account.roster
        self._quote_sets = quote_sets
        self._ledger = ledger
        self._shadowing = shadowing
        self._seated: tuple[Settings, tuple[LoadedStrategy, ...]] | None = None
        self._seats: dict[Interval, tuple[_Seat, ...]] = {}
        self._playing: dict[Interval, tuple[_Seat, ...]] = {}
        """Of those, who may trade."""
        self._idle: dict[str, Why] = {}
        """What each is told while nobody asks it."""

    def decide(
        self, step: Step, market_round: DeskRound, view: View, settings: Settings, block: Why | None
    ) -> tuple[list[WantedQuote], dict[str, Why]]:
        """Quotes wanted in the round, and by strategy why it does not get its entry.

        `block`: why nobody may enter now, in shadow neither; exits go on.
        """
        candidates: list[Candidate] = []
        live, shadow = (
            self._asset_account.live.open(market_round.slug),
            self._asset_account.shadow.open(market_round.slug),
        )
        seats, whys = self._asked(market_round, live, settings)
        for seat in seats:
            name = seat.name
            own = self._seen_by(
                seat, market_round, view, live if seat.is_live else shadow, settings
            )
            proposal = self._ask(step, market_round, seat, own, settings)
            if not seat.is_live:
                asked = Asked(
                    market_round, name, seat.thresholds, proposal.as_claimed(), view, settings
                )
                done = self._shadowing.follow(asked, block)
                whys[name] = proposal.why if proposal.doubted else done
                continue
            if proposal.doubted or _holds(shadow, name):
                unbelieved = _unbelieved(proposal)
                asked = Asked(market_round, name, seat.thresholds, unbelieved, view, settings)
                self._shadowing.follow(asked, block)
            why = block or self._signal_block(market_round, seat, proposal, view, settings)
            whys[name] = why or proposal.less or _NOTHING
            if why is None:
                candidates.append(Candidate(name, proposal))
        # Who leaves a round goes first: nobody enters it in the same breath.
        leaving, reasons = self._exits(market_round, view, settings)
        whys |= reasons
        wanted = leaving or self._entry(market_round, candidates, whys)
        quoted = self._quote_sets.want(market_round, view, settings, block, wanted)
        return wanted + quoted.wanted, whys | quoted.whys

    def _asked(
        self, market_round: DeskRound, live: tuple[StrategyPosition, ...], settings: Settings
    ) -> tuple[Sequence[_Seat], dict[str, Why]]:
        """Who is asked; and where not everybody is, what the others are told: what they said and
        wanted before is over."""
        interval = market_round.round.interval
        seats = self._seats_of(interval, settings)
        if settings.deciding.is_shadow_followed:
            return seats, {}
        asked: Sequence[_Seat] = self._playing[interval]
        if live:
            asked = [seat for seat in seats if seat.is_live or _holds(live, seat.name)]
        names = [seat.name for seat in asked]
        for said in (market_round.proposals, market_round.persistences):
            for name in [one for one in said if one not in names]:
                del said[name]
        return asked, dict(self._idle)

    def _seats_of(self, interval: Interval, settings: Settings) -> tuple[_Seat, ...]:
        seated, loaded = self._seated, self._roster.loaded
        if seated is None or settings is not seated[0] or loaded is not seated[1]:
            self._seated = settings, loaded
            strategies = self._roster.strategies()
            seats = {one: _seats(strategies, self._asset, one, settings) for one in Interval}
            playing = {
                one: tuple([seat for seat in seats[one] if seat.is_live]) for one in Interval
            }
            self._seats, self._playing = seats, playing
            self._idle = dict.fromkeys([one.name for one in strategies], _IN_SHADOW)
        return self._seats[interval]

    def _seen_by(
        self,
        seat: _Seat,
        market_round: DeskRound,
        view: View,
        positions: tuple[StrategyPosition, ...],
        settings: Settings,
    ) -> View:
        """The view with what this strategy holds, what is believed of it, and what others that
        share its budget have at stake."""
        beliefs = self._ledger.beliefs(seat.name, settings.claims)
        if beliefs is not BELIEVED:
            view = replace(view, beliefs=beliefs)
        if positions:
            view = seen_with(view, [one for one in positions if one.strategy == seat.name])
        if seat.thresholds.sizing == "half_kelly":
            others = self._ledger.closing_of_others(market_round.round, seat.name)
            view = replace(view, closing_usd=others)
        return view

    def _ask(
        self, step: Step, market_round: DeskRound, seat: _Seat, view: View, settings: Settings
    ) -> Proposal:
        proposal = self._roster.ask(step, seat.strategy, market_round.slug, view, settings)
        market_round.proposals[seat.name] = proposal
        persistence = market_round.persistences.get(seat.name)
        if persistence is None:
            persistence = market_round.persistences[seat.name] = SignalPersistence()
        persistence.note(proposal, view.now_ns, settings.gates.entry_delay_s)
        return proposal

    # --- entries --------------------------------------------------------------------------------

    def _signal_block(
        self,
        market_round: DeskRound,
        seat: _Seat,
        proposal: Proposal,
        view: View,
        settings: Settings,
    ) -> Why | None:
        """Why a strategy that may trade does not enter: its own reason first."""
        if not proposal.quotes:
            return proposal.why
        gates, name = settings.gates, seat.name
        if gates.is_one_signal_a_side and self._is_spent(market_round, name, proposal):
            return Why(Reason.SIGNAL_SPENT)
        min_edge_bps = seat.thresholds.min_edge_bps
        return market_round.persistences[name].block(view.now_ns, gates.entry_delay_s, min_edge_bps)

    def _is_spent(self, market_round: DeskRound, name: str, proposal: Proposal) -> bool:
        """Whether it has bought this side of the round, and no order of that is on its way."""
        outcome = proposal.outcome
        if outcome is None or not self._asset_account.has_entered(market_round.slug, name, outcome):
            return False
        return not any(
            working.order.strategy == name
            and working.order.outcome is outcome
            and working.order.side is Side.BUY
            for working in self._ledger.orders.of_round(market_round.slug)
        )

    def _entry(
        self, market_round: DeskRound, candidates: Sequence[Candidate], whys: dict[str, Why]
    ) -> list[WantedQuote]:
        """The strongest of those whose side nobody stands against."""
        working = self._ledger.orders.of_round(market_round.slug)
        held = self._asset_account.live.open(market_round.slug)
        held = tuple([one for one in held if not self._quote_sets.is_quoting(one.strategy)])
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
        return [WantedQuote(best.strategy, quote) for quote in best.proposal.quotes]

    # --- exits ----------------------------------------------------------------------------------

    def exits(self, market_round: DeskRound, view: View, settings: Settings) -> list[WantedQuote]:
        """Ways out while nobody can be asked: books and the clock are enough for most reasons."""
        return self._exits(market_round, view, settings)[0]

    def _exits(
        self, market_round: DeskRound, view: View, settings: Settings
    ) -> tuple[list[WantedQuote], dict[str, Why]]:
        """One way out for every position that must leave; and by strategy why it does, or
        cannot."""
        wanted, whys = list[WantedQuote](), dict[str, Why]()
        for position in self._asset_account.live.open(market_round.slug):
            why = _must_leave(position, market_round, view, settings)
            if why is None:
                continue
            here = self._here(market_round.slug, position.outcome)
            way = leave(view, position, why, settings.exits.max_slippage_ticks, here)
            if isinstance(way, Quote):
                wanted.append(WantedQuote(position.strategy, way, is_exit=True))
                whys[position.strategy] = why
            else:
                whys[position.strategy] = way
        return wanted, whys

    def _here(self, slug: str, outcome: Outcome) -> int:
        """Shares that are held and have arrived."""
        held = self._ledger.positions.of(slug).shares(outcome)
        return held - self._asset_account.arrivals.awaited_of(slug, outcome)

    @property
    def _asset_account(self) -> AssetAccount:
        return self._ledger.asset_account


def _seats(
    strategies: Sequence[Strategy], asset: Asset, interval: Interval, settings: Settings
) -> tuple[_Seat, ...]:
    seats = ((strategy, strategy.thresholds(settings)) for strategy in strategies)
    return tuple(_Seat(one.name, one, own, may_trade(own, asset, interval)) for one, own in seats)


def _must_leave(
    position: StrategyPosition, market_round: DeskRound, view: View, settings: Settings
) -> Why | None:
    # By its table alone: who is halted, or not here any more, leaves as everybody does.
    thresholds = table_of(settings, position.strategy)
    if thresholds is None or not settings.exits.is_enabled or position.shares < LOT:
        return None
    lean = market_round.proposals.get(position.strategy)
    return first_exit(view, position, lean, thresholds, settings.exits)


def _holds(positions: tuple[StrategyPosition, ...], strategy: str) -> bool:
    return bool(positions) and any(position.strategy == strategy for position in positions)


def _unbelieved(proposal: Proposal) -> Proposal:
    """What a strategy that may trade does in shadow: only what it is not believed in."""
    return proposal.as_claimed() if proposal.doubted else replace(proposal, quotes=())

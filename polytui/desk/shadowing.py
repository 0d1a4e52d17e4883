"""Strategies that may not trade, followed as if each of them were the only one that does.

    proposal -> what blocks entries -> cut to depth and limits -> on its way -> the book of then

What would stop a strategy that trades stops its shadow: a pause, a breaker, the limits, counted
on what the shadow itself has at stake. An order is as late as one on paper (its way there, the
hold, the answer, at their medians) and is matched by the exchange core: what the venue would refuse
is not filled. What it bought it cannot sell before a block has it, in the middle of what paper
draws.
"""

from __future__ import annotations

from msgspec import Struct, structs

from polytui.config.deciding import StrategySettings
from polytui.config.schema import Settings
from polytui.desk.account import Account
from polytui.desk.quoting import Quoter
from polytui.desk.round import DeskRound
from polytui.desk.rounds import DeskRounds
from polytui.ledger.diff import WantedQuote
from polytui.ledger.shadow import Sent, Shadow
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Asset
from polytui.model.orders import Fill, Quote, Side
from polytui.model.units import MICRO, NS_PER_S, Usd, cost_of
from polytui.risk.limits import AtStake, Exposure
from polytui.risk.pretrade import Refused, fit, what_is_here
from polytui.sim.world.displayed import meet, note
from polytui.sim.world.match_order import MatchOrder
from polytui.sim.world.matching import MatchResult
from polytui.strategy.exits import first_exit, leave
from polytui.strategy.proposal import Proposal, View

_SHADOW = Why(Reason.SHADOW)
_NO_ID = ""
_MOST_WAIT_NS = NS_PER_S
"""For a sweep to be told whole; on paper as well."""


class Asked(Struct, frozen=True):
    """What a strategy said of a round, and all that it said it by."""

    market_round: DeskRound
    strategy: str
    thresholds: StrategySettings
    proposal: Proposal
    view: View
    settings: Settings

    @property
    def young(self) -> Why | None:
        """Whether it has said so for too short a time."""
        delay_s, min_edge_bps = self.settings.gates.entry_delay_s, self.thresholds.min_edge_bps
        persistence = self.market_round.persistences[self.strategy]
        return persistence.block(self.view.now_ns, delay_s, min_edge_bps)

    @property
    def due_ns(self) -> int:
        """When an order that is sent now is matched."""
        return self.view.now_ns + self.settings.paper.taker_ns


class Shadowing:
    """Stateless but for what it points at: the shadow of one asset, and the account."""

    def __init__(self, asset: Asset, account: Account, quoter: Quoter) -> None:
        self._asset = asset
        self._account = account
        self._quoter = quoter

    # --- decisions --------------------------------------------------------------------------------

    def follow(self, asked: Asked, block: Why | None) -> Why:
        """Do virtually what it would have done; why it does nothing, or that it may not trade."""
        slug, name, proposal = asked.market_round.slug, asked.strategy, asked.proposal
        if self._shadow.is_waiting(slug, name):
            return _SHADOW
        is_leaving = self._leave(asked)
        if not proposal.quotes:
            return proposal.why
        why = block or asked.young
        if why is not None:
            return why
        quote = proposal.quotes[0]
        if is_leaving or self._shadow.has_entered(slug, name, quote.outcome):
            return _SHADOW
        return self._enter(asked, quote)

    def _leave(self, asked: Asked) -> bool:
        """Send it out of what it must leave; whether it is leaving."""
        slug, name, view = asked.market_round.slug, asked.strategy, asked.view
        position, exits = self._shadow.position(slug, name), asked.settings.exits
        if position is None:
            return False
        why = first_exit(view, position, asked.proposal, asked.thresholds, exits)
        if why is None:
            return False
        awaited = self._shadow.awaited(slug, name, position.outcome, view.now_ns)
        here = position.shares - awaited
        quote: Quote | Why | None = leave(view, position, why, exits.max_slippage_ticks, here)
        if isinstance(quote, Quote) and quote.side is Side.SELL and here < quote.shares:
            quote = what_is_here(quote, here, view.min_shares)
        if not isinstance(quote, Quote):
            return False
        tried_ns = self._shadow.last_exit_ns(slug, name)
        if not tried_ns or view.now_ns - tried_ns >= exits.retry_s * NS_PER_S:
            self._shadow.send(Sent(slug, name, quote, asked.due_ns, position.outcome, why.reason))
        return True

    def _enter(self, asked: Asked, quote: Quote) -> Why:
        """Send an entry, as large as depth and limits let one be that trades."""
        market_round, name, now_ns = asked.market_round, asked.strategy, asked.view.now_ns

        limits = self._quoter.limits(asked.settings)
        pre_trade = self._quoter.pre_trade(market_round, WantedQuote(name, quote), now_ns, limits)
        alone = structs.replace(pre_trade, last_entry_ns=0)
        fitted = fit(alone, self._exposure(market_round, name, now_ns), limits)
        if isinstance(fitted, Refused):
            return fitted.why
        self._shadow.send(Sent(market_round.slug, name, fitted.stamp.quote, asked.due_ns))
        return _SHADOW

    def _exposure(self, market_round: DeskRound, name: str, now_ns: int) -> Exposure:
        """What an order would find if all that is at stake were the shadow's own. In this round it
        has nothing, for each side is entered once and gates keep it from the other. The results of
        the day are the account's: what stops everybody stops it too."""
        shadow = self._shadow
        return structs.replace(
            self._quoter.exposure(now_ns, market_round),
            up=AtStake(),
            down=AtStake(),
            is_round_open=False,
            asset_usd=shadow.at_stake(name),
            account_usd=self._at_stake_everywhere(name),
            open_rounds=len(shadow.rounds_of(name)),
            working_orders=0,
            round_orders=0,
            trades_today=0,
        )

    def _at_stake_everywhere(self, name: str) -> Usd:
        return Usd(sum([self._account.of(one).shadow.at_stake(name) for one in Asset]))

    # --- arrivals ---------------------------------------------------------------------------------

    def arrive(self, now_ns: int, rounds: DeskRounds, mined_ns: int) -> None:
        """Match what is due by now, a block has it so long after. The book has not changed since it
        was due: whatever changes it is an event, and comes after this. Where no book is known an
        order is lost."""
        for sent in self._shadow.arrived(now_ns):
            market_round = rounds.get(sent.slug)
            if market_round is None or not market_round.up_book.is_known:
                continue
            if market_round.up_book.is_settled:
                self._match(sent, market_round, mined_ns)
            elif now_ns < sent.due_ns + _MOST_WAIT_NS:
                self._shadow.send(sent)  # in the middle of a sweep: the book after it is meant

    def _match(self, sent: Sent, market_round: DeskRound, mined_ns: int) -> None:
        book, quote = market_round.up_book, sent.quote
        taken = self._shadow.taken(sent.slug, sent.strategy)
        taken.saw_all(book.bids, book.asks)
        order = MatchOrder(
            _NO_ID, sent.strategy, quote.outcome, quote.side, quote.price, quote.shares, quote.tif
        )
        result = meet(market_round.round, book, taken, order)
        if sent.leaves is None and not _is_tradable(result, market_round):
            return
        note(taken, result)
        fills = [
            Fill("", match.taker_price, match.shares, match.taker_fee, is_taker=True)
            for match in result.matches
        ]
        self._shadow.fill(sent, fills)
        if quote.side is Side.BUY and mined_ns and fills:
            bought = sum([fill.shares for fill in fills])
            self._shadow.await_block(sent, bought, sent.due_ns + mined_ns)

    @property
    def _shadow(self) -> Shadow:
        return self._account.of(self._asset).shadow


def _is_tradable(result: MatchResult, market_round: DeskRound) -> bool:
    """Whether what was bought could be an order of its own: a few shares could never be sold, and
    a shadow does not wait for the rest."""
    shares = sum([match.shares for match in result.matches])
    cost = sum([cost_of(match.taker_price, match.shares) for match in result.matches])
    return shares >= market_round.round.min_shares and cost >= MICRO

"""One round as a desk knows it: its phase, its two books, its strike."""

from __future__ import annotations

import math

from polytui.desk.round_phase import Move, Phase, next_phase
from polytui.desk.signal_persistence import SignalPersistence
from polytui.ledger.shadow import NEVER_NS
from polytui.market.book import TokenBook
from polytui.model.effects import Why
from polytui.model.events import EXCHANGE_FEED, FINAL
from polytui.model.instrument import Outcome, Round, SettlementRule
from polytui.model.units import Price
from polytui.strategy.proposal import Proposal, QuoteSet

OBSERVED, ESTIMATED = "chainlink", "estimate"
"""Sources of a strike: our own sight of Chainlink's point, and our reckoning without it. Both hang
on a relay's clock."""
_TRUST = {"": 0, ESTIMATED: 1, OBSERVED: 2, FINAL: 3}
_VENUE_TRUST = 4
"""Any other source is the venue's own word on this very round."""
_SAME = 1e-5
"""A published strike so near to ours is the same with fewer digits."""
_FAR = 0.005
"""No skew of seconds is worth so much: one of the two is no price of that second."""


def _trust(source: str) -> int:
    return _TRUST.get(source, _VENUE_TRUST)


def may_say(source: str, rule: SettlementRule) -> bool:
    """Whether a source may speak of the strike under a rule: an exchange's candle opens where its
    own trades do, and what Chainlink settles is no exchange's to say."""
    if source == EXCHANGE_FEED:
        return rule is SettlementRule.CANDLE
    return source != FINAL or rule is not SettlementRule.CANDLE


class DeskRound:
    """State: everything about one round but money. Written only by the desk that holds it."""

    def __init__(self, listed: Round) -> None:
        self.round = listed
        self.phase = Phase.LISTED
        self.takes_orders = listed.takes_orders
        self.up_book = TokenBook()
        self.down_book = TokenBook()
        self.strike: float | None = None
        self.strike_source = ""
        self.confirmed_by = ""
        """The best of the venue's words on the strike; empty while we have only our own."""
        self.fair_up: float | None = None
        self.sigma: float | None = None
        self.priced: float | None = None
        """The consensus that they were made with."""
        self.fair_ns = 0
        """When it was made; 0 before the first."""
        self.looked_ns = 0
        """When the round was last looked at: later than `fair_ns` where nothing could be made."""
        self.seen_price = 0.0
        """The price that it was last looked at with; 0 where it could not be priced."""
        self.band = math.inf
        """Dollars that the price may move from there until it is looked at again."""
        self.wakes_ns = NEVER_NS
        """When it is looked at again whatever happens: a window opens, or positions must leave."""
        self.tense_ns = NEVER_NS
        """From when somebody may trade it at once: every change of its prices decides then."""
        self.minds_depth = False
        """An order waits for depth: every change of its books is a reason to decide."""
        self.is_quiet = False
        """Nobody may enter, and there is nothing to leave: a look a second is enough."""
        self.block: Why | None = None
        """Why nobody may enter now, for those who show it."""
        self.mid_up: float | None = None
        self.tick_ns = 0
        """Since when the tick is what it is, by the venue's clock; 0 since the listing."""
        self.last_entry_ns = 0
        self.last_exits: dict[str, int] = {}
        """When each strategy was last on its way out, by name."""
        self.entries = 0
        """Orders sent, rungs of quote sets not counted."""
        self.requotes = 0
        """Rungs sent."""
        self.refused: dict[tuple[str, str], int] = {}
        """When the venue last refused a rung or took it back, by strategy and key, until it takes
        one again."""
        self.unsettled_ns = 0
        """Since when its books do not add up; 0 while they do."""
        self.whys: dict[str, Why] = {}
        """The last reason each strategy was told of, by name."""
        self.proposals: dict[str, Proposal] = {}
        """What each strategy said last."""
        self.quote_sets: dict[str, QuoteSet] = {}
        """The same of those that quote."""
        self.persistences: dict[str, SignalPersistence] = {}
        """How long each has been saying so."""

    @property
    def slug(self) -> str:
        return self.round.slug

    def book(self, outcome: Outcome) -> TokenBook:
        return self.up_book if outcome is Outcome.UP else self.down_book

    def is_priced_at(self, now_ns: int, within_ns: int = 0) -> bool:
        """Whether its fair value is of this moment, or no older than so long."""
        return bool(self.fair_ns) and 0 <= now_ns - self.fair_ns <= within_ns

    def move(self, move: Move) -> bool:
        """Walk the table; True if the phase changed."""
        before = self.phase
        self.phase = next_phase(before, move)
        return self.phase is not before

    def change_tick(self, tick: Price, venue_ns: int) -> None:
        """The grid is another from `venue_ns` on, and books of before are of neither token."""
        if venue_ns < self.tick_ns:
            return
        self.round, self.tick_ns = self.round.with_tick(tick), venue_ns
        self.up_book.void_before(venue_ns)
        self.down_book.void_before(venue_ns)

    def know_strike(self, strike: float, source: str) -> None:
        """Our own sight overrules a guess, and the venue's word confirms it or overrules it: rounds
        settle by that, and a relay's clock may be off."""
        if _trust(source) > _trust(OBSERVED):
            self._hear_word(strike, source)
        elif self.confirmed_by:
            self._see_beside_word(strike, source)
        elif _trust(source) > _trust(self.strike_source):
            self.strike, self.strike_source = strike, source

    def _hear_word(self, strike: float, source: str) -> None:
        """Of two words of a kind the first stands. One far from what we saw is no price at all."""
        is_seen = self.strike_source == OBSERVED
        if _trust(source) <= _trust(self.confirmed_by):
            return
        if is_seen and not self._is_within(strike, _FAR):
            return
        self.confirmed_by = source
        if not (is_seen and self._is_within(strike, _SAME)):
            self.strike, self.strike_source = strike, source

    def _see_beside_word(self, strike: float, source: str) -> None:
        """The same number with more digits; or a word that is unmasked."""
        if source == OBSERVED and not self._is_within(strike, _FAR):
            self.confirmed_by = ""
        elif source != OBSERVED or not self._is_within(strike, _SAME):
            return
        self.strike, self.strike_source = strike, source

    def _is_within(self, strike: float, share: float) -> bool:
        return self.strike is not None and abs(strike - self.strike) <= share * self.strike

    def begin_again(self, now_ns: int) -> None:
        """For a new life: nobody has looked yet, and nothing happened later than now."""
        self.forget_opinions()
        self.seen_price, self.band = 0.0, math.inf
        self.wakes_ns = self.tense_ns = NEVER_NS
        self.minds_depth = self.is_quiet = False
        self.unsettled_ns = 0
        self.last_entry_ns = min(self.last_entry_ns, now_ns)
        self.last_exits = {name: min(at_ns, now_ns) for name, at_ns in self.last_exits.items()}
        self.refused = {rung: min(at_ns, now_ns) for rung, at_ns in self.refused.items()}

    def turn_back(self, now_ns: int) -> None:
        """Where a clock that was set back says that it is."""
        if now_ns < self.round.opens_ns:
            self.phase = Phase.LISTED
        elif now_ns < self.round.closes_ns and self.phase is Phase.ENDED:
            self.phase = Phase.OPEN

    def forget_opinions(self) -> None:
        """Nobody is asked for a while."""
        self.quote_sets.clear()
        if self.proposals:
            self.proposals.clear()
            self.persistences.clear()

    def state(self) -> tuple[object, ...]:
        books = (self.up_book.state(), self.down_book.state())
        whys = sorted((name, why.reason.value) for name, why in self.whys.items())
        strike = (self.strike, self.strike_source, self.confirmed_by)
        exits = sorted(self.last_exits.items())
        sent = (self.entries, self.requotes, sorted(self.refused.items()))
        entries = (self.last_entry_ns, exits, *sent, self.unsettled_ns)
        persistences = sorted(
            (name, persistence.state()) for name, persistence in self.persistences.items()
        )
        tick = (self.round.tick, self.tick_ns)
        looked = (
            self.seen_price,
            self.band,
            self.wakes_ns,
            self.tense_ns,
            self.minds_depth,
            self.is_quiet,
        )
        return (
            self.phase.value,
            self.takes_orders,
            tick,
            books,
            strike,
            entries,
            whys,
            persistences,
            looked,
        )

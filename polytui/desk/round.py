"""One round as a desk knows it: its phase, its two books, its strike."""

from __future__ import annotations

from polytui.desk.leaning import Leaning
from polytui.desk.machine import Move, Phase, next_phase
from polytui.market.book import TokenBook
from polytui.model.effects import Why
from polytui.model.instrument import Outcome, Round
from polytui.model.units import Price
from polytui.strategy.proposal import Proposal

OBSERVED, ESTIMATED = "oracle", "estimate"
"""Sources of a strike: our own sight of the oracle's point, and our reckoning without it. Any
other source is the venue's word."""
_TRUST = {ESTIMATED: 1, OBSERVED: 3}
_VENUE_TRUST = 2


def _trust(source: str) -> int:
    return _TRUST.get(source, _VENUE_TRUST)


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
        self.fair_up: float | None = None
        self.deviation: float | None = None
        self.mid_up: float | None = None
        self.tick_ns = 0
        """Since when the tick is what it is, by the venue's clock; 0 since the listing."""
        self.last_entry_ns = 0
        self.last_exits: dict[str, int] = {}
        """When each strategy was last on its way out, by name."""
        self.entries = 0
        self.unsettled_ns = 0
        """Since when its books do not add up; 0 while they do."""
        self.whys: dict[str, Why] = {}
        """The last reason each strategy was told of, by name."""
        self.proposals: dict[str, Proposal] = {}
        """What each strategy said last."""
        self.leanings: dict[str, Leaning] = {}
        """How long each has been saying so."""

    @property
    def slug(self) -> str:
        return self.round.slug

    def book(self, outcome: Outcome) -> TokenBook:
        return self.up_book if outcome is Outcome.UP else self.down_book

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
        """The first word stands, but the oracle's own point overrules a copy, and both a guess."""
        if self.strike is None or _trust(source) > _trust(self.strike_source):
            self.strike, self.strike_source = strike, source

    def forget_opinions(self) -> None:
        """Nobody is asked for a while."""
        if self.proposals:
            self.proposals.clear()
            self.leanings.clear()

    def state(self) -> tuple[object, ...]:
        books = (self.up_book.state(), self.down_book.state())
        whys = sorted((name, why.reason.value) for name, why in self.whys.items())
        strike = (self.strike, self.strike_source)
        exits = sorted(self.last_exits.items())
        entries = (self.last_entry_ns, exits, self.entries, self.unsettled_ns)
        leanings = sorted((name, leaning.state()) for name, leaning in self.leanings.items())
        tick = (self.round.tick, self.tick_ns)
        return (self.phase.value, self.takes_orders, tick, books, strike, entries, whys, leanings)

"""What the venue still owes: winners of settled rounds that nobody has redeemed yet, and rounds
that are over and whose winner nobody has told.

A settled round counts as paid here, and is in no dollar balance before somebody redeems it. Only
its shares tell, token by token: so many a time are asked for, and nothing is concluded before all
were.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from attrs import define, field

from polytui.execution.equal_looks import SURE_AFTER_NS
from polytui.execution.live_books import LiveBooks
from polytui.execution.live_rounds import LiveRound
from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.events import RoundSettled
from polytui.model.instrument import Outcome, Round
from polytui.model.units import MICRO, NS_PER_S, Shares, Usd
from polytui.net.clock import SessionClock
from polytui.venues.polymarket.data_activity import WalletDeed

_ROUNDED = 1
"""Millionths: two halves are rounded down each."""
_ASKED_MOST = 20
"""Rounds of one comparison: each is a request or two."""
_WATCHED_FOR_NS = 300 * NS_PER_S
"""After a close its asset's own watchers have heard the winner, where there are any."""

SharesThere = Callable[[LiveRound, Outcome], Awaitable[Shares]]
"""As the chain has them now."""
Winner = Callable[[Round], Awaitable[str | None]]
"""The winning token of a round, NO_WINNER of a void one, None where the venue does not say yet."""


@define(eq=False)
class Unredeemed:
    """State: what waits of each settled round, and which were asked for since money last agreed."""

    books: LiveBooks
    clock: SessionClock
    shares_there: SharesThere
    winner: Winner | None = None
    on_chain: set[str] = field(factory=set)
    """Rounds of which something is under way on the chain: nobody can say where its dollars and
    shares are just now."""
    found: list[WalletDeed] = field(factory=list)
    """Dollars that this wallet redeemed and no ledger of ours expects."""
    _rounds: dict[str, LiveRound] = field(factory=dict)
    _worth: dict[str, int] = field(factory=dict)
    """Of those of which only a part is there still."""
    _gone_ns: dict[str, int] = field(factory=dict)
    """Rounds of which a look found nothing, and when: nothing is expected of them meanwhile, and
    until a second look says the same they are not forgotten."""
    _asked: set[str] = field(factory=set)
    _ended: set[str] = field(factory=set)
    """Rounds whose end is known here."""
    _settled: list[str] = field(factory=list)
    """Of those, the ones that no reconcile has told of."""
    _has_no_winner: set[str] = field(factory=set)
    """Rounds that are over for long, and of which the venue says nothing either."""

    @property
    def worth(self) -> Usd:
        """What would be paid for all that waits."""
        each = (
            min(live.payout, self._worth.get(slug, live.payout))
            for slug, live in self._rounds.items()
        )
        return Usd(sum(each))

    @property
    def is_all_asked(self) -> bool:
        return self._rounds.keys() <= self._asked

    def holds_token(self, token_id: str) -> bool:
        rounds = (live.listed for live in self._rounds.values())
        return any(token_id in (one.up_token, one.down_token) for one in rounds)

    @property
    def waiting(self) -> tuple[LiveRound, ...]:
        """The oldest end first."""
        return tuple(self._rounds.values())

    def carry(self, live: LiveRound) -> None:
        """One of an earlier session."""
        self._rounds[live.listed.slug] = live

    def paid(self, slug: str) -> None:
        """Its winners are home, whoever brought them."""
        self._worth.pop(slug, None)
        self._gone_ns.pop(slug, None)
        self._rounds.pop(slug, None)

    def redeemed(self, slug: str, amount: Usd) -> Usd:
        """So much was paid for shares of a round; how much of it these books expected."""
        live = self._rounds.get(slug)
        if live is None:
            return Usd(0)
        if self._gone_ns.pop(slug, None) is not None:
            del self._worth[slug]  # it was there all the time
        worth = min(live.payout, self._worth.get(slug, live.payout))
        if worth - amount > _ROUNDED:
            self._worth[slug] = worth - amount
        else:
            self.paid(slug)
        return Usd(min(amount, worth))

    def note_ends(self) -> None:
        for live in self.books.rounds:
            slug = live.listed.slug
            if live.settled is None or slug in self._ended:
                continue
            self._ended.add(slug)
            self._settled.append(slug)
            if live.payout > 0:
                self._rounds[slug] = live

    def take_settled(self) -> tuple[str, ...]:
        """Rounds that ended since the last time."""
        settled, self._settled = self._settled, []
        return tuple(settled)

    # --- what was redeemed ------------------------------------------------------------------------

    def begin_anew(self) -> None:
        """Whatever was asked for is old."""
        self._asked.clear()

    async def ask_some(self) -> None:
        """Which of those that were not asked for are paid."""
        for slug in [one for one in self._rounds if one not in self._asked][:_ASKED_MOST]:
            await self._look(self._rounds[slug])
            self._asked.add(slug)

    async def look_again(self) -> None:
        """At what seemed to be gone. Whoever says so may be behind a purchase: what is forgotten
        here is redeemed by nobody."""
        sure_ns = self.clock.now_ns() - SURE_AFTER_NS
        for slug in [slug for slug, gone_ns in self._gone_ns.items() if gone_ns <= sure_ns]:
            if slug in self._rounds:
                await self._look(self._rounds[slug])

    async def _look(self, live: LiveRound) -> None:
        slug, worth = live.listed.slug, await self._still_there(live)
        now_ns = self.clock.now_ns()
        if slug not in self._rounds:
            return  # it was redeemed meanwhile
        self._worth[slug] = worth
        if worth:
            self._gone_ns.pop(slug, None)
        elif now_ns >= self._gone_ns.setdefault(slug, now_ns) + SURE_AFTER_NS:
            self.paid(slug)

    async def _still_there(self, live: LiveRound) -> int:
        """What the venue would still pay for a settled round."""
        worth = 0
        for outcome in Outcome:
            pays, had = live.pays(outcome), live.shares(outcome)
            if pays and had > 0:
                worth += min(await self.shares_there(live, outcome), had) * pays // MICRO
        return worth

    # --- ends that nobody has told ----------------------------------------------------------------

    def _unheard(self) -> list[LiveRound]:
        now_ns = self.clock.now_ns()
        return [
            live
            for live in self.books.rounds
            if live.settled is None and live.listed.closes_ns <= now_ns and not live.is_empty
        ]

    @property
    def waits_for_an_end(self) -> bool:
        """The venue may have paid a round already whose result is not known as one yet. Of one that
        is over for long, and that the venue itself knows no winner of, nothing was paid."""
        return any(live.listed.slug not in self._has_no_winner for live in self._unheard())

    async def hear_ends(self) -> None:
        """Of rounds that are over for long: their asset is not traded here, so nobody else asks.
        Its desk, where there is one, hears of it as of any other."""
        self._has_no_winner.clear()
        now_ns = self.clock.now_ns()
        for live in self._unheard():
            if live.listed.closes_ns + _WATCHED_FOR_NS > now_ns or self.winner is None:
                continue
            try:
                token_id = await self.winner(live.listed)
            except (Rejected, Retry, Unknown):
                continue
            if token_id is None:
                self._has_no_winner.add(live.listed.slug)
            else:
                settled = RoundSettled(live.listed.condition_id, token_id, "clob", now_ns)
                self.books.settle(settled)

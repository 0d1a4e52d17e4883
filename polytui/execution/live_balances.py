"""Dollars and shares as the venue has them, against those that the books say.

    dollars there = cash - what trades on their way have not moved - winners not redeemed yet

A difference counts only where nothing moved while it was read, where the venue's picture of the
chain is fresh, and where it is there twice: then money came or went that no trade explains. What it
was the Data API may know; it is behind, so a kind that nobody can name is a warning and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from attrs import define, field

from polytui.execution.live_books import LiveBooks
from polytui.execution.live_rounds import LiveRound
from polytui.execution.live_trades import Say
from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.events import CashKind, CashMoved
from polytui.model.instrument import Outcome
from polytui.model.units import MICRO, Shares, Usd, format_micro
from polytui.net.clock import SessionClock
from polytui.venues.polymarket.clob_account import ClobAccount
from polytui.venues.polymarket.data_activity import WalletDeed

_SURELY_ROUNDING = 100
"""Millionths that no person moves."""
_NEVER_REDEEMED_MOST = 200
"""Rounds whose winners are waited for; the oldest are the venue's to pay."""


class ActivityReader(Protocol):
    async def since(self, after_ns: int) -> Sequence[WalletDeed]:
        """What moved money or shares of the wallet without a trade, as far as is known yet."""
        ...


@define
class _Doubt:
    """A difference that was seen once."""

    amount: Usd
    changes: int


@define(eq=False)
class LiveBalances:
    """State: winners that are not redeemed, and differences that were seen once."""

    account: ClobAccount
    books: LiveBooks
    clock: SessionClock
    say: Say
    activity: ActivityReader | None = None
    patient_until_ns: int = 0
    """Until then dollars that are missing may be winners of the session before, whose rounds are
    known no more: nothing is made of them."""
    _unredeemed: dict[str, LiveRound] = field(factory=dict)
    _ended: dict[str, None] = field(factory=dict)
    """Rounds whose end is known here."""
    _settled: list[str] = field(factory=list)
    """Of those, the ones that no reconcile has told of."""
    _doubt: _Doubt | None = None
    _doubted_shares: dict[tuple[str, Outcome], int] = field(factory=dict)
    _warned: set[tuple[str, Outcome, int]] = field(factory=set)
    _named: set[str] = field(factory=set)
    """Rows of the Data API that explained something already."""
    _agreed_ns: int = 0
    """When dollars were last as they should be."""
    _moves: int = 0
    is_conclusive: bool = False
    """Whether the last comparison could say anything."""

    @property
    def is_in_doubt(self) -> bool:
        return self._doubt is not None or bool(self._doubted_shares)

    async def collateral(self) -> Usd:
        return Usd((await self.account.collateral()).balance)

    def take_settled(self) -> tuple[str, ...]:
        """Rounds whose end these balances count; told once."""
        if not self.is_conclusive:
            return ()
        settled, self._settled = self._settled, []
        return tuple(settled)

    async def compare(self) -> tuple[list[CashMoved], int]:
        """Money that moved otherwise, and how many figures differ still."""
        self._note_ends()
        moves = self._rounding()
        more, differences = await self._dollars()
        return moves + more, differences + await self._shares()

    def _note_ends(self) -> None:
        for live in self.books.rounds:
            slug = live.listed.slug
            if live.settled is None or slug in self._ended:
                continue
            self._ended[slug] = None
            self._settled.append(slug)
            if live.payout:
                self._unredeemed[slug] = live
        for slug in list(self._unredeemed)[:-_NEVER_REDEEMED_MOST]:
            del self._unredeemed[slug]

    def _rounding(self) -> list[CashMoved]:
        amount = self.books.purse.take_rounding()
        return [self._move(CashKind.ROUNDING, amount, "fees known better")] if amount else []

    # --- dollars ----------------------------------------------------------------------------------

    async def _dollars(self) -> tuple[list[CashMoved], int]:
        changes = self.books.trades.changes
        missing = await self._missing(is_fresh=False)
        if missing:
            missing = await self._missing(is_fresh=True)
        self.is_conclusive = changes == self.books.trades.changes and not self._waits_for_ended()
        if not self.is_conclusive:
            return [], 0
        if not missing:
            self._doubt, self._agreed_ns = None, self.clock.now_ns()
            return [], 0
        if missing < 0 and self.clock.now_ns() < self.patient_until_ns:
            self._doubt, self.is_conclusive = None, False
            return [], 0
        doubt, self._doubt = self._doubt, _Doubt(missing, changes)
        if doubt is None or doubt.amount != missing:
            self.is_conclusive = False
            return [], 1
        self._doubt = None
        moves = await self._explained(missing)
        for move in moves:
            self.books.purse.move(move.amount)
        self._agreed_ns = self.clock.now_ns()
        return moves, 0

    async def _missing(self, *, is_fresh: bool) -> Usd:
        """Dollars that are there and should not be; below zero where they are gone."""
        if is_fresh:
            await self.account.refresh_collateral()
        there = await self.collateral()
        moving = sum(fill.flow for fill in self.books.trades.on_the_way())
        waiting = sum(live.payout for live in self._unredeemed.values())
        should = self.books.money().cash - moving - waiting
        if there == should or not is_fresh:
            return Usd(there - should)
        # Perhaps some was redeemed: only where it is not all waiting does anybody ask.
        still = sum([await self._still_there(live) for live in list(self._unredeemed.values())])
        there = await self.collateral()
        return Usd(there + still - (self.books.money().cash - moving))

    async def _still_there(self, live: LiveRound) -> int:
        """What the venue would still pay for a settled round."""
        worth = 0
        for outcome in Outcome:
            pays = live.pays(outcome)
            if pays and live.shares(outcome) > 0:
                shares = await self._shares_there(live, outcome, is_fresh=True)
                worth += min(shares, live.shares(outcome)) * pays // MICRO
        if not worth:
            self._unredeemed.pop(live.listed.slug, None)
        return worth

    def _waits_for_ended(self) -> bool:
        """A trade on its way in a settled round: its shares and its payout come and go apart. Or a
        round that is over and whose winner nobody has heard: the venue may have paid it already,
        while we were away, and its result is not known as one yet."""
        now_ns = self.clock.now_ns()
        for live in self.books.rounds:
            if live.settled is None and live.listed.closes_ns <= now_ns and not live.is_empty:
                return True
        ended = {one.listed.token_of(each) for one in self._unredeemed.values() for each in Outcome}
        return any(fill.token_id in ended for fill in self.books.trades.on_the_way())

    async def _explained(self, amount: Usd) -> list[CashMoved]:
        if abs(amount) <= _SURELY_ROUNDING:
            return [self._move(CashKind.ROUNDING, amount, "the venue rounds otherwise")]
        known = await self._known_activity()
        for chosen in ([one for one in known if one.amount == amount][:1], known):
            if chosen and sum(one.amount for one in chosen) == amount:
                self._named.update(one.key for one in chosen)
                return [self._move(one.kind, one.amount, one.words, one.key) for one in chosen]
        elsewhere, keys = self.books.trades.elsewhere()
        if elsewhere and abs(amount - elsewhere) <= abs(elsewhere) // 10:
            self.books.trades.note_elsewhere(keys)
            return [self._move(CashKind.ELSEWHERE, amount, "trades in markets not played here")]
        words = (
            f"{format_micro(amount, 2)} dollars came or went that no trade explains: counted as"
            " money, not as a result"
        )
        self.say("warn", "", words)
        return [self._move(CashKind.UNEXPLAINED, amount, "")]

    async def _known_activity(self) -> Sequence[WalletDeed]:
        if self.activity is None:
            return ()
        try:
            told = await self.activity.since(self._agreed_ns)
        except (Rejected, Retry, Unknown):
            return ()
        ours = {live.listed.condition_id for live in self.books.rounds}
        return [one for one in told if one.condition_id not in ours and one.key not in self._named]

    def _move(self, kind: CashKind, amount: int, words: str, key: str = "") -> CashMoved:
        now_ns = self.clock.now_ns()
        self._moves += 1
        return CashMoved(kind, Usd(amount), key or f"{now_ns}-{self._moves}", now_ns, words)

    # --- shares -----------------------------------------------------------------------------------

    async def _shares(self) -> int:
        """Of open rounds in which anything is or was held."""
        before, self._doubted_shares = self._doubted_shares, {}
        differences = 0
        for live in self.books.rounds:
            if live.settled is not None or not (live.fills or live.carried):
                continue
            for outcome in Outcome:
                missing = await self._missing_shares(live, outcome)
                if not missing:
                    continue
                place = (live.listed.slug, outcome)
                self._doubted_shares[place] = missing
                differences += 1
                if before.get(place) == missing:
                    self._warn(live, outcome, missing)
        return differences

    async def _missing_shares(self, live: LiveRound, outcome: Outcome) -> int:
        changes = self.books.trades.changes
        for is_fresh in (False, True):
            there = await self._shares_there(live, outcome, is_fresh=is_fresh)
            token = live.listed.token_of(outcome)
            moving = sum(
                fill.signed_shares
                for fill in self.books.trades.on_the_way()
                if fill.token_id == token
            )
            missing = there - (live.shares(outcome) - moving)
            if not missing or changes != self.books.trades.changes:
                return 0
        return missing

    async def _shares_there(self, live: LiveRound, outcome: Outcome, *, is_fresh: bool) -> Shares:
        token_id, protocol = live.listed.token_of(outcome), live.listed.protocol
        if is_fresh:
            await self.account.refresh_shares(token_id, protocol)
        return Shares((await self.account.shares(token_id, protocol)).balance)

    def _warn(self, live: LiveRound, outcome: Outcome, missing: int) -> None:
        """Once for each figure."""
        slug = live.listed.slug
        if (slug, outcome, missing) in self._warned:
            return
        self._warned.add((slug, outcome, missing))
        ours = live.shares(outcome)
        words = (
            f"{slug}: the venue has {format_micro(ours + missing)} shares of {outcome.value}, these"
            f" books {format_micro(ours)}: somebody moved them without a trade"
        )
        self.say("error", live.listed.asset.value, words)

"""Dollars and shares as the venue has them, against those that the books say.

    dollars there = cash - what trades on their way have not moved - winners not redeemed yet

A difference counts only where nothing moved while it was read, where the venue's picture of the
chain is fresh, where it stays the same for a while in which nothing is traded, and where it is not
what the newest fills moved: then money came or went that no trade explains. What it
was the Data API may know. It is behind by minutes, so money that it cannot name yet is told as
unexplained, with a warning, and told by its name once it has one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Protocol

from attrs import define, field, frozen

from polytui.execution.live_books import LiveBooks
from polytui.execution.live_rounds import LiveRound
from polytui.execution.live_trades import Say
from polytui.execution.unredeemed import Unredeemed, Winner
from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.events import CashKind, CashMoved
from polytui.model.instrument import Outcome
from polytui.model.units import NS_PER_S, Shares, Usd, format_micro
from polytui.net.clock import SessionClock
from polytui.venues.polymarket.clob_account import ClobAccount
from polytui.venues.polymarket.data_activity import WalletDeed

_SURELY_ROUNDING = 100
"""Millionths that no person moves."""
_PICTURE_MAY_BE_LATE_NS = 600 * NS_PER_S
"""What the venue believes of the chain was seen to be behind a trade that it told as mined."""
_NAMED_WITHIN_NS = 900 * NS_PER_S
"""After this nobody asks any more what money was."""


class ActivityReader(Protocol):
    async def since(self, after_ns: int) -> Sequence[WalletDeed]:
        """What moved money or shares of the wallet without a trade, as far as is known yet."""
        ...


@frozen
class _Doubt:
    """A difference that was seen."""

    amount: int
    changes: int
    """How much had moved by then, here or there."""
    since_ns: int


@frozen
class _Nameless:
    """Money that was told before anybody knew what it was."""

    amount: Usd
    since_ns: int
    """It came or went after this."""
    told_ns: int


@define(eq=False)
class LiveBalances:
    """State: differences that were seen, and since when."""

    account: ClobAccount
    books: LiveBooks
    clock: SessionClock
    say: Say
    activity: ActivityReader | None = None
    settles_ns: int = 60 * NS_PER_S
    """For so long the same is missing, and nothing is traded, before it is money that moved."""
    winner: Winner | None = None
    """Who is asked for the end of a round that nobody watches."""
    patient_until_ns: int = 0
    """Until then dollars that are missing may be winners of the session before, whose rounds are
    known no more: nothing is made of them."""
    unredeemed: Unredeemed = field(init=False)
    _doubt: _Doubt | None = None
    _doubted_shares: dict[tuple[str, Outcome], _Doubt] = field(factory=dict)
    _warned: set[tuple[str, Outcome, int]] = field(factory=set)
    _named: set[str] = field(factory=set)
    """Rows of the Data API that explained something already."""
    _nameless: list[_Nameless] = field(factory=list)
    _agreed_ns: int = 0
    """When dollars were last as they should be."""
    _moves: int = 0
    _changes: int = 0
    _changed_ns: int = 0
    """When it was first seen that something had moved since the time before."""
    is_conclusive: bool = False
    """Whether the last comparison could say anything."""

    def __attrs_post_init__(self) -> None:
        there = partial(self._shares_there, is_fresh=True)
        self.unredeemed = Unredeemed(self.books, self.clock, there, self.winner)

    @property
    def is_in_doubt(self) -> bool:
        shares = self._doubted_shares.values()
        return self._doubt is not None or not all(map(self._is_old, shares))

    async def collateral(self) -> Usd:
        return Usd((await self.account.collateral()).balance)

    def take_settled(self) -> tuple[str, ...]:
        """Rounds whose end these balances count; told once."""
        return self.unredeemed.take_settled() if self.is_conclusive else ()

    async def compare(self) -> tuple[list[CashMoved], int]:
        """Money that moved otherwise, and how many figures differ still."""
        await self.unredeemed.hear_ends()
        self.unredeemed.note_ends()
        if self._changes != self.books.trades.changes:
            self._changes, self._changed_ns = self.books.trades.changes, self.clock.now_ns()
        moves = self._rounding() + await self._named_now()
        more, differences = await self._dollars()
        return moves + more, differences + await self._shares()

    def _rounding(self) -> list[CashMoved]:
        amount = self.books.purse.take_rounding()
        return [self._move(CashKind.ROUNDING, amount, "fees known better")] if amount else []

    # --- dollars ----------------------------------------------------------------------------------

    async def _dollars(self) -> tuple[list[CashMoved], int]:
        await self.unredeemed.look_again()
        changes = self.books.trades.changes
        # The venue's picture is its own trades' work until it is told to look: a deposit is in none
        # that it looks at by itself.
        missing = await self._missing(is_fresh=True)
        if missing:
            # Perhaps some was redeemed.
            await self.unredeemed.ask_some()
            missing = await self._missing(is_fresh=False)
        self.is_conclusive = changes == self.books.trades.changes and not self._waits_for_ended()
        if not self.is_conclusive:
            return [], 0
        if not missing:
            self._doubt, self._agreed_ns = None, self.clock.now_ns()
            self.unredeemed.begin_anew()
            return [], 0
        before = self._doubt
        self.is_conclusive = self.unredeemed.is_all_asked and self._is_settled(missing, changes)
        if not self.is_conclusive:
            return [], int(self._doubt not in (None, before))
        self._doubt = None
        moves = await self._explained(missing)
        for move in moves:
            self.books.purse.move(move.amount)
        self._agreed_ns = self.clock.now_ns()
        return moves, 0

    def _is_settled(self, missing: Usd, changes: int) -> bool:
        """Whether it is money that moved, and no picture that is late."""
        if missing < 0 and self.clock.now_ns() < self.patient_until_ns:
            self._doubt = None
            return False
        doubt = self._doubt
        if doubt is None or (doubt.amount, doubt.changes) != (missing, changes):
            self._doubt = _Doubt(missing, changes, self.clock.now_ns())
            self.unredeemed.begin_anew()
            return False
        flows = (fill.flow for fill in self.books.trades.newest())
        return self._is_old(doubt) and not self._is_late(missing, flows)

    def _is_old(self, doubt: _Doubt) -> bool:
        return self.clock.now_ns() >= doubt.since_ns + self.settles_ns

    def _is_late(self, missing: int, moved: Iterable[int]) -> bool:
        """Whether it is what one of the newest fills moved, or the newest few of them: the venue's
        picture may be of before them."""
        if self.clock.now_ns() >= self._changed_ns + _PICTURE_MAY_BE_LATE_NS:
            return False
        total = 0
        for one in moved:
            total += one
            if missing in (-one, -total):
                return True
        return False

    async def _missing(self, *, is_fresh: bool) -> Usd:
        """Dollars that are there and should not be; below zero where they are gone."""
        if is_fresh:
            await self.account.refresh_collateral()
        there = await self.collateral()
        moving = sum(fill.flow for fill in self.books.trades.on_the_way())
        return Usd(there + self.unredeemed.worth - (self.books.money().cash - moving))

    def _waits_for_ended(self) -> bool:
        """A trade on its way in a settled round: its shares and its payout come and go apart. Or a
        round that is over and whose winner nobody has heard."""
        moving = (fill.token_id for fill in self.books.trades.on_the_way())
        is_unsure = self.unredeemed.on_chain or self.unredeemed.waits_for_an_end
        return bool(is_unsure) or any(map(self.unredeemed.holds_token, moving))

    async def _explained(self, amount: Usd) -> list[CashMoved]:
        if abs(amount) <= _SURELY_ROUNDING:
            return [self._move(CashKind.ROUNDING, amount, "the venue rounds otherwise")]
        known = await self._known_activity(self._agreed_ns)
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
        self._nameless.append(_Nameless(amount, self._agreed_ns, self.clock.now_ns()))
        return [self._move(CashKind.UNEXPLAINED, amount, "")]

    async def _named_now(self) -> list[CashMoved]:
        """What the Data API knows of money that was unexplained when it was told: it is taken back,
        and told as what it was."""
        moves = list[CashMoved]()
        now_ns = self.clock.now_ns()
        for one in list(self._nameless):
            known = await self._known_activity(one.since_ns)
            deed = next((deed for deed in known if deed.amount == one.amount), None)
            if deed is not None:
                self._named.add(deed.key)
                named = self._move(deed.kind, deed.amount, deed.words, deed.key)
                taken_back = self._move(CashKind.UNEXPLAINED, -one.amount, "it has a name now")
                # What comes is told first: nobody takes the other half for a withdrawal.
                moves += sorted((named, taken_back), key=lambda move: -move.amount)
            if deed is not None or now_ns > one.told_ns + _NAMED_WITHIN_NS:
                self._nameless.remove(one)
        return moves

    async def _known_activity(self, since_ns: int) -> Sequence[WalletDeed]:
        found, told = self.unredeemed.found, list[WalletDeed]()
        try:
            if self.activity is not None:
                told += await self.activity.since(since_ns)
        except (Rejected, Retry, Unknown):
            pass  # what this wallet redeemed itself is known all the same
        known = {live.listed.condition_id for live in self.books.rounds}
        known |= {one.condition_id for one in found}
        others = [one for one in told if one.condition_id not in known]
        return [one for one in (*found, *others) if one.key not in self._named]

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
            is_moving = live.listed.slug in self.unredeemed.on_chain
            if is_moving or live.settled is not None or not (live.fills or live.carried):
                continue
            for outcome in Outcome:
                missing = await self._missing_shares(live, outcome)
                if not missing:
                    continue
                differences += self._doubt_shares(live, outcome, missing, before)
        return differences

    def _doubt_shares(
        self,
        live: LiveRound,
        outcome: Outcome,
        missing: int,
        before: Mapping[tuple[str, Outcome], _Doubt],
    ) -> bool:
        """Whether it is new, or sure."""
        place, changes = (live.listed.slug, outcome), self.books.trades.changes
        doubt = before.get(place)
        if doubt is None or (doubt.amount, doubt.changes) != (missing, changes):
            doubt = _Doubt(missing, changes, self.clock.now_ns())
        self._doubted_shares[place] = doubt
        token = live.listed.token_of(outcome)
        newest = (one.signed_shares for one in self.books.trades.newest() if one.token_id == token)
        is_sure = self._is_old(doubt) and not self._is_late(missing, newest)
        if is_sure:
            self._warn(live, outcome, missing)
        return is_sure or doubt is not before.get(place)

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

"""The account held against the venue's own books: at the start, at each reconnect, each minute.

    open orders, trades since the last time  -> whatever is new in them, as the reports it always is
    what is open here and not there          -> looked up by its id
    what is over here and open there         -> cancelled, once it is there twice
    dollars, shares                          -> live_balances.py

Everything goes through `LiveBooks`, as if the user channel had told it. What the channel did not
tell of and should have, it is asked for (user_watch.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import NoReturn

import trio
from attrs import define, evolve, field

from polytui.config.live import LiveSettings
from polytui.execution.client import Word
from polytui.execution.live_balances import LiveBalances
from polytui.execution.live_books import LiveBooks
from polytui.execution.live_trades import Say, Told
from polytui.execution.user_watch import UserWatch
from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.events import CashMoved, InTransit, NotFound, Reconciled
from polytui.model.instrument import Asset, Round
from polytui.model.units import NS_PER_S
from polytui.net.clock import SessionClock
from polytui.venues.polymarket.clob_account import ClobAccount
from polytui.venues.polymarket.user_channel import OrderChange, UserOrder, UserTrade

_OVERLAP_S = 120
"""Trades are asked for from so long before the last time on: clocks differ, rows come late."""
_BEFORE_THE_END_S = 600
"""And at the start, from so long before the last session ended."""
_REDEEMED_WITHIN_S = 300
"""After a start: what the last session won is paid out by then, where the venue's redeemer may."""
_IN_PLAY_SINCE_S = 86_400 + 14_400
"""A round can be traded from a day before it opens, and the longest one lasts four hours."""
_SOON_S = 5.0
"""After a difference that has to be seen twice, and while the user channel is doubted."""
_FAILED_AGAIN_S = 10.0
_AGAIN_S = 2.0
"""Where somebody waits for it."""

Deliver = Callable[[Asset, Word], None]
News = Callable[[CashMoved | Reconciled], None]


async def _none_in_play() -> Sequence[Round]:
    return ()


@define(eq=False)
class Reconcile:
    """State: since when trades are asked for, and what is seen for the first time."""

    account: ClobAccount
    books: LiveBooks
    balances: LiveBalances
    clock: SessionClock
    live: LiveSettings
    deliver: Deliver
    news: News
    """To a desk that lives (account_voice.py)."""
    say: Say
    watch: UserWatch | None = None
    in_play: Callable[[], Awaitable[Sequence[Round]]] = _none_in_play
    """Rounds that this session will trade, for an account that nothing is known of."""
    done: int = 0
    """How often it was done."""
    last_ns: int = 0
    """When it was done last; 0 before."""
    differences: int = 0
    """Of the last time: whatever was told here first."""
    failures: int = 0
    """How often the venue did not answer well enough, in a row."""
    _wrong: int = 0
    """What was wrong, and not only late, this time."""
    _omitted: int = 0
    """Of the channel's omissions, those that were told."""
    _since_s: int = 0
    _anew_s: int = 0
    """The second in which an account began of which nothing was known; 0 of one that goes on."""
    _undead: set[str] = field(factory=set)
    """Orders that are over here and were open there."""
    _unknown: set[str] = field(factory=set)
    """Orders that are open here and that nobody knew there."""
    _unlisted: set[str] = field(factory=set)
    """Orders that met nobody, by their own word, and that were not among the open ones."""
    _lock: trio.Lock = field(factory=trio.Lock)
    _is_asked: trio.Event = field(factory=trio.Event)
    _has_begun: trio.Event = field(factory=trio.Event)

    # --- when -------------------------------------------------------------------------------------

    async def begin(self, carried_until_ns: int = 0) -> None:
        """Before any desk: what happened since the last session, or nothing before now where there
        was none. Every order that the journal knows must have its name by now. Rejected, Retry or
        Unknown where the venue cannot tell."""
        now_s = self.clock.now_ns() // NS_PER_S
        await self.account.refresh_collateral()
        if carried_until_ns:
            self.balances.patient_until_ns = (now_s + _REDEEMED_WITHIN_S) * NS_PER_S
            self._since_s = carried_until_ns // NS_PER_S - _BEFORE_THE_END_S
        else:
            self._since_s = self._anew_s = now_s
            await self._begin_anew(now_s)
            self.books.begin_with(await self.balances.collateral())
        await self.once()
        self._has_begun.set()

    async def _begin_anew(self, now_s: int) -> None:
        """Of what was traded before now only that counts which is in rounds in play: the desks
        begin with it. Everything else is over, or nobody's here."""
        trades = await self.account.trades(after_s=now_s - _IN_PLAY_SINCE_S)
        traded = {trade.condition_id for trade in trades}
        here = [one for one in await self.in_play() if one.condition_id in traded] if traded else []
        for listed in here:
            self.books.list_round(listed)
        played = {listed.condition_id for listed in here}
        for trade in sorted(trades, key=lambda one: one.venue_ns):
            if trade.condition_id in played:
                self.books.take_trade(trade)
            else:
                self.books.trades.leave_out(trade)
        for listed in here:
            words = f"{listed.slug}: this wallet traded in it before; the desk begins with that"
            self.say("warn", listed.asset.value, words)

    async def run(self) -> NoReturn:
        """As often as the settings say, and soon where something must be seen twice."""
        while True:
            with trio.move_on_after(self._wait_s()):
                await self._is_asked.wait()
            self._is_asked = trio.Event()
            try:
                await self.once()
            except (Rejected, Retry, Unknown) as error:
                self.failures += 1
                if self.failures == 1:
                    self.say("warn", "", f"the account could not be reconciled: {error}")

    async def done_anew(self) -> None:
        """Return after a whole one that began after this moment, however often it has to be tried;
        before `begin` nobody knows since when."""
        await self._has_begun.wait()
        while True:
            try:
                await self.once()
            except (Rejected, Retry, Unknown):
                await trio.sleep(_AGAIN_S)
            else:
                return

    def ask(self) -> None:
        """Soon, whoever needs it."""
        self._is_asked.set()

    def _wait_s(self) -> float:
        usual_s = self.clock.real_s(self.live.reconcile_ns)
        if self.failures:
            return min(usual_s, _FAILED_AGAIN_S)
        is_soon = self.balances.is_in_doubt or (self.watch is not None and self.watch.is_doubted)
        return min(usual_s, _SOON_S) if is_soon or self._undead else usual_s

    # --- what -------------------------------------------------------------------------------------

    async def once(self) -> int:
        """How many things the venue knew otherwise. One at a time; whoever comes while another
        waits its turn gets a whole one of his own."""
        async with self._lock:
            self._wrong = 0
            first_told = await self._orders_and_trades()
            self._wrong += (money := await self._money())
            self.done, self.last_ns = self.done + 1, self.clock.now_ns()
            self.differences, self.failures = first_told + money, 0
            self.news(self._outcome())
            return self.differences

    def _outcome(self) -> Reconciled:
        """For desks and people. What was only told here a moment before the channel tells it, or
        while it was away, differs in nothing; so no round ends before the channel had its time."""
        if self.watch is None:
            return Reconciled(self.last_ns, self.differences, self.balances.take_settled())
        omitted, self._omitted = self.watch.omissions - self._omitted, self.watch.omissions
        slugs = () if self.watch.is_waited_for else self.balances.take_settled()
        return Reconciled(self.last_ns, self._wrong + omitted, slugs)

    async def _orders_and_trades(self) -> int:
        began_ns, unread = self.clock.now_ns(), self.account.unread
        thought_open = set(self.books.orders.thought_open())
        listed = await self.account.open_orders()
        differences = await self._trades(began_ns)
        for order in listed:
            differences += self._tell(self.books.take_order(order))
            if not order.is_of_another_key:
                self._expect(order.order_id, order.venue_ns)
        differences += await self._undo(listed)
        if self.account.unread == unread:
            there = {order.order_id for order in listed}
            for venue_id in sorted(thought_open - there):
                differences += await self._look_up(venue_id)
        else:
            why = self.account.unread_why
            self.say("warn", "", f"rows of the account could not be read: {why}")
        return differences

    async def _trades(self, began_ns: int) -> int:
        """Those since the last time, and those on whose end somebody still waits."""
        told = await self.account.trades(after_s=self._since_s)
        trades = [trade for trade in told if not self._was_before(trade)]
        seen = {trade.trade_id for trade in trades}
        for trade_id in self.books.trades.waiting() - seen:
            trades += await self.account.trades(trade_id=trade_id)
        differences = self._take(trades)
        self._since_s = max(self._since_s, began_ns // NS_PER_S - _OVERLAP_S)
        return differences

    def _was_before(self, trade: UserTrade) -> bool:
        """Before an account began anew. Rows have whole seconds: of those of its first one the
        order tells."""
        if trade.venue_ns // NS_PER_S > self._anew_s:
            return False
        return not any(self.books.names.ours(match.order_id) for match in trade.matches)

    def _take(self, trades: Iterable[UserTrade]) -> int:
        differences = 0
        for trade in sorted(trades, key=lambda one: one.venue_ns):
            differences += self._tell(self.books.take_trade(trade))
            self._expect(trade.trade_id, trade.venue_ns)
        return differences

    async def _look_up(self, venue_id: str) -> int:
        """One that is not among those that work: whatever became of it. Where nobody knows it the
        mind looks again in its own time."""
        if self.books.orders.is_thought_over(venue_id):
            return 0
        looked_ns = self.clock.now_ns()
        order = await self.account.order(venue_id)
        if order is not None and order.is_unmatched:
            # It would rest, and is not among those that do: a list may be older, two are not.
            if venue_id in self._unlisted:
                order = evolve(order, change=OrderChange.CANCELLED)
            self._unlisted ^= {venue_id}
        if order is not None:
            return self._tell(self.books.take_order(order)) + await self._complete(order)
        asset, ours = self.books.orders.asset_of(venue_id), self.books.names.ours(venue_id)
        if asset is None:
            return 0
        self._wrong += 1
        self.deliver(asset, NotFound(ours, looked_ns))
        if venue_id in self._unknown:
            self.books.refused(ours)  # the second time: nothing more is asked about it here
        self._unknown ^= {venue_id}
        return 1

    async def _complete(self, order: UserOrder) -> int:
        """It matched more than was told: its round's trades, all of them."""
        if not self.books.names.ours(order.order_id) or not self._lacks(order):
            return 0
        return self._take(await self.account.trades(condition_id=order.condition_id))

    async def _undo(self, listed: Iterable[UserOrder]) -> int:
        """Orders that ended, by all that was told of them, and that the venue has open: a list may
        be older than an end, two of them are not. They cannot be known to any desk any more, so
        they are cancelled from here."""
        alive = {one.order_id for one in listed if self.books.orders.is_thought_over(one.order_id)}
        twice, self._undead = alive & self._undead, alive
        if twice:
            words = f"{len(twice)} orders work at the venue that were over: cancelled"
            self._wrong += len(twice)
            self.say("error", "", words)
            with suppress(Rejected, Retry, Unknown):  # what is left of them is there next time
                await self.account.cancel(sorted(twice))
        return len(twice)

    async def _money(self) -> int:
        moves, differences = await self.balances.compare()
        for move in moves:
            self.news(move)
        return differences

    def _tell(self, told: Told) -> int:
        """How much of it is news: that a block took a trade is none, we only hear of it here."""
        for asset, word in told:
            self.deliver(asset, word)
        return sum(not isinstance(word, InTransit) for _, word in told)

    def _expect(self, name: str, since_ns: int) -> None:
        if self.watch is not None:
            self.watch.expect(name, since_ns)

    # --- for whoever looks for one order ----------------------------------------------------------

    async def look(self, venue_id: str) -> Told:
        """What became of one order, its fills first; empty where the venue does not know it. Told
        to nobody else."""
        order = await self.account.order(venue_id)
        if order is None:
            return []
        told = Told()
        if order.matched and self._lacks(order):
            for trade in await self.account.trades(condition_id=order.condition_id):
                told += self.books.take_trade(trade)
        return told + self.books.answer_look(order)

    def _lacks(self, order: UserOrder) -> bool:
        """Whether more of it matched than was told; of one whose terms nobody here knows that is to
        be asked."""
        ours, known = self.books.names.ours(order.order_id), self.books.names.order(order.order_id)
        return known is None or self.books.found(ours).filled < order.matched

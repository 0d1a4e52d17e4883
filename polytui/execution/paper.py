"""Paper hands: orders are matched against the live book, after the venue's own delays.

Pure: time comes with every call, reports come back. The engine drives it with a task
(`executor.py`), a backtest with a heap of due times. It keeps its own cash and shares, apart
from the ledger's, so that the two can be compared to the millionth.
"""

from __future__ import annotations

import heapq

from attrs import define, field

from polytui.config.schema import Paper
from polytui.execution.paper_round import PaperRound, Resting
from polytui.ledger.positions import Positions
from polytui.model import events as ev
from polytui.model.effects import Cancel, CancelAll, Effect, Place
from polytui.model.instrument import Asset, Outcome, Round
from polytui.model.orders import Fill, Order, Side
from polytui.model.units import NS_PER_MS, Price, Shares, Usd, cost_of, proceeds_of
from polytui.sim.matching import Result


@define
class PaperAccount:
    """The collateral of all assets, as the venue would hold it."""

    cash: Usd
    traded: Usd = Usd(0)
    """Everything that fills brought, less everything they took, fees included."""
    payouts: Usd = Usd(0)
    """Everything that settlements paid."""

    def trade(self, flow: int) -> None:
        self.traded = Usd(self.traded + flow)
        self.cash = Usd(self.cash + flow)

    def pay_out(self, amount: int) -> None:
        self.payouts = Usd(self.payouts + amount)
        self.cash = Usd(self.cash + amount)


@define(order=True)
class _Due:
    """Something that happens to an order at a time: "arrive" or "cancel"."""

    at_ns: int
    number: int
    order_id: str = field(order=False)
    what: str = field(order=False)


_PRICES = (ev.ExchangeQuoted, ev.ExchangeTraded, ev.OraclePriced)
"""Most of what happens, and nothing to a book."""


class PaperHands:
    """State: rounds with their live books, orders on their way, holdings and the shared cash."""

    def __init__(self, settings: Paper, account: PaperAccount) -> None:
        self._settings = settings
        self._account = account
        self._rounds: dict[str, PaperRound] = {}
        self._by_token: dict[str, PaperRound] = {}
        self._arriving: dict[str, Order] = {}
        self._due: list[_Due] = []
        self._numbers = 0
        self._trades = 0
        self._positions = Positions()
        self._realised = Usd(0)
        self._refusing_until_ns = 0
        self._refusing_why = ""

    # --- what the hands see ---------------------------------------------------------------------

    def observe(self, event: ev.Event) -> list[ev.Report]:
        """Follow the market; reports what it did to our resting orders."""
        if isinstance(event, _PRICES):
            return []
        match event:
            case ev.RoundFound(listed):
                self._list(listed)
            case ev.BookSnapshotted(token_id=token) if entry := self._by_token.get(token):
                entry.book_snapshotted(event)
                return self._meet(entry)
            case ev.BookChanged(changes):
                return self._book_changed(event, changes)
            case ev.TickSizeChanged(token_id=token) if entry := self._by_token.get(token):
                entry.tick_size_changed(event)
            case ev.TradePrinted(token_id=token) if entry := self._by_token.get(token):
                return self._printed(entry, event)
            case ev.RoundSettled():
                return self._settle(event)
            case ev.FeedDown(feed=ev.BOOK_FEED):
                for entry in self._rounds.values():
                    entry.forget_book()
            case ev.FrameRejected(feed=ev.BOOK_FEED):
                for entry in self._rounds.values():
                    entry.doubt_book()
        return []

    def _list(self, listed: Round) -> None:
        if listed.slug not in self._rounds:
            entry = self._rounds[listed.slug] = PaperRound(listed)
            for outcome in Outcome:
                self._by_token[listed.token_of(outcome)] = entry

    def _book_changed(
        self, event: ev.BookChanged, changes: tuple[ev.LevelChange, ...]
    ) -> list[ev.Report]:
        reports: list[ev.Report] = []
        touched = {id(e): e for c in changes if (e := self._by_token.get(c.token_id))}
        for entry in touched.values():
            entry.book_changed(event)
            reports += self._meet(entry)
        return reports

    def _meet(self, entry: PaperRound) -> list[ev.Report]:
        """Our resting orders against what the live book now offers."""
        return [
            self._fill_maker(entry, resting, shares)
            for resting in list(entry.resting.values())
            if (shares := entry.crossed_shares(resting))
        ]

    def _printed(self, entry: PaperRound, event: ev.TradePrinted) -> list[ev.Report]:
        """A print fills whoever queues there once: what the first leaves is for the next."""
        reports: list[ev.Report] = []
        left = event.shares
        for resting in list(entry.resting.values()):
            if shares := Shares(min(left, entry.printed_shares(resting, event))):
                left = Shares(left - shares)
                reports.append(self._fill_maker(entry, resting, shares))
        return reports

    def _settle(self, event: ev.RoundSettled) -> list[ev.Report]:
        entry = next((one for one in self._rounds.values() if event.settles(one.round)), None)
        if entry is None:
            return []
        winner = entry.round.outcome_of(event.winning_token_id)
        listed = entry.round
        reports: list[ev.Report] = [
            ev.Cancelled(order_id, "market resolved") for order_id in entry.resting
        ]
        payout, pnl = self._positions.settle(listed.slug, winner)
        self._account.pay_out(payout)
        self._realised = Usd(self._realised + pnl)
        del self._rounds[listed.slug]
        for outcome in Outcome:
            del self._by_token[listed.token_of(outcome)]
        return reports

    # --- what the hands do ----------------------------------------------------------------------

    def perform(self, effect: Effect, now_ns: int) -> None:
        """Take an order or a cancel on its way; it happens when it is due."""
        match effect:
            case Place(order):
                self._arriving[order.order_id] = order
                self._schedule(order.order_id, "arrive", now_ns + self._delay_of(order))
            case Cancel(order_id):
                self._schedule(order_id, "cancel", now_ns + self._ack_ns)
            case CancelAll():
                for order_id in [*self._arriving, *self._resting_ids()]:
                    self._schedule(order_id, "cancel", now_ns + self._ack_ns)

    @property
    def _ack_ns(self) -> int:
        return self._settings.ack_delay_ms * NS_PER_MS

    def _delay_of(self, order: Order) -> int:
        """A marketable order is held before it is matched; one that rests is not (venue rule)."""
        entry = self._rounds.get(order.slug)
        if entry is not None and entry.crosses(order) and not order.is_post_only:
            return self._settings.taker_delay_ms * NS_PER_MS
        return self._ack_ns

    def _schedule(self, order_id: str, what: str, at_ns: int) -> None:
        self._numbers += 1
        heapq.heappush(self._due, _Due(at_ns, self._numbers, order_id, what))

    @property
    def next_due_ns(self) -> int | None:
        return self._due[0].at_ns if self._due else None

    @property
    def has_working_orders(self) -> bool:
        return bool(self._arriving) or any(entry.resting for entry in self._rounds.values())

    def advance(self, now_ns: int) -> list[ev.Report]:
        """Everything that is due by now, in order."""
        reports: list[ev.Report] = []
        while self._due and self._due[0].at_ns <= now_ns:
            due = heapq.heappop(self._due)
            if due.what == "arrive":
                reports += self._arrive(self._arriving.pop(due.order_id), due.at_ns)
            elif due.order_id in self._arriving:
                # Held by the venue: it cannot be cancelled before it is matched or rests.
                self._schedule(due.order_id, "cancel", self._arrival_ns(due.order_id))
            else:
                reports.append(self._cancel(due.order_id))
        return reports

    def _arrival_ns(self, order_id: str) -> int:
        return max(due.at_ns for due in self._due if due.order_id == order_id)

    def refuse_orders(self, until_ns: int, why: str) -> None:
        """Refuse whatever arrives before `until_ns`, in these words, as a venue in trouble does.
        Orders that rest already are left alone, and cancels go through."""
        self._refusing_until_ns, self._refusing_why = until_ns, why

    def _arrive(self, order: Order, at_ns: int) -> list[ev.Report]:
        if at_ns < self._refusing_until_ns:
            return [ev.Refused(order.order_id, self._refusing_why)]
        entry = self._rounds.get(order.slug)
        if entry is None:
            return [ev.Refused(order.order_id, "the orderbook does not exist")]
        if not entry.live.is_settled:
            return [ev.Refused(order.order_id, "the live book is not known well enough to match")]
        if refusal := self._balance_refusal(entry, order):
            return [ev.Refused(order.order_id, refusal)]
        result = entry.match(order)
        if result.refusal:
            return [ev.Refused(order.order_id, result.refusal)]
        return self._outcome_of(entry, order, result)

    def _outcome_of(self, entry: PaperRound, order: Order, result: Result) -> list[ev.Report]:
        reports: list[ev.Report] = [ev.Accepted(order.order_id)]
        reports += [
            self._fill(order, match.taker_price, match.shares, match.taker_fee, is_taker=True)
            for match in result.matches
        ]
        filled = sum(match.shares for match in result.matches)
        spent = sum(cost_of(match.taker_price, match.shares) for match in result.matches)
        if result.resting:
            entry.rest(order, result.resting)
        elif spent < order.dollars or (not order.dollars and filled < order.shares):
            reports.append(ev.Cancelled(order.order_id, "nothing more to match"))
        return reports

    def _balance_refusal(self, entry: PaperRound, order: Order) -> str:
        if order.side is Side.BUY:
            fee = entry.round.fees.fee(order.price, order.shares) if entry.crosses(order) else 0
            needed, free = cost_of(order.price, order.shares) + fee, self._free_cash()
        else:
            held = self._positions.of(order.slug).shares(order.outcome)
            needed, free = order.shares, held - entry.on_offer(order.outcome)
        return "" if needed <= free else f"not enough balance: {free} of {needed}"

    def _free_cash(self) -> int:
        return self._account.cash - sum(
            cost_of(resting.order.price, resting.left)
            for entry in self._rounds.values()
            for resting in entry.resting.values()
            if resting.order.side is Side.BUY
        )

    def _cancel(self, order_id: str) -> ev.Report:
        for entry in self._rounds.values():
            if entry.resting.pop(order_id, None) is not None:
                return ev.Cancelled(order_id, "by request")
        return ev.CancelRefused(order_id, "already canceled or matched")

    def _resting_ids(self) -> list[str]:
        return [order_id for entry in self._rounds.values() for order_id in entry.resting]

    # --- fills ----------------------------------------------------------------------------------

    def _fill_maker(self, entry: PaperRound, resting: Resting, shares: Shares) -> ev.Report:
        resting.left = Shares(resting.left - shares)
        if not resting.left:
            del entry.resting[resting.order.order_id]
        return self._fill(resting.order, resting.order.price, shares, Usd(0), is_taker=False)

    def _fill(
        self, order: Order, price: Price, shares: Shares, fee: Usd, *, is_taker: bool
    ) -> ev.Filled:
        self._trades += 1
        trade_id = f"{order.order_id}-t{self._trades}"
        if order.side is Side.BUY:
            flow = -cost_of(price, shares) - fee
        else:
            flow = proceeds_of(price, shares) - fee
        self._account.trade(flow)
        fill = Fill(trade_id, price, shares, fee, is_taker)
        self._positions.fill(order.slug, order.outcome, order.side, fill)
        return ev.Filled(order.order_id, trade_id, price, shares, fee, is_taker)

    # --- after a crash --------------------------------------------------------------------------

    def cancel_at_once(self) -> int:
        """Everything of ours out of the book, now; how many orders that were. Nothing reports:
        whoever calls this has no desk to report to."""
        count = len(self._arriving) + len(self._resting_ids())
        self._arriving.clear()
        self._due.clear()
        for entry in self._rounds.values():
            entry.resting.clear()
        return count

    def opening(self, asset: Asset, life: int) -> ev.DeskOpened:
        """What a desk that begins, or begins again, must know."""
        held = tuple(
            ev.HeldRound(entry.round, self._positions.holdings(slug), position.cash_flow)
            for slug, entry in self._rounds.items()
            if (position := self._positions.of(slug)).fills
        )
        return ev.DeskOpened(asset, life, self._realised, held)

"""The paper client: orders are matched against the live book, as late as at the venue.

    sent -> there and back (latency.py) -> marketable: held -> looked at again, matched, answered
                                        `-> else: the venue's own work -> rests, or held after all

Pure: time comes with every call, reports come back. The engine drives it with a task
(`executor.py`), a backtest with a heap of due times. It keeps its own cash and shares, apart
from the ledger's, so that the two can be compared to the millionth.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from enum import Enum

from attrs import define, field

from polytui.config.schema import PaperSettings
from polytui.execution.latency import Latencies
from polytui.execution.paper_round import Hit, PaperRound, is_unfilled, spent_by
from polytui.ledger.positions import Positions
from polytui.model import events as ev
from polytui.model.effects import Cancel, CancelAll, Effect, Place
from polytui.model.instrument import Asset, Outcome, Round
from polytui.model.orders import Fill, Order, Side
from polytui.model.units import NS_PER_MS, Price, Shares, Usd, cost_of, proceeds_of
from polytui.sim.world.matching import MatchResult


@define
class PaperAccount:
    """The collateral of all assets, as the venue would hold it."""

    cash: Usd
    traded: Usd = Usd(0)
    """Everything that fills brought, less everything they took, fees included."""
    payouts: Usd = Usd(0)
    """Everything that settlements paid."""
    reserving: list[Callable[[], int]] = field(factory=list)
    """Of each asset's client, what its resting purchases may still cost."""

    @property
    def free(self) -> int:
        """Cash that no resting purchase of any asset has a claim to."""
        return self.cash - sum(reserved() for reserved in self.reserving)

    def trade(self, flow: int) -> None:
        self.traded = Usd(self.traded + flow)
        self.cash = Usd(self.cash + flow)

    def pay_out(self, amount: int) -> None:
        self.payouts = Usd(self.payouts + amount)
        self.cash = Usd(self.cash + amount)


class _What(Enum):
    """What happens to an order at the venue."""

    ARRIVES = "arrives"
    ENTERS = "enters the book"
    IS_RELEASED = "is released from the hold"
    IS_CANCELLED = "is cancelled"


@define(order=True)
class _Due:
    """Something that happens to an order at a time."""

    at_ns: int
    number: int
    order_id: str = field(order=False)
    what: _What = field(order=False)


_LOOK_AGAIN_NS = 5 * NS_PER_MS
_MOST_LOOKS = 200
"""In the middle of a sweep, whose end is what the venue has already: for a second at most."""

_PRICES = (ev.ExchangeQuoted, ev.ExchangeTraded, ev.ChainlinkPriced)
"""Most of what happens, and nothing to a book."""


class PaperClient:
    """State: rounds with their live books, orders on their way, holdings and the shared cash."""

    def __init__(self, settings: PaperSettings, account: PaperAccount) -> None:
        self._settings = settings
        self._latencies = Latencies(settings)
        self._account = account
        account.reserving.append(self._reserved)
        self._rounds: dict[str, PaperRound] = {}
        self._by_token: dict[str, PaperRound] = {}
        self._arriving: dict[str, Order] = {}
        self._looks: dict[str, int] = {}
        """How often an order found the book unsettled."""
        self._due: list[_Due] = []
        self._numbers = 0
        self._trades = 0
        self._positions = Positions()
        self._realised = Usd(0)
        self._refusing_until_ns = 0
        self._refusing_why = ""

    # --- what the client sees ---------------------------------------------------------------------

    def observe(self, event: ev.Event) -> list[ev.Report]:
        """Follow the market; reports what it did to our resting orders."""
        if isinstance(event, _PRICES):
            return []
        match event:
            case ev.RoundFound(listed):
                self._list(listed)
            case ev.BookSnapshotted(token_id=token) if paper_round := self._by_token.get(token):
                paper_round.book_snapshotted(event)
                return self._meet(paper_round)
            case ev.BookChanged(changes):
                return self._book_changed(event, changes)
            case ev.TickSizeChanged(token_id=token) if paper_round := self._by_token.get(token):
                paper_round.tick_size_changed(event)
            case ev.TradePrinted(token_id=token) if paper_round := self._by_token.get(token):
                return self._printed(paper_round, event)
            case ev.RoundSettled():
                return self._settle(event)
            case ev.FeedDown(feed=ev.BOOK_FEED):
                for paper_round in self._rounds.values():
                    paper_round.forget_book()
            case ev.FrameRejected(feed=ev.BOOK_FEED):
                for paper_round in self._rounds.values():
                    paper_round.doubt_book()
        return []

    def _list(self, listed: Round) -> None:
        if listed.slug not in self._rounds:
            paper_round = self._rounds[listed.slug] = PaperRound(listed)
            for outcome in Outcome:
                self._by_token[listed.token_of(outcome)] = paper_round

    def _book_changed(
        self, event: ev.BookChanged, changes: tuple[ev.LevelChange, ...]
    ) -> list[ev.Report]:
        reports: list[ev.Report] = []
        touched = {id(e): e for c in changes if (e := self._by_token.get(c.token_id))}
        for paper_round in touched.values():
            paper_round.book_changed(event)
            reports += self._meet(paper_round)
        return reports

    def _meet(self, paper_round: PaperRound) -> list[ev.Report]:
        """Our resting orders against what the live book now offers."""
        return [self._fill_maker(paper_round, hit) for hit in paper_round.crossed()]

    def _printed(self, paper_round: PaperRound, event: ev.TradePrinted) -> list[ev.Report]:
        return [self._fill_maker(paper_round, hit) for hit in paper_round.printed(event)]

    def _settle(self, event: ev.RoundSettled) -> list[ev.Report]:
        paper_round = next((one for one in self._rounds.values() if event.settles(one.round)), None)
        if paper_round is None:
            return []
        winner = paper_round.round.outcome_of(event.winning_token_id)
        listed = paper_round.round
        reports: list[ev.Report] = [
            ev.Cancelled(order_id, "market resolved") for order_id in paper_round.resting
        ]
        payout, pnl = self._positions.settle(listed.slug, winner)
        self._account.pay_out(payout)
        self._realised = Usd(self._realised + pnl)
        del self._rounds[listed.slug]
        for outcome in Outcome:
            del self._by_token[listed.token_of(outcome)]
        return reports

    # --- what the client does ---------------------------------------------------------------------

    def perform(self, effect: Effect, now_ns: int) -> None:
        """Take an order or a cancel on its way; it happens when it is due."""
        match effect:
            case Place(order):
                self._arriving[order.order_id] = order
                at_ns = now_ns + self._latencies.there_and_back_ns(order.order_id)
                self._schedule(order.order_id, _What.ARRIVES, at_ns)
            case Cancel(order_id):
                self._send_cancel([order_id], now_ns)
            case CancelAll():
                self._send_cancel([*self._arriving, *self._resting_ids()], now_ns)
            case _:
                raise TypeError(f"{type(effect).__name__} is nothing that can be sent")

    def _send_cancel(self, order_ids: list[str], now_ns: int) -> None:
        """One request, however many it names."""
        self._numbers += 1
        late_ns = self._latencies.there_and_back_ns(f"cancel {self._numbers}") + self._work_ns
        for order_id in order_ids:
            self._schedule(order_id, _What.IS_CANCELLED, now_ns + late_ns)

    @property
    def _work_ns(self) -> int:
        return self._settings.ack_delay_ms * NS_PER_MS

    def _schedule(self, order_id: str, what: _What, at_ns: int) -> None:
        self._numbers += 1
        heapq.heappush(self._due, _Due(at_ns, self._numbers, order_id, what))

    @property
    def next_due_ns(self) -> int | None:
        return self._due[0].at_ns if self._due else None

    @property
    def has_working_orders(self) -> bool:
        return bool(self._arriving) or any(
            paper_round.resting for paper_round in self._rounds.values()
        )

    def advance(self, now_ns: int) -> list[ev.Report]:
        """Everything that is due by now, in order."""
        reports: list[ev.Report] = []
        while self._due and self._due[0].at_ns <= now_ns:
            due = heapq.heappop(self._due)
            if due.what is not _What.IS_CANCELLED:
                reports += self._move_on(due)
            elif due.order_id in self._arriving:
                # It overtook its order, or that is held: then it is cancelled once it rests.
                again_ns = max(due.at_ns, self._next_ns(due.order_id))
                self._schedule(due.order_id, _What.IS_CANCELLED, again_ns)
            else:
                reports.append(self._cancel(due.order_id))
        return reports

    def _next_ns(self, order_id: str) -> int:
        """When something happens next to an order that is neither matched nor resting."""
        return min(
            due.at_ns
            for due in self._due
            if due.order_id == order_id and due.what is not _What.IS_CANCELLED
        )

    def _move_on(self, due: _Due) -> list[ev.Report]:
        """An order one step further: held if it would trade, else in the book; then answered.

        A marketable order is held before it is matched, and looked at again; one that rests, or
        may only rest, is not (venue rule). Being held once is enough."""
        order = self._arriving[due.order_id]
        paper_round = self._rounds.get(order.slug)
        if (
            due.what is not _What.IS_RELEASED
            and paper_round is not None
            and paper_round.is_taker(order)
        ):
            hold_ns = self._settings.taker_delay_ms * NS_PER_MS
            self._schedule(order.order_id, _What.IS_RELEASED, due.at_ns + hold_ns)
        elif due.what is _What.ARRIVES:
            self._schedule(order.order_id, _What.ENTERS, due.at_ns + self._work_ns)
        elif paper_round is not None and self._must_look_again(order, paper_round):
            self._schedule(order.order_id, due.what, due.at_ns + _LOOK_AGAIN_NS)
        else:
            del self._arriving[order.order_id]
            self._looks.pop(order.order_id, None)
            return self._answer(order, due.at_ns)
        return []

    def _must_look_again(self, order: Order, paper_round: PaperRound) -> bool:
        """Whether a sweep is only half told: the venue has the whole of it already."""
        looks = self._looks.get(order.order_id, 0)
        if paper_round.live.is_settled or not paper_round.live.is_known or looks >= _MOST_LOOKS:
            return False
        self._looks[order.order_id] = looks + 1
        return True

    def refuse_orders(self, until_ns: int, why: str) -> None:
        """Refuse whatever arrives before `until_ns`, in these words, as a venue in trouble does.
        Orders that rest already are left alone, and cancels go through."""
        self._refusing_until_ns, self._refusing_why = until_ns, why

    def _answer(self, order: Order, at_ns: int) -> list[ev.Report]:
        if at_ns < self._refusing_until_ns:
            return [ev.Refused(order.order_id, self._refusing_why)]
        paper_round = self._rounds.get(order.slug)
        if paper_round is None:
            return [ev.Refused(order.order_id, "the orderbook does not exist")]
        if not paper_round.live.is_settled:
            return [ev.Refused(order.order_id, "the live book is not known well enough to match")]
        result = paper_round.match(order)
        refusal = result.refusal or self._refusal(paper_round, order, result)
        if refusal:
            return [ev.Refused(order.order_id, refusal)]
        return self._outcome_of(paper_round, order, result)

    def _refusal(self, paper_round: PaperRound, order: Order, result: MatchResult) -> str:
        """What is in the way beside the book."""
        if paper_round.meets_ours(order, result):
            # What the venue makes of it no paper says; nobody may trade with himself.
            return "order would trade with another order of ours"
        if order.side is Side.BUY:
            needed, free = _most_paid(paper_round.round, order, result), self._account.free
        else:
            held = self._positions.of(order.slug).shares(order.outcome)
            needed, free = order.shares, held - paper_round.on_offer(order.outcome)
        return "" if needed <= free else f"not enough balance: {free} of {needed}"

    def _outcome_of(
        self, paper_round: PaperRound, order: Order, result: MatchResult
    ) -> list[ev.Report]:
        paper_round.accept(order, result)
        reports: list[ev.Report] = [ev.Accepted(order.order_id)]
        reports += [
            self._fill(order, match.taker_price, match.shares, match.taker_fee, is_taker=True)
            for match in result.matches
        ]
        if not result.resting and is_unfilled(order, result):
            reports.append(ev.Cancelled(order.order_id, "nothing more to match"))
        return reports

    def _reserved(self) -> int:
        """What our resting purchases may still cost."""
        return sum(
            cost_of(resting.order.price, resting.left)
            for paper_round in self._rounds.values()
            for resting in paper_round.resting.values()
            if resting.order.side is Side.BUY
        )

    def _cancel(self, order_id: str) -> ev.Report:
        for paper_round in self._rounds.values():
            if paper_round.drop(order_id) is not None:
                return ev.Cancelled(order_id, "by request")
        return ev.CancelRefused(order_id, "already canceled or matched")

    def _resting_ids(self) -> list[str]:
        return [
            order_id for paper_round in self._rounds.values() for order_id in paper_round.resting
        ]

    # --- fills ----------------------------------------------------------------------------------

    def _fill_maker(self, paper_round: PaperRound, hit: Hit) -> ev.Report:
        resting, shares = hit
        resting.left = Shares(resting.left - shares)
        if not resting.left:
            paper_round.drop(resting.order.order_id)
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
        self._looks.clear()
        self._due.clear()
        for paper_round in self._rounds.values():
            paper_round.resting.clear()
        return count

    def opening(self, asset: Asset, life: int) -> ev.DeskOpened:
        """What a desk that begins, or begins again, must know."""
        held = tuple(
            ev.HeldRound(paper_round.round, self._positions.holdings(slug), position.cash_flow)
            for slug, paper_round in self._rounds.items()
            if (position := self._positions.of(slug)).fills
        )
        return ev.DeskOpened(asset, life, self._realised, held)


def _most_paid(listed: Round, order: Order, result: MatchResult) -> int:
    """What a purchase must be covered for: all of it at its limit, as the venue asks, with the fee
    that it would pay there if it trades; and what it does cost, which the fee of cheaper shares
    can make more where it is for dollars."""
    at_limit: int = order.dollars or cost_of(order.price, order.shares)
    if not result.matches:
        return at_limit
    fees = sum(match.taker_fee for match in result.matches)
    return max(
        at_limit + listed.fees.fee(order.price, order.shares),
        spent_by(result) + fees + cost_of(order.price, result.resting),
    )

"""The exchange on paper: orders are matched against the live book, as late as at the venue.

    sent -> there and back (latency.py) -> marketable: held -> looked at again, matched, answered
                                        `-> else: the venue's own work -> rests, or held after all
    matched -> a block takes it seconds later: then what it brought can be sold, or spent

Pure: time comes with every call, reports come back. The engine drives it with a task
(`paper_client.py`), a backtest with a heap of due times. It keeps its own cash and shares, apart
from the ledger's, so that the two can be compared to the millionth.
"""

from __future__ import annotations

import heapq
from collections import deque

from polytui.config.schema import PaperSettings
from polytui.execution.latency import Latencies
from polytui.execution.paper_account import PaperAccount
from polytui.execution.paper_market import OF_BOOKS, PaperMarket
from polytui.execution.paper_queue import Resting
from polytui.execution.paper_round import Hit, PaperRound, is_unfilled, most_paid
from polytui.execution.paper_steps import ON_ITS_WAY, DueStep, PaperStep
from polytui.execution.paper_transit import PaperTransit, PaperWord, filled
from polytui.ledger.positions import Position, Positions
from polytui.model import events as ev
from polytui.model.effects import Cancel, CancelAll, Effect, LookUp, Place
from polytui.model.instrument import Asset, Round
from polytui.model.orders import LEAST_LIFE_NS, Fill, Order, Side, TimeInForce
from polytui.model.units import NS_PER_MS, Price, Shares, Usd
from polytui.sim.world.matching import MatchResult

_LOOK_AGAIN_NS = 5 * NS_PER_MS
_MOST_LOOKS = 200
"""In the middle of a sweep, whose end is what the venue has already: for a second at most."""

FOLLOWED = frozenset({*OF_BOOKS, ev.RoundSettled})
"""Classes of events that are something to this exchange. Most of what happens is of no book."""

_TOLD_OF = 4
"""Settled rounds whose fills a desk that begins anew is told of: what a crash left in an inbox is
not older."""


class PaperSimulator:
    """State: rounds with their live books, orders on their way, holdings and the shared cash."""

    def __init__(
        self, settings: PaperSettings, account: PaperAccount, latencies: Latencies | None = None
    ) -> None:
        """`latencies`: other ones than the settings draw."""
        self._settings = settings
        self.latencies = latencies or Latencies(settings)
        self._account = account
        account.reserving.append(self._reserved)
        self._transit = PaperTransit()
        self._market = PaperMarket(settings.queue)
        self._rounds = self._market.rounds
        self._arriving: dict[str, Order] = {}
        self._looks: dict[str, int] = {}
        """How often an order found the book unsettled."""
        self._due: list[DueStep] = []
        self._numbers = 0
        self._trades = 0
        self._positions = Positions()
        self._realised = Usd(0)
        self._refusing_until_ns = 0
        self._refusing_why = ""
        self._slugs: dict[str, str] = {}
        """Of every order that ever came, while its round lasts."""
        self._told: dict[str, list[ev.Trade]] = {}
        """Every fill that was reported, by round."""
        self._told_of_settled: deque[list[ev.Trade]] = deque(maxlen=_TOLD_OF)

    # --- what it sees ---------------------------------------------------------------------------

    def observe(self, event: ev.Event) -> list[PaperWord]:
        """Follow the market; reports what it did to our resting orders."""
        if type(event) is ev.RoundSettled:
            return self._settle(event)
        met = self._market.follow(event)
        if not met:
            return []
        assert isinstance(event, ev.BookSnapshotted | ev.BookChanged | ev.TradePrinted)
        return [word for one in met for word in self._fill_maker(*one, event.received_ns)]

    def _settle(self, event: ev.RoundSettled) -> list[PaperWord]:
        paper_round = self._market.settled_by(event)
        if paper_round is None:
            return []
        winner = paper_round.round.outcome_of(event.winning_token_id)
        listed = paper_round.round
        reports: list[PaperWord] = [
            ev.Cancelled(order_id, "market resolved") for order_id in paper_round.resting
        ]
        payout, pnl = self._positions.settle(listed.slug, winner)
        self._account.pay_out(payout)
        self._realised = Usd(self._realised + pnl)
        self._forget(listed)
        return reports

    def _forget(self, listed: Round) -> None:
        self._market.forget(listed)
        self._told_of_settled.append(self._told.pop(listed.slug, []))
        for order_id in [one for one, slug in self._slugs.items() if slug == listed.slug]:
            del self._slugs[order_id]

    # --- what it does ---------------------------------------------------------------------------

    def perform(self, effect: Effect, now_ns: int) -> None:
        """Take an order or a cancel on its way; it happens when it is due."""
        match effect:
            case Place(order):
                self._arriving[order.order_id] = order
                if order.slug in self._rounds:
                    self._slugs[order.order_id] = order.slug
                at_ns = now_ns + self.latencies.there_and_back_ns(order.order_id)
                self._schedule(order.order_id, PaperStep.ARRIVES, at_ns)
            case Cancel(order_id):
                self._send_cancel([order_id], now_ns)
            case CancelAll():
                self._send_cancel([*self._arriving, *self._resting_ids()], now_ns)
            case LookUp(order_id):
                at_ns = now_ns + self.latencies.there_and_back_ns(f"look {order_id}")
                self._schedule(order_id, PaperStep.IS_LOOKED_FOR, at_ns)
            case _:
                raise TypeError(f"{type(effect).__name__} is nothing that can be sent")

    def _send_cancel(self, order_ids: list[str], now_ns: int) -> None:
        """One request, however many it names."""
        late_ns = self._cancel_late_ns()
        for order_id in order_ids:
            self._schedule(order_id, PaperStep.IS_CANCELLED, now_ns + late_ns)

    def _cancel_late_ns(self) -> int:
        """Of the next request."""
        self._numbers += 1
        return self.latencies.there_and_back_ns(f"cancel {self._numbers}") + self._work_ns

    @property
    def _work_ns(self) -> int:
        return self._settings.ack_delay_ms * NS_PER_MS

    def _schedule(self, order_id: str, what: PaperStep, at_ns: int) -> None:
        self._numbers += 1
        heapq.heappush(self._due, DueStep(at_ns, self._numbers, order_id, what))

    @property
    def next_due_ns(self) -> int | None:
        return self._due[0].at_ns if self._due else None

    @property
    def has_working_orders(self) -> bool:
        return bool(self._arriving) or any(
            paper_round.resting for paper_round in self._rounds.values()
        )

    def advance(self, now_ns: int) -> list[PaperWord]:
        """Everything that is due by now, in order."""
        reports: list[PaperWord] = []
        while self._due and self._due[0].at_ns <= now_ns:
            due = heapq.heappop(self._due)
            if due.what is PaperStep.IS_LOOKED_FOR:
                reports += self._looked_for(due.order_id, due.at_ns)
            elif due.what is PaperStep.EXPIRES:
                reports += self._expire(due.order_id)
            elif due.what is PaperStep.IS_MINED:
                reports.append(self._transit.mine(due.order_id))
            elif due.what is not PaperStep.IS_CANCELLED:
                reports += self._move_on(due)
            elif due.order_id in self._arriving:
                # It overtook its order, or that is held: then it is cancelled once it rests.
                again_ns = max(due.at_ns, self._next_ns(due.order_id))
                self._schedule(due.order_id, PaperStep.IS_CANCELLED, again_ns)
            else:
                reports.append(self._cancel(due.order_id))
        return reports

    def _next_ns(self, order_id: str) -> int:
        """When something happens next to an order that is neither matched nor resting."""
        return min(
            due.at_ns for due in self._due if due.order_id == order_id and due.what in ON_ITS_WAY
        )

    def _move_on(self, due: DueStep) -> list[PaperWord]:
        """An order one step further: held if it would trade, else in the book; then answered.

        A marketable order is held before it is matched, and looked at again; one that rests, or
        may only rest, is not (venue rule). Being held once is enough."""
        order = self._arriving[due.order_id]
        paper_round = self._rounds.get(order.slug)
        if (
            due.what is not PaperStep.IS_RELEASED
            and paper_round is not None
            and paper_round.is_taker(order)
        ):
            hold_ns = self._settings.taker_delay_ms * NS_PER_MS
            self._schedule(order.order_id, PaperStep.IS_RELEASED, due.at_ns + hold_ns)
        elif due.what is PaperStep.ARRIVES:
            self._schedule(order.order_id, PaperStep.ENTERS, due.at_ns + self._work_ns)
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

    def _answer(self, order: Order, at_ns: int) -> list[PaperWord]:
        if at_ns < self._refusing_until_ns:
            return [ev.Refused(order.order_id, self._refusing_why)]
        paper_round = self._rounds.get(order.slug)
        if paper_round is None:
            return [ev.Refused(order.order_id, "the orderbook does not exist")]
        if not paper_round.live.is_settled:
            return [ev.Refused(order.order_id, "the live book is not known well enough to match")]
        result = paper_round.match(order)
        refusal = result.refusal or self._refusal(paper_round, order, result, at_ns)
        if refusal:
            return [ev.Refused(order.order_id, refusal)]
        return self._outcome_of(paper_round, order, result, at_ns)

    def _refusal(
        self, paper_round: PaperRound, order: Order, result: MatchResult, at_ns: int
    ) -> str:
        """What is in the way beside the book."""
        if order.tif is TimeInForce.GTD and order.expires_ns < at_ns + LEAST_LIFE_NS:
            return "invalid expiration"
        if paper_round.meets_ours(order, result):
            # What the venue makes of it no paper says; nobody may trade with himself.
            return "order would trade with another order of ours"
        if order.side is Side.BUY:
            needed, free = most_paid(order, result), self._account.free
        else:
            held = self._positions.of(order.slug).shares(order.outcome)
            here = held - self._transit.shares(order.slug, order.outcome)
            needed, free = order.shares, here - paper_round.on_offer(order.outcome)
        return "" if needed <= free else f"not enough balance: {free} of {needed}"

    def _outcome_of(
        self, paper_round: PaperRound, order: Order, result: MatchResult, at_ns: int
    ) -> list[PaperWord]:
        paper_round.accept(order, result)
        if result.resting and order.expires_ns:
            self._schedule(order.order_id, PaperStep.EXPIRES, order.expires_ns)
        reports: list[PaperWord] = [ev.Accepted(order.order_id)]
        fills = [
            self._fill(order, match.taker_price, match.shares, match.taker_fee, is_taker=True)
            for match in result.matches
        ]
        reports += self._traded(order, fills, at_ns)
        if not result.resting and is_unfilled(order, result):
            reports.append(ev.Cancelled(order.order_id, "nothing more to match"))
        return reports

    def _reserved(self) -> int:
        """What our resting purchases may still cost, and what of sales no block has taken."""
        resting = sum(paper_round.reserved for paper_round in self._rounds.values())
        return resting + self._transit.usd

    def _cancel(self, order_id: str) -> ev.Report:
        if self._drop(order_id):
            return ev.Cancelled(order_id, "by request")
        return ev.CancelRefused(order_id, "already canceled or matched")

    def _drop(self, order_id: str) -> bool:
        """Out of its book; False where it rests in none."""
        return any(one.drop(order_id) is not None for one in self._rounds.values())

    def _expire(self, order_id: str) -> list[ev.Report]:
        """Of one that is gone already nothing is left to say."""
        return [ev.Cancelled(order_id, "expired")] if self._drop(order_id) else []

    def _looked_for(self, order_id: str, at_ns: int) -> list[ev.Report]:
        """One on its way is answered for itself; of one that came and works no more the venue still
        knows."""
        if order_id in self._arriving:
            return []
        for paper_round in self._rounds.values():
            if order_id in paper_round.resting:
                return [ev.OrderFound(self._found(paper_round.resting[order_id]))]
        if order_id in self._slugs:
            return [ev.Cancelled(order_id, "works no more")]
        return [ev.NotFound(order_id, at_ns)]

    def _found(self, resting: Resting) -> ev.FoundOrder:
        order = resting.order
        trades = [one for whose, one in self._told.get(order.slug, ()) if whose == order.order_id]
        return ev.FoundOrder(order, Shares(order.shares - resting.left), trades=tuple(trades))

    def _resting_ids(self) -> list[str]:
        return [
            order_id for paper_round in self._rounds.values() for order_id in paper_round.resting
        ]

    # --- fills ----------------------------------------------------------------------------------

    def _fill_maker(self, paper_round: PaperRound, hit: Hit, at_ns: int) -> list[PaperWord]:
        resting, shares = hit
        resting.left = Shares(resting.left - shares)
        if not resting.left:
            paper_round.drop(resting.order.order_id)
        order = resting.order
        fill = self._fill(order, order.price, shares, Usd(0), is_taker=False)
        return self._traded(order, [fill], at_ns)

    def _fill(
        self, order: Order, price: Price, shares: Shares, fee: Usd, *, is_taker: bool
    ) -> Fill:
        self._trades += 1
        trade_id = f"{order.order_id}-t{self._trades}"
        fill = Fill(trade_id, price, shares, fee, is_taker)
        self._account.trade(self._positions.fill(order.slug, order.outcome, order.side, fill))
        self._told.setdefault(order.slug, []).append((order.order_id, trade_id))
        return fill

    def _traded(self, order: Order, fills: list[Fill], at_ns: int) -> list[PaperWord]:
        """One trade of an order: what of it is on its way is told before the fills that bring it.
        What a taker met at once is one transaction."""
        words: list[PaperWord] = [filled(order, fill) for fill in fills]
        if fills and (late_ns := self.latencies.mined_ns(order.order_id, fills[0].trade_id)):
            name = fills[0].trade_id
            self._schedule(name, PaperStep.IS_MINED, at_ns + late_ns)
            words.insert(0, self._transit.match(name, order, fills))
        return words

    # --- after a crash --------------------------------------------------------------------------

    def go_on_from(self, had: ev.DeskOpened) -> None:
        """What sessions before this one did: orders that rested are no more."""
        self._realised = had.realised
        for held in had.held:
            self._market.list(held.round)
            self._positions.restore(held)
        self._told_of_settled.append(list(had.counted))

    def cancel_at_once(self) -> int:
        """Everything of ours out of the book, now; how many orders that were. Nothing reports:
        whoever calls this has no desk to report to."""
        count = len(self._arriving) + len(self._resting_ids())
        self._arriving.clear()
        self._looks.clear()
        # What is matched is mined all the same.
        self._due = [one for one in self._due if one.what is PaperStep.IS_MINED]
        heapq.heapify(self._due)
        for paper_round in self._rounds.values():
            paper_round.resting.clear()
        return count

    def opening(self, asset: Asset, life: int) -> ev.DeskOpened:
        """What a desk that begins, or begins again, must know."""
        open_ones = ((slug, self._working_in(slug)) for slug in self._rounds)
        held = tuple(
            ev.HeldRound(
                self._rounds[slug].round,
                self._positions.holdings(slug),
                self._positions.of(slug).cash_flow,
                working,
            )
            for slug, working in open_ones
            if working or self._positions.of(slug) != Position()
        )
        told = [one for each in (*self._told_of_settled, *self._told.values()) for one in each]
        cash = self._account.starting_cash
        in_transit = self._transit.now()
        return ev.DeskOpened(
            asset, life, cash, self._realised, held, tuple(told), in_transit=in_transit
        )

    def _working_in(self, slug: str) -> tuple[ev.FoundOrder, ...]:
        resting = [self._found(one) for one in self._rounds[slug].resting.values()]
        arriving = [one for one in self._arriving.values() if one.slug == slug]
        return (*resting, *(ev.FoundOrder(one, is_certain=False) for one in arriving))

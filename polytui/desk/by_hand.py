"""A person's own orders: the limits and precautions of everybody, and nobody's opinions.

    ticket -> is a ticket taken now -> may anybody trade here -> is it what the person means
           -> room and stamp (risk/pretrade.py), whole or not at all -> sent

What asks whether a trade is a good one (gates, edges, depth, cool-down, one signal a side) is not
asked: that is what the person decided. What asks whether trading is safe (kill switch, pauses,
breakers, feeds of the account, books that are seen, the end of the round, every limit) is.
"""

from __future__ import annotations

from attrs import frozen

from polytui.config.schema import Settings
from polytui.desk.asset_ledger import AssetLedger
from polytui.desk.halts import Halts
from polytui.desk.hand_checks import far_through, killed_at_once, malformed, wanted_by
from polytui.desk.hand_looks import the_look
from polytui.desk.quoting import Quoter
from polytui.desk.round import DeskRound
from polytui.desk.round_phase import Phase
from polytui.desk.rounds import DeskRounds
from polytui.desk.step import Step
from polytui.desk.view_builder import ViewInputs, market_block
from polytui.ledger.diff import crosses
from polytui.ledger.shadow import NEVER_NS
from polytui.ledger.working import WorkingOrder
from polytui.model.effects import Decline, Reason, Why
from polytui.model.orders import Order, Quote, Side
from polytui.model.ticket import (
    BY_HAND,
    Ticket,
    TicketLook,
    TicketSent,
    TicketWithdrawn,
    is_by_hand,
)
from polytui.model.units import MICRO, NS_PER_S, Shares, is_on_tick
from polytui.risk.pretrade import Approved, Refused


@frozen
class ByHand:
    """Stateless: what a desk lends for one call. A person's orders are in the ledger."""

    ledger: AssetLedger
    quoter: Quoter
    halts: Halts
    rounds: DeskRounds
    inputs: ViewInputs

    @property
    def settings(self) -> Settings:
        return self.inputs.settings

    @property
    def now_ns(self) -> int:
        return self.inputs.now_ns

    # --- what people say --------------------------------------------------------------------------

    def take(self, step: Step, event: TicketSent | TicketWithdrawn) -> None:
        if isinstance(event, TicketWithdrawn):
            self._withdraw(step, event.order_id)
        else:
            self._send(step, event)

    def _send(self, step: Step, event: TicketSent) -> None:
        ticket = event.ticket
        market_round, fitted = self._judged(ticket, event.valid_until_ns)
        # What limits would cut is not sent at all: nobody confirmed what is left.
        if market_round is None or isinstance(fitted, Refused) or fitted.why is not None:
            why = fitted.why or Why(Reason.ROUND_OVER)
            step.effects.append(Decline(ticket.slug, ticket.order_id, why))
            return
        self.quoter.place(step, market_round, wanted_by(ticket, market_round), fitted)

    def _withdraw(self, step: Step, order_id: str) -> None:
        """An order that is gone, or not a person's, is nobody's to take back."""
        working = self.ledger.orders.get(order_id)
        if working is not None and is_by_hand(working.order):
            self.quoter.take_back(step, working)

    # --- what works -------------------------------------------------------------------------------

    def keep(self, step: Step, market_round: DeskRound) -> None:
        """Take back what may not work any more."""
        for working in self.ledger.orders.by_hand(market_round.slug):
            why = self._end_of(working, market_round)
            if why is not None:
                self.quoter.take_back(step, working, why)

    def _end_of(self, working: WorkingOrder, market_round: DeskRound) -> Why | None:
        """Why an order is taken back: the end of everybody's, or for what stops entries."""
        if market_round.phase is not Phase.OPEN:
            return Why(Reason.ROUND_OVER)
        late = self._too_late(market_round)
        if late is not None or _is_way_out(working.order):
            return late
        if not self.settings.ticket.is_enabled:
            return Why(Reason.TICKETS_OFF)
        if self.ledger.asset_account.is_flattening:
            return Why(Reason.PAUSED)
        return self.halts.halt() or self._entry_block(working.order.side, working.order.slug)

    # --- what would become of a ticket ------------------------------------------------------------

    def look(self, ticket: Ticket) -> TicketLook:
        """What would be said of it now. It changes nothing."""
        market_round, fitted = self._judged(ticket, NEVER_NS)
        if market_round is None or not is_on_tick(ticket.price, market_round.round.tick):
            return the_look(market_round, None, self.ledger, self.now_ns, fitted.why, Shares(0))
        quote = wanted_by(ticket, market_round).quote
        room = fitted.stamp.quote.shares if isinstance(fitted, Approved) else Shares(0)
        return the_look(market_round, quote, self.ledger, self.now_ns, fitted.why, room)

    def _judged(
        self, ticket: Ticket, valid_until_ns: int
    ) -> tuple[DeskRound | None, Approved | Refused]:
        """What there is room for, whatever of it is sent; a reason where that is less than all."""
        market_round = self.rounds.get(ticket.slug)
        if market_round is None:
            return None, Refused(Why(Reason.ROUND_OVER))
        why = (
            self._not_taken(ticket, market_round, valid_until_ns)
            or self._unsafe(ticket, market_round)
            or self._slip(ticket, market_round)
        )
        if why is not None:
            return market_round, Refused(why)
        wanted = wanted_by(ticket, market_round)
        fitted = self.quoter.fit_by_hand(self.now_ns, market_round, wanted, self.settings)
        return market_round, fitted

    # --- whether tickets are taken ----------------------------------------------------------------

    def _not_taken(
        self, ticket: Ticket, market_round: DeskRound, valid_until_ns: int
    ) -> Why | None:
        if not self.settings.ticket.is_enabled:
            return Why(Reason.TICKETS_OFF)
        if self.ledger.orders.get(ticket.order_id) is not None:
            return Why(Reason.SENT_ALREADY)
        if market_round.phase is not Phase.OPEN:
            return Why(Reason.ROUND_OVER)
        if self.now_ns > valid_until_ns:
            return Why(Reason.VIEW_OLD, (self.now_ns - valid_until_ns) / NS_PER_S, 0.0, "s too old")
        return self._too_late(market_round)

    def _too_late(self, market_round: DeskRound) -> Why | None:
        left_s = (market_round.round.closes_ns - self.now_ns) / NS_PER_S
        least_s = self.settings.ticket.before_close_s
        return Why(Reason.TOO_LATE, left_s, least_s, "s left") if left_s < least_s else None

    # --- whether anybody may trade ----------------------------------------------------------------

    def _unsafe(self, ticket: Ticket, market_round: DeskRound) -> Why | None:
        if self.halts.is_stopping:
            return Why(Reason.STOPPING)
        # A sale is the way out of a kill, as ever; but nothing of ours rests then.
        if ticket.tif.may_rest and (halt := self.halts.halt()) is not None:
            return halt
        taking = self.halts.feeds.taking_block(self.now_ns)
        return (
            market_block(market_round, self.inputs)
            or (None if ticket.is_post_only else taking)
            or self._entry_block(ticket.side, ticket.slug)
        )

    def _entry_block(self, side: Side, slug: str) -> Why | None:
        """Of purchases: what stops entries stops them."""
        if side is Side.SELL:
            return None
        if (halt := self.halts.halt()) is not None:
            return halt
        return self.halts.entry_block(self.now_ns, slug, self.settings)

    # --- whether it is what the person means ------------------------------------------------------

    def _slip(self, ticket: Ticket, market_round: DeskRound) -> Why | None:
        if not is_on_tick(ticket.price, tick := market_round.round.tick):
            return Why(Reason.OFF_TICK, ticket.price / MICRO, tick / MICRO, "USD tick")
        quote = wanted_by(ticket, market_round).quote
        return (
            malformed(quote, market_round)
            or far_through(quote, market_round, self.settings.ticket)
            or killed_at_once(quote, market_round)
            or self._meets_ours(quote, market_round)
            or self._of_others(quote, market_round)
        )

    def _meets_ours(self, quote: Quote, market_round: DeskRound) -> Why | None:
        for each in self.ledger.orders.of_round(market_round.slug):
            if crosses(quote, each.order):
                theirs = each.order
                unit = f"USD of {theirs.strategy or 'nobody'}"
                return Why(Reason.OWN_ORDER, quote.price / MICRO, theirs.price / MICRO, unit)
        return None

    def _of_others(self, quote: Quote, market_round: DeskRound) -> Why | None:
        """What rests keeps its shares from everybody else: a strategy could not leave. What was
        bought by hand may rest; a sale at once may be of whatever is held."""
        if quote.side is Side.BUY or not quote.tif.may_rest:
            return None
        own = self.ledger.asset_account.live.held(market_round.slug, BY_HAND, quote.outcome)
        offered = sum(
            each.left
            for each in self.ledger.orders.by_hand(market_round.slug)
            if each.order.side is Side.SELL and each.order.outcome is quote.outcome
        )
        if quote.shares <= own - offered:
            return None
        free = max(0, own - offered)
        return Why(Reason.NOT_YOURS, quote.shares / MICRO, free / MICRO, "shares to rest")


def _is_way_out(order: Order) -> bool:
    """A sale that ends by itself: what lets it go in spite of a halt does not take it back."""
    return order.side is Side.SELL and not order.tif.may_rest

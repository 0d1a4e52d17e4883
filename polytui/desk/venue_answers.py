"""What the venue answers to an order: to the ledger, to the breakers, and to whoever quotes."""

from __future__ import annotations

from polytui.config.schema import Settings
from polytui.desk.asset_ledger import AssetLedger
from polytui.desk.breaker_looks import BreakerLooks
from polytui.desk.rounds import DeskRounds
from polytui.desk.step import Step
from polytui.model import events as ev
from polytui.model.orders import Order, OrderState
from polytui.model.refusals import found_nobody, would_cross


class VenueAnswers:
    """Stateless: the ledger's orders and the rounds remember."""

    def __init__(self, ledger: AssetLedger, rounds: DeskRounds, looks: BreakerLooks) -> None:
        self._ledger = ledger
        self._rounds = rounds
        self._looks = looks

    def reported(self, step: Step, event: ev.Report, settings: Settings) -> None:
        """Any report but a fill."""
        working = self._ledger.orders.get(event.order_id)
        was_asked = working is not None and working.state is OrderState.CANCELLING
        step.effects += self._ledger.reported(event, step.now_ns, self._rounds.place_of)
        order = None if working is None else working.order
        is_refused = isinstance(event, ev.Refused)
        if order is not None and order.rung:
            is_taken_back = isinstance(event, ev.Cancelled) and not was_asked
            self._note_rung(step, order, event, is_sent_back=is_refused or is_taken_back)
        if isinstance(event, ev.Refused) and event.is_unsent:
            # The venue has said nothing.
            self._ledger.asset_account.unsent += 1
        elif isinstance(event, ev.Accepted | ev.Refused) and not _is_expected(event, order):
            self._looks.answered(step, settings, is_refused=is_refused)

    def _note_rung(self, step: Step, order: Order, event: ev.Report, *, is_sent_back: bool) -> None:
        """One that the venue did not want is not tried again at once."""
        market_round, rung = self._rounds.get(order.slug), (order.strategy, order.rung)
        if market_round is not None and is_sent_back:
            market_round.refused[rung] = step.now_ns
        elif market_round is not None and isinstance(event, ev.Accepted):
            market_round.refused.pop(rung, None)


def _is_expected(event: ev.Accepted | ev.Refused, order: Order | None) -> bool:
    """What the market did while the order was on its way says nothing of our orders, nor of the
    venue: somebody came whom an order would have met that may only rest, or was gone whom one
    wanted that never rests."""
    if order is None or isinstance(event, ev.Accepted):
        return False
    if order.is_post_only:
        return would_cross(event.detail)
    return not order.tif.may_rest and found_nobody(event.detail)

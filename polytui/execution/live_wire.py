"""The CLOB's requests about the orders of one asset: signed here, sent by the account, and whatever
comes back goes through the account's books, as what the user channel says does.

    place   sign -> POST -> the books say what is new in the answer
    cancel  by the venue's names; everything of the asset round by round, known here or not
    look    the order by its name, its fills before its end
    open    every order that nothing ended, asked for one by one; none is declared gone
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from attrs import define, field

from polytui.execution.client import CANCEL_SENT, ORDER_POSTED, ORDER_SIGNED, PassPoint
from polytui.execution.known_books import KnownBooks
from polytui.execution.live_books import LiveBooks
from polytui.execution.live_trades import Told
from polytui.execution.order_wire import (
    CancelAnswers,
    Posted,
    PostOutcome,
    Reports,
    speaks_of_orders,
)
from polytui.execution.preflight import refusal
from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.events import (
    Cancelled,
    CancelRefused,
    DeskOpened,
    Event,
    FoundOrder,
    RoundFound,
    RoundSettled,
)
from polytui.model.instrument import Asset, Round
from polytui.model.orders import Order
from polytui.model.units import Shares, Usd
from polytui.venues.polymarket.clob_account import ClobAccount
from polytui.venues.polymarket.clob_answers import PostAnswer, PostStatus
from polytui.venues.polymarket.signing import OrderSigner, SignedOrder

_BY_REQUEST = "by request"


@define(eq=False)
class ClobOrderWire:
    """An `OrderWire`. State: the books of its rounds, and where orders of it may be."""

    asset: Asset
    account: ClobAccount
    signer: OrderSigner
    books: LiveBooks
    route: Callable[[Told], None]
    """What concerns somebody else."""
    look_at: Callable[[str], Awaitable[Told]]
    """What became of an order of that name at the venue, its fills first; nothing where it is not
    known there."""
    free_usd: Callable[[Order], Usd]
    free_shares: Callable[[Order], Shares]
    expect: Callable[[str, PostAnswer], None] = field(default=lambda order_id, answer: None)
    """What the answer to an order named: the user channel has to tell of it."""
    ask: Callable[[], None] = field(default=lambda: None)
    """For a reconcile, soon: nobody knows what became of an order."""
    market: KnownBooks = field(factory=KnownBooks)
    pass_point: PassPoint | None = None
    _listed: dict[str, Round] = field(factory=dict)
    """Rounds in which orders were placed, by slug, until they settle."""

    def list_round(self, listed: Round) -> Reports:
        """A round is traded, or was by another process."""
        self.market.list_round(listed)
        return self._mine(self.books.list_round(listed))

    def know(self, order: Order) -> None:
        """An order of another process: its name at the venue follows from it."""
        if (listed := self.market.round(order.slug)) is not None:
            self._name(order, listed)

    def _name(self, order: Order, listed: Round) -> None:
        self._listed[listed.slug] = listed
        self.books.names.recall(order, partial(self.signer.venue_id, order, listed))

    # --- placing ----------------------------------------------------------------------------------

    def preflight(self, order: Order) -> str:
        listed = self.market.round(order.slug)
        if listed is None:
            return "its round is not known here, or over"
        book = self.market.book(listed)
        return refusal(order, listed, book, self.free_usd(order), self.free_shares(order))

    def sign(self, order: Order) -> SignedOrder:
        listed = self.market.round(order.slug)
        if listed is None:
            raise Rejected("its round is not known here, or over")
        try:
            signed = self.signer.sign(order, listed)
        except ValueError as error:
            raise Rejected(str(error)) from None
        # Before it is sent: the venue may tell of it before it answers.
        self._listed[listed.slug] = listed
        self.books.names.know(order, signed.venue_id)
        self._pass(ORDER_SIGNED)
        return signed

    async def post(self, signed: SignedOrder) -> Posted:
        try:
            answer = await self.account.post(signed)
        except Rejected:
            self.books.refused(signed.order_id)
            raise
        except Unknown:
            self.ask()
            raise
        self._pass(ORDER_POSTED)
        return self._posted(signed, answer)

    async def post_many(self, signed: Sequence[SignedOrder]) -> Sequence[PostOutcome]:
        try:
            answers = await self.account.post_many(signed)
        except Rejected:
            for each in signed:
                self.books.refused(each.order_id)
            raise
        except Unknown:
            self.ask()
            raise
        self._pass(ORDER_POSTED)
        return [self._outcome(*pair) for pair in zip(signed, answers, strict=True)]

    def _outcome(
        self, signed: SignedOrder, answer: PostAnswer | Rejected | Retry | Unknown
    ) -> PostOutcome:
        if isinstance(answer, PostAnswer):
            return self._posted(signed, answer)
        if isinstance(answer, Rejected):
            self.books.refused(signed.order_id)
        if isinstance(answer, Unknown):
            self.ask()
        return answer

    def _pass(self, point: str) -> None:
        """Where a plan of faults may end the process."""
        if self.pass_point is not None:
            self.pass_point(point, self.asset.value)

    def _posted(self, signed: SignedOrder, answer: PostAnswer) -> Posted:
        told = self._mine(self.books.accepted(signed.order_id))
        self.expect(signed.order_id, answer)
        return Posted(told, is_held=answer.status is PostStatus.DELAYED)

    # --- cancelling -------------------------------------------------------------------------------

    async def cancel(self, order_ids: Sequence[str]) -> CancelAnswers:
        names = {self.books.names.venue(one): one for one in order_ids}
        answers: dict[str, Cancelled | CancelRefused] = {}
        if (unsigned := names.pop("", None)) is not None:
            answers[unsigned] = CancelRefused(unsigned, "it was never sent")
        if not names:
            return answers
        answer = await self.account.cancel(list(names))
        self._pass(CANCEL_SENT)
        for venue_id in answer.cancelled:
            if (order_id := names.get(venue_id)) is not None:
                answers[order_id] = Cancelled(order_id, _BY_REQUEST)
        for venue_id, why in answer.refused.items():
            if (order_id := names.get(venue_id)) is not None:
                answers[order_id] = CancelRefused(order_id, why)
        return answers

    async def cancel_all(self) -> Sequence[Cancelled]:
        """Raises only where no round was reached."""
        gone: list[Cancelled] = []
        fault: Rejected | Retry | Unknown | None = None
        for listed in list(self._listed.values()):
            try:
                answer = await self.account.cancel_market(listed.condition_id)
            except (Rejected, Retry, Unknown) as error:
                fault = error
                continue
            ours = map(self.books.names.ours, answer.cancelled)
            gone += [Cancelled(order_id, _BY_REQUEST) for order_id in ours if order_id]
        if fault is not None and not gone:
            raise fault
        return gone

    # --- looking ----------------------------------------------------------------------------------

    async def look(self, order_id: str) -> Reports:
        venue_id = self.books.names.venue(order_id)
        return self._mine(await self.look_at(venue_id)) if venue_id else ()

    async def open(self, life: int, sent: Sequence[Order]) -> DeskOpened:
        found: list[FoundOrder] = []
        for order in sent:
            # One without a name was never signed.
            if venue_id := self.books.names.venue(order.order_id):
                told = await self.look_at(venue_id)
                self.route(told)
                if not self.books.orders.is_thought_over(venue_id):
                    # Whom the venue does not know may be on its way.
                    found.append(
                        self.books.found(
                            order.order_id, is_certain=speaks_of_orders(word for _, word in told)
                        )
                    )
        return self.books.opening(self.asset, life, found)

    # --- the market -------------------------------------------------------------------------------

    def observe(self, event: Event) -> Reports:
        self.market.observe(event)
        if isinstance(event, RoundFound):
            return self.list_round(event.round)
        if isinstance(event, RoundSettled):
            for listed in list(self._listed.values()):
                if event.settles(listed):
                    del self._listed[listed.slug]
            return self._mine(self.books.settle(event))
        return ()

    def _mine(self, told: Told) -> Reports:
        """What is for this asset, in its order; the rest goes its own way."""
        others = [one for one in told if one[0] is not self.asset]
        if others:
            self.route(others)
        return [word for asset, word in told if asset is self.asset]

"""Posting and cancelling orders over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec
import trio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.sim.exchange.answers import CancelAnswer, OrderAnswer, Pending
from polytui.sim.exchange.api_keys import Caller
from polytui.sim.exchange.exchange import Exchange
from polytui.sim.exchange.signed_order import SignedOrder
from polytui.sim.wire.desk.accounts import Accounts
from polytui.sim.wire.desk.desk_troubles import DeskTroubles
from polytui.sim.wire.desk.limited import VenueLimits
from polytui.sim.wire.desk.order_answers import batch_response, cancel_response, order_response
from polytui.sim.wire.desk.order_payload import OrderPayloads
from polytui.sim.wire.desk.private_request import bad, body_of, market_of, order_id_of, token_of
from polytui.sim.wire.desk.waiting import CutResponse, answer_to
from polytui.sim.wire.form.api_answer import RefusedError
from polytui.sim.wire.signed.l1_l2_auth import VenueAuth

_MOST_CANCELS = 1000
_MS_PER_S = 1000
_ENDS = {
    "timed_out": "order timed out",
    "not_inserted": "could not insert order",
}
"""Troubles that come before the book, by the words of their 500."""
_RUN = "could not run the execution"


class _OneId(msgspec.Struct):
    orderID: str  # noqa: N815 - as the venue spells it


class _MarketOrders(msgspec.Struct):
    market: str | None = None
    asset_id: str | None = None


class OrdersApi:
    """`/order`, `/orders`, `/cancel-all` and `/cancel-market-orders`.

    Where the venue stands is asked before who asks (venue rule): a blocked region gets its 403
    without credentials.
    """

    def __init__(
        self,
        exchange: Exchange,
        accounts: Accounts,
        auth: VenueAuth,
        payloads: OrderPayloads,
        limits: VenueLimits,
        troubles: DeskTroubles,
        check_region: Callable[[], None],
        linger: Callable[[], Awaitable[None]],
    ) -> None:
        """`check_region` refuses who comes from a blocked one; `linger` waits as long as an answer
        is to come after what the user channel says of it."""
        self._exchange = exchange
        self._accounts = accounts
        self._auth = auth
        self._payloads = payloads
        self._limits = limits
        self._troubles = troubles
        self._check_region = check_region
        self._linger = linger

    def routes(self) -> list[Route]:
        return [
            Route("/order", self.place, methods=["POST"]),
            Route("/orders", self.place_batch, methods=["POST"]),
            Route("/order", self.cancel, methods=["DELETE"]),
            Route("/orders", self.cancel_several, methods=["DELETE"]),
            Route("/cancel-all", self.cancel_all, methods=["DELETE"]),
            Route("/cancel-market-orders", self.cancel_market, methods=["DELETE"]),
        ]

    async def place(self, request: Request) -> Response:
        self._check_region()
        caller = await self._auth.l2(request)
        self._limits.place(request, caller, 1)
        order = await self._payloads.one(await request.body(), caller)
        await self._before_the_book()
        answers = await self._placed([order])
        return await self._after_the_book(lambda: order_response(answers[0]))

    async def place_batch(self, request: Request) -> Response:
        """Up to fifteen, each with an answer of its own."""
        self._check_region()
        caller = await self._auth.l2(request)
        items = await self._payloads.batch(await request.body(), caller)
        self._limits.place(request, caller, len(items))
        orders = [item for item in items if not isinstance(item, str)]
        await self._before_the_book()
        placed = iter(await self._placed(orders))
        answers = [item if isinstance(item, str) else next(placed) for item in items]
        return await self._after_the_book(lambda: batch_response(answers))

    async def cancel(self, request: Request) -> Response:
        caller = await self._auth.l2(request)
        asked = await body_of(request, _OneId, "Invalid order payload")
        order_id = order_id_of(asked.orderID)
        self._limits.cancel(request, caller, 1)
        return await self._cancelled(self._by_id(caller, [order_id]))

    async def cancel_several(self, request: Request) -> Response:
        caller = await self._auth.l2(request)
        asked = await body_of(request, list[str], "Invalid order payload")
        if len(asked) > _MOST_CANCELS:
            raise bad(f"Too many orders in payload, max allowed: {_MOST_CANCELS}")
        order_ids = list(dict.fromkeys(order_id_of(one) for one in asked))
        self._limits.cancel(request, caller, len(order_ids))
        return await self._cancelled(self._by_id(caller, order_ids))

    async def cancel_all(self, request: Request) -> Response:
        """Everything of these credentials, whoever else uses them."""
        caller = await self._auth.l2(request)
        self._limits.sweep(request, caller, len(self._exchange.open_orders(caller.api_key)))
        return await self._cancelled([self._exchange.cancel_all(caller.api_key)])

    async def cancel_market(self, request: Request) -> Response:
        """Of a condition, of a token, or of a token of a condition."""
        caller = await self._auth.l2(request)
        asked = await body_of(request, _MarketOrders, "Invalid order payload")
        if not asked.market and not asked.asset_id:
            raise bad("Invalid order payload")
        market = market_of(asked.market) if asked.market else None
        token = token_of(asked.asset_id) if asked.asset_id else None
        met = [
            one
            for one in self._exchange.open_orders(caller.api_key)
            if market in (None, one.condition_id) and token in (None, one.signed.token_id)
        ]
        self._limits.sweep(request, caller, len(met))
        keys = self._accounts.keys_of(caller)
        return await self._cancelled(
            [self._exchange.cancel_market(key, market, token) for key in keys]
        )

    async def _placed(self, orders: Sequence[SignedOrder]) -> tuple[OrderAnswer, ...]:
        return await answer_to(self._exchange.place(orders)) if orders else ()

    def _by_id(self, caller: Caller, order_ids: list[str]) -> list[Pending[CancelAnswer]]:
        """The account's own orders, whichever of its keys placed them: one that was deleted since
        must not leave them to nobody."""
        by_key = self._accounts.keys_with(caller, order_ids)
        return [self._exchange.cancel(key, its_own) for key, its_own in by_key.items()]

    async def _cancelled(self, pending: Sequence[Pending[CancelAnswer]]) -> Response:
        answers = [await answer_to(one) for one in pending]
        await self._linger()
        return cancel_response(answers)

    async def _before_the_book(self) -> None:
        """What may happen to a good request on its way."""
        now = trio.current_time()
        strike = self._troubles.strike("delay", now)
        if strike is not None:
            await trio.sleep(strike.value / _MS_PER_S)
        for kind, words in _ENDS.items():
            if self._troubles.strike(kind, now):
                raise RefusedError(500, {"error": words})

    async def _after_the_book(self, answer: Callable[[], Response]) -> Response:
        """What may happen to an answer on its way back; the book has done its part."""
        now = trio.current_time()
        if self._troubles.strike("lose_answer", now):
            return CutResponse()
        if self._troubles.strike("unknown", now):
            raise RefusedError(500, {"error": _RUN})
        await self._linger()
        return answer()

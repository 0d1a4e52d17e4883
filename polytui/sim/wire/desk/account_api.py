"""What an account may read of itself: orders, trades, balances."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.sim.exchange.api_keys import Caller
from polytui.sim.exchange.venue_order import VenueOrder
from polytui.sim.exchange.venue_trade import VenueTrade
from polytui.sim.wire.desk.account_documents import Document, order_document, trade_document
from polytui.sim.wire.desk.accounts import Accounts
from polytui.sim.wire.desk.odd_reads import OddReads
from polytui.sim.wire.desk.private_request import market_of, only, order_id_of, token_of
from polytui.sim.wire.desk.trade_filters import TRADE_FILTERS, picked
from polytui.sim.wire.form.api_answer import RefusedError, json_answer
from polytui.sim.wire.form.paged import page_document
from polytui.sim.wire.signed.l1_l2_auth import VenueAuth

_PER_PAGE = 100
_ORDER_WORDS = "invalid order params payload"
_TRADE_WORDS = "Invalid trade params payload"
_ORDER_PARAMS = ("id", "market", "asset_id", "next_cursor")
_TRADE_PARAMS = (*TRADE_FILTERS, "next_cursor")


class AccountApi:
    """`/data/orders`, `/data/order/{id}`, `/order/{id}`, `/data/trades` and, always empty,
    `/data/pre-migration-orders`. All of an account: the keys of its address together."""

    def __init__(
        self, accounts: Accounts, auth: VenueAuth, odd_reads: OddReads | None = None
    ) -> None:
        """With `odd_reads` rows come in forms that are not documented."""
        self._accounts = accounts
        self._odd_reads = odd_reads
        self._auth = auth

    def routes(self) -> list[Route]:
        return [
            Route("/data/orders", self.orders),
            Route("/data/order/{order_id}", self.order),
            Route("/order/{order_id}", self.order),
            Route("/data/trades", self.trades),
            Route("/data/pre-migration-orders", self.old_orders),
        ]

    async def orders(self, request: Request) -> Response:
        """Open orders, the newest first; with `id` that one whatever became of it."""
        caller = await self._auth.l2(request)
        asked = only(request, _ORDER_PARAMS, _ORDER_WORDS)
        found = self._orders(caller, asked)
        return json_answer(page_document(found, request, _PER_PAGE, self._order))

    async def order(self, request: Request) -> Response:
        caller = await self._auth.l2(request)
        found = self._accounts.order(caller, order_id_of(request.path_params["order_id"]))
        if found is None:
            raise RefusedError(404, {"error": "Order not found"})
        return json_answer(self._order(found))

    async def trades(self, request: Request) -> Response:
        """Both sides' trades, the newest first. `before` and `after` are seconds, both apart."""
        caller = await self._auth.l2(request)
        asked = only(request, _TRADE_PARAMS, _TRADE_WORDS)
        found = picked(self._trades(caller, asked), asked, _TRADE_WORDS)

        def write(trade: VenueTrade) -> Document:
            row = trade_document(trade, self._accounts.part_in(trade, caller))
            return row if self._odd_reads is None else self._odd_reads.trade(row)

        return json_answer(page_document(found, request, _PER_PAGE, write))

    async def old_orders(self, request: Request) -> Response:
        """What rested before the venue's last migration: nobody here was there."""
        await self._auth.l2(request)
        only(request, ("next_cursor",), _ORDER_WORDS)
        nothing: list[Document] = []
        return json_answer(page_document(nothing, request, _PER_PAGE))

    def _trades(self, caller: Caller, asked: dict[str, str]) -> list[VenueTrade]:
        """One by its id is found at once: clients ask for it several times a second until it is
        mined."""
        if not asked.get("id"):
            return self._accounts.trades(caller)
        one = self._accounts.trade(caller, asked["id"])
        return [] if one is None else [one]

    def _order(self, order: VenueOrder) -> Document:
        row = order_document(order)
        return row if self._odd_reads is None else self._odd_reads.order(row)

    def _orders(self, caller: Caller, asked: dict[str, str]) -> list[VenueOrder]:
        market = market_of(asked["market"]) if asked.get("market") else None
        token = token_of(asked["asset_id"]) if asked.get("asset_id") else None
        if asked.get("id"):
            one = self._accounts.order(caller, order_id_of(asked["id"]))
            found = [] if one is None else [one]
        else:
            found = self._accounts.open_orders(caller)
        return [
            order
            for order in found
            if market in (None, order.condition_id) and token in (None, order.signed.token_id)
        ]

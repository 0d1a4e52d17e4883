"""Liquidity rewards: who would earn them, and the empty lists of who did.

Up/Down rounds have no reward pools (venue listing, 2026-10): every list of earnings is empty, in
the shape that clients read. Which orders score is worked out all the same.
"""

from __future__ import annotations

from datetime import date

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.sim.exchange.api_keys import Caller
from polytui.sim.wire.desk.account_documents import Document
from polytui.sim.wire.desk.accounts import Accounts
from polytui.sim.wire.desk.balance_api import signature_type_of
from polytui.sim.wire.desk.private_request import bad, body_of, market_of, only, order_id_of
from polytui.sim.wire.desk.scoring import is_scoring
from polytui.sim.wire.form.api_answer import RefusedError, json_answer
from polytui.sim.wire.form.paged import page_document
from polytui.sim.wire.rounds.listing import Listing
from polytui.sim.wire.signed.l1_l2_auth import VenueAuth
from polytui.sim.world.world import World

_WORDS = "Invalid payload"
_PER_PAGE = 100
_MOST_ORDERS = 1000
_POOLS = ("next_cursor", "sponsored")
_SEARCH = (
    "page_size", "q", "tag_slug", "market_id", "event_id", "event_title", "order_by", "position",
    "min_volume_24hr", "max_volume_24hr", "min_spread", "max_spread", "min_price", "max_price",
    "next_cursor",
)  # fmt: skip
_EARNINGS = ("date", "signature_type", "next_cursor")
_TOTAL = ("date", "signature_type", "sponsored")
_CONFIGS = (*_EARNINGS, "order_by", "position", "no_competition", "page_size")


class RewardsApi:
    """`/order-scoring`, `/orders-scoring` and everything under `/rewards`."""

    def __init__(self, accounts: Accounts, world: World, listing: Listing, auth: VenueAuth) -> None:
        self._accounts = accounts
        self._world = world
        self._listing = listing
        self._auth = auth

    def routes(self) -> list[Route]:
        return [
            Route("/order-scoring", self.order_scoring),
            Route("/orders-scoring", self.orders_scoring, methods=["POST"]),
            Route("/rewards/markets/current", self.pools),
            Route("/rewards/markets/multi", self.search),
            Route("/rewards/markets/{condition_id}", self.market),
            Route("/rewards/user", self.earnings),
            Route("/rewards/user/total", self.total),
            Route("/rewards/user/percentages", self.percentages),
            Route("/rewards/user/markets", self.configs),
        ]

    async def order_scoring(self, request: Request) -> Response:
        caller = await self._auth.l2(request)
        asked = only(request, ("order_id",), _WORDS)
        order_id = order_id_of(asked.get("order_id", ""))
        return json_answer({"scoring": self._is_scoring(caller, order_id)})

    async def orders_scoring(self, request: Request) -> Response:
        """By the ids as they were asked."""
        caller = await self._auth.l2(request)
        asked = await body_of(request, list[str], _WORDS)
        if len(asked) > _MOST_ORDERS:
            raise bad("Payload exceeds the limit")
        return json_answer({one: self._is_scoring(caller, order_id_of(one)) for one in asked})

    async def pools(self, request: Request) -> Response:
        only(request, _POOLS, _WORDS)
        return json_answer(_no_rows(request))

    async def market(self, request: Request) -> Response:
        only(request, _POOLS, _WORDS)
        if self._listing.by_condition(market_of(request.path_params["condition_id"])) is None:
            raise RefusedError(404, {"error": "market not found"})
        return json_answer(_no_rows(request))

    async def search(self, request: Request) -> Response:
        # A tag or an event may be named several times.
        if not request.query_params.keys() <= set(_SEARCH):
            raise bad(_WORDS)
        _check_page_size(request.query_params.get("page_size", ""))
        return json_answer(_no_rows(request))

    async def earnings(self, request: Request) -> Response:
        await self._auth.l2(request)
        _check_day(only(request, _EARNINGS, _WORDS))
        return json_answer(_no_rows(request))

    async def total(self, request: Request) -> Response:
        await self._auth.l2(request)
        _check_day(only(request, _TOTAL, _WORDS))
        return json_answer([])

    async def percentages(self, request: Request) -> Response:
        await self._auth.l2(request)
        signature_type_of(only(request, ("signature_type",), _WORDS))
        return json_answer({})

    async def configs(self, request: Request) -> Response:
        await self._auth.l2(request)
        asked = only(request, _CONFIGS, _WORDS)
        _check_day(asked)
        _check_page_size(asked.get("page_size", ""))
        return json_answer({**_no_rows(request), "total_count": 0})

    def _is_scoring(self, caller: Caller, order_id: str) -> bool:
        """An order of nobody, or of another, does not score for this caller."""
        order = self._accounts.order(caller, order_id)
        return order is not None and is_scoring(self._world, order)


def day_of(text: str, words: str) -> date:
    """A calendar day, written in full."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise bad(words) from None
    if day.isoformat() != text:
        raise bad(words)
    return day


def _check_day(asked: dict[str, str]) -> None:
    day_of(asked.get("date", ""), "Invalid date")
    signature_type_of(asked)


def _check_page_size(text: str) -> None:
    if text and not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= 500):
        raise bad(_WORDS)


def _no_rows(request: Request) -> Document:
    nothing: list[Document] = []
    return page_document(nothing, request, _PER_PAGE)

"""Gamma, the market listing, over HTTP: events and markets, one by one and in lists."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.instrument import Asset, Interval, Round
from polytui.sim.wire.form.api_answer import json_answer
from polytui.sim.wire.gamma.catalogue import GammaCatalogue, event_id, market_id
from polytui.sim.wire.gamma.filters import (
    EVENT_FILTERS,
    EVENT_ORDERS,
    MARKET_FILTERS,
    MARKET_ORDERS,
    select,
)
from polytui.sim.wire.gamma.groups import GammaGroups
from polytui.sim.wire.gamma.pages import (
    KEYSET_NAMES,
    OFFSET_NAMES,
    Key,
    ListingOrder,
    keyset_page,
    offset_page,
    order_of,
    ordered,
)
from polytui.sim.wire.gamma.query import GammaQuery, not_found
from polytui.sim.wire.gamma.search import GammaSearch
from polytui.sim.wire.rounds.documents import TAGS
from polytui.sim.wire.rounds.lasting import Document
from polytui.sim.world.calendar import SERIES

_SERIES_BY_ID = {series.series_id: key for key, series in SERIES.items()}
_SERIES_BY_SLUG = {series.slug: key for key, series in SERIES.items()}
_USUAL, _MOST = 100, 500
"""Of the lists by offset. What their usual length is today no document says."""
_EVENT_READS = ("include_chat", "include_template", "include_best_lines", "locale")
_MARKET_READS = ("include_tag", "locale")
_Keyed = list[tuple[Key, Round]]


class GammaApi:
    """Routes of Gamma over a simulated world."""

    def __init__(self, catalogue: GammaCatalogue) -> None:
        self._catalogue = catalogue
        self._groups = GammaGroups(catalogue)
        self._search = GammaSearch(catalogue)

    def routes(self) -> list[Route]:
        return [
            Route("/events", self.events),
            Route("/events/keyset", self.events_keyset),
            Route("/events/slug/{slug}", self.event_by_slug),
            Route("/events/{number}", self.event),
            Route("/events/{number}/tags", self.event_tags),
            Route("/markets", self.markets),
            Route("/markets/keyset", self.markets_keyset),
            Route("/markets/slug/{slug}", self.market_by_slug),
            Route("/markets/{number}", self.market),
            Route("/markets/{number}/tags", self.market_tags),
            Route("/public-search", self._search.search),
            *self._groups.routes(),
        ]

    async def events(self, request: Request) -> Response:
        """Open and resolved ones alike, unless told otherwise."""
        query = GammaQuery(request.query_params, (*EVENT_FILTERS, *OFFSET_NAMES))
        keyed, _ = self._events(query)
        page = offset_page(query, keyed, _USUAL, _MOST)
        return json_answer([self._catalogue.event(one) for one in page])

    async def events_keyset(self, request: Request) -> Response:
        query = GammaQuery(request.query_params, (*EVENT_FILTERS, *KEYSET_NAMES))
        keyed, order = self._events(query)
        page = keyset_page(query, keyed, order, "events")
        documents = [self._catalogue.event(one) for one in page.items]
        return _keyset_answer("events", documents, page.next_cursor)

    async def markets(self, request: Request) -> Response:
        """The resolved ones are hidden unless asked for (since April 2026)."""
        query = GammaQuery(request.query_params, (*MARKET_FILTERS, *OFFSET_NAMES))
        keyed, _ = self._markets(query)
        page = offset_page(query, keyed, _USUAL, _MOST)
        return json_answer(self._documents(query, page))

    async def markets_keyset(self, request: Request) -> Response:
        query = GammaQuery(request.query_params, (*MARKET_FILTERS, *KEYSET_NAMES))
        keyed, order = self._markets(query)
        page = keyset_page(query, keyed, order, "markets")
        return _keyset_answer("markets", self._documents(query, page.items), page.next_cursor)

    async def event(self, request: Request) -> Response:
        _read_only(request, _EVENT_READS)
        return json_answer(self._catalogue.event(self._event_of(request)))

    async def event_by_slug(self, request: Request) -> Response:
        _read_only(request, _EVENT_READS)
        return json_answer(self._catalogue.event(self._by_slug(request)))

    async def event_tags(self, request: Request) -> Response:
        _read_only(request, ())
        self._event_of(request)
        return json_answer(TAGS)

    async def market(self, request: Request) -> Response:
        return self._market(request, self._market_of(request))

    async def market_by_slug(self, request: Request) -> Response:
        return self._market(request, self._by_slug(request))

    async def market_tags(self, request: Request) -> Response:
        _read_only(request, ())
        self._market_of(request)
        return json_answer(TAGS)

    def _market(self, request: Request, found: Round) -> Response:
        query = _read_only(request, _MARKET_READS)
        return json_answer(self._documents(query, [found])[0])

    def _documents(self, query: GammaQuery, rounds: Iterable[Round]) -> list[Document]:
        has_tags = query.flag("include_tag") or False
        return [self._catalogue.market(one, has_tags=has_tags) for one in rounds]

    def _events(self, query: GammaQuery) -> tuple[_Keyed, ListingOrder]:
        catalogue = self._catalogue
        chosen = select(catalogue, query, EVENT_FILTERS, self._candidates(query))
        order = order_of(query, EVENT_ORDERS)
        return ordered(chosen, order, catalogue.event_value, event_id), order

    def _markets(self, query: GammaQuery) -> tuple[_Keyed, ListingOrder]:
        catalogue = self._catalogue
        chosen = select(catalogue, query, MARKET_FILTERS, self._candidates(query))
        if "closed" not in query:
            chosen = [one for one in chosen if not catalogue.is_closed(one)]
        order = order_of(query, MARKET_ORDERS)
        return ordered(chosen, order, catalogue.market_value, market_id), order

    def _candidates(self, query: GammaQuery) -> list[Round]:
        """No fewer than the filters let pass: those of a name or a series, or all there are."""
        if "slug" in query:
            found = [self._catalogue.by_slug(one) for one in dict.fromkeys(query.texts("slug"))]
            return [one for one in found if one is not None]
        for name, keys in (("series_id", _SERIES_BY_ID), ("series_slug", _SERIES_BY_SLUG)):
            if name in query:
                return self._of_series(keys.get(one) for one in dict.fromkeys(query.texts(name)))
        return self._catalogue.all()

    def _of_series(self, keys: Iterable[tuple[Asset, Interval] | None]) -> list[Round]:
        return [one for key in keys if key for one in self._catalogue.by_series(*key)]

    def _event_of(self, request: Request) -> Round:
        found = self._catalogue.by_event(_number_of(request))
        if found is None:
            raise not_found()
        return found

    def _market_of(self, request: Request) -> Round:
        found = self._catalogue.by_market(_number_of(request))
        if found is None:
            raise not_found()
        return found

    def _by_slug(self, request: Request) -> Round:
        found = self._catalogue.by_slug(request.path_params["slug"])
        if found is None:
            raise not_found()
        return found


def _read_only(request: Request, known: tuple[str, ...]) -> GammaQuery:
    """The query of a read of one thing, whose parameters only add to it."""
    query = GammaQuery(request.query_params, known)
    for name in query.names():
        _ = query.locale(name) if name == "locale" else query.flag(name)
    return query


def _number_of(request: Request) -> int:
    """-1 for what is no number: nothing has it."""
    text = request.path_params["number"]
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else -1


def _keyset_answer(name: str, documents: list[Document], next_cursor: str) -> Response:
    """`next_cursor` is absent on the last page."""
    answer: Document = {name: documents}
    if next_cursor:
        answer["next_cursor"] = next_cursor
    return json_answer(answer)

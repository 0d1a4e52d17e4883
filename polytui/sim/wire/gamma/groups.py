"""Gamma's series and tags, and what it lists of which there is nothing here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from polytui.model.instrument import Asset, Interval
from polytui.sim.wire.form.api_answer import RefusedError, json_answer
from polytui.sim.wire.form.wire_text import iso_z
from polytui.sim.wire.gamma.catalogue import GammaCatalogue
from polytui.sim.wire.gamma.filters import RECURRENCES
from polytui.sim.wire.gamma.pages import (
    KEYSET_NAMES,
    OFFSET_NAMES,
    keyset_page,
    offset_page,
    order_of,
    ordered,
)
from polytui.sim.wire.gamma.query import GammaQuery, not_found
from polytui.sim.wire.rounds.documents import TAGS, series_of
from polytui.sim.wire.rounds.lasting import Document
from polytui.sim.wire.rounds.numbers import event_number
from polytui.sim.world.calendar import SERIES

_MOST_SERIES, _MOST_TAGS = 50, 100
_MOST_STUBS = 100
_BY_ID = {series.series_id: key for key, series in SERIES.items()}
_SERIES_ORDERS = ("id", "slug", "ticker", "title", "volume", "volume24hr", "liquidity", "createdAt")
_SERIES_NAMES = (
    "slug",
    "closed",
    "recurrence",
    "categories_ids",
    "categories_labels",
    "exclude_events",
    "include_chat",
    "locale",
)
_TAG_ORDERS = ("id", "label", "slug")
_RELATED = ("omit_empty", "status", "locale")
_COMMENTS = ("parent_entity_type", "parent_entity_id", "get_positions", "holders_only")
_ADDRESS_LENGTH = 42


class GammaGroups:
    """Routes about what rounds belong to."""

    def __init__(self, catalogue: GammaCatalogue) -> None:
        self._catalogue = catalogue

    def routes(self) -> list[Route]:
        return [
            Route("/series", self.series),
            Route("/series/{series_id}", self.one_series),
            Route("/tags", self.tags),
            Route("/tags/slug/{slug}", self.tag),
            Route("/tags/slug/{slug}/related-tags", self.related),
            Route("/tags/slug/{slug}/related-tags/tags", self.related),
            Route("/tags/{number}", self.tag),
            Route("/tags/{number}/related-tags", self.related),
            Route("/tags/{number}/related-tags/tags", self.related),
            Route("/status", self.status),
            Route("/public-profile", self.profile),
            Route("/sports", _empty()),
            Route("/sports/market-types", self.market_types),
            Route("/teams", _empty(*OFFSET_NAMES, "league", "name", "abbreviation", "provider_id")),
            Route("/comments", _empty(*OFFSET_NAMES, *_COMMENTS)),
            Route("/comments/keyset", self.comments_keyset),
            Route("/comments/user_address/{address}", _empty(*OFFSET_NAMES)),
            Route("/comments/{number}", _empty("get_positions")),
        ]

    async def series(self, request: Request) -> Response:
        query = GammaQuery(request.query_params, (*_SERIES_NAMES, *OFFSET_NAMES))
        is_bare = query.flag("exclude_events") or False
        query.flag("include_chat")
        query.locale("locale")
        order = order_of(query, _SERIES_ORDERS)
        keyed = ordered(
            self._chosen(query), order, lambda key, name: _series_value(key, name), _series_number
        )
        page = offset_page(query, keyed, _MOST_SERIES, _MOST_SERIES)
        return json_answer([self._series(key, is_bare=is_bare) for key in page])

    async def one_series(self, request: Request) -> Response:
        query = GammaQuery(request.query_params, ("include_chat", "exclude_events", "locale"))
        query.flag("include_chat")
        query.locale("locale")
        key = _BY_ID.get(request.path_params["series_id"])
        if key is None:
            raise not_found()
        return json_answer(self._series(key, is_bare=query.flag("exclude_events") or False))

    async def tags(self, request: Request) -> Response:
        known = ("include_template", "is_carousel", "locale")
        query = GammaQuery(request.query_params, (*known, *OFFSET_NAMES))
        query.flag("include_template")
        query.locale("locale")
        is_carousel = query.flag("is_carousel")
        chosen = [one for one in TAGS if is_carousel is not True]
        order = order_of(query, _TAG_ORDERS)
        keyed = ordered(chosen, order, _tag_value, lambda one: int(one["id"]))
        return json_answer(offset_page(query, keyed, _MOST_TAGS, _MOST_TAGS))

    async def tag(self, request: Request) -> Response:
        query = GammaQuery(request.query_params, ("include_template", "locale"))
        query.flag("include_template")
        query.locale("locale")
        return json_answer(_tag_of(request))

    async def related(self, request: Request) -> Response:
        """No tag here leads to another."""
        query = GammaQuery(request.query_params, _RELATED)
        query.flag("omit_empty")
        query.choice("status", ("active", "closed", "all"))
        query.locale("locale")
        _tag_of(request)
        return json_answer([])

    async def status(self, _request: Request) -> Response:
        return PlainTextResponse("OK")

    async def profile(self, request: Request) -> Response:
        """Nobody here told the venue about himself."""
        query = GammaQuery(request.query_params, ("address",))
        text = (query.text("address") or "").lower()
        is_address = text.startswith("0x") and not set(text[2:]) - set("0123456789abcdef")
        if not is_address or len(text) != _ADDRESS_LENGTH:
            raise RefusedError(400, {"type": "validation error", "error": "invalid address"})
        raise not_found("profile not found")

    async def market_types(self, request: Request) -> Response:
        GammaQuery(request.query_params, ())
        return json_answer({"marketTypes": []})

    async def comments_keyset(self, request: Request) -> Response:
        query = GammaQuery(request.query_params, (*KEYSET_NAMES, *_COMMENTS))
        order = order_of(query, ("id", "createdAt"))
        keyset_page(query, [], order, "comments")
        return json_answer({"comments": []})

    def _chosen(self, query: GammaQuery) -> list[tuple[Asset, Interval]]:
        """All series of the venue are open, and none is in a category."""
        slugs, recurrence = query.texts("slug"), query.choice("recurrence", RECURRENCES)
        in_category = [*query.wholes("categories_ids"), *query.texts("categories_labels")]
        if query.flag("closed") or in_category:
            return []
        return [
            key
            for key, series in SERIES.items()
            if (not slugs or series.slug in slugs)
            and (recurrence is None or series.recurrence == recurrence)
        ]

    def _series(self, key: tuple[Asset, Interval], *, is_bare: bool) -> Document:
        """With its next events, unless told to leave them out."""
        document = series_of(*key)
        if is_bare:
            return document
        rounds = self._catalogue.by_series(*key)
        open_ones = [one for one in rounds if not self._catalogue.is_closed(one)][:_MOST_STUBS]
        stubs = [
            {
                "id": event_number(one.slug),
                "ticker": one.slug,
                "slug": one.slug,
                "endDate": iso_z(one.closes_ns),
                "startTime": iso_z(one.opens_ns),
                "closed": False,
            }
            for one in open_ones
        ]
        return {**document, "events": stubs}


def _series_value(key: tuple[Asset, Interval], name: str) -> Any:
    return series_of(*key)[name]


def _series_number(key: tuple[Asset, Interval]) -> int:
    return int(SERIES[key].series_id)


def _tag_value(tag: Document, name: str) -> Any:
    return int(tag["id"]) if name == "id" else tag[name]


def _tag_of(request: Request) -> Document:
    params = request.path_params
    name = "slug" if "slug" in params else "id"
    wanted = params.get("slug") or params.get("number")
    for one in TAGS:
        if one[name] == wanted:
            return one
    raise not_found()


def _empty(*known: str) -> Callable[[Request], Any]:
    """A list of which this venue has nothing: still not with parameters that it does not know."""

    async def answer(request: Request) -> Response:
        query = GammaQuery(request.query_params, known)
        query.whole("limit", 0, 0, 10**6)
        query.whole("offset", 0, 0, 10**6)
        return json_answer([])

    return answer

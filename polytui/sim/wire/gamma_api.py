"""Gamma, the market listing, over HTTP."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.instrument import Asset, Interval, Round
from polytui.sim.wire.api_answer import RefusedError, json_answer
from polytui.sim.wire.gamma_event import (
    LISTED_AHEAD_NS,
    Document,
    event_number,
    event_of,
    is_closed,
    market_of,
    series_of,
)
from polytui.sim.wire.listing import Listing
from polytui.sim.wire.wire_text import parse_iso
from polytui.sim.world.calendar import SERIES
from polytui.sim.world.world import World

_BY_ID = {series.series_id: key for key, series in SERIES.items()}
_BY_SLUG = {series.slug: key for key, series in SERIES.items()}
_ORDERS: dict[str, Callable[[Round], int]] = {
    "endDate": lambda one: one.closes_ns,
    "startTime": lambda one: one.opens_ns,
    "startDate": lambda one: one.opens_ns - LISTED_AHEAD_NS,
    "id": lambda one: int(event_number(one.slug)),
}
_MOST = 100
_USUAL = 20


class GammaApi:
    """Routes of Gamma over a simulated world."""

    def __init__(self, world: World, listing: Listing) -> None:
        self._world = world
        self._listing = listing

    def routes(self) -> list[Route]:
        return [
            Route("/events", self.events),
            Route("/events/keyset", self.keyset),
            Route("/events/slug/{slug}", self.event),
            Route("/markets", self.markets),
            Route("/markets/slug/{slug}", self.market),
            Route("/series", self.series),
            Route("/series/{series_id}", self.one_series),
        ]

    async def events(self, request: Request) -> Response:
        """`slug` and `series_id` may repeat; at most 100 events."""
        query = request.query_params
        rounds = self._ordered(self._select(query), query)
        start = _whole(query, "offset", 0, 10**9)
        return self._events(rounds[start : start + _whole(query, "limit", _MOST, _MOST)])

    async def keyset(self, request: Request) -> Response:
        """Pages by cursor: `next_cursor` is absent on the last one, `offset` is refused."""
        query = request.query_params
        if "offset" in query:
            raise _unprocessable("offset is not supported on keyset endpoints")
        limit = _whole(query, "limit", _USUAL, _MOST, least=1)
        rounds = self._ordered(self._select(query), query)
        rounds = _after(rounds, query.get("after_cursor", ""))
        page = rounds[:limit]
        answer: Document = {"events": [event_of(self._world, one) for one in page]}
        if len(rounds) > limit:
            answer["next_cursor"] = urlsafe_b64encode(page[-1].slug.encode()).decode()
        return json_answer(answer)

    async def event(self, request: Request) -> Response:
        return json_answer(event_of(self._world, self._round(request)))

    async def market(self, request: Request) -> Response:
        return json_answer(market_of(self._world, self._round(request)))

    async def markets(self, request: Request) -> Response:
        """By `slug` or `condition_ids`; closed ones are hidden unless asked for."""
        query = request.query_params
        wants_closed = _flag(query, "closed") or False
        named = [self._world.rounds.get(slug) for slug in query.getlist("slug")]
        named += [self._listing.by_condition(one) for one in query.getlist("condition_ids")]
        return json_answer(
            [
                market_of(self._world, one)
                for one in named[:_MOST]
                if one is not None and is_closed(self._world, one) == wants_closed
            ]
        )

    async def series(self, request: Request) -> Response:
        query = request.query_params
        slugs = query.getlist("slug") or list(_BY_SLUG)
        keys = [_BY_SLUG[slug] for slug in slugs if slug in _BY_SLUG]
        return json_answer([self._series(key, query) for key in keys])

    async def one_series(self, request: Request) -> Response:
        key = _BY_ID.get(request.path_params["series_id"])
        if key is None:
            raise _not_found()
        return json_answer(self._series(key, request.query_params))

    def _series(self, key: tuple[Asset, Interval], query: QueryParams) -> Document:
        if _flag(query, "exclude_events"):
            return series_of(*key)
        rounds = [one for one in self._listing.by_series(*key) if not is_closed(self._world, one)]
        stubs = [{"id": event_number(one.slug), "slug": one.slug} for one in rounds[:_MOST]]
        return {**series_of(*key), "events": stubs}

    def _round(self, request: Request) -> Round:
        found = self._world.rounds.get(request.path_params["slug"])
        if found is None:
            raise _not_found()
        return found

    def _events(self, rounds: list[Round]) -> Response:
        return json_answer([event_of(self._world, one) for one in rounds])

    def _select(self, query: QueryParams) -> list[Round]:
        """The rounds that pass the filters of a query."""
        rounds = self._candidates(query)
        closed = _flag(query, "closed")
        if closed is not None:
            rounds = [one for one in rounds if is_closed(self._world, one) == closed]
        for name, order in (("end_date", "endDate"), ("start_time", "startTime")):
            least, most = _instant(query, f"{name}_min"), _instant(query, f"{name}_max")
            value = _ORDERS[order]
            if least is not None:
                rounds = [one for one in rounds if value(one) >= least]
            if most is not None:
                rounds = [one for one in rounds if value(one) <= most]
        return rounds

    def _candidates(self, query: QueryParams) -> list[Round]:
        slugs = query.getlist("slug")
        if slugs:
            found = [self._world.rounds.get(slug) for slug in slugs]
            return [one for one in found if one is not None]
        keys = [_BY_ID.get(one) for one in query.getlist("series_id")]
        keys += [_BY_SLUG.get(one) for one in query.getlist("series_slug")]
        if not keys:
            return self._listing.all()
        return [one for key in keys if key for one in self._listing.by_series(*key)]

    def _ordered(self, rounds: list[Round], query: QueryParams) -> list[Round]:
        name = query.get("order", "")
        if not name:
            return rounds
        if name not in _ORDERS:
            raise _unprocessable(f"order field {name} is not valid")
        value, is_descending = _ORDERS[name], not _flag(query, "ascending")
        return sorted(rounds, key=lambda one: (value(one), one.slug), reverse=is_descending)


def _after(rounds: list[Round], cursor: str) -> list[Round]:
    """What follows the round a cursor names."""
    if not cursor:
        return rounds
    try:
        slug = urlsafe_b64decode(cursor).decode()
    except ValueError:
        raise _unprocessable("invalid cursor") from None
    place = next((at for at, one in enumerate(rounds) if one.slug == slug), None)
    if place is None:
        raise _unprocessable("invalid cursor")
    return rounds[place + 1 :]


def _flag(query: QueryParams, name: str) -> bool | None:
    text = query.get(name)
    if text is None:
        return None
    if text not in ("true", "false"):
        raise _unprocessable(f"{name} must be a boolean")
    return text == "true"


def _whole(query: QueryParams, name: str, usual: int, most: int, least: int = 0) -> int:
    text = query.get(name)
    if text is None:
        return usual
    if not (text.isascii() and text.isdigit()) or not least <= int(text[:12]) <= most:
        raise _unprocessable(f"{name} must be between {least} and {most}")
    return int(text)


def _instant(query: QueryParams, name: str) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        return parse_iso(text)
    except ValueError:
        raise _unprocessable(f"{name} must be a date") from None


def _not_found() -> RefusedError:
    return RefusedError(404, {"type": "not found error", "error": "not found"})


def _unprocessable(message: str) -> RefusedError:
    return RefusedError(422, {"type": "validation error", "error": message})

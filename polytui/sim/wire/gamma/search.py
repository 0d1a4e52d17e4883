"""Gamma's search: events by the words of their titles, tags by their labels."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from polytui.model.instrument import Round
from polytui.sim.wire.form.api_answer import json_answer
from polytui.sim.wire.gamma.catalogue import GammaCatalogue, event_id
from polytui.sim.wire.gamma.filters import EVENT_FILTERS, select
from polytui.sim.wire.gamma.pages import ListingOrder, ordered
from polytui.sim.wire.gamma.query import GammaQuery, unprocessable
from polytui.sim.wire.rounds.documents import TAGS
from polytui.sim.wire.rounds.lasting import Document, title_of

_USUAL, _MOST = 10, 100
_MOST_PAGES = 10_000
_SORTS = {
    "volume": "volume",
    "volume_24hr": "volume24hr",
    "liquidity": "liquidity",
    "competitive": "competitive",
    "closed_time": "closedTime",
    "start_date": "startDate",
    "end_date": "endDate",
}
_STATUSES = ("active", "closed", "resolved", "all")
_NAMES = (
    "q",
    "page",
    "limit_per_type",
    "events_status",
    "events_tag",
    "exclude_tag_id",
    "keep_closed_markets",
    "sort",
    "ascending",
    "recurrence",
    "search_tags",
    "search_profiles",
    "optimized",
    "cache",
    "presets",
)
_FILTERS = {name: EVENT_FILTERS[name] for name in ("exclude_tag_id", "recurrence")}


class GammaSearch:
    """Of what Gamma lists. Whoever keeps profiles, it is not this venue."""

    def __init__(self, catalogue: GammaCatalogue) -> None:
        self._catalogue = catalogue

    async def search(self, request: Request) -> Response:
        """Open events first, by the nearest end; `totalResults` counts events."""
        query = GammaQuery(request.query_params, _NAMES)
        words = (query.text("q") or "").lower().split()
        if not words:
            raise unprocessable("q is required")
        limit = query.whole("limit_per_type", _USUAL, 1, _MOST)
        start = (query.whole("page", 1, 1, _MOST_PAGES) - 1) * limit
        for name in ("search_profiles", "optimized", "cache"):
            query.flag(name)
        query.texts("presets")
        found = self._events(query, words)
        page = found[start : start + limit]
        pagination = {"hasMore": len(found) > start + limit, "totalResults": len(found)}
        answer = {
            "events": [self._catalogue.event(one) for one in page],
            "tags": self._tags(words) if query.flag("search_tags") is not False else [],
            "profiles": [],
            "pagination": pagination,
        }
        return json_answer(answer)

    def _events(self, query: GammaQuery, words: list[str]) -> list[Round]:
        catalogue = self._catalogue
        status = query.choice("events_status", _STATUSES) or "all"
        # An event here has one market: without its closed ones a closed event has none to show.
        keeps_closed = query.choice("keep_closed_markets", ("0", "1")) != "0"
        tags = set(query.texts("events_tag"))
        if tags and tags.isdisjoint(one["slug"] for one in TAGS):
            return []
        rounds = select(catalogue, query, _FILTERS, catalogue.all())
        rounds = [
            one
            for one in rounds
            if all(word in title_of(one).lower() for word in words)
            and _is_wanted(status, is_closed=catalogue.is_closed(one), keeps_closed=keeps_closed)
        ]
        sort = query.choice("sort", tuple(_SORTS)) or "end_date"
        is_ascending = query.flag("ascending")
        if is_ascending is None:
            is_ascending = "sort" not in query
        order = ListingOrder((_SORTS[sort],), not is_ascending)
        found = [one for _, one in ordered(rounds, order, catalogue.event_value, event_id)]
        return found if "sort" in query else sorted(found, key=catalogue.is_closed)

    def _tags(self, words: list[str]) -> list[Document]:
        """With how many open events there are: every event has all tags."""
        count = sum(not self._catalogue.is_closed(one) for one in self._catalogue.all())
        return [
            {**one, "event_count": count}
            for one in TAGS
            if all(word in one["label"].lower() for word in words)
        ]


def _is_wanted(status: str, *, is_closed: bool, keeps_closed: bool) -> bool:
    if is_closed:
        return keeps_closed and status != "active"
    return status in ("active", "all")

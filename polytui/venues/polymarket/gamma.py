"""Gamma's client: what is listed next, found in three ways, and what became of a round."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import islice

import msgspec

from polytui.config.schema import RoundSettings
from polytui.model.errors import Rejected, Retry
from polytui.model.instrument import Asset, Interval, Round
from polytui.model.units import NS_PER_S
from polytui.net.http import Http
from polytui.venues.feed import WIRE_FAULTS
from polytui.venues.polymarket.gamma_events import RoundLook, clean, look_at, parse_event
from polytui.venues.polymarket.round_names import round_slug, series_slug, windows_from


class _Listing(msgspec.Struct):
    events: list[msgspec.Raw]


class _GammaSeries(msgspec.Struct, gc=False):
    id: str
    slug: str


_decode_listing = msgspec.json.Decoder(_Listing).decode
_decode_events = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_series = msgspec.json.Decoder(list[_GammaSeries]).decode


_LISTED_MOST = 500
"""A hundred times what is asked for: each takes a while to read."""


def known_ids(rounds: RoundSettings) -> dict[str, str]:
    """Of series, by asset and interval, as the settings have them."""
    return dict(text.split("=") for text in rounds.series_ids)


class Gamma:
    """Questions to Gamma. State: series ids already found, and what listings had to leave out."""

    def __init__(self, http: Http, known_ids: Mapping[str, str] | None = None) -> None:
        """`known_ids`: of series, by asset and interval as in "btc-5m"; asked where the venue does
        not tell them."""
        self.refused = 0
        """Listed rounds that could not be believed."""
        self.last_refusal = ""
        self._http = http
        self._known_ids = dict(known_ids or {})
        self._series: dict[str, str] = {}

    async def series_id(self, asset: Asset, interval: Interval) -> str:
        """The id of a series, asked for once. Rejected when the venue has no such series."""
        slug = series_slug(asset, interval)
        if slug not in self._series:
            body = await self._http.get("/series", {"slug": slug, "exclude_events": "true"})
            found = [item.id for item in _decoded_series(body) if item.slug == slug]
            if not found:
                raise Rejected(f"Gamma has no series {slug}; trade another interval")
            self._series[slug] = found[0]
        return self._series[slug]

    async def upcoming(
        self, asset: Asset, interval: Interval, now_ns: int, limit: int = 5
    ) -> tuple[Round, ...]:
        """At most `limit` rounds that have not ended at `now_ns` (UTC ns), the next first.

        By the series that carries the name; where that gives none, by the names of this window and
        the next; then by the series' id in the settings. What the first way says is raised where
        none of them gives any, or () returned where that is what they say.
        """
        faults: list[Retry | Rejected] = []
        has_answered = False
        for ask in (self._by_series, self._by_names, self._by_known_id):
            try:
                listed = await ask(asset, interval, now_ns, limit)
            except (Retry, Rejected) as fault:
                faults.append(fault)
                continue
            rounds = [one for one in listed if one.closes_ns > now_ns]
            if rounds:
                return tuple(sorted(rounds, key=lambda found: found.closes_ns)[:limit])
            has_answered = has_answered or ask == self._by_series
        if faults and not has_answered:
            raise faults[0]
        return ()

    async def _by_series(
        self, asset: Asset, interval: Interval, now_ns: int, limit: int
    ) -> list[Round]:
        series_id = await self.series_id(asset, interval)
        return await self._of_series(series_id, asset, interval, now_ns, limit)

    async def _by_known_id(
        self, asset: Asset, interval: Interval, now_ns: int, limit: int
    ) -> list[Round]:
        series_id = self._known_ids.get(f"{asset.value}-{interval.value}")
        if series_id is None:
            return []
        return await self._of_series(series_id, asset, interval, now_ns, limit)

    async def _of_series(
        self, series_id: str, asset: Asset, interval: Interval, now_ns: int, limit: int
    ) -> list[Round]:
        """The time bound is needed: `closed=false` alone brings rounds from months ago."""
        body = await self._http.get(
            "/events/keyset",
            {
                "series_id": series_id,
                "closed": "false",
                "order": "endDate",
                "ascending": "true",
                "limit": limit,
                "end_date_min": _iso(now_ns),
            },
        )
        return self._believed(_decoded(clean(body), _listed_events), asset, interval)

    async def _by_names(
        self, asset: Asset, interval: Interval, now_ns: int, limit: int
    ) -> list[Round]:
        """This window's and the next's, whatever the listing says."""
        windows = islice(windows_from(interval, now_ns), max(2, limit))
        slugs = [round_slug(asset, interval, window.opens_ns) for window in windows]
        body = await self._http.get("/events", {"slug": slugs})
        return self._believed(_decoded(clean(body), _decode_events), asset, interval)

    async def look(self, slug: str) -> RoundLook:
        """One round with what is known of its strike and its winner. Rejected(404) if unknown."""
        for look in look_at(await self._http.get(f"/events/slug/{slug}")):
            if look.round.slug == slug:
                return look
        raise Rejected(f"Gamma event {slug} has no market of that name; it cannot be traded")

    def _believed(self, events: list[msgspec.Raw], asset: Asset, interval: Interval) -> list[Round]:
        """The listing's rounds; one that cannot be believed must not hide the others."""
        rounds: list[Round] = []
        refusal: Rejected | Retry | None = None
        for raw in events:
            try:
                rounds += parse_event(raw)
            except (Rejected, Retry) as error:
                refusal = error
                self.refused += 1
                self.last_refusal = str(error)
        rounds = [one for one in rounds if (one.asset, one.interval) == (asset, interval)]
        if refusal is not None and not rounds:
            raise refusal
        return rounds


def _iso(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // NS_PER_S, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _listed_events(body: bytes) -> list[msgspec.Raw]:
    return _decode_listing(body).events


def _decoded(body: bytes, decode: Callable[[bytes], list[msgspec.Raw]]) -> list[msgspec.Raw]:
    try:
        events = decode(body)
    except WIRE_FAULTS as fault:
        raise Retry(f"Gamma listing is unreadable: {fault}; try again") from None
    if len(events) > _LISTED_MOST:
        raise Rejected(f"Gamma lists {len(events)} events where a few were asked for; not read")
    return events


def _decoded_series(body: bytes) -> list[_GammaSeries]:
    try:
        return _decode_series(body)
    except WIRE_FAULTS as fault:
        raise Retry(f"Gamma series are unreadable: {fault}; try again") from None

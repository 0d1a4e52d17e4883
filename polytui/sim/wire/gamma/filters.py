"""Every filter of Gamma's listings, by name: how its value reads and which rounds pass it.

A filter about something that no round here has (a game, a week of a league, an on-chain event)
lets nothing pass, as an equality with nothing would. A parameter that only adds relations which no
round has (chats, templates) is read and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from polytui.model.instrument import Round
from polytui.sim.wire.gamma.catalogue import GammaCatalogue, event_id, listed_ns, market_id
from polytui.sim.wire.gamma.query import GammaQuery, unprocessable
from polytui.sim.wire.rounds.documents import TAGS
from polytui.sim.wire.rounds.lasting import question_id, title_of
from polytui.sim.world.calendar import SERIES

Passes = Callable[[Round], bool]
Filter = Callable[[GammaCatalogue, GammaQuery, str], "Passes | None"]
"""Of a parameter that is there; None for one that restricts nothing."""

RECURRENCES = (
    *dict.fromkeys(one.recurrence for one in SERIES.values()),
    "daily",
    "weekly",
    "monthly",
)
_REWARDS_MIN_SIZE = 50.0
_TAG_IDS = {int(one["id"]) for one in TAGS}
_TAG_SLUGS = {str(one["slug"]) for one in TAGS}


def select(
    catalogue: GammaCatalogue,
    query: GammaQuery,
    filters: dict[str, Filter],
    rounds: Iterable[Round],
) -> list[Round]:
    """The rounds that pass all filters of a query."""
    chosen = list(rounds)
    for name in query.names():
        passes = filters[name](catalogue, query, name) if name in filters else None
        if passes is not None:
            chosen = [one for one in chosen if passes(one)]
    return chosen


# --- kinds of filters


def _among_numbers(number_of: Callable[[Round], int]) -> Filter:
    def passes(_catalogue: GammaCatalogue, query: GammaQuery, name: str) -> Passes:
        wanted = set(query.wholes(name))
        return lambda one: number_of(one) in wanted

    return passes


def _among(value_of: Callable[[Round], str]) -> Filter:
    def passes(_catalogue: GammaCatalogue, query: GammaQuery, name: str) -> Passes:
        wanted = set(query.texts(name))
        return lambda one: value_of(one) in wanted

    return passes


def _equal_flag(flag_of: Callable[[GammaCatalogue, Round], bool]) -> Filter:
    def passes(catalogue: GammaCatalogue, query: GammaQuery, name: str) -> Passes:
        wanted = query.flag(name)
        return lambda one: flag_of(catalogue, one) == wanted

    return passes


def _always(value: bool) -> Filter:
    """A field that is the same for every round here."""
    return _equal_flag(lambda _catalogue, _one: value)


def _bound(
    read: Callable[[GammaQuery, str], Any], value_of: Callable[[GammaCatalogue, Round], Any]
) -> Filter:
    """The least value of a field, or the most of it, by the end of the parameter's name."""

    def passes(catalogue: GammaCatalogue, query: GammaQuery, name: str) -> Passes:
        limit = read(query, name)
        if name.endswith("_min"):
            return lambda one: bool(value_of(catalogue, one) >= limit)
        return lambda one: bool(value_of(catalogue, one) <= limit)

    return passes


def _nothing(read: Callable[[GammaQuery, str], Any]) -> Filter:
    """About something that no round has."""

    def passes(_catalogue: GammaCatalogue, query: GammaQuery, name: str) -> Passes:
        read(query, name)
        return lambda _one: False

    return passes


def _no_matter(read: Callable[[GammaQuery, str], Any]) -> Filter:
    def passes(_catalogue: GammaCatalogue, query: GammaQuery, name: str) -> None:
        read(query, name)

    return passes


def _choice(options: tuple[str, ...]) -> Callable[[GammaQuery, str], Any]:
    return lambda query, name: query.choice(name, options)


# --- single filters


def _tokens(_catalogue: GammaCatalogue, query: GammaQuery, name: str) -> Passes:
    """Of the ids that the market shows under this name: CTF tokens, or positions of v2."""
    wanted = {str(one) for one in _digits(query, name)}
    protocol = "v2" if name == "position_ids" else "v1"
    return lambda one: (
        one.protocol == protocol and not wanted.isdisjoint((one.up_token, one.down_token))
    )


def _digits(query: GammaQuery, name: str) -> list[str]:
    found = query.texts(name)
    if not all(one.isascii() and one.isdigit() and len(one) <= 78 for one in found):
        raise unprocessable(f"{name} must be decimal ids")
    return found


def _conditions(_catalogue: GammaCatalogue, query: GammaQuery, name: str) -> Passes:
    """With or without the last, zero byte of a v2 condition."""
    wanted = {one.ljust(66, "0") for one in _hexes(query, name, (64, 66))}
    return lambda one: one.condition_id in wanted


def _questions(_catalogue: GammaCatalogue, query: GammaQuery, name: str) -> Passes:
    wanted = set(_hexes(query, name, (66,)))
    return lambda one: question_id(one) in wanted


def _hexes(query: GammaQuery, name: str, lengths: tuple[int, ...]) -> list[str]:
    found = [one.lower() for one in query.texts(name)]
    for one in found:
        is_hex = one.startswith("0x") and not set(one[2:]) - set("0123456789abcdef")
        if not is_hex or len(one) not in lengths:
            raise unprocessable(f"{name} must be 32-byte hex ids")
    return found


def _tag_ids(_catalogue: GammaCatalogue, query: GammaQuery, name: str) -> Passes:
    """Every round has the same tags. One of them is enough unless `tag_match` wants all."""
    wanted = set(query.wholes(name))
    is_whole = query.choice("tag_match", ("any", "all")) == "all"
    has = wanted <= _TAG_IDS if is_whole else not wanted.isdisjoint(_TAG_IDS)
    return lambda _one: has


def _tag_slug(_catalogue: GammaCatalogue, query: GammaQuery, name: str) -> Passes:
    has = query.text(name) in _TAG_SLUGS
    return lambda _one: has


def _without_tags(_catalogue: GammaCatalogue, query: GammaQuery, name: str) -> Passes:
    unwanted = set(query.wholes(name))
    if "tag_id" in query and not unwanted.isdisjoint(query.wholes("tag_id")):
        raise unprocessable("tag_id and exclude_tag_id overlap")
    has = not unwanted.isdisjoint(_TAG_IDS)
    return lambda _one: not has


def _recurrence(_catalogue: GammaCatalogue, query: GammaQuery, name: str) -> Passes:
    wanted = query.choice(name, RECURRENCES)
    return lambda one: SERIES[one.asset, one.interval].recurrence == wanted


def _title(_catalogue: GammaCatalogue, query: GammaQuery, name: str) -> Passes:
    part = (query.text(name) or "").lower()
    return lambda one: part in title_of(one).lower()


def _versions(_catalogue: GammaCatalogue, query: GammaQuery, name: str) -> Passes:
    wanted = set(query.texts(name))
    if not wanted <= {"v1", "v2"}:
        raise unprocessable(f"{name} must be one of v1, v2")
    return lambda one: one.protocol in wanted


def _uma(catalogue: GammaCatalogue, query: GammaQuery, name: str) -> Passes:
    """Only what is resolved has one, and only where the protocol is the first."""
    options = ("proposed", "disputed", "requested", "resolved", "settled")
    is_resolved = query.choice(name, options) == "resolved"
    return lambda one: is_resolved and one.protocol == "v1" and catalogue.is_closed(one)


def _resolution(catalogue: GammaCatalogue, query: GammaQuery, name: str) -> Passes:
    wanted = query.choice(name, ("inactive", "active", "resolved"))

    def passes(one: Round) -> bool:
        status = "resolved" if catalogue.is_closed(one) else "active"
        return one.protocol == "v2" and status == wanted

    return passes


def _rewards(_catalogue: GammaCatalogue, query: GammaQuery, name: str) -> Passes:
    least = query.number(name) or 0.0
    return lambda _one: least <= _REWARDS_MIN_SIZE


def _day(query: GammaQuery, name: str) -> date:
    try:
        return date.fromisoformat(query.text(name) or "")
    except ValueError:
        raise unprocessable(f"{name} must be a date") from None


# --- the listings' filters

_SHARED: dict[str, Filter] = {
    "slug": _among(lambda one: one.slug),
    "closed": _equal_flag(lambda catalogue, one: catalogue.is_closed(one)),
    "active": _always(True),
    "archived": _always(False),
    "cyom": _always(False),
    "start_date_min": _bound(GammaQuery.instant, lambda _catalogue, one: listed_ns(one)),
    "start_date_max": _bound(GammaQuery.instant, lambda _catalogue, one: listed_ns(one)),
    "end_date_min": _bound(GammaQuery.instant, lambda _catalogue, one: one.closes_ns),
    "end_date_max": _bound(GammaQuery.instant, lambda _catalogue, one: one.closes_ns),
    "tag_id": _tag_ids,
    "tag_match": _no_matter(_choice(("any", "all"))),
    "related_tags": _no_matter(GammaQuery.flag),
    "version": _versions,
    "locale": _no_matter(GammaQuery.locale),
}

EVENT_FILTERS: dict[str, Filter] = {
    **_SHARED,
    "id": _among_numbers(event_id),
    "series_id": _among(lambda one: SERIES[one.asset, one.interval].series_id),
    "series_slug": _among(lambda one: SERIES[one.asset, one.interval].slug),
    "tag_slug": _tag_slug,
    "exclude_tag_id": _without_tags,
    "featured": _always(False),
    "live": _always(False),
    "ended": _always(False),
    "recurrence": _recurrence,
    "title_search": _title,
    "liquidity_min": _bound(GammaQuery.number, GammaCatalogue.liquidity),
    "liquidity_max": _bound(GammaQuery.number, GammaCatalogue.liquidity),
    "volume_min": _bound(GammaQuery.number, GammaCatalogue.volume),
    "volume_max": _bound(GammaQuery.number, GammaCatalogue.volume),
    "start_time_min": _bound(GammaQuery.instant, lambda _catalogue, one: one.opens_ns),
    "start_time_max": _bound(GammaQuery.instant, lambda _catalogue, one: one.opens_ns),
    "event_date": _nothing(_day),
    "event_week": _nothing(GammaQuery.wholes),
    "game_id": _nothing(GammaQuery.wholes),
    "parent_event_id": _nothing(GammaQuery.wholes),
    "created_by": _nothing(GammaQuery.texts),
    "partner_slug": _no_matter(GammaQuery.text),
    "featured_order": _no_matter(GammaQuery.flag),
    "include_children": _no_matter(GammaQuery.flag),
    "include_chat": _no_matter(GammaQuery.flag),
    "include_template": _no_matter(GammaQuery.flag),
    "include_best_lines": _no_matter(GammaQuery.flag),
}

MARKET_FILTERS: dict[str, Filter] = {
    **_SHARED,
    "id": _among_numbers(market_id),
    "clob_token_ids": _tokens,
    "position_ids": _tokens,
    "condition_ids": _conditions,
    "question_ids": _questions,
    "liquidity_num_min": _bound(GammaQuery.number, GammaCatalogue.liquidity),
    "liquidity_num_max": _bound(GammaQuery.number, GammaCatalogue.liquidity),
    "volume_num_min": _bound(GammaQuery.number, GammaCatalogue.volume),
    "volume_num_max": _bound(GammaQuery.number, GammaCatalogue.volume),
    "rfq_enabled": _always(False),
    "rewards_min_size": _rewards,
    "uma_resolution_status": _uma,
    "resolution_status": _resolution,
    "market_maker_address": _nothing(GammaQuery.texts),
    "onchain_event_ids": _nothing(GammaQuery.texts),
    "request_ids": _nothing(GammaQuery.texts),
    "game_id": _nothing(GammaQuery.text),
    "sports_market_types": _nothing(GammaQuery.texts),
    "decimalized": _no_matter(GammaQuery.flag),
    "include_tag": _no_matter(GammaQuery.flag),
}

_SORTED_ALIKE = (
    "id",
    "slug",
    "startDate",
    "endDate",
    "createdAt",
    "updatedAt",
    "closedTime",
    "volume",
    "volume24hr",
    "liquidity",
    "liquidityClob",
    "competitive",
)
EVENT_ORDERS = (*_SORTED_ALIKE, "ticker", "title", "startTime", "creationDate", "openInterest")
MARKET_ORDERS = (
    *_SORTED_ALIKE,
    "question",
    "eventStartTime",
    "acceptingOrdersTimestamp",
    "volumeNum",
    "volumeClob",
    "liquidityNum",
    "bestBid",
    "bestAsk",
    "lastTradePrice",
    "spread",
    "orderPriceMinTickSize",
    "rewardsMinSize",
    "rewardsMaxSpread",
)

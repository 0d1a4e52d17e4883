"""Gamma's lists against a naive reading of their own documents: filters, orders and pages."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_S
from polytui.sim.wire.form.error_bodies import ERROR_HANDLERS
from polytui.sim.wire.gamma.filters import EVENT_ORDERS, MARKET_ORDERS
from polytui.sim.wire.polymarket import Polymarket
from polytui.sim.wire.rounds.quirks import Quirks
from polytui.sim.world.world import World, WorldSettings

START_NS = 1_795_204_920 * NS_PER_S
Params = dict[str, Any]
_ZOMBIES = 7
_MOST_PAGES = 200


class Gamma:
    """A venue in whose world some rounds are over, asked without a socket."""

    def __init__(self) -> None:
        world = World(
            WorldSettings(
                5,
                START_NS,
                (Asset.BTC, Asset.ETH),
                (Interval.M5, Interval.M15),
                rounds_ahead_s=4_500,
                v2_share=0.3,
                messages=0.02,
            )
        )
        polymarket = Polymarket(world, Quirks(zombies=_ZOMBIES))
        for world_event in world.run_until(START_NS + 900 * NS_PER_S):
            polymarket.note(world_event)
        self.world = world
        self.app = Starlette(routes=polymarket.mounts(), exception_handlers=ERROR_HANDLERS)
        self.events = self.all("/events/keyset", "events")
        self.markets = [one["markets"][0] for one in self.events]

    def ask(self, path: str, params: Params | None = None) -> tuple[int, Any]:
        async def fetch() -> tuple[int, Any]:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://v/gamma") as client:
                answer = await client.get(path, params=params)
                return answer.status_code, answer.json()

        return trio.run(fetch)

    def got(self, path: str, params: Params | None = None) -> Any:
        status, body = self.ask(path, params)
        assert status == 200, body
        return body

    def all(
        self, path: str, name: str, params: Params | None = None, limit: int = 100
    ) -> list[Any]:
        """Every page of a keyset list."""
        found: list[Any] = []
        query = {**(params or {}), "limit": limit}
        for _ in range(_MOST_PAGES):
            body = self.got(path, query)
            assert len(body[name]) <= limit
            found += body[name]
            if "next_cursor" not in body:
                return found
            assert len(body[name]) == limit
            query["after_cursor"] = body["next_cursor"]
        raise AssertionError("the pages do not end")


@pytest.fixture(scope="module")
def gamma() -> Gamma:
    return Gamma()


def ids(documents: list[Any]) -> list[str]:
    return [one["id"] for one in documents]


def test_the_world_has_something_of_everything(gamma: Gamma) -> None:
    assert len(gamma.events) > 50
    assert len(set(ids(gamma.events))) == len(gamma.events)
    assert len(set(ids(gamma.markets))) == len(gamma.markets)
    assert sum(one["closed"] for one in gamma.events) >= 8
    assert {one["version"] for one in gamma.events} == {"v1", "v2"}
    assert sum(not one["enableOrderBook"] for one in gamma.events) == _ZOMBIES
    assert sum(one["volumeNum"] > 0 for one in gamma.markets) > 4


# --- filters: what a parameter means, said once more over the documents

Naive = Callable[[Any, Any], bool]


def _series(one: Any) -> Any:
    return one["series"][0]


EVENT_FILTERS: dict[str, Naive] = {
    "id": lambda one, value: one["id"] in value,
    "slug": lambda one, value: one["slug"] in value,
    "series_id": lambda one, value: _series(one)["id"] in value,
    "series_slug": lambda one, value: _series(one)["slug"] == value,
    "closed": lambda one, value: one["closed"] is (value == "true"),
    "active": lambda one, value: one["active"] is (value == "true"),
    "archived": lambda one, value: one["archived"] is (value == "true"),
    "featured": lambda one, value: one["featured"] is (value == "true"),
    "end_date_min": lambda one, value: one["endDate"] >= value,
    "end_date_max": lambda one, value: one["endDate"] <= value,
    "start_date_min": lambda one, value: one["startDate"] >= value,
    "start_date_max": lambda one, value: one["startDate"] <= value,
    "start_time_min": lambda one, value: one["startTime"] >= value,
    "start_time_max": lambda one, value: one["startTime"] <= value,
    "volume_min": lambda one, value: one["volume"] >= float(value),
    "volume_max": lambda one, value: one["volume"] <= float(value),
    "liquidity_min": lambda one, value: one["liquidity"] >= float(value),
    "liquidity_max": lambda one, value: one["liquidity"] <= float(value),
    "recurrence": lambda one, value: _series(one)["recurrence"] == value,
    "title_search": lambda one, value: value.lower() in one["title"].lower(),
    "version": lambda one, value: one["version"] in value,
    "tag_id": lambda one, value: any(tag["id"] in value for tag in one["tags"]),
    "tag_slug": lambda one, value: any(tag["slug"] == value for tag in one["tags"]),
    "exclude_tag_id": lambda one, value: all(tag["id"] not in value for tag in one["tags"]),
    "game_id": lambda _one, _value: False,
    "include_chat": lambda _one, _value: True,
}
MARKET_FILTERS: dict[str, Naive] = {
    "id": lambda one, value: one["id"] in value,
    "slug": lambda one, value: one["slug"] in value,
    "closed": lambda one, value: one["closed"] is (value == "true"),
    "clob_token_ids": lambda one, value: any(
        token in value for token in json.loads(one["clobTokenIds"] or "[]")
    ),
    "position_ids": lambda one, value: any(one in value for one in one["positionIds"] or ()),
    "condition_ids": lambda one, value: one["conditionId"] in value,
    "question_ids": lambda one, value: one["questionID"] in value,
    "end_date_min": lambda one, value: one["endDate"] >= value,
    "end_date_max": lambda one, value: one["endDate"] <= value,
    "start_date_min": lambda one, value: one["startDate"] >= value,
    "volume_num_min": lambda one, value: one["volumeNum"] >= float(value),
    "volume_num_max": lambda one, value: one["volumeNum"] <= float(value),
    "liquidity_num_min": lambda one, value: one["liquidityNum"] >= float(value),
    "liquidity_num_max": lambda one, value: one["liquidityNum"] <= float(value),
    "uma_resolution_status": lambda one, value: one.get("umaResolutionStatus") == value,
    "resolution_status": lambda one, value: one.get("resolutionStatus") == value,
    "rewards_min_size": lambda one, value: one["rewardsMinSize"] >= float(value),
    "version": lambda one, value: one["version"] in value,
    "sports_market_types": lambda _one, _value: False,
    "related_tags": lambda _one, _value: True,
}
_BOOLEANS = ("closed", "active", "archived", "featured", "include_chat", "related_tags")


def _value(gamma: Gamma, name: str, draw: st.DrawFn) -> Any:
    """A value that divides the listing, most often."""
    event = draw(st.sampled_from(gamma.events))
    others = draw(st.lists(st.sampled_from(gamma.events), max_size=4))
    several = [event, *others]
    market = event["markets"][0]
    if name in _BOOLEANS:
        return draw(st.sampled_from(["true", "false"]))
    if "date" in name or "time" in name:
        return event["startTime" if "time" in name else "endDate" if "end" in name else "startDate"]
    if "volume" in name or "liquidity" in name:
        return str(event["volume" if "volume" in name else "liquidity"])
    single = {
        "series_slug": _series(event)["slug"],
        "recurrence": draw(st.sampled_from(["5m", "15m", "hourly", "daily"])),
        "title_search": draw(st.sampled_from(["ethereum", "Up or", "5:", "nothing"])),
        "tag_slug": draw(st.sampled_from(["crypto", "sports"])),
        "uma_resolution_status": draw(st.sampled_from(["resolved", "proposed"])),
        "resolution_status": draw(st.sampled_from(["resolved", "active", "inactive"])),
        "rewards_min_size": draw(st.sampled_from(["0", "50", "50.5"])),
    }
    if name in single:
        return single[name]
    tags = draw(st.lists(st.sampled_from(["21", "102127", "5"]), min_size=1, max_size=2))
    return {
        "id": [one["id"] for one in several],
        "slug": [one["slug"] for one in several],
        "series_id": [_series(one)["id"] for one in several],
        "version": draw(st.sampled_from([["v1"], ["v2"], ["v1", "v2"]])),
        "tag_id": tags,
        "exclude_tag_id": tags,
        "game_id": ["1"],
        "sports_market_types": ["moneyline"],
        "clob_token_ids": json.loads(market["clobTokenIds"] or '["1"]'),
        "position_ids": market["positionIds"] or ["1"],
        "condition_ids": [one["markets"][0]["conditionId"] for one in several],
        "question_ids": [one["markets"][0]["questionID"] for one in several],
    }[name]


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_event_filters_agree_with_a_naive_reading(gamma: Gamma, data: st.DataObject) -> None:
    draw = data.draw
    names = draw(st.lists(st.sampled_from(sorted(EVENT_FILTERS)), max_size=3, unique=True))
    if {"tag_id", "exclude_tag_id"} <= set(names):
        names.remove("exclude_tag_id")
    params = {name: _value(gamma, name, draw) for name in names}
    expected = [
        one["id"]
        for one in gamma.events
        if all(EVENT_FILTERS[name](one, value) for name, value in params.items())
    ]
    limit = draw(st.sampled_from([1, 3, 20, 100]))
    pages = gamma.all("/events/keyset", "events", params, max(limit, len(expected) // 8 + 1))
    assert ids(pages) == expected
    assert ids(gamma.got("/events", {**params, "limit": 500})) == expected


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_market_filters_agree_with_a_naive_reading(gamma: Gamma, data: st.DataObject) -> None:
    draw = data.draw
    names = draw(st.lists(st.sampled_from(sorted(MARKET_FILTERS)), max_size=3, unique=True))
    if "id" in names:
        names.remove("id")  # numbered apart: below
    params = {name: _value(gamma, name, draw) for name in names}
    if draw(st.booleans()):
        params["id"] = draw(st.lists(st.sampled_from(ids(gamma.markets)), min_size=1, max_size=5))
    hides_closed = {} if "closed" in params else {"closed": "false"}
    expected = [
        one["id"]
        for one in gamma.markets
        if all(
            MARKET_FILTERS[name](one, value) for name, value in {**params, **hides_closed}.items()
        )
    ]
    limit = draw(st.sampled_from([2, 20, 100]))
    pages = gamma.all("/markets/keyset", "markets", params, max(limit, len(expected) // 8 + 1))
    assert ids(pages) == expected
    assert ids(gamma.got("/markets", {**params, "limit": 500})) == expected


@pytest.mark.parametrize("name", sorted(EVENT_FILTERS))
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_each_event_filter_alone(gamma: Gamma, name: str, data: st.DataObject) -> None:
    value = _value(gamma, name, data.draw)
    expected = [one["id"] for one in gamma.events if EVENT_FILTERS[name](one, value)]
    assert ids(gamma.got("/events", {name: value, "limit": 500})) == expected


@pytest.mark.parametrize("name", sorted(MARKET_FILTERS))
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_each_market_filter_alone(gamma: Gamma, name: str, data: st.DataObject) -> None:
    value = ids(gamma.markets[::7]) if name == "id" else _value(gamma, name, data.draw)
    is_closed = "true" if data.draw(st.booleans()) else "false"
    params = {"closed": is_closed, name: value}
    expected = [
        one["id"]
        for one in gamma.markets
        if all(MARKET_FILTERS[key](one, wanted) for key, wanted in params.items())
    ]
    assert ids(gamma.got("/markets", {**params, "limit": 500})) == expected


def _naive_order(documents: list[Any], fields: list[str], *, is_ascending: bool) -> list[str]:
    def key(one: Any) -> list[Any]:
        values = [int(one[name]) if name == "id" else one.get(name) for name in fields]
        return [
            *((value is None, value or 0) if value is None else (False, value) for value in values),
            int(one["id"]),
        ]

    return ids(sorted(documents, key=key, reverse=not is_ascending))


@given(
    name=st.sampled_from(["events", "markets"]),
    data=st.data(),
    is_ascending=st.sampled_from([True, False, None]),
    limit=st.sampled_from([7, 19, 100]),
)
def test_pages_of_an_order_are_the_whole_of_it(
    gamma: Gamma, name: str, data: st.DataObject, is_ascending: bool | None, limit: int
) -> None:
    known = EVENT_ORDERS if name == "events" else MARKET_ORDERS
    fields = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=2, unique=True))
    params: Params = {"order": ",".join(fields)}
    if is_ascending is not None:
        params["ascending"] = "true" if is_ascending else "false"
    documents = gamma.events
    if name == "markets":
        documents = gamma.got("/markets", {"limit": 500, "closed": "false"})
    pages = gamma.all(f"/{name}/keyset", name, params, limit)
    assert ids(pages) == _naive_order(documents, fields, is_ascending=is_ascending is not False)


def test_offsets_page_as_cursors_do(gamma: Gamma) -> None:
    found: list[Any] = []
    query = {"order": "endDate", "ascending": "false", "limit": 17}
    for offset in range(0, len(gamma.events) + 17, 17):
        found += gamma.got("/events", {**query, "offset": offset})
    assert ids(found) == ids(gamma.all("/events/keyset", "events", {**query, "limit": 17}))
    assert gamma.got("/events", {"limit": 0}) == []
    assert gamma.got("/events", {"offset": 2_999}) == []


class TestCursors:
    def test_a_cursor_is_bound_to_its_query(self, gamma: Gamma) -> None:
        query = {"series_id": "10684", "limit": 3}
        cursor = gamma.got("/events/keyset", query)["next_cursor"]
        assert gamma.ask("/events/keyset", {**query, "after_cursor": cursor})[0] == 200
        assert gamma.ask("/events/keyset", {**query, "limit": 5, "after_cursor": cursor})[0] == 200
        for other in (
            {"series_id": "10683"},
            {**query, "closed": "false"},
            {**query, "order": "id"},
        ):
            status, body = gamma.ask("/events/keyset", {**other, "after_cursor": cursor})
            assert (status, "another query" in body["error"]) == (422, True)
        assert gamma.ask("/markets/keyset", {"after_cursor": cursor})[0] == 422

    @given(text=st.text(max_size=60))
    @settings(max_examples=40, deadline=None)
    def test_no_cursor_at_all(self, gamma: Gamma, text: str) -> None:
        status, body = gamma.ask("/events/keyset", {"after_cursor": text})
        assert (status, body["type"]) == (422, "validation error")

    def test_a_page_goes_on_where_a_forgotten_event_was(self, gamma: Gamma) -> None:
        query = {"series_id": "10683", "order": "endDate", "limit": 4, "closed": "false"}
        first = gamma.got("/events/keyset", query)
        whole = ids(gamma.all("/events/keyset", "events", {**query, "limit": 4}))
        gone = first["events"][-1]["slug"]
        kept = gamma.world.rounds.pop(gone)
        try:
            more = gamma.got("/events/keyset", {**query, "after_cursor": first["next_cursor"]})
        finally:
            gamma.world.rounds[gone] = kept
        assert ids(more["events"]) == whole[4:8]


@pytest.mark.parametrize(
    ("path", "params", "words"),
    [
        ("/events", {"colour": "red"}, "unknown parameter colour"),
        ("/events", {"offset": 3_000}, "offset must be between"),
        ("/events", {"limit": 501}, "limit must be between"),
        ("/events", {"limit": -1}, "limit must be an integer"),
        ("/events", {"after_cursor": "x"}, "unknown parameter after_cursor"),
        ("/events", {"closed": "perhaps"}, "closed must be a boolean"),
        ("/events", {"closed": ["true", "false"]}, "more than once"),
        ("/events", {"slug": ""}, "must not be empty"),
        ("/events", {"slug": ["x"] * 101}, "at most 100"),
        ("/events", {"id": "one"}, "id must be an integer"),
        ("/events", {"tag_id": ["21"], "exclude_tag_id": ["21"]}, "overlap"),
        ("/events", {"tag_match": "some"}, "tag_match must be one of"),
        ("/events", {"recurrence": "yearly"}, "recurrence must be one of"),
        ("/events", {"volume_min": "nan"}, "volume_min must be a number"),
        ("/events", {"volume_min": "1e999"}, "volume_min must be a number"),
        ("/events", {"end_date_min": "soon"}, "end_date_min must be a date"),
        ("/events", {"end_date_min": "0001-01-01T00:00:00+14:00"}, ""),
        ("/events", {"event_date": "20-11-2026"}, "event_date must be a date"),
        ("/events", {"locale": "../en"}, "locale is not valid"),
        ("/events", {"order": "volume_num"}, "order fields are not valid"),
        ("/events", {"order": "endDate,beauty"}, "order fields are not valid: beauty"),
        ("/events", {"version": "v3"}, "version must be one of"),
        ("/events/keyset", {"limit": 101}, "limit must be between 1 and 100"),
        ("/events/keyset", {"limit": 0}, "limit must be between 1 and 100"),
        ("/events/keyset", {"offset": 0}, "use after_cursor"),
        ("/markets", {"series_id": "10684"}, "unknown parameter series_id"),
        ("/markets", {"condition_ids": "0x12"}, "32-byte hex"),
        ("/markets", {"condition_ids": f"{'0x' + 'a' * 64},{'0x' + 'b' * 64}"}, "32-byte hex"),
        ("/markets", {"clob_token_ids": "1,2"}, "decimal ids"),
        ("/markets", {"uma_resolution_status": "won"}, "must be one of"),
        ("/series", {"limit": 51}, "limit must be between"),
        ("/series", {"tag": "x"}, "unknown parameter tag"),
        ("/tags", {"limit": 101}, "limit must be between"),
        ("/public-search", {}, "q is required"),
        ("/public-search", {"q": "bitcoin", "sort": "beauty"}, "sort must be one of"),
        ("/public-search", {"q": "bitcoin", "page": 0}, "page must be between"),
        ("/public-search", {"q": "bitcoin", "limit": 3}, "unknown parameter limit"),
        ("/events/slug/x", {"fields": "id"}, "unknown parameter fields"),
        ("/tags/21/related-tags", {"status": "odd"}, "status must be one of"),
        ("/teams", {"colour": "red"}, "unknown parameter colour"),
        ("/comments", {"limit": "x"}, "limit must be an integer"),
    ],
)
def test_what_is_not_understood_is_refused(
    gamma: Gamma, path: str, params: Params, words: str
) -> None:
    status, body = gamma.ask(path, params)
    if not words:
        assert status in (200, 422)
        return
    assert (status, body["type"]) == (422, "validation error")
    assert words in body["error"]


def test_one_tag_is_enough_unless_all_are_wanted(gamma: Gamma) -> None:
    tags = {"tag_id": ["21", "5"], "limit": 1}
    assert len(gamma.got("/events", tags)) == 1
    assert len(gamma.got("/events", {**tags, "tag_match": "any"})) == 1
    assert gamma.got("/events", {**tags, "tag_match": "all"}) == []
    both = {**tags, "tag_id": ["21", "102127"], "tag_match": "all"}
    assert len(gamma.got("/events", both)) == 1


def test_positions_are_no_tokens(gamma: Gamma) -> None:
    v2 = next(one for one in gamma.markets if one["version"] == "v2" and not one["closed"])
    v1 = next(one for one in gamma.markets if one["version"] == "v1" and not one["closed"])
    position, token = v2["positionIds"][0], json.loads(v1["clobTokenIds"])[0]
    assert ids(gamma.got("/markets", {"position_ids": position})) == [v2["id"]]
    assert gamma.got("/markets", {"clob_token_ids": position}) == []
    assert ids(gamma.got("/markets", {"clob_token_ids": token})) == [v1["id"]]
    assert gamma.got("/markets", {"position_ids": token}) == []


class TestOne:
    def test_by_id_as_by_slug(self, gamma: Gamma) -> None:
        for event in gamma.events[::9]:
            market = event["markets"][0]
            assert gamma.got(f"/events/{event['id']}") == event
            assert gamma.got(f"/events/slug/{event['slug']}") == event
            found = gamma.got(f"/markets/{market['id']}")
            assert found == gamma.got(f"/markets/slug/{market['slug']}")
            assert {**found, "events": market.get("events")} == {**market, "events": None}
            assert found["events"][0]["id"] == event["id"]
            tagged = gamma.got(f"/markets/{market['id']}", {"include_tag": "True"})
            assert tagged["tags"] == event["tags"] == gamma.got(f"/events/{event['id']}/tags")
            assert gamma.got(f"/markets/{market['id']}/tags") == event["tags"]

    @pytest.mark.parametrize(
        "path",
        [
            "/events/1",
            "/events/none",
            "/events/99999999999999999999999",
            "/events/999999999999",
            "/markets/1",
            "/markets/-4",
            "/markets/slug/none",
            "/events/0/tags",
            "/markets/0/tags",
            "/series/1",
            "/tags/7",
            "/tags/slug/none",
            "/tags/slug/none/related-tags",
        ],
    )
    def test_what_is_not_there(self, gamma: Gamma, path: str) -> None:
        assert gamma.ask(path) == (404, {"type": "not found error", "error": "not found"})

    def test_no_other_number_is_an_events(self, gamma: Gamma) -> None:
        known = {int(one["id"]) for one in gamma.events}
        # A quarter of an hour is three places of the numbering: two of them name nothing.
        quarter = next(int(one["id"]) for one in gamma.events if "-15m-" in one["slug"])
        for number in (quarter + 16, quarter + 32, quarter - 16):
            assert number not in known
            assert gamma.ask(f"/events/{number}")[0] == 404

    def test_the_longer_form_of_a_v2_condition_is_found_as_well(self, gamma: Gamma) -> None:
        market = next(one for one in gamma.markets if one["version"] == "v2")
        for shown in (market["conditionId"], market["conditionId"] + "00"):
            found = gamma.got("/markets", {"condition_ids": shown, "closed": market["closed"]})
            assert ids(found) == [market["id"]]


class TestGroups:
    def test_series_pages_and_filters(self, gamma: Gamma) -> None:
        whole = gamma.got("/series", {"exclude_events": "true"})
        assert len(whole) == 16
        pages = [
            one
            for offset in range(0, 20, 5)
            for one in gamma.got("/series", {"exclude_events": 1, "limit": 5, "offset": offset})
        ]
        assert pages == whole
        assert gamma.got("/series", {"closed": "true"}) == []
        hourly = gamma.got("/series", {"recurrence": "hourly", "order": "slug"})
        assert [one["slug"][:3] for one in hourly] == ["btc", "eth", "sol", "xrp"]
        assert [one["closed"] for one in gamma.got("/series/10684")["events"]].count(True) == 0
        assert "events" not in gamma.got("/series/10684", {"exclude_events": "true"})
        assert gamma.got("/series", {"categories_ids": 4}) == []

    def test_tags(self, gamma: Gamma) -> None:
        tags = gamma.got("/tags", {"order": "label", "ascending": "false"})
        assert [one["label"] for one in tags] == [
            "Up or Down",
            "Recurring",
            "Hide From New",
            "Crypto",
        ]
        assert gamma.got("/tags", {"limit": 1, "offset": 1}) == [gamma.got("/tags/101757")]
        assert gamma.got("/tags/slug/crypto")["id"] == "21"
        assert gamma.got("/tags/21/related-tags") == []
        assert gamma.got("/tags/slug/crypto/related-tags/tags", {"status": "all"}) == []

    def test_of_some_things_there_are_none(self, gamma: Gamma) -> None:
        for path in ("/sports", "/teams", "/comments", "/comments/5", "/comments/user_address/0x1"):
            assert gamma.got(path) == []
        assert gamma.got("/comments/keyset", {"order": "createdAt"}) == {"comments": []}
        assert gamma.got("/sports/market-types") == {"marketTypes": []}
        address = f"0x{'a' * 40}"
        status, body = gamma.ask("/public-profile", {"address": address})
        assert (status, body["error"]) == (404, "profile not found")
        assert gamma.ask("/public-profile", {"address": "0x1"})[0] == 400


class TestSearch:
    def test_pages_are_the_whole(self, gamma: Gamma) -> None:
        query = {"q": "ethereum DOWN", "events_status": "active"}
        expected = {
            one["id"] for one in gamma.events if "Ethereum" in one["title"] and not one["closed"]
        }
        found: list[str] = []
        page, has_more = 1, True
        while has_more:
            body = gamma.got("/public-search", {**query, "limit_per_type": 7, "page": page})
            assert body["pagination"]["totalResults"] == len(expected)
            found += ids(body["events"])
            has_more, page = body["pagination"]["hasMore"], page + 1
        assert len(found) == len(expected)
        assert set(found) == expected

    def test_open_ones_first_unless_sorted(self, gamma: Gamma) -> None:
        found = gamma.got("/public-search", {"q": "bitcoin", "limit_per_type": 100})["events"]
        states = [one["closed"] for one in found]
        assert states == sorted(states)
        assert True in states
        loud = gamma.got(
            "/public-search", {"q": "bitcoin", "sort": "volume", "limit_per_type": 100}
        )
        volumes = [one["volume"] for one in loud["events"]]
        assert volumes == sorted(volumes, reverse=True)

    def test_status_tags_and_words(self, gamma: Gamma) -> None:
        closed = gamma.got("/public-search", {"q": "bitcoin", "events_status": "resolved"})
        assert {one["closed"] for one in closed["events"]} == {True}
        none = gamma.got(
            "/public-search", {"q": "bitcoin", "events_status": "closed", "keep_closed_markets": 0}
        )
        assert none["events"] == []
        assert gamma.got("/public-search", {"q": "bitcoin", "events_tag": "sports"})["events"] == []
        tags = gamma.got("/public-search", {"q": "crypto"})
        assert ([one["slug"] for one in tags["tags"]], tags["events"]) == (["crypto"], [])
        assert gamma.got("/public-search", {"q": "crypto", "search_tags": "false"})["tags"] == []


def test_zombies_are_open_and_have_no_book(gamma: Gamma) -> None:
    oldest = gamma.got("/events", {"closed": "false", "order": "endDate", "limit": _ZOMBIES + 1})
    dead = oldest[:_ZOMBIES]
    assert {one["enableOrderBook"] for one in dead} == {False}
    assert oldest[-1]["enableOrderBook"] is True
    assert {one["markets"][0]["acceptingOrders"] for one in dead} == {False}
    assert all(one["endDate"] < "2026-09" for one in dead)

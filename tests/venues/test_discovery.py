"""How rounds are found whatever Gamma lists, and what in a listing hides nothing."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from test_gamma_client import CONDITION, DOWN, OPENS_S, SERIES, UP, event, listed, market

from polytui.config.schema import RoundSettings
from polytui.model.errors import Rejected, Retry
from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_S
from polytui.net.http import Http, HttpSettings
from polytui.venues.polymarket.gamma import Gamma, known_ids
from polytui.venues.polymarket.gamma_events import look_at, parse_event

NOW_NS = OPENS_S * NS_PER_S
FIRST = f"btc-updown-5m-{OPENS_S}"
SECOND = f"btc-updown-5m-{OPENS_S + 300}"


class Venue:
    """Answers by path, or by the id of a series; keeps what it was asked."""

    def __init__(self, **bodies: Any) -> None:
        self.bodies = bodies
        self.asked: list[httpx.URL] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        name = request.url.path.split("/")[-1]
        if name == "keyset":
            name = "id" + request.url.params["series_id"]
        body = self.bodies.get(name, 404)
        if isinstance(body, int):
            return httpx.Response(body)
        return httpx.Response(200, content=body if isinstance(body, bytes) else json.dumps(body))

    async def found(self, limit: int = 3) -> list[str]:
        http = Http("http://g.test", HttpSettings(tries=1), httpx.MockTransport(self))
        gamma = Gamma(http, known_ids(RoundSettings()))
        rounds = await gamma.upcoming(Asset.BTC, Interval.M5, NOW_NS, limit)
        return [one.slug for one in rounds]


def page(*events: Any) -> dict[str, Any]:
    return {"events": events}


@pytest.mark.trio
@pytest.mark.parametrize("series", [[], 404, 500, 503, b"<html>", [None, {"id": None}], {"x": 1}])
async def test_without_its_series_a_round_is_found_by_its_own_name(series: Any) -> None:
    venue = Venue(series=series, events=[listed(1), listed(0)])
    assert await venue.found() == [FIRST, SECOND]
    slugs = venue.asked[-1].params.get_list("slug")
    assert slugs[:2] == [FIRST, SECOND], "this window and the next"


@pytest.mark.trio
@pytest.mark.parametrize("listing", [page(), 500, b"[", page({"slug": "x"}), page(None)])
async def test_a_series_that_lists_nothing_is_passed_over(listing: Any) -> None:
    assert await Venue(series=SERIES, id10684=listing, events=[listed(0)]).found() == [FIRST]


@pytest.mark.trio
@pytest.mark.parametrize("events", [[], 404, 503, b"<html>"])
async def test_then_the_id_of_the_settings_is_asked(events: Any) -> None:
    assert await Venue(series=[], events=events, id10684=page(listed(0))).found() == [FIRST]


@pytest.mark.trio
async def test_where_nothing_helps_the_first_fault_is_told_and_an_honest_nothing_is_nothing() -> (
    None
):
    with pytest.raises(Rejected, match="no series btc-up-or-down-5m"):
        await Venue(series=[]).found()
    with pytest.raises(Retry):
        await Venue(series=503, events=[], id10684=page()).found()
    assert await Venue(series=SERIES, id10684=page(), events=404).found() == []


# --- what hides nothing -------------------------------------------------------------------------


def raw(document: Any) -> bytes:
    return json.dumps(document).encode()


SPOILT = {
    "bad UTF-8 in a title": lambda one: raw({**one, "title": "X"}).replace(b'"X"', b'"\xff\xfe"'),
    "half a surrogate": lambda one: raw({**one, "title": "X"}).replace(b'"X"', rb'"\ud83d"'),
    "its other half": lambda one: raw({**one, "title": "X"}).replace(b'"X"', rb'"\\\udc00!"'),
}


@pytest.mark.trio
@pytest.mark.parametrize("name", SPOILT)
async def test_one_unreadable_text_hides_neither_its_event_nor_the_others(name: str) -> None:
    texts = [raw(listed(0)), SPOILT[name](listed(1)), raw(listed(2))]
    body = b'{"events":[' + b",".join(texts) + b"]}"
    assert len(await Venue(series=SERIES, id10684=body).found()) == 3


@pytest.mark.trio
@pytest.mark.parametrize("name", SPOILT)
async def test_a_name_that_is_unreadable_loses_its_event_alone(name: str) -> None:
    spoilt = SPOILT[name](listed(1)).replace(b"btc-updown", rb"btc\ud800updown")
    body = b'{"events":[' + b",".join([raw(listed(0)), spoilt]) + b"]}"
    assert await Venue(series=SERIES, id10684=body).found() == [FIRST]


OTHERS: tuple[Any, ...] = (
    {"slug": "will-it-rain", "markets": [{"slug": "will-it-rain", "outcomes": '["Yes", "No"]'}]},
    {"slug": "x", "markets": [{"slug": "doge-updown-5m-1778584200"}]},
    {"slug": "x", "markets": [{}, {"slug": None}, {"slug": 7}, "text", None]},
    {"slug": "x", "markets": None},
    {"slug": None},
    {},
)


@pytest.mark.parametrize("other", OTHERS)
def test_a_market_of_another_family_is_ignored(other: Any) -> None:
    assert parse_event(raw(other)) == ()
    both = {"slug": FIRST, "markets": [*(other.get("markets") or []), market()]}
    assert [one.slug for one in parse_event(raw(both))] == [FIRST]


OPTIONAL = (
    "outcomePrices", "positionIds", "feeSchedule", "cryptoMarketConfig", "feesEnabled", "negRisk",
    "closed", "version", "acceptingOrders", "question", "groupItemTitle", "umaResolutionStatus",
    "resolutionStatus",
)  # fmt: skip


@pytest.mark.parametrize("name", OPTIONAL)
def test_null_is_the_same_as_absent(name: str) -> None:
    without, null = market(**{name: "absent"}), market(**{name: None})
    looks = [look_at(raw({"slug": FIRST, "markets": [one]})) for one in (without, null)]
    assert looks[0] == looks[1]
    assert len(looks[0]) == 1


def test_nulls_inside_are_absent_as_well() -> None:
    config = {"id": None, "twapEnabled": True, "twapLookbackSeconds": 60, "x": None}
    fees = {"exponent": 1, "rate": 0.07, "takerOnly": None, "rebateRate": None}
    (found,) = parse_event(raw(event(cryptoMarketConfig=config, feeSchedule=fees)))
    assert (found.window_s, found.fees.is_taker_only, found.fees.rebate_ppm) == (60, True, 0)
    (look,) = look_at(raw({**event(), "eventMetadata": {"priceToBeat": None}}))
    assert look.strike is None


@pytest.mark.parametrize("name", ["conditionId", "outcomes", "endDate", "eventStartTime"])
def test_what_is_needed_is_missed_by_name_where_it_is_null(name: str) -> None:
    with pytest.raises(Rejected, match=f"`{name}`"):
        parse_event(raw(event(**{name: None})))


def test_whether_orders_are_taken_is_read() -> None:
    assert [parse_event(raw(event(acceptingOrders=word)))[0].takes_orders for word in
            (True, False, None)] == [True, False, True]  # fmt: skip


# --- events of two markets ----------------------------------------------------------------------

OTHER = "0x" + "b6" * 32


def halves(up: dict[str, Any] | None = None, down: dict[str, Any] | None = None) -> bytes:
    yes_no = {"outcomes": '["Yes", "No"]'}
    up_market = {**market(**yes_no), "groupItemTitle": "Up", "slug": "up", **(up or {})}
    down_market = {
        **market(**yes_no), "groupItemTitle": "Down", "slug": "down",
        "clobTokenIds": '["31", "32"]', **(down or {}),
    }  # fmt: skip
    return raw({"slug": FIRST, "markets": [down_market, up_market]})


def test_two_markets_titled_up_and_down_are_one_round() -> None:
    (found,) = parse_event(halves())
    assert (found.slug, found.up_token, found.down_token) == (FIRST, UP, "31")
    assert (found.condition_id, found.is_one_book) == (CONDITION, True)
    no_first = {"outcomes": '["No", "Yes"]', "groupItemTitle": None, "question": " UP "}
    assert parse_event(halves(no_first))[0].up_token == DOWN
    named = {"outcomes": '["Down", "Up"]'}
    assert parse_event(halves(down=named))[0].down_token == "31"


def test_two_markets_with_a_book_each_are_found_and_marked() -> None:
    (found,) = parse_event(halves(down={"conditionId": OTHER, "acceptingOrders": False}))
    assert (found.is_one_book, found.takes_orders) == (False, False)


def test_the_winner_of_two_markets_is_the_one_that_says_yes() -> None:
    yes, no = {"closed": True, "outcomePrices": '["1", "0"]'}, {"outcomePrices": '["0", "1"]'}
    (look,) = look_at(halves({**no, "closed": True}, yes))
    assert (look.winner_token, look.is_closed) == ("31", True)
    (look,) = look_at(halves(yes, {**no, "closed": True}))
    assert look.winner_token == UP
    assert look_at(halves(yes, no))[0].winner_token is None, "one is open yet"
    assert look_at(halves(yes, yes))[0].winner_token is None, "both cannot"


@pytest.mark.parametrize(
    "down",
    [
        {"outcomes": '["Maybe", "No"]'},
        {"endDate": "2026-05-12T11:20:00Z"},
        {"clobTokenIds": f'["{UP}", "{DOWN}"]'},
        {"conditionId": "0x"},
    ],
)
def test_two_markets_that_do_not_belong_together_are_refused(down: dict[str, Any]) -> None:
    with pytest.raises(Rejected):
        parse_event(halves(down=down))


@pytest.mark.trio
async def test_a_hundred_thousand_listed_rounds_are_refused_in_words() -> None:
    many = page(*[listed(0)] * 600)
    endless = b'{"events":[' + b",".join([b"{}"] * 100_000) + b"]}"
    for listing in (many, endless):
        venue = Venue(series=SERIES, id10684=listing, events=[])
        with pytest.raises(Rejected, match=r"Gamma lists (600|100000) events"):
            await venue.found()

"""Gamma's client: names, events and rounds, listings, looks, and typed refusals."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from polytui.model.errors import Rejected, Retry
from polytui.model.events import NO_WINNER
from polytui.model.instrument import Asset, FeeSchedule, Interval, Round, SettlementRule
from polytui.model.units import NS_PER_S, Price, Shares
from polytui.net.http import Http, HttpSettings
from polytui.venues.polymarket.gamma import Gamma
from polytui.venues.polymarket.gamma_events import RoundLook, parse_event
from polytui.venues.polymarket.round_names import asset_and_interval, round_slug, series_slug

UP, DOWN = "4841", "1494"
OPENS_S = 1_778_584_200
CONDITION = "0x" + "a5" * 32


def market(**changes: Any) -> dict[str, Any]:
    whole = {
        "slug": f"btc-updown-5m-{OPENS_S}",
        "conditionId": CONDITION,
        "startDate": "2026-05-11T11:20:30.1Z",
        "endDate": "2026-05-12T11:15:00Z",
        "eventStartTime": "2026-05-12T11:10:00Z",
        "version": "v1",
        "outcomes": '["Up", "Down"]',
        "outcomePrices": '["0.515", "0.485"]',
        "clobTokenIds": f'["{UP}", "{DOWN}"]',
        "positionIds": None,
        "orderPriceMinTickSize": 0.01,
        "orderMinSize": 5,
        "feesEnabled": True,
        "feeSchedule": {"exponent": 1, "rate": 0.07, "takerOnly": True, "rebateRate": 0.2},
        "negRisk": False,
        "closed": False,
        "resolutionSource": "https://data.chain.link/streams/btc-usd-twap-60s-streams",
        "cryptoMarketConfig": {"id": "x", "twapEnabled": True, "twapLookbackSeconds": 60},
    }
    return {key: value for key, value in {**whole, **changes}.items() if value != "absent"}


def event(metadata: Mapping[str, float] | None = None, **changes: Any) -> dict[str, Any]:
    listed = market(**changes)
    return {"slug": listed["slug"], "markets": [listed], "eventMetadata": metadata}


def one(**changes: Any) -> Round:
    (found,) = parse_event(json.dumps(event(**changes)))
    return found


def test_a_round_of_the_sample_event() -> None:
    assert one() == Round(
        slug=f"btc-updown-5m-{OPENS_S}",
        asset=Asset.BTC,
        interval=Interval.M5,
        condition_id=CONDITION,
        up_token=UP,
        down_token=DOWN,
        opens_ns=OPENS_S * NS_PER_S,
        closes_ns=(OPENS_S + 300) * NS_PER_S,
        settlement=SettlementRule.TWAP,
        window_s=60,
        tick=Price(10_000),
        min_shares=Shares(5_000_000),
        fees=FeeSchedule(70_000, 1, True, 200_000),
        protocol="v1",
    )


def test_outcomes_are_mapped_by_label_not_by_index() -> None:
    found = one(outcomes='["Down", "Up"]')
    assert (found.up_token, found.down_token) == (DOWN, UP)


def test_v2_takes_position_ids_even_when_both_are_filled() -> None:
    found = one(version="v2", positionIds=["11", "12"], conditionId="0x" + "b" * 62)
    assert (found.protocol, found.up_token, found.down_token) == ("v2", "11", "12")
    assert found.condition_id == "0x" + "b" * 62 + "00"
    assert one(positionIds=["11", "12"]).up_token == UP


@pytest.mark.parametrize(
    ("changes", "rule", "window_s"),
    [
        ({"cryptoMarketConfig": {"twapEnabled": True, "twapLookbackSeconds": 30}}, "twap", 30),
        ({"cryptoMarketConfig": None}, "twap", 60),
        (
            {
                "cryptoMarketConfig": None,
                "resolutionSource": "https://www.binance.com/en/trade/BTC_USDT",
            },
            "candle",
            0,
        ),
        (
            {
                "cryptoMarketConfig": {"twapEnabled": False},
                "resolutionSource": "https://data.chain.link/streams/btc-usd",
            },
            "spot",
            0,
        ),
    ],
)
def test_settlement_rule_and_look_back(changes: dict[str, Any], rule: str, window_s: int) -> None:
    found = one(**changes)
    assert (found.settlement, found.window_s) == (SettlementRule(rule), window_s)


def test_fees() -> None:
    assert one(feesEnabled=False).fees.rate_ppm == 0
    assert one(feeSchedule="absent").fees == FeeSchedule()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"version": "absent", "positionIds": ["11", "12"]}, "unknown version"),
        ({"version": "v3"}, "unknown version 'v3'"),
        ({"eventStartTime": "absent"}, "`eventStartTime`"),
        ({"endDate": "absent"}, "`endDate`"),
        ({"conditionId": "0x12"}, "conditionId"),
        ({"conditionId": "0x" + "a" * 62}, "conditionId"),
        ({"clobTokenIds": None}, "clobTokenIds"),
        ({"clobTokenIds": '["1"]'}, "clobTokenIds"),
        ({"clobTokenIds": '["1","1"]'}, "clobTokenIds"),
        ({"clobTokenIds": '["1","x"]'}, "clobTokenIds"),
        ({"clobTokenIds": "nonsense"}, "malformed"),
        ({"version": "v2"}, "positionIds"),
        ({"outcomes": '["Yes", "No"]'}, "outcomes"),
        ({"outcomes": '["Up", "Up"]'}, "outcomes"),
        ({"endDate": "2026-05-12T11:20:00Z"}, "window of 600 s for 5m"),
        ({"endDate": "tomorrow"}, "not a UTC time"),
        ({"orderPriceMinTickSize": 0.03}, "orderPriceMinTickSize"),
        ({"orderPriceMinTickSize": 0}, "not a price"),
        ({"orderMinSize": -5}, "not a price"),
        ({"resolutionSource": "", "cryptoMarketConfig": None}, "resolutionSource"),
        ({"cryptoMarketConfig": {"twapEnabled": True}}, "twapLookbackSeconds"),
        ({"feeSchedule": {"exponent": 0.5, "rate": 0.07}}, "exponent"),
        ({"feeSchedule": {"exponent": 1, "rate": -1}}, "rate"),
        ({"slug": "btc-updown-5m-1778584500"}, "its name is of another window"),
    ],
)
def test_refusals_say_which_field(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(Rejected) as caught:
        one(**changes)
    assert told in str(caught.value)


def test_a_body_that_is_no_json_is_a_venue_in_trouble() -> None:
    with pytest.raises(Retry):
        parse_event(b"<html>busy</html>")


@pytest.mark.parametrize(
    ("slug", "asset", "interval"),
    [
        ("btc-updown-5m-1778584200", Asset.BTC, Interval.M5),
        ("xrp-updown-15m-1791022500", Asset.XRP, Interval.M15),
        ("sol-updown-4h-1795150800", Asset.SOL, Interval.H4),
        ("bitcoin-up-or-down-november-20-2026-3pm-et", Asset.BTC, Interval.H1),
        ("solana-up-or-down-march-1-2026-12am-et", Asset.SOL, Interval.H1),
    ],
)
def test_names_of_rounds(slug: str, asset: Asset, interval: Interval) -> None:
    assert asset_and_interval(slug) == (asset, interval)


@pytest.mark.parametrize(
    "slug",
    [
        "bitcoin-up-or-down-february-16-3am-et",  # no year: means last year's round
        "bitcoin-up-or-down-on-november-1-2026",
        "btc-updown-1d-1778584200",
        "btc-updown-5m-1778584200\n",
        "",
    ],
)
def test_names_of_other_families(slug: str) -> None:
    assert asset_and_interval(slug) is None


@pytest.mark.parametrize(
    ("asset", "interval", "opens_s", "slug"),
    [
        (Asset.BTC, Interval.M5, 1778584200, "btc-updown-5m-1778584200"),
        (Asset.ETH, Interval.H4, 1795150800, "eth-updown-4h-1795150800"),
        # 2026-11-20 20:00 UTC is 3 pm in New York's winter; 16:00 UTC in July is noon there.
        (Asset.BTC, Interval.H1, 1795204800, "bitcoin-up-or-down-november-20-2026-3pm-et"),
        (Asset.SOL, Interval.H1, 1782921600, "solana-up-or-down-july-1-2026-12pm-et"),
        (Asset.XRP, Interval.H1, 1782878400, "xrp-up-or-down-july-1-2026-12am-et"),
    ],
)
def test_slug_of_a_round(asset: Asset, interval: Interval, opens_s: int, slug: str) -> None:
    assert round_slug(asset, interval, opens_s * NS_PER_S) == slug
    assert asset_and_interval(slug) == (asset, interval)


def test_series_slugs() -> None:
    assert series_slug(Asset.BTC, Interval.M15) == "btc-up-or-down-15m"
    assert series_slug(Asset.BTC, Interval.H1) == "btc-up-or-down-hourly"
    assert series_slug(Asset.SOL, Interval.H1) == "solana-up-or-down-hourly"
    assert series_slug(Asset.SOL, Interval.H4) == "sol-up-or-down-4h"


class Venue:
    """Bodies by path; keeps the URLs that were asked."""

    def __init__(self, bodies: Mapping[str, Any]) -> None:
        self.bodies = bodies
        self.asked: list[httpx.URL] = []

    def gamma(self) -> Gamma:
        return Gamma(Http("http://g.test", HttpSettings(tries=1), httpx.MockTransport(self)))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        body = self.bodies.get(request.url.path)
        if body is None:
            return httpx.Response(404, content=b'{"type":"not found error"}')
        return httpx.Response(200, content=body if isinstance(body, bytes) else json.dumps(body))


SERIES = [{"id": "10684", "slug": "btc-up-or-down-5m"}]


def listed(number: int, **changes: Any) -> dict[str, Any]:
    """The event of the round that opens `number` windows after the sample's."""
    opens_s = OPENS_S + number * 300
    minute = 10 + number * 5
    return event(
        slug=f"btc-updown-5m-{opens_s}",
        eventStartTime=f"2026-05-12T11:{minute:02}:00Z",
        endDate=f"2026-05-12T11:{minute + 5:02}:00Z",
        **changes,
    )


@pytest.mark.trio
async def test_upcoming_asks_by_series_and_time_and_sorts() -> None:
    events = [listed(2), listed(0), listed(1), listed(3)]
    venue = Venue({"/series": SERIES, "/events/keyset": {"events": events, "next_cursor": ""}})
    gamma = venue.gamma()
    now_ns = (OPENS_S + 300) * NS_PER_S
    found = await gamma.upcoming(Asset.BTC, Interval.M5, now_ns, limit=2)
    assert [round_.opens_ns // NS_PER_S - OPENS_S for round_ in found] == [300, 600]
    assert dict(venue.asked[0].params) == {"slug": "btc-up-or-down-5m", "exclude_events": "true"}
    assert dict(venue.asked[1].params) == {
        "series_id": "10684",
        "closed": "false",
        "order": "endDate",
        "ascending": "true",
        "limit": "2",
        "end_date_min": "2026-05-12T11:15:00Z",
    }
    await gamma.upcoming(Asset.BTC, Interval.M5, now_ns)
    assert [url.path for url in venue.asked].count("/series") == 1


@pytest.mark.trio
async def test_one_bad_listing_hides_no_other_and_all_bad_is_told() -> None:
    events = [listed(0, version="v9"), listed(1)]
    gamma = Venue({"/series": SERIES, "/events/keyset": {"events": events}}).gamma()
    found = await gamma.upcoming(Asset.BTC, Interval.M5, OPENS_S * NS_PER_S)
    assert len(found) == 1
    assert gamma.refused == 1
    assert "v9" in gamma.last_refusal
    gamma = Venue({"/series": SERIES, "/events/keyset": {"events": events[:1]}}).gamma()
    with pytest.raises(Rejected, match="v9"):
        await gamma.upcoming(Asset.BTC, Interval.M5, OPENS_S * NS_PER_S)


@pytest.mark.trio
async def test_no_series_no_rounds_no_json() -> None:
    with pytest.raises(Rejected, match="no series btc-up-or-down-5m"):
        await Venue({"/series": []}).gamma().series_id(Asset.BTC, Interval.M5)
    gamma = Venue({"/series": SERIES, "/events/keyset": {"events": []}}).gamma()
    assert await gamma.upcoming(Asset.BTC, Interval.M5, 1) == ()
    for bodies in ({"/series": b"<html>"}, {"/series": SERIES, "/events/keyset": b"<html>"}):
        with pytest.raises(Retry):
            await Venue(bodies).gamma().upcoming(Asset.BTC, Interval.M5, 1)


@pytest.mark.trio
async def test_look_before_and_after_the_resolution() -> None:
    slug = f"btc-updown-5m-{OPENS_S}"
    path = f"/events/slug/{slug}"
    look = await Venue({path: event()}).gamma().look(slug)
    assert look == RoundLook(one(), None, None, False)
    late = event({"priceToBeat": 80912.4173})
    assert (await Venue({path: late}).gamma().look(slug)).strike == 80912.4173
    closed = event(closed=True, outcomePrices='["0", "1"]', orderPriceMinTickSize=0.001)
    look = await Venue({path: closed}).gamma().look(slug)
    assert (look.winner_token, look.is_closed) == (DOWN, True)
    swapped = event(closed=True, outcomePrices='["1", "0"]', outcomes='["Down", "Up"]')
    assert (await Venue({path: swapped}).gamma().look(slug)).winner_token == UP
    undecided = event(closed=True, outcomePrices='["0.5", "0.5"]')
    assert (await Venue({path: undecided}).gamma().look(slug)).winner_token is None
    for field in ("umaResolutionStatus", "resolutionStatus"):
        void = event(closed=True, outcomePrices='["0.5", "0.5"]', **{field: "resolved"})
        assert (await Venue({path: void}).gamma().look(slug)).winner_token == NO_WINNER
    still = event(outcomePrices='["0.5", "0.5"]', umaResolutionStatus="resolved")
    assert (await Venue({path: still}).gamma().look(slug)).winner_token is None
    early = event(outcomePrices='["1", "0"]')
    assert (await Venue({path: early}).gamma().look(slug)).winner_token is None


@pytest.mark.trio
async def test_look_refusals() -> None:
    slug = f"btc-updown-5m-{OPENS_S}"
    path = f"/events/slug/{slug}"
    with pytest.raises(Rejected) as caught:
        await Venue({}).gamma().look(slug)
    assert caught.value.status == 404
    for body in (
        event({"priceToBeat": -1.0}),
        event(closed=True, outcomePrices="nonsense"),
        {"slug": slug, "markets": []},
        event(slug="btc-updown-5m-1778584500"),
    ):
        with pytest.raises(Rejected):
            await Venue({path: body}).gamma().look(slug)

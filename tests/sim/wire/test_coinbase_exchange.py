"""Coinbase's older service: books of three levels, cursors of trades, and its feed; and what its
newer one has beside it."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_S
from polytui.sim.wire.exchanges import Exchanges
from polytui.sim.wire.form.error_bodies import ERROR_HANDLERS
from polytui.sim.wire.spot.coinbase_exchange_feed import CoinbaseExchangeFeed
from polytui.sim.world.world import World, WorldSettings

START_NS = 1_795_204_800 * NS_PER_S
KEYS = {"signature": "s", "key": "k", "passphrase": "p", "timestamp": "1"}


class Venue:
    """A world, one client of the feed, and what it was told."""

    def __init__(self) -> None:
        settings = WorldSettings(3, START_NS, (Asset.BTC, Asset.ETH), (Interval.M5,), messages=0.3)
        self.world = World(settings)
        self.exchanges = Exchanges(self.world)
        session = self.exchanges.open_session("/coinbase-exchange")
        assert isinstance(session, CoinbaseExchangeFeed)
        self.session = session
        self.told: list[Any] = []
        app = Starlette(routes=self.exchanges.mounts(), exception_handlers=ERROR_HANDLERS)
        transport = httpx.ASGITransport(app)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://venue")

    def ask(self, verb: str, *channels: Any, **more: Any) -> list[Any]:
        frame = {"type": verb, "product_ids": ["BTC-USD"], "channels": channels, **more}
        return self.keep(self.session.receive(json.dumps(frame)))

    def play(self, seconds: float) -> list[Any]:
        told = []
        for world_event in self.world.run_until(self.world.now_ns + int(seconds * NS_PER_S)):
            self.exchanges.note(world_event)
            told.extend(self.keep(self.session.publish(world_event)))
        return told

    def keep(self, texts: list[str]) -> list[Any]:
        frames = [json.loads(text) for text in texts]
        self.told += frames
        return frames

    async def get(self, path: str, **params: Any) -> Any:
        answer = await self.http.get(f"/coinbase-exchange{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def venue() -> Venue:
    venue = Venue()
    venue.play(3)
    return venue


@pytest.mark.parametrize("channel", ["level2", "level2_batch"])
@pytest.mark.trio
async def test_a_book_kept_from_the_feed_is_the_book_that_is_read(
    venue: Venue, channel: str
) -> None:
    answers = venue.ask("subscribe", channel, **KEYS)
    assert [one["type"] for one in answers] == ["subscriptions", "snapshot"]
    book = {"buy": dict(answers[1]["bids"]), "sell": dict(answers[1]["asks"])}
    updates = venue.play(5)
    assert len(updates) > 10
    for update in updates:
        for side, price, size in update["changes"]:
            book[side][price] = size
        book = {
            side: {p: s for p, s in levels.items() if float(s)} for side, levels in book.items()
        }
        assert max(map(float, book["buy"])) < min(map(float, book["sell"]))
    if channel == "level2":
        read = await venue.get("/products/BTC-USD/book", level=2)
        assert {side: {row[0]: row[1] for row in read[name]} for side, name in
                (("buy", "bids"), ("sell", "asks"))} == book  # fmt: skip


@pytest.mark.trio
async def test_the_levels_of_a_book_are_one_book(venue: Venue) -> None:
    best, levels, orders = [
        await venue.get("/products/BTC-USD/book", level=level) for level in (1, 2, 3)
    ]
    assert (best["bids"], best["asks"]) == (levels["bids"][:1], levels["asks"][:1])
    sums: dict[str, list[float]] = {}
    for price, size, order_id in orders["bids"]:
        assert len(order_id) == 36
        sums.setdefault(price, []).append(float(size))
    for price, size, count in levels["bids"]:
        assert (sum(sums[price]), len(sums[price])) == (pytest.approx(float(size)), count)
    assert len({row[2] for row in orders["bids"] + orders["asks"]}) == len(
        orders["bids"] + orders["asks"]
    )


@pytest.mark.trio
async def test_trades_are_newest_first_and_turned_by_cursors(venue: Venue) -> None:
    venue.play(30)
    answer = await venue.http.get("/coinbase-exchange/products/BTC-USD/trades?limit=5")
    page = answer.json()
    assert [a["trade_id"] - b["trade_id"] for a, b in pairwise(page)] == [1] * 4
    assert answer.headers["cb-after"] == str(page[-1]["trade_id"])
    older = await venue.get("/products/BTC-USD/trades", limit=5, after=answer.headers["cb-after"])
    assert older[0]["trade_id"] == page[-1]["trade_id"] - 1
    newer = await venue.get("/products/BTC-USD/trades", before=page[-1]["trade_id"])
    assert [one["trade_id"] for one in newer] == [one["trade_id"] for one in page[:-1]]


def test_matches_have_the_makers_side_and_tickers_the_takers(venue: Venue) -> None:
    answers = venue.ask("subscribe", "matches", "ticker")
    assert [one["type"] for one in answers][1:] == ["last_match", "ticker"]
    told = venue.play(20)
    matches = {one["trade_id"]: one for one in told if one["type"] == "match"}
    tickers = {one["trade_id"]: one for one in told if one["type"] == "ticker"}
    assert len(matches) > 5
    assert matches.keys() == tickers.keys()
    for number, match in matches.items():
        assert {match["side"], tickers[number]["side"]} == {"buy", "sell"}
        assert match["price"] == tickers[number]["price"]


def test_heartbeats_come_each_second_for_each_product(venue: Venue) -> None:
    venue.ask("subscribe", {"name": "heartbeat", "product_ids": ["BTC-USD", "ETH-USD"]})
    beats = [one for one in venue.play(5) if one["type"] == "heartbeat"]
    assert len(beats) in (10, 12)
    assert all(a["sequence"] <= b["sequence"] for a, b in pairwise(beats[::2]))


REFUSED = [
    ({"type": "subscribe", "channels": ["nope"]}, "nope is not a valid channel"),
    ({"type": "subscribe", "channels": ["level2"]}, "level2 requires authentication"),
    ({"type": "subscribe", "channels": ["full"]}, "full is not available"),
    (
        {"type": "subscribe", "channels": ["ticker"], "product_ids": ["NOPE-USD"]},
        "NOPE-USD is not a valid product",
    ),
    (
        {"type": "subscribe", "channels": ["ticker"], "product_ids": ["BTC-USDC"]},
        "BTC-USDC is not a valid product",
    ),
    ({"type": "subscribe", "channels": []}, "channels and product_ids have to be lists"),
    ({"type": "subscribe", "channels": ["level2"], "key": "k"}, "Invalid API Key"),
]


@pytest.mark.parametrize(("frame", "words"), REFUSED)
def test_one_bad_channel_refuses_the_request(venue: Venue, frame: Any, words: str) -> None:
    asked = {"product_ids": ["BTC-USD"], **frame}
    asked["channels"] = ["matches", *frame["channels"]] if frame["channels"] else []
    (answer,) = venue.keep(venue.session.receive(json.dumps(asked)))
    assert answer["type"] == "error"
    assert words in answer["reason"]
    assert venue.session.quiet_limit_s == 5.0
    assert venue.play(3) == []


@pytest.mark.parametrize("text", ["{", "[]", '{"type":"dance"}'])
def test_what_is_no_request_is_told_so(venue: Venue, text: str) -> None:
    (answer,) = venue.keep(venue.session.receive(text))
    assert answer["message"].startswith("Malformed")


def test_a_product_that_was_left_is_silent(venue: Venue) -> None:
    venue.ask("subscribe", "level2_batch", "heartbeat")
    assert venue.play(1)
    (answer,) = venue.ask("unsubscribe", "level2_batch", "heartbeat")
    assert answer["channels"] == []
    assert venue.play(2) == []


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/products/NOPE-USD/book", 404, "NotFound"),
        ("/products/BTC-USD/book?level=4", 400, "Invalid level"),
        ("/products/BTC-USD/candles?granularity=7", 400, "Unsupported granularity"),
        ("/products/BTC-USD/candles?granularity=60&start=0", 400, "exceeds 300"),
        ("/products/BTC-USD/candles?start=soon", 400, "Invalid start"),
        ("/products/BTC-USD/trades?limit=-1", 400, "Invalid limit"),
        ("/accounts", 401, "CB-ACCESS-KEY header is required"),
        ("/nope", 404, "Route not found"),
    ],
)
@pytest.mark.trio
async def test_what_is_wrong_is_refused_in_its_words(
    venue: Venue, path: str, status: int, words: str
) -> None:
    answer = await venue.http.get(f"/coinbase-exchange{path}")
    assert answer.status_code == status
    assert words in answer.json()["message"]


@pytest.mark.trio
async def test_candles_and_stats_are_of_one_market(venue: Venue) -> None:
    rows = await venue.get("/products/BTC-USD/candles", granularity=300)
    assert [a[0] - b[0] for a, b in pairwise(rows)] == [300] * (len(rows) - 1)
    assert all(low <= min(o, c) <= max(o, c) <= high for _, low, high, o, c, _ in rows)
    stats = await venue.get("/products/BTC-USD/stats")
    assert float(stats["low"]) <= min(row[1] for row in rows[:200])
    assert float(stats["high"]) >= max(row[2] for row in rows[:200])


# --- the newer service ----------------------------------------------------------------------------


@pytest.mark.trio
async def test_products_answer_under_both_bases_and_aliases_name_their_market(venue: Venue) -> None:
    for base in ("/coinbase", "/coinbase/api/v3/brokerage"):
        listed = (await venue.http.get(f"{base}/market/products")).json()
        assert [one["product_id"] for one in listed["products"]] == ["BTC-USD", "ETH-USD"]
        alias = (await venue.http.get(f"{base}/market/products/BTC-USDC")).json()
        assert (alias["product_id"], alias["alias"]) == ("BTC-USDC", "BTC-USD")
    futures = (await venue.http.get("/coinbase/market/products?product_type=FUTURE")).json()
    assert futures == {"products": [], "num_products": 0}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/market/products?product_type=NONE", 400),
        ("/market/products?limit=x", 400),
        ("/market/products/NOPE-USD", 404),
        ("/market/products/BTC-USD/candles?granularity=WEEK", 400),
        ("/market/products/BTC-USD/candles?granularity=ONE_MINUTE&start=soon", 400),
        ("/market/products/BTC-USD/candles?granularity=ONE_MINUTE&start=1", 400),
        ("/market/products/BTC-USD/ticker?limit=few", 400),
        ("/market/product_book?product_id=", 404),
        ("/api/v3/brokerage/accounts", 401),
        ("/v2/exchange-rates?currency=EUR", 400),
        ("/nope", 404),
    ],
)
@pytest.mark.trio
async def test_the_newer_service_refuses_in_json(venue: Venue, path: str, status: int) -> None:
    answer = await venue.http.get(f"/coinbase{path}")
    assert (answer.status_code, isinstance(answer.json(), dict)) == (status, True)


@pytest.mark.trio
async def test_its_book_has_the_bests_of_the_other_one(venue: Venue) -> None:
    newer = (
        await venue.http.get("/coinbase/market/product_book?product_id=BTC-USD&limit=3")
    ).json()
    older = await venue.get("/products/BTC-USD/book", level=2)
    rows = [[one["price"], one["size"]] for one in newer["pricebook"]["bids"]]
    assert rows == [row[:2] for row in older["bids"][:3]]


def test_its_candles_and_status_are_told(venue: Venue) -> None:
    session = venue.exchanges.open_session("/coinbase")
    assert session is not None
    asked = {"type": "subscribe", "product_ids": ["BTC-USD"]}
    first = [json.loads(one) for channel in ("candles", "status")
             for one in session.receive(json.dumps({**asked, "channel": channel}))]  # fmt: skip
    channels = [one["channel"] for one in first]
    assert channels == ["candles", "subscriptions", "status", "subscriptions"]
    assert len(first[0]["events"][0]["candles"]) > 5
    told = []
    for world_event in venue.world.run_until(venue.world.now_ns + 12 * NS_PER_S):
        venue.exchanges.note(world_event)
        told += [json.loads(one)["channel"] for one in session.publish(world_event)]
    assert told.count("candles") >= 8
    assert told.count("status") in (2, 3)

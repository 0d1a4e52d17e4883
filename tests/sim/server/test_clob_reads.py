"""The CLOB's batches, lists and histories, against a world the test moves by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from small_world import START_NS, SmallWorld
from starlette.applications import Starlette

from polytui.model.instrument import Outcome
from polytui.model.orders import Side
from polytui.model.units import NS_PER_S
from polytui.sim.wire.form.error_bodies import ERROR_HANDLERS
from polytui.sim.wire.polymarket import Polymarket
from polytui.sim.wire.rounds.lasting import LISTED_AHEAD_NS
from polytui.sim.wire.rounds.quirks import Quirks

START_S = START_NS // NS_PER_S


@pytest.fixture
def world() -> SmallWorld:
    return SmallWorld()


@pytest.fixture
def polymarket(world: SmallWorld) -> Polymarket:
    return Polymarket(world)


def client_of(polymarket: Polymarket) -> httpx.AsyncClient:
    app = Starlette(routes=polymarket.mounts(), exception_handlers=ERROR_HANDLERS)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://venue/clob")


@pytest.fixture
async def http(polymarket: Polymarket) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(polymarket) as client:
        yield client


async def got(http: httpx.AsyncClient, path: str, **params: Any) -> Any:
    answer = await http.get(path, params=params)
    return answer.json() if answer.status_code == 200 else (answer.status_code, answer.json())


async def posted(http: httpx.AsyncClient, path: str, body: Any) -> Any:
    answer = await http.post(path, json=body)
    return answer.json() if answer.status_code == 200 else (answer.status_code, answer.json())


def minutes_pass(world: SmallWorld, polymarket: Polymarket, *bids: int) -> None:
    """A bid more every minute, noted as the pump would."""
    for minute, bid in enumerate(bids, start=1):
        world.now_ns = START_NS + minute * 60 * NS_PER_S
        polymarket.note(world.move(Side.BUY, bid, 1))


class TestBatches:
    @pytest.mark.trio
    async def test_many_at_once_are_as_one_by_one(
        self, world: SmallWorld, polymarket: Polymarket, http: httpx.AsyncClient
    ) -> None:
        polymarket.note(world.sweep(Outcome.UP, Side.BUY, 520_000, 10))
        up, down = world.first.up_token, world.first.down_token
        asked = [{"token_id": one} for one in (up, "7", down)]
        midpoints, spreads = {up: "0.51", down: "0.49"}, {up: "0.02", down: "0.02"}
        trades = [
            {"token_id": up, "price": "0.52", "side": "BUY"},
            {"token_id": down, "price": "0.48", "side": "SELL"},
        ]
        for path, expected in (
            ("/midpoints", midpoints),
            ("/spreads", spreads),
            ("/last-trades-prices", trades),
        ):
            assert await posted(http, path, asked) == expected
            assert await got(http, path, token_ids=f"{up},7,{down}") == expected
        books = await got(http, "/books", token_ids=f"{up},7,{down}")
        assert books == await posted(http, "/books", asked)
        assert [one["asset_id"] for one in books] == [up, down]
        single = await got(http, "/midpoint", token_id=down)
        assert single == {"mid": "0.49"}

    @pytest.mark.trio
    async def test_prices_by_token_and_side(
        self, world: SmallWorld, http: httpx.AsyncClient
    ) -> None:
        up, down = world.first.up_token, world.first.down_token
        asked = [(up, "BUY"), (up, "SELL"), (down, "sell")]
        body = [{"token_id": token, "side": side} for token, side in asked]
        prices = {up: {"BUY": "0.5", "SELL": "0.52"}, down: {"SELL": "0.5"}}
        assert await posted(http, "/prices", body) == prices
        query = {"token_ids": f"{up},{up},{down}", "sides": "BUY,SELL,SELL"}
        assert await got(http, "/prices", **query) == prices

    @pytest.mark.trio
    async def test_prices_refuse_what_the_others_leave_out(
        self, world: SmallWorld, http: httpx.AsyncClient
    ) -> None:
        up = world.first.up_token
        no_book = (404, {"error": "No orderbook exists for the requested token id"})
        assert await posted(http, "/prices", [{"token_id": "7", "side": "BUY"}]) == no_book
        assert await posted(http, "/prices", [{"token_id": up}]) == (400, {"error": "Invalid side"})
        assert await posted(http, "/midpoints", [{"token_id": "7"}]) == {}

    @pytest.mark.parametrize(
        "path", ["/books", "/prices", "/midpoints", "/spreads", "/last-trades-prices"]
    )
    @pytest.mark.trio
    async def test_bad_batches(self, http: httpx.AsyncClient, path: str) -> None:
        payload = (400, {"error": "Invalid payload"})
        for bad in ({"token_id": "1"}, [{"token": "1"}], ["1"], [{"token_id": 1}], None):
            assert await posted(http, path, bad) == payload
        assert await got(http, path) == payload
        assert await got(http, path, token_ids="1,,2") == payload
        assert await got(http, path, token_ids="1,2", sides="BUY") == payload
        many = [{"token_id": "7", "side": "BUY"}] * 501
        assert await posted(http, path, many) == (400, {"error": "Payload exceeds the limit"})

    @pytest.mark.trio
    async def test_nobody_traded(self, world: SmallWorld, http: httpx.AsyncClient) -> None:
        up = world.first.up_token
        assert await posted(http, "/last-trades-prices", [{"token_id": up}]) == []

    @pytest.mark.trio
    async def test_a_trade_from_before_the_venue_looked_has_no_side(
        self, world: SmallWorld, http: httpx.AsyncClient
    ) -> None:
        """One entry of a batch must have a side, so it is left out there."""
        up = world.first.up_token
        world.sweep(Outcome.UP, Side.BUY, 520_000, 10)
        assert await got(http, "/last-trade-price", token_id=up) == {"price": "0.52", "side": ""}
        assert await posted(http, "/last-trades-prices", [{"token_id": up}]) == []

    @pytest.mark.parametrize("path", ["/tick-size", "/neg-risk", "/fee-rate"])
    @pytest.mark.trio
    async def test_a_token_in_the_path_is_one_in_the_query(
        self, world: SmallWorld, http: httpx.AsyncClient, path: str
    ) -> None:
        token = world.first.up_token
        assert await got(http, f"{path}/{token}") == await got(http, path, token_id=token)


class TestLists:
    @pytest.mark.trio
    async def test_all_markets_and_those_that_take_orders(
        self, world: SmallWorld, http: httpx.AsyncClient
    ) -> None:
        first, second = world.first.condition_id, world.second.condition_id
        world.resolve(Outcome.UP)
        for path, conditions in (
            ("/markets", [first, second]),
            ("/simplified-markets", [first, second]),
            ("/sampling-markets", [second]),
            ("/sampling-simplified-markets", [second]),
        ):
            page = await got(http, path, next_cursor="MA==")
            assert [one["condition_id"] for one in page["data"]] == conditions, path
            assert (page["limit"], page["count"]) == (1000, len(conditions))
            assert page["next_cursor"] == "LTE="
        page = await got(http, "/simplified-markets")
        assert page["data"][0] == {
            "condition_id": first,
            "rewards": {"rates": None, "min_size": 50, "max_spread": 4.5},
            "tokens": [
                {"token_id": world.first.up_token, "outcome": "Up", "price": 1.0, "winner": True},
                {
                    "token_id": world.first.down_token,
                    "outcome": "Down",
                    "price": 0,
                    "winner": False,
                },
            ],
            "active": True,
            "closed": True,
            "archived": False,
            "accepting_orders": False,
        }

    @pytest.mark.trio
    async def test_a_market_of_a_list_is_the_market(
        self, world: SmallWorld, http: httpx.AsyncClient
    ) -> None:
        page = await got(http, "/markets")
        for one in page["data"]:
            assert one == await got(http, f"/markets/{one['condition_id']}")

    @pytest.mark.trio
    async def test_a_filter_that_is_not_understood(self, http: httpx.AsyncClient) -> None:
        assert await got(http, "/markets", closed="true") == (
            400,
            {"error": "unknown parameter closed"},
        )
        status, body = await got(http, "/markets", next_cursor="LTE=")
        assert (status, body["error"]) == (400, "Next item should be greater than or equal to 0")

    @pytest.mark.trio
    async def test_live_activity_is_what_the_tape_printed(
        self, world: SmallWorld, polymarket: Polymarket, http: httpx.AsyncClient
    ) -> None:
        path = f"/markets/live-activity/{world.first.condition_id}"
        assert await got(http, path) == []
        session = polymarket.market_session()
        session.receive(f'{{"type":"market","assets_ids":["{world.first.down_token}"]}}')
        swept = world.sweep(Outcome.DOWN, Side.BUY, 510_000, 130)  # two levels of Up's bids
        polymarket.note(swept)
        frames = [one for one in session.publish(swept) if "last_trade_price" in one[:40]]
        feed = await got(http, path)
        assert [(one["price"], one["size"]) for one in feed] == [("0.51", "10"), ("0.5", "120")]
        assert all(one["side"] == "BUY" and one["outcome"] == "Down" for one in feed)
        assert feed[0]["outcome_index"] == 1
        assert feed[0]["market"]["asset_id"] == world.first.down_token
        assert feed[0]["transaction_hash"] in frames[1]
        assert (await got(http, "/markets/live-activity/0x1"))[0] == 404

    @pytest.mark.trio
    async def test_builder_fees(self, polymarket: Polymarket, http: httpx.AsyncClient) -> None:
        fees = {"builder_maker_fee_rate_bps": 0, "builder_taker_fee_rate_bps": 0}
        path, other = (f"/fees/builder-fees/0x{digit * 64}" for digit in "ab")
        assert (await got(http, path))[0] == 404
        assert polymarket.builder_codes.register(f"0x{'A' * 64}")
        assert await got(http, path) == fees
        assert (await got(http, other))[0] == 404
        assert (await got(http, "/fees/builder-fees/0x1"))[0] == 400
        assert not polymarket.builder_codes.register(f"0x{'0' * 64}")


class TestHistory:
    @pytest.mark.trio
    async def test_an_interval_ends_now(
        self, world: SmallWorld, polymarket: Polymarket, http: httpx.AsyncClient
    ) -> None:
        minutes_pass(world, polymarket, 502_000, 504_000, 506_000)
        up, now_s = world.first.up_token, world.now_ns // NS_PER_S
        expected = [
            {"t": START_S + 60, "p": 0.511},
            {"t": START_S + 120, "p": 0.512},
            {"t": now_s, "p": 0.513},
        ]
        for interval in ("1h", "6h", "1d", "max", "all"):
            assert await got(http, "/prices-history", market=up, interval=interval) == {
                "history": expected
            }
        down = await got(http, "/prices-history", market=world.first.down_token, interval="1h")
        assert [one["p"] for one in down["history"]] == [0.489, 0.488, 0.487]

    @pytest.mark.trio
    async def test_between_two_instants(
        self, world: SmallWorld, polymarket: Polymarket, http: httpx.AsyncClient
    ) -> None:
        minutes_pass(world, polymarket, 502_000, 504_000, 506_000, 508_000)
        window = {"startTs": START_S + 100, "endTs": START_S + 180}
        found = await got(http, "/prices-history", market=world.first.up_token, **window)
        assert [one["t"] - START_S for one in found["history"]] == [120, 180]
        coarse = await got(
            http, "/prices-history", market=world.first.up_token, fidelity=2, startTs=START_S
        )
        assert [one["t"] - START_S for one in coarse["history"]] == [120, 240]

    @pytest.mark.trio
    async def test_a_batch_is_as_one_by_one(
        self, world: SmallWorld, polymarket: Polymarket, http: httpx.AsyncClient
    ) -> None:
        minutes_pass(world, polymarket, 502_000, 504_000)
        tokens = [world.first.up_token, world.first.down_token, "7"]
        body = {"markets": tokens, "interval": "1h", "fidelity": 1}
        both = (await posted(http, "/batch-prices-history", body))["history"]
        for token in tokens:
            alone = await got(http, "/prices-history", market=token, interval="1h", fidelity=1)
            assert both[token] == alone["history"]
        assert both["7"] == []
        many = {"markets": ["1"] * 21, "interval": "1h"}
        assert await posted(http, "/batch-prices-history", many) == (
            400,
            {"error": "Invalid payload"},
        )

    @pytest.mark.trio
    async def test_a_resolved_market_has_its_past_alone(
        self, world: SmallWorld, polymarket: Polymarket, http: httpx.AsyncClient
    ) -> None:
        minutes_pass(world, polymarket, 502_000)
        polymarket.note(world.resolve(Outcome.UP))
        found = await got(http, "/prices-history", market=world.first.up_token, interval="1h")
        assert found == {"history": [{"t": START_S + 60, "p": 0.511}]}

    @pytest.mark.parametrize(
        ("params", "words"),
        [
            ({}, "required"),
            ({"interval": "2h"}, "unknown 'interval'"),
            ({"interval": "1h", "startTs": 1}, "cannot be used with"),
            ({"interval": "1w", "fidelity": 4}, "minimum 'fidelity' for '1w' range is 5"),
            ({"interval": "1m", "fidelity": 9}, "minimum 'fidelity' for '1m' range is 10"),
            ({"interval": "1h", "fidelity": 0}, "whole minutes"),
            ({"interval": "1h", "fidelity": "1.5"}, "whole minutes"),
            ({"startTs": "nan"}, "seconds"),
            ({"startTs": "yesterday"}, "seconds"),
            ({"startTs": 10, "endTs": 5}, "is after"),
            ({"startTs": 0, "endTs": 15 * 86_400 + 1}, "too long"),
            ({"interval": "1h", "from": 3}, "unknown parameter from"),
        ],
    )
    @pytest.mark.trio
    async def test_windows_that_are_none(
        self, world: SmallWorld, http: httpx.AsyncClient, params: dict[str, Any], words: str
    ) -> None:
        status, body = await got(http, "/prices-history", market=world.first.up_token, **params)
        assert status == 400
        assert words in body["error"]
        assert (await got(http, "/prices-history", interval="1h"))[0] == 400


@pytest.mark.trio
async def test_a_new_market_is_known_late_and_first_without_tokens(world: SmallWorld) -> None:
    """The quirk `hydration_s`: a third round, a minute old by the venue's calendar."""
    listed = world.list_round().round
    world.now_ns = listed.opens_ns - LISTED_AHEAD_NS + 60 * NS_PER_S
    async with client_of(Polymarket(world, Quirks(hydration_s=200.0))) as http:
        condition, token = listed.condition_id, listed.up_token
        assert await got(http, f"/clob-markets/{condition}") == (404, {"error": "market not found"})
        assert (await got(http, "/tick-size", token_id=token))[0] == 404
        known = [one["condition_id"] for one in (await got(http, "/markets"))["data"]]
        assert known == [world.first.condition_id, world.second.condition_id]
        world.now_ns += 60 * NS_PER_S
        half = await got(http, f"/clob-markets/{condition}")
        assert [one["t"] for one in half["t"]] == ["", ""]
        assert (await got(http, "/book", token_id=token))[0] == 404
        world.now_ns += 80 * NS_PER_S
        whole = await got(http, f"/clob-markets/{condition}")
        assert [one["t"] for one in whole["t"]] == [token, listed.down_token]
        assert (await got(http, "/book", token_id=token))["asset_id"] == token

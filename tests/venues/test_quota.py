"""What one client of a process was told holds for all of them, for a bounded time, and is said."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import trio
from trio.testing import MockClock

from polytui.model.errors import Rejected, Retry
from polytui.model.instrument import Asset
from polytui.net.http import Http, HttpSettings
from polytui.venues.binance_rest import Binance
from polytui.venues.bybit_rest import Bybit
from polytui.venues.coinbase_rest import Coinbase
from polytui.venues.quota import LONGEST_BAN_S, LONGEST_WAIT_S, Quotas

pytestmark = pytest.mark.trio
ROW = [1_795_204_800_000, "9", "10", "8", "9", "1.5", 1_795_204_859_999, "0", 9, "0", "0", "0"]


class House:
    """Eight clients of one process at one host."""

    def __init__(self, kind: Any = Binance, **answer: Any) -> None:
        self.answer = httpx.Response(**answer)
        self.asked = 0
        self.said: list[str] = []
        quotas = Quotas()
        self.clients = [self._client(kind, quotas) for _ in range(8)]

    def _client(self, kind: Any, quotas: Quotas) -> Any:
        http = Http("http://venue", HttpSettings(tries=3), httpx.MockTransport(self._reply))
        if kind is Binance:
            return Binance(http, None, quotas, self.said.append)
        return kind(http, quotas, self.said.append)

    def _reply(self, _: httpx.Request) -> httpx.Response:
        self.asked += 1
        return httpx.Response(
            self.answer.status_code, headers=self.answer.headers, content=self.answer.content
        )

    async def ask(self, client: Any) -> object:
        try:
            return await client.server_time_ns()
        except (Rejected, Retry) as error:
            return error


async def test_a_ban_is_known_to_all_said_once_and_over_in_time(autojump_clock: MockClock) -> None:
    house = House(status_code=418, headers={"Retry-After": "120"})
    answers = [await house.ask(client) for client in house.clients]
    assert house.asked == 1, "asking on makes a ban longer"
    assert all(isinstance(one, Rejected) and one.status == 418 for one in answers)
    assert house.said == ["http://venue has banned this address for 120 s"]
    await trio.sleep(119)
    await house.ask(house.clients[3])
    assert house.asked == 1
    await trio.sleep(2)
    house.answer = httpx.Response(200, json={"serverTime": 1_795_204_800_000})
    assert await house.ask(house.clients[3]) == 1_795_204_800_000_000_000


@pytest.mark.parametrize(("told", "seconds"), [("9999999", LONGEST_BAN_S), ("0", 1.0), (None, 120)])
async def test_a_ban_is_bounded_whatever_is_told(
    told: str | None, seconds: float, autojump_clock: MockClock
) -> None:
    house = House(status_code=418, headers={} if told is None else {"Retry-After": told})
    await house.ask(house.clients[0])
    assert house.said == [f"http://venue has banned this address for {seconds:.0f} s"]


async def test_a_time_to_wait_is_waited_by_all_and_bounded(autojump_clock: MockClock) -> None:
    house = House(status_code=429, headers={"Retry-After": "86400"})
    answers = [await house.ask(client) for client in house.clients]
    assert house.asked == 1
    assert all(isinstance(one, Retry) for one in answers)
    assert house.said == [], "it is no ban"
    await trio.sleep(LONGEST_WAIT_S + 1)
    await house.ask(house.clients[1])
    assert house.asked == 2


async def test_an_answer_at_high_weight_is_used_and_the_next_waits_for_all(
    autojump_clock: MockClock,
) -> None:
    house = House(status_code=200, json=[ROW], headers={"x-mbx-used-weight-1m": "5900"})
    first, second = house.clients[:2]
    assert len(await first.klines(Asset.BTC, "1m", 1)) == 1
    with pytest.raises(Retry) as caught:
        await second.klines(Asset.BTC, "1m", 1)
    assert caught.value.after_s is not None
    await trio.sleep(caught.value.after_s)
    assert len(await second.klines(Asset.BTC, "1m", 1)) == 1


async def test_bybit_bans_with_403_and_coinbase_asks_to_wait(autojump_clock: MockClock) -> None:
    bybit = House(Bybit, status_code=403)
    for client in bybit.clients:
        await bybit.ask(client)
    assert bybit.asked == 1
    assert bybit.said == ["http://venue has banned this address for 600 s"]
    coinbase = House(Coinbase, status_code=429, headers={"Retry-After": "30"})
    for client in coinbase.clients:
        await coinbase.ask(client)
    assert coinbase.asked == 1


async def test_one_spoilt_row_of_an_answer_is_lost_alone() -> None:
    house = House(status_code=200, json=[ROW, [1], [*ROW[:1], "x", *ROW[2:]], None, ROW])
    assert len(await house.clients[0].klines(Asset.BTC, "1m", 5)) == 2
    trade = {"a": 5, "p": "1", "q": "1", "T": 1_795_204_800_000, "m": True}
    house = House(status_code=200, json=[trade, {**trade, "p": -1}, {**trade, "a": 6}, 7])
    given = await house.clients[0].agg_trades(Asset.BTC, 1, 9, 1)
    assert [one.trade_id for one in given] == [5, 6]
    rows = [{"execId": "5", "price": "1", "size": "1", "side": "Buy", "time": "1795204800000"}]
    body = {"retCode": 0, "result": {"list": [*rows, {**rows[0], "side": "Both"}, {}]}}
    house = House(Bybit, status_code=200, json=body)
    assert len(await house.clients[0].recent_trades(Asset.BTC, 9, 1)) == 1
    rows = [
        {"trade_id": "5", "price": "1", "size": "1", "side": "BUY", "time": "2026-11-20T20:00:00Z"}
    ]
    house = House(Coinbase, status_code=200, json={"trades": [*rows, {**rows[0], "side": "x"}, 7]})
    assert len(await house.clients[0].recent_trades(Asset.BTC, 9, 1)) == 1

"""Candles from before we came: asked for at the start, after each first close, and after a loss."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from trio.testing import MockClock
from virtual_engine import VirtualClock, open_engine, paper_client, quick_settings

from polytui.feeds.candle_history import History
from polytui.model.events import CandlesLoaded
from polytui.model.instrument import Asset
from polytui.net.http import Http, HttpSettings
from polytui.runtime.asset import AssetRun
from polytui.runtime.inbox import Inbox
from polytui.venues.binance_rest import Binance

pytestmark = pytest.mark.trio
BTC = Asset.BTC
OPENS_S = 1_795_204_800
SECONDS = {"1s": 1, "1m": 60, "5m": 300, "15m": 900, "1h": 3600}


class Bench:
    """A history between Binance's bytes and an inbox; it begins ten seconds after a full hour."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response] | None = None) -> None:
        self.clock: Any = VirtualClock((OPENS_S + 10) * 10**9)
        client = paper_client(self.clock)
        self.run = AssetRun(BTC, self.clock, client, Inbox(10_000))
        self.asked: list[tuple[float, str, int]] = []
        self.complaints: list[str] = []
        self._began = trio.current_time()
        self._answer = answer or self.klines
        settings = HttpSettings(tries=1, requests_per_s=1_000.0, burst=1_000)
        rest = Binance(Http("http://first", settings, httpx.MockTransport(self._reply)))
        self.history = History(self.run, "binance", rest.candles, 500, self.complaints.append)

    def _reply(self, request: httpx.Request) -> httpx.Response:
        params = request.url.params
        when = trio.current_time() - self._began
        self.asked.append((when, params["interval"], int(params["limit"])))
        return self._answer(request)

    def klines(self, request: httpx.Request) -> httpx.Response:
        """As the venue answers: oldest first, the last still open."""
        params = request.url.params
        span_ms = SECONDS[params["interval"]] * 1000
        open_ms = self.clock.now_ns() // 10**6 // span_ms * span_ms
        first_ms = open_ms - (int(params["limit"]) - 1) * span_ms
        rows = [kline(at, span_ms) for at in range(first_ms, open_ms + 1, span_ms)]
        return httpx.Response(200, json=rows)

    def loaded(self) -> list[CandlesLoaded]:
        events = [item.event for item in self.run.inbox.take_nowait()]
        return [event for event in events if isinstance(event, CandlesLoaded)]


def kline(opens_ms: int, span_ms: int) -> list[object]:
    prices = ["90000", "90010", "89990", "90005"]
    return [opens_ms, *prices, "1.5", opens_ms + span_ms - 1, "0", 9, "0", "0", "0"]


async def test_every_length_is_asked_for_at_once_and_holds_closed_candles_only(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    bench = Bench()
    nursery.start_soon(bench.history.load)
    await trio.sleep(1)
    asked = {(interval, limit) for _, interval, limit in bench.asked}
    assert asked == {("1s", 1000), ("1m", 500), ("5m", 500), ("15m", 500), ("1h", 500)}
    loaded = bench.loaded()
    assert {event.length_s for event in loaded} == {1, 60, 300, 900, 3600}
    for event in loaded:
        closes_ns = event.candles[-1].opens_ns + event.length_s * 10**9
        assert (OPENS_S + 9) * 10**9 - event.length_s * 10**9 < closes_ns
        assert closes_ns <= (OPENS_S + 11) * 10**9
        assert list(event.candles) == sorted(event.candles, key=lambda one: one.opens_ns)


async def test_a_bar_that_was_open_when_we_came_is_asked_for_after_its_close(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    bench = Bench()
    nursery.start_soon(bench.history.load)
    await trio.sleep(3_700)
    later = [(round(when), interval, limit) for when, interval, limit in bench.asked[5:]]
    assert later == [(52, "1m", 3), (292, "5m", 3), (892, "15m", 3), (3592, "1h", 3)]


async def test_after_a_loss_everything_that_covers_it_is_asked_for_again(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    bench = Bench()
    nursery.start_soon(bench.history.load)
    await trio.sleep(30)
    bench.history.want()
    bench.history.want()
    await trio.sleep(1)
    again = [(interval, limit) for when, interval, limit in bench.asked if 30 <= when < 31]
    assert sorted(again) == [("15m", 500), ("1h", 500), ("1m", 500), ("5m", 500)]
    bench.loaded()
    await trio.sleep(30)
    bench.history.want()
    await trio.sleep(1)
    assert len([1 for when, _, limit in bench.asked if when > 60 and limit == 500]) == 4


async def test_a_venue_that_asks_to_wait_is_asked_again_when_it_said(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    def busy(request: httpx.Request) -> httpx.Response:
        if trio.current_time() - began < 25:
            return httpx.Response(429, headers={"Retry-After": "30"})
        return bench.klines(request)

    began = trio.current_time()
    bench = Bench(busy)
    nursery.start_soon(bench.history.load)
    await trio.sleep(31)
    times = sorted(round(when) for when, _, _ in bench.asked)
    assert times == [0] * 5 + [30] * 5
    assert len(bench.loaded()) == 5
    assert bench.complaints == []


async def test_a_venue_that_never_has_time_is_left_with_words(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    bench = Bench(lambda _: httpx.Response(503))
    nursery.start_soon(bench.history.load)
    await trio.sleep(40)
    tries = [interval for _, interval, _ in bench.asked]
    assert {interval: tries.count(interval) for interval in tries} == dict.fromkeys(SECONDS, 6)
    words = "binance gives no candle history now; indicators warm up by themselves"
    assert bench.complaints == [words] * 5
    assert bench.loaded() == []


@pytest.mark.parametrize("status", [400, 403, 418, 451])
async def test_a_refusal_is_said_and_not_asked_again_at_once(
    nursery: trio.Nursery, autojump_clock: MockClock, status: int
) -> None:
    bench = Bench(lambda _: httpx.Response(status, headers={"Retry-After": "100"}))
    nursery.start_soon(bench.history.load)
    await trio.sleep(40)
    assert len(bench.asked) == 5, "each length once"
    assert all(f"HTTP {status}" in text for text in bench.complaints)
    assert all(text.startswith("no candle history from binance") for text in bench.complaints)


async def test_used_up_weight_slows_us_down_and_wastes_no_answer(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    def heavy(request: httpx.Request) -> httpx.Response:
        answer = bench.klines(request)
        used = "5500" if trio.current_time() - began < 10 else "100"
        answer.headers["x-mbx-used-weight-1m"] = used
        return answer

    began = trio.current_time()
    bench = Bench(heavy)
    nursery.start_soon(bench.history.load)
    await trio.sleep(1)
    assert len(bench.loaded()) == 5, "what was answered is used"
    bench.history.want()
    await trio.sleep(20)
    assert sorted(round(when) for when, _, _ in bench.asked) == [0] * 5 + [20] * 4
    assert len(bench.loaded()) == 4


async def test_an_engine_knows_the_past_when_it_has_just_begun(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(session={"assets": (BTC,)}, sockets={"backoff_cap_s": 1.0})
    async with open_engine(monkeypatch, tmp_path / "s", settings, starts_before_s=200) as engine:
        await trio.sleep(3)
        began_ns = engine.session.started_ns
        engine.venue.connections.drop("binance")
        await trio.sleep(5)
    loaded = [event for _, event in engine.events(CandlesLoaded)]
    first = next(one for one in loaded if isinstance(one, CandlesLoaded) and one.length_s == 60)
    assert first.received_ns - began_ns < 2 * 10**9
    assert len(first.candles) >= 99
    lengths = [one.length_s for one in loaded if isinstance(one, CandlesLoaded)]
    assert lengths.count(3600) == 2, "and once more after the cut"
    assert lengths.count(1) == 1


async def test_a_feed_that_flaps_has_one_task_a_length_and_one_question_waiting(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    """Fifty reconnects, with an hour's bar open all the while, are not two hundred tasks."""

    bench = Bench()
    nursery.start_soon(bench.history.load)
    await trio.sleep(1)
    before = len(trio.lowlevel.current_root_task().child_nurseries) + _tasks_below(nursery)
    for _ in range(50):
        bench.history.want()
        await trio.sleep(0.5)
    after = len(trio.lowlevel.current_root_task().child_nurseries) + _tasks_below(nursery)
    assert after <= before
    full = [when for when, interval, limit in bench.asked if interval == "1h" and limit == 500]
    assert len(full) == 51, "each loss is answered"
    await trio.sleep(3_700)
    ends = [when for when, interval, limit in bench.asked if interval == "1h" and limit == 3]
    assert len(ends) == 1, "and the open bar is asked for once"


def _tasks_below(nursery: trio.Nursery) -> int:
    return sum(
        1 + sum(_tasks_below(inner) for inner in task.child_nurseries)
        for task in nursery.child_tasks
    )


async def test_however_long_a_venue_asks_us_to_wait_it_is_looked_again(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    bench = Bench(lambda _: httpx.Response(418, headers={"Retry-After": "259200"}))
    nursery.start_soon(bench.history.load)
    await trio.sleep(4_000)
    assert len(bench.asked) == 5, "the ban is known: no host is asked"
    assert len(bench.complaints) > 5
    assert "banned this address for" in bench.complaints[-1]

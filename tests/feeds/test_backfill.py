"""What a feed missed is asked for again, once, within the venue's limits, and told as history."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from trio.testing import MockClock
from virtual_engine import VirtualClock, VirtualEngine, open_engine, paper_client, quick_settings

from polytui.feeds.backfill import Ask, Backfill, Refill
from polytui.feeds.losses import Losses
from polytui.model.events import Event, ExchangeTraded, FeedGapped, FeedMended
from polytui.model.instrument import Asset, Exchange
from polytui.net.http import Http, HttpSettings
from polytui.runtime.asset import AssetRun
from polytui.runtime.inbox import Inbox
from polytui.sim.world.sources import THIN
from polytui.venues.binance_rest import Binance
from polytui.venues.continuity import TradeLine
from polytui.venues.feed import Gap

pytestmark = pytest.mark.trio
BTC = Asset.BTC
OPENS_NS = 1_795_204_800 * 10**9
Answer = Callable[[httpx.Request], httpx.Response]


class Bench:
    """A back-fill between Binance's bytes on one side and an inbox on the other."""

    def __init__(self, answer: Answer) -> None:
        clock: Any = VirtualClock(OPENS_NS)
        self.run = AssetRun(BTC, clock, paper_client(clock), Inbox(100_000))
        self.line, self.losses = TradeLine(), Losses()
        self.complaints: list[str] = []
        self.asked_at: list[float] = []
        self.hosts: list[str] = []
        self.backfill = Backfill.of(self.run, self.complaints.append)
        self._answer = answer
        self._rest = Binance(self._http("first"), self._http("second"))

    def _http(self, host: str) -> Http:
        settings = HttpSettings(tries=1, requests_per_s=1_000.0, burst=1_000)
        return Http(f"http://{host}", settings, httpx.MockTransport(self._reply))

    async def _reply(self, request: httpx.Request) -> httpx.Response:
        self.asked_at.append(trio.current_time())
        self.hosts.append(request.url.host)
        await trio.sleep(0.1)
        return self._answer(request)

    async def ask(self, gap: Gap) -> Sequence[ExchangeTraded]:
        return await self._rest.agg_trades(BTC, gap.first_id, gap.last_id, OPENS_NS)

    def lose(self, first_id: int, last_id: int) -> None:
        """The stream jumps over some trades, and the feed asks for them."""
        self.line.take(first_id - 1)
        self.line.take(last_id + 1)
        self.want("binance", Gap(first_id, last_id), self.ask, self.line.mend)

    def want(
        self, feed: str, gap: Gap, ask: Ask, is_missing: Callable[[int], bool], **options: Any
    ) -> None:
        self.backfill.want(Refill(feed, ask, is_missing, self.losses, **options), gap)

    async def mended(self) -> list[FeedMended]:
        """Let everything come to its end: what was told of it."""
        await trio.sleep(300)
        self.events: list[Event] = [item.event for item in self.run.inbox.take_nowait()]
        return [event for event in self.events if isinstance(event, FeedMended)]

    @property
    def given(self) -> list[int]:
        return [event.trade_id for event in self.events if isinstance(event, ExchangeTraded)]


def row(number: int) -> dict[str, object]:
    return {"a": number, "p": "90000.1", "q": "0.1", "T": 1_795_204_700_000 + number, "m": True}


def page(request: httpx.Request) -> httpx.Response:
    """As the venue pages: `limit` trades from an id on."""
    first, limit = int(request.url.params["fromId"]), int(request.url.params["limit"])
    return httpx.Response(200, json=[row(first + at) for at in range(limit)])


@pytest.fixture
def bench(nursery: trio.Nursery) -> Any:
    """A factory, since each test answers in its own way."""

    def make(answer: Answer = page) -> Bench:
        made = Bench(answer)
        nursery.start_soon(made.backfill.fill)
        return made

    return make


async def test_a_gap_is_given_again_as_history_and_told_to_be_whole(
    bench: Any, autojump_clock: MockClock
) -> None:
    here = bench()
    here.lose(101, 105)
    assert await here.mended() == [FeedMended("binance", 5, True, here.events[-1].at_ns)]
    assert here.given == [101, 102, 103, 104, 105]
    trades = [event for event in here.events if isinstance(event, ExchangeTraded)]
    assert all(trade.is_history for trade in trades)
    assert here.line.missing == 0


async def test_a_wide_gap_is_asked_for_page_by_page(bench: Any, autojump_clock: MockClock) -> None:
    here = bench()
    here.lose(101, 2_600)
    ((mended),) = await here.mended()
    assert (mended.recovered, mended.is_whole) == (2_500, True)
    assert here.given == list(range(101, 2_601))
    assert len(here.asked_at) == 3


async def test_trades_that_come_by_the_stream_meanwhile_are_not_told_twice(
    bench: Any, autojump_clock: MockClock
) -> None:
    here = bench()
    here.lose(101, 105)
    await trio.sleep(0.05)
    assert [here.line.take(number) for number in (102, 103)] == [0, 0]
    (mended,) = await here.mended()
    assert here.given == [101, 104, 105]
    assert mended.is_whole, "nothing of it is missing any more, whoever gave it"
    assert mended.recovered == 5


async def test_every_trade_that_was_missed_is_counted_as_recovered_once(
    bench: Any, autojump_clock: MockClock
) -> None:
    """Two gaps, and a venue that answers with its latest trades instead of those asked for."""

    def latest(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=[row(number) for number in range(95, 120)])

    here = bench(latest)

    async def ask(_: Gap) -> Sequence[ExchangeTraded]:
        return await here.ask(Gap(95, 119))

    here.line.take(99)
    for first in (101, 105, 109):
        here.line.take(first - 1)
        here.line.take(first + 2)
        here.want("coinbase", Gap(first, first + 1), ask, here.line.mend)
    mended = await here.mended()
    assert sum(one.recovered for one in mended) == 6
    assert all(one.is_whole for one in mended)
    assert sorted(here.given) == sorted(set(here.given))


async def test_what_the_venue_does_not_have_leaves_the_gap_open(
    bench: Any, autojump_clock: MockClock
) -> None:
    def half(request: httpx.Request) -> httpx.Response:
        first = int(request.url.params["fromId"])
        return httpx.Response(200, json=[row(number) for number in range(first, 104)])

    here = bench(half)
    here.lose(101, 105)
    (mended,) = await here.mended()
    assert (mended.recovered, mended.is_whole) == (3, False)
    assert here.line.missing == 2


async def test_a_gap_without_end_is_left_to_the_history(
    bench: Any, autojump_clock: MockClock
) -> None:
    here = bench()
    here.lose(101, 60_000)
    (mended,) = await here.mended()
    assert (mended.recovered, mended.is_whole) == (0, False)
    assert here.asked_at == []
    assert here.complaints == ["binance missed 59900 trades, too many to ask for"]


async def test_a_venue_that_asks_to_wait_is_not_asked_before(
    bench: Any, autojump_clock: MockClock
) -> None:
    answers = [httpx.Response(429, headers={"Retry-After": "30"}), None]

    def answer(request: httpx.Request) -> httpx.Response:
        return answers.pop(0) or page(request)

    here = bench(answer)
    here.lose(101, 102)
    (mended,) = await here.mended()
    assert mended.is_whole
    first, second = here.asked_at
    assert 30.0 <= second - first <= 31.0


async def test_a_venue_that_never_has_time_is_left_after_some_tries(
    bench: Any, autojump_clock: MockClock
) -> None:
    here = bench(lambda _: httpx.Response(429))
    here.lose(101, 102)
    (mended,) = await here.mended()
    assert (mended.recovered, mended.is_whole) == (0, False)
    assert len(here.asked_at) == 4
    pauses = [b - a for a, b in zip(here.asked_at, here.asked_at[1:], strict=False)]
    assert pauses == sorted(pauses), "each pause is longer than the last"
    assert here.complaints == ["binance does not give back the 2 trades we missed"]


async def test_a_ban_is_said_and_not_answered_with_another_try(
    bench: Any, autojump_clock: MockClock
) -> None:
    here = bench(lambda _: httpx.Response(418, headers={"Retry-After": "120"}))
    here.lose(101, 102)
    (mended,) = await here.mended()
    assert (mended.recovered, mended.is_whole) == (0, False)
    assert len(here.asked_at) == 1
    assert "HTTP 418" in here.complaints[0]
    assert "banned for a while" in here.complaints[0]


async def test_a_refused_place_is_left_for_the_other_host_for_good(
    bench: Any, autojump_clock: MockClock
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(451) if request.url.host == "first" else page(request)

    here = bench(answer)
    here.lose(101, 102)
    here.lose(104, 105)
    mended = await here.mended()
    assert [one.is_whole for one in mended] == [True, True]
    assert here.hosts == ["first", "second", "second"]


async def test_a_place_that_every_host_refuses_is_said(
    bench: Any, autojump_clock: MockClock
) -> None:
    here = bench(lambda _: httpx.Response(451))
    here.lose(101, 102)
    (mended,) = await here.mended()
    assert not mended.is_whole
    assert here.hosts == ["first", "second"]
    assert "HTTP 451" in here.complaints[0]


@pytest.mark.parametrize("body", ["{", "[]", "null", '[{"a":"x"}]', json.dumps([row(7)])])
async def test_an_answer_that_says_nothing_of_the_gap_ends_it(
    bench: Any, autojump_clock: MockClock, body: str
) -> None:
    here = bench(lambda _: httpx.Response(200, text=body))
    here.lose(101, 102)
    (mended,) = await here.mended()
    assert (mended.recovered, mended.is_whole) == (0, False)
    assert here.given == []
    assert len(here.asked_at) <= 4


async def test_where_ids_show_no_gap_what_is_given_again_counts_as_missed_and_recovered(
    bench: Any, autojump_clock: MockClock
) -> None:
    """Bybit's way: the latest trades are asked for, and those that are known are dropped."""
    here = bench()
    known = {95, 98, 100}

    async def ask(_: Gap) -> Sequence[ExchangeTraded]:
        return [trade for trade in await here.ask(Gap(95, 107)) if trade.trade_id % 2]

    def is_missing(trade_id: int) -> bool:
        return trade_id > max(known)

    here.want("bybit", Gap(101, 101), ask, is_missing, is_counted=False)
    (mended,) = await here.mended()
    assert here.given == [101, 103, 105, 107]
    assert (mended.recovered, mended.is_whole) == (4, True)


async def test_nothing_traded_meanwhile_is_a_whole_answer_too(
    bench: Any, autojump_clock: MockClock
) -> None:
    here = bench()

    async def ask(_: Gap) -> Sequence[ExchangeTraded]:
        return await here.ask(Gap(90, 100))

    here.want("bybit", Gap(101, 101), ask, lambda _: False, is_counted=False)
    (mended,) = await here.mended()
    assert (mended.recovered, mended.is_whole) == (0, True)


# --- which stretch of time is known ---------------------------------------------------------------


def told(ms: int) -> int:
    return (1_795_204_700_000 + ms) * 10**6


async def known_of(here: Any, gap: Gap, **options: Any) -> tuple[float, float, bool]:
    """[from, until) in seconds of the session, and whether the gap is whole."""
    here.line.take(gap.first_id - 1)
    here.line.take(gap.last_id + 1)
    ask = options.pop("ask", here.ask)
    here.want("binance", gap, ask, options.pop("is_missing", here.line.mend), **options)
    (mended,) = await here.mended()
    base_s = 1_795_204_700
    return mended.from_ns / 10**9 - base_s, mended.until_ns / 10**9 - base_s, mended.is_whole


async def test_a_whole_gap_is_known_from_the_trade_before_it_to_the_one_after(
    bench: Any, autojump_clock: MockClock
) -> None:
    gap = Gap(4_001, 9_000, after_ns=told(3_100), before_ns=told(9_700))
    assert await known_of(bench(), gap) == (3, 10, True), "its seconds and both ends"


async def test_without_their_times_only_seconds_between_are_known(
    bench: Any, autojump_clock: MockClock
) -> None:
    assert await known_of(bench(), Gap(4_001, 9_000)) == (5, 9, True)


async def test_one_trade_that_cannot_be_read_leaves_the_gap_open(
    bench: Any, autojump_clock: MockClock
) -> None:
    def one_spoilt(request: httpx.Request) -> httpx.Response:
        rows = page(request).json()
        rows[2]["p"] = "free"
        return httpx.Response(200, json=rows)

    here = bench(one_spoilt)
    gap = Gap(4_001, 4_900, told(3_100), told(9_700))
    assert (await known_of(here, gap))[2] is False
    (mended,) = [event for event in here.events if isinstance(event, FeedMended)]
    assert (mended.recovered, mended.from_ns, mended.until_ns) == (899, 0, 0)


async def test_the_latest_trades_of_a_feed_are_waited_for_once(
    bench: Any, autojump_clock: MockClock
) -> None:
    here = bench()
    for last_id in range(100, 140):
        gap = Gap(last_id + 1, last_id + 1)
        here.want("bybit", gap, here.ask, lambda _: False, is_counted=False)
    assert len(await here.mended()) == 1


# --- in the engine ------------------------------------------------------------------------------


def traded_at(engine: VirtualEngine, exchange: Exchange) -> list[int]:
    """Ids that the venue gave to the trades of its world, oldest first."""
    exchanges = engine.venue._exchanges
    match exchange:
        case Exchange.BINANCE:
            return [found[0] for found in exchanges._binance.trades(BTC)]
        case Exchange.BYBIT:
            return [number for number, _ in exchanges._bybit.trades(BTC)]
        case Exchange.COINBASE:
            return [number for number, _ in exchanges._coinbase.trades(BTC, 1_000)]


@pytest.mark.parametrize(
    ("exchange", "cut_s"),
    # Coinbase's own snapshot gives the last twenty trades again: a short cut asks for nothing.
    [(Exchange.BINANCE, 8.0), (Exchange.BYBIT, 8.0), (Exchange.COINBASE, 40.0)],
)
async def test_after_a_cut_every_trade_of_the_world_is_in_the_journal_once(
    autojump_clock: MockClock,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    exchange: Exchange,
    cut_s: float,
) -> None:
    settings = quick_settings(session={"assets": (BTC,)}, sockets={"backoff_cap_s": 1.0})
    async with open_engine(
        monkeypatch, tmp_path / "s", settings, starts_before_s=5, messages=THIN
    ) as engine:
        feed = engine.run_of(BTC).feeds[exchange.value]
        await trio.sleep(15)
        from_id = traded_at(engine, exchange)[-1]
        cut_ns = engine.session.clock.now_ns()
        engine.venue.connections.begin("refuse", exchange.value, cut_s, 0)
        await trio.sleep(cut_s + 15)
        assert feed.view(0).missed == 0, "the venue could give all of it again"
        assert feed.losses.recovered > 0
        assert feed.losses.missed == feed.losses.recovered
        to_id = traded_at(engine, exchange)[-1]
        await trio.sleep(2)
        expected = [one for one in traded_at(engine, exchange) if from_id < one <= to_id]
    told = [
        event
        for _, event in engine.events(ExchangeTraded)
        if isinstance(event, ExchangeTraded) and event.venue == exchange.value
    ]
    meanwhile = [event for event in told if from_id < event.trade_id <= to_id]
    assert sorted(event.trade_id for event in meanwhile) == expected
    missed = [event for event in meanwhile if cut_ns < event.venue_ns < cut_ns + cut_s * 10**9]
    assert len(missed) > 1
    assert all(event.is_history for event in missed)
    mended = [event for _, event in engine.events(FeedMended)]
    assert [event.is_whole for event in mended] == [True]  # type: ignore[attr-defined]


async def test_bybit_is_asked_for_what_it_missed_also_where_its_trades_make_the_candles(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(
        session={"assets": (BTC,)},
        sockets={"backoff_cap_s": 1.0},
        features={"candle_exchange": Exchange.BYBIT},
    )
    async with open_engine(
        monkeypatch, tmp_path / "s", settings, starts_before_s=5, messages=THIN
    ) as engine:
        await trio.sleep(15)
        engine.venue.connections.begin("refuse", "bybit", 8.0, 0)
        await trio.sleep(12)
        asked = engine.venue.requests
        assert "GET /bybit/v5/market/recent-trade" in asked
        assert asked.count("GET /bybit/v5/market/kline") > 4, "the candles were loaded again"
    assert [event.feed for _, event in engine.events(FeedMended)] == ["bybit"]  # type: ignore[attr-defined]


async def test_bybits_lost_book_messages_stay_counted_whatever_trades_are_given_again(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(session={"assets": (BTC,)}, sockets={"backoff_cap_s": 1.0})
    async with open_engine(
        monkeypatch, tmp_path / "s", settings, starts_before_s=5, messages=THIN
    ) as engine:
        feed = engine.run_of(BTC).feeds["bybit"]
        await trio.sleep(15)
        engine.venue.connections.begin("refuse", "bybit", 8.0, 0)
        await trio.sleep(12)
        assert feed.losses.recovered > 0
        engine.venue.connections.begin("gap", "bybit", 5.0, 0)
        await trio.sleep(8)
        missed = feed.view(0).missed
    lost = [event for _, event in engine.events(FeedGapped)]
    assert missed == sum(event.missed for event in lost) > 0  # type: ignore[attr-defined]

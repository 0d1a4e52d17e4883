"""The book watcher: one question at a time, for whatever is wanted and still followed."""

from __future__ import annotations

import random
from typing import Any

import httpx
import msgspec
import pytest
import trio
from trio.testing import MockClock
from virtual_engine import VirtualClock, paper_client, quick_settings

from polytui.feeds.books import BookWatcher
from polytui.feeds.feed_factory import FeedFactory
from polytui.model.events import BookSnapshotted
from polytui.model.instrument import Asset, Interval, Round, SettlementRule
from polytui.model.units import NS_PER_S
from polytui.net.http import Http, HttpSettings
from polytui.runtime.asset import AssetRun
from polytui.runtime.inbox import Inbox
from polytui.venues.polymarket.clob import Clob

pytestmark = pytest.mark.trio
OPENS_NS = 1_795_204_800 * NS_PER_S


def a_round(number: int) -> Round:
    return Round(
        f"btc-updown-5m-{number}", Asset.BTC, Interval.M5, f"0x{number}", f"{number}1",
        f"{number}2", OPENS_NS, OPENS_NS + Interval.M5.ns, SettlementRule.TWAP,
    )  # fmt: skip


class Bench:
    """A watcher whose venue answers each question after two seconds."""

    def __init__(self) -> None:
        clock: Any = VirtualClock(OPENS_NS)
        client = paper_client(clock)
        self.run = AssetRun(Asset.BTC, clock, client, Inbox(10_000))
        self.asked: list[list[str]] = []
        self.most = self.now = 0
        http = Http("http://clob", HttpSettings(), httpx.MockTransport(self._answer))
        feed_factory = FeedFactory(quick_settings(), clock, None, random.Random(1))
        self.books = BookWatcher(self.run, feed_factory, Clob(http, clock))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        tokens = [row["token_id"] for row in msgspec.json.decode(request.content)]
        self.asked.append(tokens)
        self.now += 1
        self.most = max(self.most, self.now)
        await trio.sleep(2.0)
        self.now -= 1
        level = {"size": "5"}
        rows = [
            {
                "asset_id": token, "timestamp": "1795204800000",
                "bids": [{"price": "0.4", **level}], "asks": [{"price": "0.6", **level}],
            }
            for token in tokens
        ]  # fmt: skip
        return httpx.Response(200, json=rows)


async def test_however_often_it_is_wanted_one_question_is_under_way_and_one_waits(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    bench = Bench()
    first, second = a_round(1), a_round(2)
    await bench.books.follow(first)
    await bench.books.follow(second)
    nursery.start_soon(bench.books._reads.read)
    for _ in range(50):
        bench.books.resync(first)
        bench.books.resync(second)
        await trio.sleep(0.1)
    await trio.sleep(10)
    assert bench.most == 1
    assert len(bench.asked) == 4, "each two seconds, and once for what was wanted last"
    assert all(sorted(tokens) == ["11", "12", "21", "22"] for tokens in bench.asked)
    given = [item.event for item in bench.run.inbox.take_nowait()]
    assert sum(isinstance(event, BookSnapshotted) for event in given) == 16


async def test_what_nobody_follows_any_more_is_not_asked_for(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    bench = Bench()
    await bench.books.follow(a_round(1))
    bench.books.resync(a_round(1))
    bench.books.resync(a_round(3))
    await bench.books.unfollow(a_round(1))
    await bench.books.follow(a_round(2))
    bench.books.resync(a_round(2))
    nursery.start_soon(bench.books._reads.read)
    await trio.sleep(10)
    assert bench.asked == [["21", "22"]]


async def test_what_was_answered_is_not_asked_for_again(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    bench = Bench()
    for number in (1, 2):
        await bench.books.follow(a_round(number))
    nursery.start_soon(bench.books._reads.read)
    bench.books.resync(a_round(1))
    await trio.sleep(5)
    bench.books.resync(a_round(2))
    await trio.sleep(5)
    assert bench.asked == [["11", "12"], ["21", "22"]]

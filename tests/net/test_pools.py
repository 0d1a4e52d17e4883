"""One HTTP client a host: whoever asks there shares its pace and its connections."""

from __future__ import annotations

import httpx
import pytest
import trio
from trio.testing import MockClock

from polytui.net.http import Http, HttpSettings
from polytui.net.pools import Pools

pytestmark = pytest.mark.trio


class Venue:
    """State: how many clients were made, and when each request came."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.asked: list[float] = []

    def make(self, base_url: str) -> Http:
        self.made.append(base_url)
        settings = HttpSettings(requests_per_s=2.0, burst=1)
        return Http(base_url, settings, httpx.MockTransport(self._answer))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(round(trio.current_time(), 3))
        return httpx.Response(200, content=b"{}")


async def test_two_who_ask_one_host_share_its_pace(autojump_clock: MockClock) -> None:
    venue, pools = Venue(), Pools()
    one, two = (pools.get("http://a.test", venue.make) for _ in range(2))
    async with trio.open_nursery() as nursery:
        for http in (one, two, one, two):
            nursery.start_soon(http.get, "/x")
    assert venue.made == ["http://a.test"]
    assert venue.asked == [0.0, 0.5, 1.0, 1.5]


async def test_hosts_do_not_share(autojump_clock: MockClock) -> None:
    venue, pools = Venue(), Pools()
    for host in ("http://a.test", "http://b.test"):
        await pools.get(host, venue.make).get("/x")
    assert venue.asked == [0.0, 0.0]


async def test_closed_it_begins_anew(autojump_clock: MockClock) -> None:
    venue, pools = Venue(), Pools()
    first = pools.get("http://a.test", venue.make)
    await pools.close()
    await pools.close()
    with pytest.raises(RuntimeError):
        await first.get("/x")
    assert pools.get("http://a.test", venue.make) is not first


async def test_it_is_closed_even_where_everything_is_being_cancelled(
    autojump_clock: MockClock,
) -> None:
    venue, pools = Venue(), Pools()
    first = pools.get("http://a.test", venue.make)
    with trio.CancelScope() as scope:
        scope.cancel()
        await pools.close()
    with pytest.raises(RuntimeError):
        await first.get("/x")

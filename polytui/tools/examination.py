"""`polytui doctor`: reaches every endpoint, compares clocks, ages data, and says what is wrong.

Everything is asked at once and nothing waits longer than the settings allow. A finding is ok, a
warning (trading goes on, worse) or a failure (it does not), in words that end with what to do.
"""

from __future__ import annotations

import os
import random
import shutil
import statistics
import sys
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import trio
from attrs import asdict, define, field, frozen

from polytui.config.schema import Settings
from polytui.config.secrets import exposure_of
from polytui.feeds.books import book_feed
from polytui.feeds.feed import Feed
from polytui.feeds.feed_factory import FeedFactory
from polytui.feeds.price_feeds import EXCHANGE_FEEDS, relay_feeds
from polytui.model.errors import Fatal, Rejected, Retry, Unknown
from polytui.model.events import ChainlinkPriced, Event, FeedDown, FeedRefused
from polytui.model.instrument import Asset, Exchange, Interval, Outcome
from polytui.model.plain_text import plain
from polytui.model.snapshot import FeedState
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.net.clock import SessionClock
from polytui.net.http import Http
from polytui.venues.binance_rest import Binance
from polytui.venues.bybit_rest import Bybit
from polytui.venues.coinbase_rest import Coinbase
from polytui.venues.polymarket.clob import Clob
from polytui.venues.polymarket.gamma import Gamma, known_ids
from polytui.venues.polymarket.price_streams import Credentials
from polytui.venues.polymarket.streams import MarketChannel

_LEAST_FREE_MB = 2_000
_LOOK_EVERY_S = 0.05
_MOST_OF_A_PLACE = 40
_AGREEING = 2
"""So many venues that say the same of our clock are right."""
_FOREIGN = (Retry, Rejected, Unknown, Fatal)
_LIBRARIES = ("trio", "trio-websocket", "httpx", "textual", "msgspec", "TA-Lib", "numpy")


class Severity(str, Enum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@frozen
class Finding:
    """What one check found. Times in milliseconds, None where they were not measured."""

    name: str
    verdict: Severity
    words: str = field(converter=plain)
    """Whatever a venue said stands in here."""
    took_ms: float | None = None
    skew_ms: float | None = None
    """This machine's clock less the venue's."""
    age_ms: float | None = None
    """Of the first data, by the venue's stamp."""
    offset_ms: float | None = None
    """Of a stream: the least of received minus stamped; below 0 its clock is ahead of ours."""


@define(eq=False)
class _Listener:
    """Keeps what the feeds of one asset say first."""

    asset: Asset
    clock: SessionClock
    feeds: dict[str, Feed] = field(factory=dict)
    ages_ms: dict[str, float] = field(factory=dict)
    words: dict[str, str] = field(factory=dict)

    def keep_feed(self, feed: Feed) -> None:
        self.feeds[feed.name] = feed

    def deliver(self, event: Event) -> None:
        if isinstance(event, FeedDown | FeedRefused):
            self.words[event.feed] = event.detail

    def deliver_frame(self, events: Sequence[Event], received_perf_ns: int) -> None:
        now_ns = self.clock.now_ns()
        for event in events:
            if getattr(event, "is_history", False):
                continue
            # A relay's history is old on purpose: its newest point is what counts.
            stamp = event.observed_ns if isinstance(event, ChainlinkPriced) else 0
            stamp = stamp or getattr(event, "venue_ns", 0)
            feed = getattr(event, "feed", "") or getattr(event, "venue", "") or "book"
            if stamp:
                age_ms = max(0, now_ns - stamp) / NS_PER_MS
                self.ages_ms[feed] = min(age_ms, self.ages_ms.get(feed, age_ms))


@frozen
class Examination:
    """All checks of one run."""

    settings: Settings
    clock: SessionClock
    credentials: Credentials | None
    folder: Path
    """Where sessions are written."""

    async def examine(self) -> list[Finding]:
        """Every finding, in the order people read them."""
        findings: dict[int, list[Finding]] = {}
        checks = [*self._local(), *self._reads(), self._geoblock, self._streams]

        async def run(place: int, check: Callable[[], Awaitable[list[Finding]]]) -> None:
            findings[place] = await check()

        async with trio.open_nursery() as nursery:
            for place, check in enumerate(checks):
                nursery.start_soon(run, place, check)
        found = [finding for _, part in sorted(findings.items()) for finding in part]
        return [*found, *self._clock(found)]

    # --- this machine ---------------------------------------------------------------------------

    def _local(self) -> list[Callable[[], Awaitable[list[Finding]]]]:
        return [self._python, self._disk, self._keys]

    async def _python(self) -> list[Finding]:
        libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
        return [Finding("python", Severity.OK, f"{sys.version.split()[0]}; {libraries}")]

    async def _keys(self) -> list[Finding]:
        """Whether others on this machine may read them."""
        if exposed := exposure_of(Path.cwd()):
            return [Finding("keys", Severity.WARN, exposed)]
        return []

    async def _disk(self) -> list[Finding]:
        """Whether sessions can be written, and how long the disk will last."""
        there = next(
            path for path in (self.folder, *self.folder.absolute().parents) if path.exists()
        )
        if not os.access(there, os.W_OK):
            words = f"cannot write to {there}; set journal.directory to where you may"
            return [Finding("disk", Severity.FAIL, words)]
        free_mb = shutil.disk_usage(there).free >> 20
        if free_mb < _LEAST_FREE_MB:
            words = f"{free_mb} MB free; a day of four assets writes about 2000: make room"
            return [Finding("disk", Severity.WARN, words)]
        return [Finding("disk", Severity.OK, f"{free_mb / 1024:.0f} GB free for {self.folder}")]

    # --- reads ----------------------------------------------------------------------------------

    def _reads(self) -> list[Callable[[], Awaitable[list[Finding]]]]:
        endpoints = self.settings.endpoints
        return [
            partial(self._read, "gamma", endpoints.gamma, self._ask_gamma),
            partial(self._read, "clob", endpoints.clob, self._ask_clob),
            partial(self._read, "binance rest", endpoints.binance_rest, _binance_time),
            partial(self._read, "bybit rest", endpoints.bybit_rest, _bybit_time),
            partial(self._read, "coinbase rest", endpoints.coinbase_rest, _coinbase_time),
        ]

    async def _read(
        self, name: str, base_url: str, ask: Callable[[Http], Awaitable[int]]
    ) -> list[Finding]:
        """One question; where it answers with its time, our clock less it at the midpoint."""
        http = self._kit().http(base_url)
        try:
            with trio.fail_after(self.settings.doctor.wait_s):
                # The first connects; only the second measures.
                await ask(http)
                began_ns = self.clock.now_ns()
                venue_ns = await ask(http)
                ended_ns = self.clock.now_ns()
        except trio.TooSlowError:
            words = f"{base_url} does not answer in {self.settings.doctor.wait_s:g} s; is it up?"
            return [Finding(name, Severity.FAIL, words)]
        except _FOREIGN as error:
            return [Finding(name, Severity.FAIL, str(error))]
        finally:
            await http.close()
        took_ms = (ended_ns - began_ns) / NS_PER_MS / self.clock.speed
        skew_ms = None
        if venue_ns:
            skew_ms = ((began_ns + ended_ns) / 2 - venue_ns) / NS_PER_MS
        return [Finding(name, Severity.OK, f"answers in {took_ms:.0f} ms", took_ms, skew_ms)]

    def _gamma(self, http: Http) -> Gamma:
        return Gamma(http, known_ids(self.settings.rounds))

    async def _ask_gamma(self, http: Http) -> int:
        asset = self.settings.session.assets[0]
        interval = self.settings.session.intervals[0]
        rounds = await Gamma(http, known_ids(self.settings.rounds)).upcoming(
            asset, interval, self.clock.now_ns(), 2
        )
        if not rounds:
            raise Rejected(f"lists no {interval.value} rounds of {asset.value}; look again later")
        return 0

    async def _ask_clob(self, http: Http) -> int:
        """Whole seconds: its middle is meant, which is half a second from the truth at most."""
        return await Clob(http, self.clock).time_s() * NS_PER_S + NS_PER_S // 2

    async def _geoblock(self) -> list[Finding]:
        """Whether this place may trade. A block is said and respected."""
        http = self._kit().http(self.settings.endpoints.geoblock)
        try:
            with trio.fail_after(self.settings.doctor.wait_s):
                answer = msgspec.json.decode(await http.get("/api/geoblock"), type=_Geoblock)
        except (*_FOREIGN, trio.TooSlowError, msgspec.MsgspecError) as error:
            words = f"cannot be asked ({error or 'no answer'}); paper trading needs no permission"
            return [Finding("geoblock", Severity.WARN, words)]
        finally:
            await http.close()
        place = "/".join(
            plain(part, _MOST_OF_A_PLACE) for part in (answer.country, answer.region) if part
        )
        if answer.blocked:
            words = f"Polymarket does not allow trading from here ({place}); paper trading only"
            return [Finding("geoblock", Severity.WARN, words)]
        return [Finding("geoblock", Severity.OK, f"trading is allowed from here ({place})")]

    # --- streams --------------------------------------------------------------------------------

    async def _streams(self) -> list[Finding]:
        """Connect every stream of the first asset and wait for data on each."""
        asset = self.settings.session.assets[0]
        listener, feed_factory = _Listener(asset, self.clock), self._kit()
        relays = relay_feeds(listener, feed_factory)
        exchanges = [EXCHANGE_FEEDS[one](listener, feed_factory) for one in Exchange]
        channel = MarketChannel(await self._current_tokens(feed_factory))
        feeds = [*relays, *exchanges, book_feed(listener, feed_factory, channel)]
        with trio.move_on_after(self.settings.doctor.wait_s):
            async with trio.open_nursery() as nursery:
                for feed in feeds:
                    nursery.start_soon(feed.socket.run)
                while any(feed.age_ms(self.clock.now_ns()) < 0 for feed in feeds):  # noqa: ASYNC110
                    await trio.sleep(_LOOK_EVERY_S)
                nursery.cancel_scope.cancel()
        findings = [self._stream(listener, feed) for feed in feeds]
        if self.credentials is None:
            words = "no API key in the environment or .env: not tried; rtds serves alone"
            findings.insert(0, Finding("polybolt", Severity.WARN, words))
        return findings

    async def _current_tokens(self, feed_factory: FeedFactory) -> list[str]:
        asset, interval = self.settings.session.assets[0], self.settings.session.intervals[0]
        http = feed_factory.http(self.settings.endpoints.gamma)
        try:
            with trio.move_on_after(self.settings.doctor.wait_s / 2):
                return await _tokens_of(
                    Gamma(http, known_ids(self.settings.rounds)),
                    asset,
                    interval,
                    self.clock.now_ns(),
                )
        except _FOREIGN:
            pass  # gamma has a finding of its own
        finally:
            await http.close()
        return []

    def _stream(self, listener: _Listener, feed: Feed) -> Finding:
        name, limits = f"{feed.name} stream", self.settings.doctor
        offset_ms = feed.offset.offset_ms()
        if feed.misdated and feed.age_ms(self.clock.now_ns()) < 0 and offset_ms is not None:
            words = (
                f"all its stamps are {-offset_ms / 1000:.1f} s or more ahead of this machine's "
                "clock and are rejected: enable NTP here, or leave it"
            )
            return Finding(name, Severity.FAIL, words, offset_ms=offset_ms)
        if feed.age_ms(self.clock.now_ns()) < 0:
            said = listener.words.get(feed.name, "")
            if feed.state is FeedState.UP and not said:
                said = f"connected, but no data in {limits.wait_s:g} s"
            return Finding(name, Severity.FAIL, said or f"not connected in {limits.wait_s:g} s")
        age_ms = listener.ages_ms.get(feed.name)
        if age_ms is not None and age_ms > limits.max_age_ms * self.clock.speed:
            words = f"its data is {age_ms / 1000:.1f} s old: a slow network, or a clock that is off"
            return Finding(name, Severity.WARN, words, age_ms=age_ms, offset_ms=offset_ms)
        words = "data comes" if age_ms is None else f"data comes, {age_ms:.0f} ms old"
        words += "" if offset_ms is None else f", offset {offset_ms / 1000:+.2f} s"
        return Finding(name, Severity.OK, words, age_ms=age_ms, offset_ms=offset_ms)

    # --- clocks ---------------------------------------------------------------------------------

    def _clock(self, findings: list[Finding]) -> list[Finding]:
        """The median of the venues' opinions; one alone may be wrong itself."""
        skews = {one.name: one.skew_ms for one in findings if one.skew_ms is not None}
        if not skews:
            return [Finding("clock", Severity.WARN, "no venue told its time; it was not compared")]
        limit = self.settings.doctor.max_skew_ms * self.clock.speed
        median = statistics.median(skews.values())
        far = [name for name, skew in skews.items() if abs(skew) > limit and skew * median > 0]
        if abs(median) <= limit:
            odd = [name for name, skew in skews.items() if abs(skew) > limit]
            words = f"within {abs(median):.0f} ms of {len(skews)} venues"
            words += f"; {', '.join(odd)} disagrees" if odd else ""
            return [Finding("clock", Severity.OK, words, skew_ms=median)]
        side = "ahead of" if median > 0 else "behind"
        words = f"this machine's clock is {abs(median) / 1000:.1f} s {side} {', '.join(far)}"
        verdict = Severity.FAIL if len(far) >= _AGREEING else Severity.WARN
        return [Finding("clock", verdict, f"{words}: enable NTP", skew_ms=median)]

    def _kit(self) -> FeedFactory:
        return FeedFactory(self.settings, self.clock, self.credentials, random.Random())


class _Geoblock(msgspec.Struct):
    blocked: bool
    country: str = ""
    region: str = ""


async def _tokens_of(gamma: Gamma, asset: Asset, interval: Interval, now_ns: int) -> list[str]:
    rounds = await gamma.upcoming(asset, interval, now_ns, 1)
    return [listed.token_of(outcome) for listed in rounds for outcome in Outcome]


async def _binance_time(http: Http) -> int:
    return await Binance(http).server_time_ns()


async def _bybit_time(http: Http) -> int:
    return await Bybit(http).server_time_ns()


async def _coinbase_time(http: Http) -> int:
    return await Coinbase(http).server_time_ns()


def report_of(findings: list[Finding]) -> dict[str, Any]:
    """For programs: every finding, and the worst verdict."""
    worst = max((one.verdict for one in findings), key=list(Severity).index)
    rows = [{**asdict(one), "verdict": one.verdict.value} for one in findings]
    return {"verdict": worst.value, "findings": rows}

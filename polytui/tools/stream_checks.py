"""Every stream of one asset: connected, and the first data of each looked at."""

from __future__ import annotations

import random
from collections.abc import Sequence

import trio
from attrs import define, field, frozen

from polytui.config.api_key import ApiKey
from polytui.config.schema import Settings
from polytui.feeds.books import book_feed
from polytui.feeds.feed import Feed
from polytui.feeds.feed_factory import FeedFactory
from polytui.feeds.price_feeds import EXCHANGE_FEEDS, relay_feeds
from polytui.model.errors import Fatal, Rejected, Retry, Unknown
from polytui.model.events import ChainlinkPriced, Event, FeedDown, FeedRefused
from polytui.model.instrument import Asset, Exchange, Interval, Outcome
from polytui.model.snapshot import FeedState
from polytui.model.units import NS_PER_MS
from polytui.net.clock import SessionClock
from polytui.tools.findings import Finding, Severity
from polytui.venues.polymarket.gamma import Gamma, known_ids
from polytui.venues.polymarket.streams import MarketChannel

_LOOK_EVERY_S = 0.05
_FOREIGN = (Retry, Rejected, Unknown, Fatal)


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
class StreamChecks:
    """Of the first asset and interval of the settings."""

    settings: Settings
    clock: SessionClock
    credentials: ApiKey | None

    async def check(self) -> list[Finding]:
        """Connect every stream of the first asset and wait for data on each."""
        asset = self.settings.session.assets[0]
        listener, feed_factory = _Listener(asset, self.clock), self._feed_factory()
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

    def _feed_factory(self) -> FeedFactory:
        return FeedFactory(self.settings, self.clock, self.credentials, random.Random())


async def _tokens_of(gamma: Gamma, asset: Asset, interval: Interval, now_ns: int) -> list[str]:
    rounds = await gamma.upcoming(asset, interval, now_ns, 1)
    return [listed.token_of(outcome) for listed in rounds for outcome in Outcome]

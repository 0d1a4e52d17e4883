"""`polytui record`: every feed's raw frames, and what was understood of them. Nothing trades.

raw-<time>.jsonl.gz      {"at":ns,"feed":"binance","asset":"btc","raw":"..."}, and with
                         "opened":true and no frame where a connection begins
events-<time>.jsonl.gz   {"at":ns,"asset":"btc","event":["ExchangeTraded",{...}]}
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import trio
from attrs import define, field, frozen
from loguru import logger

from polytui.config.api_key import ApiKey
from polytui.config.schema import Settings
from polytui.feeds.books import book_feed
from polytui.feeds.feed import Feed
from polytui.feeds.feed_factory import FeedFactory
from polytui.feeds.price_feeds import EXCHANGE_FEEDS, relay_feeds
from polytui.feeds.watchdog import watch_ages
from polytui.journal.codec import encode_event
from polytui.journal.raw_files import RawFiles
from polytui.model.errors import Fatal, Rejected, Retry, Unknown
from polytui.model.events import Event, FeedDown, FeedGapped, FrameRejected, RoundFound
from polytui.model.instrument import Asset, Interval, Outcome, Round
from polytui.model.units import NS_PER_S
from polytui.net.clock import SessionClock
from polytui.net.dial import Trust
from polytui.venues.polymarket.gamma import Gamma, known_ids
from polytui.venues.polymarket.streams import MarketChannel

_encode = msgspec.json.Encoder().encode
_MOST_WAITING = 500_000
"""Lines that a disk which cannot follow may leave waiting; more are lost, and counted."""
_ROUNDS_AHEAD = 2
_LIST_EVERY_S = 30.0
_SETTLED_NS = 180 * NS_PER_S
"""The longest of 8,022 rounds was settled 162 s after its close."""
_NOT_NOW = (Retry, Rejected, Unknown)


@define
class RecordingWriter:
    """State: lines that wait for the disk, and what was lost when it could not follow."""

    clock: SessionClock
    raw: list[bytes] = field(factory=list)
    events: list[bytes] = field(factory=list)
    frames: Counter[str] = field(factory=Counter)
    counts: Counter[str] = field(factory=Counter)
    lost: int = 0

    def take_opening(self, asset: Asset, feed: str) -> None:
        at_ns = self.clock.now_ns()
        line = {"at": at_ns, "feed": feed, "asset": asset.value, "opened": True, "raw": ""}
        self._keep(self.raw, _encode(line) + b"\n")

    def take_frame(self, asset: Asset, feed: str, frame: str | bytes, at_ns: int) -> None:
        self.frames[f"{asset.value}.{feed}"] += 1
        text = frame if isinstance(frame, str) else frame.decode(errors="replace")
        line = {"at": at_ns, "feed": feed, "asset": asset.value, "raw": text}
        self._keep(self.raw, _encode(line) + b"\n")

    def take_event(self, asset: Asset, event: Event) -> None:
        self.counts[type(event).__name__] += 1
        line = b'{"at":%d,"asset":"%s","event":%s}\n' % (
            self.clock.now_ns(),
            asset.value.encode(),
            encode_event(event),
        )
        self._keep(self.events, line)

    def _keep(self, lines: list[bytes], line: bytes) -> None:
        if len(lines) >= _MOST_WAITING:
            self.lost += 1
        else:
            lines.append(line)


@define(eq=False)
class Recorded:
    """One asset's feeds, for a factory that would otherwise serve a desk."""

    asset: Asset
    tape: RecordingWriter
    feeds: dict[str, Feed] = field(factory=dict)
    rounds: dict[str, Round] = field(factory=dict)
    """By name: those that are listened to."""

    def find(self, listed: Round) -> None:
        """A recording says itself which tokens are whose."""
        if listed.slug not in self.rounds:
            self.rounds[listed.slug] = listed
            self.deliver(RoundFound(listed))

    def forget_before(self, at_ns: int) -> None:
        self.rounds = {slug: one for slug, one in self.rounds.items() if one.closes_ns >= at_ns}

    def keep_feed(self, feed: Feed) -> None:
        self.feeds[feed.name] = feed

    def deliver(self, event: Event) -> None:
        self.tape.take_event(self.asset, event)
        if isinstance(event, FeedDown | FeedGapped | FrameRejected):
            logger.warning("{} {}", self.asset.value, event)

    def deliver_frame(self, events: Sequence[Event], received_perf_ns: int) -> None:
        for event in events:
            self.tape.take_event(self.asset, event)


@frozen
class RecordPlan:
    """What a command line asks of the recorder. `for_s` of 0 goes on until cancelled."""

    settings: Settings
    folder: Path
    clock: SessionClock
    credentials: ApiKey | None
    for_s: float = 0.0


async def run_recorder(plan: RecordPlan, stop: trio.Event) -> dict[str, Any]:
    """Record until the time is over or `stop` is set; what was recorded.

    Fatal when the disk refuses: a recorder that cannot write has nothing to do.
    """
    tape, settings = RecordingWriter(plan.clock), plan.settings
    rotate = (settings.record.rotate_mb << 20, settings.record.rotate_s)
    files = (RawFiles(plan.folder, "raw", *rotate), RawFiles(plan.folder, "events", *rotate))
    homes = [Recorded(asset, tape) for asset in settings.session.assets]
    feed_factory = FeedFactory(
        settings, plan.clock, plan.credentials, random.Random(), tape, trust=Trust(logger.error)
    )
    try:
        with trio.move_on_after(plan.for_s or float("inf")):
            async with trio.open_nursery() as nursery:
                gamma_http = feed_factory.http(settings.endpoints.gamma)
                gamma = Gamma(gamma_http, known_ids(settings.rounds))
                nursery.start_soon(_flush_often, tape, files, settings.record.flush_s)
                nursery.start_soon(_cancel_on, stop, nursery.cancel_scope)
                for home in homes:
                    nursery.start_soon(_record_asset, home, feed_factory, gamma)
    finally:
        await feed_factory.pools.close()
        await _flush(tape, files)
    return _summary(plan, tape, files, homes)


async def _cancel_on(stop: trio.Event, scope: trio.CancelScope) -> None:
    await stop.wait()
    scope.cancel()


async def _record_asset(home: Recorded, feed_factory: FeedFactory, gamma: Gamma) -> None:
    channel = MarketChannel()
    book = book_feed(home, feed_factory, channel)
    exchanges = [
        EXCHANGE_FEEDS[one](home, feed_factory) for one in feed_factory.settings.session.exchanges
    ]
    feeds = [*relay_feeds(home, feed_factory), *exchanges]
    async with trio.open_nursery() as nursery:
        for feed in [book, *feeds]:
            nursery.start_soon(feed.socket.run)
        nursery.start_soon(watch_ages, feeds)
        nursery.start_soon(_follow_rounds, home, feed_factory, gamma, channel, book)


async def _follow_rounds(
    home: Recorded, feed_factory: FeedFactory, gamma: Gamma, channel: MarketChannel, book: Feed
) -> None:
    """Subscribe the books of this round and the next, of every interval, and leave the old once
    their winner should have been named."""
    while True:
        for interval in feed_factory.settings.session.intervals:
            await _find_rounds(home, interval, feed_factory, gamma)
        home.forget_before(feed_factory.clock.now_ns() - _SETTLED_NS)
        wanted = dict.fromkeys(
            one.token_of(outcome) for one in home.rounds.values() for outcome in Outcome
        )
        old = [token for token in channel.tokens if wanted and token not in wanted]
        for text in (channel.subscribe(wanted), channel.unsubscribe(old)):
            if text is not None:
                try:
                    await book.socket.send(text)
                except Retry:
                    logger.info("{} the next greeting subscribes", home.asset.value)
        now_ns = feed_factory.clock.now_ns()
        await feed_factory.clock.sleep_until(now_ns + int(_LIST_EVERY_S * NS_PER_S))


async def _find_rounds(
    home: Recorded, interval: Interval, feed_factory: FeedFactory, gamma: Gamma
) -> None:
    try:
        now_ns = feed_factory.clock.now_ns()
        for listed in await gamma.upcoming(home.asset, interval, now_ns, _ROUNDS_AHEAD):
            home.find(listed)
    except _NOT_NOW as error:
        logger.warning("{} no list of rounds: {}", home.asset.value, error)


# --- to the disk --------------------------------------------------------------------------------


async def _flush_often(
    tape: RecordingWriter, files: tuple[RawFiles, RawFiles], every_s: float
) -> None:
    while True:
        await trio.sleep(every_s)
        await _flush(tape, files)


async def _flush(tape: RecordingWriter, files: tuple[RawFiles, RawFiles]) -> None:
    """In a thread: compressing a second of a busy market takes longer than a frame may wait.

    Shielded: lines that have left the tape would be lost by a cancellation between the writes.
    """
    raw, tape.raw = tape.raw, []
    events, tape.events = tape.events, []
    now_ns = tape.clock.now_ns()
    try:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(files[0].write, raw, now_ns)
            await trio.to_thread.run_sync(files[1].write, events, now_ns)
    except OSError as error:
        raise Fatal(f"cannot record: {error}; free the disk or choose --folder") from error


def _summary(
    plan: RecordPlan, tape: RecordingWriter, files: tuple[RawFiles, RawFiles], homes: list[Recorded]
) -> dict[str, Any]:
    now_ns = plan.clock.now_ns()
    feeds = {
        f"{home.asset.value}.{feed.name}": feed.view(now_ns)
        for home in homes
        for feed in home.feeds.values()
    }
    return {
        "folder": str(plan.folder),
        "files": [path.name for one in files for path in one.files],
        "frames": dict(sorted(tape.frames.items())),
        "events": dict(sorted(tape.counts.items())),
        "rejected": sum(view.rejected for view in feeds.values()),
        "missed": sum(view.missed for view in feeds.values()),
        "reconnects": sum(view.reconnects for view in feeds.values()),
        "lost_to_a_slow_disk": tape.lost,
    }

"""What one asset owns beyond the lives of its nursery: inbox, execution client, rounds, feeds."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import trio
from attrs import define, evolve, field

from polytui.config.schema import ClockSettings
from polytui.desk.mind import Taken
from polytui.execution.client import TOLD_ONCE, AccountNews, ExecutionClient, Word
from polytui.feeds.feed import Feed
from polytui.feeds.home import FollowedRound
from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.events import (
    BOOK_FEED,
    Commanded,
    Event,
    ExchangeTraded,
    FeedDown,
    FrameRejected,
    RoundSettled,
    TicketSent,
    TicketWithdrawn,
)
from polytui.model.instrument import Asset
from polytui.model.plain_text import plain
from polytui.model.snapshot import AssetState, FeedState
from polytui.model.units import NS_PER_MS
from polytui.net.clock import SessionClock
from polytui.runtime.frame_times import FrameTimes
from polytui.runtime.inbox import Inbox, Item
from polytui.runtime.order_times import OrderTimes
from polytui.venues.stamps import Judge

_MOST_OF_A_NAME = 16
Said = Commanded | TicketSent | TicketWithdrawn
"""By a person, to one desk."""


@define
class FeedTotals:
    """One feed's counts over every life of its asset."""

    messages: int = 0
    reconnects: int = 0
    stale: int = 0
    rejected: int = 0
    ignored: int = 0
    misdated: int = 0

    def add(self, feed: Feed) -> None:
        self.messages += feed.messages
        self.reconnects += max(0, feed.connects - 1)
        self.stale += feed.stales
        self.rejected += feed.rejected
        self.ignored += feed.ignored
        self.misdated += feed.misdated


def _set_event() -> trio.Event:
    event = trio.Event()
    event.set()
    return event


@define(eq=False)
class AssetRun:
    """State: one asset's run through the session. A new life of its nursery begins from here."""

    asset: Asset
    clock: SessionClock
    client: ExecutionClient
    inbox: Inbox
    followed: dict[str, FollowedRound] = field(factory=dict)
    feeds: dict[str, Feed] = field(factory=dict)
    past: dict[str, FeedTotals] = field(factory=dict)
    """What feeds of earlier lives counted."""
    life: int = 0
    state: AssetState | None = None
    """Set while the tree knows better than the desk: restarting, halted, stopped."""
    detail: str = ""
    worst_ns: int = 0
    """The longest from a frame to its decision since the last tick; real time."""
    frames: FrameTimes = field(factory=FrameTimes)
    orders: OrderTimes = field(factory=OrderTimes)
    complaints: set[str] = field(factory=set)
    """What the round watchers have said is wrong with the venue, and still is."""
    judge: Judge = field(default=Judge(ClockSettings().max_ahead_ms * NS_PER_MS))
    is_clock_doubted: bool = False
    _pump: Callable[[], None] = field(default=lambda: None, init=False)
    """Takes what is in the inbox at once; each life begins with its own."""
    stall_s: float = 0.0
    """For so long the next frame is held before it is decided, once."""
    deaf: trio.Event = field(factory=_set_event)
    """Set while nobody takes from the inbox: before a life, after it, and while it ends."""
    has_desk: trio.Event = field(factory=trio.Event)
    """Set from the first life on: a command may be taken even while nobody lives."""

    def begin_life(self, pump: Callable[[], None]) -> None:
        """From here on frames are decided by this life's desk, where they are read."""
        self._pump = pump

    def keep_feed(self, feed: Feed) -> None:
        """A feed of this life takes the place of the last life's, whose counts are kept."""
        if (before := self.feeds.get(feed.name)) is not None:
            self.past.setdefault(feed.name, FeedTotals()).add(before)
        self.feeds[feed.name] = feed

    def feed_totals(self) -> dict[str, FeedTotals]:
        totals = {}
        for name, feed in self.feeds.items():
            totals[name] = evolve(self.past.get(name, FeedTotals()))
            totals[name].add(feed)
        return totals

    def deliver(self, event: Event) -> None:
        """To the client, which follows the market; then to the desk, with what it reports. An
        answer of a venue whose stamps cannot be is told as rejected instead."""
        self._put(self._believed(event), 0)
        self.inbox.wake()

    def deliver_given(self, trades: Sequence[ExchangeTraded]) -> None:
        """Trades that an exchange gave again when it was asked."""
        self.deliver_frame([self._believed(trade) for trade in trades], 0)

    def _believed(self, event: Event) -> Event:
        """Frames of streams were judged by their feed; this is the door of everything else."""
        now_ns = self.clock.now_ns()
        fault = self.judge.fault(event, now_ns)
        if fault is None:
            return event
        feed = str(getattr(event, "venue", BOOK_FEED))
        if (known := self.feeds.get(feed)) is not None:
            known.misdated += 1
        return FrameRejected(feed, f"{type(event).__name__} {fault.words}", 0, "", now_ns)

    def deliver_frame(self, events: Sequence[Event], received_perf_ns: int) -> None:
        """The events of one frame, decided here and now: no task between."""
        for event in events:
            self._put(event, received_perf_ns)
        if self.stall_s:
            self._stall()
        self._pump()

    def _stall(self) -> None:
        """A fault on purpose: nothing goes on in the meantime."""
        stalled_s, self.stall_s = self.stall_s, 0.0
        time.sleep(stalled_s)

    def _put(self, event: Event, received_perf_ns: int) -> None:
        reports, put = self.client.observe(event), self.inbox.put
        put(Item(event, received_perf_ns), wakes=False)
        for report in reports:
            put(Item(report), wakes=False)

    def deliver_report(self, report: Word | AccountNews) -> None:
        """Money of the account is told once, to one desk: it finds room however full it is."""
        if isinstance(report, TOLD_ONCE):
            self.inbox.insist(Item(report))
        else:
            self.inbox.put(Item(report))

    def mark_settled(self, event: RoundSettled) -> None:
        """The desk has taken it: nobody needs to ask for this winner any more."""
        for followed in self.followed.values():
            if event.settles(followed.round):
                followed.settled.set()

    def lose_feeds(self) -> None:
        """A life ended, and its sockets with it: no book is true until its feed is up again."""
        now_ns = self.clock.now_ns()
        for feed in self.feeds.values():
            feed.state = FeedState.DOWN
            down = FeedDown(feed.name, "its asset crashed", now_ns)
            self.client.observe(down)
            self.inbox.insist(Item(down))

    async def take_orders_back(self, within_s: float) -> str:
        """Cancel everything for a desk that is no more, whatever is being cancelled around here;
        what came of it, for people."""
        now = trio.current_time()
        with trio.CancelScope(shield=True, deadline=now + within_s):
            try:
                return f"{await self.client.cancel_all()} orders cancelled"
            except (Retry, Rejected, Unknown) as error:
                return f"orders may still work: {error}"
        return f"orders may still work: no answer within {within_s:g} s"

    # --- what people say --------------------------------------------------------------------------

    def listen(self) -> None:
        """A life takes from the inbox from here on."""
        self.deaf = trio.Event()

    def go_deaf(self) -> None:
        """It takes nothing any more, though it may still be ending."""
        self.deaf.set()

    async def command(self, command: Said) -> Taken | None:
        """Give a person's command to the life of this moment: its number and what came of it, None
        where nobody lives, or died of it."""
        deaf, told = self.deaf, list[Taken]()

        def note(taken: Taken) -> None:
            told.append(taken)
            waiting.cancel()

        item = Item(command, 0, note)
        with trio.CancelScope() as waiting:
            if not deaf.is_set():
                self.inbox.insist(item)
                await deaf.wait()
        self.inbox.withdraw(item)
        return told[0] if told else None


def run_named(runs: Sequence[AssetRun], asset: str) -> AssetRun:
    """The one that a person means. Rejected where it is none of this session's."""
    for run in runs:
        if run.asset.value == asset:
            return run
    raise Rejected(f"no asset {plain(asset, _MOST_OF_A_NAME)!r} in this session")

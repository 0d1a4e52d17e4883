"""The book watcher: the market channel for the tokens of this round and the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

import trio
from attrs import define, field, frozen

from polytui.feeds.attendant import UNATTENDED, Attendant
from polytui.feeds.feed import Feed
from polytui.feeds.feed_factory import FeedFactory, polymarket_ping
from polytui.feeds.home import AssetHome, Home
from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.events import BOOK_FEED, Event
from polytui.model.instrument import Outcome, Round
from polytui.venues.polymarket.clob import Clob
from polytui.venues.polymarket.streams import MarketChannel


@define(eq=False)
class BookReads:
    """State: the tokens whose books are to be read by REST next."""

    clob: Clob
    channel: MarketChannel
    deliver: Callable[[Event], None]
    _wanted: dict[str, None] = field(factory=dict, init=False)
    _is_wanted: trio.Event = field(factory=trio.Event, init=False)

    def want(self, tokens: Sequence[str]) -> None:
        """Those that are already asked for are enough."""
        self._wanted.update(dict.fromkeys(tokens))
        self._is_wanted.set()

    async def read(self) -> None:
        """Ask until cancelled: one question at a time, for all that was wanted meanwhile and still
        is."""
        while True:
            await self._is_wanted.wait()
            self._is_wanted = trio.Event()
            followed = set(self.channel.tokens)
            tokens = [token for token in self._wanted if token in followed]
            self._wanted.clear()
            # The stream's own snapshots come as well; a venue that does not answer now will
            # be asked again by whoever misses its book.
            with suppress(Retry, Rejected, Unknown):
                for book in await self.clob.books(tokens):
                    self.deliver(book)


@frozen
class ReadAgain(Attendant):
    """After every reconnect nobody knows what was missed: all books are read."""

    reads: BookReads

    def came_up(self, *, is_again: bool) -> None:
        if is_again:
            self.reads.want(self.reads.channel.tokens)


def book_feed(
    run: Home, feed_factory: FeedFactory, channel: MarketChannel, attendant: Attendant = UNATTENDED
) -> Feed:
    """The market channel; what it subscribes is the codec's to know."""
    return feed_factory.feed(
        run,
        BOOK_FEED,
        feed_factory.settings.endpoints.market_ws,
        channel,
        silence_s=feed_factory.settings.sockets.book_silence_s,
        keepalive=polymarket_ping(feed_factory.settings.sockets),
        attendant=attendant,
    )


class BookWatcher:
    """State: the channel's subscriptions."""

    def __init__(self, run: AssetHome, feed_factory: FeedFactory, clob: Clob) -> None:
        self._channel = MarketChannel()
        self._reads = BookReads(clob, self._channel, run.deliver)
        self._feed = book_feed(run, feed_factory, self._channel, ReadAgain(self._reads))

    async def watch(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Keep the channel up, and books true, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._reads.read)
            await self._feed.socket.run(task_status=task_status)

    async def follow(self, listed: Round) -> None:
        await self._send(self._channel.subscribe(_tokens(listed)))

    async def unfollow(self, listed: Round) -> None:
        await self._send(self._channel.unsubscribe(_tokens(listed)))

    def resync(self, listed: Round) -> None:
        """Read a round's books by REST; one that is already asked for is enough."""
        self._reads.want(_tokens(listed))

    async def _send(self, text: str | None) -> None:
        if text is not None:
            # Not connected: the greeting of the next connection says it all.
            with suppress(Retry):
                await self._feed.socket.send(text)


def _tokens(listed: Round) -> tuple[str, ...]:
    return tuple(listed.token_of(outcome) for outcome in Outcome)

"""The book watcher: the market channel for the tokens of this round and the next."""

from __future__ import annotations

from contextlib import suppress

import trio

from polytui.feeds.feed import Feed
from polytui.feeds.feed_factory import FeedFactory, polymarket_ping
from polytui.feeds.home import AssetHome
from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.events import BOOK_FEED
from polytui.model.instrument import Outcome, Round
from polytui.venues.polymarket.clob import Clob
from polytui.venues.polymarket.streams import MarketChannel


class BookWatcher:
    """State: the channel's subscriptions, and the tokens that are to be read by REST next."""

    def __init__(self, run: AssetHome, feed_factory: FeedFactory, clob: Clob) -> None:
        self._run = run
        self._clob = clob
        self._channel = MarketChannel()
        self._feed: Feed = feed_factory.feed(
            run,
            BOOK_FEED,
            feed_factory.settings.endpoints.market_ws,
            self._channel,
            silence_s=feed_factory.settings.sockets.book_silence_s,
            keepalive=polymarket_ping(feed_factory.settings.sockets),
        )
        self._feed.came_up = self._came_up
        self._wanted: dict[str, None] = {}
        self._is_wanted = trio.Event()

    async def watch(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Keep the channel up, and books true, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._reconcile)
            await self._feed.socket.run(task_status=task_status)

    async def follow(self, listed: Round) -> None:
        await self._send(self._channel.subscribe(_tokens(listed)))

    async def unfollow(self, listed: Round) -> None:
        await self._send(self._channel.unsubscribe(_tokens(listed)))

    def resync(self, listed: Round) -> None:
        """Read a round's books by REST; one that is already asked for is enough."""
        self._request(_tokens(listed))

    async def _send(self, text: str | None) -> None:
        if text is not None:
            # Not connected: the greeting of the next connection says it all.
            with suppress(Retry):
                await self._feed.socket.send(text)

    def _came_up(self) -> None:
        if self._feed.connects > 1:
            self._request(self._channel.tokens)

    def _request(self, tokens: tuple[str, ...]) -> None:
        self._wanted.update(dict.fromkeys(tokens))
        self._is_wanted.set()

    async def _reconcile(self) -> None:
        """One question at a time, for all that was wanted meanwhile and still is."""
        while True:
            await self._is_wanted.wait()
            self._is_wanted = trio.Event()
            followed = set(self._channel.tokens)
            tokens = [token for token in self._wanted if token in followed]
            self._wanted.clear()
            # The stream's own snapshots come as well; a venue that does not answer now will
            # be asked again by whoever misses its book.
            with suppress(Retry, Rejected, Unknown):
                for book in await self._clob.books(tokens):
                    self._run.deliver(book)


def _tokens(listed: Round) -> tuple[str, ...]:
    return tuple(listed.token_of(outcome) for outcome in Outcome)

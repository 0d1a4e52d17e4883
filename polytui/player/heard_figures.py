"""What a journal says of an engine's sockets and lives: its lines of figures, and what the events
behind the last of them change.

A feed's state, its age, its reconnects and what it missed or had rejected follow from events. How
many messages it got, and how far its clock is off, are those of the last line.
"""

from __future__ import annotations

from attrs import define, evolve, field

from polytui.desk.mind import Mind
from polytui.model import events as ev
from polytui.model.engine_figures import AssetFigures, EngineFigures
from polytui.model.instrument import Asset
from polytui.model.snapshot import FeedState, FeedView
from polytui.model.units import NS_PER_MS, age_ms

_STATES = {
    ev.FeedUp: FeedState.UP,
    ev.FeedStale: FeedState.STALE,
    ev.FeedDown: FeedState.DOWN,
}
_OF_BOOKS = (ev.BookChanged, ev.BookSnapshotted, ev.TradePrinted, ev.TickSizeChanged)
_OF_EXCHANGES = (ev.ExchangeQuoted, ev.ExchangeTraded)
_NO_WORD = FeedView("", FeedState.CONNECTING, -1, 0, 0, 0, 0)


@define
class _HeardFeed:
    """State: the last line's word, and what happened since."""

    view: FeedView
    data_ns: int = 0
    """When data came last."""
    missed: int = 0
    """Of trades, as the events count them."""


@define
class HeardFigures:
    """State: the last line, and the feeds of each asset."""

    figures: EngineFigures = EngineFigures()
    _feeds: dict[str, dict[str, _HeardFeed]] = field(factory=dict)

    def line(self, figures: EngineFigures) -> None:
        """A line of the journal: from here on it is as this says."""
        self.figures, before = figures, self._feeds
        self._feeds = {
            one.asset: {
                feed.name: _from_line(feed, figures.at_ns, before.get(one.asset, {}))
                for feed in one.feeds
            }
            for one in figures.assets
        }

    def copy(self) -> HeardFigures:
        """One that goes on by itself."""
        feeds = {
            asset: {name: evolve(feed) for name, feed in known.items()}
            for asset, known in self._feeds.items()
        }
        return HeardFigures(self.figures, feeds)

    def begin(self, mind: Mind) -> None:
        """A mind that was restored knows which feeds there are, and their states."""
        for asset, desk in mind.desks.items():
            for name, state in desk.feeds.items():
                feed = self._feed(asset.value, name)
                feed.view = evolve(feed.view, state=state)

    def hear(self, asset: Asset, event: ev.Event) -> None:
        """What an event says of a feed; most say that it had data."""
        if isinstance(event, _OF_BOOKS):
            name = ev.BOOK_FEED
        elif isinstance(event, _OF_EXCHANGES):
            name = event.venue
        elif isinstance(event, ev.ChainlinkPriced):
            name = event.feed
        else:
            self._hear_rare(asset, event)
            return
        feed = self._feed(asset.value, name)
        feed.data_ns = max(feed.data_ns, event.received_ns)

    def _hear_rare(self, asset: Asset, event: ev.Event) -> None:
        match event:
            case ev.FeedUp() | ev.FeedStale() | ev.FeedDown():
                if event.feed not in ev.ACCOUNT_FEEDS:
                    self._turn(self._feed(asset.value, event.feed), _STATES[type(event)])
            case ev.FrameRejected(feed=name):
                feed = self._feed(asset.value, name)
                feed.view = evolve(feed.view, rejected=feed.view.rejected + 1)
            case ev.FeedGapped(feed=name, missed=missed):
                feed = self._feed(asset.value, name)
                feed.view = evolve(feed.view, missed=feed.view.missed + missed)
            case ev.FeedMended(feed=name, recovered=recovered):
                feed = self._feed(asset.value, name)
                feed.view = evolve(feed.view, missed=max(0, feed.view.missed - recovered))

    @staticmethod
    def _turn(feed: _HeardFeed, state: FeedState) -> None:
        is_again = state is FeedState.UP and feed.view.state is FeedState.DOWN
        again = feed.view.reconnects + is_again
        feed.view = evolve(feed.view, state=state, reconnects=again)

    def _feed(self, asset: str, name: str) -> _HeardFeed:
        feeds = self._feeds.setdefault(asset, {})
        feed = feeds.get(name)
        if feed is None:
            feed = feeds[name] = _HeardFeed(evolve(_NO_WORD, name=name))
        return feed

    def of(self, asset: Asset, now_ns: int) -> AssetFigures:
        """As they are at this moment."""
        known = self.figures.of(asset.value)
        feeds = self._feeds.get(asset.value, {}).values()
        views = tuple([evolve(one.view, age_ms=age_ms(now_ns, one.data_ns)) for one in feeds])
        return evolve(known, feeds=views)


def _from_line(view: FeedView, at_ns: int, before: dict[str, _HeardFeed]) -> _HeardFeed:
    """The line has its age in milliseconds; the event that it speaks of has it in nanoseconds."""
    data_ns = 0 if view.age_ms < 0 else at_ns - view.age_ms * NS_PER_MS
    heard = before.get(view.name)
    if heard is not None and age_ms(at_ns, heard.data_ns) == view.age_ms:
        data_ns = heard.data_ns
    return _HeardFeed(view, data_ns)

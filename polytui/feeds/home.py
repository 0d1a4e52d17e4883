"""Where the feeds of one asset deliver, and what outlives the tasks that watch for it.

Watchers know this shape only: a desk's asset has it (`runtime/asset.py`), and so has whoever
listens without a desk.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import trio
from attrs import define, field

from polytui.feeds.feed import Feed
from polytui.model.events import Event, ExchangeTraded
from polytui.model.instrument import Asset, Round
from polytui.net.clock import SessionClock


@define(eq=False)
class FollowedRound:
    """A round from its listing to its settlement, whatever crashes in between."""

    round: Round
    settled: trio.Event = field(factory=trio.Event)


class Home(Protocol):
    """Enough for a feed."""

    asset: Asset

    def keep_feed(self, feed: Feed) -> None: ...

    def deliver(self, event: Event) -> None: ...

    def deliver_frame(self, events: Sequence[Event], received_perf_ns: int) -> None: ...


class AssetHome(Home, Protocol):
    """Enough for every watcher of an asset."""

    clock: SessionClock
    followed: dict[str, FollowedRound]
    complaints: set[str]
    """What the round watchers have said is wrong with the venue, and still is."""

    def deliver_given(self, trades: Sequence[ExchangeTraded]) -> None:
        """Trades that an exchange gave again when it was asked."""

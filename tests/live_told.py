"""What a mind was told, for tests that wait for it."""

from __future__ import annotations

from collections import Counter

import attrs

from polytui.model.events import (
    HEARTBEAT_FEED,
    USER_FEED,
    VENUE_FEED,
    FeedDown,
)

ACCOUNT_FEEDS = (USER_FEED, HEARTBEAT_FEED, VENUE_FEED)


@attrs.define
class Told:
    """What a mind was told, as it took it."""

    counts: Counter[str] = attrs.field(factory=Counter)
    """By kind of event."""
    downs: list[FeedDown] = attrs.field(factory=list)
    """Of the account."""

    def note(self, event: object) -> None:
        self.counts[type(event).__name__] += 1
        if isinstance(event, FeedDown) and event.feed in ACCOUNT_FEEDS:
            self.downs.append(event)

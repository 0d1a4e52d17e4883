"""The health of feeds, in order with their data."""

from __future__ import annotations

from attrs import frozen

BOOK_FEED = "book"
"""The feed that carries the books; without it nothing may be decided."""
USER_FEED = "user"
"""What the venue says of our own orders and trades,"""
HEARTBEAT_FEED = "heartbeat"
"""the sign of life without which it cancels all of them,"""
VENUE_FEED = "venue"
"""and whether it takes any. These three are the account's, told to every desk; a session whose
orders go to no venue never speaks of them."""
ACCOUNT_FEEDS = (USER_FEED, HEARTBEAT_FEED, VENUE_FEED)


@frozen
class FeedUp:
    feed: str
    at_ns: int


@frozen
class FeedStale:
    """Connected, but no data for longer than its limit. FeedUp follows when data comes again."""

    feed: str
    age_ms: int
    at_ns: int
    stream: str = ""
    """The one stream of the feed that is silent; empty for all of it."""


@frozen
class FeedDown:
    feed: str
    detail: str
    at_ns: int
    may_rest: bool = False
    """Of the venue: it takes orders that only rest, and no others (its post-only mode)."""


@frozen
class FeedGapped:
    """Something of the feed never came: `missed` trades or messages, by their numbers."""

    feed: str
    missed: int
    detail: str
    at_ns: int


@frozen
class FeedMended:
    """What was missed was given again by the venue: `recovered` trades of the last gap."""

    feed: str
    recovered: int
    is_whole: bool
    """Whether nothing of the gap is left."""
    at_ns: int
    from_ns: int = 0
    until_ns: int = 0
    """[from, until) of the venue's time in which every trade is known now; whole seconds."""


@frozen
class FeedRefused:
    """The venue understood us and said no (a subscription, a key); its own words."""

    feed: str
    detail: str
    at_ns: int


@frozen
class FrameRejected:
    """A frame that could not be believed: counted, kept in part, never acted on."""

    feed: str
    reason: str
    length: int
    sample: str
    """At most 200 characters, escaped."""
    received_ns: int

"""Who sees to a feed: acts on what becomes of it, beside the events that it delivers.

An attendant is there before its feed, and has what it needs to act. Feeds tell it; it never asks
or changes a feed.
"""

from __future__ import annotations

from polytui.model.snapshot import FeedState
from polytui.venues.feed import Gap


class Attendant:
    """One that lets everything pass, for a feed that needs no care; others do what they must."""

    def came_up(self, *, is_again: bool) -> None:
        """The greeting of a connection was sent; `is_again` of all but the first."""

    def changed(self, feed: str, state: FeedState) -> None:
        """The feed of this name may be in another state than before."""

    def missed(self, gap: Gap) -> None:
        """Trades are missing that have ids to ask for."""

    def lost(self) -> None:
        """Messages are missing: trades may have been among them."""


UNATTENDED = Attendant()

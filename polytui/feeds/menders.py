"""What is done about trades that an exchange's feed missed: they are asked for again.

Where the candles of an exchange are used, a reconnect loads those anew that cover the loss.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from polytui.feeds.attendant import Attendant
from polytui.feeds.backfill import Backfill, Refill
from polytui.feeds.candle_history import History
from polytui.venues.feed import Gap


@frozen
class MendById(Attendant):
    """Trades are numbered without a gap: what is missing can be named."""

    backfill: Backfill
    refill: Refill
    history: History | None

    def came_up(self, *, is_again: bool) -> None:
        if is_again and self.history is not None:
            self.history.want()

    def missed(self, gap: Gap) -> None:
        self.backfill.want(self.refill, gap)


@frozen
class MendByLatest(Attendant):
    """Ids do not show a gap: after every reconnect, and wherever the book's numbers show that
    messages were lost, the latest trades are asked for."""

    backfill: Backfill
    refill: Refill
    history: History | None
    newest: Callable[[], Gap | None]
    """From the last trade that is known on; None before the first."""

    def came_up(self, *, is_again: bool) -> None:
        if is_again:
            self.lost()
            if self.history is not None:
                self.history.want()

    def lost(self) -> None:
        if (gap := self.newest()) is not None:
            self.backfill.want(self.refill, gap)

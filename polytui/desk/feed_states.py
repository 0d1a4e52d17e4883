"""Which feeds of an asset are up, and what prices and books make of it where one is not; those of
the account are in its own share of the account."""

from __future__ import annotations

from typing import get_args

from polytui.config.schema import Settings
from polytui.desk.book_reads import read_all
from polytui.desk.breaker_looks import BreakerLooks
from polytui.desk.halts import Halts
from polytui.desk.prices import DeskPrices
from polytui.desk.rounds import DeskRounds
from polytui.desk.step import Step
from polytui.model import events as ev
from polytui.model.effects import Reason
from polytui.model.snapshot import FeedState

FeedEvent = (
    ev.FeedUp | ev.FeedStale | ev.FeedDown | ev.FeedGapped | ev.FeedMended | ev.FrameRejected
)
FEED_EVENTS = get_args(FeedEvent)


class FeedStates:
    """State: by name, the state of each feed that was heard of."""

    def __init__(
        self, prices: DeskPrices, rounds: DeskRounds, looks: BreakerLooks, halts: Halts
    ) -> None:
        self.by_name: dict[str, FeedState] = {}
        self._prices = prices
        self._rounds = rounds
        self._looks = looks
        self._halts = halts

    @property
    def is_book_up(self) -> bool:
        return self.by_name.get(ev.BOOK_FEED) is FeedState.UP

    def told(self, step: Step, event: FeedEvent, settings: Settings) -> bool:
        """Whether it is a reason to decide."""
        match event:
            case ev.FeedUp() | ev.FeedStale() | ev.FeedDown() if event.feed in ev.ACCOUNT_FEEDS:
                self._account_told(step, event, settings)
            case ev.FeedUp():
                self._up(step, event, settings)
            case ev.FeedStale():
                self._stale(event)
            case ev.FeedDown():
                self._down(event)
            case ev.FeedGapped():
                self._prices.feed_gapped(event)
            case ev.FeedMended():
                self._prices.feed_mended(event)
            case ev.FrameRejected():
                return self._rejected(step, event)
        return True

    def _up(self, step: Step, event: ev.FeedUp, settings: Settings) -> None:
        if self.by_name.get(event.feed) is FeedState.DOWN:
            self._looks.reconnected(step, settings)
        self.by_name[event.feed] = FeedState.UP
        self._prices.feed_up(event.feed, event.at_ns)

    def _stale(self, event: ev.FeedStale) -> None:
        self.by_name[event.feed] = FeedState.STALE
        self._prices.feed_stale(event.feed, event.stream, event.at_ns)

    def _down(self, event: ev.FeedDown) -> None:
        self.by_name[event.feed] = FeedState.DOWN
        if event.feed == ev.BOOK_FEED:
            self._rounds.forget_books()
        self._prices.feed_down(event.feed, event.at_ns)

    def _account_told(
        self, step: Step, event: ev.FeedUp | ev.FeedStale | ev.FeedDown, settings: Settings
    ) -> None:
        """No market is seen through these. Without our heartbeat the venue takes every order back:
        so do we, which is known to have happened."""
        was_down = self._halts.feeds.told(event, step.now_ns) is FeedState.DOWN
        if isinstance(event, ev.FeedUp):
            if was_down and event.feed == ev.USER_FEED:
                self._looks.reconnected(step, settings)
        elif isinstance(event, ev.FeedDown) and event.feed == ev.HEARTBEAT_FEED and not was_down:
            self._halts.cancel_everything(step, Reason.HEARTBEAT_LOST.value)

    def _rejected(self, step: Step, event: ev.FrameRejected) -> bool:
        """What stood in it is unknown; of the books it matters at once."""
        self._prices.frame_rejected(event)
        if event.feed != ev.BOOK_FEED:
            return False
        read_all(step, self._rounds)
        return True

    def state(self) -> list[tuple[str, str]]:
        return sorted((name, state.value) for name, state in self.by_name.items())

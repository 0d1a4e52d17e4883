"""Feeds of the account: without what the venue says of our orders, the sign of life that keeps
them, or its own readiness, nobody enters. Exits and cancels go on."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, field, frozen

from polytui.model import events as ev
from polytui.model.effects import Reason, Why
from polytui.model.snapshot import FeedState
from polytui.model.units import NS_PER_S

_NEEDED = (ev.USER_FEED, ev.HEARTBEAT_FEED)
"""Of an account whose orders go to a venue, from the start. Whether the venue takes orders is only
heard of where it does not."""
_REASONS = {
    ev.USER_FEED: Reason.USER_DOWN,
    ev.HEARTBEAT_FEED: Reason.HEARTBEAT_LOST,
    ev.VENUE_FEED: Reason.VENUE_SHUT,
}
_Told = ev.FeedUp | ev.FeedStale | ev.FeedDown


@frozen
class _Feed:
    state: FeedState
    since_ns: int
    """When it became what it is."""
    may_rest: bool = False
    """Orders that only rest are taken all the same."""


@define
class AccountFeeds:
    """State: by name, each that was heard of or is needed. It outlives a desk, which would believe
    that all is well until it is told otherwise."""

    _by_name: dict[str, _Feed] = field(factory=dict)

    def begin(self, now_ns: int, *, is_live: bool) -> None:
        """A desk begins. What its orders cannot do without is down until it is up."""
        if is_live:
            for name in _NEEDED:
                self._by_name.setdefault(name, _Feed(FeedState.CONNECTING, now_ns))

    def begin_session(self) -> None:
        """Another process: its sockets are others."""
        self._by_name.clear()

    def told(self, event: _Told, now_ns: int) -> FeedState | None:
        """What it was before; None where nobody had heard of it."""
        before, state = self._by_name.get(event.feed), _state_of(event)
        may_rest = isinstance(event, ev.FeedDown) and event.may_rest
        since_ns = now_ns if before is None or before.state is not state else before.since_ns
        self._by_name[event.feed] = _Feed(state, since_ns, may_rest)
        return None if before is None else before.state

    def shown(self) -> Iterable[tuple[str, FeedState, int]]:
        """Each with its state, and since when it is so, for people."""
        return ((name, each.state, each.since_ns) for name, each in self._by_name.items())

    def entry_block(self, now_ns: int) -> Why | None:
        """Why nobody may enter, and for how long already."""
        if not self._by_name:
            return None
        for name, reason in _REASONS.items():
            feed = self._by_name.get(name)
            if feed is not None and feed.state is not FeedState.UP and not feed.may_rest:
                return _why(reason, feed, now_ns)
        return None

    def taking_block(self, now_ns: int) -> Why | None:
        """Why nobody may enter but by an order that only rests."""
        feed = self._by_name.get(ev.VENUE_FEED)
        if feed is None or feed.state is FeedState.UP or not feed.may_rest:
            return None
        return _why(Reason.VENUE_ONLY_RESTS, feed, now_ns)

    def state(self) -> tuple[object, ...]:
        """Nothing where none was heard of, as on paper."""
        told = [
            (name, each.state.value, each.since_ns, each.may_rest)
            for name, each in self._by_name.items()
        ]
        return (told,) if told else ()


def _why(reason: Reason, feed: _Feed, now_ns: int) -> Why:
    return Why(reason, max(0, now_ns - feed.since_ns) / NS_PER_S, 0.0, "s")


def _state_of(event: _Told) -> FeedState:
    match event:
        case ev.FeedUp():
            return FeedState.UP
        case ev.FeedStale():
            return FeedState.STALE
        case ev.FeedDown():
            return FeedState.DOWN

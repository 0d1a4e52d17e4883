"""Whose time is believed: every stamp that a venue wrote, judged against our own receive time.

A stamp that lies ahead of our clock by more than the allowed skew is a lie or a wrong clock, and
one from long before anything we could be sent is another unit (seconds for milliseconds). What
carries it is not believed: a price from the future would look fresh until the future comes.

The table is by class of event, and events are judged where they leave a codec or a client, so no
codec can forget it. A class that is in neither column fails a test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import frozen

from polytui.model import events as ev
from polytui.model.units import NS_PER_S
from polytui.venues.polymarket.user_channel import UserOrder, UserTrade

_OLDEST_NS = 400 * 86_400 * NS_PER_S
"""No history that we ask for reaches back so far: 500 candles of an hour are three weeks."""

Stamps = Callable[[Any], Sequence[int]]
"""The venue's stamps in an event, UTC ns."""


def _none(_: Any) -> Sequence[int]:
    return ()


def _venue(event: Any) -> Sequence[int]:
    return (event.venue_ns,)


def _venue_if_any(event: Any) -> Sequence[int]:
    """0 where the venue does not write one."""
    return (event.venue_ns,) if event.venue_ns else ()


def _chainlink(event: ev.ChainlinkPriced) -> Sequence[int]:
    return (event.observed_ns, event.venue_ns)


def _candles(event: ev.CandlesLoaded) -> Sequence[int]:
    """Ends: a candle that is given as closed has not closed in the future."""
    length_ns = event.length_s * NS_PER_S
    return [candle.opens_ns + length_ns for candle in event.candles]


STAMPS: Mapping[type, Stamps] = {
    ev.BookSnapshotted: _venue,
    ev.BookChanged: _venue,
    ev.TickSizeChanged: _venue,
    ev.TradePrinted: _venue,
    ev.RoundSettled: _venue_if_any,
    ev.ChainlinkPriced: _chainlink,
    ev.ExchangeTraded: _venue,
    ev.ExchangeQuoted: _venue_if_any,
    ev.CandlesLoaded: _candles,
    UserOrder: _venue,
    UserTrade: _venue,
    # A window is announced ahead of its time, a strike names its round and no moment.
    ev.RoundFound: _none,
    ev.StrikePublished: _none,
}
"""What comes from venues. Everything else is stamped by ourselves."""

OURS = (
    ev.DeskOpened,
    ev.AssetHalted,
    ev.SettingsChanged,
    ev.Ticked,
    ev.ModelLoaded,
    ev.StrategiesLoaded,
    ev.StrategyDawdled,
    ev.RiskStateRestored,
    ev.RoundOpened,
    ev.RoundClosed,
    ev.AcceptanceChanged,
    ev.FeedUp,
    ev.FeedStale,
    ev.FeedDown,
    ev.FeedGapped,
    ev.FeedMended,
    ev.FeedRefused,
    ev.FrameRejected,
    ev.Accepted,
    ev.Refused,
    ev.Deferred,
    ev.Unanswered,
    ev.Filled,
    ev.Reversed,
    ev.Cancelled,
    ev.CancelRefused,
    ev.NotFound,
    ev.OrderFound,
    ev.CashMoved,
    ev.PairsMerged,
    ev.WinnersRedeemed,
    ev.InTransit,
    ev.Reconciled,
    ev.Commanded,
    ev.TicketSent,
    ev.TicketWithdrawn,
)
"""Events that no venue stamped: of our own clock, or of no time at all."""
_NOTHING: Mapping[type, Stamps] = dict.fromkeys(OURS, _none)
_ALL: Mapping[type, Stamps] = {**STAMPS, **_NOTHING}


@frozen
class StampFault:
    """Why an event's time cannot be believed."""

    words: str
    ahead_ns: int
    """How far ahead of our clock; 0 where it is too old instead."""


@frozen
class Judge:
    """The one judge. `skew_ns`: how far ahead of our clock a venue's may be."""

    skew_ns: int

    def fault(self, event: object, now_ns: int) -> StampFault | None:
        """None for what may be believed at `now_ns`, when it was read (session time).

        KeyError for a class that nobody has put into the table.
        """
        for stamp in _ALL[type(event)](event):
            if stamp - now_ns > self.skew_ns:
                return StampFault(_words(stamp - now_ns, self.skew_ns), stamp - now_ns)
            if now_ns - stamp > _OLDEST_NS:
                days = (now_ns - stamp) / NS_PER_S / 86_400
                return StampFault(f"stamped {days:,.0f} days ago: another unit", 0)
        return None

    def believed(
        self, events: Sequence[Any], now_ns: int
    ) -> tuple[Sequence[Any], Sequence[StampFault], int]:
        """What may be believed of a frame's events, what was wrong with the others, and the newest
        stamp of all, 0 where there is none."""
        newest, least, most = 0, now_ns - _OLDEST_NS, now_ns + self.skew_ns
        is_believed = True
        for event in events:
            for stamp in _ALL[type(event)](event):
                if stamp > newest:
                    newest = stamp
                if not least <= stamp <= most:
                    is_believed = False
        if is_believed:
            return events, (), newest
        faults = [self.fault(event, now_ns) for event in events]
        kept = [event for event, fault in zip(events, faults, strict=True) if fault is None]
        return tuple(kept), tuple([fault for fault in faults if fault is not None]), newest


def _words(ahead_ns: int, skew_ns: int) -> str:
    return f"stamped {ahead_ns / NS_PER_S:.3f} s ahead of our clock, > {skew_ns / NS_PER_S:g} s"


def newest_stamp(event: object) -> int:
    """The latest moment that an event speaks of; 0 where the venue stamped nothing."""
    return max(_ALL[type(event)](event), default=0)

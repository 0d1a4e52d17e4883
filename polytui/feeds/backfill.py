"""What a feed missed, asked for again: Binance by trade id, the others by their latest trades.

What came meanwhile by the stream, or comes twice by REST, is dropped by the codec's own memory of
ids, so every trade reaches the desk once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import trio
from attrs import define, field, frozen

from polytui.feeds.home import AssetHome
from polytui.feeds.losses import Losses
from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.events import ExchangeTraded, FeedMended
from polytui.model.units import NS_PER_S
from polytui.venues.feed import Gap

_WAITING_MOST = 32
_TRIES = 4
_PAUSE_S = 0.5
_LONGEST_S = 120.0
"""However long a venue asks us to wait: a gap is closed soon, or by the candles' history."""
_PAGE = 1_000
_MOST_TRADES = 50_000
"""A gap wider than this is left to the candles' history."""

Ask = Callable[[Gap], Awaitable[Sequence[ExchangeTraded]]]
"""Some trades of a gap, as many as one answer holds; Retry and Rejected as in `net/http.py`."""


@frozen
class Refill:
    """How the missing trades of one feed are asked for again."""

    feed: str
    ask: Ask
    is_missing: Callable[[int], bool]
    """Whether a trade id is not known yet; the codec's own memory, which takes it as known."""
    losses: Losses
    is_counted: bool = True
    """The feed adds every gap to what it missed. Where ids do not show a gap, what is given again
    is counted here as missed and recovered at once."""


@frozen
class _Wanted:
    refill: Refill
    gap: Gap


@define
class Backfill:
    """State: gaps that wait for their turn. One task per asset fills them in order."""

    run: AssetHome
    complain: Callable[[str], None]
    _send: trio.MemorySendChannel[_Wanted]
    _receive: trio.MemoryReceiveChannel[_Wanted]
    _latest: set[str] = field(factory=set)
    """Feeds whose latest trades are waited for: asking twice tells no more."""

    @classmethod
    def of(cls, run: AssetHome, complain: Callable[[str], None]) -> Backfill:
        send, receive = trio.open_memory_channel[_Wanted](_WAITING_MOST)
        return cls(run, complain, send, receive)

    def want(self, refill: Refill, gap: Gap) -> None:
        """Queue a gap; one too many is left to the candles' history."""
        if not refill.is_counted:
            if refill.feed in self._latest:
                return
            self._latest.add(refill.feed)
        with suppress(trio.WouldBlock):
            self._send.send_nowait(_Wanted(refill, gap))

    async def fill(self) -> None:
        """Fill gaps until cancelled; each ends with a FeedMended, whole or not."""
        async for wanted in self._receive:
            refill = wanted.refill
            if not refill.is_counted:
                self._latest.discard(refill.feed)
            recovered, is_whole, known = await self._fill_one(refill, wanted.gap)
            refill.losses.recovered += recovered
            refill.losses.missed += 0 if refill.is_counted else recovered
            now_ns = self.run.clock.now_ns()
            self.run.deliver(FeedMended(refill.feed, recovered, is_whole, now_ns, *known))

    async def _fill_one(self, refill: Refill, whole: Gap) -> tuple[int, bool, tuple[int, int]]:
        """How many trades of a gap are known now, whether these are all of it, and the stretch of
        time in which every trade is known."""
        recovered, gap, given = 0, whole, list[ExchangeTraded]()
        if gap.missed > _MOST_TRADES:
            self.complain(f"{refill.feed} missed {gap.missed} trades, too many to ask for")
            return 0, False, (0, 0)
        while gap.missed > 0:
            trades = await self._asked(refill, gap)
            new = [trade for trade in trades if refill.is_missing(trade.trade_id)]
            recovered += _recovered(refill, gap, trades, new)
            if new:
                self.run.deliver_given(new)
            given += trades
            if not trades or trades[-1].trade_id < gap.first_id:
                break
            gap = Gap(trades[-1].trade_id + 1, gap.last_id)
        # What begins before the gap leaves nothing of it out, where ids do not tell.
        reaches_back = bool(given) and given[0].trade_id < whole.first_id
        is_whole = recovered >= whole.missed or (reaches_back and not refill.is_counted)
        return recovered, is_whole, _known(refill, whole, given)

    async def _asked(self, refill: Refill, gap: Gap) -> Sequence[ExchangeTraded]:
        pause_s = _PAUSE_S
        for _ in range(_TRIES):
            try:
                return await refill.ask(gap)
            except Retry as error:
                asked_s = pause_s if error.after_s is None else error.after_s
                await trio.sleep(min(asked_s, _LONGEST_S))
                pause_s *= 2
            except (Rejected, Unknown) as error:
                self.complain(f"{refill.feed}: {error}")
                return ()
        self.complain(f"{refill.feed} does not give back the {gap.missed} trades we missed")
        return ()


def _recovered(
    refill: Refill,
    gap: Gap,
    trades: Sequence[ExchangeTraded],
    new: Sequence[ExchangeTraded],
) -> int:
    """How many trades that were counted as missing are not any more.

    Those that came late by the stream, or for an earlier gap, are no loss either; those of later
    gaps are counted when it is their turn.
    """
    if not refill.is_counted:
        return len(new)
    within = [trade for trade in trades if gap.first_id <= trade.trade_id <= gap.last_id]
    older = [trade for trade in new if trade.trade_id < gap.first_id]
    return len(within) + len(older)


def _known(refill: Refill, gap: Gap, given: Sequence[ExchangeTraded]) -> tuple[int, int]:
    """[from, until) of whole seconds in which every trade is known; (0, 0) for none.

    Trades in a row leave nothing out between the first and the last of them. The seconds of these
    two are whole where the trades beside them are known as well: those around the gap.
    """
    if not given or (refill.is_counted and not _is_in_a_row(given)):
        return 0, 0
    first, last = given[0], given[-1]
    from_s = first.venue_ns // NS_PER_S + 1
    if gap.after_ns and first.trade_id <= gap.first_id:
        from_s = min(from_s, gap.after_ns // NS_PER_S)
    until_s = last.venue_ns // NS_PER_S
    if gap.before_ns and last.trade_id >= gap.last_id:
        until_s = max(until_s, gap.before_ns // NS_PER_S + 1)
    return (from_s * NS_PER_S, until_s * NS_PER_S) if from_s < until_s else (0, 0)


def _is_in_a_row(given: Sequence[ExchangeTraded]) -> bool:
    """Whether no number is left out: one answer may have lost a trade that could not be read."""
    ids = {trade.trade_id for trade in given}
    return len(ids) == max(ids) - min(ids) + 1


def newest(gap: Gap, most: int) -> int:
    """How many of the latest trades hold a gap that has just ended, with some that came since."""
    return min(most, gap.missed + _PAGE // 10)

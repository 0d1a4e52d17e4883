"""The round watcher, one per interval: find, warm the next one, open, close, settle."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio
from attrs import frozen

from polytui.config.schema import Rounds
from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.events import (
    RoundClosed,
    RoundFound,
    RoundOpened,
    RoundSettled,
    StrikePublished,
)
from polytui.model.instrument import Interval, Round, SettlementRule
from polytui.model.units import NS_PER_S
from polytui.runtime.asset import AssetRun, FollowedRound
from polytui.runtime.books import BookWatcher
from polytui.venues.binance_rest import Binance
from polytui.venues.polymarket.clob import Clob
from polytui.venues.polymarket.gamma import Gamma

_NOT_NOW = (Retry, Rejected, Unknown)
"""A read that failed, however: it is asked again at the next turn."""


@frozen
class RoundSources:
    """Who is asked about rounds: Gamma about all, the CLOB about winners as well, the exchange
    about the opens of candles."""

    gamma: Gamma
    clob: Clob
    binance: Binance


@frozen
class RoundWatcher:
    """One interval of one asset. What it follows is in the run, and outlives it."""

    run: AssetRun
    interval: Interval
    sources: RoundSources
    books: BookWatcher
    settings: Rounds
    complain: Callable[[str], None]
    """Told in words when the venue lists nothing."""

    async def watch(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Follow every round of the interval until cancelled."""
        async with trio.open_nursery() as nursery:
            for slug, followed in list(self.run.followed.items()):
                if followed.round.interval is not self.interval:
                    continue
                if followed.settled.is_set():
                    del self.run.followed[slug]
                else:
                    nursery.start_soon(self._follow, followed)
            task_status.started()
            while True:
                for listed in await self._list():
                    if listed.slug not in self.run.followed:
                        followed = self.run.followed[listed.slug] = FollowedRound(listed)
                        nursery.start_soon(self._follow, followed)
                await self._sleep(self.interval.seconds / 4)

    async def _list(self) -> tuple[Round, ...]:
        """The venue's next rounds, asked until it answers."""
        while True:
            try:
                listed = await self.sources.gamma.upcoming(
                    self.run.asset, self.interval, self.run.clock.now_ns(), self.settings.list_ahead
                )
                self.run.complaint = ""
                return listed
            except _NOT_NOW as error:
                self._complain(f"no list of {self.interval.value} rounds: {error}")
                await self._sleep(self.settings.settle_every_s)

    async def _follow(self, followed: FollowedRound) -> None:
        """One round from its listing to its settlement."""
        listed = followed.round
        self.run.deliver(RoundFound(listed))
        await self.run.clock.sleep_until(listed.opens_ns - int(self.settings.warm_s * NS_PER_S))
        await self.books.follow(listed)
        await self._open(listed)
        async with trio.open_nursery() as asking:
            asking.start_soon(self._ask_strike, listed)
            await self.run.clock.sleep_until(listed.closes_ns)
            asking.cancel_scope.cancel()
        self.run.deliver(RoundClosed(listed.slug, self.run.clock.now_ns()))
        await self._settle(followed)
        await self.books.unfollow(listed)
        del self.run.followed[listed.slug]

    async def _open(self, listed: Round) -> None:
        is_late = self.run.clock.now_ns() > listed.opens_ns
        await self.run.clock.sleep_until(listed.opens_ns)
        self.run.deliver(RoundOpened(listed.slug, self.run.clock.now_ns(), is_late))

    async def _ask_strike(self, listed: Round) -> None:
        """The venue's own word on the price to beat, which comes late; ours may come first. Of a
        candle the exchange itself can be asked."""

        async def ask() -> bool:
            if listed.settlement is SettlementRule.CANDLE:
                return await self._ask_candle(listed)
            look = await self.sources.gamma.look(listed.slug)
            if look.strike is not None:
                self.run.deliver(StrikePublished(listed.slug, look.strike, "gamma"))
            return look.strike is not None

        await self._until_known(ask, self.settings.strike_every_s)

    async def _ask_candle(self, listed: Round) -> bool:
        candles = await self.sources.binance.klines(self.run.asset, self.interval.value, 2)
        for candle in candles:
            if candle.opens_ns == listed.opens_ns:
                self.run.deliver(StrikePublished(listed.slug, candle.open, "binance"))
                return True
        return False

    async def _settle(self, followed: FollowedRound) -> None:
        """Ask for the winner until the venue names one; the stream may be first."""
        listed = followed.round
        first_ns = listed.closes_ns + int(self.settings.settle_first_s * NS_PER_S)

        async def ask() -> bool:
            look = await self.sources.gamma.look(listed.slug)
            if look.winner_token is not None:
                return self._deliver_winner(listed, look.winner_token, "gamma")
            # Gamma's answers are cached, up to a minute; the CLOB's are not.
            winner = await self.sources.clob.winner(listed.condition_id)
            return winner is not None and self._deliver_winner(listed, winner, "clob")

        async with trio.open_nursery() as nursery:

            async def wait_for_stream() -> None:
                await followed.settled.wait()
                nursery.cancel_scope.cancel()

            nursery.start_soon(wait_for_stream)
            await self.run.clock.sleep_until(first_ns)
            await self._until_known(ask, self.settings.settle_every_s)
            nursery.cancel_scope.cancel()

    def _deliver_winner(self, listed: Round, winner_token: str, source: str) -> bool:
        now_ns = self.run.clock.now_ns()
        self.run.deliver(RoundSettled(listed.condition_id, winner_token, source, now_ns))
        return True

    async def _until_known(self, ask: Callable[[], Awaitable[bool]], every_s: float) -> None:
        while True:
            try:
                if await ask():
                    return
            except _NOT_NOW as error:
                self._complain(str(error))
            await self._sleep(every_s)

    def _complain(self, text: str) -> None:
        """A venue that is away stays away: said once, not at every try."""
        if text != self.run.complaint:
            self.run.complaint = text
            self.complain(text)

    async def _sleep(self, session_s: float) -> None:
        await self.run.clock.sleep_until(self.run.clock.now_ns() + int(session_s * NS_PER_S))

"""The round watcher, one per interval: find, warm the next one, open, close, settle."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio
from attrs import evolve, frozen

from polytui.config.schema import RoundSettings
from polytui.feeds.books import BookWatcher
from polytui.feeds.home import AssetHome, FollowedRound
from polytui.feeds.winners import WinnerAnswer, Winners
from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.events import (
    FINAL,
    AcceptanceChanged,
    RoundClosed,
    RoundFound,
    RoundOpened,
    RoundSettled,
    StrikePublished,
)
from polytui.model.instrument import Interval, Round, SettlementRule
from polytui.model.units import NS_PER_S
from polytui.venues.binance_rest import Binance
from polytui.venues.polymarket.gamma import Gamma
from polytui.venues.polymarket.round_names import has_name_of_its_own, round_slug, window_of

_LIST_EVERY_S = 120.0
"""Session seconds at most between two looks at what is listed, and whether it takes orders."""
_NAMELESS = "an hour of no name"
_NOT_NOW = (Retry, Rejected, Unknown)
"""A read that failed, however: it is asked again at the next turn."""


@frozen
class RoundSources:
    """Who is asked about rounds: Gamma about all, everybody who may know about winners, the
    exchange about the opens of candles."""

    gamma: Gamma
    winners: Winners
    binance: Binance


@frozen
class RoundWatcher:
    """One interval of one asset. What it follows is in the run, and outlives it."""

    run: AssetHome
    interval: Interval
    sources: RoundSources
    books: BookWatcher
    settings: RoundSettings
    complain: Callable[[str], None]
    """Told in words when the venue lists nothing."""

    async def watch(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Follow every round of the interval until cancelled."""
        async with trio.open_nursery() as nursery:
            for followed in self._known():
                nursery.start_soon(self._follow, followed)
            task_status.started()
            while True:
                for listed in await self._list():
                    if (known := self.run.followed.get(listed.slug)) is not None:
                        self._note_acceptance(known, listed)
                        continue
                    followed = self.run.followed[listed.slug] = FollowedRound(listed)
                    nursery.start_soon(self._follow, followed)
                self._tell_nameless()
                await self._sleep(min(self.interval.seconds / 4, _LIST_EVERY_S))

    async def see_out(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Of an interval that is not traded: ask who won the rounds that an earlier session left.
        Their books are not read, so nobody trades them."""
        async with trio.open_nursery() as nursery:
            for followed in self._known():
                nursery.start_soon(self._end, followed)
            task_status.started()

    def _known(self) -> list[FollowedRound]:
        """Rounds that a life before this one followed, and whose winner it did not hear."""
        mine = [one for one in self.run.followed.values() if one.round.interval is self.interval]
        for followed in mine:
            if followed.settled.is_set():
                del self.run.followed[followed.round.slug]
        return [one for one in mine if not one.settled.is_set()]

    def _note_acceptance(self, known: FollowedRound, listed: Round) -> None:
        """Whether the venue takes orders changes with halts, and after the listing."""
        if known.round.takes_orders is listed.takes_orders:
            return
        known.round = evolve(known.round, takes_orders=listed.takes_orders)
        now_ns = self.run.clock.now_ns()
        self.run.deliver(AcceptanceChanged(listed.slug, listed.takes_orders, now_ns))
        says = "takes orders again" if listed.takes_orders else "takes no orders"
        self.complain(f"{listed.slug}: the venue {says}")

    def _tell_nameless(self) -> None:
        """In the night in which clocks go back, the second of two hours of one name has no round
        for us."""
        now_ns = self.run.clock.now_ns()
        if has_name_of_its_own(self.interval, window_of(self.interval, now_ns).opens_ns):
            self._content(_NAMELESS)
        else:
            self._complain(_NAMELESS, "this hour has the name of the last one, and is left alone")

    async def _list(self) -> tuple[Round, ...]:
        """The venue's next rounds, asked until it answers."""
        while True:
            try:
                listed = await self.sources.gamma.upcoming(
                    self.run.asset, self.interval, self.run.clock.now_ns(), self.settings.list_ahead
                )
                self._content(f"list {self.interval.value}")
                return listed
            except _NOT_NOW as error:
                words = f"no list of {self.interval.value} rounds: {error}"
                self._complain(f"list {self.interval.value}", words)
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
        await self._end(followed)
        await self.books.unfollow(listed)

    async def _end(self, followed: FollowedRound) -> None:
        listed = followed.round
        await self.run.clock.sleep_until(listed.closes_ns)
        self.run.deliver(RoundClosed(listed.slug, self.run.clock.now_ns()))
        await self._settle(followed)
        del self.run.followed[listed.slug]

    async def _open(self, listed: Round) -> None:
        is_late = self.run.clock.now_ns() > listed.opens_ns
        await self.run.clock.sleep_until(listed.opens_ns)
        self.run.deliver(RoundOpened(listed.slug, self.run.clock.now_ns(), is_late))

    async def _ask_strike(self, listed: Round) -> None:
        """The venue's own word on the price to beat, which comes late; ours may come first. Of a
        candle the exchange itself can be asked."""
        is_final_told = False

        async def ask() -> bool:
            nonlocal is_final_told
            if listed.settlement is SettlementRule.CANDLE:
                return await self._ask_candle(listed)
            look = await self.sources.gamma.look(listed.slug)
            if (known := self.run.followed.get(listed.slug)) is not None:
                self._note_acceptance(known, look.round)
            if look.strike is not None:
                self.run.deliver(StrikePublished(listed.slug, look.strike, "gamma"))
            elif not is_final_told:
                is_final_told = await self._ask_final(listed)
            return look.strike is not None

        await self._until_known(ask, self.settings.strike_every_s)

    async def _ask_final(self, listed: Round) -> bool:
        """What the round before was settled by is this one's price to beat (venue rule). It is
        asked for by its name: a session that begins in mid-round has not followed it."""
        before_ns = window_of(self.interval, listed.opens_ns - 1).opens_ns
        if not has_name_of_its_own(self.interval, before_ns):
            return True
        try:
            look = await self.sources.gamma.look(
                round_slug(self.run.asset, self.interval, before_ns)
            )
        except Rejected:
            return False  # a round that nobody listed is no fault of this one's
        if look.final is None or look.round.closes_ns != listed.opens_ns:
            return False
        self.run.deliver(StrikePublished(listed.slug, look.final, FINAL))
        return True

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
            verdict = await self.sources.winners.ask(listed)
            self._judge(listed, verdict)
            if verdict.winner_token is None:
                return False
            return self._deliver_winner(listed, verdict.winner_token, verdict.source)

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
                self._content("asking")
            except _NOT_NOW as error:
                self._complain("asking", str(error))
            await self._sleep(every_s)

    def _judge(self, listed: Round, verdict: WinnerAnswer) -> None:
        """Say who did not answer or said otherwise: once, until all of them answer again."""
        if not verdict.faults:
            for topic in [one for one in self.run.complaints if one.startswith("winner")]:
                self._content(topic)
        else:
            who = "; ".join(f"{name}: {words}" for name, words in sorted(verdict.faults.items()))
            said = f"{verdict.source} did" if verdict.source else "they are asked again"
            words = f"who won {listed.slug} was not said by {who}; {said}"
            self._complain(f"winner {','.join(sorted(verdict.faults))}", words)
        for name in verdict.others:
            words = f"{name} names another winner of {listed.slug} than {verdict.source}"
            self._complain(f"other winner {listed.slug}", words)

    def _complain(self, topic: str, text: str) -> None:
        """A venue that is away stays away: said once, not at every try."""
        if topic not in self.run.complaints:
            self.run.complaints.add(topic)
            self.complain(text)

    def _content(self, topic: str) -> None:
        self.run.complaints.discard(topic)

    async def _sleep(self, session_s: float) -> None:
        await self.run.clock.sleep_until(self.run.clock.now_ns() + int(session_s * NS_PER_S))

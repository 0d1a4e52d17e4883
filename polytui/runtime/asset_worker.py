"""The worker of one asset: each of its lives, from its desk's opening to its last order's end, or
to a crash."""

from __future__ import annotations

import random
from collections.abc import Callable

import trio
from attrs import define, frozen

from polytui.config.load import canonical_json
from polytui.feeds.books import BookWatcher
from polytui.feeds.feed_factory import FeedFactory
from polytui.feeds.offsets import judge_clock
from polytui.feeds.prices import PriceWatch
from polytui.feeds.rounds import RoundSources, RoundWatcher
from polytui.feeds.winners import winners_of
from polytui.model.effects import (
    STOP,
    Cancel,
    CancelAll,
    Credit,
    Decline,
    Effect,
    HaltStrategy,
    LookUp,
    Place,
    Release,
    Resync,
    Trip,
    Warn,
)
from polytui.model.events import (
    Action,
    Commanded,
    DeskOpened,
    Event,
    InTransit,
    RoundFound,
    SettingsChanged,
    Ticked,
)
from polytui.model.instrument import Interval
from polytui.model.notice_kinds import BREAKER, HAND, KILL, SETTLEMENT
from polytui.model.snapshot import AssetState
from polytui.model.units import format_micro
from polytui.runtime.asset import AssetRun
from polytui.runtime.chaos import Chaos
from polytui.runtime.desk_loop import DeskLoop
from polytui.runtime.inbox import Item
from polytui.runtime.modes import Surroundings
from polytui.runtime.notices import words_of_breaker
from polytui.runtime.session import Session
from polytui.strategy.registry import loaded_words
from polytui.venues.binance_rest import Binance
from polytui.venues.polymarket.clob import Clob
from polytui.venues.polymarket.data_api import DataApi
from polytui.venues.polymarket.gamma import Gamma, known_ids

_TICK_S = 1.0
_SHORTEST_TICK_S = 0.1
_WORKING_CHECK_S = 0.01


@frozen
class AssetWorker:
    """What an asset's lives are made of; each call of `live` is one."""

    run: AssetRun
    session: Session
    surroundings: Surroundings
    chaos: Chaos
    round_settled: Callable[[], None]

    async def live(self) -> None:
        """Trade until the session stops; watchers go first, then orders, then the client."""
        run, settings = self.run, self.surroundings.settings
        async with trio.open_nursery() as life:
            feed_factory = FeedFactory(
                settings,
                run.clock,
                self.surroundings.credentials,
                self._rng(),
                quotas=self.surroundings.quotas,
                trust=self.session.trust,
                pools=self.surroundings.pools,
            )
            clob = Clob(feed_factory.http(settings.endpoints.clob), run.clock)
            sources = _sources(feed_factory, clob, self._complain)
            books = BookWatcher(run, feed_factory, clob)
            effects, performed = trio.open_memory_channel[Effect](settings.queues.effects)
            router = EffectRouter(self, books, effects)
            loop = DeskLoop(run, self.session, router.act)
            try:
                opening = await opening_events(run, self.session)
                loop.take([Item(event) for event in opening])
            finally:
                run.has_desk.set()
            run.begin_life(loop.pump)
            run.state, run.detail = None, ""
            life.start_soon(run.client.run, performed, run.deliver_report)
            life.start_soon(loop.work)
            await self._watch(feed_factory, books, sources)
            await self._stop_orders()
            run.state = AssetState.STOPPED
            life.cancel_scope.cancel()

    async def _watch(
        self, feed_factory: FeedFactory, books: BookWatcher, sources: RoundSources
    ) -> None:
        """Every watcher of the asset, until the session stops."""
        run = self.run
        async with trio.open_nursery() as watchers:

            async def leave_on_stop() -> None:
                await self.session.stopping.wait()
                watchers.cancel_scope.cancel()

            watchers.start_soon(leave_on_stop)
            watchers.start_soon(self._tick)
            watchers.start_soon(self.chaos.crash_when_due, run.asset, self.session.mind.account)
            await watchers.start(books.watch)
            await watchers.start(PriceWatch(run, feed_factory, self._say).watch)
            for interval in Interval:
                rounds = feed_factory.settings.rounds
                watcher = RoundWatcher(run, interval, sources, books, rounds, self._complain)
                is_traded = interval in feed_factory.settings.session.intervals
                await watchers.start(watcher.watch if is_traded else watcher.see_out)

    async def _tick(self) -> None:
        """Time passes for the desk even when nothing else happens."""
        run = self.run
        every_s = max(_SHORTEST_TICK_S, run.clock.real_s(int(_TICK_S * 1e9)))
        while True:
            with trio.move_on_after(every_s):
                await self.session.disk_turned.wait()
            worst_ns, run.worst_ns = run.worst_ns, 0
            share = run.inbox.fullest_share()
            now_ns, behind_ms = run.clock.now_ns(), self._judged()
            unkept_s = self.session.unkept_s
            run.inbox.put(Item(Ticked(now_ns, worst_ns // 1000, share, behind_ms, unkept_s)))

    def _judged(self) -> int:
        """Milliseconds that our clock is behind by the word of most sources; said when it begins
        and when it ends."""
        run = self.run
        verdict = judge_clock(
            ((feed.name, feed.offset) for feed in run.feeds.values()),
            run.clock.now_ns(),
            self.surroundings.settings.clock,
        )
        if bool(verdict.behind_ms) is not run.is_clock_doubted:
            run.is_clock_doubted = bool(verdict.behind_ms)
            self._say("error" if verdict.behind_ms else "info", verdict.text())
        return verdict.behind_ms

    async def _stop_orders(self) -> None:
        """Tell the desk to stop, and wait until nothing of ours works or the grace time ends."""
        run, session = self.run, self.session
        run.inbox.insist(Item(Commanded(Action.STOP, "session")))
        asset_account = session.mind.account.of(run.asset)
        with trio.move_on_after(session.settings.supervision.stop_grace_s) as grace:
            desk = session.mind.desks[run.asset]
            # Three parties must agree; none of them is worth an event of its own.
            while not desk.is_stopping or asset_account.working or run.client.has_working_orders:  # noqa: ASYNC110
                await trio.sleep(_WORKING_CHECK_S)
        if grace.cancelled_caught:
            cut = await run.take_orders_back(session.settings.execution.cancel_all_s)
            session.fault(run.asset.value, f"orders outlived the stop: {cut}")

    def _say(self, level: str, text: str) -> None:
        self.session.notice(level, self.run.asset.value, text)

    def _complain(self, text: str) -> None:
        self._say("warn", text)

    def _rng(self) -> random.Random:
        """Jitter only: no decision hangs on it."""
        return random.Random(f"{self.session.name} {self.run.asset.value} {self.run.life}")


@define
class EffectRouter:
    """Where one life's effects go."""

    life: AssetWorker
    books: BookWatcher
    effects: trio.MemorySendChannel[Effect]

    def act(self, effect: Effect) -> None:
        """Send an effect on its way. A full channel raises: a fault of the asset, never silence.
        What only explains is in the journal and in the views already."""
        match effect:
            case Place() | Cancel() | LookUp():
                self.effects.send_nowait(effect)
            case CancelAll(why):
                self.effects.send_nowait(effect)
                if why != STOP:
                    text = f"everything cancelled: {why}"
                    self.life.session.herald.say("error", self._asset, text, KILL)
            case Resync(slug):
                if followed := self.life.run.followed.get(slug):
                    self.books.resync(followed.round)
            case Credit():
                self._tell(effect)
                self.life.round_settled()
            case Decline(why=why):
                text = f"by hand, not at work: {why.text()}"
                self.life.session.notice("warn", self._asset, text, kind=HAND)
            case HaltStrategy(strategy, words):
                self.life.session.herald.say("error", "", f"{strategy}: {words}")
            case Trip() | Release() | Warn():
                kind = BREAKER if isinstance(effect, Trip) else ""
                told = words_of_breaker(effect, self.life.run.asset)
                self.life.session.herald.say(*told, kind)

    def _tell(self, credit: Credit) -> None:
        said = f"{credit.slug} settled {credit.winner}"
        level, kind = "info", ""
        if credit.payout or credit.pnl:
            level, kind = "good" if credit.pnl >= 0 else "warn", SETTLEMENT
            said += f", paid {format_micro(credit.payout, 2)}, PnL {credit.pnl / 1e6:+.2f}"
        self.life.session.notice(level, self._asset, said, kind=kind)

    @property
    def _asset(self) -> str:
        return self.life.run.asset.value


async def opening_events(run: AssetRun, session: Session) -> list[Event]:
    """What a new desk hears first: what is held, the settings and their model, and the rounds it
    must know before it takes what a crash left in the inbox. Before the first life of a session
    that goes on from another one, the desk of that one hears which orders are gone."""
    goes_on = session.goes_on if run.life == 1 else None
    return [
        *(() if goes_on is None else goes_on.gone[run.asset]),
        await _opening(run),
        *(() if session.restored is None else (session.restored,)),
        *loaded_words(session.name, had_others=bool(session.mind.account.roster.loaded)),
        SettingsChanged(canonical_json(session.settings)),
        *([] if session.model is None else [session.model]),
        *(RoundFound(followed.round) for followed in run.followed.values()),
    ]


async def _opening(run: AssetRun) -> DeskOpened:
    """What is on its way is a state, and an opening has all of it. What waits was told to the life
    before; what followed on it was perhaps told to nobody."""
    opening = await run.client.open(run.life)
    run.inbox.take_kinds(InTransit)
    return opening


def _sources(
    feed_factory: FeedFactory, clob: Clob, complain: Callable[[str], None]
) -> RoundSources:
    endpoints, rounds = feed_factory.settings.endpoints, feed_factory.settings.rounds
    gamma = Gamma(feed_factory.http(endpoints.gamma), known_ids(rounds))
    data = DataApi(feed_factory.http(endpoints.data_api))
    return RoundSources(
        gamma,
        winners_of(data, clob, gamma, rounds.settle_answer_s),
        Binance(
            feed_factory.http(endpoints.binance_rest),
            feed_factory.http(endpoints.binance_rest_spare),
            feed_factory.quotas,
            complain,
        ),
    )

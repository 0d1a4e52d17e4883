"""One life of one asset: from its desk's opening to its last order's end, or to a crash."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AsyncExitStack

import trio
from attrs import define, frozen

from polytui.config.load import canonical_json
from polytui.execution.executor import run_executor
from polytui.model.effects import (
    STOP,
    Cancel,
    CancelAll,
    Credit,
    Effect,
    Place,
    Release,
    Resync,
    Trip,
    Warn,
)
from polytui.model.events import Action, Commanded, Event, RoundFound, SettingsChanged, Ticked
from polytui.model.snapshot import AssetState
from polytui.model.units import format_micro
from polytui.net.http import Http
from polytui.runtime.asset import AssetRun
from polytui.runtime.books import BookWatcher
from polytui.runtime.chaos import Chaos
from polytui.runtime.inbox import Item
from polytui.runtime.machine import Machine
from polytui.runtime.modes import Surroundings
from polytui.runtime.notices import words_of_breaker
from polytui.runtime.offsets import judge_clock
from polytui.runtime.prices import PriceWatch
from polytui.runtime.rounds import RoundSources, RoundWatcher
from polytui.runtime.session import Session
from polytui.runtime.watchers import WatchKit
from polytui.runtime.winners import winners_of
from polytui.venues.binance_rest import Binance
from polytui.venues.polymarket.clob import Clob
from polytui.venues.polymarket.data_api import DataApi
from polytui.venues.polymarket.gamma import Gamma, known_ids

_TICK_S = 1.0
_SHORTEST_TICK_S = 0.1
_WORKING_CHECK_S = 0.01


@frozen
class Life:
    """What an asset's lives are made of; each call of `live` is one."""

    run: AssetRun
    session: Session
    surroundings: Surroundings
    chaos: Chaos
    round_settled: Callable[[], None]

    async def live(self) -> None:
        """Trade until the session stops; watchers go first, then orders, then the hands."""
        run, settings = self.run, self.surroundings.settings
        async with AsyncExitStack() as clients, trio.open_nursery() as life:
            kit = WatchKit(
                settings,
                run.clock,
                self.surroundings.credentials,
                self._rng(),
                quotas=self.surroundings.quotas,
                trust=self.surroundings.trust,
            )
            clob = Clob(_open(kit, clients, settings.endpoints.clob), run.clock)
            sources = _sources(kit, clients, clob, self._complain)
            books = BookWatcher(run, kit, clob)
            effects, performed = trio.open_memory_channel[Effect](settings.queues.effects)
            outlet = Outlet(self, books, effects)
            machine = Machine(run, self.session, outlet.act)
            try:
                machine.take([Item(event) for event in opening_events(run, self.session)])
            finally:
                run.has_desk.set()
            run.pump = machine.pump
            run.state, run.detail = None, ""
            life.start_soon(run_executor, performed, run.hands, run.deliver_report, run.clock)
            life.start_soon(machine.work)
            await self._watch(kit, books, sources)
            await self._stop_orders()
            run.state = AssetState.STOPPED
            life.cancel_scope.cancel()

    async def _watch(self, kit: WatchKit, books: BookWatcher, sources: RoundSources) -> None:
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
            await watchers.start(PriceWatch(run, kit, self._say).watch)
            for interval in kit.settings.session.intervals:
                rounds = kit.settings.rounds
                watcher = RoundWatcher(run, interval, sources, books, rounds, self._complain)
                await watchers.start(watcher.watch)

    async def _tick(self) -> None:
        """Time passes for the desk even when nothing else happens."""
        run = self.run
        every_s = max(_SHORTEST_TICK_S, run.clock.real_s(int(_TICK_S * 1e9)))
        while True:
            await trio.sleep(every_s)
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
        books = session.mind.account.books(run.asset)
        with trio.move_on_after(session.settings.supervision.stop_grace_s) as grace:
            desk = session.mind.desks[run.asset]
            # Three parties must agree; none of them is worth an event of its own.
            while not desk.is_stopping or books.working or run.hands.has_working_orders:  # noqa: ASYNC110
                await trio.sleep(_WORKING_CHECK_S)
        if grace.cancelled_caught:
            cancelled = run.hands.cancel_at_once()
            session.fault(run.asset.value, f"{cancelled} orders had to be cut at the end")

    def _say(self, level: str, text: str) -> None:
        self.session.notice(level, self.run.asset.value, text)

    def _complain(self, text: str) -> None:
        self._say("warn", text)

    def _rng(self) -> random.Random:
        """Jitter only: no decision hangs on it."""
        return random.Random(f"{self.session.name} {self.run.asset.value} {self.run.life}")


@define
class Outlet:
    """Where one life's effects go."""

    life: Life
    books: BookWatcher
    effects: trio.MemorySendChannel[Effect]

    def act(self, effect: Effect) -> None:
        """Send an effect on its way. A full channel raises: a fault of the asset, never silence.
        What only explains is in the journal and in the views already."""
        match effect:
            case Place() | Cancel():
                self.effects.send_nowait(effect)
            case CancelAll(why):
                self.effects.send_nowait(effect)
                if why != STOP:
                    text = f"everything cancelled: {why}"
                    self.life.session.herald.say("error", self._asset, text)
            case Resync(slug):
                if followed := self.life.run.followed.get(slug):
                    self.books.resync(followed.round)
            case Credit():
                self._tell(effect)
                self.life.round_settled()
            case Trip() | Release() | Warn():
                self.life.session.herald.say(*words_of_breaker(effect, self.life.run.asset))

    def _tell(self, credit: Credit) -> None:
        said = f"{credit.slug} settled {credit.winner}"
        level = "info"
        if credit.payout or credit.pnl:
            level = "good" if credit.pnl >= 0 else "warn"
            said += f", paid {format_micro(credit.payout, 2)}, PnL {credit.pnl / 1e6:+.2f}"
        self.life.session.notice(level, self._asset, said)

    @property
    def _asset(self) -> str:
        return self.life.run.asset.value


def opening_events(run: AssetRun, session: Session) -> list[Event]:
    """What a new desk hears first: what is held, the settings and their model, and the rounds it
    must know before it takes what a crash left in the inbox."""
    return [
        run.hands.opening(run.asset, run.life),
        *(() if session.restored is None else (session.restored,)),
        SettingsChanged(canonical_json(session.settings)),
        *([] if session.model is None else [session.model]),
        *(RoundFound(followed.round) for followed in run.followed.values()),
    ]


def _open(kit: WatchKit, clients: AsyncExitStack, base_url: str) -> Http:
    http = kit.http(base_url)
    clients.push_async_callback(http.close)
    return http


def _sources(
    kit: WatchKit, clients: AsyncExitStack, clob: Clob, complain: Callable[[str], None]
) -> RoundSources:
    endpoints, rounds = kit.settings.endpoints, kit.settings.rounds
    gamma = Gamma(_open(kit, clients, endpoints.gamma), known_ids(rounds))
    data = DataApi(_open(kit, clients, endpoints.data_api))
    return RoundSources(
        gamma,
        winners_of(data, clob, gamma, rounds.settle_answer_s),
        Binance(
            _open(kit, clients, endpoints.binance_rest),
            _open(kit, clients, endpoints.binance_rest_spare),
            kit.quotas,
            complain,
        ),
    )

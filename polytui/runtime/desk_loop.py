"""The desk loop: inbox -> mind -> effects, the hottest loop of the engine.

Everything that waits is applied, then one decision is made; effects leave before anything is
written. The journal is encoded last, off the path from a frame to its order.

A frame is decided where it was read (`pump`), because a hop to another task costs more than
the decision. The task takes what is no frame: reports, ticks, commands, what a crash left.
Where a batch ended is in the journal.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import trio
from attrs import define, field

from polytui.desk.checkpoint import BadCheckpoint, checkpoint_of
from polytui.desk.mind import Taken
from polytui.journal.codec import encode_raised, encode_record
from polytui.journal.milestones import is_any_due, milestones
from polytui.model.effects import Effect, Place
from polytui.model.events import (
    Accepted,
    Commanded,
    Event,
    Refused,
    RoundOpened,
    RoundSettled,
    Ticked,
)
from polytui.runtime.asset import AssetRun
from polytui.runtime.frame_times import MOST_SEEN
from polytui.runtime.inbox import Item
from polytui.runtime.notices import TOLD, is_of_account, kind_of, words_of
from polytui.runtime.order_times import Batch
from polytui.runtime.session import Session
from polytui.runtime.sudden_death import SuddenDeath

_HEEDED = frozenset({Commanded, Ticked, RoundSettled, *TOLD})
"""Events that somebody beside the mind waits for."""


@define
class DeskLoop:
    """One asset's door to the mind. `act` sends an effect on its way and must not wait."""

    run: AssetRun
    session: Session
    act: Callable[[Effect], None]
    placed: dict[str, int] = field(factory=dict)
    """When orders that nobody answered yet were enqueued, perf_counter_ns by id."""
    ready: int = 0
    """When the batch in hand had its features, perf_counter_ns; 0 while it was not decided."""

    last: int = -1
    """Of the batch in hand: after which of its events a decision is made; -1 for none."""
    is_sound: bool = True
    """False from a fault on: sockets that still read must not ask a half-changed desk."""

    def pump(self) -> None:
        """Take what waits here and now."""
        if self.is_sound and (items := self.run.inbox.take_nowait()):
            self.take(items)

    async def work(self) -> None:
        """Take batches from the inbox until cancelled."""
        self.run.listen()
        try:
            while True:
                items = await self.run.inbox.batch()
                if not self.is_sound:
                    # Another task broke the desk, its crash is on the way: this is for the next
                    # life.
                    self.run.inbox.give_back(items)
                    await trio.sleep_forever()
                self.take(items)
        finally:
            self.run.go_deaf()
            for latency in self.run.orders.forget():
                self.session.latency.tell(latency)

    def take(self, items: list[Item], *, decides: bool = True) -> None:
        """Apply all, decide once, act, then write down what happened. Where nobody lives, what a
        person says is applied and nothing is decided."""
        began, now_ns = time.perf_counter_ns(), self.session.clock.now_ns()
        taken: list[Taken] = []
        self.is_sound, self.ready = False, 0
        self.last = len(items) - 1 if decides else -1
        try:
            for item in items:
                taken.append(self._step(item, now_ns, is_last=len(taken) == self.last))
        except Exception as error:
            self._record(items, taken, now_ns)  # no digest: the desk is half changed
            self._broken(items, len(taken), now_ns, error)
            self._stand(now_ns)  # a kill in it may be in force already
            raise
        decided = time.perf_counter_ns()
        effects = [effect for result in taken for effect in result.effects]
        try:
            for effect in effects:
                self.act(effect)
            self._measure(items, effects, began, decided)
            if self.session.death is not None:
                self._pass_points(self.session.death, items, taken, now_ns)
        finally:
            # What the mind has taken is in the journal, even where an effect finds no way out.
            self._record(items, taken, now_ns)
        if self.session.journal.is_segment_due:
            self._begin_segment(taken[-1].seq)
        elif is_any_due(self.session.settings.journal, taken[0].seq, taken[-1].seq):
            self._mark(taken[0].seq, taken[-1].seq)
        # Almost every batch is of the market alone, which nobody here waits for.
        heeded = [item.event for item in items if type(item.event) in _HEEDED]
        for dawdled in self.session.deadline.take_dawdlers():
            self.run.inbox.insist(Item(dawdled))
        if effects or heeded:
            self._heed(heeded, now_ns, has_acted=bool(effects))
        self.is_sound = True

    def _pass_points(
        self, death: SuddenDeath, items: list[Item], taken: list[Taken], now_ns: int
    ) -> None:
        """Where a plan of faults may end the process."""
        asset = self.run.asset.value
        death.pass_effects([effect for one in taken for effect in one.effects], asset)
        kept = death.pass_events([item.event for item in items], asset)
        if kept is not None:
            self._record(items, taken[:kept], now_ns)
            self.session.journal.write_now()
            death.die()

    def _heed(self, events: list[Event], now_ns: int, *, has_acted: bool) -> None:
        """What follows from a batch beside its effects."""
        if has_acted or any(isinstance(event, Commanded | Ticked) for event in events):
            self._stand(now_ns)
        self._note_settled(events)
        self._tell(events)

    def _step(self, item: Item, now_ns: int, *, is_last: bool) -> Taken:
        take, ready = self.session.mind.take, self._note_ready if is_last else None
        result = take(
            self.run.asset,
            now_ns,
            item.event,
            is_last=is_last,
            ready=ready,
            patience=self.session.deadline,
        )
        if item.taken is not None:
            item.taken(result)
        return result

    def _note_ready(self) -> None:
        self.ready = time.perf_counter_ns()

    def _measure(self, items: list[Item], effects: list[Effect], began: int, decided: int) -> None:
        """Note the moments alone: they are counted when there is time (`FrameTimes`)."""
        done = time.perf_counter_ns() if effects else decided
        has_placed = bool(effects) and self._note_placed(items, effects, began, decided, done)
        seen, ready, before = self.run.frames.seen, self.ready, 0
        for item in items:
            received = item.received_perf_ns
            if received:
                if received != before:
                    before = received
                    seen.append((received, began, ready, decided, item.event))
                    if decided - received > self.run.worst_ns:
                        self.run.worst_ns = decided - received
                    if has_placed:
                        self.session.meter.acted.add(done - received)
            else:
                self._measure_other(item.event, done)
        if len(seen) > MOST_SEEN:
            self.run.frames.settle(self.session.meter, self.session.clock.speed)

    def _measure_other(self, event: Event, done: int) -> None:
        if isinstance(event, RoundOpened):
            if not event.is_late:
                self._measure_round(event)
            return
        if (latency := self.run.orders.heard(event, done)) is not None:
            self.session.latency.tell(latency)
        if isinstance(event, Accepted | Refused) and (since := self.placed.pop(event.order_id, 0)):
            self.session.meter.answered.add(done - since)

    def _note_placed(
        self, items: list[Item], effects: list[Effect], began: int, decided: int, done: int
    ) -> bool:
        placed = [effect.order for effect in effects if isinstance(effect, Place)]
        if not placed:
            return False
        run, session = self.run, self.session
        run.frames.settle(session.meter, session.clock.speed)
        batch = Batch(items, began, self.ready, decided, done)
        for order in placed:
            self.placed[order.order_id] = done
            made = batch.latency_of(
                order, run.asset.value, run.frames.newest_us, session.clock.speed
            )
            if (left := run.orders.sent(made, done)) is not None:
                session.latency.tell(left)
        return True

    def _measure_round(self, event: RoundOpened) -> None:
        clock, followed = self.session.clock, self.run.followed.get(event.slug)
        if followed is not None:
            late_s = clock.real_s(clock.now_ns() - followed.round.opens_ns)
            self.session.meter.rounds.add(int(late_s * 1e9))

    def _record(self, items: list[Item], taken: list[Taken], now_ns: int) -> None:
        journal = self.session.journal
        asset, last = self.run.asset.value, self.last
        for index, result in enumerate(taken):
            event = items[index].event
            is_last = index == last
            unanswered = self.session.deadline.take_unanswered() if is_last else ()
            journal.append(
                encode_record(result.seq, now_ns, asset, event, result.effects, is_last, unanswered)
            )

    def _mark(self, first: int, last: int) -> None:
        """A digest, a checkpoint or a waypoint, where one is due after this batch."""
        mind, settings = self.session.mind, self.session.settings.journal
        journal = self.session.journal
        state = partial(checkpoint_of, mind)
        try:
            for line in milestones(settings, first, last, mind.digest, state, journal.states):
                journal.add(line)
        except BadCheckpoint as error:  # nothing that trades depends on it
            self.session.fault("", f"no checkpoint after event {last}: {error}")

    def _begin_segment(self, last: int) -> None:
        """The journal goes on in its next segment, which begins with this mind."""
        mind, checkpoint = self.session.mind, None
        line = self.session.journal.states.checkpoint
        try:
            checkpoint = partial(line, last, mind.digest(), checkpoint_of(mind))
        except BadCheckpoint as error:  # it is read with the segment before it, then
            self.session.fault("", f"no checkpoint after event {last}: {error}")
        self.session.journal.begin_segment(last, checkpoint)

    def _stand(self, now_ns: int) -> None:
        """What the next session must know, where this one leaves something behind."""
        if (risk_state := self.session.risk_state) is not None:
            risk_state.write_if_changed(self.session.mind.account.risk_state(now_ns))

    def _note_settled(self, events: list[Event]) -> None:
        """Only what the desk has taken is settled: a round that a crash lost is asked for again."""
        for event in events:
            if isinstance(event, RoundSettled):
                self.run.mark_settled(event)

    def _tell(self, events: list[Event]) -> None:
        """To people, what they want to read line by line."""
        for event in events:
            if type(event) in TOLD:
                asset = self.run.asset
                level, text = words_of(event, self.session.mind.desks[asset].ledger.orders)
                kind = kind_of(event)
                if text and not is_of_account(event):
                    self.session.notice(level, asset.value, text, kind=kind)
                elif text and self.session.account_lines.is_news(event, text):
                    self.session.notice(level, "", text, kind=kind)

    def _broken(self, items: list[Item], at: int, now_ns: int, error: Exception) -> None:
        """The event that broke the desk is written and not taken again; the rest waits."""
        why = f"{type(error).__name__}: {error}"
        is_last = at == self.last
        self.session.journal.append(
            encode_raised(
                self.session.mind.seq,
                now_ns,
                self.run.asset.value,
                items[at].event,
                is_last,
                why,
                self.session.deadline.take_unanswered(),
            )
        )
        self.run.inbox.give_back(items[at + 1 :])

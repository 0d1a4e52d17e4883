"""What was done in each round, from events and effects: of a journal, or of what is played.

Numbers of events and ids of orders differ between any two sessions and say nothing. What can be
compared is each round's orders in their order, and what became of each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Protocol

from attrs import define, field

from polytui.backtest.difference import AROUND, event_line
from polytui.backtest.drive import Drive
from polytui.backtest.journal_source import JournalSource, beginning_of
from polytui.backtest.lived_latency import LivedExchange, lived_latencies
from polytui.backtest.replay import event_of
from polytui.config.schema import PaperSettings
from polytui.desk.mind import Mind
from polytui.execution.paper import PaperSimulator
from polytui.execution.paper_account import PaperAccount
from polytui.journal.codec import (
    BadJournal,
    decode_effects,
    decode_record,
    encode_record,
)
from polytui.journal.reader import JournalReader
from polytui.model import events as ev
from polytui.model.amounts import CENT
from polytui.model.effects import Credit, Effect, Place, RecordedEffect, RecordedPlace
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset, Round
from polytui.model.orders import Order
from polytui.model.units import MICRO, format_micro

_NO_EFFECTS = b"[]"


@define
class OrderCourse:
    """One order and what became of it."""

    seq: int
    """The event that led to it."""
    at_ns: int
    order: Order
    filled: int = 0
    paid: int = 0
    """Price by shares, in millionths of dollars."""
    ended: str = ""
    """refused, cancelled; empty where it was filled whole or works still."""
    ended_seq: int = 0

    @property
    def asked(self) -> tuple[object, ...]:
        one = self.order
        return one.strategy, one.side, one.outcome, one.price, one.shares, one.tif, one.dollars

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left of it. A market purchase is over with its dollars: one venue says
        of what is less than a cent that it was cancelled, another says nothing."""
        if self.order.dollars:
            return self.paid + CENT > self.order.dollars
        return self.filled >= self.order.shares

    @property
    def became(self) -> tuple[object, ...]:
        return self.filled, self.paid, self.ended

    def text(self) -> str:
        """ "buy 20 up @ 0.53 (distance_fade)"."""
        one = self.order
        shares, price = format_micro(one.shares), format_micro(one.price, 2)
        return f"{one.side.value} {shares} {one.outcome.value} @ {price} ({one.strategy})"

    def became_text(self) -> str:
        if not self.filled:
            return self.ended or "not filled"
        mean = format_micro(self.paid * MICRO // self.filled, 4)
        rest = f", the rest {self.ended}" if self.ended else ""
        return f"{format_micro(self.filled)} filled @ {mean}{rest}"


@define
class RoundCourse:
    """One round: its orders in their order, and how it was settled."""

    listed: Round
    orders: list[OrderCourse] = field(factory=list)
    credit: Credit | None = None
    credit_seq: int = 0


class CourseRecorder:
    """A `Sink`. State: the rounds that were found, by slug, and the orders by id."""

    def __init__(self) -> None:
        self.rounds: dict[str, RoundCourse] = {}
        self._orders: dict[str, OrderCourse] = {}

    def heard(
        self,
        mind: Mind,
        asset: Asset,
        event: ev.Event,
        effects: tuple[Effect, ...],
        now_ns: int,
        is_last: bool,
    ) -> None:
        self.hear(mind.seq, now_ns, event, effects)

    def hear(
        self, seq: int, now_ns: int, event: ev.Event, effects: Sequence[Effect | RecordedEffect]
    ) -> None:
        if type(event) in _HEARD:
            self._told(seq, event)
        for effect in effects:
            if isinstance(effect, Place | RecordedPlace):
                order = effect.order
                course = self._orders[order.order_id] = OrderCourse(seq, now_ns, order)
                if order.slug in self.rounds:
                    self.rounds[order.slug].orders.append(course)
            elif isinstance(effect, Credit) and effect.slug in self.rounds:
                found = self.rounds[effect.slug]
                found.credit, found.credit_seq = effect, seq

    def _told(self, seq: int, event: ev.Event) -> None:
        if isinstance(event, ev.RoundFound):
            self.rounds.setdefault(event.round.slug, RoundCourse(event.round))
            return
        course = self._orders.get(getattr(event, "order_id", ""))
        if course is None:
            return
        if isinstance(event, ev.Filled):
            course.filled += event.shares
            course.paid += event.price * event.shares // MICRO
        elif not course.is_whole:
            course.ended = "refused" if isinstance(event, ev.Refused) else "cancelled"
        course.ended_seq = seq


_HEARD = frozenset((ev.RoundFound, ev.Filled, ev.Refused, ev.Cancelled))


class Course(Protocol):
    """One of the two that are compared."""

    name: str

    def rounds(self) -> dict[str, RoundCourse]:
        """All that was done."""

    def around(self, seq: int) -> list[str]:
        """The events around this one, a line each, it itself marked."""


@define
class JournalCourse:
    """As a session did it. Fatal for what is no journal."""

    path: Path
    name: str = field(init=False)

    def __attrs_post_init__(self) -> None:
        try:
            with closing(JournalReader(self.path)) as journal:
                self.name = f"{journal.header.session} ({journal.header.mode})"
        except BadJournal as error:
            raise Fatal(str(error)) from error

    def rounds(self) -> dict[str, RoundCourse]:
        recorder = CourseRecorder()
        try:
            with closing(JournalReader(self.path)) as journal:
                for record in journal:
                    if record.is_event:
                        _, event = event_of(record)
                        raw = record.effects
                        effects = () if bytes(raw) == _NO_EFFECTS else decode_effects(raw)
                        recorder.hear(record.seq, record.at, event, effects)
        except BadJournal as error:
            raise Fatal(str(error)) from error
        return recorder.rounds

    def around(self, seq: int) -> list[str]:
        with closing(JournalReader(self.path)) as journal:
            near = (one for one in journal if one.is_event and abs(one.seq - seq) <= AROUND)
            return [event_line(one, is_it=one.seq == seq) for one in near]


@define
class BacktestCourse:
    """What the driver makes of the market that a session heard, under the settings it had."""

    path: Path
    is_as_late: bool = False
    """Every order is answered as late as it was there, not as `[paper]` says."""
    name: str = field(init=False)

    def __attrs_post_init__(self) -> None:
        late = ", as late as it was" if self.is_as_late else ""
        self.name = f"a backtest of {JournalCourse(self.path).name}{late}"

    def rounds(self) -> dict[str, RoundCourse]:
        recorder = CourseRecorder()
        self._play(recorder)
        return recorder.rounds

    def around(self, seq: int) -> list[str]:
        near = _Near(seq)
        self._play(near)
        return near.lines

    def _play(self, sink: CourseRecorder | _Near) -> None:
        begun = beginning_of(self.path)
        source = JournalSource(self.path, is_as_then=True)
        exchange: Callable[[PaperSettings, PaperAccount], PaperSimulator] = PaperSimulator
        if self.is_as_late:
            exchange = partial(LivedExchange, lived_latencies(self.path))
        Drive(begun.settings, source, [sink], model=begun.model, exchange=exchange).play()


@define
class _Near:
    """A `Sink` that keeps the events around one."""

    seq: int
    lines: list[str] = field(factory=list)

    def heard(
        self,
        mind: Mind,
        asset: Asset,
        event: ev.Event,
        effects: tuple[Effect, ...],
        now_ns: int,
        is_last: bool,
    ) -> None:
        if abs(mind.seq - self.seq) <= AROUND:
            line = encode_record(mind.seq, now_ns, asset.value, event, effects, is_last)
            self.lines.append(event_line(decode_record(line), is_it=mind.seq == self.seq))

"""Every order answered as late as it was in a session: what still differs then is no matter of
time.

An order is known by its round and by the moment at which it was decided, for its number is another
one in any two courses. One that the session did not send at that moment is as late as any.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from attrs import define, evolve, field

from polytui.backtest.replay import event_of, orders_of
from polytui.config.schema import PaperSettings
from polytui.execution.latency import Latencies
from polytui.execution.paper import PaperSimulator
from polytui.execution.paper_account import PaperAccount
from polytui.journal.codec import BadJournal, JournalRecord
from polytui.journal.reader import JournalReader
from polytui.model import events as ev
from polytui.model.effects import Effect, Place
from polytui.model.errors import Fatal
from polytui.model.units import NS_PER_MS

Lived = Mapping[tuple[str, int], int]
"""By round and moment of the decision: nanoseconds until the first answer."""
_ANSWERS = (ev.Accepted, ev.Refused, ev.Filled, ev.Cancelled)


def lived_latencies(path: Path) -> Lived:
    """Of a session's journal. Fatal for what is no journal."""
    orders = _LivedOrders()
    try:
        with closing(JournalReader(path)) as journal:
            for record in journal:
                if record.is_event:
                    orders.hear(record)
    except BadJournal as error:
        raise Fatal(str(error)) from error
    return orders.lived


@define
class _LivedOrders:
    """State: orders that were sent and not answered."""

    lived: dict[tuple[str, int], int] = field(factory=dict)
    _waiting: dict[str, tuple[str, int]] = field(factory=dict)

    def hear(self, record: JournalRecord) -> None:
        _, event = event_of(record)
        if isinstance(event, _ANSWERS):
            key = self._waiting.pop(event.order_id, None)
            if key is not None:
                self.lived.setdefault(key, record.at - key[1])
        for order in orders_of(record):
            self._waiting[order.order_id] = (order.slug, record.at)


class LivedExchange(PaperSimulator):
    """An exchange on paper that answers when the session was answered. State: as any, and the order
    in hand. What the venue takes for itself is in what was lived, so it takes nothing more."""

    def __init__(self, lived: Lived, paper: PaperSettings, account: PaperAccount) -> None:
        self._times = _LivedTimes(lived, paper)
        super().__init__(evolve(paper, taker_delay_ms=0, ack_delay_ms=0), account, self._times)

    def perform(self, effect: Effect, now_ns: int) -> None:
        self._times.sent = (effect.order.slug, now_ns) if isinstance(effect, Place) else None
        super().perform(effect, now_ns)


class _LivedTimes(Latencies):
    """State: what is sent now, if it is an order."""

    def __init__(self, lived: Lived, paper: PaperSettings) -> None:
        super().__init__(paper)
        self._lived, self._paper = lived, paper
        self.sent: tuple[str, int] | None = None

    def there_and_back_ns(self, name: str) -> int:
        if self.sent is None:
            return super().there_and_back_ns(name) + self._paper.ack_delay_ms * NS_PER_MS
        drawn_ns = super().there_and_back_ns(name) + self._paper.taker_delay_ms * NS_PER_MS
        return self._lived.get(self.sent, drawn_ns)

"""Every order and cancel answered as late as it was in a session, and every trade in a block as
late: what still differs then is no matter of time.

An order is known by its round and by the moment at which it was decided, for its number is another
one in any two courses; a cancel by its order and the moment at which it was sent. What the session
did not send at that moment is as late as any.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from attrs import define, evolve, field, frozen

from polytui.backtest.mined_times import MinedTimes
from polytui.backtest.replay import event_of, sent_by
from polytui.config.schema import PaperSettings
from polytui.execution.latency import Latencies
from polytui.execution.paper import PaperSimulator
from polytui.execution.paper_account import PaperAccount
from polytui.execution.paper_steps import PaperStep
from polytui.journal.codec import BadJournal, JournalRecord
from polytui.journal.reader import JournalReader
from polytui.model import events as ev
from polytui.model.effects import Cancel, CancelAll, Effect, Place, RecordedPlace
from polytui.model.errors import Fatal
from polytui.model.units import NS_PER_MS

OrderKey = tuple[str, int]
"""Round and moment of the decision."""
CancelKey = tuple[OrderKey, int]
"""And the moment at which the cancel was sent."""
_ANSWERS = (ev.Accepted, ev.Refused, ev.Filled, ev.Cancelled)
_ENDS = (ev.Refused, ev.Cancelled)


@frozen
class Lived:
    """What a session waited for, in nanoseconds."""

    answers: dict[OrderKey, int] = field(factory=dict)
    """Until the first answer of an order."""
    cancels: dict[CancelKey, int] = field(factory=dict)
    """Until a cancel was answered."""
    blocks: dict[OrderKey, list[int]] = field(factory=dict)
    """From each trade of an order until a block had it, in the order of their fills."""


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
    return orders.done()


@define
class _LivedOrders:
    """State: what was sent and nothing ended, and what was filled and is in no block."""

    _lived: Lived = field(factory=Lived)
    _keys: dict[str, OrderKey] = field(factory=dict)
    _unanswered: set[str] = field(factory=set)
    _working: dict[str, str] = field(factory=dict)
    """By order, whose asset it is."""
    _cancels: dict[str, list[int]] = field(factory=dict)
    """By order, when cancels of it were sent that nobody answered, the oldest first."""
    _ended: dict[str, int] = field(factory=dict)
    """By order that is cancelled, when the cancel was sent that may have done it."""
    _mined: MinedTimes = field(factory=MinedTimes)
    _blocks: dict[OrderKey, dict[int, int]] = field(factory=dict)
    """By order: when each trade was told, and how long its block took."""

    def hear(self, record: JournalRecord) -> None:
        asset, event = event_of(record)
        if isinstance(event, _ANSWERS):
            self._answered(event.order_id, record.at)
        if isinstance(event, _ENDS):
            self._working.pop(event.order_id, None)
        if isinstance(event, ev.Cancelled | ev.CancelRefused):
            self._cancel_answered(event, record.at)
        for mined in self._mined.hear(event, record.at):
            if key := self._keys.get(mined.order_id):
                self._blocks.setdefault(key, {})[mined.filled_ns] = mined.after_ns
        for effect in sent_by(record):
            self._sent(effect, record.at, asset.value)

    def _sent(self, effect: RecordedPlace | Cancel | CancelAll, at_ns: int, asset: str) -> None:
        match effect:
            case RecordedPlace(order=order):
                self._keys[order.order_id] = order.slug, at_ns
                self._unanswered.add(order.order_id)
                self._working[order.order_id] = asset
            case Cancel(order_id):
                self._cancels.setdefault(order_id, []).append(at_ns)
            case CancelAll():
                for order_id, whose in self._working.items():
                    if whose == asset:
                        self._cancels.setdefault(order_id, []).append(at_ns)

    def _answered(self, order_id: str, at_ns: int) -> None:
        if order_id in self._unanswered:
            self._unanswered.remove(order_id)
            key = self._keys[order_id]
            self._lived.answers.setdefault(key, at_ns - key[1])

    def _cancel_answered(self, event: ev.Cancelled | ev.CancelRefused, at_ns: int) -> None:
        """One that is refused after its order had ended was answered then, and not by that end."""
        order_id, waiting = event.order_id, self._cancels.get(event.order_id)
        if waiting:
            sent_ns = waiting.pop(0)
        elif isinstance(event, ev.CancelRefused) and order_id in self._ended:
            sent_ns = self._ended.pop(order_id)
        else:
            return
        if isinstance(event, ev.Cancelled):
            self._ended[order_id] = sent_ns
        if key := self._keys.get(order_id):
            self._lived.cancels[key, sent_ns] = at_ns - sent_ns

    def done(self) -> Lived:
        for key, blocks in self._blocks.items():
            self._lived.blocks[key] = [blocks[at_ns] for at_ns in sorted(blocks)]
        return self._lived


class LivedExchange(PaperSimulator):
    """An exchange on paper that answers when the session was answered. State: as any, and the order
    in hand. What the venue takes for itself is in what was lived, so it takes nothing more."""

    def __init__(self, lived: Lived, paper: PaperSettings, account: PaperAccount) -> None:
        self._times = _LivedTimes(lived, paper)
        self._cancels = lived.cancels
        super().__init__(evolve(paper, taker_delay_ms=0, ack_delay_ms=0), account, self._times)

    def perform(self, effect: Effect, now_ns: int) -> None:
        self._times.sent = None
        if isinstance(effect, Place):
            self._times.sent = effect.order.slug, now_ns
            self._times.keys[effect.order.order_id] = self._times.sent
        super().perform(effect, now_ns)

    def _send_cancel(self, order_ids: list[str], now_ns: int) -> None:
        """Each as late as it was there."""
        late_ns = self._cancel_late_ns()
        for order_id in order_ids:
            key = self._times.keys.get(order_id)
            lived_ns = late_ns if key is None else self._cancels.get((key, now_ns), late_ns)
            self._schedule(order_id, PaperStep.IS_CANCELLED, now_ns + lived_ns)


class _LivedTimes(Latencies):
    """State: what is sent now, if it is an order; the key of each that was; and the blocks that
    trades to come have."""

    def __init__(self, lived: Lived, paper: PaperSettings) -> None:
        super().__init__(paper)
        self._answers, self._paper = lived.answers, paper
        self._blocks = {key: list(blocks) for key, blocks in lived.blocks.items()}
        self.sent: OrderKey | None = None
        self.keys: dict[str, OrderKey] = {}

    def there_and_back_ns(self, name: str) -> int:
        if self.sent is None:
            return super().there_and_back_ns(name) + self._paper.ack_delay_ms * NS_PER_MS
        drawn_ns = super().there_and_back_ns(name) + self._paper.taker_delay_ms * NS_PER_MS
        return self._answers.get(self.sent, drawn_ns)

    def mined_ns(self, order_id: str, trade_id: str) -> int:
        key = self.keys.get(order_id)
        blocks = None if key is None else self._blocks.get(key)
        return blocks.pop(0) if blocks else super().mined_ns(order_id, trade_id)

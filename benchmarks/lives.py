"""What the journal of one session says of it: what it knew when it began, and what it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from benchmarks.bank import Has, Terms
from benchmarks.restarts import held_by
from polytui.backtest.replay import Replay
from polytui.desk.mind import Mind
from polytui.journal.codec import decode_effects, decode_event
from polytui.journal.reader import JournalReader
from polytui.model.effects import RecordedPlace
from polytui.model.events import USER_FEED, DeskOpened, FeedUp, Filled, OrderFound, RoundFound
from polytui.model.orders import Order, Side


@frozen
class Opened:
    """What a session knew as soon as every desk of it was open."""

    has: Has
    moved: int
    """Dollars that moved without a trade, in all sessions so far."""
    trades: set[str]


@define
class Life:
    """State: one journal, read to its end and verified on the way."""

    assets: Collection[str]
    opened: Opened | None = None
    found: Counter[Terms] = field(factory=Counter)
    """Orders of before that it heard of."""
    conditions: set[str] = field(factory=set)
    fills: set[tuple[str, str]] = field(factory=set)
    placed: int = 0
    faults: list[str] = field(factory=list)
    _open: set[str] = field(factory=set)
    _heard: set[str] = field(factory=set)
    _replay: Replay = field(factory=lambda: Replay(is_verifying=True))

    @property
    def mind(self) -> Mind:
        """As it was after what was read so far."""
        return self._replay.mind

    @property
    def has_heard(self) -> bool:
        """Whether every desk was told that the account was compared with the venue's."""
        return self._heard.issuperset(self.assets)

    def read(self, folder: Path) -> None:
        with JournalReader(folder) as journal:
            for record in journal:
                if difference := self._replay.take(record):
                    self.faults.append(difference[:500])
                    return
                if record.is_event and not record.raised:
                    self._take(record, decode_event(record.event))
        self.faults += self._replay.verdict().passed_over

    def _take(self, record: Any, event: Any) -> None:
        match event:
            case FeedUp(feed) if feed == USER_FEED:
                self._heard.add(record.asset)
            case RoundFound(listed):
                self.conditions.add(listed.condition_id)
            case OrderFound(found):
                self.found[_terms_of(found.order)] += 1
            case DeskOpened():
                self._open_desk(record.asset, event)
            case Filled(order_id=order_id, trade_id=trade_id):
                self.fills.add((order_id, trade_id))
        for effect in decode_effects(record.effects):
            if isinstance(effect, RecordedPlace):
                self.placed += 1
                # Whoever leaves may at any time.
                if effect.order.side is Side.BUY and record.asset not in self._heard:
                    self.faults.append(
                        f"{record.asset} entered before it could hear, at event {record.seq}"
                    )

    def _open_desk(self, asset: str, event: DeskOpened) -> None:
        for held in event.held:
            self.conditions.add(held.round.condition_id)
            self.found.update(_terms_of(one.order) for one in held.working)
        self.fills.update(event.counted)
        self._open.add(asset)
        if self.opened is None and self._open.issuperset(self.assets):
            trades = {trade_id for _, trade_id in self.fills}
            self.opened = Opened(known_by(self.mind), self.mind.account.moves.total, trades)


def known_by(mind: Mind) -> Has:
    account = mind.account
    made = account.realised + account.at_risk.totals.flow
    return Has(account.cash, held_by(mind), made)


def _terms_of(order: Order) -> Terms:
    return order.token_id, order.side.value.upper(), int(order.price), int(order.shares)

"""A journal decided again under other settings: what would have been done differently, and why.

Two minds take the same events. One has the settings of the journal, the other has some of them
changed. Where their effects differ the difference is noted, and the second mind goes on from where
the first stands: the market and the venue's answers are those of the session, so every decision is
compared from what was really known and held. What the changed settings would have come to in
money is not said: for that their orders would have had to be sent.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from attrs import field, frozen

from polytui.backtest.replay import event_of
from polytui.config.change import Wish, changed, hot_place
from polytui.config.load import canonical_json, digest_of, from_canonical_json
from polytui.config.schema import Settings
from polytui.desk.checkpoint import BadCheckpoint, restored_as
from polytui.desk.mind import Mind
from polytui.desk.recorded_take import take_record
from polytui.journal.codec import BadJournal, JournalRecord, decode_checkpoint
from polytui.journal.reader import JournalReader
from polytui.model.effects import (
    Cancel,
    CancelAll,
    Credit,
    Effect,
    Explain,
    HaltStrategy,
    Place,
    Reason,
    Trip,
    Warn,
    Why,
)
from polytui.model.errors import Fatal
from polytui.model.events import Event, SettingsChanged
from polytui.model.instrument import Asset
from polytui.model.units import format_micro


@frozen
class Divergence:
    """One event after which the two did not do the same: what only the one, only the other did or,
    of an order that the other placed, why it goes on not to."""

    seq: int
    at_ns: int
    asset: str
    was: tuple[Effect, ...]
    now: tuple[Effect, ...]

    def reasons(self) -> set[str]:
        """Every reason that one of them gave and the other did not."""
        whys = (getattr(effect, "why", None) for effect in self.was + self.now)
        return {why.reason.value for why in whys if isinstance(why, Why) and _is_reason(why)}

    def text(self) -> str:
        """ "event 812 btc: buy 20 up @ 0.53 (distance_fade) > distance_fade: order limit: ..."."""
        was, now = (_all_words(effects) or "nothing" for effects in (self.was, self.now))
        return f"event {self.seq} {self.asset}: {was} > {now}"


@frozen
class Comparison:
    """What a journal's decisions would have been. `orders_now` counts from the same events."""

    events: int = 0
    orders_was: int = 0
    orders_now: int = 0
    differences: list[Divergence] = field(factory=list)
    realised: int = 0
    """What the session made until there, in millionths of a dollar."""

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "events": self.events,
            "orders_was": self.orders_was,
            "orders_now": self.orders_now,
            "reasons": dict(self.reasons()),
            "differences": [one.text() for one in self.differences],
        }

    def reasons(self) -> Counter[str]:
        """In how many differences each reason has a part, the most frequent first."""
        counted = Counter(reason for one in self.differences for reason in one.reasons())
        return Counter(dict(counted.most_common()))

    def text(self) -> str:
        """The figures, then one line a difference."""
        head = (
            f"{self.events} events: {len(self.differences)} decided differently,"
            f" {self.orders_was} orders became {self.orders_now}"
        )
        counts = [f"  {count} x {reason}" for reason, count in self.reasons().items()]
        return "\n".join([head, *counts, *(f"  {one.text()}" for one in self.differences)])


class WhatIf:
    """State: the mind as it was, the mind as it would be, and what was compared so far."""

    def __init__(self, wishes: Iterable[Wish]) -> None:
        self._wishes = tuple(wishes)
        self._was, self._now = Mind(), Mind()
        self._settings: dict[Asset, Settings] = {}
        """In force in the second mind."""
        self._said: dict[tuple[str, str], Reason] = {}
        """What the second mind alone gave as its reason last, by round and strategy."""
        self._events = self._orders_was = self._orders_now = 0

    def check(self) -> None:
        """BadSettings for a wish that no journal could grant."""
        for path, _ in self._wishes:
            hot_place(path)

    def take(self, record: JournalRecord) -> Divergence | None:
        """One line of the journal; what it shows, if anything."""
        if record.is_checkpoint and record.seq != self._was.seq:
            self._begin_with(record)
        if not record.is_event:
            return None
        asset, event = event_of(record)
        self._events += 1
        was = self._take(self._was, asset, record, event)
        now = self._take(self._now, asset, record, self._changed(asset, record, event))
        self._orders_was += sum(isinstance(effect, Place) for effect in was)
        self._orders_now += sum(isinstance(effect, Place) for effect in now)
        if was == now:
            return None
        only_was = tuple(effect for effect in was if effect not in now)
        only_now = tuple(effect for effect in now if effect not in was)
        only_was, only_now = (
            only_was + _still_said(self._was, asset, only_was, only_now),
            only_now + _still_said(self._now, asset, only_now, only_was),
        )
        self._follow()
        is_known = self._was_said(only_now)
        if is_known and not only_was:
            return None
        return Divergence(record.seq, record.at, asset.value, only_was, only_now)

    def _begin_with(self, record: JournalRecord) -> None:
        """What stands before this checkpoint is not there: both minds are that of it, the second
        one with its own settings."""
        try:
            self._was = restored_as(decode_checkpoint(record), record.digest)
        except BadCheckpoint as error:
            raise BadJournal(f"its checkpoint is not used: {error}") from error
        for asset, desk in self._was.desks.items():
            self._settings[asset] = changed(desk.settings, *self._wishes)
        self._follow()

    def comparison(self, differences: list[Divergence]) -> Comparison:
        realised = self._was.account.realised
        return Comparison(self._events, self._orders_was, self._orders_now, differences, realised)

    def _take(
        self, mind: Mind, asset: Asset, record: JournalRecord, event: Event
    ) -> tuple[Effect, ...]:
        try:
            return take_record(mind, record, asset, event).effects
        except Exception:  # what broke the desk then breaks it now; its next life follows
            if not record.raised:
                raise
            return ()

    def _changed(self, asset: Asset, record: JournalRecord, event: Event) -> Event:
        """The event as the second mind hears it; settings that broke the desk are left as bad."""
        if record.raised or not isinstance(event, SettingsChanged):
            return event
        settings = from_canonical_json(event.settings_json)
        settings = changed(settings, *self._wishes)
        self._settings[asset] = settings
        return SettingsChanged(canonical_json(settings))

    def _was_said(self, effects: tuple[Effect, ...]) -> bool:
        """Whether they only repeat reasons: having been set right, the second mind gives anew what
        it had given before."""
        reasons = {(e.slug, e.strategy): e.why.reason for e in effects if isinstance(e, Explain)}
        is_known = reasons.items() <= self._said.items()
        self._said |= reasons
        return is_known and all(isinstance(effect, Explain) for effect in effects)

    def _follow(self) -> None:
        """The second mind goes on from where the first stands, with its own settings."""
        self._now = copy.deepcopy(self._was)
        for asset, settings in self._settings.items():
            self._now.desks[asset].adopt(settings, digest_of(settings))


def compare(path: Path, wishes: Iterable[Wish]) -> Comparison:
    """A whole file. Fatal for one that is no journal; BadSettings for a wish that cannot be."""
    what_if = WhatIf(wishes)
    what_if.check()
    try:
        return what_if.comparison(list(_differences(path, what_if)))
    except BadJournal as error:
        raise Fatal(str(error)) from error


def _differences(path: Path, what_if: WhatIf) -> Iterator[Divergence]:
    with JournalReader(path) as journal:
        for record in journal:
            if journal.header.thinned:
                continue
            try:
                found = what_if.take(record)
            except BadJournal as error:
                raise BadJournal(f"{journal.where}: {error}") from error
            if found is not None:
                yield found


def _still_said(
    mind: Mind, asset: Asset, own: tuple[Effect, ...], other: tuple[Effect, ...]
) -> tuple[Effect, ...]:
    """Why a mind does not place what the other one does, where it said so before: a reason that
    goes on is no effect."""
    said = {effect.strategy for effect in own if isinstance(effect, Explain)}
    orders = [effect.order for effect in other if isinstance(effect, Place)]
    still = []
    for order in orders:
        market_round = mind.desks[asset].rounds.get(order.slug)
        why = None if market_round is None else market_round.whys.get(order.strategy)
        if why is not None and _is_reason(why) and order.strategy not in said:
            still.append(Explain(order.slug, order.strategy, why))
    return tuple(still)


def _is_reason(why: Why) -> bool:
    """Not the word that nothing is in the way any more."""
    return why.reason is not Reason.NONE


def _all_words(effects: tuple[Effect, ...]) -> str:
    told = [e for e in effects if not isinstance(e, Explain) or _is_reason(e.why)]
    return ", ".join(map(effect_words, told))


def effect_words(effect: Effect) -> str:
    match effect:
        case Place(order=order):
            shares, price = format_micro(order.shares), format_micro(order.price, 2)
            return f"{order.side.value} {shares} {order.outcome.value} @ {price} ({order.strategy})"
        case Explain(strategy=strategy, why=why):
            return f"{strategy}: {why.text()}"
        case Cancel(order_id=order_id):
            return f"cancel {order_id}"
        case CancelAll(why=words):
            return f"cancel all: {words}"
        case HaltStrategy(strategy=strategy, words=words):
            return f"{strategy}: {words}"
        case Trip(why=why) | Warn(why=why):
            return why.text()
        case Credit(slug=slug):
            return f"{slug} settled"
        case _:
            return type(effect).__name__.lower()

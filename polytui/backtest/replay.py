"""A journal played again through a fresh mind: the same effects, or the first difference.

No task, no socket, no clock: a plain loop over `Mind.take`. Verifying, the replay goes on from each
checkpoint as if it had begun there: with a mind that was made of it, after that was compared with
the one that has read everything.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import msgspec
from attrs import frozen

from polytui.backtest.difference import AROUND, effects_differ, event_line
from polytui.desk.checkpoint import BadCheckpoint, checkpoint_of, restored_as, where_they_differ
from polytui.desk.mind import Mind
from polytui.desk.recorded_take import take_record
from polytui.journal.beginning import begin
from polytui.journal.codec import (
    BadJournal,
    JournalRecord,
    decode_checkpoint,
    decode_effects,
    decode_event,
    encode_effects,
)
from polytui.journal.reader import JournalReader
from polytui.model.effects import Cancel, CancelAll, RecordedPlace
from polytui.model.errors import Fatal
from polytui.model.events import Event, LoadedStrategy, StrategiesLoaded
from polytui.model.instrument import Asset
from polytui.model.orders import Order
from polytui.strategy.registry import other_versions


@frozen
class ReplayVerdict:
    """What a replay found. `difference` is empty where everything is equal."""

    events: int
    effects: int
    digests: int
    is_verified: bool
    difference: str = ""
    around: tuple[str, ...] = ()
    """The events around the difference, a line each; the one in question begins with >."""
    checkpoints: int = 0
    """From which the replay went on, each equal to the mind that has read everything before it."""
    passed_over: tuple[str, ...] = ()
    """Checkpoints that could not be used, and why."""
    versions: tuple[str, ...] = ()
    """Strategies that are not ours and are others here than when the journal was written."""

    @property
    def is_equal(self) -> bool:
        return not self.difference

    def text(self) -> str:
        what = f"{self.events} events, {self.effects} effects, {self.digests} digests"
        if self.checkpoints:
            what += f", {self.checkpoints} checkpoints"
        if self.difference:
            lines = (f"{what}, then a difference: {self.difference}", "events around:")
            return "\n".join((*self.versions, *self.passed_over, *lines, *self.around))
        end = f"{what}: all equal" if self.is_verified else f"{what} replayed"
        return "\n".join((*self.versions, *self.passed_over, end))


_PLACED, _CANCELLED = b'"Place"', b'"Cancel'
_NAME_THE_FOLDER = "name the session's folder, not one file of it"


class Replay:
    """State: the mind that is being replayed, and what was compared so far."""

    def __init__(self, *, is_verifying: bool, mind: Mind | None = None) -> None:
        """`mind`: one that has read what stands before."""
        self.mind = Mind() if mind is None else mind
        self._is_verifying = is_verifying
        self._events = self._effects = self._digests = self._checkpoints = 0
        self._passed_over: list[str] = []
        self._versions: dict[str, None] = {}
        """Strategies that are other ones here, each once."""
        self._note_versions(self.mind.account.roster.loaded)
        self._equal_until = 0
        """The event of the last digest that was equal."""

    def take(self, record: JournalRecord) -> str:
        """One line of the journal; the difference it shows, if any."""
        if record.is_checkpoint:
            if record.seq != self.mind.seq:
                return self._begin_with(record)
            return self._check_checkpoint(record) if self._is_verifying else ""
        if record.digest:
            return self._check_digest(record)
        if record.seq != self.mind.seq + 1:
            raise BadJournal(f"event {record.seq} has nothing to go on from: {_NAME_THE_FOLDER}")
        asset, event = event_of(record)
        if isinstance(event, StrategiesLoaded):
            self._note_versions(event.strategies)
        raised = ""
        produced = b"[]"
        try:
            taken = take_record(self.mind, record, asset, event)
            produced = encode_effects(taken.effects)
            self._effects += len(taken.effects)
        except Exception as error:  # what broke the desk when this was written must break it again
            raised = f"{type(error).__name__}: {error}"
            if not (record.raised or self._is_verifying):
                raise
        self._events += 1
        return self._compare(record, produced, raised) if self._is_verifying else ""

    def _note_versions(self, loaded: Iterable[LoadedStrategy]) -> None:
        self._versions |= dict.fromkeys(other_versions(loaded))

    def _compare(self, record: JournalRecord, produced: bytes, raised: str) -> str:
        here = f"event {record.seq}"
        if raised != record.raised:
            return f"{here}: raised {raised!r}, was {record.raised!r}"
        if produced != bytes(record.effects):
            differing = effects_differ(produced, bytes(record.effects))
            return f"{here} of {record.asset}: {differing}"
        return ""

    def _check_digest(self, record: JournalRecord) -> str:
        self._digests += 1
        if not self._is_verifying:
            return ""
        digest = self.mind.digest()
        if digest == record.digest:
            self._equal_until = record.seq
            return ""
        since = f"equal until event {self._equal_until}" if self._equal_until else "none before"
        return f"digest after event {record.seq}: {digest}, was {record.digest} ({since})"

    def _begin_with(self, record: JournalRecord) -> str:
        """What stands before this checkpoint is not there: its mind is taken as it is."""
        try:
            mind = restored_as(decode_checkpoint(record), record.digest)
        except (BadJournal, BadCheckpoint) as error:
            raise BadJournal(
                f"the checkpoint after event {record.seq} is not used, and nothing stands before"
                f" it: {error}"
            ) from error
        if self.mind.seq:
            self._passed_over.append(
                f"events {self.mind.seq + 1} to {record.seq} are not in the journal: it goes on"
                " from the checkpoint after them"
            )
        self.mind = mind
        self._note_versions(mind.account.roster.loaded)
        return ""

    def _check_checkpoint(self, record: JournalRecord) -> str:
        """Go on with the mind that is in it, where that is equal to ours in everything."""
        here = f"the checkpoint after event {record.seq}"
        try:
            state = decode_checkpoint(record)
            mind = restored_as(state, record.digest)
        except (BadJournal, BadCheckpoint) as error:
            said = f"{here} is not used, what stands before it is: {error}"
            self._passed_over.append(said)
            return ""
        own = _plain(checkpoint_of(self.mind))
        differing = where_they_differ(own, state)
        # Settings that another version wrote say the same in other words: in ours they agree.
        if differing and where_they_differ(own, _plain(checkpoint_of(mind))):
            return f"{here}: {differing}"
        self.mind = mind
        self._checkpoints += 1
        return ""

    def verdict(
        self, difference: str = "", around: Iterable[str] = (), passed_over: tuple[str, ...] = ()
    ) -> ReplayVerdict:
        return ReplayVerdict(
            self._events,
            self._effects,
            self._digests,
            self._is_verifying,
            difference,
            tuple(around),
            self._checkpoints,
            (*passed_over, *self._passed_over),
            tuple(self._versions),
        )


def _plain(state: object) -> object:
    """As it is read: tuples are lists."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(state))


def event_of(record: JournalRecord) -> tuple[Asset, Event]:
    """Whose event a line holds, and the event. BadJournal for one that is none."""
    try:
        return Asset(record.asset), decode_event(record.event)
    except (BadJournal, ValueError) as error:
        raise BadJournal(f"event {record.seq}: {error}") from error


def orders_of(record: JournalRecord) -> tuple[Order, ...]:
    """Those that were placed at this event. Most events place none: only where one did are their
    effects decoded."""
    if _PLACED not in bytes(record.effects):
        return ()
    effects = decode_effects(record.effects)
    return tuple([one.order for one in effects if isinstance(one, RecordedPlace)])


def sent_by(record: JournalRecord) -> tuple[RecordedPlace | Cancel | CancelAll, ...]:
    """Every order and cancel that was sent at this event, in their order."""
    raw = bytes(record.effects)
    if _PLACED not in raw and _CANCELLED not in raw:
        return ()
    effects = decode_effects(record.effects)
    return tuple([one for one in effects if isinstance(one, RecordedPlace | Cancel | CancelAll)])


def replay_journal(
    path: Path, *, is_verifying: bool, from_event: int | None = None
) -> ReplayVerdict:
    """Replay a session's folder, its journal's or a segment to its end or its first difference,
    from its start or from the last good checkpoint before an event. Fatal for what is no journal.
    """
    try:
        if from_event is None:
            with JournalReader(path) as journal:
                return _replay(journal, Replay(is_verifying=is_verifying))
        beginning = begin((path,), restored_as, from_event)
        with beginning.reader as journal:
            replay = Replay(is_verifying=is_verifying, mind=beginning.state)
            return _replay(journal, replay, beginning.passed_over)
    except BadJournal as error:
        raise Fatal(str(error)) from error


def _replay(
    journal: JournalReader, replay: Replay, passed_over: tuple[str, ...] = ()
) -> ReplayVerdict:
    before: deque[JournalRecord] = deque(maxlen=AROUND + 1)
    records = iter(journal)
    thinned = 0
    for record in records:
        if journal.header.thinned:
            thinned = journal.header.segment
            continue
        before.append(record)
        try:
            difference = replay.take(record)
        except BadJournal as error:
            raise BadJournal(f"{journal.where}: {error}") from error
        if difference:
            after = islice(_readable(records), AROUND)
            return replay.verdict(difference, _around(before, after), passed_over)
    if thinned:
        passed_over += (f"segments up to {thinned} are thinned, and do not replay",)
    return replay.verdict(passed_over=passed_over)


def _around(before: Iterable[JournalRecord], after: Iterable[JournalRecord]) -> Iterator[str]:
    """The event in question among its neighbours; of a digest, the events before it."""
    *earlier, it = before
    for record in earlier:
        if record.is_event:
            yield event_line(record)
    if it.is_checkpoint:
        yield f"> checkpoint after event {it.seq}"
    else:
        yield event_line(it, is_it=True) if it.is_event else f"> digest {it.digest}"
    for record in after:
        if record.is_event:
            yield event_line(record)


def _readable(records: Iterator[JournalRecord]) -> Iterator[JournalRecord]:
    """What follows, as far as it is a journal: the difference is worth more than its end."""
    with suppress(BadJournal):
        yield from records

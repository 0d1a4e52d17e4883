"""A journal through the same desks again: a plain loop, no task, no clock.

Every effect must come out as it was written, byte for byte, and every digest must be equal.
The first difference is shown with its place: the fields that differ, and the events around it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from attrs import frozen

from polytui.backtest.difference import AROUND, effects_differ, event_line
from polytui.desk.mind import Mind
from polytui.journal.codec import BadJournal, JournalRecord, decode_event, encode_effects
from polytui.journal.log import read_journal
from polytui.model.errors import Fatal
from polytui.model.events import Event
from polytui.model.instrument import Asset


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

    @property
    def is_equal(self) -> bool:
        return not self.difference

    def text(self) -> str:
        what = f"{self.events} events, {self.effects} effects, {self.digests} digests"
        if self.difference:
            lines = (f"{what}, then a difference: {self.difference}", "events around:")
            return "\n".join((*lines, *self.around))
        return f"{what}: all equal" if self.is_verified else f"{what} replayed"


class Replay:
    """State: the mind that is being replayed, and what was compared so far."""

    def __init__(self, *, is_verifying: bool) -> None:
        self.mind = Mind()
        self._is_verifying = is_verifying
        self._events = self._effects = self._digests = 0
        self._equal_until = 0
        """The event of the last digest that was equal."""

    def take(self, record: JournalRecord) -> str:
        """One line of the journal; the difference it shows, if any."""
        if record.digest:
            return self._check_digest(record)
        asset, event = event_of(record)
        raised = ""
        produced = b"[]"
        try:
            taken = self.mind.take(asset, record.at, event, is_last=record.last)
            produced = encode_effects(taken.effects)
            self._effects += len(taken.effects)
        except Exception as error:  # what broke the desk when this was written must break it again
            raised = f"{type(error).__name__}: {error}"
            if not (record.raised or self._is_verifying):
                raise
        self._events += 1
        return self._compare(record, produced, raised) if self._is_verifying else ""

    def _compare(self, record: JournalRecord, produced: bytes, raised: str) -> str:
        here = f"event {record.seq}"
        if self.mind.seq != record.seq:
            return f"{here}: the replay is at event {self.mind.seq}"
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

    def verdict(self, difference: str = "", around: Iterable[str] = ()) -> ReplayVerdict:
        counted = (self._events, self._effects, self._digests)
        return ReplayVerdict(*counted, self._is_verifying, difference, tuple(around))


def event_of(record: JournalRecord) -> tuple[Asset, Event]:
    """Whose event a line holds, and the event. BadJournal for one that is none."""
    try:
        return Asset(record.asset), decode_event(record.event)
    except (BadJournal, ValueError) as error:
        raise BadJournal(f"event {record.seq}: {error}") from error


def replay_journal(path: Path, *, is_verifying: bool) -> ReplayVerdict:
    """Replay a file to its end or its first difference. Fatal for a file that is no journal."""
    replay = Replay(is_verifying=is_verifying)
    before: deque[JournalRecord] = deque(maxlen=AROUND + 1)
    try:
        _, records = read_journal(path)
        for record in records:
            before.append(record)
            if difference := replay.take(record):
                after = islice(_readable(records), AROUND)
                return replay.verdict(difference, _around(before, after))
    except BadJournal as error:
        raise Fatal(f"{path}: {error}") from error
    return replay.verdict()


def _around(before: Iterable[JournalRecord], after: Iterable[JournalRecord]) -> Iterator[str]:
    """The event in question among its neighbours; of a digest, the events before it."""
    *earlier, it = before
    for record in earlier:
        if not record.digest:
            yield event_line(record)
    yield f"> digest {it.digest}" if it.digest else event_line(it, is_it=True)
    for record in after:
        if not record.digest:
            yield event_line(record)


def _readable(records: Iterator[JournalRecord]) -> Iterator[JournalRecord]:
    """What follows, as far as it is a journal: the difference is worth more than its end."""
    with suppress(BadJournal):
        yield from records

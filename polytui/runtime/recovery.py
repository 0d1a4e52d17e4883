"""The mind of the session before: from its newest good checkpoint and the records after it.

A journal is all that a crash leaves, and it is enough: a checkpoint is the whole mind, and the
events after it are taken as they were taken then. What cannot be read is said, and the next best is
tried: an older checkpoint, the records from the start, the journal that this one went on from. What
stands after a fault in the file is not believed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from attrs import define, field, frozen

from polytui.desk.checkpoint import restored_as
from polytui.desk.mind import Mind
from polytui.journal.beginning import begin
from polytui.journal.codec import (
    BadJournal,
    Header,
    JournalRecord,
    decode_checkpoint,
    decode_event,
)
from polytui.journal.newest_session import folder_of, newest_session
from polytui.model.instrument import Asset

_LOOK_EVERY = 1_000
"""Records between two looks at the clock."""
_MOST_BEFORE = 100
"""Sessions that are followed back, each of which could not be read by itself."""


class TooLong(BadJournal):
    """So much is not read at a start. What was read is of long ago, and no account of today."""


@frozen
class Recovered:
    """A mind as it was when its process died, or ended."""

    mind: Mind
    session: str
    played: int
    """Records that were taken after the checkpoint."""
    took_s: float


@define
class Recovery:
    """State: what was not as it should be, in words for people."""

    directory: Path
    mode: str
    world: str
    within_s: float
    faults: list[str] = field(factory=list)
    _began_s: float = field(factory=time.monotonic)

    def last(self) -> Recovered | None:
        """The session before, as far as it can be known; None where there is none, or nothing can
        be made of it. Then the faults say why."""
        try:
            newest = newest_session(self.directory, self.mode)
        except BadJournal as error:
            self.faults.append(str(error))
            return None
        if newest is None:
            return None
        if newest.world != self.world:
            self.faults.append(f"{newest.session} was in another world, which is over")
            return None
        return self._brought_back(folder_of(self.directory, newest))

    def _brought_back(self, folder: Path) -> Recovered | None:
        try:
            mind, session, played = self._read(folder, _MOST_BEFORE)
        except BadJournal as error:
            self.faults.append(f"nothing comes back: {error}")
            return None
        if not mind.desks:
            return None  # it died before it had begun: there is nothing to go on from
        return Recovered(mind, session, played, time.monotonic() - self._began_s)

    def _read(self, folder: Path, before: int) -> tuple[Mind, str, int]:
        beginning = begin((folder,), restored_as)
        with beginning.reader as reader:
            self.faults += beginning.passed_over
            mind = beginning.state
            if mind is None:
                mind = self._mind_before(reader.header, folder, before)
            playing = Playing(mind, self._began_s + self.within_s)
            try:
                playing.take_all(reader)
            except TooLong:
                raise
            except BadJournal as error:
                seq = playing.mind.seq
                self.faults.append(f"what comes after event {seq} is not known: {error}")
        if playing.differs_at:
            self.faults.append(
                f"this version decides otherwise than the one that ran: at event"
                f" {playing.differs_at} its state is another; money is what was filled"
            )
        return playing.mind, reader.header.session, playing.played

    def _mind_before(self, header: Header, folder: Path, before: int) -> Mind:
        """What the first record of a journal follows on, where no checkpoint of it can be used."""
        if header.continues is None:
            return Mind()
        if not before:
            raise BadJournal(f"{_MOST_BEFORE} sessions before it cannot be read either")
        former = folder.parent / header.continues.session
        self.faults.append(f"{header.session} goes on from {former.name}, which is read")
        mind, _, _ = self._read(former, before - 1)
        if mind.seq != header.continues.seq:
            told = f"{former} ends at event {mind.seq}"
            raise BadJournal(f"{told}, and {header.session} goes on from {header.continues.seq}")
        return mind


@define
class Playing:
    """State: the mind, how many records it took, and where it was found to be another."""

    mind: Mind
    until_s: float
    """By the machine's monotonic clock: whoever starts waits no longer."""
    played: int = 0
    differs_at: int = 0

    def take_all(self, records: Iterable[JournalRecord]) -> None:
        """BadJournal for a record that is none, and where it takes too long."""
        for record in records:
            if record.is_checkpoint:
                self._go_on_from(record)
                continue
            if record.digest:
                self._compare(record)
                continue
            self._take(record)
            self.played += 1
            if not self.played % _LOOK_EVERY and time.monotonic() > self.until_s:
                raise TooLong(
                    f"reading it takes longer than journal.recover_within_s allows;"
                    f" {self.played} records are read"
                )

    def _go_on_from(self, record: JournalRecord) -> None:
        """Before this checkpoint there may be events that no disk took."""
        if record.seq <= self.mind.seq:
            return
        try:
            self.mind = restored_as(decode_checkpoint(record), record.digest)
        except ValueError as error:
            raise BadJournal(f"the checkpoint after event {record.seq}: {error}") from error

    def _take(self, record: JournalRecord) -> None:
        if record.seq != self.mind.seq + 1:
            raise BadJournal(f"event {record.seq} comes after event {self.mind.seq}")
        try:
            asset, event = Asset(record.asset), decode_event(record.event)
        except ValueError as error:
            raise BadJournal(f"event {record.seq}: {error}") from error
        try:
            self.mind.take(asset, record.at, event, is_last=record.last)
        except Exception:  # what broke its desk then breaks it now, and was lived through then
            if not record.raised:
                self._differ(record.seq)

    def _compare(self, record: JournalRecord) -> None:
        if not self.differs_at and self.mind.digest() != record.digest:
            self._differ(record.seq)

    def _differ(self, seq: int) -> None:
        self.differs_at = self.differs_at or seq

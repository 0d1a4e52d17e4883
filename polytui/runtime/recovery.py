"""The mind of the session before: from its newest good checkpoint and the records after it.

A journal is all that a crash leaves, and it is enough: a checkpoint is the whole mind, and the
events after it are taken as they were taken then. What cannot be read is said, and the next best is
tried: an older checkpoint, the records from the start, the journal that this one went on from. What
stands after a fault in the file is not believed, and neither is an account of long ago: a fault is
lived with in the last file alone, behind a checkpoint. Otherwise nothing comes back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from attrs import define, field, frozen

from polytui.config.load import unknown_settings
from polytui.desk.checkpoint import restored_as, settings_left_out
from polytui.desk.graph import Plain
from polytui.desk.mind import Mind
from polytui.desk.recorded_take import take_record
from polytui.journal.beginning import begin
from polytui.journal.codec import (
    BadJournal,
    Header,
    JournalRecord,
    decode_checkpoint,
    decode_event,
)
from polytui.journal.newest_session import folder_of, newest_session
from polytui.journal.reader import Look
from polytui.model.events import SettingsChanged
from polytui.model.instrument import Asset
from polytui.strategy.registry import other_versions

_LOOK_EVERY = 1_000
"""Records between two looks at the clock."""
_MOST_SAID = 2
"""Checkpoints that could not be used, one by one; more are counted."""
_MOST_BEFORE = 100
"""Sessions that are followed back, each of which could not be read by itself."""
_LIVE = "live"
_OTHER_WORLD = (
    "in another world, which is over",
    "of another wallet, whose money and orders are not this one's",
)


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
    settings_left_out: tuple[str, ...] = ()
    """Of another version, which this one does not know."""


@define
class Recovery:
    """State: what was not as it should be, in words for people."""

    directory: Path
    mode: str
    world: str
    within_s: float
    faults: list[str] = field(factory=list)
    _began_s: float = field(factory=time.monotonic)
    _left_out: dict[str, None] = field(factory=dict)

    def last(self) -> Recovered | None:
        """The session before, as far as it can be known; None where there is none, or its world is
        over. BadJournal, which names it and says why, where there is one and it does not come
        back."""
        newest = newest_session(self.directory, self.mode)
        if newest is None:
            return None
        if newest.world != self.world:
            self.faults.append(f"{newest.session} was {_OTHER_WORLD[self.mode == _LIVE]}")
            return None
        try:
            mind, session, played = self._read(folder_of(self.directory, newest), _MOST_BEFORE)
        except BadJournal as error:
            raise BadJournal(f"{newest.session} does not come back: {error}") from error
        if not mind.desks:
            return None  # it died before it had begun: there is nothing to go on from
        took_s = time.monotonic() - self._began_s
        return Recovered(mind, session, played, took_s, tuple(self._left_out))

    def _read(self, folder: Path, before: int) -> tuple[Mind, str, int]:
        beginning = begin((folder,), self._restored, look=self._look)
        with beginning.reader as reader:
            if reader.header.world not in ("", self.world):
                raise BadJournal(f"its journal was {_OTHER_WORLD[self.mode == _LIVE]}")
            self.faults += _summed_up(beginning.passed_over)
            mind = beginning.state
            if mind is None:
                mind = self._mind_before(reader.header, folder, before)
            playing = Playing(mind, self._restored, self._look, self._note)
            try:
                playing.take_all(reader)
            except TooLong:
                raise
            except BadJournal as error:
                said = f"what comes after event {playing.mind.seq} is not known: {error}"
                if beginning.state is None or not reader.is_in_the_last:
                    raise BadJournal(said) from error
                self.faults.append(said)
        self.faults += other_versions(playing.mind.account.roster.loaded)
        if playing.differs_at:
            self.faults.append(
                f"this version decides otherwise than the one that ran: at event"
                f" {playing.differs_at} its state is another; money is what was filled"
            )
        return playing.mind, reader.header.session, playing.played

    def _look(self) -> None:
        if time.monotonic() > self._began_s + self.within_s:
            allowed = f"journal.recover_within_s = {self.within_s:g} allows"
            raise TooLong(f"reading it takes longer than {allowed}: raise that")

    def _restored(self, plain: Plain, digest: str) -> Mind:
        mind = restored_as(plain, digest)
        self._note(settings_left_out(plain))
        return mind

    def _note(self, left_out: Iterable[str]) -> None:
        self._left_out |= dict.fromkeys(left_out)

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


def _summed_up(passed_over: tuple[str, ...]) -> Iterable[str]:
    yield from passed_over[:_MOST_SAID]
    if (more := len(passed_over) - _MOST_SAID) > 0:
        yield f"nor are {more} others before it"


@define
class Playing:
    """State: the mind, how many records it took, and where it was found to be another."""

    mind: Mind
    restored: Callable[[Plain, str], Mind]
    look: Look
    """Whoever starts waits no longer than that allows."""
    left_out: Callable[[Iterable[str]], None]
    """Told which settings this version does not know."""
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
            if not self.played % _LOOK_EVERY:
                self.look()

    def _go_on_from(self, record: JournalRecord) -> None:
        """Before this checkpoint there may be events that no disk took."""
        if record.seq <= self.mind.seq:
            return
        try:
            self.mind = self.restored(decode_checkpoint(record), record.digest)
        except ValueError as error:
            raise BadJournal(f"the checkpoint after event {record.seq}: {error}") from error

    def _take(self, record: JournalRecord) -> None:
        if record.seq != self.mind.seq + 1:
            raise BadJournal(f"event {record.seq} comes after event {self.mind.seq}")
        try:
            asset, event = Asset(record.asset), decode_event(record.event)
        except ValueError as error:
            raise BadJournal(f"event {record.seq}: {error}") from error
        if isinstance(event, SettingsChanged):
            self._look_at(event)
        try:
            take_record(self.mind, record, asset, event)
        except Exception:  # what broke its desk then breaks it now, and was lived through then
            if not record.raised:
                self._differ(record.seq)

    def _look_at(self, event: SettingsChanged) -> None:
        with suppress(ValueError):  # no JSON: the desk broke then, and breaks now
            self.left_out(unknown_settings(event.settings_json))

    def _compare(self, record: JournalRecord) -> None:
        if not self.differs_at and self.mind.digest() != record.digest:
            self._differ(record.seq)

    def _differ(self, seq: int) -> None:
        self.differs_at = self.differs_at or seq

"""A mind that hears a journal, record by record, and what its engine said besides."""

from __future__ import annotations

from attrs import define, field

from polytui.backtest.replay import event_of
from polytui.config.schema import Settings
from polytui.desk.checkpoint import BadCheckpoint, restored_as
from polytui.desk.mind import Mind
from polytui.desk.recorded_take import take_record
from polytui.journal.codec import (
    BadJournal,
    JournalRecord,
    decode_checkpoint,
    decode_figures,
    decode_notice,
)
from polytui.model.snapshot import Notice
from polytui.player.heard_figures import HeardFigures


@define
class RecordedMind:
    """State: the mind, the engine's figures, and when the last event was."""

    mind: Mind = field(factory=Mind)
    heard: HeardFigures = field(factory=HeardFigures)
    at_ns: int = 0
    differs: str = ""
    """Where this program first came to another state than the journal has; empty where nowhere."""

    @property
    def settings(self) -> Settings:
        """Those in force; of all desks the first one's, for they change together."""
        return next((desk.settings for desk in self.mind.desks.values()), Settings())

    def take(self, record: JournalRecord, *, checks: bool = False) -> Notice | None:
        """One record; a line of the log where it is one. `checks`: hold the state against the
        digests that come by. BadJournal where it cannot follow what stands before."""
        if record.notice:
            return decode_notice(record.notice)
        if record.figures:
            self.heard.line(decode_figures(record.figures))
        elif record.is_event:
            self._take_event(record)
        elif record.is_checkpoint:
            if record.seq != self.mind.seq:
                self._begin_with(record)
        elif record.digest and checks and not self.differs:
            self._check(record)
        return None

    def _take_event(self, record: JournalRecord) -> None:
        mind = self.mind
        if record.seq != mind.seq + 1:
            raise BadJournal(f"event {record.seq} has nothing to go on from")
        asset, event = event_of(record)
        self.at_ns = record.at
        try:
            take_record(mind, record, asset, event)
        except Exception as error:
            if not record.raised:
                words = f"{type(error).__name__}: {error}"
                raise BadJournal(f"event {record.seq} breaks this version: {words}") from error
        self.heard.hear(asset, event)

    def _begin_with(self, record: JournalRecord) -> None:
        """What stands before this checkpoint is not there, or was not read."""
        try:
            self.mind = restored_as(decode_checkpoint(record), record.digest)
        except BadCheckpoint as error:
            raise BadJournal(
                f"the checkpoint after event {record.seq} is not used: {error}"
            ) from error
        self.at_ns = max(self.at_ns, self.mind.at_ns)
        self.heard.begin(self.mind)

    def _check(self, record: JournalRecord) -> None:
        if self.mind.digest() != record.digest:
            self.differs = f"differs from what was recorded since event {record.seq} at the latest"

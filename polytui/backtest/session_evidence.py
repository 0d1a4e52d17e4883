"""What a session showed as it went: its journal, read by a mind that decides as it decided then.

This is no backtest: settings are those of then, fills are those that were, and nothing of it could
have been fitted to what came.
"""

from __future__ import annotations

from pathlib import Path

from polytui.backtest.replay import event_of
from polytui.desk.checkpoint import BadCheckpoint, restored_as
from polytui.desk.mind import Mind
from polytui.desk.recorded_take import take_record
from polytui.journal.codec import BadJournal, JournalRecord, decode_checkpoint
from polytui.journal.reader import JournalReader
from polytui.model.errors import Fatal
from polytui.results.evidence import Coverage, Evidence
from polytui.results.gathering import Gatherer

FORWARD = ("paper", "live", "shadow")
"""Modes of sessions that see the real market."""


def session_evidence(path: Path) -> Evidence:
    """Of a session's folder or its journal. Fatal for what is none, or does not replay."""
    try:
        with JournalReader(path) as journal:
            return _read(journal)
    except (BadJournal, BadCheckpoint) as error:
        raise Fatal(str(error)) from error


def _read(journal: JournalReader) -> Evidence:
    mind, gatherer, holes = Mind(), Gatherer(), 0
    for record in journal:
        if journal.header.thinned:
            raise BadJournal(f"{journal.where}: thinned segments do not replay")
        if record.is_checkpoint and record.seq != mind.seq:
            holes += mind.seq > 0
            # Two of it: the ledger that is reckoned beside the mind's is its own.
            mind, gatherer = _restored(record), Gatherer(_restored(record))
        elif record.is_event:
            _take(mind, gatherer, record)
    header = journal.header
    notes = ("events are missing from its journal: only what came after them counts",)
    return gatherer.evidence(
        mind,
        Coverage(
            data=f"session {header.session} ({header.mode}) as it went",
            world="the simulated venue" if header.mode not in FORWARD else "",
            assets=tuple(sorted(mind.desks)),
            recorded=("everything that a session hears",),
            fills="as they were",
            notes=notes if holes else (),
            is_forward=header.mode in FORWARD,
        ),
    )


def _restored(record: JournalRecord) -> Mind:
    return restored_as(decode_checkpoint(record), record.digest)


def _take(mind: Mind, gatherer: Gatherer, record: JournalRecord) -> None:
    asset, event = event_of(record)
    try:
        effects = take_record(mind, record, asset, event).effects
    except Exception:  # what broke the desk when this was written breaks it again
        if not record.raised:
            raise
        return
    gatherer.heard(mind, asset, event, effects, record.at, record.last)

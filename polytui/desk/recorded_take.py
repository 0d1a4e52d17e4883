"""A record of a journal, taken by a mind as it was taken then."""

from __future__ import annotations

from polytui.desk.mind import Mind, Taken
from polytui.desk.patience import as_recorded
from polytui.journal.codec import JournalRecord
from polytui.model.events import Event
from polytui.model.instrument import Asset


def take_record(mind: Mind, record: JournalRecord, asset: Asset, event: Event) -> Taken:
    """Whatever broke its desk then is raised again."""
    patience = as_recorded(record.unanswered)
    return mind.take(asset, record.at, event, is_last=record.last, patience=patience)

"""Where reading a journal begins: at the last good checkpoint before an event, or at its start.

What a checkpoint holds is for others to understand; here it is only known which of them is good.
One that is not is said, and the one before it is tried; where none is good everything is read.
Where another version wrote one it wrote all of the session, and no other is tried.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

from attrs import frozen

from polytui.journal.codec import BadJournal, OtherState, decode_checkpoint
from polytui.journal.reader import JournalReader, Look, Spot, spots, take_your_time

_State = TypeVar("_State")

Restore = Callable[[Any, str], _State]
"""From a checkpoint's data and its digest. ValueError, in words, where nothing comes of it."""


@frozen
class Beginning(Generic[_State]):
    """State as of the record before the next one of the reader; None at the start of all."""

    state: _State | None
    reader: JournalReader
    passed_over: tuple[str, ...] = ()
    """Checkpoints that could not be used, and why."""


def begin(
    paths: tuple[Path, ...],
    restore: Restore[_State],
    until_seq: int | None = None,
    look: Look = take_your_time,
) -> Beginning[_State]:
    """At the last good checkpoint that speaks of no later event, all of one session. BadJournal
    where the files are no journal; what `look` raises, where it does."""
    passed_over: list[str] = []
    for spot in spots(*paths, until_seq=until_seq, look=look):
        look()
        reader = JournalReader(*paths, begin=spot)
        try:
            return Beginning(_restored(reader, restore), reader, tuple(passed_over))
        except ValueError as error:
            reader.close()
            passed_over.append(words_of(spot, error))
            if isinstance(error, OtherState):
                break
    return Beginning(None, JournalReader(*paths), tuple(passed_over))


def _restored(reader: JournalReader, restore: Restore[_State]) -> _State:
    record = next(iter(reader))
    try:
        return restore(decode_checkpoint(record), record.digest)
    except BadJournal as error:
        raise ValueError(str(error)) from error


def words_of(spot: Spot, error: Exception) -> str:
    """ "the checkpoint after event 5000 is not used, what stands before it is: ..."."""
    return f"the checkpoint after event {spot.seq} is not used, what stands before it is: {error}"

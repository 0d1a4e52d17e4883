"""Keeps the journals of a directory in order: closed segments are pressed, old ones thinned.

A process of its own, niced, started whenever a segment closed: reading a journal's lines would take
the processor from whoever trades. It may be killed at any moment, and leaves each segment whole.

    python -m polytui.journal.keeper '{"journal": "runs/a-session/journal", "settings": {..}}'

What it did is on stdout, a line each.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from attrs import frozen

from polytui.config.schema import JournalSettings
from polytui.journal.codec import BadJournal
from polytui.journal.segment_reader import SegmentReader
from polytui.journal.segments import (
    FOLDER,
    PLAIN,
    PRESSED,
    in_folder,
    number_of,
    press,
    press_closed,
)
from polytui.journal.thinning import RAW, TRADES, thin

_DAY_S = 86_400.0
_MB = 1 << 20
_NICE = 10


class Errand(msgspec.Struct, frozen=True):
    """What one run is asked."""

    journal: str
    """Of the session that runs: its last segment is being written."""
    settings: JournalSettings


@frozen
class Closed:
    """A closed segment as it lies on the disk."""

    path: Path
    written_s: float
    size: int
    thinned: str


def tend(errand: Errand, now_s: float) -> list[str]:
    """Everything that is due, and what was done, in words."""
    settings, own = errand.settings, Path(errand.journal)
    directory = Path(settings.directory)
    said: list[str] = []
    if own.is_dir():
        with _unless_busy(own, said):
            press_closed(own)
        if not settings.keep_exchange_trades:
            said += _thinned([one for one in _closed_of(own) if not one.thinned], TRADES)
    for journal in directory.glob(f"*/{FOLDER}"):
        if journal.resolve() != own.resolve():
            with _unless_busy(journal, said):
                _press_left_behind(journal, now_s - _DAY_S)
    closed = sorted(_closed_in(directory), key=lambda one: one.written_s)
    said += _removed(closed, settings, now_s)
    return said + _thinned(_to_thin(closed, settings, now_s), RAW)


@contextmanager
def _unless_busy(journal: Path, said: list[str]) -> Iterator[None]:
    """What another keeper is at, or the disk refuses, is done another time; the rest is done."""
    try:
        yield
    except BlockingIOError:
        said.append(f"{journal} is left for later: another process is at it")
    except OSError as error:
        said.append(f"{journal} is not pressed: {error}")


def _press_left_behind(journal: Path, before_s: float) -> None:
    """What a session that was killed left as it was: nobody has written it for so long."""
    for path in journal.glob(f"*{PLAIN}"):
        with suppress(FileNotFoundError):  # somebody else has just pressed it
            if number_of(path) and path.stat().st_mtime < before_s:
                press(path)


def _closed_in(directory: Path) -> Iterator[Closed]:
    for journal in directory.glob(f"*/{FOLDER}"):
        yield from _closed_of(journal)


def _closed_of(journal: Path) -> Iterator[Closed]:
    """But for the last one: a session may write it, or the next one go on from it."""
    for path in in_folder(journal)[:-1]:
        if not path.name.endswith(PRESSED):
            continue
        thinned = ""
        with suppress(BadJournal), SegmentReader(path) as segment:
            thinned = segment.header.thinned
        with suppress(FileNotFoundError):
            found = path.stat()
            yield Closed(path, found.st_mtime, found.st_size, thinned)


def _to_thin(closed: list[Closed], settings: JournalSettings, now_s: float) -> list[Closed]:
    """The oldest first: those beyond their days, then as many as are too much."""
    whole = [one for one in closed if one.thinned != RAW]
    old_s = now_s - settings.keep_days * _DAY_S
    due = [one for one in whole if settings.keep_days and one.written_s < old_s]
    size = sum(one.size for one in closed) - sum(one.size for one in due)
    for one in whole[len(due) :]:
        if not settings.keep_mb or size <= settings.keep_mb * _MB:
            break
        due.append(one)
        size -= one.size
    return due


def _thinned(due: list[Closed], what: str) -> list[str]:
    said, done = [], list[Closed]()
    for one in due:
        try:
            thin(one.path, what)
            done.append(one)
        except (BadJournal, OSError) as error:
            said.append(f"{one.path} is not thinned: {error}")
    if done:
        said.append(f"{what} taken out of {_named(done)}: no replay any more")
    return said


def _removed(closed: list[Closed], settings: JournalSettings, now_s: float) -> list[str]:
    old_s = now_s - settings.keep_thinned_days * _DAY_S
    due = [
        one
        for one in closed
        if settings.keep_thinned_days and one.thinned == RAW and one.written_s < old_s
    ]
    for one in due:
        one.path.unlink(missing_ok=True)
        closed.remove(one)
    return [f"removed, older than journal.keep_thinned_days: {_named(due)}"] if due else []


def _named(done: list[Closed]) -> str:
    return f"{done[0].path}" + (f" and {len(done) - 1} more" if len(done) > 1 else "")


def main(text: str) -> None:
    os.nice(_NICE)
    errand = msgspec.json.decode(text, type=Errand)
    for line in tend(errand, time.time()):  # noqa: TID251 - files have the wall's time
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main(sys.argv[1])

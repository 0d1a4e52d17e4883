"""What a journal holds beside events: a digest every so many of them, a checkpoint every so many
more, waypoints between those. Each speaks of the state after a batch, and stands after its last
line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from polytui.config.schema import JournalSettings
from polytui.journal.codec import encode_digest
from polytui.journal.line_file import Line
from polytui.journal.state_lines import StateLines


def milestones(
    settings: JournalSettings,
    first: int,
    last: int,
    digest: Callable[[], str],
    state: Callable[[], Any],
    lines: StateLines,
) -> Iterator[Line]:
    """The lines that are due after the events from `first` to `last`. The state is taken now, which
    is all that a desk waits for; it is packed by whoever writes the line."""
    is_checkpoint = is_due(settings.checkpoint_every, first, last)
    if is_checkpoint or is_due(settings.digest_every, first, last):
        now = digest()
        yield encode_digest(last, now)
    if is_checkpoint:
        yield partial(lines.checkpoint, last, now, state())
    elif is_due(settings.waypoint_every, first, last):
        yield partial(lines.waypoint, last, state())


def is_any_due(settings: JournalSettings, first: int, last: int) -> bool:
    """Whether there is any such line after these events."""
    spans = (settings.digest_every, settings.checkpoint_every, settings.waypoint_every)
    return any(is_due(every, first, last) for every in spans)


def is_due(every: int, first: int, last: int) -> bool:
    """Whether one of these numbers is a multiple of `every`."""
    return last // every > (first - 1) // every

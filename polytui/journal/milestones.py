"""What a journal holds beside events: a digest every so many of them, a checkpoint every so many
more. Both speak of the state after a batch, and stand after its last line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from polytui.config.schema import JournalSettings
from polytui.journal.codec import encode_checkpoint, encode_digest
from polytui.journal.line_file import Line


def milestones(
    settings: JournalSettings,
    first: int,
    last: int,
    digest: Callable[[], str],
    state: Callable[[], Any],
) -> Iterator[Line]:
    """The lines that are due after the events from `first` to `last`. The state is taken now, which
    is all that a desk waits for; it is packed by whoever writes the line."""
    if not is_any_due(settings, first, last):
        return
    is_checkpoint = is_due(settings.checkpoint_every, first, last)
    now = digest()
    yield encode_digest(last, now)
    if is_checkpoint:
        yield partial(encode_checkpoint, last, now, state())


def is_any_due(settings: JournalSettings, first: int, last: int) -> bool:
    """Whether there is any such line after these events."""
    return is_due(settings.digest_every, first, last) or is_due(
        settings.checkpoint_every, first, last
    )


def is_due(every: int, first: int, last: int) -> bool:
    """Whether one of these numbers is a multiple of `every`."""
    return last // every > (first - 1) // every

"""What the past is made of: moments in the order in which they were heard, and their sources.

A simulated world, a journal and anybody's recordings are sources of the same moments, so one loop
plays them all (`drive.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from msgspec import Struct

from polytui.model.effects import Effect
from polytui.model.events import Event
from polytui.model.instrument import Asset


class Moment(Struct, frozen=True, gc=False):
    """One batch for one desk: what a frame, the clock or a listing brought."""

    at_ns: int
    """When it was heard here, in nanoseconds of session time: of one source they never go back.
    Nothing in `events` may be younger than this."""
    asset: Asset
    events: tuple[Event, ...]
    """At least one, in the order of the frame."""


class Source(Protocol):
    """Where moments come from. One that only reads lets `heed` pass."""

    def moments(self) -> Iterator[Moment]:
        """All of them, oldest first; made as they are asked for, so that a month fits in memory."""

    def heed(self, asset: Asset, effects: tuple[Effect, ...], now_ns: int) -> None:
        """What a desk wants, told before the next moment is asked for: a world of its own may
        answer, a recording does not."""

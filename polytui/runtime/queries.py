"""Faces' questions, answered from the database by a thread beside the loop.

One at a time, whoever asks; SQLite gives the interpreter away while it searches. What waits too
long or takes too long is answered in words, and so is whatever is wrong with the database.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import trio
from attrs import field, frozen

from polytui.model.errors import Fatal
from polytui.model.plain_text import plain
from polytui.model.query import Answer, Query
from polytui.store.pages import BadQuery, QueryPage, page_of
from polytui.store.reading import Reading

_WAIT_S = 10.0
"""For its turn: whoever asked has asked again by then, or looks at something else."""
_READ_S = 5.0
"""For its answer; the questions of our screens take a hundredth of it."""


@frozen
class Queries:
    """The one way to the database for faces."""

    path: Path
    session: str
    """The engine's own."""
    is_kept: bool
    """Whether anybody fills the database."""
    moment: Callable[[], int] | None = None
    """The moment as of which it is asked; None for all that is known."""
    _turn: trio.CapacityLimiter = field(factory=lambda: trio.CapacityLimiter(1))

    async def answer(self, query: Query) -> Answer:
        """What is wrong is said in `error`, and raises nothing."""
        if not self.is_kept:
            off = "nothing is kept: the database is switched off (store.is_enabled)"
            return Answer(query.query_id, error=off)
        try:
            page = page_of(query, self.session)
        except BadQuery as error:
            return Answer(query.query_id, error=plain(error))
        with trio.move_on_after(_WAIT_S) as waiting:
            async with self._turn:
                waiting.deadline = float("inf")
                return await self._read(page)
        busy = f"busy: this question waited {_WAIT_S:g} s for its turn; ask again"
        return Answer(query.query_id, error=busy)

    async def _read(self, page: QueryPage) -> Answer:
        until_ns = None if self.moment is None else self.moment()
        reading = Reading(self.path, self.session, page, until_ns)
        try:
            with trio.fail_after(_READ_S):
                return await trio.to_thread.run_sync(reading.read, abandon_on_cancel=True)
        except trio.TooSlowError:
            slow = f"no answer within {_READ_S:g} s: ask for less"
            return Answer(page.query_id, error=slow)
        except (Fatal, OSError) as error:
            return Answer(page.query_id, error=plain(error))
        finally:
            reading.interrupt()

"""What faces are shown of the engine itself, a line of the journal now and then: without it whoever
watches a recording would know nothing of sockets, lives and latencies.

Every ten seconds of session time, but no more often than once a real second, and as soon as an
asset's life or the session's end is another thing: some two kilobytes of four assets, of which a
day at real speed has twenty megabytes before they are pressed.
"""

from __future__ import annotations

import trio
from attrs import define, field

from polytui.journal.codec import encode_figures
from polytui.journal.line_file import LineFile
from polytui.model.engine_figures import EngineFigures
from polytui.model.units import NS_PER_S
from polytui.runtime.publisher import Publisher

_LOOK_EVERY_S = 1.0
_LINE_EVERY_NS = 10 * NS_PER_S


@define
class FiguresWatch:
    """State: what was written last."""

    publisher: Publisher
    journal: LineFile
    _written: EngineFigures | None = field(default=None, init=False)

    async def watch(self) -> None:
        """Look until cancelled; how it ended is written as well."""
        try:
            while True:
                self.look()
                await trio.sleep(_LOOK_EVERY_S)
        finally:
            self._write(self.publisher.figures(has_assets=True))

    def look(self) -> None:
        """A line, where one is due."""
        now, before = self.publisher.figures(has_assets=True), self._written
        is_old = before is None or now.at_ns - before.at_ns >= _LINE_EVERY_NS
        if is_old or (before is not None and _turns(now) != _turns(before)):
            self._write(now)

    def _write(self, figures: EngineFigures) -> None:
        self._written = figures
        self.journal.append(encode_figures(figures))


def _turns(figures: EngineFigures) -> tuple[object, ...]:
    """What is news in the moment it changes."""
    lives = [(one.life, one.state, one.detail) for one in figures.assets]
    return figures.speed, figures.is_stopping, figures.winnings, lives

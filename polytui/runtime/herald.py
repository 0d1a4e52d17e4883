"""What stops entries by itself is said when it is on the disk: whoever read it may rely on it.

The log and every face hear it some milliseconds after it happened. Nothing that decides waits.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio
from attrs import define, field


@define
class Herald:
    """State: lines that are not said yet, as (level, asset, text, kind)."""

    keep: Callable[[], Awaitable[str]]
    """Waits until everything so far is on the disk; says why it is not, nothing where it is."""
    notice: Callable[[str, str, str, tuple[int, ...], str], None]
    _unsaid: list[tuple[str, str, str, str]] = field(factory=list, init=False)
    _news: trio.Event = field(factory=trio.Event, init=False)

    def say(self, level: str, asset: str, text: str, kind: str = "") -> None:
        """Say this once it is kept."""
        self._unsaid.append((level, asset, text, kind))
        self._news.set()

    async def run(self) -> None:
        """Say what there is, for ever; what is left at the end is for `say_rest`."""
        while True:
            await self._news.wait()
            self._news = trio.Event()
            await self.say_all()

    async def say_all(self) -> None:
        # Only what was there before: what is added meanwhile may not be on the disk yet.
        count = len(self._unsaid)
        unkept = await self.keep() if count else ""
        self._say_first(count, unkept)

    def say_rest(self) -> None:
        """At the end, without waiting: nobody may miss it."""
        self._say_first(len(self._unsaid), "the session ended first")

    def _say_first(self, count: int, unkept: str) -> None:
        said, self._unsaid = self._unsaid[:count], self._unsaid[count:]
        for level, asset, text, kind in said:
            words = f"{text} (NOT on disk: {unkept})" if unkept else text
            self.notice(level, asset, words, (), kind)

"""The inbox: everything one desk will hear, in one line, bounded."""

from __future__ import annotations

from collections.abc import Callable

import trio
from msgspec import Struct

from polytui.desk.mind import Taken
from polytui.model.events import Event


class InboxFull(Exception):
    """Events come faster than the desk takes them: a fault of the asset, never silent loss."""


class Item(Struct, frozen=True):
    """An event, when its frame was read (perf_counter_ns; 0 where no frame was), and who waits
    to hear under which number it was taken, and what came of it."""

    event: Event
    received_perf_ns: int = 0
    taken: Callable[[Taken], None] | None = None


class Inbox:
    """State: the waiting items. It outlives a crash of its desk, so that nothing is lost."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: list[Item] = []
        self._news = trio.Event()
        self._fullest = 0

    def put(self, item: Item, *, wakes: bool = True) -> None:
        """Add an item; `wakes` whoever waits for a batch. InboxFull at the limit."""
        if len(self._items) >= self._limit:
            raise InboxFull(f"{len(self._items)} events wait; raise queues.inbox or lower the load")
        self._items.append(item)
        if len(self._items) > self._fullest:
            self._fullest = len(self._items)
        if wakes:
            self._news.set()

    @property
    def limit(self) -> int:
        return self._limit

    @property
    def waiting(self) -> int:
        return len(self._items)

    def insist(self, item: Item) -> None:
        """For what must not be turned away however full it is: people's commands, lost feeds."""
        self._items.append(item)
        self._news.set()

    def wake(self) -> None:
        self._news.set()

    def give_back(self, items: list[Item]) -> None:
        """What a crash left of a batch comes first in the next one."""
        self._items = items + self._items
        self._news.set()

    def withdraw(self, item: Item) -> None:
        """Take back what nobody has taken yet."""
        self._items = [each for each in self._items if each is not item]

    def take_kinds(self, *kinds: type[Event]) -> list[Event]:
        """What waits of these kinds; everything else goes on waiting."""
        taken = [item.event for item in self._items if isinstance(item.event, kinds)]
        self._items = [item for item in self._items if not isinstance(item.event, kinds)]
        return taken

    def fullest_share(self) -> float:
        """Of its limit, since the last time somebody asked."""
        share, self._fullest = self._fullest / self._limit, len(self._items)
        return share

    def take_nowait(self) -> list[Item]:
        """Everything that waits, perhaps nothing."""
        items, self._items = self._items, []
        return items

    async def batch(self) -> list[Item]:
        """Wait for something, then take everything that waits."""
        while not self._items:
            self._news = trio.Event()
            await self._news.wait()
        return self.take_nowait()

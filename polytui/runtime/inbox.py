"""The inbox: everything one desk will hear, in one line, bounded."""

from __future__ import annotations

import math
from collections.abc import Callable

import trio
from attrs import frozen

from polytui.model.events import Event


class InboxFull(Exception):
    """Events come faster than the desk takes them: a fault of the asset, never silent loss."""


@frozen
class Item:
    """An event, when its frame was read (perf_counter_ns; 0 where no frame was), and who waits
    to hear under which number it was taken."""

    event: Event
    received_perf_ns: int = 0
    taken: Callable[[int], None] | None = None


class Inbox:
    """State: the waiting items. It outlives a crash of its desk, so that nothing is lost."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._send, self._receive = trio.open_memory_channel[Item](math.inf)
        self._waiting = 0
        self._returned: list[Item] = []

    def put(self, item: Item) -> None:
        if self._waiting >= self._limit:
            raise InboxFull(f"{self._waiting} events wait; raise queues.inbox or lower the load")
        self._waiting += 1
        self._send.send_nowait(item)

    def give_back(self, items: list[Item]) -> None:
        """What a crash left of a batch comes first in the next one."""
        self._returned = items

    async def batch(self) -> list[Item]:
        """Wait for something, then take everything that waits."""
        items, self._returned = self._returned, []
        if not items:
            items = [await self._receive.receive()]
        try:
            while True:
                items.append(self._receive.receive_nowait())
        except trio.WouldBlock:
            self._waiting = 0
        return items

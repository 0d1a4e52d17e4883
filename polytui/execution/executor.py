"""The executor: effects in, reports out, one task an asset."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import trio

from polytui.model.effects import Effect
from polytui.model.events import DeskOpened, Event, Report
from polytui.model.instrument import Asset
from polytui.net.clock import SessionClock


class ExecutionClient(Protocol):
    """What trades for one asset: on paper today. Times are the session's."""

    def observe(self, event: Event) -> list[Report]: ...
    def perform(self, effect: Effect, now_ns: int) -> None: ...
    @property
    def next_due_ns(self) -> int | None: ...
    @property
    def has_working_orders(self) -> bool: ...
    def advance(self, now_ns: int) -> list[Report]: ...
    def cancel_at_once(self) -> int: ...
    def opening(self, asset: Asset, life: int) -> DeskOpened: ...


async def run_executor(
    effects: trio.MemoryReceiveChannel[Effect],
    client: ExecutionClient,
    deliver: Callable[[Report], None],
    clock: SessionClock,
) -> None:
    """Perform effects as they come and deliver reports as they fall due, until cancelled."""
    while True:
        with trio.move_on_after(_wait_s(client, clock)):
            client.perform(await effects.receive(), clock.now_ns())
        for report in client.advance(clock.now_ns()):
            deliver(report)


def _wait_s(client: ExecutionClient, clock: SessionClock) -> float:
    due_ns = client.next_due_ns
    return math.inf if due_ns is None else max(0.0, clock.real_s(due_ns - clock.now_ns()))

"""What moves the world along with the clock, and who wakes it before its time."""

from __future__ import annotations

import trio

from polytui.model.units import NS_PER_S
from polytui.net.clock import Clock
from polytui.sim.server.connections import Connections
from polytui.sim.wire.exchanges import Exchanges
from polytui.sim.wire.polymarket import Polymarket
from polytui.sim.world.world import World

_CHECKPOINT_EVERY = 64
"""World events between two looks at the rest of the program while the pump catches up."""


class Doorbell:
    """Somebody asks something of the venue: whoever rests gets up at once. State: whether it was
    rung since the last rest."""

    def __init__(self) -> None:
        self._is_rung = False
        self._rest = trio.CancelScope()

    def ring(self) -> None:
        self._is_rung = True
        self._rest.cancel()

    async def rest(self, clock: Clock, until_ns: int) -> None:
        """Until then, or until it is rung; it may have been already. Others always get a turn."""
        with trio.CancelScope() as self._rest:
            if self._is_rung:
                self._rest.cancel()
            await clock.sleep_until(until_ns)
        self._is_rung = False


class Pump:
    """Moves the world along with the clock and hands out what happens."""

    def __init__(
        self,
        world: World,
        clock: Clock,
        polymarket: Polymarket,
        exchanges: Exchanges,
        connections: Connections,
        bell: Doorbell,
    ) -> None:
        self._world = world
        self._clock = clock
        self._polymarket = polymarket
        self._exchanges = exchanges
        self._connections = connections
        self._bell = bell

    async def run(self, pace_s: float) -> None:
        while True:
            # A turn to another speed that came late takes time back; the world does not go back.
            due_ns = max(self._clock.now_ns(), self._world.now_ns)
            await self._run_until(due_ns)
            rested_ns = due_ns + int(pace_s * NS_PER_S * self._clock.speed)
            await self._bell.rest(self._clock, max(self._world.next_ns(), rested_ns))

    async def _run_until(self, due_ns: int) -> None:
        for count, world_event in enumerate(self._world.run_until(due_ns), start=1):
            self._polymarket.note(world_event)
            self._exchanges.note(world_event)
            self._connections.hand_out(world_event)
            if count % _CHECKPOINT_EVERY == 0:
                await trio.lowlevel.checkpoint()

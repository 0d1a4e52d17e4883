"""What every simulated socket service offers to the one who carries its bytes."""

from __future__ import annotations

from typing import ClassVar, Protocol, runtime_checkable

from polytui.sim.world.world_events import WorldEvent


class ClientSession(Protocol):
    """One client of one service: text in, texts out, no socket and no waiting."""

    WANTS: ClassVar[tuple[type, ...]]
    """The kinds of world events `publish` has anything to say about."""
    ping_every_s: ClassVar[float | None]
    """Real seconds between protocol pings, where the service sends them."""
    closing: tuple[int, str] | None
    """Close code and reason once the service hangs up."""

    @property
    def quiet_limit_s(self) -> float | None:
        """Real seconds after which a client that says nothing is dropped; may change."""
        ...

    def opening(self) -> list[str]:
        """Frames sent as soon as the connection stands."""
        ...

    def receive(self, text: str) -> list[str]:
        """Answers to one client frame."""
        ...

    def publish(self, world_event: WorldEvent) -> list[str]:
        """What this client sees of a world event. The world must stand exactly at it."""
        ...

    def close(self) -> None:
        """The client is gone."""
        ...


@runtime_checkable
class HearingPings(Protocol):
    """A service to whom a client's protocol ping may be as good as something said."""

    @property
    def hears_pings(self) -> bool: ...


@runtime_checkable
class Announcing(Protocol):
    """A service that says beforehand that it will close."""

    def shut_down(self) -> list[str]: ...

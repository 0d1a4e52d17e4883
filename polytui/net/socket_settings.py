"""How a WebSocket is kept up: how long, how often, how much, and what close codes ask for."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen


@frozen
class CloseRule:
    """What a venue's close code asks for."""

    most_wait_s: float = 0.0
    """Wait a random part of this before coming back."""
    is_final: bool = False
    """Coming back would be refused again: our key or our request is at fault."""


@frozen
class SocketSettings:
    """How long, how often and how much. Seconds are real seconds."""

    connect_timeout_s: float = 5.0
    """For dialling, TLS and the upgrade together."""
    silence_s: float = 15.0
    """Age of the last data at which the connection is given up; PONG is not data."""
    backoff_first_s: float = 0.25
    backoff_cap_s: float = 15.0
    healthy_after_s: float = 60.0
    """A connection that lasted this long starts the backoff anew."""
    keepalive_text: str = ""
    """Text frame sent at intervals; empty for none."""
    keepalive_every_s: float = 10.0
    max_frame_bytes: int = 16 << 20
    """Counted by the library in characters for text frames."""
    send_timeout_s: float = 2.0
    close_rules: Mapping[int, CloseRule] = field(factory=dict)
    """By close code; others come back with backoff."""
    rotate_after_s: float = 0.0
    """A connection so old is relieved by a new one while it still reads; 0 for never."""
    is_direct: bool = False
    """Frames are read by the task that wants them, not by one of trio-websocket's with a queue
    between."""

"""A recording that is played to faces: what they may ask of its player, and what he tells them."""

from __future__ import annotations

from enum import Enum

import msgspec
from attrs import frozen

RECORDING = "watch"
"""The mode of a session that is played: nothing in it can be commanded."""
AS_FAST_AS_IT_GOES = 0.0
SPEEDS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, AS_FAST_AS_IT_GOES)
"""Session seconds a real second, each a key's press from the one before it."""


class PlayMove(str, Enum):
    """What is asked of a player. `by` is 1 or -1: onwards or back."""

    PAUSE = "pause"
    """Stand still, or go on."""
    PACE = "pace"
    """The next speed of `SPEEDS`, or the one before it."""
    STEP = "step"
    """To the next decision: the next event after which a desk did or said something."""
    TRADE = "trade"
    """To the next fill of ours."""
    HOME = "home"
    END = "end"
    GO = "go"
    """To a moment, `text`: "15:03:20", "15:03", "0.25" of the whole, or "25%"."""
    WHAT_IF = "what if"
    """`text` is "setting=value": what would have been decided, and made, with it."""
    NEVER_MIND = "never mind"
    """The last what-if is not wanted any more."""


class Play(msgspec.Struct, frozen=True, tag="play"):
    """A face asks something of the player; answered by an Ack like a command."""

    command_id: int
    move: PlayMove
    by: int = 1
    text: str = ""


@frozen
class PlayView:
    """Where a player stands. Times are UTC nanoseconds of the session's clock."""

    at_ns: int
    first_ns: int
    last_ns: int
    """Of what is recorded so far."""
    seq: int
    """The last event that was taken."""
    speed: float
    """Session seconds a real second; AS_FAST_AS_IT_GOES, or of `SPEEDS`."""
    is_running: bool
    mode: str
    """Of the session that was recorded."""
    is_written: bool = False
    """Somebody still writes it."""
    goes_to_ns: int = 0
    """It is on its way there; 0 while it stands or plays."""
    jumps: int = 0
    """How often it went elsewhere: what was seen before the last time is not of this moment."""
    words: str = ""
    """What keeps it from going on, or is not as it was recorded; empty where nothing is."""

    @property
    def is_at_end(self) -> bool:
        return self.at_ns >= self.last_ns

    @property
    def share(self) -> float:
        """Of the whole, 0 to 1."""
        whole = self.last_ns - self.first_ns
        return 1.0 if whole <= 0 else min(1.0, max(0.0, (self.at_ns - self.first_ns) / whole))


@frozen
class WhatIfView:
    """What another setting would have made of the recording; money in millionths."""

    wish: str
    """ "risk.max_order_usd=12"."""
    is_ready: bool = False
    error: str = ""
    events: int = 0
    differences: int = 0
    orders_was: int = 0
    orders_now: int = 0
    first: str = ""
    """The first decision that differs, in the words of `replay --with`; empty where none does."""
    pnl_recorded: int = 0
    """What the session made."""
    pnl_was: int = 0
    """What its market, played again on paper, makes under its own settings,"""
    pnl_now: int = 0
    """and under the other one."""

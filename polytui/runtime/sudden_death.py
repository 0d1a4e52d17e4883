"""A process that kills itself with SIGKILL at a named point, to show that nothing hangs on its end.

    kill9:btc@order-sent       kill9:all@checkpoint-half-written#2

Nothing is tidied up and nothing is said: it is as if the machine had done it, only that the moment
is chosen. What the disk has by then is what the point says.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence

from attrs import define, frozen

from polytui.execution.client import (
    CANCEL_SENT,
    ORDER_POSTED,
    ORDER_SIGNED,
    WORK_CONFIRMED,
    WORK_MEANT,
    WORK_MINED,
    WORK_SUBMITTED,
)
from polytui.model.effects import Effect, Place
from polytui.model.events import Event, Filled, RoundSettled, Unanswered

ORDER_SENT = "order-sent"
"""An order is on its way, and the journal has nothing of it."""
HALF_FILLED = "half-filled"
"""The journal has the first fill of a batch, and nothing of what came with it."""
ORDER_UNANSWERED = "order-unanswered"
"""That nobody answers for an order is known, and the journal has nothing of it."""
SETTLEMENT_SEEN = "settlement-seen"
"""A round was paid, and the journal has nothing of it."""
SEGMENT_TURNING = "segment-turning"
"""The next segment of the journal is there, and empty."""
CHECKPOINT_HALF_WRITTEN = "checkpoint-half-written"
"""Half of a checkpoint is in the file."""
AT_VENUE = (ORDER_SIGNED, ORDER_POSTED, ORDER_UNANSWERED, CANCEL_SENT)
"""Nobody passes them on paper."""
OF_THE_WALLET = (WORK_MEANT, WORK_SUBMITTED, WORK_MINED, WORK_CONFIRMED)
"""What it does on the chain is of all assets."""
OF_ASSETS = (ORDER_SENT, HALF_FILLED, SETTLEMENT_SEEN, *AT_VENUE)
OF_THE_JOURNAL = (SEGMENT_TURNING, CHECKPOINT_HALF_WRITTEN)


@frozen
class PlannedDeath:
    """At the nth passing of a point; of one asset, or of any where none is named."""

    point: str
    asset: str = ""
    nth: int = 1


@define
class SuddenDeath:
    """State: how often the point was passed."""

    planned: PlannedDeath
    _passed: int = 0

    def pass_point(self, point: str, asset: str = "") -> None:
        """Die here, if it is the one."""
        if self.is_at(point, asset):
            self.die()

    def is_at(self, point: str, asset: str = "") -> bool:
        """Whether this is where it is to die; it counts as passed."""
        if point != self.planned.point or self.planned.asset not in ("", asset):
            return False
        self._passed += 1
        return self._passed >= self.planned.nth

    def pass_effects(self, effects: Sequence[Effect], asset: str) -> None:
        """They are on their way."""
        if any(isinstance(effect, Place) for effect in effects):
            self.pass_point(ORDER_SENT, asset)

    def pass_events(self, events: Sequence[Event], asset: str) -> int | None:
        """The mind has taken them, the journal not yet. Up to which of them it is to have them when
        the process dies; None where it lives."""
        for number, event in enumerate(events, start=1):
            if isinstance(event, RoundSettled):
                self.pass_point(SETTLEMENT_SEEN, asset)
            elif isinstance(event, Unanswered):
                self.pass_point(ORDER_UNANSWERED, asset)
            elif isinstance(event, Filled) and self.is_at(HALF_FILLED, asset):
                return number
        return None

    @staticmethod
    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)
        signal.pause()  # whatever else this thread would do has not happened

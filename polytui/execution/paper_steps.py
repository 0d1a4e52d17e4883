"""What happens to an order on paper, one step after the other, and when it is due."""

from __future__ import annotations

from enum import Enum

from attrs import define, field


class PaperStep(Enum):
    """What happens to an order at the venue."""

    ARRIVES = "arrives"
    ENTERS = "enters the book"
    IS_RELEASED = "is released from the hold"
    IS_CANCELLED = "is cancelled"
    IS_LOOKED_FOR = "is looked for"
    EXPIRES = "expires"
    IS_MINED = "is in a block"


ON_ITS_WAY = (PaperStep.ARRIVES, PaperStep.ENTERS, PaperStep.IS_RELEASED)
"""Of an order on its way."""


@define(order=True)
class DueStep:
    """Something that happens to an order at a time, or to the trade of this name."""

    at_ns: int
    number: int
    order_id: str = field(order=False)
    what: PaperStep = field(order=False)

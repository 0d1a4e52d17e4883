"""The life of a round as a table.

    LISTED --opens--> OPEN --closes--> ENDED --settles--> SETTLED

Clocks disagree and words come twice or late, so every phase knows every move; a round never
goes backwards. What is not in the table raises.
"""

from __future__ import annotations

from enum import Enum


class Phase(str, Enum):
    LISTED = "listed"
    OPEN = "open"
    ENDED = "ended"
    SETTLED = "settled"


class Move(str, Enum):
    OPENS = "opens"
    CLOSES = "closes"
    SETTLES = "settles"


ROUND_TABLE: dict[tuple[Phase, Move], Phase] = {
    (Phase.LISTED, Move.OPENS): Phase.OPEN,
    (Phase.LISTED, Move.CLOSES): Phase.ENDED,  # it passed while we were away
    (Phase.LISTED, Move.SETTLES): Phase.SETTLED,
    (Phase.OPEN, Move.OPENS): Phase.OPEN,
    (Phase.OPEN, Move.CLOSES): Phase.ENDED,
    (Phase.OPEN, Move.SETTLES): Phase.SETTLED,  # the venue's clock is ahead of ours
    (Phase.ENDED, Move.OPENS): Phase.ENDED,
    (Phase.ENDED, Move.CLOSES): Phase.ENDED,
    (Phase.ENDED, Move.SETTLES): Phase.SETTLED,
    (Phase.SETTLED, Move.OPENS): Phase.SETTLED,
    (Phase.SETTLED, Move.CLOSES): Phase.SETTLED,
    (Phase.SETTLED, Move.SETTLES): Phase.SETTLED,
}


def next_phase(phase: Phase, move: Move) -> Phase:
    return ROUND_TABLE[phase, move]

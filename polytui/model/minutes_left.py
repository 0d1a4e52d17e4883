"""How near to its close a round was: the same slices in reports, in the database and on screens."""

from __future__ import annotations

MINUTES_LEFT = ("under 1", "1 to 2", "2 to 3", "3 to 5", "5 to 15", "15 to 60", "over 60")
BORDERS = (1, 2, 3, 5, 15, 60)
"""Minutes at which the next slice begins."""


def slice_of(left_s: float) -> str:
    minutes = left_s / 60.0
    return MINUTES_LEFT[sum(minutes >= border for border in BORDERS)]

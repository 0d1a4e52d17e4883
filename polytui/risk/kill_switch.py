"""The kill switch: trips at once, blocks every entry, and is cleared by a person only."""

from __future__ import annotations


class KillSwitch:
    """State: whether it is on, since when, and why."""

    def __init__(self) -> None:
        self.is_on = False
        self.why = ""
        self.since_ns = 0

    def trip(self, why: str, at_ns: int) -> bool:
        """True if this is what switched it on; the first reason stays."""
        if self.is_on:
            return False
        self.is_on, self.why, self.since_ns = True, why, at_ns
        return True

    def rearm(self) -> None:
        """A person looked and cleared it."""
        self.is_on, self.why, self.since_ns = False, "", 0

    def state(self) -> tuple[object, ...]:
        return (self.is_on, self.why, self.since_ns)

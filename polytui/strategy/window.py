"""When entries are allowed: seconds after the open, and before the close."""

from __future__ import annotations

from msgspec import Struct

from polytui.config.deciding import GateSettings


class EntryWindow(Struct, frozen=True):
    """When entries are allowed: seconds after the open, and before the close."""

    after_open_s: float
    before_close_s: float
    from_left_s: float = 0.0
    """Not before so many seconds are left; 0 for no such limit."""

    def is_near(self, since_open_s: float, left_s: float, early_s: float) -> bool:
        """Whether it is open, or will be within `early_s`."""
        if since_open_s + early_s < self.after_open_s or left_s < self.before_close_s:
            return False
        return not self.from_left_s or left_s - early_s <= self.from_left_s


def usual_window(gates: GateSettings) -> EntryWindow:
    """For strategies without hours of their own."""
    return EntryWindow(gates.after_open_s, gates.before_close_s)

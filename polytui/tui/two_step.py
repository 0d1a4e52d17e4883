"""Two steps for what cannot be taken back: the first arms, the second fires, time disarms."""

from __future__ import annotations

from attrs import define, field, frozen

from polytui.model.events import Action

ARMED_FOR_S = 5.0
HELD_S = 0.6
"""Longer than a keyboard waits before it repeats a key."""


@frozen
class Danger:
    """What would be sent. `asset` is empty when it is for all of them."""

    action: Action
    asset: str
    key: str
    resets: str = field(default="", eq=False)
    """Of a resume: what is measured anew from there on. It moves between two presses."""

    @property
    def _anew(self) -> str:
        return f": from 0 again: {self.resets}" if self.resets else ""

    @property
    def title(self) -> str:
        return {
            Action.RESUME: f"RESUME {self.asset.upper() or 'ALL'}{self._anew}",
            Action.PAUSE: f"PAUSE {self.asset.upper() or 'ALL'}: cancel its orders, no entries",
            Action.KILL: "KILL: cancel every order and stop trading, all assets",
            Action.REARM: "REARM: let all assets trade again after a kill",
            Action.FLATTEN: f"FLATTEN {self.asset.upper()}: cancel its orders, sell what it holds",
        }[self.action]


@define
class Trigger:
    """State: what is armed, and until when (seconds of the caller's clock)."""

    armed: Danger | None = None
    _until_s: float = 0.0
    _held_until_s: float = 0.0
    """Until then an Enter may be the one that is still held down; and so may be, of what was fired,
    its own key."""
    _fired: Danger | None = None

    def press(self, danger: Danger, now_s: float, *, is_key: bool = True) -> Danger | None:
        """Arm `danger`, or return it to be sent when it is armed already. What is no key, a click
        or the palette, only ever arms: whoever holds Enter in the palette has not decided twice."""
        if self.armed is None and danger == self._fired and now_s < self._held_until_s:
            self._held_until_s = now_s + HELD_S  # still held down
            return None
        if is_key and self.is_armed(now_s) and self.armed == danger:
            return self._taken(now_s)
        self.armed, self._until_s = danger, now_s + ARMED_FOR_S
        self._held_until_s = now_s if is_key else now_s + HELD_S
        return None

    def fire(self, now_s: float) -> Danger | None:
        """Enter: what is to be sent now, once; None when nothing is armed any more."""
        if not self.is_armed(now_s):
            return None
        if now_s < self._held_until_s:
            self._held_until_s = now_s + HELD_S
            return None
        return self._taken(now_s)

    def _taken(self, now_s: float) -> Danger | None:
        self._fired, self.armed = self.armed, None
        self._held_until_s = now_s + HELD_S
        return self._fired

    def disarm(self) -> None:
        self.armed = None

    def is_armed(self, now_s: float) -> bool:
        if self.armed is not None and now_s >= self._until_s:
            self.armed = None
        return self.armed is not None

    def left_s(self, now_s: float) -> float:
        return max(0.0, self._until_s - now_s) if self.armed is not None else 0.0

"""Which relay serves Chainlink, said aloud whenever that changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import define, field

from polytui.feeds.attendant import Attendant
from polytui.model.snapshot import FeedState

Say = Callable[[str, str], None]
"""(level, text)."""


@define
class Relays(Attendant):
    """State: what has become of each relay, and the one that served last."""

    names: Sequence[str]
    """Their feeds, in the order of preference."""
    say: Say
    serving: str = ""
    has_served: bool = False
    _up: set[str] = field(factory=set)

    def changed(self, feed: str, state: FeedState) -> None:
        if state is FeedState.UP:
            self._up.add(feed)
        else:
            self._up.discard(feed)
        serving = next((name for name in self.names if name in self._up), "")
        if serving == self.serving:
            return
        before, self.serving = self.serving, serving
        if not serving:
            self.say("error", "Chainlink: silent on every relay, entries are blocked")
        elif self.has_served or not self._is_preferred(serving):
            # A relay that is left for a better one is not silent.
            gone = f"{before} is silent, " if before and before not in self._up else ""
            level = "info" if self._is_preferred(serving) else "warn"
            self.say(level, f"Chainlink: {gone}{serving} serves")
        self.has_served = True

    def _is_preferred(self, name: str) -> bool:
        return name == self.names[0]

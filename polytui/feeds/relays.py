"""Which relay serves Chainlink, said aloud whenever that changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import define

from polytui.feeds.feed import Feed
from polytui.model.snapshot import FeedState

Say = Callable[[str, str], None]
"""(level, text)."""


@define
class Relays:
    """State: the relay that served last. Feeds are in the order of preference."""

    feeds: Sequence[Feed]
    say: Say
    serving: str = ""
    has_served: bool = False

    def changed(self) -> None:
        """One of the feeds has changed its state."""
        up = [feed.name for feed in self.feeds if feed.state is FeedState.UP]
        serving = up[0] if up else ""
        if serving == self.serving:
            return
        before, self.serving = self.serving, serving
        if not serving:
            self.say("error", "Chainlink: silent on every relay, entries are blocked")
        elif self.has_served or not self._is_preferred(serving):
            # A relay that is left for a better one is not silent.
            gone = f"{before} is silent, " if before and before not in up else ""
            level = "info" if self._is_preferred(serving) else "warn"
            self.say(level, f"Chainlink: {gone}{serving} serves")
        self.has_served = True

    def _is_preferred(self, name: str) -> bool:
        return name == self.feeds[0].name

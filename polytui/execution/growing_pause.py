"""A pause between tries that fail in a row: each is longer than the one before, up to a most."""

from __future__ import annotations

from attrs import define

from polytui.model.units import NS_PER_S

_LONG_NS = 600 * NS_PER_S
"""Nothing comes of it for so long: people want to know."""


@define(eq=False)
class GrowingPause:
    """State: how often in a row it failed, since when, and until when nothing is tried."""

    first_ns: int
    most_ns: int
    until_ns: int = 0
    times: int = 0
    _since_ns: int = 0
    _is_said: bool = False

    def is_on(self, now_ns: int) -> bool:
        return now_ns < self.until_ns

    def again(self, now_ns: int, least_ns: int = 0) -> None:
        """It failed once more; `least_ns`: what the other side said to wait."""
        if not self.times:
            self._since_ns = now_ns
        usual_ns = min(self.first_ns << min(self.times, 20), self.most_ns)
        self.times += 1
        self.hold(now_ns + max(usual_ns, least_ns))

    def hold(self, until_ns: int) -> None:
        """For a reason that has a length of its own."""
        self.until_ns = max(self.until_ns, until_ns)

    def over(self) -> None:
        """It went well: the next pause is a first one."""
        self.until_ns = self.times = 0
        self._is_said = False

    def is_news(self, now_ns: int) -> bool:
        """Whether it lasts for long by now; once a row."""
        if not self.times or self._is_said or now_ns - self._since_ns < _LONG_NS:
            return False
        self._is_said = True
        return True

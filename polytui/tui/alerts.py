"""From what the engine says to whoever looks away: lines that come up, the bell, the title."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from attrs import frozen

from polytui.config.terminal import TerminalSettings
from polytui.model.link import FromEngine, NoticeFrame
from polytui.model.notice_kinds import BREAKER
from polytui.tui.state import LinkState, TerminalState
from polytui.tui.telling import Alert, Telling, ToastLine
from polytui.tui.window_title import WindowTitle, has_title, title_of

_TROUBLES = {LinkState.LOST: "ENGINE LOST", LinkState.ENDED: "ended"}


@frozen
class Outlets:
    """What a terminal has to be heard and seen by."""

    come_up: Callable[[ToastLine], None]
    ring: Callable[[], None]
    write: Callable[[str], None]
    """Of the window, not of the screen; in order with what is drawn."""
    size: Callable[[], tuple[int, int]]
    """Of the screen, in cells."""


def local_minute() -> int:
    """Of the day, where this terminal is."""
    now = time.localtime()
    return now.tm_hour * 60 + now.tm_min


class Alerts:
    """State: what was told so far, in `telling` and the title."""

    def __init__(
        self,
        state: TerminalState,
        settings: TerminalSettings,
        outlets: Outlets,
        clock: Callable[[], float],
        environment: Mapping[str, str],
        minute: Callable[[], int] = local_minute,
    ) -> None:
        self._state, self._outlets, self._clock, self._minute = state, outlets, clock, minute
        self._telling = Telling(settings)
        is_titled = settings.title and has_title(environment)
        self._title = WindowTitle(outlets.write) if is_titled else None

    def hear(self, message: FromEngine) -> None:
        """A message that the state has taken in. What happens in a recording has happened: nobody
        is called for it."""
        if isinstance(message, NoticeFrame) and not self._state.is_recording:
            notice, size = message.notice, self._outlets.size()
            account, minute = self._state.account, self._minute()
            self._do(self._telling.hear(notice, account, minute, self._clock(), size))
        self.retitle()

    def lost(self) -> None:
        """The engine is gone without a word."""
        words, size = f"ENGINE LOST  {self._state.link_words}", self._outlets.size()
        minute = self._minute()
        self._do(self._telling.tell(BREAKER, "error", words, minute, self._clock(), size))
        self.retitle()

    def retitle(self) -> None:
        if self._title is not None:
            state = self._state
            text = title_of(state.account, state.mode, _TROUBLES.get(state.link, ""))
            self._title.show(text, self._clock())

    def step_aside(self) -> None:
        """For a while the window is somebody else's."""
        if self._title is not None:
            self._title.give_back()

    @property
    def farewell(self) -> str:
        """What brings back the window's title."""
        return "" if self._title is None else self._title.farewell

    def _do(self, alert: Alert) -> None:
        if alert.news is not None:
            self._outlets.come_up(alert.news)
        if alert.rings:
            self._outlets.ring()

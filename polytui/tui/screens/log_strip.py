"""The lines of the log below the assets: the newest, or as far back as the wheel has gone."""

from __future__ import annotations

from polytui.tui.panels.log import last_words, log_lines
from polytui.tui.state import LinkState, TerminalState
from polytui.tui.styles import Line, line, styles_of
from polytui.tui.theme import Palette


class LogStrip:
    """State: whether it takes half of the screen, and how many lines the wheel has gone back."""

    def __init__(self, state: TerminalState) -> None:
        self.is_large = False
        self._state = state
        self._back = 0

    def roll(self, by: int) -> None:
        """`by` lines newer; below 0 older."""
        self._back = min(max(0, self._back - by), max(0, len(self._state.told) - 1))

    def paint(self, palette: Palette, width: int, height: int) -> list[Line]:
        state, styles = self._state, styles_of(palette)
        if state.link is LinkState.LOST:
            return last_words(state.last_words, styles, width, height)
        if not self._back or height < 2:
            return log_lines(state.notices, state.dropped, styles, width, height)
        told = state.notices[: len(state.told) - self._back]
        words = f" {self._back} newer lines below: the wheel goes there"
        newer = line([(words, styles.warn)], width, styles.text)
        return [*log_lines(told, state.dropped, styles, width, height - 1), newer]

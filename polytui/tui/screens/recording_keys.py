"""What a person asks of a recording: moves by a key, and a moment that is typed."""

from __future__ import annotations

from collections.abc import Callable

from polytui.model.playing import PlayMove
from polytui.tui.actions import Area, TerminalAction
from polytui.tui.keymap import Hint
from polytui.tui.screens.prompt import Prompt
from polytui.tui.screens.zoom import Zoom
from polytui.tui.state import TerminalState

NO_ENGINE = "this is a recording, and nothing can be commanded in it"


class RecordingKeys:
    """State: what is being typed, and the jump that was seen last."""

    def __init__(self, state: TerminalState, play: Callable[[PlayMove, int, str], None]) -> None:
        self.prompt = Prompt()
        self._state = state
        self._play = play
        self._jumps = 0

    def move(self, move: PlayMove, by: int = 1) -> None:
        self._play(move, by, "")

    def go(self, text: str) -> None:
        """To a moment, as somebody would type it."""
        self._play(PlayMove.GO, 1, text)

    def refuse(self, action: TerminalAction, here: frozenset[Area]) -> None:
        """Say so of what an engine alone could do here; of anything else nothing is to be said."""
        if action.applies(here | {Area.ENGINE}):
            self._state.log("warn", "", f"{NO_ENGINE}: {action.title}")

    @property
    def is_typing(self) -> bool:
        return self.prompt.is_open

    @property
    def typed_keys(self) -> tuple[Hint, ...]:
        return self.prompt.typed_keys

    def ask_moment(self) -> None:
        """Type where to go."""
        self.prompt.open()

    def type(self, key: str, character: str | None) -> None:
        """A key while that is typed."""
        if wanted := self.prompt.type(key, character):
            self.go(wanted)

    def paste(self, text: str) -> None:
        self.prompt.paste(text)

    def follow(self, zoom: Zoom, interval: str) -> None:
        """A recording that went elsewhere has other rounds behind it: back to the current one."""
        view = self._state.playing.view
        before, self._jumps = self._jumps, 0 if view is None else view.jumps
        if self._jumps != before:
            zoom.current(interval)

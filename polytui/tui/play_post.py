"""What is asked of a recording's player, on its way to the socket."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from polytui.model.link import FromFace
from polytui.model.playing import Play, PlayMove
from polytui.tui.state import TerminalState


@frozen
class PlayPost:
    """`post` is False where nobody hears it; `number` is that of the next thing asked."""

    state: TerminalState
    post: Callable[[FromFace], bool]
    number: Callable[[], int]

    def play(self, move: PlayMove, by: int = 1, text: str = "") -> None:
        play = Play(self.number(), move, by, text)
        if self.post(play):
            self.state.playing.asked(play)

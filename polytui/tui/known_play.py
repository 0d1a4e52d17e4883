"""What a terminal knows of a recording: where it stands, what was asked of its player, and what
another setting would have made of it."""

from __future__ import annotations

from attrs import define, field

from polytui.model.link import Ack, PlayFrame, WhatIfFrame
from polytui.model.playing import Play, PlayView, WhatIfView


@define
class KnownPlay:
    """State: the last word of the player, and what he was asked and has not answered yet."""

    view: PlayView | None = None
    """None of an engine."""
    what_if: WhatIfView | None = None
    moves: dict[int, Play] = field(factory=dict)

    def hear(self, message: PlayFrame | WhatIfFrame) -> None:
        if isinstance(message, PlayFrame):
            self.view = message.view
        else:
            self.what_if = message.view

    def asked(self, play: Play) -> None:
        """It was written to the socket."""
        self.moves[play.command_id] = play

    def acked(self, ack: Ack) -> bool:
        """Whether this answers something that was asked here."""
        return self.moves.pop(ack.command_id, None) is not None

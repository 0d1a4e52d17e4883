"""What a page over the whole board is: it paints, takes actions, and may have a text typed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

from attrs import frozen

from polytui.model.playing import PlayMove
from polytui.model.query import Query
from polytui.tui.actions import Area
from polytui.tui.keymap import Hint
from polytui.tui.panels.page import PageLook, Scroll
from polytui.tui.past import Row
from polytui.tui.state import TerminalState
from polytui.tui.styles import Line

_FAR = 10_000
MOVES = {
    "move.down": 1, "move.up": -1, "move.page_down": 10, "move.page_up": -10,
    "move.first": -_FAR, "move.last": _FAR,
}  # fmt: skip
"""Lines by action."""


def nobody_plays(move: PlayMove, by: int, text: str) -> None:
    """Of a terminal that shows no recording."""


@frozen
class RoundVisit:
    """A round to be looked at, and why."""

    row: Row
    """Of the database: its slug, asset, interval, opening and close at least."""
    session: str
    """By which it is asked for; empty for this session and those that it goes on from."""
    moment_ns: int = 0
    """What is marked in it; 0 for nothing."""


@frozen
class PageScene:
    """What a page knows and may ask for."""

    state: TerminalState
    clock: Callable[[], float]
    change: Callable[[str, str, str], None]
    """A confirmed change of a setting: path, old, new as JSON."""
    query: Callable[[Query], bool]
    """A question to what is kept; False when nobody hears it."""
    visit: Callable[[RoundVisit | str], None]
    """Shows a round's chart, of an asset the one that runs; back from it is back to the page."""
    play: Callable[[PlayMove, int, str], None] = nobody_plays
    """Something that is asked of a recording's player."""


class Page:
    """State: how far it is scrolled. A page is made anew each time it is opened. That every page
    paints is held by the type checker; the rest is for those that have a use for it."""

    area: ClassVar[Area]
    """Its own, whose value is the id of the action that opens it."""

    def __init__(self, scene: PageScene) -> None:
        self.scene = scene
        self.scroll = Scroll()

    @abstractmethod
    def paint(self, look: PageLook, width: int, height: int) -> list[Line]:
        """`height` lines of `width` cells."""

    def ask(self) -> None:
        """Called with every frame: what it shows of the past is asked for, as often as it may."""

    def perform(self, action_id: str) -> bool:
        """Whether the action was for this page. Others go on to the board."""
        if action_id in MOVES:
            self.scroll.move(MOVES[action_id])
        return action_id in MOVES

    def point(self, target: str) -> None:
        """A row or a heading of it was clicked."""

    def back(self) -> bool:
        """Whether going back was used up here; otherwise the page closes."""
        return False

    def show(self, asset: str) -> None:
        """Bring this asset's lines into view."""
        self.scroll.seek(asset)

    def find(self, words: str) -> None:
        """Show only what has these words, on a page that can."""

    # --- text -----------------------------------------------------------------------------------

    @property
    def is_typing(self) -> bool:
        """Whether keys are text now, and nothing else."""
        return False

    @property
    def typed_keys(self) -> tuple[Hint, ...]:
        """What the footer says while something is typed; those keys are nobody's to change."""
        return ()

    def type(self, key: str, character: str | None) -> None:
        """A key while something is typed."""

    def paste(self, text: str) -> None:
        """Text that came at once; only into what is being typed."""

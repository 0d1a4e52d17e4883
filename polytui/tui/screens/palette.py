"""The palette: every action, asset, setting and recorded session, found by words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import frozen
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.css.query import NoMatches
from textual.widgets import Input
from textual.worker import Worker, WorkType

from polytui.tui.actions import ACTIONS
from polytui.tui.known_sessions import KnownSession
from polytui.tui.screens.dialog import Dialog
from polytui.tui.setting_text import readable
from polytui.tui.styles import clean

if TYPE_CHECKING:
    from polytui.tui.screens.board import Board

_LONGEST = 80
"""Letters that are looked for; what is pasted may be longer, and is not taken."""
_NOT_ITSELF = "palette"
_LISTED = 3
"""Sessions that are seen before a word is typed, the newest."""
_NUMBERED = "asset."
"""Assets are found by their names, of which there may be fewer than keys."""


@frozen
class PaletteEntry:
    """One line. What touches orders is only armed by it, whatever it says."""

    name: str
    more: str
    run: Callable[[], object]
    is_listed: bool = True
    """Before a word is typed. Settings are too many for that."""


class ActionPalette(CommandPalette, Dialog[None]):
    """Textual's own, which goes once: two quick clicks beside it are both its. Textual takes rules
    of style from the first class alone, so its own stands there."""

    def on_mount(self) -> None:
        for field in self.query(Input):
            field.max_length = _LONGEST

    def run_worker(self, work: WorkType[Any], *_: Any, **how: Any) -> Worker[Any]:
        """Whoever still looks when the palette is gone finds nothing, which ends nothing else."""
        return super().run_worker(work, **how | {"exit_on_error": False})

    def _action_command_list(self, action: str) -> None:
        """Textual turns pages by lines that it has not measured while entries still come, and looks
        for a list that is gone already: then the key moves nothing."""
        with suppress(KeyError, NoMatches):
            super()._action_command_list(action)

    def _action_cursor_down(self) -> None:
        with suppress(NoMatches):
            super()._action_cursor_down()


def provider_of(entries: Iterable[PaletteEntry]) -> type[Provider]:
    """These as what Textual's palette looks through."""
    known = tuple(entries)

    class Entries(Provider):
        """Every word of a name counts, letters may be left out."""

        async def search(self, query: str) -> Hits:
            matcher = self.matcher(query)
            for one in known:
                if (score := matcher.match(one.name)) > 0:
                    yield Hit(score, matcher.highlight(one.name), one.run, one.name, one.more)

        async def discover(self) -> Hits:
            for one in known:
                if one.is_listed:
                    yield DiscoveryHit(one.name, one.run, help=one.more)

    return Entries


def entries_of(board: Board) -> Iterator[PaletteEntry]:
    """Everything that can be asked for where the board is now."""
    yield from _actions(board)
    for number, name in enumerate(board.cards.names, 1):
        words = f"asset {clean(name).upper()}"
        run = partial(board.perform, f"{_NUMBERED}{number}", is_key=False)
        yield PaletteEntry(words, f"key {board.keymap.shown(f'{_NUMBERED}{number}')}", run)
    for view in board.state.settings.views:
        more = f"{clean(readable(view.value))}: {clean(view.doc)}"
        run = partial(board.show_setting, view.path)
        yield PaletteEntry(f"setting {clean(view.path)}", more, run, is_listed=False)


def session_entries(
    sessions: Iterable[KnownSession], watch: Callable[[KnownSession], object]
) -> Iterator[PaletteEntry]:
    """Those that can be watched again, the newest first."""
    for at, one in enumerate(sessions):
        name, run = f"session {clean(one.folder.name)}", partial(watch, one)
        yield PaletteEntry(name, "watch it again; q comes back here", run, is_listed=at < _LISTED)


def _actions(board: Board) -> Iterator[PaletteEntry]:
    here, keymap = board.areas, board.keymap
    for action in ACTIONS:
        is_numbered = action.id.removeprefix(_NUMBERED).isdigit()
        if not action.applies(here) or is_numbered or action.id == _NOT_ITSELF:
            continue
        key = keymap.shown(action.id)
        said = f"key {key}" if key else "no key"
        more = f"{said}; a key confirms it" if action.is_dangerous else said
        run = partial(board.perform, action.id, is_key=False)
        yield PaletteEntry(action.title, more, run)

"""What is done with the whole screen, whatever is on it: palette, jump, picture, shell."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from textual.app import App
from textual.screen import ModalScreen

from polytui.tui.fresh_file import clock_stem, written
from polytui.tui.known_sessions import KnownSession, known_sessions
from polytui.tui.lending import Lending
from polytui.tui.screen_file import standing_alone
from polytui.tui.screens.board import Board
from polytui.tui.screens.jump import Jump
from polytui.tui.screens.palette import (
    ActionPalette,
    entries_of,
    provider_of,
    session_entries,
)
from polytui.tui.screens.picture_dialog import PictureDialog, Showing
from polytui.tui.state import TerminalState
from polytui.tui.suspension import run_until_left, stop_until_continued

_Came = TypeVar("_Came")


class WholeScreenApp(App[int]):
    """The part of the terminal's app that needs no engine but while it is in the shell. What is
    abstract is held by the type checker alone: Textual has a metaclass of its own."""

    state: TerminalState
    board: Board
    environment: Mapping[str, str]
    """Names a person's own programs."""

    @property
    @abstractmethod
    def picture_folder(self) -> Path:
        """Where pictures go: the session's folder, or the current one."""

    @abstractmethod
    async def part_for_a_while(self) -> bool:
        """Tell the engine that this face leaves. Whether it is to be met again."""

    @abstractmethod
    def meet_again(self) -> None:
        """Attach anew."""

    @property
    def has_dialog(self) -> bool:
        """Whether something lies over the board. Only leaving may lie over that: of keys that are
        typed faster than a dialog opens there would be more of them than can be drawn."""
        return isinstance(self.screen, ModalScreen)

    # --- palette and jump -------------------------------------------------------------------------

    def action_palette(self) -> None:
        """Everything that can be done here, by its words."""
        if self.has_dialog:
            return
        account = self.state.account
        sessions = known_sessions("" if account is None else account.journal, self.state.session)
        entries = [*entries_of(self.board), *session_entries(sessions, self.watch_session)]
        palette = ActionPalette(providers=[provider_of(entries)], placeholder="what shall be done?")
        self.push_screen(palette)

    def action_jump(self) -> None:
        if not self.has_dialog:
            self.push_screen(Jump(self.board.palette, self.board.targets()), self._jumped)

    def _jumped(self, target: str | None) -> None:
        if target:
            self.board.go(target)

    # --- pictures ---------------------------------------------------------------------------------

    def action_picture(self) -> None:
        if not self.has_dialog:
            self.push_screen(PictureDialog(self.board.palette), self._draw)

    def _draw(self, showing: Showing | None) -> None:
        if showing not in (None, Showing.NOTHING):
            self.call_after_refresh(self.save_picture, is_hidden=showing is Showing.HIDDEN)

    def save_picture(self, *, is_hidden: bool) -> None:
        """The screen as SVG, with a person's own numbers or without; the log says where it is."""
        folder = self.picture_folder
        self.board.veil(is_hidden)
        try:
            svg, stem = self.export_screenshot(), clock_stem("screen", self.state.session_ns)
            path = written(folder, stem, "svg", standing_alone(svg))
            self.state.log("good", "", f"picture of the screen: {path}")
        except OSError as error:
            self.state.log("error", "", f"NO picture was written to {folder}: {error.strerror}")
        finally:
            self.board.veil(False)

    # --- the shell --------------------------------------------------------------------------------

    async def action_suspend(self) -> None:
        """To the shell, as of any program."""
        if self._can_lend:
            await self._lend(stop_until_continued)

    async def watch_session(self, known: KnownSession) -> None:
        """A recorded session on this screen, until it is left. Where the screen cannot be lent the
        log says how it is watched."""
        if not self._can_lend:
            self.state.log("warn", "", f"watch it in another terminal: {known.words}")
        elif why := await self._lend(partial(run_until_left, known.command)):
            self.state.log("error", "", f"the recording of {known.folder.name}: {why}")
        else:
            self.state.log("good", "", f"back from the recording of {known.folder.name}")

    async def action_edit_settings(self) -> None:
        """The settings' file in the person's own editor."""
        await self._lending.edit_settings()

    async def action_page_log(self) -> None:
        """The log in the person's own pager."""
        await self._lending.page_log()

    @property
    def _lending(self) -> Lending:
        return Lending(self.state, self._lend_to, self.environment)

    async def _lend_to(self, command: Sequence[str]) -> str | None:
        return await self._lend(partial(run_until_left, command)) if self._can_lend else None

    @property
    def _can_lend(self) -> bool:
        """Whether there is a screen that can be given to somebody else."""
        return self._driver is not None and self._driver.can_suspend

    async def _lend(self, meanwhile: Callable[[], _Came]) -> _Came:
        """The engine is told that this face leaves, and goes on without one; whoever comes back
        attaches anew."""
        is_to_return = await self.part_for_a_while()
        with self.suspend():
            came = meanwhile()
        if is_to_return:
            self.meet_again()
        return came

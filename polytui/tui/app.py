"""The terminal process: one app, one link to the engine, and an end for every way to end."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import rich
from rich.segment import Segments
from rich.traceback import Traceback
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.notifications import SeverityLevel
from textual.screen import ModalScreen

from polytui.config.called import called
from polytui.config.keys import KeySettings
from polytui.config.schema import TerminalSettings
from polytui.model.events import Action
from polytui.model.link import Change, Command, FromEngine, FromFace, Goodbye
from polytui.tui.actions import ACTION_OF, ACTIONS
from polytui.tui.alerts import Alerts, Outlets
from polytui.tui.ink import has_signs, ink_of, is_drawn
from polytui.tui.keymap import Keymap, keymap_of
from polytui.tui.lean_output import LeanDriver
from polytui.tui.letters import PlainLetters
from polytui.tui.line_terminal import run_in_lines
from polytui.tui.link import Link
from polytui.tui.log_tail import tail_of
from polytui.tui.memory import TerminalMemory
from polytui.tui.panels.account import live_name
from polytui.tui.panels.arrangement import Layout, layout_of
from polytui.tui.panels.dots import Ink
from polytui.tui.play_post import PlayPost
from polytui.tui.screens.board import Board
from polytui.tui.screens.first_steps import FirstSteps
from polytui.tui.screens.help import Help
from polytui.tui.screens.quit import Parting, Quit
from polytui.tui.screens.themes import Themes
from polytui.tui.signals import TerminalSignals
from polytui.tui.sixteen import has_sixteen_colours, in_sixteen
from polytui.tui.state import LinkState, TerminalState
from polytui.tui.telling import ToastLine
from polytui.tui.theme import Palette, first_of, palettes_from
from polytui.tui.ticket_post import TicketPost
from polytui.tui.told import ToldLines
from polytui.tui.whole_screen import WholeScreenApp

_FRAMES_PER_S = 12
_STOP_WITHIN_S = 20.0
"""How long a person is made to wait for the engine's goodbye; then the terminal gives up."""
_SIGNAL_STOP_WITHIN_S = 8.0
_LAST_WORDS_AFTER_S = 1.0
_SEVERITIES: dict[str, SeverityLevel] = {"warn": "warning", "error": "error"}
_NICER_BY = 10
"""The engine shares this machine and must win."""


class TerminalApp(WholeScreenApp):
    """State: what is known, the link, and whether a stop was asked for. Its result is the exit
    code."""

    CSS_PATH = "terminal.tcss"
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(one.keys), f"anywhere('{one.id}')", id=one.id, priority=True, show=False)
        for one in ACTIONS
        if one.is_everywhere
    ]

    def __init__(
        self,
        palettes: Sequence[Palette],
        *,
        socket_path: Path | None = None,
        owns_engine: bool = False,
        engine_log: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
        ink: Ink = Ink.BRAILLE,
        keymap: Keymap | None = None,
        layout: Layout = Layout.AUTO,
        memory: TerminalMemory | None = None,
        settings: TerminalSettings | None = None,
        environment: Mapping[str, str] | None = None,
        has_signs: bool = True,
    ) -> None:
        super().__init__(driver_class=LeanDriver)
        self.keymap = keymap or Keymap()
        self.state = TerminalState()
        self.environment = environment or {}
        self.parting_words = ""
        """One line for after the screen is restored."""
        self._palettes = tuple(palettes)
        self._owns_engine = owns_engine
        self._engine_log = engine_log
        self._clock = clock
        self._link = Link(socket_path, self.hear) if socket_path is not None else None
        self._listening: asyncio.Task[None] | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._over = asyncio.Event()
        self._commands = 0
        outlets = Outlets(self._come_up, self.bell, self._write, lambda: self.size)
        self.alerts = Alerts(
            self.state, settings or TerminalSettings(), outlets, clock, self.environment
        )
        self.board = Board(
            self.state,
            self._palettes,
            clock,
            self.ask,
            self.change,
            self.post,
            PlayPost(self.state, self.post, self.number).play,
            ink,
            self.keymap,
            layout,
            TicketPost(self.state, self.post, self.number),
        )
        self._letters = () if has_signs else (PlainLetters(),)
        self._memory = memory or TerminalMemory()
        self._configured = self._palettes[0].name

    def get_line_filters(self) -> Sequence[LineFilter]:
        return (*super().get_line_filters(), *self._letters)

    def on_mount(self) -> None:
        for palette in self._palettes:
            self.register_theme(palette.for_textual())
        self.theme = self._palettes[0].name
        self.set_keymap({one: ",".join(keys) for one, keys in self.keymap.keys.items()})
        self.push_screen(self.board)
        if not self._memory.has_seen_first_steps:
            self.action_first_steps()
        self.set_interval(1 / _FRAMES_PER_S, self.board.tick)
        if self._link is not None:
            self._hear_from(self._link)

    async def on_unmount(self) -> None:
        self.state.export.end()
        for task in (self._listening, self._stopping):
            if task is not None:
                task.cancel()

    def _hear_from(self, link: Link) -> None:
        self._link = link
        self._listening = asyncio.create_task(self._listen(link))

    async def part_for_a_while(self) -> bool:
        self.alerts.step_aside()
        if self._link is None or not self.has_engine:
            return False
        await self._link.detach()
        return True

    def meet_again(self) -> None:
        assert self._link is not None
        self.state.told = ToldLines()  # the engine tells all of it anew
        self._hear_from(Link(self._link.path, self.hear))

    @property
    def picture_folder(self) -> Path:
        return Path() if self._engine_log is None else self._engine_log.parent

    # --- the engine -------------------------------------------------------------------------

    async def _listen(self, link: Link) -> None:
        words = await link.run()
        if link.has_left:
            return
        if words:
            self.state.last_words = tail_of(self._engine_log)
            self.state.end(
                LinkState.LOST, f"{words}, at {time.strftime('%H:%M:%S')}", self._clock(), 1
            )
        self._over.set()
        self.alerts.lost() if words else self.alerts.retitle()
        if self.board.is_mounted:
            self.board.lay_out()
        if words:
            # Who dies closes its socket first, and says why after that.
            await asyncio.sleep(_LAST_WORDS_AFTER_S)
            self.state.last_words = tail_of(self._engine_log)
            self.board.lay_out()

    def hear(self, message: FromEngine) -> None:
        """Take in a message; the board shows it with its next frame."""
        names = self.state.names
        self.state.hear(message, self._clock())
        self.alerts.hear(message)
        if self.state.names != names and self.board.is_mounted:
            self.board.lay_out()
        if isinstance(message, Goodbye):
            self._over.set()

    def ask(self, action: Action, asset: str) -> None:
        """Send a command; when nobody is there to take it, the log says so."""
        command = Command(self.number(), action, asset)
        if self._link is not None and self._link.send(command):
            self.state.asked(command)
            return
        words = f"{action.value} was NOT sent: no engine"
        self.state.log("error", asset, words)

    def change(self, path: str, old: str, new: str) -> None:
        """Send a confirmed change of a hot setting; values as JSON."""
        change, settings = Change(self.number(), path, new), self.state.settings
        if self._link is not None and self._link.send(change):
            settings.asked(change, old, self._clock())
        else:
            settings.refuse(path, old, new, "NOT sent: no engine", self._clock())
            self.state.log("error", "", f"{path} was NOT changed: no engine")

    def post(self, message: FromFace) -> bool:
        """Send it as it is; False when nobody is there to hear it."""
        return self.has_engine and self._link is not None and self._link.send(message)

    def number(self) -> int:
        """Of the next thing that is asked for."""
        self._commands += 1
        return self._commands

    # --- to somebody who looks away ---------------------------------------------------------

    def _come_up(self, news: ToastLine) -> None:
        severity = _SEVERITIES.get(news.level, "information")
        self.notify(news.text, severity=severity, timeout=news.lasts_s, markup=False)

    def _write(self, text: str) -> None:
        """Past the screen, to the terminal itself."""
        if self._driver is not None and not self.is_headless:
            self._driver.write(text)

    @property
    def has_engine(self) -> bool:
        return self.state.link is LinkState.ATTACHED

    # --- leaving ----------------------------------------------------------------------------

    def action_first_steps(self) -> None:
        """What a round is, how to read a card, why it does not trade, how to stop it."""
        self._memory.saw_first_steps()
        if not self.has_dialog:
            self.push_screen(FirstSteps(self.board.palette))

    def action_themes(self) -> None:
        """Shown as they are gone through; kept by Enter."""
        if not self.has_dialog:
            dialog = Themes(self.board.palettes, self.board.palette, self.board.show_in)
            self.push_screen(dialog, self._themed)

    def _themed(self, chosen: Palette | None) -> None:
        if chosen is not None:
            self._memory.chose_theme(chosen.name, self._configured)

    def action_layout(self) -> None:
        """The next one that fits this screen; the next start begins with it."""
        self._memory.chose_layout(self.board.next_layout().value)

    def action_help(self) -> None:
        if not self.has_dialog:
            self.push_screen(Help(self.board.palette, self.keymap, self.board.areas))

    def action_anywhere(self, action_id: str) -> None:
        """Wherever one is: before a danger a dialog goes, so that what is armed is seen."""
        if ACTION_OF[action_id].is_dangerous:
            while isinstance(self.screen, ModalScreen):
                self.screen.dismiss()
        self.board.perform(action_id)

    async def action_offer_to_leave(self) -> None:
        """Ask, and nothing more however often: by a key that is held down, or two clicks."""
        if not isinstance(self.screen, Quit):
            await self.action_leave()

    async def action_leave(self) -> None:
        """Ask what to do with the engine; pressed again, do what was proposed."""
        if isinstance(self.screen, Quit):
            self.screen.action_take()
        elif not self.has_engine or self.state.is_recording:
            if self.has_engine and self._link is not None:
                await self._link.detach()  # of a recording nothing goes on that could be missed
            self.exit(self.state.parting_code)
        else:
            first = Parting.STOP if self._owns_engine else Parting.LEAVE
            live = live_name(self.state.account)
            self.push_screen(Quit(self.board.palette, first=first, live=live), self._part)

    async def _part(self, parting: Parting | None) -> None:
        if parting is Parting.LEAVE and self._link is not None:
            await self._link.detach()
            again = called(f"attach {self.state.session}")
            self.parting_words = f"the engine goes on; come back with: {again}"
            self.exit(0)
        elif parting is Parting.STOP:
            self.board.waiting = "STOPPING: the engine cancels its orders and ends"
            self.stop_engine(_STOP_WITHIN_S)

    def stop_engine(self, within_s: float) -> None:
        """Ask the engine to stop, and leave when it has said goodbye, or after `within_s`."""
        if self._stopping is None or self._stopping.done():
            self._stopping = asyncio.create_task(self._stop(within_s))

    async def _stop(self, within_s: float) -> None:
        if self.has_engine:
            self.ask(Action.STOP, "")
        try:
            async with asyncio.timeout(within_s):
                await self._over.wait()
        except TimeoutError:
            words = f"the engine did not say goodbye within {within_s:g} s"
            again = called(f"attach {self.state.session}")
            self.parting_words = f"{words}; look for it with: {again}"
            self.exit(1)
        else:
            self.exit(self.state.parting_code)

    def end_by_signal(self) -> None:
        """SIGTERM, SIGHUP or a vanished terminal: an engine of our own is stopped first."""
        if self._owns_engine and self.has_engine:
            self.stop_engine(_SIGNAL_STOP_WITHIN_S)
        else:
            self.exit(self.state.parting_code)

    def _fatal_error(self) -> None:
        # Textual's own prints the locals of every frame. Nothing secret lives here, but a crash
        # report is pasted into issues, and what a variable holds is nobody's business.
        self.bell()
        traceback = Traceback(show_locals=False, width=None, suppress=[rich])
        self._exit_renderables.append(
            Segments(self.console.render(traceback, self.console.options))
        )
        self._close_messages_no_wait()


def run_terminal(
    socket_path: Path,
    terminal: TerminalSettings,
    keys: KeySettings,
    *,
    owns_engine: bool,
    engine_log: Path | None,
    memory: TerminalMemory | None = None,
    is_theme_asked: bool = False,
) -> tuple[int, bool]:
    """Attach to the engine at `socket_path` and show it until the user leaves. The theme is the one
    that `memory` has of this user, unless one `is_theme_asked` for this time.

    Returns the exit code, 0 when the user left or the engine ended well, 1 when the engine was
    lost or the terminal crashed; and whether the engine is over. Raises Fatal for themes that
    cannot be used, before the screen is touched.
    """
    if not is_drawn(terminal.form):
        return run_in_lines(socket_path, owns_engine=owns_engine)
    memory = memory or TerminalMemory()
    folder, theme = Path(terminal.themes_folder), terminal.theme
    palettes = palettes_from(folder, theme)
    if not is_theme_asked:
        palettes = first_of(palettes, memory.theme_over(theme))
    if has_sixteen_colours():
        palettes = [in_sixteen(one) for one in palettes]
    os.nice(_NICER_BY)
    app = TerminalApp(
        palettes,
        socket_path=socket_path,
        owns_engine=owns_engine,
        engine_log=engine_log,
        ink=ink_of(terminal.charts),
        keymap=keymap_of(dict(keys))[0],
        layout=layout_of(memory.layout),
        memory=memory,
        settings=terminal,
        environment=os.environ,
        has_signs=has_signs(),
    )
    code = asyncio.run(_host(app, has_mouse=terminal.mouse))
    if app.parting_words:
        sys.stderr.write(app.parting_words + "\n")
    return code, app.state.is_over


async def _host(app: TerminalApp, *, has_mouse: bool) -> int:
    with TerminalSignals(app.end_by_signal):
        code = await app.run_async(mouse=has_mouse)
    if sys.__stderr__ is not None and app.alerts.farewell:
        # Where Textual has drawn. The screen is back already, and so is the cursor.
        sys.__stderr__.write(app.alerts.farewell)
        sys.__stderr__.flush()
    # A crashed app has no result; Textual has printed the traceback by now.
    return 1 if code is None else code

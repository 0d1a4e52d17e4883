"""The terminal without a screen: lines of what changes come out, words with Enter go in.

For screen readers, and for terminals that cannot be drawn on. What a word does is what its key does
on the screen: dangers are asked twice.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from polytui.config.called import called
from polytui.model.events import Action
from polytui.model.link import Change, Command, FromEngine
from polytui.model.snapshot import AssetState
from polytui.tui.keymap import Keymap
from polytui.tui.link import Link
from polytui.tui.news import TerminalNews
from polytui.tui.screens.wishes import Wishes
from polytui.tui.signals import TerminalSignals
from polytui.tui.spoken import account_words, asset_words, order_words, why_words
from polytui.tui.state import LinkState, TerminalState

_LOOK_EVERY_S = 0.25
_ACCOUNT_EVERY_S = 60.0
_STOP_WITHIN_S = 20.0
_MOST_TYPED = 4_096
HELP = (
    "all: the account and every asset.   btc: one asset and its rounds.",
    "why btc: what its strategies want and what is in their way.   orders: those that work.",
    "pause btc, resume btc, pause all, resume all.   flatten btc: sell what it holds.",
    "kill: cancel every order and stop trading.   rearm: trade again after a kill.",
    "yes: do what was just asked twice; it waits five seconds.",
    "every 30: tell the account each 30 seconds; every 0: never.   quit.",
)
_LEAVE_OR_STOP = "Stop the engine, or leave it running? Type stop, leave, or stay."
_DANGERS = {"kill": Action.KILL, "rearm": Action.REARM, "flatten": Action.FLATTEN}


class LineTerminal:
    """State: what is known, what was told, and the question that is open."""

    def __init__(
        self,
        socket_path: Path,
        write: Callable[[str], None],
        *,
        owns_engine: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.state = TerminalState()
        self.parting_words = ""
        self._write, self._owns_engine, self._clock = write, owns_engine, clock
        self._link = Link(socket_path, self._hear)
        self._news = TerminalNews()
        self._wishes = Wishes(self.state, clock, self._ask, self._change, Keymap())
        self._commands = 0
        self._every_s, self._told_s = _ACCOUNT_EVERY_S, clock()
        self._is_leaving = False
        """Whether it was asked what becomes of the engine."""
        self._over = asyncio.Event()
        self._parting: asyncio.Task[None] | None = None

    # --- the engine -----------------------------------------------------------------------------

    async def run(self) -> int:
        """Until it is left or the engine ends; the exit code."""
        link = asyncio.create_task(self._listen())
        self._write("polytui, line by line. Type help for the words it knows.")
        while not self._over.is_set():
            self.tell()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), _LOOK_EVERY_S)
        self.tell()
        link.cancel()
        return self.state.parting_code

    async def _listen(self) -> None:
        words = await self._link.run()
        if words:
            self.state.end(LinkState.LOST, words, self._clock(), 1)
        self._over.set()

    def _hear(self, message: FromEngine) -> None:
        self.state.hear(message, self._clock())

    def _ask(self, action: Action, asset: str) -> None:
        self._commands += 1
        command = Command(self._commands, action, asset)
        if self._link.send(command):
            self.state.asked(command)
        else:
            self.state.log("error", asset, f"{action.value} was NOT sent: no engine")

    def _change(self, path: str, old: str, new: str) -> None:
        self._commands += 1
        change = Change(self._commands, path, new)
        if self._link.send(change):
            self.state.settings.asked(change, old, self._clock())

    # --- out ------------------------------------------------------------------------------------

    def tell(self) -> None:
        """Whatever is new, and the account when it is time."""
        for line in self._news.take(self.state):
            self._write(line)
        now_s = self._clock()
        if self._every_s and now_s - self._told_s >= self._every_s and self.state.account:
            self._told_s = now_s
            self._write(account_words(self.state.account))

    # --- in -------------------------------------------------------------------------------------

    def take(self, text: str, *, is_alone: bool = True) -> None:
        """One typed line. What came with others at once was pasted, and is nobody's yes."""
        verb, *rest = text.strip().lower().split() or [""]
        was_leaving, self._is_leaving = self._is_leaving, False
        if was_leaving and verb in ("stop", "leave"):
            self._part(is_stop=verb == "stop")
        elif verb == "yes" and is_alone and not rest:
            self._confirm()
        elif verb in ("quit", "q", "exit"):
            self.leave()
        elif verb in ("pause", "resume") and len(rest) == 1:
            self._pause(verb, rest[0])
        elif verb in _DANGERS and len(rest) == (verb == "flatten"):
            self._arm(_DANGERS[verb], "".join(rest))
        elif verb:
            self._answer(verb, rest)

    def _answer(self, verb: str, rest: list[str]) -> None:
        """What is only looked at."""
        views, account = self.state.assets, self.state.account
        if verb == "all" and account is not None:
            assets = (one for view in self.state.views for one in asset_words(view))
            self._say([account_words(account), *assets])
        elif verb in views and not rest:
            self._say(asset_words(views[verb]))
        elif verb == "why" and rest and rest[0] in views:
            self._say(why_words(views[rest[0]]))
        elif verb == "orders":
            self._say(order_words(views.values()))
        elif verb == "every" and rest and rest[0].isdecimal():
            self._every_s = float(rest[0][:6])
            often = f"every {self._every_s:g} s" if self._every_s else "no more"
            self._say([f"The account is told {often}."])
        else:
            names = " ".join(self.state.names)
            self._say([*([] if verb == "help" else [f"Not understood. Assets: {names}."]), *HELP])

    def _say(self, lines: list[str]) -> None:
        for line in lines:
            self._write(line)

    # --- what is asked of the engine ------------------------------------------------------------

    def _arm(self, action: Action, asset: str) -> None:
        if action is Action.FLATTEN and asset not in self.state.assets:
            self._answer("", [])
            return
        self._wishes.trigger.disarm()  # said twice is not meant twice: only yes does it
        self._wishes.endanger(action, asset)
        self._tell_armed()

    def _tell_armed(self) -> None:
        if self._wishes.is_armed and self._wishes.trigger.armed is not None:
            self._say([f"{self._wishes.trigger.armed.title}. Type yes to do it."])

    def _confirm(self) -> None:
        if not self._wishes.is_armed:
            self._say(["Nothing was asked: yes is for kill, rearm, flatten, and some resumes."])
        self._wishes.confirm()

    def _pause(self, verb: str, name: str) -> None:
        views = self.state.assets
        chosen = list(views.values()) if name == "all" else [views[name]] if name in views else []
        if not chosen:
            self._answer("", [])
            return
        is_paused = all(one.state is AssetState.PAUSED for one in chosen)
        if is_paused is (verb == "pause"):
            self._say([f"{name.upper()} is {'paused already' if is_paused else 'not paused'}."])
        elif name == "all":
            self._wishes.pause_all()
        else:
            self._wishes.pause(name)
        self._tell_armed()

    # --- leaving --------------------------------------------------------------------------------

    def leave(self) -> None:
        """Ask what becomes of the engine; asked for again, do what is usual."""
        if self.state.link is not LinkState.ATTACHED:
            self._over.set()
        elif self._is_leaving:
            self._part(is_stop=self._owns_engine)
        else:
            self._is_leaving = True
            self._say([_LEAVE_OR_STOP])

    def end(self) -> None:
        """A signal, or nobody who types any more: an engine of our own is stopped."""
        if self.state.link is LinkState.ATTACHED:
            self._part(is_stop=self._owns_engine)
        else:
            self._over.set()

    def _part(self, *, is_stop: bool) -> None:
        loop = asyncio.get_running_loop()
        if is_stop:
            self._say(["Stopping: the engine cancels its orders and ends."])
            self._ask(Action.STOP, "")
            loop.call_later(_STOP_WITHIN_S, self._over.set)
            return
        again = called(f"attach {self.state.session}")
        self.parting_words = f"the engine goes on; come back with: {again}"
        self._parting = loop.create_task(self._detach())

    async def _detach(self) -> None:
        await self._link.detach()
        self._over.set()


def run_in_lines(socket_path: Path, *, owns_engine: bool) -> tuple[int, bool]:
    """Attach to the engine at `socket_path` and tell of it until the user leaves: the exit code, 1
    when the engine was lost, and whether the engine is over."""
    terminal = LineTerminal(socket_path, print_line, owns_engine=owns_engine)
    code = asyncio.run(_hosted(terminal))
    if terminal.parting_words:
        sys.stderr.write(terminal.parting_words + "\n")
    return code, terminal.state.is_over


async def _hosted(terminal: LineTerminal) -> int:
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, terminal.leave)
    with TerminalSignals(terminal.end):
        stop = read_lines(terminal)
        try:
            return await terminal.run()
        finally:
            stop()
            loop.remove_signal_handler(signal.SIGINT)


def read_lines(terminal: LineTerminal) -> Callable[[], None]:
    """Give what is typed to the terminal, line by line, from now on; returns what ends that."""
    loop, descriptor = asyncio.get_running_loop(), sys.stdin.fileno()

    def read() -> None:
        try:
            data = os.read(descriptor, _MOST_TYPED)
        except OSError:
            data = b""
        if not data:
            loop.remove_reader(descriptor)
            terminal.end()
            return
        lines = data.decode("utf-8", "replace").splitlines()
        for line in lines:
            terminal.take(line, is_alone=len(lines) == 1)

    loop.add_reader(descriptor, read)

    def stop() -> None:
        loop.remove_reader(descriptor)

    return stop


def print_line(text: str) -> None:
    """To standard output, with what its charset lacks replaced."""
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding) + "\n")
    sys.stdout.flush()

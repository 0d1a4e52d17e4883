"""A real terminal process on a real pseudo-terminal: it ends, and it leaves the tty as it was."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import sys
import termios
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from fake_engine import FakeEngine, hot_settings, notice_at

from polytui.model.events import Action
from polytui.model.link import SettingsFrame

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 30
PROGRAM = """
import sys
from pathlib import Path
from polytui.config.schema import Settings
from polytui.tui.app import run_terminal
settings = Settings()
sys.exit(run_terminal(Path(sys.argv[1]), settings.terminal, settings.keys,
                      owns_engine=True, engine_log=None)[0])
"""


class Tty:
    """The master end of a pseudo-terminal, read continuously. State: what was written to it."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        termios.tcsetwinsize(self.slave, (24, 80))
        self.before = termios.tcgetattr(self.slave)
        self.written = bytearray()
        self.drawn = asyncio.Event()
        self._read_more = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self.master, self._read)

    def _read(self) -> None:
        try:
            self.written += os.read(self.master, 65536)
            self._read_more.set()
            if b"BTC" in self.written:
                self.drawn.set()
        except OSError:
            self._loop.remove_reader(self.master)

    async def press(self, keys: str, words: str) -> None:
        """And wait until it has drawn these words anew."""
        since = len(self.written)
        os.write(self.master, keys.encode())
        async with asyncio.timeout(LIMIT_S):
            while words.encode() not in self.written[since:]:
                await self._read_more.wait()
                self._read_more.clear()

    def vanish(self) -> None:
        self._loop.remove_reader(self.master)
        os.close(self.master)
        os.close(self.slave)


async def shown(
    engine: FakeEngine, folder: Path, **environment: str
) -> tuple[asyncio.subprocess.Process, Tty]:
    """A terminal process that has attached and drawn its board."""
    tty = Tty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(engine.path),
        stdin=tty.slave, stdout=tty.slave, stderr=tty.slave, cwd=ROOT, start_new_session=True,
        env={**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT), **environment},
    )  # fmt: skip
    await tty.drawn.wait()
    return process, tty


def perform(folder: Path, play: Callable[[FakeEngine], Awaitable[None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(LIMIT_S), FakeEngine(folder / "s") as engine:
            await play(engine)

    asyncio.run(run())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_the_engine_and_restores_the_tty(
    tmp_path: Path, number: signal.Signals
) -> None:
    async def play(engine: FakeEngine) -> None:
        process, tty = await shown(engine, tmp_path)
        process.send_signal(number)
        assert await process.wait() == 0
        assert [command.action for command in engine.commands] == [Action.STOP]
        assert termios.tcgetattr(tty.slave) == tty.before
        assert tty.written.rfind(b"\x1b[?1049l") > tty.written.rfind(b"\x1b[?1049h")
        tty.vanish()

    perform(tmp_path, play)


def test_a_tty_that_vanishes_without_a_signal_ends_the_process(tmp_path: Path) -> None:
    async def play(engine: FakeEngine) -> None:
        process, tty = await shown(engine, tmp_path)
        tty.vanish()
        await process.wait()
        await engine.left.wait()
        assert not engine.is_detached

    perform(tmp_path, play)


def test_the_screen_is_lent_to_an_editor_and_a_pager_and_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("# ours\n")

    async def play(engine: FakeEngine) -> None:
        editor, pager = "sh -c 'echo edited >> $0'", "sh -c 'cp $0 PAGED'"
        programs = {"VISUAL": editor, "PAGER": pager.replace("PAGED", str(tmp_path / "paged"))}
        process, tty = await shown(engine, tmp_path, **programs)
        engine.say(SettingsFrame(hot_settings(engine.settings), str(file)), notice_at(0))
        await tty.press("e", "agreement_bps")
        await tty.press("E", "config.toml was written: the engine reads it again")
        assert engine.is_detached, "the engine was told that it goes on alone meanwhile"
        await tty.press("L", "following")
        engine.say(notice_at(0, text="said after the editor"))
        await tty.press("", "said after the editor")
        await tty.press("E", "following")
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
        tty.vanish()

    perform(tmp_path, play)
    assert file.read_text() == "# ours\nedited\n"
    assert "said after the editor" in (tmp_path / "paged").read_text()
